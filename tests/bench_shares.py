"""Times the visitors and answers of one server alone, and while another uses its full allowance.

Server A has 5,000 links and 50,000 posts, and at once 12 exports, 2 imports, 8 autocompletes and 5 commands a second;
server B has one link that people follow, and a member who asks now and then. One process on one core before a simulated
Discord, the load on another core. Run it as `python -m tests.bench_shares [SECONDS]`.

How late the loop comes round is also the doing of all that wants the same core: SQLite's threads, workers, the machine.
The longest step is what the loop itself took, in CPU time, with the simulated Discord's part in it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import discord
import simcord
import structlog
from discord import app_commands

from bot.app import open_application
from bot.cli import let_the_loop_in, spare_the_collector
from bot.clock import SystemClock
from bot.config import Config, StorageSection, WebSection
from bot.cooldowns import Cooldowns
from storage import addresses, links, schema
from storage.records import Address, Link
from tests import export_files as files
from tests.bench_commands import REDIRECTS_A_SECOND, Times, at, unblock
from tests.bench_picks import CREATORS, LINKS, POSTS, TYPED, fill
from tests.lateness import lag, steps
from tests.serve import PROXIES

SECONDS = 30.0
EXPORTS, IMPORTS, KEYS_A_SECOND, COMMANDS_A_SECOND = 12, 2, 8, 5
ASKED = (
    *(("link list", {}), ("stats server", {"period": "7d"}), ("post list", {}), ("link audit", {"link": "l7"})),
    ("digest preview", {}),
)
QUESTION = ("link list", {})
"""What a member of server B asks."""
FILE = files.table(
    files.X,
    [
        {
            "Post id": 300_000_000_000_000_000 + n,
            "Date": "Tue, Mar 3, 2026",
            "Post text": f"post {n}",
            "Post Link": f"https://x.com/maya/status/{300_000_000_000_000_000 + n}",
            "Impressions": 1_000 + n,
            "Likes": n,
        }
        for n in range(2_000)
    ],
).encode()


async def measure(seconds: float) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = Config(
            web=WebSection(base_url="https://go.example", host="127.0.0.1", port=0, trusted_proxies=PROXIES),
            storage=StorageSection(path=folder / "eyeballs.db", backups=folder / "backups"),
        )
        Cooldowns.wait = lambda *_, **__: (0, 0)  # or it would time refusals
        app = await stack.enter_async_context(open_application(config, shard_count=1))
        env = simcord.Env(app.client(), settle_timeout=600)
        env.backend.advance_clock((SystemClock().now() - env.now()).total_seconds())
        await env.start()
        stack.push_async_callback(env.shutdown)

        def server(name: str, members: int) -> tuple[Any, Any, list[Any]]:
            guild = env.create_guild(name)
            role = guild.create_role("Manager", permissions=discord.Permissions(manage_guild=True))
            people = [guild.add_member(env.create_user(f"{name}{n}"), roles=[role]) for n in range(members)]
            return guild, guild.create_text_channel("general"), people

        guild_a, channel_a, people_a = server("a", CREATORS)
        guild_b, channel_b, (member, *_rest) = server("b", 2)
        await fill(app, guild_a.id, [person.id for person in people_a])
        now, target = SystemClock().now(), "https://shop.example/b"
        link = Link(guild_b.id, 5, member.id, "b", target, member.id, now, now)

        async def add(conn: Any) -> None:
            await conn.execute(schema.addresses.delete().where(schema.addresses.c.address == "summer"))
            await links.add(conn, link)
            await addresses.add(conn, Address("summer", guild_b.id, member.id, link.id, destination=target))

        await app.db.write(add)
        await app.services.charts.warm()
        spare_the_collector()
        let_the_loop_in()
        unblock(env)
        times, whose = Times(), dict[int, int | None]()
        times.watch()
        handle = app_commands.CommandTree._from_interaction

        def began(tree: Any, interaction: discord.Interaction) -> Any:
            whose[interaction.id] = interaction.guild_id
            return handle(tree, interaction)

        app_commands.CommandTree._from_interaction = began  # type: ignore[method-assign]

        async def visitors() -> tuple[str, list[float]]:
            """What server B's visitors and its member waited, for so many seconds."""
            before = set(times.began)
            load = [sys.executable, "-m", "tests.bench_commands", "load", str(app.web.port), str(seconds)]
            clicks = await asyncio.create_subprocess_exec(*load, stdout=subprocess.PIPE)
            while clicks.returncode is None:
                await member.slash(channel_b, QUESTION[0], **QUESTION[1])
                await asyncio.sleep(0.5)
            told, _errors = await clicks.communicate()
            await asyncio.sleep(2.0)
            asked = [id_ for id_ in times.answered if id_ not in before and whose[id_] == guild_b.id]
            return told.decode().strip(), [times.answered[id_] - times.began[id_] for id_ in asked]

        async def crowd() -> None:
            """Server A's full allowance for so many seconds, at most until cancelled: what it asks must not pile up."""
            begun = asyncio.get_running_loop().time()
            exports = [people_a[n].slash(channel_a, "export", of="server") for n in range(EXPORTS)]
            imports = [
                people_a[n].slash(channel_a, "impressions import", file=("posts.csv", FILE)) for n in range(IMPORTS)
            ]
            tasks = {asyncio.create_task(work) for work in (*exports, *imports)}
            try:
                for n in range(1, int(seconds * KEYS_A_SECOND) + 1):
                    who = people_a[n % CREATORS]
                    await asyncio.sleep(max(0.0, begun + n / KEYS_A_SECOND - asyncio.get_running_loop().time()))
                    tasks.add(asyncio.create_task(who.autocomplete(channel_a, "stats post", "post", TYPED[n % 6])))
                    if n * COMMANDS_A_SECOND // KEYS_A_SECOND != (n - 1) * COMMANDS_A_SECOND // KEYS_A_SECOND:
                        name, options = ASKED[n % len(ASKED)]
                        tasks.add(asyncio.create_task(who.slash(channel_a, name, **options)))
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

        async def row(name: str) -> None:
            late: list[float] = []
            held: list[float] = []
            watch = asyncio.create_task(lag(late))
            with steps(held):
                told, waited = await visitors()
            watch.cancel()
            answers = f"{at(0.5, waited):8.1f}  {at(0.99, waited):8.1f}"
            loop = f"{at(0.99, late):8.1f}  {max(late) * 1000:8.1f}  {max(held) * 1000:8.1f}"
            print(f"  {name:12} {told}   {answers}   {loop}")

        print(f"{LINKS:,} links and {POSTS:,} posts of server A; {REDIRECTS_A_SECOND} redirects/s of server B; ms")
        print("               redirects: p50, p99, worst      B's answers: p50, p99    loop late: p99, worst, step")
        await row("B alone")
        busy = asyncio.create_task(crowd())
        await row("beside A")
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)
        del env._begin_operation, env._end_operation, env._settle_internal


if __name__ == "__main__":
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {0})
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(measure(float(sys.argv[1]) if sys.argv[1:] else SECONDS))
