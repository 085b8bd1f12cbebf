"""Links: what a member can do with one, from adding it to deleting it for good."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from bot.clock import Clock
from bot.errors import InvalidError, NotFoundError
from bot.inputs.dates import parse_future
from bot.inputs.numbers import parse_id
from bot.inputs.text import clean, parse_line, shorten, shows
from bot.links.access import Actor, first_link, require_add, require_creator, require_manager
from bot.links.destinations import parse_destination
from bot.links.lengths import MAX_TAG, MAX_TAGS, MAX_TITLE
from bot.links.owner import OwnerTokens
from bot.links.recent import Recent
from bot.links.slugs import parse_slug, random_slug
from bot.texts import _
from bot.tracking.hits import Reason
from storage import addresses, counts, links, posts, servers
from storage.database import Database
from storage.errors import NameTaken
from storage.ids import Ids
from storage.records import Address, Edge, Link, Page, Post, State

NAMES_EVER = 4
"""Times as many names are given out ever as there may be links at once."""

_Change = Callable[[AsyncConnection, Link], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator sets for destinations and for numbers of links and posts."""

    denied_domains: tuple[str, ...] = ()
    allow_private_destinations: bool = False
    per_creator: int = 500
    per_server: int = 5000
    posts_per_creator: int = 5000
    posts_per_server: int = 50_000


def parse_title(text: str) -> str:
    """The title of a link or a post. Raises InvalidError."""
    return parse_line(text, "title", MAX_TITLE)


def parse_tags(text: str, field: str = "tags") -> tuple[str, ...]:
    """Tags from "summer, Shoes #sale": lower case, without #, each once, in order."""
    words = (clean(word).lower() for word in text.replace("#", ",").split(",") if word.strip())
    tags = tuple(dict.fromkeys(words))
    if not all(map(shows, tags)):
        raise InvalidError(
            _("{field}: there is nothing to see in one; type letters, digits or emoji.").format(field=field)
        )
    if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in tags):
        raise InvalidError(
            _(
                "A link takes up to {n} tags of at most {length} characters, with commas between; “{text}” doesn't fit."
            ).format(n=MAX_TAGS, length=MAX_TAG, text=shorten(text))
        )
    return tags


