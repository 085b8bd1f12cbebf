"""The drawing of a series: panels of counts and of rates over the same days."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from bot.charts.canvas import Canvas
from bot.charts.panel import (
    HEADER,
    LEFT,
    MANY,
    MARGIN,
    MOST_NOTES,
    WIDTH,
    Panel,
    average,
    badges,
    empty,
    footnotes,
    footnotes_height,
    note_lines,
    notes_in,
    titles,
)
from bot.charts.theme import WHISKER, Colour, Theme, blend
from bot.charts.values import Counts, Interval, Rates, Reported, Series
from bot.charts.words import day_month, hour_of, none_yet, range_of, share_it, title_case
from bot.insights.summary import best_of
from bot.texts import _, number, percent

_HEIGHTS = {1: (172,), 2: (112, 134), 3: (104, 104, 104)}
"""Of the panels, in logical pixels, by how many there are."""
_GAP = 46
"""Between panels; the upper half of it holds the lower one's heading."""
_BELOW = 38
_TINT = 0.16
"""How much of a line's colour lies under it."""
_BARS = 0.35
"""How much of it the bars of many days have."""
Span = tuple[int, int, Reported]
"""The first and the last day of a figure in the chart, by number, and the figure."""
Sample = Callable[[float, float], None]
"""Draws a key's sample, 18 wide, from x on, centred on y."""


def draw(chart: Series, theme: Theme) -> bytes:
    """A PNG 1600 pixels wide; 656 high for one panel, 900 for two, 1,120 for three, and more with notes."""
    heights = _HEIGHTS[len(chart.panels)]
    notes = notes_in(chart.notes, chart.days)
    below = HEADER + sum(heights) + _GAP * (len(heights) - 1) + _BELOW
    canvas = Canvas(WIDTH, below + footnotes_height(notes), theme)
    titles(canvas, chart.title, chart.subtitle)
    top, panels = HEADER, []
    for value, height in zip(chart.panels, heights, strict=True):
        if isinstance(value, Counts):
            panels.append(_counts(canvas, top, top + height, value, chart))
        else:
            panels.append(_rates(canvas, top, top + height, value, chart))
        top += height + _GAP
    if chart.hours:
        panels[-1].hours(chart.hours)
    else:
        panels[-1].dates(chart.days)
    if notes:
        badges(panels[0], notes[:MOST_NOTES], chart.days)
        footnotes(canvas, notes, below)
    return canvas.png()


