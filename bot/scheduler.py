"""The metronome: APScheduler starts what has to happen again and again; what is due is asked of the database."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

Job = Callable[[], Awaitable[object]]
Jobs = Mapping[str, tuple[float, Job]]
"""Seconds from one beginning to the next, and what to do, by name."""

_LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)

log = structlog.get_logger(__name__)


def _always() -> bool:
    return True


@asynccontextmanager
async def running(jobs: Jobs, is_time_trusted: Callable[[], bool] = _always) -> AsyncIterator[AsyncIOScheduler]:
    """Run each job every so many seconds, one at a time, until the block ends; none while time is not to be trusted.

    APScheduler compares every instant with the wall clock, and one that is set back would stop its triggers for as
    long. So it begins each job once, at a date that every clock is past, and the pauses are the event loop's, which go
    by the monotonic clock.
    """
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None})
    for name, (seconds, job) in jobs.items():
        arguments = (name, seconds, job, is_time_trusted)
        scheduler.add_job(_repeat, "date", arguments, id=name, run_date=_LONG_AGO)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=False)


async def _repeat(name: str, seconds: float, job: Job, is_time_trusted: Callable[[], bool]) -> None:
    loop = asyncio.get_running_loop()
    at = loop.time()
    while True:
        # One that takes longer than its pause begins again at once, and makes up for nothing.
        at = max(at + seconds, loop.time())
        try:
            await asyncio.sleep(at - loop.time())
        except asyncio.CancelledError:
            return  # the end, and nothing is cut off
        await run_once(name, job, is_time_trusted)


async def run_once(name: str, job: Job, is_time_trusted: Callable[[], bool]) -> None:
    """Do a job's work if time is to be trusted. One that fails is logged, and runs again."""
    if is_time_trusted():
        try:
            await job()
        except Exception:
            log.exception("job failed", job=name)
