"""Tells visitors apart for one day without cookies and without keeping who they are."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import secrets
from collections.abc import Callable, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.tracking.hits import RequestFacts
from storage import hits
from storage.database import Database
from storage.records import Salt

KEPT = dt.timedelta(hours=48)
"""How long salts, and with them the way from a visitor to a hash, exist."""

SALT_BYTES = 16
CACHED_SALTS = 1024


def visitor_hash(salt: bytes, user_agent: str, client: str, host: str) -> int:
    """Keyed BLAKE2b over user agent, client address and host, cut to 63 bits so that every engine's integer holds it.

    The recipe is Plausible's; without the day's salt it leads nowhere.
    """
    text = "\0".join((user_agent, client, host)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8, key=salt).digest(), "big") >> 1


def opted_out(headers: Mapping[str, str]) -> bool:
    """Whether the visitor asked not to be followed (DNT or Global Privacy Control); header names are lower-case."""
    return headers.get("dnt") == "1" or headers.get("sec-gpc") == "1"


class Visitors:
    """Hashes visitors with the salt of their server and local day, which a restart keeps.

    A new salt is handed to `keep`, which puts it on disk together with the first hits that were hashed with it: nobody
    waits for that, and neither is there without the other.
    """

    def __init__(self, db: Database, clock: Clock, keep: Callable[[Salt], None]) -> None:
        self._db = db
        self._clock = clock
        self._keep = keep
        self._salts: dict[tuple[int, dt.date], bytes] = {}
        self._lock = asyncio.Lock()

    async def visitor(self, guild_id: int, day: dt.date, facts: RequestFacts, client: str, host: str) -> int | None:
        """Who this is on the server's local day; None for one who opted out."""
        if opted_out(facts.headers):
            return None
        salt = self._salts.get((guild_id, day)) or await self._salt(guild_id, day)
        return visitor_hash(salt, facts.user_agent, client, host)

    async def forget(self, now: dt.datetime) -> None:
        """Housekeeping: delete the salts, and the visitors seen, that are older than `KEPT`."""

        async def work(conn: AsyncConnection) -> None:
            await hits.forget_visitors(conn, now - KEPT)

        await self._db.write(work)
        await self._db.clear_log()
        self._salts.clear()

    async def _salt(self, guild_id: int, day: dt.date) -> bytes:
        key = (guild_id, day)
        async with self._lock:  # the first visitors of a day come at once, and one salt is enough for them
            if key not in self._salts:
                async with self._db.read() as conn:
                    value = await hits.salt(conn, guild_id, day)
                if value is None:
                    value = secrets.token_bytes(SALT_BYTES)
                    self._keep(Salt(guild_id, day, value, self._clock.now()))
                while len(self._salts) >= CACHED_SALTS:
                    del self._salts[next(iter(self._salts))]
                self._salts[key] = value
            return self._salts[key]
