"""Hits: the events, the rollups written with them in one transaction, and the counts that stats are made of."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import upsert
from storage.records import AsideCount, Count, Hit, Kind, SetAside, UniqueCount
from storage.schema import hits, hits_daily, hits_quarter, salts, set_aside_daily, uniques_daily, visitors_seen

QUARTER = dt.timedelta(minutes=15)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def bucket_of(at: dt.datetime) -> dt.datetime:
    """The start of the quarter hour of UTC that `at` lies in."""
    return at - (at - _EPOCH) % QUARTER


def _rows(names: str, counter: Counter[tuple[Any, ...]], writer_id: int) -> list[dict[str, Any]]:
    keys = names.split()
    return [dict(zip(keys, key, strict=True), writer_id=writer_id, count=n) for key, n in counter.items()]


def record(conn: sa.Connection, batch: Sequence[Hit], *, writer_id: int = 0) -> None:
    """Write the events and what is counted from them. A visitor's first click on a link and day is the unique one."""
    first: dict[tuple[int, int, dt.date, int], int] = {}
    for hit in batch:
        if hit.kind is Kind.CLICK and hit.visitor is not None:
            first.setdefault((hit.guild_id, hit.link_id, hit.day, hit.visitor), hit.id)
    names = ("guild_id", "link_id", "day", "visitor")
    seen: list[dict[str, Any]] = [dict(zip(names, key, strict=True)) for key in first]
    new = {tuple(row) for row in upsert.insert_new(conn, visitors_seen, seen)}
    unique_day = {first[key]: key[2] for key in first if key in new}

    events = [
        {
            "guild_id": hit.guild_id,
            "id": hit.id,
            "link_id": hit.link_id,
            "place_id": hit.place_id,
            "kind": hit.kind,
            "at": hit.at,
            "visitor": hit.visitor,
            "unique_day": unique_day.get(hit.id),
        }
        for hit in batch
    ]
    conn.execute(hits.insert(), events)
    quarters = Counter((h.guild_id, h.link_id, bucket_of(h.at), h.place_id, h.kind) for h in batch)
    upsert.add_counts(conn, hits_quarter, _rows("guild_id link_id bucket place_id kind", quarters, writer_id))
    days = Counter((h.guild_id, h.link_id, h.day, h.place_id, h.kind) for h in batch)
    upsert.add_counts(conn, hits_daily, _rows("guild_id link_id day place_id kind", days, writer_id))
    uniques = Counter((key[0], key[1], key[2]) for key in first if key in new)
    upsert.add_counts(conn, uniques_daily, _rows("guild_id link_id day", uniques, writer_id))


def set_aside(conn: sa.Connection, batch: Sequence[SetAside], *, writer_id: int = 0) -> None:
    """Count requests that were not counted, by reason."""
    counter = Counter((s.guild_id, s.link_id, s.day, s.place_id, s.reason, s.agent) for s in batch)
    names = "guild_id link_id day place_id reason agent"
    upsert.add_counts(conn, set_aside_daily, _rows(names, counter, writer_id))


async def delete_events(conn: AsyncConnection, guild_id: int, before: dt.datetime, below_id: int, limit: int) -> int:
    """Delete up to `limit` of a server's oldest events from before `before`; returns how many went.

    Ids rise with time: `below_id` keeps the search to those that can be that old, since nothing is indexed by time.
    """
    old = (
        sa.select(hits.c.id)
        .where(hits.c.guild_id == guild_id, hits.c.id < below_id, hits.c.at < before)
        .order_by(hits.c.id)
        .limit(limit)
    )
    result = await conn.execute(sa.delete(hits).where(hits.c.guild_id == guild_id, hits.c.id.in_(old)))
    return result.rowcount


def _within(
    table: sa.Table, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None
) -> list[sa.ColumnElement[bool]]:
    where = [table.c.guild_id == guild_id, table.c.day >= first, table.c.day < end]
    return where if link_ids is None else [*where, table.c.link_id.in_(link_ids)]


async def daily(
    conn: AsyncConnection, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None = None
) -> list[Count]:
    """Counts by local day, link, place and kind from `first` up to but without `end`."""
    c = hits_daily.c
    keys = (c.day, c.link_id, c.place_id, c.kind)
    query = (
        sa.select(*keys, sa.func.sum(c.count))
        .where(*_within(hits_daily, guild_id, first, end, link_ids))
        .group_by(*keys)
    )
    return [
        Count(link_id, place_id, Kind(kind), int(n), day)
        for day, link_id, place_id, kind, n in (await conn.execute(query)).all()
    ]


async def uniques(
    conn: AsyncConnection, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None = None
) -> list[UniqueCount]:
    """Unique clicks by link and local day."""
    c = uniques_daily.c
    query = (
        sa.select(c.link_id, c.day, sa.func.sum(c.count))
        .where(*_within(uniques_daily, guild_id, first, end, link_ids))
        .group_by(c.link_id, c.day)
    )
    return [UniqueCount(link_id, day, int(n)) for link_id, day, n in (await conn.execute(query)).all()]


async def set_aside_counts(
    conn: AsyncConnection, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None = None
) -> list[AsideCount]:
    """How many requests were set aside, by reason and unfurler."""
    c = set_aside_daily.c
    query = (
        sa.select(c.reason, c.agent, sa.func.sum(c.count))
        .where(*_within(set_aside_daily, guild_id, first, end, link_ids))
        .group_by(c.reason, c.agent)
    )
    return [AsideCount(reason, agent, int(n)) for reason, agent, n in (await conn.execute(query)).all()]


async def clicks_of_place(conn: AsyncConnection, guild_id: int, link_id: int, place_id: int) -> int:
    """All clicks that one place ever got."""
    c = hits_daily.c
    query = sa.select(sa.func.coalesce(sa.func.sum(c.count), 0)).where(
        c.guild_id == guild_id, c.link_id == link_id, c.place_id == place_id, c.kind == Kind.CLICK
    )
    return int((await conn.execute(query)).scalar_one())


async def salt(conn: AsyncConnection, guild_id: int, day: dt.date) -> bytes | None:
    query = sa.select(salts.c.salt).where(salts.c.guild_id == guild_id, salts.c.day == day)
    return (await conn.execute(query)).scalar_one_or_none()


async def keep_salt(conn: AsyncConnection, guild_id: int, day: dt.date, value: bytes, now: dt.datetime) -> bytes:
    """Keep `value` as the day's salt unless one is kept already; returns the one that stands."""
    row = {"guild_id": guild_id, "day": day, "salt": value, "created_at": now}
    await conn.run_sync(upsert.insert_new, salts, [row])
    kept = await salt(conn, guild_id, day)
    assert kept is not None
    return kept


async def forget_visitors(conn: AsyncConnection, before: dt.datetime) -> None:
    """Delete the salts made before `before`, and who was seen on the days that ended before it."""
    await conn.execute(sa.delete(salts).where(salts.c.created_at < before))
    await conn.execute(sa.delete(visitors_seen).where(visitors_seen.c.day < before.date()))
