"""Rankings by rate that a lucky handful of impressions cannot win."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.insights.rates import Rate, wilson

MIN_IMPRESSIONS = 100
"""Below as many impressions it is too early to say what resonates."""
MIN_GROUP = 3
"""Below as many rates nothing can be learned from the others."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What resonates most, by id."""

    best: int | None
    """None while it is too early to call."""
    order: tuple[int, ...]
    """Those with `MIN_IMPRESSIONS`, the surest first."""
    too_early: tuple[int, ...]
    """Those with fewer, in the order of their ids."""


def rank(rates: Mapping[int, Rate | None]) -> Ranking:
    """Order links or posts by the lower end of their rate's 95 % interval; the older id goes first on a tie.

    The lower end, not the shrunken rate, decides: it needs no peers (most creators have a handful of links, from
    which no prior can be learned), it does not move when an unrelated link is added, and one sentence explains it.
    One without a click has nothing to resonate with and never is the best. What has no rate is left out.
    """
    known = {id_: found for id_, found in rates.items() if found is not None}
    enough = [id_ for id_, found in known.items() if found.impressions >= MIN_IMPRESSIONS]
    order = tuple(sorted(enough, key=lambda id_: (-known[id_].interval[0], -known[id_].value, id_)))
    best = order[0] if order and known[order[0]].clicks > 0 else None
    return Ranking(best, order, tuple(sorted(known.keys() - set(order))))


@dataclass(frozen=True, slots=True)
class Shrunken:
    """A rate drawn towards those of its peers, the more the fewer impressions it has, and its 95 % interval."""

    value: float
    interval: tuple[float, float]


def shrunken(rates: Sequence[Rate]) -> list[Shrunken]:
    """Each rate's posterior mean under a beta prior learned from all of them: empirical Bayes, in their order.

    The prior's mean and strength come from Kleinman's weighted moments (Kleinman 1973, "Proportions with extraneous
    variance", JASA 68), weights being the impressions. The interval is Wilson's at the posterior's counts, close to
    the beta quantiles. Rates above 1 are no shares: they neither teach nor are drawn. Below `MIN_GROUP` rates, or
    without a single click, each stands for itself.
    """
    prior = _prior([found for found in rates if found.clicks <= found.impressions])
    if prior is None:
        return [Shrunken(found.value, found.interval) for found in rates]
    a, b = prior
    drawn = []
    for found in rates:
        if found.clicks > found.impressions:
            drawn.append(Shrunken(found.value, found.interval))
        else:
            clicks, impressions = found.clicks + a, found.impressions + a + b
            drawn.append(Shrunken(clicks / impressions, wilson(clicks, impressions)))
    return drawn


def _prior(rates: Sequence[Rate]) -> tuple[float, float] | None:
    """The beta prior's two counts; None where the rates teach none."""
    total = sum(found.impressions for found in rates)
    mean = sum(found.clicks for found in rates) / total if total else 0.0
    if len(rates) < MIN_GROUP or not 0 < mean < 1:
        return None
    spread = sum(found.impressions / total * (found.value - mean) ** 2 for found in rates)
    shares = [found.impressions / total for found in rates]
    # E[spread] = mean (1 - mean) (own + among (1 - sum of squared shares - own)): solved for `among`, 1 / (a + b + 1)
    own = sum(share * (1 - share) / found.impressions for share, found in zip(shares, rates, strict=True))
    room = 1 - sum(share * share for share in shares) - own
    among = (spread / (mean * (1 - mean)) - own) / room if room > 0 else 0.0
    # Rates no further apart than chance makes them (or less) are one rate: as strong as all impressions together.
    strength = min(1 / among - 1, total) if among > 0 else total
    strength = max(strength, 1.0)
    return mean * strength, (1 - mean) * strength
