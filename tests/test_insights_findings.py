"""Findings: silent in noise, and found when the effect is there. All trials are seeded."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.insights.benchmark import PeerPost, benchmark
from bot.insights.explain import explain
from bot.insights.findings import Facts, Finding, Placed, findings
from bot.insights.glossary import Numbers
from bot.insights.hours import best_hours
from bot.insights.periods import Period
from bot.insights.rates import Rate, change
from bot.insights.summary import Summary, summarise
from bot.insights.tally import Tally
from storage.records import BARE, AsideCount, DayCount, Dimension, Figure, Kind, PlaceKey, Post

MONDAY = dt.date(2026, 5, 4)
NOW = dt.datetime(2026, 6, 2, tzinfo=dt.UTC)
LINKS, HISTORY = 6, 91
SOURCES = (("direct", 0.4), ("t.example", 0.3), ("i.example", 0.2), ("n.example", 0.1))
COUNTRIES = (("DE", 0.5), ("AT", 0.3), ("CH", 0.2))


class World:
    """A creator's made-up clicks: by day, hour, link and source, from one rate and effects that a test adds."""

    def __init__(self, rng: np.random.Generator, daily: float, *, days: int, sigma: float = 0) -> None:
        self.rng, self.daily, self.days, self.sigma = rng, daily, days, sigma
        self.lift: dict[int, float] = {}
        """Link -> what its clicks are multiplied by within the period."""
        self.day_lift: dict[int, float] = {}
        """Day of the period -> what its clicks are multiplied by."""
        self.thursday_evening = 1.0
        self.source_lift = 1.0
        self.alike = 0.0
        """How alike the shares of days are, as Dirichlet's strength; 0 for the same on all."""
        self.ctr = dict.fromkeys(range(100, 106), 0.04)

    def factor(self) -> float:
        return math.exp(self.rng.normal(-(self.sigma**2) / 2, self.sigma))

    def facts(self) -> Facts:
        period = Period(MONDAY, MONDAY + dt.timedelta(days=self.days), "UTC")
        by_day: dict[dt.date, int] = {}
        links = {True: np.zeros(LINKS, int), False: np.zeros(LINKS, int)}
        origins: dict[bool, dict[tuple[Dimension, str], dict[dt.date, int]]] = {True: {}, False: {}}
        by_hour: dict[dt.date, list[int]] = {}
        for n in range(-HISTORY, self.days):
            day, inside = MONDAY + dt.timedelta(days=n), n >= 0
            mean = np.full(24, 1.0)
            if day.weekday() == 3:
                mean[18:] *= self.thursday_evening
            of_links = np.array([self.lift.get(link, 1.0) if inside else 1.0 for link in range(LINKS)]) / LINKS
            level = self.daily * self.factor() * of_links.sum() * mean.mean() * self.day_lift.get(n, 1.0)
            clicks = int(self.rng.poisson(level))
            by_day[day] = clicks
            by_hour[day] = self.rng.multinomial(clicks, mean / mean.sum()).tolist()
            if n >= -self.days:
                links[inside] += self.rng.multinomial(clicks, of_links / of_links.sum())
                for dimension, values in ((Dimension.SOURCE, SOURCES), (Dimension.COUNTRY, COUNTRIES)):
                    shares = np.array([share for _name, share in values])
                    if dimension is Dimension.SOURCE and inside:
                        shares[3] *= self.source_lift
                    shares /= shares.sum()
                    if self.alike:
                        shares = self.rng.dirichlet(self.alike * shares)
                    found = self.rng.multinomial(clicks, shares)
                    for (name, _share), count in zip(values, found.tolist(), strict=True):
                        origins[inside].setdefault((dimension, name), {})[day] = count
        placed, rates = list(self._posts())
        weeks = (HISTORY + self.days) / 7
        return Facts(
            period=period,
            now=self._summary(period, links[True], by_day, rates),
            before=self._summary(period.previous, links[False], by_day, {}),
            links={link: Tally(int(links[True][link]), 0, None) for link in range(LINKS)},
            links_before={link: Tally(int(links[False][link]), 0, None) for link in range(LINKS)},
            posts={id_: _post(id_) for id_ in rates},
            hours=best_hours(by_hour, [weeks] * 168),
            origins=origins[True],
            origins_before=origins[False],
            history={day: n for day, n in by_day.items() if day < MONDAY},
            placed=placed,
        )

    def _posts(self) -> Iterator:
        shown = {id_: int(self.rng.integers(300, 6000)) for id_ in self.ctr}
        rates = {id_: Rate(int(self.rng.binomial(shown[id_], ctr)), shown[id_]) for id_, ctr in self.ctr.items()}
        peers = []
        for id_ in range(200, 215):
            rate = Rate(int(self.rng.binomial(2000, 0.04)), 2000)
            peers.append(PeerPost(id_, 5, "instagram", "story", NOW - dt.timedelta(days=30), 0, 0, rate))
        placed = []
        for id_, rate in rates.items():
            mine = PeerPost(id_, 5, "instagram", "story", NOW - dt.timedelta(days=5), rate.clicks, 0, rate)
            found = benchmark(mine, peers, NOW)
            assert found is not None
            assert found.own is not None
            placed.append(Placed(id_, rate, found.own, "Instagram stories"))
        yield placed
        yield rates

    def _summary(
        self, period: Period, links: np.ndarray, by_day: dict[dt.date, int], rates: dict[int, Rate]
    ) -> Summary:
        counts: dict[PlaceKey, int] = {(link, BARE, Kind.CLICK): int(n) for link, n in enumerate(links)}
        for id_, rate in rates.items():
            counts |= {(id_, id_, Kind.IMPRESSION): rate.impressions, (id_, id_, Kind.CLICK): rate.clicks}
        days = [DayCount(day, Kind.CLICK, by_day[day]) for day in period.days]
        found = summarise(period, counts, days, 0, [], {})
        clicks = int(links.sum())  # the posts' clicks are a world of their own
        return Summary(**{**{name: getattr(found, name) for name in found.__slots__}, "clicks": clicks})


