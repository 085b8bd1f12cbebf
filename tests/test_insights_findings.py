"""Findings: silent in noise, and found when the effect is there. All trials are seeded."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.insights.benchmark import PeerPost, benchmark
from bot.insights.findings import Facts, Finding, Placed, findings
from bot.insights.hours import best_hours
from bot.insights.periods import Period
from bot.insights.rates import Rate
from bot.insights.summary import Summary, summarise
from storage.records import BARE, AudienceCount, Count, DayCount, Dimension, Kind, Post

MONDAY = dt.date(2026, 5, 4)
NOW = dt.datetime(2026, 6, 2, tzinfo=dt.UTC)
LINKS, HISTORY = 6, 91
SOURCES = (("direct", 0.4), ("t.example", 0.3), ("i.example", 0.2), ("n.example", 0.1))
COUNTRIES = (("DE", 0.5), ("AT", 0.3), ("CH", 0.2))


class World:
    """A creator's made-up clicks: by day, hour, link and source, from one rate and effects that a test adds."""

    def __init__(self, rng: np.random.Generator, daily: float, *, days: int, sigma: float = 0) -> None:
        self.rng, self.daily, self.days, self.sigma = rng, daily, days, sigma
        self.lift: dict[int, float] = {}
        """Link -> what its clicks are multiplied by within the period."""
        self.day_lift: dict[int, float] = {}
        """Day of the period -> what its clicks are multiplied by."""
        self.thursday_evening = 1.0
        self.source_lift = 1.0
        self.ctr = dict.fromkeys(range(100, 106), 0.04)

    def factor(self) -> float:
        return math.exp(self.rng.normal(-(self.sigma**2) / 2, self.sigma))

    def facts(self) -> Facts:
        period = Period(MONDAY, MONDAY + dt.timedelta(days=self.days), "UTC")
        by_day: dict[dt.date, int] = {}
        links = {True: np.zeros(LINKS, int), False: np.zeros(LINKS, int)}
        sources = {True: np.zeros(len(SOURCES), int), False: np.zeros(len(SOURCES), int)}
        countries = {True: np.zeros(len(COUNTRIES), int), False: np.zeros(len(COUNTRIES), int)}
        grid = np.zeros(168, int)
        for n in range(-HISTORY, self.days):
            day, inside = MONDAY + dt.timedelta(days=n), n >= 0
            mean = np.full(24, 1.0)
            if day.weekday() == 3:
                mean[18:] *= self.thursday_evening
            of_links = np.array([self.lift.get(link, 1.0) if inside else 1.0 for link in range(LINKS)]) / LINKS
            level = self.daily * self.factor() * of_links.sum() * mean.mean() * self.day_lift.get(n, 1.0)
            clicks = int(self.rng.poisson(level))
            by_day[day] = clicks
            grid[day.weekday() * 24 : day.weekday() * 24 + 24] += self.rng.multinomial(clicks, mean / mean.sum())
            if n >= -self.days:
                links[inside] += self.rng.multinomial(clicks, of_links / of_links.sum())
                shares = np.array([share for _name, share in SOURCES])
                shares[3] *= self.source_lift if inside else 1
                sources[inside] += self.rng.multinomial(clicks, shares / shares.sum())
                countries[inside] += self.rng.multinomial(clicks, [share for _name, share in COUNTRIES])
        placed, rates = list(self._posts())
        weeks = (HISTORY + self.days) / 7
        return Facts(
            period=period,
            now=self._summary(period, links[True], by_day, rates),
            before=self._summary(period.previous, links[False], by_day, {}),
            links={link: self._one(period, link, links[True]) for link in range(LINKS)},
            links_before={link: self._one(period.previous, link, links[False]) for link in range(LINKS)},
            posts={id_: _post(id_) for id_ in rates},
            hours=best_hours(grid.tolist(), [weeks] * 168, by_day),
            audience=_audience(sources[True], countries[True]),
            audience_before=_audience(sources[False], countries[False]),
            history={day: n for day, n in by_day.items() if day < MONDAY},
            placed=placed,
        )

    def _posts(self) -> Iterator:
        shown = {id_: int(self.rng.integers(300, 6000)) for id_ in self.ctr}
        rates = {id_: Rate(int(self.rng.binomial(shown[id_], ctr)), shown[id_]) for id_, ctr in self.ctr.items()}
        peers = []
        for id_ in range(200, 215):
            rate = Rate(int(self.rng.binomial(2000, 0.04)), 2000)
            peers.append(PeerPost(id_, 5, "instagram", "story", NOW - dt.timedelta(days=30), 0, 0, rate))
        placed = []
        for id_, rate in rates.items():
            mine = PeerPost(id_, 5, "instagram", "story", NOW - dt.timedelta(days=5), rate.clicks, 0, rate)
            found = benchmark(mine, peers, NOW)
            assert found is not None
            assert found.own is not None
            placed.append(Placed(id_, rate, found.own, "Instagram stories"))
        yield placed
        yield rates

    def _summary(
        self, period: Period, links: np.ndarray, by_day: dict[dt.date, int], rates: dict[int, Rate]
    ) -> Summary:
        counts = [Count(link, BARE, Kind.CLICK, int(n)) for link, n in enumerate(links)]
        for id_, rate in rates.items():
            counts += [Count(id_, id_, Kind.IMPRESSION, rate.impressions), Count(id_, id_, Kind.CLICK, rate.clicks)]
        days = [DayCount(day, Kind.CLICK, by_day[day]) for day in period.days]
        found = summarise(period, counts, days, 0, [], {})
        clicks = int(links.sum())  # the posts' clicks are a world of their own
        return Summary(**{**{name: getattr(found, name) for name in found.__slots__}, "clicks": clicks})

    def _one(self, period: Period, link: int, links: np.ndarray) -> Summary:
        return summarise(period, [Count(link, BARE, Kind.CLICK, int(links[link]))], [], 0, [], {})


def _post(id_: int) -> Post:
    return Post(1, id_, 5, id_, "ig1", "instagram", "story", 5, NOW - dt.timedelta(days=5))


def _audience(sources: np.ndarray, countries: np.ndarray) -> list[AudienceCount]:
    return [
        *(AudienceCount(Dimension.SOURCE, name, Kind.CLICK, int(sources[n])) for n, (name, _s) in enumerate(SOURCES)),
        *(
            AudienceCount(Dimension.COUNTRY, name, Kind.CLICK, int(countries[n]))
            for n, (name, _s) in enumerate(COUNTRIES)
        ),
    ]


def _said(facts: Facts) -> list[str]:
    return [
        found.fill([f"#{id_}" for id_ in found.about], found.value[1] if found.value else "")
        for found in findings(facts, 9)
    ]


@pytest.mark.parametrize("sigma", [0, 0.3, 0.8], ids=["poisson", "days differ", "days differ much"])
def test_noise_has_no_findings(sigma: float) -> None:
    rng = np.random.default_rng(11)
    said = [
        _said(World(rng, daily, days=days, sigma=sigma).facts())
        for days in (7, 28)
        for daily in (4, 20, 120)
        for _n in range(25)
    ]
    assert sum(bool(lines) for lines in said) <= 0.05 * len(said), [lines for lines in said if lines]
