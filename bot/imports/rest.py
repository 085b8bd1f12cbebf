"""Asks a shortener's REST API: with patience for rate limits and failures, and without ever telling the key."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout
from yarl import URL

from bot.clock import Clock
from bot.errors import OperatorError
from bot.imports import answers
from bot.imports.answers import NOTHING
from bot.inputs.text import shorten

ATTEMPTS = 8
"""How often one page is asked for before it is given up."""
LONGEST = 3600.0
"""Seconds that are waited at most for one page."""
IN_ALL = 12 * 3600.0
"""And for all of them."""
LIMITED = 60.0
"""Seconds to wait after a 429 that does not say: Bitly's limits are by the minute, and it never does."""
SECONDS = 60.0
_AGAIN = (429, 500, 502, 503, 504)
AGAIN = "Run the same command again: it goes on where it stopped."

Wait = Callable[[float, str], Awaitable[None]]
"""Waits for so many seconds; the text says why."""


class Rest:
    """One service's API below `base`. `headers` hold the key: no redirect gets them, no answer has it left."""

    def __init__(
        self, http: ClientSession, base: URL, headers: Mapping[str, str], clock: Clock, wait: Wait | None = None
    ) -> None:
        self._http = http
        self._base = base
        self._headers = headers
        self._clock = clock
        self._wait = wait or _sleep
        self._waited = 0.0
        self._secrets = [value.rpartition(" ")[2] for name, value in headers.items() if name != "Accept"]

    @property
    def host(self) -> str:
        return self._base.host or ""

    def _detail(self, body: bytes) -> str:
        """What an error's JSON says in words."""
        try:
            found = answers.parse(body, self._secrets)
        except answers.Unfit:
            return ""
        names = ("detail", "description", "message", "title") if isinstance(found, dict) else ()
        text = next((found[name] for name in names if isinstance(found.get(name), str)), "")
        return f": {shorten(text, 100)}" if text else ""

    async def get(self, path: str, **params: str | int) -> Any:
        """The JSON at a path, already encoded; None when there is nothing (404). Raises OperatorError."""
        url = URL(f"{str(self._base).rstrip('/')}{path}", encoded=True).update_query(params)
        said, waited = "", 0.0
        for attempt in range(ATTEMPTS):
            pause = min(2.0**attempt, 60.0)
            try:
                timeout = ClientTimeout(total=SECONDS)
                async with self._http.get(
                    url, headers=self._headers, allow_redirects=False, timeout=timeout
                ) as response:
                    status, body = response.status, await _body(response.content)
                    retry_after = response.headers.get("Retry-After", "")
            except (ClientError, TimeoutError, OSError) as error:
                said = f"{self.host} can't be reached ({type(error).__name__})"
            else:
                if status == 200:
                    try:
                        return answers.parse(body, self._secrets)
                    except answers.Unfit as error:
                        raise OperatorError(
                            f"The answer of {self.host} to {path[:200]} {error}; {NOTHING}. Is the address right?"
                        ) from None
                if status == 404:
                    return None
                if status in (401, 403):
                    raise OperatorError(
                        f"{self.host} refuses the key (status {status}{self._detail(body)}). Check that it is whole, "
                        "of this server or account, and may read links and visits."
                    )
                if status not in _AGAIN:
                    raise OperatorError(f"{self.host} answered {path[:200]} with status {status}{self._detail(body)}.")
                said = f"{self.host} answered with status {status}{self._detail(body)}"
                if status == 429:
                    pause = LIMITED
                pause = _seconds(retry_after, self._clock.now(), pause)
            if attempt < ATTEMPTS - 1:
                if waited + pause > LONGEST or self._waited + pause > IN_ALL:
                    raise OperatorError(
                        f"{said}, and has it waited for longer than an hour for a page, or 12 for all of them. {AGAIN}"
                    )
                waited += pause
                self._waited += pause
                await self._wait(pause, said)
        raise OperatorError(f"{said}, {ATTEMPTS} times in a row. {AGAIN}")


async def _sleep(seconds: float, why: str) -> None:
    await asyncio.sleep(seconds)


async def _body(content: Any) -> bytes:
    """The answer, unless it is larger than any page is."""
    found = bytearray()
    async for part in content.iter_any():
        found += part
        if len(found) > answers.MAX_BYTES:
            raise OperatorError("An answer has more than 16 MiB: it is no page of links or visits.")
    return bytes(found)


def _seconds(text: str, now: dt.datetime, default: float) -> float:
    """What a Retry-After header asks for: seconds, or a date."""
    if text.strip().isdecimal():
        return float(text.strip()[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):
        return default
