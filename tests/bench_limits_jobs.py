"""Measures long work and jobs at the limits: one server of 5,000 links and 50,000 posts, and 2,000 small ones.

What each takes: CPU of the loop's thread, of the other threads and of child processes, the wall, trips to a database
thread, the loop's longest stall, the longest write, and how far memory rose, here and in a child. Run it as
`python -c 'from tests.bench_limits_jobs import main; main()' [--keep FOLDER] [--scale 0.1] [--servers 500] [NAME ...]`,
for a worker process imports what was started with `-m`; with a folder, the databases are made once. The large server
can be so many times as large, and the small ones so many.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import datetime as dt
import logging
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite
import structlog
from yarl import URL

from bot.alerts.destinations import Destinations
from bot.alerts.rules import Answer
from bot.alerts.service import Alerts
from bot.clock import FixedClock
from bot.exports import Exports, Form
from bot.housekeeping import Housekeeping
from bot.imports.histories import Histories
from bot.imports.service import Imports, Preview
from bot.links.access import Actor
from bot.links.service import Limits
from bot.servers import Servers
from bot.stats.question import Scope, Subject
from bot.tracking.visitors import Visitors
from storage import hits, schema
from storage.database import Database
from storage.ids import Ids
from storage.records import BARE, SERVER_TARGET, AlertTarget, Hit, Kind, Link, Post
from storage.search import link_key, post_key
from storage.seen import Seen
from tests import export_files as files
from tests.conftest import NOW

LARGE, CREATORS, LINKS, POSTS, EVENTS, FIGURES = 7, 40, 4_990, 49_900, 600_000, 60_000
SERVERS, LINKS_EACH = 2_000, 5
MANAGER = Actor(LARGE, 1, manager=True)
MOST = 10 * 2**20
BEAT = 0.005
"""Seconds between two looks at how late the loop is."""
_MIB = 2**20
_BASE = URL("https://go.example")


def scale(by: float, servers: int = SERVERS) -> None:
    """Have the large server be so many times as large, and so many small ones be made."""
    global LINKS, POSTS, EVENTS, FIGURES, SERVERS
    LINKS, POSTS, EVENTS, FIGURES = (round(number * by) for number in (LINKS, POSTS, EVENTS, FIGURES))
    SERVERS = servers


# ---------------------------------------------------------------------- the databases


def _links(guild_id: int, count: int, first: int, made: dt.datetime) -> list[dict[str, Any]]:
    found = []
    for n in range(count):
        target = f"https://shop.example/{guild_id}/{n}"
        link = Link(guild_id, first + n, 1 + n % CREATORS, f"l{first + n}", target, 1, made, made, f"Lookbook {n}")
        found.append(dataclasses.asdict(link) | {"search": link_key(link)})
    return found


def _addresses(links: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("guild_id", "creator_id", "destination")
    return [
        {"address": link["slug"], "link_id": link["id"], "state": "active"} | {name: link[name] for name in names}
        for link in links
    ]


async def _record(db: Database, found: list[Hit]) -> None:
    seen = Seen()
    for at in range(0, len(found), 5_000):
        part = found[at : at + 5_000]
        seen.add(await db.write(lambda conn, part=part: conn.run_sync(hits.record, part, seen)))


async def _make_large(db: Database) -> None:
    made, draw = NOW - dt.timedelta(days=120), random.Random(1)
    links = _links(LARGE, LINKS, 1_000, made)
    posts = []
    for n in range(POSTS):
        link = links[n % LINKS]
        title = f"Post {n} of {link['title']}"
        at = made + dt.timedelta(minutes=n)
        post = Post(LARGE, 1_000_000 + n, link["creator_id"], link["id"], f"p{n}", "instagram", "story", 1, at, title)
        posts.append(dataclasses.asdict(post) | {"search": post_key(post, link["slug"])})
    figures = []
    for n in range(FIGURES):
        at = NOW - dt.timedelta(days=n * 100 // FIGURES)
        row = (LARGE, 10_000_000 + n, 1_000_000 + n // 3, ("impressions", "reach", "likes")[n % 3], n, at, 1, at, "", 0)
        figures.append(dict(zip((column.name for column in schema.figures.c), row, strict=True)))

    def work(conn: Any) -> None:
        conn.execute(schema.links.insert(), links)
        conn.execute(schema.addresses.insert(), _addresses(links))
        conn.execute(schema.posts.insert(), posts)
        conn.execute(schema.figures.insert(), figures)

    await db.write(lambda conn: conn.run_sync(work))
    places = [(n % LINKS, BARE if n % 3 else 1_000_000 + n) for n in range(1_000)]
    events = []
    for n in range(EVENTS):
        at = NOW - dt.timedelta(seconds=90 * 86_400 * (1 - n / EVENTS) + 7_200)
        link, place = places[int(len(places) * draw.random() ** 2)]
        kind = Kind.CLICK if draw.random() < 0.7 else Kind.IMPRESSION
        about = (draw.choice(("DE", "US", "FR", "")), draw.choice(("phone", "desktop")), draw.choice(_SOURCES))
        events.append(
            Hit(LARGE, 20_000_000 + n, 1_000 + link, place, kind, at, at.date(), draw.getrandbits(40), *about)
        )
    await _record(db, events)


_SOURCES = ("direct", "Instagram", "X", "YouTube", "google.com")


async def _make_small(db: Database) -> None:
    made, events = NOW - dt.timedelta(days=60), list[Hit]()

    def work(conn: Any) -> None:
        for guild_id in range(1, SERVERS + 1):
            links = _links(guild_id, LINKS_EACH, guild_id * 10, made)
            conn.execute(schema.links.insert(), links)
            conn.execute(schema.addresses.insert(), _addresses(links))
            target = dataclasses.asdict(AlertTarget(guild_id, SERVER_TARGET, guild_id))
            conn.execute(schema.alert_targets.insert(), target | {"kinds": sorted(target["kinds"])})
            for link in links:
                for n in range(4):
                    at = NOW - dt.timedelta(hours=20 * n)
                    place = (guild_id, guild_id * 1_000 + len(events) % 900, link["id"], BARE, Kind.CLICK)
                    events.append(Hit(*place, at, at.date(), n))

    await db.write(lambda conn: conn.run_sync(work))
    for number, hit in enumerate(events):
        events[number] = dataclasses.replace(hit, id=number + 1)
    await _record(db, events)


def _made(path: Path, make: Callable[[Database], Awaitable[None]]) -> Path:
    async def work() -> None:
        async with Database.open(part) as db:
            await make(db)
            await _housekeeping(db, FixedClock(NOW)).run()

    if not path.exists():
        part = path.with_suffix(".part")
        asyncio.run(work())
        part.replace(path)
    return path


def _housekeeping(db: Database, clock: FixedClock) -> Housekeeping:
    return Housekeeping(db, clock, Visitors(db, clock, lambda _salt: None), dt.timedelta(days=90))


# ---------------------------------------------------------------------- measuring


@dataclass
class Measure:
    loop: float = 0.0
    threads: float = 0.0
    children: float = 0.0
    wall: float = 0.0
    trips: int = 0
    stall: float = 0.0
    write: float = 0.0
    rss: float = 0.0
    child_rss: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.loop * 1000:7.0f} {self.threads * 1000:8.0f} {self.children * 1000:9.0f} {self.wall * 1000:8.0f} "
            f"{self.trips:8,} {self.stall * 1000:6.0f} {self.write * 1000:6.0f} {self.rss:6.1f} {self.child_rss:6.1f}"
        )


HEADER = f"{'':38} loop ms  threads  children     wall    trips  stall  write    RSS  child"
trips, longest_write = 0, 0.0


def _watch() -> None:
    """Count trips, and time what the writer does at a stretch."""
    execute, submit = aiosqlite.Connection._execute, Database._submit

    async def counted(self: Any, fn: Any, *args: Any, **kwargs: Any) -> Any:
        global trips
        trips += 1
        return await execute(self, fn, *args, **kwargs)

    async def timed(self: Any, rank: int, run: Any) -> Any:
        async def measured(conn: Any) -> Any:
            global longest_write
            begun = time.perf_counter()
            try:
                return await run(conn)
            finally:
                longest_write = max(longest_write, time.perf_counter() - begun)

        return await submit(self, rank, measured)

    aiosqlite.Connection._execute = counted  # type: ignore[method-assign]
    Database._submit = timed  # type: ignore[method-assign]


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _rss(name: str, pid: str = "self") -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
    return 0.0


async def _children_rss(highest: list[float]) -> None:
    """The highest peak of a child so far; `getrusage` tells what a child had before it became another program too."""
    while True:
        highest[0] = max([highest[0], *(_rss("VmHWM", pid) for pid in _pids())])
        await asyncio.sleep(0.1)


def _pids() -> list[str]:
    return [pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()]


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _beats(worst: list[float]) -> None:
    last = time.perf_counter()
    while True:
        await asyncio.sleep(BEAT)
        now = time.perf_counter()
        worst[0] = max(worst[0], now - last - BEAT)
        last = now


async def measured(name: str, work: Callable[[], Awaitable[object]]) -> Measure:
    global trips, longest_write
    trips, longest_write, worst, child = 0, 0.0, [0.0], [0.0]
    _forget_peak()
    before, children = _rss("VmRSS"), _children()
    watches = [asyncio.create_task(watch) for watch in (_beats(worst), _children_rss(child))]
    await asyncio.sleep(0.01)
    begun = time.perf_counter(), time.thread_time(), time.process_time()
    await work()
    wall, loop, process = time.perf_counter(), time.thread_time(), time.process_time()
    for watch in watches:
        watch.cancel()
    await asyncio.sleep(0.1)
    found = Measure(
        loop=loop - begun[1],
        threads=process - begun[2] - (loop - begun[1]),
        children=_children() - children,
        wall=wall - begun[0],
        trips=trips,
        stall=worst[0],
        write=longest_write,
        rss=_rss("VmHWM") - before,
        child_rss=child[0],
    )
    print(f"{name:38} {found}", flush=True)
    return found


# ---------------------------------------------------------------------- jobs


@contextlib.asynccontextmanager
async def _open(source: Path) -> AsyncIterator[Database]:
    """A copy of a database, open."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "eyeballs.db"
        shutil.copy(source, path)
        async with Database.open(path) as db:
            await db.write(_nothing)
            yield db


