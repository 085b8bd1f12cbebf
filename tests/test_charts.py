"""What people see and hear of a chart, and that drawing it never stops the bot."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import io
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from bot.charts import ChartRenderer, Timeline, alt_text, draw

FIRST = dt.date(2026, 10, 1)


def a_timeline(length: int = 7, **changes: Any) -> Timeline:
    counts = tuple((n * 7) % 11 for n in range(length))
    made = Timeline(
        title="Summer drop",
        subtitle="1 Oct - 7 Oct 2026, Europe/Berlin",
        days=tuple(FIRST + dt.timedelta(days=n) for n in range(length)),
        clicks=counts,
        impressions=tuple(n * 120 for n in counts),
        unfinished=True,
        previous_clicks=tuple(reversed(counts)),
    )
    return replace(made, **changes)


def picture(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png), formats=["PNG"])
    image.load()
    return image


@pytest.fixture(scope="module")
def usual() -> bytes:
    return draw(a_timeline())


@pytest.mark.parametrize(
    ("days", "unfinished"), [(1, True), (1, False), (2, True), (7, False), (14, True), (28, True), (90, False)]
)
def test_a_chart_is_sharp_and_small(days: int, unfinished: bool) -> None:
    png = draw(a_timeline(days, clicks=tuple(range(1, days + 1)), impressions=(1200,) * days, unfinished=unfinished))
    assert picture(png).size == (1600, 900)
    assert len(png) < 80_000


def test_without_impressions_their_panel_is_left_out() -> None:
    assert picture(draw(a_timeline(impressions=(0,) * 7))).size == (1600, 600)


def test_a_period_without_clicks_says_so_instead_of_failing() -> None:
    zeros = (0,) * 28
    quiet = a_timeline(28, clicks=zeros, impressions=zeros, previous_clicks=None)
    assert picture(draw(quiet)).getcolors(10) is None, "there is writing on it"
    assert draw(quiet) != draw(replace(quiet, previous_clicks=(3,) * 28))
    assert "No clicks yet in this period" in alt_text(quiet)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Winter drop"},
        {"subtitle": "another week"},
        {"clicks": (0, 1, 2, 3, 4, 5, 6)},
        {"impressions": (0, 1, 2, 3, 4, 5, 6)},
        {"unfinished": False},
        {"previous_clicks": None},
        {"days": tuple(FIRST + dt.timedelta(days=30 + n) for n in range(7))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_part_of_a_timeline_shows(change: dict[str, Any], usual: bytes) -> None:
    assert draw(a_timeline(**change)) != usual


def test_the_same_timeline_is_the_same_picture(usual: bytes) -> None:
    assert draw(a_timeline()) == usual


@pytest.mark.parametrize(
    "title",
    [
        "",
        "cost $5 and $6",
        r"$\frac{1}{2}$ \undefined{ ^_^ $",
        "🔥🔥🔥",
        "Drop ☀️ 👨‍👩‍👧 夏のリンク ❤️",
        "קישור הקיץ - الرابط الصيفي",
        "Z" + "\u0337\u0328\u0321\u0316" * 40 + "algo",
        "two\nlines\x00\x1b[31m\u202e\ud800",
        "W" * 3000,
        "\u0915\u094d\u0937 ไทย 한국어 \U0010ffff",
    ],
    ids=["empty", "dollars", "mathtext", "emoji", "mixed", "rtl", "zalgo", "controls", "long", "scripts"],
)
def test_any_title_can_be_drawn(title: str) -> None:
    hostile = a_timeline(title=title)
    image = picture(draw(hostile)).convert("RGB")
    assert image.size == (1600, 900)
    margin = image.crop((1560, 0, 1600, 130)).getcolors()
    assert margin == [(40 * 130, (30, 31, 38))], "the title stays within the margin"
    assert len(alt_text(hostile)) <= 1024


def test_a_dollar_is_a_dollar() -> None:
    assert draw(a_timeline(title="$a$")) != draw(a_timeline(title="a"))


def test_alt_text_tells_what_the_picture_shows() -> None:
    shown = a_timeline(
        clicks=(1, 2, 1200, 4, 5, 6, 7), impressions=(0, 0, 0, 40_000, 0, 0, 1), previous_clicks=(0, 0, 0, 0, 0, 0, 1)
    )
    assert alt_text(shown) == (
        "Summer drop. 1 Oct - 7 Oct 2026, Europe/Berlin. 1,225 clicks. 40,001 measured impressions. "
        "Best day: Saturday, 3 October with 1,200 clicks. The previous period had 1 click. "
        "The last day is today so far."
    )
    long = alt_text(replace(shown, title="x" * 5000, subtitle="y" * 5000))
    assert len(long) <= 1024
    assert "1,225 clicks" in long


def test_series_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one count for each"):
        a_timeline(7, clicks=(1, 2))
    with pytest.raises(ValueError, match="at least one day"):
        a_timeline(0)


def test_the_bot_loads_no_matplotlib_and_the_worker_no_pyplot() -> None:
    code = (
        "import sys, bot.charts as c, datetime as d\n"
        "assert 'matplotlib' not in sys.modules\n"
        "c.draw(c.Timeline('a', 'b', (d.date(2026, 1, 1),), (1,), (1,), True))\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=30)


def worker_of(renderer: ChartRenderer) -> int:
    assert renderer._pool is not None
    (pid,) = renderer._pool._processes
    return pid


async def gone(pid: int) -> None:
    """Return when the process is dead and buried; TimeoutError after a second."""
    async with asyncio.timeout(1):
        with contextlib.suppress(ProcessLookupError):
            while True:
                os.kill(pid, 0)
                await asyncio.sleep(0.01)


async def test_the_renderer_draws_beside_the_loop_and_outlives_a_killed_worker() -> None:
    async with ChartRenderer() as renderer:
        await renderer.warm()
        timeline = a_timeline(90)

        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.005)
                ticks += 1

        ticking = asyncio.create_task(tick())
        first = await renderer.timeline(timeline)
        ticking.cancel()
        assert ticks >= 3, "the loop ran while the chart was drawn"
        assert first == draw(timeline)

        pid = worker_of(renderer)
        os.kill(pid, signal.SIGINT)  # As Ctrl-C at a terminal does.
        assert await renderer.timeline(timeline) == first
        assert worker_of(renderer) == pid

        os.kill(pid, signal.SIGKILL)
        both = await asyncio.gather(renderer.timeline(timeline), renderer.timeline(timeline))
        assert both == [first, first]
        pid = worker_of(renderer)

        drawing = [asyncio.create_task(renderer.timeline(timeline)) for _ in range(20)]
        await asyncio.sleep(0.05)
        began = time.monotonic()
    assert time.monotonic() - began < 2.5
    await asyncio.gather(*drawing, return_exceptions=True)
    await gone(pid)
    with pytest.raises(RuntimeError, match="closed"):
        await renderer.timeline(timeline)


async def test_closing_does_not_wait_for_a_stuck_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.charts.render.CLOSING_SECONDS", 0.2)
    async with ChartRenderer() as renderer:
        await renderer.warm()
        pid = worker_of(renderer)
        os.kill(pid, signal.SIGSTOP)
        drawing = asyncio.create_task(renderer.timeline(a_timeline()))
        await asyncio.sleep(0.05)
        began = time.monotonic()
    assert time.monotonic() - began < 1
    await gone(pid)
    (outcome,) = await asyncio.gather(drawing, return_exceptions=True)
    assert isinstance(outcome, Exception)
