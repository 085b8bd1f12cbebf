"""Going online: commands are registered when they must be, and a refusal costs nobody the bot."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import discord
import pytest
from aiohttp import ClientTimeout, web
from aiohttp.test_utils import TestServer
from discord.http import Route

from bot import client
from bot.checks import check_all
from bot.config import Config, StorageSection, WebSection
from storage import meta
from tests.conftest import World, text_of
from tests.waiting import becomes


def registrations(world: World) -> int:
    return sum(r.method == "PUT" and r.path.endswith("/commands") for r in world.env.http_requests)


async def change_commands(world: World) -> None:
    """What Discord was told is no longer what there is to tell."""
    await world.app.db.write(lambda conn: meta.put(conn, client.COMMANDS, "another version's"))


async def refusal(world: World) -> str | None:
    async with world.app.db.read() as conn:
        return await meta.get(conn, client.COMMANDS_REFUSED)


@pytest.mark.parametrize(("status", "code"), [(400, 50035), (400, 30034), (403, 50001), (503, 0)], ids=str)
async def test_a_refused_registration_keeps_nobody_offline(
    world: World, status: int, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(client, "REGISTER_SECONDS", 0.2)
    await change_commands(world)
    world.env.inject_error("PUT", "/applications/*/commands", status=status, code=code, message="no", times=None)
    await world.env.restart_bot(world.app.client())
    assert world.client.is_ready()
    assert "No links yet" in text_of(await world.admin.slash(world.channel, "link list"))
    assert str(code or status) in (await refusal(world) or "")
    storage = StorageSection(path=tmp_path / "eyeballs.db")
    config = Config(web=WebSection(base_url="https://go.example"), storage=storage)
    problems = [finding.text for finding in await check_all(config) if not finding.fine]
    assert any("slash commands could not be registered" in text for text in problems)


async def test_it_is_tried_again_with_growing_pauses(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        if seconds >= client.FIRST_PAUSE:
            pauses.append(seconds)
        await real(0)

    await change_commands(world)
    before = registrations(world)
    world.env.inject_error("PUT", "/applications/*/commands", status=400, code=30034, times=3)
    monkeypatch.setattr(client.asyncio, "sleep", sleep)
    await world.env.restart_bot(world.app.client())
    assert await becomes(lambda: refusal(world), "") == ""
    assert pauses == [300, 600, 1200]
    assert registrations(world) == before + 4


async def test_a_rate_limit_of_hours_does_not_hold_up_going_online(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sync(*_args: object, **_options: object) -> list[discord.app_commands.AppCommand]:
        await asyncio.sleep(3600)
        return []

    monkeypatch.setattr(client, "REGISTER_SECONDS", 0.05)
    monkeypatch.setattr(discord.app_commands.CommandTree, "sync", sync)
    await change_commands(world)
    await world.env.restart_bot(world.app.client())
    assert world.client.is_ready()


async def test_commands_that_somebody_deleted_come_back(world: World) -> None:
    commands = world.env.backend.commands[None]
    gone = next(iter(commands))
    del commands[gone]
    before = registrations(world)
    await world.env.restart_bot(world.app.client())
    assert registrations(world) == before + 1
    await world.env.restart_bot(world.app.client())
    assert registrations(world) == before + 1


async def test_a_discord_that_hangs_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def me(_request: web.Request) -> web.Response:
        return web.json_response({"id": "1", "username": "eyeballs", "discriminator": "0", "avatar": None})

    async def hang(_request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        raise AssertionError

    discord_api = web.Application()
    discord_api.router.add_get("/users/@me", me)
    discord_api.router.add_get("/gateway/bot", hang)
    async with TestServer(discord_api) as server:
        monkeypatch.setattr(Route, "BASE", str(server.make_url("")).rstrip("/"))
        monkeypatch.setattr(client, "DEADLINE", ClientTimeout(sock_read=0.1))
        monkeypatch.setattr(client, "COGS", ())
        monkeypatch.setattr(client, "REGISTER_SECONDS", 0.0)
        told: list[float] = []
        ours = client.Client(world.app.services, world.app.db, tell_time=told.append)
        async with ours:
            await ours.http.static_login("token")
            await ours.setup_hook()
            with pytest.raises(TimeoutError):
                await ours.http.get_bot_gateway()
    assert [round(one - time.time(), -2) for one in told] == [0]  # what its answer said
