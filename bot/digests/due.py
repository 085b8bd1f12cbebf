"""When a digest is due. Pure functions of the cadence, the local time and the zone."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator

from bot.insights.periods import ONE_DAY, Named, Period, day_start, instant, local_day, period_of
from storage.records import Cadence, Digest

LATEST = dt.timedelta(hours=36)
"""A digest missed by more than this is skipped, visibly."""
SPREAD = dt.timedelta(minutes=10)
"""Digests come up to this much after their local time, each server's always at the same moment."""
MOST_MISSED = 31
SECOND = dt.timedelta(seconds=1)
SHORTEST = {
    Cadence.DAILY: dt.timedelta(days=1),
    Cadence.WEEKLY: dt.timedelta(days=7),
    Cadence.MONTHLY: dt.timedelta(days=28),
}
"""A digest that comes next later than this from now may have been put off by a clock that has stepped back."""
_COVERED = {Cadence.DAILY: Named.YESTERDAY, Cadence.WEEKLY: Named.LAST_WEEK, Cadence.MONTHLY: Named.LAST_MONTH}


def _runs(day: dt.date, step: int, digest: Digest, zone: str) -> Iterator[dt.datetime]:
    """The instants of the digest from a local day on, forwards (`step` 1) or backwards (-1)."""
    time = dt.time(digest.minute // 60, digest.minute % 60)
    while True:
        if (
            digest.cadence is Cadence.DAILY
            or (digest.cadence is Cadence.WEEKLY and day.weekday() == digest.weekday)
            or (digest.cadence is Cadence.MONTHLY and day.day == 1)
        ):
            # A gap that reaches to midnight, as in Nuuk, would put it off to the next day, and past a period.
            yield min(instant(day, time, zone), day_start(day + ONE_DAY, zone) - SECOND)
        day += step * ONE_DAY


def next_run(after: dt.datetime, digest: Digest, zone: str) -> dt.datetime:
    """The first instant after `after` at which the local clock shows the digest's day and time.

    A local time that daylight saving removed moves to the first valid instant, or to the day's last second where that
    is on the next day; one that comes twice counts once.
    """
    return next(at for at in _runs(local_day(after, zone) - ONE_DAY, 1, digest, zone) if at > after)


def last_run(at: dt.datetime, digest: Digest, zone: str) -> dt.datetime:
    """The latest of those instants that is not after `at`."""
    return next(run for run in _runs(local_day(at, zone) + ONE_DAY, -1, digest, zone) if run <= at)


def due_period(due_at: dt.datetime, cadence: Cadence, zone: str, first_weekday: int) -> Period:
    """What a digest due at `due_at` tells of: the day, week or month before it, the last one that was over by then."""
    return period_of(_COVERED[cadence], due_at, zone, first_weekday, None)


def period_from(first: dt.date, cadence: Cadence, zone: str) -> Period:
    """The period of that cadence that begins on a local day."""
    match cadence:
        case Cadence.DAILY:
            end = first + ONE_DAY
        case Cadence.WEEKLY:
            end = first + 7 * ONE_DAY
        case Cadence.MONTHLY:
            end = (first + 31 * ONE_DAY).replace(day=1)
    return Period(first, end, zone, 1 if cadence is Cadence.MONTHLY else 0)


def missed(since: dt.datetime, until: dt.datetime, digest: Digest, zone: str) -> list[dt.datetime]:
    """The instants in [since, until) at which the digest should have gone out, oldest first; the latest 31."""
    found: list[dt.datetime] = []
    at = last_run(until - dt.timedelta(milliseconds=1), digest, zone) if since < until else since
    while since <= at < until and len(found) < MOST_MISSED:
        found.append(at)
        at = last_run(at - dt.timedelta(milliseconds=1), digest, zone)
    return found[::-1]


def spread(digest: Digest) -> dt.timedelta:
    """How long after its local time a digest comes, in [0, SPREAD): by its ids, so always the same."""
    key = hashlib.sha256(f"{digest.guild_id}:{digest.id}".encode()).digest()
    return dt.timedelta(milliseconds=int.from_bytes(key[:6], "big") * (SPREAD // dt.timedelta(milliseconds=1)) >> 48)


def next_look(now: dt.datetime, digest: Digest, zone: str) -> dt.datetime:
    """When the digest comes next, spread and all."""
    return next_run(now - spread(digest), digest, zone) + spread(digest)
