"""`make bench-stats`: every question of `/stats` over 10 million events, beside DuckDB's answers to the same.

Each question alone, which is what the goals are of, and then all that a command asks together. Each is asked again
and again, as the same few periods are, a hit coming in before each time; and a first time, with nothing remembered.
`python -m tests.bench_stats [EVENTS]` also asks a tenth of the events, for how much slower ten times as many are.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import uvloop
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import counts, hits, servers, totals
from storage.database import Database
from storage.ids import Ids
from storage.prepared import Reader, read
from storage.records import BARE, Hit, Kind, PlaceKey, Segment, Server
from storage.seen import Seen
from tests import bench_data as data
from tests.bench_data import GUILD, NOW, TODAY, ZONE, link_of

CALLS, FIRST_CALLS, DUCK_CALLS = 200, 50, 20
TOP = 10
RANKS = {"hottest": 0, "middling": 100, "rare": 900}
CREATOR = [link_of(rank) for rank in range(5, 1_000, 50)]
COMPARED = [link_of(rank) for rank in (0, 3, 30, 200, 800)]
PERIODS = (7, 28, 90, 365)
END = TODAY + dt.timedelta(days=1)

Answer = dict[str, Any]


@dataclass(frozen=True)
class Query:
    """A question, or all those of a command: how Eyeballs answers it, and how DuckDB does."""

    name: str
    ours: Callable[[AsyncConnection], Awaitable[Answer]]
    theirs: Callable[[duckdb.DuckDBPyConnection], Answer]
    alone: bool = True
    """Whether it is one question of the storage layer."""


def first_of(days: int) -> dt.date:
    return END - dt.timedelta(days=days)


def among(link_ids: Sequence[int] | None) -> str:
    """DuckDB's words for the links that are meant."""
    return "TRUE" if link_ids is None else f"link_id IN ({', '.join(map(str, link_ids))})"


def at(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), ZONE).astimezone(dt.UTC)


def segments(first: dt.date, end: dt.date) -> list[Segment]:
    """The stretches of one offset; the clocks of the zone change within an hour."""
    found: list[Segment] = []
    begin, stop = at(first), at(end)
    while begin < stop:
        offset = begin.astimezone(ZONE).utcoffset()
        assert offset is not None
        next_at = begin
        while next_at < stop and next_at.astimezone(ZONE).utcoffset() == offset:
            next_at += dt.timedelta(hours=1)
        found.append(Segment(begin, next_at, offset))
        begin = next_at
    return found


# ---------------------------------------------------------------------- one question each


async def by_place(
    conn: AsyncConnection, guild_id: int, first: dt.date, end: dt.date, link_ids: Sequence[int] | None = None
) -> Collection[tuple[PlaceKey, int]]:
    return (await counts.by_place(conn, guild_id, first, end, link_ids)).items()


def one(name: str, ours: Callable[[AsyncConnection], Awaitable[Any]], sql: str, parameters: Sequence[Any]) -> Query:
    async def answer(conn: AsyncConnection) -> Answer:
        return {"rows": await ours(conn)}

    return Query(name, answer, lambda duck: {"rows": duck.execute(sql, parameters).fetchall()})


def of_scope(name: str, days: int, link_ids: Sequence[int] | None) -> list[Query]:
    """What is asked of a link, of a creator's, or of a server."""
    asked = (GUILD, first_of(days), END, link_ids)
    which = among(link_ids)
    where = f"WHERE day >= ? AND day < ? AND {which}"

    def named(what: str, ours: Callable[..., Awaitable[Any]], sql: str) -> Query:
        return one(f"{what}, {name}, {days} d", lambda conn: ours(conn, *asked), sql, asked[1:3])

    return [
        named("by day", counts.by_day, f"SELECT day, kind, count(*) FROM events {where} GROUP BY ALL"),
        named(
            "uniques by day",
            counts.uniques_by_day,
            f"SELECT day, count(*) FROM events {where} AND is_unique GROUP BY ALL",
        ),
        named(
            "by place",
            by_place,
            f"SELECT link_id, place_id, kind, count(*) FROM events {where} GROUP BY ALL",
        ),
        named(
            "set aside",
            counts.set_aside_counts,
            f"SELECT reason, agent, count(*) FROM aside {where} GROUP BY ALL",
        ),
        sources(name, days, link_ids),
    ]


