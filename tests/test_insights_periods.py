"""Periods, held against brute force over every zone of the database."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import re
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.insights.periods import (
    Calendar,
    Choice,
    Dates,
    Last,
    Named,
    Period,
    Since,
    Unit,
    add_months,
    begin_of,
    day_start,
    decode,
    encode,
    instant,
    is_zone,
    last_days,
    local_day,
    period_of,
    segments,
)

ZONES = sorted(available_timezones())
DATES = st.dates(dt.date(1995, 1, 1), dt.date(2035, 12, 31))
MOMENTS = st.integers(788_918_400, 2_082_758_400).map(lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC))
QUARTER = dt.timedelta(minutes=15)


@settings(max_examples=300)
@given(st.sampled_from(ZONES), st.dates(dt.date(1995, 1, 1), dt.date(2035, 12, 31)))
def test_days_tile_time_in_every_zone(zone: str, day: dt.date) -> None:
    start, end = day_start(day, zone), day_start(day + dt.timedelta(days=1), zone)
    assert start <= end
    if start < end:  # Samoa left out 2011-12-30 as a whole
        assert local_day(start, zone) == day
        assert local_day(end - dt.timedelta(seconds=1), zone) == day
        assert local_day(start - dt.timedelta(seconds=1), zone) < day


@settings(max_examples=300)
@given(st.sampled_from(ZONES), st.dates(dt.date(1995, 1, 1), dt.date(2035, 12, 31)), st.integers(0, 24 * 60 - 1))
def test_an_instant_is_the_first_valid_one_by_brute_force(zone: str, day: dt.date, minute: int) -> None:
    tz = ZoneInfo(zone)
    wall = dt.datetime.combine(day, dt.time(minute // 60, minute % 60))
    found = instant(day, wall.time(), zone)
    local = found.astimezone(tz).replace(tzinfo=None)
    assert local >= wall
    just_before = (found - dt.timedelta(seconds=1)).astimezone(tz).replace(tzinfo=None)
    assert just_before < wall


@pytest.mark.parametrize(
    ("zone", "day", "time", "expected"),
    [
        pytest.param("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:00Z", id="removed: first instant after"),
        pytest.param("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30Z", id="twice: the first"),
        pytest.param("Asia/Kathmandu", "2026-03-11", "00:00", "2026-03-10T18:15Z", id="+5:45"),
        pytest.param("Pacific/Chatham", "2026-01-10", "00:00", "2026-01-09T10:15Z", id="+13:45"),
        pytest.param("Africa/Cairo", "2026-04-24", "00:00", "2026-04-23T22:00Z", id="midnight removed"),
    ],
)
def test_instants_at_the_edges(zone: str, day: str, time: str, expected: str) -> None:
    found = instant(dt.date.fromisoformat(day), dt.time.fromisoformat(time), zone)
    assert found == dt.datetime.fromisoformat(expected)


def test_periods() -> None:
    now = dt.datetime(2026, 3, 11, 23, 30, tzinfo=dt.UTC)
    period = last_days(7, now, "Europe/Berlin")
    assert (period.first, period.last) == (dt.date(2026, 3, 6), dt.date(2026, 3, 12))
    assert period.is_unfinished(now)
    assert period.previous.end == period.first
    assert len(period.previous.days) == 7


@pytest.mark.parametrize(
    ("choice", "first", "last"),
    [
        (Named.TODAY, "2026-05-13", "2026-05-13"),
        (Named.YESTERDAY, "2026-05-12", "2026-05-12"),
        (Named.DAYS_7, "2026-05-07", "2026-05-13"),
        (Named.DAYS_28, "2026-04-16", "2026-05-13"),
        (Named.DAYS_90, "2026-02-13", "2026-05-13"),
        (Named.THIS_WEEK, "2026-05-11", "2026-05-13"),
        (Named.LAST_WEEK, "2026-05-04", "2026-05-10"),
        (Named.THIS_MONTH, "2026-05-01", "2026-05-13"),
        (Named.LAST_MONTH, "2026-04-01", "2026-04-30"),
        (Named.THIS_QUARTER, "2026-04-01", "2026-05-13"),
        (Named.LAST_QUARTER, "2026-01-01", "2026-03-31"),
        (Named.ALL, "2025-11-02", "2026-05-13"),
        (Dates(dt.date(2026, 1, 5), dt.date(2026, 1, 9)), "2026-01-05", "2026-01-09"),
        (Dates(dt.date(2026, 5, 1), dt.date(2026, 5, 31)), "2026-05-01", "2026-05-13"),
        (Named.THIS_YEAR, "2026-01-01", "2026-05-13"),
        (Named.LAST_YEAR, "2025-01-01", "2025-12-31"),
        (Last(14, Unit.DAY), "2026-04-30", "2026-05-13"),
        (Last(2, Unit.WEEK), "2026-04-30", "2026-05-13"),
        (Last(3, Unit.MONTH), "2026-02-14", "2026-05-13"),
        (Calendar(dt.date(2025, 11, 1), Unit.MONTH), "2025-11-01", "2025-11-30"),
        (Calendar(dt.date(2026, 4, 1), Unit.QUARTER), "2026-04-01", "2026-05-13"),
        (Calendar(dt.date(2024, 1, 1), Unit.YEAR), "2024-01-01", "2024-12-31"),
        (Since(dt.date(2026, 5, 1)), "2026-05-01", "2026-05-13"),
    ],
    ids=str,
)
def test_what_a_choice_means(choice: Choice, first: str, last: str) -> None:
    now = dt.datetime(2026, 5, 12, 23, 0, tzinfo=dt.UTC)  # Wednesday the 13th in Berlin
    period = period_of(choice, now, "Europe/Berlin", 0, dt.date(2025, 11, 2))
    assert (period.first, period.last) == (dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    assert period.is_unfinished(now) is (period.last == dt.date(2026, 5, 13))


def test_a_week_begins_when_the_server_says() -> None:
    now = dt.datetime(2026, 5, 13, 12, tzinfo=dt.UTC)
    sunday = period_of(Named.THIS_WEEK, now, "UTC", 6, None)
    assert (sunday.first, sunday.length) == (dt.date(2026, 5, 10), 4)
    assert period_of(Named.THIS_WEEK, now, "UTC", 2, None).length == 1
    assert period_of(Named.ALL, now, "UTC", 0, None).length == 1


def test_two_dates_are_in_order() -> None:
    with pytest.raises(ValueError, match="in order"):
        Dates(dt.date(2026, 1, 2), dt.date(2026, 1, 1))
    with pytest.raises(ValueError, match="in order"):
        Dates(dt.date(1, 1, 1), dt.date(2026, 1, 1))
    future = period_of(
        Dates(dt.date(2027, 1, 1), dt.date(2027, 1, 2)), dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "UTC", 0, None
    )
    assert (future.first, future.length) == (dt.date(2027, 1, 1), 2)


DATES = st.dates(dt.date(1970, 1, 1), dt.date(2999, 12, 31))
CHOICES: st.SearchStrategy[Choice] = st.one_of(
    st.sampled_from(Named),
    st.tuples(DATES, DATES).map(lambda days: Dates(min(days), max(days))),
    DATES.map(Since),
    st.builds(Last, st.integers(1, 120), st.sampled_from((Unit.DAY, Unit.WEEK, Unit.MONTH))).filter(
        lambda choice: encode(choice) not in list(Named)
    ),
    st.tuples(DATES, st.sampled_from((Unit.MONTH, Unit.QUARTER, Unit.YEAR))).map(
        lambda drawn: Calendar(begin_of(*drawn), drawn[1])
    ),
)


@given(CHOICES)
def test_every_choice_fits_a_button_and_is_read_back(choice: Choice) -> None:
    assert re.fullmatch(r"[0-9a-z.-]{1,12}", encode(choice))
    assert decode(encode(choice)) == choice


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0d",
        "9999d",
        "3y",
        "2026m13",
        "2026q5",
        "1969y",
        ".",
        ".fxyz",
        "FXYZ.fxyz",
        " fxyz.fxyz",
        "fxyz.fxy",
        "0.0",
        "zzzzzzz.zzzzzzz",
        "-1.2",
        "0fxyz.fxyz",
    ],
)
def test_what_is_no_choice_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the caller only needs to know that
        decode(text)


@settings(max_examples=300)
@given(st.sampled_from(Named), st.sampled_from(ZONES), MOMENTS, st.integers(0, 6))
def test_periods_follow_one_another(choice: Named, zone: str, now: dt.datetime, first_weekday: int) -> None:
    period = period_of(choice, now, zone, first_weekday, dt.date(2020, 2, 29))
    before = period.previous
    assert before.end <= period.first
    if period.months:
        assert add_months(before.first, period.months) == period.first
        assert period.length - before.length in range(-3, 4)
    else:
        assert (before.end, before.length) == (period.first, period.length)
        assert before.end_at == period.start_at
    assert len(period.days) == period.length >= 1
    assert local_day(now, zone) >= period.last
    assert period.is_unfinished(now) is (period.last == local_day(now, zone))


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"])
@pytest.mark.parametrize(
    ("choice", "first", "last"),
    [
        (Calendar(dt.date(2026, 11, 1), Unit.MONTH), "2026-10-01", "2026-10-31"),
        (Calendar(dt.date(2026, 3, 1), Unit.MONTH), "2026-02-01", "2026-02-28"),
        (Calendar(dt.date(2026, 2, 1), Unit.MONTH), "2026-01-01", "2026-01-31"),
        (Calendar(dt.date(2025, 7, 1), Unit.QUARTER), "2025-04-01", "2025-06-30"),
        (Calendar(dt.date(2024, 1, 1), Unit.YEAR), "2023-01-01", "2023-12-31"),
        (Named.LAST_MONTH, "2026-10-01", "2026-10-31"),
        (Named.LAST_YEAR, "2024-01-01", "2024-12-31"),
        (Named.THIS_MONTH, "2026-11-01", "2026-11-15"),
        (Named.THIS_QUARTER, "2026-07-01", "2026-09-15"),
        (Named.THIS_YEAR, "2025-01-01", "2025-12-15"),
        (Last(1, Unit.MONTH), "2026-10-16", "2026-11-15"),
        (Last(2, Unit.WEEK), "2026-11-18", "2026-12-01"),
        (Dates(dt.date(2026, 11, 1), dt.date(2026, 11, 30)), "2026-10-02", "2026-10-31"),
    ],
    ids=str,
)
def test_a_month_is_compared_with_the_month_before_and_a_year_with_the_year_before(
    choice: Choice, first: str, last: str, zone: str
) -> None:
    now = instant(dt.date(2026, 12, 15), dt.time(12), zone)
    before = period_of(choice, now, zone, 0, None).previous
    assert (before.first, before.last) == (dt.date.fromisoformat(first), dt.date.fromisoformat(last))


@settings(max_examples=300)
@given(st.sampled_from(ZONES), MOMENTS)
def test_today_is_compared_up_to_the_same_wall_clock_time(zone: str, now: dt.datetime) -> None:
    period = last_days(7, now, zone)
    found = period.so_far(now)
    assert found is not None
    start, end = found
    assert all(at.timestamp() % 900 == 0 for at in found)
    last = period.previous.last
    assert start == day_start(last, zone)
    assert start <= end <= day_start(last + dt.timedelta(days=1), zone)
    wall = now.astimezone(ZoneInfo(zone)).time()
    covered = instant(last, wall, zone)
    assert end - QUARTER < covered
    assert end >= min(covered, day_start(last + dt.timedelta(days=1), zone))
    assert period.previous.so_far(now) is None


def test_today_so_far_over_daylight_saving() -> None:
    now = dt.datetime(2026, 3, 30, 8, 3, tzinfo=dt.UTC)  # 10:03 in Berlin, the day after the clocks went forward
    found = period_of(Named.TODAY, now, "Europe/Berlin", 0, None).so_far(now)
    assert found == (dt.datetime(2026, 3, 28, 23, tzinfo=dt.UTC), dt.datetime(2026, 3, 29, 8, 15, tzinfo=dt.UTC))


def test_days_and_segments_are_exact_in_every_zone_around_its_changes() -> None:
    """Every zone, every day on which its offset changes within a sampled year and 2026, minute by minute."""
    rng = random.Random(7)
    seen = 0
    for zone in ZONES:
        tz = ZoneInfo(zone)
        assert is_zone(zone)
        for year in {rng.randrange(1996, 2037), 2026}:
            begin = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
            offsets = [(begin + dt.timedelta(hours=n)).astimezone(tz).utcoffset() for n in range(0, 8784, 24)]
            changes = [n for n in range(1, len(offsets)) if offsets[n] != offsets[n - 1]]
            for n in changes[:2]:
                around = begin + dt.timedelta(days=n)
                period = Period(around.date() - dt.timedelta(days=1), around.date() + dt.timedelta(days=2), zone)
                _hold_against_minutes(period, tz)
                seen += 1
    assert seen > 500


def _hold_against_minutes(period: Period, tz: ZoneInfo) -> None:
    found = segments(period)
    assert found[0].start == period.start_at
    assert found[-1].end == period.end_at
    for one, other in itertools.pairwise(found):
        assert one.end == other.start
        assert one.offset != other.offset
    for segment in found:
        for at in (segment.start, segment.end - dt.timedelta(seconds=1)):
            assert at.astimezone(tz).utcoffset() == segment.offset
    # The first quarter hour of each local date, looked for from the outside.
    firsts: dict[dt.date, dt.datetime] = {}
    at = dt.datetime.combine(period.first - dt.timedelta(days=2), dt.time(), dt.UTC)
    while at < period.end_at + dt.timedelta(days=1):
        firsts.setdefault(at.astimezone(tz).date(), at)
        at += QUARTER
    for day in period.days[1:]:
        if day in firsts:  # Samoa left out 2011-12-30 as a whole
            assert firsts[day] - QUARTER < day_start(day, period.zone) <= firsts[day]


@given(st.sampled_from(ZONES), DATES, st.integers(1, 400))
@settings(max_examples=200)
def test_segments_tile_a_period(zone: str, first: dt.date, days: int) -> None:
    period = Period(first, first + dt.timedelta(days=days), zone)
    found = segments(period)
    assert sum((s.end - s.start for s in found), dt.timedelta()) == period.end_at - period.start_at
    assert all(a.end == b.start for a, b in itertools.pairwise(found))
