"""Every statement that goes past SQLAlchemy to the driver: each value is spelled by its column's type, on every Python.

The driver's own ways for dates are refused in all tests (`tests/conftest.py`); here every such statement runs once.
"""

from __future__ import annotations

import ast
import datetime as dt
import inspect
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import product
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
import sqlalchemy as sa

import storage
from storage import (
    alerts,
    counts,
    destinations,
    histories,
    imports,
    pages,
    picks,
    posts,
    ranges,
    recount,
    servers,
    transfer,
    upsert,
)
from storage import hits as hits_
from storage import links as links_storage
from storage import totals as closed
from storage.database import Database
from storage.prepared import Reader, Statement, read
from storage.ranges import Rows, Source
from storage.records import Dimension, State
from storage.schema import UTC, hits_daily, links, metadata, profiles, totals

DAY = dt.date(2026, 3, 11)
NOW = dt.datetime(2026, 3, 11, 12, 30, tzinfo=dt.UTC)

ROWS = [Rows(size, each) for size, each in product((None, 2), (False, True))]
KINDS = [Rows(rows.size, rows.each, place, True) for rows in ROWS for place in (False, True)]
PLACES = [Rows(rows.size, rows.each, True) for rows in ROWS]


def asked() -> list[tuple[Source, tuple[str, ...], Rows]]:
    """Sources, what they are summed up by, and which rows, in every mix that has a meaning."""
    found = []
    for source in (ranges.HITS, ranges.PLACES, ranges.UNIQUES, ranges.AUDIENCE, ranges.ASIDE):
        rows = [*ROWS, *(some for some in KINDS if not some.place and "kind" in source.columns)]
        rows += PLACES if source is ranges.PLACES else []
        groups = [(), ("link_id", *source.columns)]
        found += list(product([source], groups, rows))
    return found


DAYS = [(*question, days) for question in asked() for days in (None, 2)]
OFFSETS = (dt.timedelta(0), dt.timedelta(hours=5, minutes=45), dt.timedelta(hours=-9, minutes=-30))
EACH_TABLE = [(name,) for name in transfer.DAYS]
SIZES = [(size,) for size in (1, 2, 8)]
STATES = [(State.ACTIVE,), (State.ACTIVE, State.ARCHIVED)]
PICKED = list(product((0, 2), (0, 1, 3), (False, True), STATES))

FOUND = list(product(STATES, (False, True)))
LISTED = [(links_storage._found, shape) for shape in FOUND]
LISTED += [(posts._found, shape) for shape in product(STATES, (False, True), (None, 1))]
NAMED = [(None,), (1,), (2,)]

RECOUNTED = [
    *((name, "", 0) for name in ("hits_quarter", "uniques_daily")),
    *(("audience_daily", dimension.value, 0) for dimension in Dimension),
    *(("hits_daily", "", stretches) for stretches in (16, 17)),
]

