"""The public edge over real HTTP: who is redirected where, what is counted, and what nobody gets to see."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import logging
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import FixedClock
from bot.insights.audience import opted_out
from bot.links.owner import OwnerTokens
from bot.profiles.flags import Flags
from bot.profiles.pages import Pages
from bot.profiles.views import Views
from bot.tracking.networks import BURST
from bot.tracking.recorder import Recorder
from bot.tracking.tracker import Tracker
from bot.tracking.visitors import Visitors
from bot.web.client_address import TrustedProxies, network_of
from bot.web.profiles import ProfileEdge
from bot.web.routes import MISSES
from bot.web.routes import Edge as WebEdge
from bot.web.server import serve
from storage import addresses, counts, hits, links, profiles, recount, servers
from storage.database import Database
from storage.ids import Ids
from storage.records import BARE, PROFILE, Kind, Link, Profile, Server, State
from tests.conftest import BROWSER, NOW, QuickCharts
from tests.served import BASE, DISCORDBOT, GUILD, LOOPBACK, MAYA, PAGE, POST, SUMMER, TODAY, TOMORROW, WINTER, Edge
from tests.served import served_edge as _edge  # noqa: F401
from tests.served import trusted_proxies as _trusted  # noqa: F401


async def test_a_redirect_leads_to_the_stored_destination_and_is_a_click(edge: Edge) -> None:
    for n, path in enumerate(("/summer", "/SUMMER", "/summer/", "/%73ummer?")):
        answer = await edge.get(path, user_agent=f"{BROWSER} Person/{n}")
        assert answer.status == 302, path
        assert answer.headers["Location"] == "https://www.shop.example/summer?a=1&b=%20x#top"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Server"] == "Eyeballs"  # no versions
    assert await edge.counts() == {(SUMMER, BARE, Kind.CLICK): 4}


async def test_a_click_is_counted_where_it_came_from(edge: Edge) -> None:
    await edge.get("/summer")
    page = await (await edge.get("/@maya")).text()
    via = page.split('href="/summer?via=')[1].split('"')[0]
    await edge.get(f"/summer?via={via}")
    await edge.get("/summer?via=elsewhere", user_agent=f"{BROWSER} Other")
    await edge.get("/Summer/IG1")
    await edge.get("/summer/ig1?via=profile", user_agent=f"{BROWSER} Other")
    assert await edge.counts() == {
        (SUMMER, BARE, Kind.CLICK): 2,
        (PAGE, PROFILE, Kind.VIEW): 1,
        (SUMMER, PROFILE, Kind.VIEWABLE): 1,
        (SUMMER, PROFILE, Kind.CLICK): 1,
        (SUMMER, POST, Kind.CLICK): 2,
    }


async def test_a_double_press_is_sent_on_and_set_aside(edge: Edge, clock: FixedClock) -> None:
    for _n in range(3):
        assert (await edge.get("/summer")).status == 302
    await edge.get("/summer/ig1")  # another address
    await edge.get("/summer.gif")
    await edge.get("/summer.gif")  # impressions have no window
    clock.move(seconds=29)
    await edge.get("/summer")
    assert await edge.aside() == {"repeat": 3}
    clock.move(seconds=2)
    await edge.get("/summer")
    assert await edge.counts() == {
        (SUMMER, BARE, Kind.CLICK): 2,
        (SUMMER, POST, Kind.CLICK): 1,
        (SUMMER, BARE, Kind.IMPRESSION): 2,
    }
    assert await edge.uniques() == {SUMMER: 1}


async def test_one_visitor_faster_than_people_is_sent_on_and_not_counted(edge: Edge) -> None:
    for _n in range(BURST + 10):
        assert (await edge.get("/summer.gif", DNT="1")).status == 200
    assert await edge.counts() == {(SUMMER, BARE, Kind.IMPRESSION): BURST}
    assert await edge.aside() == {"throttled": 10}
    await edge.get("/summer.gif", user_agent=f"{BROWSER} Other")
    assert await edge.counts() == {(SUMMER, BARE, Kind.IMPRESSION): BURST + 1}


async def test_the_creators_own_test_is_not_counted(edge: Edge) -> None:
    token = await OwnerTokens(edge.db).of(GUILD, SUMMER)
    assert (await edge.get(f"/summer?test={token}")).status == 302
    await edge.get(f"/summer/ig1?test={token}")
    assert await edge.counts() == {}
    await edge.get("/summer?test=made-up")
    await edge.get(f"/winter?test={token}")
    assert await edge.counts() == {(SUMMER, BARE, Kind.CLICK): 1, (WINTER, BARE, Kind.CLICK): 1}
    assert await edge.aside() == {"owner": 2}


async def test_who_asks_for_unknown_names_without_end_is_told_to_slow_down(edge: Edge) -> None:
    statuses = [(await edge.get(f"/guess-{n}")).status for n in range(MISSES + 10)]
    assert set(statuses[:MISSES]) == {404}
    assert statuses[-1] == 429
    assert (await edge.get("/summer")).status == 302


async def test_the_pixel_is_an_impression(edge: Edge) -> None:
    for path in ("/summer.gif", "/summer/ig1.gif"):
        answer = await edge.get(path)
        assert (answer.status, answer.content_type, answer.content_length) == (200, "image/gif", 43)
        assert "no-store" in answer.headers["Cache-Control"]
    assert await edge.counts() == {(SUMMER, BARE, Kind.IMPRESSION): 1, (SUMMER, POST, Kind.IMPRESSION): 1}
    assert await edge.uniques() == {}


async def test_what_is_no_person_is_redirected_and_set_aside_by_reason(edge: Edge) -> None:
    assert (await edge.get("/summer", "HEAD")).status == 302
    assert (await edge.get("/summer", "OPTIONS")).status == 302
    assert (await edge.get("/summer", Sec_Purpose="prefetch;prerender")).status == 302
    assert (await edge.get("/summer", user_agent=DISCORDBOT)).status == 302
    assert (await edge.get("/summer", user_agent="curl/8.7.1")).status == 302
    assert (await edge.get("/@maya", user_agent=DISCORDBOT)).status == 200
    assert await edge.counts() == {}
    assert await edge.aside() == {"head": 2, "prefetch": 1, "preview": 1 + 1, "crawler": 1}


async def test_a_page_that_embeds_an_address_counts_no_clicks(edge: Edge) -> None:
    image = {"Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "image", "Sec_Fetch_Site": "cross-site"}
    assert (await edge.get("/summer", **image)).status == 302
    assert (await edge.get("/@maya", **image)).status == 200
    assert (await edge.get("/summer", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="iframe")).status == 302
    assert (await edge.get("/summer.gif", **image)).status == 200
    assert await edge.counts() == {(SUMMER, BARE, Kind.IMPRESSION): 1}
    assert await edge.uniques() == {}
    assert await edge.aside() == {"embedded": 3}


async def test_unique_clicks_are_visitors_of_a_link_and_day(edge: Edge) -> None:
    await edge.get("/summer")
    await edge.get("/summer/ig1")
    await edge.get("/winter")
    await edge.get("/summer", user_agent=f"{BROWSER} Other")
    assert await edge.uniques() == {SUMMER: 2, WINTER: 1}


@pytest.mark.parametrize("wish", [{"DNT": "1"}, {"Sec_GPC": "1"}])
async def test_who_asks_not_to_be_followed_is_a_click_but_no_visitor(
    edge: Edge, clock: FixedClock, wish: dict[str, str]
) -> None:
    await edge.get("/summer", **wish)
    await edge.get("/summer", **wish)
    assert await edge.aside() == {"repeat": 1}
    clock.move(seconds=31)
    await edge.get("/summer", **wish)
    await edge.get("/winter")
    assert await edge.counts() == {(SUMMER, BARE, Kind.CLICK): 2, (WINTER, BARE, Kind.CLICK): 1}
    assert await edge.uniques() == {WINTER: 1}
    async with edge.db.read() as conn:
        found = await counts.audience(conn, GUILD, TODAY, TOMORROW)
    assert opted_out(found) == 2


async def test_a_hit_belongs_to_the_servers_local_day(edge: Edge, clock: FixedClock) -> None:
    await edge.write(lambda conn: servers.put(conn, Server(GUILD, "Pacific/Kiritimati")))  # UTC+14
    await edge.get("/summer")
    assert await edge.counts(dt.date(2026, 3, 12)) == {(SUMMER, BARE, Kind.CLICK): 1}


async def test_archived_links_redirect_and_deleted_ones_look_like_unknown_ones(edge: Edge) -> None:
    await edge.write(lambda conn: addresses.change_link(conn, GUILD, SUMMER, state=State.ARCHIVED))
    await edge.write(lambda conn: addresses.change_link(conn, GUILD, WINTER, state=State.DELETED))
    assert (await edge.get("/summer")).status == 302
    deleted, unknown = await edge.get("/winter"), await edge.get("/nothing")
    assert (deleted.status, unknown.status) == (404, 404)
    assert await deleted.text() == await unknown.text()
    assert await edge.counts() == {(SUMMER, BARE, Kind.CLICK): 1}


@pytest.mark.parametrize("host", ["evil.example", "www.evil.example", "EVIL.example"])
async def test_a_domain_denied_later_is_unknown_at_once(edge: Edge, host: str) -> None:
    target = f"https://{host}/"
    await edge.write(lambda conn: addresses.change_link(conn, GUILD, SUMMER, destination=target))
    await edge.write(lambda conn: links.change(conn, GUILD, SUMMER, destination=target))
    assert (await edge.get("/summer")).status == 404
    assert (await edge.get("/summer.gif")).status == 404
    assert "summer" not in await (await edge.get("/@maya")).text()


@pytest.mark.parametrize(
    "path",
    [
        "/summer/ig1/more",
        "//summer",
        "/summer.png",
        "/summer/nothing",
        "/s%C3%BCmmer",
        "/s%C5%BFummer",
        "/%FF%FE",
        "/%00summer",
        "/summer%0d%0aX-Evil:1",
        "/summer%",
        "/@nobody",
        "/@",
        "/%40maya%00",
        "/" + "a" * 65,
        "/" + "a" * 7000,
        "/..%2f..%2fetc/passwd",
        "/static/style.css",
    ],
)
async def test_odd_paths_are_not_found(edge: Edge, path: str) -> None:
    answer = await edge.get(path)
    assert answer.status == 404
    assert "There is nothing here" in await answer.text()
    assert await edge.counts() == {}


async def test_other_methods_are_not_found(edge: Edge) -> None:
    for path in ("/summer", "/@maya", "/", "/healthz"):
        assert (await edge.get(path, "POST")).status == 404
        assert (await edge.get(path, "DELETE")).status == 404


async def test_oversized_requests_are_refused(edge: Edge) -> None:
    assert (await edge.get("/" + "a" * 9000)).status == 400
    assert (await edge.get("/summer", X_Big="a" * 9000)).status == 400
    assert await edge.counts() == {}


async def test_the_profile_shows_links_and_counts_a_view(edge: Edge) -> None:
    secret = Link(GUILD, 103, MAYA, "secret", "https://shop.example/s", MAYA, NOW, NOW, private=True)
    old = Link(GUILD, 104, MAYA, "old", "https://shop.example/o", MAYA, NOW, NOW, state=State.ARCHIVED)
    other = Link(GUILD, 105, 999, "theirs", "https://shop.example/t", 999, NOW, NOW)
    for link in (secret, old, other):
        await edge.write(lambda conn, link=link: links.add(conn, link))
    answer = await edge.get("/@Maya")
    page = await answer.text()
    assert answer.status == 200
    assert "Maya Lind" in page
    assert "@maya" in page
    assert page.index('href="/winter?via=') < page.index('href="/summer?via=')
    assert 'rel="noopener nofollow ugc"' in page
    assert "Summer sale" in page
    assert "shop.example" in page
    for hidden in ("secret", '"old', "theirs", "http://"):
        assert hidden not in page
    assert set(re.findall(r"https://[^/\")]+", page)) == {"https://go.example"}  # in what unfurlers read
    assert await edge.counts() == {(PAGE, PROFILE, Kind.VIEW): 1}


async def test_pages_carry_their_security_headers(edge: Edge) -> None:
    for path, form in (("/@maya", "'self'"), ("/nothing", "'none'"), ("/", "'none'"), ("/summer+", "'self'")):
        answer = await edge.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        for part in ("frame-ancestors 'none'", "base-uri 'none'", f"form-action {form}"):
            assert part in policy
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers


async def test_an_unpublished_profile_looks_like_an_unknown_one(edge: Edge) -> None:
    await edge.write(lambda conn: profiles.put(conn, Profile(GUILD, MAYA, "maya", "Maya", published=False, id=PAGE)))
    hidden, unknown = await edge.get("/@maya"), await edge.get("/@nobody")
    assert (hidden.status, unknown.status) == (404, 404)
    assert await hidden.text() == await unknown.text()
    assert await edge.counts() == {}


async def test_a_profile_without_links_says_so(edge: Edge) -> None:
    for link_id in (SUMMER, WINTER):
        await edge.write(lambda conn, link_id=link_id: links.change(conn, GUILD, link_id, state=State.DELETED))
    assert "No links here yet" in await (await edge.get("/@maya")).text()


async def test_hostile_names_and_titles_stay_text(edge: Edge) -> None:
    hostile = """"><script>alert(1)</script>{{ 7*7 }}'onload=x"""
    await edge.write(lambda conn: profiles.put(conn, Profile(GUILD, MAYA, "maya", hostile, published=True, id=PAGE)))
    await edge.write(lambda conn: links.change(conn, GUILD, SUMMER, title=hostile))
    page = await (await edge.get("/@maya")).text()
    assert "<script>alert" not in page
    assert page.count("<script") == 2  # what Discord reads, and ours
    assert "&lt;script&gt;alert(1)" in page
    assert "\\u003cscript\\u003ealert" in page
    assert "{{ 7*7 }}" in page


