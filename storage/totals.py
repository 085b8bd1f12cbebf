"""Running totals of closed days: built behind the hits, day by day, so that any range is one total less another.

A day is closed some time after its end. A hit that is counted on a closed day all the same opens it again, and the days
after it: from then on they are read from the daily rollups, until they are built anew.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import sub
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import servers, upsert
from storage.records import ALL_LINKS, Dimension, Mismatch, Segment
from storage.schema import (
    audience_daily,
    closed_days,
    hits_daily,
    hits_quarter,
    links,
    set_aside_daily,
    totals,
    uniques_daily,
)

ALL, PLACE, UNIQUE, HOUR, ASIDE = "", "place", "unique", "hour", "aside"
"""What a total is of, beside the dimensions of the audience: hits by nothing else, by place, uniques, hits by local
hour of the day, set aside by reason (`kind`) and agent (`value`)."""
FACETS = (ALL, PLACE, UNIQUE, HOUR, ASIDE, *(dimension.value for dimension in Dimension))

TABLE = totals.name

LINKS_A_STEP = 10
"""Links whose totals are built in one transaction: hits wait for some 10 ms."""

ONE_DAY = dt.timedelta(days=1)
HOUR_MS = 3_600_000
_LAST = 2**63 - 1
_QUARTER = dt.timedelta(minutes=15)

Step = Callable[[AsyncConnection], Awaitable[bool]]
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


async def steps(conn: AsyncConnection, guild_id: int, before: dt.date) -> list[Step]:
    """What closes the server's next day before `before`: transactions, to be run in turn until one returns False.

    Empty when there is nothing to close. A step that finds the day opened again meanwhile returns False.
    """
    day = await _next_day(conn, guild_id)
    if day is None or day >= before:
        return []
    ids = (await conn.execute(sa.select(links.c.id).where(links.c.guild_id == guild_id).order_by(links.c.id))).scalars()
    # Ranges and not the ids themselves: nothing is left out, whatever its link.
    ends = [-1, *list(ids)[LINKS_A_STEP - 1 :: LINKS_A_STEP], _LAST]
    last = len(ends) - 2

    def step(number: int, low: int, high: int) -> Step:
        async def work(conn: AsyncConnection) -> bool:
            if number == 0:
                if await _next_day(conn, guild_id) != day:
                    return False
                # From here on, a hit on that day opens it again.
                claim = {"until": day, "building": day + ONE_DAY}
                mine = sa.update(closed_days).where(closed_days.c.guild_id == guild_id).values(claim)
                if not (await conn.execute(mine)).rowcount:
                    await conn.execute(closed_days.insert().values(guild_id=guild_id, **claim))
            elif await _building(conn, guild_id) != day + ONE_DAY:
                return False
            await conn.run_sync(_build, guild_id, day, low, high)
            if number == last:
                await conn.execute(
                    sa.update(closed_days).where(closed_days.c.guild_id == guild_id).values(until=day + ONE_DAY)
                )
            return True

        return work

    return [step(number, low, high) for number, (low, high) in enumerate(pairwise(ends))]


async def _next_day(conn: AsyncConnection, guild_id: int) -> dt.date | None:
    known = await until(conn, guild_id)
    if known > dt.date.min:
        return known
    # From the first month that anything was ever built for: what is left of an older build is overwritten.
    found = [(await conn.execute(sa.select(sa.func.min(totals.c.month)).where(totals.c.guild_id == guild_id))).scalar()]
    for table in (hits_daily, uniques_daily, audience_daily, set_aside_daily):
        query = sa.select(sa.func.min(table.c.day)).where(table.c.guild_id == guild_id)
        found.append((await conn.execute(query)).scalar())
    return min((day.replace(day=1) for day in found if day is not None), default=None)


async def _building(conn: AsyncConnection, guild_id: int) -> dt.date | None:
    query = sa.select(closed_days.c.building).where(closed_days.c.guild_id == guild_id)
    return (await conn.execute(query)).scalar_one_or_none()


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


def _build(conn: sa.Connection, guild_id: int, day: dt.date, low: int, high: int) -> None:
    """Bring the totals of the links above `low` up to `high` to the end of `day`."""
    month, today = column(day)
    c = totals.c
    key = [c.guild_id, c.facet, c.link_id, c.kind, c.value]
    mine = (c.guild_id == guild_id, c.facet.in_(FACETS), c.link_id > low, c.link_id <= high)
    _, yesterday = column(day - ONE_DAY)
    if day.day == 1:
        conn.execute(sa.delete(totals).where(*mine, c.month == month))
        carried = sa.select(*key, sa.literal(month, sa.Date), yesterday, yesterday).where(
            *mine, c.month == (day - ONE_DAY).replace(day=1)
        )
        names = [*(column.name for column in key), "month", "t0", "t1"]
        conn.execute(totals.insert().from_select(names, carried))
    else:
        conn.execute(sa.update(totals).where(*mine, c.month == month).values({today: yesterday}))
    zone, _ = servers.settled(conn, {guild_id})[guild_id]
    counted = _counts(guild_id, day, segments(day, zone), low, high).subquery()
    names = ["guild_id", "month", "facet", "link_id", "kind", "value", today.name]
    values = sa.select(sa.literal(guild_id, sa.BigInteger), sa.literal(month, sa.Date), *counted.c).where(sa.true())
    upsert.add_selected(conn, totals, names, values, today.name)


def _counts(
    guild_id: int, day: dt.date, segments: Sequence[Segment], low: int, high: int
) -> sa.Select[*tuple[Any, ...]]:
    """A day's counts by facet, link, kind and value, of the links above `low` up to `high`."""
    hit, unique, audience, aside, quarter = (
        table.c for table in (hits_daily, uniques_daily, audience_daily, set_aside_daily, hits_quarter)
    )
    empty = sa.literal("", sa.Text)

    def of_day(c: Any, facet: Any, kind: Any, value: Any, *where: Any) -> sa.Select[*tuple[Any, ...]]:
        query = sa.select(facet.label("facet"), c.link_id, kind.label("kind"), value.label("value"), c.count)
        return query.where(c.guild_id == guild_id, c.day == day, c.link_id > low, c.link_id <= high, *where)

    parts: list[sa.Select[*tuple[Any, ...]]] = [
        of_day(hit, sa.literal(ALL, sa.Text), hit.kind, empty),
        of_day(hit, sa.literal(PLACE, sa.Text), hit.kind, sa.cast(hit.place_id, sa.Text), hit.link_id != ALL_LINKS),
        of_day(unique, sa.literal(UNIQUE, sa.Text), empty, empty),
        of_day(audience, audience.dimension, audience.kind, audience.value),
        of_day(aside, sa.literal(ASIDE, sa.Text), aside.reason, aside.agent),
    ]
    # Quarters are looked up link by link: nothing else leads to those of one day, and no range of links does.
    links_of_day = sa.select(hit.link_id).where(
        hit.guild_id == guild_id, hit.day == day, hit.link_id > low, hit.link_id <= high
    )
    for segment in segments:
        hour = sa.cast(local_hours(segment.offset) % 24, sa.Text)
        parts.append(
            sa.select(sa.literal(HOUR, sa.Text), quarter.link_id, quarter.kind, hour, quarter.count).where(
                *(quarter.guild_id == guild_id, quarter.link_id.in_(links_of_day)),
                *(quarter.bucket >= segment.start, quarter.bucket < segment.end),
            )
        )
    every = sa.union_all(*parts).subquery()
    *keys, number = every.c
    return sa.select(*keys, sa.func.sum(number).label("n")).group_by(*keys)


