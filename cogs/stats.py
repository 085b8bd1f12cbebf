"""`/stats`: the numbers of a link, a creator or the server, with a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.services import Services
from bot.stats import DEFAULT_PERIOD, Scope
from bot.texts import _
from cogs.ui import pick
from cogs.ui import stats as ui
from cogs.ui.answers import actor, begin

if TYPE_CHECKING:
    from bot.client import Client


class Stats(commands.GroupCog, group_name="stats", group_description="Impressions, clicks and CTR, with a chart"):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="link", description="The numbers of one link: impressions, clicks, CTR, best day")
    @app_commands.describe(link="Which link", period="How many days", share="Show the answer to everybody here")
    @app_commands.autocomplete(link=pick.link)
    @app_commands.choices(period=pick.PERIODS)
    async def link(
        self, interaction: discord.Interaction, link: str, period: int = DEFAULT_PERIOD, share: bool = False
    ) -> None:
        await begin(interaction)
        found = await self._services.links.find(actor(interaction), link)
        await self._answer(interaction, Scope.LINK, found.id, period, share)

    @app_commands.command(name="creator", description="The numbers of a creator's links together; yours by default")
    @app_commands.describe(
        creator="Whose; managers may ask for anyone's",
        period="How many days",
        share="Show the answer to everybody here",
    )
    @app_commands.choices(period=pick.PERIODS)
    async def creator(
        self,
        interaction: discord.Interaction,
        creator: discord.User | None = None,
        period: int = DEFAULT_PERIOD,
        share: bool = False,
    ) -> None:
        await begin(interaction)
        await self._answer(interaction, Scope.CREATOR, (creator or interaction.user).id, period, share)

    @app_commands.command(name="server", description="The numbers of the whole server and its top links")
    @app_commands.describe(period="How many days", share="Show the answer to everybody here")
    @app_commands.choices(period=pick.PERIODS)
    async def server(self, interaction: discord.Interaction, period: int = DEFAULT_PERIOD, share: bool = False) -> None:
        await begin(interaction)
        await self._answer(interaction, Scope.SERVER, actor(interaction).guild_id, period, share)

    async def _answer(
        self, interaction: discord.Interaction, scope: Scope, target: int, days: int, share: bool
    ) -> None:
        found = await ui.message(interaction, scope, target, days, private=not share)
        if share:
            # The deferred answer is private and stays so; the shared one is a message of its own.
            await interaction.edit_original_response(content=_("Shared below."))
        await interaction.followup.send(**found, ephemeral=not share)


async def setup(bot: Client) -> None:
    bot.add_dynamic_items(ui.PeriodButton)
    await bot.add_cog(Stats(bot.services))
