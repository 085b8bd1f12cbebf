"""Rates and summaries, held against independent sources."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from bot.insights.growth import told_of
from bot.insights.noise import Dispersion
from bot.insights.periods import last_days
from bot.insights.rates import Direction, Rate, change, is_above, rate_interval, ratio_interval, wilson
from bot.insights.summary import (
    Engagement,
    Part,
    PlaceSummary,
    Summary,
    comparable,
    summarise,
    window_of,
)
from bot.insights.tally import (
    Tally,
    by_ctr,
    by_engagement,
    by_link,
    by_post,
    most_clicks,
    most_displays,
)
from storage.records import BARE, PROFILE, VIEWS, DayCount, Figure, Kind, PlaceKey, Post
from tests.summed import lifetime_total

DAY = dt.date(2026, 3, 9)
NOW = dt.datetime(2026, 3, 11, 12, tzinfo=dt.UTC)


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_wilson_agrees_with_statsmodels(successes: int, more: int) -> None:
    trials = successes + more
    low, high = proportion_confint(successes, trials, method="wilson")
    assert wilson(successes, trials) == pytest.approx((low, high), abs=1e-9)


def test_a_change_is_one_only_when_chance_does_not_explain_it() -> None:
    assert change(40, 0).direction is Direction.NEW
    assert change(0, 0).direction is Direction.NONE
    calm = Dispersion(1)
    assert change(12, 10, calm).direction is Direction.SAME
    assert change(1200, 1000, calm).direction is Direction.UP
    assert change(1200, 1000).direction is Direction.SAME, "nothing is known of how its days differ"
    assert change(800, 1000, calm).direction is Direction.DOWN
    assert change(0, 1000).direction is Direction.DOWN
    assert change(0, 1).direction is Direction.SAME


def test_as_much_in_a_longer_time_is_no_rise() -> None:
    calm = Dispersion(1)
    assert change(31_000, 28_000, calm).direction is Direction.UP
    assert change(31_000, 28_000, calm, share=31 / 59).direction is Direction.SAME
    assert change(29_000, 28_000, calm, share=31 / 59).direction is Direction.SAME, "less a day, yet more"
    assert change(28_000, 28_000, calm, share=31 / 59).direction is Direction.SAME


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


def test_the_ratio_of_two_rates_says_whether_chance_explains_it() -> None:
    def rate(clicks: int, shown: int = 1000) -> Rate:
        return Rate(clicks, shown, Dispersion(1))

    assert ratio_interval(rate(48), rate(45))[0] < 1 < ratio_interval(rate(48), rate(45))[1]
    assert ratio_interval(rate(80), rate(40))[0] > 1
    assert ratio_interval(rate(40), rate(80))[1] < 1
    assert ratio_interval(rate(300, 100), rate(100, 100))[0] > 1
    assert ratio_interval(Rate(80, 1000), Rate(40, 1000))[0] < 1, "nothing is known of how they vary"
    assert is_above(rate(80), rate(40))
    assert not is_above(rate(40), rate(80))
    assert not is_above(Rate(80, 1000), Rate(40, 1000))


@given(st.integers(0, 2000), st.sampled_from([1.0, 1.5, 3.0, 10.0]))
def test_the_interval_of_a_rate_has_the_means_that_bring_as_much(events: int, phi: float) -> None:
    """Against scipy's negative binomial: at each end, what was seen or less (or more) comes in some 2.5 % of cases."""
    low, high = rate_interval(events, 1, Dispersion(phi))

    def below(count: int, mean: float) -> float:
        return float(stats.poisson.cdf(count, mean) if phi == 1 else stats.nbinom.cdf(count, mean / (phi - 1), 1 / phi))

    assert 0.015 <= below(events, high) <= 0.035
    assert low == 0 if events == 0 else 0.01 <= 1 - below(events - 1, low) <= (0.04 if events >= 10 else 0.08)