def _post(id_: int) -> Post:
    return Post(1, id_, 5, id_, "ig1", "instagram", "story", 5, NOW - dt.timedelta(days=5))


def _said(facts: Facts) -> list[str]:
    return [
        found.fill([f"#{id_}" for id_ in found.about], found.value[1] if found.value else "")
        for found in findings(facts, 9)
    ]


@pytest.mark.parametrize("sigma", [0, 0.3, 0.8], ids=["poisson", "days differ", "days differ much"])
def test_noise_has_no_findings(sigma: float) -> None:
    rng = np.random.default_rng(11)
    said = [
        _said(World(rng, daily, days=days, sigma=sigma).facts())
        for days in (7, 28)
        for daily in (4, 20, 120)
        for _n in range(25)
    ]
    assert sum(bool(lines) for lines in said) <= 0.05 * len(said), [lines for lines in said if lines]


@pytest.mark.parametrize("days", [7, 28])
def test_shares_that_differ_from_day_to_day_have_not_changed(days: int) -> None:
    rng = np.random.default_rng(12)
    worlds = [World(rng, 150, days=days) for _n in range(100)]
    for world in worlds:
        world.alike = 12.0
    said = [line for world in worlds for line in _said(world.facts()) if "came from" in line or "were direct" in line]
    assert len(said) <= 4, said


def _power(change: Callable[[World], None], *wanted: str, daily: float = 40, days: int = 7, trials: int = 20) -> float:
    """The share of worlds with that change in which all the wanted words are found in one sentence."""
    rng = np.random.default_rng(13)
    hits = 0
    for _n in range(trials):
        world = World(rng, daily, days=days, sigma=0.2)
        change(world)
        hits += any(all(word in line for word in wanted) for line in _said(world.facts()))
    return hits / trials


def test_a_link_that_drives_a_rise_is_found() -> None:
    assert _power(lambda world: world.lift.update({2: 8.0}), "rise in clicks came from #2") >= 0.8


def test_an_odd_day_is_found() -> None:
    assert _power(lambda world: world.day_lift.update({3: 4.0}), "Thursday, 7 May had", "usual Thursday") >= 0.8


def test_a_busy_evening_is_found() -> None:
    assert _power(lambda world: setattr(world, "thursday_evening", 3.0), "Thursday evening brings") >= 0.8


def test_a_source_that_grew_is_found() -> None:
    assert _power(lambda world: setattr(world, "source_lift", 6.0), "clicks came from n.example, up from") >= 0.8


def test_a_story_with_fewer_impressions_and_a_higher_ctr_is_found() -> None:
    def better(world: World) -> None:
        world.ctr[103] = 0.12

    assert _power(better, "103", "CTR") >= 0.8


def test_a_record_week_is_found() -> None:
    assert (
        _power(lambda world: world.lift.update(dict.fromkeys(range(LINKS), 2.5)), "Your best week of the last 14")
        >= 0.8
    )


def _whole(**clicks: int) -> Facts:
    period = Period(MONDAY, MONDAY + dt.timedelta(days=28), "UTC")
    counts: dict[PlaceKey, int] = {(int(link[1:]), BARE, Kind.CLICK): n for link, n in clicks.items()}
    links = {link_id: Tally(n, 0, None) for (link_id, _place_id, _kind), n in counts.items()}
    return Facts(period, now=summarise(period, counts, [], 0, [], {}), links=links)


def test_one_link_that_brings_most_is_found_with_its_evidence() -> None:
    found = findings(_whole(l1=710, l2=200, l3=90))
    assert [(one.text, one.about, one.evidence) for one in found] == [
        ("{0} brings 71% of your clicks.", (1,), "710 of 1,000, over 3 links")
    ]
    assert findings(_whole(l1=710, l2=290)) == []
    assert findings(_whole(l1=7, l2=2, l3=1)) == []


