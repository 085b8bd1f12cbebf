"""Copies of the database: made while it is in use, proven before they replace it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from storage.errors import StorageError


def copy(source: Path, target: Path) -> None:
    """An online copy by SQLite's backup API: one consistent state, written beside `target` and moved into place."""
    if not source.exists():
        raise StorageError(f"There is no database at {source} yet; nothing to copy.")
    if target.exists():
        raise StorageError(f"{target} exists already; choose another name, nothing was overwritten.")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(f"file:{source.resolve()}?mode=ro", uri=True)) as reading,
        closing(sqlite3.connect(part)) as writing,
    ):
        reading.backup(writing, pages=4096)
        writing.execute("PRAGMA journal_mode = DELETE")
    _sync(part)
    part.replace(target)
    _sync(target.parent)


def prove(path: Path) -> None:
    """Raises StorageError unless the file is a sound SQLite database."""
    if not path.exists():
        raise StorageError(f"There is no file {path}.")
    try:
        with closing(sqlite3.connect(f"file:{path.resolve()}?mode=ro", uri=True)) as conn:
            (answer,) = conn.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise StorageError(f"{path} is not a sound SQLite database ({error}).") from error
    if answer != "ok":
        raise StorageError(f"{path} is damaged: {answer}.")


def swap_in(source: Path, path: Path, aside: Path) -> None:
    """Put a proven copy of `source` at `path`, keeping what stood there at `aside`; the caller owns `path`."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    copy(source, part)
    prove(part)
    if path.exists():
        copy(path, aside)
    # The old file's log would be replayed into the new file.
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    part.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
