"""`/impressions` and `/views`: type in what a platform reported for a post, or bring its own export."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import InvalidError
from bot.imports.service import check_size
from bot.imports.values import Daily
from bot.inputs.numbers import parse_count
from bot.links.access import Actor
from bot.links.posts import Draft
from bot.services import Services
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui import imports as files
from cogs.ui import impressions as ui
from cogs.ui import people, pick
from cogs.ui.answers import actor, begin
from cogs.ui.money import money_of
from cogs.ui.turns import content_of, long_work
from storage.records import IMPRESSIONS, VIEWS, Post

if TYPE_CHECKING:
    from bot.client import Client


class _Log:
    """The one command under both words; `word` is what its form asks for first."""

    word: ClassVar[str]

    def __init__(self, services: Services) -> None:
        self._services = services

    # No cog of its own, lest the command be there a third time.
    @app_commands.command(  # type: ignore[arg-type]
        name="log", description="Type in a post's totals as its platform shows them"
    )
    @app_commands.describe(
        impressions="The total so far, such as 20000, 20,000, 20.000 or 20k; without any number a form asks",
        views="The same where the platform says views; the two are never added",
        post="Which post; leave it out to register a new one by platform and kind",
        platform="For a new post: the platform",
        kind="For a new post: what kind",
        link="For a new post: the link it carries",
        title="For a new post: what you call it",
        permalink="For a new post: its own address, which tells platform and kind",
        as_of="When the platform showed it: yesterday, 3 days ago, 2026-11-20; now when left out",
        reach="How many different people the platform says it reached",
        likes="Likes so far",
        comments="Comments so far",
        shares="Shares so far: reposts, sends, forwards",
        saves="Saves or bookmarks so far",
        clicks="Link clicks by the platform's own count; kept beside those counted here",
        spend="What was spent on it so far, such as 12.50 EUR; only you and managers see it",
    )
    @app_commands.rename(as_of="as-of")
    @app_commands.autocomplete(post=pick.post, link=pick.link)
    @app_commands.choices(platform=pick.PLATFORMS, kind=pick.KINDS)
    async def log(
        self,
        interaction: discord.Interaction,
        impressions: str | None = None,
        views: str | None = None,
        post: str | None = None,
        platform: str | None = None,
        kind: str | None = None,
        link: str | None = None,
        title: str = "",
        permalink: str = "",
        as_of: str | None = None,
        reach: str | None = None,
        likes: str | None = None,
        comments: str | None = None,
        shares: str | None = None,
        saves: str | None = None,
        clicks: str | None = None,
        spend: str | None = None,
    ) -> None:
        typed = {
            IMPRESSIONS: impressions,
            VIEWS: views,
            "reach": reach,
            "likes": likes,
            "comments": comments,
            "shares": shares,
            "saves": saves,
            "clicks": clicks,
        }
        given = {metric: text for metric, text in typed.items() if text is not None}
        if not (given or post or platform or kind or link or title or permalink or as_of or spend):
            await begin(interaction)
            await interaction.followup.send(**await ui.which_post(interaction, self.word), ephemeral=True)
            return
        who = actor(interaction)
        if given:
            await begin(interaction)
        # A form can only be the first answer; all that is looked up before it are some rows by their keys.
        told = {metric: parse_count(text, metric) for metric, text in given.items()}
        money = None if spend is None else await money_of(interaction, spend, "spend")
        at = None if as_of is None else await self._services.impressions.moment(who, as_of)
        target = await self._target(who, post, platform, kind, link, title, permalink)
        keep = ui.keeper(who, target, at, money)
        if given:
            await keep(interaction, told)
        else:
            about = target.post if isinstance(target, Draft) else target
            await interaction.response.send_modal(ui.FiguresForm(fmt.post_title(about), self.word, keep))

    async def _target(
        self,
        who: Actor,
        post: str | None,
        platform: str | None,
        kind: str | None,
        link: str | None,
        title: str,
        permalink: str,
    ) -> Post | Draft:
        """The post that was chosen, or one to be registered along with its figures."""
        if post is not None:
            if platform or kind or link or title or permalink:
                raise InvalidError(
                    _(
                        "post: it is registered already; leave out platform, kind, link, title and permalink, "
                        "or leave out post."
                    )
                )
            return await self._services.posts.find(who, post)
        if not permalink and (platform is None or kind is None):
            raise InvalidError(
                _("Which post was it? Choose one under post, or give platform and kind to register a new one.")
            )
        carried = None if link is None else await self._services.links.find(who, link)
        return self._services.posts.draft(who, carried, platform, kind, title=title, permalink=permalink)


class Impressions(
    _Log, commands.GroupCog, group_name="impressions", group_description="Displays that platforms told you of"
):
    word = IMPRESSIONS

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
        creator_id = None if creator is None else creator.id
        async with long_work(interaction):
            data = await content_of(file)
            found = await self._services.imports.preview(who, data, creator_id=creator_id, as_of=as_of)
        if isinstance(found, Daily):
            await interaction.followup.send(embed=files.daily(found), ephemeral=True)
        else:
            await interaction.followup.send(**files.preview(found, who.user_id), ephemeral=True)

    @app_commands.command(name="undo", description="Take the last import back")
    async def undo(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        who = actor(interaction)
        found = await self._services.imports.latest(who)
        names = await people.names_of(interaction, [found.creator_id])
        await interaction.followup.send(**files.last(found, names[found.creator_id], who.user_id), ephemeral=True)


class Views(_Log, commands.GroupCog, group_name="views", group_description="Views that platforms told you of"):
    word = VIEWS


async def setup(bot: Client) -> None:
    bot.add_dynamic_items(ui.PostSelect, ui.UndoLogButton, ui.KeepButton, ui.AgainButton, files.ImportButton)
    await bot.add_cog(Impressions(bot.services))
    await bot.add_cog(Views(bot.services))
