"""What a set of links did in a period: totals, click-through rate and best day, from plain counts."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.insights.growth import Clicks, Grown, Span, Told, addressed_from
from bot.insights.noise import CAUTIOUS, Dispersion
from bot.insights.periods import INSTANT, QUARTER, Period, local_day, quarter_after
from bot.insights.rates import Rate
from storage.records import (
    ELSEWHERE,
    IMPRESSIONS,
    DayCount,
    Kind,
    PlaceCounts,
    PlaceKey,
    Service,
    is_post,
    plain,
)

R = TypeVar("R", Rate | None, "Engagement | None")

REACTIONS = ("likes", "comments", "shares", "saves")
"""The metrics that make engagements, with our clicks."""

Place = tuple[int | None, int]
"""(link id, place id): the bare address, the profile, or a post; the link is None for a post without one."""


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
    displays: int
    """The reported ones where a platform told any, else the measured ones; the measured ones after a correction."""
    measured: int
    reported: int
    rate: Rate | None
    """Clicks by displays of one and the same time; None where one side is not known, or has no clicks of its own."""
    metric: str = IMPRESSIONS
    """What its displays are: impressions, or the views of its platform."""
    platform: str = ""
    """Which told of them; empty where they were measured."""
    is_estimate: bool = False
    """Whether the period begins or ends between two readings, so that `reported` is an estimate."""
    engagement: Engagement | None = None
    in_bio: bool = False
    """Whether it is a post without clicks of its own."""
    viewable: int = 0
    """Those of the measured ones that were in view for a second."""
    corrected: int = 0
    """Displays that its platform took back beyond what the period brought, as a number below 0."""

    @property
    def is_active(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.clicks or self.displays)


@dataclass(frozen=True, slots=True)
class Engagement:
    """Clicks, likes, comments, shares and saves by displays, over the posts that have both sides."""

    clicks: int
    reactions: int
    displays: int
    """As many it is formed over."""
    posts: int
    """Over as many posts it is formed."""
    of: int
    """As many posts have anything to show in the period."""
    noise: Dispersion = CAUTIOUS
    """How much clicks and reactions vary."""
    is_estimate: bool = False
    as_of: tuple[dt.date, dt.date] | None = None
    """As of a `Rate`."""

    @property
    def rate(self) -> Rate:
        return Rate(self.clicks + self.reactions, self.displays, self.noise, self.is_estimate, self.as_of)

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


def pooled(found: Sequence[Engagement], of: int) -> Engagement | None:
    """Several as one over all their posts; None where there are none."""
    if not found:
        return None
    return Engagement(
        clicks=sum(one.clicks for one in found),
        reactions=sum(one.reactions for one in found),
        displays=sum(one.displays for one in found),
        posts=sum(one.posts for one in found),
        of=of,
        is_estimate=any(one.is_estimate for one in found),
        as_of=_as_of(found),
    )


def _as_of(rates: Iterable[Rate | Engagement]) -> tuple[dt.date, dt.date] | None:
    days = [day for rate in rates if rate.as_of is not None for day in rate.as_of]
    return (min(days), max(days)) if days else None


@plain
class Part:
    """Displays of one word: views of a platform, or impressions of whatever tells of such and those measured here."""

    metric: str
    platform: str
    """Empty for impressions."""
    count: int
    is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """Totals of a period. `displays` takes the reported figure for a post that has one, else the measured one."""

    clicks: int
    unique_clicks: int
    displays: int
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
    by_place: tuple[PlaceSummary, ...] = ()
    """Posts and places with anything to show; of no particular order."""
    engagement: Engagement | None = None
    in_bio: int = 0
    """Posts with anything to show that have no clicks of their own."""
    posts: int = 0
    """Posts with anything to show, reactions too."""
    corrected: int = 0
    """Displays that platforms took back of what they told before, as a number below 0; no part of `displays`."""
    parts: Sequence[Part] = ()
    """The displays by what they are called, the most first; they add up to `displays`."""
    is_estimate: bool = False
    """Whether a part of the reported displays was shared out between two readings."""

    def varying(self, noise: Dispersion) -> Summary:
        """The same, where what is clicked varies so."""
        return dataclasses.replace(self, ctr=varying(self.ctr, noise), engagement=varying(self.engagement, noise))

    @property
    def imported(self) -> Counter[Service]:
        """How many of the clicks were counted elsewhere, by where; none of them is among the unique ones."""
        found: Counter[Service] = Counter()
        for place in self.by_place:
            if place.place_id in ELSEWHERE:
                found[ELSEWHERE[place.place_id]] += place.clicks
        return found


def parts_of(places: Iterable[PlaceSummary]) -> list[Part]:
    """The displays of some places by what they are called, the most first."""
    found: Counter[tuple[str, str]] = Counter()
    estimates: set[tuple[str, str]] = set()
    for place in places:
        if place.displays:
            key = place.metric, "" if place.metric == IMPRESSIONS else place.platform
            found[key] += place.displays
            if place.is_estimate:
                estimates.add(key)
    order = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [Part(*key, count, key in estimates) for key, count in order]


def comparable(whole: PlaceCounts, last_day: PlaceCounts, so_far: PlaceCounts) -> PlaceCounts:
    """The previous period's counts by place with its last day cut at the time of day that it is now.

    `whole` are its counts, `last_day` those of its last day, `so_far` those within `Period.so_far(now)`:

        before = summarise(window, comparable(whole, last_day, so_far), by_day, unique_clicks, ...)

    Unique clicks belong to whole days, so that those of a running period have no change. `by_day` stays whole: it is
    drawn.
    """
    found: Counter[PlaceKey] = Counter(whole)
    found.subtract(last_day)
    found.update(so_far)
    return +found


@plain
class Window:
    """The time that what platforms told is looked at in: a period, up to where its hits are counted.

    Hits are known by quarter hours, so that it ends with one.
    """

    period: Period
    start: dt.datetime
    end: dt.datetime

    def spans(self, told: Told) -> Iterator[Span]:
        """The spans whose clicks a post's numbers are made with."""
        if told.display_metric is None or told.post.link_id is None:
            return  # without displays nothing is shared out nor rated, without a link there are no clicks
        ends = {end for end in (self.rate_end(told), self.engagement_end(told)) if end is not None}
        for name in (told.display_metric, *REACTIONS):
            yield from told.spans(name, self.start, self.end, *ends)
        for until in ends:
            if self.start < until < self.end:
                yield told.post.id, self.start, until

    def rate_end(self, told: Told) -> dt.datetime | None:
        """Up to when the displays are known."""
        read_at = told.read_until.get(told.display_metric or "")
        return None if read_at is None else self._up_to(read_at)

    def engagement_end(self, told: Told) -> dt.datetime | None:
        """Up to when the displays and all kinds of reactions are known that are told at all."""
        end = self.rate_end(told)
        reactions = [self._up_to(told.read_until[name]) for name in REACTIONS if name in told.read_until]
        return min(end, *reactions) if end is not None and reactions else None

    def _up_to(self, read_at: dt.datetime) -> dt.datetime:
        return self.end if read_at >= self.end - QUARTER else read_at

    def as_of(self, end: dt.datetime) -> tuple[dt.date, dt.date] | None:
        """The day up to which a rate is formed; None where that is the whole time."""
        day = local_day(end - INSTANT, self.period.zone)  # what ends at midnight is of the day before
        return None if end >= self.end else (day, day)


