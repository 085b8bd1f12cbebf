"""What charts say: names of days and hours, numbers in words, and the alt text of each kind."""

from __future__ import annotations

import datetime as dt
import unicodedata

from bot.charts.values import (
    Bar,
    Card,
    Chart,
    Comparison,
    Counts,
    Heatmap,
    Interval,
    Note,
    ProfileCard,
    Rates,
    Series,
    Sheet,
    Sparkline,
    Top,
)
from bot.insights.summary import best_of
from bot.texts import _, current_locale, ngettext, number, percent, use_locale

ALT_TEXT_LIMIT = 1024
"""Characters that Discord takes as the description of a picture."""


def alt_text(chart: Chart) -> str:
    """What the picture shows in plain words, its title first; at most 1,024 characters."""
    before = current_locale()
    use_locale(chart.locale)
    try:
        sentences = _sentences(chart)
    finally:
        use_locale(before)
    text = " ".join(f"{sentence.rstrip('.')}." for sentence in sentences if sentence)
    return text if len(text) <= ALT_TEXT_LIMIT else text[: ALT_TEXT_LIMIT - 1] + "…"


def _sentences(chart: Chart) -> list[str]:
    match chart:
        case Series():
            return _series(chart)
        case Comparison():
            return _comparison(chart)
        case Top():
            return _top(chart)
        case Heatmap():
            return _heatmap(chart)
        case Sparkline():
            return _sparkline(chart)
        case Card():
            return _card(chart)
        case ProfileCard():
            return _profile(chart)
        case Sheet():
            tiles = [f"{tile.label} {tile.value}" for tile in chart.tiles]
            return [f"{chart.title}: {chart.subtitle}", ", ".join(chart.lines), ", ".join(tiles)]


def initials(name: str) -> str:
    """Up to two letters that stand for a name."""
    letters = [next((char for char in word if unicodedata.category(char)[0] in "LN"), "") for word in name.split()]
    found = [letter.upper() for letter in letters if letter]
    return "".join(found[:1] + found[1:][-1:]) or "•"


def day_month(day: dt.date) -> str:
    return f"{day.day} {day:%b}"


def weekday_day(day: dt.date) -> str:
    return f"{day:%a} {day.day}"


def weekday(n: int, *, long: bool = False) -> str:
    """The name of a day of the week, 0 for Monday."""
    day = dt.date(2024, 1, 1 + n)
    return f"{day:%A}" if long else f"{day:%a}"


def hour(n: int, hours24: bool) -> str:
    """Of 0 to 23: "18:00", or "6 pm"."""
    if hours24:
        return f"{n:02}:00"
    return f"{(n - 1) % 12 + 1} " + (_("am") if n < 12 else _("pm"))


def hour_of_week(at: int, hours24: bool) -> str:
    """Of 0 to 167, Monday 00:00 first: "Thu 18:00"."""
    return f"{weekday(at // 24)} {hour(at % 24, hours24)}"


def title_case(noun: str) -> str:
    """The noun with a capital letter in front, and what follows as it was."""
    return noun[:1].upper() + noun[1:]


def amount(n: int, noun: str) -> str:
    """ "1,234 clicks"; the noun is a plural, so that of one it says "Clicks: 1"."""
    return f"{title_case(noun)}: {number(n)}" if n == 1 else f"{number(n)} {noun}"


def none_yet(noun: str, unfinished: bool) -> str:
    """What an empty chart says."""
    text = _("No {noun} yet in this period") if unfinished else _("No {noun} in this period")
    return text.format(noun=noun)


def share_it(unfinished: bool) -> str:
    """What to do about an empty chart: nothing, where its time is over."""
    return _("Share a link, and they appear here.") if unfinished else ""


def range_of(interval: Interval) -> str:
    """ "3.9% – 4.5%" """
    return _("{low} – {high}").format(low=percent(interval.low), high=percent(interval.high))


def _with_range(interval: Interval) -> str:
    range_ = _("95% interval {low} to {high}").format(low=percent(interval.low), high=percent(interval.high))
    return f"{percent(interval.value)} ({'; '.join(filter(None, (interval.parts, range_)))})"


def _with_parts(interval: Interval) -> str:
    return percent(interval.value) + (f" ({interval.parts})" if interval.parts else "")


