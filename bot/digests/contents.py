"""From a digest and a period to what it says."""

from __future__ import annotations

from bot.digests.content import Content, compose
from bot.insights.periods import Dates, Period
from bot.links.access import Actor
from bot.stats.question import Scope, Subject
from bot.stats.service import Stats
from storage.records import Digest


class Contents:
    """Reads the numbers that a digest tells."""

    def __init__(self, stats: Stats) -> None:
        self._stats = stats

    async def of(self, digest: Digest, period: Period, *, late: bool = False) -> Content:
        if digest.user_id is None:
            report = await self._stats.server(digest.guild_id, period)
        else:
            who = Actor(digest.guild_id, digest.user_id)
            choice = Dates(period.first, period.last)
            report = await self._stats.report(who, Subject(Scope.CREATOR, digest.user_id), choice)
        return compose(digest, report, late=late)
