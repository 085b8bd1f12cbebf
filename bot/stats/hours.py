"""The hours of a single day: what its chart shows."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.insights.periods import Period, hours_of, segments
from bot.stats.answers import Hours, Target
from bot.stats.reading import Reading
from storage.prepared import Reader, read
from storage.records import Kind, Segment


async def hours(reading: Reading, target: Target, period: Period, *, with_before: bool) -> Hours | None:
    """The hours of a period of one day; None of any other, and of a day to come."""
    if period.length != 1 or period.start_at > reading.now:
        return None
    link_ids, place_id = await reading.link_ids(target), reading.place_id(target)
    parts = hours_of(period)
    before = hours_of(period.previous)

    def work(reader: Reader) -> Hours:
        def counted(day: Period, of: Sequence[Segment], kind: Kind) -> list[int]:
            return _counted(reading, reader, day, of, kind, link_ids, place_id)

        clicks, impressions = (counted(period, parts, kind) for kind in (Kind.CLICK, Kind.IMPRESSION))
        earlier = counted(period.previous, before, Kind.CLICK) if with_before else []
        begun = sum(part.start <= reading.now for part in parts)
        return Hours(
            at=tuple(part.start + part.offset for part in parts),
            clicks=tuple(clicks[:begun]),
            impressions=tuple(impressions[:begun]),
            previous_clicks=_aligned(parts, before, earlier) if any(earlier) else None,
        )

    return await read(reading.conn, work)


def _counted(
    reading: Reading,
    reader: Reader,
    day: Period,
    parts: Sequence[Segment],
    kind: Kind,
    link_ids: Collection[int] | None,
    place_id: int | None,
) -> list[int]:
    """Of each of the day's hours: by the hours of the week, read for each offset of the day."""
    counts: list[int] = []
    for segment in segments(day):
        cells = reading.cells_within(reader, [segment], kind, link_ids, place_id)
        for part in parts:
            if segment.start <= part.start < segment.end:
                wall = part.start + part.offset
                counts.append(cells[wall.weekday() * 24 + wall.hour])
    return counts


def _aligned(parts: Sequence[Segment], before: Sequence[Segment], counts: Sequence[int]) -> tuple[int, ...]:
    """The counts of the day before at the hours of this one; an hour that comes twice has them the first time."""
    by_hour: dict[int, int] = {}
    for part, n in zip(before, counts, strict=True):
        hour = (part.start + part.offset).hour
        by_hour[hour] = by_hour.get(hour, 0) + n
    return tuple(by_hour.pop((part.start + part.offset).hour, 0) for part in parts)
