"""Bringing history from Shlink and Bitly: every visit once, whatever fails on the way."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import io
import os
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from bot.clock import FixedClock
from bot.errors import OperatorError, RefusedError
from bot.housekeeping import Housekeeping
from bot.imports import bitly, shlink
from bot.imports.histories import Histories
from bot.imports.journal import Journal
from bot.imports.links import Plan, Taken
from bot.imports.rest import Rest
from bot.links.service import Limits
from bot.tracking.visitors import Visitors
from storage import addresses, counts, histories, links
from storage.database import Database
from storage.hits import record
from storage.ids import Ids
from storage.records import History, Hit, Kind, Service, State
from storage.seen import Seen
from tests.alerted import clicked, link_named, posted, said, set_up, tick
from tests.conftest import NOW, World, answer_of, mismatches, text_of
from tests.shorteners import DESKTOP, KEY, Bitly, Shlink, serving, visit

GUILD, MAYA = 1, 7
FIRST, LAST = dt.date(2020, 1, 1), dt.date(2030, 1, 1)


class Quiet:
    """Takes what is told of progress, and waits for nothing."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.done = 0

    def begin(self, what: str, total: int | None) -> None:
        self.done = 0

    def advance(self, steps: int) -> None:
        self.done += steps

    async def wait(self, seconds: float, why: str) -> None:
        assert KEY not in why
        self.waits.append(seconds)


@pytest.fixture(name="own")
def own_histories(db: Database, clock: FixedClock) -> Histories:
    ids = Ids(clock.timestamp)
    return Histories(db, clock, ids, URL("https://go.example"), Limits())


async def bring(
    own: Histories,
    service: Shlink | Bitly,
    *,
    taken: Taken = Taken.SKIP,
    key: str = KEY,
    quiet: Quiet | None = None,
    journal: Journal | None = None,
    guild_id: int = GUILD,
    creator_id: int = MAYA,
) -> History:
    """Fetch all of a service, and apply it."""
    quiet = quiet or Quiet()
    kind = Service.SHLINK if isinstance(service, Shlink) else Service.BITLY
    journal = journal or await own.resume(own.begun(guild_id, creator_id, kind, "account", taken))
    async with serving(service) as url, aiohttp.ClientSession() as http:
        if isinstance(service, Shlink):
            source: Any = shlink.Shlink(Rest(http, URL(url), shlink.headers(key), FixedClock(NOW), quiet.wait))
        else:
            source = bitly.Bitly(Rest(http, URL(url), bitly.headers(key), FixedClock(NOW), quiet.wait))
        found = await source.fetch(journal, quiet)
    return await own.apply_source(journal, await own.plan(journal.item, found), source)


async def clicks_of(db: Database, link_ids: list[int] | None = None) -> int:
    async with db.read() as conn:
        found = await counts.by_day(conn, GUILD, FIRST, LAST, link_ids)
    return sum(one.count for one in found if one.kind is Kind.CLICK)


def three_links() -> Shlink:
    service = Shlink(largest_page=3)
    of_summer = [visit(f"2026-01-{day:02}T23:50:00+00:00", country="US") for day in range(1, 11)]
    of_summer.append(visit("2026-01-05T12:00:00+02:00", bot=True))
    of_summer.append(visit("2026-01-05T12:00:00+02:00", agent=DESKTOP, referer="https://www.instagram.com/"))
    service.add("Summer", of_summer, title="Summer sale", tags=["Sale", "sommer"])
    service.add("winter", [visit("2026-02-01T08:00:00+00:00")], meta={"maxVisits": 500, "validUntil": None})
    service.add("quiet", [])
    service.add("later", [visit("2026-03-11T13:00:00+00:00")])  # after the import began
    return service


async def test_shlink_visits_are_clicks_of_their_quarter_hours(db: Database, own: Histories) -> None:
    done = await bring(own, three_links())
    assert (done.links, done.clicks) == (4, 12)
    async with db.read() as conn:
        found = {link.slug: link for link in await links.find(conn, GUILD)}
        summer = found["summer"]
        assert (summer.title, summer.tags, summer.creator_id) == ("Summer sale", ("sale", "sommer"), MAYA)
        assert summer.created_at == dt.datetime(2025, 1, 1, 9, tzinfo=dt.UTC)
        assert found["winter"].max_clicks == 500
        assert await counts.uniques_by_day(conn, GUILD, FIRST, LAST) == []
        aside = await counts.set_aside_counts(conn, GUILD, FIRST, LAST, [summer.id])
        assert [(one.reason, one.count) for one in aside] == [("crawler", 1)]
        audience = {
            (one.dimension.value, one.value): one.count
            for one in await counts.audience(conn, GUILD, FIRST, LAST, [summer.id])
        }
        assert audience["country", "US"] == 10
        assert audience["source", "Instagram"] == 1
        assert audience["device", "desktop"] == 1
    assert await clicks_of(db, [summer.id]) == 11
    assert await clicks_of(db) == 12
    assert await mismatches(db) == []


