"""Counts: every number that stats are made of, from the totals of closed days and the rollups of the others.

Ranges of days are half-open and local to the server. `link_ids` None is the whole server, `place_id` one place alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import ranges
from storage import totals as closed
from storage.prepared import Reader, Statement, read
from storage.ranges import ASIDE, AUDIENCE, HITS, HOURS, PLACES, UNIQUES, Question, Rows
from storage.records import (
    AsideCount,
    AudienceCount,
    Count,
    DayCount,
    Dimension,
    DroppedCount,
    Kind,
    LinkDayCount,
    Segment,
)
from storage.schema import dropped_quarter, hits_daily, hits_quarter, set_aside_daily
from storage.totals import ONE_DAY

_KINDS = {kind.value: kind for kind in Kind}
_DIMENSIONS = {dimension.value: dimension for dimension in Dimension}
_HOURS = 7 * 24
_MONDAY = 3 * 24
"""1970 began on a Thursday."""


async def by_day(
    conn: AsyncConnection,
    guild_id: int,
    first: dt.date,
    end: dt.date,
    link_ids: Collection[int] | None = None,
    place_id: int | None = None,
) -> list[DayCount]:
    """Hits by day and kind, in order of the days; those without any are left out."""
    source = HITS if place_id is None else PLACES
    found = await _by_day(conn, Question(source, guild_id, ("kind",), link_ids, place_id), first, end)
    return [DayCount(day, _KINDS[kind], n) for (day, kind), n in sorted(found.items())]


async def by_link_day(
    conn: AsyncConnection, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int]
) -> list[LinkDayCount]:
    """Hits by link, day and kind: for some links beside each other."""
    found = await _by_day(conn, Question(HITS, guild_id, ("link_id", "kind"), link_ids), first, end)
    return [LinkDayCount(link_id, day, _KINDS[kind], n) for (day, link_id, kind), n in found.items()]


async def by_place_day(
    conn: AsyncConnection,
    guild_id: int,
    first: dt.date,
    end: dt.date,
    link_ids: Collection[int] | None = None,
    place_id: int | None = None,
) -> list[Count]:
    """Hits by link, place, kind and day: of a link, or of a creator's."""
    question = Question(PLACES, guild_id, ("link_id", "value", "kind"), link_ids, place_id)
    found = await _by_day(conn, question, first, end)
    return [Count(link_id, place, _KINDS[kind], n, day) for (day, link_id, place, kind), n in found.items()]


async def by_place(
    conn: AsyncConnection,
    guild_id: int,
    first: dt.date,
    end: dt.date,
    link_ids: Collection[int] | None = None,
    place_id: int | None = None,
) -> list[Count]:
    """Hits by link, place and kind over the whole range."""
    question = Question(PLACES, guild_id, ("link_id", "value", "kind"), link_ids, place_id)
    found = await _sums(conn, question, first, end)
    return [Count(link_id, place, _KINDS[kind], n) for (link_id, place, kind), n in found.items()]


async def by_link(
    conn: AsyncConnection, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None = None
) -> dict[tuple[int, Kind], int]:
    """Hits by link and kind over the whole range: what a ranking of all links is made of."""
    found = await _sums(conn, Question(HITS, guild_id, ("link_id", "kind"), link_ids), first, end)
    return {(link_id, _KINDS[kind]): n for (link_id, kind), n in found.items()}


async def top_links(
    conn: AsyncConnection, guild_id: int, first: dt.date, end: dt.date, kind: Kind, limit: int
) -> list[tuple[int, int]]:
    """The server's links with the most hits of a kind, and how many; the older link breaks ties."""
    question = Question(HITS, guild_id, ("link_id",), kind=kind)
    return await read(conn, lambda reader: ranges.highest(reader, question, first, end, limit))


async def uniques_by_day(
    conn: AsyncConnection, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None = None
) -> list[tuple[dt.date, int]]:
    """First clicks of visitors on a link and day, by day, in order; days without any are left out."""
    found = await _by_day(conn, Question(UNIQUES, guild_id, (), link_ids), first, end)
    return [(day, n) for (day,), n in sorted(found.items())]


async def uniques_by_link(
    conn: AsyncConnection, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None = None
) -> dict[int, int]:
    """First clicks of visitors on a link and day, by link, over the whole range."""
    found = await _sums(conn, Question(UNIQUES, guild_id, ("link_id",), link_ids), first, end)
    return {link_id: n for (link_id,), n in found.items()}


