"""How what somebody typed is quoted back to them."""

from __future__ import annotations


def shorten(text: str, limit: int = 60) -> str:
    """The text on one line, cut with an ellipsis, to quote in a sentence."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
