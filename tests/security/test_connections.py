"""Connections that are slow, idle or many: each has its deadline, and no network takes the place of others.

Once some 400 connections with long heads took 1.4 GB, and 1,000 idle ones kept everybody else out.
"""

from __future__ import annotations

import asyncio
import ipaddress
import resource
import statistics
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.web import guard as guard_module
from bot.web import server as server_module
from bot.web.client_address import TrustedProxies
from bot.web.guard import Guard
from tests.conftest import BROWSER
from tests.served import Edge
from tests.served import served_edge as _edge  # noqa: F401
from tests.served import trusted_proxies as _trusted  # noqa: F401
from tests.serving import resident_mib, served

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
WITHIN = 0.1
"""Seconds in which others are served."""
GET = b"GET /summer HTTP/1.1\r\nHost: go.example\r\nUser-Agent: %s\r\n\r\n" % BROWSER.encode()

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has more than one loopback address")


_opened: list[asyncio.StreamWriter] = []


async def connect(port: int, source: str = "127.0.0.1") -> Connection:
    connection = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    _opened.append(connection[1])
    return connection


@pytest.fixture(autouse=True)
async def all_closed() -> AsyncIterator[None]:
    yield
    while _opened:
        _opened.pop().close()
    await asyncio.sleep(0)


async def asked(connection: Connection, sent: bytes = GET) -> bytes:
    """The head that comes back; empty when the connection is closed without one."""
    reader, writer = connection
    try:
        writer.write(sent)
        return await reader.readuntil(b"\r\n\r\n")
    except (ConnectionError, asyncio.IncompleteReadError):
        return b""


async def is_closed(connection: Connection, seconds: float = 0.2) -> bool:
    try:
        return await asyncio.wait_for(connection[0].read(1), seconds) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


async def many(port: int, count: int) -> list[Connection]:
    return [await connect(port) for _n in range(count)]


async def seconds_of_others(port: int, times: int = 20) -> float:
    """The usual time of a redirect that somebody from elsewhere asks for on a new connection."""
    loop, taken = asyncio.get_running_loop(), []
    for _n in range(times):
        began = loop.time()
        connection = await connect(port, "127.0.0.2")
        assert (await asked(connection)).startswith(b"HTTP/1.1 302")
        taken.append(loop.time() - began)
    return statistics.median(taken)


async def count_open(connections: list[Connection]) -> int:
    return sum(not closed for closed in await asyncio.gather(*map(is_closed, connections)))


# ---------------------------------------------------------------------- the guard by itself


class Waiting:
    """A connection that waits until so many seconds, or is being answered."""

    def __init__(self, until: float | None) -> None:
        self.waits_until = until
        self.dropped = False

    def drop(self) -> None:
        self.dropped = True


def test_a_network_has_its_share_and_the_one_that_waits_longest_makes_way() -> None:
    guard = Guard(TrustedProxies(), descriptors=guard_module.KEPT_FREE + 32)
    assert (guard.most, guard.most_of_network) == (32, 4)
    first = [Waiting(30.0), Waiting(10.0), Waiting(None), Waiting(20.0)]
    for n, each in enumerate(first):
        assert guard.admit(each, f"2001:db8:1:2::{n + 1}")  # one network
    another = Waiting(None)
    assert guard.admit(another, "2001:db8:1:2:ffff::")
    assert [each.dropped for each in first] == [False, True, False, False]
    guard.leave(first[1], "2001:db8:1:2::2")
    for each in (first[0], first[3]):
        each.waits_until = None
    refused = Waiting(1.0)
    assert not guard.admit(refused, "2001:db8:1:2::9")  # all are being answered
    assert guard.admit(refused, "2001:db8:1:3::9")


def test_who_has_65_536_networks_has_no_more_than_a_quarter_of_all_connections() -> None:
    guard = Guard(TrustedProxies(), descriptors=guard_module.KEPT_FREE + 32)
    crowd = [Waiting(float(n)) for n in range(30)]
    for n, each in enumerate(crowd):
        assert guard.admit(each, f"2001:db8:1:{n:x}::1")
        for gone, other in enumerate(crowd[:n]):
            if other.dropped and other.waits_until is not None:
                other.waits_until = None
                guard.leave(other, f"2001:db8:1:{gone:x}::1")
    assert [each.dropped for each in crowd] == [True] * 22 + [False] * 8
    for n in range(24):
        assert guard.admit(Waiting(None), f"2001:db8:2{n:x}::1" if n % 2 else f"198.51.100.{n}")
    assert not guard.admit(Waiting(None), "192.0.2.1"), "it is full"


def test_a_trusted_proxy_brings_everybodys_connections_and_there_is_room_for_the_rest_of_the_process() -> None:
    guard = Guard(TrustedProxies([ipaddress.ip_network("10.0.0.0/8")]), descriptors=guard_module.KEPT_FREE + 32)
    brought = [Waiting(1.0) for _n in range(33)]
    assert [guard.admit(each, "10.1.2.3") for each in brought] == [True] * 32 + [False]
    assert not any(each.dropped for each in brought)
    guard.leave(brought[0], "10.1.2.3")
    assert guard.admit(brought[32], "10.1.2.3")
    assert Guard(TrustedProxies(), descriptors=10**6).most == guard_module.MOST


