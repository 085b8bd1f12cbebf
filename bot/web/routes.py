"""What the public edge answers, request by request."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiohttp import web

from bot.tracking.hits import RequestFacts
from bot.tracking.limits import Buckets
from bot.tracking.tracker import Tracker, Visit
from bot.web.client_address import Network, client_address
from bot.web.pages import not_found, page
from storage.records import Kind

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
"""A transparent GIF of 43 bytes."""
UNCACHED = {"Cache-Control": "private, no-store"}
MISSES, MISSES_PER_SECOND = 60, 1.0
"""Unknown names that one visitor may ask for at once, and on average; beyond that the answer is 429."""
WARN_SECONDS = 3600.0
"""How often an unknown proxy is complained about at most."""

_NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
_ADDRESS = re.compile(rf"/({_NAME}(?:/{_NAME})?)(\.gif)?/?", re.IGNORECASE | re.ASCII)
_HANDLE = re.compile(rf"/@({_NAME})/?", re.IGNORECASE | re.ASCII)

log = structlog.get_logger(__name__)


class Routes:
    """The handlers. `host` is the public one; it takes part in telling visitors apart."""

    def __init__(self, tracker: Tracker, host: str, trusted_proxies: Sequence[Network]) -> None:
        self._tracker = tracker
        self._host = host
        self._trusted_proxies = trusted_proxies
        self._warned_at: float | None = None
        self._misses = Buckets(MISSES, MISSES_PER_SECOND)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/", self.front)
        app.router.add_get("/healthz", self.health)
        app.router.add_get("/robots.txt", self.robots)
        app.router.add_get("/favicon.ico", self.favicon)
        app.router.add_route("*", "/{path:.*}", self.named)

    async def front(self, request: web.Request) -> web.Response:
        return page("front.html")

    async def health(self, request: web.Request) -> web.Response:
        await self._tracker.check()
        return web.Response(text="ok", headers=UNCACHED)

    async def robots(self, request: web.Request) -> web.Response:
        """All are welcome: unfurlers obey this file, crawlers are set aside anyhow."""
        return web.Response(text="User-agent: *\nAllow: /\n")

    async def favicon(self, request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def named(self, request: web.Request) -> web.Response:
        """Every name that was ever given out; who asks for unknown ones without end is told to slow down."""
        answer = await self._named(request)
        if answer.status == 404 and not self._misses.take(hash(await self._client(request)), time.monotonic()):
            return web.Response(status=429, text="Too many requests\n", headers=UNCACHED | {"Retry-After": "60"})
        return answer

    async def _named(self, request: web.Request) -> web.Response:
        """`/summer`, `/summer/ig1`, their pixels, `/@maya`."""
        if request.method in ("GET", "HEAD", "OPTIONS") and (match := _ADDRESS.fullmatch(request.path)):
            return await self._address(request, match[1], is_pixel=match[2] is not None)
        if request.method in ("GET", "HEAD") and (match := _HANDLE.fullmatch(request.path)):
            view = await self._tracker.profile(match[1], await self._visit(request))
            return not_found() if view is None else page("profile.html", profile=view)
        return not_found()

    async def _address(self, request: web.Request, text: str, *, is_pixel: bool) -> web.Response:
        address = await self._tracker.resolve(text)
        if address is None:
            return not_found()
        kind = Kind.IMPRESSION if is_pixel else Kind.CLICK
        await self._tracker.track(address, kind, await self._visit(request))
        if is_pixel:
            return web.Response(body=PIXEL, content_type="image/gif", headers=UNCACHED)
        return web.Response(status=302, headers={"Location": address.destination, **UNCACHED})

    async def _visit(self, request: web.Request) -> Visit:
        headers = {name.lower(): value for name, value in request.headers.items()}
        return Visit(
            facts=RequestFacts(request.method, headers.get("user-agent", ""), headers),
            client=await self._client(request),
            host=self._host,
            via=request.query.get("via", ""),
            test=request.query.get("test", "")[:64],
        )

    async def _client(self, request: web.Request) -> str:
        forwarded_for = request.headers.getall("X-Forwarded-For", [])
        client, is_unknown_proxy = client_address(request.remote or "", forwarded_for, self._trusted_proxies)
        if is_unknown_proxy and (self._warned_at is None or time.monotonic() - self._warned_at >= WARN_SECONDS):
            self._warned_at = time.monotonic()
            log.warning("behind an unknown proxy every visitor looks like one; add the proxy to web.trusted_proxies")
            await self._tracker.note_unknown_proxy()
        return client


@web.middleware
async def answer_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """What goes wrong is logged without the visitor's address, and answered plainly."""
    try:
        return await handler(request)
    except web.HTTPException:
        return not_found()
    except Exception:
        log.exception("A request failed", method=request.method, path=request.path)
        return page("error.html", status=500)
