"""Reads whose text is built once and that run in the database's own thread, several for one trip there.

A number of a report takes SQLite some microseconds; to build its statement anew and to hand it over from a coroutine
would each take hundreds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from threading import Lock
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import sqlalchemy as sa
from cachetools import LRUCache
from sqlalchemy.ext.asyncio import AsyncConnection

P = ParamSpec("P")
T = TypeVar("T")
Statement = sa.Select[*tuple[Any, ...]]

PART = 1_000
"""Rows that are read at once of what may be any number."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    text: str
    names: Sequence[str]
    values: Mapping[str, Any]
    """Those of parameters that always have the same."""
    bind: Sequence[tuple[str, Callable[[Any], Any]]]
    """What makes a parameter's value the driver's."""
    results: Sequence[tuple[int, Callable[[Any], Any]]]
    """Which columns' values are to be made of the driver's, and how."""

    def made(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """The driver's rows with the values that their columns have."""
        if not rows or not self.results:
            return rows
        columns: list[Any] = list(zip(*rows, strict=True))
        for number, make in self.results:
            columns[number] = map(make, columns[number])
        return list(zip(*columns, strict=True))


class Memory:
    """Answers that are asked for again, the latest used; of all the reading connections of a database."""

    def __init__(self, size: int) -> None:
        """`size` is how many it may weigh in all."""
        self._kept: LRUCache[Hashable, tuple[int, Any]] = LRUCache(size, getsizeof=itemgetter(0))
        self._lock = Lock()
        """Each connection has a thread of its own."""

    def get(self, key: Hashable) -> Any:
        """The answer that was put there, which nobody may change; None when there is none."""
        with self._lock:
            kept = self._kept.get(key)
        return None if kept is None else kept[1]

    def put(self, key: Hashable, answer: object, weight: int) -> None:
        """Keep an answer; the key must say all that it depends on."""
        with self._lock, suppress(ValueError):  # which is raised for what alone weighs too much
            self._kept[key] = weight, answer


class Reader:
    """A connection in the middle of a read; for use within the function that `read` hands it to."""

    def __init__(self, connection: Any, dialect: sa.Dialect, memory: Memory | None) -> None:
        self._connection = connection
        self._dialect = dialect
        self.memory = memory
        """None on a connection that writes: what it reads may yet be rolled back."""

    def rows(
        self, build: Callable[..., Statement], *shape: Any, columns: Sequence[str] | Any = (), **values: Any
    ) -> list[tuple[Any, ...]]:
        """The rows of `build(*shape)`, whose parameters get `values`.

        `columns` stand in the text where it says `column_0`, `column_1` ...: names from our own tables alone.
        """
        prepared = _prepare(self._dialect, build, shape)
        cursor = self._execute(prepared, columns, values)
        rows = cursor.fetchall()
        cursor.close()
        return prepared.made(rows)

    def parts(self, build: Callable[..., Statement], *shape: Any, **values: Any) -> Iterator[list[tuple[Any, ...]]]:
        """The same rows, some at a time: as many as there may be."""
        prepared = _prepare(self._dialect, build, shape)
        cursor = self._execute(prepared, (), values)
        try:
            while rows := cursor.fetchmany(PART):
                yield prepared.made(rows)
        finally:
            cursor.close()

    def _execute(self, prepared: _Prepared, columns: Sequence[str] | Any, values: dict[str, Any]) -> Any:
        text = prepared.text
        for number, column in enumerate(columns):
            text = text.replace(f"column_{number}", column)
        values = {**prepared.values, **values}
        for name, process in prepared.bind:
            values[name] = process(values[name])
        cursor = self._connection.cursor()
        cursor.execute(text, [values[name] for name in prepared.names])
        return cursor


async def read(conn: AsyncConnection, work: Callable[[Reader], T]) -> T:
    """Run a plain function that reads, within the connection's transaction."""
    if not conn.in_transaction():
        await conn.begin()
    driver: Any = (await conn.get_raw_connection()).driver_connection
    # aiosqlite has no public way into its thread; SQLAlchemy's own dialect goes this one too.
    memory = conn.sync_engine.get_execution_options().get("memory")
    within = copy_context()  # the thread has none of its own: without it, texts would not be in the reader's language
    return await driver._execute(within.run, work, Reader(driver._conn, conn.dialect, memory))


class Read(Generic[P, T]):
    """A function that reads: called with a connection it makes a trip of its own, `within` a reader it joins one."""

    def __init__(self, within: Callable[Concatenate[Reader, P], T]) -> None:
        self.within = within
        self.__doc__ = within.__doc__

    async def __call__(self, conn: AsyncConnection, *args: P.args, **kwargs: P.kwargs) -> T:
        return await read(conn, lambda reader: self.within(reader, *args, **kwargs))


def one_of(column: sa.ColumnElement[Any], name: str, size: int) -> sa.ColumnElement[bool]:
    """That a column has one of `size` values, given as `spread` does."""
    return column.in_([sa.bindparam(each, type_=column.type) for each in _names(name, size)])


def padded(count: int) -> int:
    """How many parameters stand for so many values: few statements do for any number of them."""
    return 1 << (count - 1).bit_length()


def spread(name: str, values: Collection[T]) -> dict[str, T]:
    """The values as parameters for `one_of`, the last of them several times."""
    listed = list(values)
    names = _names(name, padded(len(listed)))
    return dict(zip(names, listed + listed[-1:] * (len(names) - len(listed)), strict=True))


@lru_cache(maxsize=100)
def _names(name: str, size: int) -> tuple[str, ...]:
    return tuple(f"{name}_{number}" for number in range(size))


@lru_cache(maxsize=1_000)
def _prepare(dialect: sa.Dialect, build: Callable[..., Statement], shape: tuple[Any, ...]) -> _Prepared:
    statement = build(*shape)
    compiled: Any = statement.compile(dialect=dialect)
    # The driver would spell a value of such a parameter in a way of its own, or refuse it.
    if untyped := [name for name, bind in compiled.binds.items() if isinstance(bind.type, sa.types.NullType)]:
        raise TypeError(f"{build.__name__}: parameters of no column's type: {', '.join(untyped)}")
    processors = [
        (number, process)
        for number, column in enumerate(statement.selected_columns)
        if (process := column.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
    ]
    return _Prepared(
        text=str(compiled),
        names=list(compiled.positiontup),
        values=compiled.construct_params(_check=False),
        bind=[(name, process) for name, process in compiled._bind_processors.items() if process is not None],
        results=processors,
    )