def test_the_limit_of_descriptors_is_raised_where_it_may_be() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (500, hard))
        assert guard_module.descriptors(600) == 600
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 600
        assert guard_module.descriptors(100) == 100
        assert guard_module.descriptors(hard + 1) == hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# ---------------------------------------------------------------------- over real connections


async def test_a_head_is_short_in_all(edge: Edge) -> None:
    def head(size: int) -> bytes:
        line = b"X-Long: " + b"y" * 990 + b"\r\n"
        return GET[:-2] + line * (size // len(line)) + b"\r\n"

    connection = await connect(edge.port)
    assert (await asked(connection, head(14_000))).startswith(b"HTTP/1.1 302")
    assert (await asked(connection, head(20_000))).startswith(b"HTTP/1.1 431")
    assert await is_closed(connection)
    endless = await connect(edge.port)
    await asked(endless)
    with pytest.raises(ConnectionError):  # noqa: PT012
        for _n in range(1_000):
            endless[1].write(b"Z: " + b"z" * 997 + b"\r\n")
            await endless[1].drain()
            await asyncio.sleep(0)
    several = await connect(edge.port)  # in one go, each short enough
    several[1].write(head(9_000) * 5)
    for _n in range(5):
        assert (await several[0].readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 302")


async def test_each_head_has_its_deadline_and_each_pause(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(server_module, "HEAD_SECONDS", 0.4)
    loop = asyncio.get_running_loop()
    slow, idle = await connect(edge.port), await connect(edge.port)
    assert (await asked(slow)).startswith(b"HTTP/1.1 302")
    await asyncio.sleep(0.6)
    assert (await asked(slow)).startswith(b"HTTP/1.1 302")  # the pause between requests is no head
    began = loop.time()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):  # noqa: PT012
        for letter in GET:
            slow[1].write(bytes([letter]))
            await slow[1].drain()
            await asyncio.sleep(0.05)
        await slow[0].readexactly(1)
    assert loop.time() - began < 5
    assert await is_closed(idle), "it never asked for anything"
    monkeypatch.setattr(server_module, "KEEPALIVE_SECONDS", 0.4)
    idle = await connect(edge.port)
    assert (await asked(idle)).startswith(b"HTTP/1.1 302")
    assert await is_closed(idle, 5)


async def test_who_never_reads_the_answers_is_hung_up_on(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(server_module, "KEEPALIVE_SECONDS", 0.5)
    connection = await connect(edge.port)
    page = b"GET /@maya HTTP/1.1\r\nHost: go.example\r\n\r\n"

    async def ask_on() -> None:
        while True:
            connection[1].write(page * 10)
            await connection[1].drain()

    with pytest.raises(ConnectionError):
        await asyncio.wait_for(ask_on(), 20)


async def test_idle_connections_of_one_network_keep_nobody_out(edge: Edge) -> None:
    share = guard_module.MOST_OF_NETWORK
    idle = await many(edge.port, share + 40)
    assert await seconds_of_others(edge.port) <= WITHIN
    assert await count_open(idle) == share
    late = await connect(edge.port)
    assert (await asked(late)).startswith(b"HTTP/1.1 302"), "a crowd behind one address is served"


class TestBehindAProxy:
    @pytest.fixture
    def trusted(self) -> tuple[Any, ...]:
        return LOOPBACK

    async def test_the_proxys_connections_are_all_kept(self, edge: Edge) -> None:
        share = guard_module.MOST_OF_NETWORK
        assert await count_open(await many(edge.port, share + 40)) == share + 40


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip("the system lets this process open too few connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.proof
@pytest.mark.parametrize("kind", ["idle", "slow", "long heads", "idle at a usual limit"])
async def test_a_thousand_connections_of_one_address_keep_nobody_out(
    tmp_path: Path, kind: str, many_descriptors: None
) -> None:
    """`--direct`: the served process trusts no proxy, so that all come from one network."""
    limit = ("--few",) if kind.endswith("limit") else ()
    async with served(tmp_path / "eyeballs.db", "--direct", *limit) as (process, port):
        await seconds_of_others(port)
        before = resident_mib(process.pid)
        opened = await many(port, 1_000)
        tasks = [] if kind.startswith("idle") else [asyncio.create_task(trickle(each, kind)) for each in opened]
        await asyncio.sleep(2)
        taken = await seconds_of_others(port, 50)
        for task in tasks:
            task.cancel()
        assert taken <= WITHIN
        assert resident_mib(process.pid) - before <= 40


async def trickle(connection: Connection, kind: str) -> None:
    """Send a head that never ends, a letter at a time."""
    line = b"X: " + "\U0001f600".encode() * 20 + b"y" * 100 + b"\r\n"
    with suppress(ConnectionError):
        connection[1].write(GET[:-2] + line * (70 if kind == "long heads" else 0))
        while True:
            connection[1].write(b"X")
            await connection[1].drain()
            await asyncio.sleep(0.5)
