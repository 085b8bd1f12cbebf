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

from bot.insights.noise import Dispersion
from bot.insights.periods import last_days
from bot.insights.rates import Direction, Rate, change, is_above, rate_interval, ratio_interval, wilson
from bot.insights.summary import (
    Engagement,
    PlaceSummary,
    Summary,
    comparable,
    lifetime_total,
    summarise,
)
from bot.insights.tally import (
    Tally,
    by_ctr,
    by_engagement,
    by_link,
    by_post,
    most_clicks,
    most_impressions,
    most_resonant,
)
from storage.records import BARE, PROFILE, DayCount, Figure, Kind, PlaceKey, Post

DAY = dt.date(2026, 3, 11)


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


def _summary(counts: list[Count], posts: list[Post], figures: list[Figure]) -> Summary:
    period = last_days(7, dt.datetime(2026, 3, 11, 12, tzinfo=dt.UTC), "UTC")
    by_post: dict[int, list[Figure]] = {}
    for figure in figures:
        by_post.setdefault(figure.post_id, []).append(figure)
    by_day = [DayCount(count.day, count.kind, count.n) for count in counts]
    by_place = Counter[PlaceKey]()
    for link_id, place_id, kind, n, _day in counts:
        by_place[link_id, place_id, kind] += n
    return summarise(period, by_place, by_day, 3, posts, by_post)


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
    assert found.ctr == Rate(30, 1100)
    assert (found.ctr_places, found.places) == (2, 3)
    assert (found.measured, found.reported, found.impressions) == (100, 1000, 1100)


def test_a_reported_figure_stands_for_the_measured_one_and_is_never_added() -> None:
    found = _summary([Count(1, 7, Kind.IMPRESSION, 40)], [_post(7, days_ago=3)], [_figure(7, 1000, days_ago=1)])
    assert (found.measured, found.reported, found.impressions) == (40, 1000, 1000)


def test_lifetime_totals_count_by_their_growth() -> None:
    figures = [_figure(7, 20_000, days_ago=3), _figure(7, 25_000, days_ago=1)]
    assert _summary([], [_post(7, days_ago=5)], figures).reported == 25_000
    early = [_figure(7, 20_000, days_ago=10), _figure(7, 25_000, days_ago=1)]
    found = _summary([Count(1, 7, Kind.CLICK, 9)], [_post(7, days_ago=30)], early)
    assert found.reported == 5_000
    assert found.ctr is None  # the growth began before the period
    assert [post.id for post in found.lifetime] == [7]


def test_metrics_are_never_mixed() -> None:
    told = [
        _figure(7, 9_000, days_ago=2, metric="views"),
        _figure(7, 5_000, days_ago=2),
        _figure(7, 70, days_ago=1, metric="reach"),
    ]
    found = _summary([], [_post(7, days_ago=5)], told)
    assert (found.reported, found.impressions) == (5_000, 5_000)
    assert (lifetime_total(told), lifetime_total(told, "views"), lifetime_total(told, "likes")) == (5_000, 9_000, None)
    assert _summary([], [_post(7, days_ago=5)], told[:1]).impressions == 0


def _kind(post: Post, platform: str, kind: str) -> Post:
    return dataclasses.replace(post, platform=platform, kind=kind)


def test_views_are_a_rate_of_their_own_and_never_pooled_with_impressions() -> None:
    posts = [_post(7, days_ago=3), _post(8, days_ago=3), _kind(_post(9, days_ago=3), "tiktok", "video")]
    told = [
        _figure(7, 1000, days_ago=1),
        _figure(7, 4000, days_ago=1, metric="views"),
        _figure(8, 500, days_ago=1, metric="views"),
        _figure(8, 40, days_ago=1, metric="likes"),
        _figure(9, 900, days_ago=1, metric="views"),
        _figure(9, 90, days_ago=1, metric="likes"),
    ]
    clicks = [Count(1, 7, Kind.CLICK, 20), Count(1, 8, Kind.CLICK, 5), Count(1, 9, Kind.CLICK, 3)]
    found = _summary(clicks, posts, told)
    assert (found.impressions, found.views) == (1000, 5400)
    assert (found.ctr, found.ctr_places) == (Rate(20, 1000), 1)
    assert (found.by_views, found.views_places) == (Rate(5, 500), 1)
    assert found.in_bio == 1
    assert found.engagement is None
    assert found.engagement_by_views == Engagement(8, 130, 1400, posts=2, of=3, by="views")
    tallies = by_post(found.by_place)
    assert (tallies[7].ctr, tallies[7].by_views) == (Rate(20, 1000), None), "impressions go before views"
    assert (tallies[9].ctr, tallies[9].by_views, tallies[9].in_bio) == (None, None, True)
    assert by_ctr(tallies) == ([7, 8], set())
    assert by_engagement(tallies)[0] == [9, 8], "9 has 93 of 900, 8 has 45 of 500"


def test_a_post_with_its_link_in_the_bio_has_no_ctr_of_zero() -> None:
    reel = _kind(_post(7, days_ago=3), "instagram", "reel")
    found = _summary([], [reel], [_figure(7, 20_000, days_ago=1), _figure(7, 500, days_ago=1, metric="likes")])
    assert (found.impressions, found.ctr, found.in_bio) == (20_000, None, 1)
    assert found.engagement is not None
    assert found.engagement.value == 500 / 20_000
    old = _summary([], [_kind(_post(7, days_ago=60), "tiktok", "video")], [_figure(7, 900, days_ago=1)])
    assert old.lifetime == (), "it has no lifetime CTR either"


