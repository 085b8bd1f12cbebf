"""The clicks of posts between any two instants, as what platforms told is shared out by them."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable

from bot.insights.growth import Clicks, Span
from bot.insights.periods import EVER, ONE_DAY, day_start, local_day
from storage import counts
from storage.prepared import Reader
from storage.records import Kind

Days = tuple[dt.date, dt.date]
Part = tuple[dt.date, dt.datetime, dt.datetime]
"""A day, and from when up to when."""


def clicks_in(
    reader: Reader, guild_id: int, zone: str, spans: Iterable[Span], links_of: Callable[[int], Collection[int]]
) -> Clicks:
    """The clicks of some spans, at the links that `links_of` a post says it carried; others may not be asked for.

    Days that lie within a span as a whole are read as such, the rest from its quarter hours, all that are wanted of a
    day at once: a click belongs to the quarter hour that it falls in.
    """
    pieces = {span: _pieces(span[1], span[2], zone) for span in spans}
    of_days: dict[Days, set[int]] = defaultdict(set)
    of_parts: dict[dt.date, set[int]] = defaultdict(set)
    stretches: dict[dt.date, list[dt.datetime]] = defaultdict(list)
    for (post_id, _start, _end), (days, parts) in pieces.items():
        if days is not None:
            of_days[days].update(links_of(post_id))
        for day, start, end in parts:
            of_parts[day].update(links_of(post_id))
            stretches[day] += start, end
    by_days: dict[tuple[Days, int], int] = Counter()
    for days, link_ids in of_days.items():
        for (_link_id, place_id, kind), n in counts.by_place.within(reader, guild_id, *days, link_ids).items():
            if kind == Kind.CLICK:
                by_days[days, place_id] += n
    quarters: dict[tuple[dt.date, int], list[tuple[dt.datetime, int]]] = defaultdict(list)
    for day, link_ids in of_parts.items():
        start, end = min(stretches[day]), max(stretches[day])
        for place_id, bucket, n in counts.clicks_by_quarter.within(reader, guild_id, start, end, link_ids):
            quarters[day, place_id].append((bucket, n))

    def clicks(post_id: int, start: dt.datetime, end: dt.datetime) -> int:
        days, parts = pieces[post_id, start, end]
        found = 0 if days is None else by_days.get((days, post_id), 0)
        for day, start, end in parts:
            found += sum(n for bucket, n in quarters.get((day, post_id), ()) if start <= bucket < end)
        return found

    return clicks


def _pieces(start: dt.datetime, end: dt.datetime, zone: str) -> tuple[Days | None, list[Part]]:
    """A span as whole local days and what is left of it before and after."""
    if start <= EVER:
        first, begin = dt.date.min, start
    else:
        first = local_day(start, zone)
        if day_start(first, zone) < start:
            first += ONE_DAY
        begin = day_start(first, zone)
    last = local_day(end, zone)
    over = day_start(last, zone)
    if first > last:
        return None, [(last, start, end)]
    before = [(first - ONE_DAY, start, begin)] if start < begin else []
    after = [(last, over, end)] if over < end else []
    return (first, last) if first < last else None, [*before, *after]