def of_server(days: int) -> list[Query]:
    asked, where = (GUILD, first_of(days), END), "WHERE day >= ? AND day < ?"
    which = f"{where} AND {among(COMPARED)}"
    return [
        one(
            f"by link and day, {len(COMPARED)} links, {days} d",
            lambda conn: counts.by_link_day(conn, *asked, COMPARED),
            f"SELECT link_id, day, kind, count(*) FROM events {which} GROUP BY ALL",
            asked[1:],
        ),
        uniques(days),
    ]


# ---------------------------------------------------------------------- whole commands


def report(name: str, days: int, link_ids: Sequence[int] | None) -> Query:
    """`/stats link`, `creator` and `server`: this period beside the one before."""
    first, before = first_of(days), first_of(2 * days)
    which = among(link_ids)

    def within(reader: Reader) -> Answer:
        days = counts.by_day.within(reader, GUILD, before, END, link_ids)
        uniques = counts.uniques_by_day.within(reader, GUILD, before, END, link_ids)
        answer: Answer = {
            "days": [count for count in days if count.day >= first],
            "before": [count for count in days if count.day < first],
            "uniques": [(day, n) for day, n in uniques if day >= first],
            "uniques_before": [(day, n) for day, n in uniques if day < first],
        }
        answer["places"] = counts.by_place.within(reader, GUILD, first, END, link_ids).items()
        answer["places_before"] = counts.by_place.within(reader, GUILD, before, first, link_ids).items()
        answer["audience"] = counts.audience.within(reader, GUILD, first, END, link_ids)
        answer["aside"] = counts.set_aside_counts.within(reader, GUILD, first, END, link_ids)
        counts.dropped.within(reader, GUILD, at(first), at(END), link_ids)
        return answer

    async def ours(conn: AsyncConnection) -> Answer:
        return await read(conn, within)

    def theirs(duck: duckdb.DuckDBPyConnection) -> Answer:
        answer: Answer = {}
        for key, begin, end in (("days", first, END), ("before", before, first)):
            rows = duck.execute(
                "SELECT day, count(*) FILTER (kind = 'click'), count(*) FILTER (kind = 'impression'),"
                f" count(*) FILTER (is_unique) FROM events WHERE day >= ? AND day < ? AND {which} GROUP BY day",
                [begin, end],
            ).fetchall()
            answer[key] = sorted(
                (d, kind, n) for d, *ns in rows for kind, n in zip((Kind.CLICK, Kind.IMPRESSION), ns, strict=False) if n
            )
            answer["uniques" if key == "days" else "uniques_before"] = sorted(
                (row[0], row[3]) for row in rows if row[3]
            )
        for key, begin, end in (("places", first, END), ("places_before", before, first)):
            answer[key] = duck.execute(
                "SELECT link_id, place_id, kind, count(*) FROM events"
                f" WHERE day >= ? AND day < ? AND {which} GROUP BY ALL",
                [begin, end],
            ).fetchall()
        answer["audience"] = duck_audience(duck, first, which)
        answer["aside"] = duck.execute(
            f"SELECT reason, agent, count(*) FROM aside WHERE day >= ? AND day < ? AND {which} GROUP BY ALL",
            [first, END],
        ).fetchall()
        return answer

    return Query(f"/stats {name}, {days} d", ours, theirs, alone=False)


def duck_audience(duck: duckdb.DuckDBPyConnection, first: dt.date, which: str) -> list[tuple[Any, ...]]:
    rows = duck.execute(
        "SELECT country, device, source, kind, grouping(country, device, source), count(*) FROM events"
        f" WHERE day >= ? AND day < ? AND {which}"
        " GROUP BY GROUPING SETS ((country, kind), (device, kind), (source, kind))",
        [first, END],
    ).fetchall()
    shown = {0b011: ("country", 0), 0b101: ("device", 1), 0b110: ("source", 2)}
    found = [(shown[sets][0], values[shown[sets][1]], kind, n) for *values, kind, sets, n in rows]
    return [row for row in found if row[1]]


