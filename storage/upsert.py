"""The one place that knows how an engine spells an upsert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def _insert(conn: AsyncConnection, table: sa.Table) -> Any:
    return _INSERT[conn.dialect.name](table)


async def add_counts(conn: AsyncConnection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Add each row's `count` to the row with the same key."""
    if rows:
        statement = _insert(conn, table)
        total = table.c.count + statement.excluded["count"]
        statement = statement.on_conflict_do_update(index_elements=table.primary_key, set_={"count": total})
        await conn.execute(statement, rows)


async def put(conn: AsyncConnection, table: sa.Table, row: dict[str, Any]) -> None:
    """Insert the row, or overwrite what stands at its key."""
    keys = {column.name for column in table.primary_key}
    statement = _insert(conn, table).values(row)
    await conn.execute(
        statement.on_conflict_do_update(
            index_elements=table.primary_key, set_={name: value for name, value in row.items() if name not in keys}
        )
    )


async def insert_new(conn: AsyncConnection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> list[sa.Row[Any]]:
    """Insert those rows whose key is free; returns the keys of just those."""
    if not rows:
        return []
    statement = _insert(conn, table).on_conflict_do_nothing(index_elements=table.primary_key)
    return list((await conn.execute(statement.returning(*table.primary_key.columns), rows)).all())
