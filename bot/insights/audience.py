"""Where people's hits come from, as shares. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from storage.records import AudienceCount, Dimension, Kind

DIRECT = "direct"
"""The source of who typed the address, scanned it, or came from an app that does not say so."""
OPTED_OUT, CROWD = "opted_out", "crowd"
"""Why a click's visitor can't be told from others: they asked not to be tracked, or so many were behind their network
that day that several may have had one and the same browser."""
MANY, PART = 10, 5
"""From how many clicks of crowds on, and beyond which part of all, unique clicks are a lower bound."""


@dataclass(frozen=True, slots=True)
class Shares:
    """The most frequent values of a dimension, most frequent first, out of `total` hits of which the value is known."""

    top: tuple[tuple[str, int], ...]
    total: int

    @property
    def rest(self) -> int:
        """Hits with other values."""
        return self.total - sum(count for _value, count in self.top)


def shares(counts: Iterable[AudienceCount], dimension: Dimension, kind: Kind, most: int) -> Shares:
    """Up to `most` values; ties in alphabetical order."""
    counter: Counter[str] = Counter()
    for item in counts:
        if item.dimension is dimension and item.kind.metric is kind:
            counter[item.value] += item.count
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return Shares(tuple(ranked[:most]), counter.total())


def opted_out(counts: Iterable[AudienceCount]) -> int:
    """The clicks of those who asked not to be tracked: none of them is a unique one."""
    return _clicks(counts, OPTED_OUT)


def uniques_are_least(counts: Iterable[AudienceCount], clicks: int) -> bool:
    """Whether there were more visitors than unique clicks: over a fifth of the clicks, and at least 10, are crowds'."""
    crowd = _clicks(counts, CROWD)
    return crowd >= MANY and crowd * PART > clicks


def _clicks(counts: Iterable[AudienceCount], why: str) -> int:
    return dict(shares(counts, Dimension.ANONYMITY, Kind.CLICK, 2).top).get(why, 0)
