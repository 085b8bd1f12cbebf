"""`/alerts`: what happens between digests, in a channel or by direct message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.alerts.service import Status
from bot.links.access import require_manager
from bot.services import Services
from bot.texts import _
from cogs.delivery.channels import require_permissions
from cogs.ui import alerts as ui
from cogs.ui import format as fmt
from cogs.ui import people, ways
from cogs.ui.answers import actor, begin, embed, server_of
from storage.records import SERVER_TARGET, AlertKind, AlertState, AlertTarget, RunState

if TYPE_CHECKING:
    from bot.client import Client

QUIET = _("Hours to be quiet in, by the server's clocks: 22:00-08:00, or off. Alerts wait until they end")
MILESTONES = _("Round numbers of clicks and displays: 100, 250, 500, 1,000 and so on")
SPIKES = _("Days with more than three times the usual clicks")
DROPS = _("Days with less than a third of the usual clicks")
DEAD = _("Destinations that are gone, where the operator lets them be asked")


class Alerts(commands.GroupCog, group_name="alerts", group_description="What happens between digests, told at once"):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="setup", description="Tell what happens to the server's links in a channel")
    @app_commands.describe(
        channel="The channel; private links are never named there",
        milestones=MILESTONES,
        spikes=SPIKES,
        drops=DROPS,
        dead_links=DEAD,
        quiet=QUIET,
    )
    @app_commands.rename(dead_links="dead-links")
    async def setup(
        self,
        interaction: discord.Interaction,
        channel: discord.TextChannel,
        milestones: bool | None = None,
        spikes: bool | None = None,
        drops: bool | None = None,
        dead_links: bool | None = None,
        quiet: str | None = None,
    ) -> None:
        await begin(interaction)
        who, guild = actor(interaction), server_of(interaction)
        require_manager(who)
        require_permissions(channel)
        kinds = _kinds(milestones, spikes, drops, dead_links)
        await self._services.alerts.set_up(who, channel_id=channel.id, kinds=kinds, quiet=quiet)
        await self._answer(interaction, guild, _("Alerts are set up"), server=True)

    @app_commands.command(name="me", description="Tell you what happens to your own links, by direct message")
    @app_commands.describe(
        on="False turns them off", milestones=MILESTONES, spikes=SPIKES, drops=DROPS, dead_links=DEAD, quiet=QUIET
    )
    @app_commands.rename(dead_links="dead-links")
    async def me(
        self,
        interaction: discord.Interaction,
        on: bool = True,
        milestones: bool | None = None,
        spikes: bool | None = None,
        drops: bool | None = None,
        dead_links: bool | None = None,
        quiet: str | None = None,
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        if not on:
            await self._services.alerts.switch_off(who, server=False)
            await interaction.followup.send(_("Your alerts are off. /alerts me turns them on again."), ephemeral=True)
            return
        guild, kinds = server_of(interaction), _kinds(milestones, spikes, drops, dead_links)
        await self._services.alerts.set_up(who, kinds=kinds, quiet=quiet)
        await self._answer(interaction, guild, _("Your alerts are on"), server=False)

    @app_commands.command(name="status", description="Which alerts are on, the last ones, and why some are paused")
    async def status(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        who, found = actor(interaction), []
        for server in (True, False):
            if who.manager or not server:
                found.append(await self._services.alerts.status(who, server=server))
        answer = embed(_("Alerts"))
        told = [status for status in found if status is not None]
        creators = (ui.creators_named(status.latest, status.target) for status in told)
        names = await people.names_of(interaction, set().union(*creators))
        for status in told:
            self._add(answer, status, server_of(interaction), names)
        if not answer.fields:
            answer.description = ways.no_alerts(who)
        await interaction.followup.send(embed=answer, ephemeral=True)

    @app_commands.command(name="off", description="Stop the alerts in the server's channel; /alerts setup starts them")
    async def off(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        await self._services.alerts.switch_off(actor(interaction), server=True)
        text = _("The server's alerts are off. /alerts setup starts them again; /alerts me are a creator's own.")
        await interaction.followup.send(text, ephemeral=True)

    async def _answer(
        self, interaction: discord.Interaction, guild: discord.Guild, title: str, *, server: bool
    ) -> None:
        status = await self._services.alerts.status(actor(interaction), server=server)
        assert status is not None
        answer = embed(title, self._settings(status, guild) + "\n\n" + ui.explanation())
        await interaction.followup.send(embed=answer, ephemeral=True)

    def _settings(self, status: Status, guild: discord.Guild | None) -> str:
        target = status.target
        lines = [_where(target, guild)]
        told = set(target.kinds)
        if unasked := not self._services.alerts.checks_destinations:
            told.discard(AlertKind.DEAD)
        kinds = [name for kind, name in ui.KINDS.items() if kind in told]
        lines.append(_("Told: {list}.").format(list=", ".join(kinds) or _("nothing")))
        if unasked and AlertKind.DEAD in target.kinds:
            lines.append(_("Dead links would be told too, but the operator has not allowed it."))
        if target.quiet_from is not None and target.quiet_until is not None:
            lines.append(
                _("Quiet from {start} to {end} ({zone}).").format(
                    start=fmt.time_of_day(target.quiet_from), end=fmt.time_of_day(target.quiet_until), zone=status.zone
                )
            )
        if status.quiet_until is not None:
            lines.append(_("It is quiet now; what waits comes {at}.").format(at=fmt.moment(status.quiet_until, "R")))
        match target.state:
            case AlertState.OFF:
                lines.append(_("They are off."))
            case AlertState.PAUSED:
                lines.append("⚠️ " + _("They are paused: {reason}").format(reason=fmt.escape(target.reason, 300)))
                if target.try_at is not None:
                    lines.append(_("The next attempt: {at}.").format(at=fmt.moment(target.try_at, "R")))
            case AlertState.LEFT:
                lines.append("⚠️ " + _("Eyeballs was not in the server; it goes on within a minute."))
        return "\n".join(lines)

    def _add(
        self, answer: discord.Embed, status: Status, guild: discord.Guild | None, names: Mapping[int, str]
    ) -> None:
        server = status.target.user_id == SERVER_TARGET
        lines = [self._settings(status, guild)]
        for alert in status.latest:
            if server and alert.link_id in status.links and status.links[alert.link_id].private:
                continue
            waits = f" ({_('waits')})" if alert.message_id is None else ""
            text = ui.sentence(alert, status.links, status.target, names)
            lines.append(f"{fmt.moment(alert.made_at, 'R')} {text}{waits}")
        lines += [
            _("{at}: not told. {reason}").format(
                at=fmt.moment(one.first_attempt_at), reason=fmt.escape(one.reason, 200)
            )
            for one in status.messages
            if one.state in (RunState.FAILED, RunState.UNKNOWN)
        ]
        named = [link for check in status.dead if (link := status.links.get(check.link_id)) is not None]
        if named:
            lines.append(_("Gone now: {list}.").format(list=", ".join(fmt.label(link) for link in named[:5])))
        lines += [
            _("{name} is muted until {at}.").format(name=fmt.label(status.links[id_]), at=fmt.moment(until))
            for id_, until in status.muted.items()
            if id_ in status.links
        ]
        title = _("The server's") if server else _("Yours")
        answer.add_field(name=title, value=fmt.rows("\n".join(lines).split("\n")), inline=False)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        await self._services.alerts.leave(guild.id)


def _kinds(
    milestones: bool | None, spikes: bool | None, drops: bool | None, dead_links: bool | None
) -> dict[AlertKind, bool | None]:
    return {
        AlertKind.MILESTONE: milestones,
        AlertKind.SPIKE: spikes,
        AlertKind.DROP: drops,
        AlertKind.DEAD: dead_links,
    }


def _where(target: AlertTarget, guild: discord.Guild | None) -> str:
    if target.user_id == SERVER_TARGET:
        return _("In {channel}.").format(channel=people.channel_name(guild, target.channel_id or 0))
    return _("By direct message, of your own links, private ones too.")


async def setup(bot: Client) -> None:
    bot.add_dynamic_items(ui.WhyButton, ui.MuteButton)
    await bot.add_cog(Alerts(bot.services))
