"""What the public edge answers, request by request."""

from __future__ import annotations

import datetime as dt
import re
import time
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from markupsafe import Markup
from yarl import URL

from bot import qr
from bot.errors import UserError
from bot.links.destinations import MAX_PARAMETERS, with_query
from bot.profiles.flags import REASONS, Flags
from bot.profiles.tokens import MOST_BYTES
from bot.tracking.hits import RequestFacts
from bot.tracking.limits import Buckets, keyed_hash
from bot.tracking.memo import LONGEST
from bot.tracking.tracker import Outcome, Tracker, Visit
from bot.web.answers import EMBEDDED, PIXEL, PLAIN, UNCACHED
from bot.web.client_address import Network, TrustedProxies, network_of
from bot.web.pages import not_found, page
from bot.web.profiles import ProfileEdge, body_of
from bot.web.reports import PATH as REPORT
from bot.web.reports import ReportPages
from storage.records import Kind

SERVER = {"Server": "Eyeballs"}
"""Instead of what aiohttp would say about itself and Python."""
HSTS_SECONDS = 365 * 24 * 3600
"""How long browsers ask for nothing but https, where the public address is such a one."""
FIELDS = 4
"""Of a form, at most."""
FLAGS, FLAGS_PER_SECOND = 5, 1 / 600
"""Flags that one network may give at once, and on average."""
PAGES, PAGES_PER_SECOND = 600, 5.0
"""Profile pages, and pictures on them, that one network may ask for at once, and on average: a crowd behind one address
has as many."""
BEACONS, BEACONS_PER_SECOND = 1_200, 20.0
"""Likewise for what those pages report."""
MISSES, MISSES_PER_SECOND = 60, 1.0
"""Unknown names, and likewise looks behind a link, that one network may ask for at once, and on average; beyond that
the answer is 429."""
SECURITY_DAYS = 180
"""How long security.txt says that it holds: under a year, as RFC 9116 recommends."""
INSTANCE = "Eyeballs-Instance"
"""The header of /healthz by which `check` knows this installation from another."""
WARN_SECONDS = 3600.0
"""How often an unknown proxy is complained about at most."""

OWN_PARAMETERS = ("via", "test")
"""What an address's query tells us: the page that it was found on, and that its creator tries it."""

_PARAMETERS = frozenset((*OWN_PARAMETERS, "preview", "v", "paper"))
"""All that any page of ours is told by a query."""

_NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
_ADDRESS = re.compile(rf"/({_NAME}(?:/{_NAME})?)(\.gif)?/?", re.IGNORECASE | re.ASCII)
_BEACON = re.compile(r"/seen(?:\.gif)?/?\Z", re.IGNORECASE)
_LOOK = re.compile(rf"/({_NAME}(?:/{_NAME})?)\+", re.IGNORECASE | re.ASCII)

log = structlog.get_logger(__name__)


