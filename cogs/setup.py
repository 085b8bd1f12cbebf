"""`/setup`: a server's settings in one guided answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.links.access import require_manager
from cogs.ui import pick
from cogs.ui import setup as ui
from cogs.ui.answers import actor, begin, server_of

if TYPE_CHECKING:
    from bot.client import Client


class Setup(commands.Cog):
    @app_commands.command(name="setup", description="Time zone, week, creator role, who may add links, digest channel")
    @app_commands.describe(
        zone="The server's time zone; any IANA zone, such as Europe/Berlin",
        benchmarks="Tell creators how their posts do among all of the server's, of five creators at least; no names",
    )
    @app_commands.autocomplete(zone=pick.zone)
    @app_commands.default_permissions(manage_guild=True)
    async def setup(
        self, interaction: discord.Interaction, zone: str | None = None, benchmarks: bool | None = None
    ) -> None:
        await begin(interaction)
        require_manager(actor(interaction))
        guild = server_of(interaction)
        changes = {"timezone": zone, "benchmarks": benchmarks}
        if given := {name: value for name, value in changes.items() if value is not None}:
            await ui.save(interaction, **given)
        await interaction.followup.send(**await ui.message(interaction, guild), ephemeral=True)


async def setup(bot: Client) -> None:
    bot.add_view(ui.SetupView())
    await bot.add_cog(Setup())
