"""The round numbers that digests and alerts celebrate: one ladder for both."""

from __future__ import annotations

from bisect import bisect_right

LEAST = 100
"""The first of them."""


def steps() -> tuple[int, ...]:
    """The round numbers: 100, 250, 500, 1,000, 2,500, 5,000, 10,000 ... up to 5 x 10^14."""
    return _STEPS


_STEPS = tuple(int(part * 10**power) for power in range(2, 15) for part in (1, 2.5, 5))


def passed(before: int, total: int, least: int = LEAST) -> tuple[int, ...]:
    """The round numbers from `least` up that a count passed on its way from `before` to `total`, ascending."""
    return _STEPS[bisect_right(_STEPS, max(before, least - 1)) : bisect_right(_STEPS, total)]
