"""Draws charts in a worker process, so that the event loop never waits for matplotlib."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import OrderedDict
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from contextvars import copy_context
from types import TracebackType
from typing import Self

import structlog

from bot import workers
from bot.charts.theme import Theme
from bot.charts.values import Chart, Counts, Series
from bot.errors import UserError
from bot.texts import _, use_locale

CACHE_BYTES = 32 * 2**20
"""How much the pictures that are kept may weigh together."""
DRAWING_SECONDS = 20.0
"""How long one picture may take before the worker is taken for hung."""
STARTING_SECONDS = 60.0
"""Likewise a worker's first picture, with its start."""
TRIES = 2
"""Workers that a picture is given to; whoever waits for it is told after the last."""


class DrawingError(UserError):
    """No worker drew the picture in time."""


log = structlog.get_logger(__name__)


def draw(chart: Chart, theme: Theme = Theme.DARK) -> bytes:
    """The chart as a PNG with two pixels for each logical one, a sheet on paper as a PDF; see the kinds' modules."""
    return copy_context().run(_draw, chart, theme)


def _draw(chart: Chart, theme: Theme) -> bytes:
    from bot.charts import drawing  # Here, so that only the process that draws pays for matplotlib.

    use_locale(chart.locale)
    return drawing.file(chart, theme)


class ChartRenderer:
    """An async context manager that owns one worker process, started by the first chart.

    Pictures are kept, the least recently wanted dropped first, and a chart wanted twice at once is drawn once.
    """

    def __init__(self, cache_bytes: int = CACHE_BYTES) -> None:
        self._cache = PictureCache(cache_bytes)
        self._drawing: dict[tuple[Chart, Theme], asyncio.Task[bytes]] = {}
        self._pool: ProcessPoolExecutor | None = None
        self._starting = asyncio.Lock()
        self._turn = asyncio.Lock()
        """One picture at a time, so that the time of each is its own."""
        self._began = False
        """Whether the worker has drawn a picture."""
        self._closed = False
        self._beginning: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closed = True
        async with self._starting:
            pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(workers.end, pool)

    async def draw(self, chart: Chart, theme: Theme = Theme.DARK) -> bytes:
        """A chart's picture, a sheet's PDF. RuntimeError once closed; DrawingError when no worker does it."""
        if self._closed:
            raise RuntimeError("The chart renderer is closed.")
        key = (chart, theme)
        kept = self._cache.get(key)
        if kept is not None:
            return kept
        task = self._drawing.get(key)
        if task is None:
            task = self._drawing[key] = asyncio.create_task(self._draw_and_keep(key))
            task.add_done_callback(lambda done: self._drawn(key, done))
        return await asyncio.shield(task)  # Who stops waiting does not stop the others.

    def begin(self) -> None:
        """Warm up behind, for whoever asks first."""
        self._beginning = asyncio.create_task(self._begin())

    async def _begin(self) -> None:
        with suppress(RuntimeError):  # closed, or its worker died: the next chart starts it anew
            await self.warm()

    async def warm(self) -> None:
        """Draw a small chart, so that nobody waits for the worker to start."""
        await self.draw(Series("", "", (dt.date(2026, 1, 1),), (Counts("", (1,)),), unfinished=False))

    async def _draw_and_keep(self, key: tuple[Chart, Theme]) -> bytes:
        async with self._turn:
            for _try in range(TRIES):
                pool = await self._running()
                try:
                    seconds = DRAWING_SECONDS if self._began else STARTING_SECONDS
                    png = await asyncio.wait_for(self._submit(pool, *key), seconds)
                except (BrokenProcessPool, TimeoutError) as error:
                    await self._replace(pool, error)
                else:
                    self._began = True
                    self._cache.put(key, png)
                    return png
        raise DrawingError(_("The picture could not be drawn in time. Try again in a minute."))

    async def _replace(self, pool: ProcessPoolExecutor, error: Exception) -> None:
        """End a worker that died or hangs; the next picture gets a new one."""
        if self._closed:
            raise RuntimeError("The chart renderer is closed.")
        log.warning("The worker that draws pictures is replaced", error=type(error).__name__)
        self._began = False
        if self._pool is pool:
            self._pool = None
        await asyncio.to_thread(workers.end, pool, 0.0)

    def _drawn(self, key: tuple[Chart, Theme], task: asyncio.Task[bytes]) -> None:
        del self._drawing[key]
        if not task.cancelled():
            task.exception()  # Whoever waits is told; nobody may be left who does.

    async def _running(self) -> ProcessPoolExecutor:
        async with self._starting:
            if self._pool is None and not self._closed:
                self._pool = await asyncio.to_thread(
                    workers.start
                )  # To start a process takes longer than a loop may wait.
            if self._closed:
                raise RuntimeError("The chart renderer is closed.")
            assert self._pool is not None
            return self._pool

    async def _submit(self, pool: ProcessPoolExecutor, chart: Chart, theme: Theme) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(pool, draw, chart, theme)


class PictureCache:
    """Pictures by what they show, up to a weight in bytes; the least recently wanted goes first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[Chart, Theme], bytes] = OrderedDict()
        self.bytes = 0

    def get(self, key: tuple[Chart, Theme]) -> bytes | None:
        png = self._kept.get(key)
        if png is not None:
            self._kept.move_to_end(key)
        return png

    def put(self, key: tuple[Chart, Theme], png: bytes) -> None:
        if key not in self._kept:
            self._kept[key] = png
            self.bytes += len(png)
        while self.bytes > self._limit:
            _, dropped = self._kept.popitem(last=False)
            self.bytes -= len(dropped)
