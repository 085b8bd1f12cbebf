"""Tracked twins of the addresses in a message: which there are, what becomes of each, and making them in one step."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.errors import InvalidError, RefusedError
from bot.inputs.text import fit_line
from bot.links.access import Actor, require_add, require_creator
from bot.links.hosts import host_of
from bot.links.lengths import MAX_TITLE
from bot.links.posts import Posts
from bot.links.service import Links
from bot.links.slugs import random_slug
from storage import links, posts, servers
from storage.database import Database
from storage.ids import Ids
from storage.records import Link, Post, State

MOST = 10
"""Addresses of a message that are taken at once."""
MOST_CHARACTERS = 3000
"""Of all of them together: they must fit into one answer."""
_URL = re.compile(r"https?://(?:(?!\|\|)[^\s<>\"`\\])+", re.IGNORECASE)
"""Up to Discord's spoiler mark `||`; a single `|` is a part of an address."""
_MARKDOWN = re.compile(r"\]\((https?://[^\s()<>\"`]+(?:\([^\s()]*\)[^\s()<>\"`]*)*)\)", re.IGNORECASE)


class Fate(StrEnum):
    """What becomes of an address."""

    NEW = "new"
    """A new link, and a post of it."""
    JOINED = "joined"
    """A post of a link that leads there already."""
    TWIN = "twin"
    """This message has its post of that link already."""
    OWN = "own"
    """A tracked address itself."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Message:
    """Where addresses stand: the message's own address, when it was written, and the name of its channel.

    The name is empty where not everybody in the server can see the channel: it becomes the title of public posts.
    """

    permalink: str
    written_at: dt.datetime
    channel: str


@dataclass(frozen=True, slots=True)
class Twin:
    """An address and what becomes, or became, of it; `link` and `post` where there are such."""

    address: str
    fate: Fate
    link: Link | None = None
    post: Post | None = None
    reason: str = ""
    """Why it was refused."""


def find_addresses(text: str) -> list[str]:
    """The http(s) addresses in a message as they are written, each once, in order.

    What a sentence puts behind an address is no part of it: full stops, commas, a closing bracket without its opening.
    """
    found: list[str] = []
    for match in _URL.finditer(text):
        inside = _MARKDOWN.search(text, max(0, match.start() - 2), len(text))
        address = match[0]
        if inside is not None and inside.start(1) == match.start():
            address = inside[1]
        address = address.rstrip(_AFTER)
        while address.endswith((")", "]", "}")) and address.count(_OPENING[address[-1]]) < address.count(address[-1]):
            address = address[:-1].rstrip(_AFTER)
        if len(address) > len("https://") and address not in found:
            found.append(address)
    return found


_OPENING = {")": "(", "]": "[", "}": "{"}
_AFTER = ".,;:!?'*_~…|"
"""What a sentence or Markdown puts behind an address."""


def taken(addresses: Sequence[str]) -> list[str]:
    """As many of the addresses, from the first on, as are taken at once."""
    chosen: list[str] = []
    for address in addresses[:MOST]:
        if sum(map(len, chosen)) + len(address) > MOST_CHARACTERS:
            break
        chosen.append(address)
    return chosen


class Twins:
    """Looks at the addresses of a message, and makes their tracked twins."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, own_links: Links, registry: Posts) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._links = own_links
        self._registry = registry

    async def look(self, actor: Actor, addresses: Sequence[str], message: Message) -> list[Twin]:
        """What would become of each of the addresses; nothing is changed."""
        async with self._db.read() as conn:
            return [await self._look(conn, actor, address, message) for address in addresses]

    async def make(self, actor: Actor, addresses: Sequence[str], message: Message) -> list[Twin]:
        """Make the twins: all that may be made, or on an error none. Raises UserError."""

        async def work(conn: AsyncConnection) -> list[Twin]:
            # Looked at one after the other, so that two spellings of one destination share a link.
            return [
                await self._make(conn, actor, await self._look(conn, actor, address, message), message)
                for address in addresses
            ]

        return await self._db.write(work)

    async def _look(self, conn: AsyncConnection, actor: Actor, address: str, message: Message) -> Twin:
        if self._is_own(address):
            return Twin(address, Fate.OWN)
        try:
            destination = self._links.destination(address)
        except InvalidError as error:
            return Twin(address, Fate.REFUSED, reason=str(error))
        candidates = [link for link in await links.to(conn, actor.guild_id, destination) if actor.owns(link.creator_id)]
        # A manager's own link before those of others that lead there too.
        link = min(candidates, key=lambda one: one.creator_id != actor.user_id, default=None)
        for post in (
            [] if link is None else await posts.find(conn, actor.guild_id, link_ids=[link.id], states=[State.ACTIVE])
        ):
            if post.permalink == message.permalink:
                return Twin(address, Fate.TWIN, link, post)
        server = await servers.get(conn, actor.guild_id)
        try:
            if link is not None:
                require_creator(actor, server)
                return Twin(address, Fate.JOINED, link)
            require_add(actor, server, actor.user_id)
        except RefusedError as error:
            return Twin(address, Fate.REFUSED, reason=str(error))
        return Twin(address, Fate.NEW)

    async def _make(self, conn: AsyncConnection, actor: Actor, twin: Twin, message: Message) -> Twin:
        if twin.fate not in (Fate.NEW, Fate.JOINED):
            return twin
        link = twin.link
        if link is None:
            now = self._clock.now()
            link = Link(
                guild_id=actor.guild_id,
                id=self._ids.new(),
                creator_id=actor.user_id,
                slug=random_slug(),
                destination=self._links.destination(twin.address),
                created_by=actor.user_id,
                created_at=now,
                updated_at=now,
            )
            await self._links.insert(conn, actor, link)
        draft = self._registry.draft(
            actor,
            link,
            "discord",
            "message",
            title=fit_line(f"#{message.channel}", MAX_TITLE) if message.channel else "",
            permalink=message.permalink,
            published_at=message.written_at,
        )
        return Twin(twin.address, twin.fate, link, await self._registry.insert(conn, actor, draft))

    def _is_own(self, address: str) -> bool:
        try:
            return host_of(address) == host_of(str(self._links.base_url))
        except ValueError:
            return False
