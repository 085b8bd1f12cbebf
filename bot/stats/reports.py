"""The report of a subject: its numbers in a period, beside those of the period before, and what stands out."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.insights.audit import through_one
from bot.insights.findings import MOST
from bot.insights.gaps import gaps
from bot.insights.growth import Clicks, Told
from bot.insights.periods import INSTANT, Period, local_day
from bot.insights.ranking import rank
from bot.insights.rates import Rate
from bot.insights.summary import Summary, Window, summarise, window_of
from bot.insights.tally import Tally, by_link, by_post, most_clicks
from bot.stats.answers import Grown, Report, Target
from bot.stats.hours import hours
from bot.stats.question import Scope
from bot.stats.reading import Reading
from bot.stats.sense import with_findings, with_noise
from storage import counts, links, posts
from storage.prepared import Reader, read
from storage.records import (
    ELSEWHERE,
    AsideCount,
    AudienceCount,
    DayCount,
    DroppedCount,
    Kind,
    Link,
    PlaceCounts,
    PlaceKey,
    Post,
    SharedCount,
)

NAMED = 50
"""Links and posts of a report that are looked up by name at most, the busiest first."""
MANY_GROWN, FIRST_GROWN = 200, 20
"""From so many figures on, all but the first are told as one where they are of the same days."""


async def brief(reading: Reading, target: Target, period: Period) -> Report:
    """A report without what was before and what stands out."""
    return await with_noise(reading, target, await _report(reading, target, period, with_before=False))


async def report(
    reading: Reading, target: Target, period: Period, *, with_before: bool = True, most: int = MOST
) -> Report:
    """Everything that is known of a subject in a period, and up to `most` things that stand out in it."""
    found = await _report(reading, target, period, with_before=with_before)
    return await with_findings(reading, target, found, most)


async def _report(reading: Reading, target: Target, period: Period, *, with_before: bool) -> Report:
    conn, guild_id, post = reading.conn, reading.guild_id, target.post
    link_ids = await reading.link_ids(target)
    found = await read(conn, lambda reader: _summed(reader, reading, target, period, link_ids, with_before=with_before))
    now, before, counted = found.now, found.before, found.counted
    unique_change = previous_clicks = None
    if before is not None:
        previous_clicks = before.clicks_by_day if any(before.clicks_by_day) else None
        if target.post is None and not period.is_unfinished(reading.now):
            unique_change = now.unique_clicks, before.unique_clicks
    return Report(
        period=period,
        as_of=reading.now,
        now=now,
        before=before,
        unique_change=unique_change,
        uniques_by_day=None if target.post is not None else tuple(counted.uniques.get(day, 0) for day in period.days),
        previous_clicks=previous_clicks,
        imported_by_day=found.imported,
        # What was counted elsewhere came by the day, and has no hours.
        hours=None if found.imported else await hours(reading, target, period, with_before=with_before),
        rates_by_day=found.rates_by_day,
        by_link=found.by_link,
        by_post=found.by_post,
        links=found.links,
        posts=found.posts,
        grown=found.grown,
        set_aside=counted.set_aside,
        audience=counted.audience,
        gaps=gaps(counted.dropped, period.zone),
        shared=through_one(counted.shared),
        notes=await reading.notes(target, period),
        has_links=link_ids != [] if link_ids is not None else await links.any_of(conn, guild_id),
        post=target.post,
        told=await reading.latest(target),
        clicks_ever=0 if post is None else await read(conn, lambda reader: _clicks_ever(reader, target.carried, post)),
    )


@dataclass(frozen=True, slots=True)
class _Summed:
    """What a report says of posts, and of whatever there may be thousands of: made in the database's own thread."""

    counted: _Counted
    now: Summary
    before: Summary | None
    by_link: dict[int, Tally]
    by_post: Mapping[int, Tally]
    links: Mapping[int, Link]
    posts: Mapping[int, Post]
    grown: tuple[Grown, ...]
    imported: tuple[int, ...]
    rates_by_day: tuple[Rate | None, ...]