@given(st.integers(20, 1000), st.floats(1, 100))
def test_the_interval_of_a_rate_passes_one_without_a_jump(shown: int, phi: float) -> None:
    (low, high), (low_after, high_after) = (rate_interval(n, shown, Dispersion(phi)) for n in (shown, shown + 1))
    assert low <= 1 <= high
    assert low <= low_after <= low + 4 / shown
    assert high <= high_after <= high + 4 / shown


@given(*[st.integers(1, 500)] * 4)
def test_the_ratio_of_two_rates_lies_within_its_interval(
    clicks: int, shown: int, before: int, shown_before: int
) -> None:
    now, then = Rate(clicks, shown), Rate(before, shown_before)
    low, high = ratio_interval(now, then)
    ratio = now.value / then.value
    assert low <= ratio * (1 + 1e-9)
    assert ratio <= high * (1 + 1e-9)


def _post(post_id: int, *, days_ago: int, link_id: int | None = 1) -> Post:
    made = dt.datetime(2026, 3, 11, tzinfo=dt.UTC) - dt.timedelta(days=days_ago)
    return Post(1, post_id, 5, link_id, "ig1", "instagram", "story", 5, made)


def _figure(post_id: int, value: int, *, days_ago: int, metric: str = "impressions") -> Figure:
    at = dt.datetime(2026, 3, 11, 6, tzinfo=dt.UTC) - dt.timedelta(days=days_ago)
    return Figure(1, value, post_id, metric, value, at, 5, at)


class Count(NamedTuple):
    link_id: int
    place_id: int
    kind: Kind
    n: int
    day: dt.date = DAY

    @property
    def at(self) -> dt.datetime:
        return dt.datetime.combine(self.day, dt.time(9), dt.UTC)


def _summary(counts: list[Count], posts: list[Post], figures: list[Figure]) -> Summary:
    period = last_days(7, NOW, "UTC")
    told = [told_of(post, [figure for figure in figures if figure.post_id == post.id]) for post in posts]

    def clicks(post_id: int, start: dt.datetime, end: dt.datetime) -> int:
        own = (one for one in counts if one.place_id == post_id and one.kind is Kind.CLICK)
        return sum(one.n for one in own if start <= one.at < end)

    by_day = [DayCount(count.day, count.kind, count.n) for count in counts]
    by_place = Counter[PlaceKey]()
    for link_id, place_id, kind, n, _day in counts:
        by_place[link_id, place_id, kind] += n
    return summarise(window_of(period, NOW), by_place, by_day, 3, told, clicks)


def test_ctr_is_formed_only_where_both_sides_are_known() -> None:
    found = _summary(
        [
            Count(1, BARE, Kind.CLICK, 50),  # no impressions: left out
            Count(1, PROFILE, Kind.CLICK, 10),
            Count(1, PROFILE, Kind.IMPRESSION, 100),
            Count(1, 7, Kind.CLICK, 20),
        ],
        [_post(7, days_ago=3), _post(8, days_ago=3)],
        [_figure(7, 1000, days_ago=1)],
    )
    assert found.clicks == 80
    read_on = dt.date(2026, 3, 10)
    assert found.ctr == Rate(30, 1100, as_of=(read_on, read_on))
    assert (found.ctr_places, found.places) == (2, 3)
    assert (found.measured, found.reported, found.displays) == (100, 1000, 1100)


def test_a_reported_figure_stands_for_the_measured_one_and_is_never_added() -> None:
    found = _summary([Count(1, 7, Kind.IMPRESSION, 40)], [_post(7, days_ago=3)], [_figure(7, 1000, days_ago=1)])
    assert (found.measured, found.reported, found.displays) == (40, 1000, 1000)


