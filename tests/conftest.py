"""What the tests stand on: real SQLite, a real web edge, real discord.py before a simulated Discord, one clock."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import ipaddress
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import aiohttp
import discord
import pytest
import simcord
import sqlalchemy as sa
from alembic import command as alembic_command
from yarl import URL

from bot import workers
from bot.app import Application, open_application
from bot.charts import Chart, ChartRenderer, Theme, draw
from bot.charts.render import PictureCache
from bot.client import Client
from bot.clock import FixedClock
from bot.config import Config, StorageSection, WebSection
from bot.cooldowns import Cooldowns
from bot.digests import due
from bot.errors import UserError
from bot.imports.reader import limit_memory
from bot.tracking import recorder
from storage import counts, files, migrate, recount, servers
from storage.database import Database
from storage.schema import audience_daily, hits_daily, hits_quarter, uniques_daily
from tests import compiled  # noqa: F401
from tests.described import check_requests
from tests.machine import (  # noqa: F401  fixtures and hooks, for all tests
    chromium,
    launch_browser,
    poppler,
    pytest_addoption,
    pytest_terminal_summary,
)
from tests.waiting import becomes

T = TypeVar("T")

BROWSER = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
NOW = dt.datetime(2026, 3, 11, 12, 0, tzinfo=dt.UTC)
"""A Wednesday."""


def _refuse(value: object) -> None:
    """Raises: the driver's own way to spell a date is deprecated since Python 3.12; `storage` spells them by column."""
    raise TypeError(f"{value!r} came to SQLite as it is, and not as its column's type has it")


for _type in (dt.date, dt.datetime):
    sqlite3.register_adapter(_type, _refuse)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is, an answer waits for its hit; who tests late answers says so."""
    monkeypatch.setattr(recorder, "ANSWER_SECONDS", 30.0)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.hookimpl(wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One more than there are cores: there is always one that waits for a process, a browser or a disk."""
    return (yield) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: at the end, a core would wait for one alone."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """What is there by now stays until the end: the garbage collector need not go through it again and again."""
    gc.freeze()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all its tables and nothing in it, to copy: to migrate anew takes longer than most tests."""
    path = tmp_path_factory.mktemp("empty") / "eyeballs.db"
    migrate.upgrade(path, path.parent / "backups")
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")  # as after a first start, which nobody need wait for again
    return path


@pytest.fixture(scope="session", autouse=True)
def migrated_once(empty_database: Path) -> Iterator[None]:
    """A database that a test has made anew, in this process, is such a copy too."""
    upgrade = migrate._upgrade

    def copy_and_upgrade(path: Path, backups: Path) -> None:
        with suppress(FileExistsError):
            files.make(path)
        if not path.stat().st_size:
            shutil.copyfile(empty_database, path)
        upgrade(path, backups)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "_upgrade", copy_and_upgrade)
        yield


@pytest.fixture
async def db(tmp_path: Path, empty_database: Path) -> AsyncIterator[Database]:
    path = tmp_path / "eyeballs.db"
    shutil.copy(empty_database, path)
    async with Database.open(path) as database:
        yield database


def at_revision(path: Path, revision: str) -> sa.Engine:
    """A database as that revision made it, with SQLAlchemy's plain way to it."""
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.NullPool)
    with engine.begin() as conn:
        config = migrate._config()
        config.attributes["connection"] = conn
        alembic_command.upgrade(config, revision)
    return engine


async def mismatches(db: Database) -> list[Any]:
    """Where rollups and events disagree, over all servers: must be empty at every moment."""
    async with db.read() as conn:
        found = []
        for guild_id in await servers.all_ids(conn):
            found += await recount.check(conn, guild_id)
        return found


async def set_aside_by_reason(db: Database, guild_id: int) -> Counter[str]:
    """How many requests of a server are on disk as set aside, of all days."""
    async with db.read() as conn:
        found = await counts.set_aside_counts(conn, guild_id, dt.date.min, dt.date.max)
    by_reason: Counter[str] = Counter()
    for one in found:
        by_reason[one.reason] += one.count
    return by_reason


