"""What a set of links did in a period: totals, click-through rate and best day, from plain counts."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.insights.periods import Period
from bot.insights.rates import Rate, rate_interval
from storage.records import BARE, ELSEWHERE, PROFILE, Count, DayCount, Figure, Kind, Post, Service

IMPRESSIONS = "impressions"
REACTIONS = ("likes", "comments", "shares", "saves")
"""The metrics that make engagements, with our clicks. "views" is neither: it counts what no other metric counts."""

Place = tuple[int | None, int]
"""(link id, place id): the bare address, the profile, or a post; the link is None for a post without one."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What a platform told of one post in one metric within a period: its total's growth, and whose time that is."""

    growth: int
    since: dt.datetime
    as_of: dt.datetime


@dataclass(frozen=True, slots=True)
class BestDay:
    day: dt.date
    kind: Kind
    count: int


@dataclass(frozen=True, slots=True)
class PlaceSummary:
    """What one post, or a link's bare address or profile, did in a period."""

    link_id: int | None
    place_id: int
    clicks: int
    impressions: int
    """The reported ones where a platform told any, else the measured ones."""
    measured: int
    reported: int
    rate: Rate | None
    """Only where clicks and impressions are known and speak of the same time."""


@dataclass(frozen=True, slots=True)
class Engagement:
    """Clicks, likes, comments, shares and saves by impressions, over the posts that have both sides."""

    clicks: int
    reactions: int
    impressions: int
    posts: int
    """Over as many posts it is formed."""
    of: int
    """As many posts have anything to show in the period."""

    @property
    def value(self) -> float:
        return (self.clicks + self.reactions) / self.impressions

    @property
    def interval(self) -> tuple[float, float]:
        """95 %: Wilson's, or a Poisson rate's above 1."""
        return rate_interval(self.clicks + self.reactions, self.impressions)


@dataclass(frozen=True, slots=True)
class Summary:
    """Totals of a period. `impressions` takes the reported figure for a post that has one, else the measured one."""

    clicks: int
    unique_clicks: int
    impressions: int
    measured: int
    reported: int
    ctr: Rate | None
    ctr_places: int
    """Posts and places that the CTR is formed over: those with both sides known."""
    places: int
    """Posts and places with anything to show in the period."""
    best_day: BestDay | None
    clicks_by_day: tuple[int, ...]
    impressions_by_day: tuple[int, ...]
    """Measured ones; reported figures have no days."""
    lifetime: tuple[Post, ...]
    """Posts whose reported figures reach back before the period, so that only a lifetime CTR can be formed."""
    by_place: tuple[PlaceSummary, ...] = ()
    """Posts and places with anything to show; of no particular order."""
    engagement: Engagement | None = None

    @property
    def imported(self) -> Counter[Service]:
        """How many of the clicks were counted elsewhere, by where; none of them is among the unique ones."""
        found: Counter[Service] = Counter()
        for place in self.by_place:
            if place.place_id in ELSEWHERE:
                found[ELSEWHERE[place.place_id]] += place.clicks
        return found


def reported_in(post: Post, figures: Iterable[Figure], period: Period, metric: str = IMPRESSIONS) -> Reported | None:
    """The growth of one of a post's reported metrics between snapshots, for the snapshots taken within the period.

    Snapshots are lifetime totals; the first one's growth belongs to the time since the post was made. A snapshot
    that is lower than the one before is a correction and counts negative. Other metrics among `figures` are no part.
    """
    start, end = period.start_at, period.end_at
    total = 0
    since: dt.datetime | None = None
    before, before_at = 0, post.created_at
    as_of = before_at
    for figure in figures:
        if figure.metric != metric:
            continue
        if start <= figure.as_of < end:
            since = min(before_at, figure.as_of) if since is None else since
            total += figure.value - before
            as_of = figure.as_of
        before, before_at = figure.value, figure.as_of
    return None if since is None else Reported(total, since, as_of)


def lifetime_total(figures: Sequence[Figure], metric: str = IMPRESSIONS) -> int | None:
    """The latest total that a platform told of a post; None when it told none."""
    return next((figure.value for figure in reversed(figures) if figure.metric == metric), None)


def comparable(whole: Iterable[Count], last_day: Iterable[Count], so_far: Iterable[Count]) -> list[Count]:
    """The previous period's counts by place with its last day cut at the time of day that it is now.

    `whole` are its counts, `last_day` those of its last day, `so_far` those within `Period.so_far(now)`:

        before = summarise(period.previous, comparable(whole, last_day, so_far), by_day, unique_clicks, ...)

    Unique clicks belong to whole days; compare them over `Period.whole_days(now)`. `by_day` stays whole: it is drawn.
    """
    totals: Counter[tuple[int, int, Kind]] = Counter()
    for counts, sign in ((whole, 1), (last_day, -1), (so_far, 1)):
        for count in counts:
            totals[count.link_id, count.place_id, count.kind] += sign * count.count
    return [Count(*key, n) for key, n in totals.items() if n > 0]


