"""Long work: one piece at a time for a server, two in all, and no server waits behind all that another asked for."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.turns import Turns


class Story:
    """Pieces of work that are done when the story says so."""

    def __init__(self) -> None:
        self.turns = Turns(2)
        self.order: list[str] = []
        self.running: list[tuple[int, str, asyncio.Event]] = []
        self.places: dict[str, list[int]] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def begin(self, guild_id: int, name: str) -> None:
        self.tasks[name] = asyncio.create_task(self._work(guild_id, name))
        await asyncio.sleep(0)

    async def _work(self, guild_id: int, name: str) -> None:
        async def told(place: int) -> None:
            self.places.setdefault(name, []).append(place)

        async with self.turns.turn(guild_id, told):
            mine = (guild_id, name, asyncio.Event())
            self.running.append(mine)
            self.order.append(name)
            try:
                await mine[2].wait()
            finally:
                self.running.remove(mine)

    async def finish(self, number: int = 0) -> None:
        self.running[number][2].set()
        await self.settle()

    async def settle(self) -> None:
        for _n in range(5):
            await asyncio.sleep(0)

    async def cancel(self, name: str) -> None:
        self.tasks[name].cancel()
        with suppress(asyncio.CancelledError):
            await self.tasks[name]
        await self.settle()


async def test_a_server_with_twelve_waits_for_itself_and_another_comes_next() -> None:
    story = Story()
    for number in range(12):
        await story.begin(1, f"a{number}")
    assert story.order == ["a0"]
    assert story.places["a11"] == [11]
    await story.begin(2, "b0")
    await story.begin(2, "b1")
    await story.begin(3, "c0")
    assert story.order == ["a0", "b0"]
    assert story.places["c0"] == [3]  # behind one of each other server, not behind all of theirs
    await story.finish()
    assert story.order == ["a0", "b0", "a1"]
    await story.finish()
    assert story.order == ["a0", "b0", "a1", "b1"]
    await story.finish()
    assert story.order[4:] == ["c0"]
    for _n in range(14):
        if story.running:
            await story.finish()
    assert len(story.order) == 15
    assert not story.turns._queues
    assert not story.turns._running


async def test_who_gives_up_or_fails_leaves_their_place() -> None:
    story = Story()
    for guild_id, name in ((1, "a0"), (2, "b0"), (1, "a1"), (3, "c0")):
        await story.begin(guild_id, name)
    await story.cancel("a1")
    await story.cancel("a0")
    assert story.order == ["a0", "b0", "c0"]
    await story.cancel("c0")
    await story.finish()
    assert not story.running
    assert not story.turns._queues


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["begin", "finish", "cancel"]), st.integers(0, 3)), max_size=40))
def test_never_more_than_two_nor_two_of_a_server_and_nobody_idles(steps: list[tuple[str, int]]) -> None:
    async def run() -> None:
        story = Story()
        for number, (what, which) in enumerate(steps):
            if what == "begin":
                await story.begin(which, str(number))
            elif what == "finish" and story.running:
                await story.finish(which % len(story.running))
            elif what == "cancel" and (alive := [name for name, task in story.tasks.items() if not task.done()]):
                await story.cancel(alive[which % len(alive)])
            servers = [guild_id for guild_id, _name, _done in story.running]
            assert len(servers) == len(set(servers)) <= 2
            waiting = story.turns._queues.keys() - set(servers)
            assert len(servers) == 2 or not waiting
        while story.running:
            await story.finish()
        assert not story.turns._queues

    asyncio.run(run())
