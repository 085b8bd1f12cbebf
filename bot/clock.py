"""The application's clock: it is handed in, so that tests can hold and move it."""

from __future__ import annotations

import datetime as dt
from time import monotonic, time
from typing import Protocol


class Clock(Protocol):
    def now(self) -> dt.datetime:
        """The current instant, aware, in UTC."""
        ...

    def timestamp(self) -> float:
        """The current instant in seconds since 1970."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, whatever happens to the instant; only differences between them say anything."""
        ...


_monotonic = monotonic
"""Taken at import: the demo's simulated Discord replaces `time.monotonic` while the bot answers."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def timestamp(self) -> float:
        return time()

    def monotonic(self) -> float:
        return _monotonic()


class FixedClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: dt.datetime) -> None:
        self._now = now.astimezone(dt.UTC)
        self._seconds = 1_000.0

    def now(self) -> dt.datetime:
        return self._now

    def timestamp(self) -> float:
        return self._now.timestamp()

    def monotonic(self) -> float:
        return self._seconds

    def move(self, **delta: float) -> None:
        """Let time pass, by a timedelta's keywords: `days=7`."""
        self.leap(**delta)
        self._seconds += dt.timedelta(**delta).total_seconds()

    def leap(self, **delta: float) -> None:
        """Set the instant, though no time has passed."""
        self._now += dt.timedelta(**delta)
