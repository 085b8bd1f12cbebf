"""A server's days in another time zone: built in small steps, whatever comes between two of them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from bot.clock import FixedClock
from bot.housekeeping import Housekeeping
from bot.insights.periods import local_day
from bot.links.access import Actor
from bot.servers import Servers
from bot.tracking.visitors import Visitors
from storage import hits, regroup, totals
from storage.database import Database
from storage.records import BARE, Hit, Kind
from storage.seen import Seen
from tests.conftest import NOW, mismatches

GUILD, LINKS = 3, 7
MANAGER = Actor(GUILD, 1, manager=True)


async def count(db: Database, first: int, number: int, zone: str = "UTC") -> None:
    """Hits all over the last days, of several links."""
    found = []
    for n in range(first, first + number):
        at = NOW - dt.timedelta(minutes=37 * n)
        place = (GUILD, n + 1, 100 + n % LINKS, BARE, Kind.CLICK if n % 3 else Kind.IMPRESSION)
        found.append(Hit(*place, at, local_day(at, zone), n))
    await db.write(lambda conn: conn.run_sync(hits.record, found, Seen()))


async def left(db: Database) -> list[int]:
    async with db.read() as conn:
        return await regroup.waiting(conn)


async def test_days_get_another_zone_in_steps_and_hits_come_between(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regroup, "SECONDS", 0.0)  # a step ends after its first piece
    monkeypatch.setattr(regroup, "LINKS", 3)
    await count(db, 0, 300)
    steps, step = 0, regroup.step

    def counted(writer: regroup.Writer, guild_id: int) -> bool:
        nonlocal steps
        steps += 1
        return step(writer, guild_id)

    monkeypatch.setattr(regroup, "step", counted)
    for number, zone in enumerate(("Pacific/Kiritimati", "Pacific/Pago_Pago", "America/St_Johns"), start=1):
        await Servers(db).change(MANAGER, timezone=zone)
        await count(db, 1_000 * number, 50, zone)
        assert await mismatches(db) == []
    assert steps > 60
    assert await left(db) == []


async def test_housekeeping_ends_what_a_process_that_is_gone_began(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await count(db, 0, 300)

    async def killed(_self: Servers, _guild_id: int) -> None:
        await db.write_quietly(lambda writer: regroup.step(writer, GUILD))
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(regroup, "SECONDS", 0.0)
        patched.setattr(Servers, "regroup", killed)
        with pytest.raises(RuntimeError):
            await Servers(db).change(MANAGER, timezone="Pacific/Kiritimati")
    await count(db, 1_000, 50, "Pacific/Kiritimati")
    assert await left(db) == [GUILD]
    assert await mismatches(db) != []
    clock = FixedClock(NOW)
    await Housekeeping(db, clock, Visitors(db, clock, lambda _salt: None), dt.timedelta(days=90)).run()
    assert await left(db) == []
    assert await mismatches(db) == []


def test_a_day_that_clocks_were_put_back_into_is_two_stretches() -> None:
    """In St John's, they were put back at a minute past midnight: the quarter from midnight on is the new day's."""
    zone = ZoneInfo("America/St_Johns")
    times = totals.times(dt.date(2010, 11, 7), zone)
    assert [(end - start) for start, end in times] == [dt.timedelta(minutes=15), dt.timedelta(days=1)]
    assert len(totals.times(dt.date(2026, 3, 29), ZoneInfo("Europe/Berlin"))) == 1
    assert totals.times(dt.date(2011, 12, 30), ZoneInfo("Pacific/Apia")) == []
