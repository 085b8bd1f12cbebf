"""Worker processes: started and ended without the event loop waiting, deaf to Ctrl-C, gone when the bot is gone."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait
from typing import TypeVar

T = TypeVar("T")

CLOSING_SECONDS = 2.0
"""How long ending lets a worker finish before it is killed."""


def start(prepare: Callable[[], None] | None = None) -> ProcessPoolExecutor:
    """A pool of one worker, which calls `prepare` first. Takes longer than a loop may wait: call it in a thread."""
    pool = ProcessPoolExecutor(
        max_workers=1, mp_context=multiprocessing.get_context("spawn"), initializer=_settle, initargs=(prepare,)
    )
    # The worker inherits the mask: a Ctrl-C must not make it print a traceback while it is still importing.
    if hasattr(signal, "pthread_sigmask"):
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            pool.submit(int)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pool


def end(pool: ProcessPoolExecutor, seconds: float | None = None) -> None:
    """End the worker, by force after so many seconds, `CLOSING_SECONDS` when None. Waits: call it in a thread."""
    workers = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    if seconds := CLOSING_SECONDS if seconds is None else seconds:  # `wait` looks for ever when a clock stands still
        wait([worker.sentinel for worker in workers], seconds)
    for worker in workers:
        if worker.exitcode is None:
            worker.kill()


async def call(work: Callable[[], T], seconds: float, prepare: Callable[[], None] | None = None) -> T:
    """What `work` returns in a new process, which is ended with it, or when the caller is cancelled.

    Raises TimeoutError after so many seconds, BrokenProcessPool when the process dies.
    """
    starting = asyncio.ensure_future(asyncio.to_thread(start, prepare))
    try:
        pool = await asyncio.shield(starting)
        return await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(pool, work), seconds)
    finally:
        await asyncio.shield(_end_at_once(starting))


async def _end_at_once(starting: asyncio.Future[ProcessPoolExecutor]) -> None:
    await asyncio.to_thread(end, await starting, 0.0)


def _settle(prepare: Callable[[], None] | None) -> None:
    """In the worker: leave Ctrl-C to the bot, let it go first, and do not outlive it when it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(5)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if prepare is not None:
        prepare()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
