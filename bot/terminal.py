"""How the command line tells of long work: a bar where somebody watches, plain lines where nobody does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

EVERY_SECONDS = 10.0
"""How often a plain line tells how far it is."""


class Telling:
    """Tells on stderr; `bar` is None where that is no terminal."""

    def __init__(self, console: Console, bar: Bar | None) -> None:
        self._console = console
        self._bar = bar
        self._task: TaskID | None = None
        self._what, self._done, self._total = "", 0, None
        self._told = time.monotonic()

    def say(self, text: str) -> None:
        """A line of its own."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def begin(self, what: str, total: int | None) -> None:
        self._close()
        self._what, self._done, self._total = what, 0, total
        if self._bar is not None:
            self._task = self._bar.add_task(what.capitalize(), total=total)

    def advance(self, steps: int) -> None:
        self._done += steps
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, steps)
        elif time.monotonic() - self._told >= EVERY_SECONDS:
            self._told = time.monotonic()
            self.say(self._state())

    async def wait(self, seconds: float, why: str) -> None:
        """Wait for a service that asked for it, and say so."""
        self.say(f"{why}; asking again in {seconds:,.0f} s")
        await asyncio.sleep(seconds)

    def end(self) -> None:
        """No more is told of the work: somebody may be asked something now."""
        self._close()
        self._what = ""
        if self._bar is not None:
            self._bar.stop()

    def _close(self) -> None:
        if self._what and self._bar is None:
            self.say(self._state())

    def _state(self) -> str:
        return f"{self._what}: {self._done:,}" + (f" of {self._total:,}" if self._total is not None else "")


@contextmanager
def telling() -> Iterator[Telling]:
    """Tell of the work within; the bar goes when it ends."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Telling(console, None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=console) as bar:
        yield Telling(console, bar)
