"""Posts, and the figures that platforms reported for them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import imports, search
from storage.records import Figure, Post, State
from storage.schema import figures, posts

COLUMNS = [column for column in posts.c if column is not posts.c.search]
"""Those of a `Post`."""
_VALUES = 10_000
"""As many are named in one statement: SQLite takes 32,766."""


def _post(row: Any) -> Post:
    return Post(**{**row, "state": State(row["state"])})


_STANDING = (State.ACTIVE, State.ARCHIVED)


def _posts(guild_id: int, states: Iterable[State] = _STANDING) -> sa.Select[Any]:
    """A server's posts that are not deleted, without those of an import that is not there yet or any more."""
    c = posts.c
    return sa.select(*COLUMNS).where(
        c.guild_id == guild_id, c.state.in_(list(states)), imports.shown(guild_id, c.import_id)
    )


def add_now(conn: sa.Connection, post: Post) -> None:
    """Like `add`, without a coroutine."""
    searched = search.post_key(post, search.slug_of(conn, post))
    conn.execute(posts.insert().values(dataclasses.asdict(post) | {"search": searched}))


async def add(conn: AsyncConnection, post: Post) -> None:
    await conn.run_sync(add_now, post)


async def get(conn: AsyncConnection, guild_id: int, post_id: int) -> Post | None:
    """The post unless it was deleted."""
    query = _posts(guild_id).where(posts.c.id == post_id)
    row = (await conn.execute(query)).mappings().one_or_none()
    return None if row is None else _post(row)


async def find(
    conn: AsyncConnection,
    guild_id: int,
    *,
    creator_id: int | None = None,
    link_ids: Collection[int] | None = None,
    states: Iterable[State] = _STANDING,
) -> list[Post]:
    """The server's posts, newest first; of one creator or of some links when named."""
    query = _posts(guild_id, states)
    if creator_id is not None:
        query = query.where(posts.c.creator_id == creator_id)
    if link_ids is not None:
        query = query.where(posts.c.link_id.in_(link_ids))
    return [_post(row) for row in (await conn.execute(query.order_by(posts.c.id.desc()))).mappings()]


async def by_ids(conn: AsyncConnection, guild_id: int, ids: Iterable[int]) -> list[Post]:
    """Those of the server's posts that are not deleted, in no particular order."""
    found: list[Post] = []
    for some in _parts(list(ids)):
        query = _posts(guild_id).where(posts.c.id.in_(some or ()))
        found += [_post(row) for row in (await conn.execute(query)).mappings()]
    return found


async def to_log(conn: AsyncConnection, guild_id: int, creator_id: int, limit: int) -> list[tuple[Post, bool]]:
    """A creator's active posts and whether their platform's numbers are known: those without first, then the newest."""
    told = sa.exists().where(
        figures.c.guild_id == guild_id,
        figures.c.post_id == posts.c.id,
        imports.shown(guild_id, figures.c.import_id),
    )
    at = sa.func.coalesce(posts.c.published_at, posts.c.created_at)
    query = _posts(guild_id, [State.ACTIVE]).add_columns(told.label("told")).where(posts.c.creator_id == creator_id)
    rows = (await conn.execute(query.order_by(told, at.desc(), posts.c.id.desc()).limit(limit))).mappings()
    return [(_post({name: row[name] for name in row if name != "told"}), bool(row["told"])) for row in rows]


async def since(conn: AsyncConnection, guild_id: int, at: dt.datetime, *, creator_id: int | None = None) -> list[Post]:
    """The server's posts published at `at` or later (registered, where nobody said), in no particular order.

    Of one creator when named.
    """
    query = _posts(guild_id).where(sa.func.coalesce(posts.c.published_at, posts.c.created_at) >= at)
    if creator_id is not None:
        query = query.where(posts.c.creator_id == creator_id)
    return [_post(row) for row in (await conn.execute(query)).mappings()]


async def change(conn: AsyncConnection, guild_id: int, post_id: int, **values: object) -> None:
    await conn.execute(sa.update(posts).where(posts.c.guild_id == guild_id, posts.c.id == post_id).values(**values))
    if search.POST_NAMES & values.keys():
        await conn.run_sync(search.name_posts, guild_id, [post_id])


