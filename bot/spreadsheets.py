"""Texts in CSV files that a spreadsheet would run as formulas."""

from __future__ import annotations

import re

_BEGIN = r"((?:^|;)[ \u00a0\u3000]*)"
"""A spreadsheet whose language has decimal commas takes a semicolon for the end of a cell; some leave out blanks."""
_FORMULA = r"(?='*[=+\-@\t\r\n\0＝＋－＠])"
"""What a spreadsheet takes for the beginning of a formula, in East Asia in full width too (OWASP, CSV injection), with
what keeps it from that."""
_BARE, _KEPT = re.compile(_BEGIN + _FORMULA), re.compile(_BEGIN + "'" + _FORMULA)


def safe(cell: object) -> object:
    """A text that would be a formula, or a cell within one that would be, gets an apostrophe; all else stays."""
    if not isinstance(cell, str) or not (";" in cell or _BARE.match(cell)):  # as nearly always
        return cell
    return _BARE.sub(r"\1'", cell)


def unsafe(text: str) -> str:
    """What `safe` was given."""
    return _KEPT.sub(r"\1", text) if "'" in text else text
