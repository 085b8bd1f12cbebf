"""Hits: the events, and the rollups written with them in one transaction."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import servers, totals, upsert
from storage.ids import Ids, floor
from storage.prepared import Reader, Statement
from storage.records import ALL_LINKS, BARE, Dimension, Hit, Kind, Salt, SetAside
from storage.schema import (
    audience_daily,
    dropped_quarter,
    hits,
    hits_daily,
    hits_quarter,
    salts,
    set_aside_daily,
    shared_daily,
    uniques_daily,
    visitors_seen,
)
from storage.seen import LinkDay, Seen

Quarter = tuple[int, int, dt.datetime]
"""guild_id, link_id, start of a quarter hour of UTC."""


_DIMENSIONS = tuple(dimension.value for dimension in Dimension)
BY_VISITOR = (Kind.CLICK, Kind.VIEW)
"""What visitors are told apart for."""
QUARTER = dt.timedelta(minutes=15)
_PART = 500
"""Ids in one list of a query."""


def bucket_of(at: dt.datetime) -> dt.datetime:
    """The start of the quarter hour of UTC that `at` lies in."""
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


def record(
    conn: sa.Connection, batch: Sequence[Hit], seen: Seen, *, writer_id: int = 0
) -> dict[LinkDay, dict[int, int]]:
    """Write the events and what is counted from them. A visitor's first click on a link and day is the unique one.

    Likewise the first view of a profile. Returns those visitors, with their events' ids; hand them to `seen.add` once
    the transaction stands. This is what a hit costs most of: the loop does as little for each as it can.
    """
    first: dict[LinkDay, dict[int, int]] = {}
    for hit in batch:
        if hit.visitor is not None and hit.kind in BY_VISITOR:
            first.setdefault((hit.guild_id, hit.link_id, hit.day), {}).setdefault(hit.visitor, hit.id)
    new = seen.new(conn, first)
    unique = {hit_id for found in new.values() for hit_id in found.values()}

    events: list[upsert.Row] = []
    alike: dict[tuple[Any, ...], int] = {}
    views: set[int] = set()
    spell_at, spell_day = upsert.spelling(conn, hits.c.at), upsert.spelling(conn, hits.c.day)
    begin = end = dt.datetime.min.replace(tzinfo=dt.UTC)
    for hit in batch:
        guild_id, hit_id, link_id, place_id, at, day = hit.guild_id, hit.id, hit.link_id, hit.place_id, hit.at, hit.day
        if not begin <= at < end:
            begin = bucket_of(at)
            end = begin + QUARTER
        kind = str(hit.kind)
        if kind == Kind.VIEW:
            views.add(hit_id)
        about = (hit.country, hit.device, hit.source, hit.position, hit.delay, hit.anonymity)
        event = (guild_id, hit_id, link_id, place_id, kind, spell_at(at), hit.visitor, spell_day(day), hit_id in unique)
        events.append(event + about)
        key = (guild_id, link_id, place_id, kind, begin, day, *about)
        alike[key] = alike.get(key, 0) + 1
    firsts: Counter[tuple[LinkDay, bool]] = Counter()
    for link_day, found in new.items():
        of_views = sum(hit_id in views for hit_id in found.values()) if views else 0
        firsts[link_day, True], firsts[link_day, False] = of_views, len(found) - of_views
    upsert.insert_bound(conn, hits, events)
    _count(conn, alike, firsts, writer_id)
    return new


def _count(
    conn: sa.Connection,
    alike: Mapping[tuple[Any, ...], int],
    firsts: Mapping[tuple[LinkDay, bool], int],
    writer_id: int = 0,
) -> None:
    """Add to the rollups: `alike` by what `record` tells events apart by, `firsts` by link and day, views apart."""
    quarters: Counter[upsert.Row] = Counter()
    audience: Counter[upsert.Row] = Counter()
    # The zone may have changed while hits waited: their day among the totals is that of the zone which holds now.
    settled = servers.settled(conn, {key[0] for key in alike})
    for (guild_id, link_id, place_id, kind, bucket, day, *values), n in alike.items():
        quarters[guild_id, link_id, bucket, place_id, kind] += n
        for dimension, value in zip(_DIMENSIONS, values, strict=True):
            if value:
                audience[guild_id, day, link_id, kind, dimension, value] += n
    days: Counter[upsert.Row] = Counter()
    for (guild_id, link_id, bucket, place_id, kind), n in quarters.items():
        days[guild_id, bucket.astimezone(settled[guild_id][0]).date(), link_id, place_id, kind] += n
    uniques: Counter[upsert.Row] = Counter()
    viewed: Counter[upsert.Row] = Counter()  # apart, since the server's sums are of clicks
    for ((guild_id, link_id, day), is_view), n in firsts.items():
        if n:
            (viewed if is_view else uniques)[guild_id, day, link_id] += n
    for (guild_id, _link_id, bucket, _place_id, kind), n in list(quarters.items()):
        quarters[guild_id, ALL_LINKS, bucket, BARE, kind] += n
    for counter, with_place in ((days, True), (audience, False), (uniques, False)):
        _add_server(counter, with_place=with_place)
    uniques.update(viewed)
    for table, counter in (
        (hits_quarter, quarters),
        (hits_daily, days),
        (audience_daily, audience),
        (uniques_daily, uniques),
    ):
        upsert.add_counts(conn, table, [(*key, writer_id, n) for key, n in counter.items()])
    _reopen(conn, settled, chain(days, audience, uniques))


def is_recorded(conn: sa.Connection, hit: Hit) -> bool:
    """Whether the event is there, and so all that was written with it."""
    return bool(upsert.existing(conn, hits, (hit.guild_id,), [hit.id]))


def _add_server(counter: Counter[upsert.Row], *, with_place: bool) -> None:
    """Add the sums over a server's links and places; keys begin with guild, day, link, and perhaps place."""
    for (guild_id, day, _link_id, *rest), n in list(counter.items()):
        counter[guild_id, day, ALL_LINKS, *([BARE, *rest[1:]] if with_place else rest)] += n


