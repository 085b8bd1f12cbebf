"""Periods, rates and summaries, held against independent sources."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from bot.insights.periods import day_start, instant, last_complete_week, last_days, local_day
from bot.insights.rates import Direction, Rate, change, wilson
from bot.insights.summary import Summary, by_clicks, most_resonant, summarise
from storage.records import BARE, PROFILE, Count, Figure, Kind, Post, UniqueCount

ZONES = sorted(available_timezones())
DAY = dt.date(2026, 3, 11)


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_wilson_agrees_with_statsmodels(successes: int, more: int) -> None:
    trials = successes + more
    low, high = proportion_confint(successes, trials, method="wilson")
    assert wilson(successes, trials) == pytest.approx((low, high), abs=1e-9)


def test_a_change_is_one_only_when_chance_does_not_explain_it() -> None:
    assert change(40, 0).direction is Direction.NEW
    assert change(0, 0).direction is Direction.NONE
    assert change(12, 10).direction is Direction.SAME
    assert change(1200, 1000).direction is Direction.UP
    assert change(800, 1000).direction is Direction.DOWN
    assert change(0, 1000).direction is Direction.DOWN
    assert change(0, 1).direction is Direction.SAME


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_change_never_points_the_wrong_way(now: int, before: int) -> None:
    moved = change(now, before)
    if moved.direction is Direction.UP:
        assert now > before
    if moved.direction is Direction.DOWN:
        assert now < before


def test_a_rate_over_one_is_shown_and_has_an_interval() -> None:
    rate = Rate(30, 10)
    assert rate.value == 3
    assert rate.interval[0] < 3 < rate.interval[1]


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
    week = last_complete_week(now, "UTC", 0)
    assert (week.first, week.last) == (dt.date(2026, 3, 2), dt.date(2026, 3, 8))
    assert last_complete_week(now, "UTC", 6).first == dt.date(2026, 3, 1)


def _post(post_id: int, *, days_ago: int, link_id: int | None = 1) -> Post:
    made = dt.datetime(2026, 3, 11, tzinfo=dt.UTC) - dt.timedelta(days=days_ago)
    return Post(1, post_id, 5, link_id, "ig1", "instagram", "story", 5, made)


def _figure(post_id: int, value: int, *, days_ago: int) -> Figure:
    at = dt.datetime(2026, 3, 11, 6, tzinfo=dt.UTC) - dt.timedelta(days=days_ago)
    return Figure(1, value, post_id, "impressions", value, at, 5, at)


def _summary(counts: list[Count], posts: list[Post], figures: list[Figure]) -> Summary:
    period = last_days(7, dt.datetime(2026, 3, 11, 12, tzinfo=dt.UTC), "UTC")
    by_post: dict[int, list[Figure]] = {}
    for figure in figures:
        by_post.setdefault(figure.post_id, []).append(figure)
    return summarise(period, counts, [UniqueCount(1, DAY, 3)], posts, by_post)


def test_ctr_is_formed_only_where_both_sides_are_known() -> None:
    found = _summary(
        [
            Count(1, BARE, Kind.CLICK, 50, DAY),  # no impressions: left out
            Count(1, PROFILE, Kind.CLICK, 10, DAY),
            Count(1, PROFILE, Kind.IMPRESSION, 100, DAY),
            Count(1, 7, Kind.CLICK, 20, DAY),
        ],
        [_post(7, days_ago=3), _post(8, days_ago=3)],
        [_figure(7, 1000, days_ago=1)],
    )
    assert found.clicks == 80
    assert found.ctr == Rate(30, 1100)
    assert (found.ctr_places, found.places) == (2, 3)
    assert (found.measured, found.reported, found.impressions) == (100, 1000, 1100)


def test_a_reported_figure_stands_for_the_measured_one_and_is_never_added() -> None:
    found = _summary([Count(1, 7, Kind.IMPRESSION, 40, DAY)], [_post(7, days_ago=3)], [_figure(7, 1000, days_ago=1)])
    assert (found.measured, found.reported, found.impressions) == (40, 1000, 1000)


def test_lifetime_totals_count_by_their_growth() -> None:
    figures = [_figure(7, 20_000, days_ago=3), _figure(7, 25_000, days_ago=1)]
    assert _summary([], [_post(7, days_ago=5)], figures).reported == 25_000
    early = [_figure(7, 20_000, days_ago=10), _figure(7, 25_000, days_ago=1)]
    found = _summary([Count(1, 7, Kind.CLICK, 9, DAY)], [_post(7, days_ago=30)], early)
    assert found.reported == 5_000
    assert found.ctr is None  # the growth began before the period
    assert [post.id for post in found.lifetime] == [7]


def test_a_post_noted_with_its_figure_has_no_ctr_of_zero() -> None:
    made = dt.datetime(2026, 3, 10, 6, tzinfo=dt.UTC)
    post = Post(1, 7, 5, 1, "ig1", "instagram", "story", 5, made)
    found = _summary([], [post], [Figure(1, 1, 7, "impressions", 20_000, made, 5, made)])
    assert found.reported == 20_000
    assert found.ctr is None


def test_best_day_and_rankings() -> None:
    earlier = DAY - dt.timedelta(days=1)
    found = _summary([Count(1, BARE, Kind.CLICK, 5, DAY), Count(1, BARE, Kind.CLICK, 9, earlier)], [], [])
    assert found.best_day is not None
    assert (found.best_day.day, found.best_day.count) == (earlier, 9)
    one_of_one = _summary([Count(1, PROFILE, k, 1, DAY) for k in Kind], [], [])
    many = _summary([Count(2, PROFILE, Kind.CLICK, 480, DAY), Count(2, PROFILE, Kind.IMPRESSION, 10_000, DAY)], [], [])
    best = most_resonant({1: one_of_one, 2: many})
    assert best is not None
    assert best.link_id == 2
    assert most_resonant({1: one_of_one}) is None
    assert [ranked.link_id for ranked in by_clicks({1: one_of_one, 2: many})] == [2, 1]


@given(
    st.lists(
        st.tuples(st.sampled_from([BARE, PROFILE, 7, 8]), st.sampled_from(list(Kind)), st.integers(1, 500)), max_size=20
    )
)
def test_totals_equal_what_went_in(rows: list[tuple[int, Kind, int]]) -> None:
    found = _summary([Count(1, place, kind, n, DAY) for place, kind, n in rows], [], [])
    assert found.clicks == sum(n for _place, kind, n in rows if kind is Kind.CLICK) == sum(found.clicks_by_day)
    assert found.impressions == sum(n for _place, kind, n in rows if kind is Kind.IMPRESSION)
    if found.ctr is not None:
        assert found.ctr.clicks <= found.clicks
        assert found.ctr_places <= found.places
