"""`/post`: register where a link was shared, so that places can be told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.services import Services
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui import pick
from cogs.ui.answers import actor, begin, embed

if TYPE_CHECKING:
    from bot.client import Client


class Post(commands.GroupCog, group_name="post", group_description="The places where you shared a link"):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="add", description="Register where you shared a link: it gets an address of its own")
    @app_commands.describe(
        link="Which link you share there",
        platform="The platform you share it on",
        kind="The kind of post",
        title="What you call it",
        permalink="The post's own address on the platform",
    )
    @app_commands.autocomplete(link=pick.link)
    @app_commands.choices(platform=pick.PLATFORMS, kind=pick.KINDS)
    async def add(
        self,
        interaction: discord.Interaction,
        link: str,
        platform: str,
        kind: str,
        title: str = "",
        permalink: str = "",
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        found = await self._services.links.find(who, link)
        post = await self._services.posts.add(who, found, platform, kind, title=title, permalink=permalink)
        url = self._services.links.url(found, post)
        answer = embed(
            _("{post} for {link}").format(post=fmt.post_name(post), link=fmt.escape(found.label, 60)),
            fmt.copyable(url)
            + _(
                "Use this address in that post and nowhere else: its clicks are counted there and in the link.\n"
                "When the platform tells you its impressions, type them in with /impressions log."
            ),
        )
        await interaction.followup.send(embed=answer, ephemeral=True)


async def setup(bot: Client) -> None:
    await bot.add_cog(Post(bot.services))
