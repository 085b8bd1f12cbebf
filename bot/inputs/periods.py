"""Periods as people type them: 14 days, last 2 weeks, November, Q3 2025, 2025, since 1 Nov, 1 Nov to 15 Nov."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator

from bot.errors import InvalidError
from bot.inputs.spans import DAY_FIRST, Span, fold, month_span, months, span_of
from bot.inputs.text import shorten
from bot.insights.periods import (
    MOST_DAYS,
    ONE_DAY,
    Calendar,
    Choice,
    Dates,
    Last,
    Named,
    Since,
    Unit,
    add_months,
    begin_of,
    local_day,
)
from bot.texts import _, current_locale

_NAMES = frozenset(Named)
_AMOUNT = re.compile(
    r"(?:in )?(?:the )?(?P<word>last |past |previous )?(?:(?P<n>\d{1,4}) ?)?"
    r"(?P<unit>d|days?|w|wks?|weeks?|m|mo|months?|q|quarters?|y|yrs?|years?)?"
)
_UNITS = {"d": (1, Unit.DAY), "w": (1, Unit.WEEK), "m": (1, Unit.MONTH), "q": (3, Unit.MONTH), "y": (12, Unit.MONTH)}
"""What a unit comes to, by its first letter."""
_YEAR_1000 = 1000
"""From here on a bare number is a year, and never days."""
_TO = re.compile(r" (?:to|until|till|and|bis|au|al|a|tot|do) | ?(?:\.\.+|[–—]) ?| - ?|- |(?<=[^\W\d])-(?=[^\W\d])")
_SINCE = re.compile(r"(?:since|from|seit|ab|depuis|desde|dal|sinds) (?P<day>.+)")
_TWO_DATES = re.compile(r"(\d{4}-\d\d?-\d\d?)[ ,/]+(?=\d{4}-)")
_DAYS_OF_MONTH = re.compile(rf"(?P<first>\d{{1,2}})\.? ?[-–] ?(?P<rest>{DAY_FIRST.pattern})")
_MONTH_OF_DAYS = re.compile(
    r"(?P<month>[^\W\d_][^\d,]*?)\.? ?(?P<first>\d{1,2}) ?[-–] ?(?P<last>\d{1,2})(?:,? (?P<year>\d{4}))?"
)


def parse_period(text: str, now: dt.datetime, zone: str) -> Choice:
    """The time meant; raises InvalidError for anything else, for what is still to come, and for more than ten years.

    Names of months and days are English, or those of the present locale. A bare month or quarter is the latest that has
    begun.
    """
    today = local_day(now, zone)
    try:
        choice = _choice(fold(text), today)
    except (ValueError, OverflowError):
        choice = None
    if choice is None:
        raise InvalidError(
            _(
                "period: “{value}” is no period. Choose one from the list, or type 14 days, November, Q3 2025, "
                "since 1 Nov, or two dates: 2026-01-01 to 2026-01-31."
            ).format(value=shorten(text))
        )
    if isinstance(choice, Named | Last):
        return choice
    if choice.first > today:
        raise InvalidError(
            _("period: “{value}” is still to come; there is nothing to count yet.").format(value=shorten(text))
        )
    last = today if isinstance(choice, Since) else choice.last
    if last - choice.first > MOST_DAYS * ONE_DAY:
        raise InvalidError(
            _("period: “{value}” is more than ten years; choose a shorter one.").format(value=shorten(text))
        )
    return choice


def _choice(value: str, today: dt.date) -> Choice | None:
    """What a folded text means; None, or ValueError, for nothing."""
    value = value.strip(" .,")
    name = re.sub(r"^(?:this|the)(?=.)|time$", "", value.replace(" ", ""))
    if name in _NAMES:
        return Named(name)
    if value in ("previous week", "previous month", "previous quarter", "previous year"):
        return Named(value.replace("previous ", "last"))
    if (match := _AMOUNT.fullmatch(value)) and (amount := _amount(match)):
        return amount
    if match := _SINCE.fullmatch(value):
        span = span_of(match["day"], today)
        return None if span is None else Since(span.until(today))
    if match := _DAYS_OF_MONTH.fullmatch(value):
        value = f"{match['first']} {match['month']} {match['year'] or ''} - {match['rest']}"
    elif match := _MONTH_OF_DAYS.fullmatch(value):
        month = f"{match['month']} {match['year'] or ''}"
        value = f"{match['first']} {month} - {match['last']} {month}"
    parts = _TO.split(_TWO_DATES.sub(r"\1 to ", value))
    if len(parts) == 2:
        first, last = (span_of(part, today) for part in parts)
        return None if first is None or last is None else _between(first, last, today)
    span = span_of(re.sub("^(?:last|in) ", "", value), today)
    if span is None:
        return None
    day = span.until(today)
    return Calendar(day, span.unit) if span.unit.months else Dates(day, day)


def _amount(match: re.Match[str]) -> Choice | None:
    """ "14 days", "2w", "past month", "28"; a bare number from 1000 is a year, ValueError where none is counted."""
    word, number, unit = match["word"], match["n"], match["unit"]
    if number is None:
        number = "1" if word == "past " and unit else None
    if number is None:
        return None
    if unit is None and not word and int(number) >= _YEAR_1000:
        return Calendar(dt.date(int(number), 1, 1), Unit.YEAR)
    times, of = _UNITS[unit[0] if unit else "d"]
    if of is Unit.DAY and (name := f"{int(number)}d") in _NAMES:
        return Named(name)
    return Last(int(number) * times, of)


def _between(first: Span, last: Span, today: dt.date) -> Dates:
    """From the beginning of one to the end of the other; a year that was not named follows from the other's."""
    if first.year is None and last.year is not None:
        until = last.until(today)
        begin = first.until(until)
    else:
        begin = first.until(today)
        until = last.since(begin) if last.year is None else last.until(today)
        if last.year is None and until > today and until.year > begin.year:
            until = last.until(begin)  # 15 Nov to 1 Nov: the wrong way round
    if until < begin:
        (begin, first), (until, last) = (until, last), (begin, first)
    return Dates(begin, last.last(until))


