"""Rankings and benchmarks: what small numbers may not win, and who is compared with whom."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bot.insights.benchmark import Measure, PeerPost, benchmark, percentile, words
from bot.insights.ranking import rank, shrunken
from bot.insights.rates import Rate

NOW = dt.datetime(2026, 5, 13, 12, tzinfo=dt.UTC)
RATES = st.builds(lambda shown, share: Rate(int(shown * share), shown), st.integers(1, 10**6), st.floats(0, 1.5))


def test_one_of_one_beats_nobody() -> None:
    found = rank({1: Rate(1, 1), 2: Rate(480, 10_000), 3: Rate(400, 10_000), 4: None})
    assert (found.best, found.order, found.too_early) == (2, (2, 3), (1,))
    assert rank({1: Rate(1, 1)}).best is None
    assert rank({1: Rate(0, 5000)}).best is None
    assert rank({}).order == ()


@given(st.dictionaries(st.integers(1, 30), st.one_of(st.none(), RATES)))
def test_a_ranking_has_everything_that_has_a_rate_once(rates: dict[int, Rate | None]) -> None:
    found = rank(rates)
    assert sorted((*found.order, *found.too_early)) == sorted(k for k, rate in rates.items() if rate is not None)
    assert found.best is None or found.best == found.order[0]


@given(st.lists(RATES, max_size=20))
def test_a_shrunken_rate_lies_between_its_own_and_the_others(rates: list[Rate]) -> None:
    shares = [rate for rate in rates if rate.value <= 1]
    mean = sum(r.clicks for r in shares) / max(1, sum(r.impressions for r in shares))
    for rate, drawn in zip(rates, shrunken(rates), strict=True):
        low, high = sorted((rate.value, mean))
        assert rate.value > 1 or low - 1e-9 <= drawn.value <= high + 1e-9 or len(shares) < 3
        assert 0 <= drawn.interval[0] <= drawn.interval[1]
        assert rate.value <= 1 or drawn.value == rate.value


def _drawn_group(a: float, b: float, n: int, shown: int, seed: int) -> tuple[list[float], list[Rate]]:
    rng = random.Random(seed)
    true = [rng.betavariate(a, b) for _n in range(n)]
    return true, [Rate(sum(rng.random() < p for _n in range(shown)), shown) for p in true]


def test_shrunken_rates_come_closer_to_the_truth_and_their_intervals_hold() -> None:
    true, rates = _drawn_group(8, 152, 200, 60, 3)
    drawn = shrunken(rates)
    assert sum((d.value - p) ** 2 for d, p in zip(drawn, true, strict=True)) < 0.6 * sum(
        (r.value - p) ** 2 for r, p in zip(rates, true, strict=True)
    )
    held = sum(d.interval[0] <= p <= d.interval[1] for d, p in zip(drawn, true, strict=True))
    assert held >= 185


def test_the_prior_is_as_likely_as_the_best_one_nearly() -> None:
    """The moments' prior against scipy's beta-binomial likelihood, maximised over a grid of strengths."""
    _true, rates = _drawn_group(8, 152, 200, 200, 5)
    drawn = shrunken(rates)
    # Two posterior means betray the prior: mean + (clicks - ...) is linear in the clicks.
    few, many = min(rates, key=lambda r: r.clicks), max(rates, key=lambda r: r.clicks)
    slope = (drawn[rates.index(many)].value - drawn[rates.index(few)].value) / (many.clicks - few.clicks)
    strength = 1 / slope - 200
    mean = sum(r.clicks for r in rates) / sum(r.impressions for r in rates)

    def likelihood(m: float) -> float:
        return float(sum(stats.betabinom.logpmf(r.clicks, 200, mean * m, (1 - mean) * m) for r in rates))

    assert likelihood(strength) > max(likelihood(m) for m in range(20, 600, 20)) - 1
    a, b = mean * strength, (1 - mean) * strength
    for rate, shrunk in list(zip(rates, drawn, strict=True))[:20]:
        exact = stats.beta.ppf([0.025, 0.975], rate.clicks + a, 200 - rate.clicks + b)
        assert shrunk.interval == pytest.approx(tuple(exact), abs=0.004)


def test_rates_that_differ_by_chance_alone_become_one() -> None:
    drawn = shrunken([Rate(5, 100), Rate(5, 100), Rate(5, 100), Rate(6, 100)])
    assert max(d.value for d in drawn) - min(d.value for d in drawn) < 0.003
    assert [d.value for d in shrunken([Rate(1, 1), Rate(0, 9)])] == [1, 0]  # too few to learn from
    assert [d.value for d in shrunken([Rate(0, 5)] * 4)] == [0] * 4


@given(st.integers(0, 9), st.lists(st.integers(0, 9), min_size=5, max_size=30))
def test_percentiles_agree_with_scipy(value: int, others: list[int]) -> None:
    assert percentile(value, others) == pytest.approx(stats.percentileofscore(others, value, "mean") / 100)


def test_four_others_make_no_percentile() -> None:
    assert percentile(3, [1, 2, 3, 4]) is None


def _peer(
    id_: int, clicks: int, *, creator: int = 5, days: int = 20, kind: str = "story", shown: int = 1000
) -> PeerPost:
    rate = Rate(clicks, shown)
    return PeerPost(id_, creator, "instagram", kind, NOW - dt.timedelta(days=days), clicks, shown, rate)


def test_a_post_is_held_against_its_own_kind_of_the_last_90_days() -> None:
    mine = [_peer(n, n) for n in range(1, 13)]
    other = [_peer(20, 999, days=91), _peer(21, 999, kind="reel"), _peer(22, 999, shown=50)]
    found = benchmark(_peer(99, 10), [*mine, *other, _peer(99, 10)], NOW)
    assert found is not None
    assert found.own is not None
    assert (found.own.posts, found.own.percentile) == (12, pytest.approx(9.5 / 12))
    assert found.server is None
    assert words(found.own, "Instagram stories") == (
        "better than 79% of your Instagram stories of the last 90 days (12 posts)"
    )
    low = benchmark(_peer(99, 0), mine, NOW)
    assert low is not None
    assert low.own is not None
    assert words(low.own, "Instagram stories").startswith("worse than all of your")


def test_a_server_is_a_benchmark_from_five_creators_on() -> None:
    peers = [_peer(n, n, creator=n % 4) for n in range(1, 20)]
    mine = _peer(99, 9, creator=0)
    found = benchmark(mine, peers, NOW)
    assert found is None or found.server is None
    found = benchmark(mine, [*peers, _peer(50, 30, creator=6)], NOW)
    assert found is not None
    assert found.own is None
    assert found.server is not None
    assert found.server.posts == 20
    assert "this server's" in words(found.server, "Instagram stories")


def test_a_young_post_is_compared_by_rate_alone() -> None:
    mine = [_peer(n, n) for n in range(1, 13)]
    young = _peer(99, 10, days=1)
    assert benchmark(young, mine, NOW) is not None
    assert benchmark(young, mine, NOW, Measure.CLICKS) is None
    assert benchmark(_peer(99, 10), mine, NOW, Measure.CLICKS) is not None
