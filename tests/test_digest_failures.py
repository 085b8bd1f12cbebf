"""A digest that can't be posted: loud once, never in a loop, and again when it can be."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType

from storage.records import RunState
from tests.conftest import World, text_of
from tests.refusals import refused

MONDAY, TUESDAY, NEXT = "2026-03-16T08:00:00+00:00", "2026-03-17T08:00:01+00:00", "2026-03-23T08:00:00+00:00"


@pytest.fixture
async def lounge(world: World) -> Any:
    """The digest's channel; it is due on Monday; managers read of what goes wrong in #general."""
    where = world.guild.create_text_channel("lounge")
    world.env.backend.guilds[world.guild.id].public_updates_channel_id = world.channel.id
    world.client.get_guild(world.guild.id)._public_updates_channel_id = world.channel.id  # type: ignore[union-attr]
    await world.admin.slash(world.channel, "digest setup", channel=where, weekday=0, time="9:00", zone="Europe/Berlin")
    return where


async def runs(world: World) -> list[RunState]:
    status = await world.app.services.digests.main(world.guild.id)
    assert status is not None
    return [run.state for run in status.runs]


def notices(world: World) -> list[str]:
    return [m.content.replace("\\", "") for m in world.channel.history() if "could not be posted" in m.content]


async def said(world: World) -> str:
    return text_of(await world.admin.slash(world.channel, "digest status")).replace("\\", "")


async def test_a_channel_that_is_gone_is_told_once(world: World, lounge: Any) -> None:
    world.env.backend.delete_channel(lounge.id)
    await world.env.settle()
    world.move_to(MONDAY)
    assert await world.tick() == 0
    assert await runs(world) == [RunState.FAILED]
    world.move_to(NEXT)
    assert await world.tick() == 0
    assert len(notices(world)) == 1
    assert "The channel is gone" in notices(world)[0]
    assert "It is paused: The channel is gone" in await said(world)
    assert world.app.services.digests.sender.failed == {"channel": 2}
    await world.admin.slash(world.channel, "digest setup", channel=world.channel)
    world.move(days=7)
    assert await world.tick() == 1


async def test_a_lost_permission_is_told_once_and_tried_again_the_next_day(world: World, lounge: Any) -> None:
    me = world.guild.me
    assert me is not None
    deny = discord.Permissions(send_messages=True).value
    world.env.backend.set_overwrite(
        lounge.id, Overwrite(target_id=me.id, type=OverwriteType.MEMBER, allow=0, deny=deny)
    )
    await world.env.settle()
    world.move_to(MONDAY)
    assert await world.tick() == 0
    assert await runs(world) == [RunState.PENDING]
    assert "lacks permissions in #lounge: Send Messages" in notices(world)[0]
    world.move(hours=5)
    assert await world.tick() == 0
    world.env.backend.delete_overwrite(lounge.id, me.id)
    await world.env.settle()
    assert await world.tick() == 0  # at most daily
    world.move_to(TUESDAY)
    assert await world.tick() == 1
    assert len(lounge.history()) == len(notices(world)) == 1
    assert await runs(world) == [RunState.SENT]
    assert "Next: " in await said(world)


async def test_who_mends_it_and_sets_it_up_again_need_not_wait(world: World, lounge: Any) -> None:
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    world.move_to(MONDAY)
    assert await world.tick() == 0
    world.move(minutes=5)
    assert await world.tick() == 0
    await world.admin.slash(world.channel, "digest setup", channel=lounge)
    assert await world.tick() == 1
    assert await world.tick() == 0


@pytest.mark.parametrize("lost", ["attach_files", "embed_links"])
async def test_without_a_permission_it_comes_as_text(world: World, lounge: Any, lost: str) -> None:
    me = world.guild.me
    assert me is not None
    deny = discord.Permissions(**{lost: True}).value
    world.env.backend.set_overwrite(
        lounge.id, Overwrite(target_id=me.id, type=OverwriteType.MEMBER, allow=0, deny=deny)
    )
    await world.env.settle()
    world.move_to(MONDAY)
    assert await world.tick() == 1
    (message,) = lounge.history()
    assert not message.attachments


