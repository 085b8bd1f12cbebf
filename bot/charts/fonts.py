"""Text as bitmaps, in fonts that have the names' scripts; strings that were drawn before are remembered."""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib import font_manager
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font, LoadFlags
from PIL import Image, ImageFilter

DPI = 200
_LONGEST = 300
"""Characters that are looked at: more never fit."""

# Emoji and text selectors: fonts may list them, and draw a box.
_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))

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


class Bitmap(NamedTuple):
    """A drawn string: coverage from 0 to 255, rows from the top, and how many of them lie below the baseline."""

    alpha: np.ndarray
    below: int


@lru_cache(1024)
def bitmap(text: str, size: float, bold: bool) -> Bitmap:
    """One line of `printable` text at a size in points."""
    font = _font(bold)
    font.set_size(size, DPI)
    font.set_text(text, 0, flags=LoadFlags.NO_HINTING)
    font.draw_glyphs_to_bitmap(antialiased=True)
    return Bitmap(np.array(font.get_image()), math.ceil(font.get_descent() / 64))


@lru_cache(128)
def halo(text: str, size: float, bold: bool, spread: int) -> np.ndarray:
    """The same string grown by `spread` pixels on each side, for behind it; the array is larger by as much."""
    padded = Image.fromarray(np.pad(bitmap(text, size, bold).alpha, spread))
    grow = ImageFilter.MaxFilter(spread if spread % 2 else spread - 1)  # Twice is as far as once with double the size.
    return np.array(padded.filter(grow).filter(grow).filter(ImageFilter.BoxBlur(1)))


@lru_cache(2048)
def width(text: str, size: float, bold: bool) -> float:
    """Pixels from the left to the right edge of a line of `printable` text."""
    font = _font(bold)
    font.set_size(size, DPI)
    font.set_text(text, 0, flags=LoadFlags.NO_HINTING)
    return font.get_width_height()[0] / 64


@lru_cache(1024)
def fitted(text: str, size: float, bold: bool, room: float) -> str:
    """The text made `printable`, cut with an ellipsis where it is wider than `room` pixels."""
    text = printable(text, bold)[:_LONGEST]
    if width(text, size, bold) <= room:
        return text

    def cut(length: int) -> str:
        return text[:length].rstrip() + "…"

    return cut(max(bisect_left(range(len(text)), True, key=lambda n: width(cut(n), size, bold) > room) - 1, 0))


@lru_cache(1024)
def printable(text: str, bold: bool) -> str:
    """The text on one line, without controls, towers of accents, or what no font here can draw: letters leave a "…".

    A text of which nothing can be drawn is a "…"; none is none.
    """
    if not text:
        return ""
    text = unicodedata.normalize("NFC", " ".join(text[: 4 * _LONGEST].split()))
    text = re.sub(r"([\u0300-\u036f]{2})[\u0300-\u036f]+", r"\1", text)
    known = _glyphs(bold)

    def drawn(c: str) -> str:
        category = unicodedata.category(c)[0]
        if ord(c) in known and category != "C" and c not in _SELECTORS:
            return c
        return "…" if category == "L" else ""

    text = re.sub("…+", "…", "".join(map(drawn, text)))
    return " ".join(text.split()) or "…"


@cache
def families() -> tuple[str, ...]:
    """The fonts in use, each for what those before it don't have."""
    there = font_manager.get_font_names()
    return "DejaVu Sans", *(name for name in _FALLBACKS if name in there)


@cache
def _paths(bold: bool) -> tuple[str, ...]:
    weight = "bold" if bold else "normal"
    return tuple(font_manager.findfont(FontProperties(family=name, weight=weight)) for name in families())


@cache
def _font(bold: bool) -> FT2Font:
    return font_manager.get_font(_paths(bold))


@cache
def _glyphs(bold: bool) -> frozenset[int]:
    """The code points that the fonts in use have."""
    return frozenset().union(*(font_manager.get_font(path).get_charmap() for path in _paths(bold)))
