"""What happens between digests is told once, to those it concerns, and when they want to hear of it."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest
import simcord

from bot.alerts.destinations import Destinations
from bot.alerts.rules import Answer
from bot.delivery.budget import Budget
from bot.links.access import Actor
from cogs.delivery.port import DiscordPort
from cogs.ui.format import escape
from storage.records import Link
from tests.alerted import clicked, link_named, look, noted, posted, said, sent_to, set_up, tell, tick
from tests.conftest import World, text_of

# ------------------------------------------------------------------ milestones


async def test_a_milestone_is_told_once_over_restarts_and_two_ticks_at_once(world: World) -> None:
    await world.add_link(title="Summer sale", creator=world.maya)
    link = await link_named(world, "summer")
    await clicked(world, link, 90, days_ago=5)
    await set_up(world)
    assert await tick(world) == 0
    await clicked(world, link, 12)
    await asyncio.gather(*(look(world) for _n in range(3)))
    assert sum(await asyncio.gather(*(tell(world) for _n in range(4)))) == 1
    (message,) = posted(world)
    assert "**Summer sale** (`summer`) passed **100 clicks**: 102 by now." in said([message])
    assert "https://go.example/summer" in said([message])
    assert message.attachments[0].description
    await world.env.restart_bot(world.app.client())
    world.app.services.alerts._seen.clear()
    for _n in range(3):
        world.move(minutes=5)
        assert await tick(world) == 0
    world.move(days=1)
    assert await tick(world) == 0
    assert len(posted(world)) == 1


async def test_only_the_highest_round_number_of_a_jump_is_told(world: World) -> None:
    await world.add_link(creator=world.maya)
    await set_up(world)
    await clicked(world, await link_named(world, "summer"), 1_100)
    await tick(world)
    (message,) = posted(world)
    assert "passed **1,000 clicks**: 1,100 by now" in said([message])  # and not its creator's 1,000 as well
    assert await tick(world) == 0


async def test_history_that_is_imported_passes_nothing(world: World) -> None:
    await world.add_link()
    await set_up(world)
    link = await link_named(world, "summer")
    await clicked(world, link, 20)
    await look(world)
    await clicked(world, link, 900, days_ago=30)
    world.move(days=1)
    await clicked(world, link, 20)
    assert await tick(world) == 0


async def test_what_was_passed_before_alerts_were_on_is_no_news(world: World) -> None:
    await world.add_link()
    link = await link_named(world, "summer")
    await clicked(world, link, 120)
    await set_up(world)
    assert await tick(world) == 0
    await world.admin.slash(world.channel, "alerts off")
    await clicked(world, link, 140)
    assert await tick(world) == 0
    await set_up(world)
    assert await tick(world) == 0
    await clicked(world, link, 300)
    assert await tick(world) == 1
    assert "passed **500 clicks**" in said(posted(world))


async def test_what_passed_just_before_midnight_is_not_lost(world: World) -> None:
    await world.add_link()
    await set_up(world)
    link = await link_named(world, "summer")
    world.move_to("2026-03-11T23:58:00+00:00")
    await tick(world)
    await clicked(world, link, 100)
    world.move(minutes=5)
    assert await tick(world) == 1


async def test_reported_impressions_pass_round_numbers_and_corrections_pass_nothing(world: World) -> None:
    await world.add_link(creator=world.maya)
    await world.maya.slash(world.channel, "post add", link="summer", platform="instagram", kind="story")
    await set_up(world)
    post = str((await world.app.services.posts.page(_actor(world, world.maya))).items[0].id)

    async def report(impressions: str) -> int:
        world.move(hours=5)
        await world.maya.slash(world.channel, "impressions log", post=post, impressions=impressions)
        return await tick(world)

    assert await report("9,000") == 1
    assert await report("12k") == 1
    assert "**summer** passed **10,000 displays**: 12,000 by now." in said(posted(world))
    assert await report("4000") == 0
    assert await report("12.5k") == 0
    world.move(days=3)
    assert await report("6000") == 0
    assert await report("13k") == 0
    assert await report("26k") == 1


def _actor(world: World, member: simcord.MemberActor) -> Any:
    return Actor(world.guild.id, member.id)


async def test_a_post_noted_with_its_figure_is_history(world: World) -> None:
    await set_up(world)
    await world.maya.slash(world.channel, "impressions log", impressions="20k", platform="x", kind="post", title="Old")
    assert await tick(world) == 0


async def test_all_links_of_a_creator_together(world: World) -> None:
    zoe = world.guild.add_member(world.env.create_user("zoe", global_name="*Zoe* @here"), roles=[world.creator_role])
    for name in ("one", "two", "three"):
        await world.add_link(name, creator=zoe)
        await clicked(world, await link_named(world, name), 330, days_ago=3)
    await set_up(world)
    await clicked(world, await link_named(world, "two"), 20)
    assert await tick(world) == 1
    # By name: an embed shows the bare id of members whom the reader's client has not met.
    text = f"All links of {escape('*Zoe* @here')} together passed **1,000 clicks**: 1,010 by now."
    assert text in said(posted(world))
    assert text in text_of(await world.admin.slash(world.channel, "alerts status"))


# ------------------------------------------------------------------ who is told


async def test_private_links_are_never_named_in_the_channel_but_their_creator_is_told(world: World) -> None:
    await world.add_link("secret-deal", creator=world.maya, private=True)
    await set_up(world)
    await world.maya.slash(world.channel, "alerts me")
    await world.leo.slash(world.channel, "alerts me")
    await clicked(world, await link_named(world, "secret-deal"), 100)
    assert await tick(world) == 1
    assert posted(world) == []
    assert sent_to(world.leo) == []
    (message,) = sent_to(world.maya)
    assert r"**secret\-deal** passed **100 clicks**" in said([message])
    assert "Golden Hour" in (message.embeds[0].footer.text or "")


async def test_a_link_that_became_private_meanwhile_is_not_named(world: World) -> None:
    await world.add_link()
    await set_up(world, quiet="10:00-14:00")
    await clicked(world, await link_named(world, "summer"), 100)
    assert await tick(world) == 0
    await world.admin.slash(world.channel, "link edit", link="summer", private=True)
    world.move(hours=3)
    assert await tick(world) == 0
    status = text_of(await world.admin.slash(world.channel, "alerts status"))
    assert "summer" not in status


async def test_another_servers_links_are_told_there(world: World) -> None:
    await world.add_link()
    await set_up(world)
    other = world.env.create_guild("Other")
    there = other.create_text_channel("general")
    role = other.create_role("Boss", permissions=discord.Permissions(manage_guild=True))
    boss = other.add_member(world.env.create_user("boss"), roles=[role])
    await boss.slash(there, "alerts setup", channel=there)
    await clicked(world, await link_named(world, "summer"), 100)

    class Faulty(DiscordPort):
        async def send(self, address: Any, content: Any, *, nonce: str) -> int:
            raise ConnectionError("broken")

    await look(world)
    assert await world.app.telling.tick(Faulty(world.client, world.app.budget, world.app.direct)) == 0
    assert there.history() == []
    world.move(minutes=4)
    assert await tick(world) == 1
    assert len(posted(world)) == 1


async def test_alerts_and_digests_share_what_may_be_asked_of_discord(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[None] = []
    real = Budget.take

    async def take(budget: Budget) -> None:
        taken.append(None)
        await real(budget)

    monkeypatch.setattr(Budget, "take", take)
    await world.add_link(creator=world.maya)
    await set_up(world)
    await world.maya.slash(world.channel, "alerts me")
    await clicked(world, await link_named(world, "summer"), 100)
    await look(world)
    assert await tell(world) == 2
    assert len(taken) == 3  # the post; whether the creator is still there, and their message


async def test_one_servers_failure_does_not_stop_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.add_link()
    await set_up(world)
    await clicked(world, await link_named(world, "summer"), 100)
    real = world.app.services.alerts._look_at
    other = world.env.create_guild("Other")
    there = other.create_text_channel("general")
    role = other.create_role("Boss", permissions=discord.Permissions(manage_guild=True))
    boss = other.add_member(world.env.create_user("boss"), roles=[role])
    await boss.slash(there, "alerts setup", channel=there)

    async def fails(guild_id: int, *rest: Any) -> int:
        if guild_id == min(world.guild.id, other.id):
            raise RuntimeError("broken")
        return await real(guild_id, *rest)

    monkeypatch.setattr(world.app.services.alerts, "_look_at", fails)
    assert await look(world) == (1 if other.id < world.guild.id else 0)
    monkeypatch.setattr(world.app.services.alerts, "_look_at", real)
    await tick(world)
    assert len(posted(world)) == 1


async def test_markdown_and_mentions_in_titles_stay_text(world: World) -> None:
    await world.add_link(title="**@everyone** [x](http://evil.example)")
    await set_up(world)
    await clicked(world, await link_named(world, "summer"), 100)
    await tick(world)
    (message,) = posted(world)
    assert r"\*\*\@everyone\*\* \[x\]" in (message.embeds[0].description or "")
    assert not message.mentions
    assert not message.mention_everyone


# ------------------------------------------------------------------ when it is told


async def test_quiet_hours_let_alerts_wait_and_many_come_as_one(world: World) -> None:
    await world.admin.slash(world.channel, "setup", zone="Europe/Berlin")
    for n in range(5):
        await world.add_link(f"link{n}")
    await set_up(world, quiet="12:00-14:30")  # it is 13:00 there
    for n in range(5):
        await clicked(world, await link_named(world, f"link{n}"), 100)
    assert await tick(world) == 0
    status = text_of(await world.admin.slash(world.channel, "alerts status"))
    assert "Quiet from 12:00 to 14:30 (Europe/Berlin)" in status
    assert "It is quiet now" in status
    assert "(waits)" in status
    world.move(hours=1, minutes=31)
    assert await tick(world) == 1
    (message,) = posted(world)
    assert message.embeds[0].title == "5 alerts"
    assert all(f"**link{n}** passed" in said([message]) for n in range(5))


async def test_no_more_than_ten_messages_a_day(world: World) -> None:
    await set_up(world)
    for n in range(12):
        await world.add_link(f"link{n}")
        await clicked(world, await link_named(world, f"link{n}"), 100)
        await tick(world)
    assert len(posted(world)) == 10
    world.move(days=1)
    assert await tick(world) == 2
    assert len(posted(world)) == 12


async def test_alerts_that_waited_for_days_are_left(world: World) -> None:
    await world.add_link()
    await set_up(world)
    await clicked(world, await link_named(world, "summer"), 100)
    await look(world)
    world.move(days=4)
    assert await tell(world) == 0
    assert await noted(world) == []


# ------------------------------------------------------------------ spikes and drops


async def _weeks(world: World, link: Link, n: int = 60, weeks: int = 6) -> None:
    """Every day of some weeks alike, and the bot running all the time."""
    world.move(days=7 * weeks)
    for days_ago in range(1, 7 * weeks):
        await clicked(world, link, n, days_ago)


async def _keep_running(world: World, hours: int) -> None:
    for _n in range(2 * hours):
        world.move(minutes=30)
        await look(world)


async def test_a_spike_is_told_while_it_happens_and_not_again_within_a_week(world: World) -> None:
    await world.add_link(title="Summer")
    link = await link_named(world, "summer")
    await _weeks(world, link)
    await set_up(world, milestones=False)
    await clicked(world, link, 150)
    assert await tick(world) == 0
    await clicked(world, link, 60)
    assert await tick(world) == 1
    text = said(posted(world))
    assert "**Summer** (`summer`) had **210 clicks** on Wednesday, 22 Apr, so far: 3.5× the usual" in text
    assert "a usual Wednesday has 60, the median of 6" in text
    for n in range(8):
        world.move(days=1)
        await clicked(world, link, 250 if n == 2 else 60)
        assert await tick(world) == 0
    await clicked(world, link, 900)
    assert await tick(world) == 1


async def test_a_drop_is_told_the_day_after_and_says_that_the_destination_is_gone(world: World) -> None:
    await world.add_link(title="Summer", creator=world.maya)
    link = await link_named(world, "summer")
    await _weeks(world, link)
    await world.maya.slash(world.channel, "alerts me", milestones=False, **{"dead-links": False})
    await _die(world)
    await clicked(world, link, 60)
    await _keep_running(world, 12)  # to midnight
    await clicked(world, link, 5)
    await _keep_running(world, 23)
    assert await tell(world) == 0
    await _keep_running(world, 2)
    assert await tell(world) == 1
    text = said(sent_to(world.maya))
    assert "had **5 clicks**" in text
    assert "of the usual (a usual" in text
    assert "Its destination is gone" in text
    await _keep_running(world, 48)
    assert await tell(world) == 0


async def test_a_day_on_which_the_bot_stood_still_is_no_drop(world: World) -> None:
    await world.add_link()
    link = await link_named(world, "summer")
    await _weeks(world, link)
    await set_up(world, milestones=False)
    await clicked(world, link, 60)
    await _keep_running(world, 12)
    world.move(hours=10)  # off
    await _keep_running(world, 20)
    assert await tell(world) == 0
    assert await noted(world) == []


# ------------------------------------------------------------------ dead destinations


class _Asked:
    """An asker that answers as it is told."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.pages: list[str] = []

    async def ask(self, destination: str) -> tuple[Answer, str]:
        self.pages.append(destination)
        return self.answer, "HTTP 404" if self.answer is Answer.GONE else "HTTP 200"