class Links:
    """Adds, finds and changes links; every lookup by (guild_id, id), every change by who may make it."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        ids: Ids,
        base_url: URL,
        limits: Limits,
        owner_tokens: OwnerTokens,
        recent: Recent | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._limits = limits
        self._owner_tokens = owner_tokens
        self._recent = recent or Recent()
        self.base_url = base_url

    def url(self, link: Link, post: Post | None = None) -> str:
        """The tracked address, ready to copy."""
        path = link.slug if post is None or post.code is None else f"{link.slug}/{post.code}"
        return str(self.base_url / path)

    async def test_url(self, link: Link) -> str:
        """An address by which the creator tries the link out without being counted."""
        token = await self._owner_tokens.of(link.guild_id, link.id)
        return str((self.base_url / link.slug).with_query(test=token))

    def destination(self, text: str) -> str:
        """Where a link may lead, in its normal form. Raises InvalidError."""
        return parse_destination(
            text,
            own=self.base_url,
            denied_domains=self._limits.denied_domains,
            allow_private=self._limits.allow_private_destinations,
        )

    async def _expiry(self, guild_id: int, text: str) -> dt.datetime:
        async with self._db.read() as conn:
            zone = (await servers.get(conn, guild_id)).timezone
        return parse_future(text, "expires", self._clock.now(), zone)

    async def add(
        self,
        actor: Actor,
        destination: str,
        *,
        name: str | None = None,
        title: str = "",
        creator_id: int | None = None,
        tags: str = "",
        private: bool = False,
        expires: str | None = None,
        max_clicks: int | None = None,
    ) -> Link:
        """Add a link and give its name out. Raises UserError; then nothing is kept."""
        creator = actor.user_id if creator_id is None else creator_id
        now = self._clock.now()
        expires_at = await self._expiry(actor.guild_id, expires) if expires is not None else None
        link = Link(
            guild_id=actor.guild_id,
            id=self._ids.new(),
            creator_id=creator,
            slug=random_slug() if name is None else parse_slug(name),
            destination=self.destination(destination),
            title=parse_title(title),
            tags=parse_tags(tags),
            private=private,
            created_by=actor.user_id,
            created_at=now,
            updated_at=now,
            expires_at=expires_at,
            max_clicks=max_clicks,
        )

        async def work(conn: AsyncConnection) -> None:
            await self.insert(conn, actor, link)

        try:
            await self._db.write(work)
        except NameTaken:
            raise InvalidError(
                _(
                    "The name “{name}” is taken, or was once: names are never given out twice. Choose another one."
                ).format(name=link.slug)
            ) from None
        return link

    async def insert(self, conn: AsyncConnection, actor: Actor, link: Link) -> None:
        """Add a link within a write transaction. Raises UserError, and NameTaken when its name ever was given out."""
        require_add(actor, await servers.get(conn, actor.guild_id), link.creator_id)
        in_server, of_creator = await links.count(conn, actor.guild_id, link.creator_id)
        if in_server >= self._limits.per_server or of_creator >= self._limits.per_creator:
            raise InvalidError(
                _("That would be one link too many: a creator has at most {creator:,}, a server {server:,}.").format(
                    creator=self._limits.per_creator, server=self._limits.per_server
                )
            )
        await require_names(conn, self._limits, link.guild_id, link.creator_id)
        await addresses.add(conn, _address(link))
        await links.add(conn, link)

    async def get(self, actor: Actor, link_id: int) -> Link:
        """A link that the actor may see: their own, or any for a manager. Raises NotFoundError."""
        async with self._db.read() as conn:
            link = await links.get(conn, actor.guild_id, link_id)
        return _required(actor, link)

    async def find(self, actor: Actor, text: str) -> Link:
        """The link that an option's value names: an id from autocomplete, or a slug that was typed."""
        wanted = text.strip().lower().removeprefix(f"{self.base_url}/".lower())
        async with self._db.read() as conn:
            link = None
            if (link_id := parse_id(wanted)) is not None:
                link = await links.get(conn, actor.guild_id, link_id)
            if link is None or not actor.owns(link.creator_id):
                address = await addresses.get(conn, wanted)
                link = None
                if address is not None and address.guild_id == actor.guild_id and address.link_id is not None:
                    link = await links.get(conn, actor.guild_id, address.link_id)
            if link is None or not actor.owns(link.creator_id):
                raise await _unknown(conn, actor, text)
        self._recent.note(actor, link.id)
        return link

    async def has_ended(self, link: Link) -> bool:
        """Whether its time has passed or its clicks are used up, so that its addresses answer as unknown ones do."""
        if link.expires_at is not None and link.expires_at <= self._clock.now():
            return True
        if link.max_clicks is None:
            return False
        async with self._db.read() as conn:
            return await counts.clicks_of_link(conn, link.guild_id, link.id) >= link.max_clicks

    async def visible(self, actor: Actor, *, creator_id: int | None = None, archived: bool = False) -> Sequence[Link]:
        """The links that the actor may see, newest first: a creator's own, a manager's server."""
        if not actor.manager:
            creator_id = actor.user_id
        states = (State.ARCHIVED,) if archived else (State.ACTIVE,)
        async with self._db.read() as conn:
            return await links.find(conn, actor.guild_id, creator_id=creator_id, states=states)

    async def page(
        self,
        actor: Actor,
        edge: Edge | None = None,
        size: int = 1,
        *,
        creator_id: int = 0,
        archived: bool = False,
    ) -> Page[Link]:
        """So many of those that `visible` shows: the first page, or the one at an edge; 0 is no creator."""
        whose = (creator_id or None) if actor.manager else actor.user_id
        states = (State.ARCHIVED,) if archived else (State.ACTIVE,)
        async with self._db.read() as conn:
            return await links.page(conn, actor.guild_id, edge, size, creator_id=whose, states=states)

    async def some(self, actor: Actor, link_ids: Collection[int]) -> dict[int, Link]:
        """Those of the links that the actor may see, archived ones too, by id."""
        async with self._db.read() as conn:
            found = await links.by_ids(conn, actor.guild_id, link_ids)
        return {link.id: link for link in found if actor.owns(link.creator_id)}

    async def edit(
        self,
        actor: Actor,
        link_id: int,
        *,
        destination: str | None = None,
        title: str | None = None,
        tags: str | None = None,
        private: bool | None = None,
        expires: str | None = None,
        max_clicks: int | None = None,
    ) -> Link:
        """Change what is given and leave the rest; a new destination holds for all the link's addresses at once.

        An empty `expires` and a `max_clicks` of 0 take the end away.
        """
        changes: dict[str, object] = {}
        if destination is not None:
            changes["destination"] = self.destination(destination)
        if title is not None:
            changes["title"] = parse_title(title)
        if tags is not None:
            changes["tags"] = parse_tags(tags)
        if private is not None:
            changes["private"] = private
        if expires is not None:
            changes["expires_at"] = await self._expiry(actor.guild_id, expires) if expires else None
        if max_clicks is not None:
            changes["max_clicks"] = max_clicks or None
        if not changes:
            raise InvalidError(
                _("Nothing to change: give a new destination, title, tags, private, expires or max_clicks.")
            )
        public = {name: value for name, value in changes.items() if name in ("destination", "expires_at", "max_clicks")}

        async def work(conn: AsyncConnection, link: Link) -> None:
            if public or title is not None or private is False:
                require_creator(actor, await servers.get(conn, actor.guild_id))
            await links.change(conn, link.guild_id, link.id, **changes, updated_at=self._clock.now())
            if public:
                await addresses.change_link(conn, link.guild_id, link.id, **public)

        return dataclasses.replace(await self._change(actor, link_id, work), **changes)  # type: ignore[arg-type]

    async def archive(self, actor: Actor, link_id: int, *, archived: bool = True) -> Link:
        """Take a link out of the lists (it redirects and counts on), or back in."""
        state = State.ARCHIVED if archived else State.ACTIVE
        return await self._set_state(actor, link_id, state)

    async def delete(self, actor: Actor, link_id: int) -> tuple[Link, bool]:
        """Stop a link for good: its addresses answer as unknown. Returns it, and whether its name is free again.

        A name that anybody clicked or saw is never given out again: it stands somewhere, and would lead astray.
        """

        async def work(conn: AsyncConnection) -> tuple[Link, bool]:
            link = _required(actor, await links.get(conn, actor.guild_id, link_id))
            await links.change(conn, link.guild_id, link.id, state=State.DELETED, updated_at=self._clock.now())
            await addresses.change_link(conn, link.guild_id, link.id, state=State.DELETED)
            names, is_shared = await addresses.of_link(conn, link.guild_id, link.id, link.slug)
            if is_shared or link.history_id or await _was_seen(conn, link):
                return link, False
            await addresses.give_back(conn, link.guild_id, names)
            # The next link of that name and this one are told apart wherever both are exported.
            await links.change(conn, link.guild_id, link.id, slug=random_slug())
            return link, True

        return await self._db.write(work)

    async def _set_state(self, actor: Actor, link_id: int, state: State) -> Link:
        async def work(conn: AsyncConnection, link: Link) -> None:
            if state is State.ACTIVE:
                require_creator(actor, await servers.get(conn, actor.guild_id))
            await links.change(conn, link.guild_id, link.id, state=state, updated_at=self._clock.now())
            await addresses.change_link(conn, link.guild_id, link.id, state=state)

        return dataclasses.replace(await self._change(actor, link_id, work), state=state)

    async def transfer(self, actor: Actor, link_id: int, creator_id: int, *, of: int) -> Link:
        """Give a link with its posts and numbers to another creator, if it is still `of` this one; managers only."""
        require_manager(actor)

        async def work(conn: AsyncConnection, link: Link) -> None:
            if link.creator_id != of:
                raise InvalidError(
                    _("That link has changed hands since, and stays where it is. To give it away, /link transfer anew.")
                )
            await links.change(conn, link.guild_id, link.id, creator_id=creator_id, updated_at=self._clock.now())
            await addresses.change_link(conn, link.guild_id, link.id, creator_id=creator_id)
            await posts.change_of_link(conn, link.guild_id, link.id, creator_id=creator_id)

        return dataclasses.replace(await self._change(actor, link_id, work), creator_id=creator_id)

    async def _change(self, actor: Actor, link_id: int, change: _Change) -> Link:
        async def work(conn: AsyncConnection) -> Link:
            link = _required(actor, await links.get(conn, actor.guild_id, link_id))
            await change(conn, link)
            return link

        return await self._db.write(work)


