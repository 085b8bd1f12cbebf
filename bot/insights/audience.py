"""Where people's hits come from, as shares. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from storage.records import AudienceCount, Dimension, Kind

DIRECT = "direct"
"""The source of who typed the address, scanned it, or came from an app that does not say so."""


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