def _counts(canvas: Canvas, top: int, bottom: int, value: Counts, chart: Series) -> Panel:
    palette = canvas.palette
    mark, counts = palette.marks[value.colour], value.values
    tint = blend(palette.background, mark, _BARS)
    many, over = len(counts) > MANY, len(counts) - chart.unfinished
    count = len(chart.hours) or len(counts)
    spans = _clipped([one for one in value.reported if one.count >= 0], chart.days)
    corrections = [one for one in value.reported if one.count < 0 and chart.days[0] <= one.last <= chart.days[-1]]
    shares = _per_day(spans, len(chart.days))
    if chart.hours:
        spans = [(0, count - 1, one) for _first, _last, one in spans]
        shares = np.full(count, shares[0] / count)
    previous = None if value.previous is None else value.previous[:count]
    highest = max((*counts, *(previous or ()), *shares))
    panel = Panel(canvas, top, bottom, count, max(highest, 1) * 1.32)
    panel.grid(empty=not highest)
    note_lines(panel, notes_in(chart.notes, chart.days), chart.days)
    keys: list[tuple[str, Sample]] = []
    if spans:
        keys.append(_reported(panel, shares, spans, chart.days))
    wide = 0.5 if many else 0.36
    x, y = panel.x(np.arange(len(counts))), panel.y(np.asarray(counts, float))
    floor = np.full(len(counts), float(bottom))
    bars = np.column_stack([x - wide * panel.step, y, x + wide * panel.step, floor])
    line = value.colour is Colour.IMPRESSIONS and not many
    if line and any(counts):
        _area(panel, counts, over, mark)
    elif not line:
        canvas.boxes(bars if many else bars[:over], tint if many else mark, crisp=panel.step > 8)
    if chart.unfinished and any(counts) and not many:
        if not line:
            canvas.boxes(bars[over:], blend(palette.background, mark, 0.25), hatch=mark, crisp=panel.step > 8)
        so_far = _("this hour so far") if chart.hours else _("today so far")
        keys.append((so_far, _hollow(canvas, mark) if line else _hatched(canvas, mark)))
    if corrections:
        keys.append(_corrected(panel, corrections, chart.days))
    if value.imported:
        other = blend(palette.background, palette.muted, 0.4 if many else 0.7)
        tops = panel.y(np.minimum(np.asarray(value.imported, float), np.asarray(counts, float)))
        part = np.column_stack([bars[:, 0], tops, bars[:, 2], floor])[np.asarray(value.imported) > 0]
        canvas.boxes(part, other, crisp=panel.step > 8)
        keys.append((_("imported"), lambda x, y: canvas.boxes([(x + 3, y - 5, x + 18, y + 5)], other, crisp=True)))
    if many:
        canvas.line(panel.points(average(counts[:over])), mark, width=2)
        keys.append((_("7-day average"), _line(canvas, mark, 2)))
    if previous is not None:
        before = average(previous) if many else previous
        if len(before) == 1:
            canvas.dots(panel.points(before), 4, fill=palette.muted, stroke=palette.background, width=1.5)
        else:
            canvas.line(panel.points(before), palette.background, width=4)
            canvas.line(panel.points(before), palette.muted, width=1.6, dash=(5, 3))
        keys.append((_("previous period"), _line(canvas, palette.muted, 1.6, (5, 3))))
    # Where only a platform counted, 0 would say that nobody looked.
    total = "" if value.reported and not value.sum else number(value.sum)
    _heading(panel, title_case(value.name), total, "", palette.inks[value.colour], keys)
    if spans:
        _name_reported(panel, counts, shares, spans, chart.days)
    if (best := best_of(counts)) is not None:
        within = shares[best] > counts[best]
        _mark_best(panel, chart, counts, best, back=palette.raised if within else palette.background)
    elif not value.reported:
        then = share_it(chart.unfinished) if previous is None and len(chart.panels) == 1 else ""
        middle = (top + bottom) / 2 + (0 if then else 5)
        empty(
            canvas,
            (LEFT + panel.right) / 2,
            top + 18 if any(previous or ()) else middle,
            none_yet(value.name, chart.unfinished),
            then,
        )
    return panel


def _area(panel: Panel, counts: Sequence[int], over: int, mark: str) -> None:
    """A line over a tint; of an unfinished last day dashed, with a hollow end. One day alone is a dot."""
    canvas, points = panel.canvas, panel.points(counts)
    back = canvas.palette.background
    if over > 1:
        ends = [(points[over - 1][0], panel.bottom), (points[0][0], panel.bottom)]
        canvas.polygon([*points[:over], *ends], mark, alpha=_TINT)
        canvas.line(points[:over], mark, width=2.4)
    elif over:
        canvas.dots(points[:1], 4.5, fill=mark)
    if over < len(counts):
        canvas.line(points[max(over - 1, 0) :], mark, width=2.2, dash=(2, 2.5))
        canvas.dots(points[over:], 4, fill=back, stroke=mark, width=2)


def _clipped(reported: Sequence[Reported], days: Sequence[dt.date]) -> list[Span]:
    """The figures that touch the chart, each with its first and last day there."""
    spans = (
        (max(0, (one.first - days[0]).days), min(len(days) - 1, (one.last - days[0]).days), one) for one in reported
    )
    return [span for span in spans if span[0] <= span[1]]


