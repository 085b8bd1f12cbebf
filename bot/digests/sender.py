"""Sends the digests that are due: claim a period, send it, mark it; never two messages for one period.

Whoever claims a run may send until its lease ends. A run that was claimed before may stand in the channel already, so
its message is looked for first, and nothing is sent where that can't be read.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter, deque
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.digests import due
from bot.digests.contents import Contents
from bot.digests.deliver import MENDABLE, Deliver, Failure, Refused, Unreadable
from bot.insights.periods import Period
from bot.texts import _
from storage import digests, servers
from storage.database import Database
from storage.records import Digest, DigestRun, DigestState, Quiet, RunState

LEASE = dt.timedelta(minutes=3)
"""How long a claim holds; also how far apart two attempts are."""
LONG_LEASE = dt.timedelta(minutes=30)
"""After so many attempts in vain Discord is given more time."""
ATTEMPTS_IN_A_ROW = 5
SEND_SECONDS = 100.0
"""An attempt ends before its lease does."""
TRY_AGAIN = dt.timedelta(days=1)
"""After a refusal that people can mend."""
LATE = dt.timedelta(minutes=30)
SKEW = dt.timedelta(days=1)
"""By how much our clock may have been ahead of Discord's when a message was first tried."""
WORKERS = 16
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


@dataclass(frozen=True, slots=True)
class _Outcome:
    state: RunState
    message_id: int | None = None
    reason: str = ""
    failure: Failure | None = None


