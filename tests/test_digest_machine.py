"""Two processes, kills, stalls, a clock that jumps, a Discord that fails after it took a message: never two digests.

Hypothesis chooses what happens between any two awaits.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import tempfile
from collections import Counter, deque
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy.exc import OperationalError

from bot.clock import FixedClock
from bot.delivery.failures import Failure
from bot.delivery.port import Address, Refused, Unreadable
from bot.digests.content import Content
from storage import digests, migrate
from storage.database import Database
from storage.records import DigestRun, RunState
from tests.digest_lives import GUILD, MONDAY, FileDiscord, SteppedDatabase, made, marker, set_up

NONCE_MEMORY = dt.timedelta(minutes=3)
STALL = dt.timedelta(seconds=100)
"""An attempt that takes longer is given up (`SEND_SECONDS`)."""
told: Counter[str] = Counter()
_fresh: list[Path] = []


class Discord:
    """Messages with their true time; nonces are enforced for some minutes; it fails as the story says."""

    application_id = 42

    def __init__(self) -> None:
        self.true_time = MONDAY
        self.messages: list[tuple[str, str, dt.datetime]] = []
        self.fails = ""
        self.is_readable = True
        self.may_post = True
        self.was_unreadable = False

    def is_in(self, guild_id: int) -> bool:
        return True

    def take(self, text: str, nonce: str) -> int:
        for n, (_text, known, at) in enumerate(self.messages):
            if known == nonce and self.true_time - at <= NONCE_MEMORY:
                return n
        self.messages.append((text, nonce, self.true_time))
        return len(self.messages) - 1


class Process:
    """A bot before that Discord, whose every await waits until the story lets it go on."""

    def __init__(self, world: DigestMachine) -> None:
        self.world = world
        self.gates: deque[asyncio.Future[None]] = deque()
        self.task: asyncio.Task[int] | None = None
        self.free = False
        self.breaks: set[str] = set()
        self.stack = AsyncExitStack()

    @property
    def application_id(self) -> int:
        return Discord.application_id

    def is_in(self, guild_id: int) -> bool:
        return True

    async def open(self) -> None:
        with mock.patch.object(migrate, "upgrade"):
            self.db = await self.stack.enter_async_context(SteppedDatabase.open(self.world.path, lock=False))
        self.db.step = self.step  # type: ignore[attr-defined]
        self.digests = made(self.db, self.world.clock)

    async def step(self, what: str) -> None:
        if what == "before a commit":  # its write transaction is open: another process would wait for it in vain
            self.fail("before a commit")
            return
        if not self.free:
            gate = asyncio.get_running_loop().create_future()
            self.gates.append(gate)
            await gate
        if what == "after a commit":
            self.fail("after a commit")

    def fail(self, what: str) -> None:
        if what in self.breaks:
            self.breaks.discard(what)
            told[f"database error {what}"] += 1
            raise OperationalError("", None, RuntimeError("disk I/O error"))

    async def send(self, address: Address, content: Content, *, nonce: str) -> int:
        discord = self.world.discord
        await self.step("before Discord gets it")
        if not discord.may_post:
            raise Refused(Failure.PERMISSION, "no permission")
        if discord.fails == "before":
            discord.fails = ""
            raise ConnectionError("500")
        found = discord.take(marker(content), nonce)
        if discord.fails == "after":
            discord.fails = ""
            told["500 after Discord took it"] += 1
            raise ConnectionError("500")
        await self.step("Discord has it")
        return found

    async def find(self, address: Address, content: Content, *, after: dt.datetime) -> int | None:
        discord = self.world.discord
        await self.step("before the history is read")
        if not discord.is_readable:
            raise Unreadable
        wanted = marker(content)
        found = [n for n, (text, _nonce, at) in enumerate(discord.messages) if text == wanted and at >= after]
        await self.step("the history is read")
        return found[0] if found else None

    async def kill(self) -> None:
        if self.task is not None:
            self.task.cancel()
            with suppress(asyncio.CancelledError):
                await self.task
        self.task = None
        self.gates.clear()

    async def close(self) -> None:
        await self.kill()
        await self.stack.aclose()


class DigestMachine(RuleBasedStateMachine):
    """The story. Rules are synchronous; a loop of their own runs what they set off."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "eyeballs.db"
        self.clock = FixedClock(MONDAY)
        self.discord = Discord()
        self.processes: list[Process] = []

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def settle(self) -> None:
        """Until every process waits at a gate or is done."""
        while running := [p.task for p in self.processes if p.task and not p.task.done() and not p.gates]:
            await asyncio.wait(running, timeout=0.0005)  # SQLite's threads tell nobody
        for process in self.processes:
            if process.task is not None and process.task.done():
                process.task.exception()
                process.task = None

    @initialize(steps=st.integers(0, 20))
    def begin(self, steps: int) -> None:
        told["stories"] += 1
        shutil.copy(_fresh[0], self.path)
        self.processes = [Process(self), Process(self)]
        for process in self.processes:
            self.run(process.open())
        self.tick(0, steps)

    @rule(which=st.integers(0, 1), steps=st.integers(0, 20))
    def tick(self, which: int, steps: int) -> None:
        """Begin to send what is due, or go on with it, so many steps."""
        process = self.processes[which]
        if process.task is None:
            told["ticks"] += 1
            process.task = self.loop.create_task(process.digests.tick(process))
            self.run(self.settle())
        for _n in range(steps):
            if process.gates:
                gate = process.gates.popleft()
                if not gate.done():
                    gate.set_result(None)
                self.run(self.settle())

    @rule(which=st.integers(0, 1), steps=st.integers(0, 20))
    def kill(self, which: int, steps: int) -> None:
        """In the middle of sending: a process that does nothing begins first."""
        if self.processes[which].task is None:
            self.tick(which, steps)
        told["kills"] += self.processes[which].task is not None
        self.run(self.processes[which].close())
        self.processes[which] = Process(self)
        self.run(self.processes[which].open())

    @rule(seconds=st.sampled_from([20, 95, 200, 600, 3_600, 90_000, 7 * 86_400]))
    def time_passes(self, seconds: int) -> None:
        passed = dt.timedelta(seconds=seconds)
        self.clock.move(seconds=seconds)
        self.discord.true_time += passed
        if passed > STALL:
            self.run(self.give_up())

    async def give_up(self) -> None:
        """What waits longer than an attempt may is ended by its timeout."""
        for process in self.processes:
            while process.gates:
                gate = process.gates.popleft()
                if not gate.done():
                    gate.set_exception(TimeoutError())
                await self.settle()

    @rule(seconds=st.sampled_from([-36_000, -3_600, -240, -30, 240, 3_600, 36_000]))
    def the_clock_is_set(self, seconds: int) -> None:
        """Only our own; it stays within a day of the truth."""
        wrong = self.clock.now() + dt.timedelta(seconds=seconds) - self.discord.true_time
        if abs(wrong) < dt.timedelta(hours=20):
            told["clock steps"] += 1
            self.clock.move(seconds=seconds)

    @rule(how=st.sampled_from(["before", "after", "after"]))
    def discord_fails(self, how: str) -> None:
        self.discord.fails = how

    @rule(which=st.integers(0, 1), what=st.sampled_from(["before a commit", "after a commit"]))
    def the_database_fails(self, which: int, what: str) -> None:
        self.processes[which].breaks.add(what)

    @rule(readable=st.booleans())
    def the_history(self, readable: bool) -> None:
        self.discord.is_readable = readable
        self.discord.was_unreadable |= not readable

    @rule(may=st.booleans())
    def permission(self, may: bool) -> None:
        self.discord.may_post = may

    @precondition(lambda self: self.processes)
    @invariant()
    def never_two(self) -> None:
        times = Counter(text for text, _nonce, _at in self.discord.messages)
        assert max(times.values(), default=0) <= 1, times

    async def heal(self) -> list[DigestRun]:
        """Everything works again; ticks until all is settled; the runs."""
        self.discord.fails, self.discord.is_readable, self.discord.may_post = "", True, True
        for process in self.processes:
            await process.close()
        self.clock.move(seconds=(self.discord.true_time - self.clock.now()).total_seconds())
        last = Process(self)
        await last.open()
        last.free = True
        for minutes in (0, 5, 31, 31, 60, 24 * 60, 24 * 60 + 5):
            self.clock.move(minutes=minutes)
            self.discord.true_time += dt.timedelta(minutes=minutes)
            await last.digests.tick(last)
        async with Database.read(last.db) as conn:
            (digest,) = await digests.of_server(conn, GUILD)
            runs = await digests.last_runs(conn, GUILD, digest.id, 50)
        await last.close()
        return runs

    def teardown(self) -> None:
        try:
            if self.processes:
                self.check(self.run(self.heal()))
        finally:
            self.loop.close()
            self.folder.cleanup()

    def check(self, runs: list[DigestRun]) -> None:
        self.never_two()
        times = Counter(text for text, _nonce, _at in self.discord.messages)
        for run in runs:
            told[str(run.state)] += 1
            count = times.pop(f"{GUILD}:{run.digest_id}:{run.period_start}", 0)
            match run.state:
                case RunState.SENT:
                    assert count == 1, run
                case RunState.UNKNOWN:
                    assert self.discord.was_unreadable, run
                case _:
                    assert run.state in (RunState.SKIPPED, RunState.FAILED), run
                    assert count == 0, run
        assert not times, "a message without a run"


