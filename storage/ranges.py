"""Sums over ranges of days: from the totals for days that are closed, from the daily rollups for the others."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import totals as closed
from storage.records import ALL_LINKS, Dimension, Kind
from storage.schema import audience_daily, hits_daily, set_aside_daily, totals, uniques_daily
from storage.totals import ONE_DAY

_MONTH = [totals.c[f"t{day}"] for day in range(32)]


@dataclass(frozen=True, slots=True)
class Source:
    """Counts of one sort: their facets among the totals, and the daily rollup with the columns that stand for those."""

    facets: tuple[str, ...]
    table: sa.Table
    columns: Mapping[str, sa.Column[Any]]


HITS = Source((closed.ALL,), hits_daily, {"kind": hits_daily.c.kind})
PLACES = Source((closed.PLACE,), hits_daily, {"kind": hits_daily.c.kind, "value": hits_daily.c.place_id})
UNIQUES = Source((closed.UNIQUE,), uniques_daily, {})
AUDIENCE = Source(
    tuple(Dimension),
    audience_daily,
    {"facet": audience_daily.c.dimension, "kind": audience_daily.c.kind, "value": audience_daily.c.value},
)
ASIDE = Source((closed.ASIDE,), set_aside_daily, {"kind": set_aside_daily.c.reason, "value": set_aside_daily.c.agent})
HOURS = Source((closed.HOUR,), hits_daily, {})
"""Of closed days only: no daily rollup has them."""


def of_links(
    link_id: sa.ColumnElement[int], link_ids: Collection[int] | None, *, each: bool = False
) -> sa.ColumnElement[bool]:
    """The links' rows; for a whole server its sums, or those of `each` of its links."""
    if link_ids is not None:
        return link_id.in_(link_ids)
    return link_id > ALL_LINKS if each else link_id == ALL_LINKS


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be summed up, and by what: some of `facet`, `link_id`, `kind`, `value`."""

    source: Source
    guild_id: int
    by: tuple[str, ...]
    link_ids: Collection[int] | None = None
    place_id: int | None = None
    kind: Kind | None = None

    @property
    def _each(self) -> bool:
        """Whether it goes to every link of a server: its sums know no places."""
        return "link_id" in self.by or self.source is PLACES

    def closed(self, *where: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
        """The totals' rows, without a number yet."""
        c = totals.c
        # A place is a number, but the values among the totals are texts.
        value = sa.cast(c.value, sa.BigInteger) if self.source is PLACES else c.value
        query = sa.select(*((value if name == "value" else c[name]).label(name) for name in self.by)).where(
            *(c.guild_id == self.guild_id, c.facet.in_(self.source.facets), *where),
            of_links(c.link_id, self.link_ids, each=self._each),
        )
        if self.place_id is not None:
            query = query.where(c.value == str(self.place_id))
        return query if self.kind is None else query.where(c.kind == self.kind.value)

    def open(self, first: dt.date, end: dt.date) -> sa.Select[*tuple[Any, ...]]:
        """The daily rollup's rows, without a number yet."""
        c, columns = self.source.table.c, self.source.columns
        query = sa.select(*(columns.get(name, c.link_id).label(name) for name in self.by)).where(
            *(c.guild_id == self.guild_id, c.day >= first, c.day < end),
            of_links(c.link_id, self.link_ids, each=self._each),
        )
        if self.place_id is not None:
            query = query.where(columns["value"] == self.place_id)
        return query if self.kind is None else query.where(columns["kind"] == self.kind.value)


async def summing(
    conn: AsyncConnection, question: Question, first: dt.date, end: dt.date
) -> sa.Select[*tuple[Any, ...]] | None:
    """A query for the values of `by` with the sum over the whole range; None for a range without days."""
    until = await closed.until(conn, question.guild_id)
    parts: list[sa.Select[*tuple[Any, ...]]] = []
    if first < (stop := min(end, until)):
        c = totals.c
        month, upper = closed.column(stop - ONE_DAY)
        month_before, lower = closed.column(max(first, dt.date.min + ONE_DAY) - ONE_DAY)
        if month == month_before:
            parts.append(question.closed(c.month == month).add_columns((upper - lower).label("n")))
        else:
            parts.append(question.closed(c.month == month).add_columns(upper.label("n")))
            parts.append(question.closed(c.month == month_before).add_columns((-lower).label("n")))
    if (start := max(first, until)) < end:
        parts.append(question.open(start, end).add_columns(question.source.table.c.count.label("n")))
    if not parts:
        return None
    rows = (parts[0] if len(parts) == 1 else sa.union_all(*parts)).subquery()
    keys = [rows.c[name] for name in question.by]
    n = sa.func.sum(rows.c.n)
    return sa.select(*keys, n).group_by(*keys).having(n > 0)


async def sums(conn: AsyncConnection, question: Question, first: dt.date, end: dt.date) -> Sequence[Any]:
    """Rows of the values of `by` with the sum over the whole range, where there is one."""
    query = await summing(conn, question, first, end)
    return [] if query is None else (await conn.execute(query)).all()


async def by_day(conn: AsyncConnection, question: Question, first: dt.date, end: dt.date) -> Counter[tuple[Any, ...]]:
    """Sums by day and the values of `by`."""
    until = await closed.until(conn, question.guild_id)
    found = await by_closed_day(conn, question, first, min(end, until))
    if (start := max(first, until)) < end:
        c = question.source.table.c
        query = question.open(start, end).add_columns(c.day, sa.func.sum(c.count))
        query = query.group_by(c.day, *list(query.selected_columns)[: len(question.by)])
        for *key, day, n in (await conn.execute(query)).all():
            found[day, *key] += int(n)
    return found


async def by_closed_day(
    conn: AsyncConnection, question: Question, first: dt.date, stop: dt.date
) -> Counter[tuple[Any, ...]]:
    """Sums by day and the values of `by`, of days that are closed."""
    found: Counter[tuple[Any, ...]] = Counter()
    if first >= stop:
        return found
    c = totals.c
    query = question.closed(c.month >= first.replace(day=1), c.month < stop)
    keys = list(query.selected_columns)
    query = query.add_columns(c.month, *(sa.func.sum(total) for total in _MONTH)).group_by(*keys, c.month)
    width = len(keys)
    for row in (await conn.execute(query)).all():
        key = tuple(row[:width])
        for day, n in closed.day_counts(row[width], row[width + 1 :], first, stop):
            found[day, *key] = n
    return found
