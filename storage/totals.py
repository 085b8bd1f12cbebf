"""Running totals of closed days: built behind the hits, day by day, so that any range is one total less another.

A day is closed some time after its end. A hit that is counted on a closed day all the same opens it again, and the days
after it: from then on they are read from the daily rollups, until they are built anew.
"""

from __future__ import annotations

import datetime as dt
import time
from calendar import monthrange
from collections.abc import Sequence
from functools import cache, lru_cache
from operator import sub
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import servers, upsert
from storage.database import Writer
from storage.prepared import Reader, Statement, read
from storage.records import ALL_LINKS, Dimension, Mismatch, Segment
from storage.schema import (
    audience_daily,
    closed_days,
    hits_daily,
    hits_quarter,
    links,
    metadata,
    set_aside_daily,
    totals,
    uniques_daily,
)

ALL, PLACE, UNIQUE, HOUR, ASIDE = "", "place", "unique", "hour", "aside"
"""What a total is of, beside the dimensions of the audience: hits by nothing else, by place, uniques, hits by local
hour of the day, set aside by reason (`kind`) and agent (`value`)."""
FACETS = (ALL, PLACE, UNIQUE, HOUR, ASIDE, *(dimension.value for dimension in Dimension))

TABLE = totals.name

FIRSTS = tuple(table.name for table in (totals, hits_daily, uniques_daily, audience_daily, set_aside_daily))
"""Tables whose first day, or month, a server's first day is found by."""

LINKS_A_STEP = 10
"""Links whose totals are built at once."""

ONE_DAY = dt.timedelta(days=1)
HOUR_MS = 3_600_000
_LAST = 2**63 - 1
_QUARTER = dt.timedelta(minutes=15)

SECONDS = 0.015
"""After which `close` begins nothing more: hits wait."""

Position = tuple[dt.date, int]
"""A day, and the link up to which its totals are built."""
BEGINNING: Position = (dt.date.min, -1)
Key = tuple[str, int, str, str]
"""facet, link_id, kind, value."""


def column(day: dt.date) -> tuple[dt.date, sa.Column[int]]:
    """Where the total up to and with `day` stands: the month, and the column."""
    return day.replace(day=1), totals.c[f"t{day.day}"]


@lru_cache(maxsize=1_000)
def _days_of(month: dt.date) -> tuple[dt.date, ...]:
    return tuple(month.replace(day=day) for day in range(1, monthrange(month.year, month.month)[1] + 1))


def day_counts(
    month: dt.date, row: Sequence[int], first: dt.date, end: dt.date
) -> tuple[Sequence[dt.date], Sequence[int]]:
    """A month's days within `first` and `end`, and the count of each; `row` is t0 to t31."""
    begin = first.day - 1 if first > month else 0
    days = _days_of(month)[begin : (end - month).days]
    last = begin + len(days)
    return days, list(map(sub, row[begin + 1 : last + 1], row[begin:last]))


async def until(conn: AsyncConnection, guild_id: int) -> dt.date:
    """Before which day the totals hold; `dt.date.min` when there are none."""
    query = sa.select(closed_days.c.until).where(closed_days.c.guild_id == guild_id)
    return (await conn.execute(query)).scalar_one_or_none() or dt.date.min


def reopen(conn: sa.Connection, guild_id: int, day: dt.date = dt.date.min) -> None:
    """Something is counted on a closed day, or without an event on any: from it on, the totals hold no longer.

    Without a day, none holds: the days themselves have changed.
    """
    c = closed_days.c
    earlier = {name: sa.case((c[name] > day, day), else_=c[name]) for name in ("until", "building")}
    conn.execute(sa.update(closed_days).where(c.guild_id == guild_id).values(earlier | {"version": c.version + 1}))


