"""Findings: silent in noise, and found when the effect is there. All trials are seeded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.insights.explain import explain
from bot.insights.findings import Facts, Finding, findings
from bot.insights.glossary import Numbers
from bot.insights.growth import told_of
from bot.insights.periods import Period
from bot.insights.rates import change
from bot.insights.tally import Tally
from storage.records import BARE, AsideCount, Figure, Kind, PlaceKey
from tests.summed import summed
from tests.truth.creators import LINKS, MONDAY, Creator, a_post


def _said(facts: Facts) -> list[str]:
    return [
        found.fill([f"#{id_}" for id_ in found.about], found.value[1] if found.value else "")
        for found in findings(facts, 9)
    ]


@pytest.mark.parametrize("sigma", [0, 0.3, 0.8], ids=["poisson", "days differ", "days differ much"])
def test_noise_has_no_findings(sigma: float) -> None:
    rng = np.random.default_rng(11)
    said = [
        _said(Creator(rng, daily, days=days, sigma=sigma).facts())
        for days in (7, 28)
        for daily in (4, 20, 120)
        for _n in range(25)
    ]
    assert sum(bool(lines) for lines in said) <= 0.05 * len(said), [lines for lines in said if lines]


@pytest.mark.parametrize("days", [7, 28])
def test_shares_that_differ_from_day_to_day_have_not_changed(days: int) -> None:
    rng = np.random.default_rng(12)
    worlds = [Creator(rng, 150, days=days) for _n in range(100)]
    for world in worlds:
        world.alike = 12.0
    said = [line for world in worlds for line in _said(world.facts()) if "came from" in line or "were direct" in line]
    assert len(said) <= 4, said


def _power(
    change: Callable[[Creator], None], *wanted: str, daily: float = 40, days: int = 7, trials: int = 20
) -> float:
    """The share of worlds with that change in which all the wanted words are found in one sentence."""
    rng = np.random.default_rng(13)
    hits = 0
    for _n in range(trials):
        world = Creator(rng, daily, days=days, sigma=0.2)
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


def test_a_story_with_fewer_displays_and_a_higher_ctr_is_found() -> None:
    def better(world: Creator) -> None:
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
    return Facts(period, now=summed(period, counts), links=links)


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
    world = Creator(np.random.default_rng(5), 60, days=7)
    world.day_lift[3] = 0.05
    facts = world.facts()
    assert any("Thursday, 7 May had" in line for line in _said(facts))
    assert not _said(replace(facts, incomplete={dt.date(2026, 5, 7)}))


def test_no_two_findings_say_the_same() -> None:
    world = Creator(np.random.default_rng(6), 80, days=7)
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
    facts = replace(Creator(np.random.default_rng(seed), daily, days=days, sigma=1).facts(), unfinished=unfinished)
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
    post = replace(a_post(7), created_at=made, link_id=1)
    figures = [
        Figure(1, n, 7, metric, value, made + dt.timedelta(days=6), 5, made)
        for n, (metric, value) in enumerate([("impressions", 28_310), ("likes", 300)])
    ]
    counts: dict[PlaceKey, int] = {(1, 7, "click"): 1204, (1, 7, "impression"): 10, (1, BARE, "click"): 50}
    now = summed(period, counts, (), 900, [told_of(post, figures)])
    before = summed(period.previous, {(1, BARE, "click"): 600})
    said = {
        one.name: one
        for one in explain(Numbers(now, before, change(1254, 600)), [AsideCount("bot", "", 12)], 3, "today 14:05")
    }
    assert said["Click"].filled_in == "1,254"
    assert "12 requests were set aside" in said["Click"].note
    assert "3 hits are missing. Counted up to today 14:05." in said["Click"].note
    assert said["Unique click"].filled_in == "900 of 1,254 clicks"
    assert said["Display"].filled_in == "10 measured + 28,310 reported - 10 measured of posts with both = 28,310"
    ctr = said["Click-through rate (CTR)"]
    assert (ctr.formula, ctr.filled_in) == ("clicks / displays", "1,204 / 28,310 = 4.3%")
    assert ctr.note.startswith("1 of 2 posts and places have both sides. Clicks elsewhere, or after a post's last")
    assert said["Engagement rate"].filled_in == "(1,204 clicks + 300 reactions) / 28,310 displays = 5.3%"
    assert "after 600 in the period before: ▲\u00a0109%" in said["Change"].filled_in
    empty = summed(period, {})
    assert [one.filled_in for one in explain(Numbers(empty, empty))][3:] == ["–"] * 3


def test_one_of_anything_is_one() -> None:
    period = Period(MONDAY, MONDAY + dt.timedelta(days=7), "UTC")
    counts: dict[PlaceKey, int] = {(1, BARE, "click"): 1, (1, BARE, "impression"): 1}
    now = summed(period, counts, (), 1)
    said = {one.name: one for one in explain(Numbers(now, None), [AsideCount("bot", "", 1)], 1, "")}
    assert (
        said["Click"].note
        == "1 request was set aside: crawlers, link previews, double presses and others. 1 hit is missing."
    )
    assert said["Unique click"].filled_in == "1 of 1 click"
    assert "posts and places" not in said["Click-through rate (CTR)"].note
