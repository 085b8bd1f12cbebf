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
        if key in self._counted:
            if self.knows(key, now):
                return True
            self._counted.move_to_end(key)
        self._counted[key] = now
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
    """A token bucket for each key: `burst` at once, `per_second` on average."""

    def __init__(self, burst: int, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, now: float) -> bool:
        """Whether there is a token left for `key` at `now` (seconds of a clock that never goes back)."""
        if (bucket := self._buckets.get(key)) is None:
            self._buckets[key] = (self._burst - 1.0, now)
            if len(self._buckets) > REMEMBERED:
                self._buckets.popitem(last=False)
            return True
        tokens, before = bucket
        tokens = min(self._burst, tokens + (now - before) * self._per_second)
        self._buckets[key] = (tokens - 1 if tokens >= 1 else tokens, now)
        self._buckets.move_to_end(key)
        return tokens >= 1