def test_the_display_count_of_a_post_is_its_platforms_own() -> None:
    told = [
        _figure(7, 9_000, days_ago=2, metric="views"),
        _figure(7, 5_000, days_ago=2),
        _figure(7, 70, days_ago=1, metric="reach"),
    ]
    found = _summary([], [_post(7, days_ago=5)], told)
    assert (found.reported, found.displays, found.parts) == (9_000, 9_000, [Part(VIEWS, "instagram", 9_000)])
    on_x = _summary([], [_kind(_post(7, days_ago=5), "x", "post")], told)
    assert (on_x.displays, on_x.parts) == (5_000, [Part("impressions", "", 5_000)])
    old = _summary([], [_post(7, days_ago=5)], told[1:])
    assert old.parts == [Part("impressions", "", 5_000)], "the other word where only that is known"
    assert (lifetime_total(told), lifetime_total(told, "views"), lifetime_total(told, "likes")) == (5_000, 9_000, None)


def _kind(post: Post, platform: str, kind: str) -> Post:
    return dataclasses.replace(post, platform=platform, kind=kind)


def test_each_post_is_in_the_displays_once_under_its_platforms_word() -> None:
    posts = [
        _post(7, days_ago=3),
        _kind(_post(8, days_ago=3), "linkedin", "post"),
        _kind(_post(9, days_ago=3), "tiktok", "video"),
    ]
    told = [
        _figure(7, 1000, days_ago=1),
        _figure(7, 4000, days_ago=1, metric="views"),
        _figure(8, 500, days_ago=1),
        _figure(8, 40, days_ago=1, metric="likes"),
        _figure(9, 900, days_ago=1, metric="views"),
        _figure(9, 90, days_ago=1, metric="likes"),
    ]
    clicks = [Count(1, 7, Kind.CLICK, 20), Count(1, 8, Kind.CLICK, 5), Count(1, 9, Kind.CLICK, 3)]
    found = _summary([*clicks, Count(1, BARE, Kind.IMPRESSION, 60)], posts, told)
    assert found.displays == 4000 + 500 + 900 + 60
    assert found.parts == [Part(VIEWS, "instagram", 4000), Part(VIEWS, "tiktok", 900), Part("impressions", "", 560)]
    assert found.ctr is not None
    assert (found.ctr.clicks, found.ctr.displays, found.ctr_places) == (25, 4560, 3), "9 has its link in the bio"
    assert found.in_bio == 1
    assert found.engagement is not None
    assert (found.engagement.clicks, found.engagement.reactions, found.engagement.displays) == (8, 130, 1400)
    assert (found.engagement.posts, found.engagement.of) == (2, 3)
    tallies = by_post(found.by_place)
    assert (tallies[9].ctr, tallies[9].in_bio) == (None, True)
    assert by_ctr(tallies).order == (8, 7), "5 of 500, 20 of 4,000"
    assert by_engagement(tallies).order == (9, 8), "93 of 900, 45 of 500"


def test_a_post_with_its_link_in_the_bio_has_no_ctr_of_zero() -> None:
    reel = _kind(_post(7, days_ago=3), "instagram", "reel")
    found = _summary([], [reel], [_figure(7, 20_000, days_ago=1), _figure(7, 500, days_ago=1, metric="likes")])
    assert (found.displays, found.ctr, found.in_bio) == (20_000, None, 1)
    assert found.engagement is not None
    assert found.engagement.value == 500 / 20_000


def test_a_moved_post_has_a_ctr_only_from_the_move_on() -> None:
    at = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
    moved = dataclasses.replace(_post(7, days_ago=5), moved_at=at)
    clicks = [Count(1, 7, Kind.CLICK, 9)]
    assert _summary(clicks, [moved], [_figure(7, 900, days_ago=1)]).ctr is None
    later = dataclasses.replace(moved, published_at=at + dt.timedelta(hours=1))
    found = _summary(clicks, [later], [_figure(7, 900, days_ago=1)]).ctr
    assert found is not None
    assert (found.clicks, found.displays) == (9, 900)


