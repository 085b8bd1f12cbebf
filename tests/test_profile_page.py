"""The profile page as people meet it: a real Chromium, real HTTP, and what the database says afterwards."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, Request

from bot.app import Application, open_application
from bot.config import Config, StorageSection, WebSection
from bot.insights.periods import local_day
from bot.links.access import Actor
from bot.profiles.service import MAX_HEADING, MAX_LINE
from bot.profiles.themes import LOOKS
from storage import counts, profiles
from storage.records import PROFILE, Dimension, Kind
from tests.conftest import QuickCharts, mismatches
from tests.machine import browsers
from tests.waiting import becomes

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOCUSED = """() => {
    const link = document.activeElement;
    return [link.innerText.split("\\n")[0], getComputedStyle(link).outlineWidth];
}"""
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
HEADERS = {"sec-ch-ua": '"Chromium";v="142", "Google Chrome";v="142"', "accept-language": "en"}
GUILD, MAYA = 11, 22
WHO = Actor(GUILD, MAYA, manager=True)
PHONE, DESKTOP = {"width": 390, "height": 740}, {"width": 1280, "height": 900}
LINE = "Slow fashion, second-hand finds, one letter every Sunday."
A_SECOND, GATHERED = 1.0, 0.4
"""How long a link has to be seen, and how long the page then waits for more before it reports."""


@dataclass
class Site:
    app: Application
    url: str

    async def add(self, *names: str, **options: Any) -> list[int]:
        """Links of Maya's, the first on top."""
        made = []
        for name in reversed(names):
            made.append(
                await self.app.services.links.add(
                    WHO, f"http://shop.example/goods/{name}", name=name, **{"title": name.capitalize(), **options}
                )
            )
        return [link.id for link in reversed(made)]

    async def publish(self, name: str = "Maya Lindt", **looks: str) -> None:
        pages = self.app.services.profiles
        await pages.set_up(WHO, "maya", name, LINE)
        if looks:
            await pages.set_looks(WHO, looks.get("theme"), looks.get("accent"))
        await self.show_all()
        await pages.publish(WHO)

    async def show_all(self) -> None:
        links = [link.id for link in await self.app.services.links.visible(WHO)]
        if links:
            await self.app.services.profiles.show(WHO, min(links), max(links))

    async def counted(self) -> dict[tuple[str, str], int]:
        """Counts on the page by link (or "page") and kind."""
        async with self.app.db.read() as conn:
            profile = await profiles.get(conn, GUILD, MAYA)
            today = local_day(dt.datetime.now(dt.UTC), "UTC")
            rows = await counts.by_place(conn, GUILD, today - dt.timedelta(days=1), today + dt.timedelta(days=1))
        names = {link.id: link.slug for link in await self.app.services.links.visible(WHO)}
        names[profile.id if profile else 0] = "page"
        return {(names[link_id], kind): n for (link_id, place_id, kind), n in rows.items() if place_id == PROFILE}

    async def positions(self, link_id: int, kind: Kind, dimension: Dimension = Dimension.POSITION) -> dict[str, int]:
        async with self.app.db.read() as conn:
            today = local_day(dt.datetime.now(dt.UTC), "UTC")
            found = await counts.audience(
                conn, GUILD, today - dt.timedelta(days=1), today + dt.timedelta(days=1), [link_id]
            )
        return {one.value: one.count for one in found if one.dimension is dimension and one.kind is kind}


@pytest_asyncio.fixture(loop_scope="module")
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    config = Config(
        web=WebSection(base_url="http://127.0.0.1:1", host="127.0.0.1", port=0),
        storage=StorageSection(path=tmp_path / "eyeballs.db", backups=tmp_path / "backups"),
    )
    async with open_application(config, charts=QuickCharts()) as app:
        yield Site(app, f"http://127.0.0.1:{app.web.port}")
        assert await mismatches(app.db) == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kept() -> AsyncIterator[tuple[AsyncExitStack, list[Browser]]]:
    """Room for one browser: it takes longer to start than most tests."""
    async with AsyncExitStack() as stack:
        yield stack, []


@pytest_asyncio.fixture(loop_scope="module")
async def browser(chromium: str, kept: tuple[AsyncExitStack, list[Browser]]) -> Browser:
    """A browser to which the shop that links lead to is on this machine too; there, nothing is found."""
    stack, started = kept
    if not started:
        shop = TestServer(web.Application())
        await shop.start_server()
        stack.push_async_callback(shop.close)
        launch = await stack.enter_async_context(browsers(chromium))
        started.append(await launch(f"--host-resolver-rules=MAP shop.example:80 127.0.0.1:{shop.port}"))
    return started[0]


