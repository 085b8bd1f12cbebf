"""Moments as people type them: yesterday, 3 days ago, in 2 weeks, 2026-11-20, 2026-11-20 18:30, or Discord's <t:…>."""

from __future__ import annotations

import datetime as dt
import re

from bot.errors import InvalidError
from bot.inputs.text import shorten
from bot.insights.periods import ONE_DAY, Choice, Dates, Named, day_start, instant, local_day
from bot.texts import _

MOST_DAYS = 3660
_NAMES = frozenset(Named)
_STAMP = re.compile(r"<t:(\d{1,11})(?::\w)?>")
_AGO = re.compile(r"(\d{1,3})\s*(?:d|days?)(?: ago)?")
_AHEAD = re.compile(r"(?:in )?(\d{1,3})\s*(h|hours?|d|days?|w|weeks?)")
_UNITS = {"h": dt.timedelta(hours=1), "d": ONE_DAY, "w": 7 * ONE_DAY}


def parse_past(text: str, field: str, now: dt.datetime, zone: str) -> dt.datetime:
    """The instant meant, in UTC; raises InvalidError that names `field`, for one still to come too.

    A day alone means its end in `zone`, or now where that is still to come.
    """
    value = " ".join(text.split()).lower()
    today = local_day(now, zone)
    if value in ("now", "today"):
        return now
    if value == "yesterday":
        found = _end_of(today - ONE_DAY, zone)
    elif match := _AGO.fullmatch(value):
        found = min(now, _end_of(today - int(match[1]) * ONE_DAY, zone))
    else:
        written = _written(value, zone)
        if written is None:
            raise InvalidError(
                _(
                    "{field}: “{value}” is no date. Type it like yesterday, 3 days ago, 2026-11-20 or 2026-11-20 18:30."
                ).format(field=field, value=shorten(text))
            )
        found = now if written == _end_of(today, zone) else written
    if found > now:
        raise InvalidError(
            _("{field}: “{value}” is still to come; give a moment that has passed, or leave it out.").format(
                field=field, value=shorten(text)
            )
        )
    return found


def parse_future(text: str, field: str, now: dt.datetime, zone: str, *, starts: bool = False) -> dt.datetime:
    """The instant meant, in UTC; raises InvalidError that names `field`, for one that has passed too.

    A day alone means its end in `zone`, or its start where something `starts`.
    """
    value = " ".join(text.split()).lower()
    today = local_day(now, zone)
    found: dt.datetime | None
    if value in ("today", "tomorrow"):
        found = _end_of(today if value == "today" else today + ONE_DAY, zone)
    elif match := _AHEAD.fullmatch(value):
        found = now + int(match[1]) * _UNITS[match[2][0]]
    else:
        found = _written(value, zone)
    if found is None:
        raise InvalidError(
            _(
                "{field}: “{value}” is no date. Type it like 2026-12-31, 2026-12-31 18:30, tomorrow, or in 30 days."
            ).format(field=field, value=shorten(text))
        )
    if starts and found == _end_of(local_day(found, zone), zone):
        found = day_start(local_day(found, zone), zone)
    if found <= now:
        raise InvalidError(
            _("{field}: “{value}” has passed already; give a moment to come.").format(field=field, value=shorten(text))
        )
    return found


def parse_day(text: str, field: str, now: dt.datetime, zone: str) -> dt.date:
    """The local day meant, past or to come: today, tomorrow, in 2 weeks, 2026-12-01. Raises InvalidError."""
    value = " ".join(text.split()).lower()
    today = local_day(now, zone)
    named = {"yesterday": today - ONE_DAY, "today": today, "now": today, "tomorrow": today + ONE_DAY}
    if value in named:
        return named[value]
    if match := _AHEAD.fullmatch(value):
        return local_day(now + int(match[1]) * _UNITS[match[2][0]], zone)
    try:
        found = dt.date.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or abs((found - today).days) > MOST_DAYS:
        raise InvalidError(
            _("{field}: “{value}” is no day. Type it like 2026-12-31, today, tomorrow, or in 2 weeks.").format(
                field=field, value=shorten(text)
            )
        )
    return found


def parse_period(text: str, now: dt.datetime, zone: str) -> Choice:
    """The time meant: a name such as "28d", "last week", "all", or two dates; raises InvalidError for anything else."""
    value = " ".join(text.split()).lower()
    name = re.sub(r"^(?:the )?last (\d+)", r"\1", value).replace(" ", "").replace("days", "d").removesuffix("time")
    name = name.removeprefix("this")
    if name in _NAMES:
        return Named(name)
    dates = re.findall(r"\d{4}-\d{2}-\d{2}", value)
    rest = re.sub(r"\d{4}-\d{2}-\d{2}", "", value).strip(" -–.,/")
    try:
        days = [dt.date.fromisoformat(date) for date in dates]
    except ValueError:
        days = []
    if len(days) not in (1, 2) or rest not in ("", "to", "until"):
        raise InvalidError(
            _(
                "period: “{value}” is no period. Choose one from the list, or type two dates: 2026-01-01 to 2026-01-31."
            ).format(value=shorten(text))
        )
    first, last = min(days), max(days)
    if first > local_day(now, zone):
        raise InvalidError(
            _("period: “{value}” is still to come; there is nothing to count yet.").format(value=shorten(text))
        )
    if last - first > MOST_DAYS * ONE_DAY:
        raise InvalidError(
            _("period: “{value}” is more than ten years; choose a shorter one.").format(value=shorten(text))
        )
    return Dates(first, last)


def _written(value: str, zone: str) -> dt.datetime | None:
    """What a timestamp of Discord's or an ISO date says; None for anything else."""
    if match := _STAMP.fullmatch(value):
        return dt.datetime.fromtimestamp(int(match[1]), dt.UTC)
    try:
        wall = dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    if wall.tzinfo is not None:
        return wall.astimezone(dt.UTC)
    if len(value) > len("2026-11-20"):
        return instant(wall.date(), wall.time(), zone)
    return _end_of(wall.date(), zone)


def _end_of(day: dt.date, zone: str) -> dt.datetime:
    return day_start(day + ONE_DAY, zone) - dt.timedelta(milliseconds=1)
