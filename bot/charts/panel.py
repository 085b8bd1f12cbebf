"""What charts over time share: titles, a panel with its grid, dates along it, and notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from math import ceil, floor, log10
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from bot.charts.canvas import Canvas
from bot.charts.values import Note
from bot.charts.words import day_month, hour_of, weekday_day
from bot.texts import _, compact, percent

WIDTH = 800
LEFT, RIGHT, MARGIN = 76, 772, 28
HEADER = 118
"""Where the first panel begins."""
MANY = 120
"""Days from which on single days are only a tint, below their average."""
FOOTNOTE = 19


def titles(canvas: Canvas, title: str, subtitle: str) -> None:
    """Name the chart, each line cut to fit."""
    room = WIDTH - 2 * MARGIN
    canvas.text(MARGIN, 42, title, size=18, bold=True, room=room)
    canvas.text(MARGIN, 67, subtitle, colour=canvas.palette.muted, room=room)


def empty(canvas: Canvas, x: float, y: float, text: str, then: str = "") -> None:
    """Say that there is nothing to see, and what there is to do."""
    canvas.text(x, y, text, size=14, align="center", halo=canvas.palette.background)
    if then:
        canvas.text(x, y + 24, then, colour=canvas.palette.muted, align="center", halo=canvas.palette.background)


class Panel:
    """Axes between two heights: x counts the days from 0, y goes from 0 to `top_value`."""

    def __init__(self, canvas: Canvas, top: int, bottom: int, count: int, top_value: float, right: int = RIGHT) -> None:
        self.canvas, self.top, self.bottom, self.right = canvas, top, bottom, right
        self.count, self.top_value = count, top_value
        spare = max(0.6, (7 - count) / 2)  # So that a lone day is no wall.
        self.step = (right - LEFT) / (count - 1 + 2 * spare)
        """Pixels from one day to the next."""
        self._first = LEFT + spare * self.step
        self.box = (LEFT, top, right, bottom)

    def x(self, n: Any) -> Any:
        """Of a day, or of an array of them."""
        return self._first + n * self.step

    def y(self, value: Any) -> Any:
        """Of a value, or of an array of them."""
        return self.bottom - value / self.top_value * (self.bottom - self.top)

    def points(self, values: Sequence[float] | np.ndarray, first: int = 0) -> np.ndarray:
        """Where the values of the days from `first` on are, as an array of (x, y)."""
        return np.column_stack([self.x(np.arange(first, first + len(values))), self.y(np.asarray(values, float))])

    def grid(self, *, rate: bool = False, empty: bool = False) -> None:
        """Lines at round values, named on the left, of a rate in percent."""
        ticks, label = value_ticks(self.top_value, 5 if rate else 4, rate=rate)
        ticks = ticks[:1] if empty else ticks
        muted, grid = self.canvas.palette.muted, self.canvas.palette.grid
        self.canvas.lines([(LEFT, self.y(t), self.right, self.y(t)) for t in ticks], grid, width=1, crisp=True)
        for tick in ticks:
            self.canvas.text(LEFT - 9, self.y(tick) + 5, label(tick), size=10.5, colour=muted, align="right")

    def dates(self, days: Sequence[dt.date]) -> None:
        """Name days below the panel: of a short week each, then Mondays, months or years."""
        self.ticks(*date_ticks(days, int((self.right - LEFT) / 78)))

    def hours(self, hours: Sequence[dt.datetime]) -> None:
        """Name every third hour below the panel."""
        at = [n for n, hour in enumerate(hours) if hour.hour % 3 == 0 and hour.minute == 0]
        self.ticks(at, [hour_of(hours[n]) for n in at])

    def ticks(self, at: Sequence[int], names: Sequence[str]) -> None:
        muted = self.canvas.palette.muted
        if at and self.step < 20:
            marks = [(self.x(n), self.bottom, self.x(n), self.bottom + 5) for n in at]
            self.canvas.lines(marks, self.canvas.palette.grid, width=1, crisp=True)
        ends = 0.0
        for n, name in zip(at, names, strict=True):
            half = self.canvas.measure(name, size=10.5) / 2
            x = min(self.x(n), WIDTH - 12 - half)
            if x - half >= ends:
                self.canvas.text(x, self.bottom + 21, name, size=10.5, colour=muted, align="center")
                ends = x + half + 10


def date_ticks(days: Sequence[dt.date], room: int) -> tuple[list[int], list[str]]:
    """Which days an axis with room for so many names tells, and how."""
    count = len(days)
    if count <= 8:
        return list(range(count)), [weekday_day(day) for day in days]
    if count <= 16:
        at = list(range((count - 1) % 2, count, 2))
    elif count <= MANY:
        at = [n for n, day in enumerate(days) if day.weekday() == 0]
        at = at[:: ceil(len(at) / room)]
    else:
        return _month_ticks(days, room)
    return at, [day_month(days[n]) for n in at]


def _month_ticks(days: Sequence[dt.date], room: int) -> tuple[list[int], list[str]]:
    for every in (1, 2, 3, 6, 12, 24, 60, 120):
        at = [n for n, day in enumerate(days) if day.day == 1 and (day.year * 12 + day.month - 1) % every == 0]
        if len(at) <= 1.6 * room:
            break
    return at, [f"{days[n].year}" if days[n].month == 1 else f"{days[n]:%b}" for n in at]


def value_ticks(highest: float, most: int, *, rate: bool) -> tuple[list[float], Callable[[float], str]]:
    """Up to `most` + 1 round values from 0 to at most `highest`, and how to write them."""
    steps = [1, 2, 5, 10] if rate else [1, 2, 2.5, 5, 10]
    locator = MaxNLocator(nbins=most, integer=not rate, steps=steps)
    ticks = [float(tick) for tick in locator.tick_values(0, highest) if 0 <= tick <= highest]
    if not rate:
        return ticks, compact
    step = 100 * ticks[1] if len(ticks) > 1 else 1.0
    decimals = max(0, -floor(log10(step) + 1e-9))
    return ticks, lambda value: percent(value, decimals)


def average(values: Sequence[float], over: int = 7) -> np.ndarray:
    """The mean of each day and the six before it; at the start, of those there are."""
    sums = np.cumsum(np.concatenate([[0.0], np.asarray(values, float)]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - over, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions near the wanted ones, in their order, at least `gap` apart and within bounds."""
    order = sorted(range(len(wanted)), key=lambda n: wanted[n])
    blocks: list[tuple[float, list[int]]] = []  # Each: where it begins, and its members.
    for n in order:
        members = [n]
        while True:
            centre = sum(wanted[m] - gap * at for at, m in enumerate(members)) / len(members)
            start = max(low, min(centre, high - gap * (len(members) - 1)))
            if not blocks or blocks[-1][0] + gap * len(blocks[-1][1]) <= start:
                break
            members = blocks.pop()[1] + members
        blocks.append((start, members))
    places = {m: start + gap * at for start, members in blocks for at, m in enumerate(members)}
    return [places[n] for n in range(len(wanted))]


