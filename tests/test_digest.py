"""The weekly digest stands in its channel once: over a week, a restart, a Discord that fails after it took it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from discord.http import Route
from simcord.http.client import FakeHTTPClient

from bot.delivery.budget import Budget
from cogs.delivery.messages import custom_ids
from cogs.delivery.port import DiscordPort
from storage.records import RunState
from tests.conftest import World, text_of, words


async def _set_up(world: World) -> None:
    """The digest of the server, due on Mondays at 09:00 in Berlin; it is Wednesday."""
    await world.admin.slash(
        world.channel, "digest setup", channel=world.channel, weekday=0, time="9:00", zone="Europe/Berlin"
    )


def _posted(world: World) -> list[discord.Message]:
    return [m for m in world.channel.history(viewer=world.sam) if "The week of" in words(m)]


async def _runs(world: World) -> list[RunState]:
    status = await world.app.services.digests.main(world.guild.id)
    assert status is not None
    return [run.state for run in status.runs]


async def test_a_week_later_the_digest_stands_in_the_channel_once(world: World) -> None:
    await world.add_link(title="Summer sale", creator=world.maya)
    await world.add_link("secret-deal", private=True)
    await _set_up(world)
    for _n in range(4):
        await world.visit("/summer")
    await world.visit("/secret-deal")
    world.move_to("2026-03-16T07:59:00+00:00")
    assert await world.tick() == 0
    world.move_to("2026-03-16T08:00:00+00:00")
    assert await world.tick() == 1
    (message,) = _posted(world)
    text = words(message)
    assert "9 Mar – 15 Mar 2026" in text
    assert "**5 clicks**" in text
    assert "1. **Summer sale** (`summer`) · 4 clicks" in text
    assert "Too early to call" in text
    assert "secret" not in text
    assert message.attachments[0].description

    assert await world.tick() == 0
    await world.env.restart_bot(world.app.client())
    assert await world.tick() == 0
    assert len(_posted(world)) == 1
    status = text_of(await world.admin.slash(world.channel, "digest status"))
    assert "Mondays at 09:00 (Europe/Berlin)" in status
    assert "Week of 9 Mar: posted" in status

    world.move_to("2026-03-23T08:00:00+00:00")
    assert await world.tick() == 1
    assert len(_posted(world)) == 2


async def test_moving_the_day_does_not_post_a_week_twice(world: World) -> None:
    await _set_up(world)
    world.move_to("2026-03-16T08:00:00+00:00")
    await world.tick()
    await world.admin.slash(world.channel, "digest setup", channel=world.channel, weekday=3, time="9:00")
    world.move_to("2026-03-19T08:00:00+00:00")
    assert await world.tick() == 0
    assert len(_posted(world)) == 1
    assert text_of(await world.admin.slash(world.channel, "digest status")).count("posted") == 1


async def test_a_new_zone_never_costs_a_week(world: World) -> None:
    await _set_up(world)
    world.move_to("2026-03-16T07:30:00+00:00")  # half an hour before it is due; past nine in Kolkata
    await world.admin.slash(world.channel, "setup", zone="Asia/Kolkata")
    assert await world.tick() == 0
    world.move_to("2026-03-16T08:00:00+00:00")
    assert await world.tick() == 1
    world.move_to("2026-03-23T03:30:00+00:00")  # from now on at nine there
    assert await world.tick() == 1
    assert len(_posted(world)) == 2


async def test_two_ticks_at_once_send_one(world: World) -> None:
    await _set_up(world)
    world.move_to("2026-03-16T08:00:00+00:00")
    assert sum(await asyncio.gather(*(world.tick() for _n in range(4)))) == 1
    assert len(_posted(world)) == 1


@contextmanager
def _discord_that_enforces_nonces(*, fail_after_taking: int, window: bool = True) -> Iterator[None]:
    """Keep messages by nonce as Discord does for some minutes; answer 500 after taking the first so many."""
    real = FakeHTTPClient.request
    taken: dict[str, Any] = {}
    failures = fail_after_taking

    async def request(self: Any, route: Route, **kwargs: Any) -> Any:
        nonlocal failures
        if route.method != "POST" or not route.url.endswith("/messages"):
            return await real(self, route, **kwargs)
        form = kwargs.get("form")
        body = json.loads(form[0]["value"]) if form else kwargs["json"]
        nonce = body.get("nonce")
        assert body.get("enforce_nonce")
        if window and nonce in taken:
            return taken[nonce]
        taken[nonce] = await real(self, route, **kwargs)
        if failures:
            failures -= 1

            class Response:
                status, reason = 500, "Internal Server Error"

            raise discord.DiscordServerError(Response(), "taken, but not said")  # type: ignore[arg-type]
        return taken[nonce]

    FakeHTTPClient.request = request  # type: ignore[method-assign]
    try:
        yield
    finally:
        FakeHTTPClient.request = real  # type: ignore[method-assign]


@pytest.mark.parametrize("window", [True, False], ids=["nonce remembered", "nonce forgotten"])
async def test_a_500_after_discord_took_it_does_not_double_it(world: World, window: bool) -> None:
    await _set_up(world)
    world.move_to("2026-03-16T08:00:00+00:00")
    with _discord_that_enforces_nonces(fail_after_taking=1, window=window):
        assert await world.tick() == 0
        assert await _runs(world) == [RunState.SENDING]
        assert await world.tick() == 0  # the lease holds
        world.move(minutes=4)
        assert await world.tick() == 1
    assert len(_posted(world)) == 1
    assert await _runs(world) == [RunState.SENT]


async def test_an_unreadable_history_is_said_and_nothing_is_sent_again(world: World) -> None:
    await _set_up(world)
    world.move_to("2026-03-16T08:00:00+00:00")
    with _discord_that_enforces_nonces(fail_after_taking=1, window=False):
        await world.tick()
        world.move(minutes=4)
        world.env.inject_error("GET", "/channels/*/messages", status=403, code=50001)
        assert await world.tick() == 0
    assert len(_posted(world)) == 1
    assert await _runs(world) == [RunState.UNKNOWN]
    assert "history can't be read" in text_of(await world.admin.slash(world.channel, "digest status")).replace("\\", "")


async def test_after_downtime_the_latest_week_only(world: World) -> None:
    await _set_up(world)
    world.move_to("2026-03-31T09:00:00+00:00")  # two Mondays went by, the second a day ago
    assert await world.tick() == 1
    (message,) = _posted(world)
    assert "23 Mar – 29 Mar 2026" in words(message)
    assert "Late" in words(message)
    assert await _runs(world) == [RunState.SENT, RunState.SKIPPED, RunState.SKIPPED]


async def test_too_late_is_skipped_visibly(world: World) -> None:
    await _set_up(world)
    world.move_to("2026-03-18T09:00:00+00:00")
    assert await world.tick() == 0
    assert _posted(world) == []
    assert "Week of 9 Mar: skipped" in text_of(await world.admin.slash(world.channel, "digest status"))


async def test_a_lost_permission_pauses_once_and_says_why(world: World) -> None:
    await _set_up(world)
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    world.move_to("2026-03-16T08:00:00+00:00")
    assert await world.tick() == 0
    assert await _runs(world) == [RunState.PENDING]
    world.move(hours=1)
    assert await world.tick() == 0  # no 403 is asked for again before the next day
    assert "It is paused" in text_of(await world.admin.slash(world.channel, "digest status"))


async def test_preview_and_off(world: World) -> None:
    assert "no digest yet" in text_of(await world.admin.slash(world.channel, "digest status"))
    assert "There is no digest yet, or it is off" in text_of(await world.admin.slash(world.channel, "digest off"))
    preview = await world.admin.slash(world.channel, "digest preview")
    assert preview.ephemeral
    assert "A quiet week" in text_of(preview)
    await _set_up(world)
    await world.admin.slash(world.channel, "digest off")
    world.move(days=30)
    assert await world.tick() == 0
    assert "It is off" in text_of(await world.admin.slash(world.channel, "digest status"))
    assert "no digest of your own" in text_of(await world.maya.slash(world.channel, "digest off"))


async def test_a_bad_set_up_changes_nothing(world: World) -> None:
    for options, said in (
        ({"zone": "Nowhere/City"}, "There is no time zone"),
        ({"time": "25:00"}, "is not a time of day"),
    ):
        refused = await world.admin.slash(world.channel, "digest setup", channel=world.channel, **options)
        assert said in text_of(refused)
    assert await world.app.services.digests.main(world.guild.id) is None


async def test_the_digest_explains_itself_to_everybody(world: World) -> None:
    await _set_up(world)
    world.move_to("2026-03-16T08:00:00+00:00")
    await world.tick()
    pressed = await world.sam.click(_posted(world)[0], label="Explain")
    assert pressed.ephemeral
    assert "Unique clicks" in text_of(pressed)


async def test_one_servers_failure_does_not_stop_the_others(world: World) -> None:
    await _set_up(world)
    other = world.env.create_guild("Other")
    there = other.create_text_channel("general")
    role = other.create_role("Boss", permissions=discord.Permissions(manage_guild=True))
    boss = other.add_member(world.env.create_user("boss"), roles=[role])
    await boss.slash(there, "digest setup", channel=there, weekday=0, time="9:00", zone="Europe/Berlin")
    world.move_to("2026-03-16T08:00:00+00:00")

    class Faulty(DiscordPort):
        async def send(self, address: Any, content: Any, *, nonce: str) -> int:
            if address.guild_id == world.guild.id:
                raise ConnectionError("broken")
            return await super().send(address, content, nonce=nonce)

    assert await world.app.services.digests.tick(Faulty(world.client, world.app.budget, world.app.direct)) == 1
    assert len(there.history()) == 1


async def test_no_second_sees_more_requests_than_the_budget() -> None:
    budget, began = Budget(5), []

    async def ask() -> None:
        await budget.take()
        began.append(time.monotonic())

    await asyncio.gather(*(ask() for _n in range(13)))
    assert len(began) == 13
    assert all(later - earlier >= 1.0 for earlier, later in zip(began, began[5:], strict=False))


def test_a_marker_is_found_however_deep_it_lies() -> None:
    def layer(*children: Any, **own: Any) -> Any:
        return SimpleNamespace(children=children, **own)

    button = SimpleNamespace(custom_id="digest:1:2:20260309")
    for message in ([layer(button)], [layer(layer(layer(button)))], [layer(SimpleNamespace(accessory=button))]):
        assert list(custom_ids(message)) == ["digest:1:2:20260309"]
    assert list(custom_ids([layer(SimpleNamespace(custom_id=None))])) == []
