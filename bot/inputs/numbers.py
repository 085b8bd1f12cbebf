"""Numbers as people type them: 20k, 20,000, 20.000, 20 000, 1.2M."""

from __future__ import annotations

import re

from bot.errors import InvalidError
from bot.inputs.spans import fold
from bot.inputs.text import shorten
from bot.texts import _

LIMIT = 10**12
_SUFFIX = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000}
_DIGITS = 15
"""Of the longest number that is looked at; more of them are more than `LIMIT`."""
_PLAIN = re.compile(r"\d+\Z")
_GROUPED = re.compile(r"\d{1,3}(?P<mark>[., '’_])\d{3}(?:(?P=mark)\d{3})*\Z")
_DECIMAL = re.compile(r"(?P<whole>\d+)[.,](?P<part>\d+)\Z")


def parse_count(text: str, field: str) -> int:
    """A whole number, zero or more; raises InvalidError that names `field` and the value.

    Three digits after one mark are thousands, "20.000" and "20,000" alike; with a suffix, and only then, the mark is
    a decimal one: "1.2k", "1,25M".
    """
    value = fold(text)
    number, suffix = (value[:-1].strip(), value[-1]) if value[-1:] in ("k", "m", "b") else (value, "")
    scale = _SUFFIX[suffix]
    if _PLAIN.match(number) or (not suffix and _GROUPED.match(number)):
        count = _whole(number) * scale
    elif suffix and (match := _DECIMAL.match(number)):
        part = match["part"]
        count = _whole(match["whole"]) * scale + int(part) * scale // 10 ** len(part)
    else:
        raise InvalidError(
            _("{field}: “{value}” is not a whole number from 0 up. Type it like 20000, 20,000, 20.000 or 20k.").format(
                field=field, value=shorten(text)
            )
        )
    if count > LIMIT:
        raise InvalidError(
            _("{field}: “{value}” is more than a post can have; check the number.").format(
                field=field, value=shorten(text)
            )
        )
    return count


def _whole(digits: str) -> int:
    """The number, its marks left out; one too long to look at is more than anything can have."""
    plain = re.sub(r"\D", "", digits).lstrip("0") or "0"
    return int(plain) if len(plain) <= _DIGITS else LIMIT + 1


def parse_id(text: str | None) -> int | None:
    """The id that was chosen from a list, in [0, 2^63); None for anything else that was typed there."""
    value = (text or "").strip()
    if not (value.isascii() and value.isdecimal() and len(value) < 20):
        return None
    return number if (number := int(value)) < 2**63 else None
