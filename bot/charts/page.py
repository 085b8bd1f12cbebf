"""A page of a PDF to draw on as on a canvas: its text can be searched and copied, its fonts are in the file."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any, Self

import matplotlib as mpl
from matplotlib.backends.backend_pdf import PdfFile, RendererPdf
from matplotlib.colors import to_rgba
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from bot.charts import fonts
from bot.charts.canvas import SCALE, Align, Surface, disc
from bot.charts.theme import Theme

INCH = fonts.DPI // SCALE
"""Logical pixels of an inch: sizes of text in points are true on paper."""
_POINT = 72 / INCH
_PICTURE = 176
"""Pixels of a picture's side: as many as it was kept with."""
_TRUETYPE: dict[Any, Any] = {"pdf.fonttype": 42, "pdf.compression": 6}
"""Fonts go in as they are, cut down to the letters that are used."""


class Page(Surface):
    """One page of `width` x `height` logical pixels, to be drawn on in a `with` block; `file` ends it."""

    def __init__(self, width: int, height: int, theme: Theme, *, title: str, made_at: dt.datetime) -> None:
        super().__init__(width, height, theme)
        self._out = io.BytesIO()
        info = {"Title": title, "Creator": "Eyeballs", "Producer": "Eyeballs", "CreationDate": made_at}
        self._settings = mpl.rc_context(_TRUETYPE)
        self._file = PdfFile(self._out, metadata=info)
        self._file.newPage(width / INCH, height / INCH)
        self._pdf = RendererPdf(self._file, 72, height / INCH, width / INCH)
        self._transform = Affine2D().scale(_POINT, -_POINT).translate(0, height * _POINT)

    def __enter__(self) -> Self:
        self._settings.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._settings.__exit__(None, None, None)

    def file(self) -> bytes:
        """The finished PDF; nothing can be drawn after it."""
        self._pdf.finalize()
        self._file.finalize()
        self._file.close()
        return self._out.getvalue()

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
        wide = fonts.width(text, size, bold) / SCALE
        left = x - {"left": 0, "center": wide / 2, "right": wide}[align]
        gc = self._pdf.new_gc()
        gc.set_foreground(to_rgba(colour or self.palette.text), isRGBA=True)
        at = self._transform.transform((left, baseline))
        font = FontProperties(family=list(fonts.families()), size=size, weight="bold" if bold else "normal")
        self._pdf.draw_text(gc, at[0], at[1], text, font, 0)
        return wide

    def picture(self, x: float, y: float, radius: float, picture: bytes) -> None:
        left, bottom = self._transform.transform((x - radius, y + radius))
        whole = Affine2D().scale(2 * radius * _POINT)
        self._pdf.draw_image(self._pdf.new_gc(), left, bottom, disc(picture, _PICTURE), whole)

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
        gc = self._pdf.new_gc()
        gc.set_linewidth(width * _POINT if stroke else 0)
        gc.set_foreground(to_rgba(stroke or "#000000", alpha), isRGBA=True)
        gc.set_capstyle("butt" if dash or crisp else "round")
        gc.set_joinstyle("miter" if crisp else "round")
        if dash:
            gc.set_dashes(0, [length * _POINT for length in dash])
        self._pdf.draw_path(gc, path, self._transform, to_rgba(fill, alpha) if fill else None)