async def test_bitly_clicks_are_those_of_whole_days(db: Database, own: Histories) -> None:
    service = Bitly(largest_page=2)
    service.add("bit.ly/3Abc", [("2026-01-02", 5), ("2026-03-10", 3), ("2026-03-11", 90)])
    service.add("bit.ly/4Xyz", [], archived=True, custom_bitlinks=["https://bit.ly/my-sale"])
    service.add("go.maya.example/5", [("2024-12-31", 1)])
    done = await bring(own, service)
    assert (done.links, done.clicks) == (3, 9)
    async with db.read() as conn:
        (sale,) = await links.find(conn, GUILD, states=[State.ARCHIVED])
        assert sale.slug == "my-sale"
        assert {link.slug for link in await links.find(conn, GUILD)} == {"3abc", "my-sale", "5"}
        printed = await addresses.get(conn, "4xyz")
        assert printed is not None
        assert (printed.link_id, printed.state) == (sale.id, State.ARCHIVED)
    assert await clicks_of(db) == 9
    assert await mismatches(db) == []


async def test_further_names_of_a_bitlink_that_cant_lead_there_are_named(db: Database, own: Histories) -> None:
    service = Bitly()
    service.add(
        "bit.ly/3Abc", [], custom_bitlinks=["https://bit.ly/sale", "https://maya.example/Sale", "https://m.ex/a.b"]
    )
    service.add("bit.ly/4Xyz", [], custom_bitlinks=["https://bit.ly/other", "https://bit.ly/3abc"])
    found = await plan_of(own, service)
    assert [(one.slug, one.aliases) for one in found.new] == [("sale", ("3abc",)), ("other", ("4xyz",))]
    assert [(one.code, why) for one, why in found.skipped] == [
        ("a.b", "can't be a name here"),
        ("3abc", "stands there twice; upper and lower case are the same here"),
    ]
    done = await bring(own, service)
    assert done.links == 2
    await own.take_back(done)
    async with db.read() as conn:
        assert [await addresses.get(conn, name) for name in ("sale", "3abc", "other", "4xyz")] == [None] * 4


async def test_a_link_that_is_here_already_gets_no_further_names(db: Database, own: Histories) -> None:
    service = Bitly()
    service.add("bit.ly/3Abc", [], custom_bitlinks=["https://bit.ly/sale"])
    await bring(own, service, journal=await own.resume(own.begun(GUILD, MAYA, Service.BITLY, "first", Taken.SKIP)))
    assert (await plan_of(own, service, Taken.KEEP)).skipped == ()
    service.links[0]["custom_bitlinks"].append("https://bit.ly/new")
    ((one, why),) = (await plan_of(own, service, Taken.KEEP)).skipped
    assert (one.code, why) == ("new", "a link that is here already gets no further names")


async def plan_of(own: Histories, service: Bitly, taken: Taken = Taken.SKIP) -> Plan:
    journal = await own.resume(own.begun(GUILD, MAYA, Service.BITLY, "looked at", taken))
    async with serving(service) as url, aiohttp.ClientSession() as http:
        quiet = Quiet()
        source = bitly.Bitly(Rest(http, URL(url), bitly.headers(KEY), FixedClock(NOW), quiet.wait))
        plan = await own.plan(journal.item, await source.fetch(journal, quiet))
    await own.forget(journal.item)
    return plan


async def test_rate_limits_and_failures_are_waited_for(db: Database, own: Histories) -> None:
    service, quiet = three_links(), Quiet()
    service.fail = [(429, {"Retry-After": "7"}), (503, {}), (500, {}), (429, {})]
    service.fail.append((429, {"Retry-After": "Wed, 11 Mar 2026 12:00:30 GMT"}))
    assert (await bring(own, service, quiet=quiet)).clicks == 12
    assert quiet.waits == [7, 2, 4, 60, 30]


