"""The demo's server with its history, made once for all tests of a run."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from bot.demo.sample import Crew, fill
from storage.database import Database
from storage.schema import meta, metadata
from tests.conftest import World, weight


@pytest.fixture(name="busy")
async def a_busy_server(world: World) -> World:
    """The demo's server: the admin is Maya there, Leo and Noor create, Sam looks on."""
    noor = world.guild.add_member(world.env.create_user("noor", global_name="Noor"), roles=[world.creator_role])
    creators = {"maya": world.admin.id, "leo": world.leo.id, "noor": noor.id}
    names = {name: name.capitalize() for name in creators}
    crew = Crew(world.guild.id, creators, names, world.creator_role.id, world.channel.id)
    if await _fill(world.app.db, crew, world.app.base_url, world.clock.now()):
        world.proven = await weight(world.app.db)
    return world


_filled: dict[str, list[tuple[sa.Table, list[Any]]]] = {}
"""What the sample is for a crew, table by table: to make it anew for each test would take most of the time."""


async def _fill(db: Database, crew: Crew, base_url: URL, now: dt.datetime) -> bool:
    """Whether there was the same before: then that test has recounted it."""
    key = f"{crew} {base_url} {now}"
    if key not in _filled:
        await fill(db, crew, base_url, now)
        async with db.read() as conn:
            rows = [
                (table, (await conn.execute(sa.select(table))).mappings().all()) for table in metadata.sorted_tables
            ]
        _filled[key] = [(table, [dict(row) for row in found]) for table, found in rows if table is not meta]
        return False

    async def work(conn: AsyncConnection) -> None:
        for table, found in _filled[key]:
            await conn.execute(sa.delete(table))
            if found:
                await conn.execute(sa.insert(table), found)

    await db.write(work)
    return True
