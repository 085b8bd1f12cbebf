"""Alerts: switched on and off, noted when something happens, and told once."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.alerts import rules
from bot.alerts.looking import SETTLED, Found, Look, Seen
from bot.clock import Clock
from bot.delivery.failures import Failure, Kind, reason_of
from bot.errors import NotFoundError, RefusedError
from bot.inputs.dates import parse_quiet
from bot.insights.periods import day_start, local_day
from bot.links.access import Actor, require_manager
from bot.texts import _
from storage import alerts, destinations, links, meta, prepared, servers
from storage.database import Database
from storage.prepared import Reader
from storage.records import (
    NEVER,
    SERVER_TARGET,
    Alert,
    AlertKind,
    AlertMessage,
    AlertState,
    AlertTarget,
    DestinationCheck,
    Link,
)

LONG_BREAK = dt.timedelta(hours=1)
"""Of a day with such a break between two ticks nobody knows what it lacks: no link is said to drop on it."""
LISTED = 5
LOOKED_AT = 200
"""Servers that are looked at in one trip to the database."""
_TICKED, _WHOLE_SINCE = "alerts_ticked", "alerts_whole_since"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Status:
    """What `/alerts status` shows of one target."""

    target: AlertTarget
    zone: str
    quiet_until: dt.datetime | None
    latest: Sequence[Alert]
    messages: Sequence[AlertMessage]
    """The last ones, the newest first."""
    links: dict[int, Link]
    muted: dict[int, dt.datetime]
    dead: Sequence[DestinationCheck]


class Alerts:
    """Who is told of what, and the look that notes what is to be told (`telling.Telling` tells it)."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        checks_destinations: bool = False,
        is_settled: Callable[[], bool] = lambda: True,
    ) -> None:
        self._db = db
        self._is_settled = is_settled
        """Whether the clock is right beyond doubt; else clicks may stand at another day than theirs."""
        self._clock = clock
        self.checks_destinations = checks_destinations
        """Whether the operator lets destinations be asked."""
        self._seen: dict[int, Seen] = {}

    # ------------------------------------------------------------------ what people ask for

    async def set_up(
        self,
        actor: Actor,
        *,
        channel_id: int | None = None,
        kinds: dict[AlertKind, bool | None] | None = None,
        quiet: str | None = None,
    ) -> AlertTarget:
        """Tell a server's alerts in a channel, or without one the actor's own by direct message, from now on.

        What is left out stays as it was; at first that is every kind, and no quiet hours. What has happened by now is
        no news; where alerts were on or paused, what waited is tried at once. Raises UserError.
        """
        if channel_id is not None:
            require_manager(actor)
        hours = None if quiet is None else parse_quiet(quiet)
        user_id = actor.user_id if channel_id is None else SERVER_TARGET

        async with self._db.read() as conn:
            old = await alerts.get_target(conn, actor.guild_id, user_id)
            new = old or AlertTarget(actor.guild_id, user_id)
            chosen = set(new.kinds)
            for kind, on in (kinds or {}).items():
                if on is not None:
                    (chosen.add if on else chosen.discard)(kind)
            new = dataclasses.replace(
                new,
                channel_id=channel_id,
                kinds=frozenset(chosen),
                state=AlertState.ACTIVE,
                reason="",
                failure="",
                try_at=None,
                created_by=actor.user_id,
            )
            if quiet is not None:
                start, end = hours or (None, None)
                new = dataclasses.replace(new, quiet_from=start, quiet_until=end)
            running = old is not None and old.state is not AlertState.OFF
            added = new.kinds - old.kinds if old is not None and running else new.kinds
            # A destination that is dead already is news all the same.
            settled = await self._so_already(conn, dataclasses.replace(new, kinds=added - {AlertKind.DEAD}))

        async def work(conn: AsyncConnection) -> None:
            if running:
                await alerts.try_now(conn, actor.guild_id, user_id, self._clock.now())
            else:
                waiting = await alerts.waiting(conn, actor.guild_id, user_id)
                await alerts.settle(conn, actor.guild_id, user_id, [alert.key for alert in waiting])
                await alerts.drop_open(conn, actor.guild_id, user_id, self._clock.now())
            await alerts.add(conn, settled)
            await alerts.put_target(conn, new)

        await self._db.write(work)
        return new

    async def switch_off(self, actor: Actor, *, server: bool) -> AlertTarget:
        """No more alerts in the server's channel, or to the actor. Raises NotFoundError when there are none."""
        if server:
            require_manager(actor)
        user_id = SERVER_TARGET if server else actor.user_id

        async def work(conn: AsyncConnection) -> AlertTarget:
            old = await alerts.get_target(conn, actor.guild_id, user_id)
            if old is None or old.state is AlertState.OFF:
                hint = _("/alerts setup turns them on.") if server else _("/alerts me turns them on.")
                raise NotFoundError(_("There are no alerts to switch off.") + " " + hint)
            new = dataclasses.replace(old, state=AlertState.OFF, reason="", failure="", try_at=None)
            await alerts.put_target(conn, new)
            waiting = await alerts.waiting(conn, actor.guild_id, user_id)
            await alerts.settle(conn, actor.guild_id, user_id, [alert.key for alert in waiting])
            return new

        return await self._db.write(work)

    async def leave(self, guild_id: int) -> None:
        """The bot was removed from the server: nothing is told there until it is back."""
        reason = reason_of(Failure.LEFT, Kind.ALERT, "")
        await self._db.write(lambda conn: alerts.leave(conn, guild_id, reason))

    async def status(self, actor: Actor, *, server: bool) -> Status | None:
        """What is on for the server (managers) or for the actor, and how it went; None when it was never set up."""
        if server:
            require_manager(actor)
        user_id, now = SERVER_TARGET if server else actor.user_id, self._clock.now()
        async with self._db.read() as conn:
            target = await alerts.get_target(conn, actor.guild_id, user_id)
            if target is None:
                return None
            zone = (await servers.get(conn, actor.guild_id)).timezone
            latest = await alerts.latest(conn, actor.guild_id, user_id, LISTED)
            muted = await alerts.muted(conn, actor.guild_id, user_id, now)
            dead = [check for check in await destinations.died(conn, actor.guild_id) if check.is_dead]
            about = {one.link_id for one in latest if one.link_id} | {one.link_id for one in dead} | muted.keys()
            found = {link.id: link for link in await links.by_ids(conn, actor.guild_id, about)}
            if not server:
                dead = [one for one in dead if one.link_id in found and found[one.link_id].creator_id == user_id]
            return Status(
                target=target,
                zone=zone,
                quiet_until=rules.quiet_until(now, zone, target.quiet_from, target.quiet_until),
                latest=latest,
                messages=await alerts.messages(conn, actor.guild_id, user_id, now - rules.KEPT, LISTED),
                links=found,
                muted=muted,
                dead=dead,
            )

    async def mute(self, actor: Actor, user_id: int, link_id: int) -> tuple[Link, dt.datetime]:
        """No alerts of a link to a target for a week: by who gets them, in a channel by its creator or a manager.

        Raises UserError.
        """
        if user_id not in (SERVER_TARGET, actor.user_id):
            raise RefusedError(_("These alerts go to somebody else."))
        until = self._clock.now() + rules.MUTED

        async def work(conn: AsyncConnection) -> Link:
            link = await links.get(conn, actor.guild_id, link_id)
            if link is None or not actor.owns(link.creator_id):
                raise RefusedError(_("Only the link's creator and managers can mute it."))
            await alerts.mute(conn, actor.guild_id, user_id, link_id, until)
            return link

        return await self._db.write(work), until

    # ------------------------------------------------------------------ what the tick does

    async def look(self) -> int:
        """Note what happened, in every server; returns how much. One server's failure never stops the others."""
        now = self._clock.now()
        whole_since = await self._db.write(lambda conn: self._heartbeat(conn, now))
        async with self._db.read() as conn:
            active = await alerts.active_targets(conn)
        groups = {guild_id: tuple(group) for guild_id, group in groupby(active, key=lambda target: target.guild_id)}
        noted = 0
        ids = list(groups)
        for at in range(0, len(ids), LOOKED_AT):
            part = ids[at : at + LOOKED_AT]
            for guild_id, signs in (await self._signs(part, now)).items():
                made_by = (whole_since, groups[guild_id], signs)
                if signs is not None and self._seen.setdefault(guild_id, Seen()).signs == made_by:
                    continue
                try:
                    noted += await self._look_at(guild_id, groups[guild_id], whole_since, made_by)
                except Exception:
                    self._seen.pop(guild_id, None)  # what was seen may not have been noted
                    log.exception("alerts not looked for", guild_id=guild_id)
        return noted

    async def _signs(self, guild_ids: Sequence[int], now: dt.datetime) -> dict[int, object]:
        """What differs as soon as there may be news of a server, in one trip for some of them; None where unknown."""

        def work(reader: Reader) -> dict[int, object]:
            found: dict[int, object] = {}
            for guild_id in guild_ids:
                found[guild_id] = None
                with suppress(Exception):  # the look itself meets it too, and says so
                    zone = servers.zone(reader, guild_id)
                    today = local_day(now, zone)
                    is_settled = now >= day_start(today, zone) + SETTLED
                    found[guild_id] = (zone, today, is_settled, alerts.signs(reader, guild_id, today))
            return found

        async with self._db.read() as conn:
            return await prepared.read(conn, work)

    async def _heartbeat(self, conn: AsyncConnection, now: dt.datetime) -> dt.datetime:
        """Since when the bot has been running without a long break, by a clock that nobody doubts."""
        last, since = await meta.get(conn, _TICKED), await meta.get(conn, _WHOLE_SINCE)
        is_break = last is None or now - dt.datetime.fromisoformat(last) > LONG_BREAK
        if since is None or is_break or not self._is_settled():
            since = now.isoformat()
            await meta.put(conn, _WHOLE_SINCE, since)
        await meta.put(conn, _TICKED, now.isoformat())
        return dt.datetime.fromisoformat(since)

    async def _look_at(
        self, guild_id: int, targets: Sequence[AlertTarget], whole_since: dt.datetime, signs: object
    ) -> int:
        now, server_too = self._clock.now(), any(target.user_id == SERVER_TARGET for target in targets)
        seen = self._seen.setdefault(guild_id, Seen())
        seen.signs = None
        async with self._db.read() as conn:
            look = Look(
                conn=conn,
                server=await servers.get(conn, guild_id),
                now=now,
                seen=seen,
                kinds=frozenset().union(*(target.kinds for target in targets)),
                creators=None if server_too else frozenset(target.user_id for target in targets),
                whole_since=whole_since,
            )
            found = await look.find()
            if not found:
                seen.signs = signs
                return 0
            deaths = [_death(one) for one in found if one.facts.get("back")]
            known = await alerts.known(conn, guild_id, [*(one.key for one in found), *deaths])
            cooling = await alerts.changes_since(conn, guild_id, now - rules.COOL_DOWN)
        unknown = [
            (target, one)
            for target in targets
            for one in found
            if concerns(target, one) and (target.user_id, one.key) not in known
            if not one.facts.get("back") or (target.user_id, _death(one)) in known
        ]
        new = [
            _alert(target, one, now)
            for target, one in unknown
            if (target.user_id, one.link_id, one.kind) not in cooling
        ]
        if new:
            await self._db.write(lambda conn: alerts.add(conn, new))
        if len(new) == len(unknown):
            seen.signs = signs
        return len(new)

    async def _so_already(self, conn: AsyncConnection, target: AlertTarget) -> list[Alert]:
        """What is no news to a target that begins to be told now."""
        look = Look(
            conn=conn,
            server=await servers.get(conn, target.guild_id),
            now=self._clock.now(),
            seen=Seen(),
            kinds=target.kinds,
            creators=None if target.user_id == SERVER_TARGET else frozenset([target.user_id]),
            whole_since=self._clock.now(),
        )
        found = await look.find()
        return [_alert(target, dataclasses.replace(one, silent=True), look.now) for one in found]


def _death(back: Found) -> str:
    """The key of the death that this ends: only who heard of it wants to know."""
    return back.key.replace("back", "dead", 1)


def concerns(target: AlertTarget, one: Found) -> bool:
    """Whether the target wants to hear of it, and may: a channel hears of no private link, a creator of their own."""
    if one.kind not in target.kinds:
        return False
    if target.user_id == SERVER_TARGET:
        return not one.private
    return one.creator_id == target.user_id


def _alert(target: AlertTarget, one: Found, now: dt.datetime) -> Alert:
    return Alert(
        guild_id=target.guild_id,
        user_id=target.user_id,
        key=one.key,
        kind=one.kind,
        link_id=one.link_id,
        creator_id=one.creator_id,
        facts=one.facts,
        made_at=now,
        message_id=NEVER if one.silent else None,
    )
