"""Times slash commands from their handler's start to the finished answer while people follow links.

The whole application in one process on one core, before a simulated Discord, with the demo's sample data; the load on
another core. Run it as `python -m tests.bench_commands [SECONDS]`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import discord
import simcord
import structlog
from discord import app_commands

from bot.app import open_application
from bot.clock import SystemClock
from bot.config import Config, StorageSection, WebSection
from bot.cooldowns import Cooldowns
from bot.demo.sample import Crew, fill
from tests.bench import Load
from tests.serve import PROXIES

SECONDS = 60.0
COMMANDS_A_SECOND = 5
REDIRECTS_A_SECOND = 300
CONNECTIONS = 32
MIXED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("stats link", {"link": "summer"}),
    ("stats creator", {}),
    ("stats server", {"period": "7d"}),
    ("stats top", {"by": "r"}),
    ("stats heatmap", {}),
    ("stats sources", {}),
    ("stats compare", {"first": "recipes", "second": "merch", "third": "vintage"}),
    ("stats link", {"link": "desk", "period": "90d"}),
    ("link list", {}),
    ("link audit", {"link": "summer"}),
)


@dataclass
class Times:
    """When each interaction began, was acknowledged, and was answered, by its id; in seconds."""

    began: dict[int, float] = field(default_factory=dict)
    acknowledged: dict[int, float] = field(default_factory=dict)
    answered: dict[int, float] = field(default_factory=dict)

    def watch(self) -> None:
        """Note the moments from inside discord.py."""
        handle, defer = app_commands.CommandTree._from_interaction, discord.InteractionResponse.defer
        send = discord.Webhook.send

        def began(tree: Any, interaction: discord.Interaction) -> Any:
            self.began[interaction.id] = time.perf_counter()
            return handle(tree, interaction)

        async def deferred(response: Any, **options: Any) -> Any:
            result = await defer(response, **options)
            self.acknowledged[response._parent.id] = time.perf_counter()
            by_token[response._parent.token] = response._parent.id
            return result

        async def sent(webhook: Any, *args: Any, **options: Any) -> Any:
            result = await send(webhook, *args, **options)
            if (interaction_id := by_token.get(webhook.token)) is not None:
                self.answered[interaction_id] = time.perf_counter()
            return result

        by_token: dict[str, int] = {}
        app_commands.CommandTree._from_interaction = began  # type: ignore[method-assign]
        discord.InteractionResponse.defer = deferred  # type: ignore[method-assign]
        discord.Webhook.send = sent  # type: ignore[method-assign]


def at(share: float, values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000


def unblock(env: Any) -> None:
    """Let commands overlap: the simulated Discord waits for each answer before it takes the next command."""

    async def settle(**options: Any) -> None:
        pass

    env._begin_operation, env._end_operation, env._settle_internal = lambda label: None, lambda: None, settle


async def measure(seconds: float) -> None:
    times = Times()
    times.watch()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = Config(
            web=WebSection(base_url="https://go.example", host="127.0.0.1", port=0, trusted_proxies=PROXIES),
            storage=StorageSection(path=folder / "eyeballs.db", backups=folder / "backups"),
        )
        Cooldowns.wait = lambda *_, **__: (0, 0)  # this asks faster than people do
        app = await stack.enter_async_context(open_application(config, shard_count=1))
        env = simcord.Env(app.client(), settle_timeout=60)
        env.backend.advance_clock((SystemClock().now() - env.now()).total_seconds())
        await env.start()
        stack.push_async_callback(env.shutdown)
        guild = env.create_guild("Golden Hour")
        role = guild.create_role("Creator")
        manager = guild.create_role("Manager", permissions=discord.Permissions(manage_guild=True))
        channel = guild.create_text_channel("general")
        maya, leo, noor = (guild.add_member(env.create_user(name), roles=[manager]) for name in ("maya", "leo", "noor"))
        creators = {"maya": maya.id, "leo": leo.id, "noor": noor.id}
        crew = Crew(guild.id, creators, {name: name.capitalize() for name in creators}, role.id, channel.id)
        await fill(app.db, crew, app.base_url, SystemClock().now())
        await app.services.charts.warm()

        unblock(env)
        load = [sys.executable, "-m", "tests.bench_commands", "load", str(app.web.port), str(seconds)]
        clicks = await asyncio.create_subprocess_exec(*load, stdout=subprocess.PIPE)
        asked = []
        start = asyncio.get_running_loop().time()
        for n in range(int(seconds * COMMANDS_A_SECOND)):
            await asyncio.sleep(max(0.0, start + n / COMMANDS_A_SECOND - asyncio.get_running_loop().time()))
            name, options = MIXED[n % len(MIXED)]
            asked.append(asyncio.create_task(maya.slash(channel, name, **options)))
        await asyncio.gather(*asked)
        told, _errors = await clicks.communicate()
        while len(times.answered) < len(asked):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        del env._begin_operation, env._end_operation, env._settle_internal
    acknowledged = [times.acknowledged[id_] - began for id_, began in times.began.items() if id_ in times.acknowledged]
    answered = [times.answered[id_] - began for id_, began in times.began.items() if id_ in times.answered]
    assert len(answered) == len(asked), f"{len(answered)} of {len(asked)} commands were answered"
    print(f"{len(asked)} mixed commands at {COMMANDS_A_SECOND}/s, beside {REDIRECTS_A_SECOND} redirects/s")
    print("                 p50 ms   p99 ms   at worst")
    for name, values in (("acknowledged", acknowledged), ("answered", answered)):
        print(f"  {name:13} {at(0.5, values):7.1f}  {at(0.99, values):7.1f}  {max(values) * 1000:8.1f}")
    print(f"  {'redirected':13} {told.decode().strip()}")


def follow(port: int, seconds: float) -> None:
    """The load: links followed at a steady rate."""
    load = Load(port, CONNECTIONS)
    latencies = load.open(REDIRECTS_A_SECOND, seconds)
    load.close()
    print(f"{at(0.5, latencies):7.1f}  {at(0.99, latencies):7.1f}  {max(latencies) * 1000:8.1f}")


def main(*arguments: str) -> None:
    two = (os.cpu_count() or 1) > 1
    match arguments:
        case ["load", port, seconds]:
            os.sched_setaffinity(0, {1} if two else {0})
            follow(int(port), float(seconds))
        case _:
            structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
            asyncio.run(measure(float(arguments[0]) if arguments else SECONDS))


if __name__ == "__main__":
    main(*sys.argv[1:])
