"""The machine that delivers a claimed message: once, with the truth about why not.

Whoever claims a message may send it until the lease ends. One that was tried before may stand already, so it is looked
for first, and nothing is sent where that can't be read.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.delivery.failures import PASSING_ERRORS, RULES, TRY_AGAIN, Failure, own_fault
from bot.delivery.port import Address, Port, Refused, Unreadable
from bot.errors import UntoldError
from bot.texts import _
from storage.database import Database
from storage.records import RunState

LEASE = dt.timedelta(minutes=3)
"""How long a claim holds; also how far apart two attempts are."""
LONG_LEASE = dt.timedelta(minutes=30)
"""After so many attempts in vain Discord is given more time."""
ATTEMPTS_IN_A_ROW = 5
SEND_SECONDS = 100.0
"""An attempt ends before its lease does."""
SKEW = dt.timedelta(days=1)
"""By how much our clock may have been ahead of Discord's when a message was first tried."""
WORKERS = 16
"""Messages under way at once, to channels as to people."""
MOST_OF_A_SERVER = 2
BEGIN_SECONDS = 20.0

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Skip(StrEnum):
    """Why a message is not sent though nothing failed, as monitoring counts it."""

    DOWNTIME = "downtime"
    QUIET = "quiet"
    GONE = "gone"


