"""Writes PNG files fast and without loss: flat pictures need no filter, and ISA-L deflates them in a millisecond."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from isal import isal_zlib
from PIL import Image

_NO_FILTER = 0


def encode(rgba: bytes | memoryview, width: int, height: int) -> bytes:
    """A PNG of opaque pixels; `rgba` holds four bytes for each, row by row from the top."""
    rgb = Image.frombuffer("RGBA", (width, height), np.frombuffer(rgba, np.uint8), "raw", "RGBA", 0, 1).tobytes(
        "raw", "RGB"
    )
    rows = np.empty((height, width * 3 + 1), np.uint8)
    rows[:, 0] = _NO_FILTER
    rows[:, 1:] = np.frombuffer(rgb, np.uint8).reshape(height, width * 3)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", isal_zlib.compress(rows, 2)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
