"""Tells which platform's export a file is, by what it holds and never by its name, and reads it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot.imports import cells, linkedin, meta, tiktok, x, youtube
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
DATES = ("published", "date")
"""Columns of dates, as formats call them."""
NEAR = 4
"""So many known columns make a file look like an export that lacks others."""
HEADER_WITHIN = 10
"""A header stands among so many lines from the top: notes come before some."""


def read(data: bytes, now: dt.datetime, zone: ZoneInfo) -> Parsed | Daily:
    """The export in an attached file; dates without an offset are in `zone`, those without a year before `now`.

    Raises RefusedFileError with a sentence where nothing can be read.
    """
    sheets = open_sheets(data)
    lacking = _lacking(sheets)
    found = [one for sheet in sheets if (one := _read(sheet, now, zone)) is not None]
    posts = [one for one in found if isinstance(one, Parsed)]
    days = [one for one in found if isinstance(one, Daily)]
    if len(posts) > 1:
        names = ", ".join(f"“{shorten(one.inside)}”" for one in posts[:10])
        raise RefusedFileError(
            _("It holds several exports of posts: {names}. Attach one after the other.").format(names=names)
        )
    if posts:
        spans = [(one.first, one.last) for one in days if one.first is not None and one.last is not None]
        beside = max(spans, key=lambda span: span[1] - span[0], default=None)
        return posts[0] if beside is None else _beside(posts[0], beside, zone)
    if lacking:
        raise RefusedFileError(lacking)
    if days:
        return days[0]
    raise RefusedFileError(_unknown(sheets))


def _read(sheet: Sheet, now: dt.datetime, zone: ZoneInfo) -> Parsed | Daily | None:
    """What the sheet holds, whose rows are used up by that; None when nothing is known of it."""
    for at, (_line, row) in enumerate(sheet.rows[:HEADER_WITHIN]):
        for known in POSTS:
            if (places := known.find(row)) is not None:
                del sheet.rows[: at + 1]
                _write_out(
                    sheet, [place for name, found in places.items() if name.startswith(DATES) for place in found]
                )
                return _checked(known.parse(places, row, sheet.rows, now, zone), sheet)
        for by_day in DAYS:
            if by_day.fits(row):
                rows = sheet.rows[at + 1 :]
                _write_out(sheet, by_day.places(row))
                return by_day.parse(row, rows, now, zone)
    return None


def _beside(parsed: Parsed, days: tuple[dt.date, dt.date], zone: ZoneInfo) -> Parsed:
    """The table of a zip whose chart speaks of some days: what it says is of those days too."""
    told = (report.published_at for report in parsed.reports)
    older = sum(at is not None and at.astimezone(zone).date() < days[0] for at in told)
    return dataclasses.replace(parsed, days=days, older=older)


def _write_out(sheet: Sheet, places: Sequence[int]) -> None:
    """Dates that a workbook keeps as numbers of days, as dates."""
    if sheet.epoch is None:
        return
    for _line, row in sheet.rows:
        for at in places:
            if at < len(row):
                row[at] = cells.of_serial(row[at], sheet.epoch)


def _checked(parsed: Parsed, sheet: Sheet) -> Parsed:
    if len(parsed.reports) > MAX_ROWS:
        raise RefusedFileError(_("It has more than {n} posts. Export a shorter range of time.").format(n=MAX_ROWS))
    troubles = sorted([*parsed.troubles, *sheet.troubles], key=lambda trouble: trouble.line)
    return dataclasses.replace(parsed, troubles=tuple(troubles), inside=sheet.name)


def _lacking(sheets: Sequence[Sheet]) -> str:
    """A sentence on the columns that a file lacks to be an export of posts; empty when it looks like none."""
    best, sentence = NEAR - 1, ""
    for sheet in sheets:
        for _line, row in sheet.rows[:HEADER_WITHIN]:
            for known in POSTS:
                count, names = known.lacks(row)
                if names and count > best:
                    best = count
                    sentence = _(
                        "It looks like the export “{name}”, but these columns are not there or have a name that is not "
                        "known here: {missing}. Export it again with them; if they are there, switch the platform to "
                        "English first."
                    ).format(name=known.name, missing=names)
    return sentence


def _unknown(sheets: Sequence[Sheet]) -> str:
    first = next((row for sheet in sheets for _line, row in sheet.rows), [])
    columns = ", ".join(f"“{shorten(cell, 30)}”" for cell in first[:6] if cell.strip()) or _("nothing")
    return _(
        "It is no export that is known here; its columns begin with {columns}. Known are the exports of posts from "
        "Instagram and Facebook (Meta Business Suite), X, YouTube Studio, TikTok Studio and LinkedIn, as they are "
        "downloaded. If it is one of these in another language, switch the platform to English and export again."
    ).format(columns=columns)
