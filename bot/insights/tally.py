"""What each link, post or group of posts did, for rankings."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from bot.insights.noise import Dispersion
from bot.insights.ranking import Ranking, rank
from bot.insights.rates import Rate
from bot.insights.summary import Engagement, Part, PlaceSummary, parts_of, places_of, pooled, summed, varying
from storage.records import ELSEWHERE, is_post, plain

K = TypeVar("K")


@plain
class Tally:
    """Numbers in a period of a link, a post or a group; `ctr` only over places with both sides known."""

    clicks: int
    displays: int
    ctr: Rate | None
    parts: Sequence[Part] = ()
    """The displays by what they are called."""
    is_estimate: bool = False
    """Whether a part of the displays was shared out between two readings."""
    engagement: Engagement | None = None
    in_bio: bool = False
    """Whether all of it are posts without clicks of their own."""
    rated: int = 0
    """Places that `ctr` is formed over."""
    places: int = 1
    imported: int = 0
    """How many of the clicks were counted elsewhere."""

    def varying(self, noise: Dispersion) -> Tally:
        """The same, where what is clicked varies so."""
        return dataclasses.replace(self, ctr=varying(self.ctr, noise), engagement=varying(self.engagement, noise))


def grouped(places: Iterable[PlaceSummary], key: Callable[[PlaceSummary], K | None]) -> dict[K, Tally]:
    """The sums over places with the same key; those whose key is None are left out."""
    found: dict[K, list[PlaceSummary]] = defaultdict(list)
    for place in places:
        if (name := key(place)) is not None:
            found[name].append(place)
    return {name: _tally(group) for name, group in found.items()}


def _tally(places: list[PlaceSummary]) -> Tally:
    clicks = displays = imported = 0
    posts: set[int] = set()
    in_bio, is_estimate = True, False
    rates: list[Rate] = []
    engagements: list[Engagement] = []
    for place in places:  # once over thousands of them, in groups of a few
        clicks += place.clicks
        displays += place.displays
        in_bio = in_bio and place.in_bio
        is_estimate = is_estimate or place.is_estimate
        if is_post(place.place_id):
            posts.add(place.place_id)
        if place.place_id in ELSEWHERE:
            imported += place.clicks
        if place.rate is not None:
            rates.append(place.rate)
        if place.engagement is not None:
            engagements.append(place.engagement)
    return Tally(
        clicks=clicks,
        displays=displays,
        ctr=summed(rates),
        parts=parts_of(places),
        is_estimate=is_estimate,
        engagement=pooled(engagements, len(posts)),
        in_bio=in_bio,
        rated=len(rates),
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
    """Ids with traffic, most clicks first; displays, then the older id, break ties."""
    order = sorted(tallies, key=lambda id_: (-tallies[id_].clicks, -tallies[id_].displays, id_))
    return [id_ for id_ in order if tallies[id_].clicks or tallies[id_].displays]


def most_displays(tallies: Mapping[int, Tally]) -> list[int]:
    """Ids with displays, the most first; clicks, then the older id, break ties."""
    order = sorted(tallies, key=lambda id_: (-tallies[id_].displays, -tallies[id_].clicks, id_))
    return [id_ for id_ in order if tallies[id_].displays > 0]


def by_ctr(tallies: Mapping[int, Tally]) -> Ranking:
    """The ranking by CTR, whose best one resonates most; what has no clicks of its own is left out."""
    return rank({id_: tally.ctr for id_, tally in tallies.items()})


def by_engagement(tallies: Mapping[int, Tally]) -> Ranking:
    """The ranking by engagement rate."""
    return rank({id_: tally.engagement and tally.engagement.rate for id_, tally in tallies.items()})