def window_of(period: Period, now: dt.datetime) -> Window:
    """A period up to the end of the quarter hour that it is now."""
    return Window(period, period.told_from, max(period.start_at, min(period.end_at, quarter_after(now))))


def summarise(
    window: Window,
    by_place: PlaceCounts,
    by_day: Iterable[DayCount],
    unique_clicks: int,
    told: Iterable[Told],
    clicks: Clicks,
) -> Summary:
    """Sum up a period.

    `by_place` are its hits by link, place and kind, `by_day` the same hits by local day and kind, `told` is what
    platforms told of posts, whose `clicks` are those of `window.spans`.
    """
    period = window.period
    hits: dict[Place, dict[str, int]] = defaultdict(dict)
    for (link_id, place_id, kind), n in by_place.items():
        hits[link_id, place_id][kind] = n
    days: dict[Kind, Counter[dt.date]] = defaultdict(Counter)
    for count in by_day:
        days[count.kind.metric][count.day] += count.count

    clicks_by_day = tuple(days[Kind.CLICK][day] for day in period.days)
    impressions_by_day = tuple(days[Kind.IMPRESSION][day] for day in period.days)

    of_place = {(one.post.link_id, one.post.id): _Post(window, one, clicks) for one in told}
    shown = [key for key, one in of_place.items() if one.displays is not None]
    places = [_place(place, hits[place], of_place.get(place)) for place in dict.fromkeys([*hits, *shown])]
    rated = [place.rate for place in places if place.rate is not None]
    active = [place for place in places if place.is_active]
    reacting = {one.post.id for one in of_place.values() if one.has_reactions}
    posts_shown = len({place.place_id for place in active if is_post(place.place_id)} | reacting)
    return Summary(
        clicks=sum(place.clicks for place in places),
        unique_clicks=unique_clicks,
        displays=sum(place.displays for place in places),
        measured=sum(place.measured for place in places),
        reported=sum(place.reported for place in places),
        ctr=summed(rated),
        ctr_places=len(rated),
        places=places_of(active),
        posts=posts_shown,
        best_day=_best_day(period.days, clicks_by_day, impressions_by_day),
        clicks_by_day=clicks_by_day,
        impressions_by_day=impressions_by_day,
        by_place=tuple(active),
        engagement=pooled([place.engagement for place in places if place.engagement is not None], posts_shown),
        in_bio=len({place.place_id for place in active if place.in_bio}),
        corrected=sum(place.corrected for place in places),
        parts=parts_of(active),
        is_estimate=any(place.is_estimate for place in active),
    )


