"""`python -m bot`: run, demo, check, backup, restore, recount, takedown; import and export are in `cli_transfer`."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import config as configuration
from bot import logs
from bot.cli_options import ConfigOption, load, root
from bot.cli_transfer import export, importing
from bot.config import Config
from bot.errors import OperatorError, UserError
from bot.profiles.service import OPERATOR, take_down
from storage import backup as backups
from storage import files, migrate, recount, servers
from storage.database import Database, open_reader, own
from storage.errors import StorageError
from storage.records import Mismatch

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they may show the values of variables, a token among them
)
app.callback()(root)
app.add_typer(importing, name="import")
app.command()(export)
log = structlog.get_logger(__name__)

FIRST_PAUSE, LAST_PAUSE = 5.0, 600.0
"""Seconds between attempts to reach Discord: 1,000 logins a day are allowed."""


def main() -> None:
    """Run the command line; what the operator has to mend is one sentence and exit status 1."""
    try:
        app()
    except (OperatorError, StorageError) as error:
        typer.echo(str(error), err=True)
        sys.exit(1)


def _load(path: Path | None) -> Config:
    config = load(path)
    logs.configure(config.log.level, config.log.format)
    return config


def run_until_signal(
    work: Coroutine[Any, Any, None], loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
) -> None:
    """Run to the end, or to SIGINT or SIGTERM, which cancel it so that everything is closed in order."""

    async def guarded() -> None:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        stopped = False

        def stop() -> None:
            nonlocal stopped
            stopped = True
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        try:
            await task
        except asyncio.CancelledError:
            if not stopped:
                raise

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(guarded())


def spare_the_collector() -> None:
    """Have the garbage collector pass over what is there now, and look at the rest less often.

    Else it looks through all of it now and then, while hits wait. Requests that wait for the disk keep so much alive
    that at its usual pace it would look every few of them: a fifth of what counting a hit costs.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def let_the_loop_in() -> None:
    """Have threads that compute give way to the loop's ten times as often as they would.

    Beside the summing up of a large server, a redirect that wakes ten times waits 5 ms for it instead of 50.
    """
    sys.setswitchinterval(0.0005)


@app.command()
def run(config_file: ConfigOption = None) -> None:
    """Run the bot against Discord."""
    # Here, for they take longer to load than most other commands take.
    import discord
    import uvloop
    from aiohttp import ClientError

    from bot.app import digest_schedule, open_application

    config = _load(config_file)
    token = config.token()

    async def work() -> None:
        async with open_application(config) as application:
            spare_the_collector()
            let_the_loop_in()
            application.services.charts.begin()
            log.info("web edge is up", host=config.web.host, port=application.web.port, base_url=str(config.base_url))
            pause = FIRST_PAUSE
            while True:
                # A client that failed to start can't be started again.
                async with application.client() as client, digest_schedule(application, client):
                    try:
                        await client.start(token)
                    except discord.LoginFailure:
                        raise OperatorError(
                            "Discord refused the bot token. Take a fresh one from the application's Bot page."
                        ) from None
                    except (discord.HTTPException, discord.GatewayNotFound, ClientError, OSError) as error:
                        log.error("Discord can't be reached; links go on counting", error=str(error), again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LAST_PAUSE)

    run_until_signal(work(), uvloop.new_event_loop)


@app.command()
def demo(
    port: Annotated[int | None, typer.Option(help="Port of the tracking web server; 8080, or a free one.")] = None,
    discord_port: Annotated[int | None, typer.Option(help="Port of the Discord page; 8765, or a free one.")] = None,
) -> None:
    """The whole application on this machine, with a local Discord in the browser and sample data. No token."""
    try:
        from bot.demo import stage
    except ImportError as error:
        raise OperatorError(f"The demo needs its extra packages ({error}). Start it with: make demo") from error
    logs.configure("warning", "console")
    configuration.clear_environment()
    run_until_signal(stage.play(port, discord_port))


@app.command()
def check(config_file: ConfigOption = None) -> None:
    """Say what is wrong with configuration, database and permissions, and how to mend it."""
    from bot.checks import check_all

    names = configuration.environment_names()
    config = _load(config_file)
    problems = 0
    for finding in asyncio.run(check_all(config, names)):
        typer.echo(f"{'ok     ' if finding.fine else 'PROBLEM'}  {finding.text}")
        problems += not finding.fine
    if problems:
        raise typer.Exit(1)


