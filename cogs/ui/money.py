"""Amounts as they are typed into a command, with the asker's last currency where none is named."""

from __future__ import annotations

import discord

from bot.inputs.money import Money, names_currency, parse_money
from bot.texts import _
from cogs.ui.answers import actor, services


async def money_of(interaction: discord.Interaction, text: str, field: str, *, positive: bool = False) -> Money:
    """The amount that was typed. Raises InvalidError."""
    known = "" if names_currency(text) else await services(interaction).reports.currency(actor(interaction))
    return parse_money(text, field, known, positive=positive)


def assumed(*amounts: Money | None) -> str:
    """Which currency was taken, where one was not typed; empty where all were."""
    taken = next((amount for amount in amounts if amount is not None and amount.assumed), None)
    if taken is None:
        return ""
    return _("Taken as {currency}, the currency you used last.").format(currency=taken.currency)