async def count(conn: AsyncConnection, guild_id: int, creator_id: int) -> tuple[int, int]:
    """How many posts stand that were registered one by one, in the server and of the creator."""
    query = sa.select(sa.func.count(), sa.func.count().filter(posts.c.creator_id == creator_id)).where(
        posts.c.guild_id == guild_id, posts.c.state != State.DELETED, posts.c.import_id == 0
    )
    row = (await conn.execute(query)).one()
    return row[0], row[1]


async def change_of_link(conn: AsyncConnection, guild_id: int, link_id: int, **values: object) -> None:
    await conn.execute(
        sa.update(posts).where(posts.c.guild_id == guild_id, posts.c.link_id == link_id).values(**values)
    )


async def add_figure(conn: AsyncConnection, figure: Figure) -> None:
    await conn.execute(figures.insert().values(dataclasses.asdict(figure)))


async def delete_figures(
    conn: AsyncConnection, guild_id: int, post_id: int, first: int, last: int, entered_by: int
) -> int:
    """Take back a post's snapshots with the ids from `first` to `last` that somebody entered; how many there were."""
    c = figures.c
    where = (c.guild_id == guild_id, c.post_id == post_id, c.id.between(first, last), c.entered_by == entered_by)
    return (await conn.execute(sa.delete(figures).where(*where))).rowcount


async def find_figures(conn: AsyncConnection, guild_id: int, post_ids: Collection[int] | None = None) -> list[Figure]:
    """Every snapshot of the server's posts (of `post_ids` when named), in the order of their `as_of`."""
    query = sa.select(figures).where(figures.c.guild_id == guild_id, imports.shown(guild_id, figures.c.import_id))
    found: list[Figure] = []
    for some in _parts(post_ids):
        part = query if some is None else query.where(figures.c.post_id.in_(some))
        found += [Figure(**row) for row in (await conn.execute(part)).mappings()]
    return sorted(found, key=lambda figure: (figure.as_of, figure.id))


def _parts(ids: Collection[int] | None) -> Iterator[list[int] | None]:
    """As many ids as one statement takes at a time; None for all there are."""
    if ids is None:
        yield None
        return
    named = list(ids)
    yield from (named[n : n + _VALUES] for n in range(0, len(named), _VALUES))


async def figures_in(
    conn: AsyncConnection,
    guild_id: int,
    start: dt.datetime,
    end: dt.datetime,
    post_ids: Collection[int] | None = None,
) -> list[Figure]:
    """The snapshots of `start` <= `as_of` < `end`, and the last one before them of each post's metric that has some.

    Of the server's posts (of `post_ids` when named), in the order of their `as_of`.
    """
    found: list[Figure] = []
    for some in _parts(post_ids):
        found += await _figures_in(conn, guild_id, start, end, some)
    return sorted(found, key=lambda figure: (figure.as_of, figure.id))


async def _figures_in(
    conn: AsyncConnection, guild_id: int, start: dt.datetime, end: dt.datetime, post_ids: list[int] | None
) -> list[Figure]:
    c, other = figures.c, figures.alias().c
    within = sa.select(figures).where(
        c.guild_id == guild_id, c.as_of >= start, c.as_of < end, imports.shown(guild_id, c.import_id)
    )
    if post_ids is not None:
        within = within.where(c.post_id.in_(post_ids))
    found = [Figure(**row) for row in (await conn.execute(within)).mappings()]
    shown = within.with_only_columns(c.post_id, c.metric).distinct().subquery()
    # The last one before: by its time, then by its id where two have the same.
    latest = (
        sa.select(other.id)
        .where(
            *(other.guild_id == guild_id, other.post_id == shown.c.post_id, other.metric == shown.c.metric),
            other.as_of < start,
            imports.shown(guild_id, other.import_id),
        )
        .order_by(other.as_of.desc(), other.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    before = sa.select(figures).where(c.guild_id == guild_id, c.id.in_(sa.select(latest).select_from(shown)))
    if found:
        found += [Figure(**row) for row in (await conn.execute(before)).mappings()]
    return found
