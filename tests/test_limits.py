"""Whatever leaves the house keeps to Discord's limits: the last guard by itself, then every answer of every command."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cogs.ui.limits import held_components, held_embed, held_form, is_linkable, picture
from tests import discord_limits
from tests.conftest import World
from tests.walked import NASTY, make_hostile, walk

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
IDS = st.uuids().map(str) | st.uuids().map(lambda id_: f"{id_}" * 3)
BUTTONS = st.one_of(
    st.fixed_dictionaries({"type": st.just(2), "style": st.just(1), "label": TEXT, "custom_id": IDS}),
    st.fixed_dictionaries({"type": st.just(2), "style": st.just(5), "label": TEXT, "url": URLS}),
)
OPTIONS = st.fixed_dictionaries(
    {"label": TEXT, "value": TEXT, "default": st.booleans()}, optional={"description": TEXT}
)
SELECTS = st.fixed_dictionaries(
    {"type": st.just(3), "custom_id": IDS, "options": st.lists(OPTIONS, max_size=30)},
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


def test_choices_are_built_in_one_place_alone() -> None:
    """Those that stand in the code are read by tests; what is made of people's own texts needs the guard."""
    found = []
    for path in Path("cogs").rglob("*.py"):
        for made in ast.walk(ast.parse(path.read_text())):
            if isinstance(made, ast.FunctionDef | ast.AsyncFunctionDef) and made.name != "choices":
                used = [node for node in ast.walk(made) if isinstance(node, ast.Call)]
                found += [f"{path}:{one.lineno}" for one in used if ast.unparse(one.func) == "app_commands.Choice"]
    assert not found, "build these with cogs/ui/pick.py's choices instead:\n" + "\n".join(found)


# ------------------------------------------------------------------ the walk

LEAST = {"admin": 390, "maya": 340, "sam": 340}
"""Requests that a part of the proof holds to the limits, by who asks; mere "wait" is not counted."""
PARTS = [("", "admin"), ("", "maya"), ("", "sam"), ("markdown", "sam")]
PARTS += [(text, person) for text in NASTY for person in ("admin", "maya")]
"""An empty server (""), then a hostile one for each of the texts, before each who may ask."""


@pytest.mark.long
async def test_every_answer_from_hostile_rows_keeps_to_the_limits(world: World) -> None:
    await make_hostile(world)
    assert await walk(world, world.admin, NASTY["override"], deep=False) > 150


@pytest.mark.proof
@pytest.mark.parametrize(("text", "person"), PARTS)
async def test_every_answer_button_and_choice_keeps_to_the_limits(world: World, text: str, person: str) -> None:
    if text:
        await make_hostile(world)
    held = await walk(world, getattr(world, person), NASTY.get(text, "ok"), deep=True)
    print(f"{held} requests held to the limits")  # noqa: T201  `-rP` shows it
    assert held >= LEAST[person]


async def test_a_digest_with_titles_that_show_nothing_is_posted(world: World) -> None:
    await make_hostile(world)
    await world.admin.slash(world.channel, "digest setup", channel=world.channel, weekday=0, time="9:00")
    for n in range(8):
        await world.visit(f"/link{n}")
    world.move_to("2026-03-16T10:00:00+00:00")
    assert await world.tick() == 1
    assert not [p for one in world.env.http_requests for p in discord_limits.request(one.method, one.path, one.json)]
    digest = world.channel.history()[-1]
    assert "untitled" in str([part if isinstance(part, dict) else part.to_dict() for part in digest.components])


def test_the_proof_holds_five_thousand_requests_to_the_limits() -> None:
    assert sum(LEAST[person] for _text, person in PARTS) >= 5000
