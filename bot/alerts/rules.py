"""What is worth an alert: milestones, spikes, drops and dead destinations. Pure functions of counts and instants."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from statistics import NormalDist, median
from zoneinfo import ZoneInfo

from bot.insights.periods import ONE_DAY, instant, local_day
from bot.insights.rates import log_variance, spread
from storage.records import DestinationCheck

LEAST_OF_CREATOR = 1_000
"""The first milestone of all links of a creator together."""

WEEKS = 12
MIN_WEEKS = 4
"""As many equal weekdays, at least and at most, are the usual."""
FLOOR = 50
"""Clicks that a spike has at least, and that are usual before a drop."""
FACTOR = 3.0
"""A spike is more than as many times the usual, a drop less than as much of it."""
LEVEL = 1e-4
"""Of the test, both sides together, besides the floor and the factor."""
COOL_DOWN = dt.timedelta(days=7)
"""No second spike, and no second drop, of a link within."""

DEAD_CHECKS = 3
DEAD_AFTER = dt.timedelta(days=1)
"""A destination is dead once as many checks in a row found it gone, the first of them so long ago."""

MOST_A_DAY = 10
"""Messages to one target on one local day; what comes on top waits for the next one."""
ALONE = 3
"""As many alerts come in messages of their own; more at once share one."""
KEPT = dt.timedelta(days=3)
"""An alert that could not be told for so long is not told any more."""
MUTED = dt.timedelta(days=7)


# ------------------------------------------------------------------ spikes and drops


@dataclass(frozen=True, slots=True)
class Usual:
    """What a link gets on a weekday. `beyond` is how much its days differ beyond chance (`rates.spread`)."""

    clicks: float
    """The median of the weeks."""
    weeks: int
    beyond: float
    recent: tuple[int, ...]
    """The last two of the weekday."""


def usual(day: dt.date, history: Mapping[dt.date, int], since: dt.date) -> Usual | None:
    """The usual of `day`'s weekday from the clicks of earlier days; days from `since` on without any had none.

    None with fewer than `MIN_WEEKS` such weekdays. How much days differ is learned from all weekdays together.
    """
    first = max(since, day - 7 * WEEKS * ONE_DAY)
    groups: dict[int, list[int]] = defaultdict(list)
    for number in count():
        earlier = first + number * ONE_DAY
        if earlier >= day:
            break
        groups[earlier.weekday()].append(history.get(earlier, 0))
    same = groups[day.weekday()]
    if len(same) < MIN_WEEKS:
        return None
    return Usual(float(median(same)), len(same), spread(groups.values()), tuple(same[-2:]))


def _surely(clicks: int, expected: Usual) -> bool:
    """Whether chance, and the days' own spread, do not explain the distance on the log scale.

    log((clicks + 1) / (usual + 1)) against z times its deviation: Poisson's 1 / hits and the spread of one day, on
    the log scale log(1 + cv^2), for both sides (`rates.log_variance`; negative binomial days, Breslow 1984).
    """
    z = NormalDist().inv_cdf(1 - LEVEL / 2)
    beyond = math.log1p(expected.beyond)
    variance = log_variance(clicks + 1, 1, beyond) + log_variance(expected.clicks * expected.weeks + 1, 1, 0)
    variance += beyond / expected.weeks
    return abs(math.log((clicks + 1) / (expected.clicks + 1))) > z * math.sqrt(variance)


def at_most(clicks: int, mean: float, beyond: float) -> float:
    """The probability of so few clicks or fewer: negative binomial, of variance mean + beyond * mean^2.

    Its lower tail is much heavier than the logarithm's normal one: quiet days are commoner than that would have it.
    """
    size = 1 / max(beyond, 1e-6)
    log_share = math.log(mean / (mean + size))
    log_first = math.lgamma(clicks + size) - math.lgamma(size) - math.lgamma(clicks + 1)
    term = total = math.exp(log_first + size * math.log(size / (mean + size)) + clicks * log_share)
    for k in range(clicks, 0, -1):
        term *= k / (k - 1 + size) / math.exp(log_share)
        total += term
        if term < total * 1e-9:
            break
    return min(1.0, total)


def is_spike(clicks: int, expected: Usual) -> bool:
    """Whether a day, so far, has more than 3 times what the whole weekday usually has, and 50 clicks at least.

    Twice as much as the last two of them besides: steady growth, and a second spike like the first, are no news.
    """
    far = clicks >= FLOOR and clicks > FACTOR * expected.clicks and clicks > 2 * max(expected.recent)
    return far and _surely(clicks, expected)


def is_drop(clicks: int, expected: Usual) -> bool:
    """Whether a whole day has less than a third of the usual, which is 50 clicks at least.

    Less than half of each of the last two besides: interest that fades week by week is no news.
    """
    far = expected.clicks >= FLOOR and clicks * FACTOR < expected.clicks and 2 * clicks < min(expected.recent)
    return far and at_most(clicks, expected.clicks, expected.beyond) < LEVEL / 2


# ------------------------------------------------------------------ destinations


class Answer(StrEnum):
    """What a destination's answer means."""

    HERE = "here"
    GONE = "gone"
    """404, 410, or a name that does not exist."""
    UNSURE = "unsure"
    """Everything else: refused, busy, broken for the moment, too slow, or nothing that may be asked."""


def answer_of(status: int) -> Answer:
    """What an HTTP status at the end of the redirects says."""
    if 200 <= status < 300:
        return Answer.HERE
    return Answer.GONE if status in (404, 410) else Answer.UNSURE


def checked(
    guild_id: int,
    link_id: int,
    destination: str,
    before: DestinationCheck | None,
    answer: Answer,
    said: str,
    now: dt.datetime,
) -> DestinationCheck:
    """What is known of a destination after another check; `said` is the answer in words.

    Unsure changes nothing. A destination that the link did not have before begins anew.
    """
    if before is None or before.destination != destination:
        before = DestinationCheck(guild_id, link_id, destination, now)
    if answer is Answer.UNSURE:
        return dataclasses.replace(before, checked_at=now)
    if answer is Answer.HERE:
        back_at = now if before.is_dead else before.back_at
        return dataclasses.replace(before, checked_at=now, failures=0, failing_since=None, back_at=back_at, answer=said)
    since, failures = before.failing_since or now, before.failures + 1
    known = dataclasses.replace(before, checked_at=now, failures=failures, failing_since=since, answer=said)
    if not before.is_dead and failures >= DEAD_CHECKS and now - since >= DEAD_AFTER:
        return dataclasses.replace(known, dead_at=now, back_at=None)
    return known


# ------------------------------------------------------------------ when it is told


def quiet_until(now: dt.datetime, zone: str, start: int | None, end: int | None) -> dt.datetime | None:
    """When the quiet hours end that it is now, by the local clock; None when it is none."""
    if start is None or end is None:
        return None
    wall = now.astimezone(ZoneInfo(zone))
    minute = wall.hour * 60 + wall.minute
    inside = start <= minute < end if start < end else minute >= start or minute < end
    if not inside:
        return None
    day = local_day(now, zone) + (ONE_DAY if start > end and minute >= start else dt.timedelta())
    over = dt.time(end // 60, end % 60)
    until = instant(day, over, zone)
    if until > now:
        return until
    return dt.datetime.combine(day, over.replace(fold=1), ZoneInfo(zone)).astimezone(dt.UTC)  # that time comes twice
