"""The journal of a fetch: each page is kept before the next is asked for, so that a kill costs one page at most."""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.errors import OperatorError
from bot.imports.answers import NOTHING
from bot.imports.links import Found
from storage import histories
from storage.database import Database
from storage.records import History

MOST_PAGES = 10_000
"""Of one list: a million links, ten million visits of a link."""
MOST_IN_ALL = 500_000
"""Of one import: each is kept in the database."""

Page = list[list[Any]]
"""Rows of plain JSON values, as a service's file of this package reduces an answer to them."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What was counted of one link elsewhere."""

    quarters: dict[dt.datetime, int] = field(default_factory=dict)
    """Clicks by quarter hour of UTC, where these are known."""
    days: dict[dt.date, int] = field(default_factory=dict)
    """The same clicks by local day."""
    audience: dict[tuple[dt.date, str, str], int] = field(default_factory=dict)
    """(day, dimension, value)."""
    aside: dict[tuple[dt.date, str], int] = field(default_factory=dict)
    """(day, reason): what was no person there."""


class Progress(Protocol):
    """Tells how far a fetch is."""

    def begin(self, what: str, total: int | None) -> None:
        """A new part begins, of so many steps where that is known."""

    def advance(self, steps: int) -> None:
        """So many steps more are done."""


def pack(value: Any) -> bytes:
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def unpack(data: bytes) -> Any:
    return json.loads(zlib.decompress(data))


class Journal:
    """What was fetched for one history."""

    def __init__(self, db: Database, item: History, names: set[str]) -> None:
        self._db = db
        self.item = item
        self.names = names
        """Of the pages that are there."""
        self.resumed = bool(names)

    @classmethod
    async def open(cls, db: Database, item: History) -> Journal:
        async with db.read() as conn:
            return cls(db, item, await histories.page_names(conn, item))

    async def once(self, name: str, fetch: Callable[[], Awaitable[Any]]) -> Any:
        """The page of that name: from the journal, else fetched now and kept."""
        if name in self.names:
            async with self._db.read() as conn:
                data = await histories.page(conn, self.item, name)
            assert data is not None
            return unpack(data)
        if len(self.names) >= MOST_IN_ALL:
            raise OperatorError(f"There are more than {MOST_IN_ALL:,} pages, and no end in sight; {NOTHING}.")
        value = await fetch()
        data = pack(value)
        await self._db.write_quietly(lambda writer: histories.put_page(writer, self.item, name, data))
        self.names.add(name)
        return value


def check_pages(pages: int, service: str) -> None:
    """Raises OperatorError for more pages than a list can have."""
    if pages > MOST_PAGES:
        raise OperatorError(f"{service} has {pages:,} pages in one list; more than {MOST_PAGES:,} are not asked for.")


class Source(Protocol):
    """A service that links and their history are fetched from."""

    async def fetch(self, journal: Journal, progress: Progress) -> Sequence[Found]:
        """Bring all of it into the journal; returns the links. Raises OperatorError."""
        ...

    def pages(self, found: Found, names: set[str]) -> list[str]:
        """The names of the pages with what was counted of a link."""
        ...

    def brought(self, pages: Sequence[Page], zone: str) -> Brought:
        """What these pages say, by the days of a zone."""
        ...