def _series(chart: Series) -> list[str]:
    said = [_short(chart.title, 200), _short(chart.subtitle, 150)]
    for panel in chart.panels:
        said += _counts(panel, chart) if isinstance(panel, Counts) else _rates(panel, chart)
    ending = _ending(chart.unfinished)
    if chart.hours:
        begun = len(chart.panels[0].values)
        ending = [_("By the hour")]
        if chart.unfinished:
            ending.append(_("The hour from {hour} is still running").format(hour=hour_of(chart.hours[begun - 1])))
    return [*said, *ending, *_notes(chart.notes, chart.days)]


def hour_of(at: dt.datetime) -> str:
    """When an hour of the local clock begins: "14:00"."""
    return f"{at:%H:%M}"


def _counts(panel: Counts, chart: Series) -> list[str]:
    days, hours = chart.days, chart.hours
    if not (panel.sum or any(panel.values)):
        said = [] if panel.reported else [none_yet(panel.name, chart.unfinished)]
    else:
        said = [amount(panel.sum, panel.name)]
        if hours and (best := best_of(panel.values)) is not None:
            text = _("Best hour: {hour} with {n}")
            said.append(text.format(hour=hour_of(hours[best]), n=number(panel.values[best])))
        else:
            said += _best_day(days, panel.values)
    if panel.previous is not None:
        text, before = _("The previous period had {n}"), sum(panel.previous)
        if panel.previous_total is not None:
            before = panel.previous_total
            if chart.unfinished:
                text = _("The previous period had {n} up to the same time")
        said.append(text.format(n=number(before)))
    told = [figure for figure in panel.reported if figure.count >= 0]
    corrected = [figure for figure in panel.reported if figure.count < 0 and days[0] <= figure.last <= days[-1]]
    for figure in told[:3]:
        text = _("The platform reported {n} from {first} to {last}")
        if figure.is_estimate:
            text = _("About {n} of what the platform reported lie from {first} to {last}")
        said.append(text.format(n=number(figure.count), first=day_month(figure.first), last=day_month(figure.last)))
    if len(told) > 3:
        rest = told[3:]
        total, n = number(sum(figure.count for figure in rest)), sum(figure.figures for figure in rest)
        text = ngettext("{n} more reported figure adds {total}", "{n} more reported figures add up to {total}", n)
        said.append(text.format(n=n, total=total))
    if corrected:
        n, day = number(sum(figure.count for figure in corrected)), day_month(corrected[0].last)
        text = ngettext(
            "The platform corrected its total on {day}: {n}",
            "Platforms corrected their totals: {n}",
            sum(figure.figures for figure in corrected),
        )
        said.append(text.format(n=n, day=day))
    return said


def _best_day(days: tuple[dt.date, ...], values: tuple[int, ...]) -> list[str]:
    best = best_of(values)
    if best is None or len(days) < 2:
        return []
    return [_("Best day: {date} with {n}").format(date=_long(days[best]), n=number(values[best]))]


def _rates(panel: Rates, chart: Series) -> list[str]:
    known = [(value, day) for value, day in zip(panel.values, chart.days, strict=True) if value is not None]
    if not known:
        text = _("{rate}: no data yet in this period") if chart.unfinished else _("{rate}: no data in this period")
        return [text.format(rate=panel.name)]
    said = [f"{panel.name}: {_with_range(panel.overall)}" if panel.overall else panel.name]
    low, high = min(known, key=lambda item: item[0].value), max(known, key=lambda item: item[0].value)
    text = _("From {low} on {low_day} to {high} on {high_day}")
    if len(known) == 1:
        text = _("{high} on {high_day}")
    return [
        *said,
        text.format(
            low=_with_parts(low[0]),
            low_day=day_month(low[1]),
            high=_with_parts(high[0]),
            high_day=day_month(high[1]),
        ),
    ]


def _comparison(chart: Comparison) -> list[str]:
    said = [_short(chart.title, 200), _short(chart.subtitle, 150)]
    if not any(any(line.values) for line in chart.lines):
        return [*said, none_yet(chart.noun, chart.unfinished)]
    lines = [f"{_short(line.name, 80)} {number(line.total)}" for line in chart.lines]
    text = _("{noun} so far: {lines}") if chart.running else _("{noun} by day: {lines}")
    said.append(text.format(noun=title_case(chart.noun), lines=", ".join(lines)))
    return [*said, *_ending(chart.unfinished), *(_notes(chart.notes, chart.days) if chart.days else ())]


