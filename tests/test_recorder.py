"""A hit that was answered for is on disk, whatever the disk does meanwhile."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import itertools
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import exc

from bot.clock import FixedClock
from bot.links.access import Actor
from bot.servers import Servers
from bot.tracking import recorder as recorder_module
from bot.tracking.recorder import Recorder
from storage import counts, meta, recount, seen
from storage.database import Database, Writer
from storage.ids import Ids
from storage.records import BARE, Dimension, Hit, Kind, SetAside
from tests.conftest import NOW, mismatches, set_aside_by_reason
from tests.faults import Faults, faulty
from tests.waiting import becomes, until

GUILD, LINK = 11, 22
DAY = NOW.date()
TOMORROW = DAY + dt.timedelta(days=1)
IDS = Ids()


def hit(visitor: int | None = None) -> Hit:
    return Hit(GUILD, IDS.new(), LINK, BARE, Kind.CLICK, NOW, DAY, visitor, "DE", "phone", "Instagram")


@pytest.fixture
async def faults(tmp_path: Path) -> AsyncIterator[Faults]:
    with faulty() as faults:
        yield faults


@pytest.fixture
async def db(faults: Faults, tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "eyeballs.db") as database:
        yield database
        assert await mismatches(database) == []


class Disk:
    """The database, whose writes of hits can be made to wait."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.ready = asyncio.Event()
        self.ready.set()
        self.trips = 0

    async def write_hits(self, work: Any) -> Any:
        await self.ready.wait()
        self.trips += 1
        return await self._db.write_hits(work)


@pytest.fixture
def disk(db: Database) -> Any:
    return Disk(db)


async def events(db: Database) -> int:
    async with db.read() as conn:
        return await recount.count_events(conn)


async def aside(db: Database) -> dict[str, int]:
    return await set_aside_by_reason(db, GUILD)


async def uniques(db: Database) -> int:
    async with db.read() as conn:
        return sum((await counts.uniques_by_link(conn, GUILD, DAY, TOMORROW)).values())


async def test_five_hundred_at_once_are_all_on_disk_in_few_trips(db: Database, disk: Any, clock: FixedClock) -> None:
    async with Recorder(disk, clock) as recorder:
        answers = await asyncio.gather(*(recorder.count(hit(n % 100)) for n in range(500)))
        assert Counter(answers) == {True: 500}
        assert await events(db) == 500
        assert disk.trips < 10
        assert recorder.recorded == 500
    assert await uniques(db) == 100


async def test_what_queues_during_a_commit_goes_into_the_next_one(db: Database, disk: Any, clock: FixedClock) -> None:
    async with Recorder(disk, clock) as recorder:
        opened = disk.trips
        disk.ready.clear()
        waiting = [recorder.count(hit()) for _ in range(50)]
        await asyncio.sleep(0.01)
        assert recorder.queued == 50
        assert recorder.waiting_seconds > 0
        disk.ready.set()
        assert all(await asyncio.gather(*waiting))
        assert disk.trips == opened + 1
        assert (recorder.queued, recorder.waiting_seconds) == (0, 0)


async def test_dimensions_are_counted_with_the_hit(db: Database, clock: FixedClock) -> None:
    async with Recorder(db, clock) as recorder:
        await asyncio.gather(*(recorder.count(hit(n)) for n in range(5)))
    async with db.read() as conn:
        found = {(c.dimension, c.value): c.count for c in await counts.audience(conn, GUILD, DAY, TOMORROW)}
    assert found == {
        (Dimension.COUNTRY, "DE"): 5,
        (Dimension.DEVICE, "phone"): 5,
        (Dimension.SOURCE, "Instagram"): 5,
    }


STATEMENTS = 12
"""As many as a transaction of hits has, and its commit."""


