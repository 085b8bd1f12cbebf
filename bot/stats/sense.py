"""What stands out in a report: gathers what findings and benchmarks are made of."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

from bot.insights.benchmark import WINDOW, Benchmark, Measure, PeerPost, benchmark
from bot.insights.findings import Facts, Placed, findings
from bot.insights.periods import ONE_DAY, Period, local_day
from bot.insights.summary import summarise
from bot.insights.tally import Tally, by_link
from bot.links.platforms import describe_many
from bot.stats.answers import Report, Target
from bot.stats.question import Scope
from bot.stats.reading import Reading
from storage import counts, posts
from storage.records import AudienceCount, Figure, Kind

HISTORY = 91
"""Days before a period that its days are held against: 13 weeks."""
HABIT = 90
"""Days from which hours of the week are learned."""


async def with_findings(reading: Reading, target: Target, report: Report) -> Report:
    """The report with what stands out in it, and where its post stands."""
    if not report.now.clicks and report.before is None:
        return report
    period = report.period
    history, ever = await _history(reading, target, period)
    peers = await _peers(reading, target)
    placed = [
        Placed(id_, peer.rate, side, describe_many(post.platform, post.kind))
        for id_, post in report.posts.items()
        if (peer := peers.get(id_)) is not None and peer.rate is not None
        if (found := benchmark(peer, list(peers.values()), reading.now)) is not None
        if (side := found.own or found.server) is not None
    ]
    habit = Period(period.end - HABIT * ONE_DAY, period.end, period.zone)
    claims, _odd = await reading.hours(target, habit, Kind.CLICK)
    before = {} if report.before is None else by_link(report.before.by_place)
    facts = Facts(
        period=period,
        unfinished=report.unfinished,
        now=report.now,
        before=report.before,
        links=_named(report.by_link, report),
        links_before=_named(before, report),
        posts=report.posts,
        hours=claims,
        audience=report.audience,
        audience_before=await _audience_before(reading, target, report),
        history=history,
        incomplete={day for gap in report.gaps for day in (gap.start.date(), gap.end.date())},
        placed=placed,
        lifetime=None if target.post is not None else (ever, ever + report.now.clicks),
    )
    return dataclasses.replace(report, findings=findings(facts), benchmarks=_benchmarks(reading, target, peers))


def _named(tallies: Mapping[int, Tally], report: Report) -> dict[int, Tally]:
    return {id_: tally for id_, tally in tallies.items() if id_ in report.links}


async def _history(reading: Reading, target: Target, period: Period) -> tuple[dict[dt.date, int], int]:
    """Clicks by day of the weeks before, from the first count on, and all clicks before the period."""
    link_ids, place_id = await reading.link_ids(target), reading.place_id(target)
    since = await counts.first_day(reading.conn, reading.guild_id, link_ids)
    if since is None or since >= period.first:
        return {}, 0
    first = max(since, period.first - HISTORY * ONE_DAY)
    history = {first + n * ONE_DAY: 0 for n in range((period.first - first).days)}
    ever = 0
    for item in await counts.by_day(reading.conn, reading.guild_id, since, period.first, link_ids, place_id):
        if item.kind is Kind.CLICK:
            ever += item.count
            if item.day in history:
                history[item.day] += item.count
    return history, ever


async def _audience_before(reading: Reading, target: Target, report: Report) -> Sequence[AudienceCount]:
    if target.post is not None or report.before is None:
        return ()
    previous, link_ids = report.period.previous, await reading.link_ids(target)
    return await counts.audience(reading.conn, reading.guild_id, previous.first, previous.end, link_ids)


async def _peers(reading: Reading, target: Target) -> dict[int, PeerPost]:
    """The posts of the last 90 days that a creator's are held against: theirs, and the server's if it opted in."""
    owned = target.post or target.link
    creator_id = target.subject.id if target.subject.scope is Scope.CREATOR else owned.creator_id if owned else None
    if creator_id is None:
        return {}
    today = local_day(reading.now, reading.server.timezone)
    window = Period(today - WINDOW, today + ONE_DAY, reading.server.timezone)
    whose = None if reading.server.benchmarks else creator_id
    found = {
        post.id: post for post in await posts.since(reading.conn, reading.guild_id, window.start_at, creator_id=whose)
    }
    figures: dict[int, list[Figure]] = defaultdict(list)
    for figure in await posts.find_figures(reading.conn, reading.guild_id, list(found)):
        figures[figure.post_id].append(figure)
    link_ids = {post.link_id for post in found.values() if post.link_id is not None}
    by_place = await counts.by_place(reading.conn, reading.guild_id, window.first, window.end, link_ids)
    places = summarise(window, by_place, (), 0, found.values(), figures).by_place
    return {
        post.id: PeerPost(
            post.id,
            post.creator_id,
            post.platform,
            post.kind,
            post.published,
            place.clicks,
            place.impressions,
            place.rate,
            place.views,
        )
        for place in places
        if (post := found.get(place.place_id)) is not None
    }


def _benchmarks(reading: Reading, target: Target, peers: Mapping[int, PeerPost]) -> tuple[tuple[str, Benchmark], ...]:
    if target.post is None or (own := peers.get(target.post.id)) is None:
        return ()
    found = (benchmark(own, list(peers.values()), reading.now, measure) for measure in Measure)
    what = describe_many(target.post.platform, target.post.kind)
    return tuple((what, one) for one in found if one is not None)
