"""A server's settings: what holds before `/setup`, and what changing them means."""

from __future__ import annotations

import dataclasses
from functools import cache
from zoneinfo import available_timezones

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import InvalidError
from bot.inputs.text import shorten
from bot.insights.periods import is_zone
from bot.links.access import Actor, require_manager
from bot.texts import _
from storage import regroup, servers
from storage.database import Database
from storage.records import Server

AREAS = frozenset(
    ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
)


def parse_zone(text: str) -> str:
    """The IANA name; raises InvalidError for a zone that does not exist."""
    name = text.strip()
    if not is_zone(name):
        raise InvalidError(
            _("There is no time zone “{value}”. Choose one from the list, such as Europe/Berlin or UTC.").format(
                value=shorten(text)
            )
        )
    return name


@cache
def zone_names() -> tuple[str, ...]:
    """Every IANA zone that people would look for: places and UTC, without aliases such as Etc/GMT+5."""
    return tuple(sorted(name for name in available_timezones() if name == "UTC" or _is_place(name)))


def _is_place(name: str) -> bool:
    area, slash, _city = name.partition("/")
    return bool(slash) and area in AREAS


class Servers:
    """Reads and changes the settings of servers."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, guild_id: int) -> Server:
        async with self._db.read() as conn:
            return await servers.get(conn, guild_id)

    async def change(self, actor: Actor, **changes: object) -> Server:
        """Change what is named and keep the rest. A new time zone regroups all earlier counts into its days."""
        require_manager(actor)
        if isinstance(zone := changes.get("timezone"), str):
            changes["timezone"] = parse_zone(zone)

        async def work(conn: AsyncConnection) -> Server:
            old = await servers.get(conn, actor.guild_id)
            new = dataclasses.replace(old, **changes, is_set_up=True)  # type: ignore[arg-type]
            await servers.put(conn, new)
            if new.timezone != old.timezone:
                await conn.run_sync(regroup.begin, new.guild_id)
            return new

        changed = await self._db.write(work)
        await self.regroup(actor.guild_id)
        return changed

    async def regroup(self, guild_id: int) -> None:
        """Give the server's earlier counts the days of its zone, where a change of that is not done yet."""
        while await self._db.write_quietly(lambda writer: regroup.step(writer, guild_id)):
            pass