def _both_sides_known(post: Post, reported: Reported, clicks: int, period: Period) -> bool:
    """Whether a post's reported impressions and our clicks speak of the same time."""
    if post.link_id is None or reported.since < period.start_at:
        return False
    # A post noted only when its figure was typed in had no address of its own while it was seen.
    return clicks > 0 or post.created_at < reported.as_of


def summarise(
    period: Period,
    by_place: Iterable[Count],
    by_day: Iterable[DayCount],
    unique_clicks: int,
    posts: Iterable[Post],
    figures: Mapping[int, Sequence[Figure]],
) -> Summary:
    """Sum up a period.

    `by_place` are its hits by link, place and kind, `by_day` the same hits by local day and kind, `figures` what
    platforms told of `posts`, by post id in the order of time.
    """
    hits: dict[Place, Counter[Kind]] = defaultdict(Counter)
    for count in by_place:
        hits[count.link_id, count.place_id][count.kind] += count.count
    days: dict[Kind, Counter[dt.date]] = defaultdict(Counter)
    for count in by_day:
        days[count.kind][count.day] += count.count

    told: dict[Place, tuple[Post, Reported]] = {}
    reactions: dict[Place, int] = {}
    for post in posts:
        place = (post.link_id, post.id)
        found = figures.get(post.id, ())
        reported = reported_in(post, found, period)
        if reported is not None:
            told[place] = post, reported
        grown = [item for metric in REACTIONS if (item := reported_in(post, found, period, metric)) is not None]
        if grown and all(item.since >= period.start_at for item in grown):
            reactions[place] = sum(item.growth for item in grown)

    places = [_place(place, hits[place], told.get(place), period) for place in hits.keys() | told.keys()]
    rated = [place for place in places if place.rate is not None]
    shown = sum(place.impressions for place in rated)
    return Summary(
        clicks=sum(place.clicks for place in places),
        unique_clicks=unique_clicks,
        impressions=sum(place.impressions for place in places),
        measured=sum(place.measured for place in places),
        reported=sum(place.reported for place in places),
        ctr=Rate(sum(place.clicks for place in rated), shown) if shown > 0 else None,
        ctr_places=len(rated),
        places=sum(place.clicks != 0 or place.impressions != 0 for place in places if place.place_id not in ELSEWHERE),
        best_day=_best_day(days),
        clicks_by_day=tuple(days[Kind.CLICK][day] for day in period.days),
        impressions_by_day=tuple(days[Kind.IMPRESSION][day] for day in period.days),
        lifetime=tuple(
            post for post, reported in told.values() if post.link_id is not None and reported.since < period.start_at
        ),
        by_place=tuple(place for place in places if place.clicks or place.impressions),
        engagement=_engagement(places, told, reactions, period),
    )


def _place(place: Place, hits: Counter[Kind], told: tuple[Post, Reported] | None, period: Period) -> PlaceSummary:
    clicks, measured = hits[Kind.CLICK], hits[Kind.IMPRESSION]
    impressions, known = measured, True
    if told is not None:
        post, reported = told
        impressions, known = reported.growth, _both_sides_known(post, reported, clicks, period)
    return PlaceSummary(
        link_id=place[0],
        place_id=place[1],
        clicks=clicks,
        impressions=impressions,
        measured=measured,
        reported=told[1].growth if told is not None else 0,
        rate=Rate(clicks, impressions) if known and impressions > 0 else None,
    )


def _engagement(
    places: Sequence[PlaceSummary],
    told: Mapping[Place, tuple[Post, Reported]],
    reactions: Mapping[Place, int],
    period: Period,
) -> Engagement | None:
    """Over posts whose reactions and impressions both lie within the period; None where there are none.

    A post that carries no link has reactions alone to count.
    """
    clicks = total = impressions = posts = 0
    for place in places:
        key = (place.link_id, place.place_id)
        if key not in reactions or place.impressions <= 0:
            continue
        if key in told and told[key][1].since < period.start_at:
            continue
        clicks += place.clicks
        total += max(0, reactions[key])  # a correction may take back more than the period brought
        impressions += place.impressions
        posts += 1
    shown = {(place.link_id, place.place_id) for place in places if place.clicks or place.impressions}
    active = {key for key in shown | reactions.keys() if key[1] not in (BARE, PROFILE, *ELSEWHERE)}
    return Engagement(clicks, total, impressions, posts, len(active)) if posts else None


def _best_day(by_day: dict[Kind, Counter[dt.date]]) -> BestDay | None:
    """The day with the most clicks, of impressions where there are no clicks; the later one on a tie."""
    for kind in (Kind.CLICK, Kind.IMPRESSION):
        best = max(((count, day) for day, count in by_day[kind].items() if count > 0), default=None)
        if best is not None:
            return BestDay(best[1], kind, best[0])
    return None
