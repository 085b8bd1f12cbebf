"""The drawing of a comparison: lines over the same days, or periods laid over each other, each named at its end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.charts.canvas import Canvas
from bot.charts.panel import (
    LEFT,
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
    spread,
    titles,
)
from bot.charts.theme import Theme
from bot.charts.values import Comparison, Line
from bot.charts.words import none_yet, share_it, title_case
from bot.texts import _, number

_TOP, _BOTTOM, _HEIGHT = 118, 412, 450
_RIGHT = 606
"""Where the lines end and their names begin."""
_SMOOTH = 60
"""Days from which on lines are averages: more of them are a tangle."""
_LABEL = 46
"""The height of a line's name with its total."""


def draw(chart: Comparison, theme: Theme) -> bytes:
    """A PNG of 1600 x 900 pixels, higher with notes."""
    notes = notes_in(chart.notes, chart.days) if chart.days else []
    canvas = Canvas(WIDTH, _HEIGHT + footnotes_height(notes), theme)
    palette = canvas.palette
    titles(canvas, chart.title, chart.subtitle)
    count = max(len(line.values) for line in chart.lines)
    smooth = count > _SMOOTH and not chart.running
    drawn = [average(line.values) if smooth else np.asarray(line.values, float) for line in chart.lines]
    highest = max(float(values.max()) for values in drawn)
    panel = Panel(canvas, _TOP, _BOTTOM, count, max(highest, 1) * 1.12, right=_RIGHT)
    text = _("{noun} so far") if chart.running else _("{noun} a day, 7-day average") if smooth else _("{noun} a day")
    canvas.text(
        MARGIN, _TOP - 13, text.format(noun=title_case(chart.noun)), size=11, colour=palette.muted, room=_RIGHT - MARGIN
    )
    panel.grid(empty=not highest)
    if chart.days:
        panel.dates(chart.days)
    else:
        _day_numbers(panel)
    if notes and chart.days:
        note_lines(panel, notes, chart.days)
        badges(panel, notes[:MOST_NOTES], chart.days)
        footnotes(canvas, notes, _HEIGHT)
    if not highest:
        none = none_yet(chart.noun, chart.unfinished)
        empty(canvas, (LEFT + _RIGHT) / 2, (_TOP + _BOTTOM) / 2, none, share_it(chart.unfinished))
    for n in reversed(range(len(drawn))):  # The first line matters most, and lies on top.
        unfinished = chart.unfinished and (chart.days is not None or n == 0)
        _line(panel, drawn[n], palette.lines[n], unfinished)
    _names(panel, chart.lines, drawn)
    return canvas.png()


def _line(panel: Panel, values: np.ndarray, colour: str, unfinished: bool) -> None:
    canvas, points = panel.canvas, panel.points(values)
    back = canvas.palette.background
    over = len(points) - unfinished
    if over > 1:
        canvas.line(points[:over], back, width=4 if len(points) <= _SMOOTH else 0.1)
        canvas.line(points[:over], colour, width=2.6)
    if unfinished:
        if over:
            canvas.line(points[over - 1 :], colour, width=2.2, dash=(2, 2.5))
        canvas.dots(points[-1:], 4, fill=back, stroke=colour, width=2)
    else:
        canvas.dots(points[-1:], 4.5, fill=colour, stroke=back, width=1.5)


def _names(panel: Panel, lines: Sequence[Line], drawn: Sequence[np.ndarray]) -> None:
    """Each line's name and total at the right, moved apart where they would cover each other."""
    canvas, palette = panel.canvas, panel.canvas.palette
    ends = [panel.points(values)[-1] for values in drawn]
    places = spread([end[1] for end in ends], _LABEL, _TOP + 6, _BOTTOM - 10)
    for n, (line, end, y) in enumerate(zip(lines, ends, places, strict=True)):
        x = _RIGHT + 16
        way = [(end[0] + 8, end[1]), (_RIGHT - 4, end[1]), (x - 6, y)]
        canvas.line(way, palette.lines[n], width=1.2, dash=(1, 2.5))
        ink, room = palette.line_inks[n], WIDTH - 16 - x
        canvas.text(x, y - 3, line.name, size=11, bold=True, colour=ink, room=room)
        canvas.text(x, y + 15, number(line.total), size=11)


def _day_numbers(panel: Panel) -> None:
    every = next(step for step in (1, 2, 7, 14, 28, 91, 182, 364) if panel.count / step <= 9 or step == 364)
    at = list(range(0, panel.count, every))
    panel.ticks(at, [_("day {n}").format(n=n + 1) for n in at])
