"""What is paused wakes by itself, trouble is told where managers read, and a fault of our own is told as ours."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest
import structlog
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType

from bot.alerts import rules
from bot.delivery import direct
from bot.delivery.direct import DirectChannels
from bot.digests.contents import Contents
from storage.records import RunState
from tests.alerted import clicked, link_named, look, posted, sent_to, set_up, tell, tick
from tests.conftest import QuickCharts, World, text_of
from tests.refusals import refused
from tests.test_delivery import digest_to_channel


def forbid(world: World, channel: Any, **rights: bool) -> None:
    me = world.guild.me
    assert me is not None
    deny = discord.Permissions(**rights).value
    world.env.backend.set_overwrite(
        channel.id, Overwrite(target_id=me.id, type=OverwriteType.MEMBER, allow=0, deny=deny)
    )


async def waiting_alert(world: World) -> None:
    await world.add_link(creator=world.maya)
    await set_up(world)
    await clicked(world, await link_named(world, "summer"), 100)
    await look(world)


# ------------------------------------------------------------------ alerts


@pytest.mark.parametrize("right", ["attach_files", "embed_links", "read_message_history"])
async def test_an_alert_comes_without_a_right_that_it_does_not_need(world: World, right: str) -> None:
    await waiting_alert(world)
    forbid(world, world.channel, **{right: True})
    await world.env.settle()
    assert await tell(world) == 1
    (message,) = [m for m in world.channel.history() if "summer" in m.content or m.embeds]
    assert bool(message.attachments) is (right == "read_message_history")


async def test_alerts_wake_when_rights_return_and_tell_what_happened_meanwhile(world: World) -> None:
    await waiting_alert(world)
    forbid(world, world.channel, send_messages=True)
    await world.env.settle()
    assert await tell(world) == 0
    assert "it tries again every day" in text_of(await world.admin.slash(world.channel, "alerts status"))
    await clicked(world, await link_named(world, "summer"), 900)
    world.move(hours=5)
    assert await tick(world) == 0
    me = world.guild.me
    assert me is not None
    world.env.backend.delete_overwrite(world.channel.id, me.id)
    await world.env.settle()
    world.move(hours=20)
    assert await tell(world) > 1  # what was refused, then what waited
    assert "paused" not in text_of(await world.admin.slash(world.channel, "alerts status"))


@pytest.mark.parametrize("server", [True, False], ids=["setup", "me"])
async def test_alerts_that_are_set_up_anew_while_they_are_paused_tell_what_waited(world: World, server: bool) -> None:
    async def again(channel: Any = None) -> str:
        if server:
            return text_of(
                await world.admin.slash(world.channel, "alerts setup", channel=channel or world.channel, drops=False)
            )
        return text_of(await world.maya.slash(world.channel, "alerts me", drops=False))

    await world.add_link(creator=world.maya)
    await again()
    link = await link_named(world, "summer")
    await clicked(world, link, 100)
    with refused(403, 50013):
        assert await tick(world) == 0
        await clicked(world, link, 900)
        assert await look(world) > 0
        assert await tell(world) == 0
    assert "paused" not in await again(world.guild.create_text_channel("elsewhere"))
    assert await tell(world) > 1  # at once: what was refused, and what waited behind it
    assert await tell(world) == 0


async def test_what_waited_and_is_no_longer_wanted_is_not_told(world: World) -> None:
    await waiting_alert(world)
    with refused(403, 50013):
        assert await tell(world) == 0
    await set_up(world, milestones=False)
    assert await tell(world) == 0
    await set_up(world, milestones=True)
    assert await tick(world) == 0


async def test_alerts_that_were_off_tell_nothing_of_what_was_then(world: World) -> None:
    await waiting_alert(world)
    await world.admin.slash(world.channel, "alerts off")
    await set_up(world)
    assert await tick(world) == 0


async def test_alerts_that_nobody_could_be_told_for_long_still_wake(world: World) -> None:
    await waiting_alert(world)
    with refused(403, 50013):
        for _n in range(rules.KEPT.days + 3):
            assert await tell(world) == 0
            world.move(days=1, minutes=1)
    await clicked(world, await link_named(world, "summer"), 900)
    assert await tick(world) == 1


async def test_alerts_go_on_when_the_bot_is_invited_again(world: World) -> None:
    await world.add_link(creator=world.maya)
    await set_up(world)
    await world.maya.slash(world.channel, "alerts me")
    gone = world.client._connection._guilds.pop(world.guild.id)
    await world.app.services.alerts.leave(world.guild.id)
    assert await tell(world) == 0
    world.client._connection._guilds[world.guild.id] = gone
    assert await tell(world) == 0
    await clicked(world, await link_named(world, "summer"), 100)
    assert await tick(world) == 2


async def test_a_creators_alerts_wake_when_they_open_their_direct_messages(world: World) -> None:
    await world.add_link(creator=world.maya)
    await world.maya.slash(world.channel, "alerts me")
    await clicked(world, await link_named(world, "summer"), 100)
    await look(world)
    with refused(403, 50007):
        assert await tell(world) == 0
    world.move(days=1, minutes=1)
    assert await tell(world) == 1
    assert len(sent_to(world.maya)) == 1


# ------------------------------------------------------------------ where trouble is told


async def test_trouble_is_told_to_who_set_it_up_and_never_in_public(world: World) -> None:
    world.env.backend.guilds[world.guild.id].system_channel_id = world.channel.id
    world.client.get_guild(world.guild.id)._system_channel_id = world.channel.id  # type: ignore[union-attr]
    lounge = world.guild.create_text_channel("staff-only-lounge")
    await world.admin.slash(world.channel, "digest setup", channel=lounge, weekday=0, time="9:00")
    forbid(world, lounge, send_messages=True)
    await world.env.settle()
    world.move_to("2026-03-16T09:00:00+00:00")
    await world.tick()
    assert world.channel.history() == []
    (message,) = world.admin.user.dm_channel.history()
    assert "#staff-only-lounge" in message.content.replace("\\", "")
    world.move(days=1, minutes=1)
    await world.tick()
    assert len(world.admin.user.dm_channel.history()) == 1


async def test_a_notice_that_could_not_be_delivered_is_not_lost(world: World) -> None:
    await digest_to_channel(world)
    with refused(403, 50013, of=lambda body: True):
        await world.tick()
    world.move(days=1, minutes=1)
    with refused(403, 50013):
        await world.tick()
    assert len(world.admin.user.dm_channel.history()) == 1


async def test_one_servers_flag_stops_no_other_and_is_told_only_when_it_stands(world: World) -> None:
    await world.add_link()
    other = world.env.create_guild("Other")
    there = other.create_text_channel("general")
    role = other.create_role("Boss", permissions=discord.Permissions(manage_guild=True))
    boss = other.add_member(world.env.create_user("boss"), roles=[role])
    await boss.slash(there, "link add", name="winter", destination="https://shop.example/winter")
    for address in ("summer", "winter"):
        await world.app.services.flags.add(address, "scam")
    with refused(500, 0, of=lambda body: "summer" in str(body)):
        assert await world.notify() == 1
        assert [flagged.address for flagged in await world.app.services.flags.untold()] == ["summer"]
    world.move(minutes=4)
    assert await world.notify() == 1
    assert await world.app.services.flags.untold() == []


# ------------------------------------------------------------------ faults of our own


async def test_a_fault_of_our_own_is_told_as_ours_and_logged_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_args: Any, **_options: Any) -> Any:
        raise ValueError("A count is 0 or more")

    await digest_to_channel(world)
    monkeypatch.setattr(Contents, "of", broken)
    with structlog.testing.capture_logs() as logs:
        for minutes in (4, 4, 40 * 60):
            assert await world.tick() == 0
            world.move(minutes=minutes)
        assert await world.tick() == 0
    status = await world.app.services.digests.main(world.guild.id)
    assert status is not None
    run = status.runs[0]
    assert run.state is RunState.FAILED
    assert "went wrong on our side" in run.reason
    error_id = run.reason.rsplit(" ", 1)[1]
    ours = [entry for entry in logs if entry.get("error_id") == error_id]
    assert [bool(entry["exc_info"]) for entry in ours] == [True, *[False] * (len(ours) - 1)]
    sender = world.app.services.digests.sender
    assert sender.failed == {"own": 1}
    assert sender.errors == len(ours)
    shown = text_of(await world.admin.slash(world.channel, "digest status"))
    assert "Discord could not be reached" not in shown
    assert "on our side" in shown


async def test_a_chart_that_cant_be_drawn_costs_the_chart_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_args: Any, **_options: Any) -> bytes:
        raise ValueError("no such colour")

    await waiting_alert(world)
    await digest_to_channel(world)
    await world.visit("/summer")
    monkeypatch.setattr(QuickCharts, "draw", broken)
    world.move_to("2026-03-23T09:00:00+00:00")
    assert await world.tick() == 1
    (message,) = world.channel.history()
    assert not message.attachments


# ------------------------------------------------------------------ direct messages


async def test_a_direct_channel_is_opened_once_and_remembered_over_a_restart(world: World) -> None:
    def opened() -> int:
        return sum(r.method == "POST" and r.path.endswith("/users/@me/channels") for r in world.env.http_requests)

    await world.add_link(creator=world.maya)
    await world.maya.slash(world.channel, "alerts me")
    link = await link_named(world, "summer")
    for n, clicks in enumerate((100, 900)):
        await clicked(world, link, clicks)
        assert await tick(world) >= 1
        assert opened() == 1, n
        await world.env.restart_bot(world.app.client())


async def test_direct_channels_are_opened_one_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    now = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    monkeypatch.setattr(direct.asyncio, "sleep", sleep)
    channels = DirectChannels(None, lambda: now)  # type: ignore[arg-type]
    await asyncio.gather(*(channels.turn() for _n in range(4)))
    assert slept == [1.0, 1.0, 1.0]


# ------------------------------------------------------------------ what status says


async def test_status_says_only_what_is_told(world: World) -> None:
    text = text_of(await set_up(world))
    assert "Told: milestones, spikes, drops.\n" in text
    assert "Dead links would be told too, but the operator has not allowed it." in text
    world.app.services.alerts.checks_destinations = True
    text = text_of(await world.admin.slash(world.channel, "alerts status"))
    assert "Told: milestones, spikes, drops, dead links." in text
    assert "not allowed" not in text
    assert posted(world) == []
