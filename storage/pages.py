"""Pages of lists that have the newest first: read from an edge on, the last costs what the first does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa

from storage.prepared import Reader, Statement
from storage.records import Edge, Page

T = TypeVar("T")


def page(
    reader: Reader,
    build: Callable[..., Statement],
    shape: tuple[Any, ...],
    values: Mapping[str, Any],
    make: Callable[[tuple[Any, ...]], T],
    edge: Edge | None,
    size: int,
) -> Page[T]:
    """So many of the rows of `build(*shape)`, which have an `id`: the first ones, or those on one side of an edge.

    Where there is nothing older any more, they are the last ones.
    """

    def rows(edge: Edge | None) -> list[tuple[Any, ...]]:
        newer = None if edge is None else edge.newer
        found = reader.rows(_page, build, shape, newer, **values, edge=edge and edge.id, most=size)
        return found[::-1] if newer else found

    found = rows(edge)
    if edge is not None and not edge.newer and not found:
        edge = Edge(0, newer=True)
        found = rows(edge)
    if edge is not None and edge.newer and len(found) < size:
        found = rows(None)
    items = list(map(make, found))
    first: Any = items[0] if items else None
    ((count, before),) = reader.rows(_count, build, shape, **values, first=first.id if items else 0)
    return Page.of(items, before, count, size)


def _page(build: Callable[..., Statement], shape: tuple[Any, ...], newer: bool | None) -> Statement:
    query = build(*shape)
    id_, edge = query.selected_columns.id, sa.bindparam("edge", type_=sa.BigInteger)
    if newer is not None:
        query = query.where(id_ > edge if newer else id_ < edge)
    return query.order_by(id_ if newer else id_.desc()).limit(sa.bindparam("most", type_=sa.Integer))


def _count(build: Callable[..., Statement], shape: tuple[Any, ...]) -> Statement:
    """How many there are, and how many of them are newer than the page's first."""
    query = build(*shape)
    newer = query.selected_columns.id > sa.bindparam("first", type_=sa.BigInteger)
    return query.with_only_columns(sa.func.count(), sa.func.count().filter(newer))
