"""Times what people wait for while they type: every autocomplete at a server's limits, beside people who follow links.

5,000 links and 50,000 posts of 40 creators, the whole application in one process before a simulated Discord. The
baseline is an autocomplete that answers 25 fixed choices. Run it as `python -m tests.bench_picks [SECONDS]`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import logging
import os
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import discord
import simcord
import structlog
from discord import app_commands

from bot.app import open_application
from bot.clock import SystemClock
from bot.config import Config, StorageSection, WebSection
from storage import addresses, schema
from storage.records import Address, Deal, Link, Note, Post
from storage.search import link_key, post_key
from tests.bench_commands import REDIRECTS_A_SECOND, at, unblock
from tests.serve import PROXIES

SECONDS = 20.0
CREATORS, LINKS, POSTS = 40, 5_000, 50_000
KEYS_A_SECOND = 5
WORDS = ("summer", "winter", "lookbook", "Über", "café", "лето", "зима", "日本", "desk", "tour", "recipes", "haul")
TYPED = ("", "s", "summer look", "лето", "/l77/ig", "nothing of the kind")
ASKED = (
    *(("stats link", "link"), ("stats post", "post"), ("stats top", "of"), ("stats compare", "first")),
    *(("brand report", "of"), ("deal add", "of"), ("link archive", "link"), ("post archive", "post")),
    *(("note delete", "note"), ("brand revoke", "report"), ("deal show", "deal"), ("digest off", "digest")),
    *(("stats server", "period"), ("digest setup", "zone")),
)
BASELINE = ("impressions log", "post")
"""What is answered with fixed choices."""


class Watch:
    """How long each keystroke waited, from the handler's start to its choices, in seconds."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        begun: dict[int, float] = {}
        handle, offer = app_commands.CommandTree._from_interaction, discord.InteractionResponse.autocomplete

        def began(tree: Any, interaction: discord.Interaction) -> Any:
            begun[interaction.id] = time.perf_counter()
            return handle(tree, interaction)

        async def offered(response: Any, choices: Any) -> Any:
            result = await offer(response, choices)
            self.waited.append(time.perf_counter() - begun.pop(response._parent.id))
            return result

        app_commands.CommandTree._from_interaction = began  # type: ignore[method-assign]
        discord.InteractionResponse.autocomplete = offered  # type: ignore[method-assign]


async def fill(app: Any, guild_id: int, creators: list[int]) -> None:
    now = SystemClock().now()

    def title(n: int) -> str:
        return " ".join(WORDS[(n * step) % len(WORDS)] for step in (1, 3, 7)).title() + f" {n}"

    def work(conn: Any) -> None:
        made = [
            Link(guild_id, 1_000 + n, creators[n % CREATORS], f"l{n}", "https://shop.example/", 1, now, now, title(n))
            for n in range(LINKS)
        ]
        conn.execute(schema.links.insert(), [dataclasses.asdict(link) | {"search": link_key(link)} for link in made])
        rows = []
        for n in range(POSTS):
            link = made[n % LINKS]
            about = (f"ig{n}", "instagram", "story", 1, now, title(n))
            post = Post(guild_id, 1_000_000 + n, link.creator_id, link.id, *about)
            rows.append(dataclasses.asdict(post) | {"search": post_key(post, link.slug)})
        conn.execute(schema.posts.insert(), rows)
        for at_id, whose in enumerate(creators[:2]):
            for n in range(100):
                note = Note(guild_id, at_id * 100 + n, whose, None, now.date(), title(n), whose, now)
                conn.execute(schema.notes.insert().values(dataclasses.asdict(note)))
                about = (title(n), "clicks", 1_000, now.date(), now.date(), now)
                deal = Deal(guild_id, at_id * 100 + n, whose, *about, tags=("x",))
                conn.execute(schema.deals.insert().values(dataclasses.asdict(deal)))

    await app.db.write(lambda conn: conn.run_sync(work))
    summer = Address("summer", guild_id, creators[0], 1_000, destination="https://shop.example/")
    await app.db.write(lambda conn: addresses.add(conn, summer))


