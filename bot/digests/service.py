"""Digests: set up, looked at, switched off, and sent once for each server and period."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.delivery.failures import Failure, Kind, reason_of
from bot.delivery.port import Port
from bot.digests import due
from bot.digests.content import Content
from bot.digests.contents import Contents
from bot.digests.sender import Sender, move_on
from bot.errors import InvalidError, NotFoundError
from bot.links.access import Actor, require_manager
from bot.links.service import parse_tags
from bot.texts import _
from storage import digests, servers
from storage.database import Database
from storage.ids import Ids
from storage.records import Cadence, Digest, DigestRun, DigestState, Quiet, Server

DEFAULT_MINUTE = 9 * 60
MOST = 25
"""Digests of a server that are not off, its creators' own aside."""


@dataclass(frozen=True, slots=True)
class Status:
    digest: Digest
    zone: str
    runs: Sequence[DigestRun]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody typed of a digest; None keeps what is there, or takes the default of a new one."""

    cadence: Cadence | None = None
    weekday: int | None = None
    minute: int | None = None
    quiet: Quiet | None = None
    tag: str = ""
    role_id: int | None = None


DEFAULT = Wish()
OFF = {"state": DigestState.OFF, "reason": "", "failure": ""}


class Digests:
    """The digests of each server and of its creators."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, contents: Contents) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._contents = contents
        self.sender = Sender(db, clock, ids, contents)

    async def tick(self, port: Port) -> int:
        """Send every digest that is due; returns how many went out."""
        return await self.sender.tick(port)

    async def set_up(self, actor: Actor, *, channel_id: int, wish: Wish = DEFAULT) -> Digest:
        """Post the server's numbers in the channel from now on.

        One with the same cadence, tag and role is changed and keeps its identity, so that no period comes twice; else
        it is another digest. What is left out stays as it was; a new one comes weekly, on the server's first weekday,
        at 09:00. Raises UserError.
        """
        require_manager(actor)
        return await self._put(actor, wish, channel_id=channel_id)

    async def set_up_own(self, actor: Actor, wish: Wish) -> Digest:
        """Send the creator their own numbers from now on, by direct message; one cadence at a time."""
        return await self._put(actor, wish, user_id=actor.user_id)

    async def _put(
        self, actor: Actor, wish: Wish, *, channel_id: int | None = None, user_id: int | None = None
    ) -> Digest:
        tags = parse_tags(wish.tag, "tag")
        if len(tags) > 1:
            raise InvalidError(_("tag: a digest takes one tag; make another digest for another tag."))
        now, tag = self._clock.now(), "".join(tags)

        async def work(conn: AsyncConnection) -> Digest:
            server = await servers.get(conn, actor.guild_id)
            known = [item for item in await digests.of_server(conn, actor.guild_id) if item.user_id == user_id]
            running = [item for item in known if item.state is not DigestState.OFF]
            cadence = wish.cadence or Cadence.WEEKLY
            if user_id is not None and wish.cadence is None and running:
                cadence = running[0].cadence
            same = [item for item in known if (item.cadence, item.tag, item.role_id) == (cadence, tag, wish.role_id)]
            old = same[0] if same else None
            if user_id is None and len(running) >= MOST and old not in running:
                raise InvalidError(
                    _("A server has up to {n} digests; /digest off ends one that is not needed.").format(n=MOST)
                )
            digest = Digest(
                guild_id=actor.guild_id,
                id=self._ids.new() if old is None else old.id,
                channel_id=channel_id,
                user_id=user_id,
                cadence=cadence,
                weekday=_first(wish.weekday, old and old.weekday, server.first_weekday),
                minute=_first(wish.minute, old and old.minute, DEFAULT_MINUTE),
                tag=tag,
                role_id=wish.role_id,
                quiet=wish.quiet or (old.quiet if old else Quiet.LINE),
                state=DigestState.ACTIVE,
                next_run_at=now,
                created_by=actor.user_id,
            )
            await digests.put(conn, digest)
            await digests.try_now(conn, digest.guild_id, digest.id)
            await self._schedule(conn, digest, server, old)
            if user_id is not None:
                for other in running:
                    if other.id != digest.id:
                        await digests.change(conn, other.guild_id, other.id, **OFF)
            made = await digests.get(conn, digest.guild_id, digest.id)
            assert made is not None
            return made

        return await self._db.write(work)

    async def _schedule(self, conn: AsyncConnection, digest: Digest, server: Server, old: Digest | None) -> None:
        """Set when it comes next; a period that was promised still comes when its new time has passed already."""
        await move_on(conn, digest, server.timezone, self._clock.now())
        if old is None or old.state is not DigestState.ACTIVE:
            return
        new = await digests.get(conn, digest.guild_id, digest.id)
        assert new is not None
        promised, coming = (
            due.due_period(at, digest.cadence, server.timezone, server.first_weekday)
            for at in (old.next_run_at, new.next_run_at)
        )
        if promised.first < coming.first:
            await digests.change(conn, digest.guild_id, digest.id, next_run_at=old.next_run_at)

    async def reschedule(self, actor: Actor) -> None:
        """Move the next digests to the same local time after the server's zone changed."""

        async def work(conn: AsyncConnection) -> None:
            server = await servers.get(conn, actor.guild_id)
            for digest in await digests.of_server(conn, actor.guild_id):
                if digest.state in digests.SENDABLE:
                    await self._schedule(conn, digest, server, digest)

        await self._db.write(work)

    async def switch_off(self, actor: Actor, digest_id: int | None = None) -> Digest:
        """No more of that digest until it is set up again; the only one when it is not named. Raises UserError."""
        digest = await self.find(actor, digest_id)
        await self._db.write(lambda conn: digests.change(conn, digest.guild_id, digest.id, **OFF))
        return dataclasses.replace(digest, state=DigestState.OFF)

    async def switch_own_off(self, actor: Actor) -> None:
        """No more direct messages. Raises NotFoundError when there are none."""
        own = [status.digest for status in await self.status(actor) if status.digest.user_id == actor.user_id]
        running = [digest for digest in own if digest.state is not DigestState.OFF]
        if not running:
            raise NotFoundError(_("You have no digest of your own. /digest me starts one."))

        async def work(conn: AsyncConnection) -> None:
            for digest in running:
                await digests.change(conn, digest.guild_id, digest.id, **OFF)

        await self._db.write(work)

    async def leave(self, guild_id: int) -> None:
        """The bot was removed from the server: nothing is sent there until it is back."""
        reason = reason_of(Failure.LEFT, Kind.DIGEST, "")
        await self._db.write(lambda conn: digests.leave(conn, guild_id, reason))

    async def running(self, actor: Actor) -> list[Digest]:
        """The digests that are not off and the actor's to change: a manager's the server's, everyone's their own."""
        async with self._db.read() as conn:
            found = await digests.of_server(conn, actor.guild_id)
        return [
            digest
            for digest in found
            if digest.state is not DigestState.OFF
            and (digest.user_id == actor.user_id or (digest.user_id is None and actor.manager))
        ]

    async def find(self, actor: Actor, digest_id: int | None) -> Digest:
        """A digest that is not off; when it is not named a manager's is the server's, everyone else's their own.

        Raises UserError.
        """
        found = await self.running(actor)
        if digest_id is not None:
            chosen = [digest for digest in found if digest.id == digest_id]
        else:
            chosen = [digest for digest in found if (digest.user_id is None) is actor.manager]
        if len(chosen) > 1:
            raise InvalidError(_("digest: there are several; choose one from the list."))
        if not chosen and digest_id is None and actor.manager:
            raise NotFoundError(_("There is no digest yet, or it is off. /digest setup starts one."))
        if not chosen and digest_id is None:
            raise NotFoundError(_("You have no digest of your own, or it is off. /digest me starts one."))
        if not chosen:
            raise NotFoundError(_("That digest is no longer there. /digest status shows the ones there are."))
        return chosen[0]

    async def status(self, actor: Actor) -> list[Status]:
        """The digests with their latest runs, in any state: a manager's the server's, everyone's their own."""
        async with self._db.read() as conn:
            server = await servers.get(conn, actor.guild_id)
            return [
                Status(digest, server.timezone, await digests.last_runs(conn, digest.guild_id, digest.id))
                for digest in await digests.of_server(conn, actor.guild_id)
                if digest.user_id == actor.user_id or (digest.user_id is None and actor.manager)
            ]

    async def main(self, guild_id: int) -> Status | None:
        """The server's weekly digest of all links, in any state; None when it was never set up."""
        async with self._db.read() as conn:
            server = await servers.get(conn, guild_id)
            for digest in await digests.of_server(conn, guild_id):
                if digest.user_id is None and (digest.cadence, digest.tag, digest.role_id) == (
                    Cadence.WEEKLY,
                    "",
                    None,
                ):
                    return Status(digest, server.timezone, await digests.last_runs(conn, guild_id, digest.id))
        return None

    async def preview(self, actor: Actor, digest_id: int | None = None) -> Content:
        """The digest of the last complete period, as it would be posted now; a weekly one where there is none yet."""
        try:
            digest = await self.find(actor, digest_id)
        except NotFoundError:
            if digest_id is not None:
                raise
            digest = _nobodys(actor, self._clock.now())
        async with self._db.read() as conn:
            server = await servers.get(conn, actor.guild_id)
        now = self._clock.now()
        return await self._contents.of(
            digest, due.due_period(now, digest.cadence, server.timezone, server.first_weekday)
        )


def _first(*values: int | None) -> int:
    return next(value for value in values if value is not None)


def _nobodys(actor: Actor, now: dt.datetime) -> Digest:
    """What `/digest setup` without options would make, or `/digest me` for who is no manager."""
    return Digest(
        guild_id=actor.guild_id,
        id=0,
        channel_id=0,
        user_id=None if actor.manager else actor.user_id,
        cadence=Cadence.WEEKLY,
        weekday=0,
        minute=DEFAULT_MINUTE,
        tag="",
        role_id=None,
        quiet=Quiet.LINE,
        state=DigestState.OFF,
        next_run_at=now,
        created_by=0,
    )