def close(writer: Writer, guild_id: int, before: dt.date, at: Position = BEGINNING) -> Position | None:
    """Close some of the server's days before `before`, in one transaction; where to go on, None when nothing is left.

    A day that is opened again between two of them is begun anew.
    """
    begun = time.perf_counter()
    with writer.begin() as conn:
        if at != BEGINNING and _building(conn, guild_id) != at[0] + ONE_DAY:
            at = BEGINNING
        while True:
            if at == BEGINNING:
                day = next_day(Reader(conn.connection, conn.dialect, None), guild_id)
                if day is None or day >= before:
                    return None
                # From here on, a hit on that day opens it again.
                _set(conn, guild_id, until=day, building=day + ONE_DAY)
                at = day, -1
            day, low = at
            high = (
                conn.execute(_step_end(), {"guild": guild_id, "low": low, "skipped": LINKS_A_STEP - 1}).scalar()
                or _LAST
            )
            _build(conn, guild_id, day, low, high)
            at = day, high
            if high == _LAST:
                _set(conn, guild_id, until=day + ONE_DAY, building=day + ONE_DAY)
                at = BEGINNING
            if writer.wanted or time.perf_counter() - begun > SECONDS:
                return at


def _set(conn: sa.Connection, guild_id: int, **values: dt.date) -> None:
    mine = sa.update(closed_days).where(closed_days.c.guild_id == guild_id).values(values)
    if not conn.execute(mine).rowcount:
        conn.execute(closed_days.insert().values(guild_id=guild_id, **values))


@cache
def _step_end() -> sa.Select[*tuple[Any, ...]]:
    """The last link of a step, of those above one: ranges and not ids, so that nothing is left out."""
    c = links.c
    query = sa.select(c.id).where(c.guild_id == sa.bindparam("guild"), c.id > sa.bindparam("low"))
    return query.order_by(c.id).limit(1).offset(sa.bindparam("skipped", type_=sa.Integer))


def _until() -> Statement:
    return sa.select(closed_days.c.until).where(closed_days.c.guild_id == sa.bindparam("guild_id"))


def _first(name: str) -> Statement:
    table = metadata.tables[name]
    day = table.c.month if table is totals else table.c.day
    return sa.select(sa.func.min(day)).where(table.c.guild_id == sa.bindparam("guild_id"))


def next_day(reader: Reader, guild_id: int) -> dt.date | None:
    """The first day of a server that has no totals yet, None where nothing was ever counted."""
    for (known,) in reader.rows(_until, guild_id=guild_id):
        if known > dt.date.min:
            return known
    # From the first month that anything was ever built for: what is left of an older build is overwritten.
    found = [reader.rows(_first, name, guild_id=guild_id)[0][0] for name in FIRSTS]
    return min((day.replace(day=1) for day in found if day is not None), default=None)


def _building(conn: sa.Connection, guild_id: int) -> dt.date | None:
    return conn.execute(sa.select(closed_days.c.building).where(closed_days.c.guild_id == guild_id)).scalar()


@lru_cache(maxsize=1_000)
def segments(day: dt.date, zone: ZoneInfo) -> Sequence[Segment]:
    """The quarter hours that count for a local day, in stretches of one UTC offset."""
    at = dt.datetime.combine(day, dt.time(), dt.UTC) - dt.timedelta(hours=27)
    found: list[Segment] = []
    for number in range(4 * 78):
        start = at + number * _QUARTER
        local = start.astimezone(zone)
        offset = local.utcoffset()
        assert offset is not None
        if local.date() != day:
            continue
        if found and (found[-1].end, found[-1].offset) == (start, offset):
            found[-1] = Segment(found[-1].start, start + _QUARTER, offset)
        else:
            found.append(Segment(start, start + _QUARTER, offset))
    return found


def times(day: dt.date, zone: ZoneInfo) -> list[tuple[dt.datetime, dt.datetime]]:
    """From when to when quarter hours begin on the day: one stretch, but where clocks were put back over midnight."""
    found: list[tuple[dt.datetime, dt.datetime]] = []
    for segment in segments(day, zone):
        start = found.pop()[0] if found and found[-1][1] == segment.start else segment.start
        found.append((start, segment.end))
    return found


def _build(conn: sa.Connection, guild_id: int, day: dt.date, low: int, high: int) -> None:
    """Bring the totals of the links above `low` up to `high` to the end of `day`."""
    zone, _ = servers.settled(conn, {guild_id})[guild_id]
    stretches = segments(day, zone)
    month, today = column(day)
    last_month, yesterday = column(day - ONE_DAY)
    mine = _values(guild_id, day, stretches, low, high) | {"of_month": month, "last_month": last_month}
    for statement in _carrying(today.name, yesterday.name):
        conn.execute(statement, mine)
    conn.execute(_adding(conn.dialect.name, today.name, len(stretches)), mine)


