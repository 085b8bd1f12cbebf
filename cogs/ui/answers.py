"""How every interaction is begun and ended: who asks, and what is said when something went wrong."""

from __future__ import annotations

import re
import secrets
from typing import Any

import discord
import structlog
from discord import app_commands
from discord.utils import MISSING

from bot.errors import RefusedError, UserError
from bot.links.access import Actor
from bot.services import Services
from bot.texts import _, use_locale
from cogs.ui.format import ACCENT, escape

EMBED_LIMIT = 6000
"""Characters of an embed in all."""

log = structlog.get_logger(__name__)

_QUOTED = re.compile(r"“(.*?)”", re.DOTALL)
"""What people typed stands in these quotes in every error."""


def actor(interaction: discord.Interaction) -> Actor:
    """The member who pressed or typed, with the permissions they have at this moment."""
    if interaction.guild_id is None:
        raise RefusedError(_("That works in a server only."))
    roles = interaction.user.roles if isinstance(interaction.user, discord.Member) else []
    return Actor(
        guild_id=interaction.guild_id,
        user_id=interaction.user.id,
        manager=interaction.permissions.manage_guild or interaction.permissions.administrator,
        role_ids=frozenset(role.id for role in roles),
    )


def presser(interaction: discord.Interaction, guild_id: int) -> Actor:
    """Who pressed, in the server that a button is about; in a direct message nobody is a manager."""
    if interaction.guild_id == guild_id:
        return actor(interaction)
    guild = interaction.client.get_guild(guild_id)
    if guild is not None:
        use_locale(str(guild.preferred_locale))
    return Actor(guild_id, interaction.user.id)


def services(interaction: discord.Interaction) -> Services:
    """The bot's services, for buttons that outlive the cog that drew them."""
    return interaction.client.services  # type: ignore[attr-defined]


async def begin(interaction: discord.Interaction) -> None:
    """Defer the answer, seen by the asker alone: what touches the database takes its time, and errors are private."""
    use_server_locale(interaction)
    await interaction.response.defer(ephemeral=True)


def use_server_locale(interaction: discord.Interaction) -> None:
    """Write this answer's numbers as the server's locale does, for all of its members alike."""
    guild = interaction.guild
    use_locale(str(interaction.locale if guild is None else guild.preferred_locale))


def require_asker(interaction: discord.Interaction, asker_id: int) -> None:
    """Raises RefusedError unless the person who pressed is the one who asked."""
    if interaction.user.id != asker_id:
        raise RefusedError(_("These buttons belong to who asked. Type the command yourself to see your own."))


async def say_error(interaction: discord.Interaction, error: BaseException) -> None:
    """Answer a failed interaction in one private sentence: not begun, deferred or expired alike."""
    await say_error_with(MISSING, interaction, error)


async def say_error_with(view: discord.ui.View, interaction: discord.Interaction, error: BaseException) -> None:
    """Like `say_error`, with buttons below it."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    if isinstance(cause, app_commands.TransformerError):
        text = _("“{value}” can't be used there; choose a value from the list.").format(value=str(cause.value)[:100])
    elif isinstance(cause, UserError):
        text = str(cause)
    elif isinstance(cause, app_commands.CheckFailure | app_commands.CommandNotFound):
        text = _("That command can't be used here.")
    else:
        number = secrets.token_hex(4)
        log.error("interaction failed", error_id=number, exc_info=cause)
        text = _("Something went wrong on our side. If it happens again, tell the operator: `{id}`").format(id=number)
    text = _QUOTED.sub(lambda match: f"“{escape(match[1])}”", text)
    try:
        if interaction.response.is_done():
            await interaction.followup.send(text, view=view, ephemeral=True)
        else:
            await interaction.response.send_message(text, view=view, ephemeral=True)
    except discord.HTTPException as gone:
        log.warning("answer could not be delivered", code=gone.code)


class Pressed:
    """Base of buttons whose whole state is in their id: an error in `press` is answered in a sentence.

    discord.py would only log it, and the person would read "interaction failed".
    """

    async def press(self, interaction: discord.Interaction) -> None:
        """What the button does."""
        raise NotImplementedError

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        use_server_locale(interaction)
        try:
            await self.press(interaction)
        except Exception as error:
            await say_error(interaction, error)


def fit(answer: discord.Embed) -> discord.Embed:
    """The embed without its last fields, where all its text would be more than Discord takes."""
    while len(answer) > EMBED_LIMIT and answer.fields:
        answer.remove_field(-1)
    return answer


def embed(title: str, description: str = "") -> discord.Embed:
    """An embed in the house's colour; the texts are cut to Discord's limits."""
    return discord.Embed(title=title[:256], description=description[:4096] or None, colour=ACCENT)
