"""The shape of an export: which columns it has under which names, and how one of its lines becomes a report."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot.imports import addresses, cells
from bot.imports.values import Daily, Parsed, Report, Trouble, UnreadableError
from bot.impressions.metrics import CTR
from bot.inputs.text import fit_line, shorten

Row = tuple[int, list[str]]
"""A line's number and its cells."""


def spellings(text: str) -> frozenset[str]:
    """Names of one column, parted by |."""
    return frozenset(cells.fold(name) for name in text.split("|"))


TITLE = 100
"""Characters of a title that are kept."""
COUNTS = {
    "impressions": "impressions",
    "views": "views",
    "reach": "reach",
    "likes": "likes",
    "comments": "comments",
    "shares": "shares",
    "reposts": "shares",
    "saves": "saves",
    "clicks": "clicks",
    "engagements": "engagements",
}
"""Column -> metric; two columns of one metric add up."""
RATES = {"ctr percent": True, "ctr fraction": False}
"""Column -> whether it is written in percent."""

_TOTALS = spellings(
    "Total|Totals|Gesamt|Insgesamt|Summe|合計|総計|합계|총계|Totale|Totaal|Итого|Toplam|Suma|Razem|Summa|Jumlah"
)
_FLOATED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+\Z")
_NEAR = dt.timedelta(hours=38)
"""How far a written date may lie from the moment in an id: a day, and the clocks' greatest distance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFormat:
    """An export with a line for each post.

    `columns` are the names that a column has in several languages: id, link, title, description, published, type, date,
    those of `COUNTS` and of `RATES`.
    """

    name: str
    platform: str
    columns: Mapping[str, frozenset[str]]
    needed: tuple[frozenset[str], ...]
    """Of each of these sets one column has to be there."""
    never: frozenset[str] = frozenset()
    """Columns that another format is known by."""
    order: tuple[str, ...] = ()
    """All columns in their order, where it is always the same; "" for one that is not read."""
    kind: Callable[[str], str] = field(default=lambda _type: "post")
    link: Callable[[str], str] = field(default=lambda _id: "")
    """The post's address from its id, where the file has none."""
    month_first: bool = True

    def find(self, row: Sequence[str]) -> dict[str, int] | None:
        """Column -> its place, when the row is this format's header."""
        names = [cells.fold(cell) for cell in row]
        places: dict[str, int] = {}
        for column, known in self.columns.items():
            at = next((place for place, name in enumerate(names) if name in known), None)
            if at is not None:
                places[column] = at
        if self.never & places.keys() or not all(one & places.keys() for one in self.needed):
            return None
        return places

    def find_by_order(self, header: Sequence[str], first: Sequence[str]) -> dict[str, int] | None:
        """The same from the order of columns, when the first line holds a post's address where it belongs."""
        if not self.order or len(header) != len(self.order) or len(first) != len(self.order):
            return None
        places = {column: place for place, column in enumerate(self.order) if column}
        _link, id_ = addresses.read(self.platform, first[places["link"]])
        return places if id_ else None

    def parse(
        self, places: Mapping[str, int], header: Sequence[str], rows: list[Row], now: dt.datetime, zone: ZoneInfo
    ) -> Parsed:
        """Every line as a report or as trouble. Empties `rows`: a long file needs the room."""
        at = places.get("published")
        dates = (cells_[at] for _line, cells_ in rows if at is not None and at < len(cells_))
        counts = [
            (places[column], " ".join(header[places[column]].split()), metric)
            for column, metric in COUNTS.items()
            if column in places
        ]
        reading = _Reading(self, places, header, now, zone, cells.month_first(dates, self.month_first), counts)
        reports: list[Report] = []
        troubles: list[Trouble] = []
        totals = 0
        rows.reverse()
        while rows:
            line, row = rows.pop()
            if reading.is_total(row):
                totals += 1
                continue
            try:
                reports.append(reading.report(line, row))
            except UnreadableError as error:
                troubles.append(Trouble(line, str(error)))
        once, repeated = merged(self.platform, reports)
        return Parsed(self.name, self.platform, tuple(once), tuple(troubles), totals, repeated)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One file's lines being read."""

    format: PostFormat
    places: Mapping[str, int]
    header: Sequence[str]
    now: dt.datetime
    zone: ZoneInfo
    month_first: bool
    counts: Sequence[tuple[int, str, str]]
    """Place, name and metric of every column with a count."""
    lifetimes: set[str] = field(default_factory=set)
    """What stands for a whole life in the column of dates."""

    def is_total(self, row: Sequence[str]) -> bool:
        return not self._cell(row, "published") and not self._cell(row, "link") and cells.fold(row[0]) in _TOTALS

    def report(self, line: int, row: Sequence[str]) -> Report:
        if len(row) < len(self.header) and max(self.places.values()) >= len(row):
            raise UnreadableError(f"it has {len(row)} of {len(self.header)} columns")
        if len(row) > len(self.header) and any(row[len(self.header) :]):
            raise UnreadableError(f"it has {len(row)} columns, {len(self.header)} are named")
        platform = self.format.platform
        self._check_lifetime(row)
        told = self._cell(row, "id").replace(" ", "").removeprefix("'")
        link, id_ = addresses.read(platform, self._cell(row, "link"))
        if _FLOATED.match(told):
            told = ""
            if not link:
                raise UnreadableError(
                    f"{self._name('id')}: “{shorten(self._cell(row, 'id'))}” was cut by a spreadsheet program; "
                    "attach the file as the platform gave it"
                )
        link, id_ = link or (self.format.link(told) if told else ""), id_ or told
        title = _title(self._cell(row, "title") or self._cell(row, "description"))
        if not id_ and not link and not title:
            raise UnreadableError("it names no post")
        figures = self._figures(row)
        if not figures:
            raise UnreadableError("it holds no number")
        return Report(
            line=line,
            kind=self.format.kind(cells.fold(self._cell(row, "type"))),
            platform_id=id_,
            permalink=link,
            title=title,
            published_at=self._published(row, id_),
            figures=figures,
            other_id=told if told != id_ else "",
        )

    def _cell(self, row: Sequence[str], column: str) -> str:
        place = self.places.get(column)
        return "" if place is None or place >= len(row) else row[place].strip()

    def _name(self, column: str) -> str:
        return " ".join(self.header[self.places[column]].split())

    def _check_lifetime(self, row: Sequence[str]) -> None:
        """Meta hands out days of a post too: their numbers are no totals."""
        text = self._cell(row, "date")
        if text and text not in self.lifetimes:
            try:
                day = cells.moment(text, "", self.now, self.zone)
            except UnreadableError:
                day = None
            if day is not None:
                raise UnreadableError(
                    f"{self._name('date')}: “{shorten(text)}” is a single day's number; export again with Lifetime"
                )
            self.lifetimes.add(text)

    def _figures(self, row: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for place, name, metric in self.counts:
            value = cells.count(row[place], name)
            if value is not None:
                found[metric] = found.get(metric, 0) + value
        for column, percent in RATES.items():
            if column in self.places:
                value = cells.rate(self._cell(row, column), self._name(column), percent=percent)
                if value is not None:
                    found[CTR] = value
        return found

    def _published(self, row: Sequence[str], id_: str) -> dt.datetime | None:
        """The date that is written; the moment in the post's id where it is the same day, which is more exact."""
        told = addresses.made_at(self.format.platform, id_)
        if told is not None and told > self.now:
            told = None
        if "published" not in self.places:
            return told
        found = cells.moment(
            self._cell(row, "published"), self._name("published"), self.now, self.zone, month_first=self.month_first
        )
        if found is None:
            return told
        written, has_year = found
        if told is None:
            return written
        if has_year:
            return told if abs(told - written) < _NEAR else written
        same_year = written.replace(year=told.year) if (written.month, written.day) != (2, 29) else written
        return told if abs(told - same_year) < _NEAR else written


def _title(text: str) -> str:
    """The first line that shows something, as a title."""
    return next((title for line in text.splitlines() if (title := fit_line(line, TITLE))), "")


def merged(platform: str, reports: Iterable[Report]) -> tuple[list[Report], int]:
    """Each post once, at its first line, and how many lines were more of the same.

    Totals only grow: of two the larger one is the later.
    """
    found: dict[str, Report] = {}
    repeated = 0
    for report in reports:
        name = report.platform_id or addresses.key(platform, report.permalink) or f"line {report.line}"
        before = found.get(name)
        if before is None:
            found[name] = report
            continue
        repeated += 1
        both = dict(before.figures)
        for metric, value in report.figures.items():
            both[metric] = max(value, both.get(metric, 0))
        found[name] = Report(
            line=before.line,
            kind=before.kind,
            platform_id=before.platform_id or report.platform_id,
            permalink=before.permalink or report.permalink,
            title=before.title or report.title,
            published_at=before.published_at or report.published_at,
            figures=both,
            other_id=before.other_id or report.other_id,
        )
    return list(found.values()), repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFormat:
    """An export of a whole account with a line for each day."""

    name: str
    platform: str
    advice: str
    date: frozenset[str]
    others: tuple[frozenset[str], ...]
    """Names of columns that all have to be there beside the date."""
    most: int = 99
    """Columns at most."""

    def fits(self, row: Sequence[str]) -> bool:
        names = {cells.fold(cell) for cell in row if cell.strip()}
        return bool(names & self.date) and len(names) <= self.most and all(names & one for one in self.others)

    def parse(self, header: Sequence[str], rows: Sequence[Row], now: dt.datetime, zone: ZoneInfo) -> Daily:
        """The days it speaks of, and the sums of its columns as far as they hold whole numbers."""
        at = next(place for place, cell in enumerate(header) if cells.fold(cell) in self.date)
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
