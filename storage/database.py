"""The open database: one writer that owns every write transaction, and pools of read-only connections."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager, nullcontext
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy import event, exc
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from storage import changes, files, migrate
from storage.changes import Changes
from storage.errors import StorageError
from storage.prepared import Memory, Reader

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]


class Lane(Enum):
    """Who reads: each has connections of its own, how many and how many seconds one is waited for at most."""

    ANSWERS = 4, 30.0
    """What somebody asked in Discord."""
    EDGE = 4, 0.25
    """Visitors: better what is remembered than to wait."""
    PAGES = 4, 30.0
    """Visitors, where nothing is remembered: pages, and what was never asked for before."""
    LONG = 2, 30.0
    """Reads of everything, which would keep others waiting: see `bot.turns`."""


REMEMBERED = 100_000
"""Counts that are kept in memory for who asks again: up to some 20 MiB."""
BUSY_MS = 5000
"""Milliseconds that another process which has the database is waited for."""
FIRST, LATER, QUIET, LAST = range(4)
"""In which order waiting writes are done: hits, what people wait for, what changes nothing that is seen, closing."""


REFUSED = (sqlite3.IntegrityError, exc.IntegrityError, ValueError, TypeError, OverflowError)
"""What a write raises whose rows can't be kept however often it is tried."""


