"""`make bench`: speeds as ratios against a baseline in one run, the server on one core, the load on another."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import BROWSER

ROOT = Path(__file__).parent.parent
CONNECTIONS = 64
SECONDS = 4.0
ROUNDS = 3


async def _load(port: int) -> tuple[int, list[float]]:
    """Ask for the link as somebody new each time, on `CONNECTIONS` connections; the rate, and latencies in seconds."""
    until = time.perf_counter() + SECONDS
    latencies: list[float] = []

    async def connection(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        click = 0
        while (began := time.perf_counter()) < until:
            click += 1
            agent = f"{BROWSER} {number}-{click}-{began}"
            writer.write(f"GET /summer HTTP/1.1\r\nHost: go.example\r\nUser-Agent: {agent}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 302"), head
            body = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(body)
            latencies.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(connection(n) for n in range(CONNECTIONS)))
    return round(len(latencies) / (time.perf_counter() - began)), latencies


async def _serve_and_load(*options: str) -> tuple[int, list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        server = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.serve", str(Path(folder) / "bench.db"), *options),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert server.stdout is not None
            port = int(await server.stdout.readline())
            os.sched_setaffinity(server.pid, {0})
            return await _load(port)
        finally:
            server.terminate()
            await server.wait()


async def main() -> None:
    """Counted and uncounted redirects in turn, so that a drifting machine weighs on both."""
    os.sched_setaffinity(0, {1} if (os.cpu_count() or 1) > 1 else {0})
    counted, uncounted, ratios = [], [], []
    for _round in range(ROUNDS):
        baseline, baseline_latencies = await _serve_and_load("--uncounted")
        rate, latencies = await _serve_and_load()
        ratios.append(rate / baseline)
        uncounted.append((baseline, _p99(baseline_latencies)))
        counted.append((rate, _p99(latencies)))
    print(f"redirects at {CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS:.0f} s: median (min to max)")
    for name, rows in (("not counted (baseline)", uncounted), ("counted, on disk before the answer", counted)):
        rates = sorted(rate for rate, _p in rows)
        p99 = statistics.median(p for _rate, p in rows)
        print(f"  {name:36} {statistics.median(rates):8,.0f}/s ({rates[0]:,} to {rates[-1]:,}), p99 {p99:6.1f} ms")
    print(f"  {'ratio':36} {statistics.median(ratios):8.2f}   ({min(ratios):.2f} to {max(ratios):.2f})")


def _p99(latencies: list[float]) -> float:
    return sorted(latencies)[int(len(latencies) * 0.99)] * 1000


if __name__ == "__main__":
    asyncio.run(main())
