"""A post's own address on its platform in an export: what it tells, and one form for all the ways to write it."""

from __future__ import annotations

import re

from bot.imports.values import Report
from bot.links.permalinks import MAX_LENGTH, read_permalink

_FOREIGN = re.compile(r"[\x00-\x20\x7f<>\"\\`]")
"""What no address that is written properly holds."""


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


def name_of(platform: str, report: Report) -> str:
    """What a report's post is told by among those of its file."""
    return report.platform_id or key(platform, report.permalink) or f"line {report.line}"
