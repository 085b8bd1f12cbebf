"""Copies of the database: made while it is in use, without what tells visitors apart, proven before they replace it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from storage import files
from storage.errors import StorageError
from storage.schema import hits, salts, visitors_seen

_LEFT_OUT = (salts.name, visitors_seen.name)
_EMPTIED = (hits.name, hits.c.visitor.name)


def copy(source: Path, target: Path) -> None:
    """An online copy: one consistent state, written row by row beside `target` and moved into place.

    A copy outlives the two days that salts and visitors are promised to be gone after. So neither is ever written to
    it, and there is nothing of them in free pages either, as there would be after a page-wise copy.
    """
    if not source.exists():
        raise StorageError(f"There is no database at {source} yet; nothing to copy.")
    if target.exists():
        raise StorageError(f"{target} exists already; choose another name, nothing was overwritten.")
    files.make_folder(target.parent)
    with _written(source, target) as part:
        _replace(target, part)


def prove(path: Path) -> None:
    """Raises StorageError unless the file is a sound SQLite database."""
    if not path.exists():
        raise StorageError(f"There is no file {path}.")
    try:
        with closing(sqlite3.connect(files.uri(path, "ro"), uri=True)) as conn:
            (answer,) = conn.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise StorageError(f"{path} is not a sound SQLite database ({error}).") from error
    if answer != "ok":
        raise StorageError(f"{path} is damaged: {answer}.")


def swap_in(source: Path, path: Path, aside: Path) -> None:
    """Put a proven copy of `source` at `path`, keeping what stood there at `aside`; the caller owns `path`."""
    with _written(source, path) as part:
        if path.exists():
            try:
                copy(path, aside)
            except StorageError as error:
                raise StorageError(
                    f"{error} So what stands there can't be kept as a copy, and nothing was changed. Move it away with "
                    f"its {path.name}-wal, or delete both, and restore again; they hold salts of the last two days."
                ) from error
        _replace(path, part)


def holds_visitors(path: Path) -> bool:
    """Whether a copy, made by an older Eyeballs, holds salts or visitors; False for what is no database of ours."""
    table, column = _EMPTIED
    queries = [f"SELECT 1 FROM {name} LIMIT 1" for name in _LEFT_OUT]  # noqa: S608  (names of ours)
    queries.append(f"SELECT 1 FROM {table} WHERE {column} IS NOT NULL LIMIT 1")  # noqa: S608
    with closing(sqlite3.connect(files.uri(path, "ro"), uri=True)) as conn:
        try:
            return any(conn.execute(query).fetchone() for query in queries)
        except sqlite3.DatabaseError:
            return False


def without_visitors(path: Path) -> None:
    """Write a copy anew, as `copy` makes them today."""
    with _written(path, path) as part:
        _replace(path, part)


def _replace(path: Path, part: Path) -> None:
    for suffix in files.LOGS:  # the old file's log would be replayed into the new file
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    part.replace(path)
    files.sync(path.parent)


@contextmanager
def _written(source: Path, target: Path) -> Iterator[Path]:
    """A proven copy of `source` beside `target`, to be moved away; nothing is left of it after a failure."""
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        files.make(part)
        try:
            _transfer(source, part)
        except sqlite3.Error as error:
            raise StorageError(f"{source} can't be copied ({error}).") from error
        prove(part)
        files.sync(part)
        yield part
    finally:
        part.unlink(missing_ok=True)


def _transfer(source: Path, target: Path) -> None:
    """Bring tables, rows and indexes, as one transaction sees them, into an empty file; no journal beside it."""
    with closing(sqlite3.connect(files.uri(target, "rw"), uri=True, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = OFF")
        conn.execute("PRAGMA synchronous = OFF")
        conn.execute("ATTACH ? AS source", (files.uri(source, "ro"),))
        conn.execute("BEGIN")
        made = conn.execute(
            "SELECT type, name, sql FROM source.sqlite_master WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*'"
        ).fetchall()
        for kind, name, sql in made:
            if kind == "table":
                conn.execute(sql)
                if name not in _LEFT_OUT:
                    _fill(conn, name)
        for kind, _name, sql in made:
            if kind != "table":
                conn.execute(sql)
        conn.execute("COMMIT")


def _fill(conn: sqlite3.Connection, table: str) -> None:
    columns = [name for (name,) in conn.execute("SELECT name FROM pragma_table_info(?)", (table,))]
    taken = ["NULL" if (table, name) == _EMPTIED else _quoted(name) for name in columns]
    conn.execute(f"INSERT INTO main.{_quoted(table)} SELECT {', '.join(taken)} FROM source.{_quoted(table)}")  # noqa: S608


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
