"""Has whom a manager's command concerns told by direct message; where none reaches them yet, the answer says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import discord

from bot.delivery.notices import KEPT
from bot.texts import _, ngettext
from cogs.ui import people
from cogs.ui.answers import actor, services
from storage.records import NoticeKind


async def will_tell(interaction: discord.Interaction, user_ids: Iterable[int]) -> str:
    """What a question says of whom `tell` will write to, ready to be followed by more; empty where that is nobody."""
    names = await people.names_of(interaction, others := _others(interaction, user_ids))
    if not others:
        return ""
    text = ngettext("{names} is told by direct message.", "{names} are told by direct message.", len(others))
    return text.format(names=_(" and ").join(names[user_id] for user_id in others)) + " "


async def tell(
    interaction: discord.Interaction, user_ids: Iterable[int], kind: NoticeKind, facts: Mapping[str, Any]
) -> str:
    """Write to each but the asker. Gives the line that says who was told, and who is not yet."""
    others = _others(interaction, user_ids)
    told = await services(interaction).notices.tell(actor(interaction).guild_id, others, kind, facts)
    names = await people.names_of(interaction, others)
    lines = []
    if reached := [names[user_id] for user_id in others if user_id in told]:
        lines.append(_("Told by direct message: {names}.").format(names=", ".join(reached)))
    if untold := [names[user_id] for user_id in others if user_id not in told]:
        lines.append(
            _(
                "Not told yet, since no direct message reaches them: {names}. It is tried again for {n} days; tell "
                "them yourself meanwhile."
            ).format(names=", ".join(untold), n=KEPT.days)
        )
    return "\n".join(lines)


def _others(interaction: discord.Interaction, user_ids: Iterable[int]) -> list[int]:
    """All of them but the asker, each once."""
    return [user_id for user_id in dict.fromkeys(user_ids) if user_id != interaction.user.id]
