"""Days, months, quarters and years by their names: 2026-11-01, 1 Nov, Nov 1st, Monday, November 2026, Q3."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from babel import Locale, UnknownLocaleError

from bot.insights.periods import ONE_DAY, Unit, add_months
from bot.texts import current_locale

LONGEST = 100
"""Characters of the longest text that is looked at."""
_KEPT = ("<super>", "<sub>", "<circle>", "<square>", "<fraction>")
"""What Unicode would spell with other characters that mean something else: 10² is not 102."""
_ORDINAL = r"(?P<day>\d{1,2})(?:\.|st|nd|rd|th|er|º|o)?"
_NAME = r"(?P<month>[^\W\d_][^\d,]*?)\.?"
_YEAR = r"(?:,? ?(?:de |del |of )?(?P<year>\d{4}))?"
DAY_FIRST = re.compile(rf"{_ORDINAL} ?(?:de |of )?{_NAME}{_YEAR}")
_PATTERNS = (
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})(?:[-/.](?P<day>\d{1,2}))?"),
    re.compile(r"(?:(?P<year>\d{4}) ?[年년] ?)?(?P<month>\d{1,2}) ?[月월](?: ?(?P<day>\d{1,2}) ?[日일])?"),
    DAY_FIRST,
    re.compile(rf"{_NAME} ?{_ORDINAL}(?:,? (?P<year>\d{{4}}))?"),
    re.compile(rf"{_NAME}{_YEAR}"),
)
_QUARTER = re.compile(r"(?:(?P<before>\d{4})[- ]?)?(?:[qt]|quarter )(?P<quarter>[1-4])(?:[- /]?(?P<after>\d{4}))?")


@dataclass(frozen=True, slots=True)
class Span:
    """A day, month, quarter or year that was named; `of` is its first day in a year, ValueError where it has none."""

    unit: Unit
    of: Callable[[int], dt.date]
    year: int | None = None

    def until(self, latest: dt.date) -> dt.date:
        """Its first day: in the year that was named, else the latest that is not after `latest`. Raises ValueError."""
        return self._first(range(latest.year, latest.year - 9, -1), lambda day: day <= latest)

    def since(self, earliest: dt.date) -> dt.date:
        """As `until`, the earliest that is not before `earliest`."""
        return self._first(range(earliest.year, earliest.year + 9), lambda day: day >= earliest)

    def _first(self, years: Iterable[int], fits: Callable[[dt.date], bool]) -> dt.date:
        if self.year is not None:
            return self.of(self.year)
        for year in years:  # 29 February comes again after eight years at most
            try:
                day = self.of(year)
            except ValueError:
                continue
            if fits(day):
                return day
        raise ValueError("no such day")

    def last(self, first: dt.date) -> dt.date:
        """Its last day, when it begins on `first`."""
        return add_months(first, self.unit.months) - ONE_DAY if self.unit.months else first


def span_of(value: str, today: dt.date) -> Span | None:
    """What a folded text names in English or in the present locale; None for anything else."""
    value = value.strip(" ,")
    named = value.rstrip(".")
    if value in ("today", "now", "yesterday", "tomorrow"):
        day = today + {"yesterday": -1, "tomorrow": 1}.get(value, 0) * ONE_DAY
        return Span(Unit.DAY, lambda _: day, day.year)
    if (number := months(current_locale()).get(named)) is not None:
        return month_span(number)
    if (weekday := weekdays(current_locale()).get(named)) is not None:
        # The latest such day; the word alone does not tell the year, and no year may be put to it.
        day = today - (today.weekday() - weekday) % 7 * ONE_DAY
        return Span(Unit.DAY, lambda _: day, day.year)
    if re.fullmatch(r"\d{4}", value):
        return Span(Unit.YEAR, lambda year: dt.date(year, 1, 1), int(value))
    if match := _QUARTER.fullmatch(value):
        month, typed = int(match["quarter"]) * 3 - 2, match["before"] or match["after"]
        return Span(Unit.QUARTER, lambda year: dt.date(year, month, 1), None if typed is None else int(typed))
    for pattern in _PATTERNS:
        match = pattern.fullmatch(value)
        number = None if match is None else _month_of(match["month"])
        if match is not None and number is not None:
            parts = match.groupdict()
            year = None if parts["year"] is None else int(parts["year"])
            return month_span(number, year) if parts.get("day") is None else _day(number, int(parts["day"]), year)
    return None


def _month_of(name: str) -> int | None:
    return int(name) if name.isdecimal() else months(current_locale()).get(name)


def _day(month: int, day: int, year: int | None) -> Span:
    return Span(Unit.DAY, lambda of: dt.date(of, month, day), year)


def month_span(month: int, year: int | None = None) -> Span:
    return Span(Unit.MONTH, lambda of: dt.date(of, month, 1), year)


def fold(text: str) -> str:
    """The text as it is compared: lower case, no accents, one space between words, the digits of any script as 0-9.

    Empty for one longer than `LONGEST`, which nobody types.
    """
    if len(text) > LONGEST:
        return ""
    plain = "".join(map(_plain, text.casefold()))
    return " ".join(unicodedata.normalize("NFC", plain).split())


def _plain(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    if unicodedata.decomposition(char).startswith(_KEPT):
        return char
    return "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))


@cache
def months(tag: str) -> Mapping[str, int]:
    """1 to 12 by each name that a month has in Discord's locale `tag`, and in English; folded, without a full stop."""
    return _names("en", "months") | {"sept": 9} | _names(tag, "months")


@cache
def weekdays(tag: str) -> Mapping[str, int]:
    """0 (Monday) to 6 by each name that a day of the week has in the locale, and in English; folded."""
    return _names("en", "days") | _names(tag, "days")


def _names(tag: str, kind: str) -> dict[str, int]:
    try:
        locale = Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return {}
    contexts = getattr(locale, kind).values()
    names = [names for context in contexts for width, names in context.items() if width in ("abbreviated", "wide")]
    return {fold(name).rstrip("."): n for found in names for n, name in found.items()}
