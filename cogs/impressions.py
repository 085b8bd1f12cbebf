"""`/impressions`: type in what a platform reported for a post, or bring its own export."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import InvalidError
from bot.imports.service import check_size
from bot.imports.values import Daily
from bot.impressions.numbers import parse_count
from bot.impressions.service import REACTIONS
from bot.links.access import Actor
from bot.services import Services
from bot.texts import _
from cogs.ui import imports as ui
from cogs.ui import logged as logged_ui
from cogs.ui import pick
from cogs.ui.answers import actor, begin, embed
from storage.records import Post

if TYPE_CHECKING:
    from bot.client import Client


class Impressions(
    commands.GroupCog, group_name="impressions", group_description="Impressions that platforms told you of"
):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="log", description="Type in a post's impressions as the platform shows them")
    @app_commands.describe(
        impressions="The total so far, such as 20000, 20,000, 20.000 or 20k",
        post="Which post; leave it out to register a new one by platform and kind",
        platform="For a new post: the platform",
        kind="For a new post: what kind",
        link="For a new post: the link it carries",
        title="For a new post: what you call it",
        as_of="When the platform showed it: yesterday, 3 days ago, 2026-11-20; now when left out",
        reach="How many different people the platform says it reached",
        likes="Likes so far",
        comments="Comments so far",
        shares="Shares so far: reposts, sends, forwards",
        saves="Saves or bookmarks so far",
    )
    @app_commands.rename(as_of="as-of")
    @app_commands.autocomplete(post=pick.post, link=pick.link)
    @app_commands.choices(platform=pick.PLATFORMS, kind=pick.KINDS)
    async def log(
        self,
        interaction: discord.Interaction,
        impressions: str,
        post: str | None = None,
        platform: str | None = None,
        kind: str | None = None,
        link: str | None = None,
        title: str = "",
        as_of: str | None = None,
        reach: str | None = None,
        likes: str | None = None,
        comments: str | None = None,
        shares: str | None = None,
        saves: str | None = None,
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        value = parse_count(impressions, "impressions")
        typed = dict(zip(REACTIONS, (reach, likes, comments, shares, saves), strict=True))
        others = {metric: parse_count(text, metric) for metric, text in typed.items() if text is not None}
        at = None if as_of is None else await self._services.impressions.moment(who, as_of)
        if post is not None:
            if platform or kind or link or title:
                raise InvalidError(
                    _("post: it is registered already; leave out platform, kind, link and title, or leave out post.")
                )
            target = await self._services.posts.find(who, post)
        else:
            target = await self._new_post(who, platform, kind, link, title)
        logged = await self._services.impressions.log(who, target, value, at, others)
        answer = embed(_("Logged"), "\n".join(await logged_ui.said(self._services, who, logged, new=post is None)))
        await interaction.followup.send(embed=answer, ephemeral=True)

    @app_commands.command(name="import", description="Bring your numbers: attach the export that a platform gave you")
    @app_commands.describe(
        file="The CSV, xlsx or zip as downloaded from Instagram, Facebook, X, YouTube, TikTok or LinkedIn",
        as_of="When you exported it: yesterday, 3 days ago, 2026-11-20; now when left out",
        creator="Whose posts these are, you when left out; managers only",
    )
    @app_commands.rename(as_of="as-of")
    async def bring(
        self,
        interaction: discord.Interaction,
        file: discord.Attachment,
        as_of: str | None = None,
        creator: discord.User | None = None,
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        if creator is not None and creator.bot:
            raise InvalidError(_("creator: a bot has no posts; choose a member."))
        check_size(file.size)
        try:
            data = await file.read()
        except discord.HTTPException:
            raise InvalidError(_("file: Discord does not hand it out; attach it again.")) from None
        creator_id = None if creator is None else creator.id
        found = await self._services.imports.preview(who, data, creator_id=creator_id, as_of=as_of)
        if isinstance(found, Daily):
            await interaction.followup.send(embed=ui.daily(found), ephemeral=True)
        else:
            await interaction.followup.send(**ui.preview(found, who.user_id), ephemeral=True)

    @app_commands.command(name="undo", description="Take the last import back")
    async def undo(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        who = actor(interaction)
        found = await self._services.imports.latest(who)
        await interaction.followup.send(**ui.last(found, who.user_id), ephemeral=True)

    async def _new_post(self, who: Actor, platform: str | None, kind: str | None, link: str | None, title: str) -> Post:
        if platform is None or kind is None:
            raise InvalidError(
                _("Which post was it? Choose one under post, or give platform and kind to register a new one.")
            )
        carried = None if link is None else await self._services.links.find(who, link)
        return await self._services.posts.add(who, carried, platform, kind, title=title)


async def setup(bot: Client) -> None:
    bot.add_dynamic_items(ui.ImportButton)
    await bot.add_cog(Impressions(bot.services))
