"""Rankings, hours of the week, and sources."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.errors import InvalidError
from bot.insights.periods import Period, segments
from bot.insights.summary import PlaceSummary, window_of
from bot.insights.tally import (
    Tally,
    by_ctr,
    by_engagement,
    by_link,
    by_post,
    grouped,
    most_clicks,
    most_displays,
)
from bot.links.platforms import PLATFORMS, describe_many
from bot.stats.answers import PAGE, Heatmap, Row, Sources, Target, Top
from bot.stats.question import Metric, Question, Ranks
from bot.stats.reading import Reading, noise_by_link
from bot.texts import _
from storage import counts, posts
from storage.prepared import Reader, read
from storage.records import ELSEWHERE, PROFILE, Kind, Link, Page, Post, is_post

Head = tuple[Question, tuple[Target, ...], tuple[Period, ...], dt.datetime]
"""What every answer begins with."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """A whole ranking: what may be named of it in order, and whatever its pages say but days and names."""

    head: Head
    order: Sequence[int]
    tallies: Mapping[int, Tally]
    uniques: Mapping[int, int]
    early: Collection[int]
    unnamed: int
    in_bio: int
    groups: Sequence[str] = ()
    """What groups of posts are called, by number."""


async def ranking(reading: Reading, head: Head) -> Ranking:
    """What is ranked, in order; what may not be named is left out and counted."""
    question, (target, *_rest), _periods, _now = head
    if question.ranks is not Ranks.LINKS and question.metric is Metric.UNIQUES:
        raise InvalidError(_("by: unique clicks are counted for a link as a whole; rank posts by clicks instead."))
    link_ids = await reading.link_ids(target)
    return await read(reading.conn, lambda reader: _ranking(reader, reading, head, link_ids))


def _ranking(reader: Reader, reading: Reading, head: Head, link_ids: Collection[int] | None) -> Ranking:
    question, (target, *_rest), (period, *_more), _now = head
    told = reading.told_within(reader, reading.posts_within(reader, target), period)
    days = (reading.guild_id, period.first, period.end)
    by_place = counts.by_place.within(reader, *days, link_ids, reading.place_id(target))
    places = reading.summary_within(reader, window_of(period, reading.now), by_place, (), 0, told, target).by_place
    known = {one.post.id: one.post for one in told}
    if question.ranks is not Ranks.LINKS:
        missing = [place.place_id for place in places if is_post(place.place_id) and place.place_id not in known]
        known |= {post.id: post for post in posts.by_ids.within(reader, reading.guild_id, missing)}
    if question.ranks in (Ranks.PLATFORMS, Ranks.KINDS):
        return _groups(head, places, known)
    tallies = by_link(places) if question.ranks is Ranks.LINKS else by_post(places)
    if question.ranks is Ranks.LINKS:
        tallies |= _varying(reader, reading, period, tallies)
    uniques = {}
    if question.metric is Metric.UNIQUES:
        found = counts.uniques_by_link.within(reader, *days, link_ids)
        uniques = {link_id: n for link_id, n in found.items() if link_id in tallies}  # views of profiles are none
    order, early = _order(tallies, question.metric, uniques)
    if question.ranks is Ranks.LINKS:
        named = reading.named_links_within(reader, order, target)
        shown = [id_ for id_ in order if id_ in named]
    else:
        carried = {known[id_].link_id for id_ in order if id_ in known}
        named = {None, *reading.named_links_within(reader, (id_ for id_ in carried if id_ is not None), target)}
        shown = [id_ for id_ in order if id_ in known and known[id_].link_id in named]
    in_bio = sum(tally.in_bio for tally in tallies.values()) if question.metric is Metric.CTR else 0
    return Ranking(head, shown, tallies, uniques, early, len(order) - len(shown), in_bio)


def _varying(reader: Reader, reading: Reading, period: Period, tallies: Mapping[int, Tally]) -> dict[int, Tally]:
    """Those that are ranked by a rate, with how much their clicks vary."""
    rated = {id_ for id_, tally in tallies.items() if tally.ctr is not None and not tally.ctr.is_early}
    noise = noise_by_link(reader, reading.guild_id, period, rated)
    return {id_: tallies[id_].varying(noise[id_]) for id_ in rated}


async def top(reading: Reading, ranked: Ranking, page: int) -> Top:
    """A page of a ranking, the last one where it has fewer."""
    question, (target, *_rest), (period, *_more), _now = ranked.head
    listed = Page[int].cut(ranked.order, page, PAGE)
    head = (dataclasses.replace(question, page=listed.number), *ranked.head[1:])
    ids = listed.items
    if ranked.groups:
        rows = [Row(n, ranked.tallies[n], None, (), None, None, n in ranked.early, ranked.groups[n]) for n in ids]
    else:
        by_posts = question.ranks is not Ranks.LINKS
        nameable, found_posts = await _nameable(reading, ids, target, by_posts=by_posts)
        ids = [id_ for id_ in ids if id_ in nameable]  # but for what was deleted or made private since
        trends = await _trends(reading, ids, found_posts, question.metric, period)
        rows = [
            Row(
                id_,
                ranked.tallies[id_],
                ranked.uniques.get(id_),
                trends[id_],
                nameable[id_],
                found_posts.get(id_),
                id_ in ranked.early,
            )
            for id_ in ids
        ]
    return Top(*head, tuple(rows), listed.count, listed.pages, ranked.unnamed, ranked.in_bio)


def _groups(head: Head, places: Sequence[PlaceSummary], known: Mapping[int, Post]) -> Ranking:
    """A ranking of platforms, or of kinds of posts; what comes through no post is a group of its own.

    Sums name nobody, so that private links are in them.
    """
    question = head[0]

    def name(place: PlaceSummary) -> str | None:
        if not is_post(place.place_id):
            return _other(place.place_id)
        post = known.get(place.place_id)
        if post is None:
            return None
        one = question.ranks is Ranks.PLATFORMS
        return PLATFORMS[post.platform][0] if one else describe_many(post.platform, post.kind)

    found = sorted(grouped(places, name).items())
    tallies = {n: tally for n, (_name, tally) in enumerate(found)}
    order, early = _order(tallies, question.metric, {})
    # What has no such number is named too, at the end: else it would seem not to be there.
    order += [n for n in most_clicks(tallies) if n not in order]
    return Ranking(head, order, tallies, {}, early, 0, 0, [name for name, _tally in found])


def _other(place_id: int) -> str:
    """What comes through no post."""
    if place_id in ELSEWHERE:
        return _("Imported history")
    return _("Profile page") if place_id == PROFILE else _("No post: links' own addresses")


async def heatmap(reading: Reading, head: Head) -> Heatmap:
    question, (target, *_rest), (period, *_more), _now = head
    kind = Kind.IMPRESSION if question.metric is Metric.DISPLAYS else Kind.CLICK
    link_ids, place_id = await reading.link_ids(target), reading.place_id(target)
    cells = await reading.cells(segments(period), kind, link_ids, place_id)
    claims, odd = await reading.hours(target, period, kind)
    return Heatmap(*head, cells, claims, tuple(odd), reading.server.first_weekday)


async def sources(reading: Reading, head: Head) -> Sources:
    question, (target, *_rest), (period, *_more), _now = head
    if target.post is not None:
        raise InvalidError(
            _("of: sources are kept for a link as a whole; choose the post's link. The post is a source itself.")
        )
    link_ids = await reading.link_ids(target)
    kind = Kind.IMPRESSION if question.metric is Metric.DISPLAYS else Kind.CLICK
    before = period.previous
    by_day = await counts.by_day(reading.conn, reading.guild_id, period.first, period.end, link_ids)
    return Sources(
        *head,
        await counts.audience(reading.conn, reading.guild_id, period.first, period.end, link_ids),
        await counts.audience(reading.conn, reading.guild_id, before.first, before.end, link_ids),
        sum(count.count for count in by_day if count.kind.metric is kind),
    )


# ------------------------------------------------------------------ parts


async def _nameable(
    reading: Reading, order: Sequence[int], target: Target, *, by_posts: bool
) -> tuple[dict[int, Link | None], dict[int, Post]]:
    """By id, the link of what may be named (None for a post without one), and the posts among them."""
    if not by_posts:
        return dict(await reading.named_links(order, target)), {}
    found = {post.id: post for post in await posts.by_ids(reading.conn, reading.guild_id, order)}
    named = await reading.named_links({post.link_id for post in found.values() if post.link_id is not None}, target)
    return {
        post.id: None if post.link_id is None else named[post.link_id]
        for post in found.values()
        if post.link_id is None or post.link_id in named
    }, found


async def _trends(
    reading: Reading, ids: Sequence[int], found: Mapping[int, Post], metric: Metric, period: Period
) -> dict[int, tuple[int, ...]]:
    """Clicks (or impressions measured) by day of the links or posts of a page."""
    kind = Kind.IMPRESSION if metric is Metric.DISPLAYS else Kind.CLICK
    by_id: dict[int, Counter[dt.date]] = defaultdict(Counter)
    in_period = (reading.conn, reading.guild_id, period.first, period.end)
    if found:
        link_ids = {found[id_].link_id for id_ in ids}
        shown = await counts.by_place_day(*in_period, [id_ for id_ in link_ids if id_ is not None])
        for day, (_link_id, place_id, one), n in shown:
            if Kind(one).metric is kind:
                by_id[place_id][day] += n
    else:
        for item in await counts.by_link_day(*in_period, ids):
            if item.kind.metric is kind:
                by_id[item.link_id][item.day] += item.count
    return {id_: tuple(by_id[id_][day] for day in period.days) for id_ in ids}


def _order(tallies: Mapping[int, Tally], metric: Metric, uniques: Mapping[int, int]) -> tuple[list[int], set[int]]:
    """Ids from the first rank to the last, and those among them that it is too early to rank."""
    match metric:
        case Metric.CLICKS:
            return most_clicks(tallies), set()
        case Metric.DISPLAYS:
            return most_displays(tallies), set()
        case Metric.UNIQUES:
            return sorted(uniques, key=lambda id_: (-uniques[id_], id_)), set()
        case Metric.CTR | Metric.ENGAGEMENT:
            ranked = by_ctr(tallies) if metric is Metric.CTR else by_engagement(tallies)
            return [*ranked.order, *ranked.too_early], set(ranked.too_early)
