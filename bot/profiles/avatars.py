"""Creators' pictures: taken from outside once, and made anew, so that only what we wrote ourselves is served."""

from __future__ import annotations

import hashlib
import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from bot.errors import InvalidError
from bot.texts import _

SIDE = 176
"""Pixels, twice what the page shows."""
MOST_BYTES = 2 * 2**20
MOST_PIXELS = 16_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


def made(raw: bytes) -> tuple[bytes, str]:
    """The picture as a square WebP, and its digest. Raises InvalidError. Takes some milliseconds: not for the loop."""
    refused = InvalidError(_("avatar: that picture can't be used; choose one of up to 2 MB as PNG, JPEG, WebP or GIF."))
    if len(raw) > MOST_BYTES:
        raise refused
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(raw), formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise refused
                square = ImageOps.fit(image.convert("RGBA"), (SIDE, SIDE))
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombWarning,
        Image.DecompressionBombError,  # of more than twice as many pixels as it warns of
    ) as error:
        raise refused from error
    out = io.BytesIO()
    square.save(out, "WEBP", quality=85, method=4)
    return out.getvalue(), hashlib.sha256(out.getvalue()).hexdigest()[:16]
