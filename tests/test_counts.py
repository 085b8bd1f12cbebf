"""Every count that stats read is what the events say: in every zone, on closed and open days, whatever came late."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.insights.periods import ONE_DAY, day_start, local_day
from bot.links.access import Actor
from bot.servers import Servers
from storage import counts, hits, recount, servers, totals
from storage.database import Database
from storage.ids import Ids
from storage.records import BARE, PROFILE, Dimension, Hit, Kind, Segment, Server, SetAside
from storage.seen import Seen

LINKS = (101, 202, 303)
POST = 9_001
PLACES = (BARE, PROFILE, POST)
QUARTER = dt.timedelta(minutes=15)
HORIZON = 7
"""Days that the events of a test lie in."""
BEGINS = {
    "America/New_York": dt.date(2026, 10, 30),  # back an hour on 1 November
    "America/Havana": dt.date(2026, 3, 5),  # ahead an hour at midnight of 8 March
    "Pacific/Chatham": dt.date(2026, 4, 2),  # +13:45, and +12:45 from 5 April
    "Australia/Lord_Howe": dt.date(2026, 9, 29),  # +10:30, and half an hour more from 4 October
    "Asia/Kathmandu": dt.date(2026, 1, 29),  # +5:45
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
    while True:
        async with db.read() as conn:
            found = await totals.steps(conn, guild_id, before)
        if not found:
            return
        for step in found:
            assert await db.write(step)


async def play(db: Database, model: Model, begin: dt.date, action: str, what: Any) -> None:
    if action == "hits":
        start = day_start(begin, model.zone)
        batch: list[Hit] = []
        for minute, link_id, place_id, kind, visitor, country, source in what:
            at = start + dt.timedelta(minutes=minute)
            day = local_day(at, model.zone)
            about = (visitor if kind is Kind.CLICK else None, country, "phone", source)
            batch.append(Hit(model.guild_id, IDS.new(), link_id, place_id, kind, at, day, *about))
        new = await db.write(lambda conn: conn.run_sync(hits.record, batch, model.seen))
        model.seen.add(new)
        model.unique.update(new.values())
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
@settings(
    max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
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
        assert await recount.check(conn, model.guild_id, lambda at: local_day(at, model.zone)) == []


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
        assert {(c.link_id, c.place_id, c.kind): c.count for c in places} == model.counted(
            events, lambda h: (h.link_id, h.place_id, h.kind)
        )
        assert all(c.day is None for c in places)
        found = await counts.by_place_day(conn, guild, first, end, named, place)
        assert {(c.link_id, c.place_id, c.kind, c.day): c.count for c in found} == model.counted(
            events, lambda h: (h.link_id, h.place_id, h.kind, model.day(h))
        )
        by_link_day = await counts.by_link_day(conn, guild, first, end, named)
        assert {(c.link_id, c.kind, c.day): c.count for c in by_link_day} == model.counted(
            anywhere, lambda h: (h.link_id, h.kind, model.day(h))
        )
        by_link = model.counted(anywhere, lambda h: (h.link_id, h.kind))
        assert await counts.by_link(conn, guild, first, end, links) == by_link
        clicks = model.counted(
            [h for h in model.among(None) if h.kind is Kind.CLICK and first <= model.day(h) < end], lambda h: h.link_id
        )
        ranked = sorted(clicks.items(), key=lambda item: (-item[1], item[0]))
        assert await counts.top_links(conn, guild, first, end, Kind.CLICK, 2) == ranked[:2]

        uniques = await counts.uniques_by_day(conn, guild, first, end, links)
        assert uniques == sorted(model.counted(unique, lambda h: h.day).items())
        assert await counts.uniques_by_link(conn, guild, first, end, links) == model.counted(
            unique, lambda h: h.link_id
        )
        audience = await counts.audience(conn, guild, first, end, links)
        about = [
            (d, h.kind, v)
            for h in when_counted
            for d, v in zip(Dimension, (h.country, h.device, h.source), strict=True)
        ]
        assert {(c.dimension, c.kind, c.value): c.count for c in audience} == dict(Counter(a for a in about if a[2]))
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
            # A part of it, cut at any quarter hour.
            middle = pieces[0].start + (pieces[-1].end - pieces[0].start) // QUARTER // 3 * QUARTER
            cut = [Segment(max(p.start, middle), p.end, p.offset) for p in pieces if p.end > middle]
            grid = await counts.hour_of_week(conn, guild, cut, Kind.CLICK, links, place)
            assert sum(grid) == sum(at >= middle for at in hours)
            until = await counts.until(conn, guild, middle, pieces[-1].end, links, place)
            expected_until = [h for h in model.among(links, place) if middle <= hits.bucket_of(h.at) < pieces[-1].end]
            assert sum(c.count for c in until) == len(expected_until)
            if links is not None:
                assert {(c.link_id, c.place_id, c.kind): c.count for c in until} == model.counted(
                    expected_until, lambda h: (h.link_id, h.place_id, h.kind)
                )
        all_days = [model.day(h) for h in model.among(links)]
        assert await counts.first_day(conn, guild, links) == min(all_days, default=None)
        for link_id in named:
            mine = [h for h in model.among([link_id]) if h.kind is Kind.CLICK]
            assert await counts.clicks_of_link(conn, guild, link_id) == len(mine)
            assert await counts.clicks_of_place(conn, guild, link_id, POST) == sum(h.place_id == POST for h in mine)
