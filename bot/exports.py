"""Exports: everything that numbers are made of, as JSON or as a zip of CSV files, to read or for another Eyeballs."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import gzip
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Any, BinaryIO

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.errors import NotFoundError, RefusedError
from bot.links.access import Actor, require_manager
from bot.spreadsheets import safe
from bot.stats.question import Scope as Whose
from bot.stats.question import Subject
from bot.texts import _
from storage import links, prepared, servers, transfer
from storage.database import Database, Lane
from storage.prepared import Reader
from storage.records import Server
from storage.transfer import TABLES, Scope

VERSION = 2
"""2: a link stands on a profile page only where `profile_entries` has it."""
FORMAT = "eyeballs"


class Form(StrEnum):
    JSON = "json"
    CSV = "csv"
    """A zip with one CSV for each table."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file, which is the caller's to close; None where even compressed it is larger than allowed."""

    file: IO[bytes] | None
    name: str
    size: int


class Exports:
    """Writes exports for who may have them."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def export(self, actor: Actor, subject: Subject, form: Form, most: int) -> Exported:
        """A creator's or a link's everything for its owner and managers, a server's for managers. Raises UserError.

        Beyond `most` bytes it is compressed.
        """
        now = self._clock.now()
        async with self._db.read(Lane.LONG) as conn:
            scope, name = await self._scope(conn, actor, subject)
            server = await servers.get(conn, actor.guild_id)

            def work(reader: Reader) -> Exported:
                return _in_file(reader, scope, server, form, now, f"eyeballs-{name}-{now:%Y%m%d}", most)

            # In the database's own thread, row by row: the event loop goes on meanwhile.
            return await prepared.read(conn, work)

    async def _scope(self, conn: AsyncConnection, actor: Actor, subject: Subject) -> tuple[Scope, str]:
        match subject.scope:
            case Whose.LINK:
                link = await links.get(conn, actor.guild_id, subject.id)
                if link is None or not actor.owns(link.creator_id):
                    raise NotFoundError(_("That link is no longer there. /link list shows the ones there are."))
                return Scope(actor.guild_id, link_id=link.id), link.slug
            case Whose.CREATOR:
                if not actor.owns(subject.id):
                    raise RefusedError(_("A creator's data is theirs; only they and managers can export it."))
                return Scope(actor.guild_id, creator_id=subject.id), str(subject.id)
            case Whose.SERVER:
                require_manager(actor)
                return Scope(actor.guild_id), "server"
            case Whose.POST:
                raise NotFoundError(_("of: a post goes out with its link; choose the link."))


def _in_file(
    reader: Reader, scope: Scope, server: Server, form: Form, now: dt.datetime, name: str, most: int
) -> Exported:
    """The export in a temporary file without a name, compressed where it is too large."""
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
    write(reader, scope, server, form, now, file)
    name = f"{name}.{'json' if form is Form.JSON else 'zip'}"
    if file.tell() > most and form is Form.JSON:
        packed: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        file.seek(0)
        with file, gzip.GzipFile(name, "wb", 6, packed, mtime=0) as out:
            shutil.copyfileobj(file, out)
        file, name = packed, f"{name}.gz"
    size = file.tell()
    if size > most:
        file.close()
        return Exported(None, name, size)
    file.seek(0)
    return Exported(file, name, size)


def write(
    reader: Reader, scope: Scope, server: Server, form: Form, now: dt.datetime, file: BinaryIO | IO[bytes]
) -> None:
    """Write all tables of a scope to a file, some rows at a time."""
    about = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": now.isoformat(),
        "scope": "server" if scope.creator_id is None and scope.link_id is None else "part",
        "timezone": server.timezone,
        "first_weekday": server.first_weekday,
        "benchmarks": server.benchmarks,
    }
    if form is Form.CSV:
        _write_zip(reader, scope, about, file)
    else:
        text = io.TextIOWrapper(file, encoding="utf-8", write_through=True)  # type: ignore[type-var]
        _write_json(reader, scope, about, text)
        text.detach()


def _write_json(reader: Reader, scope: Scope, about: dict[str, Any], out: io.TextIOWrapper) -> None:
    out.write(json.dumps(about)[:-1] + ', "tables": {')
    for number, name in enumerate(TABLES):
        columns, kinds = _columns(name)
        out.write(("," if number else "") + f'\n"{name}": {{"columns": {json.dumps(columns)}, "rows": [')
        comma = ""
        for part in transfer.rows(reader, scope, name):
            for row in part:
                out.write(f"{comma}\n" + json.dumps(list(_plain(row, kinds)), ensure_ascii=False))
                comma = ","
        out.write("]}")
    out.write("}}\n")


def _write_zip(reader: Reader, scope: Scope, about: dict[str, Any], file: BinaryIO | IO[bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("about.csv", "w") as entry:
            _write_csv(entry, ["name", "value"], about.items())
        for name in TABLES:
            columns, kinds = _columns(name)
            rows = (_plain(row, kinds) for part in transfer.rows(reader, scope, name) for row in part)
            with archive.open(f"{name}.csv", "w") as entry:
                _write_csv(entry, columns, rows)


def _write_csv(entry: IO[bytes], columns: list[str], rows: Iterable[Iterable[object]]) -> None:
    text = io.TextIOWrapper(entry, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe(_cell(value)) for value in row])
    text.detach()


def _cell(value: object) -> object:
    """Nothing for None; tags with commas between."""
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _columns(name: str) -> tuple[list[str], list[Callable[[Any], Any] | None]]:
    """A table's columns, and what makes plain values of their own."""
    found = transfer.columns(name)
    return [column.name for column in found], [_PLAIN.get(transfer.kind_of(column)) for column in found]


def _iso(value: dt.date | None) -> str | None:
    return None if value is None else value.isoformat()


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


_PLAIN: dict[type, Callable[[Any], Any]] = {dt.date: _iso, dt.datetime: _iso, bytes: _base64}


def _plain(row: tuple[Any, ...], kinds: list[Callable[[Any], Any] | None]) -> Iterable[Any]:
    return (value if kind is None else kind(value) for value, kind in zip(row, kinds, strict=True))
