"""Rankings and benchmarks: what small numbers may not win, and who is compared with whom."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bot.insights.benchmark import Measure, PeerPost, benchmark, percentile, words
from bot.insights.noise import Dispersion
from bot.insights.ranking import rank
from bot.insights.rates import Rate
from storage.records import VIEWS

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
    assert not found.is_sure or found.best is not None


def test_the_best_is_sure_where_chance_does_not_explain_its_lead() -> None:
    calm = Dispersion(1)
    ahead, close, far = Rate(90, 1000, calm), Rate(80, 1000, calm), Rate(30, 1000, calm)
    assert rank({1: ahead, 2: far}).is_sure
    assert not rank({1: ahead, 2: far, 3: close}).is_sure
    assert not rank({1: Rate(90, 1000), 2: Rate(50, 1000)}).is_sure, "nothing is known of how their clicks vary"
    assert not rank({1: ahead}).is_sure, "there is no other"


@given(st.integers(0, 9), st.lists(st.integers(0, 9), min_size=5, max_size=30))
def test_percentiles_agree_with_scipy(value: int, others: list[int]) -> None:
    assert percentile(value, others) == pytest.approx(stats.percentileofscore(others, value, "mean") / 100)


def test_four_others_make_no_percentile() -> None:
    assert percentile(3, [1, 2, 3, 4]) is None


def _peer(
    id_: int, clicks: int, *, creator: int = 5, days: int = 20, kind: str = "story", shown: int = 1000
) -> PeerPost:
    rate = Rate(clicks, shown)
    return PeerPost(id_, creator, "instagram", kind, NOW - dt.timedelta(days=days), clicks, shown, VIEWS, rate)


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
