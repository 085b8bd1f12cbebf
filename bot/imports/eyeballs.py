"""Eyeballs' own exports: what `bot.exports` wrote, read back strictly."""

from __future__ import annotations

import base64
import csv
import dataclasses
import datetime as dt
import gzip
import io
import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import OperatorError
from bot.exports import FORMAT, VERSION
from bot.imports import export_rules
from bot.imports.links import Found, fit_tags, fit_title
from bot.inputs.text import fit_line, shorten
from bot.insights.periods import is_zone
from bot.links.publication import published_by_id
from bot.notes import MAX_TEXT
from bot.spreadsheets import unsafe
from storage import transfer
from storage.ids import Ids
from storage.records import Figure, History, Note, Post, State

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Export:
    """An export's tables: rows by the names that `storage.transfer` has for them, their values as it has them."""

    whole_server: bool
    timezone: str
    first_weekday: int
    benchmarks: bool
    exported_at: dt.datetime
    tables: Mapping[str, list[Row]]

    @property
    def links(self) -> list[Found]:
        return [
            Found(
                line=line,
                code=row["slug"],
                destination=row["destination"],
                title=fit_title(row["title"]),
                tags=fit_tags(row["tags"]),
                created_at=row["created_at"],
                expires_at=row["expires_at"],
                max_clicks=row["max_clicks"],
                private=row["private"],
                state=State(row["state"]),
                creator_id=row["creator_id"],
                at=str(row["id"]),
            )
            for line, row in enumerate(self.tables["links"], start=1)
        ]


@dataclass(frozen=True, slots=True)
class Nouns:
    """What an export holds beside links and counts, as it will be here."""

    posts: list[Post]
    figures: list[Figure]
    notes: list[Note]
    post_ids: Mapping[int, int]
    """Ids there -> ids here."""


def nouns(export: Export, item: History, link_ids: Mapping[int, int], ids: Ids) -> Nouns:
    """The posts, figures and notes of the links that are brought, and those without a link."""

    def has_link(row: Row) -> bool:
        return row["link_id"] is None or row["link_id"] in link_ids

    def owned(row: Row) -> Row:
        creator_id = row["creator_id"]
        if creator_id is not None and item.creator_id:
            creator_id = item.creator_id
        link_id = None if row["link_id"] is None else link_ids[row["link_id"]]
        return row | {"guild_id": item.guild_id, "id": ids.new(), "creator_id": creator_id, "link_id": link_id}

    post_ids: dict[int, int] = {}
    found: list[Post] = []
    for row in export.tables["posts"]:
        if has_link(row):
            at = row["published_at"] or published_by_id(row["platform"], row["platform_id"], item.created_at)
            changed: Row = {"title": fit_title(row["title"]), "state": State(row["state"]), "import_id": item.id}
            post = dataclasses.replace(Post(**owned(row) | changed), published_at=at)
            post_ids[row["id"]] = post.id
            found.append(post)
    told = [
        Figure(
            **{**row, "guild_id": item.guild_id, "id": ids.new(), "post_id": post_ids[row["post_id"]]},
            import_id=item.id,
        )
        for row in export.tables["figures"]
        if row["post_id"] in post_ids
    ]
    noted = [
        Note(**owned(row) | {"text": text, "state": State(row["state"])})
        for row in export.tables["notes"]
        if has_link(row) and (text := fit_line(row["text"], MAX_TEXT))
    ]
    return Nouns(found, told, noted, post_ids)


def is_export(path: Path) -> bool:
    """Whether a file begins as an export of Eyeballs does."""
    with path.open("rb") as file:
        head = file.read(64)
    if head.startswith(_ZIP):
        with zipfile.ZipFile(path) as archive:
            return "about.csv" in archive.namelist()
    return head.startswith(_GZIP) or f'{{"format": "{FORMAT}"'.encode() in head


ON_PAGE = 2
"""The format from which on an entry puts a link on a page; before, all links of who has a page stood there."""


def _entries_of_old(tables: Mapping[str, list[Row]]) -> Iterator[Row]:
    """The entries that put the links of an old export on their pages: those that had none stood on top."""
    own = {row["creator_id"] for row in tables["profiles"]}
    chosen = {(row["creator_id"], row["link_id"]) for row in tables["profile_entries"]}
    ranks = Counter(dict.fromkeys(own, 0))
    for row in tables["profile_entries"]:
        ranks[row["creator_id"]] = min(ranks[row["creator_id"]], row["rank"])
    for row in sorted(tables["links"], key=lambda row: row["id"]):
        creator_id = row["creator_id"]
        if creator_id in own and not row["private"] and (creator_id, row["id"]) not in chosen:
            ranks[creator_id] -= 1
            entry = {"creator_id": creator_id, "link_id": row["id"], "rank": ranks[creator_id], "heading": ""}
            yield entry | {"pinned": False, "hidden": False, "shows_from": None, "shows_until": None}


