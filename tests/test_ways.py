"""Empty and refusing answers lead on for whoever asks: a plain member, a creator, a manager."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import discord
import pytest
import simcord

from bot.errors import RefusedError
from tests.conftest import World, answer_of, text_of
from tests.profiled import let_creators_add

ONLY_LIST = {"help"}
"""It lists every command, and says of each whose it is."""
NEEDS_A_LINK = {"post add", "link qr", "link edit", "link archive", "link delete", "link audit"}
"""Of no use to whoever has no link and may add none."""


def commands(world: World) -> Iterator[discord.app_commands.Command[Any, ..., Any]]:
    for command in world.client.tree.walk_commands():
        if isinstance(command, discord.app_commands.Command):
            yield command


def options(world: World, command: discord.app_commands.Command[Any, ..., Any]) -> dict[str, Any]:
    """The least that the command can be given."""
    kinds = discord.AppCommandOptionType
    given: dict[str, Any] = {}
    for parameter in command.parameters:
        if parameter.required:
            match parameter.type:
                case kinds.user | kinds.mentionable:
                    given[parameter.display_name] = world.leo
                case kinds.channel:
                    given[parameter.display_name] = world.channel
                case kinds.attachment:
                    given[parameter.display_name] = ("links.csv", b"a,b\n1,2\n")
                case _:
                    given[parameter.display_name] = parameter.choices[0].value if parameter.choices else "x"
    return given


@pytest.mark.parametrize("asker", ["sam", "maya", "admin"])
async def test_no_answer_in_an_empty_server_names_a_command_that_its_asker_is_refused(world: World, asker: str) -> None:
    await let_creators_add(world)
    who: simcord.MemberActor = getattr(world, asker)
    refused, answers = set(), {}
    for command in commands(world):
        name = command.qualified_name
        before = len(world.env.errors)
        try:
            answers[name] = text_of(await who.slash(world.channel, name, **options(world, command)))
        except simcord.SetupError:  # Discord itself does not offer it to them
            refused.add(name)
            continue
        errors = [getattr(error, "original", error) for error in world.env.errors[before:]]
        if any(isinstance(error, RefusedError) for error in errors):
            refused.add(name)
    if asker == "sam":
        valid = await world.sam.slash(world.channel, "link add", destination="https://shop.example/")
        assert "may not add links" in text_of(valid)
        refused |= NEEDS_A_LINK | {"link add"}
    assert bool(refused) is (asker != "admin")
    named = {
        (name, other)
        for name, text in answers.items()
        if name not in ONLY_LIST
        for other in refused - {name}
        if re.search(rf"/{other}(?![a-z-])", text)
    }
    assert named == set()


async def test_everyone_previews_their_own_digest(world: World) -> None:
    await world.add_link(title="Of Maya", creator=world.maya)
    await world.add_link("autumn", title="Of Leo", creator=world.leo)
    for path in ("/summer", "/autumn", "/autumn"):
        await world.visit(path)
    world.move(days=7)
    own = text_of(await world.maya.slash(world.channel, "digest preview"))
    assert "Of Maya" in own
    assert "Of Leo" not in own
    servers = text_of(await world.admin.slash(world.channel, "digest preview"))
    assert "**3** clicks" in servers.replace("3 clicks", "**3** clicks")


async def test_a_creator_and_a_plain_member_each_learn_how_they_get_a_link(world: World) -> None:
    await let_creators_add(world)
    for command in ("link list", "stats creator", "post list", "impressions log", "views log", "profile show"):
        assert f"<@&{world.creator_role.id}>" in text_of(await world.sam.slash(world.channel, command)), command
    for command in ("link list", "stats creator", "post list", "impressions log", "views log"):
        assert "/link add" in text_of(await world.maya.slash(world.channel, command)), command
    assert "/profile setup" in text_of(await world.maya.slash(world.channel, "profile show"))


async def test_a_log_alone_asks_which_post_and_then_for_its_totals(world: World) -> None:
    await world.add_link(creator=world.maya)
    for title in ("Old", "Mid", "New"):
        await world.maya.slash(world.channel, "post add", link="summer", platform="x", kind="post", title=title)
        world.move(hours=1)
    posts = await world.maya.autocomplete(world.channel, "impressions log", "post", "New")
    await world.maya.slash(world.channel, "impressions log", impressions="10", post=posts[0]["value"])
    for command, word, order in (
        ("impressions log", "impressions", ["Mid", "Old", "New"]),
        ("views log", "views", ["Old", "New", "Mid"]),
    ):
        asked = await world.maya.slash(world.channel, command)
        select = answer_of(asked).components[0]["components"][0]
        labels = [option["label"] for option in select["options"]]
        assert [re.findall("“(.*)”", label)[0] for label in labels] == order
        await world.env.restart_bot(world.app.client())
        form = await world.maya.select(answer_of(asked), [select["options"][0]["value"]], custom_id=select["custom_id"])
        logged = await world.maya.submit_modal(form, {word: "1,200"})
        assert f"**1,200** reported {word} for X post “{order[0]}”" in text_of(logged)
    await world.add_link("other", creator=world.leo)
    assert "No posts yet" in text_of(await world.leo.slash(world.channel, "impressions log"))
