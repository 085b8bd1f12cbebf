"""The one place that knows how an engine spells an upsert. Plain functions: coroutines call them by `run_sync`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def _insert(conn: sa.Connection, table: sa.Table) -> Any:
    return _INSERT[conn.dialect.name](table)


def add_counts(conn: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Add each row's `count` to the row with the same key."""
    if rows:
        statement = _insert(conn, table)
        total = table.c.count + statement.excluded["count"]
        statement = statement.on_conflict_do_update(index_elements=table.primary_key, set_={"count": total})
        conn.execute(statement, rows)


def put(conn: sa.Connection, table: sa.Table, row: dict[str, Any]) -> None:
    """Insert the row, or overwrite what stands at its key."""
    keys = {column.name for column in table.primary_key}
    statement = _insert(conn, table).values(row)
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=table.primary_key, set_={name: value for name, value in row.items() if name not in keys}
        )
    )


def insert_new(conn: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> list[sa.Row[Any]]:
    """Insert those rows whose key is free; returns the keys of just those."""
    if not rows:
        return []
    statement = _insert(conn, table).on_conflict_do_nothing(index_elements=table.primary_key)
    return list(conn.execute(statement.returning(*table.primary_key.columns), rows).all())
