"""Whose long work is next: one piece at a time for each server, a few in all, servers in turn."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

AT_ONCE = 2
"""Pieces of work for all servers; each has a process, or a connection of `storage.database.Lane.LONG`, of its own."""
TOLD_SECONDS = 5.0
"""How often somebody who waits is told of a new place."""


@dataclass(slots=True, eq=False)
class _Waiting:
    guild_id: int
    go: asyncio.Event = field(default_factory=asyncio.Event)


class Turns:
    """A queue in which nobody stands behind more than one piece of each other server for each of their own."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._running: set[int] = set()
        self._queues: dict[int, deque[_Waiting]] = {}
        """By server, whose turn is next first."""

    @asynccontextmanager
    async def turn(self, guild_id: int, told: Callable[[int], Awaitable[object]] | None = None) -> AsyncIterator[None]:
        """Wait until it is the server's turn, and keep it for the block; `told` gets one's place when it changes.

        1 is who comes next. Nobody who is not waiting is told anything.
        """
        mine = _Waiting(guild_id)
        self._queues.setdefault(guild_id, deque()).append(mine)
        self._serve()
        try:
            await self._wait(mine, told)
            yield
        finally:
            if mine.go.is_set():
                self._running.discard(guild_id)
            else:
                self._leave(mine)
            self._serve()

    async def _wait(self, mine: _Waiting, told: Callable[[int], Awaitable[object]] | None) -> None:
        place = 0
        while not mine.go.is_set():
            if told is not None and (now := self.place(mine)) != place:
                place = now
                await told(place)
            try:
                async with asyncio.timeout(TOLD_SECONDS):
                    await mine.go.wait()
            except TimeoutError:
                continue

    def place(self, mine: _Waiting) -> int:
        """How many turns it takes until this one's, if each takes as long."""
        own = self._queues[mine.guild_id].index(mine)
        order = list(self._queues)
        ahead = order.index(mine.guild_id)
        others = (
            min(len(queue), own + (number < ahead))
            for number, (guild_id, queue) in enumerate(self._queues.items())
            if guild_id != mine.guild_id
        )
        return own + sum(others) + 1

    def _leave(self, mine: _Waiting) -> None:
        queue = self._queues[mine.guild_id]
        queue.remove(mine)
        if not queue:
            del self._queues[mine.guild_id]

    def _serve(self) -> None:
        """Let go on who may."""
        for guild_id in list(self._queues):
            if len(self._running) >= self._at_once:
                return
            if guild_id not in self._running:
                queue = self._queues.pop(guild_id)
                first = queue.popleft()
                if queue:
                    self._queues[guild_id] = queue  # behind the others
                self._running.add(guild_id)
                first.go.set()
