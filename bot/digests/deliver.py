"""How a digest leaves the house: the small protocol that the roof implements with Discord."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.digests.content import Content
from storage.records import Digest


class Failure(StrEnum):
    """Why a digest can't be posted, as monitoring counts it."""

    LEFT = "left"
    """The bot is not in the server."""
    CHANNEL = "channel"
    """The channel is gone."""
    MEMBER = "member"
    """Who wants it by direct message is not in the server."""
    PERMISSION = "permission"
    CLOSED = "closed"
    """Who wants it by direct message takes none from the bot."""
    AUTOMOD = "automod"
    """AutoMod or the harmful link filter, even without links."""
    PAYLOAD = "payload"
    """Discord finds the message malformed, even as plain text."""
    OTHER = "other"
    EXPIRED = "expired"
    """Not posted within 36 hours, whatever was tried."""


MENDABLE = (Failure.PERMISSION, Failure.CLOSED)
"""People can mend these within hours: they are tried again after a day, all others when the digest is due next."""


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """The message does not stand, and to try again at once would not help; `reason` is for people."""

    failure: Failure
    reason: str


class Unreadable(Exception):
    """The channel's history can't be read, so nobody can tell whether the message stands."""


class Deliver(Protocol):
    """Posts digests and finds those already posted."""

    @property
    def application_id(self) -> int: ...

    def is_in(self, guild_id: int) -> bool:
        """Whether the bot is in the server."""
        ...

    async def send(self, digest: Digest, content: Content, *, nonce: str) -> int:
        """Post it; returns the message's id. Raises Refused; anything else leaves open whether the message stands."""
        ...

    async def find(self, digest: Digest, content: Content, *, after: dt.datetime) -> int | None:
        """The id of the message of this digest and period if it stands already. Raises Unreadable."""
        ...

    async def tell(self, digest: Digest, reason: str) -> None:
        """Say once, where a manager reads it, that the digest can't be posted. Raises nothing."""
        ...
