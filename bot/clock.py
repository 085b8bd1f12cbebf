"""The application's clock: it is handed in, so that tests can hold and move it."""

from __future__ import annotations

import datetime as dt
import time
from typing import Protocol


class Clock(Protocol):
    def now(self) -> dt.datetime:
        """The current instant, aware, in UTC."""
        ...

    def timestamp(self) -> float:
        """The current instant in seconds since 1970."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def timestamp(self) -> float:
        return time.time()


class FixedClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: dt.datetime) -> None:
        self._now = now.astimezone(dt.UTC)

    def now(self) -> dt.datetime:
        return self._now

    def timestamp(self) -> float:
        return self._now.timestamp()

    def move(self, **delta: float) -> None:
        """Move by a timedelta's keywords, `days=7`."""
        self._now += dt.timedelta(**delta)
