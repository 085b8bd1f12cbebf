"""What is read fast says, to the digit, what a plain count of events and rows does: in the demo and at the limits."""

from __future__ import annotations

import datetime as dt
import io
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from yarl import URL

from bot.clock import FixedClock
from bot.exports import Form, write
from bot.housekeeping import Housekeeping
from bot.insights.periods import Choice, Dates, Last, Named, Period, Unit
from bot.links.access import Actor
from bot.servers import Servers
from bot.stats.answers import Heatmap, Reported, Sources, Top
from bot.stats.question import Metric, Question, Ranks, Scope, Subject, View
from bot.stats.service import Stats
from bot.tracking.visitors import Visitors
from storage import hits, links, posts, transfer
from storage.database import Database, plain_reader
from storage.ids import Ids
from storage.records import BARE, Dimension, Edge, Hit, Kind, Page, Server, State, is_post
from storage.schema import hits as hits_table
from storage.seen import Seen
from tests import bench_picks
from tests.conftest import NOW
from tests.sampled import CREATORS, GUILD
from tests.sampled import a_filled_database as _filled  # noqa: F401

MANAGER = Actor(GUILD, CREATORS["maya"], manager=True)
WHOSE = tuple(CREATORS.values())
CHOICES: tuple[Choice, ...] = (
    Named.TODAY,
    Last(7, Unit.DAY),
    Named.DAYS_28,
    Dates(NOW.date() - dt.timedelta(days=40), NOW.date() - dt.timedelta(days=3)),
)
MEASURED = (Kind.IMPRESSION, Kind.VIEWABLE)
QUARTER = dt.timedelta(minutes=15)
Event = dict[str, Any]


def local(at: dt.datetime, zone: str) -> dt.datetime:
    return hits.bucket_of(at).astimezone(ZoneInfo(zone))


def day_of(event: Event) -> dt.date:
    return event["local"].date()


@dataclass
class Plain:
    """A server as its rows are, and every count by going through all events."""

    events: list[Event]
    """With the local time of the quarter hour that each counts for."""
    links: list[Any]
    posts: list[Any]

    @classmethod
    async def of(cls, db: Database, zone: str) -> Plain:
        async with db.read() as conn:
            rows = (await conn.execute(sa.select(hits_table))).mappings()
            events = [{**row, "kind": Kind(row["kind"]), "local": local(row["at"], zone)} for row in rows]
            every = list(State)
            found = await links.find(conn, GUILD, states=every), await posts.find(conn, GUILD, states=every)
        return cls(events, *found)

    def of_subject(self, subject: Subject) -> list[Event]:
        """What counts for it: what is seen of a profile page as a whole is of no link."""
        mine = {link.id for link in self.links if subject.scope is Scope.SERVER or link.creator_id == subject.id}
        if subject.scope is Scope.LINK:
            mine = {subject.id}
        if subject.scope is Scope.POST:
            return [event for event in self.events if event["place_id"] == subject.id]
        return [event for event in self.events if event["link_id"] in mine]

    def within(self, events: Sequence[Event], period: Period, *, as_counted: bool = False) -> list[Event]:
        """Those of local days; uniques and the audience keep the days on which they were counted."""
        day = itemgetter("day") if as_counted else day_of
        return [event for event in events if period.first <= day(event) < period.end]

    def clicks(self, events: Sequence[Event]) -> list[Event]:
        return [event for event in events if event["kind"] is Kind.CLICK]

    def uniques(self, events: Sequence[Event]) -> int:
        """Visitors of each link and day, not the marks that were set when they came."""
        return len({(event["link_id"], event["day"], event["visitor"]) for event in self.clicks(events)})


async def compare_reports(stats: Stats, plain: Plain, subject: Subject, choice: Choice) -> int:
    answer = await stats.answer(MANAGER, Question(View.REPORT, (subject,), (choice,)), private=True)
    assert isinstance(answer, Reported)
    found, period, events = answer.report.now, answer.period, plain.of_subject(subject)
    mine = plain.within(events, period)
    clicks = plain.clicks(mine)
    by_day = Counter(day_of(event) for event in clicks)
    shown = Counter(day_of(event) for event in mine if event["kind"] in MEASURED)
    assert found.clicks == len(clicks)
    assert found.clicks_by_day == tuple(by_day[day] for day in period.days)
    assert found.measured == shown.total()
    assert found.impressions_by_day == tuple(shown[day] for day in period.days)
    places = Counter((event["link_id"], event["place_id"]) for event in clicks)
    assert {(one.link_id, one.place_id): one.clicks for one in found.by_place if one.clicks} == places
    if subject.scope is not Scope.POST:
        assert found.unique_clicks == plain.uniques(plain.within(events, period, as_counted=True))
    return len(clicks)


