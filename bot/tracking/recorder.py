"""Puts hits on disk in groups: what queued while the last commit ran goes into the next one."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import sqlalchemy as sa
import structlog

from bot.clock import Clock
from storage import hits, meta
from storage.database import REFUSED, Database, Writer
from storage.records import Hit, Salt, SetAside
from storage.seen import LinkDay, Seen, catch_up, set_merged

QUEUE_LIMIT = 50_000
"""Requests that wait to be written at most; what comes on top is dropped and counted."""
ASIDE_LIMIT = 50_000
"""Different things to set aside (not requests) that wait at most."""
BATCH_LIMIT = 1_000
"""Requests in one transaction."""
ANSWER_SECONDS = 0.25
"""An answer is held no longer than this, however slow the disk is."""
FLUSH_SECONDS = 1.0
"""What is set aside is written at most this often."""
MERGE_ALONG = 64
"""Visitors seen that are merged along with each batch, beyond twice as many as it has requests."""
CLOSING_PART = 2_000
RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Pauses after failed transactions; the last one repeats."""

_ASIDE = "recorder aside"
"""Where the mark of the last batch of what was set aside is kept."""

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Request:
    """A request that waits for its hits to be on disk."""

    hits: Sequence[Hit]
    since: float
    on_disk: asyncio.Future[bool]


@dataclass(slots=True, eq=False)
class _Batch:
    """What is written in one transaction: requests, or what was set aside and dropped, which leaves `token` on disk.

    No batch of the same sort is written before this one is settled.
    """

    requests: list[_Request] = field(default_factory=list)
    aside: Counter[SetAside] = field(default_factory=Counter)
    dropped: Counter[hits.Quarter] = field(default_factory=Counter)
    shared: dict[LinkDay, int] = field(default_factory=dict)
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    tried: bool = False
    new: dict[LinkDay, dict[int, int]] = field(default_factory=dict)

    @property
    def hits(self) -> list[Hit]:
        return [hit for request in self.requests for hit in request.hits]

    @property
    def is_aside(self) -> bool:
        """Whether there is anything to write beside requests."""
        return bool(self.aside or self.dropped or self.shared)

    def is_written(self, conn: sa.Connection) -> bool:
        """Whether the commit that failed only seemed to."""
        if self.requests:
            return hits.is_recorded(conn, self.requests[0].hits[0])
        return meta.read(conn, _ASIDE) == self.token


