"""What stands out in a report: gathers what findings and benchmarks are made of."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterator, Mapping

from bot.insights.benchmark import WINDOW, Benchmark, Measure, PeerPost, benchmark
from bot.insights.facts import Facts, Placed
from bot.insights.findings import findings
from bot.insights.noise import CAUTIOUS, Dispersion, dispersion
from bot.insights.periods import ONE_DAY, Period, local_day
from bot.insights.summary import window_of
from bot.insights.tally import Tally, by_link
from bot.links.platforms import describe_many
from bot.stats.answers import Report, Target
from bot.stats.question import Scope
from bot.stats.reading import HISTORY, Reading, noise_by_link
from storage import counts, posts
from storage.prepared import Reader, read
from storage.records import Kind

HABIT = 90
"""Days from which hours of the week are learned."""

_History = tuple[dict[Kind, dict[dt.date, int]], int, dt.date | None]


async def with_noise(reading: Reading, target: Target, report: Report) -> Report:
    """The report with how much its counts vary, which its rates need too."""
    link_ids, place_id = await reading.link_ids(target), reading.place_id(target)

    def work(reader: Reader) -> Report:
        began = counts.first_day.within(reader, reading.guild_id, link_ids)
        history, _ever, _since = _history(reader, reading.guild_id, link_ids, place_id, report.period, began)
        return _varying(report, history, noise_by_link(reader, reading.guild_id, report.period, _rated(report)))

    return await read(reading.conn, work)


async def with_findings(reading: Reading, target: Target, report: Report, most: int) -> Report:
    """The report with what stands out in it, and where its post stands."""
    if not report.now.clicks and report.before is None:
        return report
    period = report.period
    link_ids, place_id = await reading.link_ids(target), reading.place_id(target)
    habit, previous = Period(period.end - HABIT * ONE_DAY, period.end, period.zone), period.previous
    has_audience = target.post is None and report.before is not None

    def work(reader: Reader) -> Report:
        began = counts.first_day.within(reader, reading.guild_id, link_ids)
        claims, _odd = reading.hours_within(reader, link_ids, place_id, habit, Kind.CLICK, began)
        origins, origins_before = (
            counts.clicks_by_origin_day.within(reader, reading.guild_id, one.first, one.end, link_ids)
            if has_audience
            else {}
            for one in (period, previous)
        )
        history, ever, since = _history(reader, reading.guild_id, link_ids, place_id, period, began)
        told = _varying(report, history, noise_by_link(reader, reading.guild_id, period, _rated(report)))
        peers = _peers(reader, reading, target)
        before = {} if told.before is None else by_link(told.before.by_place)
        facts = Facts(
            period=period,
            unfinished=told.unfinished,
            now=told.now,
            before=told.before,
            links=_named(told.by_link, told),
            links_before=_named(before, told),
            posts=told.posts,
            hours=claims,
            origins=origins,
            origins_before=origins_before,
            history=history.get(Kind.CLICK, {}),
            incomplete={day for gap in told.gaps for day in (gap.start.date(), gap.end.date())},
            placed=list(_placed(reading, told, peers)),
            lifetime=None if target.post is not None else (ever, ever + told.now.clicks),
        )
        return dataclasses.replace(
            told,
            findings=findings(facts, most),
            benchmarks=_benchmarks(reading, target, peers),
            ever=ever,
            since=since,
            began=began,
        )

    return await read(reading.conn, work)


def _rated(report: Report) -> set[int]:
    """The links whose CTR is ranked."""
    found = ((id_, tally.ctr) for id_, tally in report.by_link.items())
    return {id_ for id_, ctr in found if ctr is not None and not ctr.is_early}


def _varying(
    report: Report, history: Mapping[Kind, Mapping[dt.date, int]], noise_of_links: Mapping[int, Dispersion]
) -> Report:
    noise = {kind: dispersion(by_day, report.period.length) for kind, by_day in history.items()}
    clicks = noise.get(Kind.CLICK, CAUTIOUS)
    return dataclasses.replace(
        report,
        noise=noise,
        now=report.now.varying(clicks),
        before=report.before and report.before.varying(clicks),
        by_link=report.by_link | {id_: report.by_link[id_].varying(noise_of_links[id_]) for id_ in noise_of_links},
    )


def _placed(reading: Reading, report: Report, peers: Mapping[int, PeerPost]) -> Iterator[Placed]:
    """Where posts of the report stand among their peers by CTR."""
    for id_, post in report.posts.items():
        peer = peers.get(id_)
        if peer is None or peer.rate is None or (found := benchmark(peer, list(peers.values()), reading.now)) is None:
            continue
        if (side := found.own or found.server) is not None:
            yield Placed(id_, peer.rate, side, describe_many(post.platform, post.kind))


def _named(tallies: Mapping[int, Tally], report: Report) -> dict[int, Tally]:
    return {id_: tally for id_, tally in tallies.items() if id_ in report.links}


def _history(
    reader: Reader,
    guild_id: int,
    link_ids: Collection[int] | None,
    place_id: int | None,
    period: Period,
    since: dt.date | None,
) -> _History:
    """Hits by kind and day of the weeks before, from the first on; all clicks before the period; when they began."""
    if since is None or since >= period.first:
        return {}, 0, None
    first = max(since, period.first - HISTORY * ONE_DAY)
    days = [first + n * ONE_DAY for n in range((period.first - first).days)]
    history = {kind: dict.fromkeys(days, 0) for kind in (Kind.CLICK, Kind.IMPRESSION)}
    ever = 0
    for item in counts.by_day.within(reader, guild_id, since, period.first, link_ids, place_id):
        if item.kind is Kind.CLICK:
            ever += item.count
        if (by_day := history.get(item.kind.metric)) is not None and item.day in by_day:
            by_day[item.day] += item.count
    return history, ever, since


def _peers(reader: Reader, reading: Reading, target: Target) -> dict[int, PeerPost]:
    """The posts of the last 90 days that a creator's are held against: theirs, and the server's if it opted in."""
    owned = target.post or target.link
    creator_id = target.subject.id if target.subject.scope is Scope.CREATOR else owned.creator_id if owned else None
    if creator_id is None:
        return {}
    today = local_day(reading.now, reading.server.timezone)
    window = Period(today - WINDOW, today + ONE_DAY, reading.server.timezone)
    whose = None if reading.server.benchmarks else creator_id
    since = posts.since.within(reader, reading.guild_id, window.start_at, window.end_at, creator_id=whose)
    found = {post.id: post for post in since}
    told = reading.told_within(reader, list(found.values()), window)
    link_ids = {post.link_id for post in found.values() if post.link_id is not None}
    by_place = counts.by_place.within(reader, reading.guild_id, window.first, window.end, link_ids)
    places = reading.summary_within(reader, window_of(window, reading.now), by_place, (), 0, told).by_place
    return {
        post.id: PeerPost(
            post.id,
            post.creator_id,
            post.platform,
            post.kind,
            post.published,
            place.clicks,
            place.displays,
            place.metric,
            place.rate,
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
