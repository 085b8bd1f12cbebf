"""Addresses: every public name ever given out, and where it leads."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import NameTaken
from storage.records import Address, State
from storage.schema import addresses


async def get(conn: AsyncConnection, address: str) -> Address | None:
    """The address in any state, deleted ones too."""
    row = (await conn.execute(sa.select(addresses).where(addresses.c.address == address))).mappings().one_or_none()
    return None if row is None else Address(**{**row, "state": State(row["state"])})


async def add(conn: AsyncConnection, address: Address) -> None:
    """Give the name out; raises NameTaken when it ever was before."""
    if await get(conn, address.address) is not None:
        raise NameTaken(address.address)
    await conn.execute(addresses.insert().values(dataclasses.asdict(address)))


async def change_link(conn: AsyncConnection, guild_id: int, link_id: int, **values: object) -> None:
    """Change destination, state or creator of a link's own address and of all its posts'; deleted ones stay so."""
    c = addresses.c
    await conn.execute(
        sa.update(addresses)
        .where(c.guild_id == guild_id, c.link_id == link_id, c.state != State.DELETED)
        .values(**values)
    )


async def of_post(conn: AsyncConnection, guild_id: int, link_id: int, post_id: int) -> list[str]:
    """Every address that leads to a post of the link, those from before it was moved there too."""
    c = addresses.c
    query = sa.select(c.address).where(c.guild_id == guild_id, c.link_id == link_id, c.post_id == post_id)
    return list((await conn.execute(query.order_by(c.address))).scalars())


async def change_post(
    conn: AsyncConnection, guild_id: int, link_id: int, post_id: int, values: Mapping[str, object]
) -> None:
    """Change where all addresses of a link's post lead; deleted ones stay so."""
    c = addresses.c
    await conn.execute(
        sa.update(addresses)
        .where(c.guild_id == guild_id, c.link_id == link_id, c.post_id == post_id, c.state != State.DELETED)
        .values(**values)
    )


async def set_state(conn: AsyncConnection, guild_id: int, address: str, state: State) -> None:
    await conn.execute(
        sa.update(addresses).where(addresses.c.guild_id == guild_id, addresses.c.address == address).values(state=state)
    )


async def handles(conn: AsyncConnection, guild_id: int, creator_id: int) -> list[Address]:
    """The handles that are a creator's, those that lead on to the present one among them."""
    c = addresses.c
    query = sa.select(addresses).where(
        c.guild_id == guild_id, c.creator_id == creator_id, c.link_id.is_(None), c.address.startswith("@")
    )
    rows = (await conn.execute(query.order_by(c.address))).mappings()
    return [Address(**{**row, "state": State(row["state"])}) for row in rows]


async def set_expiry(conn: AsyncConnection, guild_id: int, address: str, at: dt.datetime | None) -> None:
    c = addresses.c
    await conn.execute(sa.update(addresses).where(c.guild_id == guild_id, c.address == address).values(expires_at=at))


async def give_back(conn: AsyncConnection, guild_id: int, names: Collection[str]) -> None:
    """Forget that names were ever given out: anybody may have them next."""
    c = addresses.c
    await conn.execute(sa.delete(addresses).where(c.guild_id == guild_id, c.address.in_(list(names))))


async def of_link(conn: AsyncConnection, guild_id: int, link_id: int, slug: str) -> tuple[list[str], bool]:
    """A link's addresses in any state, and whether one below its slug leads to another link by now."""
    c = addresses.c
    names = (await conn.execute(sa.select(c.address).where(c.guild_id == guild_id, c.link_id == link_id))).scalars()
    below = sa.select(c.address).where(
        c.address >= f"{slug}/",
        c.address < f"{slug}0",
        c.link_id.is_distinct_from(link_id),  # 0 comes after /
    )
    return list(names), (await conn.execute(below.limit(1))).first() is not None


async def count_names(conn: AsyncConnection, guild_id: int, creator_id: int) -> tuple[int, int]:
    """How many names of links were given out for good: by the server, and of those the creator's."""
    c = addresses.c
    query = sa.select(sa.func.count(), sa.func.count().filter(c.creator_id == creator_id)).where(
        c.guild_id == guild_id, c.link_id.is_not(None), c.post_id.is_(None)
    )
    row = (await conn.execute(query)).one()
    return row[0], row[1]
