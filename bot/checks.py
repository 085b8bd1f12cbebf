"""`check`: looks at configuration, database and Discord before somebody relies on them."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import discord
from sqlalchemy.exc import SQLAlchemyError
from yarl import URL

from bot.client import COMMANDS_REFUSED
from bot.config import Config
from bot.errors import OperatorError
from bot.timekeeping import TOLERANCE
from bot.tracking.tracker import UNKNOWN_PROXY
from bot.web.routes import INSTANCE
from cogs.delivery.channels import missing_permissions
from storage import backup, digests, files, meta, migrate, servers
from storage.database import open_reader
from storage.errors import StorageError
from storage.records import DigestState

LITTLE_SPACE = 500 * 2**20
PROXY_NEWS = dt.timedelta(days=7)
"""How long an unknown proxy is spoken of after it was last seen."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; the text of a problem says how to mend it."""

    fine: bool
    text: str


async def check_all(config: Config, names: Sequence[str] = ()) -> list[Finding]:
    """Everything that can be looked at; with a token Discord too, over REST, without going online as the bot.

    `names` are those of the variables that the configuration was read from.
    """
    found = [
        *await _check_config(config, names),
        *await _check_database(config),
        *await asyncio.to_thread(_check_files, config),
    ]
    try:
        token = config.token()
    except OperatorError as error:
        return [*found, Finding(False, str(error))]
    return [*found, *await _check_discord(config, token)]


async def _answers(config: Config) -> str | None:
    """The name of the installation that answers where this one would listen; None where no Eyeballs does."""
    url = URL.build(scheme="http", host=config.web.host, port=config.web.port, path="/healthz")
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as session,
            session.get(url) as response,
        ):
            if response.status != 200 or (await response.text()).strip() != "ok":
                return None
            return response.headers.get(INSTANCE, "")
    except (aiohttp.ClientError, TimeoutError):
        return None


async def _instance(path: Path) -> str | None:
    """The name of the installation that a database is of; None before its first start."""
    try:
        if not await asyncio.to_thread(path.exists):
            return None
        async with open_reader(path) as conn:
            return await meta.instance(conn)
    except (StorageError, SQLAlchemyError):
        return None  # what is wrong with the database is a finding of its own


async def _check_config(config: Config, names: Sequence[str] = ()) -> list[Finding]:
    found = []
    found.append(Finding(True, "configuration is valid" + (f" (with {', '.join(names)})" if names else "")))
    try:
        base_url = config.base_url
    except OperatorError as error:
        found.append(Finding(False, str(error)))
    else:
        found.append(Finding(True, f"web.base_url is {base_url}"))
        behind_proxy = base_url.scheme == "https" or base_url.port != config.web.port
        if behind_proxy and not config.web.trusted_proxies:
            found.append(
                Finding(
                    False,
                    "web.trusted_proxies is empty, yet web.base_url says that a proxy stands in front: every visitor "
                    'would look like one. Set it, for a proxy on this machine to ["127.0.0.1/32", "::1/128"].',
                )
            )
    where = f"{config.web.host}:{config.web.port}"
    answering = await _answers(config)
    if answering is not None:
        path = config.storage.path
        if answering and answering == await _instance(path):
            found.append(Finding(True, f"Eyeballs runs and answers on {where}"))
        else:
            text = f"web.host and web.port: on {where} an Eyeballs answers that does not use {path}. "
            found.append(Finding(False, text + "Choose another port, or stop that one."))
        return found
    with socket.socket(socket.AF_INET6 if ":" in config.web.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.web.host, config.web.port))
        except OSError as error:
            found.append(
                Finding(
                    False,
                    f"web.host and web.port: {where} can't be listened on ({error.strerror}); choose another port, "
                    "or stop what uses it.",
                )
            )
        else:
            found.append(Finding(True, f"{where} is free to listen on"))
    return found


def _check_files(config: Config) -> list[Finding]:
    """Close the database, its copies and the exports that lie here to others; mend copies that hold too much."""
    storage = config.storage
    copies = sorted(storage.backups.glob("*.db"))
    exports = [file for kind in ("json", "zip") for file in sorted(Path().glob(f"eyeballs-*Z.{kind}"))]
    mended, still_open = files.close_to_others([*files.of_database(storage.path), *copies, *exports])
    found = []
    if mended:
        names = ", ".join(map(str, mended))
        found.append(Finding(True, f"{names} could be read by others; mended, they are their owner's alone now"))
    if still_open:
        names = " ".join(map(str, still_open))
        found.append(Finding(False, f"others can read what belongs to another user. Mend it with: chmod 600 {names}"))
    for copy in copies:
        try:
            if backup.holds_visitors(copy):
                backup.without_visitors(copy)
                found.append(Finding(True, f"{copy} held salts and visitors of before; mended, they are gone from it"))
        except StorageError as error:
            found.append(Finding(False, f"A copy of an older Eyeballs holds salts of then. {error} Delete it."))
    return found


