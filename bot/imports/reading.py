"""The lines of an export of posts: each becomes a report, or a sentence on why it can't be read."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.imports import addresses, cells, days
from bot.imports.columns import Row, known, name_of, spellings
from bot.imports.values import Parsed, Report, Trouble, UnreadableError
from bot.impressions.metrics import CTR
from bot.inputs.text import fit_line, shorten
from bot.links.publication import published_by_id

if TYPE_CHECKING:
    from bot.imports.formats import PostFormat

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
REMARKS = 3
"""So many lines at the end may be the platform's own remark on the file."""

_TOTALS = spellings(
    "Total|Totals|Gesamt|Insgesamt|Summe|合計|総計|합계|총계|Totale|Totaal|Итого|Всего|Toplam|Suma|Razem|Łącznie|Summa|"
    "Totalt|Jumlah|Yhteensä|I alt|Celkem"
)
_LIFETIMES = spellings(
    "Lifetime|Livstid|通算|Total|Global|Gesamter Zeitraum|Gesamtlaufzeit|Gesamt|Lebensdauer|Durée de vie|À vie|Totale|"
    "De por vida|Todo el tiempo|Desde siempre|Vitalício|Sempre|A vita|Levensduur|全期間|합계|전체 기간|평생"
)
"""What stands for a post's whole life in a column of dates."""
_FLOATED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+\Z")
_TOKEN = re.compile(r"[!-~]+\Z")
"""One word of ASCII, as ids and addresses are and remarks are not."""
_NEAR = dt.timedelta(hours=38)
"""How far a written date may lie from the moment in an id: a day, and the clocks' greatest distance."""


def read(
    format_: PostFormat,
    places: Mapping[str, int],
    header: Sequence[str],
    rows: list[Row],
    now: dt.datetime,
    zone: ZoneInfo,
    *,
    twice: tuple[str, ...] = (),
    unread: tuple[str, ...] = (),
) -> Parsed:
    """Every line as a report or as trouble. Empties `rows`: a long file needs the room."""
    dates = [places[column] for column in ("published", "date") if column in places]
    orders = cells.date_orders(row[at] for _line, row in rows for at in dates if at < len(row))
    unsure = len(orders) == 2 and any(cells.is_unsure(row[at]) for _line, row in rows for at in dates if at < len(row))
    counts = [
        (places[column], name_of(header[places[column]]), metric)
        for column, metric in COUNTS.items()
        if column in places
    ]
    month_first = (True in orders if len(orders) == 1 else format_.month_first) if orders else None
    reading = _Reading(format_, places, header, now, zone, month_first, unsure, counts)
    remarks = _remarks(rows)
    reports: list[Report] = []
    by_day: list[tuple[dt.date, Report]] = []
    troubles: list[Trouble] = []
    totals = 0
    rows.reverse()
    while rows:
        line, row = rows.pop()
        if reading.is_total(row):
            totals += 1
            continue
        try:
            report, day = reading.report(line, row), reading.day(row)
            if day is None:
                reports.append(report)
            else:
                by_day.append((day, report))
        except UnreadableError as error:
            troubles.append(Trouble(line, str(error)))
    once, repeated, torn = merged(format_.platform, reports, alike=format_.days)
    whole = {name for one in once for name in (addresses.name_of(format_.platform, one), one.other_id) if name}
    daily, apart = days.joined(format_.platform, by_day, whole, now, zone)
    read_as = [(at, name, metric) for at, name, metric in counts]
    read_as += [(places[column], name_of(header[places[column]]), CTR) for column in RATES if column in places]
    return Parsed(
        format_.name,
        format_.platform,
        (*once, *daily),
        tuple(sorted([*troubles, *torn, *apart], key=lambda trouble: trouble.line)),
        totals,
        repeated,
        read=tuple((name, metric) for _at, name, metric in sorted(read_as)),
        unread=unread,
        twice=twice,
        remarks=remarks,
        guessed_month_first=unsure,
    )


def _remarks(rows: list[Row]) -> tuple[str, ...]:
    """What a platform says of the file in its last lines, which are taken away: words in one cell alone."""
    found: list[str] = []
    while rows and len(found) < REMARKS:
        filled = [cell.strip() for cell in rows[-1][1] if cell.strip()]
        if len(filled) != 1 or _TOKEN.match(filled[0]) or not any(map(str.isalpha, filled[0])):
            break
        found.append(shorten(filled[0], TITLE))
        rows.pop()
    return tuple(reversed(found))