@given(
    st.dictionaries(
        st.tuples(st.sampled_from([7, 8, 9]), st.sampled_from(["impressions", "views", "likes", "saves"])),
        st.integers(0, 5000),
    ),
    st.sampled_from(["story", "reel"]),
)
def test_no_post_is_in_the_displays_twice(told: dict[tuple[int, str], int], kind: str) -> None:
    posts = [_kind(_post(id_, days_ago=3), "instagram", kind) for id_ in (7, 8, 9)]
    figures = [_figure(id_, n, days_ago=1, metric=metric) for (id_, metric), n in told.items()]
    found = _summary([Count(1, 7, Kind.CLICK, 4)], posts, figures)
    shown = {id_: told.get((id_, "views"), told.get((id_, "impressions"), 0)) for id_ in (7, 8, 9)}
    assert found.displays == sum(part.count for part in found.parts) == sum(shown.values())
    if kind == "reel":
        assert found.ctr is None
    if found.ctr is not None:
        assert found.ctr.displays <= found.displays


def test_engagement_is_formed_over_posts_with_both_sides_and_says_over_how_many() -> None:
    found = _summary(
        [Count(1, 7, Kind.CLICK, 20), Count(1, 8, Kind.CLICK, 5), Count(1, BARE, Kind.CLICK, 3)],
        [_post(7, days_ago=3), _post(8, days_ago=3), _post(9, days_ago=60), _post(10, days_ago=3, link_id=None)],
        [
            _figure(7, 1000, days_ago=1),
            _figure(7, 50, days_ago=1, metric="likes"),
            _figure(7, 10, days_ago=1, metric="saves"),
            _figure(8, 40, days_ago=1, metric="likes"),  # no impressions
            _figure(9, 100, days_ago=20, metric="likes"),
            _figure(9, 140, days_ago=19, metric="likes"),  # all before the period, as its displays are
            _figure(9, 900, days_ago=19),
            _figure(10, 500, days_ago=1),
            _figure(10, 30, days_ago=1, metric="comments"),
        ],
    )
    read_on = dt.date(2026, 3, 10)
    assert found.engagement == Engagement(20, 90, displays=1500, posts=2, of=3, as_of=(read_on, read_on))
    assert found.engagement is not None
    assert found.engagement.value == pytest.approx(110 / 1500)
    assert found.engagement.interval == rate_interval(110, 1500)
    assert _summary([Count(1, 7, Kind.CLICK, 20)], [_post(7, days_ago=3)], []).engagement is None


def test_an_engagement_over_one_has_an_interval() -> None:
    assert Engagement(10, 30, 10, 1, 1).interval == rate_interval(40, 10)
    assert Engagement(10, 30, 10, 1, 1).value == 4


def test_viewable_impressions_are_a_part_of_the_measured_ones() -> None:
    found = _summary([Count(1, 7, Kind.IMPRESSION, 20), Count(1, 7, Kind.VIEWABLE, 5)], [], [])
    (place,) = found.by_place
    assert (place.measured, place.viewable, place.displays) == (25, 5, 25)


def test_every_place_has_its_own_numbers() -> None:
    counts = [Count(1, 7, Kind.CLICK, 20), Count(1, 7, Kind.IMPRESSION, 40), Count(1, BARE, Kind.CLICK, 3)]
    found = _summary(counts, [_post(7, days_ago=3)], [_figure(7, 1000, days_ago=1)])
    read_on = dt.date(2026, 3, 10)
    assert set(found.by_place) == {
        PlaceSummary(1, 7, 20, 1000, 40, 1000, Rate(20, 1000, as_of=(read_on, read_on)), platform="instagram"),
        PlaceSummary(1, BARE, 3, 0, 0, 0, None),
    }


def test_an_unfinished_period_is_compared_with_as_much_of_the_one_before() -> None:
    bare, post, seen = (1, BARE, "click"), (1, 7, "click"), (1, BARE, "impression")
    whole = {bare: 70, post: 5, seen: 9}
    last_day = {bare: 30, post: 5}
    assert comparable(whole, last_day, {bare: 12}) == {bare: 52, seen: 9}
    assert comparable(whole, last_day, last_day) == whole


