"""Makes SQLite's connection fail at its k-th statement or commit, as disks and locks do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock


@dataclass
class Faults:
    """Statements and commits are counted while `armed`; those of which `failing` holds the number fail."""

    failing: range = range(0)
    message: str = "disk I/O error"
    after: bool = False
    """Fail once it is done: the answer got lost, not the work. Only commits can."""
    armed: bool = False
    count: int = 0

    def arm(self, failing: range, message: str = "disk I/O error", *, after: bool = False) -> None:
        self.failing, self.message, self.after = failing, message, after
        self.armed, self.count = True, 0

    def before(self) -> None:
        if self.armed:
            self.count += 1
            if self.count in self.failing and not self.after:
                raise sqlite3.OperationalError(self.message)

    def commit(self, commit: Any) -> None:
        """`before` has counted it; `after` lets it happen."""
        self.before()
        commit()
        if self.armed and self.after and self.count in self.failing:
            raise sqlite3.OperationalError(self.message)


@contextmanager
def faulty() -> Iterator[Faults]:
    """Databases opened within the block have a writing connection that fails as the yielded object says."""
    faults = Faults()
    connect: Any = sqlite3.connect

    class Cursor(sqlite3.Cursor):
        def execute(self, *args: Any) -> Any:
            faults.before()
            return super().execute(*args)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = Cursor) -> Any:
            return super().cursor(factory)

        def commit(self) -> None:
            faults.commit(super().commit)

    def open_connection(path: Any, **options: Any) -> sqlite3.Connection:
        is_writer = "mode=rwc" in str(path)
        return connect(path, **options, **({"factory": Connection} if is_writer else {}))

    with mock.patch("aiosqlite.core.sqlite3.connect", open_connection):
        yield faults
