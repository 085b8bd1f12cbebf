"""Draws charts in a worker process, so that the event loop never waits for matplotlib."""

from __future__ import annotations

import asyncio
import datetime as dt
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from types import TracebackType
from typing import Self

from bot.charts.timeline import Timeline

CLOSING_SECONDS = 2.0
"""How long closing lets a chart finish before it ends the worker."""


def draw(timeline: Timeline) -> bytes:
    """A PNG of 1600 x 900 pixels; 1600 x 600 when no impression was measured, since their panel is left out."""
    from bot.charts import panels  # Here, so that only the process that draws pays for matplotlib.

    return panels.draw(timeline)


class ChartRenderer:
    """An async context manager that owns one worker process, started by the first chart."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closed = True
        pool, self._pool = self._pool, None
        if pool is not None:
            workers = list(pool._processes.values())
            pool.shutdown(wait=False, cancel_futures=True)
            await asyncio.to_thread(_end, workers)

    async def timeline(self, timeline: Timeline) -> bytes:
        """The PNG of a timeline. RuntimeError once closed; BrokenProcessPool when the worker died twice in a row."""
        pool = self._running()
        try:
            return await self._draw(pool, timeline)
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = None
            return await self._draw(self._running(), timeline)

    async def warm(self) -> None:
        """Draw a small chart, so that nobody waits for the worker to start."""
        await self.timeline(Timeline("", "", (dt.date(2026, 1, 1),), (1,), (1,), unfinished=False))

    def _running(self) -> ProcessPoolExecutor:
        if self._closed:
            raise RuntimeError("The chart renderer is closed.")
        if self._pool is None:
            self._pool = _start()
        return self._pool

    async def _draw(self, pool: ProcessPoolExecutor, timeline: Timeline) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(pool, draw, timeline)


def _start() -> ProcessPoolExecutor:
    pool = ProcessPoolExecutor(
        max_workers=1, mp_context=multiprocessing.get_context("spawn"), initializer=_settle_worker
    )
    # The worker inherits the mask: a Ctrl-C must not make it print a traceback while it is still importing.
    if hasattr(signal, "pthread_sigmask"):
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            pool.submit(int)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pool


def _settle_worker() -> None:
    """In the worker: leave Ctrl-C to the bot, and do not outlive it when it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _end(workers: list[multiprocessing.Process]) -> None:
    wait([worker.sentinel for worker in workers], CLOSING_SECONDS)
    for worker in workers:
        if worker.exitcode is None:
            worker.kill()
