"""Opens the public edge: one aiohttp application with its limits."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from yarl import URL

from bot.tracking.tracker import Tracker
from bot.web.client_address import Network
from bot.web.routes import Routes, answer_errors

MAX_LINE_BYTES = 8190
"""The request line, and each header."""
MAX_BODY_BYTES = 1024
"""Nothing here takes a body."""
KEEPALIVE_SECONDS = 75.0
LINGER_SECONDS = 1.0
"""How long the rest of an unwanted body is read."""
SHUTDOWN_SECONDS = 2.0
"""How long requests under way may take when the edge closes."""


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


@asynccontextmanager
async def serve(
    tracker: Tracker, *, host: str, port: int, base_url: URL, trusted_proxies: Sequence[Network] = ()
) -> AsyncIterator[WebEdge]:
    """Answer HTTP on host and port until the block ends, then within `SHUTDOWN_SECONDS` finish what is under way.

    Raises OSError when the port can't be had.
    """
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[answer_errors])
    app.on_response_prepare.append(_hide_server)
    Routes(tracker, base_url.authority, trusted_proxies).add_to(app)
    runner = web.AppRunner(
        app,
        access_log=None,  # it would keep addresses
        logger=_logger,
        max_line_size=MAX_LINE_BYTES,
        max_field_size=MAX_LINE_BYTES,
        keepalive_timeout=KEEPALIVE_SECONDS,
        lingering_time=LINGER_SECONDS,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield WebEdge(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def _hide_server(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.pop("Server", None)
