"""The answer to every `/stats`: one embed, its chart, and buttons that switch the period in place."""

from __future__ import annotations

import io
import re
from typing import Any

import discord

from bot.charts import ChartRenderer, Colour, Counts, Series, alt_text
from bot.insights.audience import shares
from bot.insights.rates import change
from bot.insights.summary import Summary, by_clicks, most_resonant
from bot.stats import PERIODS, Report, Scope, Shown
from bot.texts import _, current_locale
from cogs.ui import audit, people
from cogs.ui import format as fmt
from cogs.ui.answers import Pressed, actor, embed, require_asker, services
from storage.records import Dimension, Kind, Link, State

TOP = 5
CHART = "chart.png"


async def message(
    interaction: discord.Interaction, scope: Scope, target: int, days: int, *, private: bool
) -> dict[str, Any]:
    """The keywords of a message with the numbers: embed, chart and buttons.

    `private` answers are seen by the asker alone; others never name a private link.
    """
    who = actor(interaction)
    shown = await services(interaction).stats.show(who, scope, target, days)
    title = shown.link.label if shown.link is not None else await _name(interaction, scope, target)
    picture = await chart(services(interaction).charts, shown.report, title, CHART)
    view = discord.ui.View(timeout=None)
    for choice in PERIODS:
        view.add_item(PeriodButton(scope, target, choice, who.user_id, current=choice == days))
    return {"embed": _embed(shown, title, private), "file": picture, "view": view}


async def chart(charts: ChartRenderer, report: Report, title: str, filename: str) -> discord.File:
    """The report's clicks and measured impressions by day, as a picture with alt text."""
    before = report.before.clicks_by_day if report.before.clicks else None
    panels = [Counts(_("clicks"), report.now.clicks_by_day, before)]
    if any(report.now.impressions_by_day):
        seen = report.now.impressions_by_day
        panels.insert(0, Counts(_("measured impressions"), seen, colour=Colour.IMPRESSIONS))
    series = Series(
        title=fmt.plain(title),
        subtitle=f"{fmt.dates(report.period)}, {report.period.zone}",
        days=report.period.days,
        panels=tuple(panels),
        unfinished=report.unfinished,
        locale=current_locale(),
    )
    return discord.File(io.BytesIO(await charts.draw(series)), filename, description=alt_text(series))


def _embed(shown: Shown, title: str, private: bool) -> discord.Embed:
    report, now = shown.report, shown.report.now
    heading = _("{name}: last {n} days").format(name=fmt.escape(title), n=len(report.period.days))
    lines = [f"{fmt.dates(report.period)} · {report.period.zone}"]
    if report.unfinished:
        lines[0] += " · " + _("today so far")
    if shown.link is not None:
        lines.append(str(shown.url))
    if not report.links:
        lines.append("\n" + _("There are no links here yet. /link add makes one."))
    elif not (now.clicks or now.impressions):
        lines.append("\n" + _("Nothing was counted in this period yet. Share an address, then look again."))
    answer = embed(heading, "\n".join(lines))
    add_totals(answer, report)
    add_audience(answer, report)
    if shown.link is None:
        add_top_links(answer, report, private_named=private and shown.private_named)
    if report.lifetime and (shown.link is not None or (private and shown.private_named)):
        rows = [
            _("{post}: {ctr} ({clicks} of {impressions})").format(
                post=fmt.post_name(item.post),
                ctr=fmt.rate(item.rate),
                clicks=fmt.number(item.rate.clicks),
                impressions=fmt.number(item.rate.impressions),
            )
            for item in report.lifetime[:TOP]
        ]
        answer.add_field(name=_("Lifetime CTR of posts older than this period"), value=fmt.rows(rows), inline=False)
    answer.set_image(url=f"attachment://{CHART}")
    answer.set_footer(text=footer(report))
    return answer


