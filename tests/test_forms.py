"""Forms, answers and shares as several people, devices and restarts meet them."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from discord import app_commands
from simcord.http.client import FakeWebhookAdapter

from bot.errors import UserError
from bot.links.access import Actor
from cogs.ui.limits import Form
from cogs.ui.twins import text_of as told_by
from tests.conftest import World, answer_of, text_of

MAYA = {"handle": "maya", "name": "Maya", "avatar": ["none"]}
LEO = {"handle": "leo", "name": "Leo", "avatar": ["none"]}


async def _page(world: World, who: Any, name: str) -> Any:
    """A form of /profile setup that stands open before somebody who has a link."""
    await world.add_link(name, creator=who)
    return await who.slash(world.channel, "profile setup")


async def test_two_people_send_the_same_form_off(world: World) -> None:
    first, second = await _page(world, world.maya, "one"), await _page(world, world.leo, "two")
    assert "is set up" in text_of(await world.maya.submit_modal(first, MAYA))
    assert "is set up" in text_of(await world.leo.submit_modal(second, LEO))


async def test_a_form_writes_to_the_link_that_it_was_opened_for(world: World) -> None:
    """On the phone for one link, on the desk for another: each form keeps its own."""
    await world.maya.submit_modal(await _page(world, world.maya, "one"), MAYA)
    await world.add_link("two", creator=world.maya)
    pages, who = world.app.services.profiles, Actor(world.guild.id, world.maya.id)
    opened = {}
    for name in ("one", "two"):
        board = await world.maya.slash(world.channel, "profile links")
        link = next(link for link in (await pages.board(who)).off if link.slug == name)
        await world.maya.select(answer_of(board), [str(link.id)])
        opened[link.id] = await world.maya.click(answer_of(board), label="Heading and times")
    for id_, shown in opened.items():
        await world.maya.submit_modal(shown, {"heading": f"Heading of {id_}"})
    entries = (await pages.board(who)).entries
    assert {id_: entries[id_].heading for id_ in opened} == {id_: f"Heading of {id_}" for id_ in opened}


async def test_a_form_that_a_restart_closed_says_so(world: World) -> None:
    shown = await _page(world, world.maya, "one")
    await world.env.restart_bot(world.app.client())
    Form._opened.clear()  # a new process knows of none
    sent = await world.maya.submit_modal(shown, MAYA)
    assert "open for too long, or Eyeballs was restarted" in text_of(sent)
    assert await world.app.services.profiles.get(Actor(world.guild.id, world.maya.id)) is None


async def test_a_dismissed_form_is_forgotten_in_time_and_the_next_one_works(world: World) -> None:
    dismissed = await _page(world, world.maya, "one")
    shown = await world.maya.slash(world.channel, "profile setup")
    assert "is set up" in text_of(await world.maya.submit_modal(shown, MAYA))
    form = Form._opened[dismissed.modal["custom_id"]]
    assert form.timeout is not None
    form.stop()
    assert not Form.is_open(dismissed.modal["custom_id"])


async def test_the_form_of_numbers_shows_no_backslashes(world: World) -> None:
    await world.add_link()
    await world.admin.slash(
        world.channel, "post add", link="summer", platform="x", kind="post", title="Spring-sale (v2)"
    )
    (post,) = await world.admin.autocomplete(world.channel, "views log", "post", "")
    shown = await world.admin.slash(world.channel, "views log", post=post["value"])
    assert shown.modal is not None
    assert "\\" not in shown.modal["title"]


# ------------------------------------------------------------------ answers


CSV = b"Long URL;Short code;Title;Tags\nhttps://shop.example/a;alpha;;\n"


@pytest.mark.parametrize("code", [10008, 50027, 0])
async def test_done_is_done_where_the_last_edit_fails(world: World, code: int, monkeypatch: Any) -> None:
    asked = await world.admin.slash(world.channel, "link import", file=("links.csv", CSV))
    real = FakeWebhookAdapter.request

    async def request(self: Any, route: Any, *args: Any, **kwargs: Any) -> Any:
        if route.method == "PATCH":

            class Response:
                status, reason = 404 if code == 10008 else 401 if code else 500, "refused"

            raise discord.HTTPException(Response(), {"code": code, "message": "refused"})  # type: ignore[arg-type]
        return await real(self, route, *args, **kwargs)

    monkeypatch.setattr(FakeWebhookAdapter, "request", request)
    pressed = await world.admin.click(answer_of(asked), label="Import")
    assert "Something went wrong" not in text_of(pressed)
    assert "Links imported" in text_of(pressed)
    monkeypatch.undo()
    assert "alpha" in text_of(await world.admin.slash(world.channel, "link list"))


async def test_share_takes_the_right_to_write_there(world: World) -> None:
    await world.add_link()
    quiet = world.guild.create_text_channel(
        "announcements", overwrites={world.guild.default_role: discord.PermissionOverwrite(send_messages=False)}
    )
    refused = await world.sam.slash(quiet, "stats server", share=True)
    assert text_of(refused).startswith("share: you may not post messages with pictures")
    assert refused.ephemeral
    shared = await world.sam.slash(world.channel, "stats server", share=True)
    assert not answer_of(shared).ephemeral


async def test_while_a_server_is_not_in_the_cache_answers_are_right_or_a_sentence(world: World) -> None:
    world.expected = (UserError, app_commands.TransformerError)
    setup = await world.admin.slash(world.channel, "setup")
    await world.admin.select(answer_of(setup), [world.creator_role], custom_id="setup:role")
    world.client._connection._guilds.pop(world.guild.id)
    added = await world.maya.slash(world.channel, "link add", destination="https://shop.example/", name="early")
    assert "https://go.example/early" in text_of(added)
    said = text_of(await world.maya.slash(world.channel, "stats server"))
    assert "just starting" in said
    said = text_of(await world.admin.slash(world.channel, "digest setup", channel=world.channel))
    assert "just starting" in said


async def test_setup_proposes_nothing_that_was_deleted(world: World) -> None:
    setup = await world.admin.slash(world.channel, "setup")
    await world.admin.select(answer_of(setup), [world.creator_role], custom_id="setup:role")
    lounge = world.guild.create_text_channel("lounge")
    await world.admin.select(answer_of(setup), [lounge], custom_id="setup:channel")
    world.env.backend.delete_role(world.guild.id, world.creator_role.id)
    world.env.backend.delete_channel(lounge.id)
    await world.env.settle()
    shown = answer_of(await world.admin.slash(world.channel, "setup"))
    assert "default_values" not in str(shown.components).replace("'default_values': []", "")


async def test_forwarded_and_embedded_addresses_are_found(world: World) -> None:
    sent = await world.maya.send(world.channel, "see https://shop.example/forwarded")
    forwarded = await world.maya.forward(sent, world.channel)
    asked = await world.admin.context_menu(world.channel, "Track links here", forwarded)
    assert "https://shop.example/forwarded" in text_of(asked)
    shown = discord.Embed(title="New", url="https://shop.example/feed", description="or https://shop.example/text")
    message: Any = type("Message", (), {"content": "", "embeds": [shown], "components": []})()
    assert told_by(message).split() == ["https://shop.example/feed", "New", "or", "https://shop.example/text"]
