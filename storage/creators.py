"""Creators' own choices: whose posts a digest may call the post of the week."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import upsert
from storage.schema import creators


async def put(conn: AsyncConnection, guild_id: int, user_id: int, *, featured: bool) -> None:
    await conn.run_sync(upsert.put, creators, {"guild_id": guild_id, "user_id": user_id, "featured": featured})


async def featured(conn: AsyncConnection, guild_id: int, user_ids: Collection[int]) -> set[int]:
    """Those of the creators who agreed; nobody does until asked."""
    c = creators.c
    query = sa.select(c.user_id).where(c.guild_id == guild_id, c.user_id.in_(user_ids), c.featured)
    return set((await conn.execute(query)).scalars())
