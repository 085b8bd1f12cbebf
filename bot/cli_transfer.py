"""`python -m bot import` and `export`: links and history from elsewhere, and everything out again."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import os
import stat
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from ipaddress import ip_address
from pathlib import Path
from typing import IO, Annotated
from zoneinfo import ZoneInfo

import typer
from aiohttp import ClientSession
from yarl import URL

from bot import exports, logs
from bot.cli_options import ConfigOption, load
from bot.clock import SystemClock
from bot.config import IMPORT_KEY, Config
from bot.errors import OperatorError, UserError
from bot.imports import bitly, eyeballs, shlink
from bot.imports.histories import Histories
from bot.imports.journal import Source
from bot.imports.link_files import read_links
from bot.imports.links import Plan, Taken
from bot.imports.rest import AGAIN, Rest
from bot.imports.values import RefusedFileError
from bot.links.service import Limits
from bot.terminal import Telling, telling
from storage import addresses, files, links, servers
from storage.database import Database, open_reader, plain_reader
from storage.ids import Ids
from storage.records import History, Server, Service
from storage.transfer import Scope

TOLD = 20
"""Lines of each sort that a preview names."""

importing = typer.Typer(
    no_args_is_help=True,
    help="Bring links, and what was counted of them, from elsewhere. Stop the bot first: one process owns the "
    "database. Nothing is seen before all of it is there; what was fetched is kept, so that the same command goes on "
    "after a Ctrl-C or a crash, and the bot may run in between.",
)

ServerOption = Annotated[
    int, typer.Option("--server", help="Id of the Discord server (guild) that the links go to.", min=1)
]
CreatorOption = Annotated[int, typer.Option("--creator", help="Id of the Discord user whose links these are.", min=1)]
TakenOption = Annotated[
    Taken,
    typer.Option(
        help="What becomes of a link whose short name is taken or reserved here. keep: the link that has it in this "
        "server keeps it, and gets the history. rename: summer becomes summer-2. skip: it is left out."
    ),
]
KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        help=f"File of mode 0600 with the API key; the environment variable {IMPORT_KEY} when left out. There is no "
        "option for the key itself: others could read it in the list of processes.",
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask before importing what the preview shows.")]
RestartOption = Annotated[bool, typer.Option("--restart", help="Forget what was fetched before, and begin anew.")]


@importing.command(name="shlink")
def from_shlink(
    url: Annotated[str, typer.Option(help="The Shlink server, such as https://s.example.")],
    server: ServerOption,
    creator: CreatorOption,
    taken: TakenOption = Taken.SKIP,
    key_file: KeyOption = None,
    yes: YesOption = False,
    restart: RestartOption = False,
    config_file: ConfigOption = None,
) -> None:
    """Short URLs of a Shlink server (REST v3) with all their visits: when, and from which country, device and source.

    Visits that Shlink takes for bots are set aside. No visit counts as a unique click: Shlink does not tell who it was.
    """
    base, key = _url(url), _key(key_file)
    account = str(base.with_user(None).with_query(None).with_fragment(None)).rstrip("/")

    def source(http: ClientSession, tell: Telling) -> Source:
        return shlink.Shlink(Rest(http, base, shlink.headers(key), SystemClock(), tell.wait))

    _import(config_file, Service.SHLINK, account, server, creator, taken, source, yes=yes, restart=restart)


@importing.command(name="bitly")
def from_bitly(
    server: ServerOption,
    creator: CreatorOption,
    group: Annotated[str, typer.Option(help="Guid of one group of the account; all of them when left out.")] = "",
    taken: TakenOption = Taken.SKIP,
    key_file: KeyOption = None,
    yes: YesOption = False,
    restart: RestartOption = False,
    url: Annotated[str, typer.Option(help="Where Bitly's API is.")] = bitly.SITE,
    config_file: ConfigOption = None,
) -> None:
    """An account's links at Bitly (API v4) with their clicks by day, up to yesterday.

    Bitly's days are those of UTC. It hands out no hours, and countries only of what a plan covers: these are left out.
    """
    base, key = _url(url), _key(key_file)

    def source(http: ClientSession, tell: Telling) -> Source:
        return bitly.Bitly(Rest(http, base, bitly.headers(key), SystemClock(), tell.wait), group)

    account = f"{base.host}/{group}" if group else base.host or ""
    _import(config_file, Service.BITLY, account, server, creator, taken, source, yes=yes, restart=restart)


@importing.command(name="file")
def from_file(
    path: Annotated[Path, typer.Argument(help="The file.", exists=True, dir_okay=False, readable=True)],
    server: ServerOption,
    creator: Annotated[
        int,
        typer.Option(
            "--creator",
            help="Id of the Discord user whose links these are; an export of Eyeballs knows its own.",
            min=0,
        ),
    ] = 0,
    taken: TakenOption = Taken.SKIP,
    yes: YesOption = False,
    config_file: ConfigOption = None,
) -> None:
    """A CSV of links as Dub, Kutt, Shlink and Eyeballs write it, or a whole export of another Eyeballs.

    Which one it is shows its content. An export brings posts, figures, notes, profile pages and every
    number, uniques included.
    """
    config = _load(config_file)

    async def work(own: Histories, db: Database, tell: Telling) -> None:
        if eyeballs.is_export(path):
            found = eyeballs.read_export(path, dt.datetime.now(dt.UTC), config.links.denied_domains)
            await _bring_export(own, db, found, server, creator, taken, yes=yes)
            return
        if not creator:
            raise OperatorError("Say with --creator whose links these are.")
        try:
            async with db.read() as conn:
                zone = (await servers.get(conn, server)).timezone
            data = path.read_bytes()
            found = read_links(data, dt.datetime.now(dt.UTC), ZoneInfo(zone))
        except RefusedFileError as error:
            raise OperatorError(f"{path}: {error}") from None
        account = f"{path.name} {hashlib.sha256(data).hexdigest()[:8]}"
        journal = await own.resume(own.begun(server, creator, found.service, account, taken))
        try:
            plan = await own.plan(journal.item, found.links)
            trouble = [*found.troubles, *plan.troubles]
            typer.echo(_said(found.service, Plan(plan.new, (), plan.skipped, tuple(trouble)), clicks=None))
            _confirm(plan.new, yes)
            made = await own.apply_links(journal.item, plan)
        except BaseException:
            await own.forget(journal.item)
            raise
        _done(made)

    _run(config, work)


@importing.command(name="list")
def list_imports(server: ServerOption, config_file: ConfigOption = None) -> None:
    """What was imported into a server, the latest last."""

    async def work(own: Histories, db: Database, tell: Telling) -> None:
        found = await own.applied(server)
        for item in found:
            typer.echo(_line(item))
        if not found:
            typer.echo("Nothing was imported into that server from here.")

    _run(_load(config_file), work)


@importing.command()
def undo(
    server: ServerOption,
    number: Annotated[
        int | None, typer.Option("--id", help="Which one, by `import list`; the latest otherwise.")
    ] = None,
    yes: YesOption = False,
    config_file: ConfigOption = None,
) -> None:
    """Take an import back: its links and all of their imported history. Links that were clicked here since stay."""

    async def work(own: Histories, db: Database, tell: Telling) -> None:
        found = await own.applied(server)
        item = next((one for one in reversed(found) if number in (None, one.id)), None)
        if item is None:
            raise OperatorError("There is no such import in that server; see: import list")
        typer.echo(_line(item))
        if not yes:
            typer.confirm("Take it back?", abort=True)
        undone = await own.take_back(item)
        stay = f" {undone.kept:,} links stay: they were clicked or got posts since." if undone.kept else ""
        typer.echo(f"Taken back.{stay}")

    _run(_load(config_file), work)


def export(
    server: Annotated[int, typer.Option("--server", help="Id of the Discord server (guild).", min=1)],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file to write; a dated name here when left out.", dir_okay=False),
    ] = None,
    creator: Annotated[int | None, typer.Option("--creator", help="Only what is this Discord user's.", min=1)] = None,
    link: Annotated[str | None, typer.Option("--link", help="Only this link, by its short name.")] = None,
    form: Annotated[exports.Form, typer.Option("--format", help="json, or csv: a zip with a CSV for each table.")] = (
        exports.Form.JSON
    ),
    config_file: ConfigOption = None,
) -> None:
    """Write everything that a server's numbers are made of to a file, while the bot runs; `import file` reads it."""
    config = _load(config_file)
    if not config.storage.path.exists():
        raise OperatorError(f"There is no database at {config.storage.path} yet; nothing to export.")
    suffix = "json" if form is exports.Form.JSON else "zip"
    target = out or files.dated(f"eyeballs-{server}", dt.datetime.now(dt.UTC), suffix)

    async def work() -> tuple[Scope, Server]:
        async with open_reader(config.storage.path) as conn:
            if server not in await servers.all_ids(conn) and not await links.any_of(conn, server):
                raise OperatorError(f"--server: {server} has nothing here to export; was its id copied whole?")
            found = await servers.get(conn, server)
            scope = Scope(server, creator_id=creator)
            if link is not None:
                address = await addresses.get(conn, link.strip().lower())
                if address is None or address.guild_id != server or address.link_id is None:
                    raise OperatorError(f"--link: that server has no link “{link}”.")
                scope = Scope(server, link_id=address.link_id)
            return scope, found

    scope, found = asyncio.run(work())
    with _private(target) as file:
        try:
            with plain_reader(config.storage.path) as reader:
                exports.write(reader, scope, found, form, dt.datetime.now(dt.UTC), file)
        except BaseException:
            target.unlink()
            raise
        size = file.tell()
    typer.echo(f"Exported to {target} ({size:,} bytes).")


