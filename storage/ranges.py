"""Sums over ranges of days: from the totals for days that are closed, from the daily rollups for the others."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from storage import totals as closed
from storage.prepared import Memory, Reader, Statement, one_of, padded, spread
from storage.records import ALL_LINKS, Dimension, Kind
from storage.schema import audience_daily, closed_days, hits, hits_daily, set_aside_daily, totals, uniques_daily
from storage.totals import ONE_DAY

_MONTH = [totals.c[f"t{day}"] for day in range(32)]
_COLUMNS = [sa.literal_column(f"column_{number}", sa.BigInteger) for number in range(2)]

_NAMED_DAYS = 400
"""More of them are read as a range; those that are not closed are one or two, but while totals are built anew."""

_FEW = 200
"""Counts that are as soon read as kept up."""
_MOST_EVENTS = 2_000
"""More are no faster than the counts that they make; where there are, they don't come to the server's sums."""
_OVERHEAD = 20
"""What a remembered answer weighs without a number in it."""

S = TypeVar("S", bound=Sized)

Sums = Mapping[tuple[Any, ...], int]
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
    def of_thousands(self) -> bool:
        """Whether it goes to all places or links of a server, and events know what by."""
        alone = self.link_ids is None and self.place_id is None and self.kind is None
        return alone and self.each and self.source in (HITS, PLACES, UNIQUES)

    @property
    def key(self) -> Hashable:
        """What is asked, as a key."""
        link_ids = None if self.link_ids is None else tuple(self.link_ids)
        return self.source, self.guild_id, self.by, link_ids, self.place_id, self.kind

    @property
    def shape(self) -> tuple[Source, tuple[str, ...], Rows]:
        rows = Rows(size_of(self.link_ids), self.each, self.place_id is not None, self.kind is not None)
        return self.source, self.by, rows

    @property
    def values(self) -> dict[str, Any]:
        return values_of(self.guild_id, self.link_ids, self.place_id, self.kind)


@dataclass(frozen=True, slots=True)
class Closed:
    """A server's closed days."""

    until: dt.date
    """Before this day the totals hold; `dt.date.min` when there are none."""
    version: int
    """As long as it stands, what was counted on them does, and no count but an event's came to other days."""

    def remembered(
        self,
        reader: Reader,
        make: Callable[[Reader, Question, dt.date, dt.date], S],
        question: Question,
        first: dt.date,
        stop: dt.date,
    ) -> S:
        """What `make` makes of days that are closed, or made before. It is shared: nobody may change it."""
        if (memory := reader.memory) is None:
            return make(reader, question, first, stop)
        key = (make, question.key, first, stop, self.version)
        if (found := memory.get(key)) is None:
            found = make(reader, question, first, stop)
            memory.put(key, found, _OVERHEAD + len(question.link_ids or ()) + len(found))
        return found


def _closed_days() -> Statement:
    c = closed_days.c
    return sa.select(c.until, c.version).where(c.guild_id == sa.bindparam("guild_id"))


