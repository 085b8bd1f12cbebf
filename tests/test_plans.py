"""Every statement's plan: an index leads to what is asked for, and nobody reads a server's all for one of its posts."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import sqlite

from bot.exports import Form, write
from bot.imports.service import Preview
from bot.links.access import Actor
from storage import statistics, transfer
from storage.database import plain_reader
from storage.migrate import upgrade
from storage.prepared import Reader
from storage.records import Server
from storage.schema import metadata
from tests.conftest import NOW, World
from tests.test_imports import export, tweet
from tests.test_prepared import SHAPES
from tests.walked import walk

KEYS = {
    index: [column.name for column in (table.primary_key.columns if index == table.name else found.columns)]
    for table in metadata.sorted_tables
    for index, found in [(table.name, None), *((str(one.name), one) for one in table.indexes)]
}
"""The columns of each key, by its table's name, and of each index."""


OF_ALL_SERVERS = {
    *("alert_targets", "flags", "histories", "imports", "notices", "salts", "servers", "visitors_seen"),
}
"""Tables of which a job reads what all servers have: some rows of each, in one statement for all."""
_STEP = re.compile(r"(SCAN|SEARCH) (\w+)(?: USING .*?)?(?: \((.*)\))?\Z")


def wrong_with(conn: sqlite3.Connection, text: str) -> list[str]:
    """The steps of a statement's plan that read all of a table, or all that a server has where it names more."""
    text = re.sub(r"\bcolumn_\d\b", "t1", text)  # which of a month's, nothing before it is sent says
    plan = conn.execute(f"EXPLAIN QUERY PLAN {text}", [None] * text.count("?"))
    where = re.sub(r"FILTER \(WHERE .*?\)", "", text)
    aliases = {alias: name for name, alias in re.findall(r"(\w+) AS (\w+)", text) if name in metadata.tables}
    found = []
    for *_ids, step in plan:
        if (parts := _STEP.match(step)) is None:
            continue
        what, alias, by = parts.groups()
        table = aliases.get(alias, alias)
        if table not in metadata.tables:
            continue
        seconds = {
            KEYS[key][1] for key in KEYS if (key == table or key.startswith(f"{table}_by")) and len(KEYS[key]) > 1
        }
        names_more = any(re.search(rf"\b{alias}\.{column} (=|IN) ", where) for column in seconds)
        scanned = what == "SCAN" and table not in OF_ALL_SERVERS and "WHERE 0 = 1" not in text
        if scanned or (by == "guild_id=?" and names_more):
            found.append(step)
    return found


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """What SQLite is asked, as it is written."""
    found: set[str] = set()
    execute = Reader._execute

    def read(self: Reader, prepared: Any, columns: Any, values: Any) -> Any:
        text = prepared.text
        for number, column in enumerate(columns):
            text = text.replace(f"column_{number}", column)
        found.add(text)
        return execute(self, prepared, columns, values)

    def asked(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found.add(statement)

    monkeypatch.setattr(Reader, "_execute", read)
    event.listen(sa.Engine, "before_cursor_execute", asked)
    yield found
    event.remove(sa.Engine, "before_cursor_execute", asked)


def test_the_planner_is_told_of_every_key_and_index(tmp_path: Path) -> None:
    assert statistics.SHAPES.keys() == KEYS.keys()
    for name, shape in statistics.SHAPES.items():
        rows, *alike = map(int, shape.split())
        assert len(alike) == len(KEYS[name]), name
        assert [rows, *alike] == sorted([rows, *alike], reverse=True), name
    path = tmp_path / "eyeballs.db"
    for _time in range(2):
        upgrade(path, tmp_path)
        with closing(sqlite3.connect(path, isolation_level=None)) as conn:
            assert dict(conn.execute("SELECT idx, stat FROM sqlite_stat1")) == statistics.SHAPES
            conn.execute("ANALYZE")  # what somebody does by hand lasts until the next start


# ---------------------------------------------------------------------- every statement


async def everything(world: World, path: Path) -> None:
    """What people ask and what jobs do, on the demo's server."""
    services, actor = world.app.services, Actor(world.guild.id, world.admin.id, manager=True)
    await world.add_link("summer", by=world.maya)
    await world.admin.slash(world.channel, "post add", link="summer", permalink="https://x.com/maya/status/1234567890")
    for path_of in ("summer", "summer/x1", "nothing"):
        await world.visit(path_of)
    await walk(world, world.admin, "s", deep=False)
    found = await services.imports.preview(actor, export(tweet(1)))
    assert isinstance(found, Preview)
    assert found.item is not None
    await services.imports.apply(actor, found.item.id)
    await services.imports.undo(actor, found.item.id)
    await services.servers.change(actor, timezone="America/Lima")
    world.move(days=3)
    for _seconds, job in [*world.app.jobs.values(), *world.app.deliveries(world.client).values()]:
        await job()
    with plain_reader(path) as reader, (path.parent / "export").open("w+b") as file_out:
        for scope in (transfer.Scope(world.guild.id), transfer.Scope(world.guild.id, creator_id=world.admin.id)):
            write(reader, scope, Server(world.guild.id), Form.JSON, NOW, file_out)


@pytest.mark.long
async def test_every_statement_takes_the_index_that_is_meant_for_it(
    world: World, tmp_path: Path, statements: set[str]
) -> None:
    await everything(world, tmp_path / "eyeballs.db")
    for build, shapes in SHAPES.items():
        statements |= {str(build(*shape).compile(dialect=sqlite.dialect())) for shape in shapes}
    asked = sorted(text for text in statements if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", text))
    assert len(asked) > 400
    with closing(sqlite3.connect(tmp_path / "eyeballs.db")) as conn:
        assert {text: problem for text in asked if (problem := wrong_with(conn, text))} == {}


@pytest.mark.parametrize(
    "text", ["SELECT count(*) FROM posts", "SELECT * FROM deals AS d WHERE d.guild_id = ? AND d.creator_id = ?"]
)
def test_a_plan_that_reads_too_much_is_found(empty_database: Path, text: str) -> None:
    with closing(sqlite3.connect(empty_database)) as kept, closing(sqlite3.connect(":memory:")) as conn:
        kept.backup(conn)
        conn.execute("DROP INDEX deals_by_creator")
        assert wrong_with(conn, text)
