"""Profiles: which creator has a public page, and under which handle."""

from __future__ import annotations

import dataclasses

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import upsert
from storage.records import Profile
from storage.schema import profiles


async def get(conn: AsyncConnection, guild_id: int, creator_id: int) -> Profile | None:
    query = sa.select(profiles).where(profiles.c.guild_id == guild_id, profiles.c.creator_id == creator_id)
    row = (await conn.execute(query)).mappings().one_or_none()
    return None if row is None else Profile(**row)


async def put(conn: AsyncConnection, profile: Profile) -> None:
    await conn.run_sync(upsert.put, profiles, dataclasses.asdict(profile))