def closed_of(reader: Reader, guild_id: int) -> Closed:
    """A server's closed days; the totals' rows are for them alone."""
    rows = reader.rows(_closed_days, guild_id=guild_id)
    return Closed(*rows[0]) if rows else Closed(dt.date.min, 0)


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
    query = sa.select(*((columns[name] if name in columns else c[name]).label(name) for name in by)).where(
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
    month = totals.c.month
    # IN, unlike a comparison, does not hand the column's type on to its parameters.
    later, earlier = (sa.bindparam(name, type_=month.type) for name in ("month", "month_before"))
    n = sa.case((month == later, upper), else_=-lower)
    return _summed(_closed(source, by, rows, month.in_([later, earlier])), by, n)


def _not_closed(source: Source, by: tuple[str, ...], rows: Rows, days: int | None) -> Statement:
    return _summed(_open(source, by, rows, days), by, source.table.c.count)


def sums(reader: Reader, question: Question, first: dt.date, end: dt.date) -> Sums:
    """The sums over the whole range, where there are any."""
    if question.nothing:
        return {}
    known = closed_of(reader, question.guild_id)
    if reader.memory is not None and question.of_thousands and first < known.until < end:
        return _kept_up(reader, reader.memory, known, question, first, end)
    return _in_all(reader, known, question, first, end)


def _in_all(reader: Reader, known: Closed, question: Question, first: dt.date, end: dt.date) -> Sums:
    return _sums(reader, known, question, first, end, _closed_sums, question.by)


def by_day(reader: Reader, question: Question, first: dt.date, end: dt.date) -> Sums:
    """The sums by day, where there are any."""
    if question.nothing:
        return {}
    known = closed_of(reader, question.guild_id)
    return _sums(reader, known, question, first, end, closed_by_day, ("day", *question.by))


@dataclass(frozen=True, slots=True)
class _Counted:
    """Sums over a range up to an event."""

    last_id: int
    of_server: Sums
    """By kind: what all events have to come to."""
    sums: Sums


def _kept_up(reader: Reader, memory: Memory, known: Closed, question: Question, first: dt.date, end: dt.date) -> Sums:
    """What was remembered, and the events since: a large server has thousands of counts, of which a few change.

    The sums of the server tell whether those are all. One that was made before the last and written after it is missing
    from them: then all is read anew.
    """
    key = (_kept_up, question.key, first, end, known.version)
    by_kind = Question(HITS, question.guild_id, ("kind",))
    before: _Counted | None = memory.get(key)
    if before is not None:
        of_server = _in_all(reader, known, by_kind, first, end)
        rows = reader.rows(_events, guild_id=question.guild_id, last_id=before.last_id)
        events = [event for event in map(_Event._make, rows) if first <= event.day < end]
        kinds = Counter(before.of_server)
        kinds.update((event.kind,) for event in events)
        if kinds == Counter(of_server):
            last_id = rows[-1][0] if rows else before.last_id
            now = _Counted(last_id, of_server, _with_events(question, before.sums, events))
            memory.put(key, now, _OVERHEAD + len(now.sums))
            return now.sums
    found = _in_all(reader, known, question, first, end)
    if len(found) > _FEW:
        ((last_id,),) = reader.rows(_last_event, guild_id=question.guild_id)
        now = _Counted(last_id, _in_all(reader, known, by_kind, first, end), found)
        memory.put(key, now, _OVERHEAD + len(found))
    return found


class _Event(NamedTuple):
    """One that was counted since; what questions go by has the same name here."""

    id: int
    link_id: int
    value: int
    kind: str
    day: dt.date
    is_unique: bool


def _with_events(question: Question, before: Sums, events: Sequence[_Event]) -> Sums:
    if question.source is UNIQUES:
        events = [event for event in events if event.is_unique]
    if not events:
        return before
    found = dict(before)
    for event in events:
        key = tuple(getattr(event, name) for name in question.by)
        found[key] = found.get(key, 0) + 1
    return found


def _events() -> Statement:
    c = hits.c
    return (
        sa.select(c.id, c.link_id, c.place_id, c.kind, c.day, c.is_unique)
        .where(c.guild_id == sa.bindparam("guild_id"), c.id > sa.bindparam("last_id"))
        .order_by(c.id)
        .limit(_MOST_EVENTS)
    )


def _last_event() -> Statement:
    return sa.select(sa.func.coalesce(sa.func.max(hits.c.id), 0)).where(hits.c.guild_id == sa.bindparam("guild_id"))


def _sums(
    reader: Reader,
    known: Closed,
    question: Question,
    first: dt.date,
    end: dt.date,
    of_closed: Callable[[Reader, Question, dt.date, dt.date], Sums],
    by: tuple[str, ...],
) -> Sums:
    """`of_closed` of the closed days, and what is counted by `by` on the others."""
    stop = min(end, known.until)
    settled = known.remembered(reader, of_closed, question, first, stop) if first < stop else {}
    if (start := max(first, known.until)) >= end:
        return settled
    found = defaultdict(int, settled)
    source, _, rows = question.shape
    days, named = _days(question, start, end)
    for row in reader.rows(_not_closed, source, by, rows, days, **question.values, **named):
        found[row[:-1]] += row[-1]
    return found


def _closed_sums(reader: Reader, question: Question, first: dt.date, stop: dt.date) -> Sums:
    month, upper = closed.column(stop - ONE_DAY)
    month_before, lower = closed.column(max(first, dt.date.min + ONE_DAY) - ONE_DAY)
    build = _within if month == month_before else _between
    values = question.values | {"month": month, "month_before": month_before}
    found: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in reader.rows(build, *question.shape, columns=(upper.name, lower.name), **values):
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


def closed_by_day(reader: Reader, question: Question, first: dt.date, stop: dt.date) -> Sums:
    return {
        (day, *key): n
        for key, days, numbers in by_closed_day(reader, question, first, stop)
        for day, n in zip(days, numbers, strict=True)
        if n
    }


def by_closed_day(
    reader: Reader, question: Question, first: dt.date, stop: dt.date
) -> Iterator[tuple[tuple[Any, ...], Sequence[dt.date], Sequence[int]]]:
    """Of days that are closed: the values of the question's `by`, days of a month in order, and the sum of each."""
    months = spread("month", _months(first, stop))
    width = len(question.by)
    for row in reader.rows(_monthly, *question.shape, len(months), **question.values, **months):
        yield row[:width], *closed.day_counts(row[width], row[width + 1 :], first, stop)
