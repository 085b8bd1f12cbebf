"""`/note`: what happened on a day, to be seen on the charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import NotFoundError
from bot.inputs.numbers import parse_id
from bot.inputs.text import shorten
from bot.services import Services
from bot.texts import _
from cogs.ui import notes as ui
from cogs.ui import pick
from cogs.ui.answers import actor, begin

if TYPE_CHECKING:
    from bot.client import Client


class Note(commands.GroupCog, group_name="note", group_description="What happened on a day, drawn on your charts"):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="add", description="Note what happened on a day: it is drawn on the charts")
    @app_commands.describe(
        text="What happened, such as: posted the reel",
        day="On which day: today when left out, yesterday, 3 days ago, 2026-11-20",
        link="Only on the charts of this link",
        server="For the whole server's charts; managers only",
    )
    @app_commands.autocomplete(link=pick.link)
    async def add(
        self,
        interaction: discord.Interaction,
        text: str,
        day: str | None = None,
        link: str | None = None,
        server: bool = False,
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        found = None if link is None else await self._services.links.find(who, link)
        note = await self._services.notes.add(who, text, day=day, link=found, for_server=server)
        await interaction.followup.send(**ui.added(note, found, who.user_id), ephemeral=True)

    @app_commands.command(name="list", description="Your latest notes; for managers the server's too")
    async def list(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        found = await self._services.notes.visible(actor(interaction))
        await interaction.followup.send(embed=ui.listing(found), ephemeral=True)

    @app_commands.command(name="delete", description="Take a note off the charts")
    @app_commands.describe(note="Which note")
    @app_commands.autocomplete(note=pick.note)
    async def delete(self, interaction: discord.Interaction, note: str) -> None:
        await begin(interaction)
        who = actor(interaction)
        if (note_id := parse_id(note)) is None:
            raise NotFoundError(
                _("note: “{value}” is none of your notes. Choose one from the list.").format(value=shorten(note))
            )
        gone = await self._services.notes.delete(who, note_id)
        await interaction.followup.send(**ui.deleted(gone, who.user_id), ephemeral=True)


async def setup(bot: Client) -> None:
    bot.add_dynamic_items(ui.NoteButton)
    await bot.add_cog(Note(bot.services))
