"""How every interaction is begun and ended: who asks, and what is said when something went wrong."""

from __future__ import annotations

import re
import secrets
from typing import Any

import discord
import structlog
from discord import app_commands
from discord.utils import MISSING

from bot.cooldowns import Cost, refusal
from bot.errors import NotFoundError, RefusedError, UserError
from bot.inputs.text import shorten
from bot.links.access import Actor
from bot.logs import EXPIRED
from bot.services import Services
from bot.stats.question import LAST_ID, unpack
from bot.texts import _, use_locale
from cogs.ui import limits
from cogs.ui.format import ACCENT, escape
from cogs.ui.internals import role_ids
from cogs.ui.limits import Embed, Form, content

STARTING = _("Eyeballs is just starting, and Discord has not told it of this server yet. Try again in a minute.")
UNREADABLE = _("This button can't be read any more; type the command again.")
MALFORMED = 50035

log = structlog.get_logger(__name__)

_QUOTED = re.compile(r"“(.*?)”", re.DOTALL)
"""What people typed stands in these quotes in every error."""


def actor(interaction: discord.Interaction) -> Actor:
    """The member who pressed or typed, with the permissions they have at this moment."""
    if interaction.guild_id is None:
        raise RefusedError(_("That works in a server only."))
    return Actor(
        guild_id=interaction.guild_id,
        user_id=interaction.user.id,
        manager=interaction.permissions.manage_guild or interaction.permissions.administrator,
        role_ids=role_ids(interaction.user),
    )


def read_id(digits: str) -> int:
    """An id from a button's; one that is too large to be any is one that nothing has, and so is not found."""
    return min(int(digits), LAST_ID)


def read_packed_id(text: str) -> int:
    """An id that was packed into a button's, as `read_id` reads those in digits."""
    try:
        return unpack(text)
    except ValueError:
        return LAST_ID


def presser(interaction: discord.Interaction, guild_id: int) -> Actor:
    """Who pressed a button that names a server: it must stand there, or in a direct message, where nobody is a manager.

    Raises NotFoundError.
    """
    if interaction.guild_id == guild_id:
        return actor(interaction)
    guild = interaction.client.get_guild(guild_id)
    if interaction.guild_id is not None or guild is None:
        raise NotFoundError(_("This button belongs to another server, or to one that Eyeballs is no longer in."))
    use_locale(str(guild.preferred_locale))
    return Actor(guild_id, interaction.user.id)


async def require_member(interaction: discord.Interaction, guild_id: int) -> None:
    """Raises RefusedError for who pressed in a direct message and has left the server: they add nothing to it."""
    guild = interaction.client.get_guild(guild_id)
    if interaction.guild_id is not None or guild is None:
        return
    try:
        await guild.fetch_member(interaction.user.id)
    except discord.NotFound:
        raise RefusedError(_("You are no longer in the server that this is about; nothing was changed.")) from None


def services(interaction: discord.Interaction) -> Services:
    """The bot's services, for buttons that outlive the cog that drew them."""
    return interaction.client.services  # type: ignore[attr-defined]


async def begin(interaction: discord.Interaction) -> None:
    """Defer the answer, seen by the asker alone: what touches the database takes its time, and errors are private."""
    use_server_locale(interaction)
    await interaction.response.defer(ephemeral=True)


def use_server_locale(interaction: discord.Interaction) -> None:
    """Write this answer's numbers as the server's locale does, for all of its members alike."""
    guild = interaction.guild if _is_known(interaction) else None
    told = interaction.guild_locale if guild is None else guild.preferred_locale
    use_locale(str(told or interaction.locale))


def server_of(interaction: discord.Interaction) -> discord.Guild:
    """The server with its name, channels and roles. Raises RefusedError while Discord has not told of it yet."""
    if interaction.guild is None or not _is_known(interaction):
        raise RefusedError(STARTING)
    return interaction.guild


def require_share(interaction: discord.Interaction) -> None:
    """Raises RefusedError unless the asker may post here what would be posted for them: text, embed and picture."""
    has = interaction.permissions
    writes = has.send_messages_in_threads if isinstance(interaction.channel, discord.Thread) else has.send_messages
    if not (writes and has.embed_links and has.attach_files):
        raise RefusedError(
            _(
                "share: you may not post messages with pictures in this channel. Leave share out to see the answer "
                "for yourself, or ask again where you may."
            )
        )


