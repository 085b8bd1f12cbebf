"""What is worth an alert: round numbers, spikes and drops with their false alarms, dead destinations, quiet hours."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from bot.alerts import rules
from bot.alerts.rules import Answer, Usual
from bot.delivery.failures import Kind
from bot.delivery.outbox import Letter, nonce
from bot.delivery.port import Address
from bot.errors import InvalidError
from bot.inputs.dates import parse_quiet
from bot.insights import milestones
from storage.records import DestinationCheck

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns")
MONDAY = dt.date(2025, 1, 6)
NOW = dt.datetime(2026, 3, 11, 12, tzinfo=dt.UTC)
counts = st.integers(0, 10**7)


# ------------------------------------------------------------------ milestones


def test_the_round_numbers() -> None:
    assert milestones.steps()[:9] == (100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000)
    assert milestones.passed(9_990, 10_012, 100) == (10_000,)
    assert milestones.passed(0, 600, 100) == (100, 250, 500)
    assert milestones.passed(10_000, 10_001, 100) == ()
    assert milestones.passed(0, 999, 1_000) == ()
    assert milestones.passed(999, 1_000, 1_000) == (1_000,)


@given(st.lists(counts, min_size=2, max_size=8), st.sampled_from([100, 1_000]))
def test_each_step_is_passed_once_on_the_way_up(totals: list[int], least: int) -> None:
    ordered = sorted(totals)
    parts = [step for low, high in pairwise(ordered) for step in milestones.passed(low, high, least)]
    assert parts == list(milestones.passed(ordered[0], ordered[-1], least))
    assert all(least <= step and ordered[0] < step <= ordered[-1] for step in parts)


@given(counts, counts)
def test_nothing_is_passed_on_the_way_down(one: int, other: int) -> None:
    assert milestones.passed(max(one, other), min(one, other), 100) == ()


# ------------------------------------------------------------------ spikes and drops


def _history(values: list[int], day: dt.date) -> dict[dt.date, int]:
    return {day - dt.timedelta(days=n): value for n, value in enumerate(reversed(values), start=1)}


def test_a_young_link_has_no_usual() -> None:
    assert rules.usual(MONDAY, {}, MONDAY - dt.timedelta(days=27)) is None
    found = rules.usual(MONDAY, {}, MONDAY - dt.timedelta(days=28))
    assert found == Usual(0.0, 4, 0.0, (0, 0))


def test_the_usual_is_of_the_weekday() -> None:
    values = [100 if n % 7 == 0 else 10 for n in range(84)]  # its first day is the weekday of the day itself
    found = rules.usual(MONDAY, _history(values, MONDAY), dt.date.min)
    assert found is not None
    assert (found.clicks, found.weeks, found.recent, found.beyond) == (100, 12, (100, 100), 0)
    assert not rules.is_spike(290, found)
    assert rules.is_spike(310, found)
    assert rules.is_drop(30, found)
    assert not rules.is_drop(34, found)


def test_below_the_floor_nothing_is_said() -> None:
    quiet = Usual(2.0, 12, 0.0, (2, 2))
    assert not rules.is_spike(49, quiet)
    assert rules.is_spike(50, quiet)
    assert not rules.is_drop(0, Usual(49.0, 12, 0.0, (49, 49)))
    assert rules.is_drop(0, Usual(50.0, 12, 0.0, (50, 50)))


def test_growth_fading_and_repeats_are_no_news() -> None:
    assert not rules.is_spike(400, Usual(50.0, 12, 0.0, (100, 210)))
    assert not rules.is_drop(30, Usual(200.0, 12, 0.0, (90, 60)))


usuals = st.builds(
    Usual,
    clicks=st.floats(0, 10**5),
    weeks=st.integers(4, 12),
    beyond=st.floats(0, 5),
    recent=st.tuples(st.integers(0, 10**5), st.integers(0, 10**5)),
)


@given(st.integers(0, 10**5), usuals)
def test_no_day_is_both_and_more_of_it_is_no_less(clicks: int, expected: Usual) -> None:
    spike, drop = rules.is_spike(clicks, expected), rules.is_drop(clicks, expected)
    assert not (spike and drop)
    assert not spike or rules.is_spike(clicks * 2, expected)
    assert not drop or rules.is_drop(clicks // 2, expected)


@given(st.integers(0, 2_000), st.floats(1, 5_000), st.floats(0.001, 3))
def test_the_lower_tail_is_the_negative_binomial_one(clicks: int, mean: float, beyond: float) -> None:
    size = 1 / beyond
    exact = nbinom.cdf(clicks, size, size / (size + mean))
    assert rules.at_most(clicks, mean, beyond) == pytest.approx(exact, rel=1e-5, abs=1e-12) or clicks > mean


def _series(rng: np.random.Generator, noise: str, mean: float, beyond: float, days: int) -> list[int]:
    """Clicks by day with a rhythm of the week, whose days differ by `beyond` (squared coefficient of variation)."""
    expected = mean * np.array([1, 1, 1.1, 1.1, 1.2, 0.8, 0.7])[np.arange(days) % 7]
    if noise == "normal logarithm":
        expected *= np.exp(rng.normal(-np.log1p(beyond) / 2, np.sqrt(np.log1p(beyond)), days))
    else:
        expected *= rng.gamma(1 / beyond, beyond, days)
    if noise == "drift":
        expected *= np.exp(np.cumsum(rng.normal(0, 0.03, days)))
    elif noise == "after-effects":
        effect = np.zeros(days)
        for n in range(1, days):
            effect[n] = 0.6 * effect[n - 1] + rng.normal(0, 0.25)
        expected *= np.exp(effect)
    elif noise == "fading":
        expected *= 10 * np.exp(-np.arange(days) / 20) + 0.2
    elif noise == "bursts":
        expected *= np.where(rng.random(days) < 0.1, 5, 0.6)
    return rng.poisson(expected).tolist()


def _alarms(series: list[int]) -> tuple[int, int]:
    """Spikes and drops of a year that follows twelve weeks, with the cool-down."""
    history = {MONDAY + dt.timedelta(days=n): value for n, value in enumerate(series)}
    last: dict[object, int] = {}
    found = {rules.is_spike: 0, rules.is_drop: 0}
    for n in range(84, len(series)):
        expected = rules.usual(MONDAY + dt.timedelta(days=n), history, MONDAY)
        assert expected is not None
        for rule in found:
            if rule(series[n], expected) and n - last.get(rule, -100) >= rules.COOL_DOWN.days:
                last[rule] = n
                found[rule] += 1
    return found[rules.is_spike], found[rules.is_drop]


@pytest.mark.parametrize("noise", ["gamma", "normal logarithm", "drift", "after-effects", "fading", "bursts"])
def test_false_alarms_are_rare(noise: str) -> None:
    """Over 150 years of links for each noise: 0.02 spikes and 0.01 drops for a link and year, at worst 0.04 of each."""
    rng = np.random.default_rng(5)
    years = [
        _alarms(_series(rng, noise, mean, beyond, 84 + 365))
        for mean in (30, 100, 400)
        for beyond in (0.05, 0.3)
        for _n in range(5)
    ]
    spikes, drops = (sum(kind) / len(years) for kind in zip(*years, strict=True))
    assert spikes <= (0.3 if noise == "bursts" else 0.15)
    assert drops <= 0.1


@pytest.mark.parametrize(
    ("mean", "beyond", "factor", "power"),
    [(100, 0.05, 5, 0.9), (100, 0.2, 8, 0.6), (400, 0.2, 8, 0.6), (100, 0.05, 0.1, 0.9), (100, 0.2, 0, 0.9)],
)
def test_real_changes_are_noticed(mean: float, beyond: float, factor: float, power: float) -> None:
    rng, day = np.random.default_rng(6), MONDAY
    noticed = 0
    for _n in range(100):
        expected = mean * rng.gamma(1 / beyond, beyond, 85)
        expected[-1] *= factor
        *before, last = rng.poisson(expected).tolist()
        usual = rules.usual(day, _history(before, day), dt.date.min)
        assert usual is not None
        noticed += rules.is_spike(last, usual) if factor > 1 else rules.is_drop(last, usual)
    assert noticed / 100 >= power


# ------------------------------------------------------------------ destinations


def _days(answers: str, hours: float = 24) -> list[DestinationCheck]:
    """What is known after each answer: h(ere), g(one), u(nsure)."""
    meaning = {"h": Answer.HERE, "g": Answer.GONE, "u": Answer.UNSURE}
    known: DestinationCheck | None = None
    found = []
    for n, answer in enumerate(answers):
        now = NOW + dt.timedelta(hours=hours * n)
        known = rules.checked(1, 2, "https://a.example/", known, meaning[answer], "HTTP 404", now)
        found.append(known)
    return found


@pytest.mark.parametrize(
    ("answers", "dead"),
    [
        ("hgg", False),
        ("ggg", True),
        ("hggg", True),
        ("gguuug", True),
        ("gghgg", False),
        ("uuuuuu", False),
        ("gggh", False),
        ("ggghgg", False),
        ("ggghggg", True),
        ("gggu", True),
    ],
)
def test_dead_after_three_checks_in_a_row(answers: str, dead: bool) -> None:
    assert _days(answers)[-1].is_dead is dead


def test_not_within_a_day() -> None:
    assert not _days("gggg", hours=6)[-1].is_dead
    assert _days("ggggg", hours=6)[-1].is_dead


def test_a_death_has_one_moment_and_a_return_too() -> None:
    known = _days("gggggghh")
    assert {check.dead_at for check in known[2:]} == {NOW + dt.timedelta(days=2)}
    assert {check.back_at for check in known[6:]} == {NOW + dt.timedelta(days=6)}


def test_another_destination_begins_anew() -> None:
    dead = _days("ggg")[-1]
    moved = rules.checked(1, 2, "https://b.example/", dead, Answer.UNSURE, "", NOW)
    assert not moved.is_dead
    assert moved.failures == 0


# ------------------------------------------------------------------ quiet hours


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("22:00-08:00", (1320, 480)),
        ("22-8", (1320, 480)),
        ("10 pm – 8 am", (1320, 480)),
        ("0:00 to 6:30", (0, 390)),
        ("off", None),
        ("-", None),
    ],
)
def test_hours_as_people_type_them(text: str, hours: tuple[int, int] | None) -> None:
    assert parse_quiet(text) == hours


@pytest.mark.parametrize("text", ["", "22:00", "22:00-22:00", "25:00-8:00", "night", "1-2-3"])
def test_what_are_no_hours(text: str) -> None:
    with pytest.raises(InvalidError, match="22:00-08:00"):
        parse_quiet(text)


@given(
    st.integers(0, 4 * 365 * 24 * 60).map(lambda minutes: NOW + dt.timedelta(minutes=minutes)),
    st.sampled_from(ZONES),
    st.integers(0, 1439),
    st.integers(0, 1439),
)
def test_quiet_hours_end_soon_and_then_it_is_not_quiet(now: dt.datetime, zone: str, start: int, end: int) -> None:
    until = rules.quiet_until(now, zone, start, end)
    if start == end:
        return
    if until is not None:
        assert now < until <= now + dt.timedelta(hours=25)
        assert rules.quiet_until(until, zone, start, end) is None
    else:
        turned = rules.quiet_until(now, zone, end, start)
        assert turned is not None


def test_quiet_over_a_change_of_the_clocks() -> None:
    night = dt.datetime(
        2026, 3, 28, 23, tzinfo=dt.UTC
    )  # midnight in Berlin, before the hour from two to three is left out
    assert rules.quiet_until(night, "Europe/Berlin", 1320, 480) == dt.datetime(2026, 3, 29, 6, tzinfo=dt.UTC)
    assert rules.quiet_until(night, "Europe/Berlin", 1320, 150) == dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC)
    assert rules.quiet_until(night, "UTC", None, None) is None
    twice = dt.datetime(2026, 10, 25, 1, 10, tzinfo=dt.UTC)  # 02:10 in Berlin for the second time
    assert rules.quiet_until(twice, "Europe/Berlin", 1320, 150) == dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)


def test_the_nonce_is_short_and_the_messages_own() -> None:
    def of(guild_id: int, message_id: int) -> str:
        letter = Letter(Address(Kind.ALERT, guild_id), (message_id,), 1, dt.datetime.now(dt.UTC))
        return nonce(1, letter)

    assert len(of(2, 3)) == 25
    assert len({of(guild, message) for guild in (1, 2) for message in (3, 4)}) == 4
