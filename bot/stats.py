"""Stats: loads the counts of a link, a creator or a server and hands them to insights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from bot.clock import Clock
from bot.errors import InvalidError, NotFoundError, RefusedError
from bot.insights.gaps import Gap, gaps
from bot.insights.periods import Period, last_days
from bot.insights.rates import Rate
from bot.insights.summary import Summary, summarise
from bot.links.access import Actor
from bot.texts import _
from storage import counts, links, posts, servers
from storage.database import Database
from storage.records import AsideCount, AudienceCount, Count, Figure, Link, Post, State, UniqueCount

PERIODS = (7, 28, 90)
"""Days that stats are shown for."""
DEFAULT_PERIOD = 28

Figures = Mapping[int, Sequence[Figure]]


@dataclass(frozen=True, slots=True)
class LifetimeRate:
    """A post whose reported figures began before the period, with the CTR of its whole life."""

    post: Post
    rate: Rate


@dataclass(frozen=True, slots=True)
class Report:
    """The numbers of some links in a period, beside those of the period before."""

    period: Period
    unfinished: bool
    now: Summary
    before: Summary
    by_link: Mapping[int, Summary]
    links: Mapping[int, Link]
    """Those with traffic and those that stand, by id."""
    lifetime: tuple[LifetimeRate, ...]
    set_aside: Sequence[AsideCount]
    audience: Sequence[AudienceCount]
    gaps: Sequence[Gap]
    """When hits are missing."""


@dataclass(frozen=True, slots=True)
class _Counts:
    counts: Sequence[Count]
    uniques: Sequence[UniqueCount]


class Scope(StrEnum):
    """Whose numbers."""

    LINK = "link"
    CREATOR = "creator"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer to `/stats`."""

    report: Report
    link: Link | None = None
    url: URL | None = None
    private_named: bool = False
    """Whether private links may be named: only to their owner, in the numbers of a creator."""


class Stats:
    """One consistent reading of the database for each report."""

    def __init__(self, db: Database, clock: Clock, base_url: URL) -> None:
        self._db = db
        self._clock = clock
        self._base_url = base_url

    async def show(self, actor: Actor, scope: Scope, target: int, days: int) -> Shown:
        """The numbers of the last `days` days, for who may see them. Raises UserError.

        A link's and a creator's are their owner's and the managers'; a server's are everybody's, as in its digest.
        """
        if days not in PERIODS:
            raise InvalidError(_("Stats are shown for 7, 28 or 90 days, not for {n}.").format(n=days))
        period = await self.period(actor.guild_id, days)
        match scope:
            case Scope.LINK:
                async with self._db.read() as conn:
                    link = await links.get(conn, actor.guild_id, target)
                if link is None or not actor.owns(link.creator_id):
                    raise NotFoundError(_("That link is no longer there. /link list shows the ones there are."))
                return Shown(await self.link(link, period), link, self._base_url / link.slug)
            case Scope.CREATOR:
                if not actor.owns(target):
                    raise RefusedError(
                        _("A creator's numbers are theirs; ask them to share with /stats creator share:True.")
                    )
                return Shown(await self.creator(actor.guild_id, target, period), private_named=True)
            case Scope.SERVER:
                return Shown(await self.server(actor.guild_id, period))

    async def period(self, guild_id: int, days: int) -> Period:
        """The last `days` days in the server's zone."""
        async with self._db.read() as conn:
            zone = (await servers.get(conn, guild_id)).timezone
        return last_days(days, self._clock.now(), zone)

    async def link(self, link: Link, period: Period) -> Report:
        async with self._db.read() as conn:
            found = await posts.find(conn, link.guild_id, link_ids=[link.id])
            return await self._report(conn, link.guild_id, [link], found, period, [link.id])

    async def creator(self, guild_id: int, creator_id: int, period: Period) -> Report:
        """A creator's links and posts."""
        async with self._db.read() as conn:
            mine = await links.find(conn, guild_id, creator_id=creator_id, states=State)
            found = await posts.find(conn, guild_id, creator_id=creator_id)
            return await self._report(conn, guild_id, mine, found, period, [link.id for link in mine])

    async def server(self, guild_id: int, period: Period) -> Report:
        async with self._db.read() as conn:
            everything = await links.find(conn, guild_id, states=State)
            found = await posts.find(conn, guild_id)
            return await self._report(conn, guild_id, everything, found, period, None)

    async def _report(
        self,
        conn: AsyncConnection,
        guild_id: int,
        known: Sequence[Link],
        found: Sequence[Post],
        period: Period,
        link_ids: Collection[int] | None,
    ) -> Report:
        figures: dict[int, list[Figure]] = defaultdict(list)
        post_ids = None if link_ids is None else [post.id for post in found]
        for figure in await posts.find_figures(conn, guild_id, post_ids):
            figures[figure.post_id].append(figure)

        async def load(which: Period) -> _Counts:
            uniques = await counts.uniques_by_link(conn, guild_id, which.first, which.end, link_ids)
            return _Counts(
                await counts.by_place_day(conn, guild_id, which.first, which.end, link_ids),
                [UniqueCount(link_id, which.first, n) for link_id, n in uniques.items()],
            )

        now, before = await load(period), await load(period.previous)
        summary = summarise(period, now.counts, now.uniques, found, figures)
        lifetime = [
            LifetimeRate(post, Rate(clicks, figures[post.id][-1].value))
            for post in summary.lifetime
            if post.link_id is not None and figures[post.id][-1].value > 0
            for clicks in [await counts.clicks_of_place(conn, guild_id, post.link_id, post.id)]
        ]
        return Report(
            period=period,
            unfinished=period.is_unfinished(self._clock.now()),
            now=summary,
            before=summarise(period.previous, before.counts, before.uniques, found, figures),
            by_link=_by_link(period, now, found, figures),
            links={link.id: link for link in known},
            lifetime=tuple(lifetime),
            set_aside=await counts.set_aside_counts(conn, guild_id, period.first, period.end, link_ids),
            audience=await counts.audience(conn, guild_id, period.first, period.end, link_ids),
            gaps=gaps(await counts.dropped(conn, guild_id, period.start_at, period.end_at, link_ids), period.zone),
        )


def _by_link(period: Period, loaded: _Counts, found: Iterable[Post], figures: Figures) -> dict[int, Summary]:
    by_link: dict[int, list[Count]] = defaultdict(list)
    uniques: dict[int, list[UniqueCount]] = defaultdict(list)
    own: dict[int, list[Post]] = defaultdict(list)
    for count in loaded.counts:
        by_link[count.link_id].append(count)
    for unique in loaded.uniques:
        uniques[unique.link_id].append(unique)
    for post in found:
        if post.link_id is not None:
            own[post.link_id].append(post)
    return {
        link_id: summarise(period, by_link[link_id], uniques[link_id], own[link_id], figures)
        for link_id in by_link.keys() | own.keys()
    }
