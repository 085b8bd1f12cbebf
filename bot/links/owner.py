"""Test addresses: a creator follows their own link through one, and it is not counted. No cookie is needed."""

from __future__ import annotations

import hashlib
import hmac

from storage import meta
from storage.database import Database

_KEY = "owner_key"


class OwnerTokens:
    """Signs a link's test address with a key of this installation, so that nobody else can make one up."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._key: bytes | None = None

    async def of(self, guild_id: int, link_id: int) -> str:
        """The token of a link; it holds for the link's posts too."""
        if self._key is None:
            self._key = await self._db.write(lambda conn: meta.secret(conn, _KEY))
        text = f"{guild_id}:{link_id}".encode()
        return hashlib.blake2b(text, key=self._key, digest_size=8).hexdigest()

    async def fits(self, guild_id: int, link_id: int, token: str) -> bool:
        return hmac.compare_digest(token.encode(), (await self.of(guild_id, link_id)).encode())