# Built once: to build a statement takes SQLAlchemy longer than SQLite takes to run it.

_MINE = {name: sa.bindparam(name, type_=sa.BigInteger) for name in ("guild", "low", "high")}
_DATES = {name: sa.bindparam(name, type_=sa.Date) for name in ("of_day", "of_month", "last_month")}


def _values(guild_id: int, day: dt.date, stretches: Sequence[Segment], low: int, high: int) -> dict[str, Any]:
    """The parameters of `_counts`."""
    values: dict[str, Any] = {"guild": guild_id, "of_day": day, "low": low, "high": high}
    for n, one in enumerate(stretches):
        offset = int(one.offset.total_seconds() * 1000)
        values |= {f"start_{n}": one.start, f"end_{n}": one.end, f"offset_{n}": offset}
    return values


@cache
def _carrying(today: str, yesterday: str) -> Sequence[sa.Executable]:
    """What gives the totals of a day those of the day before; today's is "t1" on the first day of a month."""
    c = totals.c
    key = [c.guild_id, c.facet, c.link_id, c.kind, c.value]
    mine = (c.guild_id == _MINE["guild"], c.facet.in_(FACETS), c.link_id > _MINE["low"], c.link_id <= _MINE["high"])
    if today != "t1":
        return (sa.update(totals).where(*mine, c.month == _DATES["of_month"]).values({today: c[yesterday]}),)
    carried = sa.select(*key, _DATES["of_month"], c[yesterday], c[yesterday]).where(
        *mine, c.month == _DATES["last_month"]
    )
    names = [*(column.name for column in key), "month", "t0", "t1"]
    gone = sa.delete(totals).where(*mine, c.month == _DATES["of_month"])
    return gone, totals.insert().from_select(names, carried)


@cache
def _adding(dialect: str, today: str, stretches: int) -> sa.Insert:
    counted = _counts(stretches).subquery()
    names = ["guild_id", "month", "facet", "link_id", "kind", "value", today]
    return upsert.adding(
        dialect, totals, names, sa.select(_MINE["guild"], _DATES["of_month"], *counted.c).where(sa.true()), today
    )


@cache
def _counts(stretches: int) -> Statement:
    """A day's counts by facet, link, kind and value, of the links above one up to another; see `_values`."""
    *keys, number = sa.union_all(*_parts(stretches)).subquery().c
    return sa.select(*keys, sa.func.sum(number).label("n")).group_by(*keys)


def _parts(stretches: int) -> list[Statement]:
    """What `_counts` sums up."""
    hit, unique, audience, aside, quarter = (
        table.c for table in (hits_daily, uniques_daily, audience_daily, set_aside_daily, hits_quarter)
    )
    empty = sa.literal("", sa.Text)

    def mine(c: Any) -> tuple[sa.ColumnElement[bool], ...]:
        within = (c.link_id > _MINE["low"], c.link_id <= _MINE["high"])
        return c.guild_id == _MINE["guild"], c.day == _DATES["of_day"], *within

    def of_day(c: Any, facet: Any, kind: Any, value: Any, *where: Any) -> Statement:
        query = sa.select(facet.label("facet"), c.link_id, kind.label("kind"), value.label("value"), c.count)
        return query.where(*mine(c), *where)

    parts: list[Statement] = [
        of_day(hit, sa.literal(ALL, sa.Text), hit.kind, empty),
        of_day(hit, sa.literal(PLACE, sa.Text), hit.kind, sa.cast(hit.place_id, sa.Text), hit.link_id != ALL_LINKS),
        of_day(unique, sa.literal(UNIQUE, sa.Text), empty, empty),
        of_day(audience, audience.dimension, audience.kind, audience.value),
        of_day(aside, sa.literal(ASIDE, sa.Text), aside.reason, aside.agent),
    ]
    # Quarters are looked up link by link: nothing else leads to those of one day, and no range of links does.
    links_of_day = sa.select(hit.link_id).where(*mine(hit))
    for n in range(stretches):
        hour = sa.cast(_hours(sa.bindparam(f"offset_{n}", type_=sa.BigInteger)) % 24, sa.Text)
        start, end = (sa.bindparam(f"{name}_{n}", type_=quarter.bucket.type) for name in ("start", "end"))
        parts.append(
            sa.select(sa.literal(HOUR, sa.Text), quarter.link_id, quarter.kind, hour, quarter.count).where(
                *(quarter.guild_id == _MINE["guild"], quarter.link_id.in_(links_of_day)),
                *(quarter.bucket >= start, quarter.bucket < end),
            )
        )
    return parts


