"""`python -m tests.bench_profile`: what a profile page weighs, and how long it takes, each view counted on disk."""

from __future__ import annotations

import asyncio
import gzip
import re
import statistics
import tempfile
import time
from pathlib import Path

import aiohttp
import uvloop

from bot.app import open_application
from bot.config import Config, StorageSection, WebSection
from bot.links.access import Actor
from tests.conftest import BROWSER

WHO = Actor(11, 22, manager=True)
ROUNDS = 300


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = Config(
            web=WebSection(base_url="https://go.example", host="127.0.0.1", port=0),
            storage=StorageSection(path=Path(folder) / "eyeballs.db", backups=Path(folder) / "backups"),
        )
        async with open_application(config) as app, aiohttp.ClientSession() as http:
            site = f"http://127.0.0.1:{app.web.port}"
            links, pages = app.services.links, app.services.profiles
            await links.add(WHO, "https://shop.example/summer", name="summer", title="Summer lookbook")
            await pages.set_up(WHO, "maya", "Maya Lindt", "Slow fashion, second-hand finds, one letter every Sunday.")
            await pages.publish(WHO)
            for count in (1, 10, 40):
                for n in range(len(await links.visible(WHO)), count):
                    await links.add(
                        WHO, f"https://shop.example/{n}", name=f"link-{n}", title=f"A link with a title {n}"
                    )
                page = await _fetch(http, f"{site}/@maya", 0)
                took = await _times(http, f"{site}/@maya")
                print(
                    f"{count:2} links: {len(page):6,} bytes, {len(gzip.compress(page)):6,} compressed; "
                    f"p50 {statistics.median(took):5.1f} ms, p95 {statistics.quantiles(took, n=20)[-1]:5.1f} ms"
                )
            token = re.findall(rb'data-view="([\w-]+)"', await _fetch(http, f"{site}/@maya", 1))[0].decode()
            began = time.perf_counter()
            await asyncio.sleep(1.1)
            async with http.post(f"{site}/@maya/seen", data=f"{token} {' '.join(map(str, range(1, 41)))}") as answer:
                assert answer.status == 204
            print(f"a beacon of 40 links: {(time.perf_counter() - began - 1.1) * 1000:.1f} ms")
            took = await _times(http, f"{site}/summer+")
            print(f"beside it, the page behind a link's +: p50 {statistics.median(took):.1f} ms")
            began = time.perf_counter()
            card = await _fetch(http, f"{site}/@maya/card.png", 0)
            first = time.perf_counter() - began
            took = await _times(http, f"{site}/@maya/card.png")
            print(
                f"the card: {len(card):,} bytes, first {first * 1000:.0f} ms, then p50 {statistics.median(took):.1f} ms"
            )


async def _times(http: aiohttp.ClientSession, url: str) -> list[float]:
    """Milliseconds of each of many requests, each from somebody new, one after the other."""
    took = []
    for n in range(ROUNDS if not url.endswith("+") else 50):
        began = time.perf_counter()
        await _fetch(http, url, n)
        took.append((time.perf_counter() - began) * 1000)
    return took


async def _fetch(http: aiohttp.ClientSession, url: str, n: int) -> bytes:
    async with http.get(url, headers={"User-Agent": f"{BROWSER} Visitor/{n}"}) as answer:
        assert answer.status == 200, answer.status
        return await answer.read()


if __name__ == "__main__":
    uvloop.run(main())