async def _nothing(_conn: Any) -> None:
    """Has the writer connect."""


async def export(large: Path, small: Path) -> None:
    subjects = {
        "server": Subject(Scope.SERVER, LARGE),
        "one of 40 creators": Subject(Scope.CREATOR, 3),
        "one link": Subject(Scope.LINK, 1_003),
    }
    async with _open(large) as db:
        exports = Exports(db, FixedClock(NOW))
        for name, subject in reversed(subjects.items()):
            for form in Form:

                async def work(subject: Subject = subject, form: Form = form) -> None:
                    found = await exports.export(MANAGER, subject, form, 200 * _MIB)
                    assert found.file is not None
                    found.file.close()

                await measured(f"/export {name} {form.value}", work)


def _file(count: int) -> bytes:
    """An export of X, of so many posts."""
    rows = []
    for n in range(count):
        id_ = 300_000_000_000_000_000 + n
        row = {
            "Post id": id_,
            "Date": "Tue, Mar 3, 2026",
            "Post text": f"post {n}",
            "Impressions": 1_000 + n,
            "Likes": n,
        }
        rows.append(row | {"Post Link": f"https://x.com/maya/status/{id_}"})
    return files.table(files.X, rows).encode()


def _links_file(count: int) -> bytes:
    lines = [f"new{n},https://shop.example/new/{n},New {n}\n" for n in range(count)]
    return ("slug,destination,title\n" + "".join(lines)).encode()


