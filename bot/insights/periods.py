"""Periods: half-open ranges of local days in a server's zone, exact over daylight-saving changes."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from storage.records import Segment

ONE_DAY = dt.timedelta(days=1)
QUARTER = dt.timedelta(minutes=15)
INSTANT = dt.timedelta(microseconds=1)
EARLIEST, LATEST = dt.date(1970, 1, 1), dt.date(2999, 12, 31)
"""What two dates of a period may be: everything that is computed from them stays a date."""
EVER = dt.datetime.min.replace(tzinfo=dt.UTC)
"""Before everything."""


def instant(day: dt.date, time: dt.time, zone: str) -> dt.datetime:
    """The UTC instant of a local wall-clock time.

    A time that daylight saving removed becomes the first valid instant after the gap; one that comes twice means the
    first (PEP 495, fold 0).
    """
    tz = ZoneInfo(zone)
    wall = dt.datetime.combine(day, time, tz)
    found = wall.astimezone(dt.UTC)
    if found.astimezone(tz).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return found
    # In a gap: the offset changes somewhere between these two readings of the wall clock.
    return _offset_change(wall.replace(fold=1).astimezone(dt.UTC), found, tz)


def _offset_change(before: dt.datetime, after: dt.datetime, tz: ZoneInfo) -> dt.datetime:
    """The first second at which the offset is no longer that of `before`; at `after` it is another one."""
    low, high = int(before.timestamp()), int(after.timestamp())
    offset = _offset(before, tz)
    while high - low > 1:
        middle = (low + high) // 2
        if dt.datetime.fromtimestamp(middle, tz).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return dt.datetime.fromtimestamp(high, dt.UTC)


def _offset(at: dt.datetime, tz: ZoneInfo) -> dt.timedelta:
    return at.astimezone(tz).utcoffset() or dt.timedelta()


@lru_cache(maxsize=20_000)  # of the same few days thousands of times in one answer
def day_start(day: dt.date, zone: str) -> dt.datetime:
    """The first instant of a local day."""
    return instant(day, dt.time(), zone)


def local_day(at: dt.datetime, zone: str) -> dt.date:
    """The local date at an instant."""
    return at.astimezone(ZoneInfo(zone)).date()


def is_zone(name: str) -> bool:
    """Whether the name is one of the IANA zones that are known here."""
    return name in _zones()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())  # walks the whole zone database


@dataclass(frozen=True, slots=True)
class Period:
    """The local days from `first` up to but without `end`, in `zone`."""

    first: dt.date
    end: dt.date
    zone: str
    months: int = 0
    """Across how many months it is compared: 1 for a month, 3 for a quarter, 12 for a year; 0 for mere days."""
    is_all: bool = False
    """Whether it is all time: what platforms told belongs to it however far that reaches back."""

    @property
    def start_at(self) -> dt.datetime:
        return day_start(self.first, self.zone)

    @property
    def end_at(self) -> dt.datetime:
        return day_start(self.end, self.zone)

    @property
    def told_from(self) -> dt.datetime:
        """Since when what platforms told belongs to it."""
        return EVER if self.is_all else self.start_at

    @property
    def last(self) -> dt.date:
        return self.end - ONE_DAY

    @property
    def length(self) -> int:
        """How many days it has."""
        return (self.end - self.first).days

    @property
    def days(self) -> tuple[dt.date, ...]:
        return tuple(self.first + dt.timedelta(days=n) for n in range(self.length))

    @property
    def previous(self) -> Period:
        """What it is compared with: as many days, ending where this one begins.

        Of months, quarters and years the same part of the one before: all of October for November, 1 to 14 October for
        1 to 14 November. The two may differ in length, and never overlap.
        """
        if not self.months:
            return Period(self.first - (self.end - self.first), self.first, self.zone)
        spare = 0 if self.end.day == 1 else 1  # by the last day, lest 1 to 30 March leave out 28 February
        end = add_months(self.end - spare * ONE_DAY, -self.months) + spare * ONE_DAY
        return Period(add_months(self.first, -self.months), min(end, self.first), self.zone)

    @property
    def share(self) -> float:
        """The part that it has of its own days and those before that it is compared with."""
        return self.length / (self.length + self.previous.length)

    def contains(self, at: dt.datetime) -> bool:
        return self.start_at <= at < self.end_at

    def is_unfinished(self, now: dt.datetime) -> bool:
        return now < self.end_at

    def so_far(self, now: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
        """What today is fairly compared with in a period that ends today; None when the period is over.

        The last day of the previous period, from its start up to the wall-clock time that it is now: UTC instants on
        whole quarter hours, the end rounded up, but never past the end of that day.
        """
        if not self.is_unfinished(now):
            return None
        day = self.previous.last
        same_time = instant(day, now.astimezone(ZoneInfo(self.zone)).time(), self.zone)
        start, over = day_start(day, self.zone), day_start(day + ONE_DAY, self.zone)
        return _quarter(start), max(_quarter(start), min(_quarter(same_time, up=True), _quarter(over)))


def _quarter(at: dt.datetime, *, up: bool = False) -> dt.datetime:
    over = dt.timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at + (QUARTER - over) if up and over else at - over


def quarter_after(at: dt.datetime) -> dt.datetime:
    """The end of the quarter hour that an instant lies in."""
    return _quarter(at) + QUARTER


def add_months(day: dt.date, count: int) -> dt.date:
    """The same day so many months later, or earlier; the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


