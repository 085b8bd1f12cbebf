"""A creator whose truth is known, as the facts that findings are made of."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator

import numpy as np

from bot.insights.benchmark import PeerPost, benchmark
from bot.insights.findings import Facts, Placed
from bot.insights.hours import best_hours
from bot.insights.periods import Period
from bot.insights.rates import Rate
from bot.insights.summary import Summary
from bot.insights.tally import Tally
from storage.records import BARE, VIEWS, DayCount, Dimension, Kind, PlaceKey, Post
from tests.summed import summed
from tests.truth.worlds import drawn

MONDAY = dt.date(2026, 5, 4)
NOW = dt.datetime(2026, 6, 2, tzinfo=dt.UTC)
LINKS, HISTORY = 6, 91
SOURCES = (("direct", 0.4), ("t.example", 0.3), ("i.example", 0.2), ("n.example", 0.1))
COUNTRIES = (("DE", 0.5), ("AT", 0.3), ("CH", 0.2))


class Creator:
    """A creator's made-up clicks: by day, hour, link and source, from one rate and effects that a test adds."""

    def __init__(self, rng: np.random.Generator, daily: float, *, days: int, sigma: float = 0, phi: float = 1) -> None:
        self.rng, self.daily, self.days, self.sigma, self.phi = rng, daily, days, sigma, phi
        self.lift: dict[int, float] = {}
        """Link -> what its clicks are multiplied by within the period."""
        self.day_lift: dict[int, float] = {}
        """Day of the period -> what its clicks are multiplied by."""
        self.thursday_evening = 1.0
        self.source_lift = 1.0
        self.alike = 0.0
        """How alike the shares of days are, as Dirichlet's strength; 0 for the same on all."""
        self.ctr = dict.fromkeys(range(100, 106), 0.04)

    def factor(self) -> float:
        return math.exp(self.rng.normal(-(self.sigma**2) / 2, self.sigma))

    def facts(self) -> Facts:
        period = Period(MONDAY, MONDAY + dt.timedelta(days=self.days), "UTC")
        by_day: dict[dt.date, int] = {}
        links = {True: np.zeros(LINKS, int), False: np.zeros(LINKS, int)}
        origins: dict[bool, dict[tuple[Dimension, str], dict[dt.date, int]]] = {True: {}, False: {}}
        by_hour: dict[dt.date, list[int]] = {}
        for n in range(-HISTORY, self.days):
            day, inside = MONDAY + dt.timedelta(days=n), n >= 0
            mean = np.full(24, 1.0)
            if day.weekday() == 3:
                mean[18:] *= self.thursday_evening
            of_links = np.array([self.lift.get(link, 1.0) if inside else 1.0 for link in range(LINKS)]) / LINKS
            level = self.daily * self.factor() * of_links.sum() * mean.mean() * self.day_lift.get(n, 1.0)
            clicks = int(drawn(self.rng, level, self.phi))
            by_day[day] = clicks
            by_hour[day] = self.rng.multinomial(clicks, mean / mean.sum()).tolist()
            if n >= -self.days:
                links[inside] += self.rng.multinomial(clicks, of_links / of_links.sum())
                for dimension, values in ((Dimension.SOURCE, SOURCES), (Dimension.COUNTRY, COUNTRIES)):
                    shares = np.array([share for _name, share in values])
                    if dimension is Dimension.SOURCE and inside:
                        shares[3] *= self.source_lift
                    shares /= shares.sum()
                    if self.alike:
                        shares = self.rng.dirichlet(self.alike * shares)
                    found = self.rng.multinomial(clicks, shares)
                    for (name, _share), count in zip(values, found.tolist(), strict=True):
                        origins[inside].setdefault((dimension, name), {})[day] = count
        placed, rates = list(self._posts())
        weeks = (HISTORY + self.days) / 7
        return Facts(
            period=period,
            now=self._summary(period, links[True], by_day, rates),
            before=self._summary(period.previous, links[False], by_day, {}),
            links={link: Tally(int(links[True][link]), 0, None) for link in range(LINKS)},
            links_before={link: Tally(int(links[False][link]), 0, None) for link in range(LINKS)},
            posts={id_: a_post(id_) for id_ in rates},
            hours=best_hours(by_hour, [weeks] * 168),
            origins=origins[True],
            origins_before=origins[False],
            history={day: n for day, n in by_day.items() if day < MONDAY},
            placed=placed,
        )

    def _posts(self) -> Iterator:
        shown = {id_: int(self.rng.integers(300, 6000)) for id_ in self.ctr}
        rates = {id_: Rate(int(self.rng.binomial(shown[id_], ctr)), shown[id_]) for id_, ctr in self.ctr.items()}
        peers = []
        for id_ in range(200, 215):
            rate = Rate(int(self.rng.binomial(2000, 0.04)), 2000)
            peers.append(PeerPost(id_, 5, "instagram", "story", NOW - dt.timedelta(days=30), 0, 0, VIEWS, rate))
        placed = []
        for id_, rate in rates.items():
            mine = PeerPost(id_, 5, "instagram", "story", NOW - dt.timedelta(days=5), rate.clicks, 0, VIEWS, rate)
            found = benchmark(mine, peers, NOW)
            assert found is not None
            assert found.own is not None
            placed.append(Placed(id_, rate, found.own, "Instagram stories"))
        yield placed
        yield rates

    def _summary(
        self, period: Period, links: np.ndarray, by_day: dict[dt.date, int], rates: dict[int, Rate]
    ) -> Summary:
        counts: dict[PlaceKey, int] = {(link, BARE, Kind.CLICK): int(n) for link, n in enumerate(links)}
        for id_, rate in rates.items():
            counts |= {(id_, id_, Kind.IMPRESSION): rate.displays, (id_, id_, Kind.CLICK): rate.clicks}
        days = [DayCount(day, Kind.CLICK, by_day[day]) for day in period.days]
        found = summed(period, counts, days)
        clicks = int(links.sum())  # the posts' clicks are a world of their own
        return Summary(**{**{name: getattr(found, name) for name in found.__slots__}, "clicks": clicks})


def a_post(id_: int) -> Post:
    return Post(1, id_, 5, id_, "ig1", "instagram", "story", 5, NOW - dt.timedelta(days=5))
