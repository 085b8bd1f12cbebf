"""What was reached of a promise by the end of each of its days."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import add

from bot.insights.growth import Clicks, Span, Step, Told
from bot.insights.periods import Period, day_start
from bot.stats.answers import Target
from bot.stats.reading import Reading
from storage import counts
from storage.prepared import Reader, read
from storage.records import IMPRESSIONS, Kind, PlaceKey


async def curve(reading: Reading, targets: Sequence[Target], period: Period, metric: str) -> Sequence[int]:
    """What was reached by the end of each day, as a report over the days up to then would say."""
    ids = [await reading.link_ids(target) for target in targets]

    def work(reader: Reader) -> Sequence[int]:
        instants, days = _instants(period), [0] * period.length
        for target, link_ids in zip(targets, ids, strict=True):
            which = (reading.guild_id, period.first, period.end, link_ids, reading.place_id(target))
            found = counts.by_place_day.within(reader, *which)
            if len(target.carried) > 1:  # a post's hits at links from before stand beside those at its present one
                found = [(day, (target.carried[0], place, kind), n) for day, (_link, place, kind), n in found]
            told: Sequence[Told] = ()
            if metric == IMPRESSIONS:
                own = reading.posts_within(reader, target)
                told = [one for one in reading.told_within(reader, own, period) if one.display_metric is not None]
            clicks = reading.clicks_within(reader, told, lambda one: _spans(one, instants), target)
            days = [sum(both) for both in zip(days, _reached(period, found, told, clicks, metric), strict=True)]
        return days

    return await read(reading.conn, work) if targets else [0] * period.length


def _instants(period: Period) -> Sequence[dt.datetime]:
    """The beginning of each day, and the end of the last."""
    return [*(day_start(day, period.zone) for day in period.days), period.end_at]


def _shaped(told: Told, instants: Sequence[dt.datetime]) -> Iterator[tuple[Step, int, int]]:
    """The steps that the clicks may tell of, with the first and the last of the instants that cut them."""
    for step in told.steps[told.display_metric] if told.display_metric else ():
        first, last = bisect_right(instants, step.start), bisect_left(instants, step.end) - 1
        if step.has_shape and step.growth and first <= last:
            yield step, first, last


def _spans(told: Told, instants: Sequence[dt.datetime]) -> Iterator[Span]:
    """Of the steps that are cut, what lies before the first cut and behind the last: whole days lie in between."""
    for step, first, last in _shaped(told, instants):
        yield told.post.id, step.start, instants[first]
        yield told.post.id, instants[last], step.end


def _reached(
    period: Period,
    found: Iterable[tuple[dt.date, PlaceKey, int]],
    told: Sequence[Told],
    clicks: Clicks,
    metric: str,
) -> Sequence[int]:
    """Of one target: what `summarise` says of the days up to each, in one walk over what was counted and told.

    `clicks` are those of `_spans`.
    """
    kind = Kind.CLICK if metric == "clicks" else Kind.IMPRESSION
    instants = _instants(period)
    # What each day adds: to what is simply counted, and to what a platform's number may stand for.
    plain = [0] * period.length
    measured: dict[int, list[int]] = defaultdict(lambda: [0] * period.length)
    clicked: dict[int, list[int]] = defaultdict(lambda: [0] * period.length)
    links = {one.post.id: one.post.link_id for one in told}
    numbers, metrics = {day: at for at, day in enumerate(period.days)}, {one.value: one.metric for one in Kind}
    for day, (link_id, place_id, counted), n in found:  # hundreds of thousands
        is_told = place_id in links and links[place_id] == link_id
        if metrics[counted] is kind:
            (measured[place_id] if is_told else plain)[numbers[day]] += n
        if is_told and metrics[counted] is Kind.CLICK:
            clicked[place_id][numbers[day]] += n
    reached = list(accumulate(plain))
    for one in told:
        by_day = list(accumulate(clicked[one.post.id], initial=0)) if one.post.id in clicked else [0] * len(instants)
        grown = _growth(one, instants, _clicks(one, instants, by_day, clicks))
        seen = accumulate(measured[one.post.id]) if one.post.id in measured else [0] * period.length
        shown = (n if growth is None or growth < 0 else growth for growth, n in zip(grown, seen, strict=True))
        reached = list(map(add, reached, shown))
    return reached


def _growth(told: Told, instants: Sequence[dt.datetime], clicks: Clicks) -> list[int | None]:
    """`Told.grown` of the displays from the first instant up to each of the others."""
    start, *ends = instants
    changes, known = [0] * len(ends), len(ends)
    for step in told.steps[told.display_metric] if told.display_metric else ():
        if not step.lies_in(start, ends[-1]):
            continue
        first = bisect_right(ends, step.start)
        whole = max(first, bisect_left(ends, step.end))
        known, before = min(known, first), step.before(start, told.post.id, clicks)
        for at in range(first, min(whole + 1, len(ends))):
            now = step.before(ends[at], told.post.id, clicks)
            changes[at] += now - before
            before = now
    return [None if at < known else growth for at, growth in enumerate(accumulate(changes))]


def _clicks(told: Told, instants: Sequence[dt.datetime], by_day: Sequence[int], clicks: Clicks) -> Clicks:
    """The clicks of a post from where a step begins up to any instant that cuts it, or up to its end.

    `by_day` are those of the days before each instant, `clicks` those of `_spans`.
    """
    until, since = dict(zip(instants, by_day, strict=True)), {}
    for step, first, last in _shaped(told, instants):
        since[step.start] = until[instants[first]] - clicks(told.post.id, step.start, instants[first])
        if step.end not in until:
            until[step.end] = until[instants[last]] + clicks(told.post.id, instants[last], step.end)
    return lambda _post_id, start, end: until[end] - since[start]
