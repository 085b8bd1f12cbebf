"""Servers and their settings."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import upsert
from storage.prepared import Reader, Statement
from storage.records import AddPolicy, Server
from storage.schema import closed_days, hits_quarter, servers


def _settled() -> Statement:
    guild_id = sa.bindparam("guild_id", type_=sa.BigInteger)
    return sa.select(
        sa.select(servers.c.timezone).where(servers.c.guild_id == guild_id).scalar_subquery(),
        sa.select(closed_days.c.building).where(closed_days.c.guild_id == guild_id).scalar_subquery(),
    )


async def get(conn: AsyncConnection, guild_id: int) -> Server:
    """The server's settings, or the defaults when none were saved."""
    row = (await conn.execute(sa.select(servers).where(servers.c.guild_id == guild_id))).mappings().one_or_none()
    if row is None:
        return Server(guild_id)
    return Server(**{**row, "add_policy": AddPolicy(row["add_policy"])})


async def put(conn: AsyncConnection, server: Server) -> None:
    await conn.run_sync(upsert.put, servers, dataclasses.asdict(server))


def settled(conn: sa.Connection, guild_ids: Collection[int]) -> dict[int, tuple[ZoneInfo, dt.date]]:
    """Each server's time zone, and the day before which its days are closed (`storage.totals`)."""
    found: dict[int, tuple[ZoneInfo, dt.date]] = {}
    reader = Reader(conn.connection, conn.dialect, None)  # asked with each batch of hits
    for guild_id in guild_ids:
        ((zone, closed),) = reader.rows(_settled, guild_id=guild_id)
        found[guild_id] = (ZoneInfo(zone or Server(guild_id).timezone), closed or dt.date.min)
    return found


def _zone() -> Statement:
    return sa.select(servers.c.timezone).where(servers.c.guild_id == sa.bindparam("guild_id"))


def zone(reader: Reader, guild_id: int) -> str:
    """The name of the server's time zone."""
    rows = reader.rows(_zone, guild_id=guild_id)
    return rows[0][0] if rows else Server(guild_id).timezone


async def all_ids(conn: AsyncConnection) -> list[int]:
    """Every server that has settings or hits."""
    hit = hits_quarter.c.guild_id
    # From one server's first row to the next one's: all rows are many times as many.
    first = sa.select(sa.func.min(hit).label("guild_id")).cte("counted", recursive=True)
    after = sa.select(sa.func.min(hit)).where(hit > first.c.guild_id).scalar_subquery()
    counted = first.union_all(sa.select(after).where(first.c.guild_id.is_not(None)))
    known = sa.union(sa.select(servers.c.guild_id), sa.select(counted.c.guild_id)).subquery()
    query = sa.select(known.c.guild_id).where(known.c.guild_id.is_not(None)).order_by(known.c.guild_id)
    return list((await conn.execute(query)).scalars())
