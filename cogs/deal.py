"""`/deal`: what you promised a brand, and how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.inputs.numbers import parse_count
from bot.reports.deals import PROMISED
from bot.reports.metrics import METRICS
from bot.reports.service import MAX_BRAND
from bot.services import Services
from bot.texts import _
from cogs.ui import brand as ui
from cogs.ui import pick
from cogs.ui.answers import actor, begin
from cogs.ui.money import assumed, money_of

if TYPE_CHECKING:
    from bot.client import Client

NAMES = {"displays": _("Displays (views or impressions)")}
"""So that whoever types impressions finds them."""
CHOICES = [
    app_commands.Choice(name=NAMES.get(shown, METRICS[shown].name), value=kept) for kept, shown in PROMISED.items()
]
OF = "A link, a post or a #tag that counts; all of yours when left out"
MORE = "One more link, post or #tag"


class Deal(commands.GroupCog, group_name="deal", group_description="What you promised a brand, and how it stands"):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="add", description="Keep what you promised a brand, and see how it stands")
    @app_commands.describe(
        brand="Whom you promised it to",
        promised="How many: 100000, 100,000, 100k",
        metric="Of what",
        start="The first day that counts: today, 2026-12-01",
        end="The last day that counts: 2026-12-31, in 4 weeks",
        of=OF,
        of2=MORE,
        of3=MORE,
        of4=MORE,
        of5=MORE,
        fee="What you get for it, with its currency: 400 EUR; seen by you alone",
    )
    @app_commands.choices(metric=CHOICES)
    @app_commands.autocomplete(of=pick.covered, of2=pick.covered, of3=pick.covered, of4=pick.covered, of5=pick.covered)
    async def add(
        self,
        interaction: discord.Interaction,
        brand: app_commands.Range[str, 1, MAX_BRAND],
        promised: str,
        metric: str,
        start: str,
        end: str,
        of: str | None = None,
        of2: str | None = None,
        of3: str | None = None,
        of4: str | None = None,
        of5: str | None = None,
        fee: str | None = None,
    ) -> None:
        await begin(interaction)
        who, deals = actor(interaction), self._services.deals
        selection = await pick.selection_of(interaction, (of, of2, of3, of4, of5))
        paid = None if fee is None else await money_of(interaction, fee, "fee", positive=True)
        count = parse_count(promised, "promised")
        made = await deals.add(who, brand, metric, count, start, end, selection, paid)
        text = _("/deal show tells how it stands, and so do /stats creator and your own digest.")
        text = " ".join(filter(None, (text, assumed(paid))))
        await interaction.followup.send(**ui.changed(made, _("Deal kept"), "delete", who.user_id, text), ephemeral=True)

    @app_commands.command(name="list", description="Your deals, and how each stands")
    async def list(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        who, deals = actor(interaction), self._services.deals
        own = [await deals.standing(deal) for deal in (await deals.visible(who))[: ui.MOST_LISTED]]
        answer = await ui.deal_listing(interaction, own, await deals.of_others(who))
        await interaction.followup.send(embed=answer, ephemeral=True)

    @app_commands.command(name="show", description="How a deal stands against its promise, day by day")
    @app_commands.describe(deal="Which deal")
    @app_commands.autocomplete(deal=pick.deal)
    async def show(self, interaction: discord.Interaction, deal: str) -> None:
        await begin(interaction)
        deals = self._services.deals
        found = await deals.standing(await deals.get(actor(interaction), ui.deal_id(deal)), curve=True)
        await interaction.followup.send(**await ui.shown(interaction, found), ephemeral=True)

    @app_commands.command(name="end", description="Let today be a deal's last day")
    @app_commands.describe(deal="Which deal")
    @app_commands.autocomplete(deal=pick.deal)
    async def end(self, interaction: discord.Interaction, deal: str) -> None:
        await begin(interaction)
        await interaction.followup.send(**await ui.step(interaction, "end", ui.deal_id(deal)), ephemeral=True)

    @app_commands.command(name="delete", description="Take a deal off your list; a button brings it back")
    @app_commands.describe(deal="Which deal")
    @app_commands.autocomplete(deal=pick.deal)
    async def delete(self, interaction: discord.Interaction, deal: str) -> None:
        await begin(interaction)
        await interaction.followup.send(**await ui.step(interaction, "delete", ui.deal_id(deal)), ephemeral=True)


async def setup(bot: Client) -> None:
    bot.add_dynamic_items(ui.DealButton)
    await bot.add_cog(Deal(bot.services))
