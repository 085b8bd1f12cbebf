"""A server is looked through again only where there may be news, and then whatever tells them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.alerts.looking import Found, Look
from bot.alerts.service import Alerts
from bot.clock import FixedClock
from storage import alerts, histories, hits, imports, posts
from storage.database import Database
from storage.destinations import put
from storage.records import (
    BARE,
    SERVER_TARGET,
    AlertKind,
    AlertTarget,
    DestinationCheck,
    Figure,
    History,
    Hit,
    Import,
    ImportState,
    Kind,
    Service,
)
from storage.seen import Seen
from tests.conftest import NOW

GUILD, OTHER = 1, 2
News = Callable[[Database, FixedClock], Awaitable[Any]]


async def hit(db: Database, clock: FixedClock) -> None:
    made = Hit(GUILD, 1, 5, BARE, Kind.CLICK, NOW, NOW.date(), 1)
    await db.write(lambda conn: conn.run_sync(hits.record, [made], Seen()))


async def figure(db: Database, clock: FixedClock) -> None:
    await db.write(lambda conn: posts.add_figure(conn, Figure(GUILD, 1, 7, "impressions", 9, NOW, 3, NOW)))


async def imported(db: Database, clock: FixedClock) -> None:
    item = Import(GUILD, 9, 7, 7, NOW, "export.csv", "x", NOW, state=ImportState.APPLIED)
    await db.write(lambda conn: imports.add(conn, item))


async def history(db: Database, clock: FixedClock) -> None:
    item = History(GUILD, 9, 7, 7, NOW, Service.SHLINK, "links.csv", NOW, "keep", state=ImportState.APPLIED)
    await db.write(lambda conn: histories.add(conn, item))


async def dead(db: Database, clock: FixedClock) -> None:
    check = DestinationCheck(GUILD, 5, "https://a.example/", NOW, 3, NOW, NOW, None, "HTTP 404")
    await db.write_quietly(lambda writer: put(writer, [check]))


async def target(db: Database, clock: FixedClock) -> None:
    await db.write(lambda conn: alerts.put_target(conn, AlertTarget(GUILD, 77)))


async def tomorrow(db: Database, clock: FixedClock) -> None:
    clock.move(hours=12, minutes=5)


async def settled(db: Database, clock: FixedClock) -> None:
    clock.move(minutes=15)


@pytest.fixture
async def looked(db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The servers that are looked through."""
    found: list[int] = []
    find = Look.find

    async def noted(self: Look) -> list[Found]:
        found.append(self.server.guild_id)
        return await find(self)

    monkeypatch.setattr(Look, "find", noted)
    for guild_id in (GUILD, OTHER):
        await db.write(lambda conn, guild_id=guild_id: alerts.put_target(conn, AlertTarget(guild_id, SERVER_TARGET)))
    return found


@pytest.mark.parametrize("news", [hit, figure, imported, history, dead, target])
async def test_whatever_may_be_news_has_its_server_looked_through(
    db: Database, clock: FixedClock, looked: list[int], news: News
) -> None:
    service = Alerts(db, clock)
    for _time in range(3):
        await service.look()
    assert looked == [GUILD, OTHER]
    await news(db, clock)
    for _time in range(3):
        await service.look()
    assert looked == [GUILD, OTHER, GUILD]


async def test_a_new_day_and_its_first_quarter_hour_are_looked_at(
    db: Database, clock: FixedClock, looked: list[int]
) -> None:
    service = Alerts(db, clock)
    for step in (tomorrow, settled, settled):
        await service.look()
        await step(db, clock)
    await service.look()
    assert looked == [GUILD, OTHER] * 3


async def test_what_is_only_put_off_is_looked_at_again(
    db: Database, clock: FixedClock, looked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spike within the time that others of the link keep it from being told: once that is over, it is news."""
    spike = Found(f"spike:5:{NOW.date()}", AlertKind.SPIKE, 5, 7, False, {})

    async def find(self: Look) -> list[Found]:
        looked.append(self.server.guild_id)
        return [spike] if self.server.guild_id == GUILD else []

    async def cooling(_conn: Any, guild_id: int, since: dt.datetime) -> set[tuple[int, int | None, AlertKind]]:
        return {(SERVER_TARGET, 5, AlertKind.SPIKE)} if since < NOW - dt.timedelta(hours=6) else set()

    monkeypatch.setattr(Look, "find", find)
    monkeypatch.setattr(alerts, "changes_since", cooling)
    service = Alerts(db, clock)
    assert [await service.look() for _time in range(2)] == [0, 0]
    assert looked == [GUILD, OTHER, GUILD]

    async def over(_conn: Any, guild_id: int, since: dt.datetime) -> set[Any]:
        return set()

    monkeypatch.setattr(alerts, "changes_since", over)
    assert [await service.look() for _time in range(2)] == [1, 0]
    assert looked == [GUILD, OTHER, GUILD, GUILD]
