"""Reports as compact bytes, to travel between processes and to wait in the database for a yes."""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Iterable, Sequence

from bot.imports.values import Days, Report

CHUNK = 250
"""Reports in one packet: unpacked in a millisecond, and gone before a garbage collection takes them for old."""


def pack(reports: Sequence[Report]) -> list[bytes]:
    """Packets of `CHUNK` reports each."""
    return [
        zlib.compress(json.dumps([_row(one) for one in reports[at : at + CHUNK]], ensure_ascii=False).encode(), 1)
        for at in range(0, len(reports), CHUNK)
    ]


def unpack(packet: bytes) -> list[Report]:
    return [
        Report(
            line=line,
            kind=kind,
            platform_id=id_,
            permalink=link,
            title=title,
            published_at=None if at is None else _instant(at),
            figures=figures,
            other_id=other,
            days=None if days is None else _days(*days),
        )
        for line, kind, id_, link, title, at, figures, other, days in json.loads(zlib.decompress(packet))
    ]


def _row(one: Report) -> Iterable[object]:
    at = None if one.published_at is None else _milliseconds(one.published_at)
    days = None
    if (told := one.days) is not None:
        grown = [(_milliseconds(end), figures) for end, figures in told.grown]
        days = _milliseconds(told.start), told.from_first, told.published, grown
    return one.line, one.kind, one.platform_id, one.permalink, one.title, at, one.figures, one.other_id, days


def _days(start: int, from_first: bool, published: str, grown: Sequence[tuple[int, dict[str, int]]]) -> Days:
    return Days(_instant(start), from_first, published, tuple((_instant(end), figures) for end, figures in grown))


def _milliseconds(at: dt.datetime) -> int:
    return round(at.timestamp() * 1000)


def _instant(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
