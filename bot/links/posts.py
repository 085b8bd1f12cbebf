"""Posts: one piece of content each, with an address of its own under its link."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.errors import InvalidError, NotFoundError
from bot.inputs.dates import parse_past
from bot.inputs.numbers import parse_id
from bot.inputs.text import shorten
from bot.links.access import Actor, require_add, require_creator
from bot.links.destinations import parse_destination
from bot.links.permalinks import without_denied
from bot.links.platforms import PLATFORMS, resolve
from bot.links.publication import published_by_id
from bot.links.recent import Recent
from bot.links.service import Limits, parse_title
from bot.texts import _
from storage import addresses, counts, links, posts, servers
from storage.database import Database
from storage.ids import Ids
from storage.records import Address, Edge, Link, Page, Post, State

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Draft:
    """A post that is not registered yet, and the link that it will carry; its code is given when it is."""

    post: Post
    link: Link | None


@dataclass(frozen=True, slots=True)
class Moved:
    """A post after it was given to another link, and what it was before."""

    post: Post
    link: Link
    before: Post
    old_addresses: tuple[str, ...]
    """Those given out before; they lead to the new link now."""
    clicks_before: int
    """Clicks that stay with the links that it carried before."""


class Posts:
    """Adds, finds and changes posts; every lookup by (guild_id, id)."""

    def __init__(
        self, db: Database, clock: Clock, ids: Ids, limits: Limits | None = None, recent: Recent | None = None
    ) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._limits = limits or Limits()
        self._recent = recent or Recent()

    async def moment(self, actor: Actor, text: str) -> dt.datetime:
        """When "yesterday" or "2026-11-20 18:30" was, in the server's zone. Raises InvalidError."""
        async with self._db.read() as conn:
            zone = (await servers.get(conn, actor.guild_id)).timezone
        return parse_past(text, "published", self._clock.now(), zone)

    def _permalink(self, text: str) -> str:
        """A post's own address, which digests lead to: held to the rules of where links lead. Raises InvalidError."""
        return parse_destination(text, field="permalink", denied_domains=self._limits.denied_domains)

    def shown(self, post: Post) -> Post:
        """The post as it may be shown: without a permalink to a domain that is denied by now."""
        return without_denied(post, self._limits.denied_domains)

    def draft(
        self,
        actor: Actor,
        link: Link | None,
        platform: str | None,
        kind: str | None,
        *,
        title: str = "",
        permalink: str = "",
        published_at: dt.datetime | None = None,
    ) -> Draft:
        """A post to register; platform and kind are guessed from the permalink where they are None.

        When it was published is what was said, else what the platform's id of it tells. Raises InvalidError.
        """
        if permalink:
            permalink = self._permalink(permalink)
        platform, kind, platform_id = resolve(platform, kind, permalink)
        now = self._clock.now()
        post = Post(
            guild_id=actor.guild_id,
            id=self._ids.new(),
            creator_id=actor.user_id if link is None else link.creator_id,
            link_id=None if link is None else link.id,
            code=None,
            platform=platform,
            kind=kind,
            created_by=actor.user_id,
            created_at=now,
            title=parse_title(title),
            permalink=permalink,
            published_at=published_at or published_by_id(platform, platform_id, now),
            platform_id=platform_id,
        )
        return Draft(post, link)

    async def insert(self, conn: AsyncConnection, actor: Actor, draft: Draft) -> Post:
        """Register a post within a write transaction; with a link, it gets the next free code: ig1, ig2, ...

        Raises UserError.
        """
        post, link = draft.post, draft.link
        server = await servers.get(conn, actor.guild_id)
        if link is None:
            require_add(actor, server, post.creator_id)
        else:
            require_creator(actor, server)
            link = _owned(actor, await links.get(conn, actor.guild_id, link.id))
            post = dataclasses.replace(post, code=await _free_code(conn, link, post.platform))
        in_server, of_creator = await posts.count(conn, post.guild_id, post.creator_id)
        if in_server >= self._limits.posts_per_server or of_creator >= self._limits.posts_per_creator:
            raise InvalidError(
                _("That would be one post too many: a creator has at most {creator:,}, a server {server:,}.").format(
                    creator=self._limits.posts_per_creator, server=self._limits.posts_per_server
                )
            )
        if post.platform_id:
            await _require_new(conn, post)
        await posts.add(conn, post)
        if link is not None:
            await addresses.add(conn, _address(link, post))
        return post

    async def add(
        self,
        actor: Actor,
        link: Link | None,
        platform: str | None,
        kind: str | None,
        *,
        title: str = "",
        permalink: str = "",
        published_at: dt.datetime | None = None,
    ) -> Post:
        """Note where a link was shared, as `draft` and `insert` do. Raises UserError; then nothing is kept."""
        draft = self.draft(actor, link, platform, kind, title=title, permalink=permalink, published_at=published_at)

        async def work(conn: AsyncConnection) -> Post:
            return await self.insert(conn, actor, draft)

        return await self._db.write(work)

    async def get(self, actor: Actor, post_id: int) -> Post:
        """A post that the actor may see: their own, or any for a manager. Raises NotFoundError."""
        async with self._db.read() as conn:
            return await required(conn, actor, post_id)

    async def find(self, actor: Actor, text: str) -> Post:
        """The post that was chosen from a list. Raises NotFoundError."""
        if (post_id := parse_id(text)) is None:
            raise NotFoundError(
                _("post: “{value}” is not one of your posts. Choose one from the list; /post list shows them.").format(
                    value=shorten(text)
                )
            )
        post = await self.get(actor, post_id)
        self._recent.note(actor, post.id)
        return post

    async def page(
        self,
        actor: Actor,
        edge: Edge | None = None,
        size: int = 10,
        *,
        creator_id: int = 0,
        link_id: int = 0,
        archived: bool = False,
    ) -> Page[Post]:
        """So many of the posts that the actor may see, newest first: a creator's own, a manager's server.

        The first page, or the one at an edge; 0 is no creator, and no link.
        """
        which = {"creator_id": (creator_id or None) if actor.manager else actor.user_id, "link_id": link_id or None}
        states = (State.ARCHIVED,) if archived else (State.ACTIVE,)
        async with self._db.read() as conn:
            return await posts.page(conn, actor.guild_id, edge, size, **which, states=states)

    async def of_link(self, link: Link) -> Sequence[Post]:
        """A link's posts that are not archived, newest first."""
        async with self._db.read() as conn:
            return await posts.find(conn, link.guild_id, link_ids=[link.id], states=[State.ACTIVE])

    async def addresses(self, post: Post) -> Sequence[str]:
        """Every address that leads to the post, as `summer/ig1`; its present one among them."""
        if post.link_id is None:
            return ()
        async with self._db.read() as conn:
            return await addresses.of_post(conn, post.guild_id, post.link_id, post.id)

    async def edit(
        self,
        actor: Actor,
        post_id: int,
        *,
        platform: str | None = None,
        kind: str | None = None,
        title: str | None = None,
        permalink: str | None = None,
        published_at: dt.datetime | None = None,
        forget_published: bool = False,
    ) -> Post:
        """Change what is given and leave the rest; its address stays. Raises UserError; then nothing is changed.

        An empty permalink takes it away. A time that the permalink told goes with it; one that was typed stays.
        """
        if (platform, kind, title, permalink, published_at) == (None,) * 5 and not forget_published:
            raise InvalidError(_("Nothing to change: give a new platform, kind, title, permalink or published."))
        if permalink:
            permalink = self._permalink(permalink)

        async def change(conn: AsyncConnection, post: Post) -> Post:
            if permalink or title is not None:  # digests show them
                require_creator(actor, await servers.get(conn, actor.guild_id))
            kept = post.permalink if permalink is None else permalink
            where, what, id_ = resolve(platform or post.platform, kind or post.kind, kept)
            now = self._clock.now()
            by_old_id = published_by_id(post.platform, post.platform_id, now)
            typed = None if forget_published or post.published_at == by_old_id else post.published_at
            changed = dataclasses.replace(
                post,
                platform=where,
                kind=what,
                platform_id=id_,
                permalink=kept,
                title=post.title if title is None else parse_title(title),
                published_at=published_at or typed or published_by_id(where, id_, now),
            )
            names = ("platform", "kind", "platform_id", "permalink", "title", "published_at")
            await posts.change(conn, post.guild_id, post.id, **{name: getattr(changed, name) for name in names})
            return changed

        return await self._change(actor, post_id, change)

    async def archive(self, actor: Actor, post_id: int, *, archived: bool = True) -> Post:
        """Take a post out of the lists (its address redirects and counts on), or back in."""
        state = State.ARCHIVED if archived else State.ACTIVE

        async def change(conn: AsyncConnection, post: Post) -> Post:
            await posts.change(conn, post.guild_id, post.id, state=state)
            return dataclasses.replace(post, state=state)

        return await self._change(actor, post_id, change)

    async def move(self, actor: Actor, post_id: int, link: Link) -> Moved:
        """Give a post to another link of its creator's. Raises UserError; then nothing is changed.

        Its address is one of the new link's; those given out before lead there too, and count for the post. Clicks
        counted before stay with the link that they led to: its visitors saw that destination.
        """

        async def change(conn: AsyncConnection, post: Post) -> Moved:
            require_creator(actor, await servers.get(conn, actor.guild_id))
            there = _owned(actor, await links.get(conn, actor.guild_id, link.id))
            if there.id == post.link_id:
                raise InvalidError(_("link: the post belongs to {link} already.").format(link=there.slug))
            if there.creator_id != post.creator_id:
                raise InvalidError(
                    _(
                        "link: {link} belongs to another creator; /link transfer gives links with their posts away."
                    ).format(link=there.slug)
                )
            earlier = await carried(conn, post)
            old: list[str] = []
            if post.link_id is not None:
                old = await addresses.of_post(conn, post.guild_id, post.link_id, post.id)
                await addresses.change_post(conn, post.guild_id, post.link_id, post.id, _leads_to(there))
            # Back at a link that it carried before, it has the address that it had there.
            own = [address for address in old if address.startswith(f"{there.slug}/")]
            code = own[-1].partition("/")[2] if own else await _free_code(conn, there, post.platform)
            elsewhere = [
                await counts.clicks_of_place(conn, post.guild_id, id_, post.id) for id_ in earlier if id_ != there.id
            ]
            # Where all its clicks are the new link's, its figures and its clicks still speak of the same time.
            moved_at = None if old and not sum(elsewhere) else self._clock.now()
            moved = dataclasses.replace(post, link_id=there.id, code=code, moved_at=moved_at)
            await posts.change(conn, post.guild_id, post.id, link_id=there.id, code=code, moved_at=moved_at)
            if not own:
                await addresses.add(conn, _address(there, moved))
            return Moved(moved, there, post, tuple(old), sum(elsewhere))

        return await self._change(actor, post_id, change)

    async def discard(self, conn: AsyncConnection, post: Post) -> bool:
        """Take a registration back within a write transaction; False for a post that has been used since.

        The address answers as unknown from then on, and is never given out again.
        """
        if await posts.find_figures(conn, post.guild_id, [post.id]):
            return False
        if post.link_id is not None:
            if await counts.clicks_of_place(conn, post.guild_id, post.link_id, post.id):
                return False
            await addresses.change_post(conn, post.guild_id, post.link_id, post.id, {"state": State.DELETED})
        await posts.change(conn, post.guild_id, post.id, state=State.DELETED)
        return True

    async def _change(self, actor: Actor, post_id: int, change: Callable[[AsyncConnection, Post], Awaitable[T]]) -> T:
        async def work(conn: AsyncConnection) -> T:
            return await change(conn, await required(conn, actor, post_id))

        return await self._db.write(work)


