"""Attacks of a shortener on whoever imports from it: keys told, pages without end, numbers and dates of no kind."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from bot import cli_transfer
from bot.clock import FixedClock
from bot.errors import OperatorError
from bot.imports import answers, bitly, journal, shlink
from bot.imports.histories import Histories
from bot.imports.journal import Journal
from bot.imports.links import Plan, Taken
from bot.imports.rest import IN_ALL, LONGEST, Rest
from bot.links.service import Limits
from storage import counts
from storage.database import Database
from storage.ids import Ids
from storage.records import Kind, Service
from tests.conftest import NOW
from tests.shorteners import KEY, Bitly, Shlink, serving, visit
from tests.test_histories import FIRST, LAST
from tests.test_histories import Quiet as Unwatched

GUILD, MAYA = 11, 22
TERMINAL = "\x1b[2J\x1b]0;owned\x07\x9b31m"
Reply = tuple[int, Any] | bytes


class Quiet(Unwatched):
    """Keeps what is told, too."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    async def wait(self, seconds: float, why: str) -> None:
        self.said.append(why)
        await super().wait(seconds, why)


@dataclass
class Hostile:
    """Answers whatever it likes."""

    reply: Callable[[web.Request], Reply]
    headers: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{tail:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        reply = self.reply(request)
        if isinstance(reply, bytes):
            return web.Response(body=reply)
        status, body = reply
        return web.json_response(body, status=status, headers=self.headers)


@pytest.fixture
def own(db: Database, clock: FixedClock) -> Histories:
    return Histories(db, clock, Ids(clock.timestamp), URL("https://go.example"), Limits())


class Import:
    """One command: the journal that it goes on with, and what it waited for."""

    def __init__(self, own: Histories, kind: Service, taken: Taken = Taken.RENAME) -> None:
        self.own, self.kind, self.taken, self.quiet = own, kind, taken, Quiet()

    async def journal(self) -> Journal:
        return await self.own.resume(self.own.begun(GUILD, MAYA, self.kind, "account", self.taken))

    async def plan(self, service: Any, *, apply: bool = False) -> Plan:
        begun = await self.journal()
        async with serving(service) as url, aiohttp.ClientSession() as http:
            module = shlink if self.kind is Service.SHLINK else bitly
            rest = Rest(http, URL(url), module.headers(KEY), FixedClock(NOW), self.quiet.wait)
            source: Any = shlink.Shlink(rest) if self.kind is Service.SHLINK else bitly.Bitly(rest)
            found = await source.fetch(begun, self.quiet)
        plan = await self.own.plan(begun.item, found)
        if apply:
            await self.own.apply_source(begun, plan, source)
        return plan


def _pagination(pages: int) -> dict[str, int]:
    return {"pagesCount": pages}


def _link(code: str = "a", **changes: Any) -> dict[str, Any]:
    service = Shlink()
    service.add(code, **changes)
    return service.links[code]


def _of_shlink(links: list[Any], visits: list[Any] = [], pages: int = 1, of_visits: int = 1) -> Hostile:  # noqa: B006
    def reply(request: web.Request) -> Reply:
        if request.path.endswith("/visits"):
            return 200, {"visits": {"data": visits, "pagination": _pagination(of_visits)}}
        return 200, {"shortUrls": {"data": links, "pagination": _pagination(pages)}}

    return Hostile(reply)


# ---------------------------------------------------------------------- keys, control characters


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 429, 200])
@pytest.mark.parametrize("kind", [Service.SHLINK, Service.BITLY])
async def test_a_key_that_comes_back_is_not_told(own: Histories, kind: Service, status: int) -> None:
    told = [
        {"detail": f"{TERMINAL}your headers: {KEY}"},
        {"message": "x" * 90 + KEY},
        {"title": {"key": KEY}},
        {"description": KEY.upper()},
        [KEY],
        KEY,
    ]
    said = Import(own, kind)
    for body in told:
        with pytest.raises(OperatorError) as caught:
            await said.plan(Hostile(lambda _request, body=body: (status, body)))
        for text in (str(caught.value), *said.quiet.said):
            assert KEY not in text.lower()
            assert KEY[:8] not in text.lower()
            assert text.isprintable()


async def test_a_key_within_links_is_neither_kept_nor_shown(db: Database, own: Histories) -> None:
    link = _link(f"c{KEY}", title=f"{TERMINAL} {KEY}", tags=[KEY], longUrl=f"https://x.example/{KEY}")
    plan = await Import(own, Service.SHLINK).plan(_of_shlink([link]))
    assert KEY not in repr(plan)
    assert "\\x1b" not in repr(plan)
    async with db.read() as conn:
        (page,) = (await conn.exec_driver_sql("SELECT data FROM history_pages")).scalars()
    assert KEY not in json.dumps(journal.unpack(page))


