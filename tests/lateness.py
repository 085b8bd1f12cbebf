"""Tells what an event loop itself holds up from what the machine does: each step by the CPU time that it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


async def lag(late: list[float]) -> None:
    """How late the loop comes round, in seconds: for its own steps, or for others that have the GIL or the core."""
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(0.005)
        late.append(time.perf_counter() - begun - 0.005)


@contextmanager
def steps(held: list[float]) -> Iterator[None]:
    """How much CPU time each step of asyncio's loop takes, in seconds: nothing else happens in the loop meanwhile."""
    run = asyncio.events.Handle._run  # type: ignore[attr-defined]

    def timed(handle: Any) -> None:
        begun = time.thread_time()
        run(handle)
        held.append(time.thread_time() - begun)

    asyncio.events.Handle._run = timed  # type: ignore[attr-defined]
    try:
        yield
    finally:
        asyncio.events.Handle._run = run  # type: ignore[attr-defined]