async def audience(
    conn: AsyncConnection, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None = None
) -> list[AudienceCount]:
    """Hits by country, by device and by source; what is not known is not in it."""
    found = await _sums(conn, Question(AUDIENCE, guild_id, ("value", "facet", "kind"), link_ids), first, end)
    return [AudienceCount(_DIMENSIONS[facet], value, _KINDS[kind], n) for (value, facet, kind), n in found.items()]


async def audience_by_link(
    conn: AsyncConnection, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int]
) -> dict[int, list[AudienceCount]]:
    """`audience` of each link apart."""
    question = Question(AUDIENCE, guild_id, ("link_id", "value", "facet", "kind"), link_ids)
    found: dict[int, list[AudienceCount]] = {}
    for (link_id, value, facet, kind), n in (await _sums(conn, question, first, end)).items():
        found.setdefault(link_id, []).append(AudienceCount(_DIMENSIONS[facet], value, _KINDS[kind], n))
    return found


async def set_aside_counts(
    conn: AsyncConnection,
    guild_id: int,
    first: dt.date,
    end: dt.date,
    link_ids: Collection[int] | None = None,
    place_id: int | None = None,
) -> list[AsideCount]:
    """How many requests were set aside, by reason and unfurler."""
    if place_id is None:
        found = await _sums(conn, Question(ASIDE, guild_id, ("kind", "value"), link_ids), first, end)
        return [AsideCount(reason, agent, n) for (reason, agent), n in found.items()]
    c = set_aside_daily.c  # the totals know no places of these
    query = (
        sa.select(c.reason, c.agent, sa.func.sum(c.count))
        .where(c.guild_id == guild_id, c.day >= first, c.day < end, c.place_id == place_id)
        .group_by(c.reason, c.agent)
    )
    if link_ids is not None:
        query = query.where(c.link_id.in_(link_ids))
    return [AsideCount(reason, agent, int(n)) for reason, agent, n in (await conn.execute(query)).all()]


async def hour_of_week(
    conn: AsyncConnection,
    guild_id: int,
    segments: Sequence[Segment],
    kind: Kind,
    link_ids: Collection[int] | None = None,
    place_id: int | None = None,
) -> tuple[int, ...]:
    """Hits by local hour of the week: 168 counts, Monday's first hour first.

    `segments` are the period in order, in the server's own zone. A quarter hour belongs to the hour that it begins in,
    also where an offset is no multiple of 15 minutes.
    """
    if not segments or (link_ids is not None and not link_ids):
        return (0,) * _HOURS

    def work(reader: Reader) -> tuple[int, ...]:
        grid = [0] * _HOURS
        outside = list(segments)
        begin, last = segments[0], segments[-1]
        first, end = (begin.start + begin.offset).date(), (last.end + last.offset).date()
        if begin.start + begin.offset > dt.datetime.combine(first, dt.time(), dt.UTC):
            first += ONE_DAY  # a day that is not there as a whole is read from its quarter hours
        stop = min(end, ranges.closed_until(reader, guild_id))
        if place_id is None and first < stop:  # the totals know no hours of a place
            outside = _without(segments, _begin_of(segments, first), _begin_of(segments, stop))
            question = Question(HOURS, guild_id, ("value",), link_ids, kind=kind)
            for (day, hour), n in ranges.by_closed_day(reader, question, first, stop).items():
                grid[day.weekday() * 24 + int(hour)] += n
        rows = Rows(ranges.size_of(link_ids), place_id is not None, place_id is not None, kind=True)
        values = ranges.values_of(guild_id, link_ids, place_id, kind)
        for part in outside:
            found = reader.rows(_hours, rows, part.offset, **values, start=part.start, end=part.end)
            for hour, n in found:
                grid[hour] += n
        return tuple(grid)

    return await read(conn, work)


def _hours(rows: Rows, offset: dt.timedelta) -> Statement:
    hour = ((closed.local_hours(offset) + _MONDAY) % _HOURS).label("hour")
    return _quarters(rows).add_columns(hour, ranges.total(hits_quarter.c.count)).group_by(hour)


def _quarters(rows: Rows) -> Statement:
    """The rows of some quarter hours, without a column yet."""
    c = hits_quarter.c
    query = sa.select().where(
        *(c.guild_id == sa.bindparam("guild_id"), rows.links(c.link_id)),
        *(c.bucket >= sa.bindparam("start"), c.bucket < sa.bindparam("end")),
    )
    if rows.place:
        query = query.where(c.place_id == sa.bindparam("place_id"))
    return query.where(c.kind == sa.bindparam("kind")) if rows.kind else query


def _begin_of(segments: Sequence[Segment], day: dt.date) -> dt.datetime:
    """The first instant of a local day, or of what follows it where it does not lie within the segments."""
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
    found = (max(segment.start, midnight - segment.offset) for segment in segments)
    return next((at for at, segment in zip(found, segments, strict=True) if at < segment.end), segments[-1].end)


