"""The pictures that charts are held against. `python -m tests.golden` draws them anew: look at each before committing.

They are a quarter of the size with 256 colours, and only show what DejaVu Sans, which comes with matplotlib, can
write, so that another machine or another version of FreeType draws them the same but for shades at edges.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from bot.charts import Chart, Colour, Counts, Rates, Reported, Theme, draw
from bot.reports.sheet import sheet
from tests import samples
from tests.branded import fullest

FOLDER = Path(__file__).parent / "golden"
SHRINK = 4
TOLERANCE = 8.0
"""Steps of 0 to 255 that the most different tile may be off on average. All text one pixel lower is off by 5, by 10 in
the largest letters; one digit that changed, by 10; the palette, by 2."""
TILE = 20
"""Pixels of the small picture along a tile's edge: a number that changed is small on the whole picture."""


def charts() -> dict[str, Chart]:
    """One of each kind, and what is special: empty, one day, a year."""
    usual = samples.series()
    panels = samples.panels()
    zeros = (0,) * len(usual.days)
    one = tuple(cut(panel) for panel in panels.panels)
    return samples.every() | {
        "empty": replace(usual, panels=(Counts("clicks", zeros),)),
        "one-day": replace(panels, days=panels.days[-1:], panels=one, notes=panels.notes[:0]),
        "year": samples.series(365),
        "reported": replace(usual, panels=(_reported_in_parts(usual.days),), unfinished=False),
        "top-empty": replace(samples.top(), bars=()),
        "heatmap-empty": replace(samples.heatmap(), cells=(0,) * 168, best=()),
        "sheet": sheet(fullest(), "f" * 64),
    }


def _reported_in_parts(days: Sequence[dt.date]) -> Counts:
    """Figures close below and far above what was measured."""
    seen = samples.traffic(len(days), 640, 7)
    spans = ((days[0] - dt.timedelta(days=9), days[8], 9_800), (days[9], days[16], 5_100), (days[19], days[27], 13_300))
    return Counts(
        "measured impressions", seen, reported=tuple(Reported(*one) for one in spans), colour=Colour.IMPRESSIONS
    )


def cut(panel: Counts | Rates) -> Counts | Rates:
    """The panel's last day."""
    if isinstance(panel, Rates):
        return replace(panel, values=panel.values[-1:])
    return replace(panel, values=panel.values[-1:], previous=panel.previous and panel.previous[-1:])


def cases() -> Iterator[tuple[str, Theme]]:
    """Every name in both themes."""
    for name in charts():
        for theme in Theme:
            yield name, theme


def path(name: str, theme: Theme) -> Path:
    return FOLDER / f"{name}-{theme}.png"


def small(png: bytes) -> Image.Image:
    """The picture as it is compared."""
    image = Image.open(io.BytesIO(png), formats=["PNG"]).convert("RGB")
    return image.reduce(SHRINK)


def difference(one: Image.Image, other: Image.Image) -> float:
    """How far the most different tile is off on average; infinite when the sizes differ."""
    if one.size != other.size:
        return float("inf")
    off = np.abs(np.asarray(one, float) - np.asarray(other, float)).mean(axis=2)
    rows, columns = (-(-length // TILE) * TILE for length in off.shape)
    padded = np.zeros((rows, columns))
    padded[: off.shape[0], : off.shape[1]] = off
    return float(padded.reshape(rows // TILE, TILE, columns // TILE, TILE).mean(axis=(1, 3)).max())


def rewrite() -> None:
    """Draw all of them anew."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    made = charts()
    for name, theme in cases():
        image = small(draw(made[name], theme)).quantize(256, dither=Image.Dither.NONE)
        image.save(path(name, theme), optimize=True)


if __name__ == "__main__":
    rewrite()
