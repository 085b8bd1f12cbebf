"""Amounts as they are typed into a command, with the asker's last currency where none is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import discord

from bot.inputs.money import Money, names_currency, parse_money
from bot.texts import _
from cogs.ui.answers import actor, services


async def money_of(interaction: discord.Interaction, text: str, field: str, *, positive: bool = False) -> Money:
    """The amount that was typed. Raises InvalidError."""
    known = "" if names_currency(text) else await services(interaction).reports.currency(actor(interaction))
    return parse_money(text, field, known, positive=positive)


async def amounts_of(
    interaction: discord.Interaction, typed: Mapping[str, str | None], beside: str = "", *, positive: bool = False
) -> dict[str, Money]:
    """The amounts typed into one command, by field; InvalidError for what is none.

    One that names no currency is in that of another which does, else in that of the amount they stand `beside`, else in
    the asker's last.
    """
    given = {field: text for field, text in typed.items() if text is not None}
    found: dict[str, Money] = {}
    for field in sorted(given, key=lambda field: not names_currency(given[field])):  # those that name one come first
        text = given[field]
        if beside and not names_currency(text):
            found[field] = replace(parse_money(text, field, beside, positive=positive), assumed=False)
            continue
        found[field] = await money_of(interaction, text, field, positive=positive)
        beside = found[field].currency if not found[field].assumed else beside
    return found


def assumed(*amounts: Money | None) -> str:
    """Which currency was taken, where one was not typed; empty where all were."""
    taken = next((amount for amount in amounts if amount is not None and amount.assumed), None)
    if taken is None:
        return ""
    return _("Taken as {currency}, the currency you used last.").format(currency=taken.currency)
