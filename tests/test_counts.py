"""Every count that stats read is what the events say: in every zone, over closed days and open, whatever came late."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import FixedClock
from bot.housekeeping import Housekeeping
from bot.insights.periods import ONE_DAY, day_start, local_day
from bot.links.access import Actor
from bot.servers import Servers
from bot.tracking.visitors import Visitors
from storage import counts, hits, links, posts, ranges, recount, servers, totals
from storage.database import Database
from storage.ids import Ids
from storage.prepared import Memory
from storage.records import BARE, PROFILE, Dimension, Figure, Hit, Kind, Link, Segment, Server, SetAside
from storage.schema import hits_daily
from storage.seen import Seen
from tests.conftest import NOW, mismatches

LINKS = (101, 202, 303)
POST = 9_001
PLACES = (BARE, PROFILE, POST)
QUARTER = dt.timedelta(minutes=15)
HORIZON = 7
"""Days that the events of a test lie in."""
BEGINS = {
    "America/New_York": dt.date(2026, 11, 1),  # back an hour on that day
    "America/Havana": dt.date(2026, 3, 5),  # ahead an hour at midnight of 8 March
    "Pacific/Chatham": dt.date(2026, 4, 2),  # +13:45, and +12:45 from 5 April
    "Australia/Lord_Howe": dt.date(2026, 10, 1),  # +10:30, and half an hour more from 4 October
    "Asia/Kathmandu": dt.date(2026, 4, 28),  # +5:45; over the end of a month
}
GUILDS = count(1)
IDS = Ids()


@dataclass
class Model:
    """What was counted, event by event, and what the reads must make of it."""

    guild_id: int
    zone: str
    events: list[Hit] = field(default_factory=list)
    unique: set[int] = field(default_factory=set)
    aside: Counter[SetAside] = field(default_factory=Counter)
    seen: Seen = field(default_factory=Seen)

    def day(self, hit: Hit) -> dt.date:
        return local_day(hits.bucket_of(hit.at), self.zone)

    def among(self, links: Collection[int] | None, place: int | None = None) -> list[Hit]:
        return [
            hit
            for hit in self.events
            if (links is None or hit.link_id in links) and (place is None or hit.place_id == place)
        ]

    def counted(self, events: Sequence[Hit], key: Callable[[Hit], Any]) -> dict[Any, int]:
        return dict(Counter(map(key, events)))


def segments(first: dt.date, end: dt.date, zone: str) -> list[Segment]:
    """Quarter hour by quarter hour."""
    found: list[Segment] = []
    at, stop = day_start(first, zone), day_start(end, zone)
    while at < stop:
        wall = at.astimezone(dt.timezone(dt.timedelta())).replace(tzinfo=None)
        offset = at.astimezone(servers.ZoneInfo(zone)).replace(tzinfo=None) - wall
        if found and found[-1].offset == offset:
            found[-1] = Segment(found[-1].start, at + QUARTER, offset)
        else:
            found.append(Segment(at, at + QUARTER, offset))
        at += QUARTER
    return found


one_hit = st.tuples(
    st.integers(0, HORIZON * 24 * 60 - 1),
    st.sampled_from(LINKS),
    st.sampled_from(PLACES),
    st.sampled_from(Kind),
    st.one_of(st.none(), st.integers(1, 3)),
    st.sampled_from(("", "DE", "US")),
    st.sampled_from(("direct", "X")),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("hits"), st.lists(one_hit, min_size=1, max_size=12)),
        st.tuples(st.just("close"), st.integers(1, HORIZON)),
        st.tuples(
            st.just("aside"), st.lists(st.tuples(st.integers(0, HORIZON - 1), st.sampled_from(LINKS)), max_size=3)
        ),
        st.tuples(st.just("zone"), st.sampled_from(tuple(BEGINS))),
    ),
    min_size=2,
    max_size=6,
)


async def close(db: Database, guild_id: int, before: dt.date) -> None:
    at: totals.Position | None = totals.BEGINNING
    while at is not None:
        at = await db.write_quietly(partial(totals.close, guild_id=guild_id, before=before, at=at))


async def play(db: Database, model: Model, begin: dt.date, action: str, what: Any) -> None:
    if action == "hits":
        start = day_start(begin, model.zone)
        batch: list[Hit] = []
        for minute, link_id, place_id, kind, visitor, country, source in what:
            at = start + dt.timedelta(minutes=minute)
            day = local_day(at, model.zone)
            place = str(minute % 3 + 1) if place_id == PROFILE else ""
            about = (visitor if kind is Kind.CLICK else None, country, "phone", source, place, place and "5")
            batch.append(Hit(model.guild_id, IDS.new(), link_id, place_id, kind, at, day, *about))
        new = await db.write(lambda conn: conn.run_sync(hits.record, batch, model.seen))
        model.seen.add(new)
        model.unique.update(hit_id for found in new.values() for hit_id in found.values())
        model.events += batch
    elif action == "aside":
        counter = Counter(SetAside(model.guild_id, link, BARE, begin + n * ONE_DAY, "crawler") for n, link in what)
        await db.write(lambda conn: conn.run_sync(hits.set_aside, counter))
        model.aside += counter
    elif action == "close":
        await close(db, model.guild_id, begin + what * ONE_DAY)
    else:
        await Servers(db).change(Actor(model.guild_id, 1, manager=True), timezone=what)
        model.zone = what


@pytest.mark.parametrize("zone", BEGINS)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    todo=steps,
    span=st.tuples(st.integers(-1, HORIZON), st.integers(0, HORIZON + 1)),
    links=st.one_of(st.none(), st.lists(st.sampled_from(LINKS), unique=True, max_size=3)),
    place=st.one_of(st.none(), st.sampled_from(PLACES)),
)
async def test_reads_say_what_the_events_do(
    db: Database, zone: str, todo: list[Any], span: tuple[int, int], links: list[int] | None, place: int | None
) -> None:
    model, begin = Model(next(GUILDS), zone), BEGINS[zone]
    await db.write(lambda conn: servers.put(conn, Server(model.guild_id, zone)))
    for action, what in todo:
        await play(db, model, begin, action, what)
    first, end = begin + min(span) * ONE_DAY, begin + max(span) * ONE_DAY
    await compare(db, model, first, end, links, place)
    async with db.read() as conn:
        assert await recount.check(conn, model.guild_id) == []


async def compare(
    db: Database, model: Model, first: dt.date, end: dt.date, links: list[int] | None, place: int | None
) -> None:
    """Every read beside a count of the events one by one."""
    guild = model.guild_id
    events = [hit for hit in model.among(links, place) if first <= model.day(hit) < end]
    anywhere = [hit for hit in model.among(links) if first <= model.day(hit) < end]
    when_counted = [hit for hit in model.among(links) if first <= hit.day < end]
    unique = [hit for hit in when_counted if hit.id in model.unique]
    named = LINKS if links is None else links
    async with db.read() as conn:
        days = await counts.by_day(conn, guild, first, end, links, place)
        assert [day.day for day in days] == sorted(day.day for day in days)
        assert {(c.day, c.kind): c.count for c in days} == model.counted(events, lambda h: (model.day(h), h.kind))
        places = await counts.by_place(conn, guild, first, end, links, place)
        assert places == model.counted(events, lambda h: (h.link_id, h.place_id, h.kind))
        found = await counts.by_place_day(conn, guild, first, end, named, place)
        assert {(day, *key): n for day, key, n in found} == model.counted(
            events, lambda h: (model.day(h), h.link_id, h.place_id, h.kind)
        )
        by_link_day = await counts.by_link_day(conn, guild, first, end, named)
        assert {(c.link_id, c.kind, c.day): c.count for c in by_link_day} == model.counted(
            anywhere, lambda h: (h.link_id, h.kind, model.day(h))
        )
        by_link = model.counted(anywhere, lambda h: (h.link_id, h.kind))
        assert await counts.by_link(conn, guild, first, end, links) == by_link

        uniques = await counts.uniques_by_day(conn, guild, first, end, links)
        assert uniques == sorted(model.counted(unique, lambda h: h.day).items())
        assert await counts.uniques_by_link(conn, guild, first, end, links) == model.counted(
            unique, lambda h: h.link_id
        )
        audience = await counts.audience(conn, guild, first, end, links)
        about = [
            (d, h.kind, v)
            for h in when_counted
            for d, v in zip(Dimension, (h.country, h.device, h.source, h.position, h.delay, h.anonymity), strict=True)
        ]
        assert {(c.dimension, c.kind, c.value): c.count for c in audience} == dict(Counter(a for a in about if a[2]))
        if links is not None:
            by_link = await counts.audience_by_link(conn, guild, first, end, links)
            assert sum(one.count for each in by_link.values() for one in each) == sum(one.count for one in audience)
        aside = await counts.set_aside_counts(conn, guild, first, end, links)
        expected = sum(
            n for a, n in model.aside.items() if first <= a.day < end and (links is None or a.link_id in links)
        )
        assert sum(c.count for c in aside) == expected

        if first < end:
            pieces = segments(first, end, model.zone)
            grid = await counts.hour_of_week(conn, guild, pieces, Kind.CLICK, links, place)
            hours = [
                hits.bucket_of(h.at).astimezone(servers.ZoneInfo(model.zone)) for h in events if h.kind is Kind.CLICK
            ]
            assert dict(enumerate(grid)) == dict.fromkeys(range(168), 0) | Counter(
                at.weekday() * 24 + at.hour for at in hours
            )
            by_day = await counts.hours_by_day(conn, guild, pieces, Kind.CLICK, links, place)
            assert {key: n for key, n in by_day.items() if n} == Counter((at.date(), at.hour) for at in hours)
            # A part of it, cut at any quarter hour.
            middle = pieces[0].start + (pieces[-1].end - pieces[0].start) // QUARTER // 3 * QUARTER
            cut = [Segment(max(p.start, middle), p.end, p.offset) for p in pieces if p.end > middle]
            grid = await counts.hour_of_week(conn, guild, cut, Kind.CLICK, links, place)
            assert sum(grid) == sum(at >= middle for at in hours)
            until = await counts.until(conn, guild, middle, pieces[-1].end, links, place)
            expected_until = [h for h in model.among(links, place) if middle <= hits.bucket_of(h.at) < pieces[-1].end]
            assert sum(until.values()) == len(expected_until)
            if links is not None:
                assert until == model.counted(expected_until, lambda h: (h.link_id, h.place_id, h.kind))
        all_days = [model.day(h) for h in model.among(links)]
        assert await counts.first_day(conn, guild, links) == min(all_days, default=None)
        for link_id in named:
            mine = [h for h in model.among([link_id]) if h.kind is Kind.CLICK]
            assert await counts.clicks_of_link(conn, guild, link_id) == len(mine)
            assert await counts.clicks_of_place(conn, guild, link_id, POST) == sum(h.place_id == POST for h in mine)


async def click(db: Database, at: dt.datetime, link_id: int = LINKS[0], day: dt.date | None = None) -> None:
    hit = Hit(1, IDS.new(), link_id, BARE, Kind.CLICK, at, day or at.date(), IDS.new(), "DE", "phone", "X")
    await db.write(lambda conn: conn.run_sync(hits.record, [hit], Seen()))


async def closed_until(db: Database) -> dt.date:
    async with db.read() as conn:
        return await totals.until(conn, 1)


async def clicks_by_day(db: Database) -> dict[dt.date, int]:
    async with db.read() as conn:
        days = await counts.by_day(conn, 1, dt.date(2025, 1, 1), dt.date(2027, 1, 1))
    return {count.day: count.count for count in days}


async def test_housekeeping_closes_the_days_that_are_over(db: Database, clock: FixedClock) -> None:
    housekeeping = Housekeeping(db, clock, Visitors(db, clock, lambda salt: None), dt.timedelta(days=90))
    for ago in (15, 3, 1, 0):
        await click(db, NOW - ago * ONE_DAY)
    await housekeeping.run()
    assert await closed_until(db) == NOW.date()
    clock.move(hours=13)  # an hour past midnight: hits of yesterday may still be on their way
    await housekeeping.run()
    assert await closed_until(db) == NOW.date()
    clock.move(hours=1)
    await housekeeping.run()
    assert await closed_until(db) == NOW.date() + ONE_DAY
    assert await mismatches(db) == []
    assert await clicks_by_day(db) == {(NOW - ago * ONE_DAY).date(): 1 for ago in (15, 3, 1, 0)}


async def test_a_late_hit_opens_its_day_again(db: Database) -> None:
    today = NOW.date()
    for ago in (5, 2):
        await click(db, NOW - ago * ONE_DAY)
    await close(db, 1, today)
    await click(db, NOW)
    assert await closed_until(db) == today  # a hit of today opens nothing
    await click(db, NOW - 4 * ONE_DAY)
    assert await closed_until(db) == today - 4 * ONE_DAY
    assert await clicks_by_day(db) == {today - ago * ONE_DAY: 1 for ago in (5, 4, 2, 0)}
    await close(db, 1, today)
    await click(db, NOW - 15 * ONE_DAY)  # history, from before anything else
    assert await clicks_by_day(db) == {today - ago * ONE_DAY: 1 for ago in (15, 5, 4, 2, 0)}
    await close(db, 1, today)
    assert await mismatches(db) == []
    assert await clicks_by_day(db) == {today - ago * ONE_DAY: 1 for ago in (15, 5, 4, 2, 0)}


async def test_what_is_remembered_of_closed_days_is_forgotten_when_one_is_opened_again(db: Database) -> None:
    """Closed anew, the days end where they did; only their version tells that they say something else."""
    today, link_id = NOW.date(), LINKS[0]
    days = (today - 15 * ONE_DAY, today - 4 * ONE_DAY)
    start, end = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in days)
    piece = Segment(start, end, dt.timedelta())

    async def ask(conn: AsyncConnection) -> tuple[Any, ...]:
        return (
            await counts.by_place(conn, 1, *days),
            [day.count for day in await counts.by_day(conn, 1, *days)],
            sum(await counts.hour_of_week(conn, 1, [piece], Kind.CLICK)),
        )

    async def asked_twice() -> tuple[Any, ...]:
        await close(db, 1, today)
        async with db.read() as conn:
            first = await ask(conn)
            assert await ask(conn) == first
        return first

    async def count_ask_and_fail(conn: AsyncConnection) -> None:
        hit = Hit(1, IDS.new(), link_id, BARE, Kind.CLICK, NOW - 4 * ONE_DAY, today - 4 * ONE_DAY, IDS.new())
        await conn.run_sync(hits.record, [hit], Seen())
        assert (await ask(conn))[1] == [1]
        raise ZeroDivisionError

    key = (link_id, BARE, "click")
    await click(db, NOW - 5 * ONE_DAY)
    assert await asked_twice() == ({key: 1}, [1], 1)
    # What is rolled back was never there, though it would have had the version of what comes next.
    with pytest.raises(ZeroDivisionError):
        await db.write(count_ask_and_fail)
    assert await asked_twice() == ({key: 1}, [1], 1)
    await click(db, NOW - 5 * ONE_DAY)
    assert await asked_twice() == ({key: 2}, [2], 2)
    await click(db, NOW - 9 * ONE_DAY)
    assert await asked_twice() == ({key: 3}, [1, 2], 3)
    # The days themselves change.
    await Servers(db).change(Actor(1, 5, manager=True), timezone="Pacific/Kiritimati")
    await close(db, 1, today)
    async with db.read() as conn:
        found = [(day.day, day.count) for day in await counts.by_day(conn, 1, *days)]
    assert found == [(today - 8 * ONE_DAY, 1)]


def test_memory_keeps_what_was_used_last_and_weighs_no_more_than_it_may() -> None:
    memory = Memory(10)
    memory.put("a", "A", 4)
    memory.put("b", "B", 4)
    assert memory.get("a") == "A"
    memory.put("huge", "H", 11)
    assert memory.get("huge") is None
    memory.put("c", "C", 4)  # b was used before a
    assert [memory.get(key) for key in "abc"] == ["A", None, "C"]


async def all_of_server(conn: AsyncConnection) -> tuple[Any, ...]:
    """What goes to thousands of places or links, over ranges with closed and open days, and open ones alone."""
    today = NOW.date()
    return tuple(
        [
            await ask(conn, 1, today - ago * ONE_DAY, today + ahead * ONE_DAY)
            for ago, ahead in ((15, 1), (15, 0), (1, 1), (2, 5))
            for ask in (counts.by_place, counts.by_link, counts.uniques_by_link)
        ]
    )


async def remembered_and_read(db: Database) -> None:
    """What is remembered, and kept up by events, is what one reads who remembers nothing: who writes."""
    async with db.read() as conn:
        remembered = await all_of_server(conn)
        assert await all_of_server(conn) == remembered
    assert remembered == await db.write(all_of_server)


@pytest.mark.long
@pytest.mark.parametrize("number", [8, pytest.param(50, marks=pytest.mark.proof)])
def test_what_is_remembered_of_a_server_is_kept_up_by_its_events(
    tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Whatever comes in between: hits of any day and place, in any order of their ids, nothing, and closing."""
    monkeypatch.setattr(ranges, "_FEW", 0)

    @settings(max_examples=number, deadline=None)
    @given(data=st.data())
    def try_it(data: st.DataObject) -> None:
        path = tmp_path / f"{next(GUILDS)}.db"
        shutil.copy(empty_database, path)
        asyncio.run(remembered_through(path, data))

    try_it()