def add_totals(answer: discord.Embed, report: Report) -> None:
    """The headline numbers, each with its change against the period before."""
    now, before = report.now, report.before

    def with_change(value: int, earlier: int) -> str:
        moved = fmt.change(change(value, earlier))
        return f"**{fmt.number(value)}**" + (f"\n{moved}" if moved else "")

    answer.add_field(name=_("Clicks"), value=with_change(now.clicks, before.clicks))
    answer.add_field(name=_("Unique clicks"), value=with_change(now.unique_clicks, before.unique_clicks))
    answer.add_field(name=_("Impressions"), value=_impressions(now, before))
    answer.add_field(name=_("CTR"), value=ctr(now))
    answer.add_field(name=_("Best day"), value=_best_day(now))
    if missing := audit.incomplete(report):
        answer.add_field(name=_("Incomplete"), value=missing, inline=False)


def add_audience(answer: discord.Embed, report: Report) -> None:
    """Where the clicks came from: the most frequent sources, devices and countries, with their shares."""
    for dimension, name in (
        (Dimension.SOURCE, _("Clicks from")),
        (Dimension.DEVICE, _("Devices")),
        (Dimension.COUNTRY, _("Countries")),
    ):
        found = shares(report.audience, dimension, Kind.CLICK, TOP)
        if not found.total:
            continue
        rows = [f"{_value(dimension, value)} {fmt.share(count / found.total)}" for value, count in found.top]
        if found.rest:
            rows.append(_("others {share}").format(share=fmt.share(found.rest / found.total)))
        if found.total < report.now.clicks:  # those from before this was kept, or whose country is not known
            rows.append(_("of {n} clicks").format(n=fmt.number(found.total)))
        answer.add_field(name=name, value="\n".join(rows))


def _value(dimension: Dimension, value: str) -> str:
    """ "🇩🇪 DE", "direct", "news.example"."""
    if dimension is Dimension.COUNTRY:
        return "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in value.upper()) + f" {value}"
    return fmt.escape(value, 40)


def _impressions(now: Summary, before: Summary) -> str:
    """All impressions, then which were measured here, with their change, and which a platform told.

    Reported figures grow in the period in which somebody typed them in, so that their change says nothing.
    """
    lines = [f"**{fmt.number(now.impressions)}**"]
    if now.measured or before.measured:
        moved = fmt.change(change(now.measured, before.measured))
        lines.append(_("{n} measured").format(n=fmt.number(now.measured)) + (f" ({moved})" if moved else ""))
    if now.reported:
        lines.append(_("{n} reported").format(n=fmt.number(now.reported)))
    if now.impressions != now.measured + now.reported:
        lines.append(_("posts with both count as reported"))
    return "\n".join(lines)


def ctr(summary: Summary) -> str:
    """The click-through rate with what it was formed over."""
    if summary.ctr is None:
        return "–\n" + _("no place has both clicks and impressions")
    lines = [
        f"**{fmt.rate(summary.ctr)}**",
        _("{clicks} of {impressions}").format(
            clicks=fmt.number(summary.ctr.clicks), impressions=fmt.number(summary.ctr.impressions)
        ),
        _("{n} of {all} posts and places").format(n=summary.ctr_places, all=summary.places),
    ]
    if summary.clicks > summary.ctr.clicks:
        rest = fmt.count_of(summary.clicks - summary.ctr.clicks, _("click"), _("clicks"))
        lines.append(_("{clicks} elsewhere").format(clicks=rest))
    return "\n".join(lines)


def _best_day(summary: Summary) -> str:
    best = summary.best_day
    if best is None:
        return "–"
    words = ("click", "clicks") if best.kind is Kind.CLICK else ("impression", "impressions")
    return f"**{best.day:%a} {fmt.date(best.day)}**\n{fmt.count_of(best.count, *words)}"


