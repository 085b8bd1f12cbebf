"""How a profile page's numbers look in an answer."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import discord

from bot.charts import Bar, Chart, Colour, Counts, Interval, Note, Series, Top
from bot.insights import phrases
from bot.insights.audience import shares
from bot.insights.pages import Spot, median_class
from bot.insights.rates import change
from bot.profiles.views import DELAYS
from bot.stats.answers import ProfileStats
from bot.stats.question import Metric
from bot.texts import _, current_locale, number, percent
from cogs.ui import format as fmt
from cogs.ui.answers import embed
from cogs.ui.stats.report import value_of
from storage.records import Dimension, Kind

SHOWN = 10


def answer(found: ProfileStats, name: str, head: str) -> discord.Embed:
    """Views, what was seen and clicked, by link and by position; how soon; and from where."""
    days = found.days
    title = _("The page of {name}: {choice}")
    said = embed(title.format(name=fmt.escape(name), choice=fmt.choice(found.question.choice)))
    lines = [head]
    views = sum(days.views)
    if not views:
        text = _("Nobody looked at it in this period.")
        if found.unfinished:
            text = _("Nobody looked at it in this period yet. Share its address, then look again.")
        lines.append("\n" + text)
    said.description = "\n".join(lines)
    moved = ""
    if found.views_before is not None:
        moved = phrases.change(change(views, found.views_before, found.noise, found.period.share))
    said.add_field(name=_("Views"), value=f"**{number(views)}**" + (f" {moved}" if moved else ""))
    said.add_field(
        name=_("Unique views"), value=f"**{number(sum(days.unique_views))}**\n" + _("of visitors of each day")
    )
    displayed = sum(days.displayed)
    seen = f"**{number(sum(days.viewable))}** " + _("seen")
    if displayed:
        seen += f"\n{number(displayed)} " + _("displayed only")
    said.add_field(name=_("Impressions"), value=seen)
    if views:
        said.add_field(name=_("Clicks"), value=f"**{number(sum(days.clicks))}**")
    if rows := _rows(_named(found)):
        said.add_field(name=_("Links, by clicks"), value=fmt.rows(rows), inline=False)
    if rows := _rows({number(place): spot for place, spot in found.by_position.items()}, bold=True):
        said.add_field(name=_("Positions on the page"), value=fmt.rows(rows[:SHOWN]), inline=False)
    if (middle := median_class(found.delays)) is not None:
        said.add_field(
            name=_("Time to click"),
            value=_("half of the clicks come within {time}").format(time=_class(middle)),
        )
    top = shares(found.audience, Dimension.SOURCE, Kind.VIEW, 5)
    if top.total:
        rows = [f"{value_of(Dimension.SOURCE, value)} **{fmt.share(n / top.total)}**" for value, n in top.top]
        said.add_field(name=_("Visitors come from"), value=fmt.rows(rows))
    return said


def _named(found: ProfileStats) -> dict[str, Spot]:
    order = sorted(found.by_link, key=lambda id_: (-found.by_link[id_].clicks, -found.by_link[id_].impressions, id_))
    return {fmt.label(found.links[id_]): found.by_link[id_] for id_ in order if id_ in found.links}


def _rows(spots: Mapping[str, Spot], *, bold: bool = False) -> list[str]:
    """A line for each: "Summer: 12 clicks of 300 impressions, CTR 4.0% (2.3%–6.9%)"."""
    rows = []
    for name, spot in spots.items():
        text = _("{clicks} of {impressions}").format(
            clicks=fmt.count_of(spot.clicks, _("click"), _("clicks")),
            impressions=fmt.count_of(spot.impressions, _("impression"), _("impressions")),
        )
        if spot.rate is not None:
            text += ", " + phrases.rate(spot.rate, _("CTR {rate} ({interval})"))
        rows.append((f"**{name}.** " if bold else f"{name}: ") + text)
    return rows


def _class(start: int) -> str:
    """ "5 to 10 seconds"."""
    ends = dict(pairwise(DELAYS))
    if start not in ends:
        return _("more than {n} seconds").format(n=number(start))
    return _("{low} to {high} seconds").format(low=number(start), high=number(ends[start]))


def picture(found: ProfileStats, name: str) -> Chart:
    """Views, impressions and clicks by day, or the CTR of each position."""
    title = _("The page of {name}").format(name=fmt.plain(name))
    subtitle = f"{fmt.dates(found.period)}, {found.period.zone}"
    if found.question.metric is Metric.CTR:
        bars = [
            Bar(
                _("Position {n}").format(n=number(place)),
                spot.rate.value,
                percent(spot.rate.value),
                Interval(spot.rate.value, *spot.rate.interval, phrases.parts(spot.rate)),
            )
            for place, spot in found.by_position.items()
            if spot.rate is not None
        ]
        bars = tuple(bars[:SHOWN])
        return Top(title, subtitle, _("CTR"), bars, rate=True, locale=current_locale(), unfinished=found.unfinished)
    days = found.days
    seen = Counts(_("impressions seen"), days.viewable, colour=Colour.IMPRESSIONS)
    displayed = Counts(_("impressions displayed, seen or not"), days.displayed, colour=Colour.RATE)
    views, clicks = Counts(_("views"), days.views, colour=Colour.UNIQUES), Counts(_("clicks"), days.clicks)
    # The two sorts of impressions are never drawn as one line.
    panels = (seen, displayed, clicks) if found.question.metric is Metric.DISPLAYS else (views, seen, clicks)
    return Series(
        title=title,
        subtitle=subtitle,
        days=found.period.days,
        panels=panels,
        unfinished=found.unfinished,
        notes=tuple(Note(note.day, note.text) for note in found.notes),
        locale=current_locale(),
    )
