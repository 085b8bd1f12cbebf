"""Counts: every number that stats are made of, from the totals of closed days and the rollups of the others.

Ranges of days are half-open and local to the server. `link_ids` None is the whole server, `place_id` one place alone.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence

import sqlalchemy as sa

from storage import ranges
from storage import totals as closed
from storage.prepared import Read, Reader, Statement
from storage.ranges import ASIDE, AUDIENCE, HITS, HOURS, PLACES, UNIQUES, Question, Rows
from storage.records import (
    ELSEWHERE,
    AsideCount,
    AudienceCount,
    DayCount,
    Dimension,
    DroppedCount,
    Kind,
    LinkDayCount,
    PlaceCounts,
    PlaceKey,
    Segment,
    SharedCount,
)
from storage.schema import dropped_quarter, histories, hits_daily, hits_quarter, set_aside_daily, shared_daily
from storage.totals import ONE_DAY

_KINDS = {kind.value: kind for kind in Kind}
_DIMENSIONS = {dimension.value: dimension for dimension in Dimension}
_HOURS = 7 * 24
_MONDAY = 3 * 24
"""1970 began on a Thursday."""
_FIRST = dt.date(1970, 1, 1)


@Read
def by_day(
    reader: Reader,
    guild_id: int,
    first: dt.date,
    end: dt.date,
    link_ids: Collection[int] | None = None,
    place_id: int | None = None,
) -> list[DayCount]:
    """Hits by day and kind, in order of the days; those without any are left out."""
    source = HITS if place_id is None else PLACES
    found = ranges.by_day(reader, Question(source, guild_id, ("kind",), link_ids, place_id), first, end)
    return [DayCount(day, _KINDS[kind], n) for (day, kind), n in sorted(found.items())]


@Read
def by_link_day(
    reader: Reader, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int]
) -> list[LinkDayCount]:
    """Hits by link, day and kind: for some links beside each other."""
    found = ranges.by_day(reader, Question(HITS, guild_id, ("link_id", "kind"), link_ids), first, end)
    return [LinkDayCount(link_id, day, _KINDS[kind], n) for (day, link_id, kind), n in found.items()]


@Read
def clicks_by_link_day(
    reader: Reader, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int]
) -> list[tuple[int, dt.date, int]]:
    """Clicks by link and day; days without any are left out."""
    found = ranges.by_day(reader, Question(HITS, guild_id, ("link_id",), link_ids, kind=Kind.CLICK), first, end)
    return [(link_id, day, n) for (day, link_id), n in found.items() if n]


@Read
def by_place_day(
    reader: Reader,
    guild_id: int,
    first: dt.date,
    end: dt.date,
    link_ids: Collection[int] | None = None,
    place_id: int | None = None,
) -> list[tuple[dt.date, PlaceKey, int]]:
    """Hits by link, place, kind and day: of a link, or of a creator's."""
    question = Question(PLACES, guild_id, ("link_id", "value", "kind"), link_ids, place_id)
    found = ranges.by_day(reader, question, first, end)
    return [(day, (link_id, place, kind), n) for (day, link_id, place, kind), n in found.items()]


@Read
def by_place(
    reader: Reader,
    guild_id: int,
    first: dt.date,
    end: dt.date,
    link_ids: Collection[int] | None = None,
    place_id: int | None = None,
) -> PlaceCounts:
    """Hits by link, place and kind over the whole range."""
    return ranges.sums(reader, Question(PLACES, guild_id, ("link_id", "value", "kind"), link_ids, place_id), first, end)


@Read
def by_link(
    reader: Reader, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None = None
) -> dict[tuple[int, Kind], int]:
    """Hits by link and kind over the whole range: what a ranking of all links is made of."""
    found = ranges.sums(reader, Question(HITS, guild_id, ("link_id", "kind"), link_ids), first, end)
    return {(link_id, _KINDS[kind]): n for (link_id, kind), n in found.items()}


@Read
def imported_by_link(
    reader: Reader, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None = None
) -> dict[tuple[int, dt.date], int]:
    """Clicks that were counted elsewhere, by link and day: a part of all the others' numbers."""
    found: dict[tuple[int, dt.date], int] = {}
    if not reader.rows(_any_history, guild_id=guild_id):
        return found
    for place_id in ELSEWHERE:
        question = Question(PLACES, guild_id, ("link_id",), link_ids, place_id, Kind.CLICK)
        for (day, link_id), n in ranges.by_day(reader, question, first, end).items():
            found[link_id, day] = found.get((link_id, day), 0) + n
    return found


