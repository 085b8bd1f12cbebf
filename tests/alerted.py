"""What tests of alerts do again and again: let people click, let time tick, read what was told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import count
from typing import Any

import discord
import simcord

from storage import alerts, hits, links
from storage.records import BARE, SERVER_TARGET, Alert, Hit, Kind, Link
from storage.seen import Seen
from tests.conftest import World

_ids = count(1)


async def look(world: World) -> int:
    return await world.app.services.alerts.look()


async def tell(world: World) -> int:
    return await world.app.telling.tick(world.app.port(world.client))


async def tick(world: World) -> int:
    await look(world)
    return await tell(world)


async def link_named(world: World, slug: str) -> Link:
    async with world.app.db.read() as conn:
        (found,) = [link for link in await links.find(conn, world.guild.id) if link.slug == slug]
    return found


async def clicked(
    world: World, link: Link, n: int, days_ago: int = 0, kind: Kind = Kind.CLICK, guild_id: int | None = None
) -> None:
    """So many people came, so many days ago at this time of day."""
    at = world.clock.now() - dt.timedelta(days=days_ago)
    batch = [
        Hit(guild_id or link.guild_id, next(_ids), link.id, BARE, kind, at, at.date(), device="phone")
        for _n in range(n)
    ]
    await world.app.db.write(lambda conn: conn.run_sync(hits.record, batch, Seen()))


async def set_up(world: World, **options: Any) -> Any:
    return await world.admin.slash(world.channel, "alerts setup", channel=world.channel, **options)


def posted(world: World) -> list[discord.Message]:
    return [m for m in world.channel.history(viewer=world.sam) if is_alert(m)]


def sent_to(member: simcord.MemberActor) -> list[discord.Message]:
    return [m for m in member.user.dm_channel.history() if is_alert(m)]


def is_alert(message: discord.Message) -> bool:
    return any(
        (getattr(child, "custom_id", "") or "").startswith("alert:why")
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for child in row.children
    )


def said(messages: Sequence[discord.Message]) -> str:
    return "\n".join(f"{m.embeds[0].title}\n{m.embeds[0].description}" for m in messages)


async def noted(world: World, user_id: int = SERVER_TARGET) -> list[Alert]:
    async with world.app.db.read() as conn:
        return await alerts.latest(conn, world.guild.id, user_id, 50)
