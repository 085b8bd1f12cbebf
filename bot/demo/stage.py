"""Sets the demo up: the real application on loopback, on stage with a simulated Discord."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import discord
import simcord

from bot.app import Application, digest_schedule, open_application
from bot.client import Client
from bot.config import Config, StorageSection, WebSection
from bot.demo import sample
from bot.errors import OperatorError

CLOCK_SECONDS = 15.0

PEOPLE = {"maya": "Maya Lindt", "leo": "Leo Park", "noor": "Noor Haddad"}


@dataclass(frozen=True, slots=True)
class Stage:
    """A demo that is running: its three addresses, and whether its page was closed for good."""

    discord_page: str
    tracked_link: str
    profile: str
    closed: asyncio.Event


async def play(port: int | None, discord_port: int | None) -> None:
    """Run the demo until its page is closed for good or the task is cancelled."""
    print("Starting the demo ...", flush=True)
    async with staged(port, discord_port) as stage:
        print(
            f"\n  Discord page   {stage.discord_page}"
            f"\n  Tracked link   {stage.tracked_link}"
            f"\n  Smart profile  {stage.profile}"
            "\n\nOpen the Discord page, then type /stats link, /link add or /help."
            "\nEverything is sample data in a scratch folder; Ctrl-C ends the demo and removes it.\n",
            flush=True,
        )
        await stage.closed.wait()


@asynccontextmanager
async def staged(port: int | None, discord_port: int | None) -> AsyncIterator[Stage]:
    """The whole application with sample data and a Discord page; everything is gone when the block ends."""
    port, discord_port = _choose(port, 8080), _choose(discord_port, 8765)
    with tempfile.TemporaryDirectory(prefix="eyeballs-demo-") as folder:
        config = Config(
            web=WebSection(base_url=f"http://127.0.0.1:{port}", host="127.0.0.1", port=port),
            storage=StorageSection(path=Path(folder) / "eyeballs.db", backups=Path(folder) / "backups"),
        )
        async with open_application(config, shard_count=1) as app:
            client = app.client()
            env = simcord.Env(client, check_errors=False, settle_timeout=60)
            env.backend.bot_user.name = "Eyeballs"
            _follow_time(env)
            await env.start()
            try:
                async with (
                    _on_stage(app, client, env, discord_port) as stage,
                    digest_schedule(app, client),
                    _clock(env),
                ):
                    yield stage
            finally:
                await env.shutdown()


@asynccontextmanager
async def _on_stage(app: Application, client: Client, env: simcord.Env, discord_port: int) -> AsyncIterator[Stage]:
    now = app.services.clock.now()
    guild = env.create_guild("Golden Hour Collective")
    role = guild.create_role("Creator")
    manager = guild.create_role("Manager", permissions=discord.Permissions(manage_guild=True))
    channel = guild.create_text_channel("creator-lounge")
    members = {
        name: guild.add_member(
            env.create_user(name, global_name=full), roles=[role, manager] if name == "maya" else [role]
        )
        for name, full in PEOPLE.items()
    }
    visitor = guild.add_member(env.create_user("sam", global_name="Sam (no role)"))
    crew = sample.Crew(
        guild_id=guild.id,
        creators={name: member.id for name, member in members.items()},
        names=PEOPLE,
        creator_role_id=role.id,
        channel_id=channel.id,
    )
    await asyncio.gather(sample.fill(app.db, crew, app.base_url, now), app.services.charts.warm())
    await sample.post_digest(app, crew, app.port(client))
    viewers = [*members.values(), visitor]
    async with env.preview(channel, viewers=viewers, layout="channel", timezone=sample.ZONE, port=discord_port) as page:
        closed = asyncio.Event()
        waiting = asyncio.create_task(_wait(page, closed))
        try:
            yield Stage(page.url, str(app.base_url / sample.FEATURED), str(app.base_url / "@maya"), closed)
        finally:
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waiting


async def _wait(page: simcord.Preview, closed: asyncio.Event) -> None:
    await page.wait_closed()
    closed.set()


def _follow_time(env: simcord.Env) -> None:
    """Move the simulated Discord's clock, which begins at a fixed date and stands, to the present."""
    behind = dt.datetime.now(dt.UTC) - env.now()
    if behind.total_seconds() > 0:
        env.backend.advance_clock(behind.total_seconds())


@asynccontextmanager
async def _clock(env: simcord.Env) -> AsyncIterator[None]:
    async def tick() -> None:
        while True:
            await asyncio.sleep(CLOCK_SECONDS)
            _follow_time(env)

    task = asyncio.create_task(tick())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _choose(wanted: int | None, usual: int) -> int:
    """The port asked for, else the usual one, else a free one; raises OperatorError when the one asked for is taken."""
    if wanted is None:
        return _free(usual) or _free(0) or 0
    port = _free(wanted)
    if port is None:
        raise OperatorError(f"Port {wanted} on 127.0.0.1 is taken; choose another one, or leave it out.")
    return port


def _free(port: int) -> int | None:
    """The port if it can be listened on (any free one for 0), else None."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return None
        return probe.getsockname()[1]