async def conclude(interaction: discord.Interaction, **parts: Any) -> None:
    """Show in place what was done. Where that fails, the answer comes as a message of its own: done is done."""
    try:
        await interaction.edit_original_response(**parts)
    except Exception as error:
        log.warning("answer could not be edited", error=repr(error))
        known = {name: parts[name] for name in ("content", "embed", "view") if parts.get(name) is not None}
        try:
            await interaction.followup.send(**known, ephemeral=True)
        except Exception as gone:
            log.warning("answer could not be delivered", error=repr(gone))


async def answer_closed_form(interaction: discord.Interaction) -> None:
    """Say so where a form was sent off that nobody waits for any more; Discord would say “Something went wrong”."""
    data: Any = interaction.data or {}
    if interaction.type is not discord.InteractionType.modal_submit or Form.is_open(data.get("custom_id", "")):
        return
    if not interaction.response.is_done():
        text = _("This form was open for too long, or Eyeballs was restarted meanwhile. Nothing was changed; ask anew.")
        await interaction.response.send_message(text, ephemeral=True)


def require_pace(interaction: discord.Interaction[Any]) -> None:
    """Raises RefusedError for who presses more than people do; in direct messages each is a server of their own."""
    place, now = interaction.guild_id or interaction.user.id, services(interaction).clock.monotonic()
    seconds = interaction.client.cooldowns.wait(Cost.PRESSED, place, interaction.user.id, now)
    if seconds != (0, 0):
        raise refusal(*seconds)


def require_asker(interaction: discord.Interaction, asker_id: int) -> None:
    """Raises RefusedError unless the person who pressed is the one who asked."""
    if interaction.user.id != asker_id:
        raise RefusedError(_("These buttons belong to who asked. Type the command yourself to see your own."))


NOT_TAKEN = _("Discord did not take the answer. What you asked for may be done: look before you ask again.")


async def say_error(interaction: discord.Interaction, error: BaseException) -> None:
    """Answer a failed interaction in one private sentence: not begun, deferred or expired alike."""
    await say_error_with(MISSING, interaction, error)


async def say_error_with(view: discord.ui.View, interaction: discord.Interaction, error: BaseException) -> None:
    """Like `say_error`, with buttons below it."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    if isinstance(cause, discord.NotFound) and cause.code == EXPIRED:
        log.info("interaction expired before it was answered")
        return
    if isinstance(cause, app_commands.TransformerError) and not _is_known(interaction):
        text = STARTING
    elif isinstance(cause, app_commands.TransformerError):
        text = _("“{value}” can't be used there; choose a value from the list.").format(value=shorten(str(cause.value)))
    elif isinstance(cause, UserError):
        text = str(cause)
    elif isinstance(cause, app_commands.CheckFailure | app_commands.CommandNotFound):
        text = _("That command can't be used here.")
    elif isinstance(cause, discord.HTTPException) and cause.code != MALFORMED:
        log.warning("answer refused by Discord", status=cause.status, code=cause.code, text=cause.text)
        text = NOT_TAKEN
    elif isinstance(cause, TimeoutError):
        log.warning("Discord did not answer in time")
        text = NOT_TAKEN
    else:
        number = secrets.token_hex(4)
        log.error("interaction failed", error_id=number, exc_info=cause)
        text = _("Something went wrong on our side. If it happens again, tell the operator: `{id}`").format(id=number)
    text = content(_QUOTED.sub(lambda match: f"“{escape(match[1])}”", text))
    try:
        if interaction.response.is_done():
            await interaction.followup.send(text, view=view, ephemeral=True)
        else:
            await interaction.response.send_message(text, view=view, ephemeral=True)
    except discord.HTTPException as gone:
        log.warning("answer could not be delivered", code=gone.code)


def _is_known(interaction: discord.Interaction) -> bool:
    guild = None if interaction.guild_id is None else interaction.client.get_guild(interaction.guild_id)
    return guild is not None and not guild.unavailable


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
            require_pace(interaction)
            await self.press(interaction)
        except Exception as error:
            await say_error(interaction, error)


def fit(answer: discord.Embed) -> discord.Embed:
    """The embed without its last fields, where all its text would be more than Discord takes."""
    while len(answer) > limits.EMBED and answer.fields:
        answer.remove_field(-1)
    return answer


def embed(title: str, description: str = "") -> discord.Embed:
    """An embed in the house's colour."""
    return Embed(title=title, description=description or None, colour=ACCENT)