def add_top_links(answer: discord.Embed, report: Report, *, private_named: bool) -> None:
    """The ranking by clicks and what resonates most; private links by name only to who may see them."""
    named = {
        link_id: summary
        for link_id, summary in report.by_link.items()
        if (link := report.links.get(link_id)) is not None and _may_name(link, private_named)
    }
    ranking = by_clicks(named)[:TOP]
    if not ranking:
        return
    rows = [ranked_line(n, report.links[ranked.link_id], ranked.summary) for n, ranked in enumerate(ranking, start=1)]
    answer.add_field(name=_("Top links"), value=fmt.rows(rows), inline=False)
    best = most_resonant(named)
    answer.add_field(
        name=_("Resonates most"),
        value=resonant_line(report.links[best.link_id], best.summary) if best else too_early(),
        inline=False,
    )


def _may_name(link: Link, private_named: bool) -> bool:
    return link.state is not State.DELETED and (private_named or not link.private)


def ranked_line(place: int, link: Link, summary: Summary) -> str:
    """One row of a ranking: "1. Summer sale · 1,204 clicks · 12,000 impressions"."""
    parts = [f"{place}. {fmt.label(link)}", fmt.count_of(summary.clicks, "click", "clicks")]
    if summary.impressions:
        parts.append(fmt.count_of(summary.impressions, "impression", "impressions"))
    return " · ".join(parts)


def resonant_line(link: Link, summary: Summary) -> str:
    """The link whose CTR is surely highest, with its interval."""
    assert summary.ctr is not None
    low, high = summary.ctr.interval
    return _("{link}: {ctr} CTR ({clicks} of {impressions}; 95% sure of {low} to {high})").format(
        link=fmt.label(link),
        ctr=fmt.rate(summary.ctr),
        clicks=fmt.number(summary.ctr.clicks),
        impressions=fmt.number(summary.ctr.impressions),
        low=fmt.percent(low),
        high=fmt.percent(high),
    )


def too_early() -> str:
    return _("Too early to call: no link has 100 impressions with clicks of the same posts and places yet.")


def footer(report: Report) -> str:
    """What the change is against, and what was set aside."""
    parts = [_("Change against {dates}").format(dates=fmt.dates(report.period.previous))]
    if report.set_aside:
        list_ = ", ".join(audit.words(reason, count) for reason, count in audit.of(report).aside)
        parts.append(_("Set aside: {list}").format(list=list_))
    if report.now.unique_clicks:
        parts.append(_("Unique clicks are counted by day"))
    return " · ".join(parts)


class PeriodButton(
    Pressed,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"stats:(?P<scope>link|creator|server):(?P<target>\d{1,20}):(?P<days>\d{1,3}):(?P<asker>\d{1,20})",
):
    """Shows the same numbers for another period, in place. Its whole state is in its id, so it outlives a restart."""

    def __init__(self, scope: Scope, target: int, days: int, asker_id: int, *, current: bool = False) -> None:
        super().__init__(
            discord.ui.Button(
                label=_("{n} days").format(n=days),
                style=discord.ButtonStyle.primary if current else discord.ButtonStyle.secondary,
                custom_id=f"stats:{scope}:{target}:{days}:{asker_id}",
            )
        )
        self._scope = scope
        self._target = target
        self._days = days
        self._asker_id = asker_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> PeriodButton:
        return cls(Scope(match["scope"]), int(match["target"]), int(match["days"]), int(match["asker"]))

    async def press(self, interaction: discord.Interaction) -> None:
        require_asker(interaction, self._asker_id)
        await interaction.response.defer()
        private = interaction.message is not None and interaction.message.flags.ephemeral
        found = await message(interaction, self._scope, self._target, self._days, private=private)
        await interaction.edit_original_response(embed=found["embed"], attachments=[found["file"]], view=found["view"])


async def _name(interaction: discord.Interaction, scope: Scope, target: int) -> str:
    """How a creator or the server is called in a title."""
    assert interaction.guild is not None
    if scope is Scope.SERVER:
        return interaction.guild.name
    return await people.name_of(interaction, target)
