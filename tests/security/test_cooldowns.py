"""Nobody keeps the bot busy: every command has its cool-down, by member and by server."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.clock import FixedClock
from bot.cooldowns import COSTS, Cooldowns, Cost, cost_of, refusal
from cogs.ui.digest.buttons import ExplainButton
from tests.conftest import NOW, World, text_of

WAIT = Cooldowns.wait
"""As it is, which the fixture `world` puts out of the way."""
IDS = ["ordinary", "costly", "shared", "typed", "pressed"]


@pytest.mark.parametrize("cost", Cost, ids=IDS)
def test_a_member_and_a_server_have_their_allowances(cost: Cost) -> None:
    cooldowns, clock = Cooldowns(), FixedClock(NOW)
    member, server = cost.value
    for _n in range(member.burst):
        assert cooldowns.wait(cost, 1, 1, clock.monotonic()) == (0, 0)
    seconds, of_server = cooldowns.wait(cost, 1, 1, clock.monotonic())
    assert 0 < seconds <= member.seconds
    assert of_server == 0
    assert cooldowns.wait(cost, 2, 1, clock.monotonic()) == (0, 0), "another server has its own"
    clock.move(seconds=seconds + 1e-3)
    assert cooldowns.wait(cost, 1, 1, clock.monotonic()) == (0, 0)
    asked = 0
    while sum(cooldowns.wait(cost, 1, asked + 10, clock.monotonic())) == 0:
        asked += 1
    assert asked <= server.burst
    assert cooldowns.wait(cost, 1, asked + 10, clock.monotonic())[0] == 0, "the server's, not the member's"


def test_who_waits_is_told_how_long() -> None:
    assert str(refusal(11.2, 0)) == "You asked for a lot in a short time. Nothing was done; try again in 12 seconds."
    assert (
        str(refusal(0, 0.4)) == "This server asked for a lot in a short time. Nothing was done; try again in 1 second."
    )


async def test_every_command_has_a_class(world: World) -> None:
    kinds = [discord.AppCommandType.chat_input, discord.AppCommandType.message, discord.AppCommandType.user]
    names = {command.qualified_name for kind in kinds for command in world.client.tree.walk_commands(type=kind)}
    assert {cost_of(name) for name in names} == {Cost.ORDINARY, Cost.COSTLY}
    words = names | {name.partition(" ")[0] for name in names}
    assert set(COSTS) <= words, "the table names commands that there are not"
    assert len(names) > 50


async def test_cool_downs_are_told_in_a_sentence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cooldowns, "wait", WAIT)
    await world.add_link()
    member = Cost.COSTLY.value[0]
    for _n in range(member.burst):
        assert "Everything that these numbers" in text_of(await world.admin.slash(world.channel, "export"))
    refused = await world.admin.slash(world.channel, "export")
    answer: Any = refused.response
    assert answer.ephemeral
    assert text_of(refused) == "You asked for a lot in a short time. Nothing was done; try again in 30 seconds."
    assert "Links (1)" in text_of(await world.admin.slash(world.channel, "link list")), "others are not concerned"
    world.move(seconds=30)
    assert "Everything that these numbers" in text_of(await world.admin.slash(world.channel, "export"))


async def test_sharing_has_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cooldowns, "wait", WAIT)
    for _n in range(Cost.SHARED.value[0].burst):
        await world.sam.slash(world.channel, "stats top", share=True)
    assert "try again in" in text_of(await world.sam.slash(world.channel, "stats top", share=True))
    assert "try again in" not in text_of(await world.sam.slash(world.channel, "stats top"))


async def test_choices_end_while_somebody_types_too_fast(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cooldowns, "wait", WAIT)
    await world.add_link()
    offered = [
        await world.admin.autocomplete(world.channel, "link show", "link", "s")
        for _n in range(Cost.TYPED.value[0].burst + 1)
    ]
    assert all(offered[:-1])
    assert not offered[-1]


async def test_buttons_have_theirs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cooldowns, "wait", WAIT)
    channel = world.client.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    marker = f"digest:{world.guild.id}:20260302"
    shown = await channel.send("x", view=discord.ui.View(timeout=None).add_item(ExplainButton(marker)))
    burst = Cost.PRESSED.value[0].burst
    told = [text_of(await world.sam.click(shown, custom_id=marker)) for _n in range(burst + 1)]
    assert all("Unique clicks" in text for text in told[:burst])
    assert "try again in 1 second" in told[burst]
    assert "Unique clicks" in text_of(await world.leo.click(shown, custom_id=marker)), "others are not concerned"
