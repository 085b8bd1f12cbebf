"""What must stay with those who may see it: names of hidden channels, notes on private links, who owns one."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import simcord

from storage import posts, profiles
from storage.records import Profile
from tests.conftest import World, answer_of, text_of

MENU = "Track links here"
HIDDEN = discord.PermissionOverwrite(view_channel=False)


# ---------------------------------------------------------------------- channels


async def _tracked(world: World, channel: simcord.ChannelHandle) -> str:
    """The title of the post that a message of the channel got."""
    message = await world.admin.send(channel, "https://shop.example/raise")
    asked = await world.admin.context_menu(channel, MENU, message)
    await world.admin.click(answer_of(asked), label="Track 1 link")
    assert "1 twin is ready" in text_of(asked)
    async with world.app.db.read() as conn:
        found = await posts.find(conn, world.guild.id)
    assert found[0].permalink == message.jump_url
    return found[0].title


async def test_a_hidden_channels_name_is_told_nowhere(world: World) -> None:
    hidden = world.guild.create_text_channel(
        "staff-secret-raise",
        overwrites={world.guild.default_role: HIDDEN, world.admin: discord.PermissionOverwrite(view_channel=True)},
    )
    assert await _tracked(world, hidden) == ""
    assert await _tracked(world, world.channel) == "#general"
    await world.admin.slash(world.channel, "digest setup", channel=world.channel)
    shown = [
        await world.sam.slash(world.channel, "stats top", rank="p"),
        await world.admin.slash(world.channel, "stats server", share=True),
        await world.admin.slash(world.channel, "post list"),
        await world.admin.slash(world.channel, "digest preview"),
    ]
    assert not [text for text in map(text_of, shown) if "secret" in text]


# ---------------------------------------------------------------------- notes


SERVERS, PERSONAL, SECRET, OPEN = "server closed", "felt ill", "the raise", "posted the reel"


def _notes(result: simcord.InteractionResult) -> set[str]:
    """Which of the notes an answer tells, in its texts and in its pictures' alt texts."""
    message = answer_of(result)
    told = " ".join([text_of(result), *(file.description or "" for file in message.attachments)])
    return {text for text in (SERVERS, PERSONAL, SECRET, OPEN) if text in told}


async def test_notes_are_told_to_those_who_may_see_them(world: World) -> None:
    await world.add_link("open", creator=world.maya)
    await world.add_link("raise", creator=world.maya, private=True)
    await world.visit("/open")
    await world.visit("/raise")
    await world.admin.slash(world.channel, "note add", text=SERVERS, server=True)
    await world.maya.slash(world.channel, "note add", text=PERSONAL)
    await world.maya.slash(world.channel, "note add", text=SECRET, link="raise")
    await world.maya.slash(world.channel, "note add", text=OPEN, link="open")
    creator, link, private = ("stats creator", {}), ("stats link", {"link": "open"}), ("stats link", {"link": "raise"})

    async def told(who: simcord.MemberActor, asked: tuple[str, dict[str, Any]], **options: Any) -> set[str]:
        name, given = asked
        return _notes(await who.slash(world.channel, name, **given, **options))

    everything = {SERVERS, PERSONAL, SECRET, OPEN}
    assert await told(world.maya, creator) == everything
    assert await told(world.admin, creator, creator=world.maya) == everything
    assert await told(world.maya, link) == {SERVERS, PERSONAL, OPEN}
    assert await told(world.maya, private) == {SERVERS, PERSONAL, SECRET}
    assert await told(world.maya, creator, share=True) == {SERVERS, PERSONAL, OPEN}
    assert await told(world.maya, link, share=True) == {SERVERS, PERSONAL, OPEN}
    assert await told(world.admin, creator, creator=world.maya, share=True) == {SERVERS}
    assert await told(world.admin, link, share=True) == {SERVERS}
    assert await told(world.sam, ("stats server", {})) == {SERVERS}


async def test_a_link_that_changed_hands_takes_nobodys_notes_along(world: World) -> None:
    await world.add_link("raise", creator=world.maya)
    await world.maya.slash(world.channel, "note add", text=SECRET, link="raise")
    await world.maya.slash(world.channel, "profile setup")
    asked = await world.admin.slash(world.channel, "link transfer", link="raise", creator=world.leo)
    await world.admin.click(answer_of(asked), label="Give it away")
    await world.leo.slash(world.channel, "note add", text=OPEN, link="raise")
    for who, of in ((world.leo, "raise"), (world.leo, None)):
        given = {} if of is None else {"of": of}
        shown = await who.slash(world.channel, "export", **given)
        content = (await answer_of(shown).attachments[0].read()).decode()
        assert OPEN in content
        assert SECRET not in content
    shown = await world.leo.slash(world.channel, "stats link", link="raise")
    assert _notes(shown) == {OPEN}


# ---------------------------------------------------------------------- look pages


async def test_the_look_page_of_a_private_link_tells_where_it_leads_and_not_whose_it_is(world: World) -> None:
    await world.add_link("open", creator=world.maya, title="Summer sale")
    await world.add_link("raise", creator=world.maya, title="My raise", private=True)
    page = Profile(world.guild.id, world.maya.id, "maya", "Maya Lind", published=True, id=1)
    await world.app.db.write(lambda conn: profiles.put(conn, page))
    shown = await world.visit("/open+")
    assert "Maya Lind" in shown.text
    assert "Summer sale" in shown.text
    hidden = await world.visit("/raise+")
    assert hidden.status == 200
    assert "shop.example" in hidden.text
    assert not [text for text in ("Maya", "@maya", "My raise") if text in hidden.text]


# ---------------------------------------------------------------------- what was typed


@pytest.mark.parametrize("typed", ["”" + "y" * 3000, "”**loud** <@1>", "a”b“*c*" * 500], ids=["long", "loud", "many"])
async def test_an_error_quotes_nothing_alive_of_what_was_typed(world: World, typed: str) -> None:
    shown = await world.maya.slash(world.channel, "note delete", note=typed)
    text = text_of(shown)
    assert "is none of your notes" in text
    assert len(text) < 300
    assert not [mark for mark in ("**", "<@", "*c*") if mark in text.replace("\\*", "").replace("\\<", "")]
