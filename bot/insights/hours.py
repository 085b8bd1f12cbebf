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
"""The most of a claim's hits that one date may bring beyond what the middle one of its equals brings."""

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


def best_hours(grid: Sequence[int], weeks: Sequence[float], by_day: Mapping[dt.date, int]) -> list[Claim]:
    """What stands out of a week's 168 hours, the surest first.

    `grid` are hits by local hour of the week, `weeks` how often each occurred (`occurrences`), both Monday 00:00
    first; `by_day` the same hits by local date, with a zero for each date without any.

    Each weekday, each part of a weekday and each hour of the day is held against all other hours: a ratio of Poisson
    rates on the log scale, with Bonferroni's correction for all 59 of them. Its variance is widened by how much dates
    of the same weekday differ beyond chance (`rates.spread`), three times as wide for stretches shorter than a day.
    A stretch is no claim when a single date brings a quarter of its hits beyond what the middle date of that weekday
    brings: one viral day is no habit.
    """
    total, hours = sum(grid), sum(weeks)
    dates: dict[int, list[int]] = defaultdict(list)
    for day, count in by_day.items():
        dates[day.weekday()].append(count)
    if total < MIN_HITS or min((len(dates[weekday]) for weekday in range(7)), default=0) < MIN_WEEKS:
        return []
    beyond = spread(dates.values())
    stretches = list(_stretches())
    z = NormalDist().inv_cdf(1 - 0.025 / len(stretches))
    claims = []
    for span, weekday, hour, cells in stretches:
        hits, occurred = sum(grid[cell] for cell in cells), sum(weeks[cell] for cell in cells)
        rest, others = total - hits, hours - occurred
        if hits < MIN_HITS or rest <= 0 or occurred <= 0 or others <= 0:
            continue
        equals = dates[weekday] if weekday is not None else list(by_day.values())
        if max(equals) - median(equals) > ONE_DATE * hits:
            continue
        own = log_variance(hits, len(equals), beyond * (1 if span is Span.WEEKDAY else 3))
        centre = math.log(hits / occurred * others / rest)
        half = z * math.sqrt(own + log_variance(rest, len(by_day), beyond))
        # Held against the other hours, told against all: "your usual" has the stretch in it.
        low, high = (_of_all(math.exp(end), occurred / hours) for end in (centre - half, centre + half))
        if low > MARGIN:
            ratio = hits / occurred * hours / total
            claims.append(
                Claim(
                    span,
                    weekday,
                    hour,
                    hits,
                    ratio,
                    (low, high),
                    len(equals) if weekday is not None else len(equals) // 7,
                )
            )
    return sorted(claims, key=lambda claim: -claim.interval[0])


def _stretches() -> Iterable[tuple[Span, int | None, int | None, list[int]]]:
    for weekday in range(7):
        yield Span.WEEKDAY, weekday, None, [weekday * 24 + hour for hour in range(24)]
    for weekday, first in product(range(7), range(0, 24, 6)):
        yield Span.PART, weekday, first, [weekday * 24 + first + n for n in range(6)]
    for hour in range(24):
        yield Span.HOUR, None, hour, [weekday * 24 + hour for weekday in range(7)]


def _of_all(ratio: float, share: float) -> float:
    """The ratio to all hours, from the ratio to the others, for a stretch that is `share` of all hours."""
    return ratio / (share * ratio + 1 - share)
