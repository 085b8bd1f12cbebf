"""Who has clicked which link on which day: what makes a click the unique one.

A visitor's hash is random: each one lands on a page of its own of the table on disk, and to write that page would cost
more than all the rest of a hit. So the latest ones are kept in memory and merged in order of their keys. Nothing is
lost by that: the event on disk says that it was the unique one, and `catch_up` reads it again after a crash.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter

import sqlalchemy as sa

from storage import meta, upsert
from storage.ids import floor
from storage.schema import hits, hits_quarter, visitors_seen

MERGED_AT = 20_000
"""Visitors in memory that are worth a merge."""
MERGED_AFTER = dt.timedelta(days=1)
"""When fewer are merged too: nobody's hash stays in memory for as long as a small server takes to see so many."""
CATCH_UP_ROWS = 1_000
MARGIN = dt.timedelta(hours=1)
"""No hit waits longer than this to be written."""

_MERGED = "visitors_merged"

LinkDay = tuple[int, int, dt.date]
"""guild_id, link_id, day: within these visitors are told apart, by salted hashes."""
_Visitor = tuple[int, int, dt.date, int]

_link_day_of = itemgetter(0, 1, 2)


class Seen:
    """The visitors seen, on disk and in memory together; used by one writer alone."""

    def __init__(self) -> None:
        self._latest: dict[LinkDay, set[int]] = {}
        self._size = 0
        """Of all of them: asked for with each batch, and there can be thousands of links."""
        self._merging: list[tuple[LinkDay, list[int]]] = []
        """Those under way to disk: sorted, the next ones last."""
        self._left = 0
        """How many those are."""
        self._since: dt.datetime | None = None
        """When they were all that was in memory; before a first merge, when one was first asked for."""

    def __len__(self) -> int:
        """How many are in memory alone."""
        return self._size

    def new(self, conn: sa.Connection, clicks: Mapping[LinkDay, Mapping[int, int]]) -> dict[LinkDay, dict[int, int]]:
        """Those of the clicks, given as their visitors with their events' ids, whose visitors were not seen before."""
        new: dict[LinkDay, dict[int, int]] = {}
        for link_day, ids in clicks.items():
            latest = self._latest.get(link_day, ())
            if unknown := sorted(visitor for visitor in ids if visitor not in latest):
                old = upsert.existing(conn, visitors_seen, link_day, unknown)
                new[link_day] = {visitor: ids[visitor] for visitor in unknown if visitor not in old}
        return new

    def add(self, visitors: Mapping[LinkDay, Iterable[int]]) -> None:
        """Remember visitors whose events are on disk."""
        for link_day, hashes in visitors.items():
            latest = self._latest.setdefault(link_day, set())
            before = len(latest)
            latest.update(hashes)
            self._size += len(latest) - before

    def part(self, size: int, now: dt.datetime, *, all_of_them: bool = False) -> list[_Visitor]:
        """Up to `size` visitors to hand to `merge` next.

        Once `MERGED_AT` are in memory, once `MERGED_AFTER` is over, or if all are wanted.
        """
        self._since = self._since or now
        is_due = all_of_them or len(self) >= MERGED_AT or now - self._since >= MERGED_AFTER
        if not self._merging and is_due:
            self._merging = [
                (link_day, sorted(self._latest[link_day], reverse=True))
                for link_day in sorted(self._latest, reverse=True)
            ]
            self._left, self._since = self._size, now
        part: list[_Visitor] = []
        for link_day, visitors in reversed(self._merging):
            if len(part) >= size:
                break
            part += [(*link_day, visitor) for visitor in visitors[: -1 - (size - len(part)) : -1]]
        return part

    def merge(self, conn: sa.Connection, part: list[_Visitor]) -> None:
        """Write a part to disk; hand it to `forget` once the transaction stands."""
        upsert.insert_missing(conn, visitors_seen, part)
        if part and len(part) == self._left and self._since is not None:
            set_merged(conn, self._since)  # who has come since is still in memory alone

    def forget(self, part: list[_Visitor]) -> None:
        """What `part` gave and `merge` wrote is no longer in memory."""
        for link_day, visitors in groupby(part, _link_day_of):
            hashes = [visitor[3] for visitor in visitors]
            merging = self._merging[-1][1]
            del merging[-len(hashes) :]
            if not merging:
                self._merging.pop()
            latest = self._latest[link_day]
            latest.difference_update(hashes)  # each of them is there until it is merged
            self._size -= len(hashes)
            self._left -= len(hashes)
            if not latest:
                del self._latest[link_day]


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
            # A restored copy has no visitors.
            .where(c.guild_id == guild_id, c.id >= since, c.is_unique, c.visitor.is_not(None))
            .order_by(c.link_id, c.day, c.visitor)
        )
        for part in conn.execute(query).partitions(CATCH_UP_ROWS):
            upsert.insert_missing(conn, visitors_seen, [tuple(row) for row in part])
