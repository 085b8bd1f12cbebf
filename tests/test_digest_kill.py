"""Killed at every step of claim, send and mark, a digest stands in its channel once, or nobody can know and says so."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.long
@pytest.mark.parametrize("mode", ["forgotten", "unreadable", pytest.param("nonces", marks=pytest.mark.proof)])
async def test_a_kill_at_any_step_never_doubles_or_loses_a_digest(tmp_path: Path, mode: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.digest_lives", str(tmp_path), mode),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _err = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0
    lives = json.loads(out)
    assert not lives[-1]["killed"], "the last one lived to the end"
    assert sum(life["killed"] for life in lives) >= 15
    unknown = 0
    for life in lives:
        (run,) = life["runs"]
        if mode == "unreadable" and run == "unknown":
            assert len(life["messages"]) <= 1
            unknown += 1
        else:
            assert run == "sent"
            assert len(life["messages"]) == 1
    # Whoever claimed and then died may have sent.
    assert bool(unknown) == (mode == "unreadable")
    print(f"{mode}: {len(lives) - 1} kills, {len(lives) - unknown} sent once, {unknown} unknown")  # noqa: T201
