"""The drawing of a ranking: ranks, names, trends, bars with intervals, and values, each in its column."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.charts.canvas import Canvas
from bot.charts.panel import MARGIN, RIGHT, WIDTH, empty, titles, value_ticks
from bot.charts.sparkline import trend
from bot.charts.theme import Colour, Theme, blend
from bot.charts.values import Bar, Top
from bot.charts.words import none_yet, share_it, title_case
from bot.texts import _, number

_FIRST, _ROW = 116, 36
_AXIS = 44
_NAMES_MOST, _TREND, _TEXT_MOST = 230, 64, 190
_GAP = 14


def draw(chart: Top, theme: Theme) -> bytes:
    """A PNG 1600 pixels wide, with 72 pixels for each bar."""
    rows = len(chart.bars)
    notes = []
    if any(bar.interval for bar in chart.bars):
        notes.append(_("Whiskers: the 95% interval."))
    if any(bar.early for bar in chart.bars):
        notes.append(_("Pale: too early to call."))
    bottom = _FIRST + _ROW * (rows or 3)
    canvas = Canvas(WIDTH, bottom + _AXIS + (16 if notes else 0), theme)
    palette = canvas.palette
    titles(canvas, chart.title, chart.subtitle)
    if not rows:
        none = none_yet(chart.noun, chart.unfinished)
        empty(canvas, WIDTH / 2, (_FIRST + bottom) / 2, none, share_it(chart.unfinished))
        return canvas.png()
    ranks = max(canvas.measure(number(chart.first + n), size=12) for n in range(rows))
    names = min(_NAMES_MOST, max(canvas.measure(bar.name, size=12, bold=True) for bar in chart.bars))
    texts = min(_TEXT_MOST, max(max(_text_widths(canvas, bar)) for bar in chart.bars))
    name = MARGIN + ranks + 12
    spark = name + names + _GAP
    left = spark + (_TREND + _GAP if any(bar.trend for bar in chart.bars) else 0)
    right = RIGHT - texts - _GAP - 4
    highest = _highest(chart.bars)
    _grid(canvas, chart, left, right, bottom, highest)
    mark = palette.marks[Colour.RATE if chart.rate else Colour.CLICKS]
    for n, bar in enumerate(chart.bars):
        y = _FIRST + _ROW * n + _ROW / 2
        pale = palette.muted if bar.early else palette.text
        canvas.text(name - 12, y + 5, number(chart.first + n), size=12, colour=palette.muted, align="right")
        canvas.text(name, y + 5, bar.name, size=12, bold=True, colour=pale, room=names)
        if bar.trend:
            trend(canvas, bar.trend, (spark, y - 10, spark + _TREND, y + 10), palette.muted, 1.4)
        _bar(canvas, bar, left, right, y, highest, mark)
        parts = bar.interval.parts if bar.interval else ""
        canvas.text(
            RIGHT, y + (0 if parts else 5), bar.text, size=12, bold=True, colour=pale, align="right", room=texts
        )
        canvas.text(RIGHT, y + 14, parts, size=9.5, colour=palette.muted, align="right", room=texts)
    canvas.text(MARGIN, bottom + _AXIS + 2, "  ".join(notes), size=10, colour=palette.muted)
    return canvas.png()


def _text_widths(canvas: Canvas, bar: Bar) -> tuple[float, float]:
    """Of a value as it is read, and of what made it below."""
    parts = bar.interval.parts if bar.interval else ""
    return canvas.measure(bar.text, size=12, bold=True), canvas.measure(parts, size=9.5)


def _highest(bars: Sequence[Bar]) -> float:
    """The end of the axis: wide intervals of early bars may run off it."""
    value = max(bar.value for bar in bars)
    ends = max((bar.interval.high for bar in bars if bar.interval and not bar.early), default=value)
    return max(value, min(ends, 3 * value) if value else ends) * 1.04 or 1


def _grid(canvas: Canvas, chart: Top, left: float, right: float, bottom: float, highest: float) -> None:
    palette = canvas.palette
    room = max(2, int((right - left) / 70))
    ticks, label = value_ticks(highest, room, rate=chart.rate)
    at = [left + tick / highest * (right - left) for tick in ticks]
    canvas.lines([(x, _FIRST, x, bottom + 4) for x in at], palette.grid, crisp=True)
    for x, tick in zip(at, ticks, strict=True):
        canvas.text(x, bottom + 20, label(tick), size=10, colour=palette.muted, align="center")
    canvas.text(left, _FIRST - 10, title_case(chart.noun), size=10, colour=palette.muted, room=right - left)


def _bar(canvas: Canvas, bar: Bar, left: float, right: float, y: float, highest: float, mark: str) -> None:
    palette = canvas.palette
    fill = blend(palette.background, mark, 0.4) if bar.early else mark

    def x(value: float) -> float:
        return left + min(value / highest, 1) * (right - left)

    if bar.value:
        canvas.boxes([(left, y - 9, max(x(bar.value), left + 1.5), y + 9)], fill, crisp=True)
    if bar.interval is None:
        return
    low, high = x(bar.interval.low), x(bar.interval.high)
    ends = [low] if bar.interval.high > highest else [low, high]
    whisker = np.array([(low, y, high, y), *((end, y - 4.5, end, y + 4.5) for end in ends)])
    canvas.lines(whisker, palette.background, width=4.5)
    canvas.lines(whisker, palette.muted if bar.early else palette.text, width=1.8)