async def required(conn: AsyncConnection, actor: Actor, post_id: int) -> Post:
    """A post that the actor may see and change. Raises NotFoundError."""
    post = await posts.get(conn, actor.guild_id, post_id)
    if post is None or not actor.owns(post.creator_id):
        raise NotFoundError(_("There is no such post that you can use here. /post list shows those there are."))
    return post


def _owned(actor: Actor, link: Link | None) -> Link:
    if link is None or not actor.owns(link.creator_id):
        raise NotFoundError(_("That link is no longer there. /link list shows the ones there are."))
    return link


async def _require_new(conn: AsyncConnection, post: Post) -> None:
    """Raises InvalidError where the creator registered that post of the platform for the same link already."""
    for known in await posts.find(conn, post.guild_id, creator_id=post.creator_id):
        same = (known.platform, known.platform_id, known.link_id) == (post.platform, post.platform_id, post.link_id)
        if same:
            raise InvalidError(
                _("permalink: “{value}” is registered already; /post list shows it, /post edit changes it.").format(
                    value=shorten(post.permalink)
                )
            )


async def carried(conn: AsyncConnection, post: Post) -> list[int]:
    """The links that a post carries and carried before it was moved, the present one first."""
    if post.link_id is None:
        return []
    found = [post.link_id]
    if post.moved_at is not None:
        for address in await addresses.of_post(conn, post.guild_id, post.link_id, post.id):
            bare = await addresses.get(conn, address.partition("/")[0])
            if bare is not None and bare.link_id is not None and bare.link_id not in found:
                found.append(bare.link_id)
    return found


async def _free_code(conn: AsyncConnection, link: Link, platform: str) -> str:
    prefix = PLATFORMS[platform][1]
    found = await posts.find(conn, link.guild_id, link_ids=[link.id])
    n = 1 + sum(post.platform == platform for post in found)
    while await addresses.get(conn, f"{link.slug}/{prefix}{n}") is not None:
        n += 1
    return f"{prefix}{n}"


def _leads_to(link: Link) -> dict[str, object]:
    """Where an address of the link leads, and until when."""
    return {
        "link_id": link.id,
        "creator_id": link.creator_id,
        "destination": link.destination,
        "state": link.state,
        "expires_at": link.expires_at,
        "max_clicks": link.max_clicks,
    }


def _address(link: Link, post: Post) -> Address:
    return Address(
        address=f"{link.slug}/{post.code}",
        guild_id=post.guild_id,
        creator_id=link.creator_id,
        link_id=link.id,
        post_id=post.id,
        destination=link.destination,
        state=link.state,
        expires_at=link.expires_at,
        max_clicks=link.max_clicks,
    )
