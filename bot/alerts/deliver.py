"""How an alert leaves the house: what it says, and the small protocol that the roof implements with Discord."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.digests.deliver import Unreadable
from storage.records import Alert, AlertTarget, Link

__all__ = ["Content", "Deliver", "Gone", "Trend", "Unreadable"]


@dataclass(frozen=True, slots=True)
class Gone(Exception):
    """Nothing can be told there until somebody changes something; `reason` is for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class Trend:
    """The clicks of the last days, for the picture of a single alert."""

    days: tuple[dt.date, ...]
    clicks: tuple[int, ...]
    unfinished: bool
    zone: str


@dataclass(frozen=True, slots=True)
class Content:
    """One message: its alerts, the oldest first, and the links they are about. No private link goes to a channel."""

    message_id: int
    target: AlertTarget
    alerts: tuple[Alert, ...]
    links: Mapping[int, Link]
    trend: Trend | None = None


class Deliver(Protocol):
    """Posts alerts and finds those already posted."""

    @property
    def application_id(self) -> int: ...

    async def send(self, content: Content, *, nonce: str) -> int:
        """Post it; returns the message's id. Raises Gone when it can't be posted, anything else for a passing fault."""
        ...

    async def find(self, content: Content, *, after: dt.datetime) -> int | None:
        """The id of the message if it stands already. Raises Unreadable, or Gone."""
        ...
