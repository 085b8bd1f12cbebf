"""A Discord in a file that outlives kills and enforces nonces, and lives that end at each step of sending a digest.

`python -m tests.digest_lives FOLDER MODE`: for k = 1, 2, 3 ... a process sends one digest and kills itself at its k-th
step, until one lives to the end; after each, others finish the work. Prints what stands in the channel as JSON.

Modes: `nonces` (Discord remembers them), `forgotten` (it does not: minutes went by), `unreadable` (forgotten, and no
history either).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any

from yarl import URL

from bot.clock import FixedClock
from bot.delivery.port import Address, Unreadable
from bot.digests import due
from bot.digests.content import Content
from bot.digests.contents import Contents
from bot.digests.service import Digests, Wish
from bot.links.access import Actor
from bot.stats.service import Stats
from cogs.ui.people import Members
from storage import migrate
from storage.database import Database, Lane
from storage.ids import Ids
from tests import compiled  # noqa: F401

WEDNESDAY = dt.datetime(2026, 3, 11, 12, 0, tzinfo=dt.UTC)
MONDAY = dt.datetime(2026, 3, 16, 9, 10, tzinfo=dt.UTC)
"""The digest is due, whatever its spread."""
GUILD = 1
Step = Callable[[str], Awaitable[None]]


async def no_step(what: str) -> None:
    pass


class FileDiscord:
    """Messages by marker, kept in SQLite's own way; a nonce that it has seen returns the first message."""

    application_id = 42

    def __init__(self, path: Path, mode: str, step: Step = no_step) -> None:
        self._path = path
        self._mode = mode
        self._step = step

    def _run(self, sql: str, *values: object) -> list[Any]:
        with closing(sqlite3.connect(self._path, isolation_level=None)) as conn:
            conn.execute("CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, marker TEXT, nonce TEXT)")
            return conn.execute(sql, values).fetchall()

    def is_in(self, guild_id: int) -> bool:
        return True

    async def send(self, address: Address, content: Content, *, nonce: str) -> int:
        assert len(nonce) <= 25
        await self._step("before Discord gets it")
        known = self._run("SELECT id FROM messages WHERE nonce = ?", nonce) if self._mode == "nonces" else []
        if not known:
            self._run("INSERT INTO messages (marker, nonce) VALUES (?, ?)", marker(content), nonce)
            known = self._run("SELECT max(id) FROM messages")
        await self._step("Discord has it, and has not answered")
        return int(known[0][0])

    async def find(self, address: Address, content: Content, *, after: dt.datetime) -> int | None:
        await self._step("before the history is read")
        if self._mode == "unreadable":
            raise Unreadable
        found = self._run("SELECT id FROM messages WHERE marker = ?", marker(content))
        return int(found[0][0]) if found else None

    def markers(self) -> list[str]:
        return [row[0] for row in self._run("SELECT marker FROM messages ORDER BY id")]


def marker(content: Content) -> str:
    return f"{content.digest.guild_id}:{content.digest.id}:{content.period.first}"


class SteppedDatabase(Database):
    """Takes a step before each read, and before each transaction, before its commit and after it."""

    step: Step = staticmethod(no_step)

    @asynccontextmanager
    async def read(self, lane: Lane = Lane.ANSWERS) -> AsyncIterator[Any]:
        await self.step("before a read")
        async with super().read(lane) as conn:
            yield conn

    async def write(self, work: Any, *, first: bool = False) -> Any:
        await self.step("before a transaction")

        async def stepped(conn: Any) -> Any:
            result = await work(conn)
            await self.step("before a commit")
            return result

        result = await super().write(stepped, first=first)
        await self.step("after a commit")
        return result


def made(db: Database, clock: FixedClock) -> Digests:
    stats, members = Stats(db, clock, URL("https://go.example")), Members()
    return Digests(db, clock, Ids(), Contents(db, clock, stats, members.creators_with, members.locale_of))


async def set_up(path: Path) -> None:
    async with Database.open(path) as db:
        await made(db, FixedClock(WEDNESDAY)).set_up(
            Actor(GUILD, 7, manager=True), channel_id=3, wish=Wish(weekday=0, minute=540)
        )


async def live(path: Path, discord: Path, mode: str, ticks: Sequence[dt.datetime], die_at: int | None = None) -> None:
    """One process' ticks at those instants; it kills itself at that step."""
    steps = 0

    async def step(what: str) -> None:
        nonlocal steps
        steps += 1
        if steps == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    async with SteppedDatabase.open(path) as db:
        assert isinstance(db, SteppedDatabase)
        db.step = step  # type: ignore[method-assign]
        for now in ticks:
            await made(db, FixedClock(now)).tick(FileDiscord(discord, mode, step))


def fork(work: Callable[[], Awaitable[None]]) -> int:
    """Run it in a process of its own; returns the signal or exit status with which that ended."""
    pid = os.fork()
    if pid == 0:
        try:
            asyncio.run(work())  # type: ignore[arg-type]
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def states(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as conn:
        return [row[0] for row in conn.execute("SELECT state FROM digest_runs")]


def main(folder: Path, mode: str) -> None:
    fresh = folder / "fresh.db"
    assert fork(lambda: set_up(fresh)) == 0
    found = []
    migrate.upgrade = lambda path, backups: None  # it is there already, and to look takes longer than all else
    shutil.copy(fresh, folder / "first.db")
    asyncio.run(live(folder / "first.db", folder / "first.discord", mode, [MONDAY]))  # so that statements are compiled
    gc.freeze()
    for k in range(1, 200):
        path, discord = folder / f"{mode}{k}.db", folder / f"{mode}{k}.discord"
        shutil.copy(fresh, path)
        ended = fork(partial(live, path, discord, mode, [MONDAY], k))
        assert ended in (0, -signal.SIGKILL)
        # At once, when the lease has run out, and once more.
        ticks = [MONDAY + dt.timedelta(minutes=minutes) for minutes in (1, 4, 8)]
        assert fork(partial(live, path, discord, mode, ticks)) == 0
        markers = FileDiscord(discord, mode).markers()
        found.append({"killed": ended != 0, "messages": markers, "runs": states(path)})
        if ended == 0:
            break
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    due.SPREAD = dt.timedelta(minutes=5)
    main(Path(sys.argv[1]), sys.argv[2])
