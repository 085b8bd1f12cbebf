"""The report of a subject: its numbers in a period, beside those of the period before, and what stands out."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice

from bot.insights.gaps import gaps
from bot.insights.periods import Period, local_day
from bot.insights.ranking import rank
from bot.insights.rates import Rate
from bot.insights.summary import IMPRESSIONS, VIEWS, Summary, comparable, lifetime_total, summarise
from bot.insights.tally import by_link, by_post, most_clicks
from bot.stats.answers import Grown, LifetimeRate, Report, Target
from bot.stats.question import Scope
from bot.stats.reading import Figures, Reading, is_post
from bot.stats.sense import with_findings
from storage import counts, links, posts
from storage.records import Count, Kind, Post

NAMED = 50
"""Links and posts of a report that are looked up by name at most, the busiest first."""


async def brief(reading: Reading, target: Target, period: Period) -> Report:
    """A report without what was before and what stands out."""
    return await _report(reading, target, period, with_before=False)


async def report(reading: Reading, target: Target, period: Period, *, with_before: bool = True) -> Report:
    """Everything that is known of a subject in a period, and what stands out in it."""
    found = await _report(reading, target, period, with_before=with_before)
    return await with_findings(reading, target, found)


async def _report(reading: Reading, target: Target, period: Period, *, with_before: bool) -> Report:
    conn, guild_id = reading.conn, reading.guild_id
    link_ids, place_id = await reading.link_ids(target), reading.place_id(target)
    own = await reading.posts(target)
    figures = await reading.figures(own, period)
    own = own if own is not None else await posts.by_ids(conn, guild_id, figures)
    if len(target.carried) > 1:  # all its clicks are at hand, those at links that it carried before too
        own = [dataclasses.replace(post, moved_at=None) for post in own]

    by_day = await counts.by_day(conn, guild_id, period.first, period.end, link_ids, place_id)
    by_place = _at_home(await counts.by_place(conn, guild_id, period.first, period.end, link_ids, place_id), target)
    uniques = Counter[dt.date]()
    if target.post is None:  # unique clicks belong to a link
        uniques.update(dict(await counts.uniques_by_day(conn, guild_id, period.first, period.end, link_ids)))
    now = summarise(period, by_place, by_day, uniques.total(), own, figures)
    before = unique_change = previous_clicks = None
    if with_before:
        before, before_uniques = await _before(reading, target, period, link_ids, place_id, own, figures)
        previous_clicks = before.clicks_by_day if any(before.clicks_by_day) else None
        if target.post is None and (whole := period.whole_days(reading.now)) is not None:
            unique_change = (
                sum(n for day, n in uniques.items() if day < whole[0].end),
                sum(n for day, n in before_uniques.items() if day < whole[1].end),
            )

    tallies, post_tallies = by_link(now.by_place), by_post(now.by_place, is_post)
    named = await reading.named_links(
        {*islice(most_clicks(tallies), NAMED), *islice(rank({k: t.ctr for k, t in tallies.items()}).order, NAMED)},
        target,
    )
    busiest = list(islice(most_clicks(post_tallies), NAMED))
    known = {post.id: post for post in own}
    missing = [id_ for id_ in busiest if id_ not in known]
    known |= {post.id: post for post in await posts.by_ids(conn, guild_id, missing)}
    in_period = (guild_id, period.first, period.end)
    return Report(
        period=period,
        as_of=reading.now,
        now=now,
        before=before,
        unique_change=unique_change,
        uniques_by_day=None if target.post is not None else tuple(uniques[day] for day in period.days),
        previous_clicks=previous_clicks,
        rates_by_day=await _rates_by_day(reading, now, period, link_ids, place_id),
        by_link=tallies,
        by_post=post_tallies,
        links=named,
        posts={
            id_: known[id_]
            for id_ in busiest
            if id_ in known and (target.subject.scope in (Scope.LINK, Scope.POST) or known[id_].link_id in named)
        },
        lifetime=await _lifetime(reading, now.lifetime, figures),
        grown=tuple(_grown(own, figures, period, IMPRESSIONS)),
        grown_views=tuple(_grown(own, figures, period, VIEWS)),
        set_aside=await counts.set_aside_counts(conn, *in_period, link_ids, place_id),
        audience=await counts.audience(conn, *in_period, link_ids) if target.post is None else (),
        gaps=gaps(await counts.dropped(conn, guild_id, period.start_at, period.end_at, link_ids), period.zone),
        notes=await reading.notes(target, period),
        has_links=link_ids != [] if link_ids is not None else await links.any_of(conn, guild_id),
        post=target.post,
        told=await reading.told(target),
        clicks_ever=await _clicks_ever(reading, target.carried, target.post) if target.post is not None else 0,
    )


async def _before(
    reading: Reading,
    target: Target,
    period: Period,
    link_ids: Collection[int] | None,
    place_id: int | None,
    own: Sequence[Post],
    figures: Figures,
) -> tuple[Summary, Mapping[dt.date, int]]:
    """The period before, cut at the same time of day while this one runs, and its unique clicks by day."""
    conn, guild_id, previous = reading.conn, reading.guild_id, period.previous
    by_place = await counts.by_place(conn, guild_id, previous.first, previous.end, link_ids, place_id)
    if (so_far := period.so_far(reading.now)) is not None:
        last = await counts.by_place(conn, guild_id, previous.last, previous.end, link_ids, place_id)
        until = await counts.until(conn, guild_id, *so_far, link_ids, place_id)
        by_place = comparable(by_place, last, until)
    by_day = await counts.by_day(conn, guild_id, previous.first, previous.end, link_ids, place_id)
    uniques: dict[dt.date, int] = {}
    if target.post is None:
        uniques = dict(await counts.uniques_by_day(conn, guild_id, previous.first, previous.end, link_ids))
    return summarise(previous, _at_home(by_place, target), by_day, sum(uniques.values()), own, figures), uniques


def _at_home(found: list[Count], target: Target) -> list[Count]:
    """The counts of a post with those of links that it carried before as the present one's."""
    if len(target.carried) < 2:
        return found
    return [dataclasses.replace(count, link_id=target.carried[0]) for count in found]


