"""What is done every hour: days that are over get totals; visitors of days gone by, old raw events and flags go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.insights.periods import local_day
from bot.profiles.flags import KEPT
from bot.servers import Servers
from bot.tracking.visitors import Visitors
from storage import hits, notices, prepared, profiles, recount, regroup, servers, totals
from storage.database import Database
from storage.ids import Ids, floor
from storage.prepared import Reader

CHUNK = 2_000
"""Events deleted in one transaction: hits wait for none of them longer than some milliseconds."""

CLOSED_AFTER = dt.timedelta(hours=2)
"""How long after its end a day is closed: no hit waits as long to be written."""

AHEAD = dt.timedelta(hours=48)
"""What was written for a time later than this from now was written by a clock that was wrong."""

LOOKED_AT = 200
"""Servers that are looked at in one trip to the database."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """What a server's housekeeping has to do."""

    until: dt.date | None
    """The day before which days are to be closed; None where all are."""
    is_ahead: bool = False
    """Whether events are dated in days to come."""
    is_old: bool = False
    """Whether events are to be deleted."""


class Housekeeping:
    """Closes days, and deletes what is no longer needed; the rollups stay for good.

    `is_settled` says whether the clock is right beyond doubt; else nothing that seems to be of the future is touched.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        visitors: Visitors,
        keep_events: dt.timedelta,
        ids: Ids | None = None,
        is_settled: Callable[[], bool] = lambda: True,
    ) -> None:
        self._db = db
        self._clock = clock
        self._visitors = visitors
        self._keep_events = keep_events
        self._ids = ids or Ids(clock.timestamp)
        self._is_settled = is_settled

    async def run(self) -> int:
        """Do all of it; returns how many events were deleted. One server's failure stops no other."""
        now = self._clock.now()
        is_settled = self._is_settled()
        if is_settled:
            await self._mend(now)
        await self._visitors.forget(now)
        await self._db.write(lambda conn: profiles.forget_flags(conn, now - KEPT))
        await self._db.write(lambda conn: notices.forget(conn, now - KEPT))
        horizon = hits.bucket_of(now - self._keep_events)
        # First the horizon, then the events: a recount never looks for what is being deleted.
        await self._db.write(lambda conn: recount.set_horizon(conn, horizon))
        async with self._db.read() as conn:
            guild_ids = await servers.all_ids(conn)
            regrouping = await regroup.waiting(conn)
        for guild_id in regrouping:  # whose zone was changed by a process that is gone
            try:
                await Servers(self._db).regroup(guild_id)
            except Exception:
                log.exception("days not given another zone", guild_id=guild_id)
        deleted = 0
        for guild_id, due in await self._look(guild_ids, now, horizon):
            try:
                if due.until is not None:
                    await self._close_days(guild_id, due.until)
            except Exception:
                log.exception("days not closed", guild_id=guild_id)
            try:
                if is_settled and due.is_ahead:
                    await self._bring_back(guild_id, now)
                if due.is_old:
                    deleted += await self._delete_events(guild_id, horizon)
            except Exception:
                log.exception("old events not deleted", guild_id=guild_id)
        if deleted:
            log.info("old events deleted", count=deleted, before=horizon.isoformat())
        return deleted

    async def _look(self, guild_ids: Sequence[int], now: dt.datetime, horizon: dt.datetime) -> list[tuple[int, Due]]:
        """What is to be done, of the servers where there is something: some hundreds of them are one trip."""

        def due(reader: Reader, guild_id: int) -> Due:
            today, first = (
                local_day(now - CLOSED_AFTER, servers.zone(reader, guild_id)),
                totals.next_day(reader, guild_id),
            )
            until = None if first is None or first >= today else today
            is_ahead = hits.are_ahead(reader, guild_id, now + AHEAD)
            return Due(until, is_ahead=is_ahead, is_old=hits.are_old(reader, guild_id, horizon))

        def work(reader: Reader, some: Sequence[int]) -> list[tuple[int, Due]]:
            found = []
            for guild_id in some:
                try:
                    found.append((guild_id, due(reader, guild_id)))
                except Exception:
                    log.exception("server not looked at", guild_id=guild_id)
            return found

        found = []
        for at in range(0, len(guild_ids), LOOKED_AT):
            async with self._db.read() as conn:
                found += await prepared.read(conn, partial(work, some=guild_ids[at : at + LOOKED_AT]))
        return [(guild_id, one) for guild_id, one in found if one != Due(None)]

    async def _mend(self, now: dt.datetime) -> None:
        """Take back what was written ahead: it would outlive its time, or keep others from their turn."""

        async def work(conn: AsyncConnection) -> None:
            await hits.forget_ahead(conn, now + AHEAD)
            await profiles.bring_back_flags(conn, now)
            await recount.bring_back_horizon(conn, hits.bucket_of(now) + hits.QUARTER)

        await self._db.write(work)

    async def _bring_back(self, guild_id: int, now: dt.datetime) -> None:
        """Count what a clock that was ahead has counted in days to come as of now."""
        async with self._db.read() as conn:
            today = local_day(now, (await servers.get(conn, guild_id)).timezone)
        while await self._db.write(
            lambda conn: conn.run_sync(hits.bring_back, guild_id, now + AHEAD, now, today, self._ids, CHUNK)
        ):
            pass

    async def _delete_events(self, guild_id: int, horizon: dt.datetime) -> int:
        deleted = 0
        while True:
            n = await self._db.write(lambda conn: hits.delete_events(conn, guild_id, horizon, floor(horizon), CHUNK))
            deleted += n
            if n < CHUNK:
                return deleted

    async def _close_days(self, guild_id: int, until: dt.date) -> None:
        """Build the totals of the days before `until`, in small transactions: whatever waits comes between two."""
        at: totals.Position | None = totals.BEGINNING
        while at is not None:
            at = await self._db.write_quietly(partial(totals.close, guild_id=guild_id, before=until, at=at))