class Named(StrEnum):
    """The periods that have a name."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    DAYS_7 = "7d"
    DAYS_28 = "28d"
    DAYS_90 = "90d"
    THIS_WEEK = "week"
    LAST_WEEK = "lastweek"
    THIS_MONTH = "month"
    LAST_MONTH = "lastmonth"
    THIS_QUARTER = "quarter"
    LAST_QUARTER = "lastquarter"
    THIS_YEAR = "year"
    LAST_YEAR = "lastyear"
    ALL = "all"


class Unit(StrEnum):
    """What spans of time are made of."""

    DAY = "d"
    WEEK = "w"
    MONTH = "m"
    QUARTER = "q"
    YEAR = "y"

    @property
    def months(self) -> int:
        """How many months it has; 0 for days and weeks."""
        return {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}.get(self, 0)


MOST_DAYS = 3660
"""Of one period: ten years, so that no chart and no query has to take more."""
_MOST = {Unit.DAY: MOST_DAYS, Unit.WEEK: MOST_DAYS // 7, Unit.MONTH: 120}


@dataclass(frozen=True, slots=True)
class Last:
    """The last `count` days, weeks or months, today among them; ValueError for none, or for more than ten years."""

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        if not 1 <= self.count <= _MOST.get(self.unit, 0):
            raise ValueError(f"not the last {self.count} {self.unit}")


@dataclass(frozen=True, slots=True)
class Calendar:
    """A month, a quarter or a year of the calendar, by its first day; ValueError for any other day."""

    first: dt.date
    unit: Unit

    def __post_init__(self) -> None:
        months = self.unit.months
        if not months or self.first.day != 1 or (self.first.month - 1) % months:
            raise ValueError(f"no {self.unit} begins on {self.first}")
        if not EARLIEST <= self.first <= LATEST:
            raise ValueError(f"not from {EARLIEST} to {LATEST}: {self.first}")

    @property
    def last(self) -> dt.date:
        return add_months(self.first, self.unit.months) - ONE_DAY


@dataclass(frozen=True, slots=True)
class Since:
    """From a local day up to today; ValueError when it is out of range."""

    first: dt.date

    def __post_init__(self) -> None:
        if not EARLIEST <= self.first <= LATEST:
            raise ValueError(f"not from {EARLIEST} to {LATEST}: {self.first}")


@dataclass(frozen=True, slots=True)
class Dates:
    """Two local dates, both within the period; ValueError when they are the wrong way round or out of range."""

    first: dt.date
    last: dt.date

    def __post_init__(self) -> None:
        if not EARLIEST <= self.first <= self.last <= LATEST:
            raise ValueError(f"not two dates in order from {EARLIEST} to {LATEST}: {self.first}, {self.last}")


Choice = Named | Last | Calendar | Since | Dates


def period_of(choice: Choice, now: dt.datetime, zone: str, first_weekday: int, since: dt.date | None) -> Period:
    """The local days that a choice means at `now`; weeks begin on `first_weekday` (0 is Monday).

    What still runs goes up to today, today among it. `since` is the first local day with any count, where `ALL`
    begins: today when there is none. What lies in the future as a whole stays as it is.
    """
    today = local_day(now, zone)
    week = today - (today.weekday() - first_weekday) % 7 * ONE_DAY
    first, end, months = today, today + ONE_DAY, 0
    match choice:
        case Dates() | Calendar():
            first = choice.first
            end = choice.last + ONE_DAY if first > today else min(choice.last + ONE_DAY, end)
            months = choice.unit.months if isinstance(choice, Calendar) else 0
        case Since():
            first = choice.first
            end = max(end, first + ONE_DAY)
        case Last(count, Unit.MONTH):
            first, months = add_months(today, -count) + ONE_DAY, count
        case Last(count, unit):
            first = end - count * (7 if unit is Unit.WEEK else 1) * ONE_DAY
        case Named.TODAY:
            pass
        case Named.YESTERDAY:
            first, end = today - ONE_DAY, today
        case Named.DAYS_7 | Named.DAYS_28 | Named.DAYS_90:
            first = end - int(choice.removesuffix("d")) * ONE_DAY
        case Named.THIS_WEEK:
            first = week
        case Named.LAST_WEEK:
            first, end = week - 7 * ONE_DAY, week
        case Named.ALL:
            first = today if since is None else min(since, today)
        case _:
            unit, is_over = _CALENDAR[choice]
            months, running = unit.months, begin_of(today, unit)
            first, end = (add_months(running, -months), running) if is_over else (running, end)
    return Period(first, end, zone, months, is_all=choice is Named.ALL)


_CALENDAR = {
    Named.THIS_MONTH: (Unit.MONTH, False),
    Named.LAST_MONTH: (Unit.MONTH, True),
    Named.THIS_QUARTER: (Unit.QUARTER, False),
    Named.LAST_QUARTER: (Unit.QUARTER, True),
    Named.THIS_YEAR: (Unit.YEAR, False),
    Named.LAST_YEAR: (Unit.YEAR, True),
}
"""What each is one of, and whether it is over."""


def begin_of(day: dt.date, unit: Unit) -> dt.date:
    """The first day of the month, quarter or year that a day lies in."""
    return dt.date(day.year, (day.month - 1) // unit.months * unit.months + 1, 1)


_DIGITS = string.digits + string.ascii_lowercase
_NAMED = frozenset(Named)
_LAST = re.compile(r"([1-9][0-9]{0,3})([dwm])")
_CALENDAR_PART = re.compile(r"([0-9]{4})(?:m([0-9]{2})|q([1-4])|y)")


def encode(choice: Choice) -> str:
    """A choice for a button's id: a name, a number, or days to base 36; at most 12 characters of [0-9a-z.]."""
    match choice:
        case Named():
            return choice.value
        case Last(count, unit):
            return f"{count}{unit}"
        case Calendar(first, Unit.MONTH):
            return f"{first.year}m{first.month:02}"
        case Calendar(first, Unit.QUARTER):
            return f"{first.year}q{(first.month + 2) // 3}"
        case Calendar(first):
            return f"{first.year}y"
        case Since(first):
            return f"{_base36(first.toordinal())}."
        case Dates(first, last):
            return f"{_base36(first.toordinal())}.{_base36(last.toordinal())}"