SKIPPED = {
    Skip.DOWNTIME: _("Eyeballs was not running when it was due."),
    Skip.QUIET: _("Nothing was counted."),
    Skip.GONE: _("What it was about is no longer to be told."),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that this process alone may send until its lease ends."""

    address: Address
    name: tuple[object, ...]
    """What tells it from every other one of the server."""
    attempts: int
    """This one included."""
    first_attempt_at: dt.datetime
    failure: str = ""
    """How the attempt before ended, and why; empty when nobody knows."""
    reason: str = ""
    may_send: bool = True
    """False when it is too late: then only what became of an earlier attempt is found out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt; `SENDING` when it is tried again after the lease."""

    state: RunState
    message_id: int | None = None
    reason: str = ""
    failure: Failure | None = None
    skip: Skip | None = None
    is_unsent: bool = False
    """Nothing can have been posted so far, so the next attempt is a first one."""


Make = Callable[[], Awaitable[tuple[Any, Skip | None]]]
"""-> (content, why it is not to be sent); no content where there is nothing left to tell."""
Write = Callable[[AsyncConnection], Awaitable[bool]]
"""-> whether the message was still its caller's."""
Follow = Callable[[AsyncConnection], Awaitable[None]]


def lease(attempts: int, failure: str) -> dt.timedelta:
    """How long the claim holds after so many attempts, the last of which ended so."""
    return LONG_LEASE if attempts >= ATTEMPTS_IN_A_ROW or failure == Failure.OWN else LEASE


def nonce(application_id: int, letter: Letter) -> str:
    """The same on every attempt; 25 characters, as many as Discord takes."""
    key = ":".join(map(str, (application_id, letter.address.guild_id, letter.address.kind, *letter.name)))
    return hashlib.sha256(key.encode()).hexdigest()[:25]


def settled(outcome: Outcome, now: dt.datetime, *, keeps: bool) -> dict[str, Any]:
    """What is written down of a claimed message; with `keeps` a refusal lets it wait for a day."""
    values: dict[str, Any] = {"reason": outcome.reason, "failure": outcome.failure or ""}
    if outcome.state is RunState.SENDING:
        return values | ({"attempts": 0} if outcome.is_unsent else {})
    if outcome.failure is not None and keeps:
        # Nothing was posted, that is certain: the next attempt is a first one.
        return values | {"state": RunState.PENDING, "attempts": 0, "lease_until": now + TRY_AGAIN}
    return values | {"state": outcome.state, "finished_at": now}


class Outbox:
    """Tries claimed messages, and counts what became of them for the operator's monitoring."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self.sent = self.unknown = self.waiting = self.errors = 0
        """`errors` are attempts that failed by a fault of our own."""
        self.skipped: Counter[str] = Counter()
        """By `Skip`."""
        self.failed: Counter[str] = Counter()
        """By `Failure`."""

    async def attempt(self, port: Port, letter: Letter, make: Make) -> Outcome:
        """Find out whether it stands, else send it. Raises nothing but what ends the process."""
        key, is_making = nonce(port.application_id, letter), True
        try:
            async with asyncio.timeout(SEND_SECONDS):
                content, skip = await make()
                is_making = False
                if content is not None and letter.attempts > 1:  # nobody saw how the attempt before ended
                    message_id = await port.find(letter.address, content, after=letter.first_attempt_at - SKEW)
                    if message_id is not None:
                        return Outcome(RunState.SENT, message_id)
                if not letter.may_send:
                    return _too_late(letter)
                if skip is not None:
                    return Outcome(RunState.SKIPPED, reason=SKIPPED[skip], skip=skip)
                return Outcome(RunState.SENT, await port.send(letter.address, content, nonce=key))
        except Refused as refused:
            where = letter.address
            log.warning("refused", kind=str(where.kind), guild_id=where.guild_id, failure=str(refused.failure))
            return Outcome(RunState.FAILED, reason=refused.reason, failure=refused.failure)
        except Unreadable:
            reason = _("Discord did not say whether it was posted, and the history can't be read.")
            return Outcome(RunState.UNKNOWN, reason=reason)
        except Exception as error:
            # It stays claimed: when the lease has run out it is looked for, then sent with the same nonce.
            if isinstance(error, UntoldError) or (isinstance(error, PASSING_ERRORS) and not is_making):
                log.warning("Discord not reached", guild_id=letter.address.guild_id, error=str(error))
                return Outcome(RunState.SENDING)
            return self._own(letter, error, key[:8], is_unsent=is_making and letter.attempts == 1)

    def _own(self, letter: Letter, error: Exception, error_id: str, *, is_unsent: bool) -> Outcome:
        self.errors += 1
        is_new = letter.failure != Failure.OWN
        log.error(
            "delivery failed",
            error_id=error_id,
            kind=str(letter.address.kind),
            guild_id=letter.address.guild_id,
            error=repr(error),
            exc_info=error if is_new else None,
        )
        state = RunState.FAILED if is_unsent and not letter.may_send else RunState.SENDING
        return Outcome(state, reason=own_fault(error_id), failure=Failure.OWN, is_unsent=is_unsent)

    async def finish(self, outcome: Outcome, before: str, write: Write, follow: Follow) -> None:
        """Write down what became of a claimed message, and what follows, where nobody else has claimed it since.

        `before` is the failure that was written down of it already, "" for none.
        """
        if outcome.state is RunState.SENDING and outcome.failure is None and not before:
            return  # nothing is known that was not

        async def work(conn: AsyncConnection) -> bool:
            if not await write(conn) or outcome.state is RunState.SENDING:
                return False
            await follow(conn)
            return True

        if await self._db.write(work):
            self._count(outcome)

    def _count(self, outcome: Outcome) -> None:
        match outcome.state:
            case RunState.SENT:
                self.sent += 1
            case RunState.UNKNOWN:
                self.unknown += 1
            case RunState.SKIPPED:
                self.skipped[outcome.skip or Skip.GONE] += 1
            case RunState.FAILED:
                self.failed[outcome.failure or Failure.OTHER] += 1


def _too_late(letter: Letter) -> Outcome:
    if letter.attempts == 1 and not letter.failure:
        return Outcome(RunState.SKIPPED, reason=SKIPPED[Skip.DOWNTIME], skip=Skip.DOWNTIME)
    reason = letter.reason or _("Discord could not be reached in time.")
    failure = Failure.OWN if letter.failure == Failure.OWN else Failure.EXPIRED
    return Outcome(RunState.FAILED, reason=reason, failure=failure)


def keeps(outcome: Outcome) -> bool:
    """Whether the same message is tried again after a day."""
    return outcome.failure is not None and RULES[outcome.failure].keeps


def lasts(outcome: Outcome) -> bool:
    """Whether it failed for what lies with the place that it goes to, until somebody mends it."""
    return outcome.failure not in (None, Failure.EXPIRED, Failure.OWN)


def pauses(outcome: Outcome) -> bool:
    """Whether nothing more is sent there for a while."""
    return outcome.failure is not None and RULES[outcome.failure].pauses


async def work_off(
    items: Iterable[T], lane_of: Callable[[T], tuple[int, bool]], handle: Callable[[T], Awaitable[int]]
) -> int:
    """Handle them, several at once, and return the sum; `lane_of` says whose each is, and whether it goes to a person.

    Servers take turns, and none has more than `MOST_OF_A_SERVER` under way; people's are apart from channels', whose
    opening Discord slows down. One that fails stops no other, and every worker comes to its end: none goes on behind
    the tick's back. What was not begun when `BEGIN_SECONDS` are over is left to the next tick, which has new ones too.
    """
    until = asyncio.get_running_loop().time() + BEGIN_SECONDS
    slots = {is_direct: asyncio.Semaphore(WORKERS) for is_direct in (False, True)}
    lanes: dict[tuple[int, bool], deque[T]] = {}
    for item in items:
        lanes.setdefault(lane_of(item), deque()).append(item)

    async def work(lane: deque[T], slot: asyncio.Semaphore) -> int:
        total = 0
        while lane:
            async with slot:  # first come, first served: whoever has had a turn is the last one now
                if not lane or asyncio.get_running_loop().time() >= until:
                    break
                try:
                    total += await handle(lane.popleft())
                except Exception:
                    log.exception("not delivered")
        return total

    workers = [
        asyncio.create_task(work(lane, slots[is_direct]))
        for (_guild_id, is_direct), lane in lanes.items()
        for _n in range(min(MOST_OF_A_SERVER, len(lane)))
    ]
    await asyncio.gather(*workers, return_exceptions=True)
    return sum(worker.result() for worker in workers)
