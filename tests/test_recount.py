"""A recount finds whatever differs in any rollup, names it alone, and reads little where nothing does."""

from __future__ import annotations

import datetime as dt
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa

from bot.clock import FixedClock
from bot.housekeeping import Housekeeping
from bot.insights.periods import local_day
from bot.links.access import Actor
from bot.servers import Servers
from bot.tracking.visitors import Visitors
from storage import hits, recount
from storage.database import Database
from storage.prepared import Reader
from storage.records import ALL_LINKS, Hit, Kind, Mismatch
from storage.schema import metadata
from storage.seen import Seen
from storage.totals import ONE_DAY
from tests.conftest import NOW, mismatches

GUILD, ZONE = 3, "America/St_Johns"
ROLLUPS = ("hits_quarter", "hits_daily", "uniques_daily", "audience_daily")


async def fill(db: Database, number: int = 200, zone: str = ZONE) -> None:
    """Hits of five links and two places each, over some 50 days, with three dimensions, and their days closed."""
    await Servers(db).change(Actor(GUILD, 1, manager=True), timezone=zone)
    found = []
    for n in range(number):
        at = NOW - dt.timedelta(minutes=72_000 * n // number)
        place = (GUILD, n + 1, 100 + n % 5, n % 2 and 9_001, list(Kind)[n % 3])
        found.append(Hit(*place, at, local_day(at, zone), n // 2, ("", "DE", "US")[n % 3], "phone", f"site{n % 4}"))
    await db.write(lambda conn: conn.run_sync(hits.record, found, Seen()))


async def housekeep(db: Database, kept_days: int) -> None:
    clock = FixedClock(NOW)
    await Housekeeping(db, clock, Visitors(db, clock, lambda _salt: None), dt.timedelta(days=kept_days)).run()


@pytest.mark.parametrize("kept_days", [90, 20])
async def test_what_differs_in_a_rollup_is_found_alone_and_mended(db: Database, kept_days: int) -> None:
    await fill(db)
    await housekeep(db, kept_days)
    assert await mismatches(db) == []
    for name, of_all in product(ROLLUPS, (False, True)):
        table = metadata.tables[name]
        keys = [table.c[key] for key in recount._KEYS[name]]
        mine = table.c.link_id == ALL_LINKS if of_all else table.c.link_id > ALL_LINKS
        async with db.read() as conn:
            latest = sa.select(*keys, table.c.count).where(mine).order_by(keys[1].desc(), *keys)
            *key, count = (await conn.execute(latest.limit(1))).one()
        one = sa.and_(*(column == value for column, value in zip(keys, key, strict=True)))
        never = [key[0], key[1] + 10 * ONE_DAY, *key[2:]]
        values = {column.name: value for column, value in zip(keys, never, strict=True)}
        added = table.insert().values(guild_id=GUILD, writer_id=0, count=5, **values)
        for change, expected in (
            (sa.update(table).where(one).values(count=count + 1), Mismatch(name, GUILD, tuple(key), count + 1, count)),
            (sa.delete(table).where(one), Mismatch(name, GUILD, tuple(key), 0, count)),
            (added, Mismatch(name, GUILD, tuple(never), 5, 0)),
        ):
            await db.write(lambda conn, change=change: conn.execute(change))
            found = await mismatches(db)
            assert [item for item in found if item.table != "totals"] == [expected]
            await db.write(lambda conn, found=found: recount.repair(conn, found))
    assert await mismatches(db) == []


async def test_a_recount_reads_no_more_rows_where_there_are_more_events(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, number = Reader.rows, 0

    def counted(self: Reader, *args: Any, **kwargs: Any) -> list[tuple[Any, ...]]:
        nonlocal number
        found = rows(self, *args, **kwargs)
        number += len(found)
        return found

    await fill(db, 2_000)
    await housekeep(db, 90)
    monkeypatch.setattr(Reader, "rows", counted)
    assert await mismatches(db) == []
    assert 50 < number < 200  # days and months alone: no event, and nothing that is equal
