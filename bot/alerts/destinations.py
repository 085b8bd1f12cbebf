"""The round that asks destinations, each once a day, in the servers that want to hear of dead ones."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import defaultdict

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.alerts import rules
from bot.alerts.asking import Asker
from bot.clock import Clock
from storage import alerts, destinations
from storage.database import Database
from storage.records import AlertKind, DestinationCheck

EVERY = dt.timedelta(hours=24)
MOST_A_ROUND = 40
"""Links of one server: with a round every five minutes, more than any server may have come up within a day."""

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
        for guild_id in sorted({target.guild_id for target in wanted if AlertKind.DEAD in target.kinds}):
            try:
                asked += await self._server(guild_id)
            except Exception:
                log.exception("destinations not asked", guild_id=guild_id)
        return asked

    async def _server(self, guild_id: int) -> int:
        now = self._clock.now()
        async with self._db.read() as conn:
            due = await destinations.due(conn, guild_id, now - EVERY, now, MOST_A_ROUND)
        # Links that lead to one page are one question.
        by_page: dict[str, list[tuple[int, DestinationCheck | None]]] = defaultdict(list)
        for link_id, destination, before in due:
            by_page[destination].append((link_id, before))
        await asyncio.gather(*(self._ask(guild_id, *one) for one in by_page.items()))
        return len(due)

    async def _ask(self, guild_id: int, page: str, asking: list[tuple[int, DestinationCheck | None]]) -> None:
        answer, said = await self._asker.ask(page)
        now = self._clock.now()

        async def work(conn: AsyncConnection) -> None:
            for link_id, before in asking:
                await destinations.put(conn, rules.checked(guild_id, link_id, page, before, answer, said, now))

        await self._db.write(work)
