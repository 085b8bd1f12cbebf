"""Tells a server's managers that somebody flagged one of its public pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import structlog

from bot.profiles.flags import REASONS, Flagged
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui.answers import embed

if TYPE_CHECKING:
    from bot.client import Client

log = structlog.get_logger(__name__)


def message(flagged: Flagged, url: str, server_name: str) -> discord.Embed:
    """What is flagged, why, how often, and what can be done about it."""
    page = flagged.address.startswith("@")
    reasons = [f"{REASONS[reason]}: **{fmt.number(count)}**" for reason, count in sorted(flagged.reasons.items())]
    act = (
        _("`/profile takedown handle:{handle}` in your server takes the page off the net at once.").format(
            handle=flagged.address[1:]
        )
        if page
        else _("`/link delete` in your server stops the link for good.")
    )
    lines = [
        f"`{url}`",
        _("of {creator}, in {server}").format(creator=f"<@{flagged.creator_id}>", server=fmt.escape(server_name)),
        "",
        *reasons,
        "",
        _("Look at it and judge for yourself: anybody may flag, and nothing is kept about who did.") + " " + act,
    ]
    return embed(_("A page was flagged") if page else _("A link was flagged"), "\n".join(lines))


class FlagTeller:
    """Writes to where managers alone read: the channel for Discord's own updates, else the owner directly."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def tick(self) -> None:
        """Tell what is to be told; what can't be delivered is logged, and told again with the next flag."""
        services = self._client.services
        for flagged in await services.flags.untold():
            guild = self._client.get_guild(flagged.guild_id)
            if guild is None or guild.unavailable:
                continue
            url = str(services.links.base_url / flagged.address)
            if not await self._tell(guild, message(flagged, url, guild.name)):
                log.warning("nobody could be told of a flagged page", address=flagged.address, server=guild.id)
            await services.flags.set_told(flagged)

    async def _tell(self, guild: discord.Guild, said: discord.Embed) -> bool:
        channel = guild.public_updates_channel
        try:
            if channel is not None:
                may = channel.permissions_for(guild.me)
                if may.view_channel and may.send_messages and may.embed_links:
                    await channel.send(embed=said)
                    return True
            owner = await self._client.fetch_user(guild.owner_id) if guild.owner_id else None
            if owner is not None:
                await owner.send(embed=said)
                return True
        except (discord.Forbidden, discord.NotFound):
            pass
        return False
