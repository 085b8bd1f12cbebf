"""The colours of the two themes: told apart with every kind of colour vision, and readable on their backgrounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Theme(StrEnum):
    """Dark is for Discord, light for documents."""

    DARK = "dark"
    LIGHT = "light"


class Colour(StrEnum):
    """What a colour stands for, the same in every chart."""

    CLICKS = "clicks"
    UNIQUES = "uniques"
    IMPRESSIONS = "impressions"
    RATE = "rate"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a theme, as #rrggbb.

    Marks stand out from the background by 3:1, `text`, `muted` and inks (for words in a mark's colour) by 4.5:1.
    """

    background: str
    raised: str
    grid: str
    muted: str
    text: str
    marks: Mapping[Colour, str]
    inks: Mapping[Colour, str]
    lines: tuple[str, ...]
    line_inks: tuple[str, ...]
    ramp: tuple[str, ...]
    """From little to much, for the heatmap: lightness changes evenly. The first stands for nothing at all."""


# Okabe and Ito's colours; on white some are darkened until they can be read.
_DARK = {
    Colour.CLICKS: "#e69f00",
    Colour.UNIQUES: "#1fb688",
    Colour.IMPRESSIONS: "#56b4e9",
    Colour.RATE: "#d68cb5",
}

PALETTES: Mapping[Theme, Palette] = {
    Theme.DARK: Palette(
        background="#1e1f26",
        raised="#282a33",
        grid="#363943",
        muted="#b5bac4",
        text="#f2f3f5",
        marks=_DARK,
        inks=_DARK,
        lines=("#e69f00", "#56b4e9", "#1fb688", "#d68cb5", "#f0e442"),
        line_inks=("#e69f00", "#56b4e9", "#1fb688", "#d68cb5", "#f0e442"),
        ramp=("#282a33", "#34344a", "#594366", "#875266", "#b5625f", "#d47f4a", "#eaa043", "#f8c461", "#fce9a0"),
    ),
    Theme.LIGHT: Palette(
        background="#ffffff",
        raised="#f3f4f7",
        grid="#e0e3e9",
        muted="#5a6070",
        text="#1e1f26",
        marks={
            Colour.CLICKS: "#d07a00",
            Colour.UNIQUES: "#009068",
            Colour.IMPRESSIONS: "#0072b2",
            Colour.RATE: "#b2528c",
        },
        inks={
            Colour.CLICKS: "#a85b00",
            Colour.UNIQUES: "#007a58",
            Colour.IMPRESSIONS: "#0069a5",
            Colour.RATE: "#a03f7b",
        },
        lines=("#d07a00", "#0072b2", "#009068", "#b2528c", "#4a4d57"),
        line_inks=("#a85b00", "#0069a5", "#007a58", "#a03f7b", "#4a4d57"),
        ramp=("#f3f4f7", "#fbe6bd", "#f5c284", "#e99e57", "#d47d4c", "#b6614d", "#8f4d54", "#663d52", "#3f2c4d"),
    ),
}


WHISKER = 0.8
"""How opaque the line of an interval is, so that the dot on it stands out."""


def luminance(colour: str) -> float:
    """WCAG's relative luminance of #rrggbb, from 0 to 1."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG's contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def blend(one: str, other: str, share: float) -> str:
    """The colour that is `share` of the way from one to the other."""
    pairs = ((int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def readable(colour: str, palette: Palette, least: float = 3.0) -> str:
    """The colour, moved towards the text's until it stands out from the background by `least` to 1."""
    steps = (blend(colour, palette.text, step / 20) for step in range(21))
    return next((made for made in steps if contrast(made, palette.background) >= least), palette.text)
