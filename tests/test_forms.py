"""Forms, answers and shares as several people, devices and restarts meet them."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest
import structlog
from discord import app_commands
from simcord.http.client import FakeWebhookAdapter

from bot.errors import UserError
from bot.links.access import Actor
from bot.logs import EXPIRED, Unalarmed
from cogs.ui.limits import Form
from cogs.ui.twins import text_of as told_by
from tests import export_files as files
from tests.conftest import World, answer_of, text_of
from tests.export_files import table
from tests.walked import calls, ids_in, leaves

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


POSTS = table(
    files.X,
    [
        {
            "Post id": 300_000_000_000_000_001,
            "Date": "Tue, Mar 3, 2026",
            "Post text": "Hello",
            "Post Link": "https://x.com/maya/status/300000000000000001",
            "Impressions": 1000,
            "Likes": 7,
        }
    ],
).encode()
CSV = b"Long URL;Short code;Title;Tags\nhttps://shop.example/a;alpha;;\n"


def refuse(monkeypatch: pytest.MonkeyPatch, method: str, ending: str, code: int) -> list[str]:
    """Have Discord refuse requests of a kind; where each went is written into what is returned."""
    refused: list[str] = []
    real = FakeWebhookAdapter.request

    async def request(self: Any, route: Any, *args: Any, **kwargs: Any) -> Any:
        if route.method != method or not route.path.endswith(ending):
            return await real(self, route, *args, **kwargs)
        refused.append(route.path)
        status = {0: 500, 50027: 401}.get(code, 404)
        response: Any = SimpleNamespace(status=status, reason="refused")
        error = discord.NotFound if status == 404 else discord.HTTPException
        raise error(response, {"code": code, "message": "refused"})

    monkeypatch.setattr(FakeWebhookAdapter, "request", request)
    return refused


@pytest.mark.parametrize("code", [10008, 50027, 0])
async def test_done_is_done_where_the_last_edit_fails(world: World, code: int, monkeypatch: Any) -> None:
    asked = await world.admin.slash(world.channel, "link import", file=("links.csv", CSV))
    refuse(monkeypatch, "PATCH", "", code)
    pressed = await world.admin.click(answer_of(asked), label="Import")
    assert "Something went wrong" not in text_of(pressed)
    assert "Links imported" in text_of(pressed)
    monkeypatch.undo()
    assert "alpha" in text_of(await world.admin.slash(world.channel, "link list"))


@pytest.mark.parametrize(
    ("command", "data", "told"), [("link import", CSV, "Links imported"), ("impressions import", POSTS, "Imported")]
)
@pytest.mark.parametrize("code", [10008, 50027, 0])
async def test_an_import_is_whole_though_its_progress_cannot_be_shown(
    world: World, command: str, data: bytes, told: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody dismissed the answer, or Discord hiccups, while rows are written."""
    monkeypatch.setattr("cogs.ui.imports.EVERY_SECONDS", 0.0)
    asked = await world.admin.slash(world.channel, command, file=("file.csv", data))
    refused = refuse(monkeypatch, "PATCH", "", code)
    pressed = await world.admin.click(answer_of(asked), label="Import")
    assert len(refused) == 2  # a line of progress, and what was done
    assert told in text_of(pressed)
    monkeypatch.undo()
    listed = await world.admin.slash(world.channel, "link list" if command == "link import" else "post list")
    assert ("alpha" if command == "link import" else "Hello") in text_of(listed)