async def require_names(conn: AsyncConnection, limits: Limits, guild_id: int, creator_id: int, more: int = 1) -> None:
    """Raises InvalidError where a server or a creator would use up more names than may be given out to them ever."""
    of_server, of_creator = limits.per_server * NAMES_EVER, limits.per_creator * NAMES_EVER
    ever = await links.count_ever(conn, guild_id, creator_id)
    if ever[0] + more <= of_server and ever[1] + more <= of_creator:
        return
    names = await addresses.count_names(conn, guild_id, creator_id)  # without those that were given back
    if names[0] + more > of_server or names[1] + more > of_creator:
        raise InvalidError(
            _(
                "That would be more names than are given out ever, those of deleted links included: {creator:,} to a "
                "creator, {server:,} to a server. Point a link that you no longer need elsewhere with /link edit."
            ).format(creator=of_creator, server=of_server)
        )


async def _was_seen(conn: AsyncConnection, link: Link) -> bool:
    """Whether anybody but its creator ever asked for an address of the link, be it a crawler, or saw it on a page."""
    if await counts.first_day(conn, link.guild_id, [link.id]) is not None:
        return True
    aside = await counts.set_aside_counts(conn, link.guild_id, dt.date.min, dt.date.max, [link.id])
    return any(one.reason != Reason.OWNER for one in aside)


async def _unknown(conn: AsyncConnection, actor: Actor, named: str) -> NotFoundError:
    """That there is no such link, and how the actor comes by one that there is."""
    of_server, own = await links.count(conn, actor.guild_id, actor.user_id)
    if of_server if actor.manager else own:
        way = _("/link list shows yours.")
    else:
        way = first_link(actor, await servers.get(conn, actor.guild_id))
    text = _("There is no link “{name}” that you can use here.")
    return NotFoundError(text.format(name=shorten(named)) + " " + way)


def _required(actor: Actor, link: Link | None) -> Link:
    if link is None or not actor.owns(link.creator_id):
        raise NotFoundError(_("That link is no longer there. /link list shows the ones there are."))
    return link


def _address(link: Link) -> Address:
    return Address(
        address=link.slug,
        guild_id=link.guild_id,
        creator_id=link.creator_id,
        link_id=link.id,
        destination=link.destination,
        expires_at=link.expires_at,
        max_clicks=link.max_clicks,
    )
