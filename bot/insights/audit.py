"""The balance of all requests: what was counted, what was set aside, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from storage.records import AsideCount, SharedCount

MANY, PART = 50, 5
"""From how many clicks on, and beyond which part of a link's of a day, those of one network are told."""


@dataclass(frozen=True, slots=True)
class Audit:
    """Every request to some links in a period, accounted for once."""

    clicks: int
    impressions: int
    aside: tuple[tuple[str, int], ...]
    """(reason, count), the most frequent first."""
    previews: tuple[tuple[str, int], ...]
    """(unfurler, count) of the previews among them, the most frequent first."""

    @property
    def requests(self) -> int:
        return self.clicks + self.impressions + sum(count for _reason, count in self.aside)


def audit(clicks: int, impressions: int, set_aside: Iterable[AsideCount]) -> Audit:
    """Draw up the balance; `impressions` are the measured ones, since nobody requested the reported ones here."""
    reasons: Counter[str] = Counter()
    agents: Counter[str] = Counter()
    for item in set_aside:
        reasons[item.reason] += item.count
        if item.agent:
            agents[item.agent] += item.count
    return Audit(clicks, impressions, _ranked(reasons), _ranked(agents))


def through_one(counts: Iterable[SharedCount]) -> list[SharedCount]:
    """The days of links on which over a fifth of the clicks, and at least 50, came from one network; most first."""
    notable = [one for one in counts if one.shared >= MANY and one.shared * PART > one.clicks]
    return sorted(notable, key=lambda one: (-one.shared, one.day, one.link_id))


def _ranked(counter: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counter.items(), key=lambda item: (-item[1], item[0])))
