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
from bot.insights.noise import CAUTIOUS, together
from bot.insights.periods import Period, local_day
from bot.insights.rates import MIN_IMPRESSIONS, change
from bot.insights.summary import IMPRESSIONS, PlaceSummary, Summary, places_of, reported_in, summarise
from bot.links.platforms import describe
from bot.reports.frozen import Growth, Median, Ratio, Row, Share
from bot.reports.metrics import TOLD
from bot.stats.answers import Report, Target
from bot.stats.reading import Figures, Reading
from bot.stats.reports import brief, report
from bot.texts import _
from storage import links
from storage.prepared import Reader, read
from storage.records import BARE, ELSEWHERE, PROFILE, Dimension, Kind, Post, is_post

MOST_GROUPS = 8
"""Platforms and kinds that a page has room for; those with the fewest impressions are taken together."""
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
    own: dict[int, Post] = {}
    for target, _report, _recent in found:
        own |= {post.id: post for post in reading.posts_within(reader, target) or ()}
    _posts, figures = reading.figures_within(reader, list(own.values()), period)
    places = [place for one in reports for place in one.now.by_place]
    told = {post.id: _told(post, figures, period) for post in own.values()}
    corrected = Counter[str]()
    for post_id, grown in told.items():
        corrected.update({metric: growth for metric, growth in grown.items() if growth < 0})
        told[post_id] = {metric: growth for metric, growth in grown.items() if growth >= 0}
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
            "told_until": _told_until(own, figures, period),
            "corrected": tuple((metric, corrected[metric]) for metric in (IMPRESSIONS, *TOLD) if metric in corrected),
        }
    )


def _link_ids(own: Mapping[int, Post]) -> set[int]:
    return {post.link_id for post in own.values() if post.link_id is not None}


# ------------------------------------------------------------------ rows

_Told = Mapping[int, Mapping[str, int]]
"""By post: what its platform told within the period, by metric; impressions among them. A metric that the platform
corrected to less than before is not among them: an audience is never below 0."""


def _told(post: Post, figures: Figures, period: Period) -> dict[str, int]:
    found = {}
    for metric in (IMPRESSIONS, *TOLD):
        grown = reported_in(post, figures.get(post.id, ()), period, metric)
        if grown is not None:
            found[metric] = grown.growth
    return found


def _row(name: str, places: Iterable[PlaceSummary], own: Mapping[int, Post], told: _Told) -> Row:
    """The places together; a number that no place can have is None."""
    places = list(places)
    posts = {place.place_id for place in places if is_post(place.place_id)}
    known = [told.get(id_, {}) for id_ in posts]
    clickable = [place for place in places if place.link_id is not None]
    measured = sum(place.measured for place in places)
    reported = [place.reported for place in places if IMPRESSIONS in told.get(place.place_id, {})]
    rated = [place.rate for place in places if place.rate is not None]
    shown = sum(rate.impressions for rate in rated)
    active = places_of(place for place in places if place.is_active)
    return Row(
        name=name,
        posts=len(posts),
        clicks=sum(place.clicks for place in clickable) if clickable else None,
        impressions=sum(place.impressions for place in places) if measured or reported else None,
        measured=measured or None,
        viewable=sum(place.viewable for place in places) or None,
        reported=sum(reported) if reported else None,
        told=tuple((metric, sum(one[metric] for one in known if metric in one)) for metric in _metrics(known)),
        ctr=Ratio(sum(rate.clicks for rate in rated), shown, len(rated), active) if shown > 0 else None,
    )


def _metrics(known: Sequence[Mapping[str, int]]) -> list[str]:
    return [metric for metric in TOLD if any(metric in one for one in known)]


def _with_told(places: Sequence[PlaceSummary], own: Mapping[int, Post], told: _Told) -> list[PlaceSummary]:
    """The places with those posts whose platform told something though nothing was counted."""
    there = {place.place_id for place in places}
    silent = [post for id_, post in own.items() if told[id_] and id_ not in there]
    return [*places, *(PlaceSummary(post.link_id, post.id, 0, 0, 0, 0, None) for post in silent)]


