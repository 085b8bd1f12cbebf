"""Ids made in the application: 63 bits, ordered by time, so that no engine's sequence is needed."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Callable

_EPOCH_MS = 1_735_689_600_000  # 2025-01-01T00:00:00Z
_RANDOM_BITS = 20
_MOMENT_MS = 60_000


def floor(at: dt.datetime) -> int:
    """No id made at `at` or later is smaller."""
    return max(0, int(at.timestamp() * 1000) - _EPOCH_MS) << _RANDOM_BITS


def made_at(id_: int) -> dt.datetime:
    """About when an id was made."""
    return dt.datetime.fromtimestamp(((id_ >> _RANDOM_BITS) + _EPOCH_MS) / 1000, dt.UTC)


class Ids:
    """Makes ids: 42 bits of milliseconds since 2025, then 20 bits, random for the first one of each millisecond.

    Strictly rising within one process, unless the clock was ahead by more than a moment and came back.

    `now` gives seconds since 1970.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._random = random.Random()  # seeded by the system; an id is no secret
        self._at, self._next = 0, 1
        """The millisecond that ids were last asked for in, and the next one."""
        self._lock = threading.Lock()

    def new(self) -> int:
        return self._take(1)

    def several(self, n: int) -> range:
        """So many ids, one after the other, at once."""
        first = self._take(n)
        return range(first, first + n)

    def _take(self, n: int) -> int:
        """The first of so many."""
        at = int(self._now() * 1000) - _EPOCH_MS
        with self._lock:
            is_back = at < self._at - _MOMENT_MS
            if at > self._at or is_back:
                fresh = at << _RANDOM_BITS | self._random.getrandbits(_RANDOM_BITS)
                # Many at once reach into later milliseconds.
                self._at, self._next = at, fresh if is_back else max(self._next, fresh)
            first = self._next
            self._next += n
            return first
