"""Links: kept, found and changed, always by (guild_id, id)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import search
from storage.records import Link, State
from storage.schema import links

COLUMNS = [column for column in links.c if column is not links.c.search]
"""Those of a `Link`."""


def _link(row: Any) -> Link:
    return Link(**{**row, "tags": tuple(row["tags"]), "state": State(row["state"])})


async def add(conn: AsyncConnection, link: Link) -> None:
    await conn.execute(links.insert().values(dataclasses.asdict(link) | {"search": search.link_key(link)}))


async def get(conn: AsyncConnection, guild_id: int, link_id: int) -> Link | None:
    """The link unless it was deleted."""
    query = sa.select(*COLUMNS).where(
        links.c.guild_id == guild_id, links.c.id == link_id, links.c.state != State.DELETED
    )
    row = (await conn.execute(query)).mappings().one_or_none()
    return None if row is None else _link(row)


async def find(
    conn: AsyncConnection,
    guild_id: int,
    *,
    creator_id: int | None = None,
    states: Iterable[State] = (State.ACTIVE, State.ARCHIVED),
) -> list[Link]:
    """The server's links, newest first; of one creator when named."""
    query = sa.select(*COLUMNS).where(links.c.guild_id == guild_id, links.c.state.in_(list(states)))
    if creator_id is not None:
        query = query.where(links.c.creator_id == creator_id)
    rows = (await conn.execute(query.order_by(links.c.id.desc()))).mappings()
    return [_link(row) for row in rows]


async def to(conn: AsyncConnection, guild_id: int, destination: str) -> list[Link]:
    """The server's active links to a destination, newest first."""
    query = sa.select(*COLUMNS).where(
        links.c.guild_id == guild_id, links.c.destination == destination, links.c.state == State.ACTIVE
    )
    return [_link(row) for row in (await conn.execute(query.order_by(links.c.id.desc()))).mappings()]


async def by_ids(conn: AsyncConnection, guild_id: int, ids: Iterable[int]) -> list[Link]:
    """Those of the server's links that are not deleted, in no particular order."""
    query = sa.select(*COLUMNS).where(
        links.c.guild_id == guild_id, links.c.id.in_(list(ids)), links.c.state != State.DELETED
    )
    return [_link(row) for row in (await conn.execute(query)).mappings()]


async def ids_of(conn: AsyncConnection, guild_id: int, creator_id: int) -> list[int]:
    """The ids of all links that a creator has or had."""
    query = sa.select(links.c.id).where(links.c.guild_id == guild_id, links.c.creator_id == creator_id)
    return list((await conn.execute(query)).scalars())


async def any_of(conn: AsyncConnection, guild_id: int) -> bool:
    """Whether the server has or had a link."""
    query = sa.select(links.c.id).where(links.c.guild_id == guild_id).limit(1)
    return (await conn.execute(query)).first() is not None


async def change(conn: AsyncConnection, guild_id: int, link_id: int, **values: object) -> None:
    await conn.execute(sa.update(links).where(links.c.guild_id == guild_id, links.c.id == link_id).values(**values))
    if search.LINK_NAMES & values.keys():
        await conn.run_sync(search.name_link, guild_id, link_id)


async def count(conn: AsyncConnection, guild_id: int, creator_id: int) -> tuple[int, int]:
    """How many links stand, in the server and of the creator."""
    query = sa.select(sa.func.count(), sa.func.count().filter(links.c.creator_id == creator_id)).where(
        links.c.guild_id == guild_id, links.c.state != State.DELETED
    )
    row = (await conn.execute(query)).one()
    return row[0], row[1]


async def count_ever(conn: AsyncConnection, guild_id: int, creator_id: int) -> tuple[int, int]:
    """How many links there ever were, in the server and of the creator."""
    query = sa.select(sa.func.count(), sa.func.count().filter(links.c.creator_id == creator_id)).where(
        links.c.guild_id == guild_id
    )
    row = (await conn.execute(query)).one()
    return row[0], row[1]