async def test_who_is_answered_too_late_costs_a_line_and_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """10062, "Unknown interaction": the three seconds were over, as they are for many a keystroke."""
    world.expected = (discord.NotFound,)
    setup = await world.admin.slash(world.channel, "setup")
    refused = refuse(monkeypatch, "POST", "/callback", EXPIRED)
    caplog.handler.addFilter(Unalarmed())
    with structlog.testing.capture_logs() as logs:
        await world.add_link("late")
        await world.admin.select(answer_of(setup), ["6"], custom_id="setup:weekday")
        await world.admin.autocomplete(world.channel, "link show", "link", "")
    assert len(refused) == 3
    told = [(entry["event"], entry["log_level"]) for entry in logs]
    assert told == [("interaction expired before it was answered", "info")] * 2
    assert [(record.levelname, record.exc_info) for record in caplog.records] == [("WARNING", None)]
    monkeypatch.undo()
    assert (await world.app.services.servers.get(world.guild.id)).first_weekday == 0
    assert "late" not in text_of(await world.admin.slash(world.channel, "link list"))


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


async def test_who_reads_that_it_is_starting_finds_nothing_changed(world: World, tmp_path: Path) -> None:
    """Every command and every select of `/setup`, while the server is not in the cache."""
    world.expected = (UserError, app_commands.TransformerError)
    maya = world.maya
    await maya.submit_modal(await _page(world, maya, "one"), MAYA)
    await maya.slash(world.channel, "profile publish")
    await world.admin.slash(world.channel, "digest me")
    setup = answer_of(await world.admin.slash(world.channel, "setup"))
    asked = [
        answer_of(await world.admin.slash(world.channel, "profile takedown", handle="maya")),
        answer_of(await world.admin.slash(world.channel, "link transfer", link="one", creator=world.leo)),
    ]
    known = {"handle": "maya", "restore": True, "zone": "Asia/Tokyo"}
    given = {command: {} for command in leaves(world)}
    for command, options in given.items():
        async for options in calls(world, world.admin, command, "ok"):
            given[command] = options
            break
        names = {option.display_name for option in command.parameters}
        given[command] |= {name: value for name, value in known.items() if name in names}
    world.client._connection._guilds.pop(world.guild.id)

    async def ask() -> AsyncIterator[tuple[str, Any]]:
        for command, options in given.items():
            yield command.qualified_name, await world.admin.slash(world.channel, command.qualified_name, **options)
        for part, value in (("zone", "Asia/Tokyo"), ("weekday", "6"), ("policy", "everyone")):
            yield part, await world.admin.select(setup, [value], custom_id=f"setup:{part}")
        for part, chosen in (("role", world.creator_role), ("channel", world.channel)):
            yield part, await world.admin.select(setup, [chosen], custom_id=f"setup:{part}")
        for message in asked:
            (yes,) = (one for one in ids_in(message) if re.search(":(do|down):", one))
            yield "yes", await world.admin.click(message, custom_id=yes)

    refused, before = [], dump(tmp_path)
    async for name, shown in ask():
        after = dump(tmp_path)
        if "just starting" in text_of(shown):
            refused.append(name)
            assert after == before, name
        before = after
    assert {"setup", "digest me", "digest off", "alerts me", "profile takedown", "zone", "channel", "yes"} <= {*refused}


def dump(folder: Path) -> list[str]:
    """All that is kept."""
    with contextlib.closing(sqlite3.connect(folder / "eyeballs.db")) as conn:
        return list(conn.iterdump())


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


async def test_addresses_of_a_message_of_components_are_found(world: World) -> None:
    """As feeds and other bots post them: no text of the message's own, all in components."""
    beside = discord.ui.Button[Any](label="Buy", url="https://shop.example/beside")
    box = discord.ui.Container[Any](
        discord.ui.TextDisplay("see https://shop.example/inside"),
        discord.ui.Section("A bag", accessory=beside),
        discord.ui.ActionRow(discord.ui.Button(label="Open", url="https://shop.example/below")),
    )
    view = discord.ui.LayoutView().add_item(discord.ui.TextDisplay("https://shop.example/top")).add_item(box)
    channel = world.client.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    posted = await channel.send(view=view)
    assert posted.content == ""
    asked = text_of(await world.admin.context_menu(world.channel, "Track links here", posted))
    for name in ("top", "inside", "beside", "below"):
        assert f"https://shop.example/{name}" in asked
