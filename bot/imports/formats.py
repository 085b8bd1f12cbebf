"""The shape of an export: which columns it has under which names, and what else tells it from others."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot.imports import cells, columns, reading
from bot.imports.columns import Names, Row
from bot.imports.values import Daily, Parsed, RefusedFileError, UnreadableError
from bot.texts import _


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFormat:
    """An export with a line for each post.

    `columns` are the names that a column has in several languages: id, link, title, description, published, type, date,
    those of `reading.COUNTS` and of `reading.RATES`. Columns are told by their names alone, never by their order.
    """

    name: str
    platform: str
    columns: Mapping[str, Names]
    needed: tuple[tuple[str, ...], ...]
    """Of each of these one column has to be there."""
    never: frozenset[str] = frozenset()
    """Columns that another format is known by."""
    ids: re.Pattern[str] | None = None
    """What a post's id looks like, where it stands in the file."""
    days: bool = False
    """Whether the platform hands out the same columns by day too: then each post has one line at most."""
    kind: Callable[[str], str] = field(default=lambda _type: "post")
    link: Callable[[str], str] = field(default=lambda _id: "")
    """The post's address from its id, where the file has none."""
    month_first: bool = True
    zone: ZoneInfo | None = None
    """In which the platform writes its times; the server's where None."""

    def find(self, row: Sequence[str]) -> dict[str, list[int]] | None:
        """Column -> its places, when the row is this format's header."""
        places = columns.find(self.columns, row)
        return None if self.never & places.keys() or self._missing(places) else places

    def lacks(self, row: Sequence[str]) -> tuple[int, str]:
        """How many of the format's columns are in a row that is not its header, and the names it lacks."""
        places = columns.find(self.columns, row)
        missing = self._missing(places)
        if self.never & places.keys() or 2 * len(missing) > len(self.needed):
            return 0, ""
        return len(places), ", ".join(
            _(" or ").join(f"“{self.columns[column][0]}”" for column in one) for one in missing
        )

    def _missing(self, places: Mapping[str, Sequence[int]]) -> list[tuple[str, ...]]:
        return [one for one in self.needed if not any(column in places for column in one)]

    def parse(
        self,
        places: Mapping[str, Sequence[int]],
        header: Sequence[str],
        rows: list[Row],
        now: dt.datetime,
        zone: ZoneInfo,
    ) -> Parsed:
        """Every line as a report or as trouble. Empties `rows`: a long file needs the room.

        Raises RefusedFileError where two columns contradict each other.
        """
        settled, twice = columns.settle(places, header, rows)
        if self.days and "date" not in settled and (name := columns.dated(header, settled.values(), rows)):
            raise RefusedFileError(
                _(
                    "The column “{name}” holds dates, and its name is not known here: the numbers may be those of "
                    "single days. Switch the platform to English and export again, with Lifetime."
                ).format(name=name)
            )
        left = columns.unread(header, settled.values(), rows)
        return reading.read(self, settled, header, rows, now, self.zone or zone, twice=twice, unread=left)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFormat:
    """An export of a whole account with a line for each day."""

    name: str
    platform: str
    advice: str
    date: Names
    others: tuple[Names, ...]
    """Names of columns that all have to be there beside the date."""
    never: tuple[Names, ...] = ()
    """Names that only an export of posts has."""
    most: int = 99
    """Columns at most."""

    def fits(self, row: Sequence[str]) -> bool:
        names = {cells.fold(cell) for cell in row if cell.strip()}
        if len(names) > self.most or any(names & columns.known(one) for one in self.never):
            return False
        return all(names & columns.known(one) for one in (self.date, *self.others))

    def places(self, header: Sequence[str]) -> list[int]:
        """Where the date stands."""
        return [at for at, cell in enumerate(header) if cells.fold(cell) in columns.known(self.date)]

    def parse(self, header: Sequence[str], rows: Sequence[Row], now: dt.datetime, zone: ZoneInfo) -> Daily:
        """The days it speaks of, and the sums of its columns as far as they hold whole numbers."""
        at = self.places(header)[0]
        days: list[dt.date] = []
        sums: dict[str, int] = {}
        for _line, row in rows:
            try:
                found = cells.moment(row[at], "", now, zone) if at < len(row) else None
            except UnreadableError:
                continue
            if found is None:
                continue
            days.append(found[0].astimezone(zone).date())
            for name, cell in zip(header, row, strict=False):
                try:
                    value = cells.count(cell, name) if name != header[at] else None
                except UnreadableError:
                    continue
                if value is not None:
                    sums[name.strip()] = sums.get(name.strip(), 0) + value
        return Daily(self.name, self.platform, self.advice, min(days, default=None), max(days, default=None), sums)