@pytest.mark.parametrize("url", ["http://s.example", "http://10.0.0.1:8080", "http://127.0.0.1.evil.example"])
def test_a_key_is_not_sent_readable(url: str) -> None:
    with pytest.raises(OperatorError, match="https"):
        cli_transfer._url(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1", "https://s.example"])
def test_this_machine_and_https_are_asked(url: str) -> None:
    assert str(cli_transfer._url(url)).startswith(url)


# ---------------------------------------------------------------------- no end


@pytest.mark.parametrize(
    "hostile",
    [
        _of_shlink([_link()], pages=10**12),
        _of_shlink([_link(visitsSummary={"total": 9})], [visit("2026-01-01T10:00:00Z")], of_visits=10**12),
    ],
    ids=["links", "visits"],
)
async def test_a_list_has_a_most_of_pages(own: Histories, hostile: Hostile) -> None:
    with pytest.raises(OperatorError, match="1,000,000,000,000 pages"):
        await Import(own, Service.SHLINK).plan(hostile)
    assert hostile.asked <= 2


async def test_pages_that_grow_as_they_are_asked_for_end(own: Histories, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MOST_PAGES", 20)

    def growing(request: web.Request) -> Reply:
        page = int(request.query["page"])
        return 200, {"shortUrls": {"data": [_link(f"c{page}")], "pagination": _pagination(page + 1)}}

    hostile = Hostile(growing)
    with pytest.raises(OperatorError, match="more than 20"):
        await Import(own, Service.SHLINK).plan(hostile)
    assert hostile.asked == 20


async def test_a_page_that_brings_nothing_ends_the_list(own: Histories) -> None:
    same, empty = _of_shlink([_link()], pages=9_000), _of_shlink([], pages=9_000)
    assert len((await Import(own, Service.SHLINK).plan(same)).new) == 1
    assert same.asked == 2
    await own.forget((await Import(own, Service.SHLINK).journal()).item)
    assert (await Import(own, Service.SHLINK).plan(empty)).new == ()
    assert empty.asked == 1


@pytest.mark.parametrize("cursors", ["AA", "ABA", "123"], ids=["the same", "a circle", "ever new"])
async def test_cursors_end(own: Histories, monkeypatch: pytest.MonkeyPatch, cursors: str) -> None:
    monkeypatch.setattr(journal, "MOST_PAGES", 20)
    asked = 0

    def reply(request: web.Request) -> Reply:
        nonlocal asked
        if request.path.endswith("/groups"):
            return 200, {"groups": [{"guid": "B"}, {"guid": "B"}]}
        if request.path.endswith("/clicks"):
            return 200, {"link_clicks": []}
        after = cursors[asked % len(cursors)] if cursors != "123" else str(asked)
        asked += 1
        service = Bitly()
        service.add(f"bit.ly/{asked}", [])
        return 200, {"links": service.links, "pagination": {"next": "x", "search_after": after}}

    if cursors == "123":
        with pytest.raises(OperatorError, match="more than 20"):
            await Import(own, Service.BITLY).plan(Hostile(reply))
    else:
        assert len((await Import(own, Service.BITLY).plan(Hostile(reply))).new) == len(set(cursors)) + 1
    assert asked <= 21


async def test_all_pages_together_have_a_most(own: Histories, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MOST_IN_ALL", 5)
    links = [_link(f"c{n}", visitsSummary={"total": 1}) for n in range(9)]
    with pytest.raises(OperatorError, match="no end in sight"):
        await Import(own, Service.SHLINK).plan(_of_shlink(links))


async def test_waiting_has_an_end(own: Histories) -> None:
    said = Import(own, Service.SHLINK)
    hostile = Hostile(lambda _request: (429, {}), {"Retry-After": "3000"})
    with pytest.raises(OperatorError, match="longer than an hour"):
        await said.plan(hostile)
    assert sum(said.quiet.waits) <= LONGEST
    for after in ("999999999", "Fri, 31 Dec 9999 23:59:59 GMT"):
        said.quiet.waits.clear()
        with pytest.raises(OperatorError, match="longer than an hour"):
            await said.plan(Hostile(lambda _request: (429, {}), {"Retry-After": after}))
        assert said.quiet.waits == []


async def test_waiting_for_many_pages_has_an_end(own: Histories) -> None:
    turn = 0

    def reply(request: web.Request) -> Reply:
        nonlocal turn
        turn += 1
        page = int(request.query["page"])
        if turn % 2:
            return 429, {}
        return 200, {"shortUrls": {"data": [_link(f"c{page}")], "pagination": _pagination(1_000)}}

    said = Import(own, Service.SHLINK)
    with pytest.raises(OperatorError, match="12 for all of them"):
        await said.plan(Hostile(reply, {"Retry-After": "3600"}))
    assert IN_ALL - LONGEST <= sum(said.quiet.waits) <= IN_ALL


async def test_an_answer_of_any_size_is_not_read(own: Histories) -> None:
    with pytest.raises(OperatorError, match="more than 16 MiB"):
        await Import(own, Service.SHLINK).plan(Hostile(lambda _request: b"[" + b" " * (answers.MAX_BYTES + 1)))


# ---------------------------------------------------------------------- what can't be


@pytest.mark.parametrize(
    "changes",
    [
        *({name: value} for name in ("meta", "visitsSummary") for value in ([1], "text", 5)),
        *({"visitsSummary": {"total": value}} for value in (-1, 10**30, 2**62, "7", True, 1.5, None, [])),
        *({"meta": {"maxVisits": value}} for value in (-1, 10**30, 2**62, "7", True)),
        *({"dateCreated": value} for value in ("1999-12-31T23:59:59Z", "0001-01-01T00:00:00+00:00", 5)),
        *({"dateCreated": value} for value in ("9999-12-31T00:00:00Z", "2026-03-13T00:00:00Z", "2026-01-01")),
        *({"tags": value} for value in ("text", 5, [[1]], [{"a": "b"}])),
        *({name: value} for name in ("shortCode", "longUrl") for value in (None, 5, [], {})),
        *({name: value} for name in ("title", "domain") for value in (5, [], {"a": 1})),
        {"meta": {"validUntil": "0001-01-01T00:00:00+00:00"}},
    ],
    ids=repr,
)
async def test_a_link_of_another_kind_is_a_sentence_and_not_kept(own: Histories, changes: dict[str, Any]) -> None:
    said = Import(own, Service.SHLINK)
    with pytest.raises(OperatorError, match="nothing was imported"):
        await said.plan(_of_shlink([_link() | changes]))
    # The page is not in the journal: once the server is mended, the same command goes on.
    assert len((await said.plan(_of_shlink([_link()]))).new) == 1


@pytest.mark.parametrize(
    "changes",
    [
        *({"date": value} for value in ("0001-01-01T12:00:00+00:00", "9999-12-31T00:00:00Z", None, 5, "2026-01-01")),
        *({name: value} for name in ("userAgent", "referer") for value in (5, [], {})),
    ],
    ids=repr,
)
async def test_a_visit_of_another_kind_is_a_sentence_and_not_kept(own: Histories, changes: dict[str, Any]) -> None:
    said, link = Import(own, Service.SHLINK), _link(visitsSummary={"total": 1})
    with pytest.raises(OperatorError, match="nothing was imported"):
        await said.plan(_of_shlink([link], [visit("2026-01-01T10:00:00Z") | changes]))
    assert len((await said.plan(_of_shlink([link], [visit("2026-01-01T10:00:00Z")]))).new) == 1


@pytest.mark.parametrize(
    ("changes", "days"),
    [
        ({"custom_bitlinks": 5}, []),
        ({"custom_bitlinks": [5]}, []),
        ({"title": 5}, []),
        ({"created_at": "0001-01-01T00:00:00+0000"}, []),
        ({"id": None}, []),
        ({}, [("2026-01-01", 10**30)]),
        ({}, [("2026-01-01", 2**62), ("2026-01-02", 2**62)]),
        ({}, [("2026-01-01", -1)]),
        ({}, [("0001-01-01", 1)]),
        ({}, [("9999-12-31", 1)]),
    ],
    ids=repr,
)
async def test_a_bitlink_of_another_kind_is_a_sentence_and_not_kept(
    own: Histories, changes: dict[str, Any], days: list[tuple[str, int]]
) -> None:
    said, bad, good = Import(own, Service.BITLY), Bitly(), Bitly()
    bad.add("bit.ly/a", days, **changes)
    good.add("bit.ly/a", [("2026-01-01", 3)])
    with pytest.raises(OperatorError, match="nothing was imported"):
        await said.plan(bad)
    assert [one.found.clicks for one in (await said.plan(good)).new] == [3]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000 + b"]" * 200_000,
        b'{"shortUrls": ' + b'{"a":' * 40 + b"1" + b"}" * 41,
        b'{"shortUrls": NaN}',
        b'{"shortUrls": ' + b"9" * 6_000 + b"}",
        b'{"shortUrls": {"data": [], "pagination": {"pagesCount": 1}}, "more": 1e999}',
        b"\xff\xfe",
        b"",
        b"null",
        b'"text"',
    ],
    ids=["deep", "rather deep", "NaN", "long number", "no end", "no text", "nothing", "null", "text"],
)
async def test_what_is_no_answer_is_a_sentence(own: Histories, body: bytes) -> None:
    with pytest.raises(OperatorError, match="nothing was imported"):
        await Import(own, Service.SHLINK).plan(Hostile(lambda _request: body))


_CHUNK = b"10000\r\n" + b" " * 65_536 + b"\r\n"
_BOMB = gzip.compress(b" " * 40_000_000)
RAW = {
    "a redirect inside": b"302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "a redirect to a file": b"307 x\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
    "another protocol": b"101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "no status": b"999 x\r\nContent-Length: 2\r\n\r\n{}",
    "a gzip bomb": b"200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(_BOMB), _BOMB),
    "broken gzip": b"200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\nabcdef",
    "chunks without end": b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + _CHUNK * 300,
    "a chunk of any size": b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n{}",
    "less than it says": b"200 OK\r\nContent-Length: 500\r\n\r\n{}",
    "a length below 0": b"200 OK\r\nContent-Length: -5\r\n\r\n{}",
    "long headers": b"200 OK\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n{}",
    "a page": b"200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
    "to wait for ever": b"429 x\r\nRetry-After: " + b"9" * 40 + b"\r\nContent-Length: 0\r\n\r\n",
    "to wait until 9999": b"429 x\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n",
    "to wait until never": b"503 x\r\nRetry-After: Fri, 99 Zzz 99999999999 9:9:9 +9999999\r\nContent-Length: 0\r\n\r\n",
    "nothing": b"",
}
"""What stands behind `HTTP/1.1 `."""


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
async def test_whatever_a_server_sends_is_a_sentence(raw: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 " + raw)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server, aiohttp.ClientSession() as http:
        host, port = server.sockets[0].getsockname()
        rest = Rest(http, URL(f"http://{host}:{port}"), shlink.headers(KEY), FixedClock(NOW), Quiet().wait)
        with pytest.raises(OperatorError) as caught:
            await rest.get("/rest/v3/short-urls")
    assert len(str(caught.value)) < 300
    assert KEY not in str(caught.value)


async def test_texts_of_any_length_and_kind_are_cut_and_cleaned(own: Histories) -> None:
    service = _of_shlink(
        [
            _link("long", title="x" * 1_000_000, tags=["y" * 100_000] * 20),
            _link("half", title="a\ud83d\ud83d", tags=["\udc00"]),
            _link("co\udc00de"),
            _link("never", meta={"validUntil": "9999-12-31T00:00:00Z"}),
        ]
    )
    plan = await Import(own, Service.SHLINK).plan(service, apply=True)
    assert [one.slug for one in plan.new] == ["long", "half", "never"]
    assert len(plan.new[0].found.title) == 100
    assert plan.new[2].found.expires_at is None
    assert len(plan.troubles) == 1


# ---------------------------------------------------------------------- twice


async def test_a_code_that_stands_there_five_times_is_one_link(db: Database, own: Histories) -> None:
    link = _link("a", visitsSummary={"total": 3})
    hostile = _of_shlink([link] * 5, [visit(f"2026-01-0{n}T10:00:00Z") for n in (1, 2, 3)], pages=2)
    assert len((await Import(own, Service.SHLINK).plan(hostile, apply=True)).new) == 1
    assert await _clicks(db) == 3


async def test_a_day_and_a_bitlink_that_stand_there_twice_count_once(db: Database, own: Histories) -> None:
    service = Bitly()
    for _n in range(2):
        service.add("bit.ly/a", [("2026-01-01", 5), ("2026-01-01", 7), ("2026-01-02", 1)])
    plan = await Import(own, Service.BITLY).plan(service, apply=True)
    assert [one.found.clicks for one in plan.new] == [6]
    assert await _clicks(db) == 6


async def _clicks(db: Database) -> int:
    async with db.read() as conn:
        return sum(one.count for one in await counts.by_day(conn, GUILD, FIRST, LAST) if one.kind is Kind.CLICK)