SHAPES: dict[Callable[..., Statement], Sequence[tuple[Any, ...]]] = {
    counts._any_history: [()],
    counts._aside_of_place: [(rows,) for rows in PLACES],
    counts._hours: list(product([*ROWS, *KINDS], OFFSETS, (False, True))),
    counts._by_place_of_quarters: [(rows,) for rows in [*ROWS, *KINDS]],
    counts._by_place_and_quarter: [(rows,) for rows in [*ROWS, *KINDS]],
    counts._dropped: [(rows,) for rows in ROWS],
    counts._shared: [(rows,) for rows in ROWS if rows.each],
    counts._all_days: [()],
    histories._taken: SIZES,
    histories._pages_here: [()],
    imports._named: [(False,), (True,)],
    imports._known: list(product((1, 4), (0, 1))),
    imports._totals: SIZES,
    imports._readings: SIZES,
    links_storage._newest_first: FOUND,
    links_storage._to: [()],
    links_storage._by_ids: SIZES,
    picks._most_clicked: [("link_id",), ("place_id",)],
    picks._links: PICKED,
    picks._posts: [(*shape, linked) for shape in PICKED for linked in (False, True)],
    picks._creators: [(10,)],
    picks._tags: [(states,) for states in STATES],
    posts._newest_first: list(product(STATES, (False, True), (None, 1, 2))),
    pages._page: [(*listed, newer) for listed in LISTED for newer in (None, False, True)],
    pages._count: LISTED,
    posts._by_ids: SIZES,
    posts._since: [(False,), (True,)],
    posts._all_figures: NAMED,
    posts._figures_within: NAMED,
    posts._figures_before: NAMED,
    posts._figures_after: NAMED,
    posts._figures_latest: NAMED,
    posts._told_before: SIZES,
    posts._first_figure: [(*whose, False) for whose in product((False, True), (None, 2))] + [(False, None, True)],
    ranges._closed_days: [()],
    ranges._within: asked(),
    ranges._between: asked(),
    ranges._not_closed: DAYS,
    ranges._monthly: [(*question, months) for question in asked() for months in (1, 2)],
    ranges._events: [()],
    ranges._last_event: [()],
    servers._settled: [()],
    alerts._signs: [()],
    recount._counted_days: [()],
    recount._days_of_events: [()],
    recount._differing: [
        (name, *of, dimension, stretches)
        for name, dimension, stretches in RECOUNTED
        for of in product((False, True), (False, True))
    ],
    destinations._due: [(40,)],
    hits_._any_ahead: [()],
    hits_._any_old: [()],
    servers._zone: [()],
    closed._until: [()],
    closed._first: [(name,) for name in closed.FIRSTS],
    closed._months: [()],
    closed._carried: [(28,), (31,)],
    closed._of_day: list(product((1, 31), (1, 2))),
    transfer._ids: list(product((links, profiles), (False, True))),
    transfer._nouns: [(name, *whose) for name in transfer.NOUNS for whose in ((False, False), (True, False))]
    + [(name, False, True) for name in transfer.NOUNS],
    transfer._quarters: list(product(transfer.QUARTERS, (1, 4))),
    transfer._days_of: EACH_TABLE,
    transfer._days: list(product(transfer.DAYS, (1, 4), (1, 64))),
    transfer._counts: [(name,) for name in (*transfer.QUARTERS, *transfer.DAYS)],
}
"""Each statement that is prepared, in the shapes that it can have."""

PARTS = {
    links_storage._found,
    links_storage._links,
    posts._found,
    posts._posts,
    posts._shown,
    posts._from,
    posts._next_to,
    counts._quarters,
    ranges._closed,
    ranges._summed,
    ranges._open,
    transfer._summed,
    closed._of_month,
    closed._counts,
    closed.differing,
    recount._kept,
    recount._events,
}
"""Functions that other statements are made with."""


def value_of(type_: sa.types.TypeEngine[Any], number: int = 1) -> Any:
    """A value as the code has it for a column of the type."""
    match type_:
        case UTC():
            return NOW + dt.timedelta(minutes=15 * number)
        case sa.Date():
            return DAY + dt.timedelta(days=number)
        case sa.Boolean():
            return number % 2 == 1
        case sa.JSON():
            return [f"tag {number}"]
        case sa.LargeBinary():
            return bytes([number % 256])
        case sa.Text():
            return f"text {number}"
        case sa.Integer():
            return number
    raise AssertionError(f"no sample for {type_!r}")


def parameters(statement: Statement) -> dict[str, Any]:
    """A value for each parameter that a statement leaves open, by the type that it is compared with."""
    binds = [part for part in sa.sql.visitors.iterate(statement) if isinstance(part, sa.BindParameter)]
    types = {bind.key: bind.type for bind in binds if bind.required}
    for bind in binds:
        if bind.key in types:
            assert repr(types[bind.key]) == repr(bind.type), f"{bind.key} has two types"
    return {key: value_of(type_) for key, type_ in types.items()}


