"""Opens the public edge: aiohttp's server below its router, with limits on everything a client may take."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import web

from bot.web.routes import SERVER, Edge

MAX_LINE_BYTES = 8190
"""The request line, and each header."""
MAX_HEADERS = 100
HEAD_SECONDS = 10.0
"""How long a new connection may take to send the head of its first request."""
KEEPALIVE_SECONDS = 75.0
"""How long a connection may take from an answer to the end of the next request's head."""
LINGER_SECONDS = 1.0
"""How long the rest of an unwanted body is read."""
SHUTDOWN_SECONDS = 2.0
"""How long requests under way may take when the edge closes."""
MAX_CONNECTIONS = 5_000
"""Connections beyond these are closed at once."""


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
    """Makes connections of our kind."""

    def __init__(self, answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> None:
        loop = asyncio.get_running_loop()

        def request(message: Any, payload: Any, connection: Any, writer: Any, task: Any) -> web.BaseRequest:
            connection.head_received()
            return web.BaseRequest(message, payload, connection, writer, task, loop)

        super().__init__(answer, request_factory=request)

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
        )


class _Connection(web.RequestHandler):
    """A connection that is closed when its client does not get to the point."""

    __slots__ = ("_head_timer", "_server")

    def __init__(self, server: _Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        transport = cast(asyncio.Transport, transport)
        if len(self._server.connections) > MAX_CONNECTIONS:
            transport.abort()
        else:
            self._head_timer = asyncio.get_running_loop().call_later(HEAD_SECONDS, transport.abort)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.head_received()
        super().connection_lost(exc)

    def head_received(self) -> None:
        """The first request is there."""
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

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

    runner = web.ServerRunner(_Server(edge.answer), shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield WebEdge(runner.addresses[0][1])
    finally:
        await runner.cleanup()
