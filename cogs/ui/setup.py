"""The guided answer of `/setup`: what is set, and a select for each setting."""

from __future__ import annotations

from typing import Any

import discord

from bot.digests.service import Status
from bot.texts import _
from cogs.delivery.channels import missing_permissions
from cogs.ui import format as fmt
from cogs.ui import people
from cogs.ui.answers import actor, conclude, embed, say_error, server_of, services
from cogs.ui.limits import Buttons
from cogs.ui.pick import COMMON_ZONES
from storage.records import AddPolicy, DigestState, Server

POLICIES = {
    AddPolicy.CREATORS: _("Managers and the creator role"),
    AddPolicy.MANAGERS: _("Managers only"),
    AddPolicy.EVERYONE: _("Everyone"),
}


async def message(interaction: discord.Interaction, guild: discord.Guild) -> dict[str, Any]:
    """The keywords of the answer: what is set now, and the selects that change it."""
    who = actor(interaction)
    server = await services(interaction).servers.get(who.guild_id)
    status = await services(interaction).digests.main(who.guild_id)
    return {"embed": _embed(guild, server, status), "view": SetupView(server, status, guild)}


async def save(interaction: discord.Interaction, **changes: object) -> None:
    """Change the server's settings; the digest follows a new time zone."""
    who = actor(interaction)
    await services(interaction).servers.change(who, **changes)
    if "timezone" in changes:
        await services(interaction).digests.reschedule(who)


def _embed(guild: discord.Guild, server: Server, status: Status | None) -> discord.Embed:
    intro = (
        _("Choose below; each choice is saved at once.")
        if server.is_set_up
        else _("Eyeballs works already, with these defaults. Choose below; each choice is saved at once.")
    )
    answer = embed(_("Setup"), intro)
    role = _("none chosen")
    if server.creator_role_id is not None:
        role = people.role_name(guild, server.creator_role_id)
    adds = POLICIES[server.add_policy]
    if server.add_policy is AddPolicy.CREATORS and server.creator_role_id is None:
        adds = _("Managers only, until a creator role is chosen")
    answer.add_field(name=_("Time zone"), value=f"{server.timezone}\n" + _("for stats and digests alike"))
    answer.add_field(name=_("Weeks begin on"), value=fmt.WEEKDAYS[server.first_weekday])
    answer.add_field(name=_("Creator role"), value=role)
    answer.add_field(name=_("Who may add links"), value=adds)
    compared = _("on: posts are compared with those of five creators or more, without names")
    answer.add_field(
        name=_("Benchmarks"), value=compared if server.benchmarks else _("off; /setup benchmarks:True turns them on")
    )
    answer.add_field(name=_("Weekly digest"), value=_digest(guild, status), inline=False)
    answer.set_footer(text=_("Any other time zone: /setup zone. Another day or time of the digest: /digest setup."))
    return answer


def _digest(guild: discord.Guild, status: Status | None) -> str:
    if status is None or status.digest.state is DigestState.OFF:
        return _("off; choose a channel below")
    digest = status.digest
    line = _("{weekday}s at {time} in {channel}").format(
        weekday=fmt.WEEKDAYS[digest.weekday],
        time=fmt.time_of_day(digest.minute),
        channel=people.channel_name(guild, digest.channel_id or 0),
    )
    channel = guild.get_channel(digest.channel_id or 0)
    if channel is None:
        return line + "\n⚠️ " + _("The channel is gone; choose another one.")
    missing = missing_permissions(channel)
    if missing:
        return line + "\n⚠️ " + _("Eyeballs lacks there: {list}.").format(list=", ".join(missing))
    return line + "\n" + _("Eyeballs has every permission it needs there.")


class SetupView(Buttons):
    """Five selects with fixed ids, so that they work after a restart. Every press checks the permission again."""

    def __init__(
        self, server: Server | None = None, status: Status | None = None, guild: discord.Guild | None = None
    ) -> None:
        # The one that stands for all after a restart never ends; the others make room.
        super().__init__()
        self.timeout = None if server is None else 900
        server = server or Server(0)
        zones = list(dict.fromkeys((server.timezone, *COMMON_ZONES)))[:25]
        self.zone.options = [
            discord.SelectOption(
                label=_("Time zone: {zone}").format(zone=zone), value=zone, default=zone == server.timezone
            )
            for zone in zones
        ]
        self.weekday.options = [
            discord.SelectOption(
                label=_("Weeks begin on {day}").format(day=name), value=str(n), default=n == server.first_weekday
            )
            for n, name in enumerate(fmt.WEEKDAYS)
        ]
        self.policy.options = [
            discord.SelectOption(
                label=_("May add links: {who}").format(who=name), value=policy, default=policy is server.add_policy
            )
            for policy, name in POLICIES.items()
        ]
        # What was deleted since is no default: Discord may refuse the whole message.
        if guild is not None and server.creator_role_id and guild.get_role(server.creator_role_id):
            self.role.default_values = [
                discord.SelectDefaultValue(id=server.creator_role_id, type=discord.SelectDefaultValueType.role)
            ]
        digest = None if status is None or status.digest.state is DigestState.OFF else status.digest
        if guild is not None and digest is not None and digest.channel_id and guild.get_channel(digest.channel_id):
            self.channel.default_values = [
                discord.SelectDefaultValue(id=digest.channel_id, type=discord.SelectDefaultValueType.channel)
            ]

    async def _save(self, interaction: discord.Interaction, **changes: object) -> None:
        await interaction.response.defer()
        guild = server_of(interaction)  # before anything is kept: without it nothing can be shown
        await save(interaction, **changes)
        await conclude(interaction, **await message(interaction, guild))

    @discord.ui.select(custom_id="setup:zone", placeholder=_("Time zone"))
    async def zone(self, interaction: discord.Interaction, select: discord.ui.Select[SetupView]) -> None:
        await self._save(interaction, timezone=select.values[0])

    @discord.ui.select(custom_id="setup:weekday", placeholder=_("First day of the week"))
    async def weekday(self, interaction: discord.Interaction, select: discord.ui.Select[SetupView]) -> None:
        await self._save(interaction, first_weekday=int(select.values[0]))

    @discord.ui.select(cls=discord.ui.RoleSelect, custom_id="setup:role", placeholder=_("Creator role"), min_values=0)
    async def role(self, interaction: discord.Interaction, select: discord.ui.RoleSelect[SetupView]) -> None:
        await self._save(interaction, creator_role_id=select.values[0].id if select.values else None)

    @discord.ui.select(custom_id="setup:policy", placeholder=_("Who may add links"))
    async def policy(self, interaction: discord.Interaction, select: discord.ui.Select[SetupView]) -> None:
        await self._save(interaction, add_policy=AddPolicy(select.values[0]))

    @discord.ui.select(
        cls=discord.ui.ChannelSelect,
        custom_id="setup:channel",
        placeholder=_("Channel of the weekly digest"),
        channel_types=[discord.ChannelType.text, discord.ChannelType.news],
    )
    async def channel(self, interaction: discord.Interaction, select: discord.ui.ChannelSelect[SetupView]) -> None:
        await interaction.response.defer()
        guild, who = server_of(interaction), actor(interaction)
        await save(interaction)
        await services(interaction).digests.set_up(who, channel_id=select.values[0].id)
        await conclude(interaction, **await message(interaction, guild))

    async def on_error(self, interaction: discord.Interaction, error: Exception, item: discord.ui.Item[Any]) -> None:
        await say_error(interaction, error)
