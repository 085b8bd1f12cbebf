"""Tells which shortener's list of links a CSV is, by its columns and never by its name, and reads it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from bot.imports import cells
from bot.imports.links import MAX_LINKS, Found, fit_tags, fit_title
from bot.imports.opening import open_sheets
from bot.imports.values import RefusedFileError, Trouble, UnreadableError
from bot.inputs.text import shorten
from bot.spreadsheets import unsafe
from bot.texts import _
from storage.records import Service, State

HEADER_WITHIN = 5


@dataclass(frozen=True, slots=True)
class LinkFile:
    """What a file of links says."""

    service: Service
    links: tuple[Found, ...]
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class _Format:
    """A shortener's columns, by what they hold; names as `_name` makes them, the best first.

    The short name stands in a column `code` by itself, or in a column `address` behind its domain.
    """

    service: Service
    needed: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]


# The rarer columns first: a file of one service may well have columns that another has too.
FORMATS = (
    _Format(
        Service.EYEBALLS,
        ("slug", "destination"),
        {
            **{name: (name.replace("_", ""),) for name in ("title", "tags", "created_at", "expires_at", "max_clicks")},
            **{"code": ("slug",), "destination": ("destination",), "private": ("private",), "state": ("state",)},
        },
    ),
    _Format(
        Service.DUB,
        ("shortlink", "destinationurl"),
        {
            **{"address": ("shortlink",), "destination": ("destinationurl",), "title": ("title",), "tags": ("tags",)},
            **{"created_at": ("createdat", "created"), "expires_at": ("expiresat",), "clicks": ("clicks",)},
            "archived": ("archived",),
        },
    ),
    _Format(
        Service.KUTT,
        ("address", "target"),
        {
            **{"code": ("address",), "destination": ("target",), "title": ("description",), "clicks": ("visitcount",)},
            **{"created_at": ("createdat",), "expires_at": ("expirein",)},
        },
    ),
    _Format(
        Service.SHLINK,
        ("longurl", "shortcode"),
        {
            **{"code": ("shortcode",), "destination": ("longurl",), "title": ("title",), "tags": ("tags",)},
            **{"created_at": ("createdat",), "clicks": ("visits",)},
        },
    ),
    _Format(  # its web client before there were several domains
        Service.SHLINK,
        ("longurl", "shorturl"),
        {
            **{"address": ("shorturl",), "destination": ("longurl",), "title": ("title",), "tags": ("tags",)},
            **{"created_at": ("createdat",), "clicks": ("visits",)},
        },
    ),
)


def read_links(data: bytes, now: dt.datetime, zone: ZoneInfo) -> LinkFile:
    """The links of an attached CSV; dates without an offset are in `zone`.

    Raises RefusedFileError with a sentence where nothing can be read.
    """
    sheets = open_sheets(data)
    for sheet in sheets:
        for at, (_line, row) in enumerate(sheet.rows[:HEADER_WITHIN]):
            header = [_name(cell) for cell in row]
            for known in FORMATS:
                if all(name in header for name in known.needed):
                    rows = sheet.rows[at + 1 :]
                    if len(rows) > MAX_LINKS:
                        raise RefusedFileError(
                            _("It holds {n} links, and {most} is the limit of one file. Split it.").format(
                                n=f"{len(rows):,}", most=f"{MAX_LINKS:,}"
                            )
                        )
                    return _read(known, header, rows, sheet.troubles, now, zone)
    first = next((row for sheet in sheets for _line, row in sheet.rows), [])
    columns = ", ".join(f"“{shorten(cell, 30)}”" for cell in first[:6] if cell.strip()) or _("nothing")
    raise RefusedFileError(
        _(
            "It is no list of links that is known here; its columns begin with {columns}. Known are the CSV of Dub "
            "(Short link, Destination URL), Kutt (address, target), Shlink (Long URL, Short code) and Eyeballs "
            "(slug, destination)."
        ).format(columns=columns)
    )


def _name(cell: str) -> str:
    return re.sub(r"[\W_]+", "", cells.fold(cell))


def _read(
    known: _Format,
    header: Sequence[str],
    rows: Sequence[tuple[int, list[str]]],
    troubles: Sequence[Trouble],
    now: dt.datetime,
    zone: ZoneInfo,
) -> LinkFile:
    places = {
        field: place
        for field, names in known.columns.items()
        if (place := next((header.index(name) for name in names if name in header), None)) is not None
    }
    found: list[Found] = []
    bad = list(troubles)
    month_first = cells.month_first([_cell(row, places.get("created_at")) for _line, row in rows], usual=True)
    for line, row in rows:
        texts = {field: _cell(row, place) for field, place in places.items()}
        try:
            found.append(_link(line, texts, now, zone, month_first))
        except UnreadableError as error:
            bad.append(Trouble(line, str(error)))
        except OverflowError:
            bad.append(Trouble(line, _("its date is before all time")))
    return LinkFile(known.service, tuple(found), tuple(sorted(bad, key=lambda one: one.line)))


def _cell(row: Sequence[str], place: int | None) -> str:
    return unsafe(row[place].strip()) if place is not None and place < len(row) else ""


def _link(line: int, texts: Mapping[str, str], now: dt.datetime, zone: ZoneInfo, month_first: bool) -> Found:
    code, destination = texts.get("code", ""), texts["destination"]
    if "://" in code or "address" in texts:
        code = code_of(code or texts["address"])
    if not code:
        raise UnreadableError(_("it has no short name"))
    if not destination:
        raise UnreadableError(_("it has no destination"))
    created = cells.moment(texts.get("created_at", ""), _("created"), now, zone, month_first=month_first)
    state = State.ARCHIVED if _yes(texts.get("archived", "")) or texts.get("state") == "archived" else State.ACTIVE
    return Found(
        line=line,
        code=code,
        destination=destination,
        title=fit_title(texts.get("title", "")),
        tags=fit_tags(re.split(r"[|,]", texts.get("tags", ""))),
        created_at=None if created is None else created[0],
        expires_at=_expiry(texts.get("expires_at", ""), zone),
        max_clicks=_count(texts.get("max_clicks", ""), _("max clicks")) or None,
        private=_yes(texts.get("private", "")),
        state=state,
        clicks=_count(texts.get("clicks", ""), _("clicks")),
    )


def code_of(text: str) -> str:
    """ "Summer" of "https://s.example/Summer", "s.example/Summer" or "Summer"."""
    if "/" not in text:
        return text.strip()
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
    except ValueError:
        return text
    return unquote(parts.path).strip("/")


def _yes(text: str) -> bool:
    return text.strip().lower() in ("true", "1", "yes")


def _count(text: str, column: str) -> int:
    return cells.count(text, column) or 0 if text else 0


def _expiry(text: str, zone: ZoneInfo) -> dt.datetime | None:
    """An ISO date or time; one that is past ends the link here too."""
    if not text or text.lower() in cells.MISSING:
        return None
    try:
        at = dt.datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise UnreadableError(f"{_('expires')}: “{shorten(text)}” {_('is no date')}") from None
