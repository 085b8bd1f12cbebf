"""How much counts differ without any cause, and what is left of a difference beyond that."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from statistics import NormalDist, fmean
from typing import TypeVar

from storage.records import plain

MIN_DAYS = 14
"""Below as many days it is not known how much one differs from the next."""
_WEEK = 7
_MIN_BLOCKS = 8
_BLOCKS_KNOW = 20
"""What a spread of blocks is trusted beyond their number: that of their days, which they confirm, is known too."""
_MANY = 20_000
"""Counts from which on the normal distribution is as good."""
_NORMAL = NormalDist()

K = TypeVar("K", bound=Hashable)


@plain
class Dispersion:
    """How much counts of a time vary: their variance is `phi` times their mean, 1 for pure chance (Poisson)."""

    phi: float
    days: float = math.inf
    """How much stands behind `phi`, as Student's degrees of freedom."""


CAUTIOUS = Dispersion(10.0)
"""Of what too little history is known: the upper end of what is usual for clicks."""


def together(parts: Iterable[tuple[Dispersion, float]]) -> Dispersion:
    """Of the sum of counts that vary apart from one another, each with its mean."""
    known = [(noise, mean) for noise, mean in parts if mean > 0]
    if not known:
        return CAUTIOUS
    phi = sum(noise.phi * mean for noise, mean in known) / sum(mean for _noise, mean in known)
    return Dispersion(phi, min(noise.days for noise, _mean in known))


def dispersion(by_day: Mapping[dt.date, int], length: int) -> Dispersion:
    """How counts of so many days vary, learned from those of days in a row, with a zero for each day without any.

    Pearson's estimate over days of the same weekday (McCullagh and Nelder 1989, 4.5.2). Days that hang together, as
    they do after a post, make weeks vary by more than their days do: then that of blocks of `length` days, a week at
    most, stands. The degrees of freedom are those that are left of the days' where their counts are skewed
    (negative binomial), as for any variance (Box 1953).
    """
    mean = fmean(by_day.values()) if by_day else 0.0
    if len(by_day) < MIN_DAYS or mean <= 0:
        return CAUTIOUS
    weekdays: dict[int, list[int]] = defaultdict(list)
    for day, count in by_day.items():
        weekdays[day.weekday()].append(count)
    groups = [counts for counts in weekdays.values() if len(counts) > 1]
    expected = sum((len(counts) - 1) * fmean(counts) for counts in groups)
    if expected <= 0:
        return CAUTIOUS
    phi = max(1.0, sum(map(_squares, groups)) / expected)
    kurtosis = 6 * (phi - 1) / mean + 1 / (phi * mean)
    days = max(1.0, sum(len(counts) - 1 for counts in groups) / (1 + kurtosis / 2))
    blocks = _blocks(by_day, min(length, _WEEK))
    if len(blocks) >= _MIN_BLOCKS and (of_blocks := _squares(blocks) / (len(blocks) - 1) / fmean(blocks)) > phi:
        return Dispersion(of_blocks, min(days, len(blocks) - 1 + _BLOCKS_KNOW))
    return Dispersion(phi, days)


def _squares(counts: Sequence[int]) -> float:
    """The squared distances from their mean; `statistics.variance` works with fractions, a hundred times as long."""
    mean = fmean(counts)
    return sum((count - mean) ** 2 for count in counts)


def _blocks(by_day: Mapping[dt.date, int], length: int) -> list[int]:
    counts = [count for _day, count in sorted(by_day.items(), reverse=True)]
    return [sum(counts[at : at + length]) for at in range(0, len(counts) - length + 1, length)]


def chance(one: int, other: int, noise: Dispersion, share: float = 0.5) -> float:
    """How often two counts at least as far apart come of one cause alone: a two-sided mid-p value.

    `share` is what the first had of both's time, or impressions. Given their sum, two negative binomial counts of one
    rate are beta-binomial (Johnson, Kemp and Kotz 2005, 6.8.1); at phi 1 that is the binomial of the exact test for
    two Poisson counts (Przyborowski and Wilenski 1940). What is not known of phi widens it as Student's t does.
    """
    total = one + other
    if total <= 0:
        return 1.0
    if one > total * share:
        one, other, share = other, one, 1 - share
    if total > _MANY:
        deviate = (total * share - one) / math.sqrt(noise.phi * total * share * (1 - share))
    else:
        strength = total / max(noise.phi - 1, 1e-3)
        p = 2 * _lower_tail(one, total, strength * share, strength * (1 - share))
        if p >= 1:
            return 1.0
        deviate = -_NORMAL.inv_cdf(max(p, 1e-300) / 2)
    return 2 * _NORMAL.cdf(-normal_of_t(deviate, noise.days))


def _lower_tail(count: int, total: int, a: float, b: float) -> float:
    """The beta-binomial probability of fewer than `count` of `total`, and half of that of as many."""
    log = math.lgamma
    term = math.exp(
        (log(total + 1) - log(count + 1) - log(total - count + 1))
        + (log(count + a) - log(a))
        + (log(total - count + b) - log(b))
        - (log(total + a + b) - log(a + b))
    )
    tail = term / 2
    for at in range(count, 0, -1):
        term *= at * (total - at + b) / ((total - at + 1) * (at - 1 + a))
        tail += term
        if term < 1e-17 * tail:
            break
    return tail


def normal_of_t(t: float, freedom: float) -> float:
    """The normal deviate as far out as Student's t, to some 0.2 % (Wallace 1959)."""
    if math.isinf(freedom):
        return t
    size = math.sqrt(freedom * math.log1p(t * t / freedom)) * (8 * freedom + 1) / (8 * freedom + 3)
    return math.copysign(size, t)


def t_of_normal(deviate: float, freedom: float) -> float:
    """The other way round."""
    if math.isinf(freedom):
        return deviate
    scaled = deviate * (8 * freedom + 3) / (8 * freedom + 1)
    return math.copysign(math.sqrt(freedom * math.expm1(scaled * scaled / freedom)), deviate)


def discoveries(chances: Mapping[K, float], of: int, rate: float = 0.05) -> list[K]:
    """Those of which at most `rate` are expected to be chance, the surest first (Benjamini and Hochberg 1995).

    `of` is how many were looked at, those without a chance here too.
    """
    ranked = sorted(chances.items(), key=lambda item: item[1])
    kept = max((n for n, (_key, p) in enumerate(ranked, start=1) if p <= rate * n / of), default=0)
    return [key for key, _p in ranked[:kept]]
