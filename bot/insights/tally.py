"""What each link or post did, for rankings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.insights.ranking import rank
from bot.insights.rates import Rate
from bot.insights.summary import PlaceSummary
from storage.records import ELSEWHERE


@dataclass(frozen=True, slots=True)
class Tally:
    """A link's or a post's numbers in a period; `ctr` only over places with both sides known."""

    clicks: int
    impressions: int
    ctr: Rate | None
    imported: int = 0
    """How many of the clicks were counted elsewhere."""


def by_link(places: Iterable[PlaceSummary]) -> dict[int, Tally]:
    """Link id -> the sum over its bare address, its profile place and its posts."""
    totals: dict[int, list[int]] = {}
    for place in places:
        if place.link_id is None:
            continue
        total = totals.setdefault(place.link_id, [0, 0, 0, 0, 0])
        total[0] += place.clicks
        total[1] += place.impressions
        if place.rate is not None:
            total[2] += place.rate.clicks
            total[3] += place.rate.impressions
        total[4] += place.clicks if place.place_id in ELSEWHERE else 0
    return {
        link_id: Tally(clicks, impressions, Rate(known, shown) if shown > 0 else None, imported)
        for link_id, (clicks, impressions, known, shown, imported) in totals.items()
    }


def by_post(places: Iterable[PlaceSummary], is_post: Callable[[int], bool]) -> dict[int, Tally]:
    """Post id -> its numbers."""
    return {
        place.place_id: Tally(place.clicks, place.impressions, place.rate)
        for place in places
        if is_post(place.place_id)
    }


def most_clicks(tallies: Mapping[int, Tally]) -> list[int]:
    """Ids with traffic, most clicks first; impressions, then the older id, break ties."""
    order = sorted(tallies, key=lambda id_: (-tallies[id_].clicks, -tallies[id_].impressions, id_))
    return [id_ for id_ in order if tallies[id_].clicks or tallies[id_].impressions]


def most_impressions(tallies: Mapping[int, Tally]) -> list[int]:
    """Ids with impressions, the most first; clicks, then the older id, break ties."""
    order = sorted(tallies, key=lambda id_: (-tallies[id_].impressions, -tallies[id_].clicks, id_))
    return [id_ for id_ in order if tallies[id_].impressions > 0]


def most_resonant(tallies: Mapping[int, Tally]) -> int | None:
    """The id whose CTR is surely the highest; None while it is too early to call."""
    return rank({id_: tally.ctr for id_, tally in tallies.items()}).best
