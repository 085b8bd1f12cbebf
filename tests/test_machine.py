"""A machine without a browser or without poppler: tests that need them skip, and the run says what brings them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine import LaunchBrowser, Poppler, closing_line

TESTS = Path(__file__).parent


async def test_asks_for_a_browser(launch_browser: LaunchBrowser) -> None:
    page = await (await launch_browser()).new_page()
    await page.set_content("<p>here</p>")
    assert await page.inner_text("p") == "here"


async def test_asks_for_poppler(poppler: Poppler, tmp_path: Path) -> None:
    from bot.charts import Paper, Theme, draw
    from bot.reports.sheet import sheet
    from tests.branded import fullest

    file = tmp_path / "report.pdf"
    file.write_bytes(draw(sheet(fullest(), "f" * 64, Paper.A4), Theme.LIGHT))
    assert re.search(r"Pages: +1\n", await poppler("pdfinfo", file))


@pytest.mark.parametrize("need_all", [False, True])
def test_what_is_missing_skips_with_one_line_or_fails_on_demand(tmp_path: Path, need_all: bool) -> None:
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "asks_for", __file__),
            *(["--need-all"] if need_all else []),
        ],
        cwd=TESTS.parent,
        env={**os.environ, "PATH": str(tmp_path), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if need_all:
        assert run.returncode == 1, run.stdout
        assert "needs Chromium: " in run.stdout
        assert "needs poppler: " in run.stdout
        assert "To run them too" not in run.stdout
    else:
        assert run.returncode == 0, run.stdout
        assert run.stdout.count("2 tests were skipped for want of Chromium and poppler. To run them too: ") == 1


@pytest.mark.parametrize(
    ("skipped", "on", "line"),
    [
        (
            {"poppler": 2, "Chromium": 12},
            "debian",
            "14 tests were skipped for want of Chromium and poppler. "
            "To run them too: sudo apt install chromium poppler-utils",
        ),
        (
            {"Chromium": 1},
            "ubuntu",
            "1 test was skipped for want of Chromium. To run them too: sudo apt install chromium-browser",
        ),
        (
            {"poppler": 2, "Chromium": 1},
            "darwin",
            "3 tests were skipped for want of Chromium and poppler. "
            "To run them too: brew install google-chrome poppler",
        ),
        ({"poppler": 2}, "linux", "2 tests were skipped for want of poppler. To run them too: install poppler"),
    ],
)
def test_the_closing_line_names_one_command(skipped: dict[str, int], on: str, line: str) -> None:
    assert closing_line(skipped, on) == line


def test_no_other_file_looks_for_them() -> None:
    looks = re.compile(
        r"""executable_path|chromium\.launch|which\(["'](chrom|google|pdf)|["']pdf(fonts|images|info|totext)"""
    )
    files = {path.name for path in TESTS.glob("*.py") if looks.search(path.read_text())}
    assert files - {"machine.py", "test_machine.py"} == {"test_brand.py"}, "which asks the fixture for poppler's tools"
    brand = (TESTS / "test_brand.py").read_text()
    assert len(re.findall(r"[\"']pdf(fonts|images|info|totext)", brand)) == len(re.findall(r"poppler\([\"']pdf", brand))
