"""Gives a server's daily counts another time zone's days, in steps that hits need not wait for.

What is left to do stands in `meta`, so that it goes on after a restart. A day that was not reached yet has the old
zone's counts; hits come in meanwhile, on the new zone's days.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import meta as facts
from storage import servers, totals
from storage.database import Writer
from storage.prepared import one_of, padded, spread
from storage.records import ALL_LINKS
from storage.schema import hits_daily, hits_quarter, meta
from storage.totals import ONE_DAY

LINKS = 100
"""Whose counts of a day are built at once."""
SECONDS = 0.02
"""After which a step begins nothing more."""
_KEY = "regrouping "
_LAST = 2**63 - 1


def begin(conn: sa.Connection, guild_id: int) -> None:
    """From now on, `step` has something to do: the server's zone is another one."""
    c, quarter = hits_daily.c, hits_quarter.c
    totals.reopen(conn, guild_id)
    first, last = conn.execute(sa.select(sa.func.min(c.day), sa.func.max(c.day)).where(c.guild_id == guild_id)).one()
    if first is None:
        return
    counted = sa.select(sa.func.min(quarter.bucket), sa.func.max(quarter.bucket))
    buckets = conn.execute(counted.where(quarter.guild_id == guild_id, quarter.link_id == ALL_LINKS)).one()
    zone = _zone(conn, guild_id)
    days = [first, last, *(bucket.astimezone(zone).date() for bucket in buckets if bucket)]
    _put(conn, guild_id, min(days), max(days), -1)


async def waiting(conn: AsyncConnection) -> list[int]:
    """The servers whose days are not all built yet."""
    keys = await conn.scalars(sa.select(meta.c.key).where(meta.c.key > _KEY, meta.c.key < _KEY + "~"))
    return [int(key.removeprefix(_KEY)) for key in keys]


def step(writer: Writer, guild_id: int) -> bool:
    """Build some of the days; False when nothing was left."""
    with writer.begin() as conn:
        begun = time.perf_counter()
        left = facts.read(conn, f"{_KEY}{guild_id}")
        if left is None:
            return False
        first, last, low = json.loads(left)
        day, end, zone = dt.date.fromisoformat(first), dt.date.fromisoformat(last), _zone(conn, guild_id)
        totals.reopen(conn, guild_id, day)
        while day <= end:
            low = _build(conn, guild_id, zone, day, low)
            if low is None:
                day, low = day + ONE_DAY, -1
            if writer.wanted or time.perf_counter() - begun > SECONDS:
                break
        if day > end:
            conn.execute(sa.delete(meta).where(meta.c.key == f"{_KEY}{guild_id}"))
        else:
            _put(conn, guild_id, day, end, low)
    return True


def _put(conn: sa.Connection, guild_id: int, day: dt.date, last: dt.date, low: int) -> None:
    facts.write(conn, f"{_KEY}{guild_id}", json.dumps([day.isoformat(), last.isoformat(), low]))


def _zone(conn: sa.Connection, guild_id: int) -> ZoneInfo:
    return servers.settled(conn, {guild_id})[guild_id][0]


def _build(conn: sa.Connection, guild_id: int, zone: ZoneInfo, day: dt.date, low: int) -> int | None:
    """Build a day's counts of some links above `low`; returns the last of them, None when there are no more.

    Uniques keep theirs, and so does what was brought from elsewhere: some of it knows days alone.
    """
    mine = {"guild": guild_id, "low": low}
    ids = [id_ for (id_,) in conn.execute(_links(), mine | {"most": LINKS}) if id_ is not None]
    high = ids[-1] if len(ids) == LINKS else _LAST
    conn.execute(_delete(), mine | {"of_day": day, "high": high})
    if ids and (times := totals.times(day, zone)):
        bounds = {
            f"{name}_{n}": at for n, pair in enumerate(times) for name, at in zip(("start", "end"), pair, strict=True)
        }
        conn.execute(_insert(padded(len(ids)), len(times)), mine | {"of_day": day} | spread("link", ids) | bounds)
    return None if high == _LAST else high


# Built once: to build a statement takes SQLAlchemy longer than SQLite takes to run it.


@cache
def _links() -> sa.Select[*tuple[Any, ...]]:
    """The first links above one that anything was ever counted of, from one's first row to the next one's."""
    link_id = hits_quarter.c.link_id
    mine = sa.select(sa.func.min(link_id).label("id")).where(hits_quarter.c.guild_id == sa.bindparam("guild"))
    first = mine.where(link_id > sa.bindparam("low")).add_columns(sa.literal(1, sa.Integer).label("n"))
    found = first.cte("found", recursive=True)
    after = mine.where(link_id > found.c.id).scalar_subquery()
    most = sa.bindparam("most", type_=sa.Integer)
    found = found.union_all(sa.select(after, found.c.n + 1).where(found.c.id.is_not(None), found.c.n < most))
    return sa.select(found.c.id)


@cache
def _delete() -> sa.Delete:
    c = hits_daily.c
    links = (c.link_id > sa.bindparam("low"), c.link_id <= sa.bindparam("high"))
    mine = (c.guild_id == sa.bindparam("guild"), c.day == sa.bindparam("of_day"), *links, c.writer_id >= 0)
    return sa.delete(hits_daily).where(*mine)


@cache
def _insert(links: int, stretches: int) -> sa.Insert:
    c = hits_quarter.c
    keys = (c.guild_id, c.link_id, c.place_id, c.kind, c.writer_id)
    within = (
        sa.and_(c.bucket >= sa.bindparam(f"start_{n}"), c.bucket < sa.bindparam(f"end_{n}")) for n in range(stretches)
    )
    counted = sa.select(*keys, sa.bindparam("of_day", type_=sa.Date), sa.func.sum(c.count)).where(
        c.guild_id == sa.bindparam("guild"), one_of(c.link_id, "link", links), sa.or_(*within), c.writer_id >= 0
    )
    names = ["guild_id", "link_id", "place_id", "kind", "writer_id", "day", "count"]
    return hits_daily.insert().from_select(names, counted.group_by(*keys))
