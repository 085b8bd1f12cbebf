"""An address as a QR code in a message."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import discord

from bot import qr
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui.answers import embed


async def code(url: str, name: str, title: str) -> dict[str, Any]:
    """The keywords of a message with an address as a QR code."""
    said = embed(_("QR code: {name}").format(name=fmt.escape(title)), fmt.copyable(url))
    said.set_image(url=f"attachment://{name}.png")
    alt = _("A QR code that leads to {url}").format(url=url)
    return {
        "embed": said,
        "files": [
            discord.File(io.BytesIO(await asyncio.to_thread(qr.png, url)), f"{name}.png", description=alt),
            discord.File(io.BytesIO(await asyncio.to_thread(qr.svg, url)), f"{name}.svg", description=alt),
        ],
    }
