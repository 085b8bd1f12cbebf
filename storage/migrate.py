"""Brings a database file to the schema of this program, with a copy made before anything changes."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import event, exc

from storage import backup, files, statistics
from storage.errors import StorageError


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def head() -> str:
    """The revision that this program writes."""
    revision = _scripts().get_current_head()
    assert revision is not None
    return revision


def revision_of(path: Path) -> str | None:
    """The revision a file stands at, None when it has none. Raises StorageError for what is no database."""
    engine = sa.create_engine(files.url(path, "ro"), poolclass=sa.NullPool)
    try:
        with engine.connect() as conn:
            return MigrationContext.configure(conn).get_current_revision()
    except exc.DatabaseError as error:
        raise StorageError(f"{path} is not a readable SQLite database ({error.orig}).") from error
    finally:
        engine.dispose()


def check_known(path: Path, revision: str | None) -> None:
    """Raises StorageError when the revision is none of this program's: the database is newer, or not ours."""
    if revision is None:
        return
    try:
        _scripts().get_revision(revision)
    except CommandError:
        raise StorageError(
            f"{path} was written by a newer Eyeballs (schema {revision}; this program knows up to {head()}). "
            "Update Eyeballs, or restore a backup made by this version. Nothing was changed."
        ) from None


def upgrade(path: Path, backups: Path) -> None:
    """Bring the file to `head()`, each migration in one transaction; one with data is copied into `backups` first."""
    _upgrade(path, backups)
    statistics.keep(path)


def _upgrade(path: Path, backups: Path) -> None:
    with suppress(FileExistsError):
        files.make(path)  # figures are their creators' business; SQLite gives its side files the same mode
    if path.stat().st_size:
        revision = revision_of(path)
        check_known(path, revision)
        if revision == head():
            return
        backup.copy(path, files.dated(f"{path.stem}-before-migration", dt.datetime.now(dt.UTC), "db", backups))
    engine = sa.create_engine(files.url(path, "rw"), poolclass=sa.NullPool)

    @event.listens_for(engine, "connect")
    def _connect(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]
        connection.execute("PRAGMA secure_delete = ON")  # type: ignore[attr-defined]  a table made anew leaves the old one

    @event.listens_for(engine, "begin")
    def _begin(conn: sa.Connection) -> None:
        conn.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with engine.connect() as conn:
            config = _config()
            config.attributes["connection"] = conn
            command.upgrade(config, "head")
    finally:
        engine.dispose()
