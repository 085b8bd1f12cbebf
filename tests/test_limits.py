"""Whatever leaves the house keeps to Discord's limits: the last guard by itself, then every answer of every command."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.inputs.text import shows
from cogs.ui.limits import held_components, held_embed, held_form, is_linkable, picture
from storage import addresses, links, notes, posts
from storage.records import Address, Link, Note, Post
from tests import discord_limits
from tests.conftest import World, answer_of

TEXT = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=30),
    st.sampled_from(
        ["", " ", "\u202e", "\u3164", "\u2800", "\ud800", "A" * 6000, "*" * 6000, "👩‍💻" * 500, "ok", "@everyone"]
    ),
)
URLS = st.sampled_from(
    ["https://go.example/a", "http://localhost:8080/a", "http://127.0.0.1:8080/@maya", "nonsense", ""]
)


def optional(**parts: Any) -> Any:
    return st.fixed_dictionaries({}, optional=parts)


EMBEDS = optional(
    title=TEXT,
    description=TEXT,
    url=URLS,
    footer=st.fixed_dictionaries({"text": TEXT}),
    author=st.fixed_dictionaries({"name": TEXT}),
    image=st.fixed_dictionaries({"url": URLS | st.just("attachment://chart.png")}),
    fields=st.lists(st.fixed_dictionaries({"name": TEXT, "value": TEXT, "inline": st.booleans()}), max_size=40),
)
BUTTONS = st.one_of(
    st.fixed_dictionaries({"type": st.just(2), "style": st.just(1), "label": TEXT, "custom_id": st.uuids().map(str)}),
    st.fixed_dictionaries({"type": st.just(2), "style": st.just(5), "label": TEXT, "url": URLS}),
)
OPTIONS = st.fixed_dictionaries(
    {"label": TEXT, "value": TEXT, "default": st.booleans()}, optional={"description": TEXT}
)
SELECTS = st.fixed_dictionaries(
    {"type": st.just(3), "custom_id": st.uuids().map(str), "options": st.lists(OPTIONS, max_size=30)},
    optional={"placeholder": TEXT, "min_values": st.integers(0, 1), "max_values": st.integers(1, 3)},
)
ROWS = st.fixed_dictionaries(
    {"type": st.just(1), "components": st.lists(BUTTONS, min_size=1, max_size=5) | SELECTS.map(lambda one: [one])}
)
TEXTS = st.fixed_dictionaries({"type": st.just(10), "content": TEXT})
SECTIONS = st.fixed_dictionaries(
    {"type": st.just(9), "components": st.lists(TEXTS, min_size=1, max_size=3), "accessory": BUTTONS}
)
GALLERIES = st.fixed_dictionaries(
    {"type": st.just(12), "items": st.lists(optional(description=TEXT), min_size=1, max_size=3)}
)
CONTAINERS = st.fixed_dictionaries(
    {"type": st.just(17), "components": st.lists(TEXTS | SECTIONS | GALLERIES | ROWS, min_size=1, max_size=6)}
)
INPUTS = st.fixed_dictionaries(
    {"type": st.just(4), "custom_id": st.uuids().map(str), "max_length": st.integers(1, 100)},
    optional={"value": TEXT, "placeholder": TEXT},
)
LABELS = st.fixed_dictionaries(
    {"type": st.just(18), "label": TEXT, "component": INPUTS}, optional={"description": TEXT}
)


@settings(max_examples=60, deadline=None)
@given(EMBEDS)
def test_every_embed_is_held_to_the_limits(payload: dict[str, Any]) -> None:
    held = held_embed(payload)
    assert not list(discord_limits.message("embed", {"embeds": [held]}, new=True))
    assert held_embed(held) == held


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, max_size=5))
def test_every_row_of_buttons_is_held_to_the_limits(rows: list[Any]) -> None:
    assert not list(discord_limits.message("rows", {"content": "x", "components": held_components(rows)}, new=True))


@settings(max_examples=40, deadline=None)
@given(st.lists(CONTAINERS, min_size=1, max_size=1))
def test_every_layout_is_held_to_the_limits(parts: list[Any]) -> None:
    body = {"components": held_components(parts), "flags": 1 << 15}
    assert not [one for one in discord_limits.message("layout", body, new=False) if "components, " not in one]


@given(
    st.fixed_dictionaries(
        {"title": TEXT, "custom_id": st.uuids().map(str), "components": st.lists(LABELS, min_size=1, max_size=5)}
    )
)
def test_every_form_is_held_to_the_limits(payload: dict[str, Any]) -> None:
    assert not list(discord_limits.form("form", held_form(payload)))


@settings(max_examples=40, deadline=None)
@given(TEXT)
def test_every_alt_text_is_held_to_the_limits(alt: str) -> None:
    assert not list(discord_limits.text("alt", picture(b"", "chart.png", alt).description, 1024))


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://go.example/report/x", True),
        ("http://192.168.1.4:8080/x", True),
        ("http://[::1]:8080/x", True),
        ("http://localhost:8080/x", False),
        ("http://eyeballs:8080/x", False),
        ("mailto:maya@go.example", False),
        ("", False),
        (None, False),
    ],
)
def test_addresses_that_discord_calls_malformed_are_known(url: str | None, taken: bool) -> None:
    assert is_linkable(url) is taken


def test_messages_are_built_of_guarded_parts_alone() -> None:
    """Discord's own classes in their place would leave the house unguarded."""
    bare = {"discord.Embed", "discord.ui.View", "discord.ui.LayoutView", "discord.ui.Modal"}
    found = []
    for path in Path("cogs").rglob("*.py"):
        if path.name == "limits.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            used = [node.func] if isinstance(node, ast.Call) else node.bases if isinstance(node, ast.ClassDef) else []
            found += [f"{path}:{one.lineno}: {ast.unparse(one)}" for one in used if ast.unparse(one) in bare]
    assert not found, "build these with cogs/ui/limits.py instead:\n" + "\n".join(found)


