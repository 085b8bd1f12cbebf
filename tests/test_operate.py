"""What an operator does: configure, check, back up, restore, recount, start, stop."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import logging
import os
import re
import socket
import sqlite3
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from alembic import command as alembic_command
from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from bot import checks, logs
from bot import config as configuration
from bot.app import open_application
from bot.cli import main
from bot.clock import FixedClock, SystemClock
from bot.config import Config, StorageSection, WebSection
from bot.errors import OperatorError
from bot.housekeeping import Housekeeping
from bot.links.access import Actor
from bot.logs import Unalarmed, redact
from bot.profiles.service import Profiles
from bot.profiles.views import Views
from bot.tracking.recorder import Recorder
from bot.tracking.visitors import Visitors
from storage import addresses, backup, counts, digests, hits, links, meta, migrate, posts, profiles, recount, totals
from storage.database import Database, open_reader
from storage.errors import StorageError
from storage.ids import Ids
from storage.records import BARE, AsideCount, Cadence, DigestState, Hit, Kind, Profile, Quiet, RunState
from storage.schema import hits_daily, metadata
from storage.seen import Seen
from tests.conftest import NOW, QuickCharts, at_revision, mismatches
from tests.profiled import any_link

ROOT = Path(__file__).parent.parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in configuration.environment_names():
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def eyeballs(folder: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command line as an operator types it, in a folder of its own."""

    def run(*arguments: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "EYEBALLS_WEB__PORT": str(_free_port()), **env},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def typed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The same in this process, for many commands in a row: a process takes longer to start than a command to run."""
    monkeypatch.setattr(logs, "configure", lambda *_: None)  # it is for good
    monkeypatch.setenv("EYEBALLS_WEB__PORT", str(_free_port()))

    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["eyeballs", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
            try:
                main()
            except SystemExit as end:
                return subprocess.CompletedProcess(arguments, int(end.code or 0), out.getvalue(), err.getvalue())
        raise AssertionError("a command ends with an exit status")

    return run


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def _fill(path: Path, count: int = 3) -> None:
    async with Database.open(path) as db:
        batch = [Hit(1, n + 1, 5, BARE, Kind.CLICK, NOW, NOW.date(), n) for n in range(count)]
        await db.write(lambda conn: conn.run_sync(hits.record, batch, Seen()))


# ---------------------------------------------------------------------- configuration


def test_three_mistakes_are_named_at_once(folder: Path) -> None:
    Path("config.toml").write_text(
        '[web]\nport = 99999\nbase_url = "go.example"\ntrusted_proxies = ["not-a-network"]\ntypo = 1\n'
        '[log]\nlevel = "loud"\n'
    )
    with pytest.raises(OperatorError) as raised:
        configuration.load()
    for key in ("web.port", "web.base_url", "web.trusted_proxies.0", "web.typo", "log.level"):
        assert f"- {key}: " in str(raised.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[discord]\ntoken = "x"\n', "does not belong in config.toml"),
        ("[web\n", "is not valid TOML"),
        ('[web]\nhost = "a\\u0000b"\n', "web.host: must not hold a NUL character"),
        ('[storage]\npath = "a\\u0000.db"\n', "storage.path: must not hold a NUL character"),
        (
            "[storage]\nkeep_events_days = 99999999999999999999\n",
            "storage.keep_events_days: must be less than or equal",
        ),
        ('[web]\nbase_url = "https://go.example/path"\n', "without a path"),
        ('[links]\ndenied_domains = ["*.bad.example"]\n', "plain domain"),
        ('[tracking]\ncrawlers = ["fine", "(oops"]\n', "'(oops' is not a regular expression: missing )"),
        ('[tracking]\ncrawlers = ["x*"]\n', "'x*' fits ordinary browsers or anything at all"),
        ('[tracking]\ncrawlers = ["iphone"]\n', "'iphone' fits ordinary browsers"),
        ('[tracking]\ncrawlers = ["windows nt"]\n', "'windows nt' fits ordinary browsers"),
        ("[tracking]\nrepeat_minutes = 30\n", "tracking.repeat_minutes: is tracking.repeat_seconds now"),
    ],
)
def test_a_mistake_is_a_sentence(folder: Path, content: str, said: str) -> None:
    Path("config.toml").write_text(content)
    with pytest.raises(OperatorError, match=re.escape(said)):
        configuration.load()


def test_the_environment_goes_first_and_typos_in_it_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("config.toml").write_text("[web]\nport = 8081\n")
    monkeypatch.setenv("EYEBALLS_WEB__PORT", "8082")
    assert configuration.load().web.port == 8082
    monkeypatch.setenv("EYEBALLS_PORT", "1")
    monkeypatch.setenv("EYEBALLS_TRACKING__REPEAT_MINUTES", "30")
    with pytest.raises(OperatorError, match=r"MINUTES: is tracking\.repeat_seconds now"):
        configuration.load()
    with pytest.raises(OperatorError, match="EYEBALLS_PORT: is not a setting"):
        configuration.load()
    monkeypatch.delenv("EYEBALLS_PORT")
    monkeypatch.setenv("EYEBALLS_WEB__TRUSTED_PROXIES", "127.0.0.1")
    with pytest.raises(OperatorError, match="JSON"):
        configuration.load()


def test_a_missing_file_that_was_named(folder: Path) -> None:
    with pytest.raises(OperatorError, match=r"no configuration file nowhere\.toml"):
        configuration.load(Path("nowhere.toml"))


def test_the_token_comes_from_the_environment_or_a_closed_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OperatorError, match="make demo"):
        configuration.load().token()
    secret = folder / "token"
    secret.write_text("from-file\n")
    monkeypatch.setenv("EYEBALLS_DISCORD__TOKEN_FILE", str(secret))
    monkeypatch.setenv("EYEBALLS_DISCORD__TOKEN", "")
    secret.chmod(0o644)
    with pytest.raises(OperatorError, match="chmod 600"):
        configuration.load().token()
    secret.chmod(0o600)
    assert configuration.load().token() == "from-file"
    monkeypatch.setenv("EYEBALLS_DISCORD__TOKEN", "from-environment")
    assert configuration.load().token() == "from-environment"


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        ("discord.shard", OSError("connection lost"), "reconnect 3 (OSError: connection lost)"),
        ("apscheduler.executors.default", asyncio.CancelledError(), "reconnect 3 (CancelledError: )"),
    ],
)
def test_what_passes_by_itself_is_told_in_a_line(name: str, error: BaseException, told: str) -> None:
    record = logging.LogRecord(name, logging.ERROR, "", 0, "reconnect %d", (3,), (type(error), error, None))
    assert Unalarmed().filter(record)
    assert (record.getMessage(), record.exc_info, record.levelname) == (told, None, "WARNING")


def test_a_job_that_fails_keeps_its_traceback() -> None:
    error = ValueError("broken")
    name = "apscheduler.executors.default"
    record = logging.LogRecord(name, logging.ERROR, "", 0, "job", (), (ValueError, error, None))
    assert Unalarmed().filter(record)
    assert (record.levelname, record.exc_info) == ("ERROR", (ValueError, error, None))


def test_secrets_are_taken_out_of_logs() -> None:
    token = "M" + "a" * 25 + ".Gabcde." + "b" * 30
    assert token not in redact(f"login with {token}")
    assert "secret" not in redact("POST /webhooks/123/secret-part/messages")
    assert redact("/interactions/1/aW50ZXJhY3Rpb24/callback") == "/interactions/1/[redacted]/callback"


# ---------------------------------------------------------------------- storage


async def test_migrations_make_what_the_schema_says(tmp_path: Path) -> None:
    path = tmp_path / "eyeballs.db"
    async with Database.open(path):
        pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(sqlite3.connect(path)) as conn:
        found = {
            table: {row[1] for row in conn.execute(f"PRAGMA table_info({table})")}
            for (table,) in conn.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
            )
        }
        keys = {
            table: [
                row[1] for row in sorted(conn.execute(f"PRAGMA table_info({table})"), key=lambda row: row[5]) if row[5]
            ]
            for table in found
        }
        indexes = dict(conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
    found.pop("alembic_version")
    assert found == {table.name: set(table.columns.keys()) for table in metadata.sorted_tables}
    for table in metadata.sorted_tables:
        assert keys[table.name] == [column.name for column in table.primary_key.columns], table.name
        for index in table.indexes:
            assert indexes.pop(index.name).endswith(f"({', '.join(column.name for column in index.columns)})")
    assert indexes == {}


async def test_a_digest_of_the_first_kind_goes_on_weekly(tmp_path: Path) -> None:
    path = tmp_path / "eyeballs.db"
    with at_revision(path, "0004").begin() as conn:
        conn.exec_driver_sql("INSERT INTO digests VALUES (1, 9, 5, 3, 600, 'paused', 1773648000000, 7, 'no channel')")
        conn.exec_driver_sql(
            "INSERT INTO digest_runs (guild_id, digest_id, period_start, state, attempts, reason) "
            "VALUES (1, 9, '2026-03-02', 'sent', 1, '')"
        )
    async with Database.open(path) as db, db.read() as conn:
        (digest,) = await digests.of_server(conn, 1)
        (run,) = await digests.last_runs(conn, 1, 9)
    assert (digest.cadence, digest.quiet, digest.tag, digest.role_id) == (Cadence.WEEKLY, Quiet.LINE, "", None)
    assert (digest.id, digest.channel_id, digest.user_id, digest.weekday, digest.minute) == (9, 5, None, 3, 600)
    assert (digest.state, digest.reason, digest.created_by) == (DigestState.PAUSED, "no channel", 7)
    assert digest.next_run_at == dt.datetime(2026, 3, 16, 8, tzinfo=dt.UTC)
    assert run.state is RunState.SENT


def test_every_tenant_table_is_led_by_its_server() -> None:
    for table in metadata.sorted_tables:
        if table.name not in ("meta", "addresses"):
            assert next(iter(table.primary_key.columns)).name == "guild_id", table.name


async def test_readers_cannot_write_and_a_failed_write_leaves_nothing(db: Database) -> None:
    async def broken(conn: AsyncConnection) -> None:
        await meta.put(conn, "key", "value")
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        await db.write(broken)
    async with db.read() as conn:
        assert await meta.get(conn, "key") is None
        with pytest.raises(Exception, match="readonly"):
            await meta.put(conn, "key", "value")
    await db.write(lambda conn: meta.put(conn, "key", "value"))
    async with db.read() as conn:
        assert await meta.get(conn, "key") == "value"


async def test_a_caller_that_goes_away_does_not_break_its_transaction(db: Database) -> None:
    started = asyncio.Event()

    async def slow(conn: AsyncConnection) -> None:
        started.set()
        await asyncio.sleep(0.05)
        await meta.put(conn, "key", "value")

    task = asyncio.create_task(db.write(slow))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await db.write(lambda conn: meta.put(conn, "other", "value"))
    async with db.read() as conn:
        assert await meta.get(conn, "key") == "value"


async def test_one_process_owns_the_file(db: Database, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Another Eyeballs process"):
        async with Database.open(tmp_path / "eyeballs.db"):
            pass


async def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "eyeballs.db"
    await _fill(path)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match="written by a newer Eyeballs"):
        async with Database.open(path):
            pass


async def test_profiles_of_before_get_ids_and_their_former_handles_lead_on(tmp_path: Path) -> None:
    path = tmp_path / "eyeballs.db"
    config = migrate._config()
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        await asyncio.to_thread(alembic_command.upgrade, config, "0004")
    with closing(sqlite3.connect(path)) as raw, raw:
        for creator, handle in ((2, "maya"), (3, "leo")):
            raw.execute("INSERT INTO profiles VALUES (1, ?, ?, '', 1)", (creator, handle))
        for name, state in (("@maya", "active"), ("@old", "deleted"), ("gone", "deleted")):
            raw.execute(
                "INSERT INTO addresses (address, guild_id, creator_id, state) VALUES (?, 1, 2, ?)", (name, state)
            )
        raw.execute("INSERT INTO hits_daily VALUES (1, 20500, 5, 1, 'impression', 0, 3)")
    engine.dispose()
    async with Database.open(path) as db, db.read() as conn:
        made = [await profiles.get(conn, 1, creator) for creator in (2, 3)]
        assert len({one.id for one in made if one is not None and one.id > 0}) == 2
        states = {name: (await addresses.get(conn, name)).state.value for name in ("@maya", "@old", "gone")}  # type: ignore[union-attr]
        assert states == {"@maya": "active", "@old": "active", "gone": "deleted"}
        assert await meta.get(conn, "viewable_since") is not None


async def test_a_copy_is_made_before_a_migration(tmp_path: Path) -> None:
    path = tmp_path / "eyeballs.db"
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("CREATE TABLE precious (value TEXT)")
        conn.execute("INSERT INTO precious VALUES ('kept')")
    await asyncio.to_thread(migrate.upgrade, path, tmp_path / "backups")
    (copy,) = (tmp_path / "backups").iterdir()
    with closing(sqlite3.connect(copy)) as conn:
        assert conn.execute("SELECT value FROM precious").fetchone() == ("kept",)


async def test_a_copy_of_a_database_in_use_is_whole(db: Database, tmp_path: Path) -> None:
    batch = [Hit(1, n + 1, 5, BARE, Kind.CLICK, NOW, NOW.date(), n) for n in range(50)]
    await db.write(lambda conn: conn.run_sync(hits.record, batch, Seen()))
    await asyncio.to_thread(backup.copy, tmp_path / "eyeballs.db", tmp_path / "copy.db")
    backup.prove(tmp_path / "copy.db")
    async with open_reader(tmp_path / "copy.db") as conn:
        (count,) = await counts.by_day(conn, 1, NOW.date(), NOW.date().replace(day=31))
        assert count.count == 50
        assert await links.find(conn, 1) == []
    with pytest.raises(StorageError, match="exists already"):
        backup.copy(tmp_path / "eyeballs.db", tmp_path / "copy.db")


async def test_old_events_go_and_their_rollups_stay(db: Database, clock: FixedClock) -> None:
    ids = Ids(clock.timestamp)
    housekeeping = Housekeeping(db, clock, Visitors(db, clock, lambda salt: None), dt.timedelta(days=90))

    async def click() -> None:
        day = clock.now().date()
        batch = [Hit(1, ids.new(), 5, BARE, Kind.CLICK, clock.now(), day, n) for n in range(10)]
        await db.write(lambda conn: conn.run_sync(hits.record, batch, Seen()))

    for _n in range(20):  # every 10 days for 200 days
        await click()
        clock.move(days=10)
    assert await housekeeping.run() == 10 * 11
    assert await housekeeping.run() == 0
    async with db.read() as conn:
        assert await recount.count_events(conn) == 90
        days = await counts.by_day(conn, 1, NOW.date(), clock.now().date())
        assert sum(count.count for count in days) == 200
        assert await counts.uniques_by_link(conn, 1, NOW.date(), clock.now().date()) == {5: 200}
    assert await mismatches(db) == []
    await click()
    await db.write(lambda conn: conn.execute(sa.update(hits_daily).values(count=1)))
    found = await mismatches(db)
    # Of the link and of all links, the whole days since which events are kept; beside them the totals of closed days.
    assert Counter(item.table for item in found)["hits_daily"] == 2 * 9
    await db.write(lambda conn: recount.repair(conn, found))
    assert await mismatches(db) == []


# ---------------------------------------------------------------------- the command line

Eyeballs = Callable[..., subprocess.CompletedProcess[str]]


def test_run_without_a_token_is_one_sentence(eyeballs: Eyeballs) -> None:
    done = eyeballs("run", EYEBALLS_WEB__BASE_URL="https://go.example")
    assert done.returncode == 1
    assert "The Discord bot token is missing" in done.stderr
    assert "make demo" in done.stderr
    assert "Traceback" not in done.stderr


def test_run_without_an_address_is_one_sentence(eyeballs: Eyeballs) -> None:
    done = eyeballs("run", EYEBALLS_DISCORD__TOKEN="x.y.z")
    assert done.returncode == 1
    assert "web.base_url is missing" in done.stderr


def test_backup_restore_and_recount(typed: Eyeballs, folder: Path) -> None:
    assert "no database at" in typed("backup", "copy.db").stderr
    path = folder / "data" / "eyeballs.db"
    asyncio.run(_fill(path))
    assert "Every rollup equals the recount of its 3 events." in typed("recount", "--check").stdout
    assert typed("backup", "copy.db").returncode == 0
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE hits_daily SET count = 99")
    wrong = typed("recount", "--check")
    assert wrong.returncode == 1
    assert "rollup 99, events 3" in wrong.stdout
    mended = typed("recount", "--repair")
    assert "2 counts differed from their 3 events and were mended." in mended.stdout
    assert typed("recount", "--check").returncode == 0
    assert "Say either" in typed("recount").stderr
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE hits_quarter SET count = 7")
    assert typed("restore", "copy.db", stdin="n\n").returncode == 1
    restored = typed("restore", "copy.db", "--yes")
    assert "What stood there is kept" in restored.stdout
    assert typed("recount", "--check").returncode == 0
    assert len(list((folder / "data" / "backups").iterdir())) == 1


def test_the_configuration_is_named_on_either_side_of_the_command(typed: Eyeballs, folder: Path) -> None:
    asyncio.run(_fill(folder / "elsewhere.db"))
    (folder / "other.toml").write_text('[storage]\npath = "elsewhere.db"\n')
    for arguments in (
        ("--config", "other.toml", "recount", "--check"),
        ("recount", "--check", "--config", "other.toml"),
    ):
        assert "its 3 events" in typed(*arguments).stdout
    twice = typed("--config", "other.toml", "recount", "--check", "--config", "third.toml")
    assert twice.returncode == 1
    assert "--config is given twice" in twice.stderr
    assert re.fullmatch(r"Eyeballs \d+\.\d+\.\d+\S*\n", typed("--version").stdout)


def test_an_unknown_server_is_not_exported(typed: Eyeballs, folder: Path) -> None:
    asyncio.run(_fill(folder / "data" / "eyeballs.db"))
    done = typed("export", "--server", "4711", "--out", "out.json")
    assert done.returncode == 1
    assert done.stderr == "--server: 4711 has nothing here to export; was its id copied whole?\n"
    assert not (folder / "out.json").exists()
    assert typed("export", "--server", "1", "--out", "out.json").returncode == 0


async def test_check_knows_its_own_instance_from_another(tmp_path: Path) -> None:
    port = _free_port()

    def config(name: str) -> Config:
        web = WebSection(base_url=f"http://127.0.0.1:{port}", host="127.0.0.1", port=port)
        return Config(web=web, storage=StorageSection(path=tmp_path / name, backups=tmp_path / "backups"))

    await _fill(tmp_path / "other.db")
    async with open_application(config("own.db"), charts=QuickCharts()):
        own, other = [await checks._check_config(config(name)) for name in ("own.db", "other.db")]
    assert f"Eyeballs runs and answers on 127.0.0.1:{port}" in [finding.text for finding in own if finding.fine]
    (problem,) = [finding.text for finding in other if not finding.fine]
    assert f"on 127.0.0.1:{port} an Eyeballs answers that does not use {tmp_path / 'other.db'}" in problem


def test_the_operator_takes_a_page_down(typed: Eyeballs, folder: Path) -> None:
    path = folder / "data" / "eyeballs.db"

    async def page() -> Profile | None:
        async with Database.open(path) as db, db.read() as conn:
            return await profiles.get(conn, 1, 2)

    async def fill() -> None:
        async with Database.open(path) as db:
            pages = Profiles(db, SystemClock(), Ids(), URL("https://go.example"), Views(db), any_link)
            await pages.set_up(Actor(1, 2, manager=True), "maya", "Maya")

    asyncio.run(fill())
    assert "There is no page “@nobody”" in typed("takedown", "nobody").stderr
    assert "@maya answers “not found”" in typed("takedown", "@Maya").stdout
    assert (asyncio.run(page()) or pytest.fail("gone")).taken_down == "operator"
    assert "may be public again" in typed("takedown", "@maya", "--restore").stdout
    assert (asyncio.run(page()) or pytest.fail("gone")).taken_down == ""


def test_what_is_made_in_one_second_stands_side_by_side(
    typed: Eyeballs, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = SimpleNamespace(now=lambda zone: dt.datetime(2026, 3, 1, 12, tzinfo=zone))
    monkeypatch.setattr("bot.cli.dt", SimpleNamespace(UTC=dt.UTC, datetime=stopped))
    asyncio.run(_fill(folder / "data" / "eyeballs.db"))
    for _ in range(3):
        assert typed("backup").returncode == 0
    for _ in range(2):
        assert typed("restore", "data/backups/eyeballs-20260301T120000Z.db", "--yes").returncode == 0
    assert sorted(path.name for path in (folder / "data" / "backups").iterdir()) == [
        "eyeballs-20260301T120000Z-2.db",
        "eyeballs-20260301T120000Z-3.db",
        "eyeballs-20260301T120000Z.db",
        "eyeballs-before-restore-20260301T120000Z-2.db",
        "eyeballs-before-restore-20260301T120000Z.db",
    ]


def test_a_damaged_or_foreign_copy_is_not_restored(typed: Eyeballs, folder: Path) -> None:
    path = folder / "data" / "eyeballs.db"
    asyncio.run(_fill(path))
    (folder / "junk.db").write_bytes(b"this is no database at all" * 100)
    assert "not a sound SQLite database" in typed("restore", "junk.db", "--yes").stderr
    with closing(sqlite3.connect(folder / "foreign.db")) as conn, conn:
        conn.execute("CREATE TABLE other (x)")
    assert "not one of Eyeballs" in typed("restore", "foreign.db", "--yes").stderr
    assert typed("recount", "--check").returncode == 0


def test_restore_refuses_while_the_bot_runs(eyeballs: Eyeballs, folder: Path) -> None:
    path = folder / "data" / "eyeballs.db"

    async def hold() -> subprocess.CompletedProcess[str]:
        await _fill(path)
        backup.copy(path, folder / "copy.db")
        async with Database.open(path):
            return await asyncio.to_thread(eyeballs, "restore", "copy.db", "--yes")

    assert "Another Eyeballs process is using" in asyncio.run(hold()).stderr


def test_check_says_what_to_mend(typed: Eyeballs, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = typed("check")
    assert done.returncode == 1
    assert "PROBLEM  web.base_url is missing" in done.stdout
    assert "PROBLEM  The Discord bot token is missing" in done.stdout
    assert "does not exist yet" in done.stdout

    async def seen() -> None:
        async with Database.open(folder / "data" / "eyeballs.db") as db:
            now = dt.datetime.now(dt.UTC).isoformat()
            await db.write(lambda conn: meta.put(conn, "unknown_proxy_seen_at", now))

    asyncio.run(seen())
    monkeypatch.setenv("EYEBALLS_WEB__BASE_URL", "https://go.example")
    done = typed("check")
    assert "web.trusted_proxies is empty" in done.stdout
    assert "a forwarded header came from a peer that is not listed" in done.stdout


async def test_a_database_of_the_first_version_keeps_its_numbers(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as conn:
        config = migrate._config()
        config.attributes["connection"] = conn
        alembic_command.upgrade(config, "0001")
        at = int(NOW.timestamp() * 1000)
        for hit_id, visitor, unique_day in ((1, 7, "2026-03-11"), (2, 7, None), (3, None, None)):
            row = (1, hit_id, 5, 0, "click", at, visitor, unique_day)
            conn.exec_driver_sql("INSERT INTO hits VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        conn.exec_driver_sql("INSERT INTO hits_quarter VALUES (1, 5, ?, 0, 'click', 0, 3)", (at,))
        conn.exec_driver_sql("INSERT INTO hits_daily VALUES (1, 5, '2026-03-11', 0, 'click', 0, 3)")
        conn.exec_driver_sql("INSERT INTO uniques_daily VALUES (1, 5, '2026-03-11', 0, 1)")
        conn.exec_driver_sql("INSERT INTO visitors_seen VALUES (1, 5, '2026-03-11', 7)")
        link_row = (1, 5, 2, "s", "https://a.example/", "", "[]", 0, "active", 2, 0, 0)
        conn.exec_driver_sql("INSERT INTO links VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", link_row)
        conn.exec_driver_sql("INSERT INTO addresses VALUES ('s', 1, 2, 5, NULL, 'https://a.example/', 'active')")
    engine.dispose()
    clock = FixedClock(NOW)
    async with Database.open(path) as db:
        assert await mismatches(db) == []
        async with db.read() as conn:
            link = await links.get(conn, 1, 5)
        assert link is not None
        assert (link.expires_at, link.max_clicks) == (None, None)
        async with Recorder(db, clock) as recorder:
            for hit_id, visitor in ((4, 7), (5, 8)):  # the known one is still known
                await recorder.count(Hit(1, hit_id, 5, BARE, Kind.CLICK, NOW, NOW.date(), visitor))
        async with db.read() as conn:
            assert await counts.uniques_by_link(conn, 1, NOW.date(), NOW.date() + dt.timedelta(days=1)) == {5: 2}
        assert await mismatches(db) == []
    assert len(list((tmp_path / "backups").iterdir())) == 1


async def test_a_database_of_the_second_version_gets_its_servers_sums(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as conn:
        config = migrate._config()
        config.attributes["connection"] = conn
        alembic_command.upgrade(config, "0002")
        at = int(NOW.timestamp() * 1000)
        for hit_id, guild, link, place in ((1, 1, 5, 0), (2, 1, 6, 0), (3, 1, 6, 9), (4, 2, 7, 0)):
            row = (guild, hit_id, link, place, "click", at, hit_id, "2026-03-11", 1, "DE", "phone", "X")
            conn.exec_driver_sql(f"INSERT INTO hits VALUES ({', '.join('?' * 12)})", row)  # noqa: S608
            quarter = (guild, link, at, place, "click", 0, 1)
            conn.exec_driver_sql("INSERT INTO hits_quarter VALUES (?, ?, ?, ?, ?, ?, ?)", quarter)
            day = (guild, link, "2026-03-11", place, "click", 0, 1)
            conn.exec_driver_sql("INSERT INTO hits_daily VALUES (?, ?, ?, ?, ?, ?, ?)", day)
        for guild, link, n in ((1, 5, 1), (1, 6, 2), (2, 7, 1)):
            conn.exec_driver_sql("INSERT INTO uniques_daily VALUES (?, ?, '2026-03-11', 0, ?)", (guild, link, n))
            for name, value in (("country", "DE"), ("device", "phone"), ("source", "X")):
                about = (guild, link, "2026-03-11", "click", name, value, 0, n)
                conn.exec_driver_sql("INSERT INTO audience_daily VALUES (?, ?, ?, ?, ?, ?, ?, ?)", about)
        for link in (5, 6):
            aside = (1, link, "2026-03-11", link, "preview", "X", 0, 3)
            conn.exec_driver_sql("INSERT INTO set_aside_daily VALUES (?, ?, ?, ?, ?, ?, ?, ?)", aside)
        conn.exec_driver_sql("INSERT INTO figures VALUES (1, 1, 9, 'impressions', 100, ?, 2, ?)", (at, at))
    engine.dispose()
    first, end = NOW.date(), NOW.date() + dt.timedelta(days=1)
    async with Database.open(path) as db:
        assert await mismatches(db) == []
        async with db.read() as conn:
            assert [day.count for day in await counts.by_day(conn, 1, first, end)] == [3]
            assert [day.count for day in await counts.by_day(conn, 1, first, end, [6])] == [2]
            assert await counts.uniques_by_day(conn, 1, first, end) == [(first, 3)]
            assert await counts.set_aside_counts(conn, 1, first, end) == [AsideCount("preview", "X", 6)]
            assert {(c.value, c.count) for c in await counts.audience(conn, 1, first, end)} == {
                *(("DE", 3), ("phone", 3), ("X", 3))
            }
            assert [figure.value for figure in await posts.figures_in(conn, 1, NOW, NOW + dt.timedelta(1))] == [100]
        clock = FixedClock(NOW + dt.timedelta(days=2))
        await Housekeeping(db, clock, Visitors(db, clock, lambda salt: None), dt.timedelta(days=90)).run()
        async with db.read() as conn:
            assert await totals.until(conn, 1) == end + dt.timedelta(days=1)
        assert await mismatches(db) == []
    assert len(list((tmp_path / "backups").iterdir())) == 1