async def test_what_fails_for_long_is_told_and_goes_on_later(db: Database, own: Histories) -> None:
    service = three_links()
    journal = await own.resume(own.begun(GUILD, MAYA, Service.SHLINK, "account", Taken.SKIP))
    asked = 0

    class Dying(Quiet):
        """The power goes out after some visits."""

        def advance(self, steps: int) -> None:
            nonlocal asked
            asked += 1
            if asked == 5:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await bring(own, service, quiet=Dying(), journal=journal)
    assert await clicks_of(db) == 0
    async with db.read() as conn:
        assert await links.find(conn, GUILD) == []
    once = set(service.asked)
    service.fail = [(503, {})] * 8
    with pytest.raises(OperatorError, match=r"status 503.*8 times.*Run the same command again"):
        await bring(own, service)
    # What came in since is not part of it, so that no page means something else than before.
    service.visits["Summer"].append(visit("2026-03-11T12:30:00+00:00"))
    done = await bring(own, service)
    assert (done.links, done.clicks) == (4, 12)
    assert await clicks_of(db) == 12
    kept = [path for path in once if service.asked[path] > 1]
    assert len(kept) <= 1  # the page under way when the power went out, at most
    assert await mismatches(db) == []


async def test_an_account_is_imported_once(db: Database, own: Histories) -> None:
    done = await bring(own, three_links())
    with pytest.raises(RefusedError, match="imported into this server"):
        await bring(own, three_links())
    assert (await own.take_back(done)).kept == 0
    assert await clicks_of(db) == 0
    async with db.read() as conn:
        assert await links.find(conn, GUILD) == []
        assert await counts.by_day(conn, GUILD, FIRST, LAST) == []
    assert (await bring(own, three_links())).clicks == 12
    assert await mismatches(db) == []


@pytest.mark.parametrize("key", ["wrong", ""])
async def test_a_refused_key_is_never_told(own: Histories, key: str, caplog: pytest.LogCaptureFixture) -> None:
    for service in (three_links(), Bitly()):
        with pytest.raises(OperatorError, match="refuses the key") as caught:
            await bring(own, service, key=key or "other")
        assert (key or "other") not in str(caught.value).replace("refuses the key", "")


@pytest.mark.parametrize(("name", "value"), [("dateCreated", "yesterday"), ("longUrl", 5), ("shortCode", None)])
async def test_answers_of_another_shape_import_nothing(db: Database, own: Histories, name: str, value: Any) -> None:
    service = three_links()
    service.links["Summer"][name] = value
    with pytest.raises(OperatorError, match=name):
        await bring(own, service)
    assert await clicks_of(db) == 0


async def test_taken_names_by_what_was_chosen(db: Database, own: Histories, clock: FixedClock) -> None:
    await bring(own, three_links())
    for number, (taken, made, clicks) in enumerate([(Taken.SKIP, 0, 0), (Taken.KEEP, 0, 12), (Taken.RENAME, 4, 12)]):
        journal = await own.resume(own.begun(GUILD, MAYA, Service.SHLINK, f"other {number}", taken))
        done = await bring(own, three_links(), journal=journal)
        assert (done.links, done.clicks) == (made, clicks)
    async with db.read() as conn:
        slugs = {link.slug: link.id for link in await links.find(conn, GUILD)}
    assert {"summer", "summer-2"} <= slugs.keys()
    assert await clicks_of(db, [slugs["summer"]]) == 22
    assert await clicks_of(db, [slugs["summer-2"]]) == 11
    assert await mismatches(db) == []


async def test_links_in_use_stay_when_an_import_is_taken_back(db: Database, own: Histories, clock: FixedClock) -> None:
    done = await bring(own, three_links())
    async with db.read() as conn:
        slugs = {link.slug: link.id for link in await links.find(conn, GUILD)}
    hit = Hit(GUILD, Ids().new(), slugs["summer"], 0, Kind.CLICK, NOW, NOW.date(), 5)

    def write(writer: Any) -> None:
        with writer.begin() as conn:
            record(conn, [hit], Seen())

    await db.write_hits(write)
    assert (await own.take_back(done)).kept == 1
    async with db.read() as conn:
        assert [link.slug for link in await links.find(conn, GUILD)] == ["summer"]
        assert await histories.page_names(conn, done) == set()
    assert await clicks_of(db) == 1
    assert await mismatches(db) == []


# ------------------------------------------------------------------ what is seen of it