def _per_day(spans: Sequence[Span], count: int) -> np.ndarray:
    """What the figures come to by day, each spread evenly over its days."""
    shares = np.zeros(count)
    for first, last, one in spans:
        shares[first : last + 1] += one.count / ((one.last - one.first).days + 1)
    return shares


def _go_outside(spans: Sequence[Span], days: Sequence[dt.date]) -> bool:
    return any(one.first < days[0] or one.last > days[-1] for *_days, one in spans)


def _reported(panel: Panel, shares: np.ndarray, spans: Sequence[Span], days: Sequence[dt.date]) -> tuple[str, Sample]:
    """Figures of platforms as a hatched step behind what was measured, open where they go on outside the chart."""
    canvas, palette = panel.canvas, panel.canvas.palette
    mark = palette.muted
    left, right = panel.x(np.arange(panel.count)) - panel.step / 2, panel.x(np.arange(panel.count)) + panel.step / 2
    shown = shares > 0
    boxes = np.column_stack([left, panel.y(shares), right, np.full(panel.count, float(panel.bottom))])[shown]
    canvas.boxes(boxes, palette.raised)
    steps = np.column_stack([left, panel.y(shares), right, panel.y(shares)])[shown]
    canvas.lines(steps, mark, width=1.6, dash=(4, 2))
    opens = {first for first, _last, one in spans if one.first >= days[0]}
    closes = {last + 1 for _first, last, one in spans if one.last <= days[-1]}
    padded = np.concatenate([[0.0], shares, [0.0]])
    rises = [
        (panel.x(n) - panel.step / 2, panel.y(padded[n]), panel.x(n) - panel.step / 2, panel.y(padded[n + 1]))
        for n in sorted(opens | closes)
    ]
    if rises:
        canvas.lines(rises, mark, width=1.6, dash=(4, 2))
    total = sum(one.count for *_days, one in spans)
    text = _("{n} reported, partly outside") if _go_outside(spans, days) else _("{n} reported, spread evenly")
    if any(one.is_estimate for *_days, one in spans):
        text = _("about {n} reported, spread evenly")

    def sample(x: float, y: float) -> None:
        canvas.boxes([(x, y - 4, x + 18, y + 5)], palette.raised)
        canvas.lines([(x, y - 4, x + 18, y - 4)], mark, width=1.6, dash=(4, 2))

    return text.format(n=number(total)), sample


def _corrected(panel: Panel, corrections: Sequence[Reported], days: Sequence[dt.date]) -> tuple[str, Sample]:
    """What platforms took back, as arrows down to the axis on the days by which they did, each with how much."""
    canvas, muted = panel.canvas, panel.canvas.palette.muted
    by_day: Counter[int] = Counter()
    for one in corrections:
        by_day[(one.last - days[0]).days] += one.count
    ends = 0.0
    for at, count in sorted(by_day.items()):
        x = float(panel.x(at))
        _arrow(canvas, x, panel.bottom - 1, muted)
        text = number(count)
        half = canvas.measure(text, size=10) / 2
        middle = min(max(x, LEFT + half), panel.right - half)
        if middle - half > ends:
            canvas.text(
                middle, panel.bottom - 24, text, size=10, colour=muted, align="center", halo=canvas.palette.background
            )
            ends = middle + half + 6
    total = _("{n} corrected").format(n=number(sum(by_day.values())))
    return total, lambda x, y: _arrow(canvas, x + 12, y + 7, muted)


def _arrow(canvas: Canvas, x: float, tip: float, colour: str) -> None:
    canvas.lines([(x, tip - 17, x, tip - 6)], colour, width=2)
    canvas.polygon([(x - 5, tip - 8), (x + 5, tip - 8), (x, tip)], colour)


