"""From a public name to what it leads to, and from a request for it to a counted hit; redirects and pixels share it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from bot.clock import Clock
from bot.insights.periods import local_day
from bot.links.destinations import is_denied
from bot.tracking.hits import RequestFacts, classify
from bot.tracking.recorder import Recorder
from bot.tracking.visitors import Visitors
from storage import addresses, links, meta, profiles, servers
from storage.database import Database
from storage.ids import Ids
from storage.records import BARE, PROFILE, Address, Hit, Kind, SetAside, State

_ANSWERED = (State.ACTIVE, State.ARCHIVED)

K = TypeVar("K")
V = TypeVar("V")

CACHE_SIZE = 10_000
CACHE_SECONDS = 30.0

UNKNOWN_PROXY = "unknown_proxy_seen_at"
"""Where `storage.meta` keeps when a forwarded header was last not believed."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link as the profile page shows it."""

    label: str
    slug: str
    host: str


@dataclass(frozen=True, slots=True)
class ProfileView:
    """A published profile as its page shows it, newest link first."""

    name: str
    handle: str
    links: tuple[ShownLink, ...]


def place_of(address: Address, via: str = "") -> int:
    """Where a hit on the address belongs: its post, else the profile page that the visitor came from, else bare."""
    if address.post_id is not None:
        return address.post_id
    return PROFILE if via == "profile" else BARE


class Tracker:
    """Looks names up and counts what is asked for. `denied_domains` are lower-case, with everything below them."""

    def __init__(
        self,
        *,
        db: Database,
        recorder: Recorder,
        visitors: Visitors,
        clock: Clock,
        ids: Ids,
        denied_domains: tuple[str, ...] = (),
    ) -> None:
        self._db = db
        self._recorder = recorder
        self._visitors = visitors
        self._clock = clock
        self._ids = ids
        self._denied_domains = denied_domains
        self._addresses: dict[str, Address | None] = {}
        self._zones: dict[int, str] = {}
        self._generation = -1
        self._stale_at = 0.0

    async def check(self) -> None:
        """Read something trivial; raises when the database can't be read."""
        async with self._db.read() as conn:
            await addresses.get(conn, "")

    async def _cached(self, cache: dict[K, V], key: K, read: Callable[[AsyncConnection], Awaitable[V]]) -> V:
        """What was read for the key since the last write, at most `CACHE_SECONDS` ago; unknown names too.

        Another process may write to the same database: hence the time.
        """
        now = time.monotonic()
        if self._db.generation != self._generation or now >= self._stale_at:
            self._addresses.clear()
            self._zones.clear()
            self._generation, self._stale_at = self._db.generation, now + CACHE_SECONDS
        if key not in cache:
            generation = self._generation
            async with self._db.read() as conn:
                value = await read(conn)
            if generation != self._db.generation:
                return value  # a write came in between: it may be the older state
            while len(cache) >= CACHE_SIZE:
                del cache[next(iter(cache))]
            cache[key] = value
        return cache[key]

    async def _zone(self, guild_id: int) -> str:
        async def read(conn: AsyncConnection) -> str:
            return (await servers.get(conn, guild_id)).timezone

        return await self._cached(self._zones, guild_id, read)

    async def resolve(self, text: str) -> Address | None:
        """The tracked address of that name, in any case; None for unknown, deleted and denied ones alike."""
        name = text.lower()
        address = await self._cached(self._addresses, name, lambda conn: addresses.get(conn, name))
        if address is None or address.link_id is None or address.state not in _ANSWERED:
            return None
        return None if self._is_denied(address.destination) else address

    async def track(
        self, address: Address, kind: Kind, place_id: int, facts: RequestFacts, client: str, host: str
    ) -> None:
        """Count a request for an address from `resolve`, or set it aside; returns when it is on disk, or late.

        Never raises: whoever asked gets an answer, counted or not.
        """
        assert address.link_id is not None
        await self._count(address.guild_id, [address.link_id], kind, place_id, facts, client, host)

    async def profile(self, handle: str, facts: RequestFacts, client: str, host: str) -> ProfileView | None:
        """The published profile, whose links each get an impression; None for unknown and unpublished ones alike.

        It shows the creator's active links that are not private and lead to no denied domain.
        """
        handle = handle.lower()
        async with self._db.read() as conn:
            address = await addresses.get(conn, f"@{handle}")
            if address is None or address.state not in _ANSWERED:
                return None
            guild_id, creator_id = address.guild_id, address.creator_id
            profile = await profiles.get(conn, guild_id, creator_id)
            if profile is None or not profile.published or profile.handle != handle:
                return None
            found = await links.find(conn, guild_id, creator_id=creator_id, states=[State.ACTIVE])
        shown = [link for link in found if not link.private and not self._is_denied(link.destination)]
        await self._count(guild_id, [link.id for link in shown], Kind.IMPRESSION, PROFILE, facts, client, host)
        return ProfileView(
            profile.name or handle,
            handle,
            tuple(ShownLink(link.label, link.slug, _host(link.destination).removeprefix("www.")) for link in shown),
        )

    async def note_unknown_proxy(self) -> None:
        """Remember for `check` that a forwarded header came from a peer that is no configured proxy."""
        now = self._clock.now().isoformat()
        await self._db.write(lambda conn: meta.put(conn, UNKNOWN_PROXY, now))

    def _is_denied(self, destination: str) -> bool:
        return bool(self._denied_domains) and is_denied(_host(destination), self._denied_domains)

    async def _count(
        self,
        guild_id: int,
        link_ids: Sequence[int],
        kind: Kind,
        place_id: int,
        facts: RequestFacts,
        client: str,
        host: str,
    ) -> None:
        try:
            now = self._clock.now()
            day = local_day(now, await self._zone(guild_id))
            reason = classify(facts)
            if reason is not None:
                for link_id in link_ids:
                    self._recorder.set_aside(SetAside(guild_id, link_id, place_id, day, reason))
                return
            visitor = None
            if kind is Kind.CLICK:  # nothing is made of an impression's visitor, so there is none
                visitor = await self._visitors.visitor(guild_id, day, facts, client, host)
            hits = [Hit(guild_id, self._ids.new(), link_id, place_id, kind, now, day, visitor) for link_id in link_ids]
            await asyncio.gather(*map(self._recorder.count, hits))
        except Exception:
            log.exception("A request was answered but could not be counted")


def _host(destination: str) -> str:
    return URL(destination).host or ""