async def compare_tables(stats: Stats, plain: Plain, subject: Subject, choice: Choice) -> None:
    """Hours of the week, and where people came from."""
    hours = await stats.answer(MANAGER, Question(View.HEATMAP, (subject,), (choice,)), private=True)
    assert isinstance(hours, Heatmap)
    clicks = plain.clicks(plain.within(plain.of_subject(subject), hours.period))
    cells = Counter(event["local"].weekday() * 24 + event["local"].hour for event in clicks)
    assert dict(enumerate(hours.cells)) == {cell: cells[cell] for cell in range(168)}
    told = await stats.answer(MANAGER, Question(View.SOURCES, (subject,), (choice,)), private=True)
    assert isinstance(told, Sources)
    events = plain.within(plain.of_subject(subject), told.period, as_counted=True)
    about = [(dimension, event["kind"], event[dimension]) for event in events for dimension in Dimension]
    seen = {(one.dimension, one.kind, one.value): one.count for one in told.audience if one.kind is not Kind.VIEW}
    assert seen == Counter(one for one in about if one[2])


async def compare_rankings(stats: Stats, plain: Plain, subject: Subject, choice: Choice, ranks: Ranks) -> None:
    """All pages of a ranking by clicks; whoever has as many may stand in any order here, for reported figures tell."""

    async def turned_to(page: int) -> Top:
        question = Question(View.TOP, (subject,), (choice,), Metric.CLICKS, ranks, page)
        answer = await stats.answer(MANAGER, question, private=True)
        assert isinstance(answer, Top)
        return answer

    answer = await turned_to(0)
    rows = [*answer.rows, *[row for page in range(1, answer.pages) for row in (await turned_to(page)).rows]]
    mine = plain.within(plain.of_subject(subject), answer.period)
    key = "link_id" if ranks is Ranks.LINKS else "place_id"
    clicks = Counter(event[key] for event in plain.clicks(mine) if ranks is Ranks.LINKS or is_post(event["place_id"]))
    assert [row.tally.clicks for row in rows] == sorted((row.tally.clicks for row in rows), reverse=True)
    assert len({row.id for row in rows}) == len(rows) == answer.ranked
    private = {link.id for link in plain.links if link.private and subject.scope is Scope.SERVER}
    if ranks is Ranks.POSTS:
        private = {post.id for post in plain.posts if post.link_id in private}
    named = {id_: n for id_, n in clicks.items() if id_ not in private}
    assert {row.id: row.tally.clicks for row in rows if row.tally.clicks} == named
    assert answer.unnamed >= len(clicks) - len(named)
    by_day = Counter((event[key], day_of(event)) for event in plain.clicks(mine))
    for row in rows:
        assert row.trend == tuple(by_day[row.id, day] for day in answer.period.days)


async def pages_of(db: Database, noun: Any, creator_id: int | None, states: Sequence[State]) -> list[Any]:
    """All that whoever turns the pages of a list sees."""
    shown: list[Any] = []
    edge: Edge | None = None
    listed: Page[Any] = Page([], 0, 2, 0)
    async with db.read() as conn:
        while listed.number + 1 < listed.pages:
            listed = await noun.page(conn, GUILD, edge, 10, creator_id=creator_id, states=states)
            shown += listed.items
            edge = Edge(shown[-1].id, newer=False) if shown else None
            assert listed.count >= len(shown)
    assert listed.count == len(shown)
    return shown


async def compare_lists(db: Database, plain: Plain) -> None:
    for noun, rows in ((links, plain.links), (posts, plain.posts)):
        for creator_id in (None, WHOSE[0]):
            for state in (State.ACTIVE, State.ARCHIVED):
                mine = [row for row in rows if row.state is state and creator_id in (None, row.creator_id)]
                expected = sorted(mine, key=lambda row: -row.id)
                assert await pages_of(db, noun, creator_id, [state]) == expected


def compare_exports(db: Database, plain: Plain, zone: str) -> None:
    """The server's, a creator's and a link's."""
    busiest = Counter(event["link_id"] for event in plain.events).most_common(1)[0][0]
    subjects = {
        transfer.Scope(GUILD): Subject(Scope.SERVER, GUILD),
        transfer.Scope(GUILD, creator_id=WHOSE[0]): Subject(Scope.CREATOR, WHOSE[0]),
        transfer.Scope(GUILD, link_id=busiest): Subject(Scope.LINK, busiest),
    }
    for scope, subject in subjects.items():
        file = io.BytesIO()
        with plain_reader(db.path) as reader:
            write(reader, scope, Server(GUILD, zone), Form.JSON, NOW, file)
        tables = json.loads(file.getvalue())["tables"]
        mine = plain.of_subject(subject)
        linked = {link.id for link in plain.links}

        def counted(name: str, *keys: str, tables: Any = tables, linked: set[int] = linked) -> Counter[tuple[Any, ...]]:
            """The counts of a table by some of its columns, of links alone."""
            table: Counter[tuple[Any, ...]] = Counter()
            for row in tables[name]["rows"]:
                given = dict(zip(tables[name]["columns"], row, strict=True))
                if given["link_id"] in linked:
                    table[tuple(given[key] for key in keys)] += given["count"]
            return table

        places = Counter((event["link_id"], event["place_id"], event["kind"].value) for event in mine)
        assert counted("quarters", "link_id", "place_id", "kind") == places
        days = Counter((day_of(event).isoformat(), event["link_id"]) for event in mine)
        assert counted("days", "day", "link_id") == days
        assert counted("uniques").total() == plain.uniques(mine)
        about = [(d.value, event[d]) for event in mine for d in Dimension if event[d]]
        assert counted("audience", "dimension", "value") == Counter(about)


