"""`/digest`: where and when a server's numbers are posted, and a creator's own sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.digests.service import Status, Wish
from bot.errors import NotFoundError
from bot.inputs.dates import parse_time
from bot.inputs.numbers import parse_id
from bot.links.access import require_manager
from bot.services import Services
from bot.texts import _
from cogs.delivery.channels import require_permissions
from cogs.ui import digest as ui
from cogs.ui import format as fmt
from cogs.ui import people, pick, schedule, ways
from cogs.ui.answers import actor, begin, embed, server_of, services
from storage.records import Cadence, Quiet

if TYPE_CHECKING:
    from bot.client import Client

SHOWN, ROOM = 10, 5900
"""Digests that a status shows, and characters: Discord takes 10 embeds with 6,000 over all of them."""
WEEKDAY_CHOICES = [app_commands.Choice(name=name, value=n) for n, name in enumerate(fmt.WEEKDAYS)]
CADENCE_CHOICES = [app_commands.Choice(name=name, value=item.value) for item, name in schedule.CADENCES.items()]
QUIET_CHOICES = [app_commands.Choice(name=name, value=item.value) for item, name in schedule.QUIETS.items()]


async def pick_digest(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """The digests that are on: a manager's the server's, everyone's their own."""
    found = await services(interaction).digests.running(actor(interaction))
    return pick.best(current, ((schedule.plain_name(item, server_of(interaction)), "", str(item.id)) for item in found))


def chosen(text: str | None) -> int | None:
    """The id that was chosen from the list. Raises NotFoundError for anything else that was typed."""
    if text is not None and parse_id(text) is None:
        raise NotFoundError(_("“{value}” is no digest; choose one from the list.").format(value=fmt.plain(text, 60)))
    return parse_id(text)


