"""Tells what waits to be told: when it may be, once, and bundled where it is much."""

from __future__ import annotations

import datetime as dt
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.alerts import rules
from bot.alerts.content import Content, Trend
from bot.clock import Clock
from bot.delivery.failures import TRY_AGAIN, Failure, Kind
from bot.delivery.notices import note_trouble
from bot.delivery.outbox import LEASE, Letter, Outbox, Outcome, Skip, keeps, lasts, lease, pauses, settled, work_off
from bot.delivery.port import Address, Port
from bot.insights.periods import day_start, last_days, local_day
from storage import alerts, counts, servers
from storage.database import Database
from storage.ids import Ids
from storage.records import (
    SERVER_TARGET,
    Alert,
    AlertKind,
    AlertMessage,
    AlertState,
    AlertTarget,
    Link,
    RunState,
)
from storage.records import (
    Kind as HitKind,
)

TREND_DAYS = 28
_WELL = {"state": AlertState.ACTIVE, "failure": "", "reason": "", "try_at": None}

log = structlog.get_logger(__name__)


class Telling(Outbox):
    """Makes messages of the alerts that wait, and sees each through to its end."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        super().__init__(db, clock)
        self._ids = ids

    async def tick(self, port: Port) -> int:
        """Send what may be sent now; returns how many messages went out. One target's failure stops no other."""
        await self._wake(port)
        now = self._clock.now()
        async with self._db.read() as conn:
            claimable = await alerts.claimable(conn, now)
        again = await work_off(claimable, _lane, lambda message: self._claim_and_send(message, now, port))
        async with self._db.read() as conn:
            waited_for = await alerts.targets_waited_for(conn)

        def lane(key: tuple[int, int]) -> tuple[int, bool]:
            return key[0], key[1] != SERVER_TARGET

        return again + await work_off(waited_for, lane, lambda key: self._tell(key[0], key[1], now, port))

    async def _wake(self, port: Port) -> None:
        """Let the targets of servers that the bot is in again go on."""
        async with self._db.read() as conn:
            back = [target for target in await alerts.left(conn) if port.is_in(target.guild_id)]

        async def work(conn: AsyncConnection) -> None:
            for target in back:
                await alerts.change_target(conn, target.guild_id, target.user_id, **_WELL)

        if back:
            await self._db.write(work)

    async def _claim_and_send(self, waiting: AlertMessage, now: dt.datetime, port: Port) -> int:
        until = now + lease(waiting.attempts, waiting.failure)
        message = await self._db.write(lambda conn: alerts.claim(conn, waiting, now, until))
        return 0 if message is None else await self._send(message, port)

    async def _tell(self, guild_id: int, user_id: int, now: dt.datetime, port: Port) -> int:
        made = await self._db.write(lambda conn: self._make(conn, guild_id, user_id, now))
        return sum([await self._send(message, port) for message in made])

    async def _make(self, conn: AsyncConnection, guild_id: int, user_id: int, now: dt.datetime) -> list[AlertMessage]:
        """Claim what may be told to a target now: each message has its alerts from here on."""
        target = await alerts.get_target(conn, guild_id, user_id)
        waiting = await alerts.waiting(conn, guild_id, user_id)
        server = await servers.get(conn, guild_id)
        found = await alerts.links_of(conn, guild_id, waiting)
        muted = await alerts.muted(conn, guild_id, user_id, now)
        stale = [
            one.key
            for one in waiting
            if target is None
            or target.state is AlertState.OFF
            or now - one.made_at > rules.KEPT
            or one.link_id in muted
            or not tellable(target, one, found)
        ]
        await alerts.settle(conn, guild_id, user_id, stale)
        ready = [one.key for one in waiting if one.key not in set(stale)]
        if target is None or not ready or not await self._is_due(conn, target, now):
            return []
        if rules.quiet_until(now, server.timezone, target.quiet_from, target.quiet_until) is not None:
            return []
        today = day_start(local_day(now, server.timezone), server.timezone)
        room = rules.MOST_A_DAY - len(await alerts.messages(conn, guild_id, user_id, today, rules.MOST_A_DAY))
        together = len(ready) > rules.ALONE or room < len(ready) or target.state is AlertState.PAUSED
        parts = [ready] if together else [[key] for key in ready]
        made = []
        for part in parts[: max(0, room)]:
            message = AlertMessage(
                guild_id=guild_id,
                id=self._ids.new(),
                user_id=user_id,
                state=RunState.SENDING,
                attempts=1,
                first_attempt_at=now,
                lease_until=now + LEASE,
            )
            await alerts.add_message(conn, message)
            await alerts.settle(conn, guild_id, user_id, part, message.id)
            made.append(message)
        return made

    async def _is_due(self, conn: AsyncConnection, target: AlertTarget, now: dt.datetime) -> bool:
        """Whether something may be tried: where it is paused, a day later, and while no message is tried again."""
        if target.state is AlertState.PAUSED:
            is_time = target.try_at is None or target.try_at <= now
            return is_time and not await alerts.has_open(conn, target.guild_id, target.user_id)
        return target.state is AlertState.ACTIVE

    async def _send(self, message: AlertMessage, port: Port) -> bool:
        async with self._db.read() as conn:
            target = await alerts.get_target(conn, message.guild_id, message.user_id)
        letter = Letter(
            _address(message, target),
            (message.id,),
            attempts=message.attempts,
            first_attempt_at=message.first_attempt_at,
            failure=message.failure,
            reason=message.reason,
            may_send=self._clock.now() - message.first_attempt_at <= rules.KEPT,
        )

        async def make() -> tuple[Content | None, Skip | None]:
            content = await self._content(message)
            return content, Skip.GONE if content is None else None

        outcome = await self.attempt(port, letter, make)
        await self._finish(message, outcome, is_kept=letter.may_send and keeps(outcome))
        return outcome.state is RunState.SENT

    async def _content(self, message: AlertMessage) -> Content | None:
        """What a message says by now; None when nothing is left that may be told."""
        async with self._db.read() as conn:
            target = await alerts.get_target(conn, message.guild_id, message.user_id)
            told = await alerts.told_by(conn, message.guild_id, message.id)
            found = await alerts.links_of(conn, message.guild_id, told)
            if target is None or target.state not in alerts.SENDABLE:
                return None
            told = [one for one in told if tellable(target, one, found)]
            if not told:
                return None
            trend = await self._trend(conn, told[0]) if len(told) == 1 else None
        return Content(message.id, target, tuple(told), found, trend)

    async def _trend(self, conn: AsyncConnection, alert: Alert) -> Trend | None:
        """The last days of the link, where they show what the alert says."""
        if alert.link_id is None or alert.kind is AlertKind.DEAD or alert.facts.get("metric") == "impressions":
            return None
        now, zone = self._clock.now(), (await servers.get(conn, alert.guild_id)).timezone
        period = last_days(TREND_DAYS, now, zone)
        by_day = dict.fromkeys(period.days, 0)
        for one in await counts.by_day(conn, alert.guild_id, period.first, period.end, [alert.link_id]):
            if one.kind is HitKind.CLICK:
                by_day[one.day] += one.count
        return Trend(period.days, tuple(by_day.values()), True, zone)

    async def _finish(self, message: AlertMessage, outcome: Outcome, *, is_kept: bool) -> None:
        """Write down what became of the message, and of the target by it."""
        now, key = self._clock.now(), (message.guild_id, message.user_id)
        values = settled(outcome, now, keeps=is_kept)
        if outcome.state is RunState.SENT:
            values["discord_id"] = outcome.message_id

        async def follow(conn: AsyncConnection) -> None:
            target = await alerts.get_target(conn, *key)
            if target is None or target.state not in alerts.SENDABLE:
                return
            if lasts(outcome):
                await self._note(conn, target, outcome, now)
            elif outcome.state is RunState.SENT and target.failure:
                await alerts.change_target(conn, *key, **_WELL)

        await self.finish(outcome, message.failure, lambda conn: alerts.finish(conn, message, **values), follow)

    async def _note(self, conn: AsyncConnection, target: AlertTarget, outcome: Outcome, now: dt.datetime) -> None:
        """Keep why it fails, and have those who run the server told once."""
        failure = outcome.failure
        assert failure is not None
        if target.failure != failure:
            await note_trouble(conn, self._ids, now, _address(target, target), failure, outcome.reason)
        values: dict[str, Any] = {"failure": failure, "reason": outcome.reason}
        if pauses(outcome):
            state = AlertState.LEFT if failure is Failure.LEFT else AlertState.PAUSED
            values |= {"state": state, "try_at": now + TRY_AGAIN}
        await alerts.change_target(conn, target.guild_id, target.user_id, **values)


def _lane(message: AlertMessage) -> tuple[int, bool]:
    return message.guild_id, message.user_id != SERVER_TARGET


def _address(of: AlertMessage | AlertTarget, target: AlertTarget | None) -> Address:
    if of.user_id != SERVER_TARGET:
        return Address(Kind.ALERT, of.guild_id, user_id=of.user_id)
    channel_id, set_up_by = (0, 0) if target is None else (target.channel_id or 0, target.created_by)
    return Address(Kind.ALERT, of.guild_id, channel_id=channel_id, set_up_by=set_up_by)


def tellable(target: AlertTarget, alert: Alert, links: dict[int, Link]) -> bool:
    """Whether the target still wants and may hear of it: the link may be gone, private or somebody else's by now."""
    if alert.kind not in target.kinds:
        return False
    if alert.link_id is None:
        return True
    link = links.get(alert.link_id)
    if link is None:
        return False
    return not link.private if target.user_id == SERVER_TARGET else link.creator_id == target.user_id
