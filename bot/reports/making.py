"""From one reading of the database to the figures of a brand report; it counts nothing by itself."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Any

from bot.insights.audience import shares
from bot.insights.benchmark import SETTLED, WINDOW
from bot.insights.growth import Grown, Span, Told
from bot.insights.noise import CAUTIOUS, together
from bot.insights.periods import Period, local_day
from bot.insights.rates import Rate, change
from bot.insights.summary import (
    Engagement,
    Part,
    PlaceSummary,
    Summary,
    Window,
    parts_of,
    places_of,
    pooled,
    summed,
    window_of,
)
from bot.links.platforms import describe
from bot.reports.frozen import Growth, Median, Ratio, Row, Share
from bot.reports.metrics import TOLD
from bot.stats.answers import Report, Target
from bot.stats.reading import Reading
from bot.stats.reports import brief, report
from bot.texts import _
from storage import links
from storage.prepared import Reader, read
from storage.records import BARE, ELSEWHERE, IMPRESSIONS, PROFILE, VIEWS, Dimension, Kind, Post, is_post

MOST_GROUPS = 8
"""Platforms and kinds that a page has room for; those with the fewest displays are taken together."""
MOST_BEST = 5
MOST_VALUES = 5
"""Countries, devices and sources that are named."""
MIN_POSTS = 3
"""Fewer posts have no median worth the name."""
MOST_NAME = 60
DIMENSIONS = (Dimension.COUNTRY, Dimension.DEVICE, Dimension.SOURCE)


@dataclass(frozen=True, slots=True)
class Made:
    """The counted part of a report, by the names of `Frozen`'s fields."""

    values: dict[str, Any]

    @property
    def total(self) -> Row:
        return self.values["total"]


async def make(
    reading: Reading, targets: Sequence[Target], period: Period, named: Collection[int], *, with_before: bool = True
) -> Made:
    """The figures of the targets together, none of whose places are in two of them.

    Links in `named` may be named though they are private. `targets` are of one creator. `with_before`: something comes
    before the period.
    """
    reports = [await report(reading, target, period, with_before=with_before, most=0) for target in targets]
    window = Period(period.end - WINDOW, period.end, period.zone)
    recent = [(await brief(reading, target, window)).now.by_place for target in targets]

    def work(reader: Reader) -> Made:
        return _made(reader, reading, list(zip(targets, reports, recent, strict=True)), period, window, named)

    return await read(reading.conn, work)


def _made(
    reader: Reader,
    reading: Reading,
    found: Sequence[tuple[Target, Report, Sequence[PlaceSummary]]],
    period: Period,
    window: Period,
    named: Collection[int],
) -> Made:
    """All of it, in the database's own thread: `found` are the targets' reports, and the places of the `window`."""
    reports = [one for _target, one, _recent in found]
    grown = [
        one
        for target, _report, _recent in found
        for one in _grown(reader, reading, target, window_of(period, reading.now))
    ]
    own = {one.post.id: one.post for one in grown}
    places = [place for one in reports for place in one.now.by_place]
    told = {one.post.id: one.told for one in grown}
    corrected = Counter[str]()
    for one in grown:
        corrected.update(one.corrected)
    carried = links.by_ids.within(reader, reading.guild_id, _link_ids(own))
    nameable = {link.id for link in carried if not link.private} | set(named)
    of_window = [(target, recent) for target, _report, recent in found]
    now = [one.now for one in reports]
    only_links = all(target.post is None for target, _report, _recent in found)
    return Made(
        {
            "total": _total(places, own, told, now),
            "platforms": tuple(_platforms(places, own, told)),
            "best": tuple(_best(places, own, told, nameable)),
            "medians": tuple(_medians(reader, reading, of_window, window, period)),
            "median_first": window.first,
            "growth": tuple(_growth(reports)),
            "audience": tuple(_audience(reports)) if any(target.post is None for target, _, _ in found) else (),
            "unique_clicks": sum(one.unique_clicks for one in now) if only_links else None,
            "engagement": _engagement(now),
            "set_aside": sum(item.count for one in reports for item in one.set_aside),
            "shared": tuple(_shared(reports)),
            "missing": sum(gap.count for one in reports for gap in one.gaps),
            "told_until": max((local_day(one.read_at, period.zone) for one in grown if one.read_at), default=None),
            "corrected": tuple((one, corrected[one]) for one in (VIEWS, IMPRESSIONS, *TOLD) if one in corrected),
        }
    )


def _link_ids(own: Mapping[int, Post]) -> set[int]:
    return {post.link_id for post in own.values() if post.link_id is not None}


# ------------------------------------------------------------------ rows

_Told = Mapping[int, Mapping[str, Grown]]
"""By post: what its platform told within the period, by metric; its displays among them."""


@dataclass(frozen=True, slots=True)
class _Grown:
    """What a platform told of a post within a time."""

    post: Post
    told: Mapping[str, Grown]
    corrected: Mapping[str, int]
    """The metrics that the platform corrected to less than before: no part of `told`, an audience is never below 0."""
    read_at: dt.datetime | None
    """When any of it was last read."""


