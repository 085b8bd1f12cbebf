"""Real crowds pass: what nobody may forge does not swallow the people who share an address, or those who don't."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from bot.clock import FixedClock
from bot.tracking.networks import REPEAT_SECONDS, Networks, network_and_browser
from storage.records import BARE, Kind
from tests.conftest import BROWSER
from tests.crowds import agent, arrivals, phone
from tests.served import GUILD, LOOPBACK, SUMMER, TODAY, Edge
from tests.served import served_edge as _edge  # noqa: F401

HALL, MINUTES = 300, 2
Click = tuple[float, str, str]
"""Seconds, network, user agent."""


@pytest.fixture(name="trusted")
def _trusted() -> tuple[Any, ...]:
    return LOOPBACK


def counted(clicks: Iterable[Click]) -> int:
    """How many of the clicks on a link count, by the rules alone."""
    networks, count = Networks(REPEAT_SECONDS, lambda *_shared: None), 0
    for at, address, user_agent in sorted(clicks):
        asked = (GUILD, SUMMER, BARE, Kind.CLICK, TODAY, None, False, 1_000.0 + at)
        count += networks.judge(*network_and_browser(address, user_agent), *asked).reason is None
    return count


def few(rng: random.Random) -> str:
    """A phone in a hall where everybody has one of six versions of a browser, and nearly half of them the same."""
    return f"{BROWSER} {rng.choices(range(6), [1 / rank for rank in range(1, 7)])[0]}"


@pytest.mark.parametrize("shape", ["evenly", "early", "at once"])
@pytest.mark.parametrize("browser", [phone, agent, few, lambda rng: f"{BROWSER} {rng.random()}"])
def test_a_hall(browser: Callable[[random.Random], str], shape: str) -> None:
    for seed in range(10):
        rng = random.Random(seed)
        times = arrivals(rng, HALL, 60 * MINUTES, shape)
        assert counted((at, "203.0.113.9", browser(rng)) for at in times) >= 0.9 * HALL


def test_a_stream_whose_audience_is_half_behind_carriers() -> None:
    rng = random.Random(1)
    times = arrivals(rng, 3_000, 20 * 60, "evenly")
    where = [f"100.64.0.{rng.randrange(12)}" if n % 2 else f"198.51.{n >> 8}.{n & 255}" for n in range(3_000)]
    assert counted(zip(times, where, (agent(rng) for _n in times), strict=True)) >= 0.95 * 3_000


def visits(rng: random.Random, people: int, share_an_address: int) -> tuple[list[Click], int]:
    """Two weeks of people who click, some twice within 8 s, some again later; and how many clicks are deliberate."""
    clicks: list[Click] = []
    deliberate = 0
    for person in range(people):
        user_agent, network = agent(rng), f"n{person // share_an_address}"
        for _visit in range(1 + (rng.random() < 0.25)):
            at = rng.uniform(0, 14 * 86_400)
            clicks.append((at, network, user_agent))
            deliberate += 1
            if rng.random() < 0.08:
                clicks.append((at + rng.uniform(0.2, 8), network, user_agent))
    return clicks, deliberate


@pytest.mark.parametrize("share_an_address", [1, 3])
def test_home_lines_stay_true(share_an_address: int) -> None:
    clicks, deliberate = visits(random.Random(2), 3_000, share_an_address)
    assert abs(counted(clicks) / deliberate - 1) <= 0.03


def test_one_browser_alone_is_no_crowd() -> None:
    """What it trades: a hall where all have one and the same browser can't be told from one script."""
    assert counted((at, "203.0.113.9", BROWSER) for at in arrivals(random.Random(3), HALL, 120, "evenly")) == 4


async def test_a_hall_over_http(edge: Edge, clock: FixedClock) -> None:
    rng = random.Random(300)
    before = 0.0
    for at in arrivals(rng, HALL, 60 * MINUTES, "early"):
        clock.move(seconds=at - before)
        before = at
        assert (await edge.get("/summer", user_agent=phone(rng), X_Forwarded_For="203.0.113.9")).status == 302
    assert (await edge.counts())[SUMMER, BARE, Kind.CLICK] >= 0.9 * HALL


def test_who_has_65_536_networks_has_others_forgotten_but_takes_nothing_from_them() -> None:
    """What the tables hold is bounded, so a /48 can crowd others out of them: then double presses count twice."""
    networks, now = Networks(REPEAT_SECONDS, lambda *_: None), 1_000.0

    def click(network: str, user_agent: str, at: float) -> bool:
        known = network_and_browser(network, user_agent)
        return networks.judge(*known, GUILD, SUMMER, BARE, Kind.CLICK, TODAY, None, False, at).reason is None

    assert click("198.51.100.7", BROWSER, now)
    assert not click("198.51.100.7", BROWSER, now + 1), "a double press"
    for n in range(65_536):
        click(f"2001:db8:1:{n:x}::/64", BROWSER, now + 2)
    assert click("198.51.100.7", BROWSER, now + 3), "forgotten, and counted"
    assert click("198.51.100.8", BROWSER, now + 3), "nobody is set aside for the crowd"
    assert not click("198.51.100.8", BROWSER, now + 4), "and whoever comes is remembered again"
