"""The drawing of a card: a post's reported displays beside its own clicks, made to be shared."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bot.charts.canvas import Canvas
from bot.charts.theme import Colour, Theme, blend, contrast, readable
from bot.charts.values import Card
from bot.charts.words import day_month, range_of
from bot.insights.summary import best_of
from bot.texts import _, compact, number, percent

WIDTH, HEIGHT = 800, 450
_MARGIN = 48
_RIGHT = WIDTH - _MARGIN
_SIZE, _LEAST = 37.0, 23.0
"""Of the big numbers, in points; counts that need less are written short."""


class _Figure(NamedTuple):
    label: str
    value: str
    source: tuple[str, ...]
    colour: str
    exact: int | None = None


def draw(chart: Card, theme: Theme) -> bytes:
    """A PNG of 1600 x 900 pixels."""
    canvas = Canvas(WIDTH, HEIGHT, theme)
    palette = canvas.palette
    accent = readable(chart.accent or palette.marks[Colour.CLICKS], palette)
    _eye(canvas, 690, 60, 250, accent)
    canvas.boxes([(0, 0, 8, HEIGHT)], accent)
    ink = readable(accent, palette, 4.5)
    pill = 0.0
    if chart.platform:
        back = blend(palette.background, accent, 0.18)
        inside = readable(ink, palette, 6.5)
        wide = min(canvas.measure(chart.platform, size=10.5, bold=True), 260) + 28
        canvas.rounded(_MARGIN, 40, _MARGIN + wide, 68, 14, fill=back)
        canvas.text(_MARGIN + 14, 58.5, chart.platform, size=10.5, bold=True, colour=inside, room=260)
        pill = wide + 14
    if chart.period:
        canvas.text(_MARGIN + pill, 58.5, chart.period, size=11, colour=palette.muted, room=_RIGHT - _MARGIN - pill)
    canvas.text(_MARGIN, 116, chart.title, size=25, bold=True, room=_RIGHT - _MARGIN)
    canvas.text(_MARGIN, 146, chart.creator, size=13, colour=palette.muted, room=_RIGHT - _MARGIN)
    best = best_of(chart.values) if len(chart.days) > 1 else None
    _figures(canvas, chart, ink, 246 if best is None else 196)
    if best is not None:
        _days(canvas, chart, best, accent)
    _wordmark(canvas, accent)
    return canvas.png()


def _figures(canvas: Canvas, chart: Card, accent: str, top: float) -> None:
    palette = canvas.palette
    columns = max(1 + (chart.displays is not None) + (chart.ctr is not None) + (chart.engagement is not None), 3)

    def wrapped(source: str) -> tuple[str, ...]:
        return _wrapped(canvas, source, (_RIGHT - _MARGIN) / columns - 20)

    figures = [_Figure(_("Clicks"), number(chart.clicks), wrapped(chart.clicks_source), accent, chart.clicks)]
    if chart.displays is not None:
        figures.insert(
            0,
            _Figure(
                chart.displays_name,
                number(chart.displays),
                wrapped(chart.displays_source),
                palette.text,
                chart.displays,
            ),
        )
    for name, rate in ((_("CTR"), chart.ctr), (_("Engagement rate"), chart.engagement)):
        if rate:
            source = (rate.parts, _("95%: {range}").format(range=range_of(rate)))
            figures.append(_Figure(name, percent(rate.value), tuple(filter(None, source)), palette.text))
    room = (_RIGHT - _MARGIN) / columns
    size = _SIZE

    def too_wide() -> bool:
        return any(canvas.measure(one.value, size=size, bold=True) > room - 28 for one in figures)

    while too_wide() and size > _LEAST:
        size -= 1
    if too_wide():
        size = _SIZE
        figures = [one._replace(value=compact(one.exact)) if one.exact is not None else one for one in figures]
        while too_wide() and size > 10:
            size -= 1
    for n, one in enumerate(figures):
        x = _MARGIN + n * room
        canvas.text(x, top, one.label, size=11.5, bold=True, colour=palette.muted, room=room - 16)
        canvas.text(x, top + 50, one.value, size=size, bold=True, colour=one.colour, room=room - 12)
        for line, text in enumerate(one.source):
            canvas.text(x, top + 74 + 16 * line, text, size=9.5, colour=palette.muted, room=room - 20)


def _wrapped(canvas: Canvas, text: str, room: float) -> tuple[str, ...]:
    """The text in one line, or in two where that is too little, best after a comma."""
    if canvas.measure(text, size=9.5) > room and ", " in text:
        head, tail = text.split(", ", 1)
        if canvas.measure(head + ",", size=9.5) <= room:
            return head + ",", tail
    words = text.split()
    first = 1
    while first < len(words) and canvas.measure(" ".join(words[: first + 1]), size=9.5) <= room:
        first += 1
    return tuple(line for line in (" ".join(words[:first]), " ".join(words[first:])) if line)


def _days(canvas: Canvas, chart: Card, best: int, accent: str) -> None:
    """Clicks by day as bars above a line that names the first and the last day, and the best."""
    palette, top, bottom = canvas.palette, 326, 384
    count, most = len(chart.values), chart.values[best]
    step = (_RIGHT - _MARGIN) / count
    wide = min(step * 0.72, 64)
    x = _MARGIN + (np.arange(count) + 0.5) * step
    y = bottom - np.asarray(chart.values) / most * (bottom - top)
    bars = np.column_stack([x - wide / 2, y, x + wide / 2, np.full(count, bottom)])
    canvas.boxes(bars, accent, crisp=step > 6)
    canvas.lines([(_MARGIN, bottom, _RIGHT, bottom)], palette.grid, crisp=True)
    said = _("{n} on {date}").format(n=number(most), date=day_month(chart.days[best]))
    half = canvas.measure(said, size=9.5) / 2
    at = min(max(x[best], _MARGIN + half), _RIGHT - half)
    canvas.text(at, top - 6, said, size=9.5, align="center")
    canvas.text(_MARGIN, bottom + 16, day_month(chart.days[0]), size=9.5, colour=palette.muted)
    canvas.text(_RIGHT, bottom + 16, day_month(chart.days[-1]), size=9.5, colour=palette.muted, align="right")
    canvas.text(WIDTH / 2, bottom + 16, _("Clicks by day"), size=9.5, colour=palette.muted, align="center")


def _eye(canvas: Canvas, x: float, y: float, radius: float, accent: str) -> None:
    """Large quiet rings behind everything, like an iris."""
    back = canvas.palette.background
    for share, strength in ((1.0, 0.05), (0.72, 0.1), (0.44, 0.05), (0.2, 0.16)):
        canvas.dots([(x, y)], radius * share, fill=blend(back, accent, strength))


def _wordmark(canvas: Canvas, accent: str) -> None:
    palette, y = canvas.palette, 424
    wide = canvas.measure("Eyeballs", size=11, bold=True)
    x = _RIGHT - wide
    pupil = accent if contrast(accent, palette.text) > 1.5 else palette.background
    canvas.text(x, y, "Eyeballs", size=11, bold=True)
    for at in (x - 32, x - 16):
        canvas.dots([(at, y - 4)], 6.5, fill=palette.text)
        canvas.dots([(at + 1.5, y - 4)], 3, fill=pupil)
