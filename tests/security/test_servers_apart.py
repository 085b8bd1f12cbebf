"""One server's bad row, refusal or hanging message costs the others nothing: a bad server stands before a good one."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import struct
import zlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
from yarl import URL

from bot.alerts.looking import Look
from bot.alerts.service import Alerts
from bot.alerts.telling import Telling
from bot.clock import FixedClock
from bot.delivery import outbox
from bot.delivery.failures import Failure
from bot.delivery.notices import Notices
from bot.delivery.port import Address, Refused
from bot.errors import InvalidError
from bot.housekeeping import Housekeeping
from bot.imports.histories import Histories
from bot.imports.service import Imports
from bot.links.service import Limits
from bot.profiles import avatars
from bot.profiles.flags import Flags
from bot.tracking.visitors import Visitors
from storage import alerts, digests, histories, hits, imports, notices, servers, totals
from storage.database import Database
from storage.ids import Ids
from storage.records import (
    BARE,
    SERVER_TARGET,
    Alert,
    AlertKind,
    AlertTarget,
    Cadence,
    Digest,
    DigestState,
    History,
    Hit,
    Import,
    ImportState,
    Kind,
    Notice,
    NoticeKind,
    Quiet,
    Service,
)
from storage.seen import Seen
from tests.conftest import NOW
from tests.digest_lives import made
from tests.waiting import until

BAD, GOOD = 1, 2


class Discord:
    """Takes what a server sends as `does` says; notes to whom it went, in order."""

    application_id = 42

    def __init__(self, does: Callable[[Address], Any]) -> None:
        self._does = does
        self.posted: list[int] = []

    def is_in(self, guild_id: int) -> bool:
        return True

    async def send(self, address: Address, content: Any, *, nonce: str) -> int:
        await self._does(address)
        self.posted.append(address.guild_id)
        return len(self.posted)

    async def find(self, address: Address, content: Any, *, after: dt.datetime) -> int | None:
        await self._does(address)
        return None


async def hangs(address: Address) -> None:
    if address.guild_id == BAD:
        await asyncio.sleep(3600)


async def is_refused(address: Address) -> None:
    if address.guild_id == BAD:
        raise Refused(Failure.AUTOMOD, "no")


async def breaks(address: Address) -> None:
    if address.guild_id == BAD:
        raise ValueError("a bad row")


async def is_slow(address: Address) -> None:
    await asyncio.sleep(0.005)


def digest(guild_id: int, id_: int, *, user_id: int | None = None) -> Digest:
    return Digest(
        guild_id=guild_id,
        id=id_,
        channel_id=3 if user_id is None else None,
        user_id=user_id,
        cadence=Cadence.DAILY,
        weekday=0,
        minute=540,
        tag="",
        role_id=None,
        quiet=Quiet.LINE,
        state=DigestState.ACTIVE,
        next_run_at=NOW - dt.timedelta(hours=3),
        created_by=7,
    )


async def put_digests(db: Database, found: Sequence[Digest]) -> None:
    async def work(conn: Any) -> None:
        for one in found:
            await digests.put(conn, one)

    await db.write(work)


async def put_alerts(db: Database, guild_id: int, people: Sequence[int]) -> None:
    """An alert that waits, for each of them."""

    async def work(conn: Any) -> None:
        for user_id in people:
            await alerts.put_target(conn, AlertTarget(guild_id, user_id, channel_id=3))
            facts = {"metric": "clicks", "step": 100, "total": 110}
            await alerts.add(
                conn, [Alert(guild_id, user_id, "clicks:creator:7:100", AlertKind.MILESTONE, None, 7, facts, NOW)]
            )

    await db.write(work)


async def put_notices(db: Database, ids: Ids, guild_id: int, n: int) -> None:
    async def work(conn: Any) -> None:
        for _n in range(n):
            facts = {"what": "digest", "reason": "no"}
            await notices.add(conn, Notice(guild_id, ids.new(), NoticeKind.TROUBLE, facts, 7, NOW))

    await db.write(work)


async def posted_to_good(tick: Coroutine[Any, Any, int], discord: Discord) -> list[int]:
    """What was posted when the good server had its turn; who hangs does so for longer than anybody waits here."""
    task = asyncio.create_task(tick)
    await until(lambda: GOOD in discord.posted)
    posted = discord.posted.copy()
    task.cancel()
    await asyncio.wait({task})
    discord.posted.clear()
    return posted


@pytest.mark.parametrize("does", [hangs, is_refused, breaks])
async def test_what_happens_at_one_server_holds_no_other_up(
    db: Database, clock: FixedClock, does: Callable[[Address], Any]
) -> None:
    """It was: alerts one after the other (0 in 15 s behind one that hung), digests two rounds of 100 s later."""
    ids, bad = Ids(clock.timestamp), range(40)
    discord = Discord(does)
    await put_digests(db, [digest(BAD, n + 1) for n in bad] + [digest(GOOD, 1000)])
    await put_alerts(db, BAD, [SERVER_TARGET, *(100 + n for n in bad)])
    await put_alerts(db, GOOD, [SERVER_TARGET])
    await put_notices(db, ids, BAD, 40)
    await put_notices(db, ids, GOOD, 1)
    for one in (made(db, clock), Telling(db, clock, ids), Notices(db, clock, ids, Flags(db, clock, ids))):
        assert await posted_to_good(one.tick(discord), discord) == [GOOD]


async def test_direct_messages_that_hang_hold_no_channel_up(db: Database, clock: FixedClock) -> None:
    """All 96 creators of A went before B's digest, 16 at a time."""

    async def people_hang(address: Address) -> None:
        if address.user_id is not None:
            await asyncio.sleep(3600)

    await put_digests(db, [digest(n, n, user_id=100 + n) for n in range(3, 43)] + [digest(GOOD, 1000)])
    discord = Discord(people_hang)
    assert await posted_to_good(made(db, clock).tick(discord), discord) == [GOOD]


