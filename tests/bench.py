"""`make bench`: speeds as ratios against baselines in one run, the server on one core, the load on another.

`python -m tests.bench soak [MINUTES]` watches the memory under a steady load instead.
"""

from __future__ import annotations

import asyncio
import os
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvloop
from aiohttp import web

from tests.serving import ROOT, resident_mib

CONNECTIONS = 64
SECONDS = 4.0
ROUNDS = 5
OPEN_RATE, OPEN_SECONDS = 1_000, 8.0
WARM_UP = 1_500
"""Requests before anything is measured."""
SOAK_MINUTES = 10.0

NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ return 302 https://shop.example/x; }} }}
}}
"""
SERVERS = {
    "counted": "Eyeballs, each click on disk before its answer",
    "uncounted": "Eyeballs, not counting",
    "aiohttp": "bare aiohttp on uvloop",
    "nginx": "nginx, one worker, return 302",
}


@dataclass
class Measured:
    """Rates a second, microseconds of CPU a request, and latencies in milliseconds, one for each round."""

    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)


# ---------------------------------------------------------------------- the load


def request(number: int) -> bytes:
    """A click of somebody new, from one of fifty browsers, as a proxy hands it on."""
    agent = (
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_{number % 50} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    )
    client = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return (
        f"GET /summer HTTP/1.1\r\nHost: go.example\r\nUser-Agent: {agent} Version/18.5 Mobile/15E148 Safari/604.1\r\n"
        f"Accept: text/html\r\nAccept-Language: de\r\nX-Forwarded-For: {client}\r\n\r\n"
    ).encode()


class Load:
    """Keep-alive connections to a server, driven by epoll: a load that costs little beside what it measures."""

    def __init__(self, port: int, connections: int) -> None:
        self._epoll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._number = 0
        for _n in range(connections):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets[connection.fileno()] = connection
            self._epoll.register(connection.fileno(), select.EPOLLIN)

    def close(self) -> None:
        for connection in self._sockets.values():
            connection.close()
        self._epoll.close()

    def _send(self, fd: int) -> None:
        self._number += 1
        self._sockets[fd].send(request(self._number))

    def _receive(self, fd: int) -> None:
        answer = self._sockets[fd].recv(65536)
        assert answer.startswith(b"HTTP/1.1 302"), answer

    def closed(self, seconds: float = 0, requests: int = 0) -> list[float]:
        """Each connection asks again as soon as it is answered, for so long or so often; latencies in seconds."""
        latencies: list[float] = []
        end = time.perf_counter() + seconds
        began = {}
        for fd in self._sockets:
            began[fd] = time.perf_counter()
            self._send(fd)
        busy = len(began)
        while busy:
            for fd, _event in self._epoll.poll():
                self._receive(fd)
                now = time.perf_counter()
                latencies.append(now - began[fd])
                if now < end or len(latencies) < requests:
                    began[fd] = now
                    self._send(fd)
                else:
                    busy -= 1
        return latencies

    def open(self, rate: float, seconds: float) -> list[float]:
        """So many requests a second, whether or not the last ones are answered; latencies from the due moment."""
        total, sent, latencies = int(rate * seconds), 0, []
        free = deque(self._sockets)  # in turn, since the server hangs up on those that are idle for long
        due: dict[int, float] = {}
        start = time.perf_counter() + 0.05
        while len(latencies) < total:
            while sent < total and free and start + sent / rate <= time.perf_counter():
                fd = free.popleft()
                due[fd] = start + sent / rate
                self._send(fd)
                sent += 1
            wait = start + sent / rate - time.perf_counter() if sent < total and free else 1.0
            for fd, _event in self._epoll.poll(wait if wait > 0.0005 else 0):
                self._receive(fd)
                latencies.append(time.perf_counter() - due[fd])
                free.append(fd)
        return latencies


# ---------------------------------------------------------------------- the servers


@contextmanager
def serving(name: str) -> Iterator[tuple[int, int]]:
    """A server of that name on the first core; yields the process that does the work, and the port."""
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        if name == "nginx":
            (Path(folder) / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
            command = ["nginx", "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
        elif name == "aiohttp":
            command = [sys.executable, "-m", "tests.bench", "bare"]
        else:
            command = [sys.executable, "-m", "tests.serve", f"{folder}/bench.db"]
            command += ["--uncounted"] if name == "uncounted" else []
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
            try:
                if name == "nginx":
                    time.sleep(0.5)
                    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
                    process = int(children[0])
                else:
                    assert server.stdout is not None
                    process, port = server.pid, int(server.stdout.readline())
                for task in Path(f"/proc/{process}/task").iterdir():
                    os.sched_setaffinity(int(task.name), {0})
                yield process, port
            finally:
                server.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def bare() -> None:
    """aiohttp's own server with a handler that does nothing else."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        headers = {"Location": "https://shop.example/x", "Cache-Control": "private, no-store"}
        return web.Response(status=302, headers=headers)

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


