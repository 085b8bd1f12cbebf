"""How every chart looks: one dark theme with its own background, colour-blind safe, and text that cannot break it."""

from __future__ import annotations

import datetime as dt
import io
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from math import ceil
from typing import Any

from matplotlib import font_manager
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image, ImageColor

BACKGROUND = "#1e1f26"
TEXT = "#f2f3f5"
MUTED = "#b5bac4"
GRID = "#363943"
# Okabe and Ito's palette: told apart with every kind of colour vision.
CLICKS = "#e69f00"
IMPRESSIONS = "#56b4e9"

# Emoji and text selectors: fonts may list them, and draw a box.
_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))

WIDTH = 800
"""Logical pixels; the PNG has two for each."""
LEFT, RIGHT, MARGIN = 76, 772, 28

# Used where the operator's machine has them. DejaVu Sans comes with matplotlib.
_FALLBACKS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Thai",
    "Noto Sans Devanagari",
    "Noto Emoji",
    "Hiragino Sans",
    "Microsoft YaHei",
    "Segoe UI Symbol",
)
_FAMILIES = ["DejaVu Sans", *[name for name in _FALLBACKS if name in font_manager.get_font_names()]]

RC: dict[Any, Any] = {
    "text.parse_math": False,  # A title may hold $ and _ and \ and means them.
    "font.family": _FAMILIES,
    "font.size": 11,
    "text.color": TEXT,
    "figure.facecolor": BACKGROUND,
    "axes.facecolor": BACKGROUND,
    "axes.edgecolor": GRID,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.major.pad": 7,
    "ytick.major.pad": 7,
    "hatch.linewidth": 1.4,
    "lines.solid_capstyle": "round",
    "lines.solid_joinstyle": "round",
    "legend.frameon": False,
    "legend.labelcolor": MUTED,
}
"""For matplotlib's rc_context, around everything that a chart does."""


def new_figure(height: int, title: str, subtitle: str) -> Figure:
    """A figure of 800 x `height` logical pixels that carries its titles, each cut to fit with an ellipsis."""
    figure = Figure(figsize=(WIDTH / 100, height / 100), dpi=200)
    _line(figure, 42, title, size=18, weight="bold")
    _line(figure, 68, subtitle, size=11, color=MUTED)
    return figure


def new_panel(figure: Figure, top: int, bottom: int, days: Sequence[dt.date]) -> Axes:
    """Axes between two heights, in logical pixels from the top; x counts the days from 0, y is a count."""
    low, high = _up(figure, bottom), _up(figure, top)
    axes = figure.add_axes((LEFT / WIDTH, low, (RIGHT - LEFT) / WIDTH, high - low))
    spare = max(0.6, (7 - len(days)) / 2)  # So that a lone day is no wall.
    axes.set_xlim(-spare, len(days) - 1 + spare)
    axes.set_xticks(*_day_ticks(days))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: thousands(value)))
    return axes


def heading(figure: Figure, baseline: int, text: str, color: str, legend: Sequence[Artist] = ()) -> None:
    """What a panel counts, in the colour of its marks, and at the right what else is drawn there."""
    figure.text(MARGIN / WIDTH, _up(figure, baseline), text, size=13, weight="bold", color=color)
    if legend:
        corner = (RIGHT / WIDTH, _up(figure, baseline + 3))
        figure.legend(
            handles=legend, loc="lower right", bbox_to_anchor=corner, ncols=len(legend), borderpad=0, borderaxespad=0
        )


def png(figure: Figure) -> bytes:
    """The figure as a PNG file; with a palette, since that takes a third of the bytes and half of the time."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.frombytes("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert("RGB")
    buffer = io.BytesIO()
    image.quantize(palette=_palette(), dither=Image.Dither.NONE).save(buffer, "png")
    return buffer.getvalue()


def thousands(value: float) -> str:
    """950, 1.2k, 20k, 3.5M: for axes, where there is no room for digits."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:.4g}{unit}"
    return f"{value:g}"


def printable(text: str, weight: str) -> str:
    """The text on one line, without what no font here can draw, controls, or towers of accents."""
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    text = re.sub(r"([\u0300-\u036f]{2})[\u0300-\u036f]+", r"\1", text)
    known = _glyphs(weight)
    text = "".join(c for c in text if ord(c) in known and unicodedata.category(c)[0] != "C" and c not in _SELECTORS)
    return " ".join(text.split()) or "…"


def _day_ticks(days: Sequence[dt.date]) -> tuple[list[int], list[str]]:
    """Where the x axis names a day, and how: each day of a short week, Mondays, or firsts of months."""
    count = len(days)
    if count <= 8:
        return list(range(count)), [f"{day:%a} {day.day}" for day in days]
    if count <= 16:
        at = list(range(count - 1, -1, -2))
    elif count <= 120:
        at = [n for n, day in enumerate(days) if day.weekday() == 0]
    else:
        at = [n for n, day in enumerate(days) if day.day == 1]
    at = at[:: ceil(len(at) / 8)]
    return at, [f"{days[n].day} {days[n]:%b}" for n in at]


@cache
def _palette() -> Image.Image:
    """The theme's colours and the steps from the background to each, which edges and fills are made of."""
    low = ImageColor.getrgb(BACKGROUND)
    values: list[int] = []
    for color, steps in ((GRID, 6), (TEXT, 32), (MUTED, 24), (CLICKS, 32), (IMPRESSIONS, 40)):
        high = ImageColor.getrgb(color)
        for step in range(steps):
            values += [round(a + (b - a) * step / (steps - 1)) for a, b in zip(low, high, strict=True)]
    image = Image.new("P", (1, 1))
    image.putpalette(values)
    return image


@cache
def _glyphs(weight: str) -> frozenset[int]:
    """The code points that the fonts in use have at this weight."""
    fonts = (FontProperties(family=name, weight=weight) for name in _FAMILIES)
    return frozenset().union(*(font_manager.get_font(font_manager.findfont(font)).get_charmap() for font in fonts))


def _line(figure: Figure, baseline: int, text: str, **style: Any) -> None:
    text = printable(text, style.get("weight", "normal"))[:300]
    artist = figure.text(MARGIN / WIDTH, _up(figure, baseline), text, **style)
    room = (WIDTH - 2 * MARGIN) / WIDTH * figure.bbox.width

    def fits(length: int) -> bool:
        artist.set_text(text if length == len(text) else text[:length].rstrip() + "…")
        return artist.get_window_extent().width <= room

    if not fits(len(text)):
        fits(bisect_left(range(len(text)), True, key=lambda length: not fits(length)) - 1)


def _up(figure: Figure, from_top: float) -> float:
    """Logical pixels from the top as matplotlib's fraction from the bottom."""
    return 1 - from_top / (figure.get_figheight() * 100)
