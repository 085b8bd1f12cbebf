"""What is done every hour: days that are over get totals; visitors of days gone by, old raw events and flags go."""

from __future__ import annotations

import datetime as dt

import structlog

from bot.clock import Clock
from bot.insights.periods import local_day
from bot.profiles.flags import KEPT
from bot.tracking.visitors import Visitors
from storage import hits, notices, profiles, recount, servers, totals
from storage.database import Database
from storage.ids import floor

CHUNK = 2_000
"""Events deleted in one transaction: hits wait for none of them longer than some milliseconds."""

CLOSED_AFTER = dt.timedelta(hours=2)
"""How long after its end a day is closed: no hit waits as long to be written."""

log = structlog.get_logger(__name__)


class Housekeeping:
    """Closes days, and deletes what is no longer needed; the rollups stay for good."""

    def __init__(self, db: Database, clock: Clock, visitors: Visitors, keep_events: dt.timedelta) -> None:
        self._db = db
        self._clock = clock
        self._visitors = visitors
        self._keep_events = keep_events

    async def run(self) -> int:
        """Do all of it; returns how many events were deleted."""
        now = self._clock.now()
        await self._visitors.forget(now)
        await self._db.write(lambda conn: profiles.forget_flags(conn, now - KEPT))
        await self._db.write(lambda conn: notices.forget(conn, now - KEPT))
        horizon = hits.bucket_of(now - self._keep_events)
        # First the horizon, then the events: a recount never looks for what is being deleted.
        await self._db.write(lambda conn: recount.set_horizon(conn, horizon))
        async with self._db.read() as conn:
            guild_ids = await servers.all_ids(conn)
        deleted = 0
        for guild_id in guild_ids:
            await self._close_days(guild_id, now - CLOSED_AFTER)
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

    async def _close_days(self, guild_id: int, at: dt.datetime) -> None:
        """Build the totals of the days that were over at an instant, day by day in small transactions."""
        while True:
            async with self._db.read() as conn:
                today = local_day(at, (await servers.get(conn, guild_id)).timezone)
                steps = await totals.steps(conn, guild_id, today)
            if not steps:
                return
            for step in steps:
                # As hits are: nothing that is cached changes by it. Whatever waits comes between two steps.
                if not await self._db.write(step, first=True):
                    break
