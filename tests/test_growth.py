"""What platforms told of a post, shared out over time: worked by hand, then by hypothesis."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.insights.growth import MIN_CLICKS, Clicks, Told, told_of
from bot.insights.periods import EVER, Period
from bot.insights.rates import Rate
from bot.insights.summary import Summary, summarise, window_of
from storage.records import Figure, Kind, Post

UTC = dt.UTC
MARCH = dt.datetime(2026, 3, 1, tzinfo=UTC)
VIDEO = Post(1, 7, 5, 1, "yt1", "youtube", "video", 5, MARCH)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def at(day: float) -> dt.datetime:
    """The start of a day of March, the first being 1."""
    return MARCH + (day - 1) * DAY


def reading(value: int, day: float, metric: str = "views") -> Figure:
    return Figure(1, int(day * 1000), 7, metric, value, at(day), 5, at(day))


def none(_post: int, _start: dt.datetime, _end: dt.datetime) -> int:
    return 0


def clicked(*moments: dt.datetime) -> Clicks:
    return lambda _post, start, end: sum(start <= moment < end for moment in moments)


def growth(
    told: Told, start: dt.datetime, end: dt.datetime, clicks: Clicks = none, metric: str = "views"
) -> int | None:
    found = told.grown(metric, start, end, clicks)
    return None if found is None else found.growth


def test_growth_between_two_readings_is_shared_out_evenly() -> None:
    told = told_of(VIDEO, [reading(400, 5), reading(1000, 11)])
    assert growth(told, at(1), at(5)) == 400
    assert growth(told, at(5), at(11)) == 600
    assert growth(told, at(5), at(7)) == 200, "two of six days"
    assert growth(told, at(4), at(6)) == 100 + 100
    assert growth(told, at(12), at(20)) is None, "nobody read it since"
    assert growth(told, EVER, at(20)) == 1000


def test_a_share_is_marked_as_an_estimate_and_a_whole_step_is_not() -> None:
    told = told_of(VIDEO, [reading(400, 5), reading(1000, 11)])
    for start, end, is_estimate in ((1, 5, False), (5, 11, False), (1, 30, False), (2, 30, True), (1, 8, True)):
        found = told.grown("views", at(start), at(end), none)
        assert found is not None
        assert found.is_estimate is is_estimate, (start, end)


def test_a_total_typed_in_today_is_not_this_weeks() -> None:
    old = dataclasses.replace(VIDEO, published_at=MARCH - 699 * DAY)
    told = told_of(old, [reading(700_000, 2)])
    assert growth(told, at(1), at(2)) == 1_000, "a day of 700"
    assert growth(told, EVER, at(2)) == 700_000


def test_a_storys_growth_lies_within_its_day() -> None:
    story = dataclasses.replace(VIDEO, kind="story", platform="instagram", published_at=at(1) + 18 * HOUR)
    told = told_of(story, [reading(800, 1.75 + 0.5), reading(1000, 4)])  # after 12 hours and after 54
    assert growth(told, at(1), at(2)) == 400, "6 of its first 12 hours"
    assert growth(told, at(2), at(3)) == 400 + 200, "the rest lies within its second half"
    assert growth(told, at(3), at(9)) is None
    late = told_of(story, [reading(1000, 4), reading(1100, 6)])
    assert growth(late, EVER, at(9)) == 1100
    assert growth(late, at(3), at(9)) is None, "what is told late was seen then, too"


def test_from_thirty_clicks_on_growth_has_their_shape() -> None:
    told = told_of(VIDEO, [reading(1000, 11)])
    early = clicked(*[at(1.5)] * 24, *[at(9)] * 6)
    assert growth(told, at(1), at(2), early) == 800, "24 of 30 clicks"
    assert growth(told, at(2), at(11), early) == 200
    few = clicked(*[at(1.5)] * (MIN_CLICKS - 1))
    assert growth(told, at(1), at(2), few) == 100, "a tenth of the time"


@pytest.mark.parametrize(
    "post",
    [
        dataclasses.replace(VIDEO, platform="tiktok"),
        dataclasses.replace(VIDEO, link_id=None),
        dataclasses.replace(VIDEO, published_at=MARCH - 30 * DAY),
        dataclasses.replace(VIDEO, moved_at=at(3)),
    ],
    ids=["link in bio", "no link", "registered later", "moved"],
)
def test_clicks_that_do_not_tell_all_of_the_time_give_no_shape(post: Post) -> None:
    told = told_of(post, [reading(1000, 11)])
    assert not list(told.spans("views", at(2)))
    assert growth(told, at(2), at(11), clicked(*[at(1.5)] * 90)) == growth(told, at(2), at(11))


def test_a_lower_reading_is_a_correction_of_its_own_time() -> None:
    told = told_of(VIDEO, [reading(1000, 5), reading(700, 8)])
    assert growth(told, at(1), at(5)) == 1000
    assert growth(told, at(5), at(8)) == -300
    assert growth(told, at(6), at(7)) == -100


def test_days_that_a_platform_gives_are_those_days() -> None:
    told = told_of(VIDEO, [reading(n, day) for day, n in ((2, 500), (3, 700), (4, 750))])
    found = [told.grown("views", at(day), at(day + 1), none) for day in (1, 2, 3)]
    assert [(one.growth, one.is_estimate) for one in found if one] == [(500, False), (200, False), (50, False)]


POSTS = st.builds(
    lambda kind, platform, published, moved: dataclasses.replace(
        VIDEO, kind=kind, platform=platform, published_at=published, moved_at=moved
    ),
    st.sampled_from(["story", "video", "post"]),
    st.sampled_from(["instagram", "x", "youtube"]),
    st.none() | st.integers(-600, 20 * 24).map(lambda n: MARCH + n * HOUR),
    st.none() | st.integers(0, 20 * 24).map(lambda n: MARCH + n * HOUR),
)
READINGS = st.lists(
    st.tuples(st.integers(0, 24 * 30), st.integers(0, 10**6)), min_size=1, max_size=6, unique_by=lambda one: one[0]
).map(lambda rows: [reading(value, 1 + hours / 24) for hours, value in sorted(rows)])
EDGES = st.lists(st.integers(-700, 24 * 40), min_size=1, max_size=6, unique=True).map(sorted)
CLICKS = st.lists(st.integers(0, 24 * 31), max_size=80).map(lambda hours: clicked(*(MARCH + n * HOUR for n in hours)))


@given(POSTS, READINGS, EDGES, CLICKS)
def test_adjacent_times_add_up_to_the_total(
    post: Post, readings: list[Figure], edges: list[int], clicks: Clicks
) -> None:
    told = told_of(post, readings)
    moments = [EVER, *(MARCH + n * HOUR for n in edges), at(300)]
    shares = [growth(told, *pair, clicks) or 0 for pair in itertools.pairwise(moments)]
    assert sum(shares) == readings[-1].value


@given(POSTS, READINGS, EDGES, CLICKS)
def test_no_share_goes_beyond_its_step(post: Post, readings: list[Figure], edges: list[int], clicks: Clicks) -> None:
    """Whatever rises only gives no part below 0, and no more than all of it."""
    rising = [dataclasses.replace(one, value=n * 1000) for n, one in enumerate(readings)]
    told = told_of(post, rising)
    moments = [EVER, *(MARCH + n * HOUR for n in edges), at(300)]
    for pair in itertools.pairwise(moments):
        assert 0 <= (growth(told, *pair, clicks) or 0) <= rising[-1].value


@given(POSTS, READINGS, EDGES)
def test_every_span_that_is_asked_for_was_named_before(post: Post, readings: list[Figure], edges: list[int]) -> None:
    told = told_of(post, readings)
    moments = [MARCH + n * HOUR for n in edges]
    named = set(told.spans("views", *moments))

    def clicks(post_id: int, start: dt.datetime, end: dt.datetime) -> int:
        assert (post_id, start, end) in named
        return 90

    for start, end in itertools.combinations(moments, 2):
        told.grown("views", start, end, clicks)


# ------------------------------------------------------------------ both sides of a rate


def summary(
    post: Post, readings: list[Figure], moments: list[dt.datetime], first: int, end: int, now: float
) -> Summary:
    period = Period((MARCH + (first - 1) * DAY).date(), (MARCH + (end - 1) * DAY).date(), "UTC")
    within = sum(period.start_at <= moment < min(period.end_at, at(now)) for moment in moments)
    hits = {(post.link_id or 0, post.id, str(Kind.CLICK)): within} if within else {}
    return summarise(window_of(period, at(now)), hits, (), 0, [told_of(post, readings)], clicked(*moments))


def test_clicks_after_the_last_reading_are_in_no_rate() -> None:
    """The case of the page on truth: 10 clicks by the reading and 40 after it made 5.0 % of what was 1.0 %."""
    moments = [at(2.25)] * 10 + [at(20)] * 40
    post = dataclasses.replace(VIDEO, platform="x", created_at=at(2))
    found = summary(post, [reading(1000, 3.5, "impressions")], moments, 1, 29, 28.5)
    assert found.clicks == 50
    assert found.ctr == Rate(10, 1000, as_of=(dt.date(2026, 3, 3), dt.date(2026, 3, 3)))
    assert found.ctr is not None
    assert found.ctr.value == 0.01


def test_a_rate_up_to_now_says_no_day() -> None:
    found = summary(VIDEO, [reading(1000, 8.5)], [at(3)] * 10, 1, 9, 8.5)
    assert found.ctr == Rate(10, 1000)


def test_a_period_between_two_readings_has_a_rate_by_its_share() -> None:
    found = summary(VIDEO, [reading(1400, 15)], [at(5)] * 10 + [at(12)] * 10, 8, 15, 20)
    assert (found.displays, found.is_estimate) == (700, True)
    assert found.ctr == Rate(10, 700, is_estimate=True)


def test_displays_from_before_a_post_had_its_address_are_in_no_rate() -> None:
    old = dataclasses.replace(VIDEO, published_at=at(1) - 100 * DAY, created_at=at(2))
    found = summary(old, [reading(10_200, 3)], [at(2.5)] * 4, 1, 4, 4)
    assert found.displays == 200, "two of 102 days"
    assert found.ctr == Rate(4, 100, is_estimate=True, as_of=(dt.date(2026, 3, 2), dt.date(2026, 3, 2)))


def test_a_back_catalogue_that_is_registered_with_its_figures_has_no_rate_yet() -> None:
    old = dataclasses.replace(VIDEO, published_at=at(1) - 1000 * DAY, created_at=at(5))
    found = summary(old, [reading(500_000, 5)], [at(6)] * 30, 1, 9, 9)
    assert found.ctr is None
    assert found.clicks == 30


def test_nothing_is_rated_over_a_time_that_ended_before_the_period() -> None:
    told = [reading(1000, 2), reading(700, 11), reading(2000, 20)]
    told += [reading(5, 2, "likes"), reading(50, 20, "likes"), reading(3, 5, "saves")]
    found = summary(VIDEO, sorted(told, key=lambda one: one.as_of), [], 10, 20, 25)
    assert found.engagement is None


def test_a_post_that_is_noted_with_its_figure_has_no_rate_by_a_click_right_after() -> None:
    post = dataclasses.replace(VIDEO, published_at=at(1.375), created_at=at(1.585))
    found = summary(post, [reading(5000, 1.585)], [at(1.587)] + [at(1.8)] * 20, 1, 5, 6)
    assert (found.clicks, found.ctr) == (21, None)


def test_likes_alone_are_a_post_that_was_reacted_to() -> None:
    told = told_of(VIDEO, [reading(9, 2, "likes"), reading(40, 20, "likes")])
    period = Period((MARCH + 9 * DAY).date(), (MARCH + 16 * DAY).date(), "UTC")
    window = window_of(period, at(40))
    named = set(window.spans(told))

    def clicks(*span: object) -> int:
        assert span in named
        return 90

    found = summarise(window, {}, (), 0, [told], clicks)
    assert (found.posts, found.displays, found.engagement) == (1, 0, None)


def test_the_days_of_a_daily_export_are_as_of_the_last_of_them() -> None:
    found = summary(VIDEO, [reading(500, 2), reading(700, 3), reading(750, 4)], [at(2.5)] * 3, 1, 20, 25)
    assert found.ctr == Rate(3, 750, as_of=(dt.date(2026, 3, 3), dt.date(2026, 3, 3)))


def test_the_display_count_is_the_same_in_each_period() -> None:
    """Views were told once, impressions go on: the post counts by views in all of its life."""
    rest = [reading(3000, 3, "impressions"), reading(90_000, 24, "impressions")]
    told = told_of(VIDEO, rest, ["views"])
    assert told.display_metric == "views"
    period = Period((MARCH + 14 * DAY).date(), (MARCH + 20 * DAY).date(), "UTC")
    assert summarise(window_of(period, at(40)), {}, (), 0, [told], none).displays == 0


def test_engagement_is_formed_up_to_when_all_of_it_was_read() -> None:
    likes = [reading(20, 3, "likes")]
    found = summary(VIDEO, [*likes, reading(1000, 3), reading(3000, 5)], [at(2)] * 5 + [at(4)] * 5, 1, 9, 9)
    assert found.engagement is not None
    assert (found.engagement.clicks, found.engagement.reactions, found.engagement.displays) == (5, 20, 1000)
    assert found.ctr is not None
    assert (found.ctr.clicks, found.ctr.displays) == (10, 3000)
