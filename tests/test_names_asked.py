"""Discord is asked once for all the names of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
import pytest
import simcord

from bot.links.access import Actor
from bot.stats.question import Scope, Subject
from cogs.ui.people import Names
from cogs.ui.pick import _SUBJECT
from tests.conftest import World, answer_of, text_of

Questions = list[Sequence[int]]


@pytest.fixture
def questions(world: World, monkeypatch: pytest.MonkeyPatch) -> Questions:
    """Whose names Discord was asked for, question by question."""
    asked: Questions = []
    query = discord.Guild.query_members

    async def counted(guild: discord.Guild, **options: Any) -> Any:
        asked.append(options["user_ids"])
        return await query(guild, **options)

    monkeypatch.setattr(discord.Guild, "query_members", counted)
    return asked


async def creators(world: World, number: int) -> list[simcord.MemberActor]:
    """So many creators with a link and a post each, whose names the bot has not heard."""
    people = [world.guild.add_member(world.env.create_user(f"person{n}")) for n in range(number)]
    services = world.app.services
    for n, person in enumerate(people):
        who = Actor(world.guild.id, person.id, manager=True)
        link = await services.links.add(who, f"https://shop.example/{n}", name=f"link-{n}")
        await services.posts.add(who, link, platform="x", kind="post")
    return people


async def test_an_answer_asks_once_for_all_its_names(world: World, questions: Questions) -> None:
    people = await creators(world, 12)
    first, second, third = (f"{_SUBJECT}{Subject(Scope.CREATOR, person.id)}" for person in people[:3])
    for command, options, whose in (
        ("link list", {}, people[2:]),
        ("post list", {}, people[2:]),
        ("stats compare", {"first": first, "second": second, "third": third}, people[:3]),
        ("link transfer", {"link": "link-0", "creator": people[1]}, people[:1]),
    ):
        del questions[:]
        world.client.names = Names(world.clock)
        shown = await world.admin.slash(world.channel, command, **options)
        assert [set(ids) for ids in questions] == [{person.id for person in whose}], command
    assert "person0" in text_of(shown)
    del questions[:]
    world.client.names = Names(world.clock)
    await world.admin.click(answer_of(shown), label="Give it away")
    assert [set(ids) for ids in questions] == [{person.id for person in people[:2]}]


async def test_what_one_answer_was_told_the_next_one_knows(world: World, questions: Questions) -> None:
    people = await creators(world, 6)
    for command in ("link list", "post list"):
        shown = text_of(await world.admin.slash(world.channel, command))
        assert all(f"person{n}" in shown for n in range(6))
    assert [set(ids) for ids in questions] == [{person.id for person in people}]
