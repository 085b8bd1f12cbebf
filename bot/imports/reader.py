"""Reads an attached file in a process of its own, which nothing that a file does can take the bot down with."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from bot import workers
from bot.errors import InvalidError
from bot.imports.packing import pack
from bot.imports.values import Daily, Parsed, RefusedFileError
from bot.texts import _

P = ParamSpec("P")
T = TypeVar("T")

SECONDS = 60.0
"""How long a file may take."""
TROUBLES = 1_000
"""Lines that can't be read of which the reason is told."""
MEMORY = 768 * 2**20
"""Bytes of data that its process may have."""


@dataclass(frozen=True, slots=True)
class Packed:
    """An export whose reports are packed, since to hand over many would make the event loop wait."""

    parsed: Parsed
    """Without its reports, and with `TROUBLES` at most."""
    posts: int
    unreadable: int
    packets: Sequence[bytes]


class FileReader:
    """Reads files, each in a new process; how many at a time is for `bot.turns` to say."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds

    async def read(self, data: bytes, now: dt.datetime, zone: str) -> Packed | Daily:
        """As `recognise.read`. Raises InvalidError with a sentence where nothing can be read."""
        found = await self.call(read_packed, data, now, zone)
        if isinstance(found, str):
            raise InvalidError(_("Nothing was imported. {why}").format(why=found))
        return found

    async def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | str:
        """What `work` returns in a process of its own, or a sentence on why it did not get to its end."""
        try:
            return await workers.call(partial(work, *args, **kwargs), self._seconds, limit_memory)
        except TimeoutError:
            return _("It took more than a minute to read. Export a shorter range of time.")
        except (BrokenProcessPool, MemoryError):
            return _("It takes more memory than an export needs; it was not read. Export a shorter range of time.")


def read_packed(data: bytes, now: dt.datetime, zone: str) -> Packed | Daily | str:
    """In the worker: the export, or a sentence on why it can't be read."""
    from bot.imports.recognise import read  # Here, so that only the process that reads pays for it.

    try:
        found = read(data, now, ZoneInfo(zone))
    except RefusedFileError as error:
        return str(error)
    if isinstance(found, Daily):
        return found
    short = dataclasses.replace(found, reports=(), troubles=found.troubles[:TROUBLES])
    return Packed(short, len(found.reports), len(found.troubles), pack(found.reports))


def limit_memory() -> None:
    """In the worker, where the system can: what asks for more gets an error."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
