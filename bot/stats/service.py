"""Stats: answers questions from one consistent reading of the database each."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Collection, Hashable
from contextlib import suppress
from weakref import WeakValueDictionary

from cachetools import TTLCache
from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from bot.clock import Clock
from bot.errors import NotFoundError, RefusedError
from bot.inputs.periods import parse_period, suggest
from bot.insights.findings import MOST
from bot.insights.periods import Choice, Named, Period
from bot.links.access import Actor
from bot.links.posts import carried
from bot.stats import views
from bot.stats.answers import Answer, Compared, Report, Reported, Target
from bot.stats.page import page
from bot.stats.question import Question, Scope, Subject, View
from bot.stats.reading import Reading
from bot.stats.reports import brief, report
from bot.texts import _, current_locale
from storage import links, posts, servers
from storage.database import Database

AT_A_TIME = 2
"""Answers of one server."""
RANKED, RANKED_SECONDS = 60_000, 300
"""As many links and posts of rankings are kept in order, for so long: some 20 MiB."""


class Stats:
    """Reads the counts of links, posts, creators and servers, and hands them to insights."""

    def __init__(self, db: Database, clock: Clock, base_url: URL) -> None:
        self._db = db
        self._clock = clock
        self._base_url = base_url
        self._turns: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()
        self._rankings: TTLCache[Hashable, views.Ranking] = TTLCache(
            RANKED, RANKED_SECONDS, timer=clock.monotonic, getsizeof=lambda ranked: len(ranked.tallies)
        )

    def _turn(self, guild_id: int) -> asyncio.Semaphore:
        """One server has so many answers summed up at a time: else its next ones would take every connection."""
        return self._turns.setdefault(guild_id, asyncio.Semaphore(AT_A_TIME))

    async def choice(self, actor: Actor, text: str) -> Choice:
        """The time that was typed or chosen. Raises InvalidError."""
        async with self._db.read() as conn:
            zone = (await servers.get(conn, actor.guild_id)).timezone
        return parse_period(text, self._clock.now(), zone)

    async def suggestions(self, actor: Actor, text: str) -> list[Choice]:
        """What a time that is being typed may come to mean, the likeliest first."""
        async with self._db.read() as conn:
            zone = (await servers.get(conn, actor.guild_id)).timezone
        return suggest(text, self._clock.now(), zone)

    async def answer(self, actor: Actor, question: Question, *, private: bool) -> Answer:
        """The answer, for who may see it. Raises UserError.

        A link's, a post's and a creator's numbers are their owner's and the managers'; a server's are everybody's, as
        in its digest. Private links are named in a `private` answer alone, to who owns or manages what is asked for;
        so are a creator's notes, but for those of a creator who shares their own numbers.
        """
        async with self._turn(actor.guild_id), self._db.read() as conn:
            server = await servers.get(conn, actor.guild_id)
            targets = [await self._target(conn, actor, subject) for subject in question.subjects]
            now = self._clock.now()
            reading = Reading(conn, server, now, named_private=private, sharer_id=actor.user_id)
            periods = [await reading.period(choice, targets) for choice in question.choices]
            head = (question, tuple(targets), tuple(periods), reading.now)
            match question.view:
                case View.REPORT:
                    with_before = question.choice is not Named.ALL  # nothing comes before all time
                    return Reported(*head, await report(reading, targets[0], periods[0], with_before=with_before))
                case View.COMPARE:
                    pairs = [(target, period) for target in targets for period in periods]
                    return Compared(*head, tuple([await brief(reading, *pair) for pair in pairs]))
                case View.TOP:
                    return await views.top(reading, await self._ranking(reading, head), question.page)
                case View.HEATMAP:
                    return await views.heatmap(reading, head)
                case View.SOURCES:
                    return await views.sources(reading, head)
                case View.PROFILE:
                    return await page(reading, head)

    async def _ranking(self, reading: Reading, head: views.Head) -> views.Ranking:
        """A ranking as its first page had it, for whoever turns that page within some minutes; a first page is new."""
        question = head[0]
        key = (reading.guild_id, dataclasses.replace(question, page=0), reading.named_private, current_locale())
        ranked = self._rankings.get(key) if question.page else None
        if ranked is None:
            ranked = await views.ranking(reading, head)
            with suppress(ValueError):  # which is raised for what alone weighs too much
                self._rankings[key] = ranked
        return ranked

    async def report(self, actor: Actor, subject: Subject, choice: Choice) -> Report:
        """A subject's numbers for who may see them. Raises UserError."""
        answer = await self.answer(actor, Question(View.REPORT, (subject,), (choice,)), private=True)
        assert isinstance(answer, Reported)
        return answer.report

    async def over(
        self,
        guild_id: int,
        period: Period,
        *,
        creator_id: int | None = None,
        link_ids: Collection[int] | None = None,
        most: int = MOST,
    ) -> Report:
        """A server's numbers as everybody may read them, or a creator's as they alone may; of some links when given.

        Up to `most` findings say what stands out.
        """
        subject = Subject(Scope.SERVER, guild_id) if creator_id is None else Subject(Scope.CREATOR, creator_id)
        async with self._turn(guild_id), self._db.read() as conn:
            server = await servers.get(conn, guild_id)
            reading = Reading(conn, server, self._clock.now(), named_private=creator_id is not None)
            return await report(reading, Target(subject, only=link_ids), period, most=most)

    async def _target(self, conn: AsyncConnection, actor: Actor, subject: Subject) -> Target:
        match subject.scope:
            case Scope.LINK:
                link = await links.get(conn, actor.guild_id, subject.id)
                if link is None or not actor.owns(link.creator_id):
                    raise NotFoundError(_("That link is no longer there. /link list shows the ones there are."))
                return Target(subject, link, url=self._base_url / link.slug)
            case Scope.POST:
                post = await posts.get(conn, actor.guild_id, subject.id)
                if post is None or not actor.owns(post.creator_id):
                    raise NotFoundError(_("That post is no longer there. /link show lists the posts of a link."))
                link = None if post.link_id is None else await links.get(conn, actor.guild_id, post.link_id)
                url = None if link is None or post.code is None else self._base_url / link.slug / post.code
                return Target(subject, link, post, url, tuple(await carried(conn, post)))
            case Scope.CREATOR:
                if not actor.owns(subject.id):
                    raise RefusedError(
                        _("A creator's numbers are theirs; ask them to share with /stats creator share:True.")
                    )
                return Target(subject)
            case Scope.SERVER:
                return Target(Subject(Scope.SERVER, actor.guild_id))
