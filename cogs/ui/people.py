"""Names of members, channels and roles, for texts in which Discord does not show mentions everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import discord
import structlog
from cachetools import LRUCache

from bot.clock import Clock
from bot.errors import InvalidError, UntoldError
from bot.profiles import avatars
from bot.texts import DEFAULT_LOCALE, _
from cogs.ui.format import escape

if TYPE_CHECKING:
    from bot.client import Client

MOST_ASKED = 100
"""Members in one question to Discord."""
PATIENCE = 3.0
"""Seconds that an answer waits for names."""
_ASKING_SECONDS = 60.0
_FRESH_SECONDS = 300.0
"""After so long a name is asked for anew."""
_KEPT = 10_000

_Key = tuple[int, int]
"""Guild id, user id."""

log = structlog.get_logger(__name__)


class Names:
    """Members' display names as Discord told them lately: without the members intent it has to be asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: LRUCache[_Key, tuple[float, str | None]] = LRUCache(_KEPT)
        """When Discord told it, and the name; None of who is no member."""
        self._asked: dict[_Key, asyncio.Task[None]] = {}

    def note(self, member: discord.Member | discord.User, guild_id: int) -> None:
        """Keep a name that came with an interaction."""
        self._known[guild_id, member.id] = self._clock.timestamp(), member.display_name

    async def of(self, guild: discord.Guild, user_ids: Collection[int], seconds: float = PATIENCE) -> dict[int, str]:
        """Display names by id, as they were within the last minutes; asks for all others at once.

        Who left is called so. Who is not told within `seconds` keeps the name they had, or is called by their id.
        """
        if asked := self._ask(guild, user_ids):
            await asyncio.wait(asked, timeout=seconds)
        names = {}
        for user_id in user_ids:
            _at, name = self._known.get((guild.id, user_id), (0, _("member {id}").format(id=user_id)))
            names[user_id] = _("someone who left") if name is None else name
        return names

    def _ask(self, guild: discord.Guild, user_ids: Collection[int]) -> set[asyncio.Task[None]]:
        """What has to end before all names are known; nobody is asked for twice at a time."""
        oldest = self._clock.timestamp() - _FRESH_SECONDS
        keys = [(guild.id, user_id) for user_id in dict.fromkeys(user_ids)]
        keys = [key for key in keys if key not in self._known or self._known[key][0] < oldest]
        new = [key for key in keys if key not in self._asked]
        for at in range(0, len(new), MOST_ASKED):
            part = new[at : at + MOST_ASKED]
            task = asyncio.create_task(self._fetch(guild, part), name="member-names")
            self._asked |= dict.fromkeys(part, task)
        return {self._asked[key] for key in keys}

    async def _fetch(self, guild: discord.Guild, keys: Sequence[_Key]) -> None:
        try:
            members = await members_of(guild, [user_id for _guild_id, user_id in keys])
            now = self._clock.timestamp()
            for key in keys:
                member = members.get(key[1])
                self._known[key] = now, None if member is None else member.display_name
        except UntoldError:
            log.warning("names of members are not told", guild_id=guild.id)
        finally:
            for key in keys:
                del self._asked[key]


async def members_of(guild: discord.Guild, user_ids: Sequence[int]) -> dict[int, discord.Member]:
    """Those of the users who are members, in one question for each hundred. Raises UntoldError."""
    members = {}
    try:
        async with asyncio.timeout(_ASKING_SECONDS):
            for at in range(0, len(user_ids), MOST_ASKED):
                part = list(user_ids[at : at + MOST_ASKED])
                found = await guild.query_members(user_ids=part, limit=MOST_ASKED, cache=False)
                members |= {member.id: member for member in found}
    except (TimeoutError, discord.DiscordException, RuntimeError, AttributeError, OSError) as error:
        # Without a connection discord.py has nothing to ask with, and says so in several ways.
        raise UntoldError(
            _("Discord doesn't say who is in this server at the moment. Try again in a minute.")
        ) from error
    return members


def _names(interaction: discord.Interaction) -> Names:
    return interaction.client.names  # type: ignore[attr-defined]


def note(interaction: discord.Interaction, member: discord.Member | discord.User) -> None:
    """Keep the name of somebody who came with an interaction: Discord need not be asked for it."""
    if interaction.guild is not None:
        _names(interaction).note(member, interaction.guild.id)


async def names_in(
    interaction: discord.Interaction, user_ids: Collection[int], seconds: float = PATIENCE
) -> dict[int, str]:
    """Members' display names by id, plain."""
    guild, user = interaction.guild, interaction.user
    if guild is None:  # a direct message, in which people read of nobody but themselves
        return {id_: user.display_name if id_ == user.id else _("someone") for id_ in user_ids}
    note(interaction, user)
    return await _names(interaction).of(guild, user_ids, seconds)


async def name_of(interaction: discord.Interaction, user_id: int) -> str:
    """A member's display name, plain."""
    return (await names_in(interaction, [user_id]))[user_id]


async def names_of(interaction: discord.Interaction, user_ids: Iterable[int]) -> dict[int, str]:
    """Display names by id, ready for a message."""
    return escaped(await names_in(interaction, set(user_ids)))


def escaped(names: Mapping[int, str]) -> dict[int, str]:
    """Plain names by id, made ready for a message."""
    return {user_id: escape(name, 40) for user_id, name in names.items()}


def channel_name(guild: discord.Guild | None, channel_id: int) -> str:
    """ "#announcements", ready for a message; says so when the channel is gone."""
    channel = None if guild is None else guild.get_channel(channel_id)
    return _("a channel that is gone") if channel is None else f"**#{escape(channel.name)}**"


def public_name(channel: object) -> str:
    """The channel's name, plain, where everybody in the server can see the channel; else "", for a name tells too."""
    if isinstance(channel, discord.Thread):
        seen = not channel.is_private() and channel.parent is not None
    else:
        seen = isinstance(channel, discord.abc.GuildChannel)
    if not seen:
        return ""
    assert isinstance(channel, discord.Thread | discord.abc.GuildChannel)
    return channel.name if channel.permissions_for(channel.guild.default_role).view_channel else ""


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

    def _guild(self, guild_id: int) -> discord.Guild | None:
        return None if self.client is None else self.client.get_guild(guild_id)

    def locale_of(self, guild_id: int) -> str:
        """Discord's tag of the locale that the server chose."""
        guild = self._guild(guild_id)
        return DEFAULT_LOCALE if guild is None else str(guild.preferred_locale)

    async def creators_with(self, guild_id: int, role_id: int, creator_ids: Collection[int]) -> set[int] | None:
        """Those of the creators who have the role, None if there is no such role; who has left has none.

        Raises UntoldError: then nobody knows.
        """
        guild = self._guild(guild_id)
        if guild is None:  # the bot has left, as the digest will hear when it is posted
            return set()
        if guild.get_role(role_id) is None:
            return None
        members = await members_of(guild, list(creator_ids))
        return {user_id for user_id, member in members.items() if member.get_role(role_id) is not None}
