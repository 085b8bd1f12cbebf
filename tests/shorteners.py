"""Shlink and Bitly as their documentation has them, over real HTTP: pages, keys, rate limits and failures.

`python -m tests.shorteners` serves a made-up Shlink to try the import by hand.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY = "secret-key-4711"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
DESKTOP = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"


def visit(at: str, *, bot: bool = False, country: str = "DE", agent: str = PHONE, referer: str = "") -> dict[str, Any]:
    """A visit as Shlink's REST API writes it."""
    location = {
        "countryCode": country,
        "countryName": "",
        "regionName": "",
        "cityName": "",
        "latitude": 0,
        "longitude": 0,
        "timezone": "",
        "isEmpty": not country,
    }
    return {
        "referer": referer,
        "date": at,
        "userAgent": agent,
        "visitLocation": location if country else None,
        "potentialBot": bot,
        "visitedUrl": "",
        "redirectUrl": None,
    }


@dataclass
class Shlink:
    """Short URLs by code, each with its visits in the order of time."""

    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    visits: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    fail: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """What the next requests are answered with instead: status and headers."""
    largest_page: int = 1000
    delay: float = 0.0

    def add(self, code: str, visits: list[dict[str, Any]] | None = None, **changes: Any) -> None:
        known = visits or []
        self.visits[code] = known
        self.links[code] = {
            "shortCode": code,
            "shortUrl": f"https://s.example/{code}",
            "longUrl": f"https://shop.example/{code}",
            "dateCreated": "2025-01-01T10:00:00+01:00",
            "visitsSummary": {
                "total": len(known),
                "nonBots": sum(not one["potentialBot"] for one in known),
                "bots": sum(one["potentialBot"] for one in known),
            },
            "tags": [],
            "meta": {"validSince": None, "validUntil": None, "maxVisits": None},
            "domain": None,
            "title": None,
            "crawlable": False,
            "forwardQuery": True,
        } | changes

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/rest/v3/short-urls", self._list)
        app.router.add_get("/rest/v3/short-urls/{code}/visits", self._visits)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked[request.path + "?page=" + request.query.get("page", "1")] += 1
        await asyncio.sleep(self.delay)
        if self.fail:
            status, headers = self.fail.pop(0)
            return web.json_response({"title": "Trouble", "status": status}, status=status, headers=headers)
        if request.headers.get("X-Api-Key") != KEY:
            return web.json_response({"detail": "Provided API key does not exist or is invalid."}, status=401)
        return await handler(request)

    async def _list(self, request: web.Request) -> web.Response:
        found = sorted(self.links.values(), key=lambda one: one["dateCreated"])
        return web.json_response({"shortUrls": self._page(found, request)})

    async def _visits(self, request: web.Request) -> web.Response:
        code = request.match_info["code"]
        if code not in self.visits:
            return web.json_response({"title": "Short URL not found", "status": 404}, status=404)
        until = dt.datetime.fromisoformat(request.query["endDate"])
        found = [one for one in self.visits[code] if dt.datetime.fromisoformat(one["date"]) <= until]
        found.sort(key=lambda one: dt.datetime.fromisoformat(one["date"]), reverse=True)
        return web.json_response({"visits": self._page(found, request)})

    def _page(self, found: list[Any], request: web.Request) -> dict[str, Any]:
        size = min(int(request.query["itemsPerPage"]), self.largest_page)
        page = int(request.query["page"])
        part = found[(page - 1) * size : page * size]
        pagination = {
            "currentPage": page,
            "pagesCount": max(1, -(-len(found) // size)),
            "itemsPerPage": size,
            "itemsInCurrentPage": len(part),
            "totalItems": len(found),
        }
        return {"data": part, "pagination": pagination}


@dataclass
class Bitly:
    """Bitlinks with their clicks by day, in one group."""

    links: list[dict[str, Any]] = field(default_factory=list)
    clicks: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    fail: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    largest_page: int = 100

    def add(self, id_: str, clicks: list[tuple[str, int]], **changes: Any) -> None:
        self.clicks[id_] = clicks
        self.links.append(
            {
                "id": id_,
                "link": f"https://{id_}",
                "long_url": f"https://shop.example/{id_}",
                "title": "",
                "archived": False,
                "created_at": "2025-02-01T09:00:00+0000",
                "tags": [],
                "custom_bitlinks": [],
                "deeplinks": [],
                "references": {"group": "https://api-ssl.bitly.com/v4/groups/Bk1"},
            }
            | changes
        )

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/v4/groups", self._groups)
        app.router.add_get("/v4/groups/{group}/bitlinks", self._list)
        app.router.add_get("/v4/bitlinks/{domain}/{code}/clicks", self._clicks)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked[request.path_qs] += 1
        if self.fail:
            status, headers = self.fail.pop(0)
            return web.json_response({"message": "RATE_LIMIT_EXCEEDED"}, status=status, headers=headers)
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"message": "FORBIDDEN", "resource": "bitlinks"}, status=403)
        return await handler(request)

    async def _groups(self, request: web.Request) -> web.Response:
        return web.json_response({"groups": [{"guid": "Bk1", "name": "maya", "is_active": True}]})

    async def _list(self, request: web.Request) -> web.Response:
        if request.match_info["group"] != "Bk1":
            return web.json_response({"message": "NOT_FOUND"}, status=404)
        size = min(int(request.query["size"]), self.largest_page)
        start = int(request.query.get("search_after", "0"))
        end = start + size
        more = str(end) if end < len(self.links) else ""
        following = f"{request.url.with_query(size=size, search_after=more)}" if more else ""
        pagination = {"next": following, "size": size, "search_after": more}
        return web.json_response({"links": self.links[start:end], "pagination": pagination})

    async def _clicks(self, request: web.Request) -> web.Response:
        assert (request.query["unit"], request.query["units"]) == ("day", "-1")
        id_ = f"{request.match_info['domain']}/{request.match_info['code']}"
        days = [{"date": f"{day}T00:00:00+0000", "clicks": n} for day, n in self.clicks[id_]]
        return web.json_response({"unit": "day", "units": -1, "unit_reference": "", "link_clicks": days})