async def test_three_hundred_digests_of_one_server_leave_another_its_turn(db: Database, clock: FixedClock) -> None:
    """B's was the 301st of 301."""
    await put_digests(db, [digest(BAD, n + 1) for n in range(300)] + [digest(GOOD, 1000)])
    discord = Discord(is_slow)
    posted = await posted_to_good(made(db, clock).tick(discord), discord)
    assert len(posted) <= 4, "at 25 requests a second that is within a second"


async def test_servers_take_turns_and_none_has_more_than_two_under_way() -> None:
    under_way: list[str] = []
    most, order = 0, []

    async def handle(item: str) -> int:
        nonlocal most
        under_way.append(item)
        most = max(most, sum(one[0] == "a" for one in under_way))
        await asyncio.sleep(0.001)
        under_way.remove(item)
        order.append(item)
        return 1

    items = [f"a{n}" for n in range(50)] + [f"{server}{n}" for server in "bcdefghijklmnopqrst" for n in range(3)]
    assert await outbox.work_off(items, lambda item: (ord(item[0]), False), handle) == len(items)
    assert most == 2
    assert set(order[:60]) >= {item for item in items if item[0] != "a"} - set(order[-60:])
    assert [item for item in order if item[0] == "a"] == [item for item in items if item[0] == "a"]
    assert order[-40:] == [f"a{n}" for n in range(10, 50)]


async def test_a_row_that_breaks_costs_its_own_server_alone(
    db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day 0001-01-01 of one server: 5 of 5 events of the next one stayed, and no day of it was closed, for ever."""
    old = NOW - dt.timedelta(days=5)
    events = [
        Hit(guild_id, Ids(old.timestamp).new(), 5, BARE, Kind.CLICK, old, old.date(), device="phone")
        for guild_id in (BAD, GOOD)
        for _n in range(5)
    ]
    await db.write(lambda conn: conn.run_sync(hits.record, events, Seen()))
    for guild_id in (BAD, GOOD):
        await db.write(lambda conn, guild_id=guild_id: servers.put(conn, servers.Server(guild_id)))
    real = totals.close

    def close(writer: Any, guild_id: int, before: dt.date, at: totals.Position) -> Any:
        if guild_id == BAD:
            raise OverflowError("date value out of range")
        return real(writer, guild_id, before, at)

    monkeypatch.setattr(totals, "close", close)
    keep = dt.timedelta(days=3)
    assert await Housekeeping(db, clock, Visitors(db, clock, lambda salt: None), keep).run() == 10
    async with db.read() as conn:
        assert await totals.until(conn, GOOD) > old.date()


async def test_a_zone_that_nobody_knows_costs_its_own_servers_digests_alone(db: Database, clock: FixedClock) -> None:
    """A bad row of settings, at digests that are due, put off and waiting for the bot's return."""
    far = NOW + dt.timedelta(days=400)
    rows = [
        dataclasses.replace(digest(guild_id, 10 * guild_id + n), **values)
        for guild_id in (BAD, GOOD)
        for n, values in enumerate(({}, {"next_run_at": far}, {"state": DigestState.LEFT}))
    ]
    await put_digests(db, rows)
    await db.write(lambda conn: servers.put(conn, servers.Server(BAD, timezone="Nowhere/Nothing")))
    discord = Discord(is_slow)
    await made(db, clock).tick(discord)
    assert set(discord.posted) == {GOOD}
    async with db.read() as conn:
        states = {one.id: (one.state, one.next_run_at < far) for one in await digests.of_server(conn, GOOD)}
    assert set(states.values()) == {(DigestState.ACTIVE, True)}


@pytest.mark.parametrize("kind", ["figures", "histories"])
async def test_an_import_that_cant_be_tidied_stops_no_other(
    db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    old, ids = NOW - dt.timedelta(days=30), Ids(clock.timestamp)
    for guild_id in (BAD, GOOD):
        if kind == "figures":
            item = Import(guild_id, guild_id, 7, 7, old, "export.csv", "instagram", old)
            await db.write(lambda conn, item=item: imports.add(conn, item))
        else:
            item = History(guild_id, guild_id, 7, 7, old, Service.SHLINK, "links.csv", old, "keep")
            await db.write(lambda conn, item=item: histories.add(conn, item))
    module: Any = imports if kind == "figures" else histories
    real = module.forget

    async def forget(conn: Any, item: Any) -> None:
        if item.guild_id == BAD:
            raise ValueError("a bad row")
        await real(conn, item)

    monkeypatch.setattr(module, "forget", forget)
    base_url = URL("https://go.example")
    tidy = Imports(db, clock, ids) if kind == "figures" else Histories(db, clock, ids, base_url, Limits())
    await tidy.tidy()
    async with db.read() as conn:
        left = await module.find(conn, list(ImportState))
    assert [item.guild_id for item in left] == [BAD]


async def test_a_server_whose_counts_break_stops_no_others_alerts(
    db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, looked = Look.find, []

    async def find(look: Look) -> Any:
        looked.append(look.server.guild_id)
        if look.server.guild_id == BAD:
            raise OverflowError("date value out of range")
        return await real(look)

    monkeypatch.setattr(Look, "find", find)
    for guild_id in (BAD, GOOD):
        await put_alerts(db, guild_id, [SERVER_TARGET])
    await Alerts(db, clock).look()
    assert looked == [BAD, GOOD]


def test_a_picture_that_claims_billions_of_pixels_is_refused_in_a_sentence() -> None:
    """66 bytes that say 60,000 x 60,000 were a traceback."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(InvalidError, match="that picture can't be used"):
        avatars.made(bomb)