@pytest.mark.parametrize("code", [200000, 240000], ids=["AutoMod", "harmful link"])
async def test_what_is_refused_for_its_links_comes_without_them(world: World, lounge: Any, code: int) -> None:
    world.move_to(MONDAY)
    with refused(400, code, times=1) as seen:
        assert await world.tick() == 1
        assert len(seen) == 2
    (message,) = lounge.history()
    assert "http" not in message.content


async def test_a_digest_that_automod_never_takes_is_told_once_and_comes_when_it_is_taken(
    world: World, lounge: Any
) -> None:
    world.move_to(MONDAY)
    with refused(400, 200000) as seen:
        for _n in range(3):
            assert await world.tick() == 0
            world.move(days=1)
        assert len(seen) == 2
        world.move_to(NEXT)
        assert await world.tick() == 0
        assert len(seen) == 4
    assert len(notices(world)) == 1
    assert await runs(world) == [RunState.FAILED, RunState.FAILED]
    assert "AutoMod or Discord's link filter refused the digest" in await said(world)
    assert world.app.services.digests.sender.failed == {"automod": 2}
    world.move(days=7)
    assert await world.tick() == 1
    assert "It is paused" not in await said(world)


async def test_a_malformed_message_loses_its_files_then_its_layout_and_is_given_up(world: World, lounge: Any) -> None:
    world.move_to(MONDAY)
    with refused(400, 50035, times=2) as seen:
        assert await world.tick() == 1
        assert len(seen) == 3
    (message,) = lounge.history()
    assert message.content
    world.move_to(NEXT)
    with refused(400, 50035) as seen:
        assert await world.tick() == 0
        assert len(seen) == 3
    assert world.app.services.digests.sender.failed == {"payload": 1}


async def test_one_that_was_deleted_counts_as_sent(world: World, lounge: Any) -> None:
    world.move_to(MONDAY)
    world.env.inject_error("POST", "/channels/*/messages", status=404, code=10008)
    assert await world.tick() == 1
    assert await runs(world) == [RunState.SENT]


async def test_a_server_that_the_bot_left_and_came_back_to(world: World, lounge: Any) -> None:
    digests = world.app.services.digests
    gone = world.client._connection._guilds.pop(world.guild.id)
    await digests.leave(world.guild.id)
    world.move_to(NEXT)
    assert await world.tick() == 0
    status = await digests.main(world.guild.id)
    assert status is not None
    assert status.digest.state == "left"
    assert status.runs == []
    world.client._connection._guilds[world.guild.id] = gone
    assert await world.tick() == 0
    world.move(days=7)
    assert await world.tick() == 1
    assert notices(world) == []


async def test_a_removal_that_nobody_saw_is_noticed_when_it_is_due(world: World, lounge: Any) -> None:
    del world.client._connection._guilds[world.guild.id]
    world.env.inject_error("GET", "/guilds/*", status=404, code=10004)
    world.move_to(MONDAY)
    assert await world.tick() == 0
    status = await world.app.services.digests.main(world.guild.id)
    assert status is not None
    assert status.digest.state == "left"
    assert world.app.services.digests.sender.failed == {"left": 1}


async def test_closed_direct_messages_are_said_privately(world: World) -> None:
    await world.maya.slash(world.channel, "digest me", weekday=0, time="9:00")
    world.move_to("2026-03-16T09:00:00+00:00")
    with refused(403, 50007):
        assert await world.tick() == 0
    assert notices(world) == []
    text = text_of(await world.maya.slash(world.channel, "digest status"))
    assert "It is paused: You take no direct messages" in text
    assert "no digest yet" in text_of(await world.admin.slash(world.channel, "digest status"))
    world.move_to("2026-03-17T09:00:01+00:00")
    assert await world.tick() == 1
    assert "It is paused" not in text_of(await world.maya.slash(world.channel, "digest status"))
