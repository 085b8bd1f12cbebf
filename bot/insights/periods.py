"""Periods: half-open ranges of local days in a server's zone, exact over daylight-saving changes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo, available_timezones

ONE_DAY = dt.timedelta(days=1)


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
    low = int(wall.replace(fold=1).astimezone(dt.UTC).timestamp())
    high = int(found.timestamp())
    before = dt.datetime.fromtimestamp(low, tz).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if dt.datetime.fromtimestamp(middle, tz).utcoffset() == before:
            low = middle
        else:
            high = middle
    return dt.datetime.fromtimestamp(high, dt.UTC)


def day_start(day: dt.date, zone: str) -> dt.datetime:
    """The first instant of a local day."""
    return instant(day, dt.time(), zone)


def local_day(at: dt.datetime, zone: str) -> dt.date:
    """The local date at an instant."""
    return at.astimezone(ZoneInfo(zone)).date()


def is_zone(name: str) -> bool:
    """Whether the name is one of the IANA zones that are known here."""
    return name in available_timezones()


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
    def days(self) -> tuple[dt.date, ...]:
        return tuple(self.first + dt.timedelta(days=n) for n in range((self.end - self.first).days))

    @property
    def previous(self) -> Period:
        """As many days, ending where this one begins."""
        return Period(self.first - (self.end - self.first), self.first, self.zone)

    def contains(self, at: dt.datetime) -> bool:
        return self.start_at <= at < self.end_at

    def is_unfinished(self, now: dt.datetime) -> bool:
        return now < self.end_at


def last_days(count: int, now: dt.datetime, zone: str) -> Period:
    """The last `count` local days, today (unfinished) among them."""
    today = local_day(now, zone)
    return Period(today - dt.timedelta(days=count - 1), today + ONE_DAY, zone)


def last_complete_week(now: dt.datetime, zone: str, first_weekday: int) -> Period:
    """The latest full week that is over; weeks begin on `first_weekday` (0 is Monday)."""
    today = local_day(now, zone)
    end = today - dt.timedelta(days=(today.weekday() - first_weekday) % 7)
    return Period(end - 7 * ONE_DAY, end, zone)
