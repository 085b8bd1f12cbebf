"""Made-up clicks whose truth is known: days that differ by more than chance, a weekday rhythm, bursts of posts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from numpy.typing import NDArray

MONDAY = dt.date(2026, 1, 5)
_RHYTHM = np.array([1, 0.9, 0.95, 1, 1.1, 1.3, 1.2])
RHYTHM = _RHYTHM / _RHYTHM.mean()
"""How the days of a week differ, Monday first."""

Counts = NDArray[np.int64]


def drawn(rng: np.random.Generator, mean: float | NDArray[np.float64], phi: float) -> Counts:
    """Counts with that mean and phi times it as variance: negative binomial, Poisson at phi 1."""
    if phi <= 1:
        return np.asarray(rng.poisson(mean))
    return np.asarray(rng.poisson(rng.gamma(np.asarray(mean) / (phi - 1), phi - 1)))


def weeks(rng: np.random.Generator, number: int, mean: float, phi: float) -> Counts:
    """The days of so many weeks, in which nothing changes; `mean` is a week's."""
    return drawn(rng, np.tile(mean / 7 * RHYTHM, number), phi)


def bursts(rng: np.random.Generator, number: int, mean: float, every: float) -> Counts:
    """Weeks half of whose clicks come through posts, one in `every` days, each most on its first day."""
    days, warm = 7 * number, 14
    counts = rng.poisson(np.resize(mean / 7 / 2 * RHYTHM, days + warm))
    at = 0.0
    while (at := at + rng.exponential(every)) < days + warm:
        size, first = rng.gamma(2, mean / 7 * every / 4), int(at)
        fading = size * 0.55 * 0.45 ** np.arange(min(6, days + warm - first))
        counts[first : first + len(fading)] += rng.poisson(fading)
    return np.asarray(counts[warm:])


def hours(rng: np.random.Generator, number: int, daily: float, phi: float, burst: float) -> dict[dt.date, list[int]]:
    """Days without any better hour; of each day that part of its clicks comes within three hours of a post."""
    found = {}
    for n in range(7 * number):
        clicks = int(drawn(rng, daily, phi))
        at_once = rng.binomial(clicks, burst)
        by_hour = rng.multinomial(clicks - at_once, np.full(24, 1 / 24))
        np.add.at(by_hour, ((rng.uniform(0, 24) + rng.uniform(0, 3, at_once)) % 24).astype(int), 1)
        found[MONDAY + dt.timedelta(days=n)] = by_hour.tolist()
    return found


def days_of(counts: Any) -> dict[dt.date, int]:
    """Counts by day, from a Monday on."""
    return {MONDAY + dt.timedelta(days=n): int(count) for n, count in enumerate(counts)}
