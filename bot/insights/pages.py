"""A profile page's numbers: which link and which place on it people see and click, and how soon. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.insights.rates import Rate
from storage.records import AudienceCount, Dimension, Kind


@dataclass(frozen=True, slots=True)
class Spot:
    """A link on the page, or a position of it: how often it was seen or displayed, and clicked."""

    viewable: int
    displayed: int
    """Without JavaScript, nothing tells whether it was seen."""
    clicks: int

    @property
    def impressions(self) -> int:
        return self.viewable + self.displayed

    @property
    def rate(self) -> Rate | None:
        """None before anything was shown."""
        return Rate(self.clicks, self.impressions) if self.impressions else None


def spots(counts: Mapping[int, Iterable[AudienceCount]]) -> tuple[dict[int, Spot], dict[int, Spot]]:
    """By link id and by position, from what is known of each link's hits by position."""
    by_link: dict[int, Counter[Kind]] = {}
    by_position: dict[int, Counter[Kind]] = {}
    for link_id, items in counts.items():
        for item in items:
            if item.dimension is Dimension.POSITION:
                by_link.setdefault(link_id, Counter())[item.kind] += item.count
                by_position.setdefault(int(item.value), Counter())[item.kind] += item.count
    return _spots(by_link), _spots(by_position)


def _spots(found: Mapping[int, Counter[Kind]]) -> dict[int, Spot]:
    return {
        key: Spot(kinds[Kind.VIEWABLE], kinds[Kind.IMPRESSION], kinds[Kind.CLICK])
        for key, kinds in sorted(found.items())
    }


def delays(counts: Iterable[AudienceCount]) -> dict[int, int]:
    """Clicks by the seconds at which their class of time to click begins, in order."""
    found: Counter[int] = Counter()
    for item in counts:
        if item.dimension is Dimension.DELAY:
            found[int(item.value)] += item.count
    return dict(sorted(found.items()))


def median_class(found: Mapping[int, int]) -> int | None:
    """The class that the middle click lies in; None without clicks."""
    total, below = sum(found.values()), 0
    for start, count in sorted(found.items()):
        below += count
        if 2 * below >= total > 0:
            return start
    return None
