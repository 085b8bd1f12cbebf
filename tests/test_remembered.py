"""What redirects remember: a write empties what it changed, and a database that is busy empties nothing."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import AsyncExitStack, closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateTable

from bot.tracking.remembered import Remembered
from storage import addresses, changes, schema, servers
from storage.database import Database, Lane
from storage.records import Address, Server, State

GUILD, OTHER = 7, 8


async def put(db: Database, name: str, guild_id: int = GUILD, **values: object) -> None:
    address = Address(name, guild_id, 1, 2, None, f"https://shop.example/{name}")
    await db.write(lambda conn: addresses.add(conn, address))


class Reads:
    """A cache of addresses that says what it had to read."""

    def __init__(self, db: Database) -> None:
        self.names: list[str] = []
        self.remembered: Remembered[str, Address | None] = Remembered(db, 100)
        db.listen(lambda changes: self.remembered.forget(changes.addresses))

    async def get(self, name: str) -> Address | None:
        async def read(conn: AsyncConnection) -> Address | None:
            self.names.append(name)
            return await addresses.get(conn, name)

        return await self.remembered.get(name, read)


@pytest.fixture(name="reads")
def cache_of_addresses(db: Database) -> Reads:
    return Reads(db)


async def test_a_write_makes_only_what_it_changed_be_read_again(db: Database, reads: Reads) -> None:
    await put(db, "summer")
    await put(db, "winter", OTHER)
    for name in ("summer", "winter", "unknown"):
        await reads.get(name)
    await db.write(lambda conn: servers.put(conn, Server(GUILD)))
    await db.write(lambda conn: addresses.set_state(conn, GUILD, "summer", State.DELETED))
    await put(db, "unknown")
    found = [await reads.get(name) for name in ("summer", "winter", "unknown")]
    assert [address.state for address in found if address] == [State.DELETED, State.ACTIVE, State.ACTIVE]
    assert reads.names == ["summer", "winter", "unknown", "summer", "unknown"]


_COLUMNS = "(address, guild_id, creator_id, destination, state) VALUES (:name, 7, 1, :number, 'active')"
_STATEMENTS = [
    f"INSERT OR IGNORE INTO addresses {_COLUMNS}",
    f"INSERT OR REPLACE INTO addresses {_COLUMNS}",
    f"INSERT INTO addresses {_COLUMNS} ON CONFLICT DO UPDATE SET destination = excluded.destination",
    f"INSERT INTO addresses {_COLUMNS} ON CONFLICT DO NOTHING",
    "UPDATE addresses SET destination = :number WHERE address = :name",
    "UPDATE OR REPLACE addresses SET address = 'a' WHERE address = :name",
    "UPDATE addresses SET address = address || :number WHERE address = :name",
    "DELETE FROM addresses WHERE address = :name",
    "DELETE FROM addresses",
]
_STEPS = st.lists(st.tuples(st.sampled_from(_STATEMENTS), st.sampled_from("abcd")), max_size=6)


def _rows(connection: sqlite3.Connection) -> dict[str, Any]:
    return {row[0]: row for row in connection.execute("SELECT address, destination, state FROM addresses")}


@settings(max_examples=100, deadline=None)
@given(writes=st.lists(st.tuples(_STEPS, st.booleans()), max_size=5))
def test_every_write_tells_what_it_changed_and_one_that_failed_nothing(
    writes: list[tuple[list[tuple[str, str]], bool]],
) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        for name in ("addresses", "servers"):
            copy.execute(str(CreateTable(schema.metadata.tables[name]).compile(dialect=sqlite.dialect())))
        changes.watch(copy)
        for number, (steps, fails) in enumerate(writes):
            before = _rows(copy)
            copy.execute("BEGIN")
            for statement, name in steps:
                copy.execute(statement, {"name": name, "number": str(number)})
            if fails:
                copy.execute("ROLLBACK")
                copy.execute("BEGIN")
            told, after = changes.take(copy).addresses, _rows(copy)
            copy.execute("COMMIT")
            assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} <= told
            assert not (fails and told)


async def test_readers_of_answers_never_keep_a_visitor_waiting(db: Database, reads: Reads) -> None:
    await put(db, "summer")
    async with AsyncExitStack() as stack:
        for lane in (Lane.ANSWERS, Lane.LONG):
            for _n in range(lane.value[0]):
                await stack.enter_async_context(db.read(lane))
        assert await asyncio.wait_for(reads.get("summer"), 0.2)


async def test_a_busy_database_serves_what_is_remembered_and_lets_the_rest_wait_where_pages_do(
    db: Database, reads: Reads
) -> None:
    await put(db, "summer")
    await reads.get("summer")
    reads.remembered.age()
    reads.remembered.age()
    async with AsyncExitStack() as stack:
        for _n in range(Lane.EDGE.value[0]):
            await stack.enter_async_context(db.read(Lane.EDGE))
        began = time.monotonic()
        found = await reads.get("summer")
        assert found is not None
        assert found.destination == "https://shop.example/summer"
        assert await reads.get("winter") is None
        assert time.monotonic() - began < 3.0  # twice 250 ms, and a slow machine
