"""What platforms tell of a post, one word for each, and how people type several of them in one line."""

from __future__ import annotations

import re
from collections.abc import Collection

from bot.errors import InvalidError
from bot.inputs.numbers import parse_count
from bot.inputs.text import shorten
from bot.texts import _
from storage.records import IMPRESSIONS, VIEWS

METRICS = (IMPRESSIONS, VIEWS, "reach", "likes", "comments", "shares", "saves", "clicks")
"""Lifetime totals of a post; "clicks" are those that the platform counted, beside those counted here."""
CTR = "ctr"
"""The platform's own click-through rate, in millionths: only exports tell it, as of YouTube's thumbnails."""
MILLION = 1_000_000
SPEND = "spend"
"""In minor units of a currency."""


def order(metric: str) -> int:
    """Where a metric stands among those of a post."""
    return METRICS.index(metric) if metric in METRICS else len(METRICS)


_NAMES = {
    "impression": IMPRESSIONS,
    "view": VIEWS,
    "plays": VIEWS,
    "reached": "reach",
    "like": "likes",
    "reactions": "likes",
    "comment": "comments",
    "replies": "comments",
    "share": "shares",
    "reposts": "shares",
    "save": "saves",
    "bookmarks": "saves",
    "click": "clicks",
} | {metric: metric for metric in METRICS}

# A comma is a separator only where a word or a new number with its word follows: "shares 1,200, saves 3".
_SEPARATOR = re.compile(r"\s*(?:[;\n]|,(?=\s*[^\W\d])|,(?=\s+\d))\s*")
_WORD_FIRST = re.compile(r"(?P<name>[^\W\d]+)\s*[:=]?\s*(?P<number>\d.*)")
_NUMBER_FIRST = re.compile(r"(?P<number>\d(?:.*\d)?\s?[kmb]?)\s+(?P<name>[^\W\d]+)")


def parse_rest(text: str, field: str, taken: Collection[str] = ()) -> dict[str, int]:
    """Totals from "shares 12, saves 3, clicks 40" or "12 shares; 3 saves", by metric.

    Raises InvalidError that names the part for a word that is none of `METRICS`, one without a number, and one that is
    told twice, or among `taken` already.
    """
    found: dict[str, int] = {}
    for part in filter(None, _SEPARATOR.split(text.strip().strip(",;"))):
        match = _WORD_FIRST.fullmatch(part.lower()) or _NUMBER_FIRST.fullmatch(part.lower())
        if match is None:
            raise InvalidError(
                _("{field}: “{value}” is no number with its word. Type it like shares 12, saves 3, clicks 40.").format(
                    field=field, value=shorten(part)
                )
            )
        metric = _NAMES.get(match["name"])
        if metric is None:
            raise InvalidError(
                _("{field}: “{value}” names nothing that is kept; there are {names}.").format(
                    field=field, value=shorten(part), names=", ".join(METRICS)
                )
            )
        if metric in found or metric in taken:
            raise InvalidError(
                _("{field}: “{value}” tells {metric} a second time; give one total.").format(
                    field=field, value=shorten(part), metric=metric
                )
            )
        found[metric] = parse_count(match["number"], f"{field}, {metric}")
    return found
