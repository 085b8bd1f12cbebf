"""What every answer carries, what is refused unread, how often one network may ask, and reading without a disk."""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

import pytest

from bot.tracking.limits import Buckets
from bot.web import reports as reports_module
from bot.web import routes
from bot.web.answers import PLAIN
from tests.branded import a_shop as _shop  # noqa: F401
from tests.branded import address_of
from tests.conftest import World
from tests.served import BASE, Edge
from tests.served import served_edge as _edge  # noqa: F401
from tests.served import trusted_proxies as _trusted  # noqa: F401

PAGES = {"/": 200, "/summer+": 200, "/@maya": 200, "/nobody": 404, "/@nobody": 404, "/robots.txt": 200, "/healthz": 200}


@pytest.mark.parametrize(("path", "status"), PAGES.items())
async def test_every_page_says_how_it_may_be_used(edge: Edge, path: str, status: int) -> None:
    answer = await edge.get(path)
    assert answer.status == status
    assert {name: answer.headers.get(name) for name in PLAIN} == PLAIN
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("path", ["/summer.gif", "/@maya/card.png"])
async def test_what_is_made_to_stand_elsewhere_may(edge: Edge, path: str) -> None:
    answer = await edge.get(path)
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_redirect_leaves_the_referrer_to_the_browser(edge: Edge) -> None:
    answer = await edge.get("/summer")
    assert answer.status == 302
    assert "Referrer-Policy" not in answer.headers


def test_https_below_the_domain_is_for_the_operator_to_ask_for() -> None:
    edge = routes.Edge(*[None] * 3, BASE, hsts_subdomains=True)  # type: ignore[arg-type]
    assert edge._headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


# ---------------------------------------------------------------------- packed bodies


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity", "GZIP, gzip", ""])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/@maya/seen"), ("POST", "/flag"), ("POST", "/summer"), ("GET", "/summer")]
)
async def test_a_packed_body_is_refused_unread(
    edge: Edge, method: str, path: str, encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Once a broken one was a 500 with 5 KB of traceback."""
    for body in (b"abcdefgh", zlib.compress(bytes(10**6))):
        async with edge.http.request(
            method,
            f"http://127.0.0.1:{edge.port}{path}",
            data=body,
            headers={"Content-Encoding": encoding},
            skip_auto_headers=("Content-Type",),
            compress=None,
        ) as answer:
            assert answer.status == 415
    assert caplog.records == []


# ---------------------------------------------------------------------- how often


async def test_pages_cards_and_beacons_are_limited_by_network(edge: Edge) -> None:
    for name in ("PAGES", "BEACONS"):
        assert getattr(routes, name) >= 600, "300 phones behind one address, with a picture each, must pass"
    edge.web._page_pace, edge.web._beacon_pace = Buckets(5, 0.001), Buckets(5, 0.001)
    pages = [(await edge.get(path)).status for path in ("/@maya", "/@maya/card.png") * 4]
    assert pages == [200] * 5 + [429] * 3
    beacons = [(await edge.get("/@maya/seen.gif")).status for _n in range(7)]
    assert beacons == [200] * 5 + [429] * 2
    assert (await edge.get("/summer")).status == 302
    assert (await edge.get("/@maya/seen", "POST")).status == 429


# ---------------------------------------------------------------------- reading needs no disk


async def test_a_report_is_read_while_nothing_can_be_written(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it was a 500 after ten seconds."""
    path = address_of(await shop.admin.slash(shop.channel, "brand report", brand="Tents"))
    held = asyncio.Event()

    async def hold(conn: Any) -> None:
        await held.wait()

    holding = asyncio.create_task(shop.app.db.write(hold, first=True))
    try:
        began = asyncio.get_running_loop().time()
        answer = await shop.visit(path)
        assert answer.status == 200
        assert asyncio.get_running_loop().time() - began < 5
        monkeypatch.setattr(reports_module, "MOST_WRITING", 0)
        assert (await shop.visit(path)).status == 200
    finally:
        held.set()
        await holding
