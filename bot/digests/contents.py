"""Gathers what a digest says: the numbers of its period, what is new, what may be named, what is still missing."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Collection, Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.digests.content import MOST_FINDINGS, Content, compose
from bot.digests.movers import movers
from bot.errors import NotFoundError
from bot.insights.periods import ONE_DAY, Period
from bot.links.permalinks import without_denied
from bot.links.platforms import TELLING
from bot.reports.deals import Deals
from bot.stats.service import Stats
from bot.texts import _, use_locale
from storage import creators, links, posts
from storage.database import Database
from storage.records import IMPRESSIONS, VIEWS, Digest, Link, Post, State

RECENT = dt.timedelta(days=30)
"""How long after its publication a post is asked for its platform's numbers."""

CreatorsWith = Callable[[int, int, Collection[int]], Awaitable[set[int] | None]]
"""(guild id, role id, creators' ids) -> those who have the role: Discord tells it of one member at a time.

None if the role is gone."""
LocaleOf = Callable[[int], str]
"""guild id -> Discord's tag of the locale that the server chose."""


class Contents:
    """Makes digests' contents, and keeps which creators agreed to be shown in them."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        stats: Stats,
        creators_with: CreatorsWith,
        locale_of: LocaleOf,
        deals: Deals | None = None,
        denied_domains: tuple[str, ...] = (),
    ) -> None:
        self._db = db
        self._clock = clock
        self._stats = stats
        self._creators_with = creators_with
        self._locale_of = locale_of
        self._deals = deals
        self._denied_domains = denied_domains

    async def of(self, digest: Digest, period: Period, *, late: bool = False) -> Content:
        """What the digest says of a period; sentences and numbers are in the server's locale from here on."""
        locale = self._locale_of(digest.guild_id)
        use_locale(locale)
        guild_id, own = digest.guild_id, digest.user_id
        async with self._db.read() as conn:
            every = await links.find(conn, guild_id, creator_id=own, states=State)
        chosen, is_role_gone = await self._chosen(digest, every)
        link_ids = None if chosen is None else [link.id for link in chosen]
        report = await self._stats.over(guild_id, period, creator_id=own, link_ids=link_ids, most=MOST_FINDINGS + 2)
        now = self._clock.now()
        async with self._db.read() as conn:
            since, until = period.start_at, period.end_at
            if own is not None:  # then older and newer ones are asked for
                since, until = min(since, now - RECENT), max(until, now + ONE_DAY)
            made = await posts.since(conn, guild_id, since, until, creator_id=own)
            told = None
            if own is not None:
                told = await _told(conn, guild_id, [post.id for post in made if _is_asked(post, now)])
            asked = {post.creator_id for post in report.posts.values()} if own is None else {own}
            featured = await creators.featured(conn, guild_id, asked)
            named = {
                link.id: link
                for link in (every if chosen is None else chosen)
                if link.state is not State.DELETED and (own is not None or not link.private)
            }
            moved = await movers(conn, guild_id, report, named)
        running = await self._deals.running(guild_id, own) if own is not None and self._deals is not None else ()
        content = await asyncio.to_thread(  # a large server's posts of a period are tens of thousands
            compose,
            digest,
            report,
            deals=running,
            links=named,
            movers=moved,
            made=made,
            told=told,
            featured=featured,
            locale=locale,
            late=late,
            is_role_gone=is_role_gone,
        )
        if content.post_of_period is None:
            return content
        post, tally = content.post_of_period
        return dataclasses.replace(content, post_of_period=(without_denied(post, self._denied_domains), tally))

    async def _chosen(self, digest: Digest, every: Iterable[Link]) -> tuple[list[Link] | None, bool]:
        """The links that a digest is about, None for all, and whether they were those of a role that is gone."""
        if not digest.tag and digest.role_id is None:
            return None, False
        wanted = digest.tag.casefold()
        found = [link for link in every if not wanted or wanted in map(str.casefold, link.tags)]
        if digest.role_id is not None:
            owners = {link.creator_id for link in found}
            having = await self._creators_with(digest.guild_id, digest.role_id, owners)
            if having is None:
                return [], True
            found = [link for link in found if link.creator_id in having]
        return found, False

    # ------------------------------------------------------------------ whom the post of the week may show

    async def feature(self, guild_id: int, user_id: int, *, allowed: bool) -> None:
        """Keep whether the server's digest may call one of the creator's posts the post of the week.

        Raises NotFoundError for who is no creator there.
        """

        async def work(conn: AsyncConnection) -> None:
            if not await links.ids_of(conn, guild_id, user_id):
                raise NotFoundError(_("You have no links in that server, so none of your posts could be shown there."))
            await creators.put(conn, guild_id, user_id, featured=allowed)

        await self._db.write(work)


def _is_asked(post: Post, now: dt.datetime) -> bool:
    return post.platform in TELLING and post.published >= now - RECENT and post.state is State.ACTIVE


async def _told(conn: AsyncConnection, guild_id: int, post_ids: Collection[int]) -> dict[int, dt.datetime | None]:
    """When the displays of each post were last told; None where they never were."""
    told: dict[int, dt.datetime | None] = dict.fromkeys(post_ids)
    for figure in await posts.find_figures(conn, guild_id, post_ids):
        if figure.metric in (IMPRESSIONS, VIEWS):
            told[figure.post_id] = figure.as_of
    return told
