"""The drawing of a sparkline, alone or within another chart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.charts.canvas import Canvas
from bot.charts.theme import Colour, Theme
from bot.charts.values import Sparkline
from bot.texts import _

WIDTH, HEIGHT = 200, 50


def draw(chart: Sparkline, theme: Theme) -> bytes:
    """A PNG of 400 x 100 pixels."""
    canvas = Canvas(WIDTH, HEIGHT, theme)
    if chart.values:
        mark = canvas.palette.marks[Colour.CLICKS]
        trend(canvas, chart.values, (8, 8, WIDTH - 10, HEIGHT - 8), mark, 2.2, tint=True)
    else:
        canvas.text(WIDTH / 2, 29, _("No data yet"), colour=canvas.palette.muted, align="center")
    return canvas.png()


def trend(
    canvas: Canvas,
    values: Sequence[int],
    box: tuple[float, float, float, float],
    stroke: str,
    width: float,
    *,
    tint: bool = False,
) -> None:
    """A line from 0 up in a box (left, top, right, bottom), its end dotted; one value is a dot."""
    left, top, right, bottom = box
    y = bottom - np.asarray(values, float) / max(*values, 1) * (bottom - top)
    points = np.column_stack([np.linspace(left, right, len(values)) if len(values) > 1 else [(left + right) / 2], y])
    if tint and len(values) > 1:
        canvas.polygon([*points, (right, bottom), (left, bottom)], stroke, alpha=0.16)
    if len(values) > 1:
        canvas.line(points, stroke, width=width)
    canvas.dots(points[-1:], 1.6 * width, fill=stroke, stroke=canvas.palette.background, width=1)
