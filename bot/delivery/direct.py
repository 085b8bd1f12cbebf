"""Direct messages: each person's channel is opened once and remembered, and no two within a second.

Discord takes bots that open many at once for spammers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from storage import notices
from storage.database import Database

OPENING_SECONDS = 1.0


class DirectChannels:
    """Which channel is a member's; `now` gives seconds."""

    def __init__(self, db: Database, now: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._now = now
        self._free_at = 0.0
        self._turn = asyncio.Lock()

    async def turn(self) -> None:
        """Wait until another one may be opened."""
        async with self._turn:
            if (wait := self._free_at - self._now()) > 0:
                await asyncio.sleep(wait)
            self._free_at = self._now() + OPENING_SECONDS

    async def get(self, guild_id: int, user_id: int) -> int | None:
        """The channel's id; None where it is not known."""
        async with self._db.read() as conn:
            return await notices.direct_channel(conn, guild_id, user_id)

    async def put(self, guild_id: int, user_id: int, channel_id: int) -> None:
        await self._db.write(lambda conn: notices.put_direct_channel(conn, guild_id, user_id, channel_id))

    async def forget(self, guild_id: int, user_id: int) -> None:
        await self._db.write(lambda conn: notices.forget_direct_channel(conn, guild_id, user_id))