def top(days: int) -> Query:
    """`/stats top`: every place of the server, and the trends of its ten best links."""
    first = first_of(days)

    def best(places: Sequence[tuple[int, str, int]]) -> list[int]:
        clicks: Counter[int] = Counter()
        for link_id, kind, n in places:
            clicks[link_id] += n * (kind == Kind.CLICK)
        return sorted(clicks, key=lambda link_id: (-clicks[link_id], link_id))[:TOP]

    async def ours(conn: AsyncConnection) -> Answer:
        places = await by_place(conn, GUILD, first, END)
        ids = best([(link_id, kind, n) for (link_id, _place_id, kind), n in places])
        return {"places": places, "days": await counts.by_link_day(conn, GUILD, first, END, ids)}

    def theirs(duck: duckdb.DuckDBPyConnection) -> Answer:
        where = "WHERE day >= ? AND day < ?"
        places = duck.execute(
            f"SELECT link_id, place_id, kind, count(*) FROM events {where} GROUP BY ALL", [first, END]
        ).fetchall()
        ids = best([(link_id, kind, n) for link_id, _, kind, n in places])
        rows = duck.execute(
            f"SELECT link_id, day, kind, count(*) FROM events {where} AND {among(ids)} GROUP BY ALL",
            [first, END],
        ).fetchall()
        return {"places": places, "days": rows}

    return Query(f"/stats top of the server, {days} d", ours, theirs, alone=False)


def compare(days: int) -> Query:
    first = first_of(days)

    async def ours(conn: AsyncConnection) -> Answer:
        return {
            "days": await counts.by_link_day(conn, GUILD, first, END, COMPARED),
            "uniques": list((await counts.uniques_by_link(conn, GUILD, first, END, COMPARED)).items()),
        }

    def theirs(duck: duckdb.DuckDBPyConnection) -> Answer:
        rows = duck.execute(
            "SELECT link_id, day, kind, count(*), count(*) FILTER (is_unique) FROM events"
            f" WHERE day >= ? AND day < ? AND {among(COMPARED)} GROUP BY ALL",
            [first, END],
        ).fetchall()
        uniques: Counter[int] = Counter()
        for link_id, *_, n in rows:
            uniques[link_id] += n
        return {"days": [row[:4] for row in rows], "uniques": list((+uniques).items())}

    return Query(f"/stats compare of {len(COMPARED)} links, {days} d", ours, theirs, alone=False)


def heatmap(name: str, days: int, link_ids: Sequence[int] | None) -> Query:
    first = first_of(days)
    which = among(link_ids)
    pieces = segments(first, END)

    async def ours(conn: AsyncConnection) -> Answer:
        return {"hours": list(enumerate(await counts.hour_of_week(conn, GUILD, pieces, Kind.CLICK, link_ids)))}

    def theirs(duck: duckdb.DuckDBPyConnection) -> Answer:
        rows = duck.execute(
            "SELECT (isodow(day) - 1) * 24 + hour AS h, count(*) FROM events"
            f" WHERE kind = 'click' AND day >= ? AND day < ? AND {which} GROUP BY h",
            [first, END],
        ).fetchall()
        found = dict(rows)
        return {"hours": [(hour, found.get(hour, 0)) for hour in range(168)]}

    return Query(f"heatmap {name}, {days} d", ours, theirs)


def sources(name: str, days: int, link_ids: Sequence[int] | None) -> Query:
    first = first_of(days)
    which = among(link_ids)

    async def ours(conn: AsyncConnection) -> Answer:
        return {"audience": await counts.audience(conn, GUILD, first, END, link_ids)}

    return Query(f"sources {name}, {days} d", ours, lambda duck: {"audience": duck_audience(duck, first, which)})


def uniques(days: int) -> Query:
    first = first_of(days)

    async def ours(conn: AsyncConnection) -> Answer:
        return {"links": list((await counts.uniques_by_link(conn, GUILD, first, END)).items())}

    def theirs(duck: duckdb.DuckDBPyConnection) -> Answer:
        query = "SELECT link_id, count(*) FROM events WHERE is_unique AND day >= ? AND day < ? GROUP BY link_id"
        return {"links": duck.execute(query, [first, END]).fetchall()}

    return Query(f"uniques of each link, {days} d", ours, theirs)


def yesterday(name: str, link_ids: Sequence[int] | None) -> Query:
    start, end = at(TODAY - dt.timedelta(days=1)), NOW.replace(minute=0) - dt.timedelta(days=1)
    which = among(link_ids)

    async def ours(conn: AsyncConnection) -> Answer:
        totals: Counter[str] = Counter()
        for (_link_id, _place_id, kind), n in (await counts.until(conn, GUILD, start, end, link_ids)).items():
            totals[kind] += n
        return {"kinds": list(totals.items())}

    def theirs(duck: duckdb.DuckDBPyConnection) -> Answer:
        rows = duck.execute(
            f"SELECT kind, count(*) FROM events WHERE day = ? AND at_ms >= ? AND at_ms < ? AND {which} GROUP BY kind",
            [TODAY - dt.timedelta(days=1), *(round(moment.timestamp() * 1000) for moment in (start, end))],
        ).fetchall()
        return {"kinds": rows}

    return Query(f"yesterday by now, {name}", ours, theirs)


