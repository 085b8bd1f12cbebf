"""`/digest`: where and when the server's week is posted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.digests.due import parse_time
from bot.digests.service import Status
from bot.errors import InvalidError
from bot.links.access import require_manager
from bot.services import Services
from bot.texts import _
from cogs.ui import digest as ui
from cogs.ui import format as fmt
from cogs.ui import people, pick
from cogs.ui.answers import actor, begin, embed
from storage.records import DigestState, RunState

if TYPE_CHECKING:
    from bot.client import Client

WEEKDAY_CHOICES = [app_commands.Choice(name=name, value=n) for n, name in enumerate(fmt.WEEKDAYS)]


class Digest(commands.GroupCog, group_name="digest", group_description="The server's week, posted every week"):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="setup", description="Post the server's week in a channel, every week")
    @app_commands.describe(
        channel="The channel it is posted in",
        weekday="On which day; when left out as before, else the first day of the week",
        time="At what local time, such as 18:30; when left out as before, else 09:00",
        zone="The server's time zone, for stats and digests alike",
    )
    @app_commands.autocomplete(zone=pick.zone)
    @app_commands.choices(weekday=WEEKDAY_CHOICES)
    async def setup(
        self,
        interaction: discord.Interaction,
        channel: discord.TextChannel,
        weekday: app_commands.Range[int, 0, 6] | None = None,
        time: str | None = None,
        zone: str | None = None,
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        require_manager(who)
        minute = None if time is None else parse_time(time)
        require_permissions(channel)
        if zone is not None:
            await self._services.servers.change(who, timezone=zone)
        await self._services.digests.set_up(who, channel_id=channel.id, weekday=weekday, minute=minute)
        status = await self._services.digests.status(who.guild_id)
        assert status is not None
        answer = embed(
            _("The digest is set up"), _schedule(status, interaction.guild) + "\n" + _("/digest preview shows it now.")
        )
        await interaction.followup.send(embed=answer, ephemeral=True)

    @app_commands.command(name="preview", description="The digest of the last complete week, shown to you alone")
    async def preview(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        who = actor(interaction)
        require_manager(who)
        content = await self._services.digests.preview(who.guild_id)
        assert interaction.guild is not None
        parts = await ui.message(self._services.charts, content, interaction.guild.name)
        await interaction.followup.send(**parts, ephemeral=True)

    @app_commands.command(name="status", description="When the digest comes next, and how the last ones went")
    async def status(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        who = actor(interaction)
        require_manager(who)
        status = await self._services.digests.status(who.guild_id)
        if status is None:
            await interaction.followup.send(_("There is no digest yet. /digest setup starts one."), ephemeral=True)
            return
        answer = embed(_("Digest"), _schedule(status, interaction.guild))
        if status.runs:
            answer.add_field(name=_("Latest weeks"), value=fmt.rows(_runs(status)), inline=False)
        await interaction.followup.send(embed=answer, ephemeral=True)

    @app_commands.command(name="off", description="Stop posting the digest; /digest setup starts it again")
    async def off(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        await self._services.digests.switch_off(actor(interaction))
        await interaction.followup.send(_("The digest is off. /digest setup starts it again."), ephemeral=True)


def require_permissions(channel: discord.TextChannel) -> None:
    """Raises InvalidError that names what the bot lacks there."""
    missing = ui.missing_permissions(channel)
    if missing:
        raise InvalidError(
            _("channel: Eyeballs can't post in {channel}; it lacks {list}. Grant that there, then try again.").format(
                channel=f"**#{fmt.escape(channel.name)}**", list=", ".join(missing)
            )
        )


def _schedule(status: Status, guild: discord.Guild | None) -> str:
    digest = status.digest
    line = _("{weekday}s at {time} ({zone}) in {channel}.").format(
        weekday=fmt.WEEKDAYS[digest.weekday],
        time=fmt.time_of_day(digest.minute),
        zone=status.zone,
        channel=people.channel_name(guild, digest.channel_id),
    )
    match digest.state:
        case DigestState.ACTIVE:
            following = _("Next: {at} ({relative}).").format(
                at=fmt.moment(digest.next_run_at), relative=fmt.moment(digest.next_run_at, "R")
            )
        case DigestState.OFF:
            following = _("It is off. /digest setup starts it again.")
        case DigestState.PAUSED:
            following = _("It is paused: {reason}").format(reason=fmt.escape(digest.reason, 300))
    return f"{line}\n{following}"


def _runs(status: Status) -> list[str]:
    words = {
        RunState.PENDING: _("waiting"),
        RunState.SENDING: _("being posted"),
        RunState.SENT: _("posted"),
        RunState.SKIPPED: _("skipped"),
        RunState.FAILED: _("failed"),
        RunState.UNKNOWN: _("unknown"),
    }
    rows = []
    for run in status.runs:
        row = _("Week of {date}: {state}").format(date=fmt.date(run.period_start), state=words[run.state])
        if run.finished_at is not None:
            row += f" {fmt.moment(run.finished_at)}"
        if run.reason:
            row += f" – {fmt.escape(run.reason, 200)}"
        rows.append(row)
    return rows


async def setup(bot: Client) -> None:
    bot.add_dynamic_items(ui.ExplainButton)
    await bot.add_cog(Digest(bot.services))
