"""Requests as nobody means them, from a seed, and what the edge answers: paths, headers, bodies, encodings and framing.

`python -m tests.security.fuzzing [REQUESTS [SEED]]` sends a million to an edge of its own and tells what came back.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import BROWSER
from tests.serving import resident_mib, served

WORKERS = 48
MOST_AT_ONCE = 24
"""Requests on one connection, all sent before the first answer is read."""
PATIENCE = 20.0
IMPATIENCE = 0.2
"""Seconds that we wait for an answer to what is no whole request."""

_STATUS = re.compile(rb"(?:^|\n|\}|>|;)HTTP/1\.[01] (\d{3}) |^HTTP/1\.[01] (\d{3}) ")


@dataclass
class Found:
    """What came back."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    silent: int = 0
    """Connections that were closed, or left, without any answer."""
    bad: list[bytes] = field(default_factory=list)
    """What a 5xx, or an answer that tells too much, answered."""


class Requests:
    """Makes requests up; `tokens` are a page view's and its links' own, to be spoilt."""

    def __init__(self, seed: int, tokens: list[bytes]) -> None:
        self._rng = random.Random(seed)
        self._tokens = tokens

    def batch(self) -> tuple[list[bytes], bool]:
        """What is sent on one connection, and whether all of it are whole requests, of which the last one says so."""
        rng = self._rng
        if rng.random() < 0.15:
            return [*(self._whole() for _n in range(rng.randrange(3))), self._broken()], False
        return [*(self._whole() for _n in range(rng.randrange(MOST_AT_ONCE))), self._whole(last=True)], True

    def _whole(self, *, last: bool = False) -> bytes:
        rng = self._rng
        method = rng.choice([b"GET"] * 12 + [b"POST"] * 6 + [b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"TRACE"])
        headers, body = self._headers(), b""
        if method in (b"POST", b"PUT") or rng.random() < 0.03:
            body = self._body()
            if rng.random() < 0.25:
                headers.append(b"Transfer-Encoding: chunked")
                body = self._chunked(body)
            else:
                headers.append(b"Content-Length: %d" % len(body))
        if last:
            headers.append(b"Connection: close")
        return b"%s %s HTTP/1.1\r\n%s\r\n\r\n%s" % (method, self._target(), b"\r\n".join(headers), body)

    def _target(self) -> bytes:
        rng = self._rng
        path = rng.choice(_PATHS)
        for _n in range(rng.choice([0, 0, 0, 1, 2])):
            at = rng.randrange(1, len(path) + 1)
            path = path[:at] + rng.choice(_CRUMBS) + path[at + rng.randrange(2) :]
        if rng.random() < 0.4:
            path += b"?" + b"&".join(self._pair() for _n in range(rng.choice([1, 1, 2, 40])))
        if rng.random() < 0.99:  # the parser refuses others, with all that comes behind them
            path = b"".join(b"%%%02x" % byte if byte > 126 else bytes([byte]) for byte in path)
        if rng.random() < 0.02:
            return rng.choice([b"http://go.example", b"https://evil.example:443"]) + path
        return path

    def _pair(self) -> bytes:
        rng = self._rng
        name = rng.choice([b"via", b"test", b"preview", b"v", b"paper", b"utm_source", b"", b"%00", b"\xff", b"a"])
        return name + rng.choice([b"", b"=", b"="]) + rng.choice([self._token(), *_CRUMBS])

    def _token(self) -> bytes:
        rng, token = self._rng, bytearray(self._rng.choice(self._tokens))
        for _n in range(rng.choice([0, 0, 1, 3])):
            token[rng.randrange(len(token))] = rng.randrange(33, 127)
        return bytes(token[: rng.choice([len(token), len(token), rng.randrange(len(token))])]).translate(_IN_A_TARGET)

    def _headers(self) -> list[bytes]:
        rng = self._rng
        client = b"203.0.%d.%d" % (rng.randrange(256), rng.randrange(256))
        headers = [b"Host: go.example", b"X-Forwarded-For: " + client]
        if rng.random() < 0.8:
            headers.append(b"User-Agent: %s %d" % (rng.choice(_AGENTS), rng.randrange(1000)))
        for _n in range(rng.choice([0, 1, 1, 2, 4, 30])):
            headers.append(rng.choice(_NAMES) + b": " + rng.choice([*_VALUES, self._token()]))
        rng.shuffle(headers)
        return headers

    def _body(self) -> bytes:
        rng = self._rng
        match rng.randrange(6):
            case 0:
                numbers = b" ".join(b"%d" % rng.randrange(120) for _n in range(rng.randrange(20)))
                return self._token() + rng.choice([b" ", b"\n", b"\0"]) + numbers
            case 1:
                reason = rng.choice([b"scam", b"phishing", b"other", b"", b"\xff", b"x" * 500])
                return b"address=" + rng.choice([*_CRUMBS, b"summer", b"%40maya"]) + b"&reason=" + reason
            case 2:
                return rng.randbytes(rng.choice([0, 1, 100, 3000]))
            case 3:
                return gzip.compress(b"\0" * rng.choice([10, 100_000]))
            case 4:
                return b"&".join(self._pair() for _n in range(rng.randrange(30)))
            case _:
                return rng.choice(_CRUMBS) * rng.choice([1, 50, 600])

    def _chunked(self, body: bytes) -> bytes:
        rng, parts = self._rng, []
        while body:
            size = rng.randint(1, len(body))
            parts.append(b"%x\r\n%s\r\n" % (size, body[:size]))
            body = body[size:]
        return b"".join(parts) + b"0\r\n" + rng.choice([b"", b"X-Trailer: y\r\n"]) + b"\r\n"

    def _broken(self) -> bytes:
        """What is no whole request, or two things at once."""
        rng, whole = self._rng, self._whole()
        head, _end, body = whole.partition(b"\r\n\r\n")
        match rng.randrange(10):
            case 0:
                return whole[: rng.randrange(len(whole))]
            case 1:
                return rng.randbytes(rng.choice([1, 20, 400])) + b"\r\n\r\n"
            case 2:
                return whole.replace(b"\r\n", rng.choice([b"\n", b"\r", b"\n\r", b"\r\n ", b"\r\n\t"]))
            case 3:
                at = rng.randrange(len(head))
                return head[:at] + rng.randbytes(rng.randint(1, 4)) + head[at:] + b"\r\n\r\n" + body
            case 4:
                size = rng.choice([b"-1", b"+5", b"5, 6", b"9" * 30, b"0x5", b" 5 5", b"5\0", b"", b"\xd9\xa1"])
                return b"POST /@maya/seen HTTP/1.1\r\nHost: x\r\nContent-Length: " + size + b"\r\n\r\nabcde"
            case 5:
                coding = rng.choice(
                    [b"chunked, chunked", b"gzip, chunked", b"xchunked", b"chunked\0", b"\x0bchunked", b"identity"]
                )
                return head + b"\r\nTransfer-Encoding: " + coding + b"\r\nContent-Length: 3\r\n\r\n" + body
            case 6:
                chunk = rng.choice([b"zz", b"-1", b"ffffffffffffffffff", b"3;" + b"x" * 9000, b"", b"5 ", b"0x3"])
                where = rng.choice([b"/@maya/seen", b"/flag", b"/summer", b"/"])
                return (
                    b"POST "
                    + where
                    + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + chunk
                    + b"\r\nabc\r\n"
                )
            case 7:
                return (
                    b"GET /summer HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"y" * rng.choice([9_000, 40_000]) + b"\r\n\r\n"
                )
            case 8:
                if rng.random() < 0.3:
                    return rng.choice([b"BREW /summer", b"GET *", b"OPTIONS *", b"CONNECT a:1"]) + b" HTTP/1.1\r\n\r\n"
                version = rng.choice(
                    [b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/11", b"http/1.1", b"", b"HTTP/1.1 x"]
                )
                return b"GET /summer " + version + b"\r\nHost: x\r\n\r\n"
            case _:
                upgrade = rng.choice([b"h2c", b"websocket", b"TLS/1.0", b"x" * 100])
                return head + b"\r\nConnection: Upgrade\r\nUpgrade: " + upgrade + b"\r\n\r\n" + rng.randbytes(200)


_PATHS = [
    *(
        b"/summer",
        b"/summer",
        b"/summer/ig1",
        b"/summer.gif",
        b"/winter",
        b"/summer+",
        b"/@maya",
        b"/@maya",
        b"/@nobody",
    ),
    *(b"/@maya/seen", b"/@maya/seen", b"/@maya/seen.gif", b"/@maya/card.png", b"/flag", b"/flag", b"/", b"/healthz"),
    *(b"/robots.txt", b"/favicon.ico", b"/.well-known/security.txt", b"/@maya/avatar-0123456789abcdef.webp"),
    *(b"/report/aaaaaaaaaaaaaaaaaaaaaaaa", b"/report/aaaaaaaaaaaaaaaaaaaaaaaa.pdf", b"/metrics", b"/unknown", b"//"),
]
_CRUMBS = [
    *(b"/", b"..", b"%2e%2e/", b"%00", b"%0d%0aX:y", b"%ff", b"%", b"%zz", b"%u0041", b"\xc3\xa9", b"\xff\xfe", b"+"),
    *(
        b"@",
        b".gif",
        b"#",
        b"?",
        b"&",
        b";",
        b"\\",
        b"%5c",
        b"'",
        b"<b>",
        b"{{7*7}}",
        b"a" * 200,
        b"\xf0\x9f\x98\x80" * 50,
    ),
    *(b"9" * 40, b"-1", b"1e999", b"%c0%af", b"::1", b"~", b"|", b"%25%32%35", b"\xed\xa0\x80", b"a=1", b"x" * 3000),
]
_NAMES = [
    *(b"Referer", b"Accept", b"Accept-Language", b"Accept-Encoding", b"DNT", b"Sec-GPC", b"Sec-CH-UA", b"Purpose"),
    *(b"X-Forwarded-For", b"X-Forwarded-Proto", b"Forwarded", b"Cookie", b"Range", b"If-None-Match", b"Origin"),
    *(b"If-Modified-Since", b"Content-Type", b"Content-Encoding", b"Expect", b"Content-Language", b"Sec-Fetch-Site"),
    *(b"X-HTTP-Method-Override", b"Authorization", b"Proxy", b"Keep-Alive", b"TE", b"Trailer", b"Via", b"X-Moz"),
]
"""None asks for a page ahead of time, to which the right answer is 503; likewise nobody asks for /readyz."""
_VALUES = [
    *(
        b"",
        b" ",
        b"1",
        b"0",
        b"-1",
        b"gzip",
        b"deflate, br",
        b"identity",
        b"*/*",
        b"100-continue",
        b"bytes=0-1,5-",
        b"\t",
    ),
    *(
        b"https://l.instagram.com/",
        b"https://[::1/",
        b"http://\xff/",
        b"a" * 4000,
        b"\xf0\x9f\x98\x80" * 500,
        b"\xff\xfe",
    ),
    *(b"127.0.0.1, ::1, [::1]:80", b"1.2.3.4," * 300, b"%00", b"text/html; charset=utf-99", b"multipart/form-data"),
    *(b"application/json", b'"Headless"', b"Wed, 21 Oct 2015 07:28:00 GMT", b"a=b; c=d", b"close", b"fe80::1%eth0"),
]
_AGENTS = [
    BROWSER.encode(),
    b"Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    b"curl/8.0",
    b"some-preview/1 " + b"a" * 3000,
    b"\xf0\x9f\x98\x80" * 400,
    b"\xff\xfe\x80",
]
_IN_A_TARGET = bytes(code if 32 < code < 127 else 95 for code in range(256))


async def fuzz(port: int, requests: int, seed: int) -> Found:
    """Send so many requests on many connections at once."""
    found = Found()
    made = Requests(seed, await _tokens(port))
    reported = time.monotonic()

    async def work() -> None:
        nonlocal reported
        while found.requests < requests:
            sent, whole = made.batch()
            found.requests += len(sent)
            received = await _exchange(port, b"".join(sent), PATIENCE if whole else IMPATIENCE)
            statuses = [int(first or second) for first, second in _STATUS.findall(received)]
            found.statuses.update(statuses)
            found.silent += not statuses
            if any(status >= 500 for status in statuses) or b"Traceback" in received or b"aiohttp" in received:
                found.bad += sent
            if requests > 50_000 and time.monotonic() - reported > 60:
                reported = time.monotonic()
                print(f"{found.requests:,} {dict(found.statuses)}", flush=True)  # noqa: T201

    await asyncio.gather(*(work() for _n in range(WORKERS)))
    return found


async def _exchange(port: int, sent: bytes, patience: float) -> bytes:
    """What comes back until the edge closes the connection, or says nothing for so many seconds."""
    received = bytearray()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        while part := await asyncio.wait_for(reader.read(2**18), patience):
            received += part
    except (ConnectionError, TimeoutError):
        pass
    finally:
        writer.close()
    return bytes(received)


async def _tokens(port: int) -> list[bytes]:
    """A page view's token and those of its links."""
    page = await _exchange(
        port,
        b"GET /@maya HTTP/1.1\r\nHost: x\r\nUser-Agent: %s\r\nConnection: close\r\n\r\n" % BROWSER.encode(),
        PATIENCE,
    )
    tokens = re.findall(rb'(?:data-view="|\?via=)([\w-]{20,})', page)
    assert len(tokens) >= 3, page
    return tokens


async def main(requests: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        async with served(Path(folder) / "eyeballs.db", "--page", log=log) as (process, port):
            await fuzz(port, 2_000, seed + 1)
            before, began = resident_mib(process.pid), time.monotonic()
            found = await fuzz(port, requests, seed)
            seconds, after = time.monotonic() - began, resident_mib(process.pid)
            print(f"{found.requests:,} requests in {seconds:.0f} s, {found.statuses.total():,} answers:")  # noqa: T201
            print(dict(sorted(found.statuses.items())))  # noqa: T201
            print(f"{len(found.bad)} bad, {found.silent:,} connections without an answer")  # noqa: T201
            print(f"log {log.stat().st_size:,} bytes, memory {before:.0f} to {after:.0f} MiB")  # noqa: T201
            for each in found.bad[:40]:
                print(each[:500])  # noqa: T201
            print(log.read_text()[-5000:])  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else 1_000_000, int(sys.argv[2]) if sys.argv[2:] else 7))