@dataclass(frozen=True, slots=True)
class _Reading:
    """One file's lines being read."""

    format: PostFormat
    places: Mapping[str, int]
    header: Sequence[str]
    now: dt.datetime
    zone: ZoneInfo
    month_first: bool | None
    unsure: bool
    """Whether nothing in the file tells day from month."""
    counts: Sequence[tuple[int, str, str]]
    """Place, name and metric of every column with a count."""

    def is_total(self, row: Sequence[str]) -> bool:
        if self._cell(row, "link"):
            return False
        name = self._cell(row, "id") if "id" in self.places else self._cell(row, "title")
        return cells.fold(name or row[0]) in known(_TOTALS)

    def report(self, line: int, row: Sequence[str]) -> Report:
        if len(row) < len(self.header) and max(self.places.values()) >= len(row):
            raise UnreadableError(f"it has {len(row)} of {len(self.header)} columns")
        if len(row) > len(self.header) and any(row[len(self.header) :]):
            raise UnreadableError(f"it has {len(row)} columns, {len(self.header)} are named")
        link, id_ = addresses.read(self.format.platform, self._cell(row, "link"))
        told = self._told(row, link)
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

    def _told(self, row: Sequence[str], link: str) -> str:
        """The id that is written; nothing for one that is none, where the address tells the post."""
        told = self._cell(row, "id").replace(" ", "").removeprefix("'")
        if not told:
            return ""
        if _FLOATED.match(told):
            why = "was cut by a spreadsheet program; attach the file as the platform gave it"
        elif self.format.ids is not None and not self.format.ids.fullmatch(told):
            why = "is no post's id"
        else:
            return told
        if link:
            return ""
        raise UnreadableError(f"{self._name('id')}: “{shorten(self._cell(row, 'id'))}” {why}")

    def _cell(self, row: Sequence[str], column: str) -> str:
        place = self.places.get(column)
        return "" if place is None or place >= len(row) else row[place].strip()

    def _name(self, column: str) -> str:
        return name_of(self.header[self.places[column]])

    def day(self, row: Sequence[str]) -> dt.date | None:
        """The single day whose numbers a line holds, which Meta hands out too; None where they are totals.

        Only words that are known mean all of a post's life.
        """
        if "date" not in self.places:
            return None
        text = self._cell(row, "date")
        if cells.fold(text) in known(_LIFETIMES):
            return None
        if cells.is_dated(text) or any(map(str.isdigit, text)):
            if self.unsure:
                raise UnreadableError(
                    f"{self._name('date')}: “{shorten(text)}” is a single day's number, and nothing in the file tells "
                    "day from month; export again with Lifetime, or with days after the 12th too"
                )
            found = None
            with contextlib.suppress(UnreadableError):
                found = cells.moment(text, self._name("date"), self.now, self.zone, month_first=self.month_first)
            if found is not None and found[1]:
                return found[0].astimezone(self.zone).date()
            raise UnreadableError(
                f"{self._name('date')}: “{shorten(text)}” is not all of a post's life; export again with Lifetime"
            )
        raise UnreadableError(
            f"{self._name('date')}: “{shorten(text)}” is not known to mean all of a post's life; switch the platform "
            "to English and export again, with Lifetime"
        )

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
        told = published_by_id(self.format.platform, id_, self.now)
        if "published" not in self.places:
            return told
        text, name = self._cell(row, "published"), self._name("published")
        if told is not None and self.unsure and cells.is_unsure(text):
            for month_first in (True, False):
                found = cells.moment(text, name, self.now, self.zone, month_first=month_first)
                if found is not None and abs(told - found[0]) < _NEAR:
                    return told
        found = cells.moment(text, name, self.now, self.zone, month_first=self.month_first)
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


def merged(platform: str, reports: Iterable[Report], *, alike: bool = False) -> tuple[list[Report], int, list[Trouble]]:
    """Each post once, at its first line; how many lines were more of the same; and lines that contradict each other.

    Totals only grow: of two the larger one is the later. Where the platform gives each post one line (`alike`), two
    that differ are parts of something, such as days, and none of them is taken.
    """
    found: dict[str, Report] = {}
    lines: dict[str, list[int]] = {}
    torn: set[str] = set()
    for report in reports:
        name = addresses.name_of(platform, report)
        lines.setdefault(name, []).append(report.line)
        before = found.get(name)
        if before is None:
            found[name] = report
            continue
        if alike and before.figures != report.figures:
            torn.add(name)
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
    why = "the same post stands on several lines with different numbers, as in a table by day; choose Lifetime"
    troubles = [Trouble(line, why) for name in torn for line in lines[name]]
    once = [report for name, report in found.items() if name not in torn]
    return once, sum(len(at) - 1 for name, at in lines.items() if name not in torn), troubles