async def remembered_through(path: Path, data: st.DataObject) -> None:
    ids, hit_ids = Ids(), st.integers(-3, 3)
    moments = st.integers(0, 4).map(lambda ago: NOW - ago * ONE_DAY)
    kinds = st.sampled_from([Kind.CLICK, Kind.IMPRESSION, Kind.VIEW])
    hit = st.tuples(moments, st.sampled_from(LINKS), st.sampled_from(PLACES), kinds, st.integers(1, 3), hit_ids)
    async with Database.open(path) as db:
        await click(db, NOW - 5 * ONE_DAY)
        await close(db, 1, NOW.date())
        await remembered_and_read(db)
        for batch in data.draw(st.lists(st.lists(hit, max_size=4), min_size=1, max_size=6)):
            made = [
                Hit(1, ids.new() + earlier * 10**9, link, place, kind, at, at.date(), visitor, "DE", "phone", "X")
                for at, link, place, kind, visitor, earlier in batch
            ]
            await db.write(lambda conn, made=made: conn.run_sync(hits.record, made, Seen()))
            if data.draw(st.booleans()):
                await close(db, 1, NOW.date())
            await remembered_and_read(db)


async def test_what_changes_today_without_an_event_is_not_overlooked(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repair, and another zone: of neither is there an event, and the server's sums are what they were."""
    monkeypatch.setattr(ranges, "_FEW", 0)
    for at, link_id in ((NOW - 2 * ONE_DAY, LINKS[0]), (NOW, LINKS[0]), (NOW, LINKS[1])):
        await click(db, at, link_id)
    await close(db, 1, NOW.date())
    c = hits_daily.c
    for link_id, n in ((LINKS[0], 2), (LINKS[1], 0)):
        wrong = sa.update(hits_daily).where(c.day == NOW.date(), c.link_id == link_id).values(count=n)
        await db.write(lambda conn, wrong=wrong: conn.execute(wrong))
    await remembered_and_read(db)
    found = await mismatches(db)
    assert len(found) == 2
    await db.write(lambda conn: recount.repair(conn, found))
    await close(db, 1, NOW.date())
    await remembered_and_read(db)
    await Servers(db).change(Actor(1, 5, manager=True), timezone="Pacific/Kiritimati")
    await close(db, 1, NOW.date())
    await remembered_and_read(db)


async def test_a_hit_that_comes_while_its_day_is_closed_is_not_forgotten(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(totals, "LINKS_A_STEP", 1)
    for link_id in LINKS:
        link = Link(1, link_id, 5, f"s{link_id}", "https://a.example/", 5, NOW, NOW)
        await db.write(lambda conn, link=link: links.add(conn, link))
        await click(db, NOW - ONE_DAY, link_id)
    await close(db, 1, NOW.date() - ONE_DAY)
    monkeypatch.setattr(totals, "SECONDS", 0.0)  # a transaction ends after each link
    step = partial(totals.close, guild_id=1, before=NOW.date())
    at = await db.write_quietly(step)
    assert at is not None
    assert at == (NOW.date() - ONE_DAY, min(LINKS))
    await click(db, NOW - ONE_DAY, LINKS[0])
    assert await db.write_quietly(partial(step, at=at)) == at  # begun anew
    await click(db, NOW - ONE_DAY, LINKS[0])
    assert await closed_until(db) == NOW.date() - ONE_DAY
    await close(db, 1, NOW.date())
    assert await closed_until(db) == NOW.date()
    assert await mismatches(db) == []
    assert await clicks_by_day(db) == {NOW.date() - ONE_DAY: 5}


async def test_wrong_totals_are_found_and_built_anew(db: Database) -> None:
    await click(db, NOW - ONE_DAY)
    await close(db, 1, NOW.date())
    await db.write(lambda conn: conn.execute(sa.text("UPDATE totals SET t10 = t10 + 1 WHERE facet = 'hour'")))
    found = await mismatches(db)
    assert {(item.table, item.key[1], item.rollup, item.events) for item in found} == {("totals", "hour", 2, 1)}
    await db.write(lambda conn: recount.repair(conn, found))
    assert await mismatches(db) == []
    await close(db, 1, NOW.date())
    assert await mismatches(db) == []
    # A rollup that is wrong has gone wrong into the totals.
    await db.write(lambda conn: conn.execute(sa.update(hits_daily).values(count=5)))
    await db.write(lambda conn: conn.run_sync(totals.reopen, 1))
    await close(db, 1, NOW.date())
    found = await mismatches(db)
    assert {item.table for item in found} == {"hits_daily", "totals"} or {item.table for item in found} == {
        "hits_daily"
    }
    await db.write(lambda conn: recount.repair(conn, found))
    await close(db, 1, NOW.date())
    assert await mismatches(db) == []
    assert await clicks_by_day(db) == {NOW.date() - ONE_DAY: 1}


async def test_hours_where_an_offset_is_no_multiple_of_a_quarter_hour(db: Database) -> None:
    """Such as before zones were: a quarter hour counts for the local hour that it begins in."""
    await click(db, dt.datetime(2026, 3, 9, 11, 0, tzinfo=dt.UTC))  # 12:17:24 on a Monday
    start = dt.datetime(2026, 3, 9, tzinfo=dt.UTC)
    piece = Segment(start, start + ONE_DAY, dt.timedelta(hours=1, minutes=17, seconds=24))
    async with db.read() as conn:
        grid = await counts.hour_of_week(conn, 1, [piece], Kind.CLICK)
    assert [hour for hour, n in enumerate(grid) if n] == [12]


async def test_nothing_is_counted_of_no_links_and_no_time(db: Database) -> None:
    await click(db, NOW)
    day, next_day = NOW.date(), NOW.date() + ONE_DAY
    piece = Segment(NOW, NOW + ONE_DAY, dt.timedelta())
    async with db.read() as conn:
        assert await counts.by_day(conn, 1, day, next_day, []) == []
        assert await counts.by_place(conn, 1, day, next_day, []) == {}
        assert await counts.audience(conn, 1, day, next_day, []) == []
        assert await counts.until(conn, 1, NOW, NOW + ONE_DAY, []) == {}
        assert await counts.dropped(conn, 1, NOW, NOW + ONE_DAY, []) == []
        assert await counts.first_day(conn, 1, []) is None
        assert not any(await counts.hour_of_week(conn, 1, [piece], Kind.CLICK, []))
        assert await counts.by_day(conn, 1, day, day) == []
        assert not any(await counts.hour_of_week(conn, 1, [], Kind.CLICK))


def figure(figure_id: int, post_id: int, days: int, value: int, metric: str = "impressions") -> Figure:
    at = NOW + days * ONE_DAY
    return Figure(1, figure_id, post_id, metric, value, at, 5, at)


async def test_figures_of_a_range_come_with_the_ones_beside_it(db: Database) -> None:
    made = [
        figure(1, 7, -30, 10),
        figure(2, 7, -20, 20),
        figure(3, 7, -5, 30),
        figure(4, 7, -2, 40),
        figure(5, 7, 0, 50),  # the end is not in the range: the first one after it
        figure(12, 7, 2, 60),
        figure(6, 7, -40, 5, "likes"),  # none of these within it
        figure(7, 8, -20, 1, "likes"),
        figure(8, 8, -20, 2, "likes"),  # at the same time, typed in later
        figure(9, 8, -7, 3, "likes"),
        figure(10, 8, -25, 9),
        figure(11, 9, -3, 4),
    ]
    for each in made:
        await db.write(lambda conn, each=each: posts.add_figure(conn, each))
    async with db.read() as conn:
        found = await posts.figures_in(conn, 1, NOW - 7 * ONE_DAY, NOW)
        assert [each.id for each in found] == [2, 8, 9, 3, 11, 4, 5]
        found = await posts.figures_in(conn, 1, NOW - 7 * ONE_DAY, NOW, [7])
        assert [each.id for each in found] == [2, 3, 4, 5]
        assert [each.id for each in await posts.figures_in(conn, 1, NOW, NOW)] == [4, 5]
        assert await posts.figures_in(conn, 2, NOW - 7 * ONE_DAY, NOW) == []
        assert await posts.figures_in(conn, 1, NOW - 7 * ONE_DAY, NOW, []) == []