def _name_reported(
    panel: Panel, counts: Sequence[int], shares: np.ndarray, spans: Sequence[Span], days: Sequence[dt.date]
) -> None:
    """How much each figure is, and of when: above its step, or as far below as the line does not run through."""
    apart = all(one[1] < other[0] for one, other in pairwise(sorted(spans, key=lambda span: span[:2])))
    if not apart or (len(spans) == 1 and not _go_outside(spans, days)):
        return
    canvas, palette = panel.canvas, panel.canvas.palette
    for first, last, one in spans:
        said = _("{n}, {first} – {last}").format(
            n=number(one.count), first=day_month(one.first), last=day_month(one.last)
        )
        half = canvas.measure(said, size=10) / 2
        if len(spans) > 1 and half * 2 >= (last - first + 1) * panel.step:
            continue
        x = min(max(float(panel.x((first + last) / 2)), LEFT + half), panel.right - half)
        step = float(panel.y(shares[first]))
        across = np.linspace(x - half, x + half, 64)
        line = np.interp(across, panel.x(np.arange(len(counts))), panel.y(np.asarray(counts, float)))
        places = [step - 6, *np.arange(step + 14, panel.bottom - 4, 6)]
        y = next((y for y in places if not ((y - 14 < line) & (line < y + 6)).any()), places[-1])
        back = palette.background if y < step else palette.raised
        if line.max() < y - 11:  # within what the line or the bars fill
            mark = palette.marks[Colour.IMPRESSIONS]
            back = blend(palette.background, mark, _BARS) if panel.count > MANY else blend(back, mark, _TINT)
        canvas.text(x, y, said, size=10, colour=palette.muted, align="center", halo=back)


def _rates(canvas: Canvas, top: int, bottom: int, value: Rates, chart: Series) -> Panel:
    palette = canvas.palette
    mark = palette.marks[Colour.RATE]
    known = [(n, one) for n, one in enumerate(value.values) if one is not None]
    panel = Panel(canvas, top, bottom, len(value.values), _rate_top([one for _n, one in known], value.overall))
    panel.grid(rate=True, empty=not known)
    note_lines(panel, notes_in(chart.notes, chart.days), chart.days)
    above = value.overall and panel.y(value.overall.value)
    if above:
        canvas.lines([(LEFT, above, panel.right, above)], palette.muted, width=1.4, dash=(5, 3), crisp=True)
    thick = panel.step >= 9
    for run in _runs(known):
        x = np.array([panel.x(n) for n, _one in run])
        ends = [panel.y(np.array([getattr(one, end) for _n, one in run])) for end in ("low", "high", "value")]
        if thick:
            whiskers = list(zip(x, ends[0], x, ends[1], strict=True))
            canvas.lines(whiskers, mark, width=min(4.0, panel.step / 4), alpha=WHISKER, within=panel.box)
        elif len(run) > 1:
            band = [*zip(x, ends[0], strict=True), *zip(x[::-1], ends[1][::-1], strict=True)]
            canvas.polygon(band, mark, alpha=0.3, within=panel.box)
        else:
            canvas.lines([(x[0], ends[0][0], x[0], ends[1][0])], mark, width=2, alpha=WHISKER, within=panel.box)
        points = np.column_stack([x, ends[2]])
        if len(run) > 1:
            canvas.line(points, mark, width=1.4 if thick else 2, alpha=0.7 if thick else 1)
        unfinished = chart.unfinished and run[-1][0] == len(value.values) - 1
        shown = points if thick or len(run) == 1 else points[-1:] if unfinished else points[:0]
        canvas.dots(shown, 3.6, fill=mark, stroke=palette.background, width=1.6)
        if unfinished:
            canvas.dots(points[-1:], 3.6, fill=palette.background, stroke=mark, width=1.8)
    keys: list[tuple[str, Sample]] = []
    if known:
        keys.append((_("95% interval"), _whisker(canvas, mark, thick)))
    if above:
        keys.append((_("overall"), _line(canvas, palette.muted, 1.4, (5, 3))))
    overall = percent(value.overall.value) if value.overall else ""
    spread = ", ".join(filter(None, (value.overall.parts, range_of(value.overall)))) if value.overall else ""
    _heading(panel, title_case(value.name), overall, spread, palette.inks[Colour.RATE], keys)
    if not known:
        none = _("No data yet in this period") if chart.unfinished else _("No data in this period")
        empty(canvas, (LEFT + panel.right) / 2, (top + bottom) / 2 + 5, none)
    return panel