def _summed(
    reader: Reader,
    reading: Reading,
    target: Target,
    period: Period,
    link_ids: Collection[int] | None,
    *,
    with_before: bool,
) -> _Summed:
    told = reading.told_within(reader, reading.posts_within(reader, target), period)
    if len(target.carried) > 1:  # all its clicks are at hand, those at links from before too
        told = [dataclasses.replace(one, post=dataclasses.replace(one.post, moved_at=None)) for one in told]
    counted = _counted(reader, reading, target, period, link_ids)
    clicks = reading.clicks_within(reader, told, counted.window.spans, target)
    now, before = counted.summary(told, clicks), None
    if with_before:
        earlier = _counted_before(reader, reading, target, period, link_ids)
        before = earlier.summary(told, reading.clicks_within(reader, told, earlier.window.spans, target))

    tallies, post_tallies = by_link(now.by_place), by_post(now.by_place)
    ranked = rank({id_: tally.ctr for id_, tally in tallies.items()}).order
    named = reading.named_links_within(reader, {*most_clicks(tallies)[:NAMED], *ranked[:NAMED]}, target)
    busiest = most_clicks(post_tallies)[:NAMED]
    known = {one.post.id: one.post for one in told}
    missing = [id_ for id_ in busiest if id_ not in known]
    known |= {post.id: post for post in posts.by_ids.within(reader, reading.guild_id, missing)}
    return _Summed(
        counted=counted,
        now=now,
        before=before,
        by_link=tallies,
        by_post=post_tallies,
        links=named,
        posts={
            id_: known[id_]
            for id_ in busiest
            if id_ in known and (target.subject.scope in (Scope.LINK, Scope.POST) or known[id_].link_id in named)
        },
        grown=_as_few(list(_grown(told, counted.window, clicks))),
        imported=_imported_by_day(reader, reading.guild_id, now, period),
        rates_by_day=_rates_by_day(reader, reading.guild_id, now, period, link_ids, reading.place_id(target)),
    )


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was counted in a period. Of a post there are neither uniques nor an audience: they belong to a link."""

    window: Window
    by_day: Sequence[DayCount]
    by_place: PlaceCounts
    uniques: Mapping[dt.date, int]
    audience: Sequence[AudienceCount] = ()
    set_aside: Sequence[AsideCount] = ()
    dropped: Sequence[DroppedCount] = ()
    shared: Sequence[SharedCount] = ()

    def summary(self, told: Iterable[Told], clicks: Clicks) -> Summary:
        return summarise(self.window, self.by_place, self.by_day, sum(self.uniques.values()), told, clicks)


def _counted(
    reader: Reader, reading: Reading, target: Target, period: Period, link_ids: Collection[int] | None
) -> _Counted:
    guild_id, place_id = reading.guild_id, reading.place_id(target)
    days = (guild_id, period.first, period.end)
    return _Counted(
        window_of(period, reading.now),
        by_day=counts.by_day.within(reader, *days, link_ids, place_id),
        by_place=_at_home(counts.by_place.within(reader, *days, link_ids, place_id), target),
        uniques=dict(counts.uniques_by_day.within(reader, *days, link_ids)) if place_id is None else {},
        audience=counts.audience.within(reader, *days, link_ids) if place_id is None else (),
        set_aside=counts.set_aside_counts.within(reader, *days, link_ids, place_id),
        dropped=counts.dropped.within(reader, guild_id, period.start_at, period.end_at, link_ids),
        shared=counts.shared.within(reader, *days, link_ids) if place_id is None else (),
    )


def _counted_before(
    reader: Reader, reading: Reading, target: Target, period: Period, link_ids: Collection[int] | None
) -> _Counted:
    """The period before; its places up to the same time of day while this one runs."""
    guild_id, place_id, previous = reading.guild_id, reading.place_id(target), period.previous
    days = (guild_id, previous.first, previous.end)
    so_far = period.so_far(reading.now)
    return _Counted(
        Window(previous, previous.told_from, previous.end_at if so_far is None else so_far[1]),
        by_day=counts.by_day.within(reader, *days, link_ids, place_id),
        by_place=_at_home(reading.places_before_within(reader, period, link_ids, place_id), target),
        uniques=dict(counts.uniques_by_day.within(reader, *days, link_ids)) if place_id is None else {},
    )


def _at_home(found: PlaceCounts, target: Target) -> PlaceCounts:
    """The counts of a post with those of links that it carried before as the present one's."""
    if len(target.carried) < 2:
        return found
    moved: Counter[PlaceKey] = Counter()
    for (_link_id, place_id, kind), n in found.items():
        moved[target.carried[0], place_id, kind] += n
    return moved


