"""Tells which platform's export a file is, by what it holds and never by its name, and reads it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.imports import linkedin, meta, tiktok, x, youtube
from bot.imports.formats import DayFormat, PostFormat
from bot.imports.opening import Sheet, open_sheets
from bot.imports.values import MAX_ROWS, Daily, Parsed, RefusedFileError
from bot.inputs.text import shorten
from bot.texts import _

POSTS: tuple[PostFormat, ...] = (
    meta.INSTAGRAM,
    meta.FACEBOOK,
    x.TWEETS,
    x.POSTS,
    youtube.TABLE,
    tiktok.CONTENT,
    linkedin.TOP_POSTS,
    linkedin.PAGE,
)
DAYS: tuple[DayFormat, ...] = (
    meta.METRIC_BY_DAY,
    x.BY_DAY,
    youtube.CHART,
    tiktok.OVERVIEW,
    linkedin.BY_DAY,
    youtube.TOTALS,
)
HEADER_WITHIN = 10
"""A header stands among so many lines from the top: notes come before some."""


def read(data: bytes, now: dt.datetime, zone: ZoneInfo) -> Parsed | Daily:
    """The export in an attached file; dates without an offset are in `zone`, those without a year before `now`.

    Raises RefusedFileError with a sentence where nothing can be read.
    """
    sheets = open_sheets(data)
    found = [one for sheet in sheets if (one := _read(sheet, now, zone)) is not None]
    posts = [one for one in found if isinstance(one, Parsed)]
    if len(posts) > 1:
        names = ", ".join(f"“{shorten(one.inside)}”" for one in posts[:10])
        raise RefusedFileError(
            _("It holds several exports of posts: {names}. Attach one after the other.").format(names=names)
        )
    if posts:
        return posts[0]
    if found:
        return found[0]
    raise RefusedFileError(_unknown(sheets))


def _read(sheet: Sheet, now: dt.datetime, zone: ZoneInfo) -> Parsed | Daily | None:
    """What the sheet holds, whose rows are used up by that; None when nothing is known of it."""
    for at, (_line, row) in enumerate(sheet.rows[:HEADER_WITHIN]):
        for known in POSTS:
            if (places := known.find(row)) is not None:
                del sheet.rows[: at + 1]
                return _checked(known.parse(places, row, sheet.rows, now, zone), sheet)
        for by_day in DAYS:
            if by_day.fits(row):
                return by_day.parse(row, sheet.rows[at + 1 :], now, zone)
    for at, (header, first) in enumerate(pairwise(row for _line, row in sheet.rows[:HEADER_WITHIN])):
        for known in POSTS:
            if (places := known.find_by_order(header, first)) is not None:
                del sheet.rows[: at + 1]
                parsed = known.parse(places, header, sheet.rows, now, zone)
                return _checked(dataclasses.replace(parsed, by_order=True), sheet)
    return None


def _checked(parsed: Parsed, sheet: Sheet) -> Parsed:
    if len(parsed.reports) > MAX_ROWS:
        raise RefusedFileError(_("It has more than {n} posts. Export a shorter range of time.").format(n=MAX_ROWS))
    troubles = sorted([*parsed.troubles, *sheet.troubles], key=lambda trouble: trouble.line)
    return dataclasses.replace(parsed, troubles=tuple(troubles), inside=sheet.name)


def _unknown(sheets: Sequence[Sheet]) -> str:
    first = next((row for sheet in sheets for _line, row in sheet.rows), [])
    columns = ", ".join(f"“{shorten(cell, 30)}”" for cell in first[:6] if cell.strip()) or _("nothing")
    return _(
        "It is no export that is known here; its columns begin with {columns}. Known are the exports of posts from "
        "Instagram and Facebook (Meta Business Suite), X, YouTube Studio, TikTok Studio and LinkedIn, as they are "
        "downloaded. If it is one of these in another language, switch the platform to English and export again."
    ).format(columns=columns)
