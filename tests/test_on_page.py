"""A link stands on its creator's public page once they have chosen it, and not before."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from bot.clock import FixedClock
from bot.exports import Exports, Form
from bot.imports.eyeballs import read_export
from bot.links.access import Actor
from bot.profiles.layout import arrange
from bot.stats.question import Scope, Subject
from storage import links, profiles, transfer
from storage.database import Database
from storage.records import State
from tests.conftest import NOW, World, answer_of, at_revision, text_of
from tests.profiled import labels, let_creators_add, set_up
from tests.sampled import CREATORS, GUILD
from tests.sampled import a_filled_database as _filled  # noqa: F401


async def on_page(world: World, path: str = "/@maya") -> list[str]:
    """What the links on the page are called, from the top."""
    return re.findall(r'<span class="title">([^<]*)<', (await world.visit(path)).text)


@pytest.fixture
async def page(world: World) -> World:
    """Maya may add links, and has a public page with one on it."""
    await let_creators_add(world)
    await world.add_link("first", by=world.maya, title="My first")
    await set_up(world, world.maya)
    await world.maya.slash(world.channel, "profile publish")
    assert await on_page(world) == ["My first"]
    return world


async def test_a_new_link_is_off_the_page_until_its_creator_shows_it(page: World) -> None:
    made = await page.add_link("secret-drop", by=page.maya, title="Drop", destination="https://shop.example/drop")
    assert await on_page(page) == ["My first"]
    assert "On your page: no" in text_of(made)
    pressed = await page.maya.click(answer_of(made), label="Show on my page")
    assert "On your page `https://go.example/@maya`: **Drop**" in text_of(pressed)
    assert await on_page(page) == ["Drop", "My first"]
    card = await page.maya.slash(page.channel, "link show", link="secret-drop")
    assert "On your page: yes" in text_of(card)
    hidden = await page.maya.click(answer_of(card), label="Hide from my page")
    assert "Off your page: **Drop**" in text_of(hidden)
    assert await on_page(page) == ["My first"]
    assert labels(answer_of(card)) == ["Show on my page"]  # drawn anew in place
    assert "On your page: no" in text_of(card)


async def test_the_card_after_an_edit_says_that_the_link_stands_on_the_page(page: World) -> None:
    for edit in ({"tags": "fashion, summer"}, {"title": "New"}):
        page.move(minutes=1)
        card = await page.maya.slash(page.channel, "link edit", link="first", **edit)
        assert "On your page: yes" in text_of(card)


async def test_pressed_twice_it_stays(page: World) -> None:
    await page.add_link("drop", by=page.maya, title="Drop")
    who = Actor(page.guild.id, page.maya.id, manager=True)
    link = await page.app.services.links.find(who, "drop")
    for _n in range(2):
        await page.app.services.profiles.show(who, link.id, link.id)
        assert await on_page(page) == ["Drop", "My first"]


async def test_who_has_no_page_and_who_adds_for_others_get_no_button(page: World) -> None:
    assert labels(answer_of(await page.add_link("of-leo", by=page.leo))) == []
    assert labels(answer_of(await page.add_link("quiet", by=page.maya, private=True))) == []
    for_maya = await page.add_link("for-maya", creator=page.maya)
    assert labels(answer_of(for_maya)) == []
    assert "On their page: no" in text_of(for_maya)
    assert await on_page(page) == ["My first"]


async def test_a_page_that_is_not_public_yet_says_what_is_missing(world: World) -> None:
    await world.add_link("first", creator=world.maya)
    made = await set_up(world, world.maya, show=False)
    assert "None of your links is on it yet" in text_of(made)
    published = await world.maya.slash(world.channel, "profile publish")
    assert "None of your links is on it yet" in text_of(published)
    assert await on_page(world) == []
    await world.maya.slash(world.channel, "profile unpublish")
    pressed = await world.maya.click(answer_of(published), label="Show on my page")
    assert "Nobody else sees it before you use /profile publish" in text_of(pressed)
    card = text_of(await world.maya.slash(world.channel, "link show", link="first"))
    assert "yes, once you use /profile publish" in card


async def test_all_links_of_a_setup_are_shown_and_hidden_together(world: World) -> None:
    for name in ("one", "two", "three"):
        await world.add_link(name, creator=world.maya, title=name)
    made = await set_up(world, world.maya, show=False)
    await world.maya.slash(world.channel, "profile publish")
    assert await on_page(world) == []
    pressed = await world.maya.click(answer_of(made), label="Show all 3 on my page")
    assert await on_page(world) == ["three", "two", "one"]
    await world.maya.click(answer_of(pressed), label="Hide all 3 from my page")
    assert await on_page(world) == []


async def test_links_out_of_a_message_and_out_of_a_file_are_shown_at_a_press(page: World) -> None:
    shared = await page.maya.send(page.channel, "https://a.example/x and https://b.example/y")
    asked = await page.maya.context_menu(page.channel, "Track links here", shared)
    await page.maya.click(answer_of(asked), label="Track 2 links")
    assert await on_page(page) == ["My first"]
    await page.maya.click(answer_of(asked), label="Show all 2 on my page")
    assert await on_page(page) == ["b.example", "a.example", "My first"]

    csv = "Long URL;Short code;Title;Tags\nhttps://c.example/n;novel;Novel;\nhttps://d.example/p;poem;Poem;\n"
    brought = await page.maya.slash(page.channel, "link import", file=("links.csv", csv.encode()))
    await page.maya.click(answer_of(brought), label="Import")
    assert len(await on_page(page)) == 3
    await page.maya.click(answer_of(brought), label="Show all 2 on my page")
    assert (await on_page(page))[:2] == ["Poem", "Novel"]
    assert "Undo" in labels(answer_of(brought))


async def test_without_a_title_the_page_says_where_a_link_leads(page: World) -> None:
    made = await page.maya.slash(page.channel, "link add", destination="https://www.shop.example/coats")
    pressed = await page.maya.click(answer_of(made), label="Show on my page")
    assert "no title, so the page says where it leads: shop.example" in text_of(pressed).replace("\\", "")
    shown = (await page.visit("/@maya")).text
    assert await on_page(page) == ["shop.example", "My first"]
    assert '<span class="host">/coats</span>' in shown


async def test_links_stand_in_profile_links_as_on_the_page(page: World) -> None:
    for name in ("a", "b", "c", "d"):
        made = await page.add_link(name, by=page.maya, title=name)
        if name != "c":
            await page.maya.click(answer_of(made), label="Show on my page")
    who = Actor(page.guild.id, page.maya.id, manager=True)
    ids = {link.title: link.id for link in await page.app.services.links.visible(who)}
    await page.app.services.profiles.change_entry(who, ids["My first"], pinned=True)
    await page.app.services.profiles.change_entry(who, ids["d"], heading="Later")
    shown = text_of(await page.maya.slash(page.channel, "profile links"))
    numbered = re.findall(r"^\d+\. \*\*(.*?)\*\*", shown, re.MULTILINE)
    assert numbered == await on_page(page) == ["My first", "b", "a", "d"]
    assert "**Not on your page**\n▫️ **c**" in shown


# ---------------------------------------------------------------------- what stood on pages before


async def test_links_that_stood_on_a_page_before_stay_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "eyeballs.db"
    with at_revision(path, "0013").begin() as conn:
        for id_, private, state in (
            *((5, 0, "active"), (6, 0, "active"), (7, 0, "active")),
            *((8, 1, "active"), (9, 0, "deleted"), (10, 0, "archived")),
        ):
            conn.exec_driver_sql(
                "INSERT INTO links (guild_id, id, creator_id, slug, destination, title, tags, private, state, "
                "created_by, created_at, updated_at) VALUES (1, ?, 2, ?, 'https://a.example', '', '[]', ?, ?, 2, 0, 0)",
                (id_, f"s{id_}", private, state),
            )
        conn.exec_driver_sql(
            "INSERT INTO links (guild_id, id, creator_id, slug, destination, title, tags, private, state, "
            "created_by, created_at, updated_at) VALUES (1, 50, 3, 'leo', 'https://a.example', '', '[]', 0, 'active', "
            "3, 0, 0)"
        )
        conn.exec_driver_sql(
            "INSERT INTO profiles (guild_id, creator_id, handle, name, published, id) VALUES (1, 2, 'maya', '', 1, 99)"
        )
        conn.exec_driver_sql(
            "INSERT INTO profile_entries (guild_id, creator_id, link_id, rank, pinned, hidden) "
            "VALUES (1, 2, 5, 0, 0, 0)"
        )
    async with Database.open(path) as db, db.read() as conn:
        entries = {entry.link_id: entry for entry in await profiles.entries(conn, 1, 2)}
        found = await links.find(conn, 1, creator_id=2, states=[State.ACTIVE])
        assert await profiles.entries(conn, 1, 3) == []
    assert min(entry.rank for entry in entries.values()) >= 0
    assert set(entries) == {5, 6, 7, 10}  # an archived one comes back to where it stood
    (section,) = arrange([link for link in found if not link.private], entries, NOW)
    assert [link.id for link in section.links] == [7, 6, 5]  # as it was: new ones on top


@pytest.mark.usefixtures("kept_worker")
async def test_an_export_of_before_brings_its_pages_as_they_were(filled: Database, tmp_path: Path) -> None:
    made = await Exports(filled, FixedClock(NOW)).export(
        Actor(GUILD, CREATORS["maya"], manager=True), Subject(Scope.SERVER, GUILD), Form.JSON, 2**30
    )
    assert made.file is not None
    with made.file as file:
        written = json.loads(file.read())
    for name in transfer.TABLES.keys() - transfer.NOUNS.keys():
        written["tables"][name]["rows"] = []  # what was counted is nothing that pages are made of
    chosen = written["tables"]["profile_entries"]
    place = {name: chosen["columns"].index(name) for name in ("creator_id", "link_id")}
    kept = {(row[place["creator_id"]], row[place["link_id"]]) for row in chosen["rows"]}

    def read(version: int, rows: list[Any]) -> list[dict[str, Any]]:
        path = tmp_path / f"{version}-{len(rows)}.json"
        tables = written["tables"] | {"profile_entries": {"columns": chosen["columns"], "rows": rows}}
        path.write_text(json.dumps({**written, "version": version, "tables": tables}))
        return read_export(path, NOW).tables["profile_entries"]

    assert read(2, []) == []
    old = read(1, [])
    archived = {row["link_id"] for row in old} - {link_id for _creator, link_id in kept}
    assert {(row["creator_id"], row["link_id"]) for row in old if row["link_id"] not in archived} == kept
    assert not any(row["hidden"] for row in old)
    assert len(read(1, chosen["rows"])) == len(old)  # what was chosen stays chosen


async def test_all_that_a_creator_chose_is_written_at_once(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    trips, execute = [], aiosqlite.Connection._execute

    async def counted(self: Any, *args: Any, **options: Any) -> Any:
        trips.append(args)
        return await execute(self, *args, **options)

    chosen = [profiles.Entry(1, 2, link_id, rank=-link_id) for link_id in range(300)]
    await db.write(lambda conn: profiles.put_entries(conn, chosen[:1]))
    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    await db.write(lambda conn: profiles.put_entries(conn, chosen))
    assert len(trips) < 30, "a trip for each of them"
    async with db.read() as conn:
        assert await profiles.entries(conn, 1, 2) == chosen[::-1]
