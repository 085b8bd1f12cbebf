"""The card that Discord draws for a link to a profile page, as it reads it from the page. Pure.

https://docs.discord.com/developers/link-previews/component-embeds
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from bot.inputs.text import fit_line

MOST_BYTES = 3000
MOST_LINKS = 5
"""Buttons in one row."""
_LABEL = 40
_CONTAINER, _ROW, _BUTTON, _SECTION, _TEXT, _THUMBNAIL = 17, 1, 2, 9, 10, 11
_LINK = 5


def payload(
    *, name: str, handle: str, line: str, url: str, accent: str, avatar: str, links: Sequence[tuple[str, str]]
) -> str:
    """JSON for the page's head, at most `MOST_BYTES` and safe within a script element; `links` are (label, address).

    Where it would be too long the last links stay out, then the line about the creator.
    """
    links = links[:MOST_LINKS]
    while True:
        text = _json(name, handle, line, url, accent, avatar, links)
        if len(text.encode()) <= MOST_BYTES:
            return text
        if links:
            links = links[:-1]
        else:
            line, name = "", name[: len(name) // 2]


def _json(
    name: str, handle: str, line: str, url: str, accent: str, avatar: str, links: Sequence[tuple[str, str]]
) -> str:
    said: dict[str, Any] = {"type": _TEXT, "content": f"## [{_plain(name)}]({url})\n@{_plain(handle)}"}
    if line:
        said["content"] += f"\n{_plain(line)}"
    beside = {"type": _THUMBNAIL, "media": {"url": avatar}, "description": name[:100]}
    parts: list[dict[str, Any]] = [{"type": _SECTION, "components": [said], "accessory": beside} if avatar else said]
    if links:
        buttons = [
            {"type": _BUTTON, "style": _LINK, "label": fit_line(label, _LABEL), "url": to} for label, to in links
        ]
        parts.append({"type": _ROW, "components": buttons})
    card = {"type": _CONTAINER, "accent_color": int(accent[1:], 16), "components": parts}
    text = json.dumps({"component": card}, ensure_ascii=False, separators=(",", ":"))
    # A script element ends at "</", whatever stands around it; JSON knows these escapes.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _plain(text: str) -> str:
    """Text with no Markdown, mention or link left alive."""
    return re.sub(r"([\\*_~`|<>\[\]()#:@-])", r"\\\1", text)
