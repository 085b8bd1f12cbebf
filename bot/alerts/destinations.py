"""The round that asks destinations, each once a day, in the servers that want to hear of dead ones."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

import structlog

from bot.alerts import rules
from bot.alerts.asking import Asker
from bot.clock import Clock
from storage import alerts, destinations, prepared
from storage.database import Database
from storage.prepared import Reader
from storage.records import AlertKind, DestinationCheck

EVERY = dt.timedelta(hours=24)
MOST_A_ROUND = 40
"""Links of one server: with a round every five minutes, more than any server may have come up within a day."""

LOOKED_AT = 200
"""Servers that are looked at in one trip to the database."""

Due = tuple[int, str, DestinationCheck | None]
"""A link, where it leads, and what that answered last."""

log = structlog.get_logger(__name__)


class Destinations:
    """Keeps what destinations answered."""

    def __init__(self, db: Database, clock: Clock, asker: Asker) -> None:
        self._db = db
        self._clock = clock
        self._asker = asker

    async def round(self) -> int:
        """Ask what is due; returns how many links were. One server's failure never stops the others."""
        async with self._db.read() as conn:
            wanted = await alerts.active_targets(conn)
        asked = 0
        guild_ids = sorted({target.guild_id for target in wanted if AlertKind.DEAD in target.kinds})
        for at in range(0, len(guild_ids), LOOKED_AT):
            for guild_id, due in await self._due(guild_ids[at : at + LOOKED_AT]):
                try:
                    await self._server(guild_id, due)
                except Exception:
                    log.exception("destinations not asked", guild_id=guild_id)
                else:
                    asked += len(due)
        return asked

    async def _due(self, guild_ids: Sequence[int]) -> list[tuple[int, Sequence[Due]]]:
        """What is due of some servers, in one trip to the database; of those alone where something is."""
        now = self._clock.now()

        def work(reader: Reader) -> list[tuple[int, Sequence[Due]]]:
            found: list[tuple[int, Sequence[Due]]] = []
            for guild_id in guild_ids:
                try:
                    if due := destinations.due(reader, guild_id, now - EVERY, now, MOST_A_ROUND):
                        found.append((guild_id, due))
                except Exception:
                    log.exception("destinations not asked", guild_id=guild_id)
            return found

        async with self._db.read() as conn:
            return await prepared.read(conn, work)

    async def _server(self, guild_id: int, due: Sequence[Due]) -> None:
        # Links that lead to one page are one question.
        by_page: dict[str, list[tuple[int, DestinationCheck | None]]] = defaultdict(list)
        for link_id, destination, before in due:
            by_page[destination].append((link_id, before))
        parts = await asyncio.gather(*(self._ask(guild_id, *one) for one in by_page.items()))
        checks = [check for part in parts for check in part]
        await self._db.write_quietly(lambda writer: destinations.put(writer, checks))

    async def _ask(
        self, guild_id: int, page: str, asking: list[tuple[int, DestinationCheck | None]]
    ) -> list[DestinationCheck]:
        answer, said = await self._asker.ask(page)
        now = self._clock.now()
        return [rules.checked(guild_id, link_id, page, before, answer, said, now) for link_id, before in asking]
