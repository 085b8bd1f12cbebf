"""Periods: half-open ranges of local days in a server's zone, exact over daylight-saving changes."""

from __future__ import annotations

import datetime as dt
import string
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from storage.records import Segment

ONE_DAY = dt.timedelta(days=1)
QUARTER = dt.timedelta(minutes=15)
EARLIEST, LATEST = dt.date(1970, 1, 1), dt.date(2999, 12, 31)
"""What two dates of a period may be: everything that is computed from them stays a date."""


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

    @property
    def start_at(self) -> dt.datetime:
        return day_start(self.first, self.zone)

    @property
    def end_at(self) -> dt.datetime:
        return day_start(self.end, self.zone)

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
        """As many days, ending where this one begins."""
        return Period(self.first - (self.end - self.first), self.first, self.zone)

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
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Dates:
    """Two local dates, both within the period; ValueError when they are the wrong way round or out of range."""

    first: dt.date
    last: dt.date

    def __post_init__(self) -> None:
        if not EARLIEST <= self.first <= self.last <= LATEST:
            raise ValueError(f"not two dates in order from {EARLIEST} to {LATEST}: {self.first}, {self.last}")


Choice = Named | Dates


def period_of(choice: Choice, now: dt.datetime, zone: str, first_weekday: int, since: dt.date | None) -> Period:
    """The local days that a choice means at `now`; weeks begin on `first_weekday` (0 is Monday).

    What still runs goes up to today, today among it. `since` is the first local day with any count, where `ALL`
    begins: today when there is none. Two dates that both lie in the future stay as they are.
    """
    today = local_day(now, zone)
    month = today.replace(day=1)
    quarter = dt.date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    week = today - (today.weekday() - first_weekday) % 7 * ONE_DAY
    first, end = today, today + ONE_DAY
    match choice:
        case Dates():
            first = choice.first
            end = choice.last + ONE_DAY if first > today else min(choice.last + ONE_DAY, end)
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
        case Named.THIS_MONTH:
            first = month
        case Named.LAST_MONTH:
            first, end = (month - ONE_DAY).replace(day=1), month
        case Named.THIS_QUARTER:
            first = quarter
        case Named.LAST_QUARTER:
            before = quarter - ONE_DAY
            first, end = dt.date(before.year, before.month - 2, 1), quarter
        case Named.ALL:
            first = today if since is None else min(since, today)
    return Period(first, end, zone)


_DIGITS = string.digits + string.ascii_lowercase


def encode(choice: Choice) -> str:
    """A choice for a button's id: its name, or two day numbers to base 36; at most 12 characters of [0-9a-z.]."""
    if isinstance(choice, Named):
        return choice.value
    return f"{_base36(choice.first.toordinal())}.{_base36(choice.last.toordinal())}"


def decode(text: str) -> Choice:
    """The choice that `encode` wrote; ValueError for anything else."""
    first, dot, last = text.partition(".")
    if not dot:
        return Named(text)
    try:
        choice = Dates(dt.date.fromordinal(int(first, 36)), dt.date.fromordinal(int(last, 36)))
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


def last_days(count: int, now: dt.datetime, zone: str) -> Period:
    """The last `count` local days, today (unfinished) among them."""
    today = local_day(now, zone)
    return Period(today - dt.timedelta(days=count - 1), today + ONE_DAY, zone)