@pytest.mark.long
@pytest.mark.parametrize("number", [15, pytest.param(200, marks=pytest.mark.proof)])
async def test_whatever_happens_no_digest_comes_twice_or_gets_lost(tmp_path: Path, number: int) -> None:
    _fresh[:] = [tmp_path / "fresh.db"]
    told.clear()
    await set_up(_fresh[0])

    def stories() -> None:
        DigestMachine.TestCase.settings = settings(
            max_examples=number, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        )
        DigestMachine.TestCase("runTest").debug()

    await asyncio.to_thread(stories)
    assert told["sent"] > number / 4
    assert told["kills"]
    print(dict(told))  # noqa: T201


async def test_the_story_of_an_error_after_discord_took_the_message(tmp_path: Path) -> None:
    _fresh[:] = [tmp_path / "fresh.db"]
    told.clear()
    await set_up(_fresh[0])

    def story() -> None:
        machine = DigestMachine()
        machine.begin(steps=0)
        machine.discord_fails("after")
        for _n in range(3):
            machine.tick(0, steps=20)
            machine.time_passes(600)
        machine.teardown()

    await asyncio.to_thread(story)
    assert told["500 after Discord took it"] == 1
    assert told["sent"] == 1


async def test_no_worker_lives_on_when_what_is_due_could_not_be_read(tmp_path: Path) -> None:
    await set_up(tmp_path / "fresh.db")
    reads = 0

    async def step(what: str) -> None:
        nonlocal reads
        reads += what == "before a read"
        if reads == 2:  # the first finds what to mend
            reads += 1
            raise OperationalError("", None, RuntimeError("disk I/O error"))
        await asyncio.sleep(0.01)

    async with SteppedDatabase.open(tmp_path / "fresh.db") as db:
        db.step = step  # type: ignore[attr-defined]
        before = asyncio.all_tasks()
        service = made(db, FixedClock(MONDAY))
        with pytest.raises(OperationalError):
            await service.tick(FileDiscord(tmp_path / "discord", "nonces", step))
        assert asyncio.all_tasks() == before
        assert await service.tick(FileDiscord(tmp_path / "discord", "nonces", step)) == 1, "the next tick goes on"


@pytest.fixture(autouse=True)
def _quiet_log() -> Any:
    with mock.patch("bot.delivery.outbox.log"):
        yield