def _any_history() -> Statement:
    c = histories.c
    return sa.select(c.id).where(c.guild_id == sa.bindparam("guild_id"), c.clicks > 0).limit(1)


@Read
def uniques_by_day(
    reader: Reader, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None = None
) -> list[tuple[dt.date, int]]:
    """First clicks of visitors on a link and day, by day, in order; days without any are left out."""
    found = ranges.by_day(reader, Question(UNIQUES, guild_id, (), link_ids), first, end)
    return [(day, n) for (day,), n in sorted(found.items())]


@Read
def uniques_by_link(
    reader: Reader, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None = None
) -> dict[int, int]:
    """First clicks of visitors on a link and day, by link, over the whole range."""
    found = ranges.sums(reader, Question(UNIQUES, guild_id, ("link_id",), link_ids), first, end)
    return {link_id: n for (link_id,), n in found.items()}


@Read
def audience(
    reader: Reader, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None = None
) -> list[AudienceCount]:
    """Hits by country, by device and by source; what is not known is not in it."""
    found = ranges.sums(reader, Question(AUDIENCE, guild_id, ("value", "facet", "kind"), link_ids), first, end)
    return [AudienceCount(_DIMENSIONS[facet], value, _KINDS[kind], n) for (value, facet, kind), n in found.items()]


@Read
def clicks_by_origin_day(
    reader: Reader, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None = None
) -> dict[tuple[Dimension, str], dict[dt.date, int]]:
    """Clicks by source, by device and by country, each by day; days without any are left out."""
    question = Question(AUDIENCE, guild_id, ("value", "facet"), link_ids, kind=Kind.CLICK)
    found: dict[tuple[Dimension, str], dict[dt.date, int]] = defaultdict(dict)
    for (day, value, facet), n in ranges.by_day(reader, question, first, end).items():
        found[_DIMENSIONS[facet], value][day] = n
    return found


@Read
def audience_by_link(
    reader: Reader, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int]
) -> dict[int, list[AudienceCount]]:
    """`audience` of each link apart."""
    question = Question(AUDIENCE, guild_id, ("link_id", "value", "facet", "kind"), link_ids)
    found: dict[int, list[AudienceCount]] = {}
    for (link_id, value, facet, kind), n in ranges.sums(reader, question, first, end).items():
        found.setdefault(link_id, []).append(AudienceCount(_DIMENSIONS[facet], value, _KINDS[kind], n))
    return found


@Read
def set_aside_counts(
    reader: Reader,
    guild_id: int,
    first: dt.date,
    end: dt.date,
    link_ids: Collection[int] | None = None,
    place_id: int | None = None,
) -> list[AsideCount]:
    """How many requests were set aside, by reason and unfurler."""
    if place_id is None:
        found = ranges.sums(reader, Question(ASIDE, guild_id, ("kind", "value"), link_ids), first, end)
        return [AsideCount(reason, agent, n) for (reason, agent), n in found.items()]
    if link_ids is not None and not link_ids:
        return []
    rows = Rows(ranges.size_of(link_ids), each=True, place=True)
    values = ranges.values_of(guild_id, link_ids, place_id)
    found = reader.rows(_aside_of_place, rows, **values, start=first, end=end)
    return [AsideCount(reason, agent, n) for reason, agent, n in found]


@Read
def shared(
    reader: Reader, guild_id: int, first: dt.date, end: dt.date, link_ids: Collection[int] | None = None
) -> list[SharedCount]:
    """The days of links with many clicks from one network, beside all that were counted here on them."""
    if link_ids is not None and not link_ids:
        return []
    rows = Rows(ranges.size_of(link_ids), each=True, place=False)
    found = reader.rows(_shared, rows, **ranges.values_of(guild_id, link_ids, None), start=first, end=end)
    return [SharedCount(*row) for row in found]