async def weight(db: Database) -> list[Any]:
    """How many hits there are, what each rollup adds up to, and the zones that days are those of."""
    rollups = (hits_quarter, hits_daily, uniques_daily, audience_daily)
    async with db.read() as conn:
        sums = [(await conn.execute(sa.select(sa.func.sum(table.c.count)))).scalar() for table in rollups]
        zones = [(await servers.get(conn, guild_id)).timezone for guild_id in await servers.all_ids(conn)]
        return [await recount.count_events(conn), *sums, zones]


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


async def fetch(http: aiohttp.ClientSession, url: str, method: str = "GET", **headers: str) -> Answer:
    """One request as it is written, redirects not followed."""
    async with http.request(method, URL(url, encoded=True), headers=headers, allow_redirects=False) as response:
        return Answer(response.status, response.headers, await response.read())


@dataclass
class World:
    """A server with people in it, the whole application, and a visitor's HTTP client."""

    app: Application
    env: simcord.Env
    clock: FixedClock
    http: aiohttp.ClientSession
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    admin: simcord.MemberActor
    maya: simcord.MemberActor
    leo: simcord.MemberActor
    sam: simcord.MemberActor
    creator_role: simcord.RoleHandle
    visitors: int = 0
    expected: tuple[type[BaseException], ...] = (UserError,)
    """Errors that an answer may be made of."""
    proven: list[Any] | None = None
    """The weight with which another test has shown that the rollups are what the events give."""

    @property
    def client(self) -> Client:
        assert isinstance(self.env.bot, Client)
        return self.env.bot

    async def visit(self, path: str, *, new: bool = True, method: str = "GET", **headers: str) -> Answer:
        """Follow an address as a person's browser does; a new person on a new line each time unless `new` is False."""
        self.visitors += new
        line = f"198.51.{self.visitors >> 8}.{self.visitors & 255}"
        headers = {"User-Agent": f"{BROWSER} Visitor/{self.visitors}", "X-Forwarded-For": line} | headers
        return await fetch(self.http, f"http://127.0.0.1:{self.app.web.port}/{path.lstrip('/')}", method, **headers)

    def move(self, **delta: float) -> None:
        """Let time pass, here and at the simulated Discord."""
        self.clock.move(**delta)
        self.env.backend.advance_clock((self.clock.now() - self.env.now()).total_seconds())

    def move_to(self, instant: str) -> None:
        self.move(seconds=(dt.datetime.fromisoformat(instant) - self.clock.now()).total_seconds())

    async def add_link(self, name: str = "summer", by: simcord.MemberActor | None = None, **options: Any) -> Any:
        options = {"destination": "https://shop.example/summer"} | options
        return await (by or self.admin).slash(self.channel, "link add", name=name, **options)

    async def set_aside(self, requests: int) -> None:
        """Wait until so many requests of the server are on disk as set aside; nobody's answer waits for that."""

        async def look() -> int:
            return (await set_aside_by_reason(self.app.db, self.guild.id)).total()

        assert await becomes(look, requests) == requests

    async def tick(self) -> int:
        """Send the digests that are due, then the notices; returns how many digests went out."""
        sent = await self.app.services.digests.tick(self.app.port(self.client))
        await self.notify()
        return sent

    async def notify(self) -> int:
        """Send the notices to those who run servers."""
        return await self.app.notices.tick(self.app.port(self.client))


def text_of(result: simcord.InteractionResult) -> str:
    """Everything an answer says, as one text."""
    parts: list[str] = []
    for message in [result.response, *result.followups]:
        if message is None:
            continue
        parts += [message.content, *texts(message.components)]
        for embed in message.embeds:
            parts += [embed.title or "", embed.description or "", embed.footer.text or ""]
            parts += [f"{f.name}: {f.value}" for f in embed.fields]
    return "\n".join(part for part in parts if part)


def texts(components: Sequence[Any]) -> list[str]:
    """What the text displays among the components say, in order."""
    found = []
    for item in components:
        shown = item if isinstance(item, dict) else item.to_dict()
        if shown["type"] == discord.ComponentType.text_display.value:
            found.append(shown["content"])
        found += texts(shown.get("components", []))
    return found


