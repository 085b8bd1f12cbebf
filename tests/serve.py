"""The edge as a process of its own, for tests that kill it: `python -m tests.serve DATABASE`; prints its port.

With `--uncounted` it redirects without counting: the baseline of the benchmark.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ipaddress
import sys
from pathlib import Path

import uvloop

from bot.app import open_application
from bot.config import Config, StorageSection, WebSection
from bot.errors import InvalidError
from bot.links.access import Actor
from bot.tracking import recorder
from bot.tracking.tracker import Outcome, Tracker, Visit
from storage.records import Address, Kind

PROXIES = (ipaddress.ip_network("127.0.0.1/32"),)
"""So that a load can come from many visitors."""


async def main(path: Path, *options: str) -> None:
    recorder.ANSWER_SECONDS = 60.0  # no answer is late here: each one that arrives stands for a hit on disk
    if "--uncounted" in options:
        Tracker.track = _uncounted  # type: ignore[method-assign]
    config = Config(
        web=WebSection(base_url="https://go.example", host="127.0.0.1", port=0, trusted_proxies=PROXIES),
        storage=StorageSection(path=path, backups=path.parent / "backups"),
    )
    async with open_application(config) as app:
        with contextlib.suppress(InvalidError):  # it stands since before the last kill
            await app.services.links.add(Actor(1, 2, manager=True), "https://shop.example/x", name="summer")
        gc.collect()
        gc.freeze()
        print(app.web.port, flush=True)  # noqa: T201
        await asyncio.Event().wait()


async def _uncounted(self: Tracker, address: Address, kind: Kind, visit: Visit) -> Outcome:
    """Counts nothing."""
    return Outcome.ON_DISK


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), *sys.argv[2:]))
