"""The Discord client: loads the cogs, registers commands only when they changed, answers errors."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.services import Services
from cogs.ui.answers import say_error
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

log = structlog.get_logger(__name__)


class Client(commands.AutoShardedBot):
    """discord.py's bot with the services at hand. No privileged intents; nothing it writes ever pings."""

    def __init__(self, services: Services, db: Database, *, shard_count: int | None = None) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # voice is no business of ours
        intents = discord.Intents.none()
        intents.guilds = True
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            max_messages=None,
            shard_count=shard_count,
        )
        self.services = services
        self._db = db
        self.tree.error(say_error)

    async def setup_hook(self) -> None:
        for name in COGS:
            await self.load_extension(f"cogs.{name}")
        await self._register_commands()

    async def _register_commands(self) -> None:
        """Tell Discord of the commands only when they differ from what it was told last: it limits creations a day."""
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        text = json.dumps([self.application_id, payload], sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()
        async with self._db.read() as conn:
            known = await meta.get(conn, "commands")
        if known == digest:
            return
        await self.tree.sync()

        async def remember(conn: Any) -> None:
            await meta.put(conn, "commands", digest)

        await self._db.write(remember)
        log.info("commands registered", count=len(payload))

    async def on_ready(self) -> None:
        log.info("ready", user=str(self.user), servers=len(self.guilds))
