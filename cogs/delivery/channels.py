"""What a channel allows the bot, and in what form a message can go there."""

from __future__ import annotations

from enum import StrEnum

import discord

from bot.errors import InvalidError
from bot.texts import _
from cogs.ui import format as fmt


class Form(StrEnum):
    """How much of a message a channel takes, from the most to the least."""

    LAYOUT = "layout"
    EMBED = "embed"
    TEXT_TABLE = "table"
    """Without files: a digest has a table in place of its chart."""
    PLAIN = "plain"
    """Without embeds: text alone."""
    BARE = "bare"
    """Without names and addresses, for a channel whose filter refuses them."""


def form_for(has: discord.Permissions) -> Form:
    """The best form that the permissions allow."""
    if not has.embed_links:
        return Form.PLAIN
    return Form.LAYOUT if has.attach_files else Form.TEXT_TABLE


def missing_permissions(channel: discord.abc.GuildChannel, me: discord.Member | None = None) -> list[str]:
    """What the bot lacks to post everything there, in Discord's own words."""
    has = channel.permissions_for(me or channel.guild.me)
    needed = {
        _("View Channel"): has.view_channel,
        _("Send Messages"): has.send_messages,
        _("Embed Links"): has.embed_links,
        _("Attach Files"): has.attach_files,
        _("Read Message History"): has.read_message_history,
    }
    return [name for name, there in needed.items() if not there]


def require_permissions(channel: discord.TextChannel) -> None:
    """Raises InvalidError that names what the bot lacks there."""
    missing = missing_permissions(channel)
    if missing:
        raise InvalidError(
            _("channel: Eyeballs can't post in {channel}; it lacks {list}. Grant that there, then try again.").format(
                channel=f"**#{fmt.escape(channel.name)}**", list=", ".join(missing)
            )
        )
