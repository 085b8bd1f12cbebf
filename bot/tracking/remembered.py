"""What was read for redirects and is remembered for a while, and served for longer where the database is slow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

from sqlalchemy.exc import OperationalError, TimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, Lane

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """At most `size` values by key, and as many of the generation before."""

    def __init__(self, db: Database, size: int) -> None:
        self._db = db
        self._size = size
        self.fresh: dict[K, V] = {}
        """To look into first, without a coroutine."""
        self._older: dict[K, V] = {}
        self._changes = 0

    def age(self) -> None:
        """Read all again when it is asked for next; what can't be read then is served as it was."""
        self.fresh, self._older = {}, self.fresh or self._older

    def forget(self, keys: Iterable[K]) -> None:
        """These have changed."""
        self._changes += 1
        for key in keys:
            self.fresh.pop(key, None)
            self._older.pop(key, None)

    async def get(self, key: K, read: Callable[[AsyncConnection], Awaitable[V]]) -> V:
        """The value, read where it isn't fresh. Raises what the database raises where it never was read."""
        if key in self.fresh:
            return self.fresh[key]
        changes = self._changes
        try:
            async with self._db.read(Lane.EDGE) as conn:
                value = await read(conn)
        except (OperationalError, TimeoutError) as error:
            if key in self._older:
                return self._older[key]
            if isinstance(error, OperationalError):
                raise
            async with self._db.read(Lane.PAGES) as conn:
                value = await read(conn)
        if changes == self._changes:  # else a write came in between: it may be the older state
            while len(self.fresh) >= self._size:
                del self.fresh[next(iter(self.fresh))]
            self.fresh[key] = value
        return value
