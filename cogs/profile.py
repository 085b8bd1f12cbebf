"""`/profile`: publish a page with all your links, or take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.services import Services
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui.answers import actor, begin, embed

if TYPE_CHECKING:
    from bot.client import Client


class Profile(commands.GroupCog, group_name="profile", group_description="Your public page with all your links"):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="publish", description="Publish your page, or change its handle or name")
    @app_commands.describe(
        handle="The name in its address: maya for …/@maya",
        name="The name on the page; when left out as before, else your name here",
    )
    async def publish(self, interaction: discord.Interaction, handle: str, name: str | None = None) -> None:
        await begin(interaction)
        done = await self._services.profiles.publish(actor(interaction), handle, name, interaction.user.display_name)
        text = fmt.copyable(self._services.profiles.url(done.profile)) + _(
            "The page of {name} lists your active links, newest first; private and archived ones stay out. "
            "Each display of a link there counts as an impression. /profile unpublish takes it back."
        ).format(name=fmt.escape(done.profile.name))
        if done.former is not None:
            text += "\n" + _("The old address {handle} no longer leads there; it stays yours.").format(
                handle=f"`/{done.former}`"
            )
        await interaction.followup.send(embed=embed(_("Your page is public"), text), ephemeral=True)

    @app_commands.command(name="unpublish", description="Take your page back; the handle stays yours")
    async def unpublish(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        profile = await self._services.profiles.unpublish(actor(interaction))
        text = _("Your page `{url}` is no longer public. The handle stays yours; /profile publish brings it back.")
        await interaction.followup.send(text.format(url=self._services.profiles.url(profile)), ephemeral=True)

    @app_commands.command(name="show", description="Your page's address, and whether it is public")
    async def show(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        profile = await self._services.profiles.get(actor(interaction))
        if profile is None:
            text = _("You have no page yet. Publish one with /profile publish and a handle of your own.")
        elif profile.published:
            text = _("Your page is public:") + "\n" + fmt.copyable(self._services.profiles.url(profile))
        else:
            text = _("Your page `{url}` is not public. /profile publish brings it back.").format(
                url=self._services.profiles.url(profile)
            )
        await interaction.followup.send(text, ephemeral=True)


async def setup(bot: Client) -> None:
    await bot.add_cog(Profile(bot.services))
