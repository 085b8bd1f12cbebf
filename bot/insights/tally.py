"""What each link, post or group of posts did, for rankings."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from bot.insights.noise import Dispersion
from bot.insights.ranking import Ranking, rank
from bot.insights.rates import Rate
from bot.insights.summary import IMPRESSIONS, VIEWS, Engagement, PlaceSummary, places_of, pooled, summed, varying
from storage.records import ELSEWHERE, is_post, plain

K = TypeVar("K")


@plain
class Tally:
    """Numbers in a period of a link, a post or a group; `ctr` only over places with both sides known."""

    clicks: int
    impressions: int
    ctr: Rate | None
    views: int = 0
    by_views: Rate | None = None
    """Clicks by views, of places without impressions; never mixed with `ctr`."""
    engagement: Engagement | None = None
    """By impressions; by views where none is known by those."""
    in_bio: bool = False
    """Whether all of it are posts without clicks of their own."""
    rated: int = 0
    """Places that `ctr` is formed over, or `by_views` where there is none."""
    places: int = 1
    imported: int = 0
    """How many of the clicks were counted elsewhere."""

    def varying(self, noise: Dispersion) -> Tally:
        """The same, where what is clicked varies so."""
        return dataclasses.replace(
            self,
            ctr=varying(self.ctr, noise),
            by_views=varying(self.by_views, noise),
            engagement=varying(self.engagement, noise),
        )


def grouped(places: Iterable[PlaceSummary], key: Callable[[PlaceSummary], K | None]) -> dict[K, Tally]:
    """The sums over places with the same key; those whose key is None are left out."""
    found: dict[K, list[PlaceSummary]] = defaultdict(list)
    for place in places:
        if (name := key(place)) is not None:
            found[name].append(place)
    return {name: _tally(group) for name, group in found.items()}


def _tally(places: list[PlaceSummary]) -> Tally:
    clicks = impressions = views = imported = posts = 0
    in_bio = True
    rates: list[Rate] = []
    viewed: list[Rate] = []
    engagements: list[Engagement] = []
    for place in places:  # once over thousands of them, in groups of a few
        clicks += place.clicks
        impressions += place.impressions
        views += place.views
        in_bio = in_bio and place.in_bio
        posts += is_post(place.place_id)
        if place.place_id in ELSEWHERE:
            imported += place.clicks
        if place.rate is not None:
            rates.append(place.rate)
        if place.by_views is not None:
            viewed.append(place.by_views)
        if place.engagement is not None:
            engagements.append(place.engagement)
    return Tally(
        clicks=clicks,
        impressions=impressions,
        ctr=summed(rates),
        views=views,
        by_views=summed(viewed),
        engagement=pooled(engagements, IMPRESSIONS, posts) or pooled(engagements, VIEWS, posts),
        in_bio=in_bio,
        rated=len(rates) or len(viewed),
        places=places_of(places),
        imported=imported,
    )


def by_link(places: Iterable[PlaceSummary]) -> dict[int, Tally]:
    """Link id -> the sum over its bare address, its profile place and its posts."""
    return grouped(places, lambda place: place.link_id)


def by_post(places: Iterable[PlaceSummary]) -> dict[int, Tally]:
    """Post id -> its numbers, those at a link that it carried before too."""
    return grouped(places, lambda place: place.place_id if is_post(place.place_id) else None)


def most_clicks(tallies: Mapping[int, Tally]) -> list[int]:
    """Ids with traffic, most clicks first; impressions, views, then the older id, break ties."""
    order = sorted(tallies, key=lambda id_: (-tallies[id_].clicks, -tallies[id_].impressions, -tallies[id_].views, id_))
    return [id_ for id_ in order if tallies[id_].clicks or tallies[id_].impressions or tallies[id_].views]


def most_impressions(tallies: Mapping[int, Tally]) -> list[int]:
    """Ids with impressions, the most first; clicks, then the older id, break ties."""
    order = sorted(tallies, key=lambda id_: (-tallies[id_].impressions, -tallies[id_].clicks, id_))
    return [id_ for id_ in order if tallies[id_].impressions > 0]


def most_views(tallies: Mapping[int, Tally]) -> list[int]:
    """Ids with reported views, the most first; clicks, then the older id, break ties."""
    order = sorted(tallies, key=lambda id_: (-tallies[id_].views, -tallies[id_].clicks, id_))
    return [id_ for id_ in order if tallies[id_].views > 0]


def surest(*groups: Mapping[int, Rate | None]) -> tuple[list[int], set[int]]:
    """Ids by the lower end of their rates' intervals, and those among them that it is too early to rank.

    Rates of one group are not compared with another's, since what they are formed by differs: the groups follow one
    another, each surest first, and behind them all that is too early.
    """
    ranked = [rank(group) for group in groups]
    early = [id_ for ranking in ranked for id_ in ranking.too_early]
    return [*(id_ for ranking in ranked for id_ in ranking.order), *early], set(early)


def by_ctr(tallies: Mapping[int, Tally]) -> tuple[list[int], set[int]]:
    """`surest` by CTR, then by clicks of views where there is no CTR; what has no clicks of its own is left out."""
    return surest(
        {id_: tally.ctr for id_, tally in tallies.items()},
        {id_: tally.by_views for id_, tally in tallies.items() if tally.ctr is None},
    )


def by_engagement(tallies: Mapping[int, Tally]) -> tuple[list[int], set[int]]:
    """`surest` by engagement rate: first those by impressions, then those by views."""
    known = {id_: tally.engagement for id_, tally in tallies.items() if tally.engagement is not None}
    return surest(*({id_: one.rate for id_, one in known.items() if one.by == by} for by in (IMPRESSIONS, VIEWS)))


def most_resonant(tallies: Mapping[int, Tally]) -> Ranking:
    """The ranking by CTR, whose best one resonates most."""
    return rank({id_: tally.ctr for id_, tally in tallies.items()})
