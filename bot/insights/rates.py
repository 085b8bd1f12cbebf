"""Rates and changes, with the care that small numbers need."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from bot.insights.noise import CAUTIOUS, Dispersion, chance, t_of_normal, together
from storage.records import plain

SURE = 0.95
"""How sure a claim and an interval are."""
MIN_DISPLAYS = 100
"""Below as many displays it is too early to say what resonates, or how sure a rate is."""
Z95 = 1.959963984540054
"""The normal quantile of a two-sided 95 % interval."""


def wilson(successes: float, trials: float, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval for a share (Wilson 1927), 0 <= successes <= trials, trials > 0.

    Its lower end is exactly 0 for none of them, its upper end exactly 1 for all: floating point would miss both.
    """
    share = successes / trials
    denominator = 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / denominator
    half = z / denominator * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return 0.0 if successes <= 0 else max(0.0, centre - half), 1.0 if successes >= trials else min(1.0, centre + half)


@lru_cache(maxsize=20_000)  # what is ranked is told too
def rate_interval(events: int, exposure: int, noise: Dispersion = CAUTIOUS) -> tuple[float, float]:
    """The 95 % interval of events by exposure > 0, where their variance is `noise.phi` times their mean.

    The ends are the means under which as few, or as many, come in 2.5 % of cases: those of a negative binomial count,
    by the power that takes the skew from it. It passes a rate of 1 without a jump: clicks and impressions are counted
    in different places. The lower end of no event is exactly 0.
    """
    z = t_of_normal(Z95, noise.days)
    return _mean_below(events, noise.phi, z) / exposure, _mean_above(events, noise.phi, z) / exposure


def _mean_above(events: int, phi: float, z: float) -> float:
    """The mean under which so few or fewer come with the probability of -z."""
    low, high = events + 0.5, events + 1 + 4 * phi * z * z + 4 * z * math.sqrt(phi * (events + 1))
    return _root(lambda mean: _deviate(events + 0.5, mean, phi) + z, low, high)


def _mean_below(events: int, phi: float, z: float) -> float:
    """The mean under which so many or more come with the probability of z; 0 where any mean brings that."""
    high, low = events - 0.5, events / 1000
    if events <= 0 or _deviate(high, high, phi) >= z or _deviate(high, low, phi) < z:
        return 0.0  # so few vary by more than they are
    return _root(lambda mean: _deviate(high, mean, phi) - z, low, high)


def _deviate(count: float, mean: float, phi: float) -> float:
    """How far out a count lies, as a normal deviate.

    (count / mean)^p is nearly normal for p = 1 - s / 3, the skewness being s times the coefficient of variation:
    2 for a gamma's (Wilson and Hilferty 1931), 1 for a Poisson's, (2 phi - 1) / phi for a negative binomial's.
    """
    power, variance = 1 - (2 * phi - 1) / phi / 3, phi / mean
    centre = 1 - power * (1 - power) * variance / 2
    return ((count / mean) ** power - centre) / (power * math.sqrt(variance))


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    for _n in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2


@plain
class Rate:
    """Clicks by displays of the same time. May exceed 1: clicks and displays come from different places."""

    clicks: int
    displays: int
    noise: Dispersion = CAUTIOUS
    """How much the clicks vary."""
    is_estimate: bool = False
    """Whether a part of the displays was shared out between two readings."""
    as_of: tuple[dt.date, dt.date] | None = None
    """The day up to which it is formed, where that is not the whole time: the earliest and the latest of several."""

    @property
    def value(self) -> float:
        return self.clicks / self.displays

    @property
    def interval(self) -> tuple[float, float]:
        """95 %: `rate_interval`."""
        return rate_interval(self.clicks, self.displays, self.noise)

    @property
    def is_early(self) -> bool:
        return self.displays < MIN_DISPLAYS


def is_above(one: Rate, other: Rate) -> bool:
    """Whether the first rate is the higher one beyond chance: counts that vary so differ as much in fewer than 5 %."""
    share = one.displays / (one.displays + other.displays)
    expected = (one.clicks + other.clicks) * share, (one.clicks + other.clicks) * (1 - share)
    # The logarithm of their ratio varies by the sum of phi / mean: as if both had this phi.
    noise = together([(one.noise, expected[1]), (other.noise, expected[0])])
    return one.value > other.value and chance(one.clicks, other.clicks, noise, share) < 1 - SURE


class Direction(StrEnum):
    NEW = "new"
    """Nothing to compare with."""
    NONE = "none"
    """Nothing now, nothing before."""
    SAME = "same"
    """Chance alone brings as much: a normal swing."""
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Change:
    """How a count or a rate moved against the period before; `ratio` is now / before - 1, None without a base."""

    direction: Direction
    ratio: float | None = None


def change(now: int, before: int, noise: Dispersion = CAUTIOUS, share: float = 0.5) -> Change:
    """A change is one only when counts that vary as `noise` says differ as much in fewer than 5 % of cases.

    `share` is the part of both periods' time that the later one has. See `noise.chance` for the test: a fall to zero
    and a rise from zero are held to the same.
    """
    if before <= 0:
        return Change(Direction.NONE if now <= 0 else Direction.NEW)
    ratio = now / before - 1
    more = now > (now + before) * share
    if now == before or more is not (now > before) or chance(now, before, noise, share) >= 1 - SURE:
        return Change(Direction.SAME, ratio)  # more of a longer time may be less
    return Change(Direction.UP if more else Direction.DOWN, ratio)


def ratio_interval(one: Rate, other: Rate, z: float = Z95) -> tuple[float, float]:
    """Of one rate by another, both with clicks, on the log scale (delta method): each varies by phi / clicks."""
    variance = one.noise.phi / one.clicks + other.noise.phi / other.clicks
    centre = math.log(one.value / other.value)
    half = t_of_normal(z, min(one.noise.days, other.noise.days)) * math.sqrt(variance)
    return math.exp(centre - half), math.exp(centre + half)


def spread(groups: Iterable[Sequence[int]]) -> float:
    """How much the days of a group (those of one weekday) differ beyond chance: the squared coefficient of variation.

    By moments, for counts whose variance is mean + spread * mean^2 (negative binomial; Breslow 1984).
    """
    beyond = weight = 0.0
    for counts in groups:
        if len(counts) > 1:
            mean = sum(counts) / len(counts)
            beyond += sum((count - mean) ** 2 for count in counts) - (len(counts) - 1) * mean
            weight += (len(counts) - 1) * mean * mean
    return max(0.0, beyond / weight) if weight else 0.0


def log_variance(hits: float, days: int, beyond: float) -> float:
    """The variance of the logarithm of hits > 0 that so many days brought, `beyond` being their `spread`."""
    return 1 / hits + beyond / days
