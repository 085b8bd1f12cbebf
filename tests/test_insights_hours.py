"""Best hours and days: found when they are there, silent when one day or chance made them."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.insights.hours import Claim, Span, best_hours, occurrences
from bot.insights.periods import Period, segments
from tests.test_insights_periods import ZONES

MONDAY = dt.date(2026, 1, 5)


def _weeks(
    rng: np.random.Generator, weeks: int, daily: float, *, sigma: float = 0, thursday_evening: float = 1, viral: int = 0
) -> list[Claim]:
    """Claims of weeks whose days differ by a lognormal factor; `viral` hits come on one Thursday evening."""
    by_hour = {}
    for n in range(7 * weeks):
        day = MONDAY + dt.timedelta(days=n)
        mean = np.full(24, daily / 24) * math.exp(rng.normal(-(sigma**2) / 2, sigma))
        if day.weekday() == 3:
            mean[18:] *= thursday_evening
        hits = rng.poisson(mean)
        if n == 3:
            hits[20] += viral
        by_hour[day] = hits.tolist()
    return best_hours(by_hour, [weeks] * 168)


def test_a_busy_evening_is_found_with_its_hits() -> None:
    claims = _weeks(np.random.default_rng(1), 8, 60, thursday_evening=3)
    best = claims[0]
    assert (best.span, best.name, best.weeks) == (Span.PART, "Thursday evening", 8)
    assert best.hits > 200
    assert best.interval[0] < best.ratio < best.interval[1]
    assert 2 < best.ratio < 3.5


@pytest.mark.parametrize("sigma", [0, 0.5, 1])
@pytest.mark.parametrize("daily", [5, 30, 200])
def test_noise_has_no_best_hours(sigma: float, daily: float) -> None:
    rng = np.random.default_rng(2)
    assert sum(bool(_weeks(rng, 8, daily, sigma=sigma)) for _n in range(60)) <= 2


@pytest.mark.parametrize("daily", [30, 200])
@pytest.mark.parametrize("part", [0.3, 0.6])
def test_the_bursts_of_posts_at_odd_hours_are_no_habit(part: float, daily: int) -> None:
    rng = np.random.default_rng(5)

    def claims() -> list[Claim]:
        by_hour = {}
        for n in range(8 * 7):
            burst = rng.binomial(daily, part)
            hits = rng.multinomial(daily - burst, np.full(24, 1 / 24))
            np.add.at(hits, ((rng.uniform(0, 24) + rng.uniform(0, 3, burst)) % 24).astype(int), 1)
            by_hour[MONDAY + dt.timedelta(days=n)] = hits.tolist()
        return best_hours(by_hour, [8] * 168)

    assert sum(bool(claims()) for _n in range(40)) <= 2


def test_real_evenings_are_found_mostly() -> None:
    rng = np.random.default_rng(3)
    found = [_weeks(rng, 8, 30, sigma=0.25, thursday_evening=2.5) for _n in range(60)]
    assert sum(any(claim.name == "Thursday evening" for claim in claims) for claims in found) >= 50


def test_one_viral_day_is_no_habit() -> None:
    rng = np.random.default_rng(4)
    for viral in (50, 200, 2000):
        assert not any(_weeks(rng, 8, 30, viral=viral) for _n in range(20))


def test_too_little_makes_no_claim() -> None:
    assert best_hours({}, [4] * 168) == []
    one_week = {MONDAY + dt.timedelta(days=n): [100 if n == 0 else 1, *[1] * 23] for n in range(7)}
    assert best_hours(one_week, [1] * 168) == []


@settings(max_examples=60)
@given(
    st.sampled_from(ZONES), st.dates(dt.date(1996, 1, 1), dt.date(2035, 1, 1)), st.integers(1, 40), st.integers(0, 9000)
)
def test_hours_of_the_week_occur_as_a_recount_of_minutes_says(
    zone: str, first: dt.date, days: int, minutes: int
) -> None:
    period = Period(first, first + dt.timedelta(days=days), zone)
    until = period.start_at + dt.timedelta(minutes=minutes)
    counted = [0.0] * 168
    step = dt.timedelta(minutes=15)
    for segment in segments(period):
        at = segment.start
        while at < min(segment.end, until):
            local = at + segment.offset
            counted[local.weekday() * 24 + local.hour] += min(step, min(segment.end, until) - at) / step
            at += step
    assert occurrences(segments(period), until) == pytest.approx([n / 4 for n in counted], abs=0.26)
    whole = occurrences(segments(period))
    assert sum(whole) == pytest.approx((period.end_at - period.start_at) / dt.timedelta(hours=1))


def test_an_hour_that_comes_twice_counts_twice() -> None:
    autumn = Period(dt.date(2026, 10, 19), dt.date(2026, 10, 26), "Europe/Berlin")
    spring = Period(dt.date(2026, 3, 23), dt.date(2026, 3, 30), "Europe/Berlin")
    assert occurrences(segments(autumn))[6 * 24 + 2] == 2
    assert occurrences(segments(spring))[6 * 24 + 2] == 0
