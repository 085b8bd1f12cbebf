"""How often what Eyeballs claims is false, in worlds where it is known to be: one row of the table for each claim."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bot.insights.findings import findings
from bot.insights.hours import best_hours
from bot.insights.noise import CAUTIOUS, Dispersion, chance, discoveries, dispersion
from bot.insights.ranking import rank
from bot.insights.rates import Direction, Rate, change
from tests.truth.creators import Creator
from tests.truth.worlds import Counts, bursts, days_of, drawn, hours, weeks

PHIS = (1, 2, 3, 5, 10)
WEEKS = 14
"""13 of history, the last of which is the period before, and the period."""

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Cell:
    """A claim in one sort of world; `trial` says how often it was made, and of how many that could be false."""

    claim: str
    world: str
    trial: Callable[[Rng], tuple[float, float]]
    cases: int
    """In full."""
    bound: float
    """The share of false claims that is allowed, or the least that has to be right."""
    least: bool = False

    def measured(self, cases: int, seed: int = 1) -> float:
        rng = np.random.default_rng(seed)
        found = [self.trial(rng) for _n in range(cases)]
        of = sum(of for _claims, of in found)
        return sum(claims for claims, _of in found) / of if of else 0.0

    def holds(self, share: float) -> bool:
        return share >= self.bound if self.least else share <= self.bound


def split(days: Counts) -> tuple[int, int, Dispersion]:
    """The last week, the one before, and how much the weeks before vary."""
    return int(days[-7:].sum()), int(days[-14:-7].sum()), dispersion(days_of(days[:-7]), 7)


def is_named(now: int, before: int, noise: Dispersion) -> bool:
    return change(now, before, noise).direction in (Direction.UP, Direction.DOWN)


def _arrow(make: Callable[[Rng], Counts], *, known: bool = True) -> Callable[[Rng], tuple[float, float]]:
    def trial(rng: Rng) -> tuple[float, float]:
        now, before, noise = split(make(rng))
        return is_named(now, before, noise if known else CAUTIOUS), 1

    return trial


def _movers(links: int, phi: float, rising: float = 0.0) -> Callable[[Rng], tuple[float, float]]:
    """Links of all sizes, of which some rise threefold: false ones among those that are listed."""

    def trial(rng: Rng) -> tuple[float, float]:
        chances = {}
        for link, mean in enumerate(np.exp(rng.normal(math.log(40), 1.3, links))):
            days = weeks(rng, WEEKS, mean, phi)
            if link < rising * links:
                days[-7:] = drawn(rng, days_rising(mean), phi)
            chances[link] = chance(*split(days))
        listed = discoveries(chances, of=links)
        false = sum(link >= rising * links for link in listed)
        return (false / len(listed) if listed else 0.0), 1  # the false discovery rate is a mean over weeks

    return trial


def days_rising(mean: float) -> np.ndarray:
    return np.full(7, 3 * mean / 7)


def _hours(number: int, daily: float, phi: float, burst: float) -> Callable[[Rng], tuple[float, float]]:
    return lambda rng: (bool(best_hours(hours(rng, number, daily, phi, burst), [number] * 168)), 1)


def _covered(shown: int, share: float, phi: float, *, known: bool) -> Callable[[Rng], tuple[float, float]]:
    def trial(rng: Rng) -> tuple[float, float]:
        now, _before, noise = split(weeks(rng, WEEKS, shown * share, phi))
        low, high = Rate(now, shown, noise if known else CAUTIOUS).interval
        return low <= share <= high, 1

    return trial


def _best(links: int, phi: float, lift: float = 1.0, mean: float = 100) -> Callable[[Rng], tuple[float, float]]:
    def trial(rng: Rng) -> tuple[float, float]:
        rates = {}
        for link in range(links):
            days = weeks(rng, WEEKS, mean, phi)
            if not link:
                days[-7:] = weeks(rng, 1, mean * lift, phi)
            now, _before, noise = split(days)
            rates[link] = Rate(now, round(mean / 0.03), noise)
        found = rank(rates)
        return found.is_sure and (lift == 1 or found.best == 0), 1

    return trial


def _findings(days: int, daily: float, phi: float, sigma: float, alike: float) -> Callable[[Rng], tuple[float, float]]:
    def trial(rng: Rng) -> tuple[float, float]:
        creator = Creator(rng, daily, days=days, sigma=sigma, phi=phi)
        creator.alike = alike
        return bool(findings(creator.facts())), 1

    return trial


def _shares(days: int, phi: float) -> Callable[[Rng], tuple[float, float]]:
    def trial(rng: Rng) -> tuple[float, float]:
        creator = Creator(rng, 150, days=days, phi=phi)
        creator.alike = 12.0
        return any(found.value is not None for found in findings(creator.facts(), 9)), 1

    return trial


def cells() -> Iterator[Cell]:
    """All of them, in the order of the table."""
    for phi in PHIS:
        for mean in (10, 100, 1000, 5000):
            world = f"phi {phi}, {mean:,} a week"
            steady = _arrow(lambda rng, mean=mean, phi=phi: weeks(rng, WEEKS, mean, phi))
            yield Cell("an arrow, 13 weeks of history", world, steady, 20_000, 0.08)
    for every in (2, 5, 10):
        for mean in (30, 300, 3000):
            world = f"a post every {every} days, {mean:,} a week"
            posting = _arrow(lambda rng, mean=mean, every=every: bursts(rng, WEEKS, mean, every))
            yield Cell("an arrow, bursts of posts", world, posting, 20_000, 0.08)
    for phi in PHIS:
        unknown = _arrow(lambda rng, phi=phi: weeks(rng, 2, 100, phi), known=False)
        yield Cell("an arrow, no history", f"phi {phi}, 100 a week", unknown, 20_000, 0.08)
    for links in (50, 500):
        for phi in PHIS:
            yield Cell("movers, nothing moves", f"phi {phi}, {links} links", _movers(links, phi), 400, 0.05)
    for phi in PHIS:
        yield Cell("movers, a tenth rises", f"phi {phi}, 50 links", _movers(50, phi, 0.1), 400, 0.05)
    for number, daily in ((4, 30), (8, 30), (8, 200), (13, 200)):
        for phi in (1, 3, 10):
            for burst in (0.0, 0.3, 0.6):
                world = f"phi {phi}, {number} weeks, {daily} a day, {burst:.0%} in bursts"
                yield Cell("a best time", world, _hours(number, daily, phi, burst), 2_000, 0.05)
    for phi in PHIS:
        for shown, share in ((500, 0.02), (5_000, 0.02), (50_000, 0.02), (500, 0.9)):
            world = f"phi {phi}, {share:.0%} of {shown:,}"
            known, unknown = (_covered(shown, share, phi, known=known) for known in (True, False))
            yield Cell("CTR within its interval, history", world, known, 20_000, 0.92, least=True)
            yield Cell("CTR within its interval, no history", world, unknown, 20_000, 0.92, least=True)
    for phi in PHIS:
        yield Cell("the highest of two equals", f"phi {phi}", _best(2, phi), 20_000, 0.05)
        yield Cell("the highest of five equals", f"phi {phi}", _best(5, phi), 4_000, 0.05)
    yield Cell("the higher one found (exact test: 38 %)", "phi 1", _best(2, 1, lift=1.27), 20_000, 0.30, least=True)
    for phi in (1, 3):
        for days in (7, 28):
            world = f"phi {phi}, {days} days"
            yield Cell("a share that changed", f"{world}, shares differ by day", _shares(days, phi), 400, 0.05)
    for days, daily in ((7, 20), (7, 120), (28, 20), (28, 120)):
        for phi, sigma in ((1, 0.0), (5, 0.0), (10, 0.0), (1, 0.5)):
            world = f"{days} days, {daily} a day, phi {phi}" + (", days differ by half" if sigma else "")
            yield Cell("any finding", world, _findings(days, daily, phi, sigma, 12.0), 400, 0.05)


def table(found: Sequence[tuple[Cell, float, int]]) -> str:
    """The claims, each with its worst world."""
    rows = ["| claim | worlds | cases each | bound | worst | where |", "|---|---|---|---|---|---|"]
    claims = dict.fromkeys(cell.claim for cell, _share, _cases in found)
    for claim in claims:
        of = [one for one in found if one[0].claim == claim]
        worst, share, cases = (min if of[0][0].least else max)(of, key=lambda one: one[1])
        bound = f"{'≥' if worst.least else '≤'} {worst.bound:.0%}"
        rows.append(f"| {claim} | {len(of)} | {cases:,} | {bound} | {share:.1%} | {worst.world} |")
    return "\n".join(rows)
