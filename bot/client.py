"""The Discord client: loads the cogs, registers commands only when they changed, answers errors."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import importlib
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

import discord
import structlog
from aiohttp import ClientSession, ClientTimeout, TraceConfig, TraceRequestEndParams
from discord import app_commands
from discord.ext import commands
from discord.http import Route
from yarl import URL

from bot.cooldowns import Cooldowns, Cost, cost_of, refusal
from bot.services import Services
from cogs.ui.answers import answer_closed_form, say_error, use_server_locale
from cogs.ui.internals import limit_calls
from cogs.ui.people import Names
from storage import meta
from storage.database import Database

COGS = (
    *(
        "setup",
        "link",
        "post",
        "stats",
        "impressions",
        "note",
        "digest",
        "alerts",
        "brand",
        "deal",
        "profile",
        "export",
    ),
    "help",
)

COMMANDS, COMMAND_IDS, COMMANDS_REFUSED = "commands", "command_ids", "commands_refused"
"""What is kept of registering: our commands' hash, Discord's ids of them, and why it was refused the last time."""
REGISTER_SECONDS = 15.0
"""So long going online waits for it; then the commands that stand have to do."""
FIRST_PAUSE, LAST_PAUSE = 5 * 60.0, 24 * 3600.0
"""Seconds until a refused registration is tried again; each pause is twice the one before."""

DEADLINE = ClientTimeout(total=100.0, sock_connect=10.0, sock_read=20.0)
"""Of each call to Discord. It mostly answers within a second; a large picture takes a slow line its time to send."""

log = structlog.get_logger(__name__)


class Tree(app_commands.CommandTree["Client"]):
    """The commands, each with its cool-down."""

    async def interaction_check(self, interaction: discord.Interaction[Client], /) -> bool:
        command, client = interaction.command, interaction.client
        if command is None or interaction.guild_id is None:
            return True
        typed = interaction.type is discord.InteractionType.autocomplete
        shared = getattr(interaction.namespace, "share", None) is True
        cost = Cost.TYPED if typed else cost_of(command.qualified_name, shared=shared)
        now = client.services.clock.monotonic()
        seconds = client.cooldowns.wait(cost, interaction.guild_id, interaction.user.id, now)
        if seconds == (0, 0):
            return True
        if typed:
            await interaction.response.autocomplete([])
        else:
            use_server_locale(interaction)
            await say_error(interaction, refusal(*seconds))
        return False


class Client(commands.AutoShardedBot):
    """discord.py's bot with the services at hand. No privileged intents; nothing it writes ever pings."""

    def __init__(
        self,
        services: Services,
        db: Database,
        *,
        shard_count: int | None = None,
        tell_time: Callable[[float], object] = float,
    ) -> None:
        """`tell_time` is told what Discord's clock shows, in seconds since 1970, with each answer."""
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # voice is no business of ours
        intents = discord.Intents.none()
        intents.guilds = True
        super().__init__(
            command_prefix=commands.when_mentioned,
            tree_cls=Tree,
            help_command=None,
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            max_messages=None,
            shard_count=shard_count,
            http_trace=_listening(tell_time),
        )
        self.services = services
        self.names = Names(services.clock)
        self.cooldowns = Cooldowns()
        self._db = db
        self._registering: asyncio.Task[None] | None = None
        self.tree.error(say_error)

    async def setup_hook(self) -> None:
        limit_calls(self, DEADLINE)
        for name in COGS:
            await importlib.import_module(f"cogs.{name}").setup(self)
        self._registering = asyncio.create_task(self._register_commands())
        # It may take hours (a rate limit, a refusal), and old commands are better than none.
        await asyncio.wait([self._registering], timeout=REGISTER_SECONDS)

    async def close(self) -> None:
        if self._registering is not None:
            self._registering.cancel()
            await asyncio.wait([self._registering])
        await super().close()

    async def _register_commands(self) -> None:
        """Tell Discord of the commands, again and again where it refuses; never the reason to stay offline."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self._register_once()
            except Exception as error:
                is_discords = isinstance(error, discord.HTTPException | OSError | TimeoutError)
                log.error(
                    "Discord did not take the commands; those that it has go on working",
                    error=str(error),
                    again_in=pause,
                    exc_info=None if is_discords else error,
                )
                await self._keep({COMMANDS_REFUSED: f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC: {error}"})
            else:
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, LAST_PAUSE)

    async def _register_once(self) -> None:
        """Register them when they differ from what Discord was told last, or when somebody else removed some.

        It limits creations a day, so it is not told of what it knows.
        """
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        text = json.dumps([self.application_id, payload], sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()
        async with self._db.read() as conn:
            known = await meta.get(conn, COMMANDS)
            ids = await meta.get(conn, COMMAND_IDS)
        if known == digest and ids == _ids_of(await self.tree.fetch_commands()):
            await self._keep({COMMANDS_REFUSED: ""})
            return
        commands = await self.tree.sync()
        await self._keep({COMMANDS: digest, COMMAND_IDS: _ids_of(commands), COMMANDS_REFUSED: ""})
        log.info("commands registered", count=len(payload))

    async def _keep(self, values: dict[str, str]) -> None:
        async def work(conn: Any) -> None:
            for key, value in values.items():
                await meta.put(conn, key, value)

        await self._db.write(work)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        await answer_closed_form(interaction)

    async def on_ready(self) -> None:
        log.info("ready", user=str(self.user), servers=len(self.guilds))


def _listening(tell_time: Callable[[float], object]) -> TraceConfig:
    async def answered(_session: ClientSession, _context: object, params: TraceRequestEndParams) -> None:
        if params.url.host == URL(Route.BASE).host:  # and not a cache of pictures
            with suppress(KeyError, ValueError, TypeError):
                tell_time(parsedate_to_datetime(params.response.headers["Date"]).timestamp())

    trace = TraceConfig()
    trace.on_request_end.append(answered)
    return trace


def _ids_of(commands: Iterable[app_commands.AppCommand]) -> str:
    return ",".join(sorted(str(command.id) for command in commands))
