"""Addresses: every public name ever given out, and where it leads."""

from __future__ import annotations

import dataclasses

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
    """Change destination, state or creator of a link's own address and of all its posts'."""
    await conn.execute(
        sa.update(addresses).where(addresses.c.guild_id == guild_id, addresses.c.link_id == link_id).values(**values)
    )


async def set_state(conn: AsyncConnection, guild_id: int, address: str, state: State) -> None:
    await conn.execute(
        sa.update(addresses).where(addresses.c.guild_id == guild_id, addresses.c.address == address).values(state=state)
    )
