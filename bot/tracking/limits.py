"""What a browser or a network may do again, and how fast: bounded memory, time handed in, nothing kept on disk.

`now` is in seconds of a clock that never goes back. Keys stand for networks and browsers under a key of this process's
own (`keyed_hash`), so that what is remembered names nobody.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

REMEMBERED = 32_768
"""Entries that a table holds at most; the ones not touched for longest are forgotten first. All tables of `networks`
take some 50 MiB when they are full of networks that came several times, and 10 when each came once."""

_KEY = secrets.token_hex(16)

V = TypeVar("V")


def keyed_hash(text: str) -> int:
    """What a network is remembered as: Python's SipHash, whose key is new in each process, behind a secret of ours."""
    return hash(_KEY + text)


class Aging(Generic[V]):
    """Values by key: one not put again for `seconds` is gone before twice that, and never are there over `most`.

    There are two halves, and now and then the younger one becomes the older one: that takes no order and no clean-up.
    """

    def __init__(self, seconds: float, most: int = REMEMBERED) -> None:
        self._seconds = seconds
        self._half = most // 2
        self._young: dict[Hashable, V] = {}
        self._old: dict[Hashable, V] = {}
        self._until = 0.0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: Hashable, now: float) -> V | None:
        if now >= self._until:
            self._turn(now)
        value = self._young.get(key)
        return self._old.get(key) if value is None else value

    def put(self, key: Hashable, value: V, now: float) -> None:
        if now >= self._until or len(self._young) >= self._half:
            self._turn(now)
        self._young[key] = value

    def _turn(self, now: float) -> None:
        self._old = self._young if now < self._until + self._seconds else {}
        self._young = {}
        self._until = now + self._seconds


class Repeats:
    """Tells a browser's second click on an address from the first, within a window of seconds; 0 finds none."""

    def __init__(self, window: float) -> None:
        self._window = window
        self._counted: Aging[float] = Aging(window)

    def is_repeat(self, key: Hashable, now: float) -> bool:
        """Whether `key` was counted less than the window ago; if not, it counts now."""
        before = self._counted.get(key, now)
        if before is not None and now - before < self._window:
            return True
        self._counted.put(key, now, now)
        return False


class Crowds:
    """Tells networks that many people share from those of a few: by how many different browsers come from them."""

    def __init__(self, browsers: int, seconds: float) -> None:
        self._others = browsers - 1
        self._seconds = seconds
        self._seen: Aging[tuple[tuple[int, float], ...]] = Aging(seconds)

    def is_crowd(self, network: int, browser: int, now: float) -> bool:
        """Whether so many browsers, with this one, came from the network in the last so many seconds."""
        seen = self._seen.get(network, now)
        if seen is None:
            self._seen.put(network, ((browser, now),), now)
            return False
        others = [one for one in seen if one[0] != browser and now - one[1] < self._seconds][-self._others :]
        self._seen.put(network, (*others, (browser, now)), now)
        return len(others) == self._others


class Distinct:
    """Lets the first `limit` different values of each key through: whoever makes values up fills no table.

    What is remembered of a value is its hash, of at most `most` in all: the key seen first is forgotten first.
    """

    def __init__(self, limit: int, most: int) -> None:
        self._limit = limit
        self._most = most
        self._held = 0
        self._values: OrderedDict[Hashable, set[int]] = OrderedDict()

    def allows(self, key: Hashable, value: str) -> bool:
        """Whether the value is one of those; if there is room, it becomes one."""
        values, hashed = self._values.setdefault(key, set()), hash(value)
        if hashed in values:
            return True
        if len(values) >= self._limit:
            return False
        values.add(hashed)
        self._held += 1
        while self._held > self._most:
            self._held -= len(self._values.popitem(last=False)[1])
        return True


class Buckets:
    """A token bucket for each key: `burst` at once, `per_second` on average.

    What is kept of a bucket is the moment at which it is full again: the generic cell rate algorithm (ITU-T I.371).
    """

    def __init__(self, burst: int, per_second: float) -> None:
        self._token = 1 / per_second
        self._all = burst * self._token + 1e-6
        """Seconds that it takes to fill, with a margin for the rounding of sums."""
        self._full_at: Aging[float] = Aging(self._all)

    def take(self, key: Hashable, now: float) -> bool:
        """Whether there is a token left for `key`."""
        full_at = max(self._full_at.get(key, now) or now, now) + self._token
        if full_at - now > self._all:
            return False
        self._full_at.put(key, full_at, now)
        return True

    def seconds_left(self, key: Hashable, now: float) -> float:
        """How long it is until there is a token for `key`; 0 while there is one."""
        full_at = max(self._full_at.get(key, now) or now, now) + self._token
        return max(full_at - now - self._all, 0.0)


class Pace:
    """For each key at most `most` within any `seconds`, and `burst + 3600 * per_second` within any hour.

    The first counts in spans of so many seconds, of which no two neighbours hold more: so a crowd that comes at once is
    taken whole, as it would not be by a bucket that lasts an hour. The second is a bucket (`Buckets`).
    """

    def __init__(self, most: int, seconds: float, burst: int, per_second: float) -> None:
        self._most = most
        self._seconds = seconds
        self._token = 1 / per_second
        self._all = burst * self._token + 1e-6
        self._taken: Aging[tuple[int, int, int, float]] = Aging(max(2 * seconds, self._all))
        """The span of the last one taken, how many in it and in the one before, and when the bucket is full again."""

    def take(self, key: Hashable, now: float) -> bool:
        """Whether `key` may have one more."""
        span, count, before, full_at = self._taken.get(key, now) or (0, 0, 0, now)
        current = int(now / self._seconds)
        if current != span:
            count, before = 0, count if current == span + 1 else 0
        full_at = max(full_at, now) + self._token
        if count + before >= self._most or full_at - now > self._all:
            return False
        self._taken.put(key, (current, count + 1, before, full_at), now)
        return True


class Tally:
    """Counts by key, each forgotten when nothing was added to it for `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._counts: Aging[int] = Aging(seconds)

    def of(self, key: Hashable, now: float) -> int:
        return self._counts.get(key, now) or 0

    def add(self, key: Hashable, now: float) -> int:
        """One more; returns how many that makes."""
        count = self.of(key, now) + 1
        self._counts.put(key, count, now)
        return count