def _imported_by_day(reader: Reader, guild_id: int, now: Summary, period: Period) -> tuple[int, ...]:
    """The clicks of each day that were counted elsewhere."""
    places = {(place.link_id, place.place_id) for place in now.by_place if place.place_id in ELSEWHERE}
    clicks: Counter[dt.date] = Counter()
    for place_id in {place_id for _link, place_id in places}:
        link_ids = [link_id for link_id, place in places if place == place_id and link_id is not None]
        found = counts.by_place_day.within(reader, guild_id, period.first, period.end, link_ids, place_id)
        for day, (_link_id, _place_id, kind), n in found:
            if kind == Kind.CLICK:
                clicks[day] += n
    return tuple(clicks[day] for day in period.days) if clicks else ()


def _rates_by_day(
    reader: Reader,
    guild_id: int,
    now: Summary,
    period: Period,
    link_ids: Collection[int] | None,
    place_id: int | None,
) -> tuple[Rate | None, ...]:
    """The CTR of each day over the places that measure impressions here; none for a whole server."""
    measuring = {
        (place.link_id, place.place_id)
        for place in now.by_place
        if place.measured and place.rate and not place.platform
    }
    if link_ids is None or not measuring:
        return ()
    clicks, impressions = Counter[dt.date](), Counter[dt.date]()
    carried = {link_id for link_id, _place in measuring if link_id is not None}
    found = counts.by_place_day.within(reader, guild_id, period.first, period.end, carried, place_id)
    for day, (link_id, place, kind), n in found:
        if (link_id, place) in measuring:
            (clicks if kind == Kind.CLICK else impressions)[day] += n
    return tuple(Rate(clicks[day], impressions[day]) if impressions[day] else None for day in period.days)


def _clicks_ever(reader: Reader, link_ids: Iterable[int], post: Post) -> int:
    return sum(counts.clicks_of_place.within(reader, post.guild_id, link_id, post.id) for link_id in link_ids)


def _grown(told: Iterable[Told], window: Window, clicks: Clicks) -> Iterable[Grown]:
    """What platforms told of displays, by the steps between their readings, as far as these lie in a period."""
    period = window.period
    for one in told:
        metric = one.display_metric
        shares = () if metric is None else one.shares(metric, window.start, window.end, clicks)
        for step, growth in shares:
            if growth:
                ended = max(step.start, step.end - INSTANT)  # what ends at midnight is of the day before
                since, until, read_on = (local_day(at, period.zone) for at in (step.start, ended, step.read_at))
                is_estimate = step.cuts(window.start) or step.cuts(window.end)
                since, until = max(since, period.first), max(period.first, min(until, period.last))
                yield Grown(since, until, growth, read_on, is_estimate)


def _as_few(grown: list[Grown]) -> tuple[Grown, ...]:
    """Thousands as one for each stretch of days, but for the first ones, which are named one by one."""
    if len(grown) <= MANY_GROWN:
        return tuple(grown)
    found: dict[Hashable, Grown] = {}
    for n, one in enumerate(grown):
        key = n if n < FIRST_GROWN else (one.since, one.until, one.growth < 0, one.is_estimate)
        same = found.get(key)
        if same is not None:
            read_on = max(same.read_on, one.read_on)
            one = dataclasses.replace(one, growth=same.growth + one.growth, read_on=read_on, figures=same.figures + 1)
        found[key] = one
    return tuple(found.values())
