"""How fast deliveries may ask things of Discord: half of what it allows a bot; commands have the other half."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

REQUESTS_A_SECOND = 25
PAUSE = 1.01
"""Seconds, with a little to spare: a loop may wake early."""


class Budget:
    """Lets at most so many requests begin within any one second; who comes first goes first. `now` gives seconds."""

    def __init__(self, most: int = REQUESTS_A_SECOND, now: Callable[[], float] = time.monotonic) -> None:
        self._began: deque[float] = deque(maxlen=most)
        self._now = now
        self._turn = asyncio.Lock()

    async def take(self) -> None:
        """Wait until another request may begin."""
        async with self._turn:
            if len(self._began) == self._began.maxlen and (wait := self._began[0] + PAUSE - self._now()) > 0:
                await asyncio.sleep(wait)
            self._began.append(self._now())
