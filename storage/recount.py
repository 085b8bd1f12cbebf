"""Proves that the rollups are what a recount of the events gives, mends them, and gives them another zone's days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import meta, servers, totals
from storage.prepared import Reader, Statement, read
from storage.records import ALL_LINKS, BARE, Dimension, Kind, Mismatch
from storage.schema import audience_daily, hits, hits_daily, hits_quarter, metadata, uniques_daily
from storage.totals import ONE_DAY

_HORIZON = "events_since"
_QUARTER_MS, _DAY_MS = 900_000, 86_400_000
_EPOCH = dt.date(1970, 1, 1)
_DAYS_AT_ONCE = 16
"""The events are gone through once for so many days, and each of them is held against each of those."""
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


async def check(conn: AsyncConnection, guild_id: int) -> list[Mismatch]:
    """Compare all rollups of a server with its events, and its totals with those, within one consistent state.

    It looks back to the horizon, and at whole local days after it. SQLite counts, sorts and compares, in files where
    there are many events: what is equal never comes here.
    """
    since = await horizon(conn)
    zone = (await conn.run_sync(servers.settled, {guild_id}))[guild_id][0]

    def work(reader: Reader) -> list[Mismatch]:
        found: list[Mismatch] = []
        given: dict[str, Any] = {"guild_id": guild_id}
        first = dt.date.min
        if since is not None:
            first = since.astimezone(zone).date()
            given |= {"since": since, "first": first}

        def compare(name: str, of_all: bool, dimension: str = "", stretches: int = 0, **values: Any) -> None:
            shape = name, of_all, since is not None, dimension, stretches
            for *key, kept, n in reader.rows(_differing, *shape, **given, **values):
                if dimension:
                    key.insert(_KEYS[name].index("dimension"), dimension)
                found.append(Mismatch(name, guild_id, tuple(key), kept, n))

        days = _days(reader, guild_id, first)
        for of_all in (False, True):
            compare(hits_quarter.name, of_all)
            compare(uniques_daily.name, of_all)
            for dimension in Dimension:
                compare(audience_daily.name, of_all, dimension.value)
            for at in range(0, len(days), _DAYS_AT_ONCE):
                some = days[at : at + _DAYS_AT_ONCE]
                if stretches := [(day, *pair) for day in some for pair in totals.times(day, zone)]:
                    compare(hits_daily.name, of_all, stretches=len(stretches), **_bound(stretches))
        order = list(_KEYS)
        return sorted(found, key=lambda item: (order.index(item.table), item.key))

    return await read(conn, work) + await totals.check(conn, guild_id)


def _days(reader: Reader, guild_id: int, after: dt.date) -> list[dt.date]:
    """The days, after one, that anything may be counted on, in order."""
    days = {day for (day,) in reader.rows(_counted_days, guild_id=guild_id)}
    for (number,) in reader.rows(_days_of_events, guild_id=guild_id):
        day = _EPOCH + number * ONE_DAY
        days |= {day - ONE_DAY, day, day + ONE_DAY}  # a local day begins up to a day sooner or later
    return sorted(day for day in days if day > after)


def _counted_days() -> Statement:
    return sa.select(hits_daily.c.day).distinct().where(hits_daily.c.guild_id == sa.bindparam("guild_id"))


def _days_of_events() -> Statement:
    number = sa.type_coerce(hits.c.at, sa.BigInteger) // _DAY_MS
    return sa.select(number).distinct().where(hits.c.guild_id == sa.bindparam("guild_id"))


def _bound(stretches: Sequence[tuple[dt.date, dt.datetime, dt.datetime]]) -> dict[str, Any]:
    """The days, and from when to when each is, as parameters of `_differing`."""
    _days, starts, ends = zip(*stretches, strict=True)
    values: dict[str, Any] = {"start": min(starts), "end": max(ends)}
    for n, (day, start, end) in enumerate(stretches):
        values |= {f"day_{n}": day, f"start_{n}": start, f"end_{n}": end}
    return values


def _differing(name: str, of_all: bool, of_part: bool, dimension: str, stretches: int) -> Statement:
    """Where a rollup is not what the events say: its key, what it has, and how many they are.

    Of single links or of the server's sums, of all there is or since a horizon; of one dimension of the audience, or
    of days within stretches of time.
    """
    return totals.differing(
        _kept(name, of_all, of_part, dimension, stretches), _events(name, of_all, of_part, dimension, stretches)
    )


def _kept(name: str, of_all: bool, of_part: bool, dimension: str, stretches: int) -> Statement:
    table = metadata.tables[name]
    c = table.c
    query = sa.select(*(c[key] for key in _KEYS[name] if key != "dimension"), c.count).where(
        c.guild_id == sa.bindparam("guild_id"),
        c.link_id == ALL_LINKS if of_all else c.link_id > ALL_LINKS,
        counted_here(table),  # what a history brought has no events
    )
    if dimension:
        query = query.where(c.dimension == dimension)
    if stretches:
        return query.where(c.day.in_([_day(n) for n in range(stretches)]))
    if of_part:
        query = query.where(c.bucket >= sa.bindparam("since") if "bucket" in c else c.day > sa.bindparam("first"))
    return query


def _events(name: str, of_all: bool, of_part: bool, dimension: str, stretches: int) -> Statement:
    c = hits.c
    quarter = sa.type_coerce(c.at, sa.BigInteger) // _QUARTER_MS * _QUARTER_MS
    values: dict[str, sa.ColumnElement[Any]] = {
        "link_id": sa.literal(ALL_LINKS, sa.BigInteger) if of_all else c.link_id,
        "place_id": sa.literal(BARE, sa.BigInteger) if of_all else c.place_id,
        "bucket": sa.type_coerce(quarter, c.at.type),
        "kind": c.kind,
        "day": c.day,
    }
    where = [c.guild_id == sa.bindparam("guild_id")]
    if of_part:
        where.append(c.at >= sa.bindparam("since"))
    if name == uniques_daily.name:
        where += [c.is_unique, *([c.kind != Kind.VIEW.value] if of_all else [])]
    if dimension:
        values["value"] = c[dimension]
        where.append(c[dimension] != "")
    if stretches:
        values["day"] = sa.case(*((_within(n), _day(n)) for n in range(stretches)))
        # The first two leave most of them out.
        where += [c.at >= sa.bindparam("start"), c.at < sa.bindparam("end"), sa.or_(*map(_within, range(stretches)))]
    elif of_part and "bucket" not in _KEYS[name]:
        where.append(c.day > sa.bindparam("first"))
    keys = {key: values[key].label(key) for key in _KEYS[name] if key != "dimension"}
    if not of_all:
        return sa.select(*keys.values(), sa.literal(1, sa.BigInteger)).where(*where)
    # Few are left to be compared.
    counted = sa.select(*keys.values(), sa.func.count()).where(*where)
    return counted.group_by(*(column for key, column in keys.items() if key not in ("link_id", "place_id")))


def _day(n: int) -> sa.BindParameter[dt.date]:
    return sa.bindparam(f"day_{n}", type_=sa.Date)


def _within(n: int) -> sa.ColumnElement[bool]:
    return sa.and_(hits.c.at >= sa.bindparam(f"start_{n}"), hits.c.at < sa.bindparam(f"end_{n}"))


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