# ---------------------------------------------------------------------- what is measured


def compare() -> None:
    """All servers in turn, round after round, so that a machine that changes its pace weighs on all."""
    names = [name for name in SERVERS if name != "nginx" or shutil.which("nginx")]
    closed = {name: Measured() for name in names}
    open_loop = {name: Measured() for name in ("counted", "uncounted")}
    for _round in range(ROUNDS):
        for name in names:
            with serving(name) as (process, port):
                load = Load(port, CONNECTIONS)
                load.closed(requests=WARM_UP)
                cpu, began = cpu_seconds(process), time.perf_counter()
                latencies = load.closed(SECONDS)
                closed[name].rates.append(len(latencies) / (time.perf_counter() - began))
                closed[name].cpu.append((cpu_seconds(process) - cpu) / len(latencies) * 1e6)
                _note(closed[name], latencies)
                if name in open_loop:
                    _note(open_loop[name], load.open(OPEN_RATE, OPEN_SECONDS))
                load.close()
    print(f"Redirects at {CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS:.0f} s; median (lowest to highest)")
    for name in names:
        found = closed[name]
        print(
            f"  {SERVERS[name]:48} {_spread(found.rates, ',.0f')} a second, {_spread(found.cpu, '.0f')} us of CPU each,"
            f" p50 {statistics.median(found.p50):.1f}, p99 {statistics.median(found.p99):.1f} ms"
        )
    if "nginx" not in names:
        print("  nginx is not installed, and is left out (apt install nginx-light)")
    _ratio("counted / not counting", closed["counted"].rates, closed["uncounted"].rates)
    _ratio("CPU of a counted one / of bare aiohttp's", closed["counted"].cpu, closed["aiohttp"].cpu)
    if "nginx" in names:
        _ratio("counted / nginx", closed["counted"].rates, closed["nginx"].rates)
        _ratio("not counting / nginx", closed["uncounted"].rates, closed["nginx"].rates)
    print(
        f"\nLatency at {OPEN_RATE:,} a second, open loop, from the due moment; {ROUNDS} rounds of {OPEN_SECONDS:.0f} s"
    )
    for name, found in open_loop.items():
        print(f"  {SERVERS[name]:48} p50 {_spread(found.p50, '.1f')} ms, p99 {_spread(found.p99, '.1f')} ms")
    more = [a - b for a, b in zip(open_loop["counted"].p99, open_loop["uncounted"].p99, strict=True)]
    print(f"  {'p99: counted - not counting':48} {_spread(more, '.1f')} ms")


def _note(found: Measured, latencies: list[float]) -> None:
    ordered = sorted(latencies)
    found.p50.append(ordered[len(ordered) // 2] * 1000)
    found.p99.append(ordered[int(len(ordered) * 0.99)] * 1000)


def _spread(values: list[float], form: str) -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def _ratio(title: str, upper: list[float], lower: list[float]) -> None:
    print(f"  {title:48} {_spread([a / b for a, b in zip(upper, lower, strict=True)], '.2f')}")


def soak(minutes: float) -> None:
    """The memory of the counting server, once a minute, at a steady rate of visitors who are all new."""
    with serving("counted") as (process, port):
        load = Load(port, CONNECTIONS)
        load.closed(requests=WARM_UP)
        print(f"{OPEN_RATE:,} clicks a second, each from somebody new\n  minute  MiB    p99 ms")
        print(f"  {0:6}  {resident_mib(process):5.1f}")
        for minute in range(1, round(minutes) + 1):
            latencies = sorted(load.open(OPEN_RATE, 60.0))
            print(
                f"  {minute:6}  {resident_mib(process):5.1f}  {latencies[int(len(latencies) * 0.99)] * 1000:.1f}",
                flush=True,
            )
        load.close()


def main(*arguments: str) -> None:
    match arguments:
        case ["bare"]:
            uvloop.run(bare())
        case ["soak", *rest]:
            os.sched_setaffinity(0, {1} if (os.cpu_count() or 1) > 1 else {0})
            soak(float(rest[0]) if rest else SOAK_MINUTES)
        case _:
            os.sched_setaffinity(0, {1} if (os.cpu_count() or 1) > 1 else {0})
            compare()


if __name__ == "__main__":
    main(*sys.argv[1:])
