"""The demo as a person meets it: a process, three addresses, a Discord page in a real Chromium, Ctrl-C."""

from __future__ import annotations

import datetime as dt
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page
from yarl import URL

from bot.demo import sample
from storage import counts, links
from storage.database import Database
from tests.conftest import BROWSER, NOW, mismatches
from tests.machine import LaunchBrowser
from tests.sampled import CREW, GUILD
from tests.sampled import a_filled_database as _filled  # noqa: F401

ROOT = Path(__file__).parent.parent
CHARTS = "[...document.images].filter(image => image.naturalWidth === 1600).length"
"""How many charts the page shows, loaded: JavaScript."""


@dataclass
class Demo:
    process: subprocess.Popen[bytes]
    output: Path
    discord_page: str
    tracked_link: str
    profile: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo, running; what it prints goes to a file."""
    output = tmp_path_factory.mktemp("demo") / "out"
    with output.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "demo", "--port", "0", "--discord-port", "0"],
            cwd=output.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            deadline = time.monotonic() + 240
            while "Ctrl-C" not in (said := output.read_text()):
                assert process.poll() is None, said
                assert time.monotonic() < deadline, said
                time.sleep(0.1)
            found = dict(re.findall(r"(Discord page|Tracked link|Smart profile) +(\S+)", said))
            yield Demo(process, output, found["Discord page"], found["Tracked link"], found["Smart profile"])
        finally:
            process.kill()
            process.wait()


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()


def test_the_three_addresses_answer(demo: Demo) -> None:
    assert b"SimCord" in _get(demo.discord_page)
    assert b"Maya Lindt" in _get(demo.profile)
    assert _follow(demo).startswith(b"HTTP/1.1 302 Found")


def _follow(demo: Demo) -> bytes:
    """Follow the tracked link as somebody new."""
    host, port = demo.tracked_link.removeprefix("http://").split("/")[0].split(":")
    path = demo.tracked_link.rsplit("/", 1)[1]
    with socket.create_connection((host, int(port)), timeout=10) as visitor:
        visitor.sendall(
            f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {BROWSER} {time.monotonic_ns()}\r\n\r\n".encode()
        )
        return visitor.recv(4096)


async def test_a_command_typed_in_the_browser_is_answered_with_numbers_and_a_chart(
    launch_browser: LaunchBrowser, demo: Demo
) -> None:
    browser = await launch_browser()
    page = await browser.new_page(bypass_csp=True, viewport={"width": 1100, "height": 1250})
    await page.goto(demo.discord_page)
    await page.wait_for_function("window.simcordPreview && window.simcordPreview.ready")
    before = _clicks(await _stats_of_summer(page))
    assert before > 1000
    _follow(demo)
    assert _clicks(await _stats_of_summer(page)) == before + 1


async def _stats_of_summer(page: Page) -> str:
    """Type /stats link, choose the link, send; returns what the page shows then."""
    charts = await page.evaluate(CHARTS)
    await page.get_by_placeholder(re.compile("Message #")).click()
    await page.keyboard.type("/stats link")
    await page.get_by_role("option", name=re.compile("stats link")).first.click()
    await page.keyboard.type("summer")
    await page.get_by_role("option", name="Summer lookbook (summer)").click()
    await page.locator("#channel-composer button[type=submit]").last.click()
    await page.wait_for_function(f"charts => ({CHARTS}) > charts", arg=charts, timeout=30_000)
    return await page.inner_text("body")


def _clicks(shown: str) -> int:
    """The clicks of the last answer on the page."""
    found = re.findall(r"\bClicks\s+([\d,]+)", shown.split("Summer lookbook: 28 days")[-1])
    return int(found[0].replace(",", ""))


def test_ctrl_c_ends_it_cleanly_with_a_connection_open(demo: Demo) -> None:
    host, port = demo.profile.removeprefix("http://").split("/")[0].split(":")
    with socket.create_connection((host, int(port))):
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(30) == 0
    assert "Traceback" not in demo.output.read_text()


@pytest.mark.proof
async def test_the_sample_is_the_same_on_every_start(filled: Database, tmp_path: Path) -> None:
    async with Database.open(tmp_path / "another" / "eyeballs.db") as another:
        await sample.fill(another, CREW, URL("https://go.example"), NOW)
        assert await mismatches(another) == []
        seen = [await _by_slug(filled), await _by_slug(another)]
    assert seen[0] == seen[1]
    by_link = {slug: sum(n for *_rest, n in rows) for slug, rows in seen[0].items()}
    assert len(by_link) == 13
    assert [slug for slug, count in by_link.items() if count == 0] == ["old-blog"]
    assert len({day for rows in seen[0].values() for _place, _kind, day, _n in rows}) == sample.DAYS - 1


async def _by_slug(db: Database) -> dict[str, list[tuple[int, str, dt.date, int]]]:
    """By link, what was counted at each place on each day.

    Posts have other ids each time: their places are told apart in the order in which they were made.
    """
    first = NOW.date() - dt.timedelta(days=sample.DAYS)
    async with db.read() as conn:
        slugs = {link.id: link.slug for link in await links.find(conn, GUILD)}
        found = await counts.by_place_day(conn, GUILD, first, NOW.date(), slugs)
    places = {place: n for n, place in enumerate(sorted({place for _day, (_, place, _), _n in found}))}
    return {
        slug: sorted((places[place], kind, day, n) for day, (id_, place, kind), n in found if id_ == link_id)
        for link_id, slug in slugs.items()
    }
