"""A seeded stream of hostile requests: no 5xx, no traceback, and a log that stays short.

`python -m tests.security.fuzzing` sends a million.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.security.fuzzing import fuzz
from tests.serving import resident_mib, served

LOG_BYTES = 20_000
SPENT_MIB = 40


@pytest.mark.parametrize("requests", [1_500, pytest.param(100_000, marks=pytest.mark.proof)])
async def test_no_request_is_answered_with_5xx_or_a_traceback(tmp_path: Path, requests: int) -> None:
    log = tmp_path / "log"
    async with served(tmp_path / "eyeballs.db", "--page", log=log) as (process, port):
        await fuzz(port, 1_000, seed=1)
        before = resident_mib(process.pid)
        found = await fuzz(port, requests, seed=requests)
        assert resident_mib(process.pid) - before <= SPENT_MIB
    assert found.bad == []
    assert found.requests >= requests
    assert {200, 204, 302, 400, 404, 415} <= set(found.statuses)
    written = log.read_text()
    assert "Traceback" not in written
    assert len(written) <= LOG_BYTES, written[-2000:]
