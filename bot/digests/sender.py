"""Sends the digests that are due: claim a period, send it, mark it; never two messages for one period."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.delivery.failures import Failure, Kind
from bot.delivery.notices import note_trouble
from bot.delivery.outbox import (
    BEGIN_SECONDS,
    SKIPPED,
    Letter,
    Outbox,
    Outcome,
    Skip,
    keeps,
    lasts,
    lease,
    pauses,
    settled,
    work_off,
)
from bot.delivery.port import Address, Port
from bot.digests import due
from bot.digests.contents import Contents
from bot.insights.periods import Period
from storage import digests, servers
from storage.database import Database
from storage.ids import Ids, made_at
from storage.records import Digest, DigestRun, DigestState, Quiet, RunState

LATE = dt.timedelta(minutes=30)
BATCH = 200

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Claimed:
    digest: Digest
    zone: str
    run: DigestRun
    period: Period
    may_send: bool
    """False when it is too late: then only what became of an earlier attempt is found out."""
    late: bool


class Sender(Outbox):
    """Goes through what is due with several workers."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, contents: Contents) -> None:
        super().__init__(db, clock)
        self._ids = ids
        self._contents = contents

    async def tick(self, port: Port) -> int:
        """Send every digest that is due; returns how many went out. One server's failure never stops the others."""
        await self._mend(port)
        seen: set[tuple[int, int]] = set()
        sent = 0
        loop = asyncio.get_running_loop()
        until = loop.time() + BEGIN_SECONDS
        while loop.time() < until:
            now = self._clock.now()
            async with self._db.read() as conn:
                found = await digests.due(conn, now, BATCH)
                self.waiting = await digests.count_due(conn, now)
            batch = [digest for digest in found if (digest.guild_id, digest.id) not in seen]
            if not batch:
                break
            seen.update((digest.guild_id, digest.id) for digest in batch)
            sent += await work_off(batch, _lane, lambda digest: self._send_due(digest, port))
        async with self._db.read() as conn:
            self.waiting = await digests.count_due(conn, self._clock.now())
        return sent

    async def _mend(self, port: Port) -> None:
        """Wake the digests of servers that the bot is in again, and those that a wrong clock put off."""
        now = self._clock.now()
        async with self._db.read() as conn:
            back = [digest for digest in await digests.left(conn) if port.is_in(digest.guild_id)]
            far = await digests.later_than(conn, {cadence: now + least for cadence, least in due.SHORTEST.items()})
            astray = [digest for digest in far if await _is_astray(conn, digest, now)]
        for mend, found in ((_wake, back), (_bring_back, astray)):
            for digest in found:
                try:
                    await self._db.write(lambda conn, mend=mend, digest=digest: mend(conn, digest, now))
                except Exception:
                    log.exception("digest not mended", guild_id=digest.guild_id, digest_id=digest.id)

    async def _send_due(self, digest: Digest, port: Port) -> int:
        sent = 0
        while (claimed := await self._db.write(lambda conn: self._claim(conn, digest))) is not None:
            sent += await self._send(claimed, port)
        return sent

    async def _claim(self, conn: AsyncConnection, known: Digest) -> _Claimed | None:
        """Note what is due and what was missed, and claim the oldest run that is open; None when there is none."""
        now = self._clock.now()
        digest = await digests.get(conn, known.guild_id, known.id)
        if digest is None or digest.state not in digests.SENDABLE or digest.next_run_at > now:
            return None
        key = digest.guild_id, digest.id
        server = await servers.get(conn, digest.guild_id)
        zone, shift = server.timezone, due.spread(digest)

        def period_at(at: dt.datetime) -> Period:
            return due.due_period(at, digest.cadence, zone, server.first_weekday)

        latest = due.last_run(now - shift, digest, zone)
        too_late = now - shift - latest > due.LATEST
        for at in due.missed(digest.next_run_at - shift, latest, digest, zone):
            await self._skip(conn, digest, period_at(at), now)
        if too_late:
            await self._skip(conn, digest, period_at(latest), now)
        else:
            await digests.add_run(conn, *key, period_at(latest).first, RunState.PENDING)
        for waiting in await digests.open_runs(conn, *key):
            until = now + lease(waiting.attempts, waiting.failure)
            run = await digests.claim(conn, *key, waiting.period_start, now, until)
            if run is not None:
                await digests.change(conn, *key, next_run_at=until)
                return _Claimed(
                    digest,
                    zone,
                    run,
                    due.period_from(run.period_start, digest.cadence, zone),
                    may_send=not too_late and run.period_start == period_at(latest).first,
                    late=now - min(max(latest + shift, digest.next_run_at), run.first_attempt_at or now) > LATE,
                )
        await move_on(conn, digest, zone, now)
        return None

    async def _skip(self, conn: AsyncConnection, digest: Digest, period: Period, now: dt.datetime) -> None:
        key = digest.guild_id, digest.id, period.first
        if await digests.add_run(conn, *key, RunState.SKIPPED, finished_at=now, reason=SKIPPED[Skip.DOWNTIME]):
            self.skipped[Skip.DOWNTIME] += 1

    async def _send(self, claimed: _Claimed, port: Port) -> bool:
        digest, run = claimed.digest, claimed.run
        letter = Letter(
            _address(digest),
            (digest.id, run.period_start),
            attempts=run.attempts,
            first_attempt_at=run.first_attempt_at or self._clock.now(),
            failure=run.failure,
            reason=run.reason,
            may_send=claimed.may_send,
        )

        async def make() -> tuple[Any, Skip | None]:
            content = await self._contents.of(digest, claimed.period, late=claimed.late)
            is_skipped = content.is_quiet and digest.quiet is Quiet.SKIP and not content.is_role_gone
            return content, Skip.QUIET if is_skipped else None

        outcome = await self.attempt(port, letter, make)
        await self._finish(claimed, outcome)
        return outcome.state is RunState.SENT

    async def _finish(self, claimed: _Claimed, outcome: Outcome) -> None:
        """Write down what became of the run, and of the digest by it."""
        now, run = self._clock.now(), claimed.run
        values = settled(outcome, now, keeps=claimed.may_send and keeps(outcome))
        if outcome.state is RunState.SENT:
            values["message_id"] = outcome.message_id

        async def follow(conn: AsyncConnection) -> None:
            digest = await digests.get(conn, run.guild_id, run.digest_id)
            if digest is None or digest.state not in digests.SENDABLE:
                return
            if lasts(outcome):
                await self._note(conn, digest, outcome, now)
            elif outcome.state is RunState.SENT and digest.failure:
                await digests.change(conn, digest.guild_id, digest.id, **_WELL)
            await move_on(conn, digest, claimed.zone, now)

        await self.finish(outcome, run.failure, lambda conn: digests.finish(conn, run, **values), follow)

    async def _note(self, conn: AsyncConnection, digest: Digest, outcome: Outcome, now: dt.datetime) -> None:
        """Keep why it fails, and have those who run the server told if no digest of that place told them before."""
        failure = outcome.failure
        assert failure is not None
        others = await digests.of_server(conn, digest.guild_id)
        if all((other.failure, other.channel_id) != (failure, digest.channel_id) for other in others):
            await note_trouble(conn, self._ids, now, _address(digest), failure, outcome.reason)
        state = digest.state
        if pauses(outcome):
            state = DigestState.LEFT if failure is Failure.LEFT else DigestState.PAUSED
        await digests.change(conn, digest.guild_id, digest.id, state=state, failure=failure, reason=outcome.reason)


