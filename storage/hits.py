"""Hits: the events, the rollups written with them in one transaction, and the counts that stats are made of."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import servers, upsert
from storage.records import (
    AsideCount,
    AudienceCount,
    Count,
    Dimension,
    DroppedCount,
    Hit,
    Kind,
    Salt,
    SetAside,
    UniqueCount,
)
from storage.schema import (
    audience_daily,
    dropped_quarter,
    hits,
    hits_daily,
    hits_quarter,
    salts,
    set_aside_daily,
    uniques_daily,
    visitors_seen,
)
from storage.seen import Seen, Visitor

Quarter = tuple[int, int, dt.datetime]
"""guild_id, link_id, start of a quarter hour of UTC."""


_DIMENSIONS = tuple(dimension.value for dimension in Dimension)


def bucket_of(at: dt.datetime) -> dt.datetime:
    """The start of the quarter hour of UTC that `at` lies in."""
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


def record(conn: sa.Connection, batch: Sequence[Hit], seen: Seen, *, writer_id: int = 0) -> dict[Visitor, int]:
    """Write the events and what is counted from them. A visitor's first click on a link and day is the unique one.

    Returns those first clicks, with their events' ids; hand them to `seen.add` once the transaction stands.
    """
    first: dict[Visitor, int] = {}
    for hit in batch:
        if hit.visitor is not None and hit.kind is Kind.CLICK:
            first.setdefault((hit.guild_id, hit.link_id, hit.day, hit.visitor), hit.id)
    new = seen.new(conn, first)
    unique = set(new.values())

    events: list[upsert.Row] = []
    alike: Counter[tuple[Any, ...]] = Counter()
    for hit in batch:
        kind, bucket = hit.kind.value, bucket_of(hit.at)
        about = (hit.country, hit.device, hit.source)
        events.append(
            (
                *(hit.guild_id, hit.id, hit.link_id, hit.place_id, kind, hit.at, hit.visitor, hit.day),
                *(hit.id in unique, *about),
            )
        )
        alike[hit.guild_id, hit.link_id, hit.place_id, kind, bucket, hit.day, *about] += 1
    quarters: Counter[upsert.Row] = Counter()
    days: Counter[upsert.Row] = Counter()
    audience: Counter[upsert.Row] = Counter()
    # The zone may have changed while hits waited: their day among the totals is that of the zone which holds now.
    zones = servers.zones(conn, {hit.guild_id for hit in batch})
    for (guild_id, link_id, place_id, kind, bucket, day, *values), n in alike.items():
        quarters[guild_id, link_id, bucket, place_id, kind] += n
        days[guild_id, link_id, bucket.astimezone(zones[guild_id]).date(), place_id, kind] += n
        for dimension, value in zip(_DIMENSIONS, values, strict=True):
            if value:
                audience[guild_id, link_id, day, kind, dimension, value] += n
    upsert.insert(conn, hits, events)
    for table, counter in (
        (hits_quarter, quarters),
        (hits_daily, days),
        (audience_daily, audience),
        (uniques_daily, Counter(key[:3] for key in new)),
    ):
        upsert.add_counts(conn, table, [(*key, writer_id, n) for key, n in counter.items()])
    return new


def set_aside(conn: sa.Connection, counter: Mapping[SetAside, int], *, writer_id: int = 0) -> None:
    """Count requests that were not counted, by reason."""
    rows = [(s.guild_id, s.link_id, s.day, s.place_id, s.reason, s.agent, writer_id, n) for s, n in counter.items()]
    upsert.add_counts(conn, set_aside_daily, rows)


def note_dropped(conn: sa.Connection, counter: Mapping[Quarter, int], *, writer_id: int = 0) -> None:
    """Count hits that are missing."""
    upsert.add_counts(conn, dropped_quarter, [(*key, writer_id, n) for key, n in counter.items()])


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


async def audience(
    conn: AsyncConnection, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None = None
) -> list[AudienceCount]:
    """Hits by country, by device and by source; what is not known is not in it."""
    c = audience_daily.c
    keys = (c.dimension, c.value, c.kind)
    query = (
        sa.select(*keys, sa.func.sum(c.count))
        .where(*_within(audience_daily, guild_id, first, end, link_ids))
        .group_by(*keys)
    )
    return [
        AudienceCount(Dimension(dimension), value, Kind(kind), int(n))
        for dimension, value, kind, n in (await conn.execute(query)).all()
    ]


async def dropped(
    conn: AsyncConnection, guild_id: int, start: dt.datetime, end: dt.datetime, link_ids: Collection[int] | None = None
) -> list[DroppedCount]:
    """How many hits are missing by link and quarter hour, from `start` up to but without `end`, in order of time."""
    c = dropped_quarter.c
    query = (
        sa.select(c.link_id, c.bucket, sa.func.sum(c.count))
        .where(c.guild_id == guild_id, c.bucket >= start, c.bucket < end)
        .group_by(c.link_id, c.bucket)
        .order_by(c.bucket)
    )
    if link_ids is not None:
        query = query.where(c.link_id.in_(link_ids))
    return [DroppedCount(link_id, bucket, int(n)) for link_id, bucket, n in (await conn.execute(query)).all()]


async def clicks_of_link(conn: AsyncConnection, guild_id: int, link_id: int) -> int:
    """All clicks that a link ever got, whichever place they came from."""
    c = hits_daily.c
    query = sa.select(sa.func.coalesce(sa.func.sum(c.count), 0)).where(
        c.guild_id == guild_id, c.link_id == link_id, c.kind == Kind.CLICK
    )
    return int((await conn.execute(query)).scalar_one())


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


def keep_salts(conn: sa.Connection, new: Sequence[Salt]) -> None:
    """Keep the salts, but for days that have one already."""
    upsert.insert_missing(conn, salts, [(salt.guild_id, salt.day, salt.value, salt.created_at) for salt in new])


async def forget_visitors(conn: AsyncConnection, before: dt.datetime) -> None:
    """Delete the salts made before `before`, and who was seen on the days that ended before it."""
    await conn.execute(sa.delete(salts).where(salts.c.created_at < before))
    await conn.execute(sa.delete(visitors_seen).where(visitors_seen.c.day < before.date()))
