"""What a message of alerts says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from storage.records import Alert, AlertTarget, Link


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