def test_rates_of_another_base_are_ranked_behind_not_among() -> None:
    by_impressions, by_views = Tally(5, 1000, Rate(5, 1000)), Tally(90, 0, None, views=1000, by_views=Rate(90, 1000))
    early = Tally(5, 10, Rate(5, 10))
    assert by_ctr({1: by_views, 2: by_impressions, 3: early}) == ([2, 1, 3], {3})


def test_figures_begin_when_a_post_was_published() -> None:
    post = dataclasses.replace(_post(7, days_ago=1), published_at=_post(7, days_ago=20).created_at)
    found = _summary([Count(1, 7, Kind.CLICK, 9)], [post], [_figure(7, 900, days_ago=0)])
    assert found.ctr is None
    assert [one.id for one in found.lifetime] == [7], "most of its life lies before the period"


def test_a_moved_post_has_a_ctr_only_from_the_move_on() -> None:
    at = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
    moved = dataclasses.replace(_post(7, days_ago=5), moved_at=at)
    clicks = [Count(1, 7, Kind.CLICK, 9)]
    assert _summary(clicks, [moved], [_figure(7, 900, days_ago=1)]).ctr is None
    later = dataclasses.replace(moved, published_at=at + dt.timedelta(hours=1))
    assert _summary(clicks, [later], [_figure(7, 900, days_ago=1)]).ctr == Rate(9, 900)


@given(
    st.dictionaries(
        st.tuples(st.sampled_from([7, 8, 9]), st.sampled_from(["impressions", "views", "likes", "saves"])),
        st.integers(0, 5000),
    ),
    st.sampled_from(["story", "reel"]),
)
def test_sums_of_views_and_impressions_never_mix(told: dict[tuple[int, str], int], kind: str) -> None:
    posts = [_kind(_post(id_, days_ago=3), "instagram", kind) for id_ in (7, 8, 9)]
    figures = [_figure(id_, n, days_ago=1, metric=metric) for (id_, metric), n in told.items()]
    found = _summary([Count(1, 7, Kind.CLICK, 4)], posts, figures)
    assert found.impressions == sum(n for (_id, metric), n in told.items() if metric == "impressions")
    assert found.views == sum(n for (_id, metric), n in told.items() if metric == "views")
    if kind == "reel":
        assert found.ctr is found.by_views is None
    if found.ctr is not None:
        assert found.ctr.impressions <= found.impressions
    if found.by_views is not None:
        assert found.by_views.impressions <= found.views


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
            _figure(9, 140, days_ago=1, metric="likes"),  # grew since before the period
            _figure(9, 900, days_ago=1),
            _figure(10, 500, days_ago=1),
            _figure(10, 30, days_ago=1, metric="comments"),
        ],
    )
    assert found.engagement == Engagement(clicks=20, reactions=90, base=1500, posts=2, of=4)
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
    assert (place.measured, place.viewable, place.impressions) == (25, 5, 25)


def test_every_place_has_its_own_numbers() -> None:
    counts = [Count(1, 7, Kind.CLICK, 20), Count(1, 7, Kind.IMPRESSION, 40), Count(1, BARE, Kind.CLICK, 3)]
    found = _summary(counts, [_post(7, days_ago=3)], [_figure(7, 1000, days_ago=1)])
    assert set(found.by_place) == {
        PlaceSummary(1, 7, 20, 1000, 40, 1000, Rate(20, 1000)),
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
        1: Tally(1, 1, Rate(1, 1), rated=1),
        2: Tally(500, 10_000, Rate(480, 10_000), rated=1, places=2),
    }
    assert most_resonant(tallies).best == 2
    assert most_resonant({1: tallies[1]}).best is None
    assert most_clicks(tallies) == most_impressions(tallies) == [2, 1]


@given(
    st.lists(
        st.tuples(st.sampled_from([BARE, PROFILE, 7, 8]), st.sampled_from(list(Kind)), st.integers(1, 500)), max_size=20
    )
)
def test_totals_equal_what_went_in(rows: list[tuple[int, Kind, int]]) -> None:
    found = _summary([Count(1, place, kind, n) for place, kind, n in rows], [], [])
    assert found.clicks == sum(n for _place, kind, n in rows if kind is Kind.CLICK) == sum(found.clicks_by_day)
    assert found.impressions == sum(n for _place, kind, n in rows if kind.metric is Kind.IMPRESSION)
    if found.ctr is not None:
        assert found.ctr.clicks <= found.clicks
        assert found.ctr_places <= found.places


@given(
    st.lists(
        st.tuples(st.sampled_from([BARE, 7, 8, 9]), st.sampled_from(list(Kind)), st.integers(1, 500)), max_size=12
    ),
    st.dictionaries(st.sampled_from([7, 8, 9]), st.integers(1, 5000)),
)
def test_impressions_are_the_reported_or_the_measured_of_each_post(
    rows: list[tuple[int, Kind, int]], told: dict[int, int]
) -> None:
    posts = [_post(id_, days_ago=3) for id_ in (7, 8, 9)]
    figures = [_figure(id_, n, days_ago=1) for id_, n in told.items()]
    found = _summary([Count(1, place, kind, n) for place, kind, n in rows], posts, figures)
    measured = {
        place: sum(n for where, kind, n in rows if where == place and kind.metric is Kind.IMPRESSION)
        for place in (BARE, 7, 8, 9)
    }
    assert found.impressions == sum(told.get(place, n) for place, n in measured.items())
    assert (found.measured, found.reported) == (sum(measured.values()), sum(told.values()))
    assert sum(place.clicks for place in found.by_place) == found.clicks
    assert sum(place.impressions for place in found.by_place) == found.impressions
    rated = [place for place in found.by_place if place.rate is not None]
    assert found.ctr_places == len(rated)
    assert found.ctr is None or found.ctr.impressions == sum(place.impressions for place in rated)