def prepared_in(module: Any) -> set[Callable[..., Statement]]:
    """The functions of a module that make a statement."""
    functions = inspect.getmembers(module, inspect.isfunction)
    return {
        function
        for _, function in functions
        if function.__module__ == module.__name__ and function.__annotations__.get("return") == "Statement"
    }


def test_no_prepared_statement_is_left_out() -> None:
    modules = [import_module(f"storage.{module.name}") for module in iter_modules(storage.__path__)]
    made = set().union(*map(prepared_in, modules)) - PARTS
    assert made == set(SHAPES), "a statement is prepared that SHAPES does not know, or no more"


def test_nothing_else_gets_hold_of_the_drivers_cursor() -> None:
    """A third way past SQLAlchemy would need a test like the two of this file."""
    root = Path(storage.__file__).parent.parent
    callers = {
        path.relative_to(root).as_posix()
        for folder in ("storage", "bot", "cogs")
        for path in (root / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "cursor"
    }
    assert callers == {"storage/prepared.py", "storage/upsert.py", "storage/database.py"}


async def test_every_prepared_statement_binds_its_values_by_their_columns_types(db: Database) -> None:
    def work(reader: Reader) -> None:
        for build, shapes in SHAPES.items():
            between = build in (ranges._within, ranges._between)
            columns = (totals.c.t2.name, totals.c.t1.name) if between else ()
            for shape in shapes:
                reader.rows(build, *shape, columns=columns, **parameters(build(*shape)))

    async with db.read() as conn:
        await read(conn, work)


async def test_a_prepared_parameter_without_a_type_is_refused(db: Database) -> None:
    def months() -> Statement:
        return sa.select(hits_daily.c.count).where(hits_daily.c.day.in_([sa.bindparam("one"), sa.bindparam("two")]))

    async with db.read() as conn:
        with pytest.raises(TypeError, match="months: parameters of no column's type: one, two"):
            await read(conn, lambda reader: reader.rows(months, one=DAY, two=DAY))


@pytest.mark.parametrize("way", [upsert.insert, upsert.insert_missing, upsert.add_counts, upsert.insert_bound])
async def test_rows_of_every_table_are_written_by_their_columns_types(db: Database, way: Any) -> None:
    tables = [table for table in metadata.sorted_tables if way is not upsert.add_counts or "count" in table.c]
    given = {table: [tuple(value_of(c.type, number) for c in table.c) for number in (1, 2, 3)] for table in tables}

    def write(conn: sa.Connection) -> None:
        for table, rows in given.items():
            key = list(table.primary_key.columns)
            place = [column.name for column in table.c].index(key[-1].name)
            if way is upsert.insert_bound:
                spell = [upsert.spelling(conn, column) for column in table.c]
                way(conn, table, [tuple(make(value) for make, value in zip(spell, row, strict=True)) for row in rows])
            else:
                way(conn, table, rows)
            prefix = tuple(value_of(column.type) for column in key[:-1])
            assert upsert.existing(conn, table, prefix, [row[place] for row in rows]), table.name

    await db.write(lambda conn: conn.run_sync(write))
    async with db.read() as conn:
        for table, rows in given.items():
            kept = (await conn.execute(sa.select(table).order_by(*table.primary_key.columns))).all()
            assert list(map(tuple, kept)) == rows, table.name


async def test_rows_of_every_table_are_overwritten_by_their_columns_types(db: Database) -> None:
    tables = [table for table in metadata.sorted_tables if any(not column.primary_key for column in table.c)]

    def row(table: sa.Table, number: int) -> dict[str, Any]:
        return {column.name: value_of(column.type, 1 if column.primary_key else number) for column in table.c}

    def write(conn: sa.Connection) -> None:
        for table in tables:
            upsert.put(conn, table, row(table, 1))
            upsert.put(conn, table, row(table, 2))

    await db.write(lambda conn: conn.run_sync(write))
    async with db.read() as conn:
        for table in tables:
            kept = (await conn.execute(sa.select(table))).mappings().all()
            assert list(map(dict, kept)) == [row(table, 2)], table.name
