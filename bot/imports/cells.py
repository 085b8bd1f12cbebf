"""Single cells as platforms write them in many languages: counts, rates, dates."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import get_month_names

from bot.errors import InvalidError
from bot.imports.values import UnreadableError
from bot.impressions.metrics import MILLION
from bot.inputs.numbers import parse_count
from bot.inputs.text import shorten

MISSING = frozenset({"", "-", "--", "–", "—", "undefined", "null", "nan", "n/a", "n/d", "na", "none"})
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da", "nb", "fi", "cs", "tr", "id", "ru", "uk")
"""Whose names of months are known; Chinese, Japanese and Korean write numbers."""

_SPACES = re.compile(r"\s+")
_QUOTES = re.compile("[\"'“”„‟’‘«»\ufeff]")
_MYRIADS = {"千": 10**3, "천": 10**3, "万": 10**4, "萬": 10**4, "만": 10**4, "億": 10**8, "亿": 10**8, "억": 10**8}
_WORDS = re.compile(r"\s*(mil|tsd\.?|mio\.?|mln|mi|rb|jt|тыс\.?|млн)\Z")
_SUFFIXES = {"mil": "k", "tsd": "k", "rb": "k", "тыс": "k", "mio": "m", "mln": "m", "mi": "m", "jt": "m", "млн": "m"}
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3}){1,3}", re.ASCII)
_UNSURE = re.compile(r"\d+[.,]\d{3}\s*[kmb]\Z")
_POINT_ZERO = re.compile(r"(\d+)[.,]0{1,2}\Z")
_RATE = re.compile(r"\d+(?:[.,]\d+)?(?:[eE]-?\d+)?\Z")

_ISO = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?\Z"
)
_SERIAL = re.compile(r"([1-9]\d{4})(?:\.(\d{1,12}))?\Z", re.ASCII)
_NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})\b")
_CLOCK = re.compile(r"(\d{1,2})[:h](\d{2})(?::(\d{2}))?\s*([ap])?\.?(?:m\b\.?)?", re.IGNORECASE)
_CJK = re.compile(r"(?:(\d{4})\s*[年년]\s*)?(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_TOKENS = re.compile(r"\d+|[^\W\d_]+")


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """A header or a word as it is compared: case, width, kinds of space, quotes and colons do not matter."""
    return _SPACES.sub(" ", _QUOTES.sub("", unicodedata.normalize("NFKC", text))).strip(" :").casefold()


def count(text: str, column: str) -> int | None:
    """A whole number as in `parse_count`, in many languages' short forms; None for a missing one.

    Raises UnreadableError that names the column.
    """
    if text.isascii() and text.isdigit() and len(text) < 13:
        return int(text)
    if _THOUSANDS.fullmatch(text):
        return int(text.replace(",", ""))
    value = _SPACES.sub(" ", text).strip().casefold()
    if value in MISSING:
        return None
    if match := _POINT_ZERO.fullmatch(value):  # what a spreadsheet makes of 12
        value = match[1]
    elif value[-1] in _MYRIADS and (match := re.fullmatch(r"(\d+)(?:[.,](\d+))?", value[:-1].strip())):
        scale, part = _MYRIADS[value[-1]], match[2] or "0"
        value = str(int(match[1][:12]) * scale + int(part[:9]) * scale // 10 ** len(part[:9]))
    elif match := _WORDS.search(value):
        value = value[: match.start()] + _SUFFIXES[match[1].rstrip(".")]
    try:
        if _UNSURE.match(value):  # 1,234K: 1,234 thousands, or 1.234 of them
            raise InvalidError(value)
        return parse_count(value, column)
    except InvalidError:
        raise UnreadableError(f"{column}: “{shorten(text)}” is no whole number from 0 up") from None


def rate(text: str, column: str, *, percent: bool) -> int | None:
    """A share in millionths: "62,1" of percent, "0.2396" of a fraction; a % sign in the cell always means percent."""
    value = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").casefold()
    if value in MISSING:
        return None
    percent = percent or value.endswith("%")
    number = value.removesuffix("%")
    if not _RATE.fullmatch(number) or len(number) > 24:
        raise UnreadableError(f"{column}: “{shorten(text)}” is no rate")
    share = float(number.replace(",", ".")) / (100 if percent else 1)
    if not 0 <= share <= 1000:
        raise UnreadableError(f"{column}: “{shorten(text)}” is no rate")
    return round(share * MILLION)


def date_orders(texts: Iterable[str]) -> frozenset[bool]:
    """Whether dates such as 07/14/2026 put the month first: both where none of them tells, nothing where they
    contradict each other.
    """
    orders = {True, False}
    for text in texts:
        if match := _NUMERIC.match(text.strip()):
            if int(match[1]) > 12:
                orders.discard(True)
            if int(match[3]) > 12:
                orders.discard(False)
    return frozenset(orders)


def month_first(texts: Iterable[str], usual: bool) -> bool:
    """Whether such dates put the month first; `usual` where none leaves no doubt."""
    orders = date_orders(texts)
    return usual if len(orders) != 1 else True in orders


def is_unsure(text: str) -> bool:
    """Whether a date is another day when it is read the other way around: 07/04/2026."""
    match = _NUMERIC.match(text.strip())
    return match is not None and match[2] != "." and match[1] != match[3] and max(int(match[1]), int(match[3])) <= 12


def is_dated(text: str) -> bool:
    """Whether a cell begins with a date in digits."""
    return _NUMERIC.match(text.strip()) is not None or _ISO.match(text.strip()) is not None


def of_serial(text: str, epoch: dt.date) -> str:
    """The ISO form of a workbook's date that is written as its number of days from `epoch`; other texts unchanged."""
    match = _SERIAL.match(text.strip())
    if match is None:
        return text
    whole, part = int(match[1]), float(f"0.{match[2] or 0}")
    midnight = dt.datetime.combine(epoch, dt.time())
    at = midnight + dt.timedelta(days=whole, minutes=round(part * 24 * 60))
    return at.isoformat(sep=" ", timespec="seconds")


