"""Cool-downs: how often a member, and a whole server, may use a command; one table for all of them."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum

from bot.errors import RefusedError
from bot.texts import _, ngettext
from bot.tracking.limits import Buckets


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many at once, and one more after each so many seconds."""

    burst: int
    seconds: float


class Cost(Enum):
    """What a command asks of the machine, or of who reads along, as (a member's allowance, a server's)."""

    ORDINARY = (Allowance(30, 2), Allowance(150, 0.2))
    COSTLY = (Allowance(4, 30), Allowance(12, 10))
    """Reads or writes everything of somebody's."""
    SHARED = (Allowance(6, 20), Allowance(20, 5))
    """Posts to a channel for everybody."""
    TYPED = (Allowance(60, 0.1), Allowance(200, 0.025))
    """What is offered while somebody types."""
    PRESSED = (Allowance(30, 1), Allowance(300, 0.05))
    """Buttons and selects under an answer; many press those of a digest at once."""


COSTS: dict[str, Cost] = dict.fromkeys(
    ("alerts", "brand", "deal", "digest", "explain", "help", "impressions", "link", "note", "post", "profile", "setup"),
    Cost.ORDINARY,
)
"""By a command's whole name, or by its first word."""
COSTS |= dict.fromkeys(("stats", "views", "Track links here"), Cost.ORDINARY)
COSTS |= dict.fromkeys(("export", "brand report", "brand renew", "impressions import", "link import"), Cost.COSTLY)


def cost_of(name: str, *, shared: bool = False) -> Cost:
    """What the command of that qualified name costs; KeyError for one that is not in the table."""
    if shared:
        return Cost.SHARED
    return COSTS[name] if name in COSTS else COSTS[name.partition(" ")[0]]


class Cooldowns:
    """Counts what members and servers ask for; in memory only, and bounded."""

    def __init__(self) -> None:
        self._left = {cost: [Buckets(one.burst, 1 / one.seconds) for one in cost.value] for cost in Cost}

    def wait(self, cost: Cost, guild_id: int, user_id: int, now: float) -> tuple[float, float]:
        """How many seconds the member, and the server, have to wait; what may be done at once (0, 0) is counted."""
        member, server = self._left[cost]
        keys: tuple[Hashable, Hashable] = (guild_id, user_id), guild_id
        seconds = member.seconds_left(keys[0], now), server.seconds_left(keys[1], now)
        if seconds == (0, 0):
            member.take(keys[0], now)
            server.take(keys[1], now)
        return seconds


def refusal(member_seconds: float, server_seconds: float) -> RefusedError:
    """What is told to who has to wait."""
    seconds = math.ceil(max(member_seconds, server_seconds))
    if member_seconds >= server_seconds:
        text = _("You asked for a lot in a short time. Nothing was done; try again {time}.")
    else:
        text = _("This server asked for a lot in a short time. Nothing was done; try again {time}.")
    return RefusedError(text.format(time=ngettext("in {n} second", "in {n} seconds", seconds).format(n=seconds)))
