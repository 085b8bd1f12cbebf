"""A summary of plain counts, for tests that need no database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from bot.insights.growth import Clicks, Told
from bot.insights.periods import Period
from bot.insights.summary import Summary, summarise, window_of
from storage.records import IMPRESSIONS, DayCount, Figure, PlaceCounts


def no_clicks(_post_id: int, _start: dt.datetime, _end: dt.datetime) -> int:
    return 0


def summed(
    period: Period,
    by_place: PlaceCounts,
    by_day: Iterable[DayCount] = (),
    unique_clicks: int = 0,
    told: Iterable[Told] = (),
    clicks: Clicks = no_clicks,
) -> Summary:
    """Of a period that is over."""
    return summarise(window_of(period, period.end_at), by_place, by_day, unique_clicks, told, clicks)


def lifetime_total(figures: Sequence[Figure], metric: str = IMPRESSIONS) -> int | None:
    """The latest total that a platform told of a post; None when it told none."""
    return next((figure.value for figure in reversed(figures) if figure.metric == metric), None)
