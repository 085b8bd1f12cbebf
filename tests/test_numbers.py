"""One number, one way: corrections, rates beside their parts, changes, best days, milestones and rounding."""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.charts import Counts, Reported, Series, alt_text, fonts
from bot.insights import phrases
from bot.insights.growth import told_of
from bot.insights.milestones import passed
from bot.insights.noise import Dispersion
from bot.insights.periods import ONE_DAY, Period
from bot.insights.rates import MIN_DISPLAYS, Direction, Rate, change, rate_interval, wilson
from bot.insights.summary import REACTIONS, Summary, best_of, summarise, window_of
from bot.insights.tally import by_link, by_post
from bot.texts import percent, use_locale
from storage.records import BARE, ELSEWHERE, IMPRESSIONS, PROFILE, VIEWS, DayCount, Figure, Kind, Post, is_post
from tests.summed import lifetime_total

ZONE = "Europe/Berlin"
PUBLISHED = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
POST, LINK = 1000, 100
TOTALS = st.integers(0, 10**9)


def a_post(id_: int = POST, kind: str = "story") -> Post:
    return Post(1, id_, 9, LINK, f"ig{id_}", "instagram", kind, 9, PUBLISHED)


readings = st.lists(
    st.tuples(st.integers(0, 60 * 24), st.sampled_from((IMPRESSIONS, VIEWS, "reach", *REACTIONS)), TOTALS), max_size=12
)
"""(hours after the publication, metric, total), in any order of size."""


def figures_of(told: list[tuple[int, str, int]]) -> list[Figure]:
    return [
        Figure(1, n, POST, metric, total, PUBLISHED + dt.timedelta(hours=hours), 9, PUBLISHED)
        for n, (hours, metric, total) in enumerate(sorted(told, key=lambda one: one[0]))
    ]


def summary_of(period: Period, figures: list[Figure], hits: dict[Any, int]) -> Summary:
    days = [DayCount(period.first, Kind.CLICK, hits.get((LINK, POST, Kind.CLICK), 0))]
    clicks = hits.get((LINK, POST, Kind.CLICK), 0)
    told = [told_of(a_post(), figures)]
    return summarise(window_of(period, period.end_at), hits, days, 0, told, lambda _post, _start, _end: clicks)


# ------------------------------------------------------------------ corrections


@settings(max_examples=300, deadline=None)
@given(readings, st.integers(-5, 50), st.integers(1, 40), st.integers(0, 50), st.integers(0, 50))
def test_no_audience_is_below_zero_whatever_platforms_tell(
    told: list[tuple[int, str, int]], start: int, length: int, clicks: int, shown: int
) -> None:
    first = PUBLISHED.date() + start * ONE_DAY
    period, figures = Period(first, first + length * ONE_DAY, ZONE), figures_of(told)
    hits = {(LINK, POST, Kind.CLICK): clicks, (LINK, POST, Kind.IMPRESSION): shown}
    found = summary_of(period, figures, {key: n for key, n in hits.items() if n})
    assert min(found.clicks, found.displays, found.measured, found.reported) >= 0
    assert found.corrected <= 0
    for tally in (*by_link(found.by_place).values(), *by_post(found.by_place).values()):
        assert min(tally.clicks, tally.displays) >= 0
    for rate in (found.ctr, found.engagement and found.engagement.rate):
        if rate is not None:
            assert rate.displays > 0
            assert rate.clicks >= 0
            low, high = rate.interval
            assert 0 <= low <= rate.value <= high


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60 * 24), TOTALS), max_size=10))
def test_growth_and_corrections_of_all_periods_together_are_the_total(told: list[tuple[int, int]]) -> None:
    figures = figures_of([(hours, VIEWS, total) for hours, total in told])
    first = PUBLISHED.date()
    weeks = [Period(first + n * ONE_DAY, first + (n + 7) * ONE_DAY, ZONE) for n in range(0, 63, 7)]
    found = [summary_of(week, figures, {}) for week in weeks]
    assert sum(one.displays + one.corrected for one in found) == (lifetime_total(figures, VIEWS) or 0)


@given(st.lists(st.tuples(st.integers(-20, 40), st.integers(0, 20), st.integers(-(10**9), 10**9)), max_size=8))
def test_a_chart_of_any_growths_and_corrections_says_both(told: list[tuple[int, int, int]]) -> None:
    days = tuple(PUBLISHED.date() + n * ONE_DAY for n in range(28))
    reported = tuple(Reported(days[0] + a * ONE_DAY, days[0] + (a + b) * ONE_DAY, n) for a, b, n in told)
    chart = Series("t", "s", days, (Counts("views", (0,) * 28, reported=reported),), unfinished=False)
    text = alt_text(chart)
    lower = [one.count for one in reported if one.count < 0 and days[0] <= one.last <= days[-1]]
    assert (f"{sum(lower):,}" in text) if lower else ("corrected" not in text)


# ------------------------------------------------------------------ places


@given(st.integers(0, 2**63))
def test_a_place_is_a_post_unless_it_has_a_name_of_its_own(place_id: int) -> None:
    assert is_post(place_id) is (place_id not in {BARE, PROFILE, *ELSEWHERE})


