"""`/profile`: set up, arrange, publish and take back a page with all your links; for managers, take one down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.profiles.themes import LOOKS
from bot.services import Services
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui import handovers
from cogs.ui import profile as ui
from cogs.ui.answers import actor, begin, embed, server_of, use_server_locale

if TYPE_CHECKING:
    from bot.client import Client

THEMES = [app_commands.Choice(name=look.name, value=key) for key, look in LOOKS.items()]


class Profile(commands.GroupCog, group_name="profile", group_description="Your public page with all your links"):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="setup", description="Your page's handle, name, a line about you, and your picture")
    async def setup_page(self, interaction: discord.Interaction) -> None:
        use_server_locale(interaction)
        profile = await self._services.profiles.get(actor(interaction))
        await interaction.response.send_modal(ui.SetupModal(profile, interaction.user))

    @app_commands.command(name="links", description="Order, group, pin, schedule and hide the links on your page")
    async def links(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        board = await self._services.profiles.board(actor(interaction))
        await interaction.followup.send(**ui.board(board, interaction.user.id), ephemeral=True)

    @app_commands.command(name="theme", description="How your page looks: a theme, and a colour of your own")
    @app_commands.describe(
        theme="Its colours; as before when left out", accent="Such as #0b6e6e; a single - removes it"
    )
    @app_commands.choices(theme=THEMES)
    async def theme(
        self, interaction: discord.Interaction, theme: str | None = None, accent: str | None = None
    ) -> None:
        await begin(interaction)
        profile, made = await self._services.profiles.set_looks(actor(interaction), theme, accent)
        await interaction.followup.send(**ui.looks(profile, made), ephemeral=True)

    @app_commands.command(name="preview", description="Your page as visitors will see it, for you alone")
    async def preview(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        await interaction.followup.send(**await ui.preview(interaction), ephemeral=True)

    @app_commands.command(name="publish", description="Make your page public")
    async def publish(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        profile = await self._services.profiles.publish(actor(interaction))
        text = fmt.copyable(self._services.profiles.url(profile)) + _(
            "The page of {name} shows the links that you choose for it. Each display of it is a view, and a link that "
            "is seen there is an impression. /profile links arranges it, /stats profile has its numbers, /profile "
            "unpublish takes it back."
        ).format(name=fmt.escape(profile.name))
        found = await self._services.profiles.board(actor(interaction))
        message = ui.with_links(embed(_("Your page is public"), text), found, interaction.user.id)
        await interaction.followup.send(**message, ephemeral=True)

    @app_commands.command(name="unpublish", description="Take your page back; the handle stays yours")
    async def unpublish(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        profile = await self._services.profiles.unpublish(actor(interaction))
        text = _("Your page `{url}` is no longer public. The handle stays yours; /profile publish brings it back.")
        await interaction.followup.send(text.format(url=self._services.profiles.url(profile)), ephemeral=True)

    @app_commands.command(name="show", description="Your page's address, and whether it is public")
    async def show(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        profile = await self._services.profiles.required(actor(interaction))
        if profile.taken_down:
            text = _("Your page `{url}` was taken down; ask the managers of this server about it.").format(
                url=self._services.profiles.url(profile)
            )
        elif profile.published:
            text = _("Your page is public:") + "\n" + fmt.copyable(self._services.profiles.url(profile))
        else:
            text = _("Your page `{url}` is not public. /profile publish does that.").format(
                url=self._services.profiles.url(profile)
            )
        await interaction.followup.send(text, ephemeral=True)

    @app_commands.command(name="qr", description="Your page's address as a QR code, to print or to show")
    async def qr(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        await interaction.followup.send(**await ui.qr(interaction), ephemeral=True)

    @app_commands.command(name="takedown", description="For managers: take a page off the net, or bring it back")
    @app_commands.describe(handle="The page's handle", restore="Bring it back instead")
    async def takedown(self, interaction: discord.Interaction, handle: str, restore: bool = False) -> None:
        await begin(interaction)
        who, pages = actor(interaction), self._services.profiles
        if restore:
            server_of(interaction)  # to be known before anything changes
            message = await handovers.taken_down(interaction, await pages.take_down(who, handle, restore=True))
        else:
            message = await handovers.takedown_question(interaction, await pages.of_server(who, handle))
        await interaction.followup.send(**message, ephemeral=True)


async def setup(bot: Client) -> None:
    bot.add_dynamic_items(ui.BoardButton, ui.BoardSelect, handovers.TakedownButton)
    await bot.add_cog(Profile(bot.services))