def _shared(rows: Rows) -> Statement:
    c, hit = shared_daily.c, hits_daily.c
    same = (hit.guild_id == c.guild_id, hit.day == c.day, hit.link_id == c.link_id)
    clicks = sa.select(ranges.total(hit.count)).where(*same, hit.kind == Kind.CLICK.value, hit.writer_id >= 0)
    return (
        sa.select(c.day, c.link_id, c.count, sa.func.coalesce(clicks.scalar_subquery(), 0).label("clicks"))
        .where(c.guild_id == sa.bindparam("guild_id"), rows.links(c.link_id))
        .where(c.day >= sa.bindparam("start"), c.day < sa.bindparam("end"))
        .order_by(c.day, c.link_id)
    )


def _aside_of_place(rows: Rows) -> Statement:
    c = set_aside_daily.c  # the totals know no places of these
    return (
        sa.select(c.reason, c.agent, ranges.total(c.count))
        .where(c.guild_id == sa.bindparam("guild_id"), rows.links(c.link_id), c.place_id == sa.bindparam("place_id"))
        .where(c.day >= sa.bindparam("start"), c.day < sa.bindparam("end"))
        .group_by(c.reason, c.agent)
    )


@Read
def hour_of_week(
    reader: Reader,
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

    known = ranges.closed_of(reader, guild_id)
    first, stop, outside = _closed_within(known, segments, place_id)
    grid = [0] * _HOURS
    if first < stop:
        question = Question(HOURS, guild_id, ("value",), link_ids, kind=kind)
        grid = list(known.remembered(reader, _closed_hours, question, first, stop))
    for hour, n in _open_hours(reader, guild_id, outside, kind, link_ids, place_id, of_week=True):
        grid[hour] += n
    return tuple(grid)


@Read
def hours_by_day(
    reader: Reader,
    guild_id: int,
    segments: Sequence[Segment],
    kind: Kind,
    link_ids: Collection[int] | None = None,
    place_id: int | None = None,
) -> dict[tuple[dt.date, int], int]:
    """Hits by local date and hour of the clock, where there are any; otherwise as `hour_of_week`."""
    if not segments or (link_ids is not None and not link_ids):
        return {}
    known = ranges.closed_of(reader, guild_id)
    first, stop, outside = _closed_within(known, segments, place_id)
    found: Counter[tuple[dt.date, int]] = Counter()
    if first < stop:
        question = Question(HOURS, guild_id, ("value",), link_ids, kind=kind)
        for (day, hour), n in known.remembered(reader, ranges.closed_by_day, question, first, stop).items():
            found[day, int(hour)] += n
    for hours, n in _open_hours(reader, guild_id, outside, kind, link_ids, place_id, of_week=False):
        days, hour = divmod(hours, 24)
        found[_FIRST + days * ONE_DAY, hour] += n
    return found


def _closed_within(
    known: ranges.Closed, segments: Sequence[Segment], place_id: int | None
) -> tuple[dt.date, dt.date, Sequence[Segment]]:
    """The closed days of a period, from one up to another, and what is left of it; none of a place's hours are kept."""
    begin, last = segments[0], segments[-1]
    first, end = (begin.start + begin.offset).date(), (last.end + last.offset).date()
    if begin.start + begin.offset > dt.datetime.combine(first, dt.time(), dt.UTC):
        first += ONE_DAY  # a day that is not there as a whole is read from its quarter hours
    stop = min(end, known.until)
    if place_id is not None or first >= stop:
        return end, end, segments
    return first, stop, _without(segments, _begin_of(segments, first), _begin_of(segments, stop))


def _open_hours(
    reader: Reader,
    guild_id: int,
    parts: Sequence[Segment],
    kind: Kind,
    link_ids: Collection[int] | None,
    place_id: int | None,
    *,
    of_week: bool,
) -> Iterator[tuple[int, int]]:
    """Hits by local hour of the week, or else since 1970, from quarter hours."""
    rows = Rows(ranges.size_of(link_ids), place_id is not None, place_id is not None, kind=True)
    values = ranges.values_of(guild_id, link_ids, place_id, kind)
    for part in parts:
        yield from reader.rows(_hours, rows, part.offset, of_week, **values, start=part.start, end=part.end)


def _closed_hours(reader: Reader, question: Question, first: dt.date, stop: dt.date) -> Sequence[int]:
    grid = [0] * _HOURS
    for (hour,), days, numbers in ranges.by_closed_day(reader, question, first, stop):
        for number, day in enumerate(days[:7]):  # the days of one weekday lie seven apart
            grid[day.weekday() * 24 + int(hour)] += sum(numbers[number::7])
    return grid


def _hours(rows: Rows, offset: dt.timedelta, of_week: bool) -> Statement:
    hours = closed.local_hours(offset)
    hour = ((hours + _MONDAY) % _HOURS if of_week else hours).label("hour")
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


@Read
def until(
    reader: Reader,
    guild_id: int,
    start: dt.datetime,
    end: dt.datetime,
    link_ids: Collection[int] | None = None,
    place_id: int | None = None,
) -> PlaceCounts:
    """Hits in the quarter hours that begin from `start` up to but without `end`, by link, place and kind.

    Of the whole server by kind alone, as `ALL_LINKS`.
    """
    if link_ids is not None and not link_ids:
        return {}
    rows = Rows(ranges.size_of(link_ids), place_id is not None, place_id is not None)
    values = ranges.values_of(guild_id, link_ids, place_id)
    found = reader.rows(_by_place_of_quarters, rows, **values, start=start, end=end)
    return {(link_id, place, kind): n for link_id, place, kind, n in found}


@Read
def clicks_by_quarter(
    reader: Reader, guild_id: int, start: dt.datetime, end: dt.datetime, link_ids: Collection[int]
) -> list[tuple[int, dt.datetime, int]]:
    """Clicks in the quarter hours that begin from `start` up to but without `end`, by place and quarter hour."""
    if not link_ids:
        return []
    rows = Rows(ranges.size_of(link_ids), kind=True)
    values = ranges.values_of(guild_id, link_ids, None, Kind.CLICK)
    found = reader.rows(_by_place_and_quarter, rows, **values, start=start, end=end)
    return [(place, bucket, n) for place, bucket, n in found]


def _by_place_and_quarter(rows: Rows) -> Statement:
    c = hits_quarter.c
    return _quarters(rows).add_columns(c.place_id, c.bucket, ranges.total(c.count)).group_by(c.place_id, c.bucket)


def _by_place_of_quarters(rows: Rows) -> Statement:
    c = hits_quarter.c
    keys = (c.link_id, c.place_id, c.kind)
    return _quarters(rows).add_columns(*keys, ranges.total(c.count)).group_by(*keys)


@Read
def dropped(
    reader: Reader, guild_id: int, start: dt.datetime, end: dt.datetime, link_ids: Collection[int] | None = None
) -> list[DroppedCount]:
    """How many hits are missing by link and quarter hour, from `start` up to but without `end`, in order of time."""
    if link_ids is not None and not link_ids:
        return []
    rows = Rows(ranges.size_of(link_ids), each=True)
    values = ranges.values_of(guild_id, link_ids) | {"start": start, "end": end}
    found = reader.rows(_dropped, rows, **values)
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


@Read
def first_day(reader: Reader, guild_id: int, link_ids: Collection[int] | None = None) -> dt.date | None:
    """The first local day with any hit; None when there is none."""

    ((first, last),) = reader.rows(_all_days, guild_id=guild_id)
    if link_ids is None or first is None:
        return first
    days = ranges.by_day(reader, Question(HITS, guild_id, (), link_ids), first, last + ONE_DAY)
    return min((day for (day,) in days), default=None)


def _all_days() -> Statement:
    c = hits_daily.c
    ends = (sa.select(end(c.day)).where(c.guild_id == sa.bindparam("guild_id")) for end in (sa.func.min, sa.func.max))
    return sa.select(*(end.scalar_subquery() for end in ends))


@Read
def clicks_of_link(reader: Reader, guild_id: int, link_id: int) -> int:
    """All clicks that a link ever got, whichever place they came from."""
    return _clicks(reader, Question(HITS, guild_id, (), [link_id], kind=Kind.CLICK))


@Read
def clicks_of_place(reader: Reader, guild_id: int, link_id: int, place_id: int) -> int:
    """All clicks that one place ever got."""
    return _clicks(reader, Question(PLACES, guild_id, (), [link_id], place_id, Kind.CLICK))


def _clicks(reader: Reader, question: Question) -> int:
    return sum(ranges.sums(reader, question, dt.date.min, dt.date.max).values())
