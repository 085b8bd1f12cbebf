"""From the bytes of an attached file to tables of text: CSV in any of its encodings, xlsx and xls, and zips of them.

Everything is bounded before it is unpacked or built, since the bytes come from anybody.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

from bot.imports.columns import Row
from bot.imports.values import MAX_BYTES, MAX_ROWS, RefusedFileError, Trouble
from bot.inputs.text import shorten
from bot.texts import _

MAX_UNPACKED = 64 * 2**20
MAX_ENTRIES = 200
MAX_LINE = 2**20
MAX_COLUMNS = 300
MAX_SPAN = 702
"""Columns of a workbook's sheet, up to ZZ."""
MAX_CELLS = 5_000_000
"""That a workbook's sheet may span, those that are empty too: each costs as much as one that is not."""
HEADER_ROWS = 10
"""A header stands among so many lines from the top."""
HEAD_ROWS = 40
"""Lines that may stand before and within the header, beyond `MAX_ROWS`."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CELL = re.compile(r"([A-Z]{0,9})(\d{1,12})", re.ASCII)
_1904 = re.compile(rb"<(?:\w+:)?workbookPr\b[^>]{0,1000}?\bdate1904\s*=\s*[\"'](?:1|true|on)[\"']")
_EPOCHS = {False: dt.date(1899, 12, 30), True: dt.date(1904, 1, 1)}
"""The day that a workbook's dates are counted from, by whether it says so; the first one as from March 1900."""
_MARKS = (",", ";", "\t")
_SEPARATOR = re.compile(r"\s*\"?sep=(.)\"?\s*\Z")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of text; `name` is the file or sheet it stands in, where the attached one holds several."""

    name: str
    rows: list[Row]
    troubles: list[Trouble] = field(default_factory=list)
    epoch: dt.date | None = None
    """The day that dates written as numbers are counted from; None where a number is no date."""


def open_sheets(data: bytes) -> list[Sheet]:
    """The tables of an attached file. Raises RefusedFileError."""
    if len(data) > MAX_BYTES:
        raise RefusedFileError(_("It is larger than 10 MiB. Export a shorter range of time."))
    if not data.strip(b"\x00\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise RefusedFileError(_("It is empty. Export it again, and attach it as the platform gave it."))
    if data.startswith(_OLE):
        return _workbook(data, "")
    if data.startswith(_ZIP) or zipfile.is_zipfile(io.BytesIO(data)):
        return _zipped(data)
    return [_csv(data, "")]


# ------------------------------------------------------------------ zip and workbooks


def _zipped(data: bytes) -> list[Sheet]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_ENTRIES:
                raise RefusedFileError(
                    _("The zip holds {n} files, and {most} is the limit. Attach the one with the posts.").format(
                        n=len(entries), most=MAX_ENTRIES
                    )
                )
            if any(entry.flag_bits & 1 for entry in entries):
                raise RefusedFileError(_("The zip is locked by a password. Attach the file inside it."))
            if any(entry.filename == "[Content_Types].xml" for entry in entries):
                return _workbook(data, "", _check_workbook(archive, entries))
            contents = _contents(archive, entries)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zlib.error, RuntimeError, ValueError) as error:
        raise RefusedFileError(_("The zip is damaged. Download it again, or attach the file inside it.")) from error
    if not contents:
        names = ", ".join(f"“{shorten(entry.filename)}”" for entry in entries[:5])
        raise RefusedFileError(
            _("The zip holds no CSV, xlsx or xls file, only {names}. Attach the file with the posts.").format(
                names=names or _("nothing")
            )
        )
    sheets: list[Sheet] = []
    refused: list[str] = []
    for name, content in contents:
        try:
            sheets += _workbook_in_zip(content, name) if content.startswith((_ZIP, _OLE)) else [_csv(content, name)]
        except RefusedFileError as error:
            refused.append(f"“{shorten(name)}”: {error}")
    if not sheets:
        raise RefusedFileError(refused[0])
    return sheets


def _contents(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> list[tuple[str, bytes]]:
    """What the tables in a zip hold, by their names without folders; `MAX_UNPACKED` bytes in all."""
    room = MAX_UNPACKED
    found = []
    for entry in entries:
        name = entry.filename.replace("\\", "/").rsplit("/", 1)[-1]
        if not name.lower().endswith((".csv", ".tsv", ".txt", ".xlsx", ".xls")) or name.startswith("."):
            continue
        content = _unpacked(archive, entry, room)
        room -= len(content)
        found.append((name, content))
    return found


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> bytes:
    with archive.open(entry) as file:  # what the entry claims to hold may be a lie: read no more than there is room for
        content = file.read(room + 1)
    if len(content) > room:
        raise RefusedFileError(
            _("It unpacks to more than 64 MiB. Export a shorter range of time, or attach the file of the posts alone.")
        )
    return content


def _workbook_in_zip(content: bytes, name: str) -> list[Sheet]:
    epoch = None
    if content.startswith(_ZIP):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            epoch = _check_workbook(archive, archive.infolist())
    return _workbook(content, name, epoch)


def _check_workbook(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> dt.date:
    """Before a workbook is opened: how much it unpacks to, and that its cells span no more than an export's do. The day
    that its dates are counted from."""
    if any(entry.filename.lower().endswith(("workbook.bin", "content.xml")) for entry in entries):
        raise RefusedFileError(_not_opened())  # .xlsb and .ods, which no platform gives
    room = MAX_UNPACKED
    epoch = _EPOCHS[False]
    for entry in entries:
        content = _unpacked(archive, entry, room)
        room -= len(content)
        if entry.filename.endswith("workbook.xml") and _1904.search(content):
            epoch = _EPOCHS[True]
        # A sheet may have any name: whatever is XML may be one.
        if content[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\x00\t\r\n ").startswith(b"<"):
            _Cells().check(content)
    return epoch


class _Cells:
    """What the cells of a part span, as any reader of XML finds them, however they are written."""

    def __init__(self) -> None:
        self._row = self._rows = 0
        self._column = self._columns = 0

    def check(self, content: bytes) -> None:
        """Raises RefusedFileError where they span more than an export's, or where it is no plain XML."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._begin
        parser.StartDoctypeDeclHandler = self._refuse_entities
        try:
            parser.Parse(content, True)
        except (expat.ExpatError, ValueError) as error:
            raise RefusedFileError(_not_opened()) from error

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if tag not in ("row", "c"):
            return
        place = _CELL.fullmatch(attributes["r"].strip()) if "r" in attributes else None
        if tag == "row":
            self._row, self._column = int(place[2]) if place else self._row + 1, 0
        elif place:
            self._row, self._column = int(place[2]), _column(place[1])
        else:
            self._column += 1
        self._rows, self._columns = max(self._rows, self._row), max(self._columns, self._column)
        if self._rows > MAX_ROWS + HEAD_ROWS:
            raise RefusedFileError(_too_long())
        if self._columns > MAX_SPAN or self._rows * self._columns > MAX_CELLS:
            raise RefusedFileError(_("Its cells reach further to the right than an export's. Attach it as CSV."))

    def _refuse_entities(self, *_declared: object) -> None:
        raise RefusedFileError(_("The workbook declares entities, as no platform's export does; it was not read."))


