"""Real kills: whoever was answered in time is on disk, once, and every rollup still equals its events."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import signal
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from bot.tracking.visitors import keyed, visitor_hash
from bot.web.client_address import network_of
from storage import counts, recount
from storage.database import open_reader
from tests.conftest import BROWSER
from tests.serving import served

PEOPLE = 24


@dataclass
class Answers:
    """What people got: answers within time (to which addresses), late ones as they said, and none at all."""

    clients: list[str] = field(default_factory=list)
    late: int = 0
    unanswered: int = 0

    @property
    def in_time(self) -> int:
        return len(self.clients)


async def visit_until(port: int, life: int, answers: Answers, stop: asyncio.Event) -> None:
    """Many people click, each time as somebody new, until they get no answer or `stop` is set."""

    async def person(http: aiohttp.ClientSession, who: int) -> None:
        click = 0
        while not stop.is_set():
            click += 1
            client = f"2001:db8:{life:x}{who:02x}:{click:x}::1"
            headers = {"User-Agent": BROWSER, "X-Forwarded-For": client}
            try:
                url = f"http://127.0.0.1:{port}/summer"
                async with http.get(url, headers=headers, allow_redirects=False) as answer:
                    assert answer.status == 302
                    if "X-Late" in answer.headers:
                        answers.late += 1
                    else:
                        answers.clients.append(client)
            except aiohttp.ClientError:
                answers.unanswered += 1
                return

    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as people:
        for who in range(PEOPLE):
            people.create_task(person(http, who))


async def check(path: Path, answers: Answers) -> int:
    """Every hit answered in time is there, none twice, rollups and uniques agree; returns how many there are."""
    async with open_reader(path) as conn:
        query = "SELECT count(*), count(DISTINCT visitor) FROM hits"
        ((events, visitors),) = [tuple(row) for row in await conn.exec_driver_sql(query)]
        assert events == visitors, "a hit is there twice: each one came from somebody new"
        salts = [keyed(row[0]) for row in await conn.exec_driver_sql("SELECT salt FROM salts")]
        known = {row[0] for row in await conn.exec_driver_sql("SELECT visitor FROM hits")}
        for client in answers.clients:  # one by one: no late hit may stand in for one that is missing
            hashes = {visitor_hash(salt, BROWSER, network_of(client), "go.example") for salt in salts}
            assert hashes & known, f"{client} was answered in time, and its hit is not there"
        assert answers.in_time <= events <= answers.in_time + answers.late + answers.unanswered
        assert await recount.check(conn, 1) == []
        counted = await counts.uniques_by_link(conn, 1, dt.date.min, dt.date.max)
        assert sum(counted.values()) == events
    return events


@pytest.mark.long
@pytest.mark.parametrize("kills", [2, pytest.param(25, marks=pytest.mark.proof)])
@pytest.mark.parametrize("disk", ["usual", "slow"])
async def test_no_hit_that_was_answered_in_time_is_lost_by_a_kill(tmp_path: Path, disk: str, kills: int) -> None:
    path = tmp_path / "eyeballs.db"
    answers, events = Answers(), 0
    rng = random.Random(2015)
    options = ["--mark-late", *(["--slow-disk"] if disk == "slow" else [])]
    for life in range(kills):
        async with served(path, *options) as (server, port):
            stop = asyncio.Event()
            visiting = asyncio.create_task(visit_until(port, life, answers, stop))
            await asyncio.sleep(rng.uniform(0.2, 1.2))
            server.kill()
            await server.wait()
            await visiting
        events = await check(path, answers)
    assert answers.in_time > 20 * kills
    if disk == "slow":
        assert answers.late > 0
    lost = max(0, answers.in_time + answers.late - events)
    assert lost <= answers.late
    said = f"{answers.in_time} answers in time, {answers.late} late, {answers.unanswered} none"
    print(f"{disk} disk: {kills} kills, {said}, {events} hits on disk")  # noqa: T201


async def test_sigterm_writes_what_is_queued_and_ends_within_seconds(tmp_path: Path) -> None:
    path = tmp_path / "eyeballs.db"
    answers = Answers()
    async with served(path, "--mark-late", "--slow-disk") as (server, port):
        stop = asyncio.Event()
        visiting = asyncio.create_task(visit_until(port, 0, answers, stop))
        await asyncio.sleep(1.5)
        server.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(server.wait(), 8) == 0
        await visiting
    events = await check(path, answers)
    assert answers.late > 0
    assert events >= answers.in_time + answers.late, "late ones too: they were queued, and the queue was written"
