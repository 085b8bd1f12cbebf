"""Daily, weekly and monthly digests, by tag and role, of one's own by direct message; which is which, and whose."""

from __future__ import annotations

import datetime as dt
from typing import Any

import aiohttp
import discord
import pytest

from bot.tracking.recorder import Recorder
from bot.web.metrics import serve_metrics
from storage.records import Quiet
from tests.conftest import World, answer_of, text_of, words


async def test_several_digests_each_in_its_rhythm(world: World) -> None:
    other = world.guild.create_text_channel("launches")
    await world.admin.slash(world.channel, "digest setup", channel=world.channel, weekday=0, time="9:00")
    await world.admin.slash(world.channel, "digest setup", channel=world.channel, cadence="daily", time="7:30")
    await world.admin.slash(world.channel, "digest setup", channel=other, cadence="monthly", tag="launch")
    await world.admin.slash(world.channel, "digest setup", channel=other, cadence="monthly", role=world.creator_role)
    await world.admin.slash(world.channel, "digest setup", channel=other, cadence="daily", time="7:45")  # changes it
    text = text_of(await world.admin.slash(world.channel, "digest status"))
    assert text.count("Next: ") == 4
    for line in (
        "Mondays at 09:00 (UTC) in **#general**, within ten minutes.",
        "Every day at 07:45 (UTC) in **#launches**",
        "On the first of every month at 09:00",
        "Only links tagged **launch**.",
        "Only links of **@Creator**.",
    ):
        assert line in text
    sent = {}
    for day in range(12, 33):
        at = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC) + dt.timedelta(days=day - 1)
        world.move_to(at.isoformat())
        sent[at.strftime("%d %b")] = await world.tick()
    assert sent.pop("01 Apr") == 3
    assert {day for day, count in sent.items() if count == 2} == {"16 Mar", "23 Mar", "30 Mar"}
    assert set(sent.values()) == {1, 2}
    text = text_of(await world.admin.slash(world.channel, "digest status"))
    assert "Week of 23 Mar: posted" in text
    assert "31 Mar: posted" in text
    assert "March 2026: posted" in text


async def test_a_digest_of_a_role_that_was_deleted_says_so(world: World) -> None:
    """It was a quiet day of `<@&id>`, for ever; and where quiet ones are skipped, nothing at all."""
    await world.admin.slash(
        world.channel, "digest setup", channel=world.channel, cadence="daily", role=world.creator_role, quiet="skip"
    )
    await world.add_link(by=world.maya)
    world.env.backend.delete_role(world.guild.id, world.creator_role.id)
    await world.env.settle()
    world.move_to("2026-03-12T09:00:00+00:00")
    await world.visit("/summer")
    world.move_to("2026-03-13T09:00:00+00:00")
    assert await world.tick() == 1
    text = words(world.channel.history(viewer=world.sam)[-1])
    assert "only links of a role that is gone" in text
    assert "was deleted, so there is nothing to tell. Choose another role with /digest setup" in text
    assert "quiet" not in text


async def test_which_one_is_chosen_from_a_list(world: World) -> None:
    for cadence in ("daily", "weekly"):
        await world.admin.slash(world.channel, "digest setup", channel=world.channel, cadence=cadence)
    assert "choose one from the list" in text_of(await world.admin.slash(world.channel, "digest off"))
    assert "choose one from the list" in text_of(await world.admin.slash(world.channel, "digest preview"))
    choices = await world.admin.autocomplete(world.channel, "digest off", "digest", "")
    assert [choice["name"] for choice in choices] == ["Daily in #general", "Weekly in #general"]
    assert await world.maya.autocomplete(world.channel, "digest off", "digest", "") == []
    daily = choices[0]["value"]
    assert "no longer there" in text_of(await world.maya.slash(world.channel, "digest off", digest=daily))
    assert "is no digest" in text_of(await world.admin.slash(world.channel, "digest off", digest="weekly"))
    assert "The digest is off" in text_of(await world.admin.slash(world.channel, "digest off", digest=daily))
    assert "The digest is off" in text_of(await world.admin.slash(world.channel, "digest off"))
    assert text_of(await world.admin.slash(world.channel, "digest status")).count("It is off.") == 2


async def test_a_status_of_many_fits_into_a_message(world: World) -> None:
    for n in range(12):
        await world.admin.slash(
            world.channel, "digest setup", channel=world.channel, cadence="daily", tag=f"{n} " + "x" * 27
        )
    world.move(days=6)
    await world.tick()
    answer = answer_of(await world.admin.slash(world.channel, "digest status"))
    shown = len(answer.embeds)
    assert sum(len(embed) for embed in answer.embeds) <= 6000
    assert answer.embeds[-1].footer.text == f"and {12 - shown} more"


