"""Measures what one server at its limits asks: commands, buttons and pages beside 5,000 links and 50,000 posts.

The whole application before a simulated Discord. Each is asked twice: the first time a watchdog of 1 ms tells the
longest stall of the loop, bounded by its thread's CPU meanwhile; the second time tells CPU and trips. A sampler leaves
the simulated Discord's part of the loop's CPU out. Run it as
`python -m tests.bench_limits [--keep FOLDER] [--scale 0.1] [--answers FILE] [NAME ...]`: with a folder the database is
made once, so many times as large as the limits, and the answers' texts are written to the file, to be compared with
those of another run.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import datetime as dt
import hashlib
import json
import logging
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiosqlite
import discord
import simcord
import sqlalchemy as sa
import structlog

from bot.app import open_application
from bot.cli import let_the_loop_in, spare_the_collector
from bot.clock import FixedClock
from bot.config import Config, StorageSection, WebSection
from bot.cooldowns import Cooldowns
from bot.digests.service import _nobodys
from bot.insights.periods import last_days
from bot.links.access import Actor
from storage import schema
from storage.records import Deal, Note
from tests import bench_limits_jobs
from tests.bench_limits_jobs import CREATORS, LARGE, _made, _make_large
from tests.conftest import NOW, answer_of

DEALT = 25
"""Links with the tag that the deals are about."""
DEALS = {70: 1, 345: 2}
"""Deals by how many of their days have passed."""


class Trips:
    """How often a database's thread was asked."""

    count = 0

    @classmethod
    def watch(cls) -> None:
        execute = aiosqlite.Connection._execute

        async def counted(self: Any, fn: Any, *args: Any, **kwargs: Any) -> Any:
            cls.count += 1
            return await execute(self, fn, *args, **kwargs)

        aiosqlite.Connection._execute = counted  # type: ignore[method-assign]


async def _beats(worst: list[float]) -> None:
    wall, cpu = time.perf_counter(), time.thread_time()
    while True:
        await asyncio.sleep(0.001)
        now, used = time.perf_counter(), time.thread_time()
        worst[0] = max(worst[0], min(now - wall - 0.001, used - cpu))
        wall, cpu = now, used


@dataclasses.dataclass(frozen=True, slots=True)
class Cost:
    stall: float
    loop: float
    others: float
    wall: float
    trips: int


class Sampler:
    """What part of the loop's busy samples, 2 ms apart, is not the simulated Discord's."""

    def __init__(self) -> None:
        self._ours = self._simulated = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(threading.get_ident(),))

    def _run(self, loop: int) -> None:
        while not self._ended.wait(0.002):
            frame = sys._current_frames().get(loop)
            if frame is None or frame.f_code.co_name == "select":
                continue
            while frame is not None:
                name = frame.f_code.co_filename
                if "/simcord/" in name:
                    self._simulated += 1
                    break
                if f"{ROOT}/" in name and "/tests/" not in name:
                    self._ours += 1
                    break
                frame = frame.f_back
            else:
                self._ours += 1

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def share(self) -> float:
        return self._ours / max(1, self._ours + self._simulated)


async def cost_of(ask: Callable[[], Awaitable[Any]]) -> tuple[Cost, Any]:
    """What an answer costs, in milliseconds, and the answer."""
    worst = [0.0]
    beats = asyncio.create_task(_beats(worst))
    await asyncio.sleep(0.01)
    await ask()
    beats.cancel()
    await asyncio.gather(beats, return_exceptions=True)
    trips, wall, loop, process = Trips.count, time.perf_counter(), time.thread_time(), time.process_time()
    with Sampler() as sampler:
        answer = await ask()
        loop, process, wall = time.thread_time() - loop, time.process_time() - process, time.perf_counter() - wall
    taken = [1_000 * value for value in (worst[0], loop * sampler.share, process - loop, wall)]
    return Cost(taken[0], taken[1], taken[2], taken[3], Trips.count - trips), answer


def row_of(name: str, cost: Cost) -> str:
    values = (cost.stall, cost.loop, cost.others, cost.wall)
    return f"{name:44}{''.join(f'{value:8.0f}' for value in values)}{cost.trips:8,}"


async def told(message: Any) -> dict[str, Any]:
    """What a message says: texts, embeds, the pictures' alternative texts, and the tables' content."""
    if message is None:
        return {}
    files = []
    for file in message.attachments:
        table = hashlib.sha256(await file.read()).hexdigest() if file.filename.endswith(".csv") else ""
        files.append((file.filename, file.description, table))
    return {"content": message.content, "embeds": [one.to_dict() for one in message.embeds], "files": files}


def _prepare(path: Path, creators: list[int]) -> None:
    """Give the links to the creators that there are, and two deals, notes and a digest to the first."""
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as conn:
        for table in (schema.links, schema.posts, schema.addresses):
            whose = sa.case({n + 1: creator for n, creator in enumerate(creators)}, value=table.c.creator_id)
            conn.execute(sa.update(table).values(creator_id=whose))
        ids = sa.select(schema.links.c.id).where(schema.links.c.creator_id == creators[0]).limit(DEALT)
        conn.execute(sa.update(schema.links).where(schema.links.c.id.in_(ids)).values(tags=["deal"]))
        for days, deal_id in DEALS.items():
            first = NOW.date() - dt.timedelta(days=days)
            about = ("Acme", "impressions", 1_000_000, first, NOW.date() + dt.timedelta(days=10), NOW)
            deal = Deal(LARGE, deal_id, creators[0], *about, tags=("deal",))
            conn.execute(schema.deals.insert().values(dataclasses.asdict(deal)))
        note = Note(LARGE, 1, creators[0], None, NOW.date(), "A note", creators[0], NOW)
        conn.execute(schema.notes.insert().values(dataclasses.asdict(note)))
    engine.dispose()