def words(message: discord.Message) -> str:
    """Everything a message of whatever form says, as one text."""
    parts = [message.content, *texts(message.components)]
    for embed in message.embeds:
        parts += [embed.title or "", embed.description or "", *(f"{f.name}\n{f.value}" for f in embed.fields)]
        parts.append(embed.footer.text or "")
    return "\n".join(part for part in parts if part)


def answer_of(result: simcord.InteractionResult) -> Any:
    """The message that answers: the follow-up of a deferred answer, else the answer itself."""
    return result.followups[-1] if result.followups else result.response


class QuickCharts(ChartRenderer):
    """Draws in this process, and each picture once for all tests: a worker for each would take most of the time."""

    drawn = PictureCache(64 * 2**20)
    sketches: ClassVar[dict[tuple[type, Theme], Chart]] = {}
    """The charts that stand for their kind: see `sketched`."""

    async def draw(self, chart: Chart, theme: Theme = Theme.DARK) -> bytes:
        picture = self.drawn.get((chart, theme))
        if picture is None:
            picture = draw(chart, theme)
            self.drawn.put((chart, theme), picture)
        return picture


@pytest.fixture
def sketched(monkeypatch: pytest.MonkeyPatch) -> None:
    """One picture of a kind stands for all: to draw a sheet on paper takes half a second, and few tests look at it."""

    async def sketch(self: QuickCharts, chart: Chart, theme: Theme = Theme.DARK) -> bytes:
        return await drawn(self, self.sketches.setdefault((type(chart), theme), chart), theme)

    drawn = QuickCharts.draw
    monkeypatch.setattr(QuickCharts, "draw", sketch)


@pytest.fixture(scope="session")
def worker_process() -> Iterator[ProcessPoolExecutor]:
    pool = workers.start(limit_memory)
    yield pool
    workers.end(pool)


@pytest.fixture
def kept_worker(worker_process: ProcessPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read and written by one process for all tests: to start one for each takes longer than most tests."""

    async def call(work: Callable[[], T], seconds: float, _prepare: Callable[[], None] | None = None) -> T:
        return await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(worker_process, work), seconds)

    monkeypatch.setattr(workers, "call", call)


@pytest.fixture
async def world(
    tmp_path: Path, empty_database: Path, clock: FixedClock, kept_worker: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    shutil.copy(empty_database, tmp_path / "eyeballs.db")
    monkeypatch.setattr(Cooldowns, "wait", lambda *_: (0, 0))  # tests ask faster than people do, at a standing clock
    monkeypatch.setattr(due, "SPREAD", dt.timedelta(milliseconds=1))  # digests come at their local time
    config = Config(
        web=WebSection(
            base_url="https://go.example",
            host="127.0.0.1",
            port=0,
            trusted_proxies=(ipaddress.ip_network("127.0.0.0/8"),),
        ),
        storage=StorageSection(path=tmp_path / "eyeballs.db", backups=tmp_path / "backups"),
    )
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(
            open_application(config, clock=clock, charts=QuickCharts(), shard_count=1)
        )
        env = simcord.Env(app.client(), settle_timeout=60)
        env.backend.advance_clock((clock.now() - env.now()).total_seconds())
        await env.start()
        stack.push_async_callback(env.shutdown)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        guild = env.create_guild("Golden Hour")
        role = guild.create_role("Creator")
        manager = guild.create_role("Manager", permissions=discord.Permissions(manage_guild=True))
        channel = guild.create_text_channel("general")

        def member(name: str, *roles: simcord.RoleHandle) -> simcord.MemberActor:
            return guild.add_member(env.create_user(name, global_name=name.capitalize()), roles=list(roles))

        made = World(
            app=app,
            env=env,
            clock=clock,
            http=http,
            guild=guild,
            channel=channel,
            admin=member("admin", manager),
            maya=member("maya", role),
            leo=member("leo", role),
            sam=member("sam"),
            creator_role=role,
        )
        yield made
        unexpected = [error for error in env.errors if not isinstance(getattr(error, "original", error), made.expected)]
        assert not unexpected
        if await weight(app.db) != made.proven:
            assert await mismatches(app.db) == []
        check_requests(env)
