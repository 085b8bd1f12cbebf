"""`/export`: everything that numbers are made of, as a file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot.exports import Form
from bot.services import Services
from bot.stats.question import Scope, Subject
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui import pick
from cogs.ui.answers import actor, begin
from cogs.ui.turns import long_work

if TYPE_CHECKING:
    from bot.client import Client

FORMS = [
    app_commands.Choice(name=_("JSON"), value=Form.JSON.value),
    app_commands.Choice(name=_("CSV, one for each table, in a zip"), value=Form.CSV.value),
]


class Export(commands.Cog):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="export", description="Your links, posts and numbers as a file, to keep or take along")
    @app_commands.describe(
        of="Whose: yours, another creator's, a link's, or the whole server's (managers); yours when left out",
        form="As what; JSON when left out",
    )
    @app_commands.rename(form="format")
    @app_commands.autocomplete(of=pick.subject)
    @app_commands.choices(form=FORMS)
    @app_commands.guild_only()
    async def export(
        self, interaction: discord.Interaction, of: str | None = None, form: str = Form.JSON.value
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        subject = Subject(Scope.CREATOR, who.user_id) if of is None else await pick.subject_of(interaction, of)
        assert interaction.guild is not None
        most = interaction.guild.filesize_limit
        async with long_work(interaction):
            found = await self._services.exports.export(who, subject, Form(form), most)
        if found.file is None:
            text = _(
                "Even compressed it has {size}, and Discord takes {most} here. Ask the operator for it: "
                "`python -m bot export --server {server}`"
            ).format(size=_mebibytes(found.size), most=_mebibytes(most), server=who.guild_id)
            await interaction.followup.send(text, ephemeral=True)
            return
        text = _(
            "Everything that these numbers are made of. Another Eyeballs has the same from it: its operator runs "
            "`python -m bot import file`."
        )
        with found.file:
            file = discord.File(cast(io.BufferedIOBase, found.file), found.name)
            await interaction.followup.send(text, file=file, ephemeral=True)


def _mebibytes(size: int) -> str:
    return f"{fmt.number(round(size / 2**20, 1))} MiB"


async def setup(bot: Client) -> None:
    await bot.add_cog(Export(bot.services))