class Digest(commands.GroupCog, group_name="digest", group_description="Numbers that come by themselves"):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(
        name="setup", description="Post the server's numbers in a channel, every week or as you choose"
    )
    @app_commands.describe(
        channel="The channel it is posted in",
        weekday="On which day; when left out as before, else the first day of the week",
        time="At what local time, such as 18:30; when left out as before, else 09:00",
        zone="The server's time zone, for stats and digests alike",
        cadence="How often: weekly when left out; a daily and a weekly one are two digests",
        tag="Only links with this tag: a digest of its own",
        role="Only links of creators with this role: a digest of its own",
        quiet="What comes when nothing was counted; when left out as before, else one line",
    )
    @app_commands.autocomplete(zone=pick.zone)
    @app_commands.choices(weekday=WEEKDAY_CHOICES)
    @app_commands.choices(cadence=CADENCE_CHOICES, quiet=QUIET_CHOICES)
    async def setup(
        self,
        interaction: discord.Interaction,
        channel: discord.TextChannel,
        weekday: app_commands.Range[int, 0, 6] | None = None,
        time: str | None = None,
        zone: str | None = None,
        cadence: str | None = None,
        tag: app_commands.Range[str, 1, 100] | None = None,
        role: discord.Role | None = None,
        quiet: str | None = None,
    ) -> None:
        await begin(interaction)
        who, guild = actor(interaction), server_of(interaction)
        require_manager(who)
        wish = _wish(cadence, weekday, time, quiet, tag or "", None if role is None else role.id)
        require_permissions(channel)
        if zone is not None:
            await self._services.servers.change(who, timezone=zone)
            await self._services.digests.reschedule(who)
        made = await self._services.digests.set_up(who, channel_id=channel.id, wish=wish)
        hint = _("/digest preview shows it now.")
        if made.tag and not any(made.tag in link.tags for link in await self._services.links.visible(who)):
            none_yet = _("No link carries the tag #{tag} yet, so it stays empty until /link edit gives it to one.")
            hint += "\n" + none_yet.format(tag=fmt.escape(made.tag))
        await self._answer(interaction, guild, _("The digest is set up"), made.id, hint)

    @app_commands.command(name="me", description="Your own numbers by direct message, every week or as you choose")
    @app_commands.describe(
        cadence="How often; when left out as before, else weekly",
        weekday="On which day; when left out as before, else the first day of the week",
        time="At what local time of the server, such as 18:30; when left out as before, else 09:00",
        quiet="What comes when nothing was counted; when left out as before, else one line",
        off="No more of them",
    )
    @app_commands.choices(weekday=WEEKDAY_CHOICES)
    @app_commands.choices(cadence=CADENCE_CHOICES, quiet=QUIET_CHOICES)
    async def me(
        self,
        interaction: discord.Interaction,
        cadence: str | None = None,
        weekday: app_commands.Range[int, 0, 6] | None = None,
        time: str | None = None,
        quiet: str | None = None,
        off: bool = False,
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        if off:
            await self._services.digests.switch_own_off(who)
            await interaction.followup.send(_("Your digest is off. /digest me starts it again."), ephemeral=True)
            return
        guild = server_of(interaction)
        made = await self._services.digests.set_up_own(who, _wish(cadence, weekday, time, quiet))
        await self._answer(interaction, guild, _("Your digest is set up"), made.id, _("/digest me off:True ends it."))

    async def _answer(
        self, interaction: discord.Interaction, guild: discord.Guild, title: str, digest_id: int, hint: str
    ) -> None:
        found = await self._services.digests.status(actor(interaction))
        status = next(item for item in found if item.digest.id == digest_id)
        answer = embed(title, schedule.schedule(status, guild) + "\n" + hint)
        await interaction.followup.send(embed=answer, ephemeral=True)

    @app_commands.command(name="preview", description="The digest of the last complete period, shown to you alone")
    @app_commands.describe(digest="Which one; the only one when left out")
    @app_commands.autocomplete(digest=pick_digest)
    async def preview(self, interaction: discord.Interaction, digest: str | None = None) -> None:
        await begin(interaction)
        content = await self._services.digests.preview(actor(interaction), chosen(digest))
        names = await people.names_of(interaction, ui.creators_named(content))
        parts = await ui.message(self._services.charts, content, server_of(interaction).name, names, ui.Form.LAYOUT)
        await interaction.followup.send(**parts, ephemeral=True)

    @app_commands.command(name="status", description="When each digest comes next, and how the last ones went")
    async def status(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        found = await self._services.digests.status(actor(interaction))
        if not found:
            await interaction.followup.send(ways.no_digest(actor(interaction)), ephemeral=True)
            return
        # Those that are off last: what comes is what people ask for.
        found.sort(key=lambda item: item.digest.state.value == "off")
        shown: list[discord.Embed] = []
        for item in found[:SHOWN]:
            answer = self._status(item, server_of(interaction))
            if sum(map(len, shown)) + len(answer) > ROOM:
                break
            shown.append(answer)
        if rest := len(found) - len(shown):
            shown[-1].set_footer(text=_("and {n} more").format(n=rest))
        await interaction.followup.send(embeds=shown, ephemeral=True)

    def _status(self, status: Status, guild: discord.Guild | None) -> discord.Embed:
        title = fmt.escape(schedule.plain_name(status.digest, guild))
        text = schedule.schedule(status, guild)
        if status.runs:
            text += "\n" + fmt.rows(schedule.runs(status), 400)
        return embed(title, text)

    @app_commands.command(name="off", description="Stop posting a digest; /digest setup starts it again")
    @app_commands.describe(digest="Which one; the only one when left out")
    @app_commands.autocomplete(digest=pick_digest)
    async def off(self, interaction: discord.Interaction, digest: str | None = None) -> None:
        await begin(interaction)
        guild = server_of(interaction)
        gone = await self._services.digests.switch_off(actor(interaction), chosen(digest))
        name = f"**{fmt.escape(schedule.plain_name(gone, guild))}**"
        again = "/digest setup" if gone.user_id is None else "/digest me"
        text = _("The digest is off: {name}. {command} starts it again.").format(name=name, command=again)
        await interaction.followup.send(text, ephemeral=True)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        await self._services.digests.leave(guild.id)


def _wish(
    cadence: str | None,
    weekday: int | None,
    time: str | None,
    quiet: str | None,
    tag: str = "",
    role_id: int | None = None,
) -> Wish:
    return Wish(
        cadence=None if cadence is None else Cadence(cadence),
        weekday=weekday,
        minute=None if time is None else parse_time(time),
        quiet=None if quiet is None else Quiet(quiet),
        tag=tag,
        role_id=role_id,
    )


async def setup(bot: Client) -> None:
    bot.add_dynamic_items(*ui.BUTTONS)
    await bot.add_cog(Digest(bot.services))
