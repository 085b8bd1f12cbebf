"""`/help` and `/explain`: what there is to type, and what the words mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.insights.glossary import GLOSSARY, Numbers
from bot.insights.tally import by_ctr
from bot.services import Services
from bot.stats.question import DEFAULT_CHOICE, Scope, Subject
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui import ways
from cogs.ui.answers import actor, begin, embed

if TYPE_CHECKING:
    from bot.client import Client

TERMS = [app_commands.Choice(name=term.name, value=key) for key, term in GLOSSARY.items()]

SECTIONS = (
    (_("Share a link"), ("link add", "post add", "link qr", "link list", "link show")),
    (
        _("Look at the numbers"),
        (
            "stats link",
            "stats post",
            "stats creator",
            "stats server",
            "stats compare",
            "stats top",
            "stats heatmap",
            "stats sources",
            "stats profile",
            "link audit",
            "explain",
        ),
    ),
    (
        _("Add to the numbers"),
        (
            "impressions log",
            "views log",
            "impressions import",
            "impressions undo",
            "note add",
            "note list",
            "note delete",
        ),
    ),
    (_("Numbers that come by themselves"), ("digest me", "digest status")),
    (_("Show a sponsor"), ("brand report", "brand list", "brand revoke", "brand renew")),
    (_("Keep a promise"), ("deal add", "deal list", "deal show", "deal end", "deal delete")),
    (
        _("Your public page"),
        (
            "profile setup",
            "profile links",
            "profile theme",
            "profile preview",
            "profile publish",
            "profile show",
            "profile qr",
            "profile unpublish",
        ),
    ),
    (_("Bring along, take along"), ("link import", "export")),
    (_("Look after links"), ("link edit", "link archive", "link delete")),
    (_("Look after posts"), ("post list", "post show", "post edit", "post move", "post archive")),
    (_("Hear of it at once"), ("alerts me", "alerts status")),
    (
        _("For managers"),
        (
            *("setup", "digest setup", "digest preview", "digest off"),
            *("alerts setup", "alerts off", "link transfer", "profile takedown"),
        ),
    ),
)


class Help(commands.Cog):
    def __init__(self, bot: Client) -> None:
        self._bot = bot
        self._services: Services = bot.services

    @app_commands.command(name="help", description="What Eyeballs does, and every command")
    async def help(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        answer = embed(
            _("Eyeballs: who looked, and who clicked"),
            _(
                "Make a tracked link, share its address, and see the displays and clicks it gets.\n"
                "**Begin with** {first}"
            ).format(first=await ways.first_steps(interaction)),
        )
        commands_by_name = {command.qualified_name: command for command in self._bot.tree.walk_commands()}
        for title, names in SECTIONS:
            rows = [f"`/{name}` {commands_by_name[name].description}" for name in names]
            answer.add_field(name=title, value=fmt.rows(rows), inline=False)
        answer.set_footer(text=_("Answers are private to you; share:True shows stats to everybody."))
        await interaction.followup.send(embed=answer, ephemeral=True)

    @app_commands.command(name="explain", description="What a word means, with your own numbers as the example")
    @app_commands.describe(term="Which word to explain")
    @app_commands.choices(term=TERMS)
    async def explain(self, interaction: discord.Interaction, term: str) -> None:
        await begin(interaction)
        who = actor(interaction)
        word = GLOSSARY[term]
        report = await self._services.stats.report(who, Subject(Scope.CREATOR, who.user_id), DEFAULT_CHOICE)
        answer = embed(word.name, word.meaning)
        answer.add_field(name=_("How it is counted"), value=word.formula, inline=False)
        best = by_ctr({id_: tally for id_, tally in report.by_link.items() if id_ in report.links}).best
        resonant = None if best is None else (fmt.escape(report.links[best].label), report.by_link[best])
        example = word.example(Numbers(report.now, report.before, report.clicks_moved, resonant))
        answer.add_field(
            name=_("Your last {n} days").format(n=report.period.length),
            value=example or _("No numbers of yours to show this with yet."),
            inline=False,
        )
        await interaction.followup.send(embed=answer, ephemeral=True)


async def setup(bot: Client) -> None:
    await bot.add_cog(Help(bot))
