"""Destinations are asked politely, and nothing but public web servers ever is: real HTTP, hostile names, redirects."""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.alerts.asking import Asker
from bot.alerts.rules import Answer
from bot.links.hosts import is_public
from bot.tracking.hits import Reason, RequestFacts, classify

BASE = URL("https://go.example")


class Names(AbstractResolver):
    """A DNS of our own: names and the addresses they mean, one after another where there are several answers."""

    def __init__(self, **names: str | list[str]) -> None:
        self.names: dict[str, list[str]] = {
            name.replace("_", "."): [found] if isinstance(found, str) else found for name, found in names.items()
        }
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[Any]:
        self.asked.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        answers = self.names[host]
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [{"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": 0}]

    async def close(self) -> None: ...


class Site:
    """A web server on loopback that remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: dict[str, Callable[[web.Request], Any]] = {}
        self.sent = 0
        self.port = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path))
        self.headers.append(dict(request.headers))
        made = self.answers[request.path](request)
        return await made if asyncio.iscoroutine(made) else made


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


def _loopback(address: Any) -> bool:
    return str(address) == "127.0.0.1"


@asynccontextmanager
async def asking(site: Site, names: Names | None = None, **options: Any) -> AsyncIterator[Asker]:
    """An asker that may go to the site as if it were public."""
    options = {"allowed": _loopback, "ports": frozenset((site.port,)), "pause": 0.0, "seconds": 2.0} | options
    names = names or Names(shop_example="127.0.0.1", other_example="127.0.0.1")
    async with Asker(BASE, resolver=names, **options) as asker:
        yield asker


def _status(code: int, **headers: str) -> Callable[[web.Request], web.Response]:
    return lambda _request: web.Response(status=code, headers=headers)


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        *[(code, Answer.HERE) for code in (200, 204, 206)],
        *[(code, Answer.GONE) for code in (404, 410)],
        *[(code, Answer.UNSURE) for code in (304, 400, 401, 403, 405, 418, 429, 451, 500, 502, 503)],
    ],
)
async def test_what_a_status_means(site: Site, code: int, answer: Answer) -> None:
    site.answers["/a"] = _status(code)
    async with asking(site) as asker:
        assert (await asker.ask(f"http://shop.example:{site.port}/a"))[0] is answer
    assert [method for method, _path in site.requests] == (["HEAD", "GET"] if code >= 400 else ["HEAD"])


async def test_a_server_that_knows_no_head_is_asked_again(site: Site) -> None:
    site.answers["/a"] = lambda request: web.Response(status=404 if request.method == "HEAD" else 200)
    async with asking(site) as asker:
        assert await asker.ask(f"http://shop.example:{site.port}/a") == (Answer.HERE, "HTTP 200")


async def test_it_says_who_asks_and_keeps_no_cookie(site: Site) -> None:
    site.answers["/a"] = _status(302, Location="/b", **{"Set-Cookie": "spy=1"})
    site.answers["/b"] = _status(200)
    async with asking(site) as asker:
        await asker.ask(f"http://shop.example:{site.port}/a")
    agent = site.headers[-1]["User-Agent"]
    assert "https://go.example" in agent
    assert all("Cookie" not in headers and "Authorization" not in headers for headers in site.headers)


async def test_another_eyeballs_would_set_our_request_aside(site: Site) -> None:
    site.answers["/a"] = _status(200)
    async with asking(site) as asker:
        await asker.ask(f"http://shop.example:{site.port}/a")
    assert classify(RequestFacts("GET", site.headers[0]["User-Agent"], {})) is Reason.CRAWLER


async def test_redirects_are_followed_five_times_at_most(site: Site) -> None:
    for n in range(7):
        site.answers[f"/{n}"] = _status(302, Location=f"/{n + 1}")
    site.answers["/end"] = _status(200)
    async with asking(site) as asker:
        assert (await asker.ask(f"http://shop.example:{site.port}/0"))[0] is Answer.UNSURE
        assert len(site.requests) == 6
        site.answers["/5"] = _status(302, Location="/end")
        site.answers["/4"] = _status(301, Location="/end")
        assert (await asker.ask(f"http://shop.example:{site.port}/0"))[0] is Answer.HERE


async def test_a_redirect_to_a_page_that_is_gone(site: Site) -> None:
    site.answers["/a"] = _status(301, Location=f"http://other.example:{site.port}/gone")
    site.answers["/gone"] = _status(410)
    async with asking(site) as asker:
        assert await asker.ask(f"http://shop.example:{site.port}/a") == (Answer.GONE, "HTTP 410")


async def test_a_name_that_does_not_exist_is_gone_and_a_broken_dns_is_not(site: Site) -> None:
    class Broken(Names):
        async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[Any]:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    async with asking(site) as asker:
        assert await asker.ask(f"http://nowhere.example:{site.port}/") == (Answer.GONE, "no such domain")
    async with asking(site, Broken()) as asker:
        assert (await asker.ask(f"http://nowhere.example:{site.port}/"))[0] is Answer.UNSURE


HOSTILE = [
    *("http://127.0.0.1/", "http://127.0.0.1:80/", "http://127.1/", "http://2130706433/", "http://0x7f000001/"),
    *(
        "http://0177.0.0.1/",
        "http://0/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::]/",
        "http://169.254.169.254/",
    ),
    *("http://[::ffff:127.0.0.1]/", "http://[::ffff:a9fe:a9fe]/", "http://[fe80::1]/", "http://[fd00::1]/"),
    *("http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://10.0.0.1/", "http://192.168.0.1/"),
    *("http://172.16.0.1/", "http://100.64.0.1/", "http://224.0.0.1/", "http://255.255.255.255/", "http://198.18.0.1/"),
    *(
        "ftp://shop.example/",
        "file:///etc/passwd",
        "gopher://shop.example/",
        "//127.0.0.1/",
        "http://user:pw@shop.example/",
    ),
    *("http://private.example/", "http://rebound.example/", "http://mapped.example/", "http://go.example/summer"),
    *("https://go.example./summer", "http://shop.example:22/", "http://shop.example:6379/", "http:///", "http://["),
]


def _hostile_names() -> Names:
    return Names(
        shop_example="127.0.0.1",
        localhost="127.0.0.1",
        private_example="10.1.2.3",
        rebound_example=["93.184.216.34", "127.0.0.1"],
        mapped_example="::ffff:127.0.0.1",
        go_example="127.0.0.1",
        **{"0x7f000001": "127.0.0.1"},  # as a system's resolver reads it
    )


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Where a TCP connection was tried to; the public ones lead nowhere here."""
    tried: list[Any] = []

    async def connect(_loop: Any, _sock: Any, address: Any) -> None:
        tried.append(address)
        raise OSError("no way there from a test")

    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", connect)
    return tried


