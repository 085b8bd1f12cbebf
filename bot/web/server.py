"""Opens the public edge: aiohttp's server below its router, with limits on everything a client may take."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import web
from aiohttp.streams import EMPTY_PAYLOAD

from bot.web.guard import KEPT_FREE, MOST, Guard, descriptors
from bot.web.routes import SERVER, Edge

HEAD_BYTES = 16 * 1024
"""The request line and all headers."""
MAX_LINE_BYTES = 8190
"""The request line, and each header."""
MAX_HEADERS = 100
HEAD_SECONDS = 10.0
"""How long a request's head may take from its first byte on, and a new connection to its first byte."""
KEEPALIVE_SECONDS = 75.0
"""How long a connection may take from one request's head to the end of the next one's."""
SWEEP_SECONDS = 1.0
"""How often connections are looked through for those whose time is over."""
LINGER_SECONDS = 1.0
"""How long the rest of an unwanted body is read."""
SHUTDOWN_SECONDS = 2.0
"""How long requests under way may take when the edge closes."""
BACKLOG = 1024
"""Connections that the system holds until we take them."""

_TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

for _name in ("_messages", "_request_count", "_waiter"):  # aiohttp tells nobody else when a request's head is whole
    assert _name in web.RequestHandler.__slots__, f"aiohttp has changed: RequestHandler.{_name}"


@dataclass(frozen=True, slots=True)
class WebEdge:
    """The open edge; `port` is the one it got when 0 was asked for."""

    port: int


class _WithoutAddresses(logging.Filter):
    """Drops what aiohttp says about broken requests: those messages take the client's address as their argument."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not record.args


_logger = logging.getLogger(f"{__name__}.protocol")
_logger.addFilter(_WithoutAddresses())


class _Server(web.Server):
    """Makes connections of our kind, and ends those whose time is over."""

    def __init__(self, answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], guard: Guard) -> None:
        super().__init__(answer)
        self.guard = guard

    def __call__(self) -> web.RequestHandler:
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # it would keep addresses
            logger=_logger,  # type: ignore[arg-type]
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
            max_headers=MAX_HEADERS,
            keepalive_timeout=KEEPALIVE_SECONDS,
            lingering_time=LINGER_SECONDS,
            auto_decompress=False,  # no request of ours has a body that is worth packing
        )

    async def sweep(self) -> None:
        """End those whose time is over, again and again."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = loop.time()
            for connection in self.connections:
                assert isinstance(connection, _Connection)
                if connection.ends_at <= now:
                    connection.drop()


class _Connection(web.RequestHandler):
    """A connection that is closed when its client does not get to the point."""

    __slots__ = ("_body", "_guard", "_head_bytes", "_peer", "_transport", "ends_at")

    def __init__(self, server: _Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._guard = server.guard
        self._transport: asyncio.Transport | None = None
        self._peer: str | None = None
        """Where it comes from, while it is let in."""
        self._body: Any = EMPTY_PAYLOAD
        """Of the last request whose head is there, until it is there too."""
        self._head_bytes = 0
        """Of a request whose head is not there yet."""
        self.ends_at = self._loop.time() + HEAD_SECONDS
        """When its time is over, by the loop's clock."""

    @property
    def waits_until(self) -> float | None:
        """When its time is over; None while a request is being answered."""
        return self.ends_at if self._is_waiting else None

    @property
    def _is_waiting(self) -> bool:
        waiter = self._waiter
        return self._request_count == 0 or (waiter is not None and not waiter.done())

    def drop(self) -> None:
        """Close it at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._transport = cast(asyncio.Transport, transport)
        peer = str((transport.get_extra_info("peername") or ("",))[0])
        if self._guard.admit(self, peer):
            self._peer = peer
        else:
            self.drop()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._transport = None
        if self._peer is not None:
            self._guard.leave(self, self._peer)
            self._peer = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Hand on what came, no more of a head than is allowed."""
        if not self._head_bytes and len(data) <= HEAD_BYTES:  # as nearly always
            self._receive(data)
            return
        while data and self._transport is not None and not self._transport.is_closing():
            room = HEAD_BYTES - self._head_bytes
            if room <= 0:
                self._refuse()
                return
            self._receive(data[:room])
            data = data[room:]

    def _receive(self, data: bytes) -> None:
        requests = self._request_count
        super().data_received(data)
        if self._request_count != requests:
            self.ends_at = self._loop.time() + KEEPALIVE_SECONDS
            self._head_bytes = 0
            self._body = self._messages[-1][1]
            if self._body is EMPTY_PAYLOAD and not data.endswith(b"\r\n\r\n"):
                self._begin_head(len(data) - data.rfind(b"\r\n\r\n") - 4)
        elif self._body is EMPTY_PAYLOAD:
            self._begin_head(len(data))
        if self._body.is_eof():
            self._body = EMPTY_PAYLOAD

    def _begin_head(self, more: int) -> None:
        if not self._head_bytes:
            self.ends_at = min(self.ends_at, self._loop.time() + HEAD_SECONDS)
        self._head_bytes += more

    def _refuse(self) -> None:
        """Hang up on a head that is too long; with an answer, where none is under way."""
        if self._is_waiting and self._transport is not None:
            self._transport.write(_TOO_LONG)
            self._transport.close()
        else:
            self.drop()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """A request that can't be read: the plain answer, without what the parser has to say about it."""
        response = web.Response(status=status, text="Bad request\n", headers=SERVER)
        response.force_close()
        return response


@asynccontextmanager
async def serve(edge: Edge, *, host: str, port: int) -> AsyncIterator[WebEdge]:
    """Answer HTTP on host and port until the block ends, then within `SHUTDOWN_SECONDS` finish what is under way.

    Raises OSError when the port can't be had.
    """
    server = _Server(edge.answer, Guard(edge.proxies, descriptors(MOST + KEPT_FREE)))
    runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    sweeping = asyncio.create_task(server.sweep())
    try:
        await web.TCPSite(runner, host, port, backlog=BACKLOG).start()
        yield WebEdge(runner.addresses[0][1])
    finally:
        sweeping.cancel()
        await runner.cleanup()