def subjects_of(plain: Plain, most: int) -> Iterator[Subject]:
    """The server, some creators, and as many of the busiest links and posts."""
    yield Subject(Scope.SERVER, GUILD)
    yield from (Subject(Scope.CREATOR, id_) for id_ in WHOSE[:most])
    of_links = Counter(event["link_id"] for event in plain.events if event["kind"] is not Kind.VIEW)
    yield from (Subject(Scope.LINK, id_) for id_, _n in of_links.most_common(most))
    of_posts = Counter(event["place_id"] for event in plain.events if is_post(event["place_id"]))
    yield from (Subject(Scope.POST, id_) for id_, _n in of_posts.most_common(most))


async def compare(db: Database, clock: FixedClock, zone: str, most: int) -> None:
    """Every kind of answer about so many of each noun beside the plain count."""
    plain, stats = await Plain.of(db, zone), Stats(db, clock, URL("https://go.example"))
    counted = 0
    for subject in subjects_of(plain, most):
        for choice in CHOICES[-most - 1 :]:
            counted += await compare_reports(stats, plain, subject, choice)
            if subject.scope is not Scope.POST:
                await compare_tables(stats, plain, subject, choice)
        if subject.scope in (Scope.SERVER, Scope.CREATOR):
            for ranks in (Ranks.LINKS, Ranks.POSTS):
                await compare_rankings(stats, plain, subject, Named.DAYS_28, ranks)
    assert counted > 500
    await compare_lists(db, plain)
    compare_exports(db, plain, zone)


async def close_days(db: Database, clock: FixedClock) -> None:
    await Housekeeping(db, clock, Visitors(db, clock, lambda _salt: None), dt.timedelta(days=365)).run()


@pytest.mark.long
@pytest.mark.parametrize("most", [0, pytest.param(3, marks=pytest.mark.proof)])
async def test_the_demos_answers_are_a_plain_count_of_its_events(filled: Database, most: int) -> None:
    clock = FixedClock(NOW)
    await close_days(filled, clock)
    await compare(filled, clock, "Europe/Berlin", most)


async def record(
    db: Database, zone: str, ids: Ids, seen: Seen, places: Sequence[tuple[int, int]], ats: list[dt.datetime]
) -> None:
    draw = random.Random(len(ats))
    events = []
    for at in ats:
        place = places[int(len(places) * draw.random() ** 2)]
        kind = draw.choice((Kind.CLICK, Kind.CLICK, Kind.IMPRESSION))
        about = (draw.choice(("DE", "US", "")), draw.choice(("phone", "desktop")), draw.choice(("X", "direct")))
        day = local(at, zone).date()
        events.append(Hit(GUILD, ids.new(), *place, kind, at, day, draw.getrandbits(9), *about))
    for at in range(0, len(events), 5_000):
        part = events[at : at + 5_000]
        seen.add(await db.write(lambda conn, part=part: conn.run_sync(hits.record, part, seen)))


@pytest.mark.long
@pytest.mark.parametrize(
    ("few", "events", "most"),
    [(200, 3_000, 1), pytest.param(1, 200_000, 3, marks=pytest.mark.proof)],
    ids=["small", "whole"],
)
async def test_a_servers_answers_are_a_plain_count_whatever_was_closed_came_late_or_moved(
    db: Database, monkeypatch: pytest.MonkeyPatch, few: int, events: int, most: int
) -> None:
    """5,000 links and 50,000 posts, or a part of them; over the day that clocks go ahead in New York."""
    for name, value in (("CREATORS", len(WHOSE)), ("LINKS", 5_000 // few), ("POSTS", 50_000 // few)):
        monkeypatch.setattr(bench_picks, name, value)
    await bench_picks.fill(SimpleNamespace(db=db), GUILD, list(WHOSE))
    zone, ids, seen, clock = "America/New_York", Ids(), Seen(), FixedClock(NOW)
    await Servers(db).change(MANAGER, timezone=zone)
    draw = random.Random(1)
    places = [(1_000 + n % (5_000 // few), BARE if n % 3 else 1_000_000 + n) for n in range(5_000 // few)]
    ats = sorted(NOW - dt.timedelta(seconds=draw.randrange(45 * 86_400)) for _n in range(events))
    await record(db, zone, ids, seen, places, ats)
    await compare(db, clock, zone, most - 1)
    await close_days(db, clock)
    await compare(db, clock, zone, most)
    late = [NOW - dt.timedelta(days=days, minutes=7) for days in (2, 9, 30) for _n in range(20)]
    await record(db, zone, ids, seen, places, [*late, NOW])
    await compare(db, clock, zone, most - 1)
    zone = "Asia/Kathmandu"
    await Servers(db).change(MANAGER, timezone=zone)
    await close_days(db, clock)
    await compare(db, clock, zone, most)
