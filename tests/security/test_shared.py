"""What came through one connection is told, and whose connection it was is nowhere."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from bot.insights.audit import through_one
from storage import counts, hits, links
from storage.records import BARE, Hit, Kind, SharedCount
from storage.seen import Seen
from tests.branded import address_of
from tests.conftest import BROWSER, NOW, World, text_of
from tests.served import GUILD, LOOPBACK, SUMMER, TODAY, TOMORROW, Edge
from tests.served import served_edge as _edge  # noqa: F401
from tests.waiting import becomes

HOME = "203.0.113.9"


@pytest.fixture(name="trusted")
def _trusted() -> tuple[Any, ...]:
    return LOOPBACK


async def test_the_largest_network_of_a_day_is_kept_as_a_count_alone(edge: Edge, tmp_path: Path) -> None:
    for n in range(100):
        address = HOME if n < 60 else f"198.51.100.{n}"
        await edge.get("/summer", user_agent=f"{BROWSER} X/{n}", X_Forwarded_For=address)
        await edge.get("/winter", user_agent=f"{BROWSER} X/{n}", X_Forwarded_For=f"2001:db8:1:2::{n % 49}")

    async def shared() -> list[SharedCount]:
        async with edge.db.read() as conn:
            return await counts.shared(conn, GUILD, TODAY, TOMORROW, [SUMMER])

    expected = [SharedCount(TODAY, SUMMER, 60, 100)]
    assert await becomes(shared, expected) == expected
    files = await asyncio.to_thread(lambda: [path.read_bytes() for path in tmp_path.iterdir() if path.is_file()])
    assert not any(address in content for content in files for address in (HOME.encode(), b"2001:db8"))


@pytest.mark.parametrize(
    ("shared", "clicks", "is_told"), [(49, 49, False), (50, 249, True), (50, 250, False), (412, 1_020, True)]
)
def test_what_is_worth_a_word(shared: int, clicks: int, is_told: bool) -> None:
    assert bool(through_one([SharedCount(TODAY, SUMMER, shared, clicks)])) == is_told


@pytest.mark.usefixtures("sketched")
async def test_the_audit_and_the_brand_report_say_so(world: World) -> None:
    await world.add_link()
    async with world.app.db.read() as conn:
        (link,) = await links.find(conn, world.guild.id)
    guild_id, first = world.guild.id, NOW.date() - dt.timedelta(days=9)
    batch = [
        Hit(guild_id, n + 1, link.id, BARE, Kind.CLICK, NOW - dt.timedelta(days=9), first, n) for n in range(1_020)
    ]

    def write(conn: Any) -> None:
        hits.record(conn, batch, Seen())
        hits.note_shared(conn, {(guild_id, link.id, first): 412})
        hits.note_shared(conn, {(guild_id, link.id, first): 99})  # less, as after a restart

    await world.app.db.write(lambda conn: conn.run_sync(write))
    sentence = "412 of 1,020 clicks came through one shared connection, such as a mobile carrier or a campus."
    assert sentence in text_of(await world.admin.slash(world.channel, "link audit", link="summer"))
    assert sentence in text_of(await world.admin.slash(world.channel, "link audit"))
    page = await world.visit(address_of(await world.admin.slash(world.channel, "brand report", brand="Acme")))
    assert sentence in page.text
