"""Waits for what happens in its own time, so that a slow machine fails no test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds; a test that is to fail takes as long."""


async def becomes(look: Callable[[], Awaitable[T]], wanted: T) -> T:
    """What `look` finds at last: `wanted`, or whatever else it still finds when patience ends."""
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while (found := await look()) != wanted and loop.time() < end:  # noqa: ASYNC110 (databases set no Event)
        await asyncio.sleep(0.01)
    return found


async def until(is_so: Callable[[], object]) -> None:
    """Return once it is so; AssertionError when it does not come to be so."""

    async def look() -> bool:
        return bool(is_so())

    assert await becomes(look, True)
