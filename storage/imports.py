"""Imports of platforms' exports: written in small steps, shown at once by one change of state, taken back likewise."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import search, upsert
from storage.database import Writer
from storage.prepared import Reader, Statement, one_of, padded, spread
from storage.records import Fill, Import, ImportState, Post, State
from storage.schema import UTC, figures, import_chunks, import_fills, imports, posts

HIDDEN = (ImportState.STAGING.value, ImportState.UNDOING.value)
"""States in which what an import brought is not seen."""
MOST_IDS = 512
"""Ids asked for at once."""
STEP = 2_000
"""Rows written or deleted in one transaction: hits wait for none of them longer than some milliseconds."""


Total = tuple[int, int, str, int, dt.datetime]
"""A snapshot's id, its post, metric and value, and when it was so."""


class KnownPost(NamedTuple):
    """What a post is told by."""

    id: int
    creator_id: int
    platform_id: str
    permalink: str
    title: str
    published_at: dt.datetime | None
    created_at: dt.datetime


def shown(guild_id: int | sa.ColumnElement[int], import_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """That a row is no import's, or one's that is there as a whole. Few imports, mostly none, are hidden at a time."""
    is_hidden = sa.or_(*(imports.c.state == state for state in HIDDEN))
    hidden = sa.select(imports.c.id).where(imports.c.guild_id == guild_id, is_hidden)
    return import_id.not_in(hidden)


def _import(row: Any) -> Import:
    return Import(**{**row, "state": ImportState(row["state"])})


async def add(conn: AsyncConnection, item: Import) -> None:
    await conn.execute(imports.insert().values(dataclasses.asdict(item)))


async def get(conn: AsyncConnection, guild_id: int, import_id: int) -> Import | None:
    query = sa.select(imports).where(imports.c.guild_id == guild_id, imports.c.id == import_id)
    row = (await conn.execute(query)).mappings().one_or_none()
    return None if row is None else _import(row)


async def latest(
    conn: AsyncConnection, guild_id: int, platform: str | None, creator_ids: Collection[int] | None
) -> Import | None:
    """The latest import that is applied; of one platform, of posts of some creators when named."""
    c = imports.c
    query = sa.select(imports).where(c.guild_id == guild_id, c.state == ImportState.APPLIED)
    if platform is not None:
        query = query.where(c.platform == platform)
    if creator_ids is not None:
        query = query.where(c.creator_id.in_(creator_ids))
    row = (await conn.execute(query.order_by(c.id.desc()).limit(1))).mappings().one_or_none()
    return None if row is None else _import(row)


async def find(
    conn: AsyncConnection, states: Collection[ImportState], before: dt.datetime | None = None
) -> list[Import]:
    """Imports of all servers in some states, made before an instant when given: the oldest first."""
    query = sa.select(imports).where(imports.c.state.in_(states)).order_by(imports.c.id)
    if before is not None:
        query = query.where(imports.c.created_at < before)
    return [_import(row) for row in (await conn.execute(query)).mappings()]


async def move(conn: AsyncConnection, item: Import, to: ImportState, **values: object) -> bool:
    """Bring an import from its state to another; False when it is no longer in it."""
    c = imports.c
    where = (c.guild_id == item.guild_id, c.id == item.id, c.state == item.state)
    return (await conn.execute(sa.update(imports).where(*where).values(state=to, **values))).rowcount == 1


async def forget(conn: AsyncConnection, item: Import) -> None:
    """Delete an import that brought nothing."""
    for table, column in ((import_chunks, import_chunks.c.import_id), (imports, imports.c.id)):
        await conn.execute(sa.delete(table).where(table.c.guild_id == item.guild_id, column == item.id))


# ------------------------------------------------------------------ what was read


def add_chunk(writer: Writer, item: Import, number: int, data: bytes) -> None:
    with writer.begin() as conn:
        upsert.insert(conn, import_chunks, [(item.guild_id, item.id, number, data)])


async def chunks(conn: AsyncConnection, item: Import) -> list[bytes]:
    """All that was read, in order."""
    c = import_chunks.c
    query = sa.select(c.data).where(c.guild_id == item.guild_id, c.import_id == item.id).order_by(c.number)
    return list((await conn.execute(query)).scalars())


def drop_chunks(writer: Writer, item: Import) -> bool:
    """Delete some of what was read; False when nothing was left."""
    c = import_chunks.c
    some = sa.select(c.number).where(c.guild_id == item.guild_id, c.import_id == item.id).limit(4)
    with writer.begin() as conn:
        where = (c.guild_id == item.guild_id, c.import_id == item.id, c.number.in_(some))
        return conn.execute(sa.delete(import_chunks).where(*where)).rowcount > 0


# ------------------------------------------------------------------ what is known


def _named(with_id: bool) -> Statement:
    c = posts.c
    query = sa.select(c.platform_id, c.id).where(
        c.guild_id == sa.bindparam("guild_id", type_=sa.BigInteger),
        c.platform == sa.bindparam("platform", type_=sa.Text),
    )
    return query.where(c.platform_id > "" if with_id else c.platform_id == "")


def named_posts(reader: Reader, guild_id: int, platform: str) -> list[tuple[str, int]]:
    """(the platform's id, post) of all posts of a server that have one, seen or not: from the index alone."""
    return reader.rows(_named, True, guild_id=guild_id, platform=platform)  # type: ignore[return-value]


def loose_posts(reader: Reader, guild_id: int, platform: str, creator_id: int | None) -> list[KnownPost]:
    """A server's posts that have no id of the platform's, of one creator when named; the oldest first."""
    ids = [id_ for _name, id_ in reader.rows(_named, False, guild_id=guild_id, platform=platform)]
    return [
        post
        for at in range(0, len(ids), MOST_IDS)
        for post in known_posts(reader, guild_id, ids[at : at + MOST_IDS], creator_id)
    ]


def _known(ids: int, creators: int) -> Statement:
    c = posts.c
    guild_id = sa.bindparam("guild_id", type_=sa.BigInteger)
    query = sa.select(c.id, c.creator_id, c.platform_id, c.permalink, c.title, c.published_at, c.created_at).where(
        c.guild_id == guild_id,
        one_of(c.id, "id", ids),
        c.state != State.DELETED.value,
        shown(guild_id, c.import_id),
    )
    return query.where(one_of(c.creator_id, "creator_id", creators)) if creators else query


def known_posts(reader: Reader, guild_id: int, ids: Collection[int], creator_id: int | None) -> list[KnownPost]:
    """Those of the posts that are seen, of one creator when named; the oldest first."""
    if not ids:
        return []
    whose = {} if creator_id is None else spread("creator_id", [creator_id])
    rows = reader.rows(_known, padded(len(ids)), len(whose), guild_id=guild_id, **spread("id", ids), **whose)
    return [KnownPost(*row) for row in sorted(rows)]


def _totals(size: int) -> Statement:
    c = figures.c
    guild_id = sa.bindparam("guild_id", type_=sa.BigInteger)
    told = sa.type_coerce(c.as_of, sa.BigInteger) + 0  # or SQLite takes the index by time, and reads the whole server
    query = sa.select(c.post_id, c.metric, c.value).where(
        c.guild_id == guild_id,
        one_of(c.post_id, "post_id", size),
        told <= sa.bindparam("at", type_=c.as_of.type),
        shown(guild_id, c.import_id),
    )
    return query.order_by(c.post_id, c.metric, c.as_of, c.id)


def totals(reader: Reader, guild_id: int, post_ids: Sequence[int], at: dt.datetime) -> dict[tuple[int, str], int]:
    """(post, metric) -> the total that stood at an instant."""
    if not post_ids:
        return {}
    rows = reader.rows(_totals, padded(len(post_ids)), guild_id=guild_id, at=at, **spread("post_id", post_ids))
    return {(post_id, metric): value for post_id, metric, value in rows}


def _readings(size: int) -> Statement:
    c = figures.c
    guild_id = sa.bindparam("guild_id", type_=sa.BigInteger)
    query = sa.select(c.post_id, c.metric, c.as_of, c.value).where(
        c.guild_id == guild_id, one_of(c.post_id, "post_id", size), shown(guild_id, c.import_id)
    )
    return query.order_by(c.post_id, c.metric, c.as_of, c.id)


def readings(reader: Reader, guild_id: int, post_ids: Sequence[int]) -> dict[int, dict[tuple[str, dt.datetime], int]]:
    """Post -> (metric, instant) -> the total that stands there: of two the one that was entered last."""
    found: dict[int, dict[tuple[str, dt.datetime], int]] = {}
    if post_ids:
        for post_id, *key, value in reader.rows(
            _readings, padded(len(post_ids)), guild_id=guild_id, **spread("post_id", post_ids)
        ):
            found.setdefault(post_id, {})[key[0], key[1]] = value
    return found


# ------------------------------------------------------------------ what it brings


def bring(writer: Writer, item: Import, at: dt.datetime, new_posts: Sequence[Post], totals: Sequence[Total]) -> None:
    """Write posts, and totals as snapshots entered at `at`: rows that nobody sees yet, `STEP` at most."""
    last_id = max([post.id for post in new_posts] + [total[0] for total in totals])
    with writer.begin() as conn:
        where = (imports.c.guild_id == item.guild_id, imports.c.id == item.id)
        conn.execute(sa.update(imports).where(*where).values(last_id=last_id))
        upsert.insert(conn, posts, [(*_post(post), search.post_key(post)) for post in new_posts])
        moments = {
            moment: UTC().process_bind_param(moment, conn.dialect) for moment in {at, *(one[4] for one in totals)}
        }
        rest = (item.created_by, moments[at], "", item.id)
        upsert.insert_bound(conn, figures, [(item.guild_id, *one[:4], moments[one[4]], *rest) for one in totals])


_post = attrgetter(*(column.name for column in posts.c if column is not posts.c.search))
"""A new post's values, but for the last column; it carries no link."""


def fill(writer: Writer, item: Import, fills: Sequence[Fill]) -> None:
    """Give posts what they lack, where they lack it still, and remember it."""
    with writer.begin() as conn:
        upsert.insert_missing(
            conn,
            import_fills,
            [(item.guild_id, item.id, one.post_id, one.permalink, one.platform_id, one.published_at) for one in fills],
        )
        for one in fills:
            for column, value in _filled(one).items():
                _change(conn, item, one.post_id, column, _empty(column), value)
        search.name_posts(conn, item.guild_id, [one.post_id for one in fills if one.permalink])


def unfill(writer: Writer, item: Import) -> bool:
    """Take some of it back, where it still stands as it was filled in; False when nothing was left."""
    c = import_fills.c
    where = (c.guild_id == item.guild_id, c.import_id == item.id)
    with writer.begin() as conn:
        rows = conn.execute(
            sa.select(c.post_id, c.permalink, c.platform_id, c.published_at).where(*where).limit(STEP // 4)
        ).all()
        for row in rows:
            one = Fill(*row)
            for column, value in _filled(one).items():
                _change(
                    conn, item, one.post_id, column, column == value, None if column is posts.c.published_at else ""
                )
        done = [row.post_id for row in rows]
        search.name_posts(conn, item.guild_id, [row.post_id for row in rows if row.permalink])
        conn.execute(sa.delete(import_fills).where(*where, c.post_id.in_(done)))
    return bool(rows)


def _filled(one: Fill) -> Mapping[sa.Column[Any], Any]:
    values = {
        posts.c.permalink: one.permalink,
        posts.c.platform_id: one.platform_id,
        posts.c.published_at: one.published_at,
    }
    return {column: value for column, value in values.items() if value}


def _empty(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    return column.is_(None) if column is posts.c.published_at else column == ""


def _change(
    conn: sa.Connection,
    item: Import,
    post_id: int,
    column: sa.Column[Any],
    where: sa.ColumnElement[bool],
    value: object,
) -> None:
    conn.execute(
        sa.update(posts).where(posts.c.guild_id == item.guild_id, posts.c.id == post_id, where).values({column: value})
    )


def adopt(writer: Writer, item: Import, after: int) -> tuple[int, int]:
    """Make posts of the import stay that carry a link or have numbers of other origin by now.

    Looks at some posts with ids above `after`; returns the last of them (0 when there was none) and how many stay.
    """
    c, f = posts.c, figures.c
    mine = (c.guild_id == item.guild_id, c.id > after, c.id <= item.last_id, c.import_id == item.id)
    with writer.begin() as conn:
        ids = conn.execute(sa.select(c.id).where(*mine).order_by(c.id).limit(STEP)).scalars().all()
        if not ids:
            return 0, 0
        others = sa.exists().where(f.guild_id == item.guild_id, f.post_id == c.id, f.import_id != item.id)
        kept = conn.execute(
            sa.update(posts).where(*mine, c.id <= ids[-1], sa.or_(c.link_id.is_not(None), others)).values(import_id=0)
        )
        return ids[-1], kept.rowcount


def take_back(writer: Writer, item: Import) -> bool:
    """Delete some rows of an import that nobody sees; False when nothing was left."""
    with writer.begin() as conn:
        for table in (figures, posts):
            c = table.c
            mine = (c.guild_id == item.guild_id, c.id > item.id, c.id <= item.last_id, c.import_id == item.id)
            some = sa.select(c.id).where(*mine).order_by(c.id).limit(STEP)
            gone = conn.execute(sa.delete(table).where(c.guild_id == item.guild_id, c.id.in_(some)))
            if gone.rowcount:
                return True
    return False
