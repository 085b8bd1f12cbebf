"""`/stats`: numbers with their charts: of a link, a post, a creator, a server; compared, ranked, by hour, by source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import InvalidError
from bot.insights.periods import Named
from bot.services import Services
from bot.stats.question import MOST_COMPARED, Metric, Question, Ranks, Scope, Subject, View
from bot.texts import _
from cogs.ui import pick
from cogs.ui.answers import actor, begin, conclude, require_share
from cogs.ui.stats import controls, replies

if TYPE_CHECKING:
    from bot.client import Client

DEFAULT = Named.DAYS_28.value
GRID_DEFAULT = Named.DAYS_90.value
"""Hours and days take more time to show themselves."""


class Stats(commands.GroupCog, group_name="stats", group_description="Impressions, clicks and CTR, with charts"):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="link", description="The numbers of one link: clicks, displays, CTR, what stands out")
    @app_commands.describe(link="Which link", period=pick.PERIOD, share=pick.SHARE)
    @app_commands.autocomplete(link=pick.link, period=pick.period)
    async def link(
        self, interaction: discord.Interaction, link: str, period: str = DEFAULT, share: bool = False
    ) -> None:
        await begin(interaction)
        found = await self._services.links.find(actor(interaction), link)
        await self._answer(interaction, View.REPORT, [Subject(Scope.LINK, found.id)], period, share)

    @app_commands.command(name="post", description="The numbers of one post: its displays beside its own clicks")
    @app_commands.describe(post="Which post", period=pick.PERIOD, share=pick.SHARE)
    @app_commands.autocomplete(post=pick.post, period=pick.period)
    async def post(
        self, interaction: discord.Interaction, post: str, period: str = DEFAULT, share: bool = False
    ) -> None:
        await begin(interaction)
        found = await self._services.posts.find(actor(interaction), post)
        await self._answer(interaction, View.REPORT, [Subject(Scope.POST, found.id)], period, share)

    @app_commands.command(name="creator", description="The numbers of a creator's links together; yours by default")
    @app_commands.describe(creator="Whose; managers may ask for anyone's", period=pick.PERIOD, share=pick.SHARE)
    @app_commands.autocomplete(period=pick.period)
    async def creator(
        self,
        interaction: discord.Interaction,
        creator: discord.User | None = None,
        period: str = DEFAULT,
        share: bool = False,
    ) -> None:
        await begin(interaction)
        subject = Subject(Scope.CREATOR, (creator or interaction.user).id)
        await self._answer(interaction, View.REPORT, [subject], period, share)

    @app_commands.command(name="server", description="The numbers of the whole server and its top links")
    @app_commands.describe(period=pick.PERIOD, share=pick.SHARE)
    @app_commands.autocomplete(period=pick.period)
    async def server(self, interaction: discord.Interaction, period: str = DEFAULT, share: bool = False) -> None:
        await begin(interaction)
        subject = Subject(Scope.SERVER, actor(interaction).guild_id)
        await self._answer(interaction, View.REPORT, [subject], period, share)

    @app_commands.command(name="compare", description="Up to five links, posts, creators or times side by side")
    @app_commands.describe(
        first="A link, a post, a creator, or a time",
        second="What to compare it with",
        third="One more",
        fourth="One more",
        fifth="One more",
        of="When times are compared: whose; you when left out",
        period=pick.PERIOD,
        share=pick.SHARE,
    )
    @app_commands.autocomplete(
        first=pick.compared,
        second=pick.compared,
        third=pick.compared,
        fourth=pick.compared,
        fifth=pick.compared,
        of=pick.subject,
        period=pick.period,
    )
    async def compare(
        self,
        interaction: discord.Interaction,
        first: str,
        second: str,
        third: str | None = None,
        fourth: str | None = None,
        fifth: str | None = None,
        of: str | None = None,
        period: str | None = None,
        share: bool = False,
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        given = list(dict.fromkeys(text for text in (first, second, third, fourth, fifth) if text is not None))
        times = [choice for text in given if (choice := pick.time_of(text)) is not None]
        if len(given) < 2:
            raise InvalidError(_("second: choose something else than first; nothing differs from itself."))
        if not times:
            if of is not None:
                raise InvalidError(
                    _("of: that is for comparing times; links, posts and creators stand for themselves.")
                )
            subjects = [await pick.subject_of(interaction, text) for text in given]
            await self._answer(interaction, View.COMPARE, subjects, period or DEFAULT, share)
            return
        if len(times) < len(given):
            raise InvalidError(_("Compare times with times, or links, posts and creators with one another, not both."))
        if period is not None:
            raise InvalidError(_("period: leave it out when times are compared; they are the periods."))
        subject = Subject(Scope.CREATOR, who.user_id) if of is None else await pick.subject_of(interaction, of)
        question = Question(View.COMPARE, (subject,), tuple(times[:MOST_COMPARED]))
        await self._send(interaction, question, share)

    @app_commands.command(
        name="top", description="A ranking of links, posts, platforms or kinds of posts: by clicks, CTR and more"
    )
    @app_commands.describe(
        of="Whose: yours, another creator's, or the whole server's, which is the default",
        rank="What is ranked; links when left out",
        by="By which number; clicks when left out",
        period=pick.PERIOD,
        share=pick.SHARE,
    )
    @app_commands.autocomplete(of=pick.subject, period=pick.period)
    @app_commands.choices(rank=pick.RANKS, by=pick.METRICS)
    async def top(
        self,
        interaction: discord.Interaction,
        of: str | None = None,
        rank: str = Ranks.LINKS.value,
        by: str = Metric.CLICKS.value,
        period: str = DEFAULT,
        share: bool = False,
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        subject = Subject(Scope.SERVER, who.guild_id) if of is None else await pick.subject_of(interaction, of)
        choice = await self._services.stats.choice(who, period)
        await self._send(interaction, Question(View.TOP, (subject,), (choice,), Metric(by), Ranks(rank)), share)

    @app_commands.command(name="heatmap", description="The hours of the week that bring clicks or impressions")
    @app_commands.describe(of="Whose; yours when left out", period=pick.PERIOD, share=pick.SHARE)
    @app_commands.autocomplete(of=pick.subject, period=pick.period)
    async def heatmap(
        self, interaction: discord.Interaction, of: str | None = None, period: str = GRID_DEFAULT, share: bool = False
    ) -> None:
        await begin(interaction)
        await self._answer(interaction, View.HEATMAP, [await self._whose(interaction, of)], period, share)

    @app_commands.command(name="sources", description="Where clicks come from: apps and sites, countries, devices")
    @app_commands.describe(of="Whose; yours when left out", period=pick.PERIOD, share=pick.SHARE)
    @app_commands.autocomplete(of=pick.subject, period=pick.period)
    async def sources(
        self, interaction: discord.Interaction, of: str | None = None, period: str = DEFAULT, share: bool = False
    ) -> None:
        await begin(interaction)
        await self._answer(interaction, View.SOURCES, [await self._whose(interaction, of)], period, share)

    @app_commands.command(name="profile", description="Your public page: views, and what is seen and clicked on it")
    @app_commands.describe(creator="Whose; managers may ask for anyone's", period=pick.PERIOD, share=pick.SHARE)
    @app_commands.autocomplete(period=pick.period)
    async def profile(
        self,
        interaction: discord.Interaction,
        creator: discord.User | None = None,
        period: str = DEFAULT,
        share: bool = False,
    ) -> None:
        await begin(interaction)
        subject = Subject(Scope.CREATOR, (creator or interaction.user).id)
        if subject.id == interaction.user.id:
            await self._services.profiles.required(actor(interaction))
        await self._answer(interaction, View.PROFILE, [subject], period, share)

    async def _whose(self, interaction: discord.Interaction, of: str | None) -> Subject:
        who = actor(interaction)
        return Subject(Scope.CREATOR, who.user_id) if of is None else await pick.subject_of(interaction, of)

    async def _answer(
        self, interaction: discord.Interaction, view: View, subjects: list[Subject], period: str, share: bool
    ) -> None:
        choice = await self._services.stats.choice(actor(interaction), period)
        await self._send(interaction, Question(view, tuple(subjects), (choice,)), share)

    async def _send(self, interaction: discord.Interaction, question: Question, share: bool) -> None:
        if share:
            require_share(interaction)
        found = await replies.message(interaction, question, private=not share)
        if share:
            # The deferred answer is private and stays so; the shared one is a message of its own.
            await conclude(interaction, content=_("Shared below."))
        view = controls.controls(found.question, interaction.user.id, found.pages)
        await interaction.followup.send(embed=found.embed, file=found.file, view=view, ephemeral=not share)


async def setup(bot: Client) -> None:
    bot.add_dynamic_items(controls.StatsButton, controls.MetricSelect, controls.RetiredButton)
    await bot.add_cog(Stats(bot.services))