async def test_the_small_answers(edge: Edge) -> None:
    health = await edge.get("/healthz")
    assert (health.status, await health.text()) == (200, "ok")
    assert "Allow: /" in await (await edge.get("/robots.txt")).text()
    assert (await edge.get("/favicon.ico")).status == 204
    assert "Tracked links" in await (await edge.get("/")).text()


async def test_a_hundred_people_at_once(edge: Edge) -> None:
    answers = await asyncio.gather(*(edge.get("/summer", user_agent=f"{BROWSER} {n}") for n in range(100)))
    assert Counter(answer.status for answer in answers) == {302: 100}
    assert await edge.counts() == {(SUMMER, BARE, Kind.CLICK): 100}
    assert await edge.uniques() == {SUMMER: 100}


async def test_people_are_redirected_even_when_nothing_can_be_counted(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(edge.visitors, "visitor", fail)
    with structlog.testing.capture_logs() as logs:
        assert (await edge.get("/summer")).status == 302
    assert [entry["log_level"] for entry in logs] == ["error"]


async def test_an_internal_error_is_a_plain_page(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise OSError("broken at 127.0.0.1")

    monkeypatch.setattr(addresses, "get", fail)
    with structlog.testing.capture_logs() as logs:
        answer = await edge.get("/summer")
    assert answer.status == 500
    assert "Something went wrong" in await answer.text()
    assert "broken" not in await answer.text()
    assert "127.0.0.1" not in str(logs)


async def test_salts_and_visitors_are_forgotten_after_two_days(edge: Edge, clock: FixedClock, tmp_path: Path) -> None:
    await edge.get("/summer")
    async with edge.db.read() as conn:
        before = await hits.salt(conn, GUILD, TODAY)
    clock.move(hours=47)
    await edge.visitors.forget(clock.now())
    async with edge.db.read() as conn:
        assert await hits.salt(conn, GUILD, TODAY) == before
    clock.move(hours=25)
    await edge.visitors.forget(clock.now())
    async with edge.db.read() as conn:
        assert await hits.salt(conn, GUILD, TODAY) is None
        assert await recount.count_events(conn) == 1
    files = await asyncio.to_thread(lambda: [path.read_bytes() for path in tmp_path.iterdir() if path.is_file()])
    assert before is not None
    assert files
    assert not any(before in content for content in files)


@pytest.mark.parametrize("trusted", [LOOPBACK])
async def test_behind_a_trusted_proxy_visitors_are_told_apart(edge: Edge) -> None:
    for client in ("203.0.113.7", "203.0.113.8", "198.51.100.1, 203.0.113.8"):
        await edge.get("/summer", X_Forwarded_For=client)
    assert await edge.uniques() == {SUMMER: 2}


async def test_an_unknown_proxy_is_not_believed_and_warned_of_once(edge: Edge) -> None:
    with structlog.testing.capture_logs() as logs:
        for client in ("203.0.113.7", "203.0.113.8"):
            await edge.get("/summer", X_Forwarded_For=client)
    assert await edge.uniques() == {SUMMER: 1}
    (warning,) = logs
    assert "web.trusted_proxies" in warning["event"]
    assert "203.0.113" not in str(warning)


@pytest.mark.parametrize("trusted", [LOOPBACK])
async def test_no_address_reaches_the_disk_or_the_logs(
    edge: Edge, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for n in range(20):
        await edge.get("/summer", X_Forwarded_For=f"203.0.113.{n}")
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    writer.write(b"nonsense\r\nX-Forwarded-For: 203.0.113.99\r\n\r\n")
    assert b"400" in await reader.readline()
    writer.close()
    await writer.wait_closed()
    said = caplog.text + "".join(capfd.readouterr())
    assert "203.0.113." not in said
    assert "127.0.0.1" not in said
    files = await asyncio.to_thread(lambda: [path.read_bytes() for path in tmp_path.iterdir() if path.is_file()])
    assert sum(map(len, files)) > 10_000
    assert not any(b"203.0.113." in content or b"Mozilla" in content for content in files)


async def test_closing_does_not_wait_for_idle_connections(db: Database, clock: FixedClock) -> None:
    async with Recorder(db, clock) as recorder, aiohttp.ClientSession() as http:
        visitors, tokens = Visitors(db, clock, recorder.keep_salt), OwnerTokens(db)
        views = Views(db)
        tracker = Tracker(
            db=db, recorder=recorder, visitors=visitors, clock=clock, ids=Ids(), owner_tokens=tokens, views=views
        )
        pages = ProfileEdge(Pages(db, clock, tracker, views, tokens), QuickCharts(), BASE)
        async with serve(WebEdge(tracker, pages, Flags(db, clock, Ids()), BASE), host="127.0.0.1", port=0) as web:
            _, idle = await asyncio.open_connection("127.0.0.1", web.port)
            async with http.get(f"http://127.0.0.1:{web.port}/healthz") as answer:
                assert answer.status == 200
            began = time.monotonic()
        assert time.monotonic() - began < 20
        idle.close()
        await idle.wait_closed()


TRUSTED = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client", "is_unknown"),
    [
        ("203.0.113.7", [], "203.0.113.7", False),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7", True),
        ("10.0.0.1", [], "10.0.0.1", False),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1", False),
        ("10.0.0.1", ["192.0.2.66, 198.51.100.1, 10.0.0.2"], "198.51.100.1", False),
        ("10.0.0.1", ["192.0.2.66", "198.51.100.1"], "198.51.100.1", False),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3", False),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1", False),
        ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1", False),
        ("fd00::1", ["2001:db8::1"], "2001:db8::1", False),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1", False),
        ("10.0.0.1", ["192.0.2.66, unknown"], "10.0.0.1", False),
        ("10.0.0.1", ["192.0.2.66, "], "10.0.0.1", False),
        ("", ["192.0.2.66"], "", True),
    ],
)
def test_the_client_is_the_right_most_hop_that_is_no_trusted_proxy(
    peer: str, forwarded: list[str], client: str, is_unknown: bool
) -> None:
    assert TrustedProxies(TRUSTED).client(peer, forwarded) == (client, is_unknown)


@given(
    st.ip_addresses(), st.ip_addresses(), st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="fd00::/8")
)
def test_addresses_are_read_as_the_standard_library_reads_them(a: Any, b: Any, proxy: Any) -> None:
    def normal(address: Any) -> str:
        return str(getattr(address, "ipv4_mapped", None) or address)

    def trusted(address: Any) -> bool:
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in TRUSTED)

    proxies = TrustedProxies(TRUSTED)
    expected = next((normal(hop) for hop in (b, a) if not trusted(hop)), normal(a))
    assert proxies.client(str(proxy), [f"{a}, {b}"]) == (expected, False)
    assert proxies.client(str(a), []) == (normal(a), False)


@given(st.text(max_size=30))
def test_what_is_no_address_is_taken_as_it_is(text: str) -> None:
    client, _unknown = TrustedProxies(TRUSTED).client("10.0.0.1", [text])
    assert client == "10.0.0.1" or ipaddress.ip_address(client)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("", ""),
        ("no:address", "no:address"),
    ],
)
def test_a_network_is_an_ipv4_address_or_an_ipv6_64(address: str, network: str) -> None:
    assert network_of(address) == network


@given(st.ip_addresses())
def test_networks_are_those_of_the_standard_library(address: Any) -> None:
    address = getattr(address, "ipv4_mapped", None) or address
    expected = address if address.version == 4 else ipaddress.ip_network((address, 64), strict=False)
    assert network_of(str(address)) == str(expected)