def _column(letters: str) -> int:
    """A for 1, Z for 26, AA for 27."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number


def _workbook(data: bytes, name: str, epoch: dt.date | None = None) -> list[Sheet]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        found = []
        for sheet in book.sheet_names:
            table = book.get_sheet_by_name(sheet)
            rows, last = [], 0
            for line, cells in enumerate(table.iter_rows(), start=1 + (table.start or (0, 0))[0]):
                texts = [_text(cell) for cell in cells[:MAX_COLUMNS]]
                if any(texts):
                    rows.append((line, texts))
                    last += 1
                if last > MAX_ROWS + HEAD_ROWS:
                    raise RefusedFileError(_too_long())
            found.append(Sheet(f"{name}, {sheet}" if name else sheet, rows, epoch=epoch))
    except (CalamineError, ValueError, OSError) as error:
        raise RefusedFileError(_not_opened()) from error
    return found


def _not_opened() -> str:
    return _("The workbook can't be opened. Save it as xlsx or CSV, and attach that.")


def _text(cell: object) -> str:
    """A workbook's cell as a CSV would have it."""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < 2**53:
            return str(int(cell))
        text = repr(cell)
        # A number is no text: 12.345 must not pass for twelve thousand, as it would with three digits after the point.
        return f"{text}0" if text[-4:-3] == "." else text
    if isinstance(cell, dt.datetime | dt.date | dt.time):
        return cell.isoformat()
    return str(cell).strip()


