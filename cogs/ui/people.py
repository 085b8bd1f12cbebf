"""Names of members, channels and roles, for texts in which Discord does not show mentions everywhere."""

from __future__ import annotations

from collections.abc import Iterable

import discord

from bot.texts import _
from cogs.ui.format import escape

_KEPT = 10_000
_names: dict[tuple[int, int], str] = {}
"""(guild id, user id) -> display name: without the members intent Discord has to be asked."""


async def name_of(interaction: discord.Interaction, user_id: int) -> str:
    """A member's display name, plain."""
    assert interaction.guild is not None
    key = (interaction.guild.id, user_id)
    if user_id == interaction.user.id:
        _names[key] = interaction.user.display_name
    if key not in _names:
        try:
            member = await interaction.guild.fetch_member(user_id)
        except discord.NotFound:
            return _("someone who left")
        while len(_names) >= _KEPT:
            del _names[next(iter(_names))]
        _names[key] = member.display_name
    return _names[key]


async def names_of(interaction: discord.Interaction, user_ids: Iterable[int]) -> dict[int, str]:
    """Display names by id, ready for a message."""
    return {user_id: escape(await name_of(interaction, user_id), 40) for user_id in set(user_ids)}


def channel_name(guild: discord.Guild | None, channel_id: int) -> str:
    """ "#announcements", ready for a message; says so when the channel is gone."""
    channel = None if guild is None else guild.get_channel(channel_id)
    return _("a channel that is gone") if channel is None else f"**#{escape(channel.name)}**"


def role_name(guild: discord.Guild | None, role_id: int) -> str:
    """ "@Creator", ready for a message."""
    role = None if guild is None else guild.get_role(role_id)
    return _("a role that is gone") if role is None else f"**@{escape(role.name)}**"
