"""The files beside the database: only their owner reads them, from the first byte on, and any name of theirs works."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

LOGS = ("-wal", "-shm", "-journal")
"""What SQLite adds to a database's name."""
PRIVATE = 0o600


def uri(path: Path, mode: str) -> str:
    """The file as SQLite's URI, whatever its name holds; `mode` is ro, rw or rwc."""
    return f"{path.resolve().as_uri()}?mode={mode}"


def url(path: Path, mode: str, driver: str = "pysqlite") -> sa.URL:
    """The same for SQLAlchemy."""
    return sa.URL.create(f"sqlite+{driver}", database=uri(path, mode), query={"uri": "true"})


def dated(stem: str, now: dt.datetime, suffix: str, folder: Path = Path()) -> Path:
    """A name in `folder` that tells the second and that nothing has yet: another of that second ends in -2."""
    stamp = f"{stem}-{now:%Y%m%dT%H%M%SZ}"
    names = itertools.chain([stamp], (f"{stamp}-{number}" for number in itertools.count(2)))
    return next(path for name in names if not (path := folder / f"{name}.{suffix}").exists())


def make_folder(path: Path) -> None:
    """Make the folder, and those above it, each for its owner alone; those that are there stay as they are."""
    if not path.exists():
        make_folder(path.parent)
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)


def make(path: Path) -> None:
    """An empty file that its owner alone reads. Raises FileExistsError."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))


def sync(path: Path) -> None:
    """Return once the file, or the names in the folder, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def of_database(path: Path) -> list[Path]:
    """The files of a database that are there."""
    return [file for suffix in ("", *LOGS, ".lock") if (file := Path(f"{path}{suffix}")).is_file()]


def close_to_others(files: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Take others' rights to the files away: those that were mended, and those that can't be."""
    mended, open_still = [], []
    for file in files:
        if not stat.S_IMODE(file.stat().st_mode) & 0o077:
            continue
        try:
            file.chmod(PRIVATE)
        except PermissionError:
            open_still.append(file)
        else:
            mended.append(file)
    return mended, open_still