# ------------------------------------------------------------------ CSV


def _csv(data: bytes, name: str) -> Sheet:
    text = decode(data)
    delimiter, skip = _delimiter(text)
    troubles: list[Trouble] = []
    rows: list[Row] = []
    reader = csv.reader(_bounded(text, delimiter), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            never_ends = "unexpected end" in str(error) or "field larger" in str(error)
            why = (
                _("the text in quotes that begins here never ends; the file may be cut off")
                if never_ends
                else _("its quotes do not fit together")
            )
            troubles.append(Trouble(line, why))
            if never_ends:
                break
            continue
        if line > skip and any(cells):
            rows.append((line, cells))
        if len(rows) + len(troubles) > MAX_ROWS + HEAD_ROWS:
            raise RefusedFileError(_too_long())
    return Sheet(name, rows, troubles)


def decode(data: bytes) -> str:
    """The text, whose encoding its first bytes or its zero bytes tell; UTF-8 otherwise. Raises RefusedFileError."""
    encoding = "utf-8-sig"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif zeros := data[:4096].count(0):
        odd = data[1:4096:2].count(0)
        if len(data) % 2 == 0 and odd >= 0.95 * zeros and zeros > len(data[:4096]) // 20:
            encoding = "utf-16-le"
        elif len(data) % 2 == 0 and odd <= 0.05 * zeros and zeros > len(data[:4096]) // 20:
            encoding = "utf-16-be"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, errors="ignore")
        raise RefusedFileError(
            _(
                "Line {line} can't be read as {encoding}. Attach the file as the platform gave it, or save it as UTF-8."
            ).format(line=before.count("\n") + 1, encoding="UTF-8" if encoding == "utf-8-sig" else "UTF-16")
        ) from None
    if (at := text.find("\0")) >= 0:
        raise RefusedFileError(
            _(
                "Line {line} holds zero bytes, as no text does. Attach the CSV, xlsx or zip that the platform gave."
            ).format(line=text.count("\n", 0, at) + 1)
        )
    return text


def _delimiter(text: str) -> tuple[str, int]:
    """What parts the columns, and how many lines at the beginning say so.

    The header tells: the first line that has as many columns as the next one. Addresses and texts in the lines below
    it hold marks of their own, and notes above it are sentences.
    """
    head = text[:20_000]
    if (first := head.splitlines()[:1]) and (match := _SEPARATOR.match(first[0])):
        return match[1], 1
    lines = [marks for marks in _marks(head) if any(marks.values())]
    for marks, below in pairwise(lines):
        alike = [mark for mark in _MARKS if marks[mark] and marks[mark] == below[mark]]
        if alike:
            return max(alike, key=lambda mark: marks[mark]), 0
    most = {mark: max((marks[mark] for marks in lines[:1]), default=0) for mark in _MARKS}
    return max(most, key=lambda mark: most[mark]), 0


def _marks(head: str) -> list[Counter[str]]:
    """How often each mark stands outside of quotes in the first lines; a text in quotes may span some."""
    lines: list[Counter[str]] = []
    current: Counter[str] = Counter()
    quoted = False
    for char in head:
        if char == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif char in "\r\n":
            lines.append(current)
            current = Counter()
            if len(lines) > 2 * HEADER_ROWS:
                return lines
        elif char in _MARKS:
            current[char] += 1
    return [*lines, current]


def _bounded(text: str, delimiter: str) -> Iterator[str]:
    """Line by line; a line that would become a monstrous row is refused before it does."""
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if len(line) > MAX_LINE or line.count(delimiter) > 20 * MAX_COLUMNS:
            raise RefusedFileError(
                _("Line {line} has {n} characters and {columns} columns: no platform's export does.").format(
                    line=number, n=len(line), columns=line.count(delimiter) + 1
                )
            )
        yield line


def _too_long() -> str:
    return _("It has more than {n} lines. Export a shorter range of time, several of them one after the other.").format(
        n="50,000"
    )
