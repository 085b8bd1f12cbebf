"""The protocol that the roof implements with Discord."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Protocol

from bot.delivery.failures import Failure, Kind


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes: to a channel, to a member by direct message, or, with neither, to who runs the server."""

    kind: Kind
    guild_id: int
    channel_id: int | None = None
    user_id: int | None = None
    set_up_by: int = 0
    """Who is told where managers have no channel of their own: who set up what this is about; 0 if nobody did."""


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """The message does not stand, and to try again at once would not help; `reason` is for people."""

    failure: Failure
    reason: str


class Unreadable(Exception):
    """The history can't be read, so nobody can tell whether the message stands."""


class Port(Protocol):
    """Posts messages and finds those already posted. `content` is a digest's, an alert's or a notice."""

    @property
    def application_id(self) -> int: ...

    def is_in(self, guild_id: int) -> bool:
        """Whether the bot is in the server."""
        ...

    async def send(self, address: Address, content: Any, *, nonce: str) -> int:
        """Post it; returns the message's id. Raises Refused, or `PASSING_ERRORS`: then it may stand or not."""
        ...

    async def find(self, address: Address, content: Any, *, after: dt.datetime) -> int | None:
        """The id of the message if it stands already. Raises Unreadable, or `PASSING_ERRORS`."""
        ...
