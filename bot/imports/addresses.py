"""A post's own address on its platform in an export: what it tells, and one form for all the ways to write it."""

from __future__ import annotations

import datetime as dt
import re

from bot.links.permalinks import MAX_LENGTH, read_permalink

_FOREIGN = re.compile(r"[\x00-\x20\x7f<>\"\\`]")
"""What no address that is written properly holds."""
_X_EPOCH = 1_288_834_974_657
"""Milliseconds since 1970 at which X's ids begin."""


def read(platform: str, text: str) -> tuple[str, str]:
    """The address and the id in it; nothing for what is no address on the platform: files can hold anything."""
    link = text.strip()
    if not link or len(link) > MAX_LENGTH or _FOREIGN.search(link):
        return "", ""
    link = link if "://" in link else f"https://{link}"
    told = read_permalink(link)
    return (link, told.platform_id) if told is not None and told.platform == platform else ("", "")


def key(platform: str, link: str) -> str:
    """Two addresses of one post have the same key; empty for no address of the platform's."""
    found, id_ = read(platform, link)
    if id_:
        return f"{platform}:{id_}"
    return found.partition("#")[0].partition("?")[0].partition("://")[2].rstrip("/")


def made_at(platform: str, id_: str) -> dt.datetime | None:
    """When a post was made, where the platform's ids tell: X and LinkedIn in their upper bits, TikTok too."""
    if not id_.isdecimal() or not 15 <= len(id_) <= 20:
        return None
    number = int(id_)
    match platform:
        case "x":
            milliseconds = (number >> 22) + _X_EPOCH
        case "tiktok":
            milliseconds = (number >> 32) * 1000
        case "linkedin":
            milliseconds = number >> 22
        case _:
            return None
    try:
        return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    except (OverflowError, ValueError, OSError):
        return None