def moment(
    text: str, column: str, now: dt.datetime, zone: ZoneInfo, *, month_first: bool | None = True
) -> tuple[dt.datetime, bool] | None:
    """A date or a time of day in a zone (or its own offset) as an instant in UTC, and whether its year is
    written; without one it is the latest that is past. None for a missing one. `month_first` is None where 07/04/2026
    can't be told. Raises UnreadableError.
    """
    value = text.strip() if text.isascii() else _SPACES.sub(" ", unicodedata.normalize("NFKC", text)).strip()
    if len(value) < 10 and value.casefold() in MISSING:
        return None
    try:
        found = _moment(value, now, zone, month_first)
    except ValueError:
        found = None
    if found is None:
        raise UnreadableError(f"{column}: “{shorten(text)}” is no date")
    if found[0] > now + dt.timedelta(days=1, hours=2):  # a platform's day may be ahead of ours
        raise UnreadableError(f"{column}: “{shorten(text)}” is still to come")
    return found


def _moment(value: str, now: dt.datetime, zone: ZoneInfo, month_first: bool | None) -> tuple[dt.datetime, bool] | None:
    if match := _ISO.match(value):
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        wall = dt.datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  (its zone comes next)
        if match[7] is None:
            return _instant(wall, zone), True
        return dt.datetime.fromisoformat(wall.isoformat() + _offset(match[7])).astimezone(dt.UTC), True
    clock, rest = dt.time(), value
    if match := _CLOCK.search(value):
        clock, rest = _clock(match), value[: match.start()] + value[match.end() :]
    if match := _NUMERIC.match(rest):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        if month_first is None and is_unsure(match[0]):
            return None
        if month_first is None:
            month_first = second > 12
        month, day = (first, second) if month_first and match[2] != "." else (second, first)
    else:
        year, month, day = _written(rest)
    if year:
        return _instant(dt.datetime.combine(dt.date(year, month, day), clock), zone), True
    today = now.astimezone(zone).date()
    for year in range(today.year + 1, today.year - 5, -1):  # 29 February needs a leap year
        try:
            wall = dt.datetime.combine(dt.date(year, month, day), clock)
        except ValueError:
            continue
        if wall.date() <= today:
            return _instant(wall, zone), False
    return None


def _offset(text: str) -> str:
    return "+00:00" if text == "Z" else text if ":" in text else f"{text[:3]}:{text[3:]}"


def _clock(match: re.Match[str]) -> dt.time:
    hour = int(match[1])
    if match[4]:
        if not 1 <= hour <= 12:
            raise ValueError(match[0])
        hour = hour % 12 + (12 if match[4].lower() == "p" else 0)
    return dt.time(hour, int(match[2]), int(match[3] or 0))


def _instant(wall: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    return wall.replace(tzinfo=zone).astimezone(dt.UTC)


def _written(text: str) -> tuple[int, int, int]:
    """Year (0 when it is missing), month, day of "Tue, Jul 14, 2026", "14 sept. 2026", "31 de agosto", "7월 14일"."""
    if match := _CJK.search(text):
        return int(match[1] or 0), int(match[2]), int(match[3])
    year = month = day = 0
    for token in _TOKENS.findall(text):
        if token.isdecimal():
            if len(token) == 4 and not year:
                year = int(token)
            elif len(token) <= 2 and not day:
                day = int(token)
            else:
                raise ValueError(token)
        else:
            month = month or _months().get(token.casefold(), 0)
    if not month or not day:
        raise ValueError(text)
    return year, month, day


@cache
def _months() -> dict[str, int]:
    """Month names and their short forms, without their points; the first language to have a word keeps it."""
    found: dict[str, int] = {}
    for language in LANGUAGES:
        locale = Locale.parse(language)
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, locale).items():
                    found.setdefault(name.casefold().rstrip("."), number)
    found.setdefault("sept", 9)
    return found
