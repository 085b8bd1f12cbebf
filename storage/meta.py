"""Facts about this installation, by key."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import upsert
from storage.schema import meta


async def get(conn: AsyncConnection, key: str) -> str | None:
    return (await conn.execute(sa.select(meta.c.value).where(meta.c.key == key))).scalar_one_or_none()


async def put(conn: AsyncConnection, key: str, value: str) -> None:
    await conn.run_sync(upsert.put, meta, {"key": key, "value": value})
