"""Puts hits on disk in groups: what queued while the last commit ran goes into the next one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import sqlalchemy as sa
import structlog

from bot.tracking.hits import Reason
from storage import hits
from storage.database import Database
from storage.records import Hit, SetAside

QUEUE_LIMIT = 50_000
"""Hits, and likewise set-aside requests, that wait at most; what comes on top is dropped and counted."""
BATCH_LIMIT = 1_000
"""Hits in one transaction."""
ANSWER_SECONDS = 0.25
"""An answer is held no longer than this, however slow the disk is."""
FLUSH_SECONDS = 1.0
"""What is set aside is written at most this often."""
RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Pauses after failed transactions; the last one repeats."""

log = structlog.get_logger(__name__)


class Recorder:
    """An async context manager; leaving it writes everything that is queued.

    `late` counts the answers that did not wait for their hit, `dropped` what a full queue turned away, `lost` what
    could not be written when it closed.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._hits: deque[tuple[Hit, asyncio.Future[bool]]] = deque()
        self._aside: list[SetAside] = []
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        self.late = 0
        self.dropped = 0
        self.lost = 0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="recorder")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._wake.set()
        await asyncio.shield(self._task)

    async def count(self, hit: Hit) -> bool:
        """Queue the hit; True once it is on disk, False when that takes over `ANSWER_SECONDS` (it stays queued).

        False too when the queue is full or the recorder closed; then the hit is dropped. A caller that is cancelled
        does not take its hit back.
        """
        if self._closing.is_set() or len(self._hits) >= QUEUE_LIMIT:
            self.dropped += 1
            if not self._closing.is_set() and len(self._aside) < QUEUE_LIMIT:
                self._aside.append(SetAside(hit.guild_id, hit.link_id, hit.place_id, hit.day, Reason.DROPPED))
            return False
        on_disk: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._hits.append((hit, on_disk))
        self._wake.set()
        await asyncio.wait({on_disk}, timeout=ANSWER_SECONDS)
        if not on_disk.done():
            self.late += 1
            return False
        return on_disk.result()

    def set_aside(self, request: SetAside) -> None:
        """Queue a request that is not counted as a hit; nobody waits for it."""
        if self._closing.is_set() or len(self._aside) >= QUEUE_LIMIT:
            self.dropped += 1
        else:
            self._aside.append(request)

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        flushed, reported = clock(), 0
        while not self._closing.is_set() or self._hits or self._aside:
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._wake.wait()
            if not self._closing.is_set():
                self._wake.clear()
            if self._hits:
                await self._write_hits()
                self._wake.set()  # look again at once: more may have queued meanwhile
            if self._aside and (self._closing.is_set() or clock() - flushed >= FLUSH_SECONDS):
                await self._write_aside()
                flushed = clock()
            if self.dropped > reported:
                log.warning("The recorder's queue was full; requests were not counted", count=self.dropped - reported)
                reported = self.dropped

    async def _write_hits(self) -> None:
        batch = [self._hits.popleft() for _ in range(min(len(self._hits), BATCH_LIMIT))]

        def work(conn: sa.Connection) -> None:
            hits.record(conn, [hit for hit, _ in batch])

        written = await self._write(work, len(batch))
        for _, on_disk in batch:
            on_disk.set_result(written)

    async def _write_aside(self) -> None:
        batch, self._aside = self._aside, []

        def work(conn: sa.Connection) -> None:
            hits.set_aside(conn, batch)

        await self._write(work, len(batch))

    async def _write(self, work: Callable[[sa.Connection], None], size: int) -> bool:
        """Try until it is on disk; False when the last try, made after closing began, failed."""
        attempt = 0
        while True:
            last = self._closing.is_set()
            try:
                await self._db.write_hits(work)
            except Exception:
                if last:
                    self.lost += size
                    log.exception("Requests could not be written and are lost", count=size)
                    return False
                log.warning("Requests could not be written yet; trying again", count=size, exc_info=attempt == 0)
            else:
                return True
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]):
                    await self._closing.wait()
            attempt += 1