def _without(segments: Sequence[Segment], start: dt.datetime, end: dt.datetime) -> list[Segment]:
    """What is left of the segments before `start` and from `end` on."""
    parts = (
        Segment(*stretch, segment.offset)
        for segment in segments
        for stretch in ((segment.start, min(segment.end, start)), (max(segment.start, end), segment.end))
    )
    return [part for part in parts if part.start < part.end]


async def until(
    conn: AsyncConnection,
    guild_id: int,
    start: dt.datetime,
    end: dt.datetime,
    link_ids: Collection[int] | None = None,
    place_id: int | None = None,
) -> list[Count]:
    """Hits in the quarter hours that begin from `start` up to but without `end`, by link, place and kind.

    Of the whole server by kind alone, as `ALL_LINKS`.
    """
    if link_ids is not None and not link_ids:
        return []
    rows = Rows(ranges.size_of(link_ids), place_id is not None, place_id is not None)
    values = ranges.values_of(guild_id, link_ids, place_id)
    found = await read(conn, lambda reader: reader.rows(_by_place_of_quarters, rows, **values, start=start, end=end))
    return [Count(link_id, place, _KINDS[kind], n) for link_id, place, kind, n in found]


def _by_place_of_quarters(rows: Rows) -> Statement:
    c = hits_quarter.c
    keys = (c.link_id, c.place_id, c.kind)
    return _quarters(rows).add_columns(*keys, ranges.total(c.count)).group_by(*keys)


async def dropped(
    conn: AsyncConnection, guild_id: int, start: dt.datetime, end: dt.datetime, link_ids: Collection[int] | None = None
) -> list[DroppedCount]:
    """How many hits are missing by link and quarter hour, from `start` up to but without `end`, in order of time."""
    if link_ids is not None and not link_ids:
        return []
    rows = Rows(ranges.size_of(link_ids), each=True)
    values = ranges.values_of(guild_id, link_ids) | {"start": start, "end": end}
    found = await read(conn, lambda reader: reader.rows(_dropped, rows, **values))
    return [DroppedCount(link_id, bucket, n) for link_id, bucket, n in found]


def _dropped(rows: Rows) -> Statement:
    c = dropped_quarter.c
    return (
        sa.select(c.link_id, c.bucket, ranges.total(c.count))
        .where(c.guild_id == sa.bindparam("guild_id"), rows.links(c.link_id))
        .where(c.bucket >= sa.bindparam("start"), c.bucket < sa.bindparam("end"))
        .group_by(c.link_id, c.bucket)
        .order_by(c.bucket)
    )


async def first_day(conn: AsyncConnection, guild_id: int, link_ids: Collection[int] | None = None) -> dt.date | None:
    """The first local day with any hit; None when there is none."""

    def work(reader: Reader) -> dt.date | None:
        ((first, last),) = reader.rows(_all_days, guild_id=guild_id)
        if link_ids is None or first is None:
            return first
        days = ranges.by_day(reader, Question(HITS, guild_id, (), link_ids), first, last + ONE_DAY)
        return min((day for (day,) in days), default=None)

    return await read(conn, work)


def _all_days() -> Statement:
    c = hits_daily.c
    ends = (sa.select(end(c.day)).where(c.guild_id == sa.bindparam("guild_id")) for end in (sa.func.min, sa.func.max))
    return sa.select(*(end.scalar_subquery() for end in ends))


async def clicks_of_link(conn: AsyncConnection, guild_id: int, link_id: int) -> int:
    """All clicks that a link ever got, whichever place they came from."""
    return await _clicks(conn, Question(HITS, guild_id, (), [link_id], kind=Kind.CLICK))


async def clicks_of_place(conn: AsyncConnection, guild_id: int, link_id: int, place_id: int) -> int:
    """All clicks that one place ever got."""
    return await _clicks(conn, Question(PLACES, guild_id, (), [link_id], place_id, Kind.CLICK))


async def _clicks(conn: AsyncConnection, question: Question) -> int:
    found = await _sums(conn, question, dt.date.min, dt.date.max)
    return sum(found.values())


async def _by_day(conn: AsyncConnection, question: Question, first: dt.date, end: dt.date) -> ranges.Sums:
    return await read(conn, lambda reader: ranges.by_day(reader, question, first, end))


async def _sums(conn: AsyncConnection, question: Question, first: dt.date, end: dt.date) -> ranges.Sums:
    return await read(conn, lambda reader: ranges.sums(reader, question, first, end))
