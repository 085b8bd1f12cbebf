"""Whether the machine's clock is believed: one pure rule, and the clocks that everything else goes by.

A wall clock can be set. Against a monotonic one, and after a start against the last instant that the database knows,
such a leap is seen. It is believed once it has held for an hour, or at once where a clock elsewhere says the same, and
it is over as soon as the clock is right again.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from bot.clock import Clock
from storage import meta
from storage.database import Database, Writer
from storage.meta import CLOCK_AT, CLOCK_LEAP

TOLERANCE = 5.0
"""Seconds by which a clock may be put right at once: nothing that is done hangs on them."""
HELD = 3600.0
"""For so many seconds a leap must hold to be believed; nobody doubts a downtime that was no longer."""
AGREES = 60.0
"""Seconds by which a clock elsewhere may differ, whose word was under way."""
REMEMBERED = 30 * 3600.0
"""For so many seconds more, the time before the leap is remembered: a clock wrong for a day comes back to it."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Trust:
    """What is believed of a wall clock. Offsets are its seconds since 1970 minus the monotonic ones."""

    low: float
    high: float
    """The offset lies between the two; they are the same unless nobody knows how long Eyeballs was down."""
    before: tuple[tuple[float, float], ...] = ()
    """(offset, until when, monotonic, it is remembered) of what was believed before, the oldest first."""
    leap: float | None = None
    """The offset that the clock shows and that is not believed."""
    since: float = 0.0
    """Since when, monotonic."""

    @property
    def is_exact(self) -> bool:
        return self.low == self.high


def begun(last: float | None, wall: float, monotonic: float) -> Trust:
    """What is believed at a start; `last` is the latest wall time that was believed, None where there never was one."""
    if last is None:
        return Trust(wall - monotonic, wall - monotonic)
    return judged(Trust(last - monotonic, last + HELD - monotonic), wall, monotonic)


def judged(known: Trust, wall: float, monotonic: float) -> Trust:
    """What is believed once the clocks show this."""
    offset = wall - monotonic
    before = tuple(one for one in known.before if one[1] > monotonic)
    if known.low - TOLERANCE <= offset <= known.high + TOLERANCE:
        return Trust(offset, offset, before)
    for n, (old, _until) in enumerate(before):
        if abs(offset - old) <= TOLERANCE:  # right again: what was believed since was not
            return Trust(offset, offset, before[:n])
    if known.leap is None or abs(offset - known.leap) > TOLERANCE:
        return replace(known, before=before, leap=offset, since=monotonic)
    if monotonic - known.since < HELD:
        return replace(known, before=before)
    return _accepted(replace(known, before=before), offset, monotonic)


def _accepted(known: Trust, offset: float, monotonic: float) -> Trust:
    before = known.before
    if known.is_exact:
        before += ((known.low, monotonic + REMEMBERED),)
    return Trust(offset, offset, before)


def confirmed(known: Trust, wall: float, monotonic: float, elsewhere: float) -> Trust:
    """What is believed once a clock elsewhere shows this: a leap to the same time, as if it had held for an hour."""
    if known.leap is None or abs(wall - elsewhere) > AGREES:
        return known
    return _accepted(known, wall - monotonic, monotonic)


class _View:
    """A clock that goes by one of the offsets which are believed, or were lately."""

    def __init__(self, watch: Watch, pick: Callable[[list[float]], float]) -> None:
        self._watch = watch
        self._pick = pick

    def _correction(self) -> float:
        offset, believed = self._watch.offsets()
        return self._pick(believed) - offset

    def now(self) -> dt.datetime:
        if self._watch.is_plain():
            return self._watch.wall.now()
        return self._watch.wall.now() + dt.timedelta(seconds=self._correction())

    def timestamp(self) -> float:
        if self._watch.is_plain():
            return self._watch.wall.timestamp()
        return self._watch.wall.timestamp() + self._correction()

    def monotonic(self) -> float:
        return self._watch.wall.monotonic()


