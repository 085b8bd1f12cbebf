"""Names of members, channels and roles, for texts in which Discord does not show mentions everywhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import discord

from bot.delivery.budget import Budget
from bot.errors import InvalidError
from bot.profiles import avatars
from bot.texts import DEFAULT_LOCALE, _
from cogs.ui.format import escape

if TYPE_CHECKING:
    from bot.client import Client

_KEPT = 10_000
_names: dict[tuple[int, int], str] = {}
"""(guild id, user id) -> display name: without the members intent Discord has to be asked."""


async def name_of(interaction: discord.Interaction, user_id: int) -> str:
    """A member's display name, plain."""
    if interaction.guild is None:  # a direct message, in which people read of nobody but themselves
        return interaction.user.display_name if user_id == interaction.user.id else _("someone")
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


async def picture_of(user: discord.User | discord.Member) -> bytes:
    """Asked of Discord once, by us; visitors never are sent there. Raises InvalidError, or Discord's own errors."""
    asset = user.display_avatar.replace(size=256, format="png")
    raw = await asset.read()
    if len(raw) > avatars.MOST_BYTES:
        raise InvalidError(_("avatar: the picture is too large."))
    return raw


class Members:
    """What Discord alone knows of servers and their members, once there is a client."""

    client: Client | None = None

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def _guild(self, guild_id: int) -> discord.Guild | None:
        return None if self.client is None else self.client.get_guild(guild_id)

    def locale_of(self, guild_id: int) -> str:
        """Discord's tag of the locale that the server chose."""
        guild = self._guild(guild_id)
        return DEFAULT_LOCALE if guild is None else str(guild.preferred_locale)

    async def creators_with(self, guild_id: int, role_id: int, creator_ids: Collection[int]) -> set[int]:
        """Those of the creators who have the role; who has left has none."""
        guild = self._guild(guild_id)
        if guild is None:
            return set()
        found = set()
        for user_id in creator_ids:
            await self._budget.take()
            try:
                member = await guild.fetch_member(user_id)
            except discord.NotFound:
                continue
            if member.get_role(role_id) is not None:
                found.add(user_id)
        return found