def read_export(path: Path, now: dt.datetime, denied_domains: tuple[str, ...] = ()) -> Export:
    """The export in a file: JSON, compressed JSON, or a zip of CSV files; every row held against `export_rules`.

    Raises OperatorError, which names the first row that can't be.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
        about, tables = _from_zip(path) if head.startswith(_ZIP) else _from_json(path, head)
        if about.get("format") != FORMAT:
            raise OperatorError(f"{path} is no export of Eyeballs.")
        version = int(about["version"])
        if not 1 <= version <= VERSION:
            raise OperatorError(f"{path} was written by another Eyeballs (format {about['version']}). Update this one.")
        zone = str(about["timezone"])
        if not is_zone(zone):
            raise OperatorError(f"{path} names the time zone “{shorten(zone)}”, which is not known here.")
        tables = {name: _rows(name, *tables[name], now, denied_domains) for name in transfer.TABLES}
        if version < ON_PAGE:
            tables["profile_entries"] += _entries_of_old(tables)
            for row in tables["profile_entries"]:  # from 0 on, as everywhere
                row["rank"] += len(tables["links"])
        return Export(
            whole_server=about["scope"] == "server",
            timezone=zone,
            first_weekday=int(about["first_weekday"]) % 7,
            benchmarks=_boolean(about["benchmarks"]),
            exported_at=_instant(about["exported_at"]),
            tables=tables,
        )
    except KeyError as error:
        raise OperatorError(f"{path} lacks {error}: it is cut off, or no export of Eyeballs.") from None
    except (*_BROKEN, ValueError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise OperatorError(f"{path} can't be read as an export of Eyeballs ({shorten(str(error), 200)}).") from None


_BROKEN = (OSError, EOFError, RecursionError, csv.Error, zipfile.BadZipFile, zlib.error)
_Table = tuple[list[str], list[list[Any]]]


def _from_json(path: Path, head: bytes) -> tuple[Row, dict[str, _Table]]:
    opener: Callable[..., Any] = gzip.open if head.startswith(_GZIP) else open
    with opener(path, "rt", encoding="utf-8") as file:
        found = json.load(file)
    if not isinstance(found, dict):
        raise ValueError("it holds no object")
    tables = {name: (table["columns"], table["rows"]) for name, table in found.get("tables", {}).items()}
    return found, tables


def _from_zip(path: Path) -> tuple[Row, dict[str, _Table]]:
    with zipfile.ZipFile(path) as archive:

        def table(name: str) -> _Table:
            with archive.open(name) as entry:
                rows = list(csv.reader(io.TextIOWrapper(entry, encoding="utf-8", newline=""), strict=True))
            return rows[0], [[unsafe(cell) for cell in row] for row in rows[1:]]

        about = {row[0]: row[1] for row in table("about.csv")[1]}
        return about, {name: table(f"{name}.csv") for name in transfer.TABLES}


def _rows(
    name: str, columns: list[str], rows: list[list[Any]], now: dt.datetime, denied_domains: tuple[str, ...]
) -> list[Row]:
    known = {column.name: column for column in transfer.columns(name)}
    if missing := known.keys() - set(columns):
        raise OperatorError(f"The table {name} of the export lacks the column {min(missing)}.")
    kinds = []
    for column in columns:
        if column in known:
            kind = _KINDS[transfer.kind_of(known[column])]
            kinds.append((column, _optional(kind) if known[column].nullable else kind))
        else:
            kinds.append((column, str))
    found = []
    seen: set[tuple[Any, ...]] = set()
    for line, row in enumerate(rows, start=1):
        try:
            made = {column: kind(value) for (column, kind), value in zip(kinds, row, strict=True)}
            export_rules.check(name, made, now, denied_domains)
            for key in export_rules.keys_of(name, made):
                if key in seen:
                    raise ValueError(f"its {', '.join(key[0])} stands there twice")
                seen.add(key)
        except (ValueError, TypeError, OverflowError) as error:
            raise OperatorError(
                f"The export's table {name} can't be read in row {line}: {shorten(str(error), 200)} "
                "Nothing was imported."
            ) from None
        found.append(made)
    return found


def _optional(kind: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None or value == "" else kind(value)


def _instant(value: Any) -> dt.datetime:
    at = dt.datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(f"{value!r} has no offset")
    return at.astimezone(dt.UTC)


def _integer(value: Any) -> int:
    if not isinstance(value, int | str) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no whole number")
    return int(value)


def _boolean(value: Any) -> bool:
    if str(value) not in ("True", "False"):
        raise ValueError(f"{value!r} is neither True nor False")
    return str(value) == "True"


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return [_text(word) for word in value]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


_KINDS: dict[type, Callable[[Any], Any]] = {
    int: _integer,
    str: _text,
    bool: _boolean,
    dt.date: dt.date.fromisoformat,
    dt.datetime: _instant,
    list: _words,
    bytes: lambda value: base64.b64decode(value, validate=True),
}