class Recorder:
    """An async context manager; leaving it writes everything that is queued.

    `recorded` counts the hits written, `late` the answers that did not wait for their hits, `dropped` what a full queue
    turned away, `lost` what could never be written.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._seen = Seen()
        self._queue: deque[_Request] = deque()
        self._failed: deque[_Batch] = deque()
        """Batches of hits that are to be tried again, oldest first; the one under way is the first of them."""
        self._salts: list[Salt] = []
        self._aside = _Batch()
        self._flushing: _Batch | None = None
        self._unanswered: deque[_Request] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        self.aside_by_reason: Counter[str] = Counter()
        self.recorded = 0
        self.late = 0
        self.dropped = 0
        self.lost = 0

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        await self._db.write_hits(self._catch_up)
        self._task = asyncio.create_task(self._run(), name="recorder")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._wake.set()
        await asyncio.shield(self._task)
        if self._timer is not None:
            self._timer.cancel()

    @property
    def queued(self) -> int:
        """Requests whose hits are not on disk yet."""
        return len(self._queue) + sum(len(batch.requests) for batch in list(self._failed))

    @property
    def waiting_seconds(self) -> float:
        """How long the oldest hit that is not on disk has been waiting for it."""
        oldest = next((batch.requests for batch in list(self._failed)), None) or list(self._queue)[:1]
        return self._loop.time() - oldest[0].since if oldest else 0.0

    def count(self, *counted: Hit) -> asyncio.Future[bool]:
        """Queue a request's hits, one or more; True once they are on disk, False after `ANSWER_SECONDS` without that.

        Then they stay queued. False too when the queue is full or the recorder closed; then they are dropped. A caller
        that is cancelled does not take its hits back.
        """
        on_disk = self._loop.create_future()
        if self._closing.is_set() or len(self._queue) >= QUEUE_LIMIT:
            self._drop(counted)
            on_disk.set_result(False)
            return on_disk
        request = _Request(counted, self._loop.time(), on_disk)
        self._queue.append(request)
        self._unanswered.append(request)
        if self._timer is None:
            self._timer = self._loop.call_later(ANSWER_SECONDS, self._answer_late)
        self._wake.set()
        return on_disk

    def keep_salt(self, salt: Salt) -> None:
        """Have a salt written together with the hits that are queued from now on."""
        self._salts.append(salt)

    def set_aside(self, request: SetAside) -> None:
        """Queue a request that is not counted as a hit; nobody waits for it."""
        aside = self._aside.aside
        if self._closing.is_set() or (len(aside) >= ASIDE_LIMIT and request not in aside):
            self.dropped += 1
        else:
            aside[request] += 1
            self.aside_by_reason[request.reason] += 1

    def note_shared(self, guild_id: int, link_id: int, day: dt.date, clicks: int) -> None:
        """Have it written that so many clicks of a link and day came from one network, where it is the most so far."""
        key, shared = (guild_id, link_id, day), self._aside.shared
        shared[key] = max(clicks, shared.get(key, 0))

    def _drop(self, dropped: Sequence[Hit]) -> None:
        self.dropped += len(dropped)
        if not self._closing.is_set():
            self._aside.dropped.update((hit.guild_id, hit.link_id, hits.bucket_of(hit.at)) for hit in dropped)

    def _answer(self, requests: Sequence[_Request], written: bool) -> None:
        for request in requests:
            if not request.on_disk.done():
                request.on_disk.set_result(written)

    def _answer_late(self) -> None:
        """Let those go who have waited long enough, and look again when the next one has."""
        now = self._loop.time()
        waiting = self._unanswered
        while waiting and (waiting[0].on_disk.done() or waiting[0].since + ANSWER_SECONDS <= now):
            request = waiting.popleft()
            if not request.on_disk.done():
                self.late += 1
                request.on_disk.set_result(False)
        self._timer = self._loop.call_at(waiting[0].since + ANSWER_SECONDS, self._answer_late) if waiting else None

    async def _run(self) -> None:
        flushed, reported, failures = self._loop.time(), 0, 0
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._wake.wait()
            last = self._closing.is_set()
            self._wake.clear()
            if self._flushing is None and (last or self._loop.time() - flushed >= FLUSH_SECONDS):
                if self._aside.is_aside:
                    self._flushing, self._aside = self._aside, _Batch()
                flushed = self._loop.time()
            if self.dropped > reported:
                log.warning("The recorder's queue was full; requests were not counted", count=self.dropped - reported)
                reported = self.dropped
            try:
                if self._queue or self._failed or self._flushing is not None or (last and self._seen):
                    await self._db.write_hits(self._write)
                failures = 0
            except Exception:
                if last:
                    self._give_up()
                    return
                size = self.queued
                log.warning("Hits could not be written yet; trying again", count=size, exc_info=failures == 0)
                with suppress(TimeoutError):
                    async with asyncio.timeout(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]):
                        await self._closing.wait()
                failures += 1
                self._wake.set()
            if last and not (self._queue or self._failed or self._flushing or self._aside.is_aside or self._seen):
                return

    def _give_up(self) -> None:
        """What the last try could not write is lost."""
        requests = [request for batch in self._failed for request in batch.requests] + list(self._queue)
        count = sum(len(request.hits) for request in requests)
        count += sum(self._flushing.aside.values()) if self._flushing is not None else 0
        self.lost += count
        log.error("Requests could not be written and are lost", count=count, exc_info=True)
        self._answer(requests, False)

    # From here on: in the writer's thread. What is queued meanwhile is written without going back to the event loop.

    def _catch_up(self, writer: Writer) -> None:
        with writer.begin() as conn:
            catch_up(conn)
            set_merged(conn, self._clock.now())

    def _write(self, writer: Writer) -> None:
        self._write_hits(writer)
        if self._flushing is not None:
            self._commit(writer, self._flushing)
            self._flushing = None
        if self._closing.is_set():
            while part := self._seen.part(CLOSING_PART, self._clock.now(), all_of_them=True):
                with writer.begin() as conn:
                    self._seen.merge(conn, part)
                self._seen.forget(part)

    def _write_hits(self, writer: Writer) -> None:
        """Commit batch after batch, until none is left or something else has its turn."""
        until = self._loop.time() + FLUSH_SECONDS
        for batch in self._batches():
            try:
                self._commit(writer, batch)
            except REFUSED as error:
                self._failed.popleft()
                self._split(batch, error)
            else:
                self._failed.popleft()
                self.recorded += len(batch.hits)
                self._loop.call_soon_threadsafe(self._answer, batch.requests, True)
            if writer.wanted or self._loop.time() >= until:
                self._loop.call_soon_threadsafe(self._wake.set)
                return

    def _split(self, batch: _Batch, error: Exception) -> None:
        """Find the request that can't be written, so that it takes no other one with it."""
        if len(batch.requests) > 1:
            middle = len(batch.requests) // 2
            self._failed.extendleft([_Batch(batch.requests[middle:]), _Batch(batch.requests[:middle])])
        else:
            self.lost += len(batch.hits)
            log.error("A hit can't be written and is lost", exc_info=error)
            self._loop.call_soon_threadsafe(self._answer, batch.requests, False)

    def _batches(self) -> Iterator[_Batch]:
        """What failed before, then what is queued; the one under way stands first among the failed until it is done."""
        while self._failed or self._queue:
            if not self._failed:
                size = min(len(self._queue), BATCH_LIMIT)
                self._failed.append(_Batch([self._queue.popleft() for _ in range(size)]))
            yield self._failed[0]

    def _commit(self, writer: Writer, batch: _Batch) -> None:
        salts = self._salts.copy()
        # A merge goes along in small parts, which need no commit of their own, and faster than visitors come.
        part = self._seen.part(2 * len(batch.requests) + MERGE_ALONG, self._clock.now())
        with writer.begin() as conn:
            if not (batch.tried and batch.is_written(conn)):
                batch.tried = True
                hits.keep_salts(conn, salts)
                if batch.requests:
                    batch.new = hits.record(conn, batch.hits, self._seen)
                else:
                    hits.set_aside(conn, batch.aside)
                    hits.note_dropped(conn, batch.dropped)
                    hits.note_shared(conn, batch.shared)
                    meta.write(conn, _ASIDE, batch.token)
            self._seen.merge(conn, part)
        self._seen.forget(part)
        self._seen.add(batch.new)
        del self._salts[: len(salts)]
