"""`/brand`: the frozen one-pager that a creator shows a sponsor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import InvalidError
from bot.inputs.money import Money
from bot.insights.periods import Named
from bot.reports.service import DAYS, MAX_BRAND, MAX_NOTE, MOST_DAYS, NothingToReportError
from bot.services import Services
from bot.texts import _
from cogs.ui import brand as ui
from cogs.ui import pick, ways
from cogs.ui.answers import actor, begin
from cogs.ui.money import amounts_of, assumed
from cogs.ui.turns import long_work

if TYPE_CHECKING:
    from bot.client import Client

OF = "A link, a post or a #tag; all of yours when left out"
MORE = "One more link, post or #tag"


class Brand(commands.GroupCog, group_name="brand", group_description="The report that you show a sponsor"):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="report", description="Freeze your numbers on one page for a sponsor: page, PDF, CSV")
    @app_commands.describe(
        of=OF,
        of2=MORE,
        of3=MORE,
        of4=MORE,
        of5=MORE,
        period=pick.PERIOD,
        brand="Whom it is for",
        cpm="Your price for 1,000 displays, with its currency: 12.50 EUR, $12",
        fee="What was paid for all of it, with its currency: 400 EUR",
        note="A sentence or two to stand at the top",
        deal="Over a deal's days and links, with its promise; leave out period and of",
        days="For how many days its address works; 30 when left out",
        creator="Whose; managers may make one for a creator, without money",
    )
    @app_commands.autocomplete(
        of=pick.covered,
        of2=pick.covered,
        of3=pick.covered,
        of4=pick.covered,
        of5=pick.covered,
        period=pick.period,
        deal=pick.deal,
    )
    async def report(
        self,
        interaction: discord.Interaction,
        of: str | None = None,
        of2: str | None = None,
        of3: str | None = None,
        of4: str | None = None,
        of5: str | None = None,
        period: str | None = None,
        brand: app_commands.Range[str, 0, MAX_BRAND] | None = None,
        cpm: str | None = None,
        fee: str | None = None,
        note: app_commands.Range[str, 0, MAX_NOTE] = "",
        deal: str | None = None,
        days: app_commands.Range[int, 1, MOST_DAYS] = DAYS,
        creator: discord.User | None = None,
    ) -> None:
        await begin(interaction)
        who, whose = actor(interaction), creator or interaction.user
        covered, found, kept = (of, of2, of3, of4, of5), None, ""
        if deal is not None:
            if period is not None or any(covered) or creator is not None:
                raise InvalidError(_("deal: it has its own days and links; leave out period, of and creator."))
            found = await self._services.deals.get(who, ui.deal_id(deal))
            kept = found.currency if found.fee and fee is None else ""
        paid = await amounts_of(interaction, {"cpm": cpm, "fee": fee}, kept, positive=True)
        said = {"note": note, "days": days} | _money(paid, kept) | ({} if brand is None else {"brand": brand})
        if found is not None:
            async with long_work(interaction):
                answer = await ui.report_of(interaction, found, **said)
            await interaction.followup.send(assumed(*paid.values()), **answer, ephemeral=True)
            return
        choice = await self._services.stats.choice(who, period or Named.DAYS_28.value)
        selection = await pick.selection_of(interaction, covered)
        wish = await ui.wish(interaction, whose, **said)
        try:
            async with long_work(interaction):
                made = await self._services.reports.make(who, choice, selection, wish)
        except NothingToReportError as error:
            raise InvalidError(f"{error} {await ways.to_numbers(interaction, whose.id)}") from None
        answer = await ui.made(interaction, made)
        await interaction.followup.send(assumed(*paid.values()), **answer, ephemeral=True)

    @app_commands.command(name="list", description="Your brand reports: addresses, and how often they were opened")
    async def list(self, interaction: discord.Interaction) -> None:
        await begin(interaction)
        who, reports = actor(interaction), self._services.reports
        answer = await ui.listing(interaction, await reports.visible(who), await reports.of_others(who))
        await interaction.followup.send(embed=answer, ephemeral=True)

    @app_commands.command(name="revoke", description="Take a brand report's address back for good")
    @app_commands.describe(report="Which report")
    @app_commands.autocomplete(report=pick.report)
    async def revoke(self, interaction: discord.Interaction, report: str) -> None:
        await begin(interaction)
        who = actor(interaction)
        found = await self._services.reports.revocable(who, ui.report_id(report))
        await interaction.followup.send(**ui.revoke_question(found, who.user_id), ephemeral=True)

    @app_commands.command(name="renew", description="Let a report be seen for longer; one revoked gets a new address")
    @app_commands.describe(report="Which report", days="For how many days from now; 30 when left out")
    @app_commands.autocomplete(report=pick.report)
    async def renew(
        self, interaction: discord.Interaction, report: str, days: app_commands.Range[int, 1, MOST_DAYS] = DAYS
    ) -> None:
        await begin(interaction)
        who = actor(interaction)
        found = await self._services.reports.renew(who, ui.report_id(report), days)
        await interaction.followup.send(**ui.renewed(found, who.user_id), ephemeral=True)


def _money(paid: Mapping[str, Money], kept: str) -> dict[str, object]:
    """The amounts that were typed, in one currency: that of the deal's fee where one is `kept`. Raises InvalidError."""
    currencies = {money.currency for money in paid.values()}
    if len(currencies) > 1:
        raise InvalidError(_("fee: give it in the currency of cpm, so that the two can stand beside each other."))
    if kept and currencies - {kept}:
        raise InvalidError(
            _("cpm: the deal's fee is kept in {currency}; give cpm in that, or fee too.").format(currency=kept)
        )
    found: dict[str, object] = {field: money.amount for field, money in paid.items()}
    return found | {"currency": currencies.pop()} if currencies else found


async def setup(bot: Client) -> None:
    bot.add_dynamic_items(ui.ReportButton)
    await bot.add_cog(Brand(bot.services))
