"""Publishing a creator's profile page and taking it back."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from bot.errors import InvalidError, NotFoundError, RefusedError
from bot.links.access import Actor, may_add
from bot.links.slugs import parse_handle
from bot.texts import _
from storage import addresses, links, profiles, servers
from storage.database import Database
from storage.records import Address, Profile, State

MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Published:
    """A page that was published, and the handle under which it stood before when that changed."""

    profile: Profile
    former: str | None = None


class Profiles:
    """Handles are unique in the installation; a creator keeps the ones that were ever theirs."""

    def __init__(self, db: Database, base_url: URL) -> None:
        self._db = db
        self._base_url = base_url

    def url(self, profile: Profile) -> str:
        return str(self._base_url / f"@{profile.handle}")

    async def get(self, actor: Actor) -> Profile | None:
        async with self._db.read() as conn:
            return await profiles.get(conn, actor.guild_id, actor.user_id)

    async def publish(self, actor: Actor, handle: str, name: str | None, default: str) -> Published:
        """Publish the page of an actor who has links or may add some; an earlier handle stops. Raises UserError.

        The name stays as it was when None is given; the first time it is `default`.
        """
        wanted = f"@{parse_handle(handle)}"

        async def work(conn: AsyncConnection) -> Published:
            _in_server, own = await links.count(conn, actor.guild_id, actor.user_id)
            if not own and not may_add(actor, await servers.get(conn, actor.guild_id)):
                raise RefusedError(_("Publishing a page takes a link of yours to show there. Ask a manager for one."))
            known = await addresses.get(conn, wanted)
            if known is None:
                await addresses.add(conn, Address(wanted, actor.guild_id, actor.user_id))
            elif (known.guild_id, known.creator_id) != (actor.guild_id, actor.user_id):
                raise InvalidError(_("The handle {handle} is taken; choose another one.").format(handle=wanted))
            else:
                await addresses.set_state(conn, actor.guild_id, wanted, State.ACTIVE)
            old = await profiles.get(conn, actor.guild_id, actor.user_id)
            shown = name if name is not None else default if old is None else old.name
            profile = Profile(
                actor.guild_id, actor.user_id, wanted[1:], " ".join(shown.split())[:MAX_NAME], published=True
            )
            await profiles.put(conn, profile)
            if old is None or old.handle == profile.handle:
                return Published(profile)
            await addresses.set_state(conn, actor.guild_id, f"@{old.handle}", State.DELETED)
            return Published(profile, f"@{old.handle}")

        return await self._db.write(work)

    async def unpublish(self, actor: Actor) -> Profile:
        """Take the page back; the handle stays the creator's. Raises NotFoundError when there is none."""

        async def work(conn: AsyncConnection) -> Profile:
            profile = await profiles.get(conn, actor.guild_id, actor.user_id)
            if profile is None or not profile.published:
                raise NotFoundError(_("Your profile is not published. /profile publish does that."))
            hidden = dataclasses.replace(profile, published=False)
            await profiles.put(conn, hidden)
            return hidden

        return await self._db.write(work)
