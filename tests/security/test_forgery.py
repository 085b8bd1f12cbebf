"""Nobody forges: what one machine can add to the numbers, and what it can't, with the numbers of the first attacks."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from yarl import URL

from bot.clock import FixedClock
from bot.tracking import limits
from bot.tracking import networks as networks_module
from bot.tracking.limits import REMEMBERED, Aging, Pace
from bot.tracking.networks import BURST, PACE, Networks, network_and_browser
from bot.tracking.tracker import SOURCES
from bot.web import routes
from bot.web.routes import FLAGS, MISSES
from storage import addresses, links
from storage.records import BARE, PROFILE, Kind
from tests.conftest import BROWSER
from tests.served import GUILD, LOOPBACK, PAGE, SUMMER, TODAY, WINTER, Edge
from tests.served import served_edge as _edge  # noqa: F401
from tests.test_audience import audience
from tests.test_profiles import open_page, report

REQUESTS = 300
HOME = "203.0.113.9"
CLICKS = (SUMMER, BARE, Kind.CLICK)


@pytest.fixture(name="trusted")
def _trusted() -> tuple[Any, ...]:
    return LOOPBACK


async def send(edge: Edge, path: str, count: int, *, agent: str = BROWSER, address: str = HOME, **headers: str) -> None:
    """So many requests, some at once; "{}" in agent and address is the number of each."""
    limit = asyncio.Semaphore(4)

    async def one(n: int) -> None:
        async with limit:
            sent = {"X_Forwarded_For": address.format(f"{n:x}")} | headers
            assert (await edge.get(path, user_agent=agent.format(n), **sent)).status in (200, 302)

    await asyncio.gather(*(one(n) for n in range(count)))


async def clicks(edge: Edge) -> tuple[int, int]:
    """Clicks, and unique ones."""
    return (await edge.counts()).get(CLICKS, 0), (await edge.uniques()).get(SUMMER, 0)


@pytest.mark.parametrize(
    ("trick", "counted"),
    [
        ({}, (1, 1)),
        ({"address": "2001:db8:1:2::{}"}, (1, 1)),
        ({"DNT": "1"}, (1, 0)),
        ({"Sec_GPC": "1", "address": "2001:db8:1:2::{}"}, (1, 0)),
        ({"address": f"198.51.100.{{}}, {HOME}"}, (1, 1)),
        ({"agent": BROWSER + " X/{}"}, (PACE, PACE)),
        ({"agent": BROWSER + " X/{}", "address": "2001:db8:1:2::{}"}, (PACE, PACE)),
    ],
    ids=["same", "address within a /64", "DNT", "GPC within a /64", "forged hop", "agent", "agent within a /64"],
)
async def test_clicks_and_uniques_of_one_client(edge: Edge, trick: dict[str, str], counted: tuple[int, int]) -> None:
    await send(edge, "/summer", REQUESTS, **trick)
    await send(edge, "/summer", 20, **trick)
    assert await clicks(edge) == counted


async def test_a_network_adds_at_most_so_much(edge: Edge, clock: FixedClock) -> None:
    """By whatever agents: 300 within two minutes, 2,000 within an hour; what is beyond is set aside."""
    sent = 0
    for minutes in range(0, 60, 4):
        await send(edge, "/summer", 240, agent=BROWSER + f" X/{minutes}-{{}}")
        sent += 240
        clock.move(minutes=4)
    counted, _uniques = await clicks(edge)
    assert 1_900 < counted <= 2_000
    assert await edge.aside() == {"throttled": sent - counted}


@pytest.fixture
def low_pace(monkeypatch: pytest.MonkeyPatch) -> int:
    """Fewer for each network, since pages take a while."""
    monkeypatch.setattr(networks_module, "PACE", 20)
    return 20


async def test_impressions_of_one_network_are_bounded_too(low_pace: int, edge: Edge, clock: FixedClock) -> None:
    await send(edge, "/summer.gif", low_pace + 5, agent=BROWSER + " X/{}")
    tokens = [(await open_page(edge, user_agent=f"{BROWSER} X/{n}"))[0] for n in range(low_pace + 5)]
    assert tokens[-5:] == [""] * 5  # nothing to report with
    clock.move(seconds=2)
    assert [await report(edge, f"{token} 1 2") for token in tokens] == [204] * len(tokens)
    later = [(await open_page(edge, user_agent=f"{BROWSER} Y/{n}", X_Forwarded_For=HOME))[0] for n in range(5)]
    clock.move(seconds=2)
    assert [await report(edge, f"{token} 2") for token in later] == [204] * len(later)  # from where 20 came before
    assert await edge.counts() == {
        (SUMMER, BARE, Kind.IMPRESSION): low_pace,
        (PAGE, PROFILE, Kind.VIEW): low_pace + 5,
        (WINTER, PROFILE, Kind.VIEWABLE): low_pace,
        (SUMMER, PROFILE, Kind.VIEWABLE): low_pace,
    }


async def test_one_network_kills_no_limited_link(edge: Edge) -> None:
    for change in (addresses.change_link, links.change):
        await edge.write(lambda conn, change=change: change(conn, GUILD, SUMMER, max_clicks=50))
    await send(edge, "/summer", REQUESTS, agent=BROWSER + " X/{}")  # each of them is sent on
    assert (await clicks(edge))[0] == 10
    assert await edge.aside() == {"throttled": REQUESTS - 10}
    for n in range(40):
        assert (await edge.get("/summer", X_Forwarded_For=f"198.51.100.{n}")).status == 302
    assert (await clicks(edge))[0] == 50
    assert (await edge.get("/summer", X_Forwarded_For="198.51.100.99")).status == 404


async def test_made_up_referrers_hide_no_known_source(edge: Edge) -> None:
    for n in range(110):
        agent, referrer = f"{BROWSER} X/{n}", f"https://free-nitro-{n}.example/"
        await edge.get("/summer", user_agent=agent, Referer=referrer, X_Forwarded_For=HOME)
    for n in range(20):
        for m, host in enumerate(("l.instagram.com", "t.co")):
            await edge.get("/summer", Referer=f"https://{host}/x", X_Forwarded_For=f"198.51.100.{2 * n + m}")
    found = {value: n for (kind, by, value), n in (await audience(edge)).items() if (kind, by) == ("click", "source")}
    assert (found["Instagram"], found["X"], found["other"]) == (20, 20, 110 - SOURCES)
    assert len(found) == SOURCES + 3


@pytest.mark.parametrize("address", [HOME, "2001:db8:1:2::{}"])
async def test_flags_and_guesses_of_one_network_are_few(edge: Edge, address: str) -> None:
    url = URL(f"http://127.0.0.1:{edge.port}/flag")
    flags = []
    for n in range(30):
        sent = {"User-Agent": BROWSER, "X-Forwarded-For": address.format(n)}
        async with edge.http.post(url, data={"address": "@maya"}, headers=sent) as response:
            flags.append(response.status)
    assert flags == [200] * FLAGS + [429] * (30 - FLAGS)
    guesses = [(await edge.get(f"/no{n}", X_Forwarded_For=address.format(n))).status for n in range(120)]
    assert guesses[:MISSES] == [404] * MISSES
    assert guesses.count(429) >= 120 - MISSES - 30  # one a second comes back


@pytest.fixture
def few_pages(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(routes, "PAGES", 5)
    monkeypatch.setattr(routes, "PAGES_PER_SECOND", 0.001)
    return 5


async def test_pages_of_one_network_are_limited(few_pages: int, edge: Edge) -> None:
    async def pages(path: str, address: str) -> list[int]:
        return [(await edge.get(path, X_Forwarded_For=address.format(n))).status for n in range(8)]

    assert await pages("/@maya", "2001:db8:1:2::{}") == [200] * few_pages + [429] * 3
    assert await pages("/@maya/card.png", "2001:db8:1:2::{}") == [429] * 8
    assert await pages("/@maya/seen.gif", "2001:db8:1:2::{}") == [200] * 8  # what a page asks for itself costs little
    assert await pages("/@maya", "2001:db8:7:{}::1") == [200] * 8


# ---------------------------------------------------------------------- rules


def test_a_table_ages_and_has_an_end() -> None:
    table: Aging[int] = Aging(10.0, most=100)
    for n in range(10_000):
        table.put(n, n, n / 100)
        assert len(table) <= 100
        assert table.get(n, n / 100) == n
    assert table.get(9_999, 109.0) == 9_999
    assert table.get(9_999, 120.0) is None
    assert len(table) == 0


def test_what_is_remembered_has_an_end_whatever_comes() -> None:
    networks = Networks(30.0, lambda *_shared: None)
    for n in range(2 * REMEMBERED):
        who = network_and_browser(f"2001:db8:{n // 4:x}::/64", f"{BROWSER} {n % 4}")
        networks.judge(*who, GUILD, SUMMER, BARE, Kind.CLICK, TODAY, 10, False, 1_000.0 + n / 10_000)
    tables = [table for rule in vars(networks).values() for table in (rule, *getattr(rule, "__dict__", {}).values())]
    sizes = [len(table) for table in tables if isinstance(table, Aging)]
    assert len(sizes) == 8
    assert REMEMBERED // 8 < min(sizes) <= max(sizes) <= REMEMBERED


@pytest.mark.parametrize("seed", range(20))
def test_no_two_minutes_and_no_hour_hold_more(seed: int) -> None:
    rng, pace, now = random.Random(seed), Pace(300, 120.0, 560, 0.4), 1_000.0
    taken = []
    for _n in range(12_000):
        now += rng.expovariate(rng.choice((0.3, 2.0, 20.0)))
        if pace.take("somebody", now):
            taken.append(now)
    for most, seconds in ((300, 120.0), (2_000, 3_600.0)):
        assert all(later - sooner >= seconds for sooner, later in zip(taken, taken[most:], strict=False))


def test_nothing_that_is_remembered_names_anybody() -> None:
    assert limits.keyed_hash(HOME) == limits.keyed_hash(HOME) != limits.keyed_hash("203.0.113.8")
    networks = Networks(30.0, lambda *_shared: None)
    for n in range(BURST + 10):
        who = network_and_browser(HOME, f"{BROWSER} {n % 5}")
        networks.judge(*who, GUILD, SUMMER, BARE, Kind.CLICK, TODAY, 10, False, float(n))
    assert HOME not in repr([vars(one) for one in vars(networks).values() if hasattr(one, "__dict__")])
