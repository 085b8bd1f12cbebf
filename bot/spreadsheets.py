"""Texts in CSV files that a spreadsheet would run as formulas."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\n\0＝＋－＠]")
"""What a spreadsheet takes for the beginning of a formula, in East Asia in full width too (OWASP, CSV injection), with
what keeps it from that."""


def safe(cell: object) -> object:
    """A text that would be a formula begins with an apostrophe; everything else stays as it is."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def unsafe(text: str) -> str:
    """What `safe` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
