"""What is tidied up every hour: visitors of days gone by, and raw events older than they are kept."""

from __future__ import annotations

import datetime as dt

import structlog

from bot.clock import Clock
from bot.tracking.visitors import Visitors
from storage import hits, recount, servers
from storage.database import Database
from storage.ids import floor

CHUNK = 2_000
"""Events deleted in one transaction: hits wait for none of them longer than some milliseconds."""

log = structlog.get_logger(__name__)


class Housekeeping:
    """Deletes what is no longer needed; the rollups stay for good."""

    def __init__(self, db: Database, clock: Clock, visitors: Visitors, keep_events: dt.timedelta) -> None:
        self._db = db
        self._clock = clock
        self._visitors = visitors
        self._keep_events = keep_events

    async def run(self) -> int:
        """Do all of it; returns how many events were deleted."""
        now = self._clock.now()
        await self._visitors.forget(now)
        horizon = hits.bucket_of(now - self._keep_events)
        # First the horizon, then the events: a recount never looks for what is being deleted.
        await self._db.write(lambda conn: recount.set_horizon(conn, horizon))
        async with self._db.read() as conn:
            guild_ids = await servers.all_ids(conn)
        deleted = 0
        for guild_id in guild_ids:
            while True:
                n = await self._db.write(
                    lambda conn, guild_id=guild_id: hits.delete_events(conn, guild_id, horizon, floor(horizon), CHUNK)
                )
                deleted += n
                if n < CHUNK:
                    break
        if deleted:
            log.info("old events deleted", count=deleted, before=horizon.isoformat())
        return deleted