class Edge:
    """Answers requests. The public address's host takes part in telling visitors apart."""

    def __init__(
        self,
        tracker: Tracker,
        profiles: ProfileEdge,
        flags: Flags,
        base_url: URL,
        trusted_proxies: tuple[Network, ...] = (),
        *,
        reports: ReportPages | None = None,
        security_contact: str | None = None,
        instance: str = "",
        hsts_subdomains: bool = False,
    ) -> None:
        self._tracker = tracker
        self._reports = reports
        self._profiles = profiles
        self._flags = flags
        self._base_url = base_url
        self._host = base_url.host_port_subcomponent or ""
        self._headers = dict(SERVER)
        if base_url.scheme == "https":
            below = "; includeSubDomains" if hsts_subdomains else ""
            self._headers["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}{below}"
        self.proxies = TrustedProxies(trusted_proxies)
        self._security_contact = security_contact
        self._instance = instance
        self._warned_at: float | None = None
        self._misses = Buckets(MISSES, MISSES_PER_SECOND)
        self._looks = Buckets(MISSES, MISSES_PER_SECOND)
        self._flag_pace = Buckets(FLAGS, FLAGS_PER_SECOND)
        self._page_pace = Buckets(PAGES, PAGES_PER_SECOND)
        self._beacon_pace = Buckets(BEACONS, BEACONS_PER_SECOND)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to any request; what goes wrong is logged without the visitor's address, and answered plainly."""
        try:
            # Most requests are for a tracked address: it comes first, and needs no more of the URL than its text.
            path = request.raw_path
            if "?" in path or "%" in path or path[:1] != "/":  # RFC 9112, 3.2.2: a whole address is taken as well
                path = request.path
            response = None
            if "Content-Encoding" in request.headers:  # RFC 9110, 8.4: nothing of ours is sent packed
                response = web.Response(status=415, text="Send it without a Content-Encoding\n")
            elif request.method in ("GET", "HEAD", "OPTIONS") and (found := _ADDRESS.fullmatch(path)):
                response = await self._address(request, found[1], is_pixel=found[2] is not None)
            response = response or await self._page(request)
            if response.status == 404 and not await self._may(request, self._misses):
                response = _slow_down()
        except UserError as error:
            response = web.Response(status=503, text=f"{error}\n", headers=UNCACHED | {"Retry-After": "60"})
        except Exception:
            path = "/report/…" if request.path.startswith("/report/") else request.path  # that address is a secret
            log.exception("A request failed", method=request.method, path=path)
            response = page("error.html", status=500)
        if response.status != 302:
            for name, value in PLAIN.items():
                response.headers.setdefault(name, value)
        response.headers.update(self._headers)
        return response

    async def _address(self, request: web.BaseRequest, text: str, *, is_pixel: bool) -> web.Response | None:
        """`/summer`, `/summer/ig1`, their pixels; None for a name that leads nowhere."""
        address = await self._tracker.resolve(text)
        if address is None:
            return None
        kind = Kind.IMPRESSION if is_pixel else Kind.CLICK
        if await self._tracker.track(address, kind, await self._visit(request)) is Outcome.OVER:
            return None
        if is_pixel:
            return web.Response(body=PIXEL, content_type="image/gif", headers=UNCACHED | EMBEDDED)
        _path, _question, query = request.raw_path.partition("?")
        location = with_query(address.destination, query, OWN_PARAMETERS) if query else address.destination
        return web.Response(status=302, headers={"Location": location, **UNCACHED})

    async def _page(self, request: web.BaseRequest) -> web.Response:
        if request.path.startswith("/@"):
            pace = self._beacon_pace if _BEACON.search(request.path) else self._page_pace
            if not await self._may(request, pace):
                return _slow_down()
            visit = await self._visit(request)
            return await self._profiles.answer(request, parameters_of(request.raw_path), visit) or not_found()
        if request.method == "POST" and request.path == "/flag":
            return await self._flag(request)
        if request.method not in ("GET", "HEAD"):
            return not_found()
        match request.path:
            case "/":
                return page("front.html")
            case "/healthz":
                await self._tracker.check()
                return web.Response(text="ok", headers={INSTANCE: self._instance, **UNCACHED})
            case "/readyz":
                ready = await self._tracker.is_ready()
                text = "ready" if ready else "hits are waiting for the disk"
                return web.Response(status=200 if ready else 503, text=text, headers=UNCACHED)
            case "/.well-known/security.txt" if self._security_contact is not None:
                return web.Response(text=_security(self._security_contact), headers=UNCACHED)
            case "/robots.txt":  # all are welcome: unfurlers obey this file, and crawlers are set aside anyhow
                return web.Response(text="User-agent: *\nAllow: /\n")
            case "/favicon.ico":
                return web.Response(status=204)
        if self._reports is not None and (found := REPORT.fullmatch(request.path)):
            if not await self._may(request, self._looks):
                return _slow_down()
            report = await self._reports.answer(
                found[1], found[2] or "", _facts(request), parameters_of(request.raw_path)
            )
            return report or not_found()
        if found := _LOOK.fullmatch(request.path):
            if not await self._may(request, self._looks):
                return _slow_down()
            link = await self._tracker.look(found[1])
            if link is not None:
                code = Markup(qr.inline(str(self._base_url / link.address)))
                values = {"link": link, "host": self._host, "address": link.address, "code": code, "reasons": REASONS}
                return page("link.html", forms=True, **values)
        return not_found()

    async def _flag(self, request: web.BaseRequest) -> web.Response:
        """A form that somebody sent; whether its address is known stays unsaid."""
        if not await self._may(request, self._flag_pace):
            return _slow_down()
        try:
            form = dict(parse_qsl(await body_of(request), max_num_fields=FIELDS))
        except ValueError:
            return not_found()
        await self._flags.add(form.get("address", "")[:130], form.get("reason", ""))
        return page("flagged.html")

    async def _may(self, request: web.BaseRequest, buckets: Buckets) -> bool:
        return buckets.take(keyed_hash(network_of(await self._client(request))), time.monotonic())

    async def _visit(self, request: web.BaseRequest) -> Visit:
        query = parameters_of(request.raw_path)
        client = await self._client(request)
        return Visit(
            facts=_facts(request),
            client=client,
            network=network_of(client),
            host=self._host,
            via=query.get("via", ""),
            test=query.get("test", ""),
        )

    async def _client(self, request: web.BaseRequest) -> str:
        forwarded_for = request.headers.getall("X-Forwarded-For", ())
        client, is_unknown_proxy = self.proxies.client(request.remote or "", forwarded_for)
        if is_unknown_proxy and (self._warned_at is None or time.monotonic() - self._warned_at >= WARN_SECONDS):
            self._warned_at = time.monotonic()
            log.warning("behind an unknown proxy every visitor looks like one; add the proxy to web.trusted_proxies")
            await self._tracker.note_unknown_proxy()
        return client


def _facts(request: web.BaseRequest) -> RequestFacts:
    """What the request says, its user agent cut before anything keeps it."""
    return RequestFacts(request.method, request.headers.get("User-Agent", "")[:LONGEST], request.headers)


def parameters_of(target: str) -> dict[str, str]:
    """What a request's target tells us in its query: the first value of each name. None of ours is percent-encoded."""
    _path, question, query = target.partition("?")
    if not question:
        return {}
    parted = (pair.partition("=") for pair in query.split("&", MAX_PARAMETERS)[MAX_PARAMETERS - 1 :: -1])
    return {name: value[:MOST_BYTES] for name, _mark, value in parted if name in _PARAMETERS}


def _slow_down() -> web.Response:
    return web.Response(status=429, text="Too many requests\n", headers=UNCACHED | {"Retry-After": "60"})


def _security(contact: str) -> str:
    """security.txt, RFC 9116."""
    expires = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=SECURITY_DAYS)
    return f"Contact: {contact}\nExpires: {expires:%Y-%m-%dT%H:%M:%SZ}\nPreferred-Languages: en\n"