def _reopen(
    conn: sa.Connection, settled: Mapping[int, tuple[ZoneInfo, dt.date]], counted: Iterable[upsert.Row]
) -> None:
    """Open the closed days that something was counted on; keys begin with guild, day, link."""
    late: dict[int, dt.date] = {}
    for guild_id, day in {key[:2] for key in counted}:
        if day < late.get(guild_id, settled[guild_id][1]):
            late[guild_id] = day
    for guild_id, day in late.items():
        totals.reopen(conn, guild_id, day)


def set_aside(conn: sa.Connection, counter: Mapping[SetAside, int], *, writer_id: int = 0) -> None:
    """Count requests that were not counted, by reason."""
    counts = Counter({(s.guild_id, s.day, s.link_id, s.place_id, s.reason, s.agent): n for s, n in counter.items()})
    _add_server(counts, with_place=True)
    upsert.add_counts(conn, set_aside_daily, [(*key, writer_id, n) for key, n in counts.items()])
    _reopen(conn, servers.settled(conn, {s.guild_id for s in counter}), counts)


def note_dropped(conn: sa.Connection, counter: Mapping[Quarter, int], *, writer_id: int = 0) -> None:
    """Count hits that are missing."""
    upsert.add_counts(conn, dropped_quarter, [(*key, writer_id, n) for key, n in counter.items()])


def note_shared(conn: sa.Connection, counter: Mapping[LinkDay, int]) -> None:
    """Keep how many clicks of a link and day came from one network, where they are more than are kept."""
    rows = [(guild_id, day, link_id, n) for (guild_id, link_id, day), n in counter.items()]
    upsert.raise_counts(conn, shared_daily, rows)


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


def _ahead(guild_id: int, after: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return hits.c.guild_id == guild_id, hits.c.id > floor(after), hits.c.at > after


def _any_ahead() -> Statement:
    c = hits.c
    ahead = (c.id > sa.bindparam("above_id"), c.at > sa.bindparam("after"))
    return sa.select(sa.exists().where(c.guild_id == sa.bindparam("guild_id"), *ahead))


def are_ahead(reader: Reader, guild_id: int, after: dt.datetime) -> bool:
    """Whether the server has events that were dated after `after`."""
    return bool(reader.rows(_any_ahead, guild_id=guild_id, above_id=floor(after), after=after)[0][0])


def _any_old() -> Statement:
    c = hits.c
    old = (c.id < sa.bindparam("below_id"), c.at < sa.bindparam("before"))
    return sa.select(sa.exists().where(c.guild_id == sa.bindparam("guild_id"), *old))


def are_old(reader: Reader, guild_id: int, before: dt.datetime) -> bool:
    """Whether `delete_events` would delete some of the server's."""
    return bool(reader.rows(_any_old, guild_id=guild_id, below_id=floor(before), before=before)[0][0])


def bring_back(
    conn: sa.Connection, guild_id: int, after: dt.datetime, now: dt.datetime, day: dt.date, ids: Ids, limit: int
) -> int:
    """Have up to `limit` of a server's events that a clock which was ahead dated after `after` be of now, `day`.

    What was counted from them goes with them. Their visitors are forgotten: another day's salt knows nobody of them.
    Returns how many events there were.
    """
    c = hits.c
    query = sa.select(hits).where(*_ahead(guild_id, after)).order_by(c.id).limit(limit)
    rows = [dict(row) for row in conn.execute(query).mappings()]
    if not rows:
        return 0
    alike: Counter[tuple[Any, ...]] = Counter()
    firsts: Counter[tuple[LinkDay, bool]] = Counter()
    old = [row["id"] for row in rows]
    for row, new_id in zip(rows, ids.several(len(rows)), strict=True):
        about = [row[dimension] for dimension in _DIMENSIONS]
        for at, of_day, n in ((row["at"], row["day"], -1), (now, day, 1)):
            alike[guild_id, row["link_id"], row["place_id"], row["kind"], bucket_of(at), of_day, *about] += n
            firsts[(guild_id, row["link_id"], of_day), row["kind"] == Kind.VIEW] += n * row["is_unique"]
        row |= {"id": new_id, "at": now, "day": day, "visitor": None}
    for begin in range(0, len(old), _PART):
        conn.execute(sa.delete(hits).where(c.guild_id == guild_id, c.id.in_(old[begin : begin + _PART])))
    conn.execute(hits.insert(), rows)
    _count(conn, alike, firsts)
    for table in (hits_quarter, hits_daily, audience_daily, uniques_daily):
        late = table.c.bucket > after if table is hits_quarter else table.c.day >= after.date()
        conn.execute(sa.delete(table).where(table.c.guild_id == guild_id, late, table.c.count == 0))
    return len(rows)


async def forget_ahead(conn: AsyncConnection, after: dt.datetime) -> None:
    """Delete the salts made after `after`, and who was seen on later days: a clock that was wrong has made them."""
    await conn.execute(sa.delete(salts).where(salts.c.created_at > after))
    await conn.execute(sa.delete(visitors_seen).where(visitors_seen.c.day > after.date()))
