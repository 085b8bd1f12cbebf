"""Posts, and the figures that platforms reported for them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import imports
from storage.records import Figure, Post, State
from storage.schema import figures, posts


def _post(row: Any) -> Post:
    return Post(**{**row, "state": State(row["state"])})


def _posts(guild_id: int) -> sa.Select[Any]:
    """A server's posts: not those that were deleted, nor those of an import that is not there yet or any more."""
    c = posts.c
    return sa.select(posts).where(
        c.guild_id == guild_id, c.state != State.DELETED, imports.shown(guild_id, c.import_id)
    )


async def add(conn: AsyncConnection, post: Post) -> None:
    await conn.execute(posts.insert().values(dataclasses.asdict(post)))


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
) -> list[Post]:
    """The server's posts, newest first; of one creator or of some links when named."""
    query = _posts(guild_id)
    if creator_id is not None:
        query = query.where(posts.c.creator_id == creator_id)
    if link_ids is not None:
        query = query.where(posts.c.link_id.in_(link_ids))
    return [_post(row) for row in (await conn.execute(query.order_by(posts.c.id.desc()))).mappings()]


async def by_ids(conn: AsyncConnection, guild_id: int, ids: Iterable[int]) -> list[Post]:
    """Those of the server's posts that are not deleted, in no particular order."""
    query = _posts(guild_id).where(posts.c.id.in_(list(ids)))
    return [_post(row) for row in (await conn.execute(query)).mappings()]


async def since(conn: AsyncConnection, guild_id: int, at: dt.datetime, *, creator_id: int | None = None) -> list[Post]:
    """The server's posts made at `at` or later, in no particular order; of one creator when named."""
    query = _posts(guild_id).where(posts.c.created_at >= at)
    if creator_id is not None:
        query = query.where(posts.c.creator_id == creator_id)
    return [_post(row) for row in (await conn.execute(query)).mappings()]


async def change_of_link(conn: AsyncConnection, guild_id: int, link_id: int, **values: object) -> None:
    await conn.execute(
        sa.update(posts).where(posts.c.guild_id == guild_id, posts.c.link_id == link_id).values(**values)
    )


async def add_figure(conn: AsyncConnection, figure: Figure) -> None:
    await conn.execute(figures.insert().values(dataclasses.asdict(figure)))


async def find_figures(conn: AsyncConnection, guild_id: int, post_ids: Collection[int] | None = None) -> list[Figure]:
    """Every snapshot of the server's posts (of `post_ids` when named), in the order of their `as_of`."""
    query = sa.select(figures).where(figures.c.guild_id == guild_id, imports.shown(guild_id, figures.c.import_id))
    if post_ids is not None:
        query = query.where(figures.c.post_id.in_(post_ids))
    rows = (await conn.execute(query.order_by(figures.c.as_of, figures.c.id))).mappings()
    return [Figure(**row) for row in rows]


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
    return sorted(found, key=lambda figure: (figure.as_of, figure.id))
