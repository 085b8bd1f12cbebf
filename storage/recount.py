"""Proves that the rollups are what a recount of the events gives, mends them, and gives them another zone's days."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import meta, totals
from storage.hits import bucket_of
from storage.records import ALL_LINKS, BARE, Dimension, Kind, Mismatch
from storage.schema import audience_daily, hits, hits_daily, hits_quarter, metadata, uniques_daily

_HORIZON = "events_since"
_PART = 20_000
"""Events read at once."""
_DIMENSIONS = tuple(dimension.value for dimension in Dimension)
_KEYS = {
    "hits_quarter": ("link_id", "bucket", "place_id", "kind"),
    "hits_daily": ("link_id", "day", "place_id", "kind"),
    "uniques_daily": ("link_id", "day"),
    "audience_daily": ("link_id", "day", "kind", "dimension", "value"),
}


async def set_horizon(conn: AsyncConnection, at: dt.datetime) -> None:
    """Raw events are whole from `at` on, the start of a quarter hour; older ones may go. It does not move back."""
    known = await horizon(conn)
    if known is None or known < at:
        await meta.put(conn, _HORIZON, at.isoformat())


async def bring_back_horizon(conn: AsyncConnection, latest: dt.datetime) -> None:
    """Have a horizon that a wrong clock set ahead be `latest`: all that comes from then on is whole."""
    known = await horizon(conn)
    if known is not None and known > latest:
        await meta.put(conn, _HORIZON, latest.isoformat())


async def horizon(conn: AsyncConnection) -> dt.datetime | None:
    """Since when the raw events are whole; None when none were ever deleted."""
    kept = await meta.get(conn, _HORIZON)
    return None if kept is None else dt.datetime.fromisoformat(kept)


async def check(conn: AsyncConnection, guild_id: int, day_of: Callable[[dt.datetime], dt.date]) -> list[Mismatch]:
    """Compare all rollups of a server with its events, and its totals with those; `day_of` gives its local date.

    It looks back to the horizon, and at whole local days after it. Reads the events in parts, within one consistent
    state; memory grows with the buckets, not with the events.
    """
    quarters: Counter[tuple[Any, ...]] = Counter()
    days: Counter[tuple[Any, ...]] = Counter()
    uniques: Counter[tuple[Any, ...]] = Counter()
    c = hits.c
    since = await horizon(conn)
    audience: Counter[tuple[Any, ...]] = Counter()
    about = (c.country, c.device, c.source, c.position, c.delay, c.anonymity)
    fields = (c.id, c.link_id, c.at, c.place_id, c.kind, c.day, c.is_unique, *about)
    query = sa.select(*fields).where(c.guild_id == guild_id).order_by(c.id).limit(_PART)
    if since is not None:
        query = query.where(c.at >= since)
    local, after = cache(day_of), -1
    while rows := (await conn.execute(query.where(c.id > after))).all():
        for _id, link_id, at, place_id, kind, day, is_unique, *values in rows:
            bucket = bucket_of(at)
            quarters[link_id, bucket, place_id, kind] += 1
            days[link_id, local(bucket), place_id, kind] += 1
            if is_unique:
                uniques[link_id, day] += 1
                if kind != Kind.VIEW:
                    uniques[ALL_LINKS, day] += 1
            for dimension, value in zip(_DIMENSIONS, values, strict=True):
                if value:
                    audience[link_id, day, kind, dimension, value] += 1
        after = rows[-1].id
    for counter in (quarters, days, audience):
        places = counter is not audience
        for (_link_id, when, *rest), n in list(counter.items()):
            counter[ALL_LINKS, when, *([BARE, *rest[1:]] if places else rest)] += n
    found: list[Mismatch] = []
    for table, counted in (
        (hits_quarter, quarters),
        (hits_daily, days),
        (uniques_daily, uniques),
        (audience_daily, audience),
    ):
        keys = [table.c[name] for name in _KEYS[table.name]]
        # What a history brought has no events.
        rollup = sa.select(*keys, sa.func.sum(table.c.count)).where(table.c.guild_id == guild_id, counted_here(table))
        rollup = rollup.group_by(*keys)
        if since is not None:
            cut = table.c.bucket >= since if table is hits_quarter else table.c.day > day_of(since)
            rollup = rollup.where(cut)
            counted = Counter({key: n for key, n in counted.items() if table is hits_quarter or key[1] > day_of(since)})
        kept = {tuple(row[:-1]): int(row[-1]) for row in (await conn.execute(rollup)).all()}
        found += [
            Mismatch(table.name, guild_id, key, kept.get(key, 0), counted[key])
            for key in sorted(kept.keys() | counted.keys())
            if kept.get(key, 0) != counted[key]
        ]
    return found + await totals.check(conn, guild_id)


async def repair(conn: AsyncConnection, found: Sequence[Mismatch]) -> None:
    """Set each rollup that `check` found wrong to what its events say."""
    for item in found:
        # Whatever is wrong, the totals were made of it: they are built anew.
        await conn.run_sync(totals.reopen, item.guild_id)
        if item.table == totals.TABLE:
            continue
        table = metadata.tables[item.table]
        names = _KEYS[item.table]
        key = {"guild_id": item.guild_id} | dict(zip(names, item.key, strict=True))
        await conn.execute(
            sa.delete(table).where(*(table.c[name] == value for name, value in key.items()), counted_here(table))
        )
        if item.events:
            await conn.execute(table.insert().values(**key, writer_id=0, count=item.events))


def counted_here(table: sa.Table) -> sa.ColumnElement[bool]:
    """That a rollup's row was counted here."""
    return table.c.writer_id >= 0


async def count_events(conn: AsyncConnection) -> int:
    """How many events are kept."""
    return (await conn.execute(sa.select(sa.func.count()).select_from(hits))).scalar_one()
