"""Attached files that stand for millions of cells, and workers that hang.

Once 1,430 bytes kept everybody's imports waiting for a minute.
"""

from __future__ import annotations

import io
import os
import signal
import time
import zipfile
from typing import Any

import pytest

from bot.charts import ChartRenderer, Series, render
from bot.charts.render import DrawingError
from bot.errors import InvalidError
from bot.imports.opening import open_sheets
from bot.imports.reader import FileReader
from bot.imports.values import RefusedFileError
from tests import mishaps
from tests.conftest import NOW, QuickCharts
from tests.export_files import xlsx, zipped
from tests.samples import series
from tests.served import Edge
from tests.served import served_edge as _edge  # noqa: F401
from tests.served import trusted_proxies as _trusted  # noqa: F401

SMALL = xlsx({"TOP POSTS": [["Post URL", "Impressions"], ["https://www.linkedin.com/x", 20]]})
SHEET = "xl/worksheets/sheet1.xml"


def parts() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(SMALL)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed(old: bytes, new: bytes) -> bytes:
    """The small workbook with something else in its sheet."""
    content = parts()
    assert old in content[SHEET]
    return zipped({**content, SHEET: content[SHEET].replace(old, new)})


def elsewhere(old: bytes, new: bytes) -> bytes:
    """The sheet under another name."""
    content = {name: text.replace(b"worksheets/sheet1", b"media/image1") for name, text in parts().items()}
    sheet = content.pop(SHEET).replace(old, new)
    return zipped({**content, "xl/media/image1.xml": sheet})


def as_utf16(old: bytes, new: bytes) -> bytes:
    content = parts()
    text = content[SHEET].replace(old, new).replace(b'encoding="UTF-8"', b'encoding="UTF-16"')
    return zipped({**content, SHEET: text.decode().encode("utf-16")})


FIRST = b'r="A1"'
FAR = {
    "single quotes": changed(FIRST, b"r='T1048576'"),
    "blanks": changed(FIRST, b'r = "T1048576"'),
    "a line between": changed(FIRST, b'r\n=\n"XFD1048576"'),
    "a character by number": changed(FIRST, b'r="&#84;1048576"'),
    "behind much else": changed(FIRST, b'x="' + b"y" * 500 + b'" r="T1048576"'),
    "under another name": elsewhere(FIRST, b"r='T1048576'"),
    "in UTF-16": as_utf16(FIRST, b'r="T1048576"'),
    "wide and long": changed(FIRST, b'r="ZZ50000"'),
    "without a place": changed(b"</sheetData>", b"<row>" + b"<c/>" * 600_000 + b"</row>" * 1 + b"</sheetData>"),
    "rows without a place": changed(b"</sheetData>", b"<row/>" * 60_000 + b"</sheetData>"),
    "entities far down": changed(b"<worksheet", b"<!--" + b"x" * 2000 + b"--><!DOCTYPE a [<!ENTITY b 'c'>]><worksheet"),
    "a binary workbook": zipped({**parts(), "xl/workbook.bin": b"\x83\x01"}),
    "an OpenDocument": zipped({**parts(), "content.xml": b"<x/>"}),
    "no XML": changed(b"</sheetData>", b"</sheet>"),
}


@pytest.mark.parametrize("data", FAR.values(), ids=FAR)
def test_a_workbook_whose_cells_lie_far_out_is_refused_before_it_is_built(data: bytes) -> None:
    began = time.process_time()
    with pytest.raises(RefusedFileError):
        open_sheets(data)
    assert time.process_time() - began < 5


def test_a_workbook_as_people_have_it_is_read() -> None:
    (sheet,) = open_sheets(SMALL)
    assert [cells for _line, cells in sheet.rows][1] == ["https://www.linkedin.com/x", "20"]


# ---------------------------------------------------------------------- workers


async def test_a_stopped_reader_is_ended_and_its_asker_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.imports.reader.read_packed", mishaps.stop)
    began = time.monotonic()
    with pytest.raises(InvalidError, match="more than a minute"):
        await FileReader(seconds=3).read(b"a", NOW, "UTC")
    assert time.monotonic() - began < 20


def worker_of(renderer: ChartRenderer) -> int:
    assert renderer._pool is not None
    (pid,) = renderer._pool._processes
    return pid


@pytest.mark.long
async def test_a_stopped_worker_is_replaced_and_what_waits_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once nothing new was ever drawn again."""
    monkeypatch.setattr(render, "STARTING_SECONDS", 120.0)
    async with ChartRenderer() as renderer:
        await renderer.warm()
        stopped = worker_of(renderer)
        os.kill(stopped, signal.SIGSTOP)
        monkeypatch.setattr(render, "DRAWING_SECONDS", 1.0)
        first = await renderer.draw(series(7))
        monkeypatch.setattr(render, "DRAWING_SECONDS", 120.0)
        assert first.startswith(b"\x89PNG")
        assert await renderer.draw(series(8)) != first
        assert worker_of(renderer) != stopped


async def test_whoever_waits_for_a_picture_that_is_not_drawn_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "STARTING_SECONDS", 0.01)
    async with ChartRenderer() as renderer:
        with pytest.raises(DrawingError, match="Try again in a minute"):
            await renderer.draw(series(7))


async def test_a_page_without_its_picture_says_when_to_ask_again(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    async def draw(self: QuickCharts, chart: Series, *theme: Any) -> bytes:
        raise DrawingError("The picture could not be drawn in time. Try again in a minute.")

    monkeypatch.setattr(QuickCharts, "draw", draw)
    answer = await edge.get("/@maya/card.png")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
    assert "Try again" in await answer.text()
