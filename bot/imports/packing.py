"""Reports as compact bytes, to travel between processes and to wait in the database for a yes."""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Iterable, Sequence

from bot.imports.values import Report

CHUNK = 500
"""Reports in one packet: unpacked in a millisecond or two."""


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
            published_at=None if at is None else dt.datetime.fromtimestamp(at / 1000, dt.UTC),
            figures=figures,
            other_id=other,
        )
        for line, kind, id_, link, title, at, figures, other in json.loads(zlib.decompress(packet))
    ]


def _row(one: Report) -> Iterable[object]:
    at = None if one.published_at is None else round(one.published_at.timestamp() * 1000)
    return one.line, one.kind, one.platform_id, one.permalink, one.title, at, one.figures, one.other_id