def decode(text: str) -> Choice:
    """The choice that `encode` wrote; ValueError for anything else."""
    if text in _NAMED:
        return Named(text)
    if match := _LAST.fullmatch(text):
        return Last(int(match[1]), Unit(match[2]))
    if match := _CALENDAR_PART.fullmatch(text):
        year, month, quarter = match.groups()
        if month:
            return Calendar(dt.date(int(year), int(month), 1), Unit.MONTH)
        first = dt.date(int(year), int(quarter or 1) * 3 - 2, 1)
        return Calendar(first, Unit.QUARTER if quarter else Unit.YEAR)
    first, dot, last = text.partition(".")
    if not dot or len(text) > 13:
        raise ValueError(f"not a period: {text[:40]!r}")
    try:
        begin = dt.date.fromordinal(int(first, 36))
        choice = Dates(begin, dt.date.fromordinal(int(last, 36))) if last else Since(begin)
    except OverflowError as error:
        raise ValueError(f"not a period: {text[:40]!r}") from error
    if encode(choice) != text:
        raise ValueError(f"not a period: {text[:40]!r}")
    return choice


def _base36(value: int) -> str:
    text = ""
    while value:
        value, digit = divmod(value, 36)
        text = _DIGITS[digit] + text
    return text


def runs(period: Period, without: Iterable[dt.date]) -> list[Period]:
    """The stretches of a period between the days `without`, in order."""
    found: list[Period] = []
    first = period.first
    for day in (*sorted(set(without)), period.end):
        if first < day <= period.end:
            found.append(Period(first, day, period.zone))
        first = max(first, day + ONE_DAY)
    return found


def segments(period: Period) -> list[Segment]:
    """The stretches of a period in which the offset from UTC stays the same, in order and without gaps."""
    tz, end = ZoneInfo(period.zone), period.end_at
    at = start = period.start_at
    offset = _offset(start, tz)
    found: list[Segment] = []
    while at < end:
        following = min(at + ONE_DAY, end)  # no zone has changed twice within six days since 1970
        if _offset(following, tz) != offset:
            change = _offset_change(at, following, tz)
            if change < end:
                found.append(Segment(start, change, offset))
                following, start, offset = change, change, _offset(change, tz)
        at = following
    if start < end:
        found.append(Segment(start, end, offset))
    return found


def hours_of(period: Period) -> list[Segment]:
    """The hours of the local clock within a period, in order and without gaps: 23 to 25 on a day of a clock change.

    Where the offset changes within an hour, it is two of them.
    """
    hours: list[Segment] = []
    for part in segments(period):
        at = part.start
        while at < part.end:
            wall = at + part.offset
            over = dt.timedelta(minutes=wall.minute, seconds=wall.second)
            end = min(at + dt.timedelta(hours=1) - over, part.end)
            hours.append(Segment(at, end, part.offset))
            at = end
    return hours


def last_days(count: int, now: dt.datetime, zone: str) -> Period:
    """The last `count` local days, today (unfinished) among them."""
    today = local_day(now, zone)
    return Period(today - dt.timedelta(days=count - 1), today + ONE_DAY, zone)
