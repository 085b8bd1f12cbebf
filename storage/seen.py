"""Who has clicked which link on which day: what makes a click the unique one.

A visitor's hash is random: each one lands on a page of its own of the table on disk, and to write that page would cost
more than all the rest of a hit. So the latest ones are kept in memory and merged in order of their keys. Nothing is
lost by that: the event on disk says that it was the unique one, and `catch_up` reads it again after a crash.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from itertools import groupby

import sqlalchemy as sa

from storage import meta, upsert
from storage.ids import floor
from storage.schema import hits, hits_quarter, visitors_seen

MERGED_AT = 20_000
"""Visitors in memory that are worth a merge: some of them share a page even in a table of a million."""
SLICE = 512
"""Visitors merged in one transaction: some milliseconds."""
MARGIN = dt.timedelta(hours=1)
"""No hit waits longer than this to be written."""

_MERGED = "visitors_merged"

Visitor = tuple[int, int, dt.date, int]
"""guild_id, link_id, day, salted hash."""


class Seen:
    """The visitors seen, on disk and in memory together; used by one writer alone."""

    def __init__(self) -> None:
        self._latest: set[Visitor] = set()

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

    def slices(self) -> list[list[Visitor]]:
        """What is in memory, in order and in parts; each is to be handed to `merge` in a transaction of its own."""
        latest = sorted(self._latest)
        return [latest[n : n + SLICE] for n in range(0, len(latest), SLICE)]

    def merge(self, conn: sa.Connection, part: Collection[Visitor]) -> None:
        """Write a part to disk; hand it to `forget` once the transaction stands."""
        upsert.insert_missing(conn, visitors_seen, list(part))

    def forget(self, part: Collection[Visitor]) -> None:
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
        for part in conn.execute(query).partitions(SLICE):
            upsert.insert_missing(conn, visitors_seen, [tuple(row) for row in part])