class Sender:
    """Goes through what is due with several workers, and counts what became of it for the operator's monitoring."""

    def __init__(self, db: Database, clock: Clock, contents: Contents) -> None:
        self._db = db
        self._clock = clock
        self._contents = contents
        self.sent = self.unknown = self.waiting = 0
        self.skipped: Counter[str] = Counter()
        """By "downtime" and "quiet"."""
        self.failed: Counter[str] = Counter()
        """By `Failure`."""

    async def tick(self, deliver: Deliver) -> int:
        """Send every digest that is due; returns how many went out. One server's failure never stops the others."""
        await self._mend(deliver)
        seen: set[tuple[int, int]] = set()
        batch: deque[Digest] = deque()
        taking, is_done = asyncio.Lock(), False

        async def take() -> Digest | None:
            nonlocal is_done
            async with taking:
                if not batch and not is_done:
                    now = self._clock.now()
                    async with self._db.read() as conn:
                        found = await digests.due(conn, now, BATCH)
                        self.waiting = await digests.count_due(conn, now)
                    batch.extend(digest for digest in found if (digest.guild_id, digest.id) not in seen)
                    seen.update((digest.guild_id, digest.id) for digest in batch)
                    is_done = not batch
                return batch.popleft() if batch else None

        async def work() -> int:
            sent = 0
            while (digest := await take()) is not None:
                try:
                    sent += await self._send_due(digest, deliver)
                except Exception:
                    log.exception("digest failed", guild_id=digest.guild_id, digest_id=digest.id)
            return sent

        # Every worker comes to its end, even when another one fails: none goes on behind the tick's back.
        workers = [asyncio.create_task(work()) for _n in range(WORKERS)]
        await asyncio.gather(*workers, return_exceptions=True)
        self.waiting = 0
        return sum(worker.result() for worker in workers)

    async def _mend(self, deliver: Deliver) -> None:
        """Wake the digests of servers that the bot is in again, and those that a wrong clock put off."""
        now = self._clock.now()
        async with self._db.read() as conn:
            back = [digest for digest in await digests.left(conn) if deliver.is_in(digest.guild_id)]
            astray = await digests.astray(conn, {cadence: now + most for cadence, most in due.HORIZON.items()})
        if not back and not astray:
            return

        async def work(conn: AsyncConnection) -> None:
            for digest in back:
                await digests.change(conn, digest.guild_id, digest.id, state=DigestState.ACTIVE, reason="")
            for digest in [*back, *astray]:
                await move_on(conn, digest, (await servers.get(conn, digest.guild_id)).timezone, now)

        await self._db.write(work)

    async def _send_due(self, digest: Digest, deliver: Deliver) -> int:
        sent = 0
        while (claimed := await self._db.write(lambda conn: self._claim(conn, digest))) is not None:
            sent += await self._send(claimed, deliver)
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
            until = now + (LEASE if waiting.attempts < ATTEMPTS_IN_A_ROW else LONG_LEASE)
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
        reason = _("Eyeballs was not running when it was due.")
        key = digest.guild_id, digest.id, period.first
        if await digests.add_run(conn, *key, RunState.SKIPPED, finished_at=now, reason=reason):
            self.skipped["downtime"] += 1

    async def _send(self, claimed: _Claimed, deliver: Deliver) -> bool:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                outcome = await self._attempt(claimed, deliver)
        except Refused as refused:
            log.warning("digest refused", guild_id=claimed.digest.guild_id, failure=str(refused.failure))
            outcome = _Outcome(RunState.FAILED, reason=refused.reason, failure=refused.failure)
        except Unreadable:
            reason = _("Discord did not say whether it was posted, and the channel's history can't be read.")
            outcome = _Outcome(RunState.UNKNOWN, reason=reason)
        # Anything else leaves it claimed: when the lease has run out it is looked for, then sent with the same nonce.
        if await self._finish(claimed, outcome):
            await deliver.tell(claimed.digest, outcome.reason)
        return outcome.state is RunState.SENT

    async def _attempt(self, claimed: _Claimed, deliver: Deliver) -> _Outcome:
        digest, run = claimed.digest, claimed.run
        content = await self._contents.of(digest, claimed.period, late=claimed.late)
        if run.attempts > 1:  # nobody saw how the attempt before ended
            assert run.first_attempt_at is not None
            found = await deliver.find(digest, content, after=run.first_attempt_at - SKEW)
            if found is not None:
                return _Outcome(RunState.SENT, found)
        if not claimed.may_send:
            if run.attempts == 1 and not run.reason:
                return _Outcome(RunState.SKIPPED, reason=_("Eyeballs was not running when it was due."))
            reason = run.reason or _("Discord could not be reached in time.")
            return _Outcome(RunState.FAILED, reason=reason, failure=Failure.EXPIRED)
        if content.is_quiet and digest.quiet is Quiet.SKIP:
            return _Outcome(RunState.SKIPPED, reason=_("Nothing was counted."))
        nonce = due.nonce(deliver.application_id, digest.guild_id, digest.id, run.period_start)
        return _Outcome(RunState.SENT, await deliver.send(digest, content, nonce=nonce))

    async def _finish(self, claimed: _Claimed, outcome: _Outcome) -> bool:
        """Write down what became of the run; True when the digest has just come to a halt and nobody was told yet."""
        now, run = self._clock.now(), claimed.run
        key = run.guild_id, run.digest_id
        refused = outcome.failure not in (None, Failure.EXPIRED)
        values: dict[str, object] = {"state": outcome.state, "reason": outcome.reason, "finished_at": now}
        if outcome.state is RunState.SENT:
            values["message_id"] = outcome.message_id
        elif outcome.failure in MENDABLE and claimed.may_send:
            # Nothing was posted, that is certain: the next attempt is a first one.
            values |= {"state": RunState.PENDING, "attempts": 0, "lease_until": now + TRY_AGAIN, "finished_at": None}

        async def work(conn: AsyncConnection) -> bool | None:
            if not await digests.finish(conn, run, **values):
                return None
            digest = await digests.get(conn, *key)
            if digest is None or digest.state not in digests.SENDABLE:
                return False
            is_news = False
            if refused:
                others = await digests.of_server(conn, run.guild_id)
                is_news = digest.state is DigestState.ACTIVE and digest.reason != outcome.reason
                is_news &= all(other.reason != outcome.reason for other in others)
                state = DigestState.LEFT if outcome.failure is Failure.LEFT else DigestState.PAUSED
                await digests.change(conn, *key, state=state, reason=outcome.reason)
            elif outcome.state is RunState.SENT and digest.state is DigestState.PAUSED:
                await digests.change(conn, *key, state=DigestState.ACTIVE, reason="")
            await move_on(conn, digest, claimed.zone, now)
            return is_news

        is_news = await self._db.write(work)
        if is_news is not None:
            self._count(outcome)
        return is_news is True

    def _count(self, outcome: _Outcome) -> None:
        match outcome.state:
            case RunState.SENT:
                self.sent += 1
            case RunState.UNKNOWN:
                self.unknown += 1
            case RunState.SKIPPED:
                self.skipped["quiet" if outcome.reason == _("Nothing was counted.") else "downtime"] += 1
            case _:
                self.failed[outcome.failure or Failure.OTHER] += 1


async def move_on(conn: AsyncConnection, digest: Digest, zone: str, now: dt.datetime) -> None:
    """Set when the digest is looked at next: when a run that is open may be claimed, else when it is due again."""
    key = digest.guild_id, digest.id
    waiting = [run.lease_until or now for run in await digests.open_runs(conn, *key)]
    await digests.change(conn, *key, next_run_at=min([due.next_look(now, digest, zone), *waiting]))