def _rate_top(known: Sequence[Interval], overall: Interval | None) -> float:
    """Above all the intervals; where a wide one would flatten the rest it runs off the panel."""
    values = [one.value for one in (*known, *([overall] if overall else ()))]
    if not values:
        return 1.0
    highest = max(values)
    return max(min(max(one.high for one in known) if known else highest, 2.5 * highest), highest, 0.001) * 1.12


def _runs(known: Sequence[tuple[int, Interval]]) -> list[list[tuple[int, Interval]]]:
    """Days in a row that have data."""
    runs: list[list[tuple[int, Interval]]] = []
    for n, one in known:
        if not runs or runs[-1][-1][0] != n - 1:
            runs.append([])
        runs[-1].append((n, one))
    return runs


def _heading(panel: Panel, name: str, total: str, aside: str, ink: str, keys: Sequence[tuple[str, Sample]]) -> None:
    """What a panel counts, in the colour of its marks, how much, and at the right what else is drawn there."""
    canvas, baseline = panel.canvas, panel.top - 16
    x = panel.right
    for text, sample in keys:
        x -= canvas.text(x, baseline, text, size=10, colour=canvas.palette.muted, align="right") + 24
        sample(x, baseline - 4)
        x -= 16
    after = canvas.measure(total, size=13, bold=True) + 9 if total else 0
    left = (
        MARGIN
        + canvas.text(MARGIN, baseline, name, size=13, bold=True, colour=ink, room=max(x - MARGIN - after, 80))
        + 9
    )
    left += canvas.text(left, baseline, total, size=13, bold=True) + 9 if total else 0
    if aside and x - left > 90:
        canvas.text(left, baseline, aside, size=10, colour=canvas.palette.muted, room=x - left)


def _hatched(canvas: Canvas, mark: str) -> Sample:
    fill = blend(canvas.palette.background, mark, 0.25)
    return lambda x, y: canvas.boxes([(x + 3, y - 5, x + 18, y + 5)], fill, hatch=mark, crisp=True)


def _hollow(canvas: Canvas, mark: str) -> Sample:
    def sample(x: float, y: float) -> None:
        canvas.line([(x, y), (x + 14, y)], mark, width=2.2, dash=(2, 2.5))
        canvas.dots([(x + 14, y)], 3.5, fill=canvas.palette.background, stroke=mark, width=2)

    return sample


def _line(canvas: Canvas, stroke: str, width: float, dash: tuple[float, float] | None = None) -> Sample:
    return lambda x, y: canvas.line([(x, y), (x + 18, y)], stroke, width=width, dash=dash)


def _whisker(canvas: Canvas, mark: str, thick: bool) -> Sample:
    if thick:
        return lambda x, y: canvas.lines([(x + 12, y - 6, x + 12, y + 6)], mark, width=4, alpha=WHISKER)
    return lambda x, y: canvas.boxes([(x, y - 5, x + 18, y + 5)], mark, alpha=0.3)


def _mark_best(panel: Panel, chart: Series, counts: Sequence[int], at: int, back: str) -> None:
    """Name the best day or hour above it; `back` is what lies there."""
    canvas, best = panel.canvas, counts[at]
    if chart.hours:
        text = _("{n} at {hour}").format(n=number(best), hour=hour_of(chart.hours[at]))
    elif len(chart.days) == 1:
        text = number(best)
    else:
        text = _("{n} on {date}").format(n=number(best), date=day_month(chart.days[at]))
    half = canvas.measure(text, size=10.5) / 2
    x = min(max(float(panel.x(at)), LEFT + half), panel.right - half)
    canvas.text(x, float(panel.y(best)) - 6, text, size=10.5, align="center", halo=back)
