"""How a digest leaves the house: the small protocol that the roof implements with Discord."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from bot.digests.content import Content
from storage.records import Digest


@dataclass(frozen=True, slots=True)
class Gone(Exception):
    """The channel or the server is gone, or the bot may not post: trying again would not help."""

    reason: str


class Unreadable(Exception):
    """The channel's history can't be read, so nobody can tell whether the message stands."""


class Deliver(Protocol):
    """Posts digests and finds those already posted."""

    @property
    def application_id(self) -> int: ...

    async def send(self, digest: Digest, content: Content, *, nonce: str) -> int:
        """Post it; returns the message's id. Raises Gone when it can't be posted, anything else for a passing fault."""
        ...

    async def find(self, digest: Digest, content: Content, *, after: dt.datetime) -> int | None:
        """The id of the message of this digest and period if it stands already. Raises Unreadable."""
        ...
