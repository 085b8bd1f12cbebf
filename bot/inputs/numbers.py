"""Numbers as people type them: 20k, 20,000, 20.000, 20 000, 1.2M."""

from __future__ import annotations

import re

from bot.errors import InvalidError
from bot.inputs.text import shorten
from bot.texts import _

LIMIT = 10**12
_SUFFIX = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000}
_PLAIN = re.compile(r"\d+\Z")
_GROUPED = re.compile(r"\d{1,3}(?P<mark>[., '’_])\d{3}(?:(?P=mark)\d{3})*\Z")
_DECIMAL = re.compile(r"(?P<whole>\d+)[.,](?P<part>\d+)\Z")


def parse_count(text: str, field: str) -> int:
    """A whole number, zero or more; raises InvalidError that names `field` and the value.

    Three digits after one mark are thousands, "20.000" and "20,000" alike; with a suffix, and only then, the mark is
    a decimal one: "1.2k", "1,25M".
    """
    value = " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split()).lower()
    number, suffix = (value[:-1].strip(), value[-1]) if value[-1:] in ("k", "m", "b") else (value, "")
    scale = _SUFFIX[suffix]
    if _PLAIN.match(number):
        count = int(number[:20]) * scale
    elif not suffix and _GROUPED.match(number):
        count = int(re.sub(r"\D", "", number)[:20])
    elif suffix and (match := _DECIMAL.match(number)):
        part = match["part"]
        count = (int(match["whole"][:20]) * scale) + int(part) * scale // 10 ** len(part)
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
