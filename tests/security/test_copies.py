"""Attacks on copies of the database: what was promised to be gone is in none of them, and nobody else reads them."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import secrets
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.clock import FixedClock, SystemClock
from bot.tracking.recorder import Recorder
from storage import backup, counts, files, hits, migrate
from storage.database import Database, Writer, open_reader
from storage.errors import StorageError
from storage.ids import Ids
from storage.records import BARE, Hit, Kind, Salt
from storage.seen import Seen
from tests.conftest import NOW, at_revision, mismatches

GUILDS = range(1, 6)
EACH = 40
"""Visitors of each server and day."""


class Secrets:
    """Salts and visitors' hashes of the last two days, and where they are found."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        self.days = [now.date() - dt.timedelta(days=n) for n in (1, 0)]
        self.salts = {(guild, day): secrets.token_bytes(16) for guild in GUILDS for day in self.days}
        # With the highest bit set, as most are: SQLite has fewer bytes for a small number.
        self.visitors = {key: [secrets.randbits(62) | 1 << 62 for _n in range(EACH)] for key in self.salts}

    def __len__(self) -> int:
        return len(self.salts) * (1 + EACH)

    async def write(self, path: Path) -> None:
        """Into a database: the events, half of the visitors merged into the table of those seen."""
        async with Database.open(path) as db:
            await self.keep(db)

    async def keep(self, db: Database) -> None:
        ids = Ids(lambda: self.now.timestamp())
        kept = [Salt(guild, day, value, self.now) for (guild, day), value in self.salts.items()]
        batch = [
            Hit(guild, ids.new(), 5, BARE, Kind.CLICK, self.now - (self.now.date() - day), day, visitor)
            for (guild, day), visitors in self.visitors.items()
            for visitor in visitors
        ]
        seen = Seen()

        def work(writer: Writer) -> None:
            with writer.begin() as conn:
                hits.keep_salts(conn, kept)
                seen.add(hits.record(conn, batch, seen))
                seen.merge(conn, seen.part(len(batch) // 2, self.now, all_of_them=True))

        await db.write_hits(work)

    def found_in(self, *paths: Path) -> int:
        """How many of them stand in the bytes of the files and of all files below the folders."""
        content = b"\0".join(file.read_bytes() for file in _files(*paths))
        wanted = [*self.salts.values()]
        wanted += [visitor.to_bytes(8, "big") for visitors in self.visitors.values() for visitor in visitors]
        return sum(secret in content for secret in wanted)


def _files(*paths: Path) -> Iterator[Path]:
    for path in paths:
        yield from (file for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o022, 0o000, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator's folder, in which the command line works."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _eyeballs(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


# ---------------------------------------------------------------------- what a copy holds


async def test_a_copy_beside_a_running_bot_holds_no_salt_and_no_visitor(tmp_path: Path) -> None:
    told = Secrets(NOW)
    live = tmp_path / "live" / "eyeballs.db"
    async with Database.open(live) as db:
        await told.keep(db)
        assert told.found_in(live.parent) == len(told)  # or nothing below proves anything
        await asyncio.to_thread(backup.copy, live, tmp_path / "copies" / "copy.db")
        assert told.found_in(tmp_path / "copies") == 0
        assert await mismatches(db) == []
    with closing(sqlite3.connect(tmp_path / "copies" / "copy.db")) as conn:
        events = conn.execute("SELECT count(*), sum(is_unique), count(visitor) FROM hits").fetchone()
    assert events == (2 * 5 * EACH, 2 * 5 * EACH, 0)


def test_backups_and_restores_hold_no_salt_and_no_visitor(home: Path) -> None:
    live, told, later = home / "data" / "eyeballs.db", Secrets(NOW), Secrets(NOW + dt.timedelta(days=2))
    asyncio.run(told.write(live))
    _eyeballs("backup")
    (copy,) = (home / "data" / "backups").iterdir()
    asyncio.run(later.write(live))
    assert later.found_in(live) == len(later)
    said = _eyeballs("restore", str(copy), "--yes")
    assert "What stood there is kept" in said
    assert "may count as unique once more" in said
    assert (told.found_in(home), later.found_in(home)) == (0, 0)
    assert len(list((home / "data" / "backups").iterdir())) == 2


async def test_a_restored_database_counts_on(tmp_path: Path, clock: FixedClock) -> None:
    told, path = Secrets(NOW), tmp_path / "eyeballs.db"
    await told.write(path)
    backup.copy(path, tmp_path / "copy.db")
    backup.swap_in(tmp_path / "copy.db", path, tmp_path / "aside.db")
    async with Database.open(path) as db:
        async with Recorder(db, clock) as recorder:  # it reads who was seen, and nobody was
            await recorder.count(Hit(1, Ids().new(), 5, BARE, Kind.CLICK, NOW, NOW.date(), 1 << 62))
        assert await mismatches(db) == []


async def test_the_copy_before_a_migration_holds_no_salt_and_no_visitor(tmp_path: Path) -> None:
    path, told = tmp_path / "eyeballs.db", Secrets(NOW)
    with at_revision(path, "0004").begin() as conn:
        for (guild, day), salt in told.salts.items():
            conn.exec_driver_sql("INSERT INTO salts VALUES (?, ?, ?, 0)", (guild, day.isoformat(), salt))
            for n, visitor in enumerate(told.visitors[guild, day]):
                seen = (guild, 5, day.isoformat(), visitor)
                conn.exec_driver_sql("INSERT INTO visitors_seen VALUES (?, ?, ?, ?)", seen)
                event = (guild, day.toordinal() * 1000 + n, 5, 0, "click", 0, visitor)
                names = "guild_id, id, link_id, place_id, kind, at, visitor"
                conn.exec_driver_sql(f"INSERT INTO hits ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)", event)  # noqa: S608
    assert told.found_in(path) == len(told)
    async with Database.open(path):
        pass
    assert len(list((tmp_path / "backups").iterdir())) == 1
    assert told.found_in(tmp_path / "backups") == 0
    # And what migrations made anew left nothing of the old tables behind: once deleted, it is gone.
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("PRAGMA secure_delete = ON")
        for statement in ("DELETE FROM salts", "DELETE FROM visitors_seen", "UPDATE hits SET visitor = NULL"):
            conn.execute(statement)
    assert told.found_in(path) == 0


def test_a_copy_of_an_older_eyeballs_is_cleaned_where_it_is_restored_and_by_check(home: Path) -> None:
    live, told = home / "data" / "eyeballs.db", Secrets(NOW)
    asyncio.run(told.write(live))
    files.make_folder(home / "data" / "backups")
    old = home / "data" / "backups" / "old.db"
    with closing(sqlite3.connect(live)) as reading, closing(sqlite3.connect(old)) as writing:
        reading.backup(writing)  # as copies were made
        writing.execute("PRAGMA journal_mode = DELETE")
    assert told.found_in(old) == len(told)
    _eyeballs("restore", str(old), "--yes")
    assert told.found_in(live) == 0
    assert "old.db held salts and visitors of before; mended" in _eyeballs("check")
    assert told.found_in(home) == 0
    assert len(list(old.parent.iterdir())) == 2
    assert "held salts" not in _eyeballs("check")
    _eyeballs("restore", str(old), "--yes")


async def test_hits_are_counted_while_a_copy_is_made(tmp_path: Path) -> None:
    """A copy is one consistent state, and holds nobody up."""
    path = tmp_path / "eyeballs.db"
    async with Database.open(path) as db, Recorder(db, SystemClock()) as recorder:
        copying = asyncio.create_task(asyncio.to_thread(backup.copy, path, tmp_path / "copy.db"))
        ids, n = Ids(), 0
        while not copying.done() or n < 20:
            n += 1
            await recorder.count(Hit(1, ids.new(), 5, BARE, Kind.CLICK, NOW, NOW.date(), n))
        await copying
        assert await mismatches(db) == []
    async with open_reader(tmp_path / "copy.db") as conn:
        days = await counts.by_day(conn, 1, NOW.date(), NOW.date() + dt.timedelta(days=1))
        (events,) = (await conn.exec_driver_sql("SELECT count(*) FROM hits")).one()
    assert sum(day.count for day in days) == events <= n


# ---------------------------------------------------------------------- who can read it


def test_what_is_written_is_for_its_owner_alone(umask: int, home: Path) -> None:
    live, told = home / "data" / "eyeballs.db", Secrets(NOW)
    seen: dict[str, int] = {}

    async def fill() -> None:
        async with Database.open(live) as db:
            await told.keep(db)
            seen.update({file.name: _mode(file) for file in _files(home)})

    asyncio.run(fill())
    assert {"eyeballs.db", "eyeballs.db-wal", "eyeballs.db-shm", "eyeballs.db.lock"} <= seen.keys()
    assert set(seen.values()) == {0o600}
    _eyeballs("backup")
    _eyeballs("backup", "elsewhere/deep/copy.db")
    _eyeballs("restore", "elsewhere/deep/copy.db", "--yes")
    assert {_mode(file) for file in _files(home)} == {0o600}
    folders = [folder for folder in home.rglob("*") if folder.is_dir()]
    assert len(folders) == 4
    assert {_mode(folder) for folder in folders} == {0o700}


def test_a_copy_is_closed_to_others_before_a_row_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(Secrets(NOW).write(tmp_path / "eyeballs.db"))
    transfer, seen = backup._transfer, []

    def watched(source: Path, target: Path) -> None:
        seen.append((_mode(target), target.stat().st_size))
        transfer(source, target)

    monkeypatch.setattr(backup, "_transfer", watched)
    before = os.umask(0)
    try:
        backup.copy(tmp_path / "eyeballs.db", tmp_path / "copy.db")
    finally:
        os.umask(before)
    assert seen == [(0o600, 0)]


def test_check_finds_and_mends_what_others_can_read(home: Path) -> None:
    live = home / "data" / "eyeballs.db"
    asyncio.run(Secrets(NOW).write(live))
    _eyeballs("backup")
    (copy,) = (home / "data" / "backups").iterdir()
    export = home / "eyeballs-1-20260311T120000Z.json"
    export.touch()
    (home / "notes.txt").touch(0o644)
    for file in (live, Path(f"{live}.lock"), copy, export):
        file.chmod(0o644)
    said = _eyeballs("check")
    for file in (live, Path(f"{live}.lock"), copy, export):
        assert _mode(file) == 0o600
        assert file.name in said
    assert "could be read by others; mended, they are their owner's alone now" in said
    assert _mode(home / "notes.txt") == 0o644
    assert "could be read by others" not in _eyeballs("check")


# ---------------------------------------------------------------------- failures, odd names


def test_nothing_is_left_of_a_copy_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, copy = tmp_path / "eyeballs.db", tmp_path / "copy.db"
    asyncio.run(Secrets(NOW).write(path))
    before = sorted(tmp_path.iterdir())

    def broken(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    for name, error in (("_fill", broken), ("prove", _not_proven)):
        with monkeypatch.context() as patch:
            patch.setattr(backup, name, error)
            with pytest.raises(StorageError, match=r"can't be copied \(database or disk is full\)|is damaged"):
                backup.copy(path, copy)
            with pytest.raises(StorageError):
                backup.swap_in(path, path, tmp_path / "aside.db")
        assert [file for file in sorted(tmp_path.iterdir()) if not file.name.endswith(files.LOGS)] == before
    backup.prove(path)


def _not_proven(path: Path) -> None:
    raise StorageError(f"{path} is damaged.")


def test_what_is_too_damaged_to_be_copied_is_not_replaced(home: Path) -> None:
    live = home / "data" / "eyeballs.db"
    asyncio.run(Secrets(NOW).write(live))
    _eyeballs("backup", "copy.db")
    content = live.read_bytes()
    live.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(StorageError, match="Move it away"):
        _eyeballs("restore", "copy.db", "--yes")
    live.unlink()
    _eyeballs("restore", "copy.db", "--yes")
    assert "Every rollup equals the recount" in _eyeballs("recount", "--check")


@pytest.mark.parametrize(
    "name", ["per%62cent", "what?", "sharp#", "two  blanks", "quo'te", 'dou"ble', "é☃", "a&b=c;d", "%"]
)
async def test_a_database_works_under_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    path = folder / f"{name}.db"
    await Secrets(NOW).write(path)
    assert migrate.revision_of(path) == migrate.head()
    backup.prove(path)
    backup.copy(path, folder / "copies" / f"{name}-copy.db")
    backup.swap_in(folder / "copies" / f"{name}-copy.db", path, folder / f"{name}-aside.db")
    async with open_reader(path) as conn:
        assert (await conn.exec_driver_sql("SELECT count(*) FROM hits")).scalar() == 10 * EACH
    assert os.listdir(tmp_path) == [name]  # noqa: PTH208