@asynccontextmanager
async def visitor(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """A person's window; nothing leaves this machine, and no page says anything on its console."""
    options = {"user_agent": AGENT, "extra_http_headers": HEADERS, "viewport": PHONE} | options
    async with AsyncExitStack() as stack:
        context: BrowserContext = await browser.new_context(**options)
        stack.push_async_callback(context.close)
        page = await context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        yield page
        # The shop has nothing at that address, and is no https one as the pages' own would be.
        assert [text for text in said if "404" not in text and "Cross-Origin-Opener-Policy" not in text] == []


async def settled() -> None:
    """What is in view now has been for long enough, and was told."""
    await asyncio.sleep(A_SECOND + GATHERED + 0.5)


async def comes_to(site: Site, wanted: dict[tuple[str, str], int]) -> None:
    """It is counted at last, and nothing comes on top of it."""
    assert await becomes(site.counted, wanted) == wanted
    await settled()
    assert await site.counted() == wanted


@pytest.mark.long
async def test_only_links_that_were_in_view_for_a_second_are_impressions(browser: Browser, site: Site) -> None:
    names = [f"link{n:02}" for n in range(1, 21)]
    ids = await site.add(*names)
    await site.publish()
    async with visitor(browser) as page:
        await page.goto(f"{site.url}/@maya")
        in_view = await page.evaluate(
            """() => [...document.querySelectorAll("[data-n]")].filter(link => {
                const box = link.getBoundingClientRect();
                return Math.min(box.bottom, innerHeight) - Math.max(box.top, 0) >= box.height / 2;
            }).length"""
        )
        assert 3 <= in_view < 12
        found = await site.counted()
        while await page.evaluate("performance.now()") < 1000 * A_SECOND:
            assert found == {("page", "view"): 1}
            found = await site.counted()
        await comes_to(site, {("page", "view"): 1} | {(name, "viewable"): 1 for name in names[:in_view]})
        # Scrolled past too fast: the last ones are seen, those between are not.
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")

        async def last_is_seen() -> bool:
            return ("link20", "viewable") in await site.counted()

        assert await becomes(last_is_seen, True)
        await settled()
        assert (f"link{in_view + 2:02}", "viewable") not in await site.counted()
        # Up and down again: each link counts once for the page view.
        for _n in range(2):
            await page.evaluate("scrollTo(0, 0)")
            await settled()
            await page.evaluate("scrollTo(0, document.body.scrollHeight)")
            await settled()
        assert set((await site.counted()).values()) == {1}
    assert await site.positions(ids[0], Kind.VIEWABLE) == {"1": 1}
    assert await site.positions(ids[19], Kind.VIEWABLE) == {"20": 1}


async def test_a_page_in_the_background_is_not_looked_at(browser: Browser, site: Site) -> None:
    await site.add("summer")
    await site.publish()
    hidden = """Object.defineProperty(document, "hidden", {get: () => window.away ?? true});"""
    async with visitor(browser) as page:
        await page.add_init_script(hidden)
        await page.goto(f"{site.url}/@maya")
        await settled()
        assert await site.counted() == {("page", "view"): 1}
        await page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
        await comes_to(site, {("page", "view"): 1, ("summer", "viewable"): 1})


async def test_a_view_its_impressions_and_the_click_agree(browser: Browser, site: Site) -> None:
    (summer, winter) = await site.add("summer", "winter")
    await site.publish()
    async with visitor(browser) as page:
        await page.goto(f"{site.url}/@maya")
        await comes_to(site, {("page", "view"): 1, ("summer", "viewable"): 1, ("winter", "viewable"): 1})
        await page.click("text=Winter")
        assert page.url == "http://shop.example/goods/winter"
    async with visitor(browser, user_agent=AGENT.replace("142", "141")) as page:  # somebody who clicks at once
        await page.goto(f"{site.url}/@maya")
        await page.click("text=Winter")
        await page.wait_for_url("http://shop.example/goods/winter")
    seen = {("page", "view"): 2, ("summer", "viewable"): 1, ("winter", "viewable"): 2, ("winter", "click"): 2}
    assert await becomes(site.counted, seen) == seen
    assert await site.positions(winter, Kind.CLICK) == {"2": 2}
    assert await site.positions(winter, Kind.VIEWABLE) == {"2": 2}
    assert await site.positions(summer, Kind.CLICK) == {}
    delays = await site.positions(winter, Kind.CLICK, Dimension.DELAY)
    assert sum(delays.values()) == 2
    assert set(delays) <= {"0", "2", "5"}
    async with site.app.db.read() as conn:
        profile = await profiles.get(conn, GUILD, MAYA)
        today = local_day(dt.datetime.now(dt.UTC), "UTC")
        assert profile is not None
        uniques = await counts.uniques_by_link(conn, GUILD, today - dt.timedelta(days=1), today + dt.timedelta(days=1))
    assert uniques == {profile.id: 2, winter: 2}


async def test_without_javascript_links_count_as_displayed(browser: Browser, site: Site) -> None:
    names = [f"link{n:02}" for n in range(1, 21)]
    await site.add(*names)
    await site.publish()
    async with visitor(browser, java_script_enabled=False) as page:
        await page.goto(f"{site.url}/@maya")
        shown = {("page", "view"): 1} | {(name, "impression"): 1 for name in names}
        assert await becomes(site.counted, shown) == shown
        await page.click("text=Link02")
        assert page.url == "http://shop.example/goods/link02"
    clicked = {("link02", "click"): 1}  # it was displayed already: no second impression
    assert await site.counted() == shown | clicked


async def test_the_page_is_light_and_asks_nobody_else_for_anything(browser: Browser, site: Site) -> None:
    await site.add(*(f"link{n:02}" for n in range(40)), title="👩🏽‍🎤 " * 12)
    await site.publish("Maya “>" * 5)
    asked: list[Request] = []
    async with visitor(browser) as page:
        page.on("request", lambda request: asked.append(request))
        answer = await page.goto(f"{site.url}/@maya")
        assert answer is not None
        assert len(await answer.body()) < 30 * 1024
        assert await page.locator("[data-n]").count() == 40
        await settled()
    assert {request.url.split("/@")[0] for request in asked} == {site.url}
    assert sorted({request.url.rsplit("/", 1)[1] for request in asked}) == ["@maya", "seen"]


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(browser: Browser, site: Site, scheme: Any) -> None:
    ids = await site.add("summer", "winter", "autumn")
    await site.publish()
    pages = site.app.services.profiles
    await pages.change_entry(WHO, ids[1], heading="Shop ☀️")
    await pages.change_entry(WHO, ids[2], pinned=True)

    async with visitor(browser, color_scheme=scheme) as page:

        async def check(path: str, *viewports: Any) -> None:
            await page.goto(site.url + path)
            if await page.locator("summary").count():
                await page.click("summary")
            for viewport in viewports:
                await page.set_viewport_size(viewport)
                found = await Axe().run(page)
                assert found.violations_count == 0, f"{path}: {found.generate_report()}"

        preview = await pages.preview_url(await pages.publish(WHO))
        for path in ("/@maya", "/summer+", "/nothing", "/@maya?" + preview.partition("?")[2]):
            await check(path, PHONE, DESKTOP)
        for theme in LOOKS:
            for accent in ("#ffe100", "-"):
                await pages.set_looks(WHO, theme, accent)
                await check("/@maya", PHONE)


async def test_keys_alone_reach_every_link_and_show_where_one_is(browser: Browser, site: Site) -> None:
    await site.add("summer", "winter")
    await site.publish()
    async with visitor(browser, viewport=DESKTOP) as page:
        await page.goto(f"{site.url}/@maya")
        reached = []
        for _n in range(3):
            await page.keyboard.press("Tab")
            reached.append(await page.evaluate(FOCUSED))
        assert reached == [["Summer", "3px"], ["Winter", "3px"], ["Flag this page", "3px"]]
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.name") == "reason"
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_url("http://shop.example/goods/winter")
    assert (await site.counted())["winter", "click"] == 1


async def test_hostile_texts_stay_texts(browser: Browser, site: Site) -> None:
    hostile = '"><script>window.hacked=1</script><img src=x onerror=window.hacked=1>'
    turned = "\u202egnp.exe \u2066evil"
    ids = await site.add("one", "two", "three")
    links, pages = site.app.services.links, site.app.services.profiles
    await links.edit(WHO, ids[0], title=hostile)
    await links.edit(WHO, ids[1], title=turned)
    await links.edit(WHO, ids[2], title="مرحبا بالعالم 🌍")
    await pages.set_up(WHO, "maya", hostile[:80], "x" * MAX_LINE)
    await site.show_all()
    await pages.change_entry(WHO, ids[0], heading=hostile[:MAX_HEADING])
    await pages.publish(WHO)
    async with visitor(browser) as page:
        await page.goto(f"{site.url}/@maya")
        assert await page.evaluate("window.hacked") is None
        assert await page.locator("img").count() == 0
        assert await page.locator("script").count() == 2
        shown = await page.inner_text("main")
        assert "\u202e" not in shown
        assert "gnp.exe evil" in shown
        assert "مرحبا بالعالم 🌍" in shown
        assert hostile[:80] in shown
        assert len(shown) < 2000
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        said = json.loads(await page.locator('[id="discord:component-embed"]').text_content() or "")
        assert said["component"]["type"] == 17
        card = await page.locator('[property="og:title"]').get_attribute("content")
        assert card == hostile[:80]
