"""A service's answers, which can be anything: read to plain values within bounds, without the key. Pure."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Collection
from typing import Any, NoReturn
from urllib.parse import quote

from bot.errors import OperatorError
from bot.insights.periods import ONE_DAY

MAX_BYTES = 16 * 2**20
"""Of an answer: a page of 1,000 visits has 1."""
MAX_TEXT = 8192
"""Characters that are read of one text; a longer address is refused as a destination anyway."""
MAX_DEPTH = 16
MOST = 10**9
"""Clicks of a link or a day. Of whatever can be fetched, the sum fits into the database."""
FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Before, there was no shortener; an end after it is none."""
NOTHING = "nothing was imported"
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_HALF = re.compile(r"[\ud800-\udfff]")


class Unfit(ValueError):
    """An answer that is no JSON within bounds; says what is wrong with it."""


def parse(body: bytes, secrets: Collection[str] = ()) -> Any:
    """The JSON, its texts without control characters, half characters and `secrets`. Raises Unfit."""
    try:
        value = json.loads(body, parse_constant=_no_number)
    except RecursionError:
        raise Unfit("is nested too deep") from None
    except ValueError:
        raise Unfit("is no JSON") from None
    return _plain(value, {word for secret in secrets for word in (secret, quote(secret, safe=""))}, MAX_DEPTH)


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _plain(value: Any, secrets: Collection[str], depth: int) -> Any:
    if isinstance(value, str):
        return without(value, secrets)
    if isinstance(value, int | float) and not -(2**63) <= value < 2**63:
        raise Unfit("has a number that nothing can have")
    if isinstance(value, dict | list):
        if not depth:
            raise Unfit("is nested too deep")
        if isinstance(value, list):
            return [_plain(item, secrets, depth - 1) for item in value]
        return {without(name, secrets): _plain(item, secrets, depth - 1) for name, item in value.items()}
    return value


def without(text: str, secrets: Collection[str]) -> str:
    """The text as it may be shown and kept: on one line, of bounded length, without what is secret."""
    for secret in secrets:
        text = re.sub(re.escape(secret), "[key]", text, flags=re.IGNORECASE) if secret else text
    return _HALF.sub("\ufffd", _UNSEEN.sub(" ", text[:MAX_TEXT]))


def required(value: Any, kind: type, service: str, name: str) -> Any:
    """A field of an answer, which must be of a kind. Raises OperatorError."""
    if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
        raise OperatorError(f"The answer of {service} has no {name} as its documentation has it; {NOTHING}.")
    return value


def part(value: Any, kind: type, service: str, name: str) -> Any:
    """The same for one that may be missing; an empty one of its kind then."""
    return kind() if value is None else required(value, kind, service, name)


def words(value: Any, service: str, name: str) -> list[str]:
    """A list of texts, which may be missing. Raises OperatorError."""
    return [required(word, str, service, name) for word in part(value, list, service, name)]


def count(value: Any, service: str, name: str) -> int:
    """A number of clicks. Raises OperatorError."""
    found = required(value, int, service, name)
    if not 0 <= found <= MOST:
        raise OperatorError(f"The answer of {service} has {found:,} as {name}, which no link can have; {NOTHING}.")
    return found


def moment(text: Any, service: str, name: str) -> dt.datetime:
    """An ISO instant with its offset, in UTC. Raises OperatorError."""
    try:
        at = dt.datetime.fromisoformat(required(text, str, service, name))
        if at.tzinfo is None:
            raise ValueError(text)
        return at.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise OperatorError(f"The answer of {service} has no date in {name}; {NOTHING}.") from None


def past(text: Any, service: str, name: str, now: dt.datetime) -> dt.datetime:
    """A moment that something can have happened at: from 2000 on, up to a day ahead. Raises OperatorError."""
    at = moment(text, service, name)
    if not at.year >= FIRST_YEAR or at > now + ONE_DAY:
        raise OperatorError(
            f"The answer of {service} has {at:%Y-%m-%d} in {name}, which is before 2000 or still to come; {NOTHING}."
        )
    return at


def end(text: Any, service: str, name: str) -> dt.datetime | None:
    """When a link ends; None for never, which others write as a date far away. Raises OperatorError."""
    if text is None:
        return None
    at = moment(text, service, name)
    if at.year < FIRST_YEAR:
        raise OperatorError(f"The answer of {service} has {at.date()} in {name}, which is before 2000; {NOTHING}.")
    return at if at.year < LAST_YEAR else None