def test_imported_clicks_are_no_post_that_a_rate_is_formed_over() -> None:
    period = Period(PUBLISHED.date(), PUBLISHED.date() + 7 * ONE_DAY, ZONE)
    figures = figures_of([(24, IMPRESSIONS, 1000), (24, "likes", 40)])
    hits = {(LINK, POST, Kind.CLICK): 10, (LINK, 17, Kind.CLICK): 500}
    found = summary_of(period, figures, hits)
    assert found.engagement is not None
    assert (found.engagement.posts, found.engagement.of, found.posts) == (1, 1, 1)
    assert (found.ctr_places, found.places) == (1, 1)
    (tally,) = by_link(found.by_place).values()
    assert (tally.rated, tally.places, tally.clicks) == (1, 1, 510)


# ------------------------------------------------------------------ rates and changes in words


@given(st.integers(1, 5000))
def test_of_none_the_lower_end_is_exactly_0_and_of_all_the_upper_exactly_1(n: int) -> None:
    assert wilson(0, n)[0] == 0.0
    assert wilson(n, n)[1] == 1.0


@given(st.floats(0, 20, allow_subnormal=False))
def test_a_percentage_has_few_decimals(share: float) -> None:
    text = percent(share)
    assert re.fullmatch(r"<?[\d,]+(\.\d{1,4})?%", text), text
    if not text.startswith("<"):
        assert abs(float(text.rstrip("%").replace(",", "")) - share * 100) <= max(share * 100 * 0.06, 0.5 * 10**-4)


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_rate_reads_beside_what_made_it(clicks: int, displays: int) -> None:
    rate = Rate(clicks, displays)
    assert phrases.rate(rate) == f"{percent(clicks / displays)} ({clicks:,} of {displays:,})"
    early_march = PUBLISHED.date(), PUBLISHED.date() + 2 * ONE_DAY
    shared = Rate(clicks, displays, is_estimate=True, as_of=early_march)
    assert phrases.rate(shared).endswith(f"({clicks:,} of about {displays:,}, as of 1 Mar – 3 Mar)")
    low, high = rate_interval(clicks, displays)
    early = displays < MIN_DISPLAYS
    assert phrases.interval(rate) == ("too early to be sure" if early else f"{percent(low)}–{percent(high)}")


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (322, 278, "+16%, a normal swing"),
        (278, 322, "-14%, a normal swing"),
        (30, 30, "no change"),
        (100_100, 100_000, "+0.1%, a normal swing"),
        (400, 100, "▲\u00a0300%"),
        (0, 100, "▼\u00a0100%"),
        (0, 2, "-100%, a normal swing"),
        (5, 0, "new"),
        (0, 0, ""),
    ],
)
def test_a_change_always_shows_its_figure(now: int, before: int, text: str) -> None:
    assert phrases.change(change(now, before, Dispersion(4))) == text


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_an_arrow_stands_for_no_change_that_chance_explains(now: int, before: int) -> None:
    moved = change(now, before)
    text = phrases.change(moved)
    assert ("▲" in text) is (moved.direction is Direction.UP)
    assert ("▼" in text) is (moved.direction is Direction.DOWN)
    assert ("a normal swing" in text or text == "no change") is (moved.direction is Direction.SAME)


@pytest.mark.parametrize(
    ("share", "text"), [(0.04245, "4.2%"), (0.04255, "4.3%"), (0.0425, "4.2%"), (0.0435, "4.4%"), (3e-9, "<0.0001%")]
)
def test_half_of_the_last_digit_goes_to_the_even_one(share: float, text: str) -> None:
    use_locale("en-US")
    assert percent(share) == text


# ------------------------------------------------------------------ best day, milestones, empty texts


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40))
def test_text_chart_and_alt_text_name_the_same_best_day(counts: list[int]) -> None:
    first = PUBLISHED.date()
    period = Period(first, first + len(counts) * ONE_DAY, ZONE)
    days = [DayCount(day, Kind.CLICK, n) for day, n in zip(period.days, counts, strict=True)]
    best = summarise(window_of(period, period.end_at), {}, days, 0, [], lambda *_span: 0).best_day
    at = best_of(counts)
    text = alt_text(Series("t", "s", period.days, (Counts("clicks", tuple(counts)),), unfinished=False))
    if at is None or len(counts) == 1:  # a single day has a best hour instead
        assert best is None
        assert "Best day" not in text
        return
    assert best is not None
    assert (best.day, best.count) == (period.days[at], max(counts))
    assert max(counts) not in counts[:at], "the first one on a tie"
    assert f"Best day: {best.day:%A}, {best.day.day} {best.day:%B} with {best.count}" in text


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_digests_and_alerts_climb_one_ladder(before: int, more: int) -> None:
    from bot.insights.detectors import milestone
    from bot.insights.facts import Facts

    period = Period(PUBLISHED.date(), PUBLISHED.date() + 7 * ONE_DAY, ZONE)
    said = list(milestone(Facts(period=period, lifetime=(before, before + more))))
    steps = passed(before, before + more)
    assert bool(said) is bool(steps)
    if steps:
        assert said[0].text == f"You passed {steps[-1]:,} clicks in all."
        assert all(Fraction(step, 10 ** (len(str(step)) - 1)) in (1, Fraction(5, 2), 5) for step in steps)


def test_an_empty_text_is_drawn_as_nothing() -> None:
    assert fonts.printable("", False) == ""
    assert fonts.printable("\u2060", False) == "…", "but what was something shows that it was"
