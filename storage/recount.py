"""Proves that the rollups are what a recount of the events gives."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.hits import bucket_of
from storage.records import Mismatch
from storage.schema import hits, hits_daily, hits_quarter, uniques_daily


async def check(conn: AsyncConnection, guild_id: int, day_of: Callable[[dt.datetime], dt.date]) -> list[Mismatch]:
    """Compare both rollups and the uniques of a server with its events; `day_of` gives the server's local date.

    Reads the events as a stream within one consistent state; memory grows with the buckets, not with the events.
    """
    quarters: Counter[tuple[Any, ...]] = Counter()
    days: Counter[tuple[Any, ...]] = Counter()
    uniques: Counter[tuple[Any, ...]] = Counter()
    c = hits.c
    query = sa.select(c.link_id, c.at, c.place_id, c.kind, c.unique_day).where(c.guild_id == guild_id)
    async with conn.stream(query) as rows:
        async for link_id, at, place_id, kind, unique_day in rows:
            bucket = bucket_of(at)
            quarters[link_id, bucket, place_id, kind] += 1
            days[link_id, day_of(bucket), place_id, kind] += 1
            if unique_day is not None:
                uniques[link_id, unique_day] += 1
    found: list[Mismatch] = []
    for table, names, counted in (
        (hits_quarter, ("link_id", "bucket", "place_id", "kind"), quarters),
        (hits_daily, ("link_id", "day", "place_id", "kind"), days),
        (uniques_daily, ("link_id", "day"), uniques),
    ):
        keys = [table.c[name] for name in names]
        rollup = sa.select(*keys, sa.func.sum(table.c.count)).where(table.c.guild_id == guild_id).group_by(*keys)
        kept = {tuple(row[:-1]): int(row[-1]) for row in (await conn.execute(rollup)).all()}
        found += [
            Mismatch(table.name, guild_id, key, kept.get(key, 0), counted[key])
            for key in sorted(kept.keys() | counted.keys())
            if kept.get(key, 0) != counted[key]
        ]
    return found


async def count_events(conn: AsyncConnection) -> int:
    """How many events are kept."""
    return (await conn.execute(sa.select(sa.func.count()).select_from(hits))).scalar_one()
