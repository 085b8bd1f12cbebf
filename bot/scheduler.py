"""The metronome: APScheduler calls what has to happen again and again; what is due is asked of the database."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from apscheduler.schedulers.asyncio import AsyncIOScheduler


@asynccontextmanager
async def running(jobs: dict[str, tuple[float, Callable[[], Awaitable[object]]]]) -> AsyncIterator[AsyncIOScheduler]:
    """Run each job every so many seconds, one at a time, until the block ends. A late job runs all the same, once."""
    # One at a time is meant: a job that takes longer than its pause is nothing to warn of each time.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    scheduler = AsyncIOScheduler(
        timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    for name, (seconds, job) in jobs.items():
        scheduler.add_job(job, "interval", seconds=seconds, id=name)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=False)
