"""Ids made in the application: 63 bits, ordered by time, so that no engine's sequence is needed."""

from __future__ import annotations

import secrets
import threading
import time

_EPOCH_MS = 1_735_689_600_000  # 2025-01-01T00:00:00Z
_RANDOM_BITS = 20


class Ids:
    """Makes ids: 42 bits of milliseconds since 2025, then 20 random bits; strictly rising within one process."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def new(self) -> int:
        fresh = (int(time.time() * 1000) - _EPOCH_MS) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        with self._lock:
            self._last = max(fresh, self._last + 1)
            return self._last
