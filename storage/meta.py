"""Facts about this installation, by key."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import upsert
from storage.schema import meta

CLOCK_AT, CLOCK_LEAP = "clock_at", "clock_leap"
"""The last wall time that was believed, and by how many seconds the clock is off it while it is not."""


def read(conn: sa.Connection, key: str) -> str | None:
    """What is kept under the key; None when nothing is."""
    return conn.execute(sa.select(meta.c.value).where(meta.c.key == key)).scalar_one_or_none()


def write(conn: sa.Connection, key: str, value: str) -> None:
    """Keep the value, instead of what was kept before."""
    upsert.put(conn, meta, {"key": key, "value": value})


async def get(conn: AsyncConnection, key: str) -> str | None:
    """`read`, from a coroutine."""
    return await conn.run_sync(read, key)


async def put(conn: AsyncConnection, key: str, value: str) -> None:
    """`write`, from a coroutine."""
    await conn.run_sync(write, key, value)


_INSTANCE = "instance"


async def instance(conn: AsyncConnection) -> str | None:
    """The name of this installation, which says nothing of it; None before its first start."""
    return await get(conn, _INSTANCE)


async def name_instance(conn: AsyncConnection) -> str:
    """The name of this installation, made up when it is first asked for."""
    kept = await instance(conn)
    if kept is None:
        kept = secrets.token_hex(8)
        await put(conn, _INSTANCE, kept)
    return kept


async def secret(conn: AsyncConnection, key: str) -> bytes:
    """32 bytes that only this installation knows, made when they are first asked for."""
    kept = await get(conn, key)
    if kept is None:
        kept = secrets.token_hex(32)
        await put(conn, key, kept)
    return bytes.fromhex(kept)