ROOT = Path(__file__).parent.parent
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "/stats server": ("stats server", {}),
    "/stats server 90d": ("stats server", {"period": "90d"}),
    "/stats top": ("stats top", {}),
    "/stats top posts": ("stats top", {"rank": "p"}),
    "/stats top posts by CTR 90d": ("stats top", {"rank": "p", "by": "r", "period": "90d"}),
    "/stats top posts by engagement": ("stats top", {"rank": "p", "by": "e", "period": "90d"}),
    "/stats top platforms": ("stats top", {"rank": "f"}),
    "/stats top kinds": ("stats top", {"rank": "k"}),
    "/stats creator": ("stats creator", {}),
    "/stats creator 90d": ("stats creator", {"period": "90d"}),
    "/stats link": ("stats link", {"link": "l1000"}),
    "/stats link 90d": ("stats link", {"link": "l1000", "period": "90d"}),
    "/stats compare": ("stats compare", {"first": "l1000", "second": "l1001", "third": "l1002"}),
    "/stats heatmap": ("stats heatmap", {}),
    "/stats sources": ("stats sources", {}),
    "/note list": ("note list", {}),
    "/link audit": ("link audit", {}),
    "/link audit link": ("link audit", {"link": "l1000"}),
    "/link list": ("link list", {}),
    "/link show": ("link show", {"link": "l1000"}),
    "/link qr": ("link qr", {"link": "l1000"}),
    "/post list": ("post list", {}),
    "/deal list": ("deal list", {}),
    "/digest preview": ("digest preview", {}),
    "/digest status": ("digest status", {}),
    "/explain": ("explain", {"term": "ctr"}),
    "/setup": ("setup", {}),
}
PRESSED = {
    "/stats server": ("All time", "7 days", "90 days", "Explain", "CSV", "Picture"),
    "/stats creator": ("All time", "90 days", "Explain", "CSV"),
}
PAGED = {"/stats top": 5, "/stats top posts": 3, "/link list": 5, "/post list": 5}
"""How many pages are turned."""


async def measure(large: Path, names: list[str]) -> dict[str, Any]:
    """The table, row by row, and what the answers said."""
    said: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path, clock = folder / "eyeballs.db", FixedClock(NOW)
        shutil.copy(large, path)
        config = Config(
            web=WebSection(base_url="https://go.example", host="127.0.0.1", port=0),
            storage=StorageSection(path=path, backups=folder / "backups"),
        )
        Cooldowns.wait = lambda *_, **__: (0, 0)  # this asks faster than people do
        app = await stack.enter_async_context(open_application(config, clock=clock, shard_count=1))
        env = simcord.Env(app.client(), settle_timeout=600)
        env.backend.advance_clock((NOW - env.now()).total_seconds())
        await env.start()
        stack.push_async_callback(env.shutdown)
        guild = env.create_guild("Golden Hour", id=LARGE)
        role = guild.create_role("Manager", permissions=discord.Permissions(manage_guild=True))
        channel = guild.create_text_channel("general")
        people = [guild.add_member(env.create_user(f"p{n}"), roles=[role] if not n else []) for n in range(CREATORS)]
        await asyncio.to_thread(_prepare, path, [person.id for person in people])
        manager = people[0]
        await app.services.charts.warm()
        Trips.watch()

        spare_the_collector()
        let_the_loop_in()
        print(f"{'ms':44}   stall    loop  others    wall   trips")

        async def row(name: str, ask: Callable[[], Awaitable[Any]]) -> Any:
            cost, answer = await cost_of(ask)
            print(row_of(name, cost), flush=True)
            said[name] = await told(answer_of(answer))
            return answer_of(answer)

        async def press(message: Any, label: str) -> Any:
            return await manager.click(message, label=label)

        for name, (command, options) in ASKED.items():
            if names and not any(name.startswith(one) for one in names):
                continue
            shown = await row(name, lambda command=command, options=options: manager.slash(channel, command, **options))
            for label in PRESSED.get(name, ()):
                await row(f"{name}: {label}", lambda shown=shown, label=label: press(shown, label))
            for page in range(PAGED.get(name, 0)):
                # The same button turns to the same page again, since it stands on a message of its own each time.
                shown = await row(f"{name}: page {page + 2}", lambda shown=shown: press(shown, "Next"))
        for days, deal_id in DEALS.items():
            name = f"/deal show, {days} days"
            if not names or any(name.startswith(one) for one in names):
                shown = await row(name, lambda deal_id=deal_id: manager.slash(channel, "deal show", deal=str(deal_id)))
        if not names or "digests" in names:
            server = _nobodys(Actor(LARGE, manager.id, manager=True), NOW)
            due = [server, *(dataclasses.replace(server, user_id=one.id, channel_id=None) for one in people)]
            period = last_days(7, NOW - dt.timedelta(days=1), "UTC")

            async def contents() -> None:
                for digest in due:
                    await app.services.digests.sender._contents.of(digest, period)

            cost, _answer = await cost_of(contents)
            print(row_of(f"contents of {len(due)} digests", cost))
    return said


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    bench_limits_jobs.scale(options.scale)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        large = _made((options.keep or Path(folder)) / f"large-{bench_limits_jobs.LINKS}.db", _make_large)
        print(f"{large.stat().st_size / 2**20:.0f} MiB")
        said = asyncio.run(measure(large, options.names))
    if options.answers is not None:
        options.answers.write_text(json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False, default=str))


if __name__ == "__main__":
    main()
