"""Whether people who are known come out as the clicks and visitors that they are, over real HTTP.

`make truth` has as many of them as docs/counting.md speaks of, and prints its table.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.clock import FixedClock
from bot.insights.audience import opted_out, uniques_are_least
from storage import counts, servers
from storage.records import Kind, Server
from tests.served import GUILD, LOOPBACK, TODAY, Edge
from tests.served import served_edge as _edge  # noqa: F401
from tests.truth.people import CROWDS, Crowd

ZONE = ZoneInfo("America/New_York")
IDS = [crowd.name.partition(":")[0].partition(",")[0] for crowd in CROWDS]


@pytest.fixture(name="trusted")
def _trusted() -> tuple[Any, ...]:
    return LOOPBACK


async def held(edge: Edge, clock: FixedClock, crowd: Crowd, people: int) -> str:
    """The crowd's row of the table, after it came, and came out as it must."""
    await edge.write(lambda conn: servers.put(conn, Server(GUILD, str(ZONE))))
    presses = sorted(crowd.presses(random.Random(2026), people), key=lambda press: press.at)
    visitor_days: set[tuple[int, dt.date]] = set()
    before = 0.0
    for press in presses:
        clock.move(seconds=press.at - before)
        before = press.at
        visitor_days.add((press.person, clock.now().astimezone(ZONE).date()))
        wish = {"DNT": "1"} if press.opted_out else {}
        sent = await edge.get("/summer", user_agent=press.agent, X_Forwarded_For=press.address, **wish)
        assert sent.status == 302, "whoever they are, they are sent on"
    days = (GUILD, TODAY - dt.timedelta(days=1), TODAY + dt.timedelta(days=20))
    async with edge.db.read() as conn:
        by_kind = await counts.by_link(conn, *days)
        uniques = sum((await counts.uniques_by_link(conn, *days)).values())
        audience = await counts.audience(conn, *days)
    clicks = sum(n for (_link_id, kind), n in by_kind.items() if kind is Kind.CLICK)
    meant = sum(press.meant for press in presses)
    of_clicks, of_uniques = clicks / meant - 1, uniques / len(visitor_days) - 1
    assert crowd.clicks[0] <= of_clicks <= crowd.clicks[1]
    assert crowd.uniques[0] <= of_uniques <= crowd.uniques[1]
    assert opted_out(audience) <= sum(press.opted_out for press in presses)
    read = f"at least {uniques}" if uniques_are_least(audience, clicks) else str(uniques)
    if n := opted_out(audience):
        read += f"; {n} Do-Not-Track clicks"
    return (
        f"| {crowd.name} | {meant} | {clicks} ({of_clicks:+.1%}) | {len(visitor_days)} | {uniques} ({of_uniques:+.1%})"
        f" | {read} |"
    )


@pytest.mark.parametrize(
    ("name", "people"),
    [("home lines, one person each", 60), ("IPv6 lines, a new address of theirs each time", 60)],
    ids=["homes", "IPv6"],
)
async def test_a_few_people_on_lines_of_their_own_are_counted_right(
    edge: Edge, clock: FixedClock, name: str, people: int
) -> None:
    (crowd,) = (crowd for crowd in CROWDS if crowd.name == name)
    await held(edge, clock, crowd, people)


async def test_a_crowd_is_counted_and_its_visitors_are_a_lower_bound(edge: Edge, clock: FixedClock) -> None:
    (hall,) = (crowd for crowd in CROWDS if crowd.name.startswith("a hall"))
    assert "at least" in await held(edge, clock, hall, hall.people)


@pytest.mark.proof
@pytest.mark.parametrize("crowd", CROWDS, ids=IDS)
async def test_as_many_people_as_the_table_has(edge: Edge, clock: FixedClock, crowd: Crowd) -> None:
    print("\n" + await held(edge, clock, crowd, crowd.people))  # noqa: T201