def _grown(reader: Reader, reading: Reading, target: Target, window: Window) -> Iterable[_Grown]:
    """What platforms told of a target's posts."""
    found = reading.told_within(reader, reading.posts_within(reader, target), window.period)

    def spans(one: Told) -> Iterable[Span]:
        return (span for metric in _metrics(one) for span in one.spans(metric, window.start, window.end))

    clicks = reading.clicks_within(reader, found, spans, target)
    for one in found:
        all_ = {metric: one.grown(metric, window.start, window.end, clicks) for metric in _metrics(one)}
        told = {metric: grown for metric, grown in all_.items() if grown is not None}
        yield _Grown(
            one.post,
            {metric: grown for metric, grown in told.items() if grown.growth >= 0},
            {metric: grown.growth for metric, grown in told.items() if grown.growth < 0},
            max((one.read_until[metric] for metric in told), default=None),
        )


def _metrics(told: Told) -> Iterable[str]:
    return (metric for metric in told.steps if metric in (told.display_metric, *TOLD))


def _row(name: str, places: Iterable[PlaceSummary], told: _Told) -> Row:
    """The places together; a number that no place can have is None."""
    places = list(places)
    posts = {place.place_id for place in places if is_post(place.place_id)}
    known = [told.get(id_, {}) for id_ in posts]
    clickable = [place for place in places if place.link_id is not None]
    measured = sum(place.measured for place in places)
    reported = [place.reported for place in places if place.platform]
    by_metric = {metric: [one[metric] for one in known if metric in one] for metric in TOLD}
    estimates = [metric for metric, some in by_metric.items() if any(one.is_estimate for one in some)]
    rated = [place.rate for place in places if place.rate is not None]
    return Row(
        name=name,
        posts=len(posts),
        clicks=sum(place.clicks for place in clickable) if clickable else None,
        displays=sum(place.displays for place in places) if measured or reported else None,
        measured=measured or None,
        viewable=sum(place.viewable for place in places) or None,
        reported=sum(reported) if reported else None,
        told=tuple((metric, sum(one.growth for one in some)) for metric, some in by_metric.items() if some),
        ctr=_ratio(summed(rated), len(rated), places_of(place for place in places if place.is_active)),
        parts=tuple((part.metric, part.platform, part.count, _is_about(part, places)) for part in parts_of(places)),
        estimates=(*(("displays",) if any(place.is_estimate for place in places) else ()), *estimates),
    )


def _is_about(part: Part, places: Iterable[PlaceSummary]) -> bool:
    return any(
        place.is_estimate and place.metric == part.metric and part.platform in ("", place.platform) for place in places
    )


def _ratio(rate: Rate | None, over: int, of: int) -> Ratio | None:
    return None if rate is None else Ratio(rate.clicks, rate.displays, over, of, rate.is_estimate, rate.as_of)


def _with_told(places: Sequence[PlaceSummary], own: Mapping[int, Post], told: _Told) -> list[PlaceSummary]:
    """The places with those posts whose platform told something though nothing was counted."""
    there = {place.place_id for place in places}
    silent = [post for id_, post in own.items() if told[id_] and id_ not in there]
    return [*places, *(_silent(post, told[post.id]) for post in silent)]


def _silent(post: Post, told: Mapping[str, Grown]) -> PlaceSummary:
    """A post of which no display is known, or of which its platform told that there was none."""
    is_told = VIEWS in told or IMPRESSIONS in told
    return PlaceSummary(post.link_id, post.id, 0, 0, 0, 0, None, platform=post.platform if is_told else "")


def _total(places: Sequence[PlaceSummary], own: Mapping[int, Post], told: _Told, summaries: Sequence[Summary]) -> Row:
    row = _row("", _with_told(places, own, told), told)
    # With nothing counted there are still links that nobody clicked: 0, not unknown.
    clicks = sum(one.clicks for one in summaries) if row.clicks is None else row.clicks
    return dataclasses.replace(row, clicks=clicks)


def _platforms(places: Sequence[PlaceSummary], own: Mapping[int, Post], told: _Told) -> list[Row]:
    groups: dict[str, list[PlaceSummary]] = defaultdict(list)
    for place in _with_told(places, own, told):
        groups[_group(place.place_id, own)].append(place)

    def weight(name: str) -> tuple[int, int, str]:
        found = groups[name]
        return -sum(place.displays for place in found), -sum(place.clicks for place in found), name

    order = sorted(groups, key=weight)
    if len(order) > MOST_GROUPS:
        rest = order[MOST_GROUPS - 1 :]
        others = _("{n} others").format(n=len(rest))
        groups[others] = [place for name in rest for place in groups[name]]
        order = [*order[: MOST_GROUPS - 1], others]
    return [_row(name, groups[name], told) for name in order]


