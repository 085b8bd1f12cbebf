"""Rates and changes, with the care that small numbers need."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.insights.noise import CAUTIOUS, Dispersion, chance
from storage.records import plain

SURE = 0.95
"""How sure a claim and an interval are."""
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


def poisson(events: int, z: float = Z95) -> tuple[float, float]:
    """Byar's approximation to the exact interval of a Poisson mean (Breslow and Day 1987)."""
    upper = events + 1
    high = upper * (1 - 1 / (9 * upper) + z / (3 * math.sqrt(upper))) ** 3
    low = 0.0 if events == 0 else events * (1 - 1 / (9 * events) - z / (3 * math.sqrt(events))) ** 3
    return max(0.0, low), high


def rate_interval(events: int, exposure: int, z: float = Z95) -> tuple[float, float]:
    """Of events by exposure > 0: Wilson's, or a Poisson rate's where events exceed it and a share makes no sense."""
    if events <= exposure:
        return wilson(events, exposure, z)
    low, high = poisson(events, z)
    return low / exposure, high / exposure


@plain
class Rate:
    """Clicks by impressions. May exceed 1: clicks and impressions come from different places."""

    clicks: int
    impressions: int

    @property
    def value(self) -> float:
        return self.clicks / self.impressions

    @property
    def interval(self) -> tuple[float, float]:
        """95 %: Wilson's, or a Poisson rate's where clicks exceed impressions."""
        return rate_interval(self.clicks, self.impressions)


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
    """Of one rate by another, both with clicks, on the log scale (Katz et al. 1978; Poisson where a rate exceeds 1)."""
    variance = sum(
        1 / rate.clicks - (1 / rate.impressions if rate.clicks <= rate.impressions else 0) for rate in (one, other)
    )
    centre, half = math.log(one.value / other.value), z * math.sqrt(variance)
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
