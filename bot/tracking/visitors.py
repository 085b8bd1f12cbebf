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
from storage.database import Database, Lane
from storage.records import Salt

KEPT = dt.timedelta(hours=48)
"""How long salts, and with them the way from a visitor to a hash, exist."""

SALT_BYTES = 16
CACHED_SALTS = 1024


def keyed(salt: bytes) -> hashlib.blake2b:
    """The beginning of each hash of a day."""
    return hashlib.blake2b(digest_size=8, key=salt)


def visitor_hash(begun: hashlib.blake2b, user_agent: str, network: str, host: str) -> int:
    """BLAKE2b, `keyed` with the day's salt, over user agent, network and host; cut to 63 bits, as engines have.

    The recipe is Plausible's, with an IPv6 address's /64 for its whole; without the day's salt it leads nowhere.
    """
    text = "\0".join((user_agent, network, host)).encode("utf-8", "surrogatepass")
    hasher = begun.copy()
    hasher.update(text)
    return int.from_bytes(hasher.digest(), "big") >> 1


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
        self._begun: dict[tuple[int, dt.date], hashlib.blake2b] = {}
        self._lock = asyncio.Lock()

    async def visitor(self, guild_id: int, day: dt.date, facts: RequestFacts, network: str, host: str) -> int | None:
        """Who this is on the server's local day; None for one who opted out."""
        if opted_out(facts.headers):
            return None
        begun = self._begun.get((guild_id, day)) or await self._begin(guild_id, day)
        return visitor_hash(begun, facts.user_agent, network, host)

    async def forget(self, now: dt.datetime) -> None:
        """Housekeeping: delete the salts, and the visitors seen, that are older than `KEPT`."""

        async def work(conn: AsyncConnection) -> None:
            await hits.forget_visitors(conn, now - KEPT)

        await self._db.write(work)
        await self._db.clear_log()
        self._begun.clear()

    async def _begin(self, guild_id: int, day: dt.date) -> hashlib.blake2b:
        key = (guild_id, day)
        async with self._lock:  # the first visitors of a day come at once, and one salt is enough for them
            if key not in self._begun:
                async with self._db.read(Lane.PAGES) as conn:
                    value = await hits.salt(conn, guild_id, day)
                if value is None:
                    value = secrets.token_bytes(SALT_BYTES)
                    self._keep(Salt(guild_id, day, value, self._clock.now()))
                while len(self._begun) >= CACHED_SALTS:
                    del self._begun[next(iter(self._begun))]
                self._begun[key] = keyed(value)
            return self._begun[key]
