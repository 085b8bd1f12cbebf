"""The drawing of an hour-of-week heatmap: a row for each day, the best hours outlined, and a scale with numbers."""

from __future__ import annotations

from bot.charts.canvas import Canvas
from bot.charts.panel import MARGIN, RIGHT, WIDTH, empty, titles
from bot.charts.theme import Theme
from bot.charts.values import Heatmap
from bot.charts.words import best_hours, hour, none_yet, share_it, title_case, weekday
from bot.texts import number

_LEFT, _TOP, _CELL = 76, 112, 29
_HEIGHT = 396
_GAP = 1.5
"""Half of the space between cells."""


def draw(chart: Heatmap, theme: Theme) -> bytes:
    """A PNG of 1600 x 792 pixels."""
    canvas = Canvas(WIDTH, _HEIGHT, theme)
    palette = canvas.palette
    titles(canvas, chart.title, chart.subtitle)
    most = max(chart.cells)
    bottom = _TOP + 7 * _CELL
    for shade, colour in enumerate(palette.ramp):
        boxes = [
            _box(chart, at) for at, count in enumerate(chart.cells) if _shade(count, most, len(palette.ramp)) == shade
        ]
        if boxes:
            canvas.boxes(boxes, colour, crisp=True)
    for row in range(7):
        name = weekday((chart.first_weekday + row) % 7)
        canvas.text(_LEFT - 12, _TOP + row * _CELL + 19, name, size=11, colour=palette.muted, align="right")
    for at in range(0, 24, 3):
        x = _LEFT + at * _CELL + _GAP
        canvas.text(x, _TOP - 9, hour(at, chart.hours24), size=10, colour=palette.muted)
    if not most:
        none = none_yet(chart.noun, chart.unfinished)
        empty(canvas, _LEFT + 12 * _CELL, (_TOP + bottom) / 2, none, share_it(chart.unfinished))
        return canvas.png()
    for at in chart.best:
        left, top, right, low = _box(chart, at)
        canvas.rounded(left, top, right, low, 3, stroke=palette.background, width=5)
        canvas.rounded(left, top, right, low, 3, stroke=palette.text, width=2.4)
    scale = _scale(canvas, chart, most, bottom + 32)
    if chart.best:
        canvas.text(MARGIN, bottom + 43, best_hours(chart), size=11, bold=True, room=scale - MARGIN - 20)
    return canvas.png()


def _box(chart: Heatmap, at: int) -> tuple[float, float, float, float]:
    left = _LEFT + at % 24 * _CELL
    top = _TOP + (at // 24 - chart.first_weekday) % 7 * _CELL
    return left + _GAP, top + _GAP, left + _CELL - _GAP, top + _CELL - _GAP


def _shade(count: int, most: int, shades: int) -> int:
    """Which of the ramp's colours a count has: the first for 0, the others for equal shares of the highest."""
    return 0 if not count else min(1 + count * (shades - 1) // most, shades - 1)


def _scale(canvas: Canvas, chart: Heatmap, most: int, top: float) -> float:
    """The colours with the counts that they begin at; returns where it begins."""
    palette, wide = canvas.palette, 24
    left = RIGHT - wide * len(palette.ramp)
    for n, colour in enumerate(palette.ramp):
        canvas.boxes([(left + n * wide + 0.5, top, left + (n + 1) * wide - 0.5, top + 13)], colour, crisp=True)
    name = title_case(chart.noun)
    text = canvas.text(left - 10, top + 11, name, size=10, colour=palette.muted, align="right", room=170)
    canvas.text(left + wide / 2, top + 28, number(0), size=10, colour=palette.muted, align="center")
    canvas.text(RIGHT, top + 28, number(most), size=10, colour=palette.muted, align="right")
    if most >= 8:
        middle = left + wide * 5
        canvas.text(middle, top + 28, number(-(-most // 2)), size=10, colour=palette.muted, align="center")
    return left - text - 10