class _Post:
    """What a platform told of a post within a window."""

    def __init__(self, window: Window, told: Told, clicks: Clicks) -> None:
        self.window = window
        self.told = told
        self.post = told.post
        self.clicks = clicks
        self.metric = told.display_metric
        self.displays = None if self.metric is None else self._grown(self.metric, window.start, window.end)

    def _grown(self, metric: str, start: dt.datetime, end: dt.datetime) -> Grown | None:
        return self.told.grown(metric, start, end, self.clicks)

    @property
    def has_reactions(self) -> bool:
        window, steps = self.window, self.told.steps
        return any(step.lies_in(window.start, window.end) for name in REACTIONS for step in steps.get(name, ()))

    def clicked(self, clicks: int, end: dt.datetime) -> int:
        """Of the post's clicks in the window, those before `end`."""
        if end >= self.window.end or not clicks:
            return clicks
        return self.clicks(self.post.id, self.window.start, end) if end > self.window.start else 0

    def rate(self, clicks: int) -> Rate | None:
        """Clicks by displays, both from when people could click up to the last reading; None without one side."""
        post, end = self.post, self.window.rate_end(self.told)
        if self.metric is None or end is None or post.link_id is None or post.link_in_bio:
            return None
        start = max(self.window.start, addressed_from(post, end))
        # A post noted only when its figure was typed in had no address of its own while it was seen.
        noted = post.created_at >= self.told.read_until[self.metric]
        if start >= end or noted or self._began_elsewhere(self.metric, start):
            return None
        shown, clicks = self._grown(self.metric, start, end), self.clicked(clicks, end)
        if shown is None or shown.growth <= 0:
            return None
        return Rate(clicks, shown.growth, CAUTIOUS, shown.is_estimate, self.window.as_of(end))

    def engagement(self, clicks: int) -> Engagement | None:
        """Clicks and reactions by displays, all up to when the first of them was last read.

        A post that carries no link has reactions alone to count.
        """
        post, end = self.post, self.window.engagement_end(self.told)
        if self.metric is None or end is None:
            return None
        own_clicks = post.link_id is not None and not post.link_in_bio
        start = max(self.window.start, addressed_from(post, end)) if own_clicks else self.window.start
        if start >= end or self._began_elsewhere(self.metric, start):
            return None
        shown = self._grown(self.metric, start, end)
        reactions = [one for name in REACTIONS if (one := self._grown(name, start, end)) is not None]
        if shown is None or shown.growth <= 0 or not reactions:
            return None
        return Engagement(
            clicks=self.clicked(clicks, end),
            reactions=max(0, sum(one.growth for one in reactions)),  # a correction may take more back
            displays=shown.growth,
            posts=1,
            of=1,
            is_estimate=shown.is_estimate or any(one.is_estimate for one in reactions),
            as_of=self.window.as_of(end),
        )

    def _began_elsewhere(self, metric: str, start: dt.datetime) -> bool:
        """Whether the figures reach back before the post carried this link: its clicks of then are counted there."""
        moved_at = self.post.moved_at
        if moved_at is None or moved_at <= start:
            return False
        return any(step.start < moved_at and step.end > start for step in self.told.steps.get(metric, ()))


def places_of(active: Iterable[PlaceSummary]) -> int:
    """How many posts and places they are, of which a rate may be formed over fewer; what was imported is none."""
    return sum(place.place_id not in ELSEWHERE for place in active)


def summed(rates: Sequence[Rate]) -> Rate | None:
    """All their clicks by all their displays; None without any."""
    if len(rates) < 2:
        return rates[0] if rates and rates[0].displays > 0 else None
    shown = sum(rate.displays for rate in rates)
    if shown <= 0:
        return None
    clicks = sum(rate.clicks for rate in rates)
    return Rate(clicks, shown, CAUTIOUS, any(rate.is_estimate for rate in rates), _as_of(rates))


def _place(place: Place, hits: Mapping[str, int], told: _Post | None) -> PlaceSummary:
    clicks, viewable = hits.get(Kind.CLICK, 0), hits.get(Kind.VIEWABLE, 0)
    measured = hits.get(Kind.IMPRESSION, 0) + viewable
    in_bio = told is not None and told.post.link_in_bio
    shown = None if told is None else told.displays
    if told is None or shown is None or shown.growth < 0:
        # An audience is never below 0: what a platform takes back beyond the period's growth it told in an earlier one.
        corrected = 0 if shown is None else shown.growth
        known = measured > 0 and not in_bio and not corrected
        return PlaceSummary(
            *(place[0], place[1], clicks, measured, measured, 0, Rate(clicks, measured) if known else None),
            in_bio=in_bio,
            viewable=viewable,
            corrected=corrected,
        )
    return PlaceSummary(
        *(place[0], place[1], clicks, shown.growth, measured, shown.growth, told.rate(clicks)),
        metric=told.metric or IMPRESSIONS,
        platform=told.post.platform,
        is_estimate=shown.is_estimate,
        engagement=told.engagement(clicks),
        in_bio=in_bio,
        viewable=viewable,
    )


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