def _top(chart: Top) -> list[str]:
    said = [_short(chart.title, 150), _short(chart.subtitle, 100)]
    if not chart.bars:
        return [*said, none_yet(chart.noun, chart.unfinished)]
    return [*said, *(_bar(rank, bar) for rank, bar in enumerate(chart.bars, start=chart.first))]


def _bar(rank: int, bar: Bar) -> str:
    parts = f" ({bar.interval.parts})" if bar.interval is not None and bar.interval.parts else ""
    said = f"{number(rank)}. {_short(bar.name, 40)}: {_short(bar.text, 30)}{parts}"
    if bar.interval is not None and bar.early:
        return _("{bar}, {range}, too early to call").format(bar=said, range=range_of(bar.interval))
    if bar.interval is not None:
        return f"{said}, {range_of(bar.interval)}"
    return _("{bar}, too early to call").format(bar=said) if bar.early else said


def _heatmap(chart: Heatmap) -> list[str]:
    said = [_short(chart.title, 200), _short(chart.subtitle, 150)]
    if not any(chart.cells):
        return [*said, none_yet(chart.noun, chart.unfinished)]
    said.append(_("{amount}, by hour of the week").format(amount=amount(sum(chart.cells), chart.noun)))
    if chart.best:
        said.append(best_hours(chart))
    top = chart.cells.index(max(chart.cells))
    text = _("The busiest hour is {hour} with {n}")
    said.append(text.format(hour=hour_of_week(top, chart.hours24), n=number(chart.cells[top])))
    days = [sum(chart.cells[24 * n : 24 * n + 24]) for n in range(7)]
    said.append(_("The busiest day is {day}").format(day=weekday(days.index(max(days)), long=True)))
    return said


def best_hours(chart: Heatmap) -> str:
    """The outlined cells by name."""
    if chart.best_times:
        return _("Best times: {names}").format(names=chart.best_times)
    names = [hour_of_week(at, chart.hours24) for at in chart.best[:5]]
    return _("Best hours: {hours}").format(hours=", ".join(names))


def _sparkline(chart: Sparkline) -> list[str]:
    if not chart.values:
        return [_short(chart.title, 200), _("No data yet")]
    text = _("{n} days, from {first} to {last}, at most {most}")
    if len(chart.values) == 1:
        text = _("One day with {last}")
    values = [number(value) for value in (chart.values[0], chart.values[-1], max(chart.values))]
    said = text.format(n=number(len(chart.values)), first=values[0], last=values[1], most=values[2])
    return [_short(chart.title, 200), said]


def _card(chart: Card) -> list[str]:
    said = [_("{title}, by {creator}").format(title=_short(chart.title, 200), creator=_short(chart.creator, 80))]
    said.append(", ".join(text for text in (_short(chart.platform, 60), _short(chart.period, 60)) if text))
    if chart.displays is not None:
        said.append(f"{chart.displays_name} {number(chart.displays)}, {_short(chart.displays_source, 80)}")
    text = ngettext("{n} click, {source}", "{n} clicks, {source}", chart.clicks)
    said.append(text.format(n=number(chart.clicks), source=_short(chart.clicks_source, 80)))
    if chart.ctr:
        said.append(_("CTR {rate}").format(rate=_with_range(chart.ctr)))
    if chart.engagement:
        said.append(_("Engagement rate {rate}").format(rate=_with_range(chart.engagement)))
    return [*said, *_best_day(chart.days, chart.values)]


def _profile(chart: ProfileCard) -> list[str]:
    said = [f"{_short(chart.name, 80)} (@{chart.handle})", _short(chart.line, 160)]
    if chart.links:
        named = "; ".join(_short(label, 60) for label in chart.links)
        said.append(_("Links: {links}").format(links=named))
    return said


def _ending(unfinished: bool) -> list[str]:
    return [_("The last day is today so far")] if unfinished else []


def _notes(notes: tuple[Note, ...], days: tuple[dt.date, ...]) -> list[str]:
    shown = [note for note in notes if days[0] <= note.day <= days[-1]]
    if not shown:
        return []
    named = "; ".join(f"{day_month(note.day)} {_short(note.text, 60)}" for note in shown[:6])
    return [_("Notes: {notes}").format(notes=named)]


def _long(day: dt.date) -> str:
    return f"{day:%A}, {day.day} {day:%B}"


def _short(text: str, limit: int) -> str:
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= limit else line[: limit - 1] + "…"