async def undo(large: Path, small: Path) -> None:
    for count in (750, 3_000):
        async with _open(large) as db:
            clock = FixedClock(NOW)
            imports = Imports(db, clock, Ids(lambda: NOW.timestamp()))
            kept = list[Preview]()

            async def preview(count: int = count, imports: Imports = imports, kept: list[Preview] = kept) -> None:
                found = await imports.preview(MANAGER, _file(count))
                assert isinstance(found, Preview)
                kept.append(found)

            await measured(f"/impressions import {count:,} preview", preview)
            item = kept[0].item
            assert item is not None
            await measured(f"/impressions import {count:,}", partial(imports.apply, MANAGER, item.id))
            await measured(f"/impressions undo {count:,}", partial(imports.undo, MANAGER, item.id))
    async with _open(small) as db:
        limits = Limits(per_creator=10_000, per_server=10_000)
        histories = Histories(db, FixedClock(NOW), Ids(lambda: NOW.timestamp()), _BASE, limits)
        actor = Actor(1, 1, manager=True)
        await measured("/link import 5,000 preview", lambda: histories.preview(actor, _links_file(5_000), "links.csv"))


async def zone(large: Path, small: Path) -> None:
    async with _open(large) as db:
        await measured("/setup zone", lambda: Servers(db).change(MANAGER, timezone="Europe/Berlin"))