def busy(world: World) -> Shlink:
    """A link with a hundred visits on each of the last 40 days, up to an hour ago."""
    service = Shlink()
    end = world.clock.now() - dt.timedelta(hours=1)
    service.add(
        "Summer",
        [visit((end - dt.timedelta(days=day, minutes=n)).isoformat()) for day in range(40) for n in range(100)],
    )
    return service


async def test_stats_show_what_was_imported(world: World) -> None:
    done = await bring(world.app.services.histories, busy(world), guild_id=world.guild.id, creator_id=world.admin.id)
    assert done.clicks == 4_000
    await world.visit("/summer")
    await world.visit("/summer")
    answer = await world.admin.slash(world.channel, "stats link", link="summer", period="7d")
    text = text_of(answer)
    assert "Clicks: **702**" in text
    assert "700 of them imported from Shlink" in text
    assert "Unique clicks: **2**" in text
    assert "Imported clicks are never unique clicks" in text
    assert "no place has both clicks and displays" in text
    table = await world.admin.click(answer_of(answer), label="CSV")
    (file,) = answer_of(table).attachments
    rows = list(csv.DictReader(io.StringIO((await file.read()).decode("utf-8-sig"))))
    assert [int(row["clicks_imported"]) for row in rows] == [100] * 7 + [700]
    assert [int(row["clicks"]) for row in rows] == [100] * 6 + [102, 702]
    top = text_of(await world.admin.slash(world.channel, "stats top", period="7d"))
    assert "702 clicks · 700 imported" in top
    audit = text_of(await world.admin.slash(world.channel, "link audit", link="summer", period="7d"))
    assert "**2 requests**: 2 clicks. 700 clicks more were imported" in audit
    every = text_of(await world.admin.slash(world.channel, "stats server", period="all"))
    assert "4,000 of them imported from Shlink" in every
    # Closed days answer from the totals, and the same.
    await Housekeeping(
        world.app.db, world.clock, Visitors(world.app.db, world.clock, _keep_salt), dt.timedelta(days=90)
    ).run()
    assert await mismatches(world.app.db) == []
    assert every == text_of(await world.admin.slash(world.channel, "stats server", period="all"))


def _keep_salt(salt: Any) -> None:
    """No hit comes in."""


async def test_imported_history_alerts_nobody(world: World) -> None:
    await set_up(world)
    await world.add_link("own")
    await clicked(world, await link_named(world, "own"), 95)
    await bring(world.app.services.histories, busy(world), guild_id=world.guild.id, creator_id=world.admin.id)
    assert await tick(world) == 0
    link = await link_named(world, "summer")
    await clicked(world, link, 5)
    assert await tick(world) == 0
    world.move(days=1, minutes=30)
    # A day without a visit here is no drop: the hundred a day before were not counted here.
    assert await tick(world) == 0
    await clicked(world, link, 40)
    assert await tick(world) == 0
    await clicked(world, link, 1_000)
    assert await tick(world) == 1
    assert "passed **5,000 clicks**" in said(posted(world))


# ------------------------------------------------------------------ the command


async def test_a_kill_costs_one_page_at_most(tmp_path: Path) -> None:
    service = Shlink(largest_page=5, delay=0.05)
    for number in range(6):
        service.add(f"c{number}", [visit(f"2026-01-{day:02}T10:00:00+00:00") for day in range(1, 21)])
    key = tmp_path / "key"
    key.write_text(f"{KEY}\n")
    key.chmod(0o600)
    environment = os.environ | {
        "EYEBALLS_WEB__BASE_URL": "https://go.example",
        "EYEBALLS_STORAGE__PATH": str(tmp_path / "eyeballs.db"),
        "EYEBALLS_STORAGE__BACKUPS": str(tmp_path / "backups"),
    }

    async def start(url: str) -> asyncio.subprocess.Process:
        options = ["--url", url, "--server", str(GUILD), "--creator", str(MAYA), "--key-file", str(key), "--yes"]
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "import", "shlink", *options),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async with serving(service) as url:
        process = await start(url)
        while service.asked.total() < 12:
            assert process.returncode is None
            await asyncio.sleep(0.01)
        process.kill()
        assert KEY.encode() not in (await process.communicate())[0]
        process = await start(url)
        told = (await process.communicate())[0].decode()
        assert process.returncode == 0, told
    assert "Going on where it stopped" in told
    assert "Imported 6 links and 120 clicks" in told
    assert KEY not in told
    assert sum(service.asked.values()) - len(service.asked) <= 1
    async with Database.open(tmp_path / "eyeballs.db") as db:
        assert await clicks_of(db) == 120
        assert await mismatches(db) == []