# ------------------------------------------------------------------ the walk

NASTY = ["\u202e", "\u3164", "👩‍💻" * 33, "**bold** [x](https://x.example) @everyone `", "A" * 100, "\u2066"]


def _title(n: int) -> str:
    """A hostile title; those that show something are told apart by a number."""
    text = NASTY[n % 6]
    return f"{n} {text}"[:100] if shows(text) else text


async def _hostile(world: World) -> None:
    """Rows as they were kept before anything was refused: more than any list holds, each with a hostile text."""
    now, guild = world.clock.now(), world.guild.id
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
        )
        for n in range(30)
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

    async def work(conn: Any) -> None:
        for link in found:
            await links.add(conn, link)
            await addresses.add(conn, Address(link.slug, guild, link.creator_id, link.id, destination=link.destination))
        for post in shared:
            await posts.add(conn, post)
        for note in noted:
            await notes.add(conn, note)

    await world.app.db.write(work)


def _leaves(world: World) -> Iterator[app_commands.Command[Any, ..., Any]]:
    for command in world.client.tree.walk_commands():
        if isinstance(command, app_commands.Command):
            yield command


def _given(world: World, command: app_commands.Command[Any, ..., Any], text: str) -> dict[str, Any]:
    """A value for each option that must be given; `text` where any may be typed."""
    known: dict[str, Any] = {
        "link": "link0",
        "destination": "https://shop.example/",
        "platform": "x",
        "kind": "post",
        "start": "2026-03-01",
        "end": "2026-03-31",
        "promised": "100",
    }
    found: dict[str, Any] = {}
    for option in command.parameters:
        if not option.required:
            continue
        match option.type:
            case discord.AppCommandOptionType.string:
                typed = known.get(option.name, text)[: option.max_value or 6000]  # a string's is its length
                found[option.display_name] = option.choices[0].value if option.choices else typed
            case discord.AppCommandOptionType.integer:
                found[option.display_name] = 1
            case discord.AppCommandOptionType.user:
                found[option.display_name] = world.leo
            case discord.AppCommandOptionType.channel:
                found[option.display_name] = world.channel
            case discord.AppCommandOptionType.attachment:
                found[option.display_name] = (
                    "links.csv",
                    b"Long URL;Short code;Title;Tags\nhttps://a.example/;q;\xe2\x80\xae;\n",
                )
            case discord.AppCommandOptionType.boolean:
                found[option.display_name] = True
    return found