_WELL = {"state": DigestState.ACTIVE, "failure": "", "reason": ""}


def _lane(digest: Digest) -> tuple[int, bool]:
    return digest.guild_id, digest.channel_id is None


def _address(digest: Digest) -> Address:
    return Address(Kind.DIGEST, digest.guild_id, digest.channel_id, digest.user_id, digest.created_by)


async def move_on(conn: AsyncConnection, digest: Digest, zone: str, now: dt.datetime) -> None:
    """Set when the digest is looked at next: when a run that is open may be claimed, else when it is due again."""
    key = digest.guild_id, digest.id
    waiting = [run.lease_until or now for run in await digests.open_runs(conn, *key)]
    await digests.change(conn, *key, next_run_at=min([due.next_look(now, digest, zone), *waiting]))


async def _wake(conn: AsyncConnection, digest: Digest, now: dt.datetime) -> None:
    """Let a digest go on whose server the bot is in again."""
    await digests.change(conn, digest.guild_id, digest.id, **_WELL)
    await move_on(conn, digest, (await servers.get(conn, digest.guild_id)).timezone, now)


async def _is_astray(conn: AsyncConnection, digest: Digest, now: dt.datetime) -> bool:
    """Whether it comes later than it can be due next."""
    try:
        zone = (await servers.get(conn, digest.guild_id)).timezone
        return digest.next_run_at > due.next_look(now, digest, zone)
    except Exception:
        log.exception("digest not looked at", guild_id=digest.guild_id, digest_id=digest.id)
        return False


async def _bring_back(conn: AsyncConnection, digest: Digest, now: dt.datetime) -> None:
    """Undo what a clock that was ahead has noted, and let what was due meanwhile come."""
    key, zone = (digest.guild_id, digest.id), (await servers.get(conn, digest.guild_id)).timezone
    for run in await digests.last_runs(conn, *key, due.MOST_MISSED + 1):
        period = due.period_from(run.period_start, digest.cadence, zone)
        if run.state in (RunState.SKIPPED, RunState.PENDING) and period.end_at > now:
            await digests.drop_run(conn, run)
    await move_on(conn, digest, zone, now)
    latest = due.last_run(now - due.spread(digest), digest, zone) + due.spread(digest)
    if made_at(digest.id) <= latest:
        await digests.change(conn, *key, next_run_at=latest)