async def _ask(world: World, answer: Answer) -> list[str]:
    asker = _Asked(answer)
    await Destinations(world.app.db, world.clock, asker).round()  # type: ignore[arg-type]
    return asker.pages


async def _die(world: World) -> None:
    """Three days' checks find the destination gone; for who is to be told, some other target wants dead links."""
    await set_up(world, milestones=False, spikes=False, drops=False)
    for _n in range(3):
        await clicked(world, await link_named(world, "summer"), 60)
        assert await _ask(world, Answer.GONE)
        await _keep_running(world, 24)
    await world.admin.slash(world.channel, "alerts off")


async def test_a_dead_destination_is_told_once_and_once_when_it_is_back(world: World) -> None:
    await world.add_link()
    await world.add_link("twin")
    await set_up(world)
    assert "the operator has not allowed it" in text_of(await world.admin.slash(world.channel, "alerts status"))
    for n in range(5):
        assert await _ask(world, Answer.GONE) == ["https://shop.example/summer"]  # one question for both links
        assert await _ask(world, Answer.GONE) == []  # once a day
        assert await tick(world) == (2 if n == 2 else 0)
        world.move(days=1)
    assert "The destination of **summer** is gone: HTTP 404 on 3 checks in a row." in said(posted(world))
    assert "Gone now: **summer**, **twin**" in text_of(await world.admin.slash(world.channel, "alerts status"))
    await _ask(world, Answer.HERE)
    assert await tick(world) == 2
    assert "The destination of **summer** is back: HTTP 200." in said(posted(world))
    world.move(days=1)
    await _ask(world, Answer.HERE)
    assert await tick(world) == 0


async def test_nobody_is_asked_where_nobody_wants_to_know(world: World) -> None:
    await world.add_link()
    await set_up(world, **{"dead-links": False})
    assert await _ask(world, Answer.GONE) == []