# ------------------------------------------------------------------ parts


def _load(path: Path | None) -> Config:
    config = load(path)
    logs.configure("warning", config.log.format)
    return config


def _private(path: Path) -> IO[bytes]:
    """A new file that only its owner can read; raises OperatorError when it is there."""
    try:
        return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")
    except FileExistsError:
        raise OperatorError(f"{path} is there already; name another one with --out.") from None
    except OSError as error:
        raise OperatorError(f"{path} can't be written ({error.strerror}).") from None


def _url(text: str) -> URL:
    try:
        url = URL(text if "://" in text else f"https://{text}")
    except ValueError:
        url = URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise OperatorError(f"--url: “{text}” is no address; give one such as https://s.example.")
    if url.scheme == "http" and not _is_here(url.host):
        raise OperatorError(f"--url: “{text}” would send the key readable over the net; give an https:// address.")
    if url.user or url.password:
        raise OperatorError("--url: leave user name and password out; the key comes from --key-file.")
    return url.with_query(None).with_fragment(None)


def _is_here(host: str) -> bool:
    """Whether a host is this machine, to which nothing goes over the net."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _key(path: Path | None) -> str:
    """The API key. Raises OperatorError when there is none, or others can read it."""
    if path is None:
        if key := os.environ.get(IMPORT_KEY, "").strip():
            return _one_line(key, IMPORT_KEY)
        raise OperatorError(f"The API key is missing: set {IMPORT_KEY}, or name a file of mode 0600 with --key-file.")
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"--key-file: {path} can't be read ({type(error).__name__}).") from None
    if mode & 0o077:
        raise OperatorError(f"--key-file: {path} can be read by others (mode {mode:o}). Mend it with: chmod 600 {path}")
    if not key:
        raise OperatorError(f"--key-file: {path} is empty; put the API key in it.")
    return _one_line(key, str(path))


def _one_line(key: str, where: str) -> str:
    if not key.isascii() or not key.isprintable() or " " in key:
        raise OperatorError(f"{where}: an API key is one line of letters, digits and signs, without spaces.")
    return key


Work = Callable[[Histories, Database, Telling], Awaitable[None]]


def _run(config: Config, work: Work) -> None:
    """Run with the database for its own; what the person has to mend is one sentence."""

    async def run() -> None:
        clock = SystemClock()
        async with AsyncExitStack() as stack:
            db = await stack.enter_async_context(Database.open(config.storage.path, backups=config.storage.backups))
            limits = Limits(
                denied_domains=config.links.denied_domains,
                allow_private_destinations=config.links.allow_private_destinations,
            )
            own = Histories(db, clock, Ids(clock.timestamp), config.base_url, limits)
            with telling() as tell:
                await work(own, db, tell)

    try:
        asyncio.run(run())
    except UserError as error:
        raise OperatorError(str(error)) from None
    except KeyboardInterrupt:
        typer.echo(f"Stopped. What was fetched is kept. {AGAIN}", err=True)
        sys.exit(130)


def _import(
    config_file: Path | None,
    service: Service,
    account: str,
    server: int,
    creator: int,
    taken: Taken,
    make: Callable[[ClientSession, Telling], Source],
    *,
    yes: bool,
    restart: bool,
) -> None:
    config = _load(config_file)

    async def work(own: Histories, db: Database, tell: Telling) -> None:
        until = dt.datetime.now(dt.UTC).replace(microsecond=0)
        journal = await own.resume(own.begun(server, creator, service, account, taken, until=until))
        if journal.resumed and restart:
            await own.forget(journal.item)
            journal = await own.resume(own.begun(server, creator, service, account, taken, until=until))
        elif journal.resumed:
            tell.say(f"Going on where it stopped: {len(journal.names):,} pages are there already.")
        async with ClientSession() as http:
            source = make(http, tell)
            found = await source.fetch(journal, tell)
        plan = await own.plan(journal.item, found)
        clicks = sum(one.found.clicks for one in (*plan.new, *plan.kept))
        tell.end()
        typer.echo(_said(service, plan, clicks=clicks))
        _confirm((*plan.new, *plan.kept), yes)
        tell.say("Writing; nobody sees any of it before all of it is there.")
        _done(await own.apply_source(journal, plan, source))

    _run(config, work)


async def _bring_export(
    own: Histories, db: Database, found: eyeballs.Export, server: int, creator: int, taken: Taken, *, yes: bool
) -> None:
    # The instant of the export tells it from another one: the same twice would count twice.
    account = f"export of {found.exported_at.isoformat()}"
    journal = await own.resume(own.begun(server, creator, Service.EYEBALLS, account, taken))
    try:
        plan = await own.plan(journal.item, found.links)
        typer.echo(_said(Service.EYEBALLS, plan, clicks=None))
        counts = sum(row["count"] for row in found.tables["days"])
        pages = await own.pages(journal.item, found)
        typer.echo(
            f"With {len(found.tables['posts']):,} posts, {len(pages.new):,} profile pages, which their creators "
            f"publish, and {counts:,} clicks and impressions."
        )
        for there, here_now in pages.renamed.items():
            typer.echo(f"  The handle @{there} can't be had here; that page becomes @{here_now}.")
        async with db.read() as conn:
            here = await servers.get(conn, server)
        if found.whole_server and not here.is_set_up:
            typer.echo(f"The server gets its settings too: time zone {found.timezone}.")
        elif here.timezone != found.timezone:
            typer.echo(f"Its days are those of {found.timezone}; this server's are those of {here.timezone}.")
        _confirm((*plan.new, *plan.kept), yes)
        made = await own.apply_export(journal.item, plan, pages, found)
    except BaseException:
        await own.forget(journal.item)
        raise
    _done(made)


def _said(service: Service, plan: Plan, *, clicks: int | None) -> str:
    """The preview."""
    lines = [f"{service.value.capitalize()}: {len(plan.new):,} links to make."]
    if clicks is not None:
        lines[0] += f" {clicks:,} clicks are told of all links that will be there."
    parts = [
        ("here already, to get their history", [f"/{one.slug}" for one in plan.kept]),
        ("renamed", [f"{one.found.code} -> /{one.slug}" for one in plan.renamed]),
        ("further names", [f"/{alias} -> /{one.slug}" for one in plan.new for alias in one.aliases]),
        ("left out, their names being taken or reserved", [f"{one.code} ({why})" for one, why in plan.skipped]),
        ("can't be read, and are left out", [f"line {one.line}: {one.why}" for one in plan.troubles]),
    ]
    for name, rows in parts:
        if rows:
            lines.append(f"{len(rows):,} {name}:")
            lines += [f"  {row}" for row in rows[:TOLD]]
            if len(rows) > TOLD:
                lines.append(f"  and {len(rows) - TOLD:,} more")
    return "\n".join(lines)


def _confirm(links: object, yes: bool) -> None:
    if not links:
        raise OperatorError("There is nothing to import.")
    if not yes:
        typer.confirm("Import them?", abort=True)


def _done(item: History) -> None:
    history = f" and {item.clicks:,} clicks" if item.clicks else ""
    typer.echo(f"Imported {item.links:,} links{history}. To take it back: import undo --server {item.guild_id}")


def _line(item: History) -> str:
    return (
        f"{item.id}  {item.created_at:%Y-%m-%d}  {item.service.value}  {item.account}  {item.links:,} links, "
        f"{item.clicks:,} clicks"
    )