def test_a_round_number_that_was_passed_is_told_once() -> None:
    facts = _whole()
    assert [one.text for one in findings(replace(facts, lifetime=(9_900, 10_120)))] == [
        "You passed 10,000 clicks in all."
    ]
    assert findings(replace(facts, lifetime=(10_000, 10_120))) == []


def test_a_day_with_missing_hits_is_no_finding() -> None:
    world = World(np.random.default_rng(5), 60, days=7)
    world.day_lift[3] = 0.05
    facts = world.facts()
    assert any("Thursday, 7 May had" in line for line in _said(facts))
    assert not _said(replace(facts, incomplete={dt.date(2026, 5, 7)}))


def test_no_two_findings_say_the_same() -> None:
    world = World(np.random.default_rng(6), 80, days=7)
    world.lift, world.source_lift, world.thursday_evening, world.ctr[103] = {2: 9.0}, 6.0, 3.0, 0.15
    found = findings(world.facts(), 9)
    assert len(found) >= 3
    assert len(findings(world.facts())) == 3
    assert [one.weight for one in found] == sorted((one.weight for one in found), reverse=True)
    for n, one in enumerate(found):
        assert one.evidence
        assert not any(one.topics & other.topics for other in found[:n])


def test_nothing_known_is_nothing_said() -> None:
    assert findings(Facts(Period(MONDAY, MONDAY, "UTC"))) == []


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.floats(0, 5), st.integers(1, 40), st.booleans())
def test_few_numbers_of_any_shape_break_nothing(seed: int, daily: float, days: int, unfinished: bool) -> None:
    facts = replace(World(np.random.default_rng(seed), daily, days=days, sigma=1).facts(), unfinished=unfinished)
    for one in findings(facts):
        assert one.weight > 0
        assert "{" not in one.fill([""] * len(one.about), "")
    assert findings(replace(facts, history={}, hours=(), before=facts.now)) is not None


@given(st.text(max_size=40), st.text(max_size=40))
def test_names_of_users_are_filled_in_as_they_are(one: str, other: str) -> None:
    found = Finding("{0} has 5% of {1}; {value}.", "", (1, 2))
    assert found.fill([one, other], "v") == f"{one} has 5% of {other}; v."


def test_every_headline_number_explains_itself() -> None:
    period = Period(MONDAY, MONDAY + dt.timedelta(days=7), "UTC")
    made = dt.datetime(2026, 5, 5, tzinfo=dt.UTC)
    post = replace(_post(7), created_at=made, link_id=1)
    figures = [
        Figure(1, n, 7, metric, value, made + dt.timedelta(days=1), 5, made)
        for n, (metric, value) in enumerate([("impressions", 28_310), ("likes", 300)])
    ]
    counts: dict[PlaceKey, int] = {(1, 7, "click"): 1204, (1, 7, "impression"): 10, (1, BARE, "click"): 50}
    now = summarise(period, counts, [], 900, [post], {7: figures})
    before = summarise(period.previous, {(1, BARE, "click"): 600}, [], 0, [], {})
    said = {
        one.name: one
        for one in explain(Numbers(now, before, change(1254, 600)), [AsideCount("bot", "", 12)], 3, "today 14:05")
    }
    assert said["Click"].filled_in == "1,254"
    assert "12 requests were set aside" in said["Click"].note
    assert "3 hits are missing. Counted up to today 14:05." in said["Click"].note
    assert said["Unique click"].filled_in == "900 of 1,254 clicks"
    assert said["Impression"].filled_in == "10 measured + 28,310 reported - 10 measured of posts with both = 28,310"
    ctr = said["Click-through rate (CTR)"]
    assert (ctr.formula, ctr.filled_in) == ("clicks / impressions", "1,204 / 28,310 = 4.3%")
    assert ctr.note.startswith("1 of 2 posts and places have both sides. Clicks elsewhere: 50. With 95% certainty")
    assert said["Engagement rate"].filled_in == "(1,204 clicks + 300 reactions) / 28,310 impressions = 5.3%"
    assert "after 600 in the period before: ▲\u00a0109%" in said["Change"].filled_in
    empty = summarise(period, {}, [], 0, [], {})
    assert [one.filled_in for one in explain(Numbers(empty, empty))][3:] == ["–"] * 3


def test_one_of_anything_is_one() -> None:
    period = Period(MONDAY, MONDAY + dt.timedelta(days=7), "UTC")
    counts: dict[PlaceKey, int] = {(1, BARE, "click"): 1, (1, BARE, "impression"): 1}
    now = summarise(period, counts, [], 1, [], {})
    said = {one.name: one for one in explain(Numbers(now, None), [AsideCount("bot", "", 1)], 1, "")}
    assert (
        said["Click"].note
        == "1 request was set aside: crawlers, link previews, double presses and others. 1 hit is missing."
    )
    assert said["Unique click"].filled_in == "1 of 1 click"
    assert "posts and places" not in said["Click-through rate (CTR)"].note