@pytest.mark.parametrize("url", HOSTILE)
async def test_no_connection_is_even_tried_to_what_is_not_public(url: str, connected: list[Any]) -> None:
    async with Asker(BASE, resolver=_hostile_names(), pause=0.0, seconds=2.0) as asker:
        for _n in range(3):  # the name that is rebound means loopback from the second time on
            assert (await asker.ask(url))[0] is not Answer.HERE
    assert [address[0] for address in connected] == (["93.184.216.34"] if "rebound" in url else [])


@pytest.mark.parametrize("url", [url for url in HOSTILE if url != "//127.0.0.1/"])
async def test_nor_by_a_redirect(site: Site, url: str) -> None:
    site.answers["/a"] = _status(302, Location=url)
    secret = Site()
    secret.answers["/"] = _status(200)
    reached: list[str] = []

    def allowed(address: Any) -> bool:
        # The first hop is let through to where the test's site is; all that follow meet the real rule.
        reached.append(str(address))
        return len(reached) == 1 or is_public(address)

    names = _hostile_names()
    names.names["rebound.example"] = ["127.0.0.1"]
    async with Asker(
        BASE, resolver=names, allowed=allowed, ports=frozenset((site.port, 80, 443)), pause=0.0, seconds=2.0
    ) as asker:
        assert (await asker.ask(f"http://shop.example:{site.port}/a"))[0] is Answer.UNSURE
    assert site.requests == [("HEAD", "/a")]


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.0.0.1",
            "169.254.169.254",
            "192.168.1.1",
            "172.31.0.1",
            "100.64.1.1",
            "0.0.0.0",
            "224.0.0.1",
        ),
        *("239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.51.100.1", "198.18.0.1", "192.0.0.8"),
        *(
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "fe80::1",
            "fe80::1%eth0",
            "fc00::1",
            "ff02::1",
            "ff0e::1",
        ),
        *("64:ff9b::808:808", "2002:808:808::1", "2001:db8::1", "2001::1", "100::1", "::8.8.8.8", "fec0::1"),
    ],
)
def test_what_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::8a"])
def test_what_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


async def test_a_gigantic_body_is_not_read(site: Site) -> None:
    async def flood(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=404)
        await response.prepare(request)
        if request.method == "GET":
            for _n in range(10_000):
                await response.write(b"x" * 65_536)
                site.sent += 65_536
        return response

    site.answers["/a"] = flood
    async with asking(site) as asker:
        begun = time.monotonic()
        assert (await asker.ask(f"http://shop.example:{site.port}/a"))[0] is Answer.GONE
    assert time.monotonic() - begun < 10
    await asyncio.sleep(0.1)
    assert site.sent < 32 * 2**20


async def test_slow_servers_and_endless_headers_are_left(site: Site) -> None:
    async def slow(_request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    site.answers["/slow"] = slow
    site.answers["/long"] = _status(302, Location="/" + "x" * 100_000)
    async with asking(site, seconds=0.3) as asker:
        begun = time.monotonic()
        assert (await asker.ask(f"http://shop.example:{site.port}/slow"))[0] is Answer.UNSURE
        assert time.monotonic() - begun < 10
        assert (await asker.ask(f"http://shop.example:{site.port}/long"))[0] is Answer.UNSURE


async def test_one_host_is_asked_slowly_and_few_at_once(site: Site) -> None:
    running = most = 0
    times: list[float] = []

    async def answer(_request: web.Request) -> web.Response:
        nonlocal running, most
        times.append(time.monotonic())
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1
        return web.Response()

    site.answers["/a"] = answer
    names = Names(**{f"h{n}_example": "127.0.0.1" for n in range(12)})
    async with asking(site, names, pause=0.2) as asker:
        await asyncio.gather(*(asker.ask(f"http://h{n}.example:{site.port}/a") for n in range(12)))
        assert most == 4
        times.clear()
        await asyncio.gather(*(asker.ask(f"http://h0.example:{site.port}/a") for _n in range(3)))
    assert all(later - earlier > 0.1 for earlier, later in itertools.pairwise(times))
