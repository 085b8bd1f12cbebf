"""Tells what waits to be told: when it may be, once, and bundled where it is much."""

from __future__ import annotations

import dataclasses
import datetime as dt

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.alerts import rules
from bot.alerts.deliver import Content, Deliver, Gone, Trend, Unreadable
from bot.clock import Clock
from bot.insights.periods import day_start, last_days, local_day
from bot.texts import _
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
    Kind,
    Link,
    RunState,
)

LEASE = dt.timedelta(minutes=3)
"""How long a claim holds; also how far apart two attempts are."""
NONCE_WINDOW = dt.timedelta(minutes=2)
"""For as long Discord surely remembers a nonce ("the past few minutes"); later the history is asked first."""
MAX_ATTEMPTS = 20
TREND_DAYS = 28

log = structlog.get_logger(__name__)


class Telling:
    """Makes messages of the alerts that wait, and sees each through to its end."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    async def tick(self, deliver: Deliver) -> int:
        """Send what may be sent now; returns how many messages went out. One target's failure stops no other."""
        now = self._clock.now()
        async with self._db.read() as conn:
            abandoned = await alerts.abandoned(conn, now)
            waited_for = await alerts.targets_waited_for(conn)
        sent = 0
        for message in abandoned:
            taken = await self._db.write(lambda conn, message=message: alerts.claim(conn, message, now, LEASE))
            if taken:
                again = dataclasses.replace(message, attempts=message.attempts + 1)
                sent += await self._guarded(again, deliver)
        for guild_id, user_id in waited_for:
            try:
                made = await self._db.write(
                    lambda conn, guild_id=guild_id, user_id=user_id: self._make(conn, guild_id, user_id, now)
                )
            except Exception:
                log.exception("alerts not bundled", guild_id=guild_id)
                continue
            for message in made:
                sent += await self._guarded(message, deliver)
        return sent

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
        if target is None or target.state is not AlertState.ACTIVE or not ready:
            return []
        if rules.quiet_until(now, server.timezone, target.quiet_from, target.quiet_until) is not None:
            return []
        today = day_start(local_day(now, server.timezone), server.timezone)
        room = rules.MOST_A_DAY - len(await alerts.messages(conn, guild_id, user_id, today, rules.MOST_A_DAY))
        parts = [ready] if len(ready) > rules.ALONE or room < len(ready) else [[key] for key in ready]
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

    async def _guarded(self, message: AlertMessage, deliver: Deliver) -> bool:
        try:
            return await self._send(message, deliver)
        except Exception:
            log.exception("alert failed", guild_id=message.guild_id)
            if message.attempts >= MAX_ATTEMPTS:
                reason = _("Discord could not be reached in {n} attempts.").format(n=message.attempts)
                await self._finish(message, RunState.FAILED, reason=reason)
            return False  # else the claim's lease runs out, then the tick tries again with the same nonce

    async def _send(self, message: AlertMessage, deliver: Deliver) -> bool:
        content = await self._content(message)
        if content is None:
            await self._finish(message, RunState.SKIPPED, reason=_("What it was about is no longer to be told."))
            return False
        nonce = rules.nonce(deliver.application_id, message.guild_id, message.id)
        try:
            discord_id = None
            if self._clock.now() - message.first_attempt_at > NONCE_WINDOW:
                # Discord may have forgotten the nonce of an attempt whose end nobody saw.
                discord_id = await deliver.find(content, after=message.first_attempt_at - LEASE)
            if discord_id is None:
                discord_id = await deliver.send(content, nonce=nonce)
        except Gone as gone:
            log.warning("alerts paused", guild_id=message.guild_id, reason=gone.reason)
            await self._finish(message, RunState.FAILED, reason=gone.reason, pause=True)
            return False
        except Unreadable:
            reason = _("Discord did not say whether it was posted, and the history can't be read.")
            await self._finish(message, RunState.UNKNOWN, reason=reason)
            return False
        await self._finish(message, RunState.SENT, discord_id=discord_id)
        return True

    async def _content(self, message: AlertMessage) -> Content | None:
        """What a message says by now; None when nothing is left that may be told."""
        async with self._db.read() as conn:
            target = await alerts.get_target(conn, message.guild_id, message.user_id)
            told = await alerts.told_by(conn, message.guild_id, message.id)
            found = await alerts.links_of(conn, message.guild_id, told)
            if target is None or target.state is not AlertState.ACTIVE:
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
            if one.kind is Kind.CLICK:
                by_day[one.day] += one.count
        return Trend(period.days, tuple(by_day.values()), True, zone)

    async def _finish(
        self,
        message: AlertMessage,
        state: RunState,
        *,
        discord_id: int | None = None,
        reason: str = "",
        pause: bool = False,
    ) -> None:
        async def work(conn: AsyncConnection) -> None:
            await alerts.change_message(
                conn,
                message.guild_id,
                message.id,
                state=state,
                discord_id=discord_id,
                reason=reason,
                finished_at=self._clock.now(),
            )
            if pause:
                await alerts.change_target(
                    conn, message.guild_id, message.user_id, state=AlertState.PAUSED, reason=reason
                )

        await self._db.write(work)


def tellable(target: AlertTarget, alert: Alert, links: dict[int, Link]) -> bool:
    """Whether the target may still hear of it: the link may be gone, private or somebody else's by now."""
    if alert.link_id is None:
        return True
    link = links.get(alert.link_id)
    if link is None:
        return False
    return not link.private if target.user_id == SERVER_TARGET else link.creator_id == target.user_id
