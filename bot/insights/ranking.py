"""Rankings by rate that a lucky handful of impressions cannot win."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.insights.rates import Rate, is_above

_RIVALS = 10
"""As many that may be the highest too, by the upper ends of their intervals, are held against the first."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What resonates most, by id."""

    best: int | None
    """None while it is too early to call."""
    is_sure: bool
    """Whether the best is above each other one beyond chance."""
    order: tuple[int, ...]
    """Those with `rates.MIN_DISPLAYS`, the surest first."""
    too_early: tuple[int, ...]
    """Those with fewer, in the order of their ids."""


def rank(rates: Mapping[int, Rate | None]) -> Ranking:
    """Order links or posts by the lower end of their rate's 95 % interval; the older id goes first on a tie.

    The lower end decides: it needs no peers (most creators have a handful of links), it does not move when an unrelated
    link is added, and one sentence explains it.
    One without a click has nothing to resonate with and never is the best. What has no rate is left out.
    """
    known = {id_: found for id_, found in rates.items() if found is not None}
    enough = [id_ for id_, found in known.items() if not found.is_early]
    order = tuple(sorted(enough, key=lambda id_: (-known[id_].interval[0], -known[id_].value, id_)))
    best = order[0] if order and known[order[0]].clicks > 0 else None
    rivals = sorted(order[1:], key=lambda id_: -known[id_].interval[1])[:_RIVALS]
    sure = best is not None and len(order) > 1 and all(is_above(known[best], known[id_]) for id_ in rivals)
    return Ranking(best, sure, order, tuple(sorted(known.keys() - set(order))))
