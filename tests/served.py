"""A web edge that is served over real HTTP, with a few links in it, and what it counted."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from bot.clock import FixedClock
from bot.links.owner import OwnerTokens
from bot.profiles.flags import Flags
from bot.profiles.pages import Pages
from bot.profiles.views import Views
from bot.tracking.recorder import Recorder
from bot.tracking.tracker import Tracker
from bot.tracking.visitors import Visitors
from bot.web.profiles import ProfileEdge
from bot.web.routes import Edge as WebEdge
from bot.web.server import serve
from storage import addresses, counts, links, profiles
from storage.database import Database
from storage.ids import Ids
from storage.records import Address, Entry, Link, PlaceCounts, Profile
from tests.conftest import BROWSER, NOW, QuickCharts, mismatches, set_aside_by_reason
from tests.waiting import becomes

GUILD, MAYA, POST = 11, 22, 333
TODAY = NOW.date()
TOMORROW = TODAY + dt.timedelta(days=1)
SUMMER, WINTER, PAGE = 101, 102, 107
BASE = URL("https://go.example")
CONTACT = "mailto:security@go.example"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
"""To trust as a proxy, so that a test's visitors come from wherever it says."""
DISCORDBOT = "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"


class Edge:
    """A served edge with one server, Maya's two links and a post, and what was counted."""

    def __init__(
        self,
        db: Database,
        http: aiohttp.ClientSession,
        port: int,
        visitors: Visitors,
        recorder: Recorder,
        views: Views,
        flags: Flags,
        web: WebEdge,
    ) -> None:
        self.db, self.http, self.port, self.visitors, self.recorder = db, http, port, visitors, recorder
        self.views, self.flags, self.web = views, flags, web

    async def get(
        self, path: str, method: str = "GET", user_agent: str = BROWSER, **headers: str
    ) -> aiohttp.ClientResponse:
        url = URL(f"http://127.0.0.1:{self.port}{path}", encoded=True)
        sent = {"User-Agent": user_agent} | {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, url, headers=sent, allow_redirects=False) as response:
            await response.read()
            return response

    async def counts(self, day: dt.date = TODAY) -> PlaceCounts:
        async with self.db.read() as conn:
            return await counts.by_place(conn, GUILD, day, day + dt.timedelta(days=1))

    async def uniques(self) -> dict[int, int]:
        async with self.db.read() as conn:
            return await counts.uniques_by_link(conn, GUILD, TODAY, TOMORROW)

    async def aside(self) -> dict[str, int]:
        """What was set aside, once the recorder has written it."""
        return await becomes(lambda: set_aside_by_reason(self.db, GUILD), self.recorder.aside_by_reason)

    async def write(self, work: Any) -> None:
        await self.db.write(work)


async def seed(conn: AsyncConnection) -> None:
    for link_id, slug, title in ((SUMMER, "summer", "Summer sale"), (WINTER, "winter", "")):
        target = f"https://www.shop.example/{slug}?a=1&b=%20x#top"
        await links.add(conn, Link(GUILD, link_id, MAYA, slug, target, MAYA, NOW, NOW, title=title))
        await addresses.add(conn, Address(slug, GUILD, MAYA, link_id, None, target))
    target = "https://www.shop.example/summer?a=1&b=%20x#top"
    await addresses.add(conn, Address("summer/ig1", GUILD, MAYA, SUMMER, POST, target))
    await addresses.add(conn, Address("@maya", GUILD, MAYA))
    await profiles.put(conn, Profile(GUILD, MAYA, "maya", "Maya Lind", published=True, id=PAGE))
    await profiles.put_entries(conn, [Entry(GUILD, MAYA, id_, rank) for rank, id_ in enumerate((WINTER, SUMMER))])


@pytest.fixture(name="trusted")
def trusted_proxies() -> tuple[Any, ...]:
    return ()


@pytest.fixture(name="edge")
async def served_edge(db: Database, clock: FixedClock, trusted: tuple[Any, ...]) -> AsyncIterator[Edge]:
    await db.write(seed)
    async with Recorder(db, clock) as recorder:
        visitors, views = Visitors(db, clock, recorder.keep_salt), Views(db)
        tracker = Tracker(
            db=db,
            recorder=recorder,
            visitors=visitors,
            clock=clock,
            ids=Ids(),
            owner_tokens=OwnerTokens(db),
            views=views,
            denied_domains=("evil.example",),
            country_of=lambda client: "DE" if client.startswith("127.") else "",
        )
        pages = ProfileEdge(Pages(db, clock, tracker, views, OwnerTokens(db)), QuickCharts(), BASE)
        flags = Flags(db, clock, Ids())
        edge = WebEdge(tracker, pages, flags, BASE, trusted, security_contact=CONTACT)
        async with (
            serve(edge, host="127.0.0.1", port=0) as web,
            aiohttp.ClientSession() as http,
        ):
            yield Edge(db, http, web.port, visitors, recorder, views, flags, edge)
    assert await mismatches(db) == []
