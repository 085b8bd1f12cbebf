"""What is to be kept of a post, and its spelling in a button's id: whatever can be typed at once fits into one."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from bot.impressions.metrics import METRICS
from bot.inputs import money, numbers
from bot.inputs.money import Money
from bot.links.posts import Draft
from storage.records import IMPRESSIONS, VIEWS, Post

_ORDER = (IMPRESSIONS, "reach", "likes", "comments", "shares", "saves", "clicks", VIEWS)
"""All of `METRICS` as they stand in an id, which outlives a restart."""
assert set(_ORDER) == set(METRICS)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_YEAR_0 = 2**46
"""Milliseconds that are added to those since 1970, so that no moment is below zero."""
_LAST = 2**45
"""Milliseconds since 1970 that a moment may have: to the year 3084."""
_1970, _MS = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(milliseconds=1)
_RADIXES = (
    *(2**64, 2**64, 2 * _YEAR_0),
    *[numbers.LIMIT + 2] * len(_ORDER),
    *(money.LIMIT + 2, *[len(_LETTERS)] * 3),
)
"""Of each part: server, post, moment, totals, what was spent, its currency; 0 is what was not told."""
_BYTES = 69


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be kept of a post: its totals by metric, when they were read (now when None), and what was spent."""

    target: Post | Draft
    totals: Mapping[str, int]
    at: dt.datetime | None = None
    spend: Money | None = None


def pack_wish(post: Post, wish: Wish) -> str:
    """The wish in 92 letters, digits, `-` and `_`."""
    parts = [
        *(post.guild_id, post.id),
        0 if wish.at is None else _YEAR_0 + (wish.at - _1970) // _MS,
        *(wish.totals[metric] + 1 if metric in wish.totals else 0 for metric in _ORDER),
        0 if wish.spend is None else wish.spend.minor + 1,
        *(_LETTERS.index(letter) for letter in ("AAA" if wish.spend is None else wish.spend.currency)),
    ]
    number = 0
    for part, radix in zip(parts, _RADIXES, strict=True):
        number = number * radix + part
    return base64.urlsafe_b64encode(number.to_bytes(_BYTES, "big")).decode()


Told = tuple[dict[str, int], dt.datetime | None, Money | None]


def unpack_wish(text: str) -> tuple[int, int, Told]:
    """What `pack_wish` wrote: the server's id, the post's, and all of the wish but its target. Raises ValueError."""
    number = int.from_bytes(base64.urlsafe_b64decode(text), "big")
    parts: list[int] = []
    for radix in reversed(_RADIXES):
        number, part = divmod(number, radix)
        parts.insert(0, part)
    guild_id, post_id, at, *rest = parts
    if number or max(guild_id, post_id) >= 2**63 or not at < _YEAR_0 + _LAST:
        raise ValueError(f"{text!r} is no packed wish")
    told, (spent, *currency) = rest[: len(_ORDER)], rest[len(_ORDER) :]
    return (
        guild_id,
        post_id,
        (
            {metric: value - 1 for metric, value in zip(_ORDER, told, strict=True) if value},
            None if not at else _1970 + (at - _YEAR_0) * _MS,
            None if not spent else Money(spent - 1, "".join(_LETTERS[letter] for letter in currency)),
        ),
    )