@app.command()
def backup(
    target: Annotated[
        Path | None, typer.Argument(help="The copy; a dated name in storage.backups when left out.")
    ] = None,
    config_file: ConfigOption = None,
) -> None:
    """Copy the database while it is in use."""
    config = _load(config_file)
    copy = target or files.dated(config.storage.path.stem, dt.datetime.now(dt.UTC), "db", config.storage.backups)
    backups.copy(config.storage.path, copy)
    typer.echo(f"Copied to {copy} ({copy.stat().st_size:,} bytes).")


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A copy made by backup.")],
    config_file: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Prove a copy and put it in the database's place; what stood there is kept."""
    config = _load(config_file)
    path = config.storage.path
    backups.prove(source)
    revision = migrate.revision_of(source)
    if revision is None:
        raise StorageError(f"{source} is a database, but not one of Eyeballs; nothing was changed.")
    migrate.check_known(source, revision)
    if not yes:
        typer.confirm(f"Put {source} in the place of {path}?", abort=True)
    aside = files.dated(f"{path.stem}-before-restore", dt.datetime.now(dt.UTC), "db", config.storage.backups)
    files.make_folder(path.parent)
    with own(path):
        kept = path.exists()
        backups.swap_in(source, path, aside)
    typer.echo(f"Restored {source} to {path}." + (f" What stood there is kept as {aside}." if kept else ""))
    typer.echo("Copies don't hold who was seen: who clicked a link today already may count as unique once more.")


@app.command(name="recount")
def recount_command(
    check_only: Annotated[bool, typer.Option("--check", help="Compare and report; changes nothing.")] = False,
    repair: Annotated[bool, typer.Option("--repair", help="Set wrong rollups to what their events say.")] = False,
    config_file: ConfigOption = None,
) -> None:
    """Prove that the rollups are what a recount of the events gives, as far back as events are kept."""
    if check_only == repair:
        raise OperatorError("Say either --check, which changes nothing, or --repair.")
    config = _load(config_file)
    path = config.storage.path
    if not path.exists():
        raise StorageError(f"There is no database at {path} yet; nothing to recount.")
    found, events = asyncio.run(_repair(config) if repair else _recount(path))
    for item in found[:20]:
        typer.echo(f"{item.table} {item.key} of server {item.guild_id}: rollup {item.rollup:,}, events {item.events:,}")
    if found and repair:
        typer.echo(f"{len(found):,} counts differed from their {events:,} events and were mended.")
    elif found:
        typer.echo(f"{len(found):,} counts differ from their {events:,} events. Mend them with: recount --repair")
        raise typer.Exit(1)
    else:
        typer.echo(f"Every rollup equals the recount of its {events:,} events.")


@app.command()
def takedown(
    handle: Annotated[str, typer.Argument(help="The page's handle, such as @maya.")],
    restore: Annotated[bool, typer.Option("--restore", help="Let it be public again.")] = False,
    config_file: ConfigOption = None,
) -> None:
    """Take a profile page off the net, whichever server it is of; with the bot stopped."""
    config = _load(config_file)

    async def work() -> str:
        async with Database.open(config.storage.path, backups=config.storage.backups) as db:
            return (await take_down(db, handle, OPERATOR, restore=restore)).handle

    try:
        name = asyncio.run(work())
    except UserError as error:
        raise OperatorError(str(error)) from None
    typer.echo(f"@{name} may be public again." if restore else f"@{name} answers “not found” from now on.")


async def _differences(conn: AsyncConnection) -> tuple[list[Mismatch], int]:
    found: list[Mismatch] = []
    for guild_id in await servers.all_ids(conn):
        found += await recount.check(conn, guild_id)
    return found, await recount.count_events(conn)


async def _recount(path: Path) -> tuple[list[Mismatch], int]:
    async with open_reader(path) as conn:
        return await _differences(conn)


async def _repair(config: Config) -> tuple[list[Mismatch], int]:
    async def work(conn: AsyncConnection) -> tuple[list[Mismatch], int]:
        found, events = await _differences(conn)
        await recount.repair(conn, found)
        return found, events

    async with Database.open(config.storage.path, backups=config.storage.backups) as db:
        return await db.write(work)