def spell(choice: Choice) -> str:
    """A choice as `parse_period` reads it at any time and in any locale."""
    match choice:
        case Named():
            return choice.value
        case Last(count, unit):
            return f"{count}{unit}"
        case Calendar(first, Unit.MONTH):
            return f"{first:%Y-%m}"
        case Calendar(first, Unit.QUARTER):
            return f"Q{(first.month + 2) // 3} {first.year}"
        case Calendar(first):
            return str(first.year)
        case Since(first):
            return f"since {first}"
        case Dates(first, last):
            return f"{first} to {last}"


def suggest(text: str, now: dt.datetime, zone: str) -> list[Choice]:
    """What a text that is being typed may come to mean, the likeliest first; `parse_period` takes `spell` of each."""
    found: dict[Choice, None] = {}
    for guess in _guesses(text, now, zone):
        try:
            found[parse_period(spell(guess()), now, zone)] = None
        except (InvalidError, ValueError):
            continue
    return list(found)


def _guesses(text: str, now: dt.datetime, zone: str) -> Iterator[Callable[[], Choice]]:
    """Makers of choices; InvalidError or ValueError from those that mean nothing."""
    today, value = local_day(now, zone), fold(text)
    yield lambda: parse_period(text, now, zone)
    is_year = value.isdecimal() and int(value) >= _YEAR_1000
    if not is_year and (number := re.fullmatch(r"(?:(?:the )?(?:last|past) )?(\d{1,4}) ?([a-z]*)", value)):
        for name, unit in (("days", Unit.DAY), ("weeks", Unit.WEEK), ("months", Unit.MONTH)):
            if name.startswith(number[2]):
                yield lambda unit=unit: Last(int(number[1]), unit)
    if len(value) >= 2 and value.isdecimal():
        for year in range(today.year, today.year - 10, -1):
            if str(year).startswith(value):
                yield lambda year=year: Calendar(dt.date(year, 1, 1), Unit.YEAR)
    since = re.fullmatch(r"since ?(.*)", value)
    start = since[1] if since else value
    if since or start:
        numbers = {n for name, n in months(current_locale()).items() if name.startswith(start)}
        for first in sorted((month_span(n).until(today) for n in numbers), reverse=True):
            yield lambda first=first: Since(first) if since else Calendar(first, Unit.MONTH)
    if re.fullmatch(r"q|qu[a-z]*", value):
        for ago in range(4):
            first = add_months(begin_of(today, Unit.QUARTER), -3 * ago)
            yield lambda first=first: Calendar(first, Unit.QUARTER)