async def test_a_digest_of_ones_own(world: World) -> None:
    await world.add_link(by=world.admin, creator=world.maya, title="Mine")
    await world.visit("/summer")
    made = text_of(await world.maya.slash(world.channel, "digest me", cadence="daily", time="18:30"))
    assert "Every day at 18:30 (UTC) by direct message to you" in made
    world.move_to("2026-03-12T18:30:00+00:00")
    assert await world.tick() == 1
    assert len(world.maya.user.dm_channel.history()) == 1
    assert world.channel.history() == []
    assert "You have no digest of your own." in text_of(await world.leo.slash(world.channel, "digest status"))
    changed = text_of(await world.maya.slash(world.channel, "digest me", weekday=4))
    assert "Every day" in changed
    assert "Fridays at 09:00" in text_of(
        await world.maya.slash(world.channel, "digest me", cadence="weekly", weekday=4)
    )
    world.move_to("2026-03-13T18:30:00+00:00")
    assert await world.tick() == 1  # of the week; the daily one is off
    assert "Your digest is off" in text_of(await world.maya.slash(world.channel, "digest me", off=True))
    assert "no digest of your own" in text_of(await world.maya.slash(world.channel, "digest me", off=True))
    world.move(days=10)
    assert await world.tick() == 0


async def test_who_left_the_server_gets_no_numbers_of_it(world: World) -> None:
    await world.maya.slash(world.channel, "digest me", cadence="daily")
    world.guild.remove_member(world.maya)
    world.move_to("2026-03-12T10:00:00+00:00")
    assert await world.tick() == 0
    assert world.app.services.digests.sender.failed == {"member": 1}


async def test_quiet_periods_are_skipped_where_that_is_wanted(world: World) -> None:
    await world.admin.slash(world.channel, "digest setup", channel=world.channel, cadence="daily", quiet=Quiet.SKIP)
    world.move_to("2026-03-12T10:00:00+00:00")
    assert await world.tick() == 0
    assert world.channel.history() == []
    status = text_of(await world.admin.slash(world.channel, "digest status"))
    assert "11 Mar: skipped" in status
    assert "Nothing was counted" in status
    await world.add_link()
    await world.visit("/summer")
    world.move_to("2026-03-13T10:00:00+00:00")
    assert await world.tick() == 1


async def test_a_clock_that_was_far_ahead_does_not_silence_a_digest(world: World) -> None:
    await world.admin.slash(world.channel, "digest setup", channel=world.channel, cadence="daily")
    world.clock.move(days=400)
    await world.tick()
    world.clock.move(days=-400)
    assert await world.tick() == 0
    world.move_to("2026-03-12T10:00:00+00:00")
    assert await world.tick() == 1


async def test_what_became_of_digests_is_counted_for_monitoring(world: World) -> None:
    await world.admin.slash(world.channel, "digest setup", channel=world.channel, weekday=0, time="9:00")
    world.move_to("2026-03-30T09:00:00+00:00")
    assert await world.tick() == 1
    sender = world.app.services.digests.sender
    async with (
        Recorder(world.app.db, world.clock) as recorder,
        serve_metrics(recorder, {"digests": sender}, world.app.watch, 0) as port,
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{port}/metrics") as answer,
    ):
        text = await answer.text()
    assert "eyeballs_digests_sent_total 1.0" in text
    assert 'eyeballs_digests_skipped_total{reason="downtime"} 2.0' in text
    assert "eyeballs_digests_unknown_total 0.0" in text
    assert "eyeballs_queue_digests 0.0" in text


async def test_a_role_that_discord_does_not_tell_of_at_the_moment_is_not_our_fault(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.admin.slash(
        world.channel,
        "digest setup",
        channel=world.channel,
        weekday=0,
        time="9:00",
        zone="UTC",
        role=world.creator_role,
    )
    await world.add_link(creator=world.maya)
    await world.visit("summer")
    with monkeypatch.context() as patch:

        async def unanswered(_guild: discord.Guild, **_options: Any) -> None:
            raise TimeoutError

        patch.setattr(discord.Guild, "query_members", unanswered)
        world.move_to("2026-03-16T10:00:00+00:00")
        await world.tick()
        said = text_of(await world.admin.slash(world.channel, "digest status"))
        assert "on our side" not in said
    world.move(minutes=40)
    assert await world.tick() == 1
    assert any("1 click" in words(message) for message in world.channel.history(viewer=world.sam))
