"""Starts the edge as a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


@asynccontextmanager
async def served(
    path: Path, *options: str, log: Path | None = None
) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """`tests.serve` with these options, which logs to that file; its process and its port."""
    errors = log.open("w") if log is not None else None
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.serve", str(path), *options),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=errors,
    )
    try:
        assert server.stdout is not None
        yield server, int(await asyncio.wait_for(server.stdout.readline(), 120))
    finally:
        if server.returncode is None:
            server.kill()
        await server.wait()
        if errors is not None:
            errors.close()


def resident_mib(process: int) -> float:
    """The memory that a process has at the moment."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
