"""Moments as people type them: yesterday, 3 days ago, 2026-11-20, 2026-11-20 18:30, or Discord's own <t:…>."""

from __future__ import annotations

import datetime as dt
import re

from bot.errors import InvalidError
from bot.insights.periods import ONE_DAY, day_start, instant, local_day
from bot.links.slugs import shorten
from bot.texts import _

_STAMP = re.compile(r"<t:(\d{1,11})(?::\w)?>")
_AGO = re.compile(r"(\d{1,3})\s*(?:d|days?)(?: ago)?")


def parse_moment(text: str, field: str, now: dt.datetime, zone: str) -> dt.datetime:
    """The instant meant, in UTC; raises InvalidError that names `field`, for one still to come too.

    A day alone means its end in `zone`, or now where that is still to come.
    """
    value = " ".join(text.split()).lower()
    today = local_day(now, zone)
    if match := _STAMP.fullmatch(value):
        found = dt.datetime.fromtimestamp(int(match[1]), dt.UTC)
    elif value in ("now", "today"):
        return now
    elif value == "yesterday":
        found = _end_of(today - ONE_DAY, zone)
    elif match := _AGO.fullmatch(value):
        found = min(now, _end_of(today - int(match[1]) * ONE_DAY, zone))
    else:
        try:
            wall = dt.datetime.fromisoformat(value)
        except ValueError:
            raise InvalidError(
                _(
                    "{field}: “{value}” is no date. Type it like yesterday, 3 days ago, 2026-11-20 or 2026-11-20 18:30."
                ).format(field=field, value=shorten(text))
            ) from None
        if wall.tzinfo is not None:
            found = wall.astimezone(dt.UTC)
        elif len(value) > len("2026-11-20"):
            found = instant(wall.date(), wall.time(), zone)
        else:
            found = now if wall.date() == today else _end_of(wall.date(), zone)
    if found > now:
        raise InvalidError(
            _("{field}: “{value}” is still to come; leave it out, or give when the platform said it.").format(
                field=field, value=shorten(text)
            )
        )
    return found


def _end_of(day: dt.date, zone: str) -> dt.datetime:
    return day_start(day + ONE_DAY, zone) - dt.timedelta(milliseconds=1)
