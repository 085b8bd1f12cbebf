"""How a deal stands against its promise, along a straight line from its first to its last day. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

from bot.insights.periods import Period, local_day
from bot.texts import _, day, number, percent

ON_PACE = Fraction(1, 100)
"""Less than this off the line is on it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`reached` of `promised`, where `expected` would lie on the line by now; `days_left` from today on, today too."""

    promised: int
    reached: int
    expected: Fraction
    days_left: int
    starts: dt.date | None = None
    """Where the deal has not begun."""

    @property
    def off(self) -> Fraction | None:
        """How far ahead of the line (0.08) or behind it (-0.08); None before there is a line."""
        return None if self.expected <= 0 else self.reached / self.expected - 1

    @property
    def needed(self) -> int:
        """How many a day keep the promise from now on; 0 where it is kept, or over."""
        rest = self.promised - self.reached
        return -(-rest // self.days_left) if rest > 0 and self.days_left else 0


def pace(promised: int, reached: int, period: Period, now: dt.datetime) -> Pace:
    """Of a promise over the days of `period`, at `now`."""
    passed = min(max(now - period.start_at, dt.timedelta()), period.end_at - period.start_at)
    expected = promised * Fraction(passed // dt.timedelta(seconds=1), _seconds(period))
    today = local_day(now, period.zone)
    return Pace(
        promised=promised,
        reached=reached,
        expected=expected,
        days_left=max(0, (period.end - max(today, period.first)).days),
        starts=period.first if now < period.start_at else None,
    )


def _seconds(period: Period) -> int:
    return (period.end_at - period.start_at) // dt.timedelta(seconds=1)


def line(period: Period, found: Pace, days: int) -> tuple[int, ...]:
    """What the straight line asks for by the end of each of the first `days` days, or by now."""
    by_day = (Fraction(found.promised * n, period.length) for n in range(1, days + 1))
    return tuple(round(min(expected, found.expected)) for expected in by_day)


def words(found: Pace) -> str:
    """ "behind by 8%, 3,100 a day needed", "on pace", "promise kept"."""
    if found.starts is not None:
        return _("starts on {date}").format(date=day(found.starts, year=True))
    if found.reached >= found.promised:
        return _("promise kept")
    if not found.days_left:
        short = found.promised - found.reached
        return _("over, {n} short of the promise").format(n=number(short))
    needed = _("{n} a day needed").format(n=number(found.needed))
    off = found.off
    if off is None or abs(off) < ON_PACE:
        return _("on pace, {needed}").format(needed=needed)
    share = percent(float(abs(off)), 0)
    said = _("ahead by {share}, {needed}") if off > 0 else _("behind by {share}, {needed}")
    return said.format(share=share, needed=needed)
