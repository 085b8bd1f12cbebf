"""QR codes as pictures, with nothing fetched and nothing sent anywhere."""

from __future__ import annotations

import io
from functools import lru_cache

import segno

SCALE, BORDER = 12, 4
"""Pixels of a module, and modules of quiet zone around (ISO/IEC 18004)."""


def png(address: str) -> bytes:
    """Black on white."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="png", scale=SCALE, border=BORDER)
    return out.getvalue()


@lru_cache(maxsize=1024)
def inline(address: str) -> str:
    """The same as an element of an HTML page; the address itself is not part of it."""
    return segno.make(address, error="m", micro=False).svg_inline(scale=4, border=BORDER, svgclass="qr", lineclass=None)


def svg(address: str) -> bytes:
    """The same to print at any size."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="svg", scale=SCALE, border=BORDER, xmldecl=True)
    return out.getvalue()
