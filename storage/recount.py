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
from storage.prepared import Reader, Statement, read
from storage.records import ALL_LINKS, BARE, Dimension, Kind, Mismatch
from storage.schema import hits, hits_quarter, metadata

_HORIZON = "events_since"
_QUARTER_S = 900
"""Seconds of a quarter hour."""
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

    It looks back to the horizon, and at whole local days after it. Some links at a time, within one consistent state:
    memory grows neither with the events nor with the links.
    """
    since = await horizon(conn)
    local = cache(lambda quarter: day_of(_start(quarter)))
    ranges = [pair for pair in await totals.ranges_of_links(conn, guild_id) if pair[1] != ALL_LINKS]

    def work(reader: Reader) -> list[Mismatch]:
        sums: dict[str, Counter[tuple[Any, ...]]] = {name: Counter() for name in _KEYS}
        found: list[Mismatch] = []
        for low, high in ranges:
            counted = _counted(reader, guild_id, since, low, high, local, sums["uniques_daily"])
            for name, counter in counted.items():
                if name != "uniques_daily":
                    for (_link_id, when, *rest), n in counter.items():
                        places = name != "audience_daily"
                        sums[name][ALL_LINKS, when, *([BARE, *rest[1:]] if places else rest)] += n
                found += _differing(reader, guild_id, since, name, counter, low, high, local)
        for name, counter in sums.items():
            found += _differing(reader, guild_id, since, name, counter, -1, ALL_LINKS, local)
        order = list(_KEYS)
        return sorted(found, key=lambda item: (order.index(item.table), item.key))

    return await read(conn, work) + await totals.check(conn, guild_id)


def _start(quarter: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(quarter * _QUARTER_S, dt.UTC)


def _rollup(name: str, of_part: bool) -> Statement:
    table = metadata.tables[name]
    keys = [_quarter(table.c[key]) if key == "bucket" else table.c[key] for key in _KEYS[name]]
    within = (table.c.link_id > sa.bindparam("low"), table.c.link_id <= sa.bindparam("high"))
    # What a history brought has no events.
    query = sa.select(*keys, sa.func.sum(table.c.count, type_=sa.BigInteger))
    query = query.where(table.c.guild_id == sa.bindparam("guild_id"), *within, counted_here(table)).group_by(*keys)
    if not of_part:
        return query
    if name == hits_quarter.name:
        return query.where(table.c.bucket >= sa.bindparam("since"))
    return query.where(table.c.day > sa.bindparam("since"))


def _quarter(column: sa.Column[Any]) -> sa.ColumnElement[int]:
    """The number of the quarter hour since 1970: many are faster told apart by it."""
    return sa.type_coerce(column, sa.BigInteger) // (_QUARTER_S * 1000)


def _differing(
    reader: Reader,
    guild_id: int,
    since: dt.datetime | None,
    name: str,
    counted: Counter[tuple[Any, ...]],
    low: int,
    high: int,
    local: Callable[[int], dt.date],
) -> list[Mismatch]:
    """Where a rollup of some links is not what their events say."""
    in_quarters = name == hits_quarter.name
    given: dict[str, Any] = {"guild_id": guild_id, "low": low, "high": high}
    if since is not None:
        first = local(int(since.timestamp()) // _QUARTER_S)
        given["since"] = since if in_quarters else first
        if not in_quarters:
            counted = Counter({key: n for key, n in counted.items() if key[1] > first})
    found: list[Mismatch] = []
    missing = dict(counted)
    for part in reader.parts(_rollup, name, since is not None, **given):
        for *key, kept in part:
            n = missing.pop(tuple(key), 0)
            if kept != n:
                found.append(_mismatch(name, guild_id, tuple(key), kept, n))
    return found + [_mismatch(name, guild_id, key, 0, n) for key, n in missing.items()]


def _mismatch(name: str, guild_id: int, key: tuple[Any, ...], kept: int, counted: int) -> Mismatch:
    if name == hits_quarter.name:
        key = (key[0], _start(key[1]), *key[2:])
    return Mismatch(name, guild_id, key, kept, counted)


def _events(of_part: bool) -> Statement:
    c = hits.c
    about = (c[dimension] for dimension in _DIMENSIONS)
    query = sa.select(c.link_id, _quarter(c.at), c.place_id, c.kind, c.day, c.is_unique, *about)
    within = (c.link_id > sa.bindparam("low"), c.link_id <= sa.bindparam("high"))
    query = query.where(c.guild_id == sa.bindparam("guild_id"), *within)
    return query.where(c.at >= sa.bindparam("since")) if of_part else query


def _counted(
    reader: Reader,
    guild_id: int,
    since: dt.datetime | None,
    low: int,
    high: int,
    local: Callable[[int], dt.date],
    server_uniques: Counter[tuple[Any, ...]],
) -> dict[str, Counter[tuple[Any, ...]]]:
    """The rollups of some links as their events say, quarter hours by their number; adds to the server's uniques."""
    quarters, days, uniques, audience = (Counter[tuple[Any, ...]]() for _table in _KEYS)
    given = {"guild_id": guild_id, "low": low, "high": high} | ({} if since is None else {"since": since})
    for part in reader.parts(_events, since is not None, **given):
        for link_id, quarter, place_id, kind, day, is_unique, *values in part:
            quarters[link_id, quarter, place_id, kind] += 1
            if is_unique:
                uniques[link_id, day] += 1
                if kind != Kind.VIEW:
                    server_uniques[ALL_LINKS, day] += 1
            for dimension, value in zip(_DIMENSIONS, values, strict=True):
                if value:
                    audience[link_id, day, kind, dimension, value] += 1
    for (link_id, quarter, place_id, kind), n in quarters.items():
        days[link_id, local(quarter), place_id, kind] += n
    return dict(zip(_KEYS, (quarters, days, uniques, audience), strict=True))


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