def notes_in(notes: Sequence[Note], days: Sequence[dt.date]) -> list[Note]:
    """The notes on the chart's days, in order."""
    return sorted((note for note in notes if days[0] <= note.day <= days[-1]), key=lambda note: note.day)


MOST_NOTES = 6
"""More are counted, not told."""


def footnotes_height(notes: Sequence[Note]) -> int:
    return ceil(min(len(notes), MOST_NOTES) / 2) * FOOTNOTE + (8 if notes else 0)


def note_lines(panel: Panel, notes: Sequence[Note], days: Sequence[dt.date]) -> None:
    """A thin line through the panel on each day with a note."""
    xs = sorted({panel.x((note.day - days[0]).days) for note in notes})
    if xs:
        where = [(x, panel.top, x, panel.bottom) for x in xs]
        panel.canvas.lines(where, panel.canvas.palette.muted, width=1, dash=(2, 2), crisp=True)


def badges(panel: Panel, notes: Sequence[Note], days: Sequence[dt.date]) -> None:
    """A number for each note, above its line."""
    wanted = [panel.x((note.day - days[0]).days) for note in notes]
    for n, x in enumerate(spread(wanted, 15, LEFT, panel.right), start=1):
        _badge(panel.canvas, x, panel.top - 3, n)


def footnotes(canvas: Canvas, notes: Sequence[Note], top: float) -> None:
    """What the numbered markers stand for, in two columns."""
    room = (WIDTH - 2 * MARGIN) / 2
    more = len(notes) - MOST_NOTES
    for n, note in enumerate(notes[:MOST_NOTES]):
        x, baseline = MARGIN + n % 2 * room, top + n // 2 * FOOTNOTE + 12
        _badge(canvas, x + 7, baseline - 4, n + 1)
        text = f"{day_month(note.day)}  {note.text}"
        rest = _("and {n} more").format(n=more) if n == MOST_NOTES - 1 and more > 0 else ""
        after = canvas.measure(rest, size=10) + 8 if rest else 0
        wide = canvas.text(x + 20, baseline, text, size=10, colour=canvas.palette.muted, room=room - 36 - after)
        if rest:
            canvas.text(x + 28 + wide, baseline, rest, size=10, colour=canvas.palette.muted)


def _badge(canvas: Canvas, x: float, y: float, n: int) -> None:
    canvas.dots([(x, y)], 7, fill=canvas.palette.muted, stroke=canvas.palette.background, width=1.5)
    canvas.text(x, y + 3.5, f"{n}", size=7.5, bold=True, colour=canvas.palette.background, align="center")
