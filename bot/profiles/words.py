"""Creators' texts as pages show them. Pure."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""Controls, and what turns the direction of the text around it."""


def displayed(text: str, limit: int) -> str:
    """On one line, without controls, cut to `limit` characters."""
    flat = " ".join(_CONTROL.sub(" ", text[: 4 * limit]).split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"
