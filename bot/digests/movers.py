"""The links whose clicks surely moved against the period before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.insights.noise import chance, discoveries
from bot.insights.rates import Change, change
from bot.insights.summary import Summary
from bot.insights.tally import by_link
from bot.stats.answers import Report
from bot.stats.reading import noise_by_link
from storage.prepared import Reader, read
from storage.records import Link

MOST_MOVERS = 4
_LEAST = 1.9
"""In standard deviations of pure chance: below it, nothing that varies by more has moved."""


@dataclass(frozen=True, slots=True)
class Mover:
    """A link whose clicks changed beyond chance."""

    link: Link
    clicks: int
    before: int
    change: Change


async def movers(conn: AsyncConnection, guild_id: int, report: Report, links: Mapping[int, Link]) -> tuple[Mover, ...]:
    """The largest changes of the links first: of those that are listed at most 5 % are chance, however many there are.

    A link that is younger than the period before has nothing to be held against.
    """
    if report.before is None:
        return ()
    before = report.before
    return await read(conn, lambda reader: _movers(reader, guild_id, report, before, links))


def _movers(
    reader: Reader, guild_id: int, report: Report, earlier: Summary, links: Mapping[int, Link]
) -> tuple[Mover, ...]:
    period, share = report.period, report.period.share
    since, before = period.previous.start_at, by_link(earlier.by_place)
    clicks = {
        id_: (report.by_link[id_].clicks if id_ in report.by_link else 0, before[id_].clicks if id_ in before else 0)
        for id_ in (report.by_link.keys() | before.keys()) & links.keys()
        if id_ in before or links[id_].created_at < since
    }
    wanted = {id_ for id_, (now, old) in clicks.items() if _may_have_moved(now, old, share)}
    noise = noise_by_link(reader, guild_id, period, wanted)
    moved = discoveries({id_: chance(*clicks[id_], noise[id_], share) for id_ in wanted}, of=len(clicks))
    found = [Mover(links[id_], *clicks[id_], change(*clicks[id_], noise[id_], share)) for id_ in moved]
    return tuple(sorted(found, key=lambda one: (-abs(one.clicks - one.before), one.link.id))[:MOST_MOVERS])


def _may_have_moved(now: int, before: int, share: float) -> bool:
    total = now + before
    return (now - total * share) ** 2 > _LEAST**2 * total * share * (1 - share)