def _group(place_id: int, own: Mapping[int, Post]) -> str:
    if place_id == BARE:
        return _("Link's own address")
    if place_id == PROFILE:
        return _("Profile page")
    if place_id in ELSEWHERE:
        return _("Imported history")
    post = own.get(place_id)
    return _("Deleted posts") if post is None else describe(post.platform, post.kind)


def _best(places: Sequence[PlaceSummary], own: Mapping[int, Post], told: _Told, nameable: Collection[int]) -> list[Row]:
    """The posts with the most displays, then clicks; those of links that may be named."""
    found = [
        (own[place.place_id], place)
        for place in _with_told(places, own, told)
        if (post := own.get(place.place_id)) is not None and (post.link_id is None or post.link_id in nameable)
    ]
    found.sort(key=lambda pair: (-pair[1].displays, -pair[1].clicks, pair[0].id))
    return [_row(name_of(post), [place], told) for post, place in found[:MOST_BEST]]


def name_of(post: Post) -> str:
    """A post as a report calls it: "Teaser, Instagram story"."""
    kind = describe(post.platform, post.kind)
    title = " ".join(post.title.split())[:MOST_NAME]
    return f"{title}, {kind}" if title else kind


# ------------------------------------------------------------------ the rest


def _growth(reports: Sequence[Report]) -> Iterable[Growth]:
    """Against the period before; nothing where none comes before."""
    pairs = [(one.now, one.before) for one in reports if one.before is not None]
    noise = {
        kind: together(
            [(one.noise.get(kind, CAUTIOUS), one.before.clicks) for one in reports if one.before is not None]
        )
        for kind in (Kind.CLICK, Kind.IMPRESSION)
    }
    changes = [one.unique_change for one in reports if one.unique_change is not None]
    counts = {
        "clicks": [(now.clicks, before.clicks) for now, before in pairs],
        "unique_clicks": changes if len(changes) == len(reports) else [],
        "measured": [(now.measured, before.measured) for now, before in pairs],
    }
    for metric, found in counts.items():
        if found:
            new, old = sum(now for now, _before in found), sum(before for _now, before in found)
            kind = Kind.IMPRESSION if metric == "measured" else Kind.CLICK
            yield Growth(metric, new, old, change(new, old, noise[kind], reports[0].period.share).direction.value)


def _engagement(summaries: Sequence[Summary]) -> Ratio | None:
    found = [one.engagement for one in summaries if one.engagement is not None]
    return _engaged(pooled(found, sum(one.posts for one in summaries)))


def _engaged(found: Engagement | None) -> Ratio | None:
    return None if found is None else _ratio(found.rate, found.posts, found.of)


def _audience(reports: Sequence[Report]) -> Iterable[Share]:
    """Countries, devices and sources of the clicks; they are known of links as a whole, not of posts."""
    of = sum(one.now.clicks for one in reports)
    counts = [item for one in reports for item in one.audience]
    for dimension in DIMENSIONS:
        found = shares(counts, dimension, Kind.CLICK, MOST_VALUES)
        yield Share(dimension.value, found.total, of, found.top)


def _shared(reports: Sequence[Report]) -> Iterable[tuple[dt.date, int, int]]:
    """The days of links many of whose clicks came through one connection, those with most first."""
    found = {(item.day, item.link_id): item for one in reports for item in one.shared}
    for item in sorted(found.values(), key=lambda item: (-item.shared, item.day, item.link_id)):
        yield item.day, item.shared, item.clicks


def _medians(
    reader: Reader,
    reading: Reading,
    found: Iterable[tuple[Target, Sequence[PlaceSummary]]],
    window: Period,
    period: Period,
) -> list[Median]:
    """Of the posts published in the last 90 days, each with all it brought in them; the youngest still collect."""
    end = min(period.end_at, reading.now)
    values: dict[str, list[Fraction]] = defaultdict(list)
    for target, places in found:
        settled = {
            one.post.id: one
            for one in _grown(reader, reading, target, window_of(window, reading.now))
            if window.start_at <= one.post.published <= end - SETTLED
        }
        for place in places:
            if (one := settled.get(place.place_id)) is not None:
                for metric, value in _of_post(place, one):
                    values[metric].append(value)
    made = []
    for metric in ("displays", "reach", "clicks", "ctr", "engagement"):
        some = values[metric]
        value = median(some) if len(some) >= MIN_POSTS else None
        made.append(Median(metric, len(some), None if value is None else Ratio(value.numerator, value.denominator)))
    return made


def _of_post(place: PlaceSummary, one: _Grown) -> Iterable[tuple[str, Fraction]]:
    if place.displays > 0:
        yield "displays", Fraction(place.displays)
    reach = one.told.get("reach")
    if reach is not None and reach.growth > 0:
        yield "reach", Fraction(reach.growth)
    if place.link_id is not None:
        yield "clicks", Fraction(place.clicks)
    rates = {"ctr": place.rate, "engagement": None if place.engagement is None else place.engagement.rate}
    for metric, rate in rates.items():
        if rate is not None and not rate.is_early:
            yield metric, Fraction(rate.clicks, rate.displays)
