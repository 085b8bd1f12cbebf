"""Real kills: whoever was answered is on disk, and every rollup still equals its events."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import aiohttp

from bot.insights.periods import local_day
from storage import recount
from storage.database import open_reader
from tests.conftest import BROWSER

ROOT = Path(__file__).parent.parent
KILLS = 4
PEOPLE = 24
SECONDS = 0.7


async def test_no_hit_that_was_answered_is_lost_by_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "eyeballs.db"
    answered = 0
    for life in range(KILLS):
        server = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.serve", str(path)),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert server.stdout is not None
            port = int(await asyncio.wait_for(server.stdout.readline(), 30))
            answered += await _visit_until_killed(server, port, life)
        finally:
            if server.returncode is None:
                server.kill()
            await server.wait()
        async with open_reader(path) as conn:
            events = await recount.count_events(conn)
            assert answered <= events <= answered + PEOPLE * (life + 1)
            assert await recount.check(conn, 1, lambda at: local_day(at, "UTC")) == []
    assert answered > 50 * KILLS


async def _visit_until_killed(server: asyncio.subprocess.Process, port: int, life: int) -> int:
    """Many people click until the process is killed in the middle of it; returns how many were answered."""
    answered = 0

    async def person(http: aiohttp.ClientSession, who: int) -> None:
        nonlocal answered
        click = 0
        while True:
            click += 1
            agent = {"User-Agent": f"{BROWSER} {life}-{who}-{click}"}
            async with http.get(f"http://127.0.0.1:{port}/summer", headers=agent, allow_redirects=False) as answer:
                assert answer.status == 302
            answered += 1

    async with aiohttp.ClientSession() as http:
        people = [asyncio.create_task(person(http, who)) for who in range(PEOPLE)]
        await asyncio.sleep(SECONDS)
        server.kill()
        await server.wait()
        outcomes = await asyncio.gather(*people, return_exceptions=True)
    assert all(isinstance(outcome, aiohttp.ClientError) for outcome in outcomes), outcomes
    return answered
