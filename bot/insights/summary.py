"""What a set of links did in a period: totals, click-through rate and best day, from plain counts."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.insights.noise import CAUTIOUS, Dispersion
from bot.insights.periods import Period
from bot.insights.rates import Rate
from storage.records import (
    ELSEWHERE,
    DayCount,
    Figure,
    Kind,
    PlaceCounts,
    PlaceKey,
    Post,
    Service,
    is_post,
    plain,
)

R = TypeVar("R", Rate | None, "Engagement | None")

IMPRESSIONS = "impressions"
VIEWS = "views"
"""The platforms' newer word: it counts repeats that impressions don't, so the two are never added nor compared."""
REACTIONS = ("likes", "comments", "shares", "saves")
"""The metrics that make engagements, with our clicks."""

Place = tuple[int | None, int]
"""(link id, place id): the bare address, the profile, or a post; the link is None for a post without one."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What a platform told of one post in one metric within a period: its total's growth, and whose time that is.

    A negative growth is a correction: the platform took back more than the period brought.
    """

    growth: int
    since: dt.datetime
    as_of: dt.datetime


@dataclass(frozen=True, slots=True)
class BestDay:
    day: dt.date
    kind: Kind
    count: int


@plain
class PlaceSummary:
    """What one post, or a link's bare address or profile, did in a period."""

    link_id: int | None
    place_id: int
    clicks: int
    impressions: int
    """The reported ones where a platform told any, else the measured ones; the measured ones after a correction."""
    measured: int
    reported: int
    rate: Rate | None
    """Only where clicks and impressions are known and speak of the same time, and the post has clicks of its own."""
    views: int = 0
    """Reported ones."""
    by_views: Rate | None = None
    """Clicks by views, where no impressions are known: a rate of its own that no CTR is mixed with."""
    engagement: Engagement | None = None
    """By impressions, or by views where no impressions are known."""
    in_bio: bool = False
    """Whether it is a post without clicks of its own."""
    viewable: int = 0
    """Those of the measured ones that were in view for a second."""
    corrected: int = 0
    """Impressions that its platform took back beyond what the period brought, as a number below 0."""
    views_corrected: int = 0

    @property
    def is_active(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.clicks or self.impressions or self.views)


@dataclass(frozen=True, slots=True)
class Engagement:
    """Clicks, likes, comments, shares and saves by impressions (or views), over the posts that have both sides."""

    clicks: int
    reactions: int
    base: int
    """As many impressions or views it is formed over."""
    posts: int
    """Over as many posts it is formed."""
    of: int
    """As many posts have anything to show in the period."""
    by: str = IMPRESSIONS
    """What `base` counts: `IMPRESSIONS` or `VIEWS`."""
    noise: Dispersion = CAUTIOUS
    """How much clicks and reactions vary."""

    @property
    def rate(self) -> Rate:
        return Rate(self.clicks + self.reactions, self.base, self.noise)

    @property
    def value(self) -> float:
        return self.rate.value

    @property
    def interval(self) -> tuple[float, float]:
        """95 %: `rate_interval`."""
        return self.rate.interval


def varying(found: R, noise: Dispersion) -> R:
    """The same rate of what varies so; None stays None."""
    return found if found is None else dataclasses.replace(found, noise=noise)