def local_hours(offset: dt.timedelta) -> sa.ColumnElement[int]:
    """Whole local hours since 1970 at a quarter hour's start."""
    return _hours(sa.literal(int(offset.total_seconds() * 1000), sa.BigInteger))


def _hours(offset_ms: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return (sa.type_coerce(hits_quarter.c.bucket, sa.BigInteger) + offset_ms) // HOUR_MS


async def check(conn: AsyncConnection, guild_id: int) -> list[Mismatch]:
    """Compare the totals of closed days with what the days say; keys are day, facet, link, kind and value."""
    end = await until(conn, guild_id)
    zone = (await conn.run_sync(servers.settled, {guild_id}))[guild_id][0]

    def work(reader: Reader) -> list[Mismatch]:
        found: list[Mismatch] = []
        before = dt.date.min
        for (month,) in reader.rows(_months, guild=guild_id, end=end):
            stop = min(end, (month + 31 * ONE_DAY).replace(day=1))
            carried = {"guild": guild_id, "of_month": month, "last_month": before}
            for *key, kept, n in reader.rows(_carried, (month - ONE_DAY).day, **carried):
                found.append(Mismatch(TABLE, guild_id, (month, *key), kept, n))
            for number in range((stop - month).days):
                day = month + number * ONE_DAY
                stretches = segments(day, zone)
                values = _values(guild_id, day, stretches, -1, _LAST) | {"of_month": month}
                for *key, kept, n in reader.rows(_of_day, day.day, len(stretches), **values):
                    found.append(Mismatch(TABLE, guild_id, (day, *key), kept, n))
            before = month
        return found

    return await read(conn, work)


def _months() -> Statement:
    c = totals.c
    query = sa.select(c.month).distinct().where(c.guild_id == _MINE["guild"], c.month < sa.bindparam("end"))
    return query.order_by(c.month)


def _of_month(date: str, *counts: sa.ColumnElement[int]) -> Statement:
    c = totals.c
    query = sa.select(c.facet, c.link_id, c.kind, c.value, *counts)
    return query.where(c.guild_id == _MINE["guild"], c.month == _DATES[date])


def _carried(last: int) -> Statement:
    """Where a month does not begin with what the one before had in the end, on its last day."""
    return differing(_of_month("of_month", totals.c.t0), _of_month("last_month", totals.c[f"t{last}"]))


def _of_day(number: int, stretches: int) -> Statement:
    """Where the totals of a day are not those of the day before and what was counted on it."""
    today, yesterday = totals.c[f"t{number}"], totals.c[f"t{number - 1}"]
    kept = _of_month("of_month", today - yesterday).where(today != yesterday)
    return differing(kept, *_parts(stretches))


def differing(kept: Statement, *counted: Statement) -> Statement:
    """Keys of which the sums of what is kept and of what is counted differ, and both; a count comes last in each."""
    none = sa.literal(0, sa.BigInteger)
    *keys, count = kept.selected_columns
    parts = [kept.with_only_columns(*keys, count.label("kept"), none.label("counted"))]
    for query in counted:
        *values, count = query.selected_columns
        parts.append(query.with_only_columns(*values, none, count))
    *keys, kept_count, n = sa.union_all(*parts).subquery().c
    sums = [sa.func.sum(column, type_=sa.BigInteger) for column in (kept_count, n)]
    return sa.select(*keys, *sums).group_by(*keys).having(sums[0] != sums[1]).order_by(*keys)