def _total(places: Sequence[PlaceSummary], own: Mapping[int, Post], told: _Told, summaries: Sequence[Summary]) -> Row:
    row = _row("", _with_told(places, own, told), own, told)
    # With nothing counted there are still links that nobody clicked: 0, not unknown.
    clicks = sum(one.clicks for one in summaries) if row.clicks is None else row.clicks
    return dataclasses.replace(row, clicks=clicks)


def _platforms(places: Sequence[PlaceSummary], own: Mapping[int, Post], told: _Told) -> list[Row]:
    groups: dict[str, list[PlaceSummary]] = defaultdict(list)
    for place in _with_told(places, own, told):
        groups[_group(place.place_id, own)].append(place)

    def weight(name: str) -> tuple[int, int, str]:
        found = groups[name]
        return -sum(place.impressions for place in found), -sum(place.clicks for place in found), name

    order = sorted(groups, key=weight)
    if len(order) > MOST_GROUPS:
        rest = order[MOST_GROUPS - 1 :]
        others = _("{n} others").format(n=len(rest))
        groups[others] = [place for name in rest for place in groups[name]]
        order = [*order[: MOST_GROUPS - 1], others]
    return [_row(name, groups[name], own, told) for name in order]


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
    """The posts with the most impressions, then clicks; those of links that may be named."""
    found = [
        (own[place.place_id], place)
        for place in _with_told(places, own, told)
        if (post := own.get(place.place_id)) is not None and (post.link_id is None or post.link_id in nameable)
    ]
    found.sort(key=lambda pair: (-pair[1].impressions, -pair[1].clicks, pair[0].id))
    return [_row(name_of(post), [place], own, told) for post, place in found[:MOST_BEST]]


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
    if not found:
        return None
    return Ratio(
        sum(one.clicks + one.reactions for one in found),
        sum(one.base for one in found),
        sum(one.posts for one in found),
        sum(one.posts for one in summaries),
    )


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


def _told_until(own: Mapping[int, Post], figures: Figures, period: Period) -> dt.date | None:
    told = [figure.as_of for id_ in own for figure in figures.get(id_, ()) if period.contains(figure.as_of)]
    return local_day(max(told), period.zone) if told else None


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
        own = {post.id: post for post in reading.posts_within(reader, target) or ()}
        _posts, figures = reading.figures_within(reader, list(own.values()), window)
        settled = {id_ for id_, post in own.items() if window.start_at <= post.created_at <= end - SETTLED}
        for place in places:
            if place.place_id in settled:
                for metric, value in _of_post(place, own[place.place_id], figures, window):
                    values[metric].append(value)
    made = []
    for metric in ("impressions", "reach", "clicks", "ctr", "engagement"):
        some = values[metric]
        value = median(some) if len(some) >= MIN_POSTS else None
        made.append(Median(metric, len(some), None if value is None else Ratio(value.numerator, value.denominator)))
    return made


def _of_post(place: PlaceSummary, post: Post, figures: Figures, window: Period) -> Iterable[tuple[str, Fraction]]:
    if place.impressions > 0:
        yield "impressions", Fraction(place.impressions)
    reach = reported_in(post, figures.get(post.id, ()), window, "reach")
    if reach is not None and reach.growth > 0:
        yield "reach", Fraction(reach.growth)
    if post.link_id is not None:
        yield "clicks", Fraction(place.clicks)
    if place.rate is not None and place.rate.impressions >= MIN_IMPRESSIONS:
        yield "ctr", Fraction(place.rate.clicks, place.rate.impressions)
    hits = ((Kind.CLICK, place.clicks), (Kind.IMPRESSION, place.measured))
    counts = {(place.link_id, place.place_id, kind.value): n for kind, n in hits if n and place.link_id is not None}
    found = summarise(window, counts, (), 0, [post], figures).engagement
    if found is not None and found.base >= MIN_IMPRESSIONS:
        yield "engagement", Fraction(found.clicks + found.reactions, found.base)
