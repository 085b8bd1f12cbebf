"""Sends thousands of servers' digests that are due in the same minute, and times commands meanwhile, in real time.

Real are the database, the schedule, the sender, the deliverer, its budget, every chart in its worker, and the message
as discord.py would post it; only Discord is not there: a post takes 0.1 to 0.4 s. Commands are what `/stats server`
does: a report and a chart of its own. Run it as `python -m tests.bench_digests [SERVERS]`; 10,000 take about a quarter
of an hour, fewer are spread over less time.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog
from discord.http import handle_message_parameters
from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from bot import scheduler
from bot.app import TICK_SECONDS
from bot.charts import ChartRenderer
from bot.clock import SystemClock
from bot.delivery.budget import Budget
from bot.delivery.port import Address
from bot.digests import due
from bot.digests.contents import Contents
from bot.digests.service import Digests
from bot.insights.periods import Named, period_of
from bot.stats.service import Stats
from cogs.delivery.port import DiscordPort
from cogs.ui.digest import Form
from cogs.ui.people import Members
from cogs.ui.stats import pictures
from storage import digests, hits, links, servers
from storage.database import Database
from storage.ids import Ids
from storage.records import BARE, Cadence, Digest, DigestState, Hit, Kind, Link, Quiet, RunState, Server
from storage.schema import digest_runs
from storage.seen import Seen

SERVERS = 10_000
ZONE = "Europe/Berlin"
FIRST = 1_000_000
"""The first server's id."""
CLICKS = 20
COMMAND_SECONDS = 0.5
BASELINE_SECONDS = 30.0


@dataclass
class Channel:
    """Takes a message as discord.py would send it; says when each came."""

    rng: random.Random
    times: list[float]
    bytes: int = 0
    _next: Any = field(default_factory=lambda: itertools.count(1))

    async def send(self, **parts: Any) -> Any:
        self.times.append(time.monotonic())
        nonce = parts.pop("nonce")
        if "file" not in parts and "files" not in parts:
            raise AssertionError("a digest without its chart")
        with handle_message_parameters(**parts, nonce=nonce) as done:
            assert done.files
            self.bytes += sum(len(file.fp.read()) for file in done.files)
        await asyncio.sleep(self.rng.uniform(0.1, 0.4))
        return SimpleNamespace(id=next(self._next))


class Posts(DiscordPort):
    """The real one, with a channel that is always there."""

    def __init__(self, charts: ChartRenderer, channel: Channel) -> None:
        services = SimpleNamespace(charts=charts, links=SimpleNamespace(base_url="https://go.example"))
        super().__init__(SimpleNamespace(services=services, application_id=1), Budget(), None)  # type: ignore[arg-type]
        self._always = channel

    def is_in(self, guild_id: int) -> bool:
        return True

    async def _guild(self, address: Address) -> Any:
        return SimpleNamespace(name=f"Server {address.guild_id}", id=address.guild_id, preferred_locale="en-US")

    async def _places(self, guild: Any, address: Address) -> AsyncIterator[Any]:
        yield self._always, Form.LAYOUT