def test_a_post_noted_with_its_figure_has_no_ctr_of_zero() -> None:
    made = dt.datetime(2026, 3, 10, 6, tzinfo=dt.UTC)
    post = Post(1, 7, 5, 1, "ig1", "instagram", "story", 5, made)
    found = _summary([], [post], [Figure(1, 1, 7, "impressions", 20_000, made, 5, made)])
    assert found.reported == 20_000
    assert found.ctr is None


def test_best_day_and_rankings() -> None:
    earlier = DAY - dt.timedelta(days=1)
    found = _summary([Count(1, BARE, Kind.CLICK, 5), Count(1, BARE, Kind.CLICK, 9, earlier)], [], [])
    assert found.best_day is not None
    assert (found.best_day.day, found.best_day.count) == (earlier, 9)
    lucky = [Count(1, PROFILE, kind, 1) for kind in (Kind.CLICK, Kind.VIEWABLE, Kind.VIEW)]
    many = [Count(2, PROFILE, Kind.CLICK, 480), Count(2, PROFILE, Kind.IMPRESSION, 10_000)]
    tallies = by_link(_summary([*lucky, *many, Count(2, BARE, Kind.CLICK, 20)], [], []).by_place)
    assert tallies == {
        1: Tally(1, 1, Rate(1, 1), [Part("impressions", "", 1)], rated=1),
        2: Tally(500, 10_000, Rate(480, 10_000), [Part("impressions", "", 10_000)], rated=1, places=2),
    }
    assert by_ctr(tallies).best == 2
    assert by_ctr({1: tallies[1]}).best is None
    assert most_clicks(tallies) == most_displays(tallies) == [2, 1]


@given(
    st.lists(
        st.tuples(st.sampled_from([BARE, PROFILE, 7, 8]), st.sampled_from(list(Kind)), st.integers(1, 500)), max_size=20
    )
)
def test_totals_equal_what_went_in(rows: list[tuple[int, Kind, int]]) -> None:
    found = _summary([Count(1, place, kind, n) for place, kind, n in rows], [], [])
    assert found.clicks == sum(n for _place, kind, n in rows if kind is Kind.CLICK) == sum(found.clicks_by_day)
    assert found.displays == sum(n for _place, kind, n in rows if kind.metric is Kind.IMPRESSION)
    if found.ctr is not None:
        assert found.ctr.clicks <= found.clicks
        assert found.ctr_places <= found.places


@given(
    st.lists(
        st.tuples(st.sampled_from([BARE, 7, 8, 9]), st.sampled_from(list(Kind)), st.integers(1, 500)), max_size=12
    ),
    st.dictionaries(st.sampled_from([7, 8, 9]), st.integers(1, 5000)),
)
def test_displays_are_the_reported_or_the_measured_of_each_post(
    rows: list[tuple[int, Kind, int]], told: dict[int, int]
) -> None:
    posts = [_post(id_, days_ago=3) for id_ in (7, 8, 9)]
    figures = [_figure(id_, n, days_ago=1) for id_, n in told.items()]
    found = _summary([Count(1, place, kind, n) for place, kind, n in rows], posts, figures)
    measured = {
        place: sum(n for where, kind, n in rows if where == place and kind.metric is Kind.IMPRESSION)
        for place in (BARE, 7, 8, 9)
    }
    assert found.displays == sum(told.get(place, n) for place, n in measured.items())
    assert (found.measured, found.reported) == (sum(measured.values()), sum(told.values()))
    assert sum(place.clicks for place in found.by_place) == found.clicks
    assert sum(place.displays for place in found.by_place) == found.displays
    rated = [place for place in found.by_place if place.rate is not None]
    assert found.ctr_places == len(rated)
    assert found.ctr is None or found.ctr.displays == sum(place.displays for place in rated)
