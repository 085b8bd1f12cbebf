"""Which names and servers a write changed, of what redirects remember; told by the database itself.

Triggers of the writing connection alone, so that no write can forget to say what it changed.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

_TOLD = (("addresses", "address"), ("servers", "guild_id"))
_ROWS = {"INSERT": ["NEW"], "UPDATE": ["OLD", "NEW"], "DELETE": ["OLD"]}


@dataclass(frozen=True, slots=True)
class Changes:
    """What one write changed."""

    addresses: frozenset[str] = frozenset()
    """Public names, as in `storage.addresses`."""
    guild_ids: frozenset[int] = frozenset()
    """Servers whose settings are others now."""

    def __bool__(self) -> bool:
        return bool(self.addresses or self.guild_ids)


def watch(connection: Any) -> None:
    """Have the connection note from now on what its writes change."""
    for table, column in _TOLD:
        # Keys may stand there twice: within a trigger the outer statement says what a conflict does.
        connection.execute(f"CREATE TEMP TABLE changed_{table} (key)")
        for verb, rows in _ROWS.items():
            values = ", ".join(f"({row}.{column})" for row in rows)
            note = f"INSERT INTO changed_{table} VALUES {values}"  # noqa: S608  (our own names)
            name = f"changed_{table}_{verb.lower()}"
            connection.execute(f"CREATE TEMP TRIGGER {name} AFTER {verb} ON main.{table} BEGIN {note}; END")


def take(connection: sqlite3.Connection) -> Changes:
    """What was noted in the running transaction; noted no longer."""
    found = []
    for table, _column in _TOLD:
        rows = connection.execute(f"SELECT key FROM changed_{table}")  # noqa: S608  (our own names)
        found.append(frozenset(key for (key,) in rows))
        if found[-1]:
            connection.execute(f"DELETE FROM changed_{table}")  # noqa: S608
    return Changes(*found)
