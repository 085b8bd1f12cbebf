"""A sheet to draw on, in logical pixels from the upper left corner; the picture has two pixels for each.

It drives matplotlib's Agg renderer and FreeType directly: laying a Figure out anew takes many times as long as drawing.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgba
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox
from PIL import Image

from bot.charts import fonts, png
from bot.charts.theme import PALETTES, Palette, Theme

SCALE = 2
Align = Literal["left", "center", "right"]
Points = Sequence[tuple[float, float]] | np.ndarray
_POINTS = SCALE * 72 / fonts.DPI
"""Agg takes the widths of lines in points."""
_HALO = 7
"""Pixels around letters that cross something: the space between words closes."""
_KAPPA = 0.5523
"""How far a Bézier curve's handles reach to make a quarter of a circle."""


class Surface:
    """Something to draw on, `width` x `height` logical pixels large, in a theme's colours; this one keeps nothing."""

    def __init__(self, width: int, height: int, theme: Theme) -> None:
        self.width, self.height = width, height
        self.palette: Palette = PALETTES[theme]

    def text(
        self,
        x: float,
        baseline: float,
        text: str,
        *,
        size: float = 11,
        colour: str | None = None,
        bold: bool = False,
        align: Align = "left",
        room: float = 10_000,
        halo: str | None = None,
    ) -> float:
        """Write one line, cut to `room`, and return its width; `halo` is a colour between it and what it crosses."""
        return fonts.width(fonts.fitted(text, size, bold, room * SCALE), size, bold) / SCALE

    def measure(self, text: str, *, size: float = 11, bold: bool = False) -> float:
        """The width of a line as `text` would write it."""
        return fonts.width(fonts.printable(text, bold), size, bold) / SCALE

    def boxes(self, boxes: Sequence[tuple[float, float, float, float]] | np.ndarray, fill: str, **style: Any) -> None:
        """Rectangles (left, top, right, bottom) in one go; style: see `path`."""
        edges = np.asarray(boxes, float).reshape(-1, 4)
        points = edges[:, [0, 1, 0, 3, 2, 3, 2, 1, 0, 1]].reshape(-1, 2)
        codes = np.tile(np.array([Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY], Path.code_type), len(edges))
        self.path(Path(points, codes), fill=fill, **style)

    def rounded(self, left: float, top: float, right: float, bottom: float, radius: float, **style: Any) -> None:
        """A rectangle with round corners; style: see `path`."""
        radius = min(radius, (right - left) / 2, (bottom - top) / 2)
        handle = radius * (1 - _KAPPA)
        # Of each corner, clockwise: where it is, the way to where its curve begins, and the way to where that ends.
        corners = (
            (left, top, 0, 1, 1, 0),
            (right, top, -1, 0, 0, 1),
            (right, bottom, 0, -1, -1, 0),
            (left, bottom, 1, 0, 0, -1),
        )
        points: list[tuple[float, float]] = []
        for x, y, ax, ay, bx, by in corners:
            points += [(x + ax * far, y + ay * far) for far in (radius, handle)]
            points += [(x + bx * far, y + by * far) for far in (handle, radius)]
        one = [Path.LINETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
        codes = [Path.MOVETO, *one[1:], *one * 3, Path.CLOSEPOLY]
        self.path(Path([*points, points[0]], codes), **style)

    def polygon(self, points: Points, fill: str, **style: Any) -> None:
        """A filled outline; style: see `path`."""
        self.path(Path(np.asarray(points, float)), fill=fill, **style)

    def line(self, points: Points, stroke: str, **style: Any) -> None:
        """A line through points, without one a gap (nan); style: see `path`."""
        self.path(Path(np.asarray(points, float)), stroke=stroke, **style)

    def lines(self, lines: Sequence[tuple[float, float, float, float]] | np.ndarray, stroke: str, **style: Any) -> None:
        """Separate lines from (x, y) to (x, y) in one go; style: see `path`."""
        codes = np.tile(np.array([Path.MOVETO, Path.LINETO], Path.code_type), len(lines))
        self.path(Path(np.asarray(lines, float).reshape(-1, 2), codes), stroke=stroke, **style)

    def dots(self, points: Points, radius: float, **style: Any) -> None:
        """Circles around points; style: see `path`."""
        for x, y in points:
            self.rounded(x - radius, y - radius, x + radius, y + radius, radius, **style)

    def picture(self, x: float, y: float, radius: float, picture: bytes) -> None:
        """A square picture (WebP) as a disc around a point."""

    def path(
        self,
        path: Path,
        *,
        fill: str | None = None,
        stroke: str | None = None,
        width: float = 1,
        alpha: float = 1,
        dash: tuple[float, float] | None = None,
        hatch: str | None = None,
        crisp: bool = False,
        within: tuple[float, float, float, float] | None = None,
    ) -> None:
        """Fill and stroke a path. `hatch` is a colour for slanted lines in it; `crisp` moves edges to whole pixels;
        `within` (left, top, right, bottom) hides the rest. Lengths are logical pixels."""


def disc(picture: bytes, side: int) -> np.ndarray:
    """A picture's pixels as RGBA, so many wide and high, in which all but a disc is clear; rows go up."""
    with Image.open(io.BytesIO(picture), formats=["WEBP"]) as image:
        pixels = np.array(image.convert("RGBA").resize((side, side), Image.Resampling.LANCZOS))
    at = np.arange(side) + 0.5 - side / 2
    inside = np.clip(side / 2 - np.hypot(at[:, None], at) + 0.5, 0, 1)  # its edge fades over one pixel
    pixels[..., 3] = np.rint(pixels[..., 3] * inside)
    return pixels[::-1]


class Canvas(Surface):
    """An opaque sheet in a theme's background that becomes a picture."""

    def __init__(self, width: int, height: int, theme: Theme) -> None:
        super().__init__(width, height, theme)
        self._agg = RendererAgg(width * SCALE, height * SCALE, fonts.DPI)
        self._transform = Affine2D().scale(SCALE, -SCALE).translate(0, height * SCALE)
        self.boxes([(0, 0, width, height)], self.palette.background)

    def png(self) -> bytes:
        """What was drawn so far, as a file."""
        return png.encode(self._agg.buffer_rgba(), self.width * SCALE, self.height * SCALE)

    def text(
        self,
        x: float,
        baseline: float,
        text: str,
        *,
        size: float = 11,
        colour: str | None = None,
        bold: bool = False,
        align: Align = "left",
        room: float = 10_000,
        halo: str | None = None,
    ) -> float:
        if not text:
            return 0.0
        text = fonts.fitted(text, size, bold, room * SCALE)
        alpha, below = fonts.bitmap(text, size, bold)
        columns = alpha.shape[1]
        left = round(x * SCALE) - {"left": 0, "center": columns // 2, "right": columns}[align]
        bottom = round((self.height - baseline) * SCALE) - below
        if halo:
            behind = fonts.halo(text, size, bold, _HALO)
            self._stamp(left - _HALO, bottom - _HALO, behind, halo)
        self._stamp(left, bottom, alpha, colour or self.palette.text)
        return columns / SCALE

    def path(
        self,
        path: Path,
        *,
        fill: str | None = None,
        stroke: str | None = None,
        width: float = 1,
        alpha: float = 1,
        dash: tuple[float, float] | None = None,
        hatch: str | None = None,
        crisp: bool = False,
        within: tuple[float, float, float, float] | None = None,
    ) -> None:
        gc = self._agg.new_gc()
        gc.set_antialiased(True)
        gc.set_snap(crisp)
        gc.set_linewidth(width * _POINTS if stroke else 0)
        gc.set_foreground(to_rgba(stroke or "#000000", alpha), isRGBA=True)
        gc.set_capstyle("butt" if dash or crisp else "round")
        gc.set_joinstyle("miter" if crisp else "round")
        if dash:
            gc.set_dashes(0, [length * _POINTS for length in dash])
        if hatch:
            gc.set_hatch("////")
            gc.set_hatch_color(to_rgba(hatch))
            gc.set_hatch_linewidth(1.5 * _POINTS)
        if within:
            left, top, right, bottom = within
            corners = self._transform.transform([(left, bottom), (right, top)])
            gc.set_clip_rectangle(Bbox(corners))
        self._agg.draw_path(gc, path, self._transform, to_rgba(fill, alpha) if fill else None)

    def picture(self, x: float, y: float, radius: float, picture: bytes) -> None:
        pixels = disc(picture, round(2 * radius * SCALE))
        left, bottom = round((x - radius) * SCALE), round((self.height - y - radius) * SCALE)
        self._agg.draw_image(GraphicsContextBase(), left, bottom, pixels)

    def _stamp(self, left: int, bottom: int, alpha: np.ndarray, colour: str) -> None:
        pixels = np.empty((*alpha.shape, 4), np.uint8)
        pixels[..., :3] = [round(part * 255) for part in to_rgba(colour)[:3]]
        pixels[..., 3] = alpha[::-1]  # The renderer's rows go up.
        self._agg.draw_image(GraphicsContextBase(), left, bottom, pixels)
