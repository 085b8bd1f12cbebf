"""The hours and days on which clicks come, claimed only where more than chance and more than one week stand behind."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from statistics import NormalDist, median

from bot.insights.noise import t_of_normal
from bot.insights.rates import log_variance, spread
from bot.texts import _
from storage.records import Segment

WEEK_HOURS = 168
MIN_HITS = 30
MIN_WEEKS = 3
"""Below as many weeks it is not known how much one differs from the next."""
MARGIN = 1.1
"""A claim's ratio is surely above this."""
ONE_DATE = 0.25
"""The most of a claim's hits that one date may bring beyond what the middle one of its dates brings."""

WEEKDAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
PARTS = (_("night"), _("morning"), _("afternoon"), _("evening"))
"""Of six hours each, from midnight."""


class Span(StrEnum):
    """What a claim is about."""

    WEEKDAY = "weekday"
    PART = "part"
    """A part of one weekday: "Thursday evening"."""
    HOUR = "hour"
    """An hour of every day."""


_LEAST_DATES = {Span.WEEKDAY: MIN_WEEKS, Span.PART: 6, Span.HOUR: MIN_WEEKS}
"""Bursts at odd hours meet in the same part of fewer dates by chance."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A stretch of the week that brings more than usual; `ratio` is its hits per hour by those of all hours."""

    span: Span
    weekday: int | None
    """0 is Monday; None for an hour of every day."""
    hour: int | None
    """The hour, or the first hour of the part; None for a whole weekday."""
    hits: int
    ratio: float
    interval: tuple[float, float]
    """One that all the stretches looked at share: 95 % sure of all of them together."""
    weeks: int
    """How many weeks stand behind it."""

    @property
    def name(self) -> str:
        """ "Thursday evening", "Thursday", "20:00 to 21:00"."""
        if self.weekday is None:
            assert self.hour is not None
            return _("{first}:00 to {end}:00").format(first=self.hour, end=(self.hour + 1) % 24)
        if self.hour is None:
            return WEEKDAYS[self.weekday]
        return _("{weekday} {part}").format(weekday=WEEKDAYS[self.weekday], part=PARTS[self.hour // 6])


def occurrences(segments: Iterable[Segment], until: dt.datetime | None = None) -> tuple[float, ...]:
    """How often each local hour of the week occurred, Monday 00:00 first, up to `until` (an unfinished period's now).

    An hour that comes twice counts twice, one that daylight saving removed not at all, a part of one in part: as in
    a grid of hits moved by each segment's offset.
    """
    found = [0.0] * WEEK_HOURS
    for segment in segments:
        end = segment.end if until is None else min(segment.end, until)
        if end <= segment.start:
            continue
        weeks, rest = divmod(end - segment.start, dt.timedelta(weeks=1))
        found = [n + weeks for n in found]
        at = segment.start + segment.offset
        stop = at + rest
        while at < stop:
            following = min(at.replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1), stop)
            found[at.weekday() * 24 + at.hour] += (following - at) / dt.timedelta(hours=1)
            at = following
    return tuple(found)


def outliers(by_day: Mapping[dt.date, int]) -> list[dt.date]:
    """Dates with more than three times the hits of the middle date of their weekday, and `MIN_HITS` more.

    They say nothing of habits, and would hide them: learn hours from the other days.
    """
    dates: dict[int, list[int]] = defaultdict(list)
    for day, count in by_day.items():
        dates[day.weekday()].append(count)
    usual = {weekday: median(found) for weekday, found in dates.items()}
    return [
        day
        for day, count in sorted(by_day.items())
        if count > 3 * usual[day.weekday()] and count >= usual[day.weekday()] + MIN_HITS
    ]


def best_hours(by_hour: Mapping[dt.date, Sequence[int]], weeks: Sequence[float]) -> list[Claim]:
    """What stands out of a week's 168 hours, the surest first.

    `by_hour` are the hits of each hour of each local date, zeros too; `weeks` is how often each local hour of the week
    occurred (`occurrences`), Monday 00:00 first.

    Each weekday, each part of a weekday and each hour of the day is held against all other hours, with Bonferroni's
    correction for all 59 of them and Student's quantile. Its variance is that of dates: how much the hits of the same
    stretch differ from one date to the next (`rates.spread`, over all stretches of its sort), since a post's clicks
    come in a burst, and a few bursts at one hour are no habit. The ratio has to stand out both on its own scale, by the
    variance that it has where nothing stands out, and by its logarithm. A stretch is no claim when a single date brings
    a quarter of its hits beyond what the middle one of its dates brings.
    """
    total, hours = sum(map(sum, by_hour.values())), sum(weeks)
    dates: dict[int, list[dt.date]] = defaultdict(list)
    for day in by_hour:
        dates[day.weekday()].append(day)
    if total < MIN_HITS or min((len(dates[weekday]) for weekday in range(7)), default=0) < MIN_WEEKS:
        return []
    stretches = [
        _Stretch(
            *stretch, [sum(by_hour[day][stretch[3]]) for day in (by_hour if stretch[1] is None else dates[stretch[1]])]
        )
        for stretch in _stretches()
    ]
    beyond = {span: spread(one.counts for one in stretches if one.span is span) for span in Span}
    z = t_of_normal(NormalDist().inv_cdf(1 - 0.025 / len(stretches)), len(by_hour) - 7)
    claims = []
    for one in stretches:
        hits, occurred, dated = sum(one.counts), sum(weeks[cell] for cell in one.cells), len(one.counts)
        rest, others = total - hits, hours - occurred
        if hits < MIN_HITS or rest <= 0 or occurred <= 0 or others <= 0 or dated < _LEAST_DATES[one.span]:
            continue
        if max(one.counts) - median(one.counts) > ONE_DATE * hits:
            continue
        share = occurred / hours
        ratio = hits / total / share
        left = log_variance(rest, len(by_hour), beyond[Span.WEEKDAY])
        half = z * math.sqrt(log_variance(hits, dated, beyond[one.span]) + left)
        # Held against the other hours, told against all: "your usual" has the stretch in it.
        low, high = (_of_all(hits / occurred * others / rest * math.exp(end), share) for end in (-half, half))
        low = min(low, ratio - z * math.sqrt(log_variance(total * share, dated, beyond[one.span])))
        if low > MARGIN:
            counted = dated // 7 if one.weekday is None else dated
            claims.append(Claim(one.span, one.weekday, one.hour, hits, ratio, (low, high), counted))
    return sorted(claims, key=lambda claim: -claim.interval[0])


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A part of the week that is looked at: its hours of the clock, and its hits on each of its dates."""

    span: Span
    weekday: int | None
    hour: int | None
    clock: slice
    counts: Sequence[int]

    @property
    def cells(self) -> Iterable[int]:
        """Its hours of the week."""
        hours = range(24)[self.clock]
        return (weekday * 24 + hour for weekday in _weekdays(self.weekday) for hour in hours)


def _weekdays(weekday: int | None) -> Iterable[int]:
    return range(7) if weekday is None else (weekday,)


def _stretches() -> Iterable[tuple[Span, int | None, int | None, slice]]:
    for weekday in range(7):
        yield Span.WEEKDAY, weekday, None, slice(24)
    for weekday, first in product(range(7), range(0, 24, 6)):
        yield Span.PART, weekday, first, slice(first, first + 6)
    for hour in range(24):
        yield Span.HOUR, None, hour, slice(hour, hour + 1)


def _of_all(ratio: float, share: float) -> float:
    """The ratio to all hours, from the ratio to the others, for a stretch that is `share` of all hours."""
    return ratio / (share * ratio + 1 - share)
