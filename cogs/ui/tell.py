"""A direct message to whom a manager's command concerns; where none reaches them, the answer says so."""

from __future__ import annotations

from collections.abc import Iterable

import discord
import structlog

from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui import people

log = structlog.get_logger(__name__)


async def tell(interaction: discord.Interaction, user_ids: Iterable[int], said: discord.Embed) -> str:
    """Write to each but the asker. Gives the line that says who was told, and who could not be."""
    told, untold = [], []
    for user_id in dict.fromkeys(user_ids):
        if user_id != interaction.user.id:
            name = fmt.escape(await people.name_of(interaction, user_id))
            (told if await _send(interaction.client, user_id, said) else untold).append(name)
    lines = []
    if told:
        lines.append(_("Told by direct message: {names}.").format(names=", ".join(told)))
    if untold:
        lines.append(
            _("Could not be told, since no direct message reaches them: {names}. Tell them yourself.").format(
                names=", ".join(untold)
            )
        )
    return "\n".join(lines)


async def _send(client: discord.Client, user_id: int, said: discord.Embed) -> bool:
    try:
        user = client.get_user(user_id) or await client.fetch_user(user_id)
        await user.send(embed=said)
    except discord.HTTPException as error:
        log.info("a direct message was refused", user=user_id, status=error.status, code=error.code)
        return False
    return True
