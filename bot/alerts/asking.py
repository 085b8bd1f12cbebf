"""Asks whether a destination is still there: politely, and never anything but a public web server."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.alerts.rules import Answer, answer_of
from bot.links.hosts import Address, host_of, is_public
from bot.texts import _

MOST_HOPS = 5
BODY_BYTES = 4096
"""Of a page, as much is read at most."""
SECONDS = 10.0
"""For one request, with connecting and everything."""
HOST_PAUSE = 5.0
"""Between two requests to one host."""
AT_ONCE = 4
"""Destinations that are asked at the same time."""
PORTS = frozenset((80, 443))

_NO_NAME = frozenset(code for name in ("EAI_NONAME", "EAI_NODATA") if (code := getattr(socket, name, None)) is not None)


class NotAllowed(OSError):
    """An address, or a URL, that is none of our business to ask."""


@dataclass
class _Turns:
    """Lets one request to a host begin some seconds after the one before."""

    pause: float
    _next: dict[str, float] = field(default_factory=dict)

    async def wait(self, host: str) -> None:
        now = asyncio.get_running_loop().time()
        self._next = {known: at for known, at in self._next.items() if at > now}
        at = max(now, self._next.get(host, now))
        self._next[host] = at + self.pause
        await asyncio.sleep(at - now)


class Asker:
    """Asks destinations over HTTP, with nothing to tell of who asks but an honest name.

    The check stands where the socket is made: it sees the very address that is connected to, whatever name or number
    led there, so a name that means another address the second time gains nothing. `resolver`, `allowed`, `ports` and
    `pause` are there for tests.
    """

    def __init__(
        self,
        base_url: URL,
        *,
        resolver: AbstractResolver | None = None,
        allowed: Callable[[Address], bool] = is_public,
        ports: frozenset[int] = PORTS,
        pause: float = HOST_PAUSE,
        seconds: float = SECONDS,
    ) -> None:
        self._own = base_url
        self._resolver = resolver
        self._allowed = allowed
        self._ports = ports
        self._turns = _Turns(pause)
        self._room = asyncio.Semaphore(AT_ONCE)
        self._seconds = seconds
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Asker:
        connector = aiohttp.TCPConnector(
            resolver=self._resolver or aiohttp.ThreadedResolver(),
            socket_factory=self._socket,
            force_close=True,
            use_dns_cache=False,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._seconds),
            headers={"User-Agent": f"Eyeballs-linkcheck-bot/1.0 (+{self._own})", "Accept": "*/*"},
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    def _socket(self, info: Any) -> socket.socket:
        family, kind, protocol, _name, where = info
        if not self._allowed(ipaddress.ip_address(where[0])):
            raise NotAllowed("the address is not a public one")
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    async def ask(self, destination: str) -> tuple[Answer, str]:
        """What the destination says, and in words: "HTTP 404", "no such domain". Never raises for what it says."""
        async with self._room:
            try:
                return await self._follow(URL(destination))
            except (ValueError, OSError, aiohttp.ClientError, TimeoutError, ssl.SSLError) as error:
                if _no_such_name(error):
                    return Answer.GONE, _("no such domain")
                return Answer.UNSURE, type(error).__name__

    async def _follow(self, url: URL) -> tuple[Answer, str]:
        for _hop in range(MOST_HOPS + 1):
            self._check(url)
            status, location = await self._request("HEAD", url)
            if status >= 400:
                status, location = await self._request("GET", url)  # not every server knows HEAD
            if not 300 <= status < 400 or location is None:
                return answer_of(status), f"HTTP {status}"
            url = url.join(URL(location))
        return Answer.UNSURE, _("more than {n} redirects").format(n=MOST_HOPS)

    def _check(self, url: URL) -> None:
        """Raises NotAllowed for what is no plain public web address, and for our own, where asking would be a hit."""
        if url.scheme not in ("http", "https") or not url.host or url.user is not None or url.password is not None:
            raise NotAllowed("not a web address")
        if url.port not in self._ports:
            raise NotAllowed("not a port of the web")
        if host_of(str(url)) == host_of(str(self._own)):
            raise NotAllowed("our own address")

    async def _request(self, method: str, url: URL) -> tuple[int, str | None]:
        assert self._session is not None
        assert url.host is not None
        await self._turns.wait(url.host)
        async with self._session.request(method, url, allow_redirects=False) as response:
            if method == "GET":
                await response.content.read(BODY_BYTES)
            return response.status, response.headers.get("Location")


def _no_such_name(error: BaseException) -> bool:
    while error is not None:
        if isinstance(error, socket.gaierror):
            return error.errno in _NO_NAME
        error = error.__cause__ or getattr(error, "os_error", None)  # type: ignore[assignment]
    return False
