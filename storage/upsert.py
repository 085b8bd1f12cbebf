"""The one place that knows how an engine spells an upsert. Plain functions: coroutines call them by `run_sync`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

_MARKS = {"qmark": "?", "format": "%s"}

MOST_ROWS = 128
"""Rows in one statement."""

Row = tuple[Any, ...]
_Tail = Callable[[Any, sa.Table], Any]
_Processors = Sequence[tuple[int, Callable[[Any], Any]]]
"""Which values are to be made the driver's, and how."""


def insert(conn: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows, whose values are in the order of the table's columns."""
    _execute(conn, table, rows, _as_it_is)


def insert_bound(conn: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Like `insert`, with values that are the driver's already: for very many rows."""
    for part in _parts(rows):
        sql, _ = _statement(conn.dialect, table, len(part), _as_it_is)
        _run(conn, sql, (), list(chain.from_iterable(part))).close()


def spelling(conn: sa.Connection, column: sa.Column[Any]) -> Callable[[Any], Any]:
    """How values of the column are made the driver's, for `insert_bound`."""
    return _processor(conn.dialect, column) or _itself


def _itself(value: Any) -> Any:
    return value


def insert_missing(conn: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert those rows whose key is free; like `insert` otherwise."""
    _execute(conn, table, rows, _unless_there)


def add_counts(conn: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Add each row's `count` to the row with the same key; like `insert` otherwise."""
    _execute(conn, table, rows, _added)


def raise_counts(conn: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Keep the larger `count` of each row and of the row with the same key; like `insert` otherwise."""
    _execute(conn, table, rows, _raised)


def adding(dialect: str, table: sa.Table, names: Sequence[str], rows: sa.Select[Any], counter: str) -> sa.Insert:
    """What adds to the rows with the same keys what `rows`, in the order of `names`, have for the column `counter`."""
    statement = _INSERT[dialect](table).from_select(list(names), rows)
    total = table.c[counter] + statement.excluded[counter]
    return statement.on_conflict_do_update(index_elements=table.primary_key, set_={counter: total})


def existing(conn: sa.Connection, table: sa.Table, prefix: Row, values: Sequence[Any]) -> set[Any]:
    """Those of the values that are there as the last column of a key that begins with `prefix`."""
    found: set[Any] = set()
    for part in _parts(values):
        sql, processors = _lookup(conn.dialect, table, len(part))
        cursor = _run(conn, sql, processors, [*prefix, *part])
        found.update(row[0] for row in cursor.fetchall())
        cursor.close()
    return found


def put(conn: sa.Connection, table: sa.Table, *rows: Mapping[str, Any]) -> None:
    """Insert the rows, each with a key of its own, or overwrite what stands there."""
    _execute(conn, table, [tuple(row[column.name] for column in table.c) for row in rows], _overwriting)


def _as_it_is(statement: Any, table: sa.Table) -> Any:
    return statement


def _unless_there(statement: Any, table: sa.Table) -> Any:
    return statement.on_conflict_do_nothing(index_elements=table.primary_key)


def _added(statement: Any, table: sa.Table) -> Any:
    total = table.c.count + statement.excluded["count"]
    return statement.on_conflict_do_update(index_elements=table.primary_key, set_={"count": total})


def _raised(statement: Any, table: sa.Table) -> Any:
    more = statement.excluded["count"]
    count = sa.case((more > table.c.count, more), else_=table.c.count)
    return statement.on_conflict_do_update(index_elements=table.primary_key, set_={"count": count})


def _overwriting(statement: Any, table: sa.Table) -> Any:
    others = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=table.primary_key, set_=others)


def _parts(rows: Sequence[Any]) -> list[Sequence[Any]]:
    """The rows in parts of 128, 64, 32 ... 1, so that few statements do for any number of rows."""
    parts: list[Sequence[Any]] = []
    begin, size = 0, MOST_ROWS
    while begin < len(rows):
        while size > len(rows) - begin:
            size //= 2
        parts.append(rows[begin : begin + size])
        begin += size
    return parts


def _execute(conn: sa.Connection, table: sa.Table, rows: Sequence[Row], tail: _Tail) -> None:
    for part in _parts(rows):
        sql, processors = _statement(conn.dialect, table, len(part), tail)
        _run(conn, sql, processors, list(chain.from_iterable(part))).close()


def _run(conn: sa.Connection, sql: str, processors: _Processors, values: list[Any]) -> Any:
    """On the driver's own cursor: the text is built once, and SQLAlchemy's way there would cost more than the rows."""
    for number, process in processors:
        values[number] = process(values[number])
    cursor = conn.connection.cursor()
    cursor.execute(sql, values)
    return cursor


@cache
def _statement(dialect: sa.Dialect, table: sa.Table, size: int, tail: _Tail) -> tuple[str, _Processors]:
    row = {column.name: sa.bindparam(column.name, type_=column.type) for column in table.c}
    statement = tail(_INSERT[dialect.name](table).values(row), table)
    text, group = str(statement.compile(dialect=dialect)), f"({', '.join([_MARKS[dialect.paramstyle]] * len(table.c))})"
    assert text.count(group) == 1, text
    # Repeated as text: SQLAlchemy would take as long for each row as the engine takes for hundreds.
    return text.replace(group, ", ".join([group] * size)), _processors(dialect, list(table.c) * size)


@cache
def _lookup(dialect: sa.Dialect, table: sa.Table, size: int) -> tuple[str, _Processors]:
    columns = list(table.primary_key.columns)
    where = [column == sa.bindparam(column.name, type_=column.type) for column in columns]
    text, mark = str(sa.select(columns[-1]).where(*where).compile(dialect=dialect)), _MARKS[dialect.paramstyle]
    assert text.endswith(f"= {mark}"), text
    text = text.removesuffix(f"= {mark}") + f"IN ({', '.join([mark] * size)})"
    return text, _processors(dialect, [*columns[:-1], *columns[-1:] * size])


def _processors(dialect: sa.Dialect, columns: Sequence[sa.Column[Any]]) -> _Processors:
    processes = [_processor(dialect, column) for column in columns]
    return [(number, process) for number, process in enumerate(processes) if process is not None]


@cache
def _processor(dialect: sa.Dialect, column: sa.Column[Any]) -> Callable[[Any], Any] | None:
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    # Rows of a batch share their few days and quarter hours, and to spell one takes longer than to remember it.
    repeated = column.primary_key or isinstance(column.type, sa.Date)
    return lru_cache(maxsize=256)(process) if process is not None and repeated else process
