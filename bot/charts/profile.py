"""The drawing of a profile's card: whose page it is, and the links that stand at its top."""

from __future__ import annotations

from bot.charts.canvas import Canvas
from bot.charts.theme import Theme, blend, contrast, readable
from bot.charts.values import ProfileCard
from bot.texts import ngettext, number

WIDTH, HEIGHT = 600, 315
"""What networks show large: twice as many pixels are 1200 x 630."""
_MARGIN = 36
_RIGHT = WIDTH - _MARGIN


def draw(chart: ProfileCard, theme: Theme) -> bytes:
    """A PNG of 1200 x 630 pixels."""
    canvas = Canvas(WIDTH, HEIGHT, theme)
    palette = canvas.palette
    accent = readable(chart.accent, palette)
    for share, strength in ((1.0, 0.05), (0.72, 0.1), (0.44, 0.05), (0.2, 0.16)):
        canvas.dots([(540, 50)], 190 * share, fill=blend(palette.background, accent, strength))
    canvas.boxes([(0, 0, 6, HEIGHT)], accent)
    canvas.dots([(_MARGIN + 34, 74)], 34, fill=accent)
    on_accent = max("#000000", "#ffffff", key=lambda colour: contrast(colour, accent))
    canvas.text(_MARGIN + 34, 84, chart.name[:1].upper(), size=24, bold=True, colour=on_accent, align="center")
    left = _MARGIN + 86
    canvas.text(left, 72, chart.name, size=22, bold=True, room=_RIGHT - left)
    canvas.text(left, 98, f"@{chart.handle}", size=12, colour=palette.muted, room=_RIGHT - left)
    if chart.line:
        canvas.text(_MARGIN, 144, chart.line, size=12, room=_RIGHT - _MARGIN)
    top = 164 if chart.line else 134
    for label in chart.links:
        back = blend(palette.background, accent, 0.14)
        canvas.rounded(_MARGIN, top, _RIGHT, top + 32, 10, fill=back)
        canvas.text(_MARGIN + 14, top + 21, label, size=11.5, bold=True, room=_RIGHT - _MARGIN - 28)
        top += 40
    y = HEIGHT - 16
    if chart.more:
        said = ngettext("and {n} more link", "and {n} more links", chart.more).format(n=number(chart.more))
        canvas.text(_MARGIN, y, said, size=10, colour=palette.muted)
    canvas.text(_RIGHT, y, "Eyeballs", size=10, bold=True, align="right")
    return canvas.png()