async def _press(world: World, who: Any, shown: Any, depth: int) -> None:
    """Every button and select under an answer, and what comes of it."""
    message = answer_of(shown)
    if message is None or depth == 0:
        return
    parts = [part for row in message.components for part in _flat(row)]
    for part in parts:
        if part.get("custom_id") not in _ids(message):
            continue  # an answer that was changed in place has other buttons now
        if part["type"] == 2 and part.get("custom_id") and not part.get("disabled"):
            pressed = await who.click(message, custom_id=part["custom_id"])
        elif part["type"] == 3 and not part.get("disabled"):
            pressed = await who.select(message, [part["options"][-1]["value"]], custom_id=part["custom_id"])
        else:
            continue
        if pressed.modal is not None:
            await who.submit_modal(pressed, _typed(pressed.modal, "\u202e"))
        elif pressed.followups:
            await _press(world, who, pressed, depth - 1)
        message = answer_of(shown)
        if message is None:
            return


def _ids(message: Any) -> set[str]:
    return {part["custom_id"] for row in message.components for part in _flat(row) if "custom_id" in part}


def _typed(form: Any, text: str) -> dict[str, Any]:
    """The form filled in: `text` wherever it may be typed, the last of what may be chosen."""
    fields = [label["component"] for label in form["components"]]
    typed = {one["custom_id"]: (text * 2)[: min(one.get("max_length", 30), 30)] for one in fields if one["type"] == 4}
    return typed | {one["custom_id"]: [one["options"][-1]["value"]] for one in fields if one["type"] == 3}


def _flat(part: Any) -> Iterator[dict[str, Any]]:
    shown = part if isinstance(part, dict) else part.to_dict()
    yield shown
    for inside in [*shown.get("components", []), *([shown["accessory"]] if "accessory" in shown else [])]:
        yield from _flat(inside)


async def walk(world: World, texts: list[str], *, pressed: bool) -> int:
    """Every command by a manager, a creator and a member; returns how many requests were checked."""
    before = checked = len(world.env.http_requests)
    for who in (world.admin, world.maya, world.sam):
        for command in list(_leaves(world)):
            name = command.qualified_name
            if name == "setup" and who is not world.admin:
                continue
            for text in texts:
                shown = await who.slash(world.channel, name, **_given(world, command, text))
                if shown.modal is not None:
                    shown = await who.submit_modal(shown, _typed(shown.modal, text))
                if pressed:
                    await _press(world, who, shown, 1)
            for option in command.parameters:
                if option.autocomplete:
                    for text in ("", *texts):
                        await who.autocomplete(world.channel, name, option.display_name, text[:100])
            problems = [
                problem
                for one in world.env.http_requests[checked:]
                for problem in discord_limits.request(one.method, one.path, one.json)
            ]
            assert not problems, f"/{name}:\n" + "\n".join(problems)
            checked = len(world.env.http_requests)
    return checked - before


async def test_every_answer_from_hostile_rows_keeps_to_the_limits(world: World) -> None:
    await _hostile(world)
    assert await walk(world, ["\u202e"], pressed=False) > 250


@pytest.mark.proof
@pytest.mark.parametrize(("hostile", "text"), [(False, "ok"), (True, "\u202e")], ids=["empty", "hostile"])
async def test_every_answer_button_and_choice_keeps_to_the_limits(world: World, hostile: bool, text: str) -> None:
    if hostile:
        await _hostile(world)
    assert await walk(world, [text], pressed=True) > 800


async def test_a_digest_with_titles_that_show_nothing_is_posted(world: World) -> None:
    await _hostile(world)
    await world.admin.slash(world.channel, "digest setup", channel=world.channel, weekday=0, time="9:00")
    for n in range(8):
        await world.visit(f"/link{n}")
    world.move_to("2026-03-16T10:00:00+00:00")
    assert await world.tick() == 1
    assert not [p for one in world.env.http_requests for p in discord_limits.request(one.method, one.path, one.json)]
    digest = world.channel.history()[-1]
    assert "untitled" in str([part if isinstance(part, dict) else part.to_dict() for part in digest.components])
