"""`make bench-import`: an export of 50,000 posts, beside csv.DictReader and executemany into a plain SQLite file.

While it is imported, hits are written and the event loop is watched: neither may wait for it.
"""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import gc
import io
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from bot.clock import SystemClock
from bot.imports.service import Imports, Preview
from bot.links.access import Actor
from storage import hits, posts
from storage.database import Database
from storage.ids import Ids
from storage.records import Hit, Kind
from storage.seen import Seen
from tests import export_files as files

ROWS, ROUNDS = 50_000, 3
GUILD, CREATOR = 1, 2
HITS_A_SECOND = 200
METRICS = ("Views", "Reach", "Likes", "Shares", "Comments", "Saves")


def export(rows: int, grown: int = 0) -> bytes:
    """An Instagram export as Meta writes it, of so many reels; the totals are larger by `grown`."""
    chance = random.Random(1)
    start = dt.datetime(2016, 1, 1, tzinfo=dt.UTC)
    found = []
    for n in range(rows):
        at = start + dt.timedelta(minutes=100 * n)
        views = chance.randint(0, 200_000)
        found.append(
            {
                **{
                    "Post ID": 18_000_000_000_000_000 + n,
                    "Account ID": 17_841_400_000_000_000,
                    "Account username": "maya",
                },
                **{"Account name": "Maya Lindt", "Description": f"Golden hour, take {n}\n#{n}"},
                **{"Duration (sec)": 30, "Publish time": f"{at:%m/%d/%Y %H:%M}", "Post type": "IG reel"},
                **{"Permalink": f"https://www.instagram.com/reel/C{n:010}/", "Date": "Lifetime"},
                **{"Views": f"{views + grown:,}", "Reach": views // 2 + grown, "Likes": views // 20 + grown},
                **{"Shares": views // 300 + grown, "Comments": views // 200 + grown, "Saves": views // 100 + grown},
            }
        )
    return files.table(files.INSTAGRAM, found).encode("utf-8-sig")


def baseline(data: bytes, path: Path) -> tuple[float, float]:
    """Seconds, and those of CPU, to put the same rows into two plain tables without asking what they are."""
    begin, busy = time.perf_counter(), cpu()
    conn = sqlite3.connect(path)
    conn.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, permalink TEXT, title TEXT, published_at TEXT)")
    conn.execute("CREATE TABLE figures (post_id INTEGER, metric TEXT, value INTEGER)")
    reader = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    conn.executemany(
        "INSERT INTO posts VALUES (?, ?, ?, ?)",
        [(int(row["Post ID"]), row["Permalink"], row["Description"], row["Publish time"]) for row in reader],
    )
    conn.executemany(
        "INSERT INTO figures VALUES (?, ?, ?)",
        [(int(row["Post ID"]), name, int(row[name].replace(",", ""))) for row in reader for name in METRICS],
    )
    conn.commit()
    conn.close()
    return time.perf_counter() - begin, cpu() - busy


@dataclass
class Watched:
    """What went on beside an import: how long hits waited to be on disk and how late the event loop was, in ms; the
    memory of this process, and of those that it started, in MiB."""

    hits: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    started: list[float] = field(default_factory=list)


@asynccontextmanager
async def watched(db: Database, ids: Ids) -> AsyncIterator[Watched]:
    seen = Seen()
    found = Watched()

    async def write_hits() -> None:
        while True:
            now = dt.datetime.now(dt.UTC)
            hit = Hit(GUILD, ids.new(), 5, 0, Kind.CLICK, now, now.date())
            begin = time.perf_counter()

            def work(writer: object, hit: Hit = hit) -> None:
                with writer.begin() as conn:  # type: ignore[attr-defined]
                    hits.record(conn, [hit], seen)

            await db.write_hits(work)
            found.hits.append((time.perf_counter() - begin) * 1000)
            await asyncio.sleep(1 / HITS_A_SECOND)

    async def watch_loop() -> None:
        while True:
            begin = time.perf_counter()
            await asyncio.sleep(0.002)
            found.lags.append((time.perf_counter() - begin) * 1000 - 2)

    async def watch_memory() -> None:
        while True:
            found.memory.append(resident())
            found.started.append(sum(map(resident, children())))
            await asyncio.sleep(0.02)

    tasks = [asyncio.create_task(task()) for task in (write_hits, watch_loop, watch_memory)]
    try:
        yield found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def cpu() -> float:
    """Seconds of CPU that this process and its children that ended took until now."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def resident(process: str = "self") -> float:
    """MiB of memory that a process has now; 0 for one that has just ended.

    The system's own peak of a child is no use: it begins with what its parent had when it was started.
    """
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    except OSError:
        return 0


def children() -> list[str]:
    """The ids of the processes that this one started and that still run."""
    return [id_ for task in Path("/proc/self/task").iterdir() for id_ in (task / "children").read_text().split()]


def told(name: str, found: Watched) -> str:
    def of(values: list[float]) -> str:
        ordered = sorted(values)
        return (
            f"p50 {statistics.median(ordered):.1f}, p99 {ordered[int(len(ordered) * 0.99)]:.1f}, max {ordered[-1]:.1f}"
        )

    return f"  {name}: hits on disk after ms {of(found.hits)}; event loop late by ms {of(found.lags)}"


async def run(rows: int, rounds: int) -> None:
    data, larger = export(rows), export(rows, grown=17)
    print(f"{rows:,} posts, {len(data) / 2**20:.1f} MiB of CSV, {len(METRICS)} totals each; {rounds} rounds\n")
    ratios, busy_ratios, seconds = [], [], []
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            plain, plain_cpu = baseline(data, Path(folder) / "plain.db")
            clock = SystemClock()
            ids = Ids()
            async with Database.open(Path(folder) / "eyeballs.db") as db:
                imports, actor = Imports(db, clock, ids), Actor(GUILD, CREATOR, manager=True)
                async with watched(db, ids) as idle:
                    await asyncio.sleep(1)
                gc.collect()
                gc.freeze()  # as the bot does once it is built
                before = resident()
                async with watched(db, ids) as beside:
                    begin, busy = time.perf_counter(), cpu()
                    found = await imports.preview(actor, data)
                    previewed = time.perf_counter()
                    assert isinstance(found, Preview)
                    assert found.item is not None
                    assert found.posts == rows
                    await imports.apply(actor, found.item.id)
                    end, busy = time.perf_counter(), cpu() - busy
                extra = max(beside.memory) - before
                async with watched(db, ids) as again:
                    second = time.perf_counter()
                    same = await imports.preview(actor, data)
                    third = time.perf_counter()
                    assert isinstance(same, Preview)
                    assert same.item is None
                    grown = await imports.preview(actor, larger)
                    assert isinstance(grown, Preview)
                    assert grown.item is not None
                    await imports.apply(actor, grown.item.id)
                    fourth = time.perf_counter()
                    await imports.undo(actor, grown.item.id)
                    last = time.perf_counter()
                async with db.read() as conn:
                    assert len(await posts.find_figures(conn, GUILD)) == rows * len(METRICS)
            ratios.append((end - begin) / plain)
            busy_ratios.append(busy / plain_cpu)
            seconds.append(end - begin)
            print(
                f"round {number + 1}: plain {plain:.2f} s; preview {previewed - begin:.2f} s, "
                f"import {end - previewed:.2f} s; the same again {third - second:.2f} s; "
                f"all totals larger {fourth - third:.2f} s, taken back in {last - fourth:.2f} s\n"
                f"  CPU: plain {plain_cpu:.2f} s, import {busy:.2f} s over both processes, with the hits beside it\n"
                f"  memory: {extra:.0f} MiB more here, {max(beside.started):.0f} MiB in the reading process"
            )
            print(told("idle", idle))
            print(told("importing", beside))
            print(told("importing again, undoing", again))
    print(
        f"\nimport: {statistics.median(seconds):.2f} s, {statistics.median(ratios):.1f} times csv.DictReader + "
        f"executemany into plain SQLite, {statistics.median(busy_ratios):.1f} times its CPU (medians)"
    )


def main() -> None:
    """Called by name, so that the process that reads loads as little of this as it loads of the bot."""
    wanted = [int(text) for text in sys.argv[1:]]
    uvloop.run(run(*(wanted + [ROWS, ROUNDS][len(wanted) :])))
