"""Sums over ranges of days: from the totals for days that are closed, from the daily rollups for the others."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from storage import totals as closed
from storage.prepared import Reader, Statement, one_of, padded, spread
from storage.records import ALL_LINKS, Dimension, Kind
from storage.schema import audience_daily, closed_days, hits_daily, set_aside_daily, totals, uniques_daily
from storage.totals import ONE_DAY

_MONTH = [totals.c[f"t{day}"] for day in range(32)]
_COLUMNS = [sa.literal_column(f"column_{number}", sa.BigInteger) for number in range(2)]

_NAMED_DAYS = 400
"""More of them are read as a range; those that are not closed are one or two, but while totals are built anew."""

Sums = dict[tuple[Any, ...], int]
"""How many by the values of a question's `by`, after the day where there is one."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Counts of one sort: their facets among the totals, and the daily rollup with the columns that stand for those."""

    facets: tuple[str, ...]
    table: sa.Table
    columns: Mapping[str, sa.Column[Any]]


HITS = Source((closed.ALL,), hits_daily, {"kind": hits_daily.c.kind})
PLACES = Source((closed.PLACE,), hits_daily, {"kind": hits_daily.c.kind, "value": hits_daily.c.place_id})
UNIQUES = Source((closed.UNIQUE,), uniques_daily, {})
AUDIENCE = Source(
    tuple(dimension.value for dimension in Dimension),
    audience_daily,
    {"facet": audience_daily.c.dimension, "kind": audience_daily.c.kind, "value": audience_daily.c.value},
)
ASIDE = Source((closed.ASIDE,), set_aside_daily, {"kind": set_aside_daily.c.reason, "value": set_aside_daily.c.agent})
HOURS = Source((closed.HOUR,), hits_daily, {})
"""Of closed days only: no daily rollup has them."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows a statement reads: the links', or a whole server's sums, or those of `each` of its links."""

    size: int | None
    """How many links are named."""
    each: bool = False
    place: bool = False
    """Whether one place is named, and one kind."""
    kind: bool = False

    def links(self, link_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        if self.size is not None:
            return one_of(link_id, "link", self.size)
        return link_id != ALL_LINKS if self.each else link_id == ALL_LINKS


def values_of(
    guild_id: int, link_ids: Collection[int] | None, place_id: int | None = None, kind: Kind | None = None
) -> dict[str, Any]:
    """The parameters that say what `Rows` leaves open."""
    links = {} if link_ids is None else spread("link", link_ids)
    return {"guild_id": guild_id, "place_id": place_id, "place": str(place_id), "kind": kind and kind.value, **links}


def size_of(link_ids: Collection[int] | None) -> int | None:
    return None if link_ids is None else padded(len(link_ids))


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
    def nothing(self) -> bool:
        """Whether no link is meant."""
        return self.link_ids is not None and not self.link_ids

    @property
    def each(self) -> bool:
        """Whether it goes to each of a server's links: its sums know no places."""
        return "link_id" in self.by or self.source is PLACES

    @property
    def shape(self) -> tuple[Source, tuple[str, ...], Rows]:
        rows = Rows(size_of(self.link_ids), self.each, self.place_id is not None, self.kind is not None)
        return self.source, self.by, rows

    @property
    def values(self) -> dict[str, Any]:
        return values_of(self.guild_id, self.link_ids, self.place_id, self.kind)


def _until() -> Statement:
    return sa.select(closed_days.c.until).where(closed_days.c.guild_id == sa.bindparam("guild_id"))


def closed_until(reader: Reader, guild_id: int) -> dt.date:
    """Before which day the totals hold; `dt.date.min` when there are none."""
    rows = reader.rows(_until, guild_id=guild_id)
    return rows[0][0] if rows else dt.date.min


def _closed(source: Source, by: tuple[str, ...], rows: Rows, *where: sa.ColumnElement[bool]) -> Statement:
    """The totals' rows, without a number yet."""
    c = totals.c
    # A place is a number, but the values among the totals are texts.
    value = sa.cast(c.value, sa.BigInteger) if source is PLACES else c.value
    query = sa.select(*((value if name == "value" else c[name]).label(name) for name in by)).where(
        c.guild_id == sa.bindparam("guild_id"),
        c.facet.in_([sa.literal(facet, sa.Text) for facet in source.facets]),
        rows.links(c.link_id),
        *where,
    )
    if rows.place:
        query = query.where(c.value == sa.bindparam("place"))
    return query.where(c.kind == sa.bindparam("kind")) if rows.kind else query


def total(number: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """The sum, as a whole number on every engine."""
    return sa.cast(sa.func.sum(number), sa.BigInteger)


def _summed(query: Statement, by: tuple[str, ...], *numbers: sa.ColumnElement[Any]) -> Statement:
    """The sums by the values of `by`; link by link there is next to nothing to sum up, but much to sort for it."""
    if "link_id" in by:
        return query.add_columns(*numbers)
    # Without anything to group by there is a row also where there is nothing to sum up.
    return query.add_columns(*(sa.func.coalesce(total(number), 0) for number in numbers)).group_by(*by)


def _open(source: Source, by: tuple[str, ...], rows: Rows, days: int | None) -> Statement:
    """The daily rollup's rows, without a number yet; of so many days that are named, or of a range of them."""
    c, columns = source.table.c, source.columns
    named = (c.day >= sa.bindparam("start"), c.day < sa.bindparam("end"))
    query = sa.select(*(columns.get(name, c.link_id).label(name) for name in by)).where(
        *(c.guild_id == sa.bindparam("guild_id"), rows.links(c.link_id)),
        *(named if days is None else (one_of(c.day, "day", days),)),
    )
    if rows.place:
        query = query.where(columns["value"] == sa.bindparam("place_id"))
    return query.where(columns["kind"] == sa.bindparam("kind")) if rows.kind else query


def _within(source: Source, by: tuple[str, ...], rows: Rows) -> Statement:
    """From the end of one day to that of another of the same month."""
    upper, lower = _COLUMNS
    return _summed(_closed(source, by, rows, totals.c.month == sa.bindparam("month")), by, upper - lower)


def _between(source: Source, by: tuple[str, ...], rows: Rows) -> Statement:
    """From the end of one day to that of another of a later month."""
    upper, lower = _COLUMNS
    month, later, earlier = totals.c.month, sa.bindparam("month"), sa.bindparam("month_before")
    n = sa.case((month == later, upper), else_=-lower)
    return _summed(_closed(source, by, rows, month.in_([later, earlier])), by, n)


def _not_closed(source: Source, by: tuple[str, ...], rows: Rows, days: int | None) -> Statement:
    return _summed(_open(source, by, rows, days), by, source.table.c.count)


Part = tuple[tuple[Any, ...], dict[str, Any]]
"""A statement's function with what it is called with, and its parameters."""


def _parts(reader: Reader, question: Question, first: dt.date, end: dt.date) -> tuple[list[Part], tuple[str, ...]]:
    """What adds up to the sums over a range, and the totals' columns: closed and open days apart."""
    until = closed_until(reader, question.guild_id)
    shape, values = question.shape, question.values
    parts: list[Part] = []
    columns: tuple[str, ...] = ()
    if first < (stop := min(end, until)):
        month, upper = closed.column(stop - ONE_DAY)
        month_before, lower = closed.column(max(first, dt.date.min + ONE_DAY) - ONE_DAY)
        build = _within if month == month_before else _between
        parts.append(((build, *shape), values | {"month": month, "month_before": month_before}))
        columns = (upper.name, lower.name)
    if (start := max(first, until)) < end:
        days, named = _days(question, start, end)
        parts.append(((_not_closed, *shape, days), values | named))
    return parts, columns


def sums(reader: Reader, question: Question, first: dt.date, end: dt.date) -> Sums:
    """The sums over the whole range, where there are any."""
    if question.nothing:
        return {}
    found: Sums = defaultdict(int)
    parts, columns = _parts(reader, question, first, end)
    for call, values in parts:
        for row in reader.rows(*call, columns=columns, **values):
            found[row[:-1]] += row[-1]
    return {key: n for key, n in found.items() if n}


def _days(question: Question, start: dt.date, end: dt.date) -> tuple[int | None, dict[str, Any]]:
    """How many days are to be named, and the parameters for them."""
    if (question.each and question.link_ids is None) or (end - start).days > _NAMED_DAYS:
        return None, {"start": start, "end": end}
    # With a range of days, the key would lead no further than there: to all links.
    named = spread("day", [start + number * ONE_DAY for number in range((end - start).days)])
    return len(named), named


def _monthly(source: Source, by: tuple[str, ...], rows: Rows, months: int) -> Statement:
    # Months one by one: with a range of them, the key would lead no further than there.
    query = _closed(source, by, rows, one_of(totals.c.month, "month", months)).add_columns(totals.c.month)
    return _summed(query, (*by, "month"), *_MONTH)


def _months(first: dt.date, stop: dt.date) -> list[dt.date]:
    """The first days of the months that the range lies in."""
    months = range(first.year * 12 + first.month - 1, (stop - ONE_DAY).year * 12 + (stop - ONE_DAY).month)
    return [dt.date(month // 12, month % 12 + 1, 1) for month in months]


def _daily(source: Source, by: tuple[str, ...], rows: Rows, days: int | None) -> Statement:
    c = source.table.c
    return _summed(_open(source, by, rows, days).add_columns(c.day), (*by, "day"), c.count)


def by_day(reader: Reader, question: Question, first: dt.date, end: dt.date) -> Sums:
    """The sums by day."""
    until = closed_until(reader, question.guild_id)
    found: Sums = {
        (day, *key): n
        for key, days, numbers in by_closed_day(reader, question, first, min(end, until))
        for day, n in zip(days, numbers, strict=True)
        if n
    }
    if (start := max(first, until)) < end and not question.nothing:
        days, named = _days(question, start, end)
        for *by, day, n in reader.rows(_daily, *question.shape, days, **question.values, **named):
            key = (day, *by)
            found[key] = found.get(key, 0) + n
    return found


def by_closed_day(
    reader: Reader, question: Question, first: dt.date, stop: dt.date
) -> Iterator[tuple[tuple[Any, ...], Sequence[dt.date], Sequence[int]]]:
    """Of days that are closed: the values of the question's `by`, days of a month in order, and the sum of each."""
    if first >= stop or question.nothing:
        return
    months = spread("month", _months(first, stop))
    width = len(question.by)
    for row in reader.rows(_monthly, *question.shape, len(months), **question.values, **months):
        yield row[:width], *closed.day_counts(row[width], row[width + 1 :], first, stop)
