"""The demo's server with its history, made once for all tests of a run."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock
from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from bot.demo.sample import Crew, fill
from storage.database import Database
from storage.schema import meta, metadata
from tests.conftest import NOW, World, weight

GUILD = 9
CREATORS = {"maya": 101, "leo": 102, "noor": 103, "sam": 104}
CREW = Crew(GUILD, CREATORS, {name: name.capitalize() for name in CREATORS}, creator_role_id=2, channel_id=1)


@pytest.fixture(name="busy")
async def a_busy_server(world: World, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The demo's server: the admin is Maya there, Leo and Noor create, Sam looks on."""
    noor = world.guild.add_member(world.env.create_user("noor", global_name="Noor"), roles=[world.creator_role])
    creators = {"maya": world.admin.id, "leo": world.leo.id, "noor": noor.id}
    names = {name: name.capitalize() for name in creators}
    crew = Crew(world.guild.id, creators, names, world.creator_role.id, world.channel.id)
    if await _fill(world.app.db, tmp_path / "eyeballs.db", _folder(tmp_path_factory), crew):
        world.proven = await weight(world.app.db)
    return world


@pytest.fixture(name="filled")
async def a_filled_database(db: Database, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """The same history without a Discord, of `CREW`."""
    await _fill(db, tmp_path / "eyeballs.db", _folder(tmp_path_factory), CREW)
    return db


def _folder(factory: pytest.TempPathFactory) -> Path:
    """Where filled databases lie, for all processes of a run."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "samples"
    folder.mkdir(exist_ok=True)
    return folder


async def _fill(db: Database, path: Path, folder: Path, crew: Crew) -> bool:
    """Whether there was the same before: then that test has recounted it."""
    kept = folder / f"{hashlib.sha256(str(crew).encode()).hexdigest()}.db"
    lock = FileLock(f"{kept}.lock", thread_local=False)
    await asyncio.to_thread(lock.acquire)  # another process may be at it: that is waited for
    try:
        if not kept.exists():
            await fill(db, crew, URL("https://go.example"), NOW)
            await asyncio.to_thread(_keep, path, kept)
            return False
    finally:
        lock.release()
    await db.write(_nothing)  # the writer has connected, for which it needs the file to itself
    await asyncio.to_thread(_bring, kept, path)
    await db.write(_nothing)  # what was read before is read anew
    return True


async def _nothing(_conn: AsyncConnection) -> None:
    """Changes nothing."""


def _keep(path: Path, kept: Path) -> None:
    made = kept.with_suffix(".part")
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("VACUUM INTO ?", (str(made),))
    made.replace(kept)


def _bring(kept: Path, path: Path) -> None:
    """Into a database that is open and knows itself by its own `meta`."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("ATTACH ? AS kept", (str(kept),))
        conn.execute("BEGIN IMMEDIATE")
        for table in metadata.sorted_tables:
            if table is not meta:
                conn.execute(f"DELETE FROM main.{table.name}")  # noqa: S608  names of our own tables
                conn.execute(f"INSERT INTO main.{table.name} SELECT * FROM kept.{table.name}")  # noqa: S608
        conn.execute("COMMIT")
