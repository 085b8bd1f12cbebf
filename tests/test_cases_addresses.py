"""The handed cases of addresses: what a visitor, a message or another shortener hands in, end to end."""

from __future__ import annotations

import asyncio
import json

from bot.imports.histories import Histories
from storage import addresses, links
from storage.database import Database
from storage.records import BARE, Kind
from tests.cases import CASES, needs_cases
from tests.conftest import BROWSER, World, answer_of, text_of
from tests.served import SUMMER, Edge
from tests.served import served_edge as _edge  # noqa: F401
from tests.served import trusted_proxies as _trusted  # noqa: F401
from tests.shorteners import Bitly
from tests.test_histories import bring
from tests.test_histories import own_histories as _own  # noqa: F401
from tests.waiting import becomes


@needs_cases
async def test_destinations_stay_as_typed(world: World) -> None:
    for n, destination in enumerate((CASES / "destinations.txt").read_text().split()):
        await world.add_link(f"typed{n}", destination=destination)
        assert (await world.visit(f"/typed{n}")).headers["Location"] == destination


@needs_cases
async def test_an_address_in_a_message_keeps_its_bar(world: World) -> None:
    (line,) = (CASES / "messages.txt").read_text().splitlines()
    message = await world.maya.send(world.channel, line)
    shown = await world.admin.context_menu(world.channel, "Track links here", message)
    await world.admin.click(answer_of(shown), label="Track 1 link")
    async with world.app.db.read() as conn:
        (link,) = await links.find(conn, world.guild.id)
    assert link.destination == "https://fonts.example/css?family=Roboto|Open+Sans"


@needs_cases
async def test_a_short_name_of_two_parts_is_named_as_one_that_cant_be_taken(world: World) -> None:
    data = (CASES / "links_shlink_segment.csv").read_bytes()
    shown = await world.admin.slash(world.channel, "link import", file=("links.csv", data))
    text = text_of(shown)
    assert "1 to make" in text
    assert "3: short name\\: “docs/intro” can't be used" in text
    await world.admin.click(answer_of(shown), label="Import")
    assert (await world.visit("/plain")).status == 302
    assert (await world.visit("/intro")).status == 404


@needs_cases
async def test_both_addresses_at_bitly_lead_there(db: Database, own: Histories) -> None:
    answer = json.loads((CASES / "bitly_link.json").read_bytes())
    service = Bitly()
    service.add(answer.pop("id"), [("2026-01-02", 5)], **answer)
    done = await bring(own, service)
    assert (done.links, done.clicks) == (1, 5)
    async with db.read() as conn:
        summer, printed = [await addresses.get(conn, name) for name in ("summer", "3abcdef")]
    assert summer is not None
    assert printed is not None
    assert (summer.destination, summer.link_id) == (printed.destination, printed.link_id)
    assert summer.state == printed.state == "active"


@needs_cases
async def test_whose_previews_a_disguised_unfurlers_are(world: World) -> None:
    await world.add_link()
    for agent in (CASES / "user_agents.txt").read_text().splitlines():
        await world.visit("/summer", new=True, **{"User-Agent": agent})
    await world.set_aside(1)
    text = text_of(await world.admin.slash(world.channel, "link audit", link="summer"))
    assert "Telegram 1 (100%)" in text


async def test_the_query_of_the_short_address_is_handed_on(world: World) -> None:
    await world.add_link("summer", destination="https://shop.example/summer?ref=a#frag")
    answer = await world.visit("/summer?utm_source=ig")
    assert answer.headers["Location"] == "https://shop.example/summer?ref=a&utm_source=ig#frag"


async def test_a_whole_address_is_taken_as_a_request(edge: Edge) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    lines = ("GET http://go.example/summer HTTP/1.1", "Host: go.example", f"User-Agent: {BROWSER}", "Connection: close")
    writer.write("".join(f"{line}\r\n" for line in (*lines, "")).encode())
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 302 ")
    assert await becomes(edge.counts, {(SUMMER, BARE, Kind.CLICK): 1}) == {(SUMMER, BARE, Kind.CLICK): 1}


async def test_presses_of_a_visitor_who_opted_out_are_one_click(world: World) -> None:
    await world.add_link("gpc")
    for _n in range(3):
        await world.visit("/gpc", new=False, **{"Sec-GPC": "1"})
    await world.set_aside(2)
