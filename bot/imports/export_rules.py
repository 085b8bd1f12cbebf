"""What a row of another Eyeballs' export may hold: no more than could have been typed or counted here. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.errors import InvalidError
from bot.impressions.metrics import CTR, METRICS, SPEND
from bot.inputs.money import is_currency
from bot.inputs.numbers import LIMIT
from bot.inputs.text import clean, parse_line
from bot.insights.periods import EARLIEST, LATEST, ONE_DAY
from bot.links.destinations import parse_destination
from bot.links.lengths import MAX_TAG, MAX_TAGS
from bot.links.platforms import parse_kind, parse_platform
from bot.links.service import parse_title
from bot.links.slugs import parse_handle
from bot.notes import MAX_TEXT
from bot.profiles.service import MAX_HEADING, MAX_LINE, MAX_NAME, OPERATOR, SERVER
from bot.profiles.themes import LOOKS, parse_accent
from bot.tracking.hits import Reason
from storage.hits import bucket_of
from storage.records import Dimension, Kind, State

Row = dict[str, Any]
FIRST_DAY = dt.date(2000, 1, 1)
"""Nothing was counted before."""
MOST = 10**9
"""Of a row of counts; a day's, or a quarter hour's."""
_NAME = 255
"""Characters of a host, an app, a platform's id."""
_CODE = re.compile(r"[a-z]{1,2}[1-9]\d{0,8}")


def check(table: str, row: Row, now: dt.datetime, denied_domains: tuple[str, ...] = ()) -> None:
    """Bring a row to what is kept of it; raises ValueError that names the column and what is wrong with it.

    Links' slugs and destinations have a check of their own, when it is planned what becomes of each.
    """
    rules = _ROWS.get(table, {})
    for name, value in row.items():
        if value is None:
            continue
        try:
            if isinstance(value, dt.datetime | dt.date):
                _in_time(table, name, value, now)
            elif isinstance(value, int) and not isinstance(value, bool):
                _in_bounds(name, value)
            if name in rules:
                row[name] = rules[name](value)
            if name == "permalink" and isinstance(value, str) and value:
                parse_destination(value, field=name, denied_domains=denied_domains)
        except InvalidError as error:
            raise ValueError(str(error)) from None
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None


def keys_of(table: str, row: Row) -> list[tuple[Any, ...]]:
    """What stands in a table once: names of columns with their values."""
    return [
        (names, *(row[name] for name in names))
        for names in _KEYS.get(table, ())
        if all(row[name] is not None for name in names)
    ]


def _in_time(table: str, name: str, value: dt.date | dt.datetime, now: dt.datetime) -> None:
    day = value.date() if isinstance(value, dt.datetime) else value
    counted = table not in _TYPED
    if name in _AHEAD or (name == "day" and not counted):
        first, last = EARLIEST, LATEST
    else:
        first, last = FIRST_DAY if counted else EARLIEST, (now + ONE_DAY).date()
    if not first <= day <= last:
        raise ValueError(f"{day} is not from {first} to {last}")
    if name == "bucket" and isinstance(value, dt.datetime) and bucket_of(value) != value:
        raise ValueError(f"{value.isoformat()} begins no quarter of an hour")


def _in_bounds(name: str, value: int) -> None:
    least, most = _BOUNDS.get(name, (0, 2**63 - 1))
    if not least <= value <= most:
        raise ValueError(f"{value} is not from {least:,} to {most:,}")


def _one_of(*values: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in values:
            raise ValueError(f"“{text}” is none of {', '.join(value or 'nothing' for value in values)}")
        return text

    return check


def _plain(text: str) -> str:
    """A name that was taken from a request or a platform."""
    if len(text) > _NAME or clean(text) != text:
        raise ValueError(f"“{text}” has more than {_NAME} characters, or some that are not seen")
    return text


def _line(field: str, most: int) -> Callable[[str], str]:
    return lambda text: parse_line(text, field, most)


def _tags(words: list[str]) -> list[str]:
    if len(words) > MAX_TAGS or any(len(word) > MAX_TAG for word in words):
        raise ValueError(f"there are at most {MAX_TAGS} tags of {MAX_TAG} characters each")
    return words


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise ValueError(f"“{text}” is no address of a post")
    return text


def _permalink(text: str) -> str:
    return parse_destination(text, field="permalink") if text else ""


def _currency(text: str) -> str:
    if text and not is_currency(text):
        raise ValueError(f"“{text}” is no currency")
    return text


_STATE = _one_of(*State)
_KIND = _one_of(*Kind)
_BOUNDS: Mapping[str, tuple[int, int]] = {
    "count": (0, MOST),
    "value": (0, LIMIT),
    "max_clicks": (1, LIMIT),
    "rank": (-(2**31), 2**31),
}
_TYPED = ("links", "posts", "figures", "notes", "profile_entries")
_AHEAD = ("expires_at", "shows_from", "shows_until")
_ROWS: Mapping[str, Mapping[str, Callable[[Any], Any]]] = {
    "links": {"title": parse_title, "tags": _tags, "state": _STATE},
    "posts": {
        **{"title": parse_title, "state": _STATE, "platform": parse_platform, "kind": parse_kind},
        **{"code": _code, "permalink": _permalink, "platform_id": _plain},
    },
    "figures": {"metric": _one_of(*METRICS, CTR, SPEND), "currency": _currency},
    "notes": {"text": _line("text", MAX_TEXT), "state": _STATE},
    "profiles": {
        **{"handle": parse_handle, "name": _line("name", MAX_NAME), "line": _line("line", MAX_LINE)},
        **{"theme": _one_of("", *LOOKS), "accent": parse_accent, "taken_down": _one_of("", SERVER, OPERATOR)},
    },
    "profile_entries": {"heading": _line("heading", MAX_HEADING)},
    "quarters": {"kind": _KIND},
    "days": {"kind": _KIND},
    "audience": {"kind": _KIND, "dimension": _one_of(*Dimension), "value": _plain},
    "set_aside": {"reason": _one_of(*Reason), "agent": _plain},
}
_KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "links": (("id",),),
    "posts": (("id",), ("link_id", "code")),
    "profiles": (("creator_id",), ("id",)),
    "profile_entries": (("creator_id", "link_id"),),
    "avatars": (("creator_id",),),
    "quarters": (("link_id", "bucket", "place_id", "kind"),),
    "dropped": (("link_id", "bucket"),),
    "days": (("day", "link_id", "place_id", "kind"),),
    "uniques": (("day", "link_id"),),
    "audience": (("day", "link_id", "kind", "dimension", "value"),),
    "set_aside": (("day", "link_id", "place_id", "reason", "agent"),),
}
