"""What an empty answer leads on to, by what the asker may do."""

from __future__ import annotations

import discord

from bot.links.access import Actor, first_link, may_add
from bot.texts import _
from cogs.ui.answers import actor, services
from storage.records import Server


async def no_links(interaction: discord.Interaction) -> str:
    """Where there are no links yet: how the asker gets one."""
    who, server = await _asker(interaction)
    if not may_add(who, server):
        return _("No links of yours here.") + " " + first_link(who, server)
    return _("No links yet. Make the first with /link add, for example:") + (
        "\n`/link add destination:https://shop.example/summer name:summer`"
    )


async def no_posts(interaction: discord.Interaction) -> str:
    """Where there are no posts yet: how the asker registers one."""
    who, server = await _asker(interaction)
    own = await services(interaction).links.page(who)
    if not own.count:
        return _("No posts yet.") + " " + first_link(who, server)
    return _("No posts yet. Register the first with /post add, for example:") + (
        f"\n`/post add link:{own.items[0].slug} permalink:https://www.instagram.com/reel/…`"
    )


async def to_a_link(interaction: discord.Interaction, who: Actor | None = None) -> str:
    """How the asker gets a link."""
    who, server = await _asker(interaction, who)
    return first_link(who, server)


async def to_numbers(interaction: discord.Interaction, creator_id: int) -> str:
    """Where nothing was counted of a creator in a period: how the asker comes by something to show."""
    who, server = await _asker(interaction)
    if (await services(interaction).links.page(who, creator_id=creator_id)).count:
        return _("Choose another period, or share a link first.")
    if creator_id != who.user_id:
        return _("They have no links here.")
    return first_link(who, server)


async def first_steps(interaction: discord.Interaction) -> str:
    """What who is new here begins with."""
    who, server = await _asker(interaction)
    if may_add(who, server):
        return _("`/link add`, then `/stats link`.")
    if (await services(interaction).links.page(who)).count:
        return _("`/link list` and `/stats link`.")
    return _("`/stats server`.") + " " + first_link(who, server)


def no_digest(who: Actor) -> str:
    """Where there is no digest yet: which the asker may start."""
    if who.manager:
        return _("There is no digest yet. /digest setup starts the server's, /digest me your own.")
    return _("You have no digest of your own. /digest me starts one.")


def no_alerts(who: Actor) -> str:
    """Where no alerts are on: which the asker may turn on."""
    if who.manager:
        return _("No alerts are on. /alerts setup turns on the server's, /alerts me yours.")
    return _("No alerts are on. /alerts me turns on yours.")


async def _asker(interaction: discord.Interaction, who: Actor | None = None) -> tuple[Actor, Server]:
    who = who or actor(interaction)
    return who, await services(interaction).servers.get(who.guild_id)
