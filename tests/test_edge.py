"""What the public edge withstands, and what an operator and a security researcher find there."""

from __future__ import annotations

import asyncio
import datetime as dt
import string
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app import open_application
from bot.clock import FixedClock
from bot.config import Config, StorageSection, TrackingSection, WebSection
from bot.links.access import Actor
from bot.tracking import recorder as recorder_module
from bot.tracking import tracker as tracker_module
from bot.web import server as server_module
from bot.web.routes import MISSES
from storage import addresses, links, profiles
from storage.database import Database
from storage.records import BARE, Kind, Profile
from tests.conftest import BROWSER, NOW, QuickCharts, World, answer_of, text_of
from tests.served import CONTACT, GUILD, LOOPBACK, MAYA, PAGE, POST, SUMMER, WINTER, Edge
from tests.served import served_edge as _edge  # noqa: F401
from tests.served import trusted_proxies as _trusted  # noqa: F401
from tests.waiting import becomes, until


async def raw(edge: Edge, sent: bytes, seconds: float = 0.3) -> bytes:
    """What comes back for these bytes, until the edge closes the connection or says nothing for so many seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    received = b""
    try:
        writer.write(sent)
        while part := await asyncio.wait_for(reader.read(65536), seconds):
            received += part
    except (ConnectionError, TimeoutError):
        pass
    finally:
        writer.close()
    return received


HOSTILE = [
    b"",
    b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS on the plain port
    b"GET /summer HTTP/9.9\r\n\r\n",
    b"GET summer HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://evil.example/summer HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET //evil.example/..%2f HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /summer%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /%zz%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /s\xc3\xbcmmer HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"BREW /summer HTTP/1.1\r\nHost: x\r\n\r\n",
    b"get /summer HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /summer HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /summer HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /summer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
    b"POST /summer HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /summer",
    b"GET /summer HTTP/1.1\r\nHost: x\r\nUser-Agent: a\x00b\r\n\r\n",
    b"GET /summer HTTP/1.1\r\nHost: x\r\n folded: yes\r\n\r\n",
    b"GET /summer HTTP/1.1\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    b"GET /summer?" + b"a=1&" * 1500 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]


@pytest.mark.parametrize("sent", HOSTILE, ids=lambda sent: repr(sent[:40]))
async def test_hostile_bytes_get_no_5xx_and_count_nothing_wrong(edge: Edge, sent: bytes, caplog: Any) -> None:
    received = await raw(edge, sent)
    assert not received.startswith(b"HTTP/1.1 5"), received[:200]
    assert b"Traceback" not in received
    assert b"aiohttp" not in received.lower()
    assert b"python" not in received.lower()
    assert not caplog.records
    assert await edge.counts() == {}  # none of them carries a browser's user agent


NAMES = st.text(st.sampled_from([*string.ascii_letters, *string.digits, *"-_/.+@%?&=#~!$'()*,;:é\\ \""]), max_size=80)
TOKENS = st.text(string.ascii_letters + "-", min_size=1, max_size=20)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=200)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.one_of(NAMES, st.sampled_from(["summer", "summer/ig1", "summer.gif", "summer+", "@maya"])),
    method=st.one_of(st.sampled_from(["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE"]), TOKENS),
    headers=st.lists(st.tuples(TOKENS, VALUES), max_size=6),
)
async def test_any_path_method_and_headers_are_answered_plainly(
    edge: Edge, path: str, method: str, headers: list[tuple[str, str]]
) -> None:
    head = f"{method} /{path} HTTP/1.1\r\nHost: go.example\r\nConnection: close\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers)
    before = (await edge.counts(), edge.recorder.recorded)
    received = await raw(edge, head.encode("latin-1") + b"\r\n", 5)
    status = received[9:12]
    assert received.startswith(b"HTTP/1."), (received[:100], head)
    assert not status.startswith(b"5"), (received[:300], head)
    if status == b"302":
        assert b"Location: https://www.shop.example/" in received
    elif status not in (b"200", b"204"):
        assert edge.recorder.recorded == before[1]
    if method not in ("GET",):
        assert edge.recorder.recorded == before[1]


async def test_a_client_that_does_not_get_to_the_point_is_hung_up_on(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "HEAD_SECONDS", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    began = asyncio.get_running_loop().time()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):  # noqa: PT012
        for letter in b"GET /summer HTTP/1.1\r\nX: ":
            writer.write(bytes([letter]))
            await writer.drain()
            await asyncio.sleep(0.05)
        await reader.readexactly(1)
    assert asyncio.get_running_loop().time() - began < 10
    writer.close()
    assert (await edge.get("/summer")).status == 302  # all others go on


async def test_who_was_quick_once_may_keep_the_connection(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "HEAD_SECONDS", 0.6)
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    for _n in range(2):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 200 " in await reader.readline()
        await reader.readuntil(b"ok")
        await asyncio.sleep(0.8)
    writer.close()


async def test_pipelined_requests_are_answered_in_order(edge: Edge) -> None:
    one = b"GET /%s HTTP/1.1\r\nHost: x\r\nUser-Agent: %s\r\n\r\n"
    last = b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    agents = [f"{BROWSER} {n}".encode() for n in range(5)]
    received = await raw(edge, b"".join(one % (b"summer", agent) for agent in agents) + last, seconds=10)
    assert received.count(b"HTTP/1.1 302") == 5
    assert received.count(b"HTTP/1.1 404") == 1
    assert received.index(b"HTTP/1.1 404") > received.rindex(b"HTTP/1.1 302")
    assert await edge.counts() == {(SUMMER, BARE, Kind.CLICK): 5}


async def test_a_plus_shows_where_a_link_leads_and_counts_nothing(edge: Edge) -> None:
    answer = await edge.get("/summer+")
    text = await answer.text()
    assert answer.status == 200
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    for part in ("Summer sale", "https://www.shop.example/summer?a=1&amp;b=%20x#top", "Go to shop.example", "@maya"):
        assert part in text
    assert "Maya Lind" in text
    assert 'href="/summer/ig1"' in await (await edge.get("/summer/ig1+")).text()
    assert await edge.counts() == {}
    assert await edge.aside() == {}


async def test_a_look_tells_no_private_title_and_no_unpublished_name(edge: Edge) -> None:
    await edge.write(lambda conn: links.change(conn, GUILD, SUMMER, private=True))
    await edge.write(
        lambda conn: profiles.put(conn, Profile(GUILD, MAYA, "maya", "Maya Lind", published=False, id=PAGE))
    )
    text = await (await edge.get("/summer+")).text()
    assert "shop.example" in text
    assert "Summer sale" not in text
    assert "maya" not in text.lower()


async def test_a_look_at_what_leads_nowhere_is_the_same_page(edge: Edge) -> None:
    unknown = await (await edge.get("/nobody")).text()
    for path in ("/nobody+", "/@maya+", "/summer/none+", "/+"):
        answer = await edge.get(path)
        assert (answer.status, await answer.text()) == (404, unknown)


async def test_looks_are_limited(edge: Edge) -> None:
    statuses = [(await edge.get("/summer+")).status for _n in range(MISSES + 5)]
    assert set(statuses[:MISSES]) == {200}
    assert statuses[-1] == 429


async def test_security_txt_says_whom_to_write_to(edge: Edge) -> None:
    answer = await edge.get("/.well-known/security.txt")
    lines = dict(line.split(": ", 1) for line in (await answer.text()).splitlines())
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert lines["Contact"] == CONTACT
    ahead = dt.datetime.fromisoformat(lines["Expires"]) - dt.datetime.now(dt.UTC)
    assert dt.timedelta(days=30) < ahead < dt.timedelta(days=365)


async def test_not_ready_while_hits_wait_for_the_disk(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await edge.get("/readyz")).status == 200
    monkeypatch.setattr(tracker_module, "READY_SECONDS", 0.1)
    monkeypatch.setattr(recorder_module, "ANSWER_SECONDS", 0.25)
    held = asyncio.Event()

    async def hold(conn: Any) -> None:
        await held.wait()

    holding = asyncio.create_task(edge.db.write(hold, first=True))
    try:
        await edge.get("/summer")
        answer = await edge.get("/readyz")
        assert (answer.status, await answer.text()) == (503, "hits are waiting for the disk")
        assert (await edge.get("/healthz")).status == 200
    finally:
        held.set()
        await holding
    await until(lambda: edge.recorder.queued == 0)
    assert (await edge.get("/readyz")).status == 200
    assert edge.recorder.late == 1


async def test_a_link_ends_at_its_time(edge: Edge, clock: FixedClock) -> None:
    end = NOW + dt.timedelta(hours=1)
    await edge.write(lambda conn: addresses.change_link(conn, GUILD, SUMMER, expires_at=end))
    await edge.write(lambda conn: links.change(conn, GUILD, SUMMER, expires_at=end))
    clock.move(minutes=59)
    assert (await edge.get("/summer")).status == 302
    assert "Summer sale" in await (await edge.get("/@maya")).text()
    clock.move(minutes=1)
    unknown = await (await edge.get("/nobody")).text()
    for path in ("/summer", "/summer/ig1", "/summer.gif", "/summer+"):
        answer = await edge.get(path)
        assert (answer.status, await answer.text()) == (404, unknown)
    assert "Summer sale" not in await (await edge.get("/@maya")).text()
    assert (await edge.counts())[SUMMER, BARE, Kind.CLICK] == 1


@pytest.mark.parametrize("trusted", [LOOPBACK])
async def test_a_link_ends_after_so_many_clicks(edge: Edge) -> None:
    async def visit(n: int, path: str) -> int:
        return (await edge.get(path, X_Forwarded_For=f"198.51.100.{n}")).status

    await edge.write(lambda conn: addresses.change_link(conn, GUILD, SUMMER, max_clicks=10))
    await edge.write(lambda conn: links.change(conn, GUILD, SUMMER, max_clicks=10))
    paths = ["/summer", "/summer/ig1"] * 15
    answers = await asyncio.gather(*(visit(n, path) for n, path in enumerate(paths)))
    assert sorted(answers) == [302] * 10 + [404] * 20

    async def clicks() -> int:
        counts = await edge.counts()
        return counts[SUMMER, BARE, Kind.CLICK] + counts[SUMMER, POST, Kind.CLICK]

    assert await becomes(clicks, 10) == 10  # on a slow disk they are answered before they are there
    assert "Summer sale" not in await (await edge.get("/@maya")).text()
    await edge.write(lambda conn: addresses.change_link(conn, GUILD, SUMMER, max_clicks=11))
    assert [await visit(100 + n, "/summer") for n in range(2)] == [302, 404]


async def test_what_is_set_aside_uses_no_click_up(edge: Edge) -> None:
    await edge.write(lambda conn: addresses.change_link(conn, GUILD, SUMMER, max_clicks=1))
    for _n in range(3):
        assert (await edge.get("/summer", user_agent="curl/8.0")).status == 302
    assert (await edge.get("/summer")).status == 302
    assert (await edge.get("/summer", user_agent="curl/8.0")).status == 404


async def test_a_change_is_seen_at_once_here_and_within_half_a_minute_in_another_process(
    edge: Edge, tmp_path: Path, clock: FixedClock
) -> None:
    assert (await edge.get("/winter")).status == 302
    assert (await edge.get("/later")).status == 404  # negative answers are cached too
    async with Database.open(tmp_path / "eyeballs.db", lock=False) as other:
        target = "https://elsewhere.example/"
        await other.write(lambda conn: addresses.change_link(conn, GUILD, WINTER, destination=target))
        assert "shop.example" in (await edge.get("/winter", user_agent=f"{BROWSER} 2")).headers["Location"]
        passed = tracker_module.CACHE_SECONDS
        assert passed <= 30
        clock.move(seconds=passed)
        assert (await edge.get("/winter", user_agent=f"{BROWSER} 3")).headers["Location"] == target
    await edge.write(lambda conn: addresses.change_link(conn, GUILD, WINTER, destination="https://third.example/"))
    assert (await edge.get("/winter", user_agent=f"{BROWSER} 4")).headers["Location"] == "https://third.example/"


async def test_a_redirect_reads_one_row_by_its_key(edge: Edge) -> None:
    async with edge.db.read() as conn:
        query = "EXPLAIN QUERY PLAN SELECT * FROM addresses WHERE address = 'summer'"
        plan = [row[-1] for row in (await conn.exec_driver_sql(query)).all()]
    assert plan == ["SEARCH addresses USING PRIMARY KEY (address=?)"]


async def test_metrics_are_on_a_port_of_their_own_and_know_the_operators_crawlers(
    tmp_path: Path, clock: FixedClock
) -> None:
    config = Config(
        web=WebSection(base_url="https://go.example", host="127.0.0.1", port=0, metrics_port=0),
        tracking=TrackingSection(crawlers=("acme-monitor",)),
        storage=StorageSection(path=tmp_path / "eyeballs.db", backups=tmp_path / "backups"),
    )
    async with open_application(config, clock=clock, charts=QuickCharts()) as app, aiohttp.ClientSession() as http:
        await app.services.links.add(Actor(1, 2, manager=True), "https://shop.example/", name="summer")
        for agent in (BROWSER, "curl/8.0", f"{BROWSER} acme-monitor"):
            public = f"http://127.0.0.1:{app.web.port}"
            await http.get(f"{public}/summer", headers={"User-Agent": agent}, allow_redirects=False)
        assert (await http.get(f"{public}/metrics")).status == 404
        assert app.metrics_port != app.web.port
        answer = await http.get(f"http://127.0.0.1:{app.metrics_port}/metrics")
        lines = (await answer.text()).splitlines()
        assert "eyeballs_hits_recorded_total 1.0" in lines
        assert 'eyeballs_requests_set_aside_total{reason="crawler"} 2.0' in lines
        assert "eyeballs_queue_requests 0.0" in lines
        assert any(line.startswith("process_resident_memory_bytes ") for line in lines)
        assert "127.0.0.1" not in "\n".join(lines)
        assert (await http.get(f"http://127.0.0.1:{app.metrics_port}/")).status == 404


# ---------------------------------------------------------------------- links that end, in Discord


async def test_a_look_shows_the_address_as_people_know_it(world: World) -> None:
    await world.add_link()
    assert "<p>go.example/summer leads to</p>" in (await world.visit("summer+")).text


async def test_a_link_that_ends_is_made_shown_and_changed(world: World) -> None:
    made = await world.add_link(expires="in 2 days", max_clicks=2)
    end = int((NOW + dt.timedelta(days=2)).timestamp())
    ends = f"<t:{end}:f>, after 2 clicks"
    assert f"Ends: {ends}" in text_of(made)
    assert ends in text_of(await world.admin.slash(world.channel, "link list"))
    await world.admin.slash(
        world.channel, "post add", link="summer", platform="instagram", kind="story"
    )  # its address ends with the link
    assert [(await world.visit(path)).status for path in ("summer", "summer/ig1", "summer/ig1", "summer")] == [
        302,
        302,
        404,
        404,
    ]
    assert "ended: its addresses answer" in text_of(await world.admin.slash(world.channel, "link show", link="summer"))
    assert "ended" not in text_of(await world.admin.slash(world.channel, "link edit", link="summer", max_clicks=0))
    assert (await world.visit("summer")).status == 302
    world.move(days=2)
    assert (await world.visit("summer")).status == 404
    changed = await world.admin.slash(world.channel, "link edit", link="summer", expires="-")
    assert "Ends" not in text_of(changed)
    assert (await world.visit("summer/ig1")).status == 302


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("soon", "expires: “soon” is no date"),
        ("2026-03-10", "expires: “2026-03-10” has passed already"),
        ("0 days", "expires: “0 days” has passed already"),
    ],
)
async def test_an_end_that_makes_no_sense_is_a_sentence(world: World, typed: str, said: str) -> None:
    text = text_of(await world.add_link(expires=typed)).replace("\\", "")
    assert said in text
    assert (await world.visit("summer")).status == 404
    assert answer_of(await world.admin.slash(world.channel, "link list")) is not None


async def test_a_day_means_its_end_in_the_servers_zone(world: World) -> None:
    await world.admin.slash(world.channel, "setup", zone="America/New_York")
    text = text_of(await world.add_link(expires="2026-03-11"))
    end = int(dt.datetime(2026, 3, 12, 4, 0, tzinfo=dt.UTC).timestamp()) - 1
    assert f"<t:{end}:f>" in text
