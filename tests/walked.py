"""A walk through everything that people may ask, over rows and texts as bad as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import discord
from discord import app_commands

from bot.inputs.text import shows
from storage import addresses, links, notes, posts
from storage.records import Address, Figure, Link, Note, Post
from tests import discord_limits
from tests.alerted import clicked
from tests.conftest import World, answer_of

NASTY = {
    "override": "\u202e",
    "filler": "\u3164",
    "emoji": "👩‍💻" * 33,
    "markdown": "**bold** [x](https://x.example) @everyone `",
    "long": "A" * 6000,
    "isolate": "\u2066",
    "stars": "*" * 6000,
}
"""What is kept and typed: most show nothing, are all Markdown, or are longer than anything may be."""
HUGE = 10**15
LINKS = 30
"""More than any list holds."""


def _title(n: int) -> str:
    """A hostile title; those that show something are told apart by a number."""
    text = list(NASTY.values())[n % len(NASTY)]
    return f"{n} {text}"[:100] if shows(text) else text


async def make_hostile(world: World) -> None:
    """Rows as they were kept before anything was refused, each with a hostile text; clicks, and huge numbers."""
    now, guild = world.clock.now(), world.guild.id
    backend = world.env.backend
    backend.edit_guild(guild, {"name": "_*Golden*_ [Hour](https://x.example) `" * 3})
    for member, nick in ((world.admin, NASTY["override"]), (world.maya, NASTY["markdown"][:32])):
        backend.edit_member(guild, member.id, {"nick": nick})
    await world.env.settle()
    owners = [world.admin.id, world.maya.id]
    ids = iter(range(10**17, 10**17 + 1000))
    found = [
        Link(
            guild,
            next(ids),
            owners[n % 2],
            f"link{n}",
            "https://shop.example/" + "x" * n,
            1,
            now,
            now,
            title=_title(n),
            tags=(_title(n)[:30],),
        )
        for n in range(LINKS)
    ]
    shared = [
        Post(guild, next(ids), link.creator_id, link.id, "x1", "x", "post", 1, now, title=_title(n + 1))
        for n, link in enumerate(found)
    ]
    noted = [
        Note(guild, next(ids), owner, None, now.date(), _title(n)[:80], owner, now)
        for n in range(1, 5)
        for owner in owners
    ]
    told = [
        Figure(guild, next(ids), post.id, metric, HUGE // (n + 1), now, owners[0], now)
        for n, post in enumerate(shared)
        for metric in ("impressions", "views", "likes")
    ]

    async def work(conn: Any) -> None:
        for link in found:
            await links.add(conn, link)
            await addresses.add(conn, Address(link.slug, guild, link.creator_id, link.id, destination=link.destination))
        for post in shared:
            await posts.add(conn, post)
        for note in noted:
            await notes.add(conn, note)
        for figure in told:
            await posts.add_figure(conn, figure)

    await world.app.db.write(work)
    for n, link in enumerate(found):
        await clicked(world, link, n + 1, days_ago=n % 9)


def leaves(world: World) -> Iterator[app_commands.Command[Any, ..., Any]]:
    for command in world.client.tree.walk_commands():
        if isinstance(command, app_commands.Command):
            yield command


def _value(world: World, option: app_commands.Parameter, text: str) -> Any:
    """What is given for an option: a value that stands where only such are taken, `text` where any may be typed."""
    known = {
        "destination": "https://shop.example/",
        "platform": "x",
        "kind": "post",
        "start": "2026-03-01",
        "end": "2026-03-31",
        "promised": "100",
    }
    match option.type:
        case discord.AppCommandOptionType.string:
            typed = known.get(option.name, text)[: int(option.max_value or 6000)]  # a string's is its length
            return option.choices[0].value if option.choices else typed
        case discord.AppCommandOptionType.integer:
            return 1
        case discord.AppCommandOptionType.user:
            return world.leo
        case discord.AppCommandOptionType.channel:
            return world.channel
        case discord.AppCommandOptionType.attachment:
            return "links.csv", b"Long URL;Short code;Title;Tags\nhttps://a.example/;q;\xe2\x80\xae;\n"
        case _:
            return True


async def _press(world: World, who: Any, shown: Any, depth: int, text: str) -> None:
    """Every button and select under an answer, and what comes of it."""
    message = answer_of(shown)
    if message is None or depth == 0:
        return
    parts = [part for row in message.components for part in _flat(row)]
    for part in parts:
        if part.get("custom_id") not in ids_in(message):
            continue  # an answer that was changed in place has other buttons now
        if part["type"] == 2 and part.get("custom_id") and not part.get("disabled"):
            pressed = await who.click(message, custom_id=part["custom_id"])
        elif part["type"] == 3 and not part.get("disabled"):
            pressed = await who.select(message, [part["options"][-1]["value"]], custom_id=part["custom_id"])
        else:
            continue
        if pressed.modal is not None:
            await who.submit_modal(pressed, _typed(pressed.modal, text))
        elif pressed.followups:
            await _press(world, who, pressed, depth - 1, text)
        message = answer_of(shown)
        if message is None:
            return


def ids_in(message: Any) -> set[str]:
    """The ids of a message's buttons and selects."""
    return {part["custom_id"] for row in message.components for part in _flat(row) if "custom_id" in part}


def _typed(form: Any, text: str) -> dict[str, Any]:
    """The form filled in: `text` wherever it may be typed, the last of what may be chosen."""
    fields = [label["component"] for label in form["components"]]
    typed = {one["custom_id"]: (text * 2)[: one.get("max_length", 4000)] for one in fields if one["type"] == 4}
    return typed | {one["custom_id"]: [one["options"][-1]["value"]] for one in fields if one["type"] == 3}


def _flat(part: Any) -> Iterator[dict[str, Any]]:
    shown = part if isinstance(part, dict) else part.to_dict()
    yield shown
    for inside in [*shown.get("components", []), *([shown["accessory"]] if "accessory" in shown else [])]:
        yield from _flat(inside)


async def calls(world: World, who: Any, command: app_commands.Command[Any, ..., Any], text: str) -> AsyncIterator[Any]:
    """What is given to a command: what must be; then beside that each text that may be, typed or from its list."""
    needed, more = {}, []
    for option in command.parameters:
        value = _value(world, option, text)
        if option.autocomplete:
            for typed in (text[:100], ""):
                offered = await who.autocomplete(world.channel, command.qualified_name, option.display_name, typed)
            value = offered[-1]["value"] if offered else value
        if option.required:
            needed[option.display_name] = value
        elif option.type is discord.AppCommandOptionType.string and not option.choices:
            more.append({option.display_name: value})
    yield needed
    for one in more:
        yield needed | one


async def walk(world: World, who: Any, text: str, *, deep: bool) -> int:
    """Every command of one person and every list of choices; `deep` with every option and every button.

    Returns how many requests were held to the limits.
    """
    seen = held = 0
    for command in list(leaves(world)):
        name = command.qualified_name
        if name == "setup" and who is not world.admin:
            continue  # Discord does not offer it
        async for given in calls(world, who, command, text):
            shown = await who.slash(world.channel, name, **given)
            if shown.modal is not None:
                shown = await who.submit_modal(shown, _typed(shown.modal, text))
            if not deep:
                break
            await _press(world, who, shown, 1, text)
        new = world.env.http_requests[seen:]
        problems = [problem for one in new for problem in discord_limits.request(one.method, one.path, one.json)]
        assert not problems, f"/{name}:\n" + "\n".join(problems)
        held += sum(discord_limits.is_held(one.path, one.json) for one in new)
        seen += len(new)
    return held
