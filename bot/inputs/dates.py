"""Moments as people type them: yesterday, 3 days ago, in 2 weeks, 1 Nov, 2026-11-20 18:30, or Discord's <t:…>."""

from __future__ import annotations

import datetime as dt
import re
from typing import NoReturn

from bot.errors import InvalidError
from bot.inputs.spans import fold, span_of
from bot.inputs.text import shorten
from bot.insights.periods import EARLIEST, LATEST, MOST_DAYS, ONE_DAY, Unit, day_start, instant, local_day
from bot.texts import _

_STAMP = re.compile(r"<t:(\d{1,11})(?::\w)?>")
_AGO = re.compile(r"(\d{1,3})\s*(?:d|days?)(?: ago)?")
_AHEAD = re.compile(r"(?:in )?(\d{1,3})\s*(h|hours?|d|days?|w|weeks?)")
_UNITS = {"h": dt.timedelta(hours=1), "d": ONE_DAY, "w": 7 * ONE_DAY}
_AT = re.compile(r"(?P<day>.+?),? (?P<time>\d{1,2}:\d{2})")


def parse_past(text: str, field: str, now: dt.datetime, zone: str) -> dt.datetime:
    """The instant meant, in UTC; raises InvalidError that names `field`, for one still to come too.

    A day alone means its end in `zone`, or now where that is still to come.
    """
    value = fold(text)
    today = local_day(now, zone)
    if value == "now":
        return now
    if match := _AGO.fullmatch(value):
        return min(now, _end_of(today - int(match[1]) * ONE_DAY, zone))
    found = _written(value, field, text, today, zone, ahead=False)
    if found is None:
        raise InvalidError(
            _(
                "{field}: “{value}” is no date. Type it like yesterday, 3 days ago, 2026-11-20 or 2026-11-20 18:30."
            ).format(field=field, value=shorten(text))
        )
    found = now if found == _end_of(today, zone) else found
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
    value = fold(text)
    if match := _AHEAD.fullmatch(value):
        found = now + int(match[1]) * _UNITS[match[2][0]]
    else:
        found = _written(value, field, text, local_day(now, zone), zone, ahead=True)
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
    """The local day meant, past or to come: today, tomorrow, in 2 weeks, 1 Nov, 2026-12-01. Raises InvalidError.

    A day without a year is the next one, today among them.
    """
    value = fold(text)
    today = local_day(now, zone)
    if match := _AHEAD.fullmatch(value):
        return local_day(now + int(match[1]) * _UNITS[match[2][0]], zone)
    found = _day(value, today, ahead=True)
    if found is None:
        raise InvalidError(
            _("{field}: “{value}” is no day. Type it like 2026-12-31, today, tomorrow, or in 2 weeks.").format(
                field=field, value=shorten(text)
            )
        )
    if abs((found - today).days) > MOST_DAYS:
        _refuse_far(text, field)
    return found


def _written(value: str, field: str, text: str, today: dt.date, zone: str, *, ahead: bool) -> dt.datetime | None:
    """What a timestamp of Discord's, an ISO date or a day's name says; None for anything else.

    Raises InvalidError for what no calendar of ours reaches.
    """
    try:
        found = _stamped(value, zone)
        if found is None and (day := _day(value, today, ahead=ahead)) is not None:
            found = _end_of(day, zone)
        if found is None and (match := _AT.fullmatch(value)) and (day := _day(match["day"], today, ahead=ahead)):
            found = instant(day, dt.time.fromisoformat(match["time"].zfill(5)), zone)
    except ValueError:
        return None
    except OverflowError:
        _refuse_far(text, field)
    if found is not None and not EARLIEST <= found.date() <= LATEST:
        _refuse_far(text, field)
    return found


def _stamped(value: str, zone: str) -> dt.datetime | None:
    if match := _STAMP.fullmatch(value):
        return dt.datetime.fromtimestamp(int(match[1]), dt.UTC)
    try:
        wall = dt.datetime.fromisoformat(value.upper())
    except ValueError:
        return None
    if wall.tzinfo is not None:
        return wall.astimezone(dt.UTC)
    if len(value) > len("2026-11-20"):
        return instant(wall.date(), wall.time(), zone)
    return _end_of(wall.date(), zone)


def _day(value: str, today: dt.date, *, ahead: bool) -> dt.date | None:
    """A day by its name; without a year the next one where it lies `ahead`, else the last."""
    span = span_of(value, today)
    if span is None or span.unit is not Unit.DAY:
        return None
    try:
        return span.since(today) if ahead else span.until(today)
    except ValueError:
        return None


def _refuse_far(text: str, field: str) -> NoReturn:
    raise InvalidError(
        _("{field}: “{value}” is too far away to be meant; check the year, or leave it out.").format(
            field=field, value=shorten(text)
        )
    )


def _end_of(day: dt.date, zone: str) -> dt.datetime:
    return day_start(day + ONE_DAY, zone) - dt.timedelta(milliseconds=1)


def parse_time(text: str, field: str = "time") -> int:
    """Minutes since midnight from "9", "09:30", "9.30 pm"; raises InvalidError."""
    value = fold(text).replace(".", ":").replace(" ", "")
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
        _("{field}: “{value}” is not a time of day; type it like 09:00 or 18:30.").format(
            field=field, value=shorten(text)
        )
    )


def parse_quiet(text: str) -> tuple[int, int] | None:
    """Minutes since midnight from "22:00-08:00"; None for "off". Raises InvalidError."""
    value = fold(text)
    if value in ("off", "none", "-"):
        return None
    parts = value.replace("–", "-").replace(" to ", "-").split("-")
    if len(parts) == 2:
        try:
            start, end = (parse_time(part) for part in parts)
        except InvalidError:
            start = end = 0
        if start != end:
            return start, end
    raise InvalidError(
        _("quiet: “{value}” are no hours to be quiet; type them like 22:00-08:00, or off.").format(value=shorten(text))
    )
