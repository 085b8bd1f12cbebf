"""The edge as a process of its own, for tests that kill it and loads that measure it; prints its port.

`python -m tests.serve DATABASE [OPTION ...]`:
--uncounted    redirects without counting: the baseline of the benchmark
--mark-late    answers that did not wait for the disk carry the header `X-Late`
--slow-disk    now and then a transaction takes longer than an answer waits
--page         Maya's two links, a post and a page, as in `tests.served`, instead of one link
--direct       no proxy stands in front
--few          no more descriptors than many systems allow
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import ipaddress
import random
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import uvloop
from aiohttp import web

from bot import logs
from bot.app import open_application
from bot.cli import let_the_loop_in, run_until_signal, spare_the_collector
from bot.config import Config, StorageSection, WebSection
from bot.errors import InvalidError
from bot.links.access import Actor
from bot.tracking.tracker import Outcome, Tracker, Visit
from bot.web.routes import Edge
from storage.database import Writer
from storage.records import Address, Kind
from tests.served import seed

PROXIES = (ipaddress.ip_network("127.0.0.1/32"),)
"""So that a load can come from many visitors."""

_outcome: contextvars.ContextVar[Outcome | None] = contextvars.ContextVar("outcome", default=None)


async def main(path: Path, *options: str) -> None:
    logs.configure("info", "json")
    if "--uncounted" in options:
        Tracker.track = _uncounted  # type: ignore[method-assign]
    if "--mark-late" in options:
        _mark_late()
    if "--slow-disk" in options:
        _slow_disk()
    if "--few" in options:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
    config = Config(
        web=WebSection(
            base_url="https://go.example",
            host="127.0.0.1",
            port=0,
            trusted_proxies=() if "--direct" in options else PROXIES,
        ),
        storage=StorageSection(path=path, backups=path.parent / "backups"),
    )
    async with open_application(config) as app:
        if "--page" in options:
            await app.db.write(seed)
            await app.services.charts.warm()
        with contextlib.suppress(InvalidError):  # it stands since before the last kill
            await app.services.links.add(Actor(1, 2, manager=True), "https://shop.example/x", name="summer")
        spare_the_collector()
        let_the_loop_in()
        print(app.web.port, flush=True)  # noqa: T201
        await asyncio.Event().wait()


async def _uncounted(self: Tracker, address: Address, kind: Kind, visit: Visit) -> Outcome:
    """Counts nothing."""
    return Outcome.ON_DISK


def _mark_late() -> None:
    track, answer = Tracker.track, Edge.answer

    async def noting(self: Tracker, *args: Any) -> Outcome:
        outcome = await track(self, *args)
        _outcome.set(outcome)
        return outcome

    async def marking(self: Edge, request: web.BaseRequest) -> web.StreamResponse:
        response = await answer(self, request)
        if _outcome.get() is Outcome.LATE:
            response.headers["X-Late"] = "1"
        return response

    Tracker.track, Edge.answer = noting, marking  # type: ignore[method-assign]


def _slow_disk() -> None:
    begin = Writer.begin

    @contextlib.contextmanager
    def slow(self: Writer) -> Iterator[sa.Connection]:
        with begin(self) as conn:
            yield conn
            if random.random() < 0.1:
                time.sleep(0.4)

    Writer.begin = slow  # type: ignore[method-assign]


if __name__ == "__main__":
    run_until_signal(main(Path(sys.argv[1]), *sys.argv[2:]), uvloop.new_event_loop)
