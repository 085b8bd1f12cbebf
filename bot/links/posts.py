"""Posts: one piece of content each, with an address of its own under its link."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.errors import NotFoundError
from bot.links.access import Actor, require_add
from bot.links.destinations import parse_destination
from bot.links.platforms import PLATFORMS, parse_kind, parse_platform
from bot.links.service import parse_title
from bot.links.slugs import shorten
from bot.texts import _
from storage import addresses, links, posts, servers
from storage.database import Database
from storage.ids import Ids
from storage.records import Address, Link, Post


class Posts:
    """Adds and finds posts; every lookup by (guild_id, id)."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    async def add(
        self,
        actor: Actor,
        link: Link | None,
        platform: str,
        kind: str,
        *,
        title: str = "",
        permalink: str = "",
    ) -> Post:
        """Note where a link was shared; with a link, the post gets the next free code: ig1, ig2, ...

        Raises UserError; then nothing is kept.
        """
        platform, kind, title = parse_platform(platform), parse_kind(kind), parse_title(title)
        if permalink:
            permalink = parse_destination(permalink, field="permalink")
        creator_id = actor.user_id if link is None else link.creator_id

        async def work(conn: AsyncConnection) -> Post:
            if link is None:
                require_add(actor, await servers.get(conn, actor.guild_id), creator_id)
            elif (current := await links.get(conn, actor.guild_id, link.id)) is None or not actor.owns(
                current.creator_id
            ):
                raise NotFoundError(_("That link is no longer there. /link list shows the ones there are."))
            post = Post(
                guild_id=actor.guild_id,
                id=self._ids.new(),
                creator_id=creator_id,
                link_id=None if link is None else link.id,
                code=None if link is None else await _free_code(conn, link, platform),
                platform=platform,
                kind=kind,
                created_by=actor.user_id,
                created_at=self._clock.now(),
                title=title,
                permalink=permalink,
            )
            await posts.add(conn, post)
            if link is not None:
                await addresses.add(conn, _address(link, post))
            return post

        return await self._db.write(work)

    async def get(self, actor: Actor, post_id: int) -> Post:
        """A post that the actor may see: their own, or any for a manager. Raises NotFoundError."""
        async with self._db.read() as conn:
            post = await posts.get(conn, actor.guild_id, post_id)
        if post is None or not actor.owns(post.creator_id):
            raise NotFoundError(_("There is no such post that you can use here. /post add registers one."))
        return post

    async def find(self, actor: Actor, text: str) -> Post:
        """The post that was chosen from a list. Raises NotFoundError."""
        if not text.isdecimal() or len(text) > 19:
            raise NotFoundError(
                _(
                    "post: “{value}” is not one of your posts. Choose one from the list; /post add registers one."
                ).format(value=shorten(text))
            )
        return await self.get(actor, int(text))

    async def visible(self, actor: Actor) -> Sequence[Post]:
        """The posts that the actor may see, newest first."""
        async with self._db.read() as conn:
            return await posts.find(conn, actor.guild_id, creator_id=None if actor.manager else actor.user_id)

    async def of_link(self, link: Link) -> Sequence[Post]:
        """A link's posts, newest first."""
        async with self._db.read() as conn:
            return await posts.find(conn, link.guild_id, link_ids=[link.id])


async def _free_code(conn: AsyncConnection, link: Link, platform: str) -> str:
    prefix = PLATFORMS[platform][1]
    found = await posts.find(conn, link.guild_id, link_ids=[link.id])
    n = 1 + sum(post.platform == platform for post in found)
    while await addresses.get(conn, f"{link.slug}/{prefix}{n}") is not None:
        n += 1
    return f"{prefix}{n}"


def _address(link: Link, post: Post) -> Address:
    return Address(
        address=f"{link.slug}/{post.code}",
        guild_id=post.guild_id,
        creator_id=post.creator_id,
        link_id=link.id,
        post_id=post.id,
        destination=link.destination,
        state=link.state,
        expires_at=link.expires_at,
        max_clicks=link.max_clicks,
    )
