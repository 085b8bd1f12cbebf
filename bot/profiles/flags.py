"""Flags on public pages: anybody may give one, the server's managers are told, and nothing is kept of who it was."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.texts import _
from storage import addresses, profiles
from storage.database import Database, Lane
from storage.ids import Ids
from storage.records import Address, Flag, State

REASONS: Mapping[str, str] = {
    "scam": _("It deceives people"),
    "harm": _("It is hateful or harmful"),
    "copy": _("It pretends to be somebody else"),
    "other": _("Something else"),
}
A_DAY = dt.timedelta(days=1)
MOST_A_DAY = 20
"""Flags kept of one address a day: more say nothing new."""
KEPT = dt.timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Flagged:
    """An address with flags that its server's managers don't know of yet."""

    guild_id: int
    address: str
    creator_id: int
    reasons: Mapping[str, int]
    ids: tuple[int, ...]


class Flags:
    """Takes flags, and hands out those that are to be told."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    async def add(self, address: str, reason: str) -> None:
        """Keep a flag on a public address; what is unknown, and what is too much, is passed over in silence.

        Nothing is written for those: whoever sends many shall keep nobody busy.
        """
        now = self._clock.now()
        if reason not in REASONS:
            reason = "other"

        async def flaggable(conn: AsyncConnection) -> Address | None:
            flagged = await addresses.get(conn, address.lower())
            if flagged is None or flagged.state is State.DELETED:
                return None
            lately = await profiles.flags_of(conn, flagged.guild_id, flagged.address, now - A_DAY)
            return flagged if len(lately) < MOST_A_DAY else None

        async def work(conn: AsyncConnection) -> None:
            if flagged := await flaggable(conn):
                await profiles.add_flag(conn, Flag(flagged.guild_id, self._ids.new(), flagged.address, reason, now))

        async with self._db.read(Lane.EDGE) as conn:
            is_flaggable = await flaggable(conn) is not None
        if is_flaggable:
            await self._db.write(work)

    async def untold(self) -> list[Flagged]:
        """What is to be told now: each address at most once a day."""
        now = self._clock.now()
        found: dict[tuple[int, str], list[Flag]] = {}
        told: list[Flagged] = []
        async with self._db.read() as conn:
            for flag in await profiles.untold_flags(conn):
                found.setdefault((flag.guild_id, flag.address), []).append(flag)
            for (guild_id, name), new in found.items():
                lately = await profiles.flags_of(conn, guild_id, name, now - 2 * A_DAY)
                if any(flag.told_at is not None and flag.told_at > now - A_DAY for flag in lately):
                    continue
                address = await addresses.get(conn, name)
                if address is not None:
                    reasons = Counter(flag.reason for flag in new)
                    ids = tuple(flag.id for flag in new)
                    told.append(Flagged(guild_id, name, address.creator_id, reasons, ids))
        return told

    async def set_told(self, flagged: Flagged) -> None:
        now = self._clock.now()
        await self._db.write(lambda conn: profiles.set_told(conn, flagged.guild_id, flagged.ids, now))