async def housekeeping(large: Path, small: Path) -> None:
    for name, source in (("server", large), (f"{SERVERS:,} servers", small)):
        async with _open(source) as db:
            clock = FixedClock(NOW)
            job = _housekeeping(db, clock)
            await job.run()
            await measured(f"{name}: housekeeping, nothing to do", job.run)
            clock.move(days=1)
            await measured(f"{name}: housekeeping, a day closed", job.run)


async def alerts(large: Path, small: Path) -> None:
    async with _open(small) as db:
        clock = FixedClock(NOW)
        job = Alerts(db, clock)
        await measured(f"{SERVERS:,} servers: alerts, first look", job.look)
        clock.move(minutes=5)
        await measured(f"{SERVERS:,} servers: alerts, nothing new", job.look)


class _Fine:
    """Answers for every destination at once."""

    async def ask(self, destination: str) -> tuple[Answer, str]:
        return Answer.HERE, "HTTP 200"


async def destinations(large: Path, small: Path) -> None:
    async with _open(small) as db:
        clock = FixedClock(NOW)
        job = Destinations(db, clock, _Fine())  # type: ignore[arg-type]
        await measured(f"{SERVERS:,} servers: {SERVERS * LINKS_EACH:,} destinations due", job.round)
        clock.move(minutes=5)
        await measured(f"{SERVERS:,} servers: no destination due", job.round)


async def _command(*args: str, path: Path, folder: Path) -> None:
    environment = {
        "EYEBALLS_WEB__BASE_URL": "https://go.example",
        "EYEBALLS_STORAGE__PATH": str(path),
        "EYEBALLS_STORAGE__BACKUPS": str(folder),
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", *args, env=environment)
    assert await process.wait() == 0


async def recount(large: Path, small: Path) -> None:
    async with _open(large) as db:
        await measured("recount --check", partial(_command, "recount", "--check", path=db.path, folder=db.path.parent))


async def backup(large: Path, small: Path) -> None:
    for rate in (0, 50):
        async with _open(large) as db:
            stop = asyncio.Event()
            waited: list[float] = []

            async def load(
                db: Database = db, stop: asyncio.Event = stop, waited: list[float] = waited, rate: int = rate
            ) -> None:
                number, seen = 90_000_000, Seen()
                while rate and not stop.is_set():
                    await asyncio.sleep(1 / rate)
                    number += 1
                    hit = Hit(LARGE, number, 1_000 + number % LINKS, BARE, Kind.CLICK, NOW, NOW.date(), number)
                    begun = time.perf_counter()
                    await db.write(lambda conn, hit=hit: conn.run_sync(hits.record, [hit], seen), first=True)
                    waited.append(time.perf_counter() - begun)

            task = asyncio.create_task(load())
            await asyncio.sleep(3 * bool(rate))
            alone = sorted(waited)
            waited.clear()
            folder = db.path.parent / "copies"
            await measured(f"backup beside {rate} hits/s", partial(_command, "backup", path=db.path, folder=folder))
            stop.set()
            await task
            (copy,) = folder.iterdir()
            beside = sorted(waited)
            if rate:
                p99 = [found[int(len(found) * 0.99)] * 1000 for found in (alone, beside)]
                print(
                    f"{'':4}{copy.stat().st_size / _MIB:.0f} MiB; hits p99 {p99[0]:.1f} ms alone, {p99[1]:.1f} beside"
                )


JOBS = {job.__name__: job for job in (export, undo, zone, housekeeping, alerts, destinations, recount, backup)}


def measure(names: list[str], folder: Path) -> None:
    large = _made(folder / f"large-{LINKS}.db", _make_large)
    small = _made(folder / f"small-{SERVERS}.db", _make_small)
    _watch()
    print(f"{large.stat().st_size / _MIB:.0f} MiB of one server, {small.stat().st_size / _MIB:.0f} of {SERVERS:,}")
    print(HEADER)
    for name in names or JOBS:
        asyncio.run(JOBS[name](large, small))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--servers", type=int, default=SERVERS)
    parser.add_argument("names", nargs="*", choices=[*JOBS, []])
    options = parser.parse_args()
    scale(options.scale, options.servers)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        measure(options.names, options.keep or Path(folder))