async def _check_database(config: Config) -> list[Finding]:
    path = config.storage.path
    if not path.exists():
        return [Finding(True, f"storage.path: {path} does not exist yet; the first start makes it")]
    found = []
    try:
        await asyncio.to_thread(backup.prove, path)
        revision = await asyncio.to_thread(migrate.revision_of, path)
        migrate.check_known(path, revision)
    except StorageError as error:
        return [Finding(False, str(error))]
    if revision is None:
        return [Finding(True, f"storage.path: {path} holds nothing of Eyeballs yet; the first start makes it")]
    async with open_reader(path) as conn:
        is_current = revision == migrate.head()
        seen = await meta.get(conn, UNKNOWN_PROXY) if is_current else None
        refused = await meta.get(conn, COMMANDS_REFUSED) if is_current else None
        clock = await meta.get(conn, meta.CLOCK_AT), await meta.get(conn, meta.CLOCK_LEAP)
    found += _check_clock(dt.datetime.now(dt.UTC), *clock)
    if refused:
        found.append(
            Finding(
                False,
                f"the slash commands could not be registered ({refused}). The former ones go on working, and it is "
                "tried again.",
            )
        )
    if seen is not None and dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(seen) < PROXY_NEWS:
        found.append(
            Finding(
                False,
                f"web.trusted_proxies: a forwarded header came from a peer that is not listed there ({seen[:16]} UTC). "
                "Behind an unknown proxy every visitor looks like one: add it, or have it stop sending the header.",
            )
        )
    if revision == migrate.head():
        found.append(Finding(True, f"storage.path: {path} is sound and up to date"))
    else:
        found.append(Finding(True, f"storage.path: {path} is sound; the next start migrates it, after a copy"))
    free = shutil.disk_usage(path.parent).free
    if free < LITTLE_SPACE:
        found.append(Finding(False, f"only {free // 2**20:,} MiB are free beside {path}; make room"))
    return found


def _check_clock(now: dt.datetime, last: str | None, leap: str | None) -> list[Finding]:
    """Whether the machine's clock agrees with the last time that the database knows."""
    what = "Set the clock right (timedatectl says whether it is synchronised), or wait: it is believed after an hour."
    if last is not None and now < dt.datetime.fromisoformat(last) - dt.timedelta(seconds=TOLERANCE):
        text = f"the machine's clock says {now:%Y-%m-%d %H:%M:%S} UTC, yet Eyeballs ran at {last[:19]} UTC already. "
        return [Finding(False, text + what)]
    if leap not in (None, "0"):
        return [Finding(False, f"the machine's clock leapt by {int(leap):,} seconds; jobs wait. {what}")]
    return []


async def _check_discord(config: Config, token: str) -> list[Finding]:
    """Log in over REST and look at every channel a digest is posted in."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # voice is no business of ours
    intents = discord.Intents.none()
    intents.guilds = True
    client = discord.Client(intents=intents)
    try:
        try:
            await client.login(token)
        except discord.LoginFailure:
            return [Finding(False, "Discord refused the bot token. Take a fresh one from the application's Bot page.")]
        except (discord.HTTPException, OSError) as error:
            return [Finding(False, f"Discord can't be reached: {error}.")]
        found = [Finding(True, f"logged in to Discord as {client.user}")]
        if config.storage.path.exists():
            found += await _check_channels(config, client)
        return found
    finally:
        await client.close()


async def _check_channels(config: Config, client: discord.Client) -> list[Finding]:
    found = []
    async with open_reader(config.storage.path) as conn:
        active = [
            digest
            for guild_id in await servers.all_ids(conn)
            for digest in await digests.of_server(conn, guild_id)
            if digest.state is DigestState.ACTIVE and digest.channel_id is not None
        ]
    for digest in active:
        where = f"digest of server {digest.guild_id}"
        try:
            guild = await client.fetch_guild(digest.guild_id)
            me = await guild.fetch_member(client.user.id if client.user else 0)
            channels = {channel.id: channel for channel in await guild.fetch_channels()}
        except discord.HTTPException as error:
            found.append(Finding(False, f"{where}: the server can't be seen ({error.text}); invite the bot again."))
            continue
        channel = channels.get(digest.channel_id or 0)
        if channel is None:
            found.append(Finding(False, f"{where}: its channel is gone; choose another one with /digest setup."))
            continue
        missing = missing_permissions(channel, me)
        if missing:
            found.append(Finding(False, f"{where}: in #{channel.name} the bot lacks {', '.join(missing)}; grant them."))
        else:
            found.append(Finding(True, f"{where}: #{channel.name} can be posted in"))
    return found
