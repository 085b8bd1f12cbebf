"""Long work asked for in Discord: it waits for its turn, and the asker sees their place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
import structlog

from bot.errors import InvalidError
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui.answers import actor, embed, services

log = structlog.get_logger(__name__)


@asynccontextmanager
async def long_work(interaction: discord.Interaction) -> AsyncIterator[None]:
    """Keep the server's turn for the block, once it comes; the answer was begun before."""

    waited = False

    async def show(title: str, text: str) -> None:
        nonlocal waited
        waited = True
        try:
            await interaction.edit_original_response(embed=embed(title, text), view=None)
        except (discord.HTTPException, OSError) as error:  # to be read or not is no matter of the work
            log.info("a place in the queue could not be shown", error=repr(error))

    async def told(place: int) -> None:
        if place > 1:
            text = _("Other long work comes first: you are number {n} in the queue.").format(n=fmt.number(place))
        else:
            text = _("Other long work comes first: you are next.")
        await show(_("Waiting …"), text)

    async with services(interaction).turns.turn(actor(interaction).guild_id, told):
        if waited:
            await show(_("Working …"), _("Your turn has come."))
        yield


async def content_of(file: discord.Attachment) -> bytes:
    """What is in an attached file. Asked for when its turn has come, so that files that wait take no memory."""
    try:
        return await file.read()
    except discord.HTTPException:
        raise InvalidError(_("file: Discord does not hand it out; attach it again.")) from None
