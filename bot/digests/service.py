"""Digests: set up, looked at, switched off, and sent once for each server and week."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.digests import due
from bot.digests.content import Content, compose
from bot.digests.deliver import Deliver, Gone, Unreadable
from bot.errors import NotFoundError
from bot.insights.periods import Period
from bot.links.access import Actor, require_manager
from bot.stats.service import Stats
from bot.texts import _
from storage import digests, servers
from storage.database import Database
from storage.ids import Ids
from storage.records import Digest, DigestRun, DigestState, RunState, Server

LEASE = dt.timedelta(minutes=3)
"""How long a claim holds; also how far apart two attempts are."""
NONCE_WINDOW = dt.timedelta(minutes=2)
"""For as long Discord surely remembers a nonce ("the past few minutes"); later the history is asked first."""
MAX_ATTEMPTS = 20
DEFAULT_MINUTE = 9 * 60

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Status:
    digest: Digest
    zone: str
    runs: Sequence[DigestRun]


class Digests:
    """The digest of each server, its claim, and the tick that sends what is due."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, stats: Stats) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._stats = stats

    # ------------------------------------------------------------------ what people ask for

    async def set_up(
        self, actor: Actor, *, channel_id: int, weekday: int | None = None, minute: int | None = None
    ) -> Digest:
        """Post the server's week in the channel from now on; keeps the digest's identity, so no week comes twice.

        Weekday and minute stay as they were; the first time they are the server's first weekday and 09:00.
        """
        require_manager(actor)

        async def work(conn: AsyncConnection) -> Digest:
            server = await servers.get(conn, actor.guild_id)
            old = await digests.get(conn, actor.guild_id)
            day = weekday if weekday is not None else server.first_weekday if old is None else old.weekday
            at = minute if minute is not None else DEFAULT_MINUTE if old is None else old.minute
            digest = Digest(
                guild_id=actor.guild_id,
                id=self._ids.new() if old is None else old.id,
                channel_id=channel_id,
                weekday=day,
                minute=at,
                state=DigestState.ACTIVE,
                next_run_at=due.next_run(self._clock.now(), day, at, server.timezone),
                created_by=actor.user_id,
            )
            await digests.put(conn, digest)
            return digest

        return await self._db.write(work)

    async def reschedule(self, actor: Actor) -> None:
        """Move the next digest to the same local time after the server's zone changed.

        Where that has passed already this week, the week's digest still comes when it was promised.
        """
        async with self._db.read() as conn:
            old = await digests.get(conn, actor.guild_id)
        if old is None or old.state is not DigestState.ACTIVE:
            return
        new = await self.set_up(actor, channel_id=old.channel_id)
        if new.next_run_at > old.next_run_at:
            await self._db.write(lambda conn: digests.change(conn, old.guild_id, old.id, next_run_at=old.next_run_at))

    async def switch_off(self, actor: Actor) -> Digest:
        """No more digests until it is set up again. Raises NotFoundError when there is none."""
        require_manager(actor)

        async def work(conn: AsyncConnection) -> Digest:
            digest = await digests.get(conn, actor.guild_id)
            if digest is None or digest.state is DigestState.OFF:
                raise NotFoundError(_("There is no digest to switch off. /digest setup starts one."))
            await digests.change(conn, digest.guild_id, digest.id, state=DigestState.OFF, reason="")
            return dataclasses.replace(digest, state=DigestState.OFF)

        return await self._db.write(work)

    async def status(self, guild_id: int) -> Status | None:
        """The digest with its latest runs; None when it was never set up."""
        async with self._db.read() as conn:
            digest = await digests.get(conn, guild_id)
            if digest is None:
                return None
            server = await servers.get(conn, guild_id)
            return Status(digest, server.timezone, await digests.last_runs(conn, guild_id, digest.id))

    async def preview(self, guild_id: int) -> Content:
        """The digest of the last complete week, as it would be posted now."""
        async with self._db.read() as conn:
            server = await servers.get(conn, guild_id)
        period = due.due_period(self._clock.now(), server.timezone, server.first_weekday)
        return await self.content(guild_id, period)

    async def content(self, guild_id: int, period: Period, *, late: bool = False) -> Content:
        return compose(guild_id, await self._stats.server(guild_id, period), late=late)

    # ------------------------------------------------------------------ what the tick does

    async def tick(self, deliver: Deliver) -> int:
        """Send every digest that is due; returns how many went out. One server's failure never stops the others."""
        async with self._db.read() as conn:
            waiting = await digests.due(conn, self._clock.now())
        sent = 0
        for digest in waiting:
            try:
                sent += await self._send_due(digest, deliver)
            except Exception:
                log.exception("digest failed", guild_id=digest.guild_id)
        return sent

    async def _send_due(self, digest: Digest, deliver: Deliver) -> bool:
        now = self._clock.now()
        async with self._db.read() as conn:
            server = await servers.get(conn, digest.guild_id)
        *older, latest = due.missed(digest.next_run_at, now, digest.weekday, digest.minute, server.timezone)
        period = due.due_period(latest, server.timezone, server.first_weekday)
        too_late = now - latest > due.LATEST

        async def claim(conn: AsyncConnection) -> bool:
            for at in [*older, latest] if too_late else older:
                missed = due.due_period(at, server.timezone, server.first_weekday)
                reason = _("Eyeballs was not running when it was due.")
                await digests.add_run(conn, digest.guild_id, digest.id, missed.first, RunState.SKIPPED, reason)
            if too_late:
                await self._move_on(conn, digest, server)
                return False
            await digests.add_run(conn, digest.guild_id, digest.id, period.first, RunState.PENDING)
            if await digests.claim(conn, digest.guild_id, digest.id, period.first, now, LEASE):
                return True
            run = await digests.get_run(conn, digest.guild_id, digest.id, period.first)
            if run is not None and run.state not in (RunState.PENDING, RunState.SENDING):
                await self._move_on(conn, digest, server)  # this week is done, only the date was not moved on
            return False

        if not await self._db.write(claim):
            return False
        late = now - latest > LEASE
        return await self._send_claimed(digest, server, await self.content(digest.guild_id, period, late=late), deliver)

    async def _send_claimed(self, digest: Digest, server: Server, content: Content, deliver: Deliver) -> bool:
        start = content.report.period.first
        async with self._db.read() as conn:
            run = await digests.get_run(conn, digest.guild_id, digest.id, start)
        assert run is not None
        assert run.first_attempt_at is not None
        nonce = due.nonce(deliver.application_id, digest.guild_id, digest.id, start)
        try:
            message_id = None
            if self._clock.now() - run.first_attempt_at > NONCE_WINDOW:
                # Discord may have forgotten the nonce of an attempt whose end nobody saw.
                message_id = await deliver.find(digest, content, after=run.first_attempt_at - LEASE)
            if message_id is None:
                message_id = await deliver.send(digest, content, nonce=nonce)
        except Gone as gone:
            log.warning("digest paused", guild_id=digest.guild_id, reason=gone.reason)
            await self._finish(digest, server, start, RunState.FAILED, reason=gone.reason, pause=True)
            return False
        except Unreadable:
            reason = _("Discord did not say whether it was posted, and the channel's history can't be read.")
            await self._finish(digest, server, start, RunState.UNKNOWN, reason=reason)
            return False
        except Exception:
            if run.attempts >= MAX_ATTEMPTS:
                reason = _("Discord could not be reached in {n} attempts.").format(n=run.attempts)
                await self._finish(digest, server, start, RunState.FAILED, reason=reason)
            raise  # the claim's lease runs out, then the tick tries again with the same nonce
        await self._finish(digest, server, start, RunState.SENT, message_id=message_id)
        return True

    async def _finish(
        self,
        digest: Digest,
        server: Server,
        start: dt.date,
        state: RunState,
        *,
        message_id: int | None = None,
        reason: str = "",
        pause: bool = False,
    ) -> None:
        now = self._clock.now()

        async def work(conn: AsyncConnection) -> None:
            await digests.change_run(
                conn,
                digest.guild_id,
                digest.id,
                start,
                state=state,
                message_id=message_id,
                finished_at=now,
                reason=reason,
            )
            await self._move_on(conn, digest, server)
            if pause:
                await digests.change(conn, digest.guild_id, digest.id, state=DigestState.PAUSED, reason=reason)

        await self._db.write(work)

    async def _move_on(self, conn: AsyncConnection, digest: Digest, server: Server) -> None:
        following = due.next_run(self._clock.now(), digest.weekday, digest.minute, server.timezone)
        await digests.change(conn, digest.guild_id, digest.id, next_run_at=following)
