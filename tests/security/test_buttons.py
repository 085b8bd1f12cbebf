"""Every button's id, forged: with another server's ids, with numbers that are none, in a server and in a message."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import discord
import pytest
import sqlalchemy as sa

from bot.insights.periods import Named, encode
from bot.links.access import Actor
from bot.stats.question import Question, Scope, Subject, View, pack
from cogs.ui.answers import Pressed
from cogs.ui.wishes import Wish, pack_wish
from storage.records import Post
from storage.schema import metadata
from tests.conftest import NOW, World, answer_of, text_of

GROUP = re.compile(r"\(\?P<(\w+)>((?:[^()]|\([^()]*\))*)\)")
HUGE = 99_999_999_999_999_999_999
"""Of 20 digits."""
LARGEST = 2**64 - 1
"""That can be packed."""
SILENT = "Something went wrong"


def _kinds() -> list[type[Any]]:
    """The class of every button and select that outlives a restart."""
    found, waiting = [], list(Pressed.__subclasses__())
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if issubclass(kind, discord.ui.DynamicItem):
            found.append(kind)
    return sorted(found, key=lambda kind: kind.__name__)


def _values(name: str, pattern: str, ids: dict[str, int], asker: int) -> list[str]:
    """What may stand in a part of a template; KeyError for one of an unknown name that takes an id."""
    if "{" not in pattern and "+" not in pattern:
        return list(pattern[1:-1]) if pattern in ("[gbnxep]", "[01]", "[<>]") else pattern.split("|")
    match name:
        case "page":
            return ["0", "-1", "99999"]
        case "choice":
            return [encode(Named.DAYS_28)]
        case "wish":
            post = Post(min(ids["guild"], LARGEST), min(ids["post"], LARGEST), 1, 1, "x1", "x", "post", 1, NOW)
            return [pack_wish(post, Wish(post, {"views": 5})), "A" * 92, "_" * 92]
        case "question":
            subjects = [
                Subject(Scope.LINK, min(ids["link"], 2**64 - 1)),
                Subject(Scope.CREATOR, ids["creator"] % 2**64),
            ]
            return [Question(View.REPORT, (one,), (Named.DAYS_28,)).encode() for one in subjects]
        case "ids":
            return [
                ":".join(pack(min(ids[one], LARGEST)) for one in ("link", "creator", "creator")) + f":{pack(asker)}"
            ]
        case "marker":
            return []  # says what words mean, and asks nothing
    number = asker if name in ("asker", "user") else ids[name]
    if "\\d" in pattern:
        return [str(number)]
    return [pack(min(number, LARGEST))]


def forged(kind: type[Any], ids: dict[str, int], asker: int) -> Iterator[str]:
    """Ids that fit a template, made of these ids."""
    template = kind.__discord_ui_compiled_template__.pattern
    parts = GROUP.split(template)
    choices = [[parts[0]]]
    for name, pattern, after in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        choices += [_values(name, pattern, ids, asker), [after]]
    for made in itertools.product(*choices):
        custom_id = "".join(made)
        assert kind.__discord_ui_compiled_template__.fullmatch(custom_id), custom_id
        yield custom_id


async def _rows(world: World, guild_id: int) -> dict[str, list[Any]]:
    """Everything that is kept of a server."""
    async with world.app.db.read() as conn:
        return {
            table.name: sorted(
                map(repr, (await conn.execute(sa.select(table).where(table.c.guild_id == guild_id))).all())
            )
            for table in metadata.sorted_tables
            if "guild_id" in table.c
        }


async def _victim(world: World) -> dict[str, int]:
    """Another server with a link, a post, a note, a deal and a page, by the names that buttons have for their ids."""
    guild = world.env.create_guild("Elsewhere")
    boss = Actor(guild.id, 4_000, manager=True)
    services = world.app.services
    link = await services.links.add(boss, "https://shop.example/elsewhere", name="elsewhere")
    post = await services.posts.add(boss, link, "instagram", "story")
    note = await services.notes.add(boss, "a secret of elsewhere")
    await services.profiles.set_up(boss, "elsewhere", "Elsewhere")
    ids = {"guild": guild.id, "link": link.id, "post": post.id, "note": note.id, "creator": boss.user_id}
    return ids | dict.fromkeys(("first", "last", "item", "report", "deal", "form", "edge"), link.id)


async def _press(world: World, who: Any, there: discord.abc.Messageable, kind: type[Any], custom_id: str) -> str:
    """What somebody is told who presses a component of that id."""
    view = discord.ui.View(timeout=None)
    value = None
    if "discord.ui.select.Select" in repr(kind.__orig_bases__):
        value = {"MetricSelect": "c", "LinkSelect": pack(1)}.get(kind.__name__, "1")
    if value is not None:
        options = [discord.SelectOption(label="x", value=value)]
        view.add_item(discord.ui.Select(custom_id=custom_id, options=options))
    else:
        view.add_item(discord.ui.Button(label="x", custom_id=custom_id))
    shown = await there.send("x", view=view)
    pressing = who.select(shown, [value], custom_id=custom_id) if value else who.click(shown, custom_id=custom_id)
    result = await pressing
    return text_of(result) or " ".join(file.filename for file in answer_of(result).attachments)


@pytest.mark.long
async def test_no_forged_id_reaches_another_server_or_fails(world: World) -> None:
    world.expected = (Exception,)
    victim = await _victim(world)
    huge = dict.fromkeys(victim, HUGE)
    before = await _rows(world, victim["guild"])
    channel = world.client.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    pressed: dict[str, str] = {}
    for kind in _kinds():
        for ids in (victim, huge):
            for custom_id in forged(kind, ids, world.admin.id):
                pressed[custom_id] = await _press(world, world.admin, channel, kind, custom_id)
    user = await world.client.fetch_user(world.admin.id)
    for kind in _kinds():
        if "(?P<guild>" in kind.__discord_ui_compiled_template__.pattern:
            for ids in (victim, huge):
                for custom_id in forged(kind, ids, world.admin.id):
                    pressed[f"dm {custom_id}"] = await _press(world, world.admin.user, user, kind, custom_id)
    failed = {custom_id: text for custom_id, text in pressed.items() if SILENT in text or not text}
    assert not failed, failed
    assert not [text for text in pressed.values() if "elsewhere" in text.lower()]
    assert await _rows(world, victim["guild"]) == before
    assert len(pressed) > 90


JUNK = {
    "choice": ("junk", "9999y", "0000m13", "zzzzz.", "28d.28d"),
    "question": ("junk", ";;", "rcl0;junk;sAQ", f"tcl{'9' * 40};28d;sAQ", "rcl0;9999y;sAQ", "rcl0;28d;s-"),
}
"""What fits the pattern of a part and says nothing."""


async def test_an_id_that_says_nothing_is_answered(world: World) -> None:
    channel = world.client.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    names = ["guild", "link", "post", "creator"]
    ids: dict[str, int] = dict.fromkeys(names, world.guild.id)
    pressed: dict[str, str] = {}
    for kind in _kinds():
        template = kind.__discord_ui_compiled_template__
        for name in JUNK.keys() & template.groupindex:
            good = next(forged(kind, ids, world.admin.id))
            for junk in JUNK[name]:
                match = template.fullmatch(good)
                assert match is not None
                custom_id = good[: match.start(name)] + junk + good[match.end(name) :]
                assert template.fullmatch(custom_id), custom_id
                pressed[custom_id] = await _press(world, world.admin, channel, kind, custom_id)
    failed = {custom_id: text for custom_id, text in pressed.items() if SILENT in text or not text}
    assert not failed, failed
    assert len(pressed) >= 2 * len(JUNK["choice"]) + 2 * len(JUNK["question"])
