"""How much counts vary without any cause: what is learned of it, and what is left of a difference beyond it."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from bot.insights.noise import CAUTIOUS, Dispersion, chance, discoveries, dispersion, normal_of_t, t_of_normal, together
from tests.truth.worlds import days_of, weeks

MONDAY = dt.date(2026, 1, 5)
PHIS = st.floats(1.01, 50)


@given(st.integers(0, 3000), st.integers(0, 3000), PHIS, st.floats(0.2, 0.8))
def test_a_chance_is_twice_the_tail_of_the_beta_binomial(one: int, other: int, phi: float, share: float) -> None:
    total = one + other
    a, b = total * share / (phi - 1), total * (1 - share) / (phi - 1)
    below = one <= total * share
    found, of = (one, (a, b)) if below else (other, (b, a))
    tail = 1.0 if not total else stats.betabinom.cdf(found, total, *of) - stats.betabinom.pmf(found, total, *of) / 2
    assert chance(one, other, Dispersion(phi), share) == pytest.approx(min(1, 2 * tail), rel=1e-4, abs=1e-9)


@given(st.integers(0, 200), st.integers(0, 200))
def test_without_more_than_chance_it_is_the_exact_test_of_two_poisson_counts(one: int, other: int) -> None:
    low, total = min(one, other), one + other
    tail = stats.binom.cdf(low, total, 0.5) - stats.binom.pmf(low, total, 0.5) / 2 if total else 1
    assert chance(one, other, Dispersion(1)) == pytest.approx(min(1, 2 * tail), rel=0.02, abs=1e-6)


@given(st.integers(0, 10**6), st.integers(0, 10**6), PHIS, st.floats(2, 200))
def test_a_fall_and_a_rise_are_held_to_the_same(one: int, other: int, phi: float, days: float) -> None:
    noise = Dispersion(phi, days)
    assert chance(one, other, noise) == pytest.approx(chance(other, one, noise), rel=1e-9)
    assert chance(one, other, noise) >= chance(one, other, Dispersion(phi)) - 1e-12, "knowing less claims less"


@pytest.mark.parametrize("phi", [1.5, 4, 10, 40])
def test_large_counts_go_on_where_the_others_end(phi: float) -> None:
    for part in (0.46, 0.48, 0.495):
        found = [chance(round(n * part), n - round(n * part), Dispersion(phi)) for n in (19_990, 20_010)]
        assert found[0] == pytest.approx(found[1], rel=0.1, abs=1e-6)


@given(st.floats(0.1, 6), st.floats(2, 300))
def test_student_and_normal_deviates_lie_as_far_out(deviate: float, freedom: float) -> None:
    assert t_of_normal(normal_of_t(deviate, freedom), freedom) == pytest.approx(deviate)
    if freedom >= 10:
        exact = stats.norm.isf(stats.t.sf(deviate, freedom))
        assert normal_of_t(deviate, freedom) == pytest.approx(exact, rel=0.01)


@pytest.mark.parametrize("phi", [1, 3, 10])
@pytest.mark.parametrize("mean", [30, 700])
def test_how_much_days_vary_is_learned_from_them(phi: float, mean: float) -> None:
    rng = np.random.default_rng(3)
    found = [dispersion(days_of(weeks(rng, 13, mean, phi)), 7).phi for _n in range(60)]
    assert phi * 0.8 < np.median(found) < phi * 1.35 + 0.1


def test_clicks_that_hang_together_make_weeks_vary_by_more_than_days() -> None:
    rng = np.random.default_rng(4)
    together_ = np.repeat(rng.gamma(4, 10, 13), 7)
    by_day = days_of(rng.poisson(together_))
    assert dispersion(by_day, 7).phi > 3 * dispersion(by_day, 1).phi


def test_of_too_little_history_nothing_is_believed() -> None:
    assert dispersion({}, 7) == CAUTIOUS
    assert dispersion({MONDAY + dt.timedelta(days=n): 5 for n in range(13)}, 7) == CAUTIOUS
    assert dispersion({MONDAY + dt.timedelta(days=n): 0 for n in range(91)}, 7) == CAUTIOUS
    assert together([]) == CAUTIOUS


def test_sums_vary_as_their_parts_do() -> None:
    both = together([(Dispersion(1, 80), 300), (Dispersion(9, 20), 100)])
    assert both == Dispersion(3, 20)
    assert together([(Dispersion(2, 5), 0), (Dispersion(4, 9), 1)]) == Dispersion(4, 9)


@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=40, unique=True), st.integers(0, 60))
def test_discoveries_are_those_of_benjamini_and_hochberg(found: list[float], more: int) -> None:
    of = len(found) + more
    adjusted = stats.false_discovery_control([*found, *[1.0] * more])[: len(found)]
    assume(not any(math.isclose(p, 0.05) for p in adjusted))
    assert set(discoveries(dict(enumerate(found)), of)) == {n for n, p in enumerate(adjusted) if p < 0.05}