async def _rates_by_day(
    reading: Reading, now: Summary, period: Period, link_ids: Collection[int] | None, place_id: int | None
) -> tuple[Rate | None, ...]:
    """The CTR of each day over the places that measure impressions here; none for a whole server."""
    measuring = {(place.link_id, place.place_id) for place in now.by_place if place.measured and place.rate}
    if link_ids is None or not measuring:
        return ()
    clicks, impressions = Counter[dt.date](), Counter[dt.date]()
    found = await counts.by_place_day(
        reading.conn,
        reading.guild_id,
        period.first,
        period.end,
        {link_id for link_id, _ in measuring if link_id is not None},
        place_id,
    )
    for count in found:
        if (count.link_id, count.place_id) in measuring and count.day is not None:
            (clicks if count.kind is Kind.CLICK else impressions)[count.day] += count.count
    return tuple(Rate(clicks[day], impressions[day]) if impressions[day] else None for day in period.days)


async def _lifetime(reading: Reading, old: Iterable[Post], figures: Figures) -> tuple[LifetimeRate, ...]:
    """Of posts that carry one link all their life: those that were moved show theirs in an answer of their own."""
    rates = []
    for post in old:
        for metric in (IMPRESSIONS, VIEWS):
            total = lifetime_total(figures[post.id], metric)
            if post.link_id is not None and post.moved_at is None and total:
                rates.append(LifetimeRate(post, Rate(await _clicks_ever(reading, [post.link_id], post), total), metric))
                break
    return tuple(rates)


async def _clicks_ever(reading: Reading, link_ids: Iterable[int], post: Post) -> int:
    return sum([await counts.clicks_of_place(reading.conn, reading.guild_id, link_id, post.id) for link_id in link_ids])


def _grown(own: Iterable[Post], figures: Figures, period: Period, metric: str) -> Iterable[Grown]:
    """The steps between what platforms told in a metric, of those told within the period."""
    for post in own:
        before, before_at = 0, post.published
        for figure in figures.get(post.id, ()):
            if figure.metric != metric:
                continue
            if period.contains(figure.as_of) and figure.value > before:
                since, until = (local_day(at, period.zone) for at in (min(before_at, figure.as_of), figure.as_of))
                yield Grown(since, until, figure.value - before)
            before, before_at = figure.value, figure.as_of
