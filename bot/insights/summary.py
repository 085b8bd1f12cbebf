"""What a set of links did in a period: totals, click-through rate and best day, from plain counts."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.insights.periods import Period
from bot.insights.rates import Rate
from storage.records import Count, Figure, Kind, Post, UniqueCount

MIN_IMPRESSIONS = 100
"""Below as many impressions it is too early to say what resonates."""

Place = tuple[int | None, int]
"""(link id, place id): the bare address, the profile, or a post; the link is None for a post without one."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What a platform told of one post within a period: the growth of its lifetime total, and whose time that is."""

    impressions: int
    since: dt.datetime
    as_of: dt.datetime


@dataclass(frozen=True, slots=True)
class BestDay:
    day: dt.date
    kind: Kind
    count: int


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


def reported_in(post: Post, figures: Iterable[Figure], period: Period) -> Reported | None:
    """The growth of a post's reported impressions between snapshots, for the snapshots taken within the period.

    Snapshots are lifetime totals; the first one's growth belongs to the time since the post was made. A snapshot
    that is lower than the one before is a correction and counts negative.
    """
    total = 0
    since: dt.datetime | None = None
    before, before_at = 0, post.created_at
    as_of = before_at
    for figure in figures:
        if period.contains(figure.as_of):
            since = min(before_at, figure.as_of) if since is None else since
            total += figure.value - before
            as_of = figure.as_of
        before, before_at = figure.value, figure.as_of
    return None if since is None else Reported(total, since, as_of)


def _both_sides_known(post: Post, reported: Reported, clicks: int, period: Period) -> bool:
    """Whether a post's reported impressions and our clicks speak of the same time."""
    if post.link_id is None or reported.since < period.start_at:
        return False
    # A post noted only when its figure was typed in had no address of its own while it was seen.
    return clicks > 0 or post.created_at < reported.as_of


def summarise(
    period: Period,
    counts: Sequence[Count],
    uniques: Iterable[UniqueCount],
    posts: Iterable[Post],
    figures: Mapping[int, Sequence[Figure]],
) -> Summary:
    """Sum up what `counts` (by local day of the period), `posts` and their `figures` (by post id, in order) say."""
    clicks: Counter[Place] = Counter()
    measured: Counter[Place] = Counter()
    by_day: dict[Kind, Counter[dt.date]] = defaultdict(Counter)
    for count in counts:
        place = (count.link_id, count.place_id)
        (clicks if count.kind is Kind.CLICK else measured)[place] += count.count
        if count.day is not None:
            by_day[count.kind][count.day] += count.count

    impressions = dict(measured)
    known = {place for place, n in measured.items() if n > 0}
    reported_total = 0
    lifetime: list[Post] = []
    for post in posts:
        reported = reported_in(post, figures.get(post.id, ()), period)
        if reported is None:
            continue
        place = (post.link_id, post.id)
        reported_total += reported.impressions
        impressions[place] = reported.impressions
        known.discard(place)
        if reported.impressions > 0 and _both_sides_known(post, reported, clicks[place], period):
            known.add(place)
        elif post.link_id is not None and reported.since < period.start_at:
            lifetime.append(post)

    shown = sum(impressions[place] for place in known)
    places = {place for place, n in (*clicks.items(), *impressions.items()) if n != 0}
    return Summary(
        clicks=clicks.total(),
        unique_clicks=sum(unique.count for unique in uniques),
        impressions=sum(impressions.values()),
        measured=measured.total(),
        reported=reported_total,
        ctr=Rate(sum(clicks[place] for place in known), shown) if shown > 0 else None,
        ctr_places=len(known),
        places=len(places),
        best_day=_best_day(by_day),
        clicks_by_day=tuple(by_day[Kind.CLICK][day] for day in period.days),
        impressions_by_day=tuple(by_day[Kind.IMPRESSION][day] for day in period.days),
        lifetime=tuple(lifetime),
    )


def _best_day(by_day: dict[Kind, Counter[dt.date]]) -> BestDay | None:
    """The day with the most clicks, of impressions where there are no clicks; the later one on a tie."""
    for kind in (Kind.CLICK, Kind.IMPRESSION):
        best = max(((count, day) for day, count in by_day[kind].items() if count > 0), default=None)
        if best is not None:
            return BestDay(best[1], kind, best[0])
    return None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A link in a ranking."""

    link_id: int
    summary: Summary


def by_clicks(summaries: Mapping[int, Summary]) -> list[Ranked]:
    """Links with traffic, most clicks first; impressions, then the older link, break ties."""
    order = sorted(summaries.items(), key=lambda item: (-item[1].clicks, -item[1].impressions, item[0]))
    return [Ranked(link_id, summary) for link_id, summary in order if summary.clicks or summary.impressions]


def most_resonant(summaries: Mapping[int, Summary]) -> Ranked | None:
    """The link with the highest lower bound of its CTR; None when no link has `MIN_IMPRESSIONS`: too early to call.

    The lower bound keeps 1 click of 1 impression from beating 480 of 10,000.
    """
    rated = [
        (summary.ctr.interval[0], -link_id, Ranked(link_id, summary))
        for link_id, summary in summaries.items()
        if summary.ctr is not None and summary.ctr.impressions >= MIN_IMPRESSIONS and summary.ctr.clicks > 0
    ]
    return max(rated)[2] if rated else None