@pytest.mark.parametrize(
    ("message", "after"),
    [
        ("database is locked", False),
        ("database or disk is full", False),
        ("disk I/O error", False),
        ("connection lost after the commit", True),
    ],
)
async def test_whichever_statement_fails_every_hit_is_counted_once(
    tmp_path: Path, clock: FixedClock, message: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The k-th statement or commit fails, for each k: all is tried again, and nothing is there twice."""
    monkeypatch.setattr(recorder_module, "RETRY_SECONDS", (0.001,))
    monkeypatch.setattr(recorder_module, "FLUSH_SECONDS", 0.01)
    failed = 0
    with faulty() as faults, structlog.testing.capture_logs() as logs:
        async with Database.open(tmp_path / "x.db") as db, Recorder(db, clock) as recorder:
            for k in range(1, 2 * STATEMENTS):
                recorder.set_aside(SetAside(GUILD, LINK, BARE, DAY, "preview", "Discord"))
                faults.arm(range(k, k + 1), message, after=after)
                answers = await asyncio.gather(*(recorder.count(hit(n)) for n in (k, k, 1_000)))
                assert answers == [True] * 3, k
                assert await becomes(lambda: aside(db), {"preview": k}) == {"preview": k}
                failed += faults.count >= k
                faults.armed = False
                assert await events(db) == 3 * k
                assert await uniques(db) == k + 1
                assert await mismatches(db) == [], k
            assert failed >= STATEMENTS  # the faults did strike
            assert recorder.lost == recorder.late == 0
        assert len([entry for entry in logs if "trying again" in entry["event"]]) >= (2 if after else STATEMENTS)
    async with Database.open(tmp_path / "x.db") as db:
        assert await aside(db) == {"preview": 2 * STATEMENTS - 1}


async def test_a_disk_that_is_really_full_loses_nothing(
    db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite itself says so, since the file may have no more pages."""
    monkeypatch.setattr(recorder_module, "RETRY_SECONDS", (0.01,))

    async def most_pages(pages: int) -> None:
        await db.write(lambda conn: conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}"))

    with structlog.testing.capture_logs() as logs:
        async with Recorder(db, clock) as recorder:
            await recorder.count(hit(1))
            await most_pages(1)
            waiting = [recorder.count(hit(n)) for n in range(2_000)]
            await until(lambda: logs)
            await most_pages(1_000_000)
            await asyncio.gather(*waiting)
    assert await events(db) == 2_001
    assert await uniques(db) == 2_000
    assert recorder.lost == 0
    assert any("trying again" in entry["event"] for entry in logs)


async def test_a_hit_that_can_never_be_written_holds_up_no_other(db: Database, clock: FixedClock) -> None:
    async with Recorder(db, clock) as recorder:
        first = hit(1)
        assert await recorder.count(first)
        with structlog.testing.capture_logs() as logs:
            others = [hit(n) for n in range(2, 10)]
            answers = await asyncio.gather(*(recorder.count(each) for each in [*others[:3], first, *others[3:]]))
        assert answers == [True] * 3 + [False] + [True] * 5
        assert recorder.lost == 1
        assert [entry["log_level"] for entry in logs] == ["error"]
    assert await events(db) == 9


@pytest.mark.parametrize("by_sqlalchemy", [False, True])
@pytest.mark.parametrize("failing", ["block", "commit"])
async def test_what_fails_in_the_writers_thread_leaves_nothing_and_the_next_goes_through(
    db: Database, faults: Faults, by_sqlalchemy: bool, failing: str
) -> None:
    def put(writer: Writer, value: str, *, fail: bool) -> None:
        with writer.begin() as conn:
            meta.write(conn, "key", value)
            if by_sqlalchemy:
                assert meta.read(conn, "key") == value
            if fail and failing == "commit":
                faults.arm(range(1, 2))
            elif fail:
                raise ValueError(value)

    with pytest.raises((ValueError, sqlite3.OperationalError, exc.OperationalError)):
        await db.write_hits(lambda writer: put(writer, "lost", fail=True))
    faults.armed = False
    async with db.read() as conn:
        assert await meta.get(conn, "key") is None
    await db.write_hits(lambda writer: put(writer, "kept", fail=False))
    async with db.read() as conn:
        assert await meta.get(conn, "key") == "kept"


async def test_visitors_are_known_again_after_a_crash(
    db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their merge is behind the events, and is made up for from them."""
    monkeypatch.setattr(seen.Seen, "part", lambda self, size, now, **_: [])
    monkeypatch.setattr(seen.Seen, "__len__", lambda self: 0)
    async with Recorder(db, clock) as recorder:
        await asyncio.gather(*(recorder.count(hit(n)) for n in range(700)))
    monkeypatch.undo()
    async with Recorder(db, clock) as recorder:
        await asyncio.gather(*(recorder.count(hit(n)) for n in range(600, 800)))
    assert await uniques(db) == 800


async def test_who_comes_while_others_are_merged_is_known_again_after_a_crash(
    db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A merge goes along with what is written, and takes as long as people stay away."""
    monkeypatch.setattr(seen, "MERGED_AT", 50)
    monkeypatch.setattr(recorder_module, "MERGE_ALONG", 1)
    ids = Ids(clock.timestamp)

    def at_this_time(visitor: int) -> Hit:
        return dataclasses.replace(hit(visitor), id=ids.new(), at=clock.now())

    async with Recorder(db, clock) as recorder:
        await asyncio.gather(*(recorder.count(at_this_time(n)) for n in range(50)))
        await recorder.count(at_this_time(99))
        for n in range(20):
            clock.move(hours=1)
            await recorder.count(at_this_time(n))
        assert set(recorder._seen._latest[GUILD, LINK, DAY]) == {99}
        monkeypatch.setattr(seen.Seen, "part", lambda self, size, now, **_: [])
        monkeypatch.setattr(seen.Seen, "__len__", lambda self: 0)
    monkeypatch.undo()
    async with Recorder(db, clock) as recorder:
        await recorder.count(at_this_time(99))
    assert await uniques(db) == 51


async def test_visitors_in_memory_are_few(db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "MERGED_AT", 50)
    monkeypatch.setattr(recorder_module, "MERGE_ALONG", 5)
    async with Recorder(db, clock) as recorder:
        for begin in range(0, 300, 30):
            await asyncio.gather(*(recorder.count(hit(n % 250)) for n in range(begin, begin + 30)))
            assert len(recorder._seen) <= 2 * 50 + 30
    assert len(recorder._seen) == 0
    assert await uniques(db) == 250


async def test_visitors_of_long_ago_are_in_nobodys_memory(db: Database, clock: FixedClock) -> None:
    async with Recorder(db, clock) as recorder:
        for n in range(3):
            await recorder.count(hit(n))
        clock.move(days=1)
        await recorder.count(hit(3))
        assert set(recorder._seen._latest[GUILD, LINK, DAY]) == {3}
        await recorder.count(hit(0))  # known from the disk
    assert await uniques(db) == 4


@given(
    waves=st.lists(st.dictionaries(st.integers(1, 4), st.sets(st.integers(0, 30), min_size=1), max_size=3), max_size=6),
    sizes=st.lists(st.integers(1, 40), min_size=1),
)
def test_whatever_is_seen_meanwhile_parts_hand_over_every_visitor(
    waves: list[dict[int, set[int]]], sizes: list[int]
) -> None:
    """Each part is in order of the keys, no longer than asked for, and takes nobody that is not in memory."""
    memory, given_out, known = seen.Seen(), set[tuple[Any, ...]](), set[tuple[Any, ...]]()
    steps = itertools.zip_longest(waves, itertools.islice(itertools.cycle(sizes), len(waves)))
    for wave, size in itertools.chain(steps, zip(itertools.repeat({}), itertools.cycle(sizes), strict=False)):
        memory.add({(GUILD, link_id, DAY): visitors for link_id, visitors in wave.items()})
        known |= {(GUILD, link_id, DAY, visitor) for link_id, visitors in wave.items() for visitor in visitors}
        part = memory.part(size, NOW, all_of_them=True)
        assert part == sorted(set(part))
        assert len(part) <= size
        assert set(part) <= known
        memory.forget(part)
        given_out |= set(part)
        assert len(memory) == sum(map(len, memory._latest.values()))
        if not (wave or part):
            break
    assert given_out == known
    assert len(memory) == 0


async def test_an_answer_does_not_wait_for_a_slow_disk_but_its_hit_stays(
    db: Database, disk: Any, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Recorder(disk, clock) as recorder:
        disk.ready.clear()
        began = asyncio.get_running_loop().time()
        with monkeypatch.context() as patch:
            patch.setattr(recorder_module, "ANSWER_SECONDS", 0.25)
            assert await recorder.count(hit()) is False
        assert asyncio.get_running_loop().time() - began < 0.6
        assert recorder.late == 1
        disk.ready.set()
        assert await recorder.count(hit()) is True
        assert await events(db) == 2


async def test_a_visitor_who_hangs_up_is_counted_all_the_same(db: Database, disk: Any, clock: FixedClock) -> None:
    async with Recorder(disk, clock) as recorder:
        disk.ready.clear()
        waiting = [recorder.count(hit()) for _ in range(3)]
        await asyncio.sleep(0.01)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        disk.ready.set()
    assert await events(db) == 3


async def test_closing_writes_everything_that_is_queued(
    db: Database, disk: Any, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "BATCH_LIMIT", 7)
    async with Recorder(disk, clock) as recorder:
        disk.ready.clear()
        waiting = [recorder.count(hit()) for _ in range(40)]
        for _ in range(30):
            recorder.set_aside(SetAside(GUILD, LINK, BARE, DAY, "preview"))
        await asyncio.sleep(0.01)
        asyncio.get_running_loop().call_later(0.05, disk.ready.set)
    assert all(await asyncio.gather(*waiting))
    assert await events(db) == 40
    assert await aside(db) == {"preview": 30}
    assert await recorder.count(hit()) is False
    assert recorder.dropped == 1


async def test_what_is_set_aside_is_written_within_seconds(db: Database, disk: Any, clock: FixedClock) -> None:
    async with Recorder(disk, clock) as recorder:
        for reason in ("head", "head", "crawler"):
            recorder.set_aside(SetAside(GUILD, LINK, BARE, DAY, reason))
        wanted = {"head": 2, "crawler": 1}
        assert await becomes(lambda: aside(db), wanted) == wanted


async def test_a_full_queue_drops_and_says_how_many_and_when(
    db: Database, disk: Any, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "QUEUE_LIMIT", 5)
    async with Recorder(disk, clock) as recorder:
        disk.ready.clear()
        waiting = [recorder.count(hit()) for _ in range(8)]
        monkeypatch.setattr(recorder_module, "ASIDE_LIMIT", 2)
        for place in (1, 2, 3, 2):
            recorder.set_aside(SetAside(GUILD, LINK, place, DAY, "crawler"))
        await asyncio.sleep(0.01)
        assert recorder.dropped == 3 + 1
        disk.ready.set()
        assert Counter(await asyncio.gather(*waiting)) == {True: 5, False: 3}
    assert await events(db) == 5
    assert await aside(db) == {"crawler": 3}
    async with db.read() as conn:
        (dropped,) = await counts.dropped(conn, GUILD, NOW - dt.timedelta(hours=1), NOW + dt.timedelta(hours=1))
    assert (dropped.link_id, dropped.bucket, dropped.count) == (LINK, NOW, 3)


async def test_a_disk_that_stays_broken_does_not_keep_the_bot_from_closing(
    db: Database, faults: Faults, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "ANSWER_SECONDS", 0.05)
    with structlog.testing.capture_logs() as logs:
        async with asyncio.timeout(30), Recorder(db, clock) as recorder:
            faults.arm(range(1, 1_000_000))
            assert await recorder.count(hit()) is False
            assert recorder.late == 1
    faults.armed = False
    assert recorder.lost == 1
    assert logs[-1]["log_level"] == "error"
    assert await events(db) == 0


async def test_hits_that_wait_while_the_zone_changes_count_on_the_new_zones_day(
    db: Database, disk: Any, clock: FixedClock
) -> None:
    async with Recorder(disk, clock) as recorder:
        await recorder.count(hit(1))
        disk.ready.clear()
        waiting = [recorder.count(hit(n)) for n in range(2, 5)]
        await asyncio.sleep(0.01)
        await Servers(db).change(Actor(GUILD, 1, manager=True), timezone="Pacific/Kiritimati")  # a day ahead
        disk.ready.set()
        assert all(await asyncio.gather(*waiting))
    assert await mismatches(db) == []
    async with db.read() as conn:
        days = {count.day: count.count for count in await counts.by_day(conn, GUILD, DAY, TOMORROW + dt.timedelta(1))}
    assert days == {TOMORROW: 4}


async def test_what_was_set_aside_is_counted_once_though_hits_came_between_the_commit_and_its_retry(
    db: Database, faults: Faults, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "FLUSH_SECONDS", 0.05)
    monkeypatch.setattr(recorder_module, "RETRY_SECONDS", (1.0,))
    with structlog.testing.capture_logs() as logs:
        async with Recorder(db, clock) as recorder:
            recorder.set_aside(SetAside(GUILD, LINK, BARE, DAY, "preview", "X"))
            faults.arm(range(1, 100), "connection lost after the commit", after=True)
            await until(lambda: logs)
            faults.armed = False  # it failed once, and is to be tried again
            assert await recorder.count(hit(1))
    assert len(logs) == 1
    assert await aside(db) == {"preview": 1}
    assert await events(db) == 1
