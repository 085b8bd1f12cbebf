"""An address as a QR code in a message."""

from __future__ import annotations

import asyncio
from typing import Any

from bot import qr
from bot.texts import _
from cogs.ui import format as fmt
from cogs.ui.answers import embed
from cogs.ui.limits import picture


async def code(url: str, name: str, title: str) -> dict[str, Any]:
    """The keywords of a message with an address as a QR code."""
    said = embed(_("QR code: {name}").format(name=fmt.escape(title)), fmt.copyable(url))
    said.set_image(url=f"attachment://{name}.png")
    alt = _("A QR code that leads to {url}").format(url=url)
    return {
        "embed": said,
        "files": [
            picture(await asyncio.to_thread(qr.png, url), f"{name}.png", alt),
            picture(await asyncio.to_thread(qr.svg, url), f"{name}.svg", alt),
        ],
    }
