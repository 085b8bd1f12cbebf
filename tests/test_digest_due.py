"""When digests are due: over every IANA zone each period once, at the right local time; spread evenly and stably."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from zoneinfo import ZoneInfo, available_timezones

import pytest

from bot.digests.due import (
    MOST_MISSED,
    SPREAD,
    due_period,
    last_run,
    missed,
    next_look,
    next_run,
    period_from,
    spread,
)
from bot.insights.periods import ONE_DAY, local_day
from storage.records import Cadence, Digest, DigestState, Quiet

DST_ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "America/Santiago",
    "Asia/Gaza",
)


def digest(
    cadence: Cadence = Cadence.WEEKLY, weekday: int = 0, minute: int = 540, guild_id: int = 1, id_: int = 2
) -> Digest:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    rest = {"state": DigestState.ACTIVE, "next_run_at": at, "created_by": 1, "quiet": Quiet.LINE}
    return Digest(guild_id, id_, 1, None, cadence, weekday, minute, tag="", role_id=None, **rest)  # type: ignore[arg-type]


def runs(start: dt.datetime, end: dt.datetime, one: Digest, zone: str) -> Iterator[dt.datetime]:
    at = next_run(start, one, zone)
    while at < end:
        yield at
        at = next_run(at, one, zone)


def expected_wall(day: dt.date, minute: int, zone: ZoneInfo) -> dt.datetime:
    """The local time a digest should show, found the slow way: the first minute from it on that the zone has.

    Where the day has none, its last second.
    """
    wall = dt.datetime.combine(day, dt.time(minute // 60, minute % 60))
    while True:
        at = wall.replace(tzinfo=zone).astimezone(dt.UTC)
        if at.astimezone(zone).replace(tzinfo=None) == wall:
            last = (at - dt.timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
            return wall if wall.date() == day else last
        wall += dt.timedelta(minutes=1)


def check_zone(name: str, cadence: Cadence, minute: int, years: int) -> int:
    """Each period exactly once, in order and without a hole, each at its local time; returns how many there were."""
    zone, one = ZoneInfo(name), digest(cadence, weekday=minute % 7, minute=minute)
    start, end = dt.datetime(2024, 1, 10, 12, tzinfo=dt.UTC), dt.datetime(2024 + years, 1, 10, 12, tzinfo=dt.UTC)
    first_weekday = minute % 5
    before, count, previous = None, 0, start
    for at in runs(start, end, one, name):
        period = due_period(at, cadence, name, first_weekday)
        day = local_day(at, name)
        assert period == period_from(period.first, cadence, name)
        assert period.end <= day < period.end + period.length * ONE_DAY
        assert before is None or period.first == before.end, f"{name} {cadence} {at}: a hole or a repetition"
        wall = at.astimezone(zone).replace(tzinfo=None)
        if wall.time() != dt.time(minute // 60, minute % 60):  # only where the clocks skip it
            assert wall == expected_wall(day, minute, zone), f"{name} {cadence} {at}"
        assert wall.replace(tzinfo=zone).astimezone(dt.UTC) == at, "of a time that comes twice, the first"
        if count % 50 == 0:
            assert last_run(at, one, name) == at
            assert last_run(at - dt.timedelta(seconds=1), one, name) == (
                previous if count else last_run(start, one, name)
            )
        before, previous, count = period, at, count + 1
    days = (end - start).days
    usual = {Cadence.DAILY: days, Cadence.WEEKLY: days // 7, Cadence.MONTHLY: 12 * years}[cadence]
    assert abs(count - usual) <= 1
    return count


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.proof)])
def test_over_every_zone_each_period_comes_once_at_its_local_time(whole: bool) -> None:
    """Over ten years; or, for a start, over one year in some of the zones."""
    zones = sorted(available_timezones() - {"localtime"})
    rng = random.Random(5)
    if not whole:
        zones = [*DST_ZONES, *rng.sample(zones, 24 - len(DST_ZONES))]
    total = 0
    for name in zones:
        for cadence in Cadence:
            # One of the hours in which clocks change, and any other.
            for minute in (rng.choice((0, 30, 60, 90, 120, 150, 180)), rng.randrange(1440)):
                total += check_zone(name, cadence, minute, years=10 if whole else 1)
    print(f"{len(zones)} zones, {total:,} periods")  # noqa: T201


@pytest.mark.parametrize(
    ("zone", "minute", "after", "expected"),
    [
        pytest.param("Europe/Berlin", 150, "2026-03-28T12:00Z", "2026-03-29T01:00Z", id="gap: the first valid instant"),
        pytest.param("America/Nuuk", 1414, "2024-03-30T12:00Z", "2024-03-31T00:59:59Z", id="gap to midnight: that day"),
        pytest.param("Europe/Berlin", 150, "2026-10-24T12:00Z", "2026-10-25T00:30Z", id="twice: the first"),
        pytest.param("Europe/Berlin", 150, "2026-10-25T00:30Z", "2026-10-26T01:30Z", id="twice: once"),
        pytest.param("Africa/Cairo", 0, "2026-04-23T12:00Z", "2026-04-23T22:00Z", id="no midnight"),
        pytest.param("Asia/Kathmandu", 540, "2026-04-23T12:00Z", "2026-04-24T03:15Z", id="a quarter"),
    ],
)
def test_local_times_that_are_missing_or_come_twice(zone: str, minute: int, after: str, expected: str) -> None:
    at = next_run(dt.datetime.fromisoformat(after), digest(Cadence.DAILY, minute=minute), zone)
    assert at == dt.datetime.fromisoformat(expected)


def test_what_was_missed() -> None:
    start = dt.datetime(2026, 3, 23, 8, 0, tzinfo=dt.UTC)  # Monday 09:00 in Berlin
    one = digest()
    assert [at.day for at in missed(start, start + dt.timedelta(days=15), one, "Europe/Berlin")] == [23, 30, 6]
    assert missed(start, start, one, "Europe/Berlin") == []
    assert missed(start + dt.timedelta(hours=1), start, one, "Europe/Berlin") == []
    daily = digest(Cadence.DAILY)
    assert len(missed(start, start + dt.timedelta(days=400), daily, "Europe/Berlin")) == MOST_MISSED


def test_digests_are_spread_evenly_and_each_keeps_its_moment() -> None:
    found = [spread(digest(guild_id=1_000_000 + n)) for n in range(10_000)]
    assert found[:5] == [spread(digest(guild_id=1_000_000 + n)) for n in range(5)]
    minutes = [0] * 10
    for item in found:
        assert dt.timedelta() <= item < SPREAD
        minutes[int(item / SPREAD * 10)] += 1
    assert min(minutes) > 900
    assert max(minutes) < 1_100


def test_what_is_changed_within_the_spread_still_comes() -> None:
    one = digest()
    nine = dt.datetime(2026, 3, 23, 8, 0, tzinfo=dt.UTC)
    assert next_look(nine - dt.timedelta(hours=1), one, "Europe/Berlin") == nine + spread(one)
    assert next_look(nine + spread(one) / 2, one, "Europe/Berlin") == nine + spread(one)
    assert next_look(nine + spread(one), one, "Europe/Berlin") > nine + dt.timedelta(days=6)
