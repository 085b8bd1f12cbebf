"""Who has clicked which link on which day: what makes a click the unique one.

A visitor's hash is random: each one lands on a page of its own of the table on disk, and to write that page would cost
more than all the rest of a hit. So the latest ones are kept in memory and merged in order of their keys. Nothing is
lost by that: the event on disk says that it was the unique one, and `catch_up` reads it again after a crash.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from itertools import groupby

import sqlalchemy as sa

from storage import meta, upsert
from storage.ids import floor
from storage.schema import hits, hits_quarter, visitors_seen

MERGED_AT = 8_000
"""Visitors in memory that are worth a merge."""
CATCH_UP_ROWS = 1_000
MARGIN = dt.timedelta(hours=1)
"""No hit waits longer than this to be written."""

_MERGED = "visitors_merged"

Visitor = tuple[int, int, dt.date, int]
"""guild_id, link_id, day, salted hash."""


class Seen:
    """The visitors seen, on disk and in memory together; used by one writer alone."""

    def __init__(self) -> None:
        self._latest: set[Visitor] = set()
        self._merging: list[Visitor] = []
        """Those under way to disk: sorted, the next ones last."""

    def __len__(self) -> int:
        """How many are in memory alone."""
        return len(self._latest)

    def new(self, conn: sa.Connection, clicks: Mapping[Visitor, int]) -> dict[Visitor, int]:
        """Those of the clicks, given with their events' ids, whose visitors were not seen before."""
        unknown = sorted(visitor for visitor in clicks if visitor not in self._latest)
        new: dict[Visitor, int] = {}
        for prefix, group in groupby(unknown, lambda visitor: visitor[:3]):
            hashes = [visitor[3] for visitor in group]
            old = upsert.existing(conn, visitors_seen, prefix, hashes)
            new |= {(*prefix, value): clicks[*prefix, value] for value in hashes if value not in old}
        return new

    def add(self, visitors: Iterable[Visitor]) -> None:
        """Remember visitors whose events are on disk."""
        self._latest.update(visitors)

    def part(self, size: int, *, all_of_them: bool = False) -> list[Visitor]:
        """Up to `size` visitors to hand to `merge` next: once `MERGED_AT` are in memory, or if all are wanted."""
        if not self._merging and (all_of_them or len(self._latest) >= MERGED_AT):
            self._merging = sorted(self._latest, reverse=True)
        return self._merging[-size:] if self._merging else []

    def merge(self, conn: sa.Connection, part: list[Visitor], now: dt.datetime) -> None:
        """Write a part to disk; hand it to `forget` once the transaction stands."""
        upsert.insert_missing(conn, visitors_seen, part[::-1])
        if part and len(part) == len(self._merging):
            set_merged(conn, now)

    def forget(self, part: list[Visitor]) -> None:
        """What `part` gave and `merge` wrote is no longer in memory."""
        del self._merging[len(self._merging) - len(part) :]
        self._latest.difference_update(part)


def set_merged(conn: sa.Connection, at: dt.datetime) -> None:
    """Note that all visitors of events recorded before `at` are merged."""
    meta.write(conn, _MERGED, str(floor(at - MARGIN)))


def catch_up(conn: sa.Connection) -> None:
    """Merge the visitors of events whose merge a crash prevented."""
    since = int(meta.read(conn, _MERGED) or 0)
    c = hits.c
    for guild_id in conn.execute(sa.select(hits_quarter.c.guild_id).distinct()).scalars().all():
        query = (
            sa.select(c.guild_id, c.link_id, c.day, c.visitor)
            .where(c.guild_id == guild_id, c.id >= since, c.is_unique)
            .order_by(c.link_id, c.day, c.visitor)
        )
        for part in conn.execute(query).partitions(CATCH_UP_ROWS):
            upsert.insert_missing(conn, visitors_seen, [tuple(row) for row in part])
