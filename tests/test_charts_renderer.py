"""That drawing never stops the bot: a worker process that may die, pictures that are kept, and nothing drawn twice."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from dataclasses import replace

import pytest

from bot.charts import ChartRenderer, Series, Sparkline, Theme, draw
from bot.charts.render import PictureCache
from tests import samples


def a_chart(days: int = 7, title: str = "") -> Series:
    return replace(samples.series(days), title=title)


def worker_of(renderer: ChartRenderer) -> int:
    assert renderer._pool is not None
    (pid,) = renderer._pool._processes
    return pid


async def gone(pid: int) -> None:
    """Return when the process is dead and buried; TimeoutError after some seconds."""
    async with asyncio.timeout(10):
        with contextlib.suppress(ProcessLookupError):
            while True:
                os.kill(pid, 0)
                await asyncio.sleep(0.01)


async def test_the_renderer_draws_beside_the_loop_and_outlives_a_killed_worker() -> None:
    async with ChartRenderer() as renderer:
        await renderer.warm()
        chart = a_chart(90)

        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.005)
                ticks += 1

        ticking = asyncio.create_task(tick())
        first = await renderer.draw(chart)
        ticking.cancel()
        assert ticks >= 3, "the loop ran while the chart was drawn"
        assert first == draw(chart)

        pid = worker_of(renderer)
        os.kill(pid, signal.SIGINT)  # As Ctrl-C at a terminal does.
        other = a_chart(90, "another")  # What was drawn is kept, and would prove nothing.
        assert await renderer.draw(other) == draw(other)
        assert worker_of(renderer) == pid

        os.kill(pid, signal.SIGKILL)
        two = [a_chart(90, "one"), a_chart(90, "two")]
        assert await asyncio.gather(*map(renderer.draw, two)) == [draw(one) for one in two]
        pid = worker_of(renderer)

        drawing = [asyncio.create_task(renderer.draw(a_chart(90, f"{n}"))) for n in range(200)]
        await asyncio.sleep(0.05)
        began = time.monotonic()
    assert time.monotonic() - began < 8
    await asyncio.gather(*drawing, return_exceptions=True)
    await gone(pid)
    with pytest.raises(RuntimeError, match="closed"):
        await renderer.draw(chart)


async def test_closing_does_not_wait_for_a_stuck_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.workers.CLOSING_SECONDS", 0.2)
    async with ChartRenderer() as renderer:
        await renderer.warm()
        pid = worker_of(renderer)
        os.kill(pid, signal.SIGSTOP)
        drawing = asyncio.create_task(renderer.draw(a_chart()))
        await asyncio.sleep(0.05)
        began = time.monotonic()
    assert time.monotonic() - began < 8
    await gone(pid)
    (outcome,) = await asyncio.gather(drawing, return_exceptions=True)
    assert isinstance(outcome, Exception)


async def test_a_chart_wanted_again_is_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ChartRenderer() as renderer:
        drawn: list[tuple[object, Theme]] = []
        submit = renderer._submit

        async def counted(pool: object, chart: Series, theme: Theme) -> bytes:
            drawn.append((chart, theme))
            return await submit(pool, chart, theme)  # pyright: ignore[reportArgumentType]

        monkeypatch.setattr(renderer, "_submit", counted)
        impatient = asyncio.create_task(renderer.draw(a_chart()))
        await asyncio.sleep(0)
        waiting = [asyncio.create_task(renderer.draw(a_chart())) for _ in range(5)]
        await asyncio.sleep(0)
        impatient.cancel()
        pictures = await asyncio.gather(*waiting)
        assert len(set(pictures)) == len(drawn) == 1
        assert await renderer.draw(a_chart()) == pictures[0]
        assert len(drawn) == 1
        await renderer.draw(a_chart(), Theme.LIGHT)
        await renderer.draw(a_chart(title="another"))
        assert len(drawn) == 3


def test_the_cache_holds_what_was_wanted_last_up_to_its_weight() -> None:
    cache = PictureCache(100)
    keys = [(Sparkline((n,)), Theme.DARK) for n in range(4)]
    for key in keys[:3]:
        cache.put(key, b"x" * 33)
    assert cache.get(keys[0]) is not None
    cache.put(keys[3], b"x" * 33)
    assert [cache.get(key) is not None for key in keys] == [True, False, True, True]
    cache.put(keys[3], b"x" * 33)
    assert cache.bytes == 99
    cache.put((Sparkline(()), Theme.LIGHT), b"x" * 101)
    assert cache.bytes == 0
