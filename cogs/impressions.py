"""`/impressions`: type in what a platform reported for a post."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import InvalidError
from bot.impressions.numbers import parse_count
from bot.impressions.service import REACTIONS
from bot.links.access import Actor
from bot.services import Services
from bot.texts import _
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

    async def _new_post(self, who: Actor, platform: str | None, kind: str | None, link: str | None, title: str) -> Post:
        if platform is None or kind is None:
            raise InvalidError(
                _("Which post was it? Choose one under post, or give platform and kind to register a new one.")
            )
        carried = None if link is None else await self._services.links.find(who, link)
        return await self._services.posts.add(who, carried, platform, kind, title=title)


async def setup(bot: Client) -> None:
    await bot.add_cog(Impressions(bot.services))
