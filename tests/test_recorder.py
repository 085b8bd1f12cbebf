"""A hit that was answered for is on disk, whatever the disk does meanwhile."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import structlog

from bot.tracking import recorder as recorder_module
from bot.tracking.recorder import Recorder
from storage import hits, recount
from storage.database import Database
from storage.ids import Ids
from storage.records import BARE, Hit, Kind, SetAside
from tests.conftest import NOW, mismatches

GUILD, LINK = 11, 22
DAY = NOW.date()
IDS = Ids()


def hit(visitor: int | None = None) -> Hit:
    return Hit(GUILD, IDS.new(), LINK, BARE, Kind.CLICK, NOW, DAY, visitor)


class Disk:
    """The real database, whose writes can be made to fail or to wait."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.failures = 0
        self.ready = asyncio.Event()
        self.ready.set()
        self.transactions = 0

    async def write_hits(self, work: Any) -> Any:
        await self.ready.wait()
        self.transactions += 1
        if self.failures:
            self.failures -= 1

            def fail(conn: sa.Connection) -> None:
                work(conn)
                raise OSError("disk full")

            return await self._db.write_hits(fail)
        return await self._db.write_hits(work)


@pytest.fixture
async def disk(db: Database) -> AsyncIterator[Any]:
    disk = Disk(db)
    yield disk
    assert await mismatches(db) == []


async def events(db: Database) -> int:
    async with db.read() as conn:
        return await recount.count_events(conn)


async def aside(db: Database) -> dict[str, int]:
    async with db.read() as conn:
        found = await hits.set_aside_counts(conn, GUILD, DAY, DAY + dt.timedelta(days=1))
    return {reason: sum(c.count for c in found if c.reason == reason) for reason in {c.reason for c in found}}


async def test_five_hundred_at_once_are_all_on_disk_in_few_transactions(db: Database, disk: Any) -> None:
    async with Recorder(disk) as recorder:
        answers = await asyncio.gather(*(recorder.count(hit(n % 100)) for n in range(500)))
        assert Counter(answers) == {True: 500}
        assert await events(db) == 500
        assert disk.transactions < 10
    async with db.read() as conn:
        (unique,) = await hits.uniques(conn, GUILD, DAY, DAY + dt.timedelta(days=1))
    assert unique.count == 100


async def test_what_queues_during_a_commit_goes_into_the_next_one(db: Database, disk: Any) -> None:
    async with Recorder(disk) as recorder:
        disk.ready.clear()
        first = asyncio.create_task(recorder.count(hit()))
        await asyncio.sleep(0.01)
        others = [asyncio.create_task(recorder.count(hit())) for _ in range(50)]
        await asyncio.sleep(0.01)
        disk.ready.set()
        assert all(await asyncio.gather(first, *others))
        assert disk.transactions == 2


async def test_a_failing_write_is_tried_again_and_counts_once(db: Database, disk: Any) -> None:
    disk.failures = 2
    async with Recorder(disk) as recorder:
        with structlog.testing.capture_logs() as logs:
            answers = await asyncio.gather(*(recorder.count(hit(7)) for _ in range(20)))
        assert all(answers)
        assert await events(db) == 20
    assert [entry["log_level"] for entry in logs] == ["warning", "warning"]
    assert recorder.lost == 0


async def test_an_answer_does_not_wait_for_a_slow_disk_but_its_hit_stays(db: Database, disk: Any) -> None:
    async with Recorder(disk) as recorder:
        disk.ready.clear()
        began = asyncio.get_running_loop().time()
        assert await recorder.count(hit()) is False
        assert asyncio.get_running_loop().time() - began < 0.6
        assert recorder.late == 1
        disk.ready.set()
        assert await recorder.count(hit()) is True
        assert await events(db) == 2


async def test_a_visitor_who_hangs_up_is_counted_all_the_same(db: Database, disk: Any) -> None:
    async with Recorder(disk) as recorder:
        disk.ready.clear()
        waiting = [asyncio.create_task(recorder.count(hit())) for _ in range(3)]
        await asyncio.sleep(0.01)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        disk.ready.set()
    assert await events(db) == 3


async def test_closing_writes_everything_that_is_queued(
    db: Database, disk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "BATCH_LIMIT", 7)
    async with Recorder(disk) as recorder:
        disk.ready.clear()
        waiting = [asyncio.create_task(recorder.count(hit())) for _ in range(40)]
        for _ in range(30):
            recorder.set_aside(SetAside(GUILD, LINK, BARE, DAY, "preview"))
        await asyncio.sleep(0.01)
        asyncio.get_running_loop().call_later(0.05, disk.ready.set)
    assert all(await asyncio.gather(*waiting))
    assert await events(db) == 40
    assert await aside(db) == {"preview": 30}
    assert await recorder.count(hit()) is False
    assert recorder.dropped == 1


async def test_what_is_set_aside_is_written_within_seconds(db: Database, disk: Any) -> None:
    async with Recorder(disk) as recorder:
        for reason in ("head", "head", "crawler"):
            recorder.set_aside(SetAside(GUILD, LINK, BARE, DAY, reason))
        await asyncio.sleep(1.5 * recorder_module.FLUSH_SECONDS)
        assert await aside(db) == {"head": 2, "crawler": 1}
        assert disk.transactions == 1


async def test_a_full_queue_drops_and_says_how_many(db: Database, disk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "QUEUE_LIMIT", 5)
    async with Recorder(disk) as recorder:
        disk.ready.clear()
        waiting = [asyncio.create_task(recorder.count(hit())) for _ in range(8)]
        for _ in range(7):
            recorder.set_aside(SetAside(GUILD, LINK, BARE, DAY, "crawler"))
        await asyncio.sleep(0.01)
        assert recorder.dropped == 3 + 2
        disk.ready.set()
        assert Counter(await asyncio.gather(*waiting)) == {True: 5, False: 3}
    assert await events(db) == 5
    assert await aside(db) == {"crawler": 5}


async def test_a_disk_that_stays_broken_does_not_keep_the_bot_from_closing(
    tmp_path: Path, db: Database, disk: Any
) -> None:
    async with asyncio.timeout(5):
        async with Recorder(disk) as recorder:
            disk.failures = 1_000
            assert await recorder.count(hit()) is False
            assert recorder.late == 1
    assert recorder.lost == 1
    assert await events(db) == 0
