"""Autocomplete: links, posts and zones, curated for an empty query, 25 at most."""

from __future__ import annotations

from collections.abc import Iterable

import discord
from discord import app_commands

from bot import stats
from bot.links import platforms
from bot.servers import zone_names
from bot.texts import _
from cogs.ui.answers import actor, services
from cogs.ui.format import plain
from storage.records import Link, Post

MOST = 25

PLATFORMS = [app_commands.Choice(name=name, value=key) for key, (name, _code) in platforms.PLATFORMS.items()]
KINDS = [app_commands.Choice(name=kind.capitalize(), value=kind) for kind in platforms.KINDS]

PERIODS = [app_commands.Choice(name=_("{n} days").format(n=days), value=days) for days in stats.PERIODS]

COMMON_ZONES = (
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Paris",
    "Europe/Madrid",
    "Europe/Istanbul",
    "Europe/Moscow",
    "Africa/Lagos",
    "Africa/Johannesburg",
    "Asia/Dubai",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Bangkok",
    "Asia/Shanghai",
    "Asia/Manila",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Mexico_City",
)


def _link_name(link: Link) -> str:
    return plain(f"{link.title} ({link.slug})" if link.title else link.slug)


def _matches(query: str, *texts: str) -> bool:
    return all(any(word in text.lower() for text in texts) for word in query.lower().split())


async def link(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """The asker's links (a manager's: the server's), the newest first; archived ones only when searched for."""
    who = actor(interaction)
    found = list(await services(interaction).links.visible(who))
    if current:
        found += await services(interaction).links.visible(who, archived=True)
    # A manager's own links first: they are what a manager who creates wants most.
    found.sort(key=lambda item: item.creator_id != who.user_id)
    return _choices(found, current)


async def archivable(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """Links to archive; with restore:True those that were."""
    if not interaction.namespace.restore:
        return await link(interaction, current)
    return _choices(await services(interaction).links.visible(actor(interaction), archived=True), current)


def _choices(found: Iterable[Link], current: str) -> list[app_commands.Choice[str]]:
    return [
        app_commands.Choice(name=_link_name(item), value=str(item.id))
        for item in found
        if _matches(current, item.slug, item.title, item.destination, " ".join(item.tags))
    ][:MOST]


def _post_name(post: Post, slug: str | None) -> str:
    place = f"/{slug}/{post.code}" if slug and post.code else _("no link")
    title = f" “{post.title}”" if post.title else ""
    return plain(f"{platforms.describe(post.platform, post.kind)}{title} · {place}")


async def post(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """The asker's posts, the newest first."""
    who = actor(interaction)
    slugs = {}
    for archived in (False, True):
        slugs |= {item.id: item.slug for item in await services(interaction).links.visible(who, archived=archived)}
    named = [
        (_post_name(item, slugs.get(item.link_id or 0)), item)
        for item in await services(interaction).posts.visible(who)
        if item.link_id is None or item.link_id in slugs
    ]
    return [
        app_commands.Choice(name=name, value=str(item.id))
        for name, item in named
        if _matches(current, name, item.permalink)
    ][:MOST]


async def zone(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    """IANA time zones; the common ones for an empty query."""
    query = current.strip().lower().replace(" ", "_")
    names = zone_names() if query else COMMON_ZONES
    # Names whose city begins with what was typed come first.
    found = sorted(
        (name for name in names if query in name.lower()),
        key=lambda name: (not name.lower().rsplit("/", 1)[-1].startswith(query), name) if query else (False, ""),
    )
    return [app_commands.Choice(name=name, value=name) for name in found][:MOST]