def local_hours(offset: dt.timedelta) -> sa.ColumnElement[int]:
    """Whole local hours since 1970 at a quarter hour's start."""
    ms = sa.type_coerce(hits_quarter.c.bucket, sa.BigInteger)
    return (ms + int(offset.total_seconds() * 1000)) // HOUR_MS


async def check(conn: AsyncConnection, guild_id: int) -> list[Mismatch]:
    """Compare the totals of closed days with what the days say; keys are day, facet, link, kind and value."""
    found: list[Mismatch] = []
    end = await until(conn, guild_id)
    zone = (await conn.run_sync(servers.settled, {guild_id}))[guild_id][0]
    months = sa.select(totals.c.month).distinct().where(totals.c.guild_id == guild_id, totals.c.month < end)
    before: Counter[Key] = Counter()
    for month in (await conn.execute(months.order_by(totals.c.month))).scalars().all():
        query = sa.select(totals).where(totals.c.guild_id == guild_id, totals.c.month == month)
        kept: dict[dt.date, Counter[Key]] = defaultdict(Counter)
        after: Counter[Key] = Counter()
        stop = min(end, (month + 31 * ONE_DAY).replace(day=1))
        for _guild_id, _month, facet, link_id, kind, value, *row in (await conn.execute(query)).all():
            key = (facet, link_id, kind, value)
            for day, n in zip(*day_counts(month, row, month, stop), strict=True):
                if n:
                    kept[day][key] = n
            if row[0] != (carried := before.pop(key, 0)):
                found.append(Mismatch(TABLE, guild_id, (month, *key), row[0], carried))
            after[key] = row[(stop - ONE_DAY).day]
        found += [Mismatch(TABLE, guild_id, (month, *key), 0, n) for key, n in before.items() if n]
        before = after
        for number in range((stop - month).days):
            day = month + number * ONE_DAY
            counts = _counts(guild_id, day, segments(day, zone), -1, _LAST)
            rows = (await conn.execute(counts)).all()
            counted: Counter[Key] = Counter({(row[0], row[1], row[2], row[3]): row[4] for row in rows})
            found += [
                Mismatch(TABLE, guild_id, (day, *key), kept[day][key], counted[key])
                for key in sorted(kept[day].keys() | counted.keys())
                if kept[day][key] != counted[key]
            ]
    return found
