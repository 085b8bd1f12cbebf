"""Everything that numbers are made of, table by table: out of one database for another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from storage import imports, ranges
from storage.prepared import Reader, Statement, one_of, padded, spread
from storage.records import ALL_LINKS
from storage.schema import (
    UTC,
    audience_daily,
    avatars,
    dropped_quarter,
    figures,
    hits_daily,
    hits_quarter,
    links,
    notes,
    posts,
    profile_entries,
    profiles,
    set_aside_daily,
    uniques_daily,
)

NOUNS = {
    "links": links,
    "posts": posts,
    "figures": figures,
    "notes": notes,
    "profiles": profiles,
    "profile_entries": profile_entries,
    "avatars": avatars,
}
QUARTERS = {"quarters": hits_quarter, "dropped": dropped_quarter}
DAYS = {"days": hits_daily, "uniques": uniques_daily, "audience": audience_daily, "set_aside": set_aside_daily}
TABLES = NOUNS | QUARTERS | DAYS
"""The tables of an export under the names that they have there."""

_OURS = {"guild_id", "writer_id", "history_id", "import_id", "search"}
_NUMBERED = {"figures", "notes"}
"""Tables whose ids nothing refers to."""
_FEW = 512
"""Of more links, all that a server has is as soon read."""
_DAYS = 64
"""Days that are looked up at once."""


def columns(name: str) -> list[sa.Column[Any]]:
    """What an export has of a table; a count is the last one."""
    without = _OURS | ({"id"} if name in _NUMBERED else set())
    return [column for column in TABLES[name].c if column.name not in without]


def kind_of(column: sa.Column[Any]) -> type:
    """What a column's values are: int, str, bool, bytes, `dt.date`, `dt.datetime`, or a list of texts."""
    if isinstance(column.type, UTC):
        return dt.datetime
    return list if isinstance(column.type, sa.JSON) else column.type.python_type


class _Instant(sa.TypeDecorator[str]):
    impl = sa.BigInteger
    cache_ok = True

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else _iso(value)


@lru_cache(maxsize=20_000)
def _iso(ms: int) -> str:
    return dt.datetime.fromtimestamp(ms // 1000, dt.UTC).replace(microsecond=ms % 1000 * 1000).isoformat()


def _spelled(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    if isinstance(column.type, UTC):
        return sa.type_coerce(column, _Instant)
    return sa.cast(column, sa.Text) if isinstance(column.type, sa.Date) else column


@dataclass(frozen=True, slots=True)
class Scope:
    """What is exported: a whole server, or what is a creator's, or one link."""

    guild_id: int
    creator_id: int | None = None
    link_id: int | None = None


def rows(reader: Reader, scope: Scope, name: str) -> Iterator[list[tuple[Any, ...]]]:
    """A table's rows in parts, in the order of their keys or of time; counts are summed over their writers.

    Days and instants are ISO 8601, in UTC: of millions, values of their own take longer than all else.
    """
    if name in NOUNS:
        yield from reader.parts(_nouns, name, *_shape(scope), **_values(scope))
        return
    ids = _link_ids(reader, scope)
    if len(ids) > _FEW or not _is_part(scope):
        place = [column.name for column in columns(name)].index("link_id")
        wanted = frozenset(ids)
        for part in reader.parts(_counts, name, guild_id=scope.guild_id):
            yield [row for row in part if row[place] in wanted]
        return
    if not ids:
        return
    given = {"guild_id": scope.guild_id, **spread("link", ids)}
    size = padded(len(ids))
    if name in QUARTERS:
        yield from reader.parts(_quarters, name, size, **given)
        return
    ((first, last),) = reader.rows(_days_of, name, guild_id=scope.guild_id)
    if first is None:
        return
    days = (last - first).days + 1
    for at in range(0, days, _DAYS):
        some = [first + dt.timedelta(days=day) for day in range(at, min(at + _DAYS, days))]
        yield from reader.parts(_days, name, size, padded(len(some)), **given, **spread("day", some))


def _is_part(scope: Scope) -> bool:
    return scope.creator_id is not None or scope.link_id is not None


def _link_ids(reader: Reader, scope: Scope) -> list[int]:
    """The ids that counts stand under: links', and profiles' for the views of their pages."""
    if scope.link_id is not None:
        return [scope.link_id]
    of_creator = scope.creator_id is not None
    return sorted(
        row[0] for table in (links, profiles) for row in reader.rows(_ids, table, of_creator, **_values(scope))
    )


def _ids(table: sa.Table, of_creator: bool) -> Statement:
    query = sa.select(table.c.id).where(table.c.guild_id == sa.bindparam("guild_id"))
    return query.where(table.c.creator_id == sa.bindparam("creator_id")) if of_creator else query


def _shape(scope: Scope) -> tuple[bool, bool]:
    return scope.creator_id is not None, scope.link_id is not None


def _values(scope: Scope) -> dict[str, Any]:
    return {"guild_id": scope.guild_id, "creator_id": scope.creator_id, "link_id": scope.link_id}


def _nouns(name: str, of_creator: bool, of_link: bool) -> Statement:
    table = NOUNS[name]
    guild_id = sa.bindparam("guild_id", type_=sa.BigInteger)
    query = (
        sa.select(*map(_spelled, columns(name)))
        .where(table.c.guild_id == guild_id)
        .order_by(*table.primary_key.columns)
    )
    if "import_id" in table.c:
        query = query.where(imports.shown(guild_id, table.c.import_id))
    if not (of_creator or of_link):
        return query
    if name == "figures":
        mine = sa.select(posts.c.id).where(posts.c.guild_id == guild_id, _of(posts, of_link))
        return query.where(table.c.post_id.in_(mine))
    return query.where(_of(table, of_link))


def _of(table: sa.Table, of_link: bool) -> sa.ColumnElement[bool]:
    if of_link and table in (profiles, avatars):
        return sa.false()
    if of_link:
        mine = (table.c.id if table is links else table.c.link_id) == sa.bindparam("link_id")
        if table in (notes, profile_entries):  # a link that changed hands leaves those of whose it was behind
            owner = sa.select(links.c.creator_id).where(
                links.c.guild_id == sa.bindparam("guild_id"), links.c.id == sa.bindparam("link_id")
            )
            return sa.and_(mine, table.c.creator_id == owner.scalar_subquery())
        return mine
    return table.c.creator_id == sa.bindparam("creator_id")


def _counts(name: str) -> Statement:
    c = TABLES[name].c
    return _summed(name, c.guild_id == sa.bindparam("guild_id"), c.link_id != ALL_LINKS)


def _quarters(name: str, size: int) -> Statement:
    c = QUARTERS[name].c
    return _summed(name, c.guild_id == sa.bindparam("guild_id"), one_of(c.link_id, "link", size))


def _days_of(name: str) -> Statement:
    c = DAYS[name].c
    return sa.select(sa.func.min(c.day), sa.func.max(c.day)).where(c.guild_id == sa.bindparam("guild_id"))


def _days(name: str, size: int, days: int) -> Statement:
    """Each day and link looked up: a range of days would read what all of the server's links have."""
    c = DAYS[name].c
    each = (one_of(c.day, "day", days), one_of(c.link_id, "link", size))
    return _summed(name, c.guild_id == sa.bindparam("guild_id"), *each)


def _summed(name: str, *where: sa.ColumnElement[bool]) -> Statement:
    *keys, number = columns(name)
    return sa.select(*map(_spelled, keys), ranges.total(number)).where(*where).group_by(*keys).order_by(*keys)