def all_queries() -> list[Query]:
    scopes: dict[str, list[int] | None] = {f"{name} link": [link_of(rank)] for name, rank in RANKS.items()}
    scopes |= {f"creator of {len(CREATOR)} links": CREATOR, "server": None}
    found = [query for name, ids in scopes.items() for days in PERIODS for query in of_scope(name, days, ids)]
    found += [query for days in PERIODS for query in of_server(days)]
    found += [heatmap(name, 90, ids) for name, ids in scopes.items()]
    found += [yesterday(name, ids) for name, ids in scopes.items()]
    found += [report(name, days, ids) for name, ids in scopes.items() for days in PERIODS]
    found += [top(days) for days in PERIODS]
    found += [compare(days) for days in PERIODS]
    return found


# ---------------------------------------------------------------------- the run


@dataclass(frozen=True)
class Measured:
    """Milliseconds."""

    p50: float
    p99: float
    first: float
    """The p50 of a first time."""
    duck: float
    """DuckDB's p50."""
    to_a_tenth: float
    """The p50 by that over a tenth of the events."""
    first_to_a_tenth: float


def plain(answer: Answer) -> Answer:
    """Rows as tuples of plain values in one order, whoever gave them."""

    def row(value: Any) -> tuple[Any, ...]:
        if isinstance(value, tuple):
            value = (*value[0], value[1]) if isinstance(value[0], tuple) else value
            return tuple(str(part) if isinstance(part, Kind) else part for part in value)
        names = [name for name in value.__slots__ if not (name == "day" and value.day is None)]
        return tuple(str(v) if isinstance(v := getattr(value, name), str) else v for name in names)

    return {key: sorted(map(row, rows)) for key, rows in answer.items()}


async def verify(folder: Path, events: int = 2_000) -> None:
    """The rows that `bench_data` makes are those of the recorder and of the housekeeping, or this raises."""
    made = data.generate(events)
    for name in ("made.db", "recorded.db"):
        async with Database.open(folder / name):
            pass
    data.fill_sqlite(folder / "made.db", made)
    async with Database.open(folder / "recorded.db") as db:
        await db.write(lambda conn: servers.put(conn, Server(GUILD, ZONE.key, is_set_up=True)))
        hits_made = data.hits_of(made)
        for begin in range(0, events, 500):
            batch = hits_made[begin : begin + 500]
            await db.write(lambda conn, batch=batch: conn.run_sync(hits.record, batch, Seen()))
        await db.write(lambda conn: conn.run_sync(hits.set_aside, Counter(data.asides_of(made))))
        at: totals.Position | None = totals.BEGINNING
        while at is not None:
            at = await db.write_quietly(partial(totals.close, guild_id=GUILD, before=TODAY, at=at))
    with closing(sqlite3.connect(folder / "made.db")) as conn:
        conn.execute("ATTACH ? AS recorded", (str(folder / "recorded.db"),))
        for table in data.TABLES:
            pairs = (("main", "recorded"), ("recorded", "main"))
            found = [
                conn.execute(f"SELECT * FROM {one}.{table} EXCEPT SELECT * FROM {other}.{table} LIMIT 3").fetchall()
                for one, other in pairs
            ]
            assert found == [[], []], (table, found)


async def fill(folder: Path, events: int) -> Path:
    """A database of so many events, and beside it DuckDB's of the same."""
    began = time.perf_counter()
    made = data.generate(events)
    path = folder / f"{events}.db"
    async with Database.open(path):
        pass
    await asyncio.to_thread(data.fill_sqlite, path, made)
    with duckdb.connect(str(path.with_suffix(".duckdb"))) as duck:
        data.fill_duckdb(duck, made)
    size = path.stat().st_size / 2**20
    print(f"{events:,} events in {time.perf_counter() - began:.0f} s: SQLite {size:,.0f} MiB", flush=True)
    return path


