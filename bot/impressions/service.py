"""Platform figures: what a creator reads off a platform, kept as snapshots of lifetime totals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.errors import InvalidError, NotFoundError, UserError
from bot.impressions.metrics import SPEND, order
from bot.inputs.dates import parse_past
from bot.inputs.money import Money
from bot.links.access import Actor
from bot.links.posts import Draft, Posts, required
from bot.texts import _
from storage import posts, servers
from storage.database import Database
from storage.ids import Ids
from storage.records import Figure, Post


@dataclass(frozen=True, slots=True)
class Step:
    """A total that was kept, beside those before and after it."""

    metric: str
    value: int
    before: int | None
    """The total that stood before; None for the first."""
    later: int | None
    """The last total that was told for a later time, when this one is filled in behind it."""

    @property
    def growth(self) -> int:
        return self.value - (self.before or 0)


FAR = 100
"""How many times more, or less, than the last reading is asked about before it is kept."""


def is_implausible(value: int, before: int | None) -> bool:
    """Whether a reading is so far from the last one of the same post and metric that a digit may be wrong."""
    return bool(before) and (value >= before * FAR or value * FAR <= before)


class ImplausibleError(UserError):
    """Readings that are far from the last ones of their post; `steps` are those alone. Nothing was kept."""

    def __init__(self, post: Post, steps: Sequence[Step]) -> None:
        super().__init__(_("That is far from the last reading; check the number."))
        self.post = post
        self.steps = steps


@dataclass(frozen=True, slots=True)
class Logged:
    """What was kept of a post at once, in the order it was told."""

    post: Post
    as_of: dt.datetime
    steps: tuple[Step, ...]
    spend: Money | None
    first_id: int
    last_id: int
    """The ids of its snapshots lie between the two."""
    is_new: bool
    """Whether the post was registered along with it."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of a log that was undone."""

    post: Post
    snapshots: int
    post_too: bool
    """Whether the registration of the post was taken back as well."""


class Impressions:
    """Keeps what platforms reported for posts."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, registry: Posts) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._registry = registry

    async def moment(self, actor: Actor, text: str) -> dt.datetime:
        """When "yesterday" or "2026-11-20" was, in the server's zone. Raises InvalidError."""
        async with self._db.read() as conn:
            zone = (await servers.get(conn, actor.guild_id)).timezone
        return parse_past(text, "as-of", self._clock.now(), zone)

    async def log(
        self,
        actor: Actor,
        target: Post | Draft,
        told: Mapping[str, int],
        as_of: dt.datetime | None = None,
        spend: Money | None = None,
        *,
        confirmed: bool = False,
    ) -> Logged:
        """Keep a post's lifetime totals by metric, as told at `as_of`, now when None; a draft is registered with them.

        Raises UserError; then nothing is kept, neither figures nor post: ImplausibleError for readings that may be a
        slip, unless they are `confirmed`.
        """
        if not told and spend is None:
            raise InvalidError(_("impressions: nothing was told; give at least one number."))
        now = self._clock.now()
        at = as_of or now

        async def work(conn: AsyncConnection) -> Logged:
            if isinstance(target, Draft):
                post, known = await self._registry.insert(conn, actor, target), []
            else:
                post = await required(conn, actor, target.id)
                known = await posts.find_figures(conn, actor.guild_id, [post.id])
            steps = tuple(_step(metric, value, known, at) for metric, value in told.items())
            odd = [step for step in steps if is_implausible(step.value, step.before)]
            if odd and isinstance(target, Post) and not confirmed:
                raise ImplausibleError(post, odd)
            figures = [(metric, value, "") for metric, value in told.items()]
            if spend is not None:
                other = {figure.currency for figure in known if figure.metric == SPEND} - {spend.currency}
                if other:
                    raise InvalidError(
                        _("spend: what was spent on this post is kept in {currency}; give it in that.").format(
                            currency=", ".join(other)
                        )
                    )
                figures.append((SPEND, spend.minor, spend.currency))
            ids = []
            for metric, value, currency in figures:
                ids.append(self._ids.new())
                await posts.add_figure(
                    conn,
                    Figure(
                        guild_id=actor.guild_id,
                        id=ids[-1],
                        post_id=post.id,
                        metric=metric,
                        value=value,
                        as_of=at,
                        entered_by=actor.user_id,
                        entered_at=now,
                        currency=currency,
                    ),
                )
            return Logged(post, at, steps, spend, ids[0], ids[-1], isinstance(target, Draft))

        return await self._db.write(work)

    async def to_log(self, actor: Actor, limit: int) -> list[tuple[Post, bool]]:
        """The actor's own posts and whether they have numbers: those without first, then the newest."""
        async with self._db.read() as conn:
            return await posts.to_log(conn, actor.guild_id, actor.user_id, limit)

    async def latest(self, actor: Actor, post: Post) -> Sequence[Figure]:
        """The latest snapshot of each of the post's metrics, in the order of `METRICS`, then of money spent."""
        async with self._db.read() as conn:
            await required(conn, actor, post.id)
            found = await posts.find_figures(conn, actor.guild_id, [post.id])
        return sorted({figure.metric: figure for figure in found}.values(), key=lambda figure: order(figure.metric))

    async def undo(self, actor: Actor, post_id: int, first_id: int, last_id: int, *, is_new: bool) -> TakenBack:
        """Take back exactly what one `log` kept: its snapshots, and the post it registered, if nothing came after.

        Raises NotFoundError where it was taken back before.
        """

        async def work(conn: AsyncConnection) -> TakenBack:
            post = await required(conn, actor, post_id)
            gone = await posts.delete_figures(conn, actor.guild_id, post_id, first_id, last_id, actor.user_id)
            if not gone:
                raise NotFoundError(_("That was taken back already."))
            return TakenBack(post, gone, is_new and await self._registry.discard(conn, post))

        return await self._db.write(work)


def _step(metric: str, value: int, known: Sequence[Figure], at: dt.datetime) -> Step:
    own = [figure for figure in known if figure.metric == metric]
    earlier = [figure.value for figure in own if figure.as_of <= at]
    later = [figure.value for figure in own if figure.as_of > at]
    return Step(metric, value, earlier[-1] if earlier else None, later[-1] if later else None)
