"""What people type is made clean at the door: nothing invisible comes in, and nothing that can be seen is lost."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidError
from bot.inputs.text import clean, fit_line, parse_line, shorten, shows
from bot.links.access import Actor
from tests.conftest import World, answer_of, text_of

ANYTHING = st.text(
    st.one_of(
        st.characters(exclude_categories=()),
        st.sampled_from("\u200b\u200c\u200d\u202e\u2066\u2800\u3164\ufe0f\u0301\ud83d\U000e0067\U0001f3f4👩💻🏽❤مक्A 1"),
    ),
    max_size=40,
)
NOTHING_TO_SEE = [
    "\u202e",
    "\u2066\u2069",
    "\u200b",
    "\u2060\ufeff",
    "\u3164",
    "\uffa0",
    "\u115f\u1160",
    "\u2800 \u2800",
    "\u00ad",
]
NOTHING_TO_SEE += [
    "\u2065\ufff0",
    "\ufff8",
    "\u0301\u0302",
    "\ufe0f",
    "\U000e0041\U000e0042",
    "\ud800",
    "\x00\x1f",
    "\u061c",
    "\u200d\u200c",
    "\U0001f3fb",
    "\ufffc",
]


@pytest.mark.parametrize(
    "text",
    [
        "Summer sale",
        "Prix d’été: 5 €",
        "👩‍💻 at work",
        "🏳️‍🌈",
        "❤️‍🔥 hot",
        "👨🏽‍⚕️",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿 England",
        "1️⃣ first",
        "👨‍👩‍👧‍👦",
        "🧑‍🤝‍🧑",
        "🇩🇪",
        "می‌خواهم",
        "ക്‍",
        "श्री‍",
        "עברית",
        "한국어",
        "葛\U000e0100城",
        "ﷺ",
        "नमस्ते",
        "😀" * 100,
    ],
)
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    assert clean(text) == text
    assert parse_line(text, "title", 100) == text


@pytest.mark.parametrize("text", NOTHING_TO_SEE, ids=ascii)
def test_what_shows_nothing_is_refused_with_the_fields_name(text: str) -> None:
    assert not shows(text)
    with pytest.raises(InvalidError, match="title: there is nothing to see in that text"):
        parse_line(text, "title", 100)
    assert fit_line(text, 100) == ""


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a\u202eb", "ab"),
        ("sum\u200bmer", "summer"),
        ("one\ntwo\tthree", "one two three"),
        ("  much \u3000 room  ", "much room"),
        ("a\u200db", "ab"),
        ("Cafe\u0301", "Café"),
        ("\u0301Tower", "Tower"),
        ("half \ud83d moon", "half moon"),
        ("a\ufe0f", "a"),
        ("⠓\u2800⠊", "⠓ ⠊"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
    ids=ascii,
)
def test_what_nobody_sees_goes(text: str, left: str) -> None:
    assert clean(text) == left


@given(ANYTHING)
def test_a_clean_text_is_harmless_and_stays_clean(text: str) -> None:
    line = clean(text)
    assert clean(line) == line
    assert unicodedata.is_normalized("NFC", line)
    assert " ".join(line.split()) == line
    line.encode()
    left = {
        c for c in line if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(c) in BIDI
    }
    assert not left
    assert bool(fit_line(text, 30)) == shows(text)
    assert len(fit_line(text, 30)) <= 30


BIDI = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


@given(ANYTHING)
def test_what_is_typed_is_kept_or_refused_in_a_sentence(text: str) -> None:
    if len(clean(text)) > 30 or (text.strip() and not shows(text)):
        with pytest.raises(InvalidError, match=r"\Atitle: ") as refused:
            parse_line(text, "title", 30)
        str(refused.value).encode()
    else:
        assert parse_line(text, "title", 30) == clean(text)


def test_a_quote_ends_where_it_says() -> None:
    assert shorten("say “hi” to \u202e**me**") == 'say "hi" to **me**'
    assert len(shorten("y" * 3000)) == 60
    assert shorten("👩‍" * 100).endswith("👩…")


# ------------------------------------------------------------------ every door


@pytest.mark.parametrize("text", ["\u202e", "\u3164", "\u2800"], ids=ascii)
async def test_every_door_refuses_what_shows_nothing(world: World, text: str) -> None:
    await world.add_link()
    await world.admin.slash(world.channel, "post add", link="summer", platform="x", kind="post")
    (post,) = await world.admin.autocomplete(world.channel, "post show", "post", "")
    doors: list[tuple[str, dict[str, Any], str]] = [
        ("link add", {"destination": "https://shop.example/", "name": "new", "title": text}, "title"),
        ("link add", {"destination": "https://shop.example/", "name": "new", "tags": f"summer,{text}"}, "tags"),
        ("link edit", {"link": "summer", "title": text}, "title"),
        ("link edit", {"link": "summer", "tags": text}, "tags"),
        ("post add", {"link": "summer", "platform": "x", "kind": "post", "title": text}, "title"),
        ("post edit", {"post": post["value"], "title": text}, "title"),
        ("views log", {"views": "100", "platform": "x", "kind": "post", "link": "summer", "title": text}, "title"),
        ("note add", {"text": text}, "text"),
        ("brand report", {"brand": text}, "brand"),
        ("brand report", {"note": text}, "note"),
        (
            "deal add",
            {"brand": text, "metric": "clicks", "promised": "100", "start": "2026-03-01", "end": "2026-03-31"},
            "brand",
        ),
        ("digest setup", {"channel": world.channel, "tag": text}, "tag"),
    ]
    for command, options, field in doors:
        said = text_of(await world.admin.slash(world.channel, command, **options))
        assert said.startswith(f"{field}: there is nothing to see in"), f"/{command}: {said}"
    listed = text_of(await world.admin.slash(world.channel, "link list"))
    assert "Links (1)" in listed
    assert "**summer**" in listed


async def test_a_page_takes_no_name_line_or_heading_that_shows_nothing(world: World) -> None:
    await world.add_link()
    who = Actor(world.guild.id, world.admin.id, manager=True)
    pages = world.app.services.profiles
    for name, line, field in (("\u3164", "", "name"), ("Admin", "\u202e", "line")):
        with pytest.raises(InvalidError, match=f"{field}: there is nothing to see"):
            await pages.set_up(who, "boss", name, line)
    await pages.set_up(who, "boss", "Admin\u202e", "")
    board = await pages.board(who)
    assert board.profile.name == "Admin"
    with pytest.raises(InvalidError, match="heading: there is nothing to see"):
        await pages.change_entry(who, board.off[0].id, heading="\u200b")


async def test_what_files_bring_is_clean(world: World) -> None:
    rows = "https://shop.example/a;one;\u202e;\u3164|ok\nhttps://shop.example/b;two;Su\u200bn;\n"
    file = ("links.csv", f"Long URL;Short code;Title;Tags\n{rows}".encode())
    asked = await world.admin.slash(world.channel, "link import", file=file)
    await world.admin.click(answer_of(asked), label="Import")
    found = await world.app.services.links.visible(Actor(world.guild.id, world.admin.id))
    assert {link.slug: (link.title, link.tags) for link in found} == {"one": ("", ("ok",)), "two": ("Sun", ())}
