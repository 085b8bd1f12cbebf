"""When numbers are incomplete. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from storage.records import DroppedCount

QUARTER = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Gap:
    """Hits that are missing, and between which wall-clock times of the server they should have been counted."""

    start: dt.datetime
    end: dt.datetime
    count: int


def gaps(dropped: Iterable[DroppedCount], zone: str) -> list[Gap]:
    """Quarter hours that follow one another are one gap; oldest first."""
    by_bucket: Counter[dt.datetime] = Counter()
    for item in dropped:
        by_bucket[item.bucket] += item.count
    found: list[Gap] = []
    local = ZoneInfo(zone)
    for bucket in sorted(by_bucket):
        start, end = bucket.astimezone(local), (bucket + QUARTER).astimezone(local)
        if found and found[-1].end.astimezone(dt.UTC) == bucket:
            found[-1] = Gap(found[-1].start, end, found[-1].count + by_bucket[bucket])
        else:
            found.append(Gap(start, end, by_bucket[bucket]))
    return found
