"""A clock that is set ahead or back, for a moment or for a day: nothing is lost, doubled, early or silent."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from unittest import mock

import aiohttp
import pytest
import sqlalchemy as sa
import structlog

from bot import checks, scheduler
from bot.alerts.service import Alerts
from bot.app import Application, open_application
from bot.clock import FixedClock, SystemClock
from bot.config import Config, StorageSection, WebSection
from bot.delivery.port import Address
from bot.digests.service import Wish
from bot.links.access import Actor
from bot.timekeeping import AGREES, HELD, REMEMBERED, TOLERANCE, Trust, Watch, begun, judged
from storage import hits, meta, recount
from storage.database import Database
from storage.ids import Ids, made_at
from storage.records import BARE, AlertKind, Cadence, Hit, Kind, Link
from storage.schema import alerts, digest_runs, flags, salts
from storage.seen import Seen
from tests.conftest import BROWSER, NOW, QuickCharts, mismatches

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
MANAGER = Actor(1, 2, manager=True)
LEAPS = {
    "10 s": dt.timedelta(seconds=10),
    "1 h": HOUR,
    "6 d": 6 * DAY,
    "30 d": 30 * DAY,
    "364 d": 364 * DAY,
}


# ---------------------------------------------------------------------- the rule


def seen(known: Trust, *steps: tuple[float, float]) -> Trust:
    """What is believed after (seconds passed, seconds that the wall clock is off)."""
    for passed, off in steps:
        known = judged(known, 1000 + passed + off, passed)
    return known


@pytest.mark.parametrize("off", [10.0, -10.0, 3600.0, -3600.0, 86400.0 * 364, -86400.0 * 364])
def test_a_leap_is_believed_when_it_has_held_for_an_hour_or_is_over_at_once(off: float) -> None:
    start = begun(None, 1000, 0)
    leapt = seen(start, (60, 0), (80, off))
    assert (leapt.leap, leapt.since) == (1000 + off, 80)
    assert seen(leapt, (79 + HELD, off)).leap is not None
    assert seen(leapt, (100, 0)) == start, "right again"
    other = seen(leapt, (100, 3 * off), (80 + HELD, 3 * off))
    assert other.leap is not None, "another leap has an hour of its own"
    held = seen(leapt, (80 + HELD, off))
    assert held == Trust(1000 + off, 1000 + off, ((1000.0, 80 + HELD + REMEMBERED),))
    assert seen(held, (90 + HELD, 0)) == start, "right again, as was remembered"
    assert seen(held, (81 + HELD + REMEMBERED, off)).before == ()


def test_a_clock_that_is_put_right_little_by_little_leaps_never() -> None:
    known = begun(None, 1000, 0)
    for n in range(1, 1000):
        known = seen(known, (n * 60.0, n * TOLERANCE / 2))
        assert known.leap is None


@pytest.mark.parametrize(
    ("off", "believed"), [(-6, False), (-4, True), (0, True), (3600, True), (3700, False), (86400 * 364, False)]
)
def test_after_a_start_the_last_instant_known_tells_of_a_leap(off: float, believed: bool) -> None:
    known = begun(5000, 5000 + off, 77)
    assert (known.leap is None) is believed
    if not believed:
        assert judged(known, 5000 + 60, 137).leap is None, "right again"
        assert judged(known, 5000 + off + HELD, 77 + HELD) == Trust(4923 + off, 4923 + off), "or held"


@pytest.mark.parametrize("night", [9 * 3600.0, 30 * 86400.0])
def test_after_a_downtime_jobs_begin_once_discords_clock_shows_the_same(night: float) -> None:
    clock = FixedClock(NOW)
    watch = Watch(clock, NOW - dt.timedelta(seconds=night))
    assert not watch.is_trusted()
    watch.confirm(clock.timestamp() + 2 * AGREES)
    assert not watch.is_trusted(), "one of the two is wrong"
    watch.confirm(clock.timestamp() - 1)
    assert watch.is_trusted()
    assert watch.is_settled()
    assert watch.jobs.now() == NOW


def test_a_leap_that_discords_clock_confirms_is_one_that_has_held() -> None:
    clock = FixedClock(NOW)
    watch = Watch(clock)
    watch.confirm(clock.timestamp() + 10 * AGREES)
    assert watch.is_settled(), "nobody doubts it"
    clock.leap(days=6)
    watch.confirm(NOW.timestamp())
    assert not watch.is_trusted(), "it is Discord's that is right"
    watch.confirm(clock.timestamp())
    assert watch.is_trusted()
    assert watch.jobs.now() == NOW, "for what was believed before is remembered"


def test_ids_come_back_with_the_clock() -> None:
    clock = FixedClock(NOW)
    ids = Ids(clock.timestamp)
    first = ids.new()
    clock.leap(seconds=-10)
    assert ids.new() == first + 1, "they rise all the same"
    clock.leap(days=365)
    ahead = ids.new()
    clock.leap(days=-365)
    assert made_at(ahead) > NOW + 360 * DAY > made_at(ids.new())


# ---------------------------------------------------------------------- the metronome


async def test_a_wall_clock_that_is_set_neither_stops_nor_doubles_a_job() -> None:
    """APScheduler alone: 0 runs in 6 s after an hour back; a leap ahead ran all that were missed."""
    ran: Counter[str] = Counter()

    async def job() -> None:
        ran["job"] += 1

    async def broken() -> None:
        ran["broken"] += 1
        raise ValueError("a bad row")

    real = dt.datetime
    for off in (HOUR, -HOUR, 364 * DAY, -364 * DAY):

        class Set(dt.datetime):
            @classmethod
            def now(cls, tz: Any = None, off: dt.timedelta = off) -> Any:
                return real.now(tz) + off

        ran.clear()
        began = time.monotonic()
        async with scheduler.running({"job": (0.1, job), "broken": (0.1, broken)}):
            await asyncio.sleep(0.15)
            with mock.patch("apscheduler.schedulers.base.datetime", Set):
                await asyncio.sleep(0.6)
        due = (time.monotonic() - began) / 0.1
        for name in ("job", "broken"):
            assert due / 3 <= ran[name] <= due + 2, (off, name)


async def test_no_job_runs_while_the_clock_is_not_believed() -> None:
    ran: list[str] = []

    async def job() -> None:
        ran.append("ran")

    clock = FixedClock(NOW)
    watch = Watch(clock)
    async with scheduler.running({"job": (0.01, job)}, watch.is_trusted):
        await asyncio.sleep(0.05)
        assert ran
        clock.leap(hours=-3)
        await asyncio.sleep(0.02)
        ran.clear()
        await asyncio.sleep(0.05)
        assert not ran
        clock.leap(hours=3)
        await asyncio.sleep(0.05)
        assert ran


# ---------------------------------------------------------------------- the whole


class Posts:
    """A Discord that takes everything."""

    application_id = 42

    def __init__(self) -> None:
        self.posted: list[tuple[str, Any]] = []

    def is_in(self, guild_id: int) -> bool:
        return True

    async def send(self, address: Address, content: Any, *, nonce: str) -> int:
        what = (content.digest.cadence, content.period.first) if address.kind == "digest" else nonce
        self.posted.append((str(address.kind), what))
        return len(self.posted)

    async def find(self, address: Address, content: Any, *, after: dt.datetime) -> int | None:
        return None


class Life:
    """An application, a Discord, a clock, and rounds of all jobs; the true time is kept beside."""

    def __init__(self, app: Application, clock: FixedClock, http: aiohttp.ClientSession) -> None:
        self.app, self.clock, self.http = app, clock, http
        self.posts, self.true = Posts(), clock.now()

    async def round(self) -> None:
        app, posts = self.app, self.posts
        await app.watch.note(app.db)
        jobs = {name: job for name, (_seconds, job) in app.jobs.items()}
        jobs |= {
            "digests": lambda: app.services.digests.tick(posts),
            "telling": lambda: app.telling.tick(posts),
            "notices": lambda: app.notices.tick(posts),
        }
        for name, job in jobs.items():
            await scheduler.run_once(name, job, app.watch.is_trusted)

    async def live(self, length: dt.timedelta, step: dt.timedelta) -> None:
        end = self.true + length
        while self.true < end:
            self.clock.move(seconds=step.total_seconds())
            self.true += step
            await self.round()

    async def visit(self, address: str = "1") -> None:
        url = f"http://127.0.0.1:{self.app.web.port}/summer"
        headers = {"User-Agent": BROWSER, "X-Forwarded-For": f"203.0.113.{address}"}
        async with self.http.get(url, headers=headers, allow_redirects=False) as answer:
            assert answer.status == 302

    async def rows(self, table: sa.Table) -> list[Any]:
        async with self.app.db.read() as conn:
            return list((await conn.execute(sa.select(table))).all())

    async def events(self) -> int:
        async with self.app.db.read() as conn:
            return (await conn.execute(sa.select(sa.func.count()).select_from(hits.hits))).scalar_one()


@asynccontextmanager
async def living(path: Path, clock: FixedClock) -> AsyncIterator[Life]:
    config = Config(
        web=WebSection(
            base_url="https://go.example",
            host="127.0.0.1",
            port=0,
            metrics_port=0,
            trusted_proxies=(ip_network("127.0.0.1/32"),),
        ),
        storage=StorageSection(path=path / "eyeballs.db", backups=path / "backups"),
    )
    async with (
        open_application(config, clock=clock, charts=QuickCharts()) as app,
        aiohttp.ClientSession() as http,
    ):
        yield Life(app, clock, http)


LATELY, LONG = (1, 2, 5), (1, 2, 5, 20, 40, 59, 61, 70, 80, 85)
"""How many days ago there were clicks; each month that there are any of takes its time to close."""


async def begin(life: Life, past: Sequence[int] = LATELY) -> Link:
    """A link with a past, a daily and a weekly digest, an alert and a flag that wait, and a visitor of today."""
    app, now = life.app, life.true
    link = await app.services.links.add(MANAGER, "https://shop.example/", name="summer")
    for cadence in (Cadence.DAILY, Cadence.WEEKLY):
        await app.services.digests.set_up(MANAGER, channel_id=3, wish=Wish(cadence=cadence, weekday=0, minute=540))
    kinds: dict[AlertKind, bool | None] = {kind: kind is AlertKind.MILESTONE for kind in AlertKind}
    await app.services.alerts.set_up(MANAGER, channel_id=3, kinds=kinds)
    batch = [
        Hit(1, Ids(at.timestamp).new(), link.id, BARE, Kind.CLICK, at, at.date(), device="phone")
        for at in (now - n * DAY for n in past)
    ]
    await app.db.write(lambda conn: conn.run_sync(hits.record, batch, Seen()))
    return link


async def pass_a_hundred(life: Life, link: Link) -> None:
    """Something to alert of."""
    now = life.true
    batch = [
        Hit(1, id_, link.id, BARE, Kind.CLICK, now, now.date(), device="phone")
        for id_ in Ids(now.timestamp).several(100)
    ]
    await life.app.db.write(lambda conn: conn.run_sync(hits.record, batch, Seen()))
    assert await life.app.services.alerts.look() == 1


async def lived(
    path: Path,
    leap: dt.timedelta,
    length: dt.timedelta | None,
    after: dt.timedelta,
    step: dt.timedelta,
    past: Sequence[int] = LATELY,
) -> None:
    """A leap for one round of all jobs, or for so long; then the clock is right again, and life goes on."""
    clock = FixedClock(NOW)
    async with living(path, clock) as life:
        link = await begin(life, past)
        await life.live(HOUR, HOUR)
        await life.visit()
        await pass_a_hundred(life, link)
        await life.app.services.flags.add("summer", "scam")
        clock.move(seconds=20)
        life.true += dt.timedelta(seconds=20)
        (salt,) = [row.salt for row in await life.rows(salts)]
        kept = await life.events()

        clock.leap(seconds=leap.total_seconds())
        await life.round()
        assert not life.app.watch.is_trusted()
        assert await life.events() == kept
        await life.visit("2")
        if length is not None:
            await life.live(HOUR, HOUR / 2)
            await life.live(length - HOUR, min(step, 4 * HOUR))
            await life.visit("3")
        clock.leap(seconds=-leap.total_seconds())
        await life.round()
        assert life.app.watch.is_trusted(), "right again, at once"
        await life.visit("4")
        assert salt in [row.salt for row in await life.rows(salts)], "the same visitor is not another one now"
        assert await life.events() == kept + (2 if length is None else 3), "no young event is lost"

        await life.live(after, step)
        posted = life.posts.posted
        days = Counter(what[1] for kind, what in posted if kind == "digest" and what[0] is Cadence.DAILY)
        assert days == Counter(NOW.date() + n * DAY for n in range((life.true.date() - NOW.date()).days))
        weeks = [what[1] for kind, what in posted if kind == "digest" and what[0] is Cadence.WEEKLY]
        assert weeks == sorted(set(weeks))
        assert len(weeks) == sum(
            (NOW + n * DAY).weekday() == 0 for n in range(1, (life.true.date() - NOW.date()).days + 1)
        )
        kinds = Counter(kind for kind, _what in posted)
        assert (kinds["alert"], kinds["notice"]) == (1, 1), [row.key for row in await life.rows(alerts)]
        now = life.true
        assert all(now - 49 * HOUR <= row.created_at <= now for row in await life.rows(salts))
        assert all(row.state != "skipped" for row in await life.rows(digest_runs))
        assert await mismatches(life.app.db) == []


@pytest.mark.long
@pytest.mark.parametrize(("length", "sign"), [(None, 1), (DAY, -1)], ids=["a tick ahead", "a day back"])
async def test_a_leap_costs_nothing(
    tmp_path: Path, empty_database: Path, length: dt.timedelta | None, sign: int
) -> None:
    shutil.copy(empty_database, tmp_path / "eyeballs.db")
    await lived(tmp_path, sign * LEAPS["364 d"], length, 6 * DAY, 24 * HOUR)


@pytest.mark.proof
@pytest.mark.parametrize("sign", [1, -1], ids=["ahead", "back"])
@pytest.mark.parametrize("length", [None, DAY], ids=["a tick", "a day"])
@pytest.mark.parametrize("leap", LEAPS.values(), ids=LEAPS)
async def test_no_leap_costs_anything_in_five_weeks(
    tmp_path: Path, empty_database: Path, leap: dt.timedelta, length: dt.timedelta | None, sign: int
) -> None:
    shutil.copy(empty_database, tmp_path / "eyeballs.db")
    await lived(tmp_path, sign * leap, length, 35 * DAY, 4 * HOUR, LONG)


async def test_what_a_clock_that_was_ahead_has_written_is_taken_back(tmp_path: Path, empty_database: Path) -> None:
    """One visit while 365 days ahead: its salt was kept for a year, its event was still there after 450 days."""
    shutil.copy(empty_database, tmp_path / "eyeballs.db")
    async with living(tmp_path, FixedClock(NOW + 365 * DAY)) as life:
        link = await begin(life)
        await life.visit()
        await life.app.services.flags.add("summer", "scam")
        await life.round()
        assert await life.events() == 4
    clock = FixedClock(NOW)
    async with living(tmp_path, clock) as life:
        app = life.app
        await app.db.write(lambda conn: recount.set_horizon(conn, NOW + 10 * DAY))
        before = await totals_of(life, link)
        await life.round()
        assert not app.watch.is_trusted(), "the database knows of a later instant"
        await life.live(HOUR, HOUR / 2)
        assert app.watch.is_trusted(), "it has held"
        assert await mismatches(app.db) == []
        await life.round()
        now = life.true
        assert [row.at <= now for row in await life.rows(hits.hits)] == [True] * 4
        assert all(made_at(row.id) <= now + HOUR for row in await life.rows(hits.hits))
        assert all(row.visitor is None for row in await life.rows(hits.hits) if row.at > now - HOUR)
        assert [row.at <= now for row in await life.rows(flags)] == [True]
        assert await life.rows(salts) == []
        assert await totals_of(life, link) == before, "nothing that was counted is lost"
        async with app.db.read() as conn:
            assert (await recount.horizon(conn) or now) <= now + HOUR
        assert await mismatches(app.db) == []
        await life.live(95 * DAY, 5 * DAY)
        assert await life.events() == 0, "kept for 90 days"
        assert await totals_of(life, link) == before


async def test_no_link_is_said_to_drop_on_a_day_whose_clicks_a_wrong_clock_took(db: Database) -> None:
    clock = FixedClock(NOW)
    watch = Watch(clock)
    service = Alerts(db, watch.jobs, is_settled=watch.is_settled)

    async def whole_since() -> dt.datetime:
        clock.move(minutes=5)
        await service.look()
        async with db.read() as conn:
            return dt.datetime.fromisoformat(await meta.get(conn, "alerts_whole_since") or "")

    since = await whole_since()
    assert await whole_since() == since
    clock.leap(days=6)
    watch.offsets()
    clock.move(hours=1)
    assert watch.is_trusted()
    assert not watch.is_settled()
    assert await whole_since() < await whole_since(), "nothing is whole while it is doubted"
    clock.leap(days=-6)
    since = await whole_since()
    assert await whole_since() == since


async def totals_of(life: Life, link: Link) -> tuple[int, int, int]:
    """Clicks by quarters and by days, and uniques, of all time."""
    found = []
    for table in (hits.hits_quarter, hits.hits_daily, hits.uniques_daily):
        found.append(sum(row.count for row in await life.rows(table) if row.link_id == link.id))
    return found[0], found[1], found[2]


async def test_a_leap_is_shown(tmp_path: Path, empty_database: Path) -> None:
    shutil.copy(empty_database, tmp_path / "eyeballs.db")
    clock = FixedClock(NOW)
    async with living(tmp_path, clock) as life:

        async def metrics() -> list[str]:
            url = f"http://127.0.0.1:{life.app.metrics_port}/metrics"
            async with life.http.get(url) as answer:
                return [line for line in (await answer.text()).splitlines() if line.startswith("eyeballs_clock")]

        async def found() -> list[str]:
            async with life.app.db.read() as conn:
                known = await meta.get(conn, meta.CLOCK_AT), await meta.get(conn, meta.CLOCK_LEAP)
            return [finding.text for finding in checks._check_clock(clock.now(), *known)]

        await life.round()
        assert await metrics() == ["eyeballs_clock_trusted 1.0", "eyeballs_clock_leap_seconds 0.0"]
        assert await found() == []
        clock.leap(days=-2)
        with structlog.testing.capture_logs() as logs:
            await life.round()
            assert await metrics() == ["eyeballs_clock_trusted 0.0", "eyeballs_clock_leap_seconds -172800.0"]
            assert "yet Eyeballs ran at 2026-03-11T12:00:00 UTC already" in (await found())[0]
            clock.leap(days=4)
            await life.round()
            assert "leapt by 172,800 seconds; jobs wait" in (await found())[0]
            clock.leap(days=-2)
            await life.round()
        told = "the clock leapt; jobs wait until it is right again, Discord's shows the same, or an hour is over"
        assert [line["event"] for line in logs if "clock" in line["event"]] == [told, told, "the clock is right again"]
        assert await metrics() == ["eyeballs_clock_trusted 1.0", "eyeballs_clock_leap_seconds 0.0"]
        assert await found() == []


def test_nobody_who_replaces_the_monotonic_clock_moves_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the demo's simulated Discord does while the bot answers: the wall clock would seem to leap each time."""
    began = SystemClock().monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began + 1e9)
    assert SystemClock().monotonic() - began < 60
