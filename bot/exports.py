"""Exports: everything that numbers are made of, as JSON or as a zip of CSV files, to read or for another Eyeballs."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import gzip
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import workers
from bot.clock import Clock
from bot.errors import NotFoundError, RefusedError, UserError
from bot.links.access import Actor, require_manager
from bot.spreadsheets import safe
from bot.stats.question import Scope as Whose
from bot.stats.question import Subject
from bot.texts import _
from storage import links, servers, transfer
from storage.database import Database, plain_reader
from storage.prepared import Reader
from storage.records import Server
from storage.transfer import TABLES, Scope

VERSION = 2
"""2: a link stands on a profile page only where `profile_entries` has it."""
FORMAT = "eyeballs"

log = structlog.get_logger(__name__)


class Form(StrEnum):
    JSON = "json"
    CSV = "csv"
    """A zip with one CSV for each table."""


SECONDS = 300.0
"""How long an export may take."""


class ExportError(UserError):
    """The process that writes an export did not get to its end."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file, which is the caller's to close; None where even compressed it is larger than allowed."""

    file: IO[bytes] | None
    name: str
    size: int


class Exports:
    """Has exports written for who may have them, each by a process of its own: it takes seconds of a core."""

    def __init__(self, db: Database, clock: Clock, seconds: float = SECONDS) -> None:
        self._db = db
        self._clock = clock
        self._seconds = seconds

    async def export(self, actor: Actor, subject: Subject, form: Form, most: int) -> Exported:
        """A creator's or a link's everything for its owner and managers, a server's for managers. Raises UserError.

        Beyond `most` bytes it is compressed.
        """
        now = self._clock.now()
        async with self._db.read() as conn:
            scope, name = await self._scope(conn, actor, subject)
            server = await servers.get(conn, actor.guild_id)
        name = f"eyeballs-{name}-{now:%Y%m%d}.{'json' if form is Form.JSON else 'zip'}"
        try:
            with _handed() as (file, path):
                work = partial(write_file, self._db.path, path, scope, server, form, now, most)
                packed, size = await workers.call(work, self._seconds)
        except (TimeoutError, BrokenProcessPool) as error:
            log.warning("an export was not written", guild_id=actor.guild_id, error=type(error).__name__)
            raise ExportError(_("The export was not written in time. Try again in a few minutes.")) from None
        name += ".gz" if packed else ""
        if size > most:
            file.close()
            return Exported(None, name, size)
        return Exported(file, name, size)

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


@contextmanager
def _handed() -> Iterator[tuple[IO[bytes], Path]]:
    """A file that its owner alone reads, by a name for another process to write it; closed where the block raises."""
    handle, name = tempfile.mkstemp(prefix="eyeballs-export-")
    file = os.fdopen(handle, "rb")
    try:
        yield file, Path(name)
    except BaseException:
        file.close()
        raise
    finally:
        Path(name).unlink(missing_ok=True)


def write_file(
    db: Path, path: Path, scope: Scope, server: Server, form: Form, now: dt.datetime, most: int
) -> tuple[bool, int]:
    """In the worker: the export in a file that is there, compressed where it is larger than `most`.

    Returns whether it is compressed, and its size; where that is too large all the same, the file stays empty.
    """
    with path.open("r+b") as out, tempfile.TemporaryFile() as plain:
        path.unlink()  # whatever ends either process, nothing remains
        with plain_reader(db) as reader:
            write(reader, scope, server, form, now, plain)
        size = plain.tell()
        plain.seek(0)
        if packed := size > most and form is Form.JSON:
            with gzip.GzipFile("", "wb", 6, out, mtime=0) as zipped:
                shutil.copyfileobj(plain, zipped)
            size = out.tell()
        elif size <= most:
            shutil.copyfileobj(plain, out)
        return packed, size


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
    encode = json.JSONEncoder(ensure_ascii=False, default=_base64).encode
    out.write(json.dumps(about)[:-1] + ', "tables": {')
    for number, name in enumerate(TABLES):
        out.write(("," if number else "") + f'\n"{name}": {{"columns": {json.dumps(_columns(name))}, "rows": [')
        comma = ""
        for part in transfer.rows(reader, scope, name):
            if part:
                out.write(f"{comma}\n" + encode(part)[1:-1])  # one by one, rows take several times as long
                comma = ","
        out.write("]}")
    out.write("}}\n")


def _write_zip(reader: Reader, scope: Scope, about: dict[str, Any], file: BinaryIO | IO[bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("about.csv", "w") as entry:
            _write_csv(entry, ["name", "value"], about.items())
        for name in TABLES:
            rows = (row for part in transfer.rows(reader, scope, name) for row in part)
            with archive.open(f"{name}.csv", "w") as entry:
                _write_csv(entry, _columns(name), rows)


def _write_csv(entry: IO[bytes], columns: list[str], rows: Iterable[Iterable[object]]) -> None:
    text = io.TextIOWrapper(entry, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(map(_cells, rows))
    text.detach()


def _cells(row: Iterable[object]) -> list[object]:
    return [value if isinstance(value, int) else safe(_cell(value)) for value in row]


def _cell(value: object) -> object:
    """Nothing for None; tags with commas between; bytes in base64."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return _base64(value) if isinstance(value, bytes) else value


def _columns(name: str) -> list[str]:
    return [column.name for column in transfer.columns(name)]


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
