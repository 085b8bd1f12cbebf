"""Profiles: which creator has a public page, what stands on it, and who finds something wrong with it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import upsert
from storage.ids import floor
from storage.records import Entry, Flag, Profile
from storage.schema import avatars, flags, profile_entries, profiles


async def get(conn: AsyncConnection, guild_id: int, creator_id: int) -> Profile | None:
    query = sa.select(profiles).where(profiles.c.guild_id == guild_id, profiles.c.creator_id == creator_id)
    row = (await conn.execute(query)).mappings().one_or_none()
    return None if row is None else Profile(**row)


async def put(conn: AsyncConnection, profile: Profile) -> None:
    await conn.run_sync(upsert.put, profiles, dataclasses.asdict(profile))


async def entries(conn: AsyncConnection, guild_id: int, creator_id: int) -> list[Entry]:
    """What the creator chose for their links, in order of rank."""
    c = profile_entries.c
    query = sa.select(profile_entries).where(c.guild_id == guild_id, c.creator_id == creator_id)
    return [Entry(**row) for row in (await conn.execute(query.order_by(c.rank, c.link_id))).mappings()]


async def put_entries(conn: AsyncConnection, changed: Sequence[Entry]) -> None:
    await conn.run_sync(upsert.put, profile_entries, *map(dataclasses.asdict, changed))


async def avatar(conn: AsyncConnection, guild_id: int, creator_id: int) -> bytes | None:
    query = sa.select(avatars.c.picture).where(avatars.c.guild_id == guild_id, avatars.c.creator_id == creator_id)
    return (await conn.execute(query)).scalar_one_or_none()


async def put_avatar(conn: AsyncConnection, guild_id: int, creator_id: int, picture: bytes | None) -> None:
    """Keep the picture, or none."""
    if picture is None:
        c = avatars.c
        await conn.execute(sa.delete(avatars).where(c.guild_id == guild_id, c.creator_id == creator_id))
    else:
        await conn.run_sync(upsert.put, avatars, {"guild_id": guild_id, "creator_id": creator_id, "picture": picture})


async def add_flag(conn: AsyncConnection, flag: Flag) -> None:
    await conn.execute(flags.insert().values(dataclasses.asdict(flag)))


async def flags_of(conn: AsyncConnection, guild_id: int, address: str, since: dt.datetime) -> list[Flag]:
    """An address's flags from `since` on, oldest first."""
    c = flags.c
    query = sa.select(flags).where(c.guild_id == guild_id, c.address == address, c.at >= since).order_by(c.id)
    return [Flag(**row) for row in (await conn.execute(query)).mappings()]


async def untold_flags(conn: AsyncConnection) -> list[Flag]:
    """The flags of all servers whose managers have not been told yet, oldest first."""
    query = sa.select(flags).where(flags.c.told_at.is_(None)).order_by(flags.c.guild_id, flags.c.id)
    return [Flag(**row) for row in (await conn.execute(query)).mappings()]


async def set_told(conn: AsyncConnection, guild_id: int, ids: Sequence[int], at: dt.datetime) -> None:
    c = flags.c
    await conn.execute(sa.update(flags).where(c.guild_id == guild_id, c.id.in_(list(ids))).values(told_at=at))


async def forget_flags(conn: AsyncConnection, before: dt.datetime) -> None:
    """Delete the flags from before `before`, those that a clock which was behind has dated so excepted."""
    await conn.execute(sa.delete(flags).where(flags.c.at < before, flags.c.id < floor(before)))


async def bring_back_flags(conn: AsyncConnection, now: dt.datetime) -> None:
    """Have the flags of a clock that was ahead be of now."""
    for column in (flags.c.at, flags.c.told_at):
        await conn.execute(sa.update(flags).where(column > now).values({column: now}))
