"""An alert arrives once, whatever Discord does; its buttons and the commands obey those who may."""

from __future__ import annotations

import discord
import pytest

from bot.errors import RefusedError
from bot.links.access import Actor
from storage.records import SERVER_TARGET
from tests.alerted import clicked, link_named, look, posted, sent_to, set_up, tell, tick
from tests.conftest import World, answer_of, text_of
from tests.test_digest import _discord_that_enforces_nonces as discord_that_enforces_nonces

# ------------------------------------------------------------------ delivery and its failures


async def _waiting(world: World) -> None:
    await world.add_link()
    await set_up(world)
    await clicked(world, await link_named(world, "summer"), 100)
    await look(world)


@pytest.mark.parametrize("window", [True, False], ids=["nonce remembered", "nonce forgotten"])
async def test_a_500_after_discord_took_it_does_not_double_it(world: World, window: bool) -> None:
    await _waiting(world)
    with discord_that_enforces_nonces(fail_after_taking=1, window=window):
        assert await tell(world) == 0
        assert await tell(world) == 0  # the lease holds
        await world.env.restart_bot(world.app.client())
        world.move(minutes=4)
        assert await tell(world) == 1
    assert len(posted(world)) == 1


async def test_an_unreadable_history_is_said_and_nothing_is_sent_again(world: World) -> None:
    await _waiting(world)
    with discord_that_enforces_nonces(fail_after_taking=1, window=False):
        await tell(world)
        world.move(minutes=4)
        world.env.inject_error("GET", "/channels/*/messages", status=403, code=50001)
        assert await tell(world) == 0
    world.move(minutes=4)
    assert await tell(world) == 0
    assert len(posted(world)) == 1
    status = text_of(await world.admin.slash(world.channel, "alerts status"))
    assert "the history can't be read" in status.replace("\\", "")


async def test_a_lost_permission_pauses_once_and_says_why(world: World) -> None:
    await _waiting(world)
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    assert await tell(world) == 0
    world.move(days=1)
    await clicked(world, await link_named(world, "summer"), 900)
    before = len(world.env.http_requests)
    assert await tick(world) == 0
    assert len(world.env.http_requests) == before
    assert "They are paused" in text_of(await world.admin.slash(world.channel, "alerts status"))
    await set_up(world)
    assert await tick(world) == 2  # what was refused, and what waited
    await clicked(world, await link_named(world, "summer"), 2_000)
    assert await tick(world) == 1


async def test_refused_direct_messages_pause_that_creators_alone(world: World) -> None:
    await world.add_link(creator=world.maya)
    await world.maya.slash(world.channel, "alerts me")
    await set_up(world)
    await clicked(world, await link_named(world, "summer"), 100)
    await look(world)
    dm = world.maya.user.dm_channel.id
    world.env.inject_error("POST", f"/channels/{dm}/messages", status=403, code=50007, times=None)
    assert await tell(world) == 1
    status = text_of(await world.maya.slash(world.channel, "alerts status"))
    assert "privacy settings refuse" in status
    assert len(posted(world)) == 1


# ------------------------------------------------------------------ commands and buttons


async def test_mute_this_link_for_a_week(world: World) -> None:
    await world.add_link(creator=world.maya)
    await set_up(world)
    link = await link_named(world, "summer")
    await clicked(world, link, 100)
    await tick(world)
    (message,) = posted(world)
    assert "Only the link's creator" in text_of(await world.sam.click(message, label="Mute this link for a week"))
    await world.env.restart_bot(world.app.client())
    pressed = await world.maya.click(message, label="Mute this link for a week")
    assert pressed.ephemeral
    assert "No alerts of **summer** until" in text_of(pressed)
    await clicked(world, link, 200)
    assert await tick(world) == 0
    assert "is muted until" in text_of(await world.admin.slash(world.channel, "alerts status"))
    world.move(days=8)
    await clicked(world, link, 400)
    assert await tick(world) == 1


async def test_the_button_works_in_a_direct_message(world: World) -> None:
    await world.add_link(creator=world.maya)
    await world.maya.slash(world.channel, "alerts me")
    link = await link_named(world, "summer")
    await clicked(world, link, 100)
    await tick(world)
    (message,) = sent_to(world.maya)
    pressed = await world.maya.user.click(message, label="Mute this link for a week")
    assert "No alerts of **summer** until" in text_of(pressed)
    await clicked(world, link, 200)
    assert await tick(world) == 0


async def test_everybody_may_ask_why(world: World) -> None:
    await _waiting(world)
    await tell(world)
    pressed = await world.sam.click(posted(world)[0], label="Why this?")
    assert pressed.ephemeral
    assert "told once for ever" in text_of(pressed)


async def test_a_button_of_another_server_does_nothing(world: World) -> None:
    await _waiting(world)
    await tell(world)
    (message,) = posted(world)
    other = world.env.create_guild("Other")
    role = other.create_role("Boss", permissions=discord.Permissions(manage_guild=True))
    boss = other.add_member(world.env.create_user("boss"), roles=[role])
    there = other.create_text_channel("general")
    await boss.slash(there, "alerts setup", channel=there)
    foreign = world.app.services.alerts
    link = await link_named(world, "summer")
    with pytest.raises(RefusedError):
        await foreign.mute(Actor(other.id, boss.id, manager=True), SERVER_TARGET, link.id)
    with pytest.raises(RefusedError):
        await foreign.mute(Actor(world.guild.id, world.sam.id), world.maya.id, link.id)
    assert message.id


async def test_commands_say_what_is_on_and_who_may(world: World) -> None:
    world.app.services.alerts.checks_destinations = True
    assert "No alerts are on" in text_of(await world.maya.slash(world.channel, "alerts status"))
    refused = await world.maya.slash(world.channel, "alerts setup", channel=world.channel)
    assert "Manage Server" in text_of(refused)
    assert "Manage Server" in text_of(await world.maya.slash(world.channel, "alerts off"))
    assert "no alerts to switch off" in text_of(await world.admin.slash(world.channel, "alerts off"))
    assert "no alerts to switch off" in text_of(await world.maya.slash(world.channel, "alerts me", on=False))
    wrong = text_of(await set_up(world, quiet="night"))
    assert "type them like 22:00-08:00" in wrong
    done = await set_up(world, drops=False, quiet="22-8")
    assert done.ephemeral
    assert "Told: milestones, spikes, dead links." in text_of(done)
    kept = await set_up(world, spikes=False)
    assert "Told: milestones, dead links." in text_of(kept)
    assert "Quiet from 22:00 to 08:00 (UTC)." in text_of(kept)
    assert "Quiet" not in text_of(await set_up(world, quiet="off")).split("\n\n")[0]
    mine = text_of(await world.maya.slash(world.channel, "alerts me", milestones=False))
    assert "By direct message" in mine
    assert "Told: spikes, drops, dead links." in mine
    await world.maya.slash(world.channel, "alerts me", on=False)
    assert "They are off" in text_of(await world.maya.slash(world.channel, "alerts status"))
    assert answer_of(await world.admin.slash(world.channel, "alerts status")).embeds[0].fields[0].name == "The server's"