async def measure(seconds: float) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = Config(
            web=WebSection(base_url="https://go.example", host="127.0.0.1", port=0, trusted_proxies=PROXIES),
            storage=StorageSection(path=folder / "eyeballs.db", backups=folder / "backups"),
        )
        app = await stack.enter_async_context(open_application(config, shard_count=1))
        client = app.client()
        env = simcord.Env(client, settle_timeout=60)
        env.backend.advance_clock((SystemClock().now() - env.now()).total_seconds())
        await env.start()
        stack.push_async_callback(env.shutdown)
        guild = env.create_guild("Golden Hour")
        role = guild.create_role("Manager", permissions=discord.Permissions(manage_guild=True))
        channel = guild.create_text_channel("general")
        people = [guild.add_member(env.create_user(f"p{n}"), roles=[role] if not n else []) for n in range(CREATORS)]
        await fill(app, guild.id, [person.id for person in people])

        fixed = [app_commands.Choice(name=f"A choice {n}", value=str(n)) for n in range(25)]

        async def answer(_interaction: Any, _current: str) -> list[app_commands.Choice[str]]:
            return fixed

        group: Any = client.tree.get_command("impressions")
        group.get_command("log")._params["post"].autocomplete = answer

        async def cpu(who: Any, command: str, option: str, rounds: int) -> float:
            """Milliseconds of the loop's own thread, the median of keystrokes."""
            taken = []
            for typed in list(itertools.islice(itertools.cycle(TYPED), rounds)):
                begun = time.thread_time()
                await who.autocomplete(channel, command, option, typed)
                taken.append(time.thread_time() - begun)
            return at(0.5, taken[1:])

        print(f"{LINKS:,} links and {POSTS:,} posts; the loop's CPU for a keystroke, ms (ratio to 25 fixed choices)")
        for name, who in (("manager", people[0]), ("creator", people[1])):
            await cpu(who, *BASELINE, 6)
            base = await cpu(who, *BASELINE, 30)
            print(f"  {name:8} {'25 fixed choices':24} {base:6.2f}")
            for command, option in ASKED:
                await cpu(who, command, option, len(TYPED))
                value = await cpu(who, command, option, 18)
                what = f"/{command} {option}"
                print(f"  {name:8} {what:24} {value:6.2f}  {value / base:5.2f}  ours {value - base:6.2f}")

        unblock(env)
        watch = Watch()

        async def beside(keys_a_second: int) -> str:
            """The redirects' times with so many keystrokes a second beside them."""
            load = [sys.executable, "-m", "tests.bench_commands", "load", str(app.web.port), str(seconds)]
            clicks = await asyncio.create_subprocess_exec(*load, stdout=subprocess.PIPE)
            start, keys = asyncio.get_running_loop().time(), []
            for n in range(int(seconds * keys_a_second)):
                await asyncio.sleep(max(0.0, start + n / keys_a_second - asyncio.get_running_loop().time()))
                command, option = ASKED[n % len(ASKED)]
                who = people[n // len(ASKED) % 2]
                keys.append(asyncio.create_task(who.autocomplete(channel, command, option, TYPED[n % len(TYPED)])))
            told, _errors = await clicks.communicate()
            await asyncio.gather(*keys)
            while len(watch.waited) < len(keys):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            return told.decode().strip()

        alone, together = await beside(0), await beside(KEYS_A_SECOND)
        del env._begin_operation, env._end_operation, env._settle_internal
    print(f"{len(watch.waited)} keystrokes at {KEYS_A_SECOND}/s, beside {REDIRECTS_A_SECOND} redirects/s")
    print("                    p50 ms   p99 ms   at worst")
    print(
        f"  {'offered':16} {at(0.5, watch.waited):7.1f}  {at(0.99, watch.waited):7.1f}  {max(watch.waited) * 1000:8.1f}"
    )
    print(f"  {'redirected':16} {together}")
    print(f"  {'redirected alone':16} {alone}")


if __name__ == "__main__":
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {0})
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(measure(float(sys.argv[1]) if sys.argv[1:] else SECONDS))
