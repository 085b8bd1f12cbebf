"""Notices: that something can't be posted or a page was flagged, and to members what was done to what is theirs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.delivery.failures import RULES, Failure, Kind
from bot.delivery.outbox import Letter, Outbox, Outcome, Skip, lease, settled, work_off
from bot.delivery.port import Address, Port
from bot.profiles.flags import Flagged, Flags
from storage import notices, profiles
from storage.database import Database
from storage.ids import Ids
from storage.records import Notice, NoticeKind, RunState

FLAGS_EVERY = dt.timedelta(hours=1)
"""How often a server is told of flags at most, however many are given: all that came meanwhile stand in one notice."""
KEPT = dt.timedelta(days=30)
"""A notice that could not be delivered for so long is given up; where it may be, is looked for every day."""


async def note_trouble(
    conn: AsyncConnection, ids: Ids, now: dt.datetime, address: Address, failure: Failure, reason: str
) -> None:
    """Have those who run the server told that something to one of its channels can't be posted."""
    if RULES[failure].told and address.channel_id is not None:
        facts = {"what": str(address.kind), "reason": reason}
        notice = Notice(address.guild_id, ids.new(), NoticeKind.TROUBLE, facts, address.set_up_by, now)
        await notices.add(conn, notice)


class Notices(Outbox):
    """Delivers notices, each once. Flags are told when a notice of them stands, and not before."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, flags: Flags) -> None:
        super().__init__(db, clock)
        self._ids = ids
        self._flags = flags
        self.port: Port | None = None
        """What delivers at once; set by who builds the Discord client."""

    async def tell(
        self, guild_id: int, user_ids: Sequence[int], kind: NoticeKind, facts: Mapping[str, Any]
    ) -> Sequence[int]:
        """Write to members at once, and later where that fails; returns whom it reached by now."""
        now = self._clock.now()
        new = [Notice(guild_id, self._ids.new(), kind, {**facts, "user_id": id_}, 0, now) for id_ in user_ids]

        async def work(conn: AsyncConnection) -> None:
            for notice in new:
                await notices.add(conn, notice)

        await self._db.write(work)
        port = self.port
        return [] if port is None else [one.facts["user_id"] for one in new if await self._send(one, port)]

    async def tick(self, port: Port) -> int:
        """Send what waits; returns how many went out. One server's failure stops no other."""
        await self._gather()
        now = self._clock.now()
        async with self._db.read() as conn:
            waiting = await notices.claimable(conn, now)
        return await work_off(waiting, lambda notice: (notice.guild_id, False), lambda notice: self._send(notice, port))

    async def _gather(self) -> None:
        """Make a notice of the flags that nobody of a server was told of, if it got none within `FLAGS_EVERY`."""
        flagged: dict[int, list[Flagged]] = {}
        for one in await self._flags.untold():
            flagged.setdefault(one.guild_id, []).append(one)
        if not flagged:
            return
        now = self._clock.now()

        async def work(conn: AsyncConnection) -> None:
            lately = await notices.servers_with(conn, NoticeKind.FLAG, now - FLAGS_EVERY)
            for guild_id, untold in flagged.items():
                if guild_id not in lately:
                    pages = [[one.address, one.creator_id, dict(one.reasons)] for one in untold]
                    facts = {"pages": pages, "ids": [id_ for one in untold for id_ in one.ids]}
                    await notices.add(conn, Notice(guild_id, self._ids.new(), NoticeKind.FLAG, facts, 0, now))

        await self._db.write(work)

    async def _send(self, waiting: Notice, port: Port) -> int:
        now = self._clock.now()
        until = now + lease(waiting.attempts, waiting.failure)
        notice = await self._db.write(lambda conn: notices.claim(conn, waiting, now, until))
        if notice is None:
            return 0
        letter = Letter(
            Address(Kind.NOTICE, notice.guild_id, user_id=notice.facts.get("user_id"), set_up_by=notice.set_up_by),
            (notice.id,),
            attempts=notice.attempts,
            first_attempt_at=notice.first_attempt_at or now,
            failure=notice.failure,
            reason=notice.reason,
            may_send=now - notice.made_at <= KEPT,
        )

        async def make() -> tuple[Notice, Skip | None]:
            return notice, None

        outcome = await self.attempt(port, letter, make)
        await self._finish(notice, outcome, keeps=letter.may_send)
        return outcome.state is RunState.SENT

    async def _finish(self, notice: Notice, outcome: Outcome, *, keeps: bool) -> None:
        now = self._clock.now()
        values = settled(outcome, now, keeps=keeps)
        if outcome.state is RunState.SENT:
            values["message_id"] = outcome.message_id

        async def follow(conn: AsyncConnection) -> None:
            if outcome.state is RunState.SENT and notice.kind is NoticeKind.FLAG:
                await profiles.set_told(conn, notice.guild_id, notice.facts["ids"], now)

        await self.finish(outcome, notice.failure, lambda conn: notices.finish(conn, notice, **values), follow)
