"""Links: kept, found and changed, always by (guild_id, id)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import pages, search
from storage.prepared import Read, Reader, Statement, one_of, padded, spread
from storage.records import Edge, Link, Page, State
from storage.schema import links

COLUMNS = [links.c[field.name] for field in dataclasses.fields(Link)]
"""Those of a `Link`, in its order."""
_TAGS, _STATE = COLUMNS.index(links.c.tags), COLUMNS.index(links.c.state)
_STANDING = (State.ACTIVE, State.ARCHIVED)
_STATES = {state.value: state for state in State}


def _link(row: Sequence[Any]) -> Link:
    values = list(row)
    values[_TAGS], values[_STATE] = tuple(row[_TAGS]), _STATES[row[_STATE]]
    return Link(*values)


async def add(conn: AsyncConnection, link: Link) -> None:
    await conn.execute(links.insert().values(dataclasses.asdict(link) | {"search": search.link_key(link)}))


async def get(conn: AsyncConnection, guild_id: int, link_id: int) -> Link | None:
    """The link unless it was deleted."""
    found = await by_ids(conn, guild_id, [link_id])
    return found[0] if found else None


@Read
def find(
    reader: Reader,
    guild_id: int,
    *,
    creator_id: int | None = None,
    states: Iterable[State] = _STANDING,
) -> list[Link]:
    """The server's links, newest first; of one creator when named."""
    shape = tuple(states), creator_id is not None
    return list(map(_link, reader.rows(_newest_first, *shape, guild_id=guild_id, creator_id=creator_id)))


@Read
def page(
    reader: Reader,
    guild_id: int,
    edge: Edge | None,
    size: int,
    *,
    creator_id: int | None = None,
    states: Iterable[State] = (State.ACTIVE,),
) -> Page[Link]:
    """So many of the links that `find` would find, as `pages.page` does."""
    shape, values = (tuple(states), creator_id is not None), {"guild_id": guild_id, "creator_id": creator_id}
    return pages.page(reader, _found, shape, values, _link, edge, size)


@Read
def to(reader: Reader, guild_id: int, destination: str) -> list[Link]:
    """The server's active links to a destination, newest first."""
    return list(map(_link, reader.rows(_to, guild_id=guild_id, destination=destination)))


@Read
def by_ids(reader: Reader, guild_id: int, ids: Iterable[int]) -> list[Link]:
    """Those of the server's links that are not deleted, in no particular order."""
    if not (named := list(ids)):
        return []
    return list(map(_link, reader.rows(_by_ids, padded(len(named)), guild_id=guild_id, **spread("id", named))))


def _links(states: Iterable[State] = _STANDING) -> Statement:
    c = links.c
    return sa.select(*COLUMNS).where(
        c.guild_id == sa.bindparam("guild_id"), sa.or_(*(c.state == state.value for state in states))
    )


def _found(states: Iterable[State], of_creator: bool) -> Statement:
    query = _links(states)
    return query.where(links.c.creator_id == sa.bindparam("creator_id")) if of_creator else query


def _newest_first(states: Iterable[State], of_creator: bool) -> Statement:
    return _found(states, of_creator).order_by(links.c.id.desc())


def _to() -> Statement:
    return _links([State.ACTIVE]).where(links.c.destination == sa.bindparam("destination")).order_by(links.c.id.desc())


def _by_ids(size: int) -> Statement:
    return _links().where(one_of(links.c.id, "id", size))


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