async def fill(db: Database, count: int) -> None:
    """Servers with two links, and clicks over two weeks."""
    rng, ids = random.Random(1), Ids()
    now = dt.datetime.now(dt.UTC)
    week = period_of(Named.LAST_WEEK, now, ZONE, 0, None)
    first = week.previous.start_at
    span = (week.end_at - first).total_seconds()

    async def work(conn: AsyncConnection, guild_ids: range) -> None:
        batch = []
        for guild_id in guild_ids:
            await servers.put(conn, Server(guild_id, timezone=ZONE, is_set_up=True))
            own = [ids.new(), ids.new()]
            for n, id_ in enumerate(own):
                await links.add(conn, Link(guild_id, id_, 5, f"s{guild_id}-{n}", "https://shop.example", 5, now, now))
            for n in range(rng.randrange(CLICKS // 2, CLICKS * 2)):
                at = first + dt.timedelta(seconds=rng.random() * span)
                batch.append(Hit(guild_id, ids.new(), rng.choice(own), BARE, Kind.CLICK, at, at.date(), n))
        await conn.run_sync(hits.record, batch, Seen())

    for begin in range(0, count, 200):
        guild_ids = range(FIRST + begin, FIRST + min(begin + 200, count))
        await db.write(lambda conn, guild_ids=guild_ids: work(conn, guild_ids))


async def schedule(db: Database, count: int, start: dt.datetime) -> None:
    """A weekly digest for each server, due at `start`."""
    local = start.astimezone(ZoneInfo(ZONE))

    async def work(conn: AsyncConnection) -> None:
        for guild_id in range(FIRST, FIRST + count):
            one = Digest(
                guild_id=guild_id,
                id=guild_id * 7,
                channel_id=1,
                user_id=None,
                cadence=Cadence.WEEKLY,
                weekday=local.weekday(),
                minute=local.hour * 60 + local.minute,
                tag="",
                role_id=None,
                quiet=Quiet.LINE,
                state=DigestState.ACTIVE,
                next_run_at=start,
                created_by=1,
            )
            await digests.put(conn, replace(one, next_run_at=start + due.spread(one)))

    await db.write(work)


async def commands(stats: Stats, charts: ChartRenderer, stop: asyncio.Event, count: int) -> list[float]:
    """What `/stats server` does, twice a second; returns how long each took, in seconds."""
    took: list[float] = []
    running: set[asyncio.Task[None]] = set()
    week = period_of(Named.LAST_WEEK, dt.datetime.now(dt.UTC), ZONE, 0, None)

    async def one(n: int) -> None:
        began = time.monotonic()
        report = await stats.over(FIRST + n % count, week)
        await charts.draw(pictures.of_report(report, f"Command {n} {began}"))
        took.append(time.monotonic() - began)

    for n in itertools.count():
        if stop.is_set():
            break
        task = asyncio.create_task(one(n))
        running.add(task)
        task.add_done_callback(running.discard)
        await asyncio.sleep(COMMAND_SECONDS)
    await asyncio.gather(*running)
    return took


def most_within_a_second(times: list[float]) -> int:
    most, begin = 0, 0
    for end, at in enumerate(times):
        while at - times[begin] >= 1.0:
            begin += 1
        most = max(most, end - begin + 1)
    return most


def times(seconds: list[float]) -> str:
    """ "12 / 34 ms": the median and the 99th percentile."""
    ordered = sorted(seconds)
    return " / ".join(f"{ordered[int(len(ordered) * share)] * 1000:.0f}" for share in (0.5, 0.99)) + " ms"


async def main(count: int) -> None:
    due.SPREAD = min(due.SPREAD, due.SPREAD * count / SERVERS)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory() as folder:
        async with Database.open(Path(folder) / "eyeballs.db") as db, ChartRenderer() as charts:
            clock = SystemClock()
            stats = Stats(db, clock, URL("https://go.example"))
            members = Members()
            service = Digests(db, clock, Ids(), Contents(db, clock, stats, members.creators_with, members.locale_of))
            print(f"Filling {count:,} servers ...", flush=True)
            await fill(db, count)
            await charts.warm()
            stop = asyncio.Event()
            baseline = asyncio.create_task(commands(stats, charts, stop, count))
            await asyncio.sleep(BASELINE_SECONDS)
            stop.set()
            alone = await baseline
            minute = dt.timedelta(minutes=1)
            start = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0) + minute
            await schedule(db, count, start)
            await asyncio.sleep(max(0.0, (start - dt.datetime.now(dt.UTC)).total_seconds()))
            print("They are due", flush=True)
            began = time.monotonic() - (dt.datetime.now(dt.UTC) - start).total_seconds()
            channel = Channel(random.Random(2), [])
            posts = Posts(charts, channel)
            stop = asyncio.Event()
            meanwhile = asyncio.create_task(commands(stats, charts, stop, count))
            longest_queue, said = 0, 0
            async with scheduler.running({"digests": (TICK_SECONDS, partial(service.tick, posts))}):
                while service.sender.sent < count and time.monotonic() - began < 1800:
                    await asyncio.sleep(1)
                    longest_queue = max(longest_queue, service.sender.waiting)
                    if service.sender.sent >= said + 1000:
                        said = service.sender.sent // 1000 * 1000
                        print(f"{time.monotonic() - began:6.0f} s  {service.sender.sent:6,} sent", flush=True)
            ended = time.monotonic()
            stop.set()
            loaded = await meanwhile
            async with db.read() as conn:
                is_sent = digest_runs.c.state == RunState.SENT
                sent = await conn.scalar(sa.select(sa.func.count()).select_from(digest_runs).where(is_sent))
    rows = (
        ("servers, all due in the same minute", f"{count:,}"),
        ("delivered", f"{sent:,}"),
        ("posts to Discord", f"{len(channel.times):,}"),
        ("from the due minute to the last", f"{(ended - began) / 60:.1f} min"),
        ("most requests in any second", f"{most_within_a_second(channel.times)}"),
        ("charts", f"{channel.bytes / max(1, len(channel.times)) / 1024:.0f} KiB each"),
        ("longest queue", f"{longest_queue:,}"),
        ("commands alone: p50 / p99", times(alone)),
        ("commands meanwhile: p50 / p99", times(loaded)),
        ("commands meanwhile", f"{len(loaded):,}, the longest {max(loaded):.2f} s"),
    )
    print("\n| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in rows))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else SERVERS))