@asynccontextmanager
async def serving(service: Shlink | Bitly, port: int = 0) -> AsyncIterator[str]:
    """The service on a port of this machine; yields its address."""
    runner = web.AppRunner(service.app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def made_up(links: int = 30, visits: int = 20_000) -> Shlink:
    """Links of a year with visits of people and bots."""
    found, rng = Shlink(delay=0.15, largest_page=200), random.Random(1)
    start = dt.datetime(2025, 6, 1, tzinfo=dt.UTC)
    of: dict[int, list[dict[str, Any]]] = {number: [] for number in range(links)}
    for _number in range(visits):
        at = start + dt.timedelta(seconds=rng.randrange(400 * 86_400))
        referer = rng.choice(["", "https://www.instagram.com/", "https://t.co/x", "https://news.example/a"])
        one = visit(
            at.isoformat(),
            bot=rng.random() < 0.1,
            country=rng.choice(["DE", "US", "FR", ""]),
            agent=rng.choice([PHONE, DESKTOP]),
            referer=referer,
        )
        of[min(int(rng.expovariate(0.2)), links - 1)].append(one)
    for number, known in of.items():
        found.add(f"Code{number}", known, title=f"Link number {number}", tags=["old", f"t{number % 3}"])
    return found


async def _main() -> None:
    service = made_up()
    async with serving(service, 8099) as url:
        print(f"Shlink at {url}, key {KEY}", flush=True)
        while True:
            await asyncio.sleep(5)
            most = max(service.asked.values(), default=0)
            print(json.dumps({"requests": service.asked.total(), "most for one page": most}), flush=True)


if __name__ == "__main__":
    asyncio.run(_main())
