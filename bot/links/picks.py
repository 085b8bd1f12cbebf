"""What is offered while people type which link, post, tag or creator they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yarl import URL

from bot.clock import Clock
from bot.links.access import Actor
from bot.links.recent import Recent
from storage import picks
from storage.database import Database
from storage.picks import LinkPick, PostPick
from storage.prepared import Reader, read
from storage.records import State
from storage.words import Query

_LIVE, _ALL = (State.ACTIVE,), (State.ACTIVE, State.ARCHIVED)


@dataclass(frozen=True, slots=True)
class Offer:
    """What answers to what was typed, each noun by itself and the best first."""

    query: Query
    links: Sequence[LinkPick] = ()
    posts: Sequence[PostPick] = ()
    tags: Sequence[str] = ()
    creators: Sequence[int] = ()
    """Others than the asker who have links, whatever was typed: their names are Discord's."""


class Picks:
    """Finds what a list of choices offers: a creator's own, a manager's server; archived ones only when typed."""

    def __init__(self, db: Database, clock: Clock, base_url: URL, recent: Recent) -> None:
        self._db = db
        self._clock = clock
        self._base_url = str(base_url).lower()
        self._recent = recent

    def query(self, text: str) -> Query:
        """What was typed; a tracked address is as good as its name."""
        return Query.of(text.strip().lower().removeprefix(self._base_url))

    async def links(self, actor: Actor, text: str, *, archived: bool = False) -> Sequence[LinkPick]:
        """The links that the actor may mean; with `archived` the archived ones alone."""
        query, scope = self.query(text), self._scope(actor)
        states = (State.ARCHIVED,) if archived else _ALL if text else _LIVE
        now = self._clock.now()
        async with self._db.read() as conn:
            return await read(conn, lambda reader: picks.find_links(reader, scope, query, now, states))

    async def posts(self, actor: Actor, text: str, *, archived: bool = False) -> Sequence[PostPick]:
        """The posts that the actor may mean; with `archived` the archived ones alone."""
        query, scope = self.query(text), self._scope(actor)
        states = (State.ARCHIVED,) if archived else _ALL if text else _LIVE
        now = self._clock.now()
        async with self._db.read() as conn:
            return await read(conn, lambda reader: picks.find_posts(reader, scope, query, now, states))

    async def subjects(self, actor: Actor, text: str, creators: int) -> Offer:
        """Whose numbers the actor may mean: links, posts with a link, and for a manager up to so many creators."""
        query, scope, now = self.query(text), self._scope(actor), self._clock.now()

        def work(reader: Reader) -> Offer:
            others = picks.creators(reader, actor.guild_id, creators + 1) if actor.manager else []
            return Offer(
                query,
                picks.find_links(reader, scope, query, now),
                picks.find_posts(reader, scope, query, now, linked=True),
                creators=[other for other in others if other != actor.user_id][:creators],
            )

        async with self._db.read() as conn:
            return await read(conn, work)

    async def covered(self, actor: Actor, creator_id: int, text: str) -> Offer:
        """What one creator's report may cover: links, tags and posts, as far as the actor may see them."""
        if not actor.owns(creator_id):
            return Offer(self.query(text))
        query, scope, now = self.query(text), self._scope(actor, creator_id), self._clock.now()
        states = _ALL if text else _LIVE

        def work(reader: Reader) -> Offer:
            return Offer(
                query,
                picks.find_links(reader, scope, query, now, states),
                picks.find_posts(reader, scope, query, now),
                picks.tags(reader, actor.guild_id, creator_id, states),
            )

        async with self._db.read() as conn:
            return await read(conn, work)

    def _scope(self, actor: Actor, creator_id: int | None = None) -> picks.Scope:
        if not actor.manager:
            creator_id = actor.user_id
        return picks.Scope(actor.guild_id, actor.user_id, creator_id, self._recent.of(actor))
