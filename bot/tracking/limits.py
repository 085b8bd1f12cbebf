"""What a visitor may do again, and how fast: bounded memory, time handed in, nothing kept on disk."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Hashable

REMEMBERED = 100_000
"""Visitors that are remembered at most; the ones not seen for longest are forgotten first."""


class Repeats:
    """Tells a visitor's second click on an address from the first, within a window of time."""

    def __init__(self, window: dt.timedelta) -> None:
        self._window = window
        self._counted: OrderedDict[Hashable, dt.datetime] = OrderedDict()

    def knows(self, key: Hashable, now: dt.datetime) -> bool:
        """Whether `key` was counted less than the window ago."""
        before = self._counted.get(key)
        return before is not None and before <= now < before + self._window

    def is_repeat(self, key: Hashable, now: dt.datetime) -> bool:
        """Whether `key` was counted less than the window ago; if not, it counts now. A window of 0 finds none."""
        if self.knows(key, now):
            return True
        self._counted[key] = now
        self._counted.move_to_end(key)
        if len(self._counted) > REMEMBERED:
            self._counted.popitem(last=False)
        return False


class Distinct:
    """Lets the first `limit` different values of each key through: whoever makes values up fills no table."""

    def __init__(self, limit: int, keys: int) -> None:
        self._limit = limit
        self._keys = keys
        self._values: OrderedDict[Hashable, set[str]] = OrderedDict()

    def allows(self, key: Hashable, value: str) -> bool:
        """Whether the value is one of those; if there is room, it becomes one."""
        values = self._values.get(key)
        if values is None:
            values = self._values[key] = set()
            while len(self._values) > self._keys:
                self._values.popitem(last=False)
        if value not in values:
            if len(values) >= self._limit:
                return False
            values.add(value)
        return True


class Buckets:
    """A token bucket for each key: `burst` at once, `per_second` on average.

    What is kept of a bucket is the moment at which it is full again: the generic cell rate algorithm (ITU-T I.371).
    """

    def __init__(self, burst: int, per_second: float) -> None:
        self._token = 1 / per_second
        self._all = burst * self._token + 1e-6
        """Seconds that it takes to fill, with a margin for the rounding of sums."""
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()

    def take(self, key: Hashable, now: float) -> bool:
        """Whether there is a token left for `key` at `now` (seconds of a clock that never goes back)."""
        before = self._full_at.get(key)
        full_at = (now if before is None or before < now else before) + self._token
        if full_at - now > self._all:
            return False
        self._full_at[key] = full_at
        if before is not None:
            self._full_at.move_to_end(key)
        elif len(self._full_at) > REMEMBERED:
            self._full_at.popitem(last=False)
        return True

    def seconds_left(self, key: Hashable, now: float) -> float:
        """How long it is until there is a token for `key`; 0 while there is one."""
        full_at = max(self._full_at.get(key) or now, now) + self._token
        return max(full_at - now - self._all, 0.0)