class Writer:
    """The connection that writes, for use in its own thread alone."""

    def __init__(self, driver: sqlite3.Connection, waiting: asyncio.PriorityQueue[Any]) -> None:
        self._driver = driver
        # SQLAlchemy without coroutines, over a connection that is open already.
        engine = sa.create_engine("sqlite://", creator=lambda: driver, poolclass=StaticPool, hide_parameters=True)
        self._conn = engine.connect()
        self._waiting = waiting

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One transaction, on disk when the block ends; rolled back when it raises."""
        # Past SQLAlchemy, whose way there takes longer than the statement; it joins in where it is asked something.
        self._run("BEGIN IMMEDIATE")
        try:
            yield self._conn
            (self._conn if self._conn.in_transaction() else self._driver).commit()
        except BaseException:
            self._conn.rollback()
            self._driver.rollback()
            raise

    def _run(self, statement: str) -> None:
        cursor = self._driver.cursor()
        cursor.execute(statement)
        cursor.close()

    def clear_log(self) -> None:
        """See `Database.clear_log`."""
        self._run("PRAGMA busy_timeout = 0")  # hits wait: who reads is not waited for
        self._run("PRAGMA wal_checkpoint(TRUNCATE)")
        self._run(f"PRAGMA busy_timeout = {BUSY_MS}")

    def close(self) -> None:
        self._conn.close()

    @property
    def wanted(self) -> bool:
        """Whether another write waits."""
        return not self._waiting.empty()


class Database:
    """SQLite on disk: WAL, `synchronous=FULL`, so that what a write returned from survives a power cut.

    Every write goes through `write`, one transaction at a time on one connection; reads go through `read`, on
    connections that cannot write. Hits go before other writes.
    """

    def __init__(self, path: Path, writer: AsyncEngine, readers: Mapping[Lane, AsyncEngine]) -> None:
        self.path = path
        self._writer = writer
        self._readers = readers
        self._queue: asyncio.PriorityQueue[tuple[int, int, Work[Any] | None, asyncio.Future[Any]]] = (
            asyncio.PriorityQueue()
        )
        self._order = itertools.count()
        self._listeners: list[Callable[[Changes], None]] = []
        self._task: asyncio.Task[None] | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path, *, lock: bool = True, backups: Path | None = None) -> AsyncIterator[Database]:
        """Open (and make or migrate) the database at `path`; closes what is queued first, then every connection.

        `backups` is where a copy goes before a migration. Raises StorageError when another process has the file, or
        when it was written by a newer Eyeballs.
        """
        files.make_folder(path.parent)
        with own(path) if lock else nullcontext():
            await asyncio.to_thread(migrate.upgrade, path, backups or path.parent / "backups")
            memory = Memory(REMEMBERED)
            readers = {lane: _engine(path, lane, memory) for lane in Lane}
            database = cls(path, _engine(path), readers)
            database._task = asyncio.create_task(database._work(), name="storage-writer")
            try:
                yield database
            finally:
                await database._close()

    def listen(self, listener: Callable[[Changes], None]) -> None:
        """Have the listener told after each commit what it changed, where it changed something that is remembered.

        Hits and quiet writes change none of that.
        """
        self._listeners.append(listener)

    @asynccontextmanager
    async def read(self, lane: Lane = Lane.ANSWERS) -> AsyncIterator[AsyncConnection]:
        """A read-only connection; what it reads within this block is one consistent state.

        Raises `sqlalchemy.exc.TimeoutError` where none of the lane's is free in time.
        """
        async with self._readers[lane].connect() as conn:
            yield conn

    async def write(self, work: Work[T], *, first: bool = False) -> T:
        """Run `work(connection)` as one transaction; returns its result once that is on disk.

        `first` lets it pass what is waiting. An exception rolls everything back and reaches the caller. A caller
        that is cancelled does not break the transaction it asked for.
        """

        async def run(conn: AsyncConnection) -> T:
            async with conn.begin():
                result = await work(conn)
                changed = await self._driver._execute(changes.take, self._driver._conn)
            if changed:
                for listener in self._listeners:
                    listener(changed)
            return result

        return await self._submit(FIRST if first else LATER, run)

    async def write_hits(self, work: Callable[[Writer], T]) -> T:
        """Run a plain function in the writer's own thread, before all other writes; it makes its own transactions.

        The statements of a coroutine each go to that thread and back, which costs many times what they do themselves.
        The others wait for as long as it runs: see `Writer.wanted`.
        """
        return await self._write_plain(FIRST, work)

    async def write_quietly(self, work: Callable[[Writer], T]) -> T:
        """Like `write_hits`, but after all other writes, and for what changes nothing that is seen or cached.

        Hits wait for as long as it runs: keep it to some milliseconds.
        """
        return await self._write_plain(QUIET, work)

    async def clear_log(self) -> None:
        """Empty the write-ahead log, in which what was deleted still stands; not while somebody reads what it has."""
        await self.write_quietly(Writer.clear_log)

    async def _write_plain(self, rank: int, work: Callable[[Writer], T]) -> T:
        async def run(_conn: AsyncConnection) -> T:
            # aiosqlite has no public way into its thread; SQLAlchemy's own dialect goes this one too.
            return await self._driver._execute(work, self._plain)

        return await self._submit(rank, run)

    async def _submit(self, rank: int, run: Work[T]) -> T:
        if self._task is None or self._task.done():
            raise StorageError("The database is closed; nothing was written.")
        reply: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((rank, next(self._order), run, reply))
        return await asyncio.shield(reply)

    async def _work(self) -> None:
        async with self._writer.connect() as conn:
            self._driver: Any = (await conn.get_raw_connection()).driver_connection
            self._plain = Writer(self._driver._conn, self._queue)
            while True:
                _, _, run, reply = await self._queue.get()
                if run is None:
                    await self._driver._execute(self._plain.close)
                    reply.set_result(None)
                    return
                try:
                    result = await run(conn)
                except Exception as error:
                    if not reply.cancelled():
                        reply.set_exception(error)
                        reply.exception()  # a caller that went away must not leave "never retrieved" behind
                else:
                    if not reply.cancelled():
                        reply.set_result(result)

    async def _close(self) -> None:
        assert self._task is not None
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((LAST, next(self._order), None, done))
        await asyncio.wait({self._task})
        for engine in self._readers.values():
            await engine.dispose()
        await self._writer.dispose()


@asynccontextmanager
async def open_reader(path: Path) -> AsyncIterator[AsyncConnection]:
    """One read-only connection to a database that may be in use, for the command line."""
    engine = _engine(path, Lane.LONG, Memory(REMEMBERED))
    try:
        async with engine.connect() as conn:
            yield conn
    finally:
        await engine.dispose()


@contextmanager
def plain_reader(path: Path) -> Iterator[Reader]:
    """One consistent state of a database that may be in use, for a process of its own that needs no event loop."""
    with closing(sqlite3.connect(files.uri(path, "ro"), uri=True, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute("BEGIN")
        yield Reader(connection, sqlite.dialect(), None)


@contextmanager
def own(path: Path) -> Iterator[None]:
    """Own the database for this process; raises StorageError when another has it."""
    lock = FileLock(f"{path}.lock", blocking=False, mode=files.PRIVATE)
    try:
        lock.acquire()
    except Timeout:
        raise StorageError(
            f"Another Eyeballs process is using {path}. Stop it first, or give this one a database of its own."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _pool(size: int, seconds: float) -> dict[str, Any]:
    return {"pool_size": size, "max_overflow": 0, "pool_timeout": seconds}


def _engine(path: Path, lane: Lane | None = None, memory: Memory | None = None) -> AsyncEngine:
    """The connections of a lane, which only read; the one that writes where there is none."""
    engine = create_async_engine(
        files.url(path, "rwc" if lane is None else "ro", driver="aiosqlite"),
        hide_parameters=True,  # errors are logged, and salts and visitors must not be
        execution_options={} if memory is None else {"memory": memory},
        **({"poolclass": StaticPool} if lane is None else _pool(*lane.value)),
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        waits = BUSY_MS if lane is None else min(BUSY_MS, round(lane.value[1] * 1000))
        cursor.execute(f"PRAGMA busy_timeout = {waits}")
        if lane is None:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            # Pages of rollups change with every batch: the more batches a checkpoint is for, the less it copies.
            cursor.execute("PRAGMA wal_autocheckpoint = 4000")
            cursor.execute("PRAGMA cache_size = -32000")  # in KiB: visitors lie anywhere in their table
            cursor.execute("PRAGMA secure_delete = ON")  # a deleted salt leaves no trace in free pages
            changes.watch(connection)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(conn: sa.Connection) -> None:
        # A deferred read-to-write upgrade is refused at once when another writer was faster.
        conn.exec_driver_sql("BEGIN IMMEDIATE" if lane is None else "BEGIN")

    return engine