def pooled(found: Iterable[Engagement], by: str, of: int) -> Engagement | None:
    """Those formed by impressions, or by views, as one over all their posts; None where there are none."""
    same = [one for one in found if one.by == by]
    if not same:
        return None
    return Engagement(
        clicks=sum(one.clicks for one in same),
        reactions=sum(one.reactions for one in same),
        base=sum(one.base for one in same),
        posts=sum(one.posts for one in same),
        of=of,
        by=by,
    )


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
    """Posts and places with anything to show in the period; what was imported is none."""
    best_day: BestDay | None
    clicks_by_day: tuple[int, ...]
    impressions_by_day: tuple[int, ...]
    """Measured ones; reported figures have no days."""
    lifetime: tuple[Post, ...]
    """Posts whose reported figures reach back before the period, so that only a lifetime CTR can be formed."""
    by_place: tuple[PlaceSummary, ...] = ()
    """Posts and places with anything to show; of no particular order."""
    engagement: Engagement | None = None
    """By impressions."""
    views: int = 0
    """Reported ones; no part of `impressions`."""
    by_views: Rate | None = None
    """Clicks by views, over the places that have those and no impressions; no part of `ctr`."""
    views_places: int = 0
    """Posts that `by_views` is formed over."""
    engagement_by_views: Engagement | None = None
    """Of the posts with views and no impressions."""
    in_bio: int = 0
    """Posts with anything to show that have no clicks of their own."""
    posts: int = 0
    """Posts with anything to show, reactions too."""
    corrected: int = 0
    """Impressions that platforms took back of what they told before, as a number below 0; no part of `impressions`."""
    views_corrected: int = 0

    def varying(self, noise: Dispersion) -> Summary:
        """The same, where what is clicked varies so."""
        rates = {name: varying(getattr(self, name), noise) for name in ("ctr", "by_views")}
        engagements = {name: varying(getattr(self, name), noise) for name in ("engagement", "engagement_by_views")}
        return dataclasses.replace(self, **rates, **engagements)

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

    Snapshots are lifetime totals; the first one's growth belongs to the time since the post was published. A snapshot
    that is lower than the one before is a correction, which counts against the growth of its own period. Other metrics
    among `figures` are no part.
    """
    start, end = period.start_at, period.end_at
    total = 0
    since: dt.datetime | None = None
    before, before_at = 0, post.published
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


def comparable(whole: PlaceCounts, last_day: PlaceCounts, so_far: PlaceCounts) -> PlaceCounts:
    """The previous period's counts by place with its last day cut at the time of day that it is now.

    `whole` are its counts, `last_day` those of its last day, `so_far` those within `Period.so_far(now)`:

        before = summarise(period.previous, comparable(whole, last_day, so_far), by_day, unique_clicks, ...)

    Unique clicks belong to whole days, so that those of a running period have no change. `by_day` stays whole: it is
    drawn.
    """
    found: Counter[PlaceKey] = Counter(whole)
    found.subtract(last_day)
    found.update(so_far)
    return +found


def _both_sides_known(post: Post, reported: Reported, clicks: int, period: Period) -> bool:
    """Whether a post's reported impressions and our clicks speak of the same time."""
    if post.link_id is None or reported.since < period.start_at or post.link_in_bio:
        return False
    if post.moved_at is not None and reported.since < post.moved_at:
        return False  # clicks from before are counted with the link that it carried then
    # A post noted only when its figure was typed in had no address of its own while it was seen.
    return clicks > 0 or post.created_at < reported.as_of


