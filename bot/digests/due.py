"""When a digest is due. Pure functions of the weekday, the local time and the zone."""

from __future__ import annotations

import datetime as dt
import hashlib

from bot.errors import InvalidError
from bot.insights.periods import ONE_DAY, Period, instant, last_complete_week, local_day
from bot.links.slugs import shorten
from bot.texts import _

LATEST = dt.timedelta(hours=36)
"""A digest missed by more than this is skipped, visibly."""


def parse_time(text: str) -> int:
    """Minutes since midnight from "9", "09:30", "9.30 pm"; raises InvalidError."""
    value = text.strip().lower().replace(".", ":").replace(" ", "")
    half = value[-2:] if value[-2:] in ("am", "pm") else ""
    hours, colon, minutes = value.removesuffix(half).partition(":")
    if hours.isdecimal() and len(hours) <= 2 and (not colon or (minutes.isdecimal() and len(minutes) == 2)):
        hour, minute = int(hours), int(minutes or 0)
        if half and 1 <= hour <= 12:
            hour = hour % 12 + (12 if half == "pm" else 0)
        elif half:
            hour = 99
        if hour < 24 and minute < 60:
            return hour * 60 + minute
    raise InvalidError(
        _("time: “{value}” is not a time of day; type it like 09:00 or 18:30.").format(value=shorten(text))
    )


def next_run(after: dt.datetime, weekday: int, minute: int, zone: str) -> dt.datetime:
    """The first instant after `after` at which the local clock shows this weekday and minute.

    A local time that daylight saving removed moves to the first valid instant; one that comes twice counts once.
    """
    day = local_day(after, zone) - ONE_DAY
    time = dt.time(minute // 60, minute % 60)
    while day.weekday() != weekday or instant(day, time, zone) <= after:
        day += ONE_DAY
    return instant(day, time, zone)


def due_period(due_at: dt.datetime, zone: str, first_weekday: int) -> Period:
    """The week that a digest due at `due_at` tells of: the last one that was over by then."""
    return last_complete_week(due_at, zone, first_weekday)


def missed(due_at: dt.datetime, now: dt.datetime, weekday: int, minute: int, zone: str) -> list[dt.datetime]:
    """The instants from `due_at` up to `now` at which the digest should have gone out, oldest first."""
    found = []
    at = due_at
    while at <= now:
        found.append(at)
        at = next_run(at, weekday, minute, zone)
    return found


def nonce(application_id: int, guild_id: int, digest_id: int, period_start: dt.date) -> str:
    """The message's nonce, the same on every attempt: 25 characters at most, as Discord demands."""
    key = f"{application_id}:{guild_id}:{digest_id}:{period_start.isoformat()}"
    return hashlib.sha256(key.encode()).hexdigest()[:25]