class Watch:
    """Watches a wall clock, and gives out clocks that a leap doesn't reach before it is believed.

    `clock` is what is written down and shown. Jobs go by `jobs`, which follows a leap only when the time before it is
    remembered no longer: a clock that was wrong for a day has made no digest early and no alert old. What is deleted
    goes by `earliest`, so that it is old by everything that was believed lately, and ids by `latest`.
    """

    def __init__(self, wall: Clock, last: dt.datetime | None = None) -> None:
        self.wall = wall
        self.clock = _View(self, lambda believed: believed[-1])
        self.jobs = _View(self, lambda believed: believed[0])
        self.earliest = _View(self, min)
        self.latest = _View(self, max)
        first = wall.timestamp()
        self._timestamp, self._monotonic = wall.timestamp, wall.monotonic
        self._believe(begun(last and last.timestamp(), first, wall.monotonic()))
        if self._trust.leap is not None and last is not None:
            log.warning(_LEAPT, seconds=round(first - last.timestamp()), last_known=last.isoformat())

    @classmethod
    async def begin(cls, wall: Clock, db: Database) -> Watch:
        """Watch from now on; the database tells which time was the last one believed."""
        async with db.read() as conn:
            last = await meta.get(conn, CLOCK_AT)
        return cls(wall, None if last is None else dt.datetime.fromisoformat(last))

    def _believe(self, trust: Trust) -> None:
        self._trust = trust
        self._plain = math.nan if trust.leap is not None or trust.before else trust.low

    def is_plain(self) -> bool:
        """Whether there is nothing but the clock to believe; asked with every hit, so it is quick."""
        return -TOLERANCE <= self._timestamp() - self._monotonic() - self._plain <= TOLERANCE

    def offsets(self) -> tuple[float, list[float]]:
        """The wall clock's offset, and those that are believed: remembered ones first, the present one last."""
        wall, monotonic = self.wall.timestamp(), self.wall.monotonic()
        offset = wall - monotonic
        if self.is_plain():
            return offset, [offset]
        trust = self._judge(wall, monotonic)
        # After a downtime of nobody knows how long, no other time than the clock's is known.
        present = trust.low if trust.leap is not None and trust.is_exact else offset
        return offset, [*(old for old, _until in trust.before), present]

    def _judge(self, wall: float, monotonic: float) -> Trust:
        known = self._trust
        self._believe(judged(known, wall, monotonic))
        if (leap := self._trust.leap) is None:
            if known.leap is not None:
                is_held = abs(self._trust.low - known.leap) <= TOLERANCE
                log.warning("the clock is believed again" if is_held else "the clock is right again")
        elif leap != known.leap:
            log.warning(_LEAPT, seconds=self.leap_seconds)
        return self._trust

    def confirm(self, elsewhere: float) -> None:
        """A clock elsewhere that is right shows this, in seconds since 1970."""
        wall, monotonic = self.wall.timestamp(), self.wall.monotonic()
        known = self._judge(wall, monotonic)
        self._believe(confirmed(known, wall, monotonic, elsewhere))
        if known.leap is not None and self._trust.leap is None:
            log.info("the clock is believed: Discord's shows the same")

    @property
    def leap_seconds(self) -> int:
        """By how much the clock is ahead of what is believed (behind, if negative); 0 while it is believed."""
        trust = self._trust
        if trust.leap is None:
            return 0
        return round(trust.leap - (trust.high if trust.leap > trust.high else trust.low))

    def is_trusted(self) -> bool:
        """Whether jobs may do their work: nothing is deleted, closed, skipped or posted in a time not believed."""
        self.offsets()
        return self._trust.leap is None

    def is_settled(self) -> bool:
        """Whether the clock is believed, and no other one was lately."""
        return self.is_trusted() and not self._trust.before

    async def note(self, db: Database) -> None:
        """Follow the clock's small corrections, and have the database know the time that is believed."""
        self._judge(self.wall.timestamp(), self.wall.monotonic())
        leap, now = self.leap_seconds, self.clock.now()

        def work(writer: Writer) -> None:
            with writer.begin() as conn:
                meta.write(conn, CLOCK_LEAP, str(leap))
                if self._trust.leap is None:
                    meta.write(conn, CLOCK_AT, now.isoformat())

        await db.write_quietly(work)


_LEAPT = "the clock leapt; jobs wait until it is right again, Discord's shows the same, or an hour is over"