def summarise(
    period: Period,
    by_place: PlaceCounts,
    by_day: Iterable[DayCount],
    unique_clicks: int,
    posts: Iterable[Post],
    figures: Mapping[int, Sequence[Figure]],
) -> Summary:
    """Sum up a period.

    `by_place` are its hits by link, place and kind, `by_day` the same hits by local day and kind, `figures` what
    platforms told of `posts`, by post id in the order of time.
    """
    hits: dict[Place, dict[str, int]] = defaultdict(dict)
    for (link_id, place_id, kind), n in by_place.items():
        hits[link_id, place_id][kind] = n
    days: dict[Kind, Counter[dt.date]] = defaultdict(Counter)
    for count in by_day:
        days[count.kind.metric][count.day] += count.count

    clicks_by_day = tuple(days[Kind.CLICK][day] for day in period.days)
    impressions_by_day = tuple(days[Kind.IMPRESSION][day] for day in period.days)

    told: dict[Place, _Told] = {}
    for post in posts:
        found = figures.get(post.id, ())
        metrics = {figure.metric for figure in found}.intersection((IMPRESSIONS, VIEWS, *REACTIONS))
        grown = {metric: reported_in(post, found, period, metric) for metric in metrics}
        told[post.link_id, post.id] = _Told(post, {key: one for key, one in grown.items() if one is not None})

    shown = [key for key, one in told.items() if IMPRESSIONS in one.grown or VIEWS in one.grown]
    places = [_place(place, hits[place], told.get(place), period) for place in dict.fromkeys([*hits, *shown])]
    rated = [place.rate for place in places if place.rate is not None]
    viewed = [place.by_views for place in places if place.by_views is not None]
    active = [place for place in places if place.is_active]
    reacting = {key for key, one in told.items() if one.grown and one.reactions(period) is not None}
    posts_active = {(place.link_id, place.place_id) for place in active} | reacting
    posts_shown = sum(is_post(place_id) for _link_id, place_id in posts_active)
    engagements = [place.engagement for place in places if place.engagement is not None]
    return Summary(
        clicks=sum(place.clicks for place in places),
        unique_clicks=unique_clicks,
        impressions=sum(place.impressions for place in places),
        measured=sum(place.measured for place in places),
        reported=sum(place.reported for place in places),
        ctr=summed(rated),
        ctr_places=len(rated),
        places=places_of(active),
        posts=posts_shown,
        best_day=_best_day(period.days, clicks_by_day, impressions_by_day),
        clicks_by_day=clicks_by_day,
        impressions_by_day=impressions_by_day,
        lifetime=tuple(one.post for one in told.values() if one.is_older(period)),
        by_place=tuple(active),
        engagement=pooled(engagements, IMPRESSIONS, posts_shown),
        views=sum(place.views for place in places),
        by_views=summed(viewed),
        views_places=len(viewed),
        engagement_by_views=pooled(engagements, VIEWS, posts_shown),
        in_bio=sum(place.in_bio for place in active),
        corrected=sum(place.corrected for place in places),
        views_corrected=sum(place.views_corrected for place in places),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What a platform told of a post within a period, by metric."""

    post: Post
    grown: Mapping[str, Reported]

    def reactions(self, period: Period) -> int | None:
        """Those of the period; None where none are known, or where they reach back before it."""
        grown = [self.grown[metric] for metric in REACTIONS if metric in self.grown]
        if not grown or any(item.since < period.start_at for item in grown):
            return None
        return max(0, sum(item.growth for item in grown))  # a correction may take back more than the period brought

    def is_older(self, period: Period) -> bool:
        """Whether its figures reach back before the period, so that only a lifetime CTR can be formed."""
        base = self.grown.get(IMPRESSIONS) or self.grown.get(VIEWS)
        own_clicks = self.post.link_id is not None and not self.post.link_in_bio
        return own_clicks and base is not None and base.since < period.start_at


def places_of(active: Iterable[PlaceSummary]) -> int:
    """How many posts and places they are, of which a rate may be formed over fewer; what was imported is none."""
    return sum(place.place_id not in ELSEWHERE for place in active)


def summed(rates: Sequence[Rate]) -> Rate | None:
    """All their clicks by all their impressions; None without any."""
    if len(rates) < 2:
        return rates[0] if rates and rates[0].impressions > 0 else None
    shown = sum(rate.impressions for rate in rates)
    return Rate(sum(rate.clicks for rate in rates), shown) if shown > 0 else None


def _place(place: Place, hits: Mapping[str, int], told: _Told | None, period: Period) -> PlaceSummary:
    clicks, viewable = hits.get(Kind.CLICK, 0), hits.get(Kind.VIEWABLE, 0)
    measured = hits.get(Kind.IMPRESSION, 0) + viewable
    impressions, known = measured, told is None or not told.post.link_in_bio
    reported = None if told is None else told.grown.get(IMPRESSIONS)
    viewed = None if told is None else told.grown.get(VIEWS)
    # An audience is never below 0: what a platform takes back beyond the period's growth it told in an earlier one.
    corrected = 0 if reported is None else min(0, reported.growth)
    views_corrected = 0 if viewed is None else min(0, viewed.growth)
    if corrected:
        known = False
    elif told is not None and reported is not None:
        impressions, known = reported.growth, _both_sides_known(told.post, reported, clicks, period)
    views = 0 if viewed is None else max(0, viewed.growth)
    by_views = None
    if told is not None and viewed is not None and views > 0 and impressions == 0 and not corrected:
        by_views = Rate(clicks, views) if _both_sides_known(told.post, viewed, clicks, period) else None
    return PlaceSummary(
        link_id=place[0],
        place_id=place[1],
        clicks=clicks,
        impressions=impressions,
        measured=measured,
        viewable=viewable,
        reported=0 if reported is None else max(0, reported.growth),
        rate=Rate(clicks, impressions) if known and impressions > 0 else None,
        views=views,
        by_views=by_views,
        engagement=None if told is None or not told.grown else _engagement(told, clicks, impressions, views, period),
        in_bio=told is not None and told.post.link_in_bio,
        corrected=corrected,
        views_corrected=views_corrected,
    )


def _engagement(told: _Told, clicks: int, impressions: int, views: int, period: Period) -> Engagement | None:
    """Of a post whose reactions and impressions (or views) both lie within the period; None of any other.

    A post that carries no link has reactions alone to count.
    """
    reactions = told.reactions(period)
    base, by = (impressions, IMPRESSIONS) if impressions else (views, VIEWS)
    since = told.grown[by].since if by in told.grown else period.start_at
    if reactions is None or base <= 0 or since < max(period.start_at, told.post.moved_at or period.start_at):
        return None
    return Engagement(clicks, reactions, base, 1, 1, by)


def best_of(counts: Sequence[int]) -> int | None:
    """Where the highest count stands, the first one on a tie, in texts and pictures alike; None without any."""
    return max(range(len(counts)), key=counts.__getitem__) if any(counts) else None


def _best_day(days: Sequence[dt.date], clicks: Sequence[int], impressions: Sequence[int]) -> BestDay | None:
    """The day with the most clicks, of impressions where there are no clicks; None of a single day."""
    if len(days) < 2:
        return None
    for kind, counts in ((Kind.CLICK, clicks), (Kind.IMPRESSION, impressions)):
        if (at := best_of(counts)) is not None:
            return BestDay(days[at], kind, counts[at])
    return None