async def measure(folder: Path, events: int) -> dict[str, Measured]:
    few, many = await fill(folder, events // 10), await fill(folder, events)
    found: dict[str, Measured] = {}
    async with Database.open(few) as a_tenth, Database.open(many) as db:
        with closing(changer(few)) as few_changer, closing(changer(many)) as many_changer:
            asked = Asked(db, many_changer), Asked(a_tenth, few_changer)
            with duckdb.connect(str(many.with_suffix(".duckdb"))) as duck:
                for query in all_queries():
                    await agree(query, db, duck)
                for query in all_queries():  # once hits come in, the answers differ
                    found[query.name] = await compared(query, *asked, duck)
    return found


async def agree(query: Query, db: Database, duck: duckdb.DuckDBPyConnection) -> None:
    """The same answer twice, and DuckDB's."""
    async with db.read() as conn:
        answer = plain(await query.ours(conn))
        assert answer == plain(await query.ours(conn)), query.name
    assert answer == plain(query.theirs(duck)), query.name


def changer(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA synchronous = OFF")
    return conn


@dataclass(frozen=True)
class Asked:
    db: Database
    changer: sqlite3.Connection
    ids: Ids = field(default_factory=Ids)

    async def count(self) -> None:
        """A click of somebody new on one of the hottest links."""
        id_ = self.ids.new()
        hit = Hit(GUILD, id_, link_of(id_ % 20), BARE, Kind.CLICK, NOW, TODAY, id_, "DE", "phone", "Instagram")
        await self.db.write(lambda conn: conn.run_sync(hits.record, [hit], Seen()))

    async def time(self, query: Query, *, first: bool = False) -> float:
        """Milliseconds."""
        await self.count()
        if first:  # as if a closed day had been opened and closed again: nothing that is remembered holds
            self.changer.execute("UPDATE closed_days SET version = version + 1")
        start = time.perf_counter()
        async with self.db.read() as conn:
            await query.ours(conn)
        return (time.perf_counter() - start) * 1000


async def compared(query: Query, asked: Asked, a_tenth: Asked, duck: duckdb.DuckDBPyConnection) -> Measured:
    gc.collect()
    gc.freeze()  # as the bot does once it is built
    # In turn, so that whatever else runs here slows both.
    first = [[await one.time(query, first=True) for one in (asked, a_tenth)] for _ in range(FIRST_CALLS)]
    again = [[await one.time(query) for one in (asked, a_tenth)] for _ in range(CALLS)]
    theirs: list[float] = []
    for _ in range(DUCK_CALLS):
        start = time.perf_counter()
        query.theirs(duck)
        theirs.append((time.perf_counter() - start) * 1000)
    ours, of_a_tenth = (sorted(times) for times in zip(*again, strict=True))
    first_ours, first_of_a_tenth = (statistics.median(times) for times in zip(*first, strict=True))
    return Measured(
        p50=statistics.median(ours),
        p99=ours[int(len(ours) * 0.99)],
        first=first_ours,
        duck=statistics.median(theirs),
        to_a_tenth=statistics.median(ours) / statistics.median(of_a_tenth),
        first_to_a_tenth=first_ours / first_of_a_tenth,
    )


def main(events: int = 10_000_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        uvloop.run(verify(Path(folder)))
        many = uvloop.run(measure(Path(folder), events))
    alone = {query.name for query in all_queries() if query.alone}
    head = f"{'ms':44} {'p50':>7} {'p99':>7} {'first':>7} {'DuckDB':>8} {'DuckDB / ours':>14}"
    print(f"{head} {'to a tenth':>11} {'first':>6}")
    for name, found in many.items():
        print(
            f"{name:44} {found.p50:7.2f} {found.p99:7.2f} {found.first:7.2f} {found.duck:8.1f}"
            f" {found.duck / found.p50:14.1f} {found.to_a_tenth:11.2f} {found.first_to_a_tenth:6.2f}"
        )
    print(f"Through Database.read(): {CALLS} calls, DuckDB {DUCK_CALLS}; a command asks several questions at once")
    goals = {
        "p50 under 5 ms": [name for name, found in many.items() if found.p50 >= 5],
        "p50 under 5 ms, first": [name for name, found in many.items() if found.first >= 5],
        "p99 under 25 ms": [name for name, found in many.items() if found.p99 >= 25],
        "ahead of DuckDB": [name for name, found in many.items() if found.p50 >= found.duck],
        "ahead of DuckDB, first": [name for name, found in many.items() if found.first >= found.duck],
        "at most 1.5 times a tenth's": [name for name, found in many.items() if found.to_a_tenth > 1.5],
        "at most 1.5 times a tenth's, first": [name for name, found in many.items() if found.first_to_a_tenth > 1.5],
    }
    for goal, missed in goals.items():
        for what, names in (("questions", alone), ("commands", many.keys() - alone)):
            late = [name for name in missed if name in names]
            said = f"missed by {len(late)}: {'; '.join(late)}" if late else "met"
            print(f"{goal}, {len(names)} {what}: {said}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
