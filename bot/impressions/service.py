"""Platform figures: the impressions that a creator reads off a platform, kept as snapshots of lifetime totals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.links.access import Actor
from bot.moments import parse_past
from storage import posts, servers
from storage.database import Database
from storage.ids import Ids
from storage.records import Figure, Post

IMPRESSIONS = "impressions"
REACTIONS = ("reach", "likes", "comments", "shares", "saves")
"""What else platforms tell of a post, under the field's names."""


@dataclass(frozen=True, slots=True)
class Logged:
    """What was kept, and the total that stood before it (None for the first)."""

    post: Post
    value: int
    as_of: dt.datetime
    before: int | None
    later: int | None
    """The total that was told for a later time, when this one is filled in behind it."""
    others: Mapping[str, int] = field(default_factory=dict)
    """The totals of other metrics that were kept with it."""

    @property
    def growth(self) -> int:
        return self.value - (self.before or 0)


class Impressions:
    """Keeps what platforms reported for posts."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    async def moment(self, actor: Actor, text: str) -> dt.datetime:
        """When "yesterday" or "2026-11-20" was, in the server's zone. Raises InvalidError."""
        async with self._db.read() as conn:
            zone = (await servers.get(conn, actor.guild_id)).timezone
        return parse_past(text, "as-of", self._clock.now(), zone)

    async def log(
        self,
        actor: Actor,
        post: Post,
        value: int,
        as_of: dt.datetime | None = None,
        others: Mapping[str, int] | None = None,
    ) -> Logged:
        """Keep a post's lifetime impressions, and what else of `REACTIONS`, as told at `as_of`, now when None."""
        now = self._clock.now()
        at = as_of or now

        async def work(conn: AsyncConnection) -> Logged:
            figures = await posts.find_figures(conn, actor.guild_id, [post.id])
            known = [figure for figure in figures if figure.metric == IMPRESSIONS]
            earlier = [figure.value for figure in known if figure.as_of <= at]
            later = [figure.value for figure in known if figure.as_of > at]
            for metric, told in {IMPRESSIONS: value, **(others or {})}.items():
                figure = Figure(
                    guild_id=actor.guild_id,
                    id=self._ids.new(),
                    post_id=post.id,
                    metric=metric,
                    value=told,
                    as_of=at,
                    entered_by=actor.user_id,
                    entered_at=now,
                )
                await posts.add_figure(conn, figure)
            before, after = earlier[-1] if earlier else None, later[0] if later else None
            return Logged(post, value, at, before, after, others or {})

        return await self._db.write(work)
