"""What autocomplete offers: the right few, the best first, each told from the others."""

from __future__ import annotations

import asyncio
import dataclasses
import re
import unicodedata
from pathlib import Path
from typing import Any

import discord
import pytest
import sqlalchemy as sa
from alembic import command as alembic_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import UntoldError, UserError
from bot.inputs.text import shows
from cogs.ui import pick
from cogs.ui.people import Members, Names
from storage import links, migrate, notes, picks, schema
from storage.database import Database
from storage.ids import Ids
from storage.prepared import read
from storage.records import Link, Note, Post, State
from storage.search import link_key, post_key
from storage.words import Query, Tier, key
from tests.conftest import NOW, World, text_of

TEXTS = st.text(st.sampled_from("aAbBßüÜéИи日 -_%/.,'#1"), max_size=8)


def folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split())


def tier_of(typed: str, fields: list[str]) -> Tier | None:
    """What `storage.words` promises, without marks: by looking at each field."""
    around = "\"'“”‘’«»()[],.·/#"
    said = folded(typed).split()[:12]
    words = [word.strip(around) for word in said if word.strip(around)] or said
    named = [folded(field) for field in fields if folded(field)]
    if not all(any(word in field for field in named) for word in words):
        return None
    if not words or any(field.startswith(" ".join(words)) for field in named):
        return Tier.PREFIX

    def begins(word: str) -> bool:
        before = r"(?<![^\W_])" if re.match(r"[^\W_]", word) else ""
        return any(re.search(before + re.escape(word), field) for field in named)

    return Tier.WORD if all(begins(word) for word in words) else Tier.WITHIN


@given(TEXTS, st.lists(TEXTS, max_size=4))
@settings(max_examples=500, deadline=None)
def test_a_key_answers_as_its_fields_do(typed: str, fields: list[str]) -> None:
    assert Query.of(typed).tier(key(*fields)) == tier_of(typed, fields)


@given(st.lists(st.tuples(st.text(max_size=130), st.text(max_size=130)), max_size=40))
@settings(max_examples=200, deadline=None)
def test_names_of_choices_are_distinct_and_fit(named: list[tuple[str, str]]) -> None:
    offered = pick.choices((head, tail, f"v{n}") for n, (head, tail) in enumerate(named))
    names = [choice.name for choice in offered]
    assert len(names) == min(len(named), 25) == len(set(names))
    assert all(len(name) <= 100 and shows(name) for name in names)


def link_of(number: int, title: str, slug: str, creator_id: int = 2, state: State = State.ACTIVE) -> Link:
    return Link(1, number, creator_id, slug, "https://shop.example/", creator_id, NOW, NOW, title, (), False, state)


@given(
    st.lists(st.tuples(TEXTS, st.integers(2, 3), st.sampled_from([State.ACTIVE, State.ARCHIVED])), max_size=40), TEXTS
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_sql_ranks_as_plain_python_does(db: Database, rows: list[tuple[str, int, State]], typed: str) -> None:
    guild_id = Ids().new()
    made = [
        dataclasses.replace(link_of(n + 1, title, f"s{n}", creator, state), guild_id=guild_id)
        for n, (title, creator, state) in enumerate(rows)
    ]

    async def work(conn: Any) -> None:
        for link in made:
            await links.add(conn, link)

    await db.write(work)
    recent = (1, 5, 999)
    scope = picks.Scope(guild_id, 2, None, recent)
    query, states = Query.of(typed), (State.ACTIVE, State.ARCHIVED)
    async with db.read() as conn:
        found = await read(conn, lambda reader: picks.find_links(reader, scope, query, NOW, states))
    ranked = []
    for link in made:
        tier = tier_of(typed, [link.title, link.slug, link.destination])
        used = recent.index(link.id) if link.id in recent else 9
        if tier is not None:
            ranked.append((tier, link.state, used, link.creator_id != 2, -link.id))
    assert [pick.id for pick in found] == [-row[-1] for row in sorted(ranked)][:25]


async def test_a_server_at_its_limits(db: Database) -> None:
    """5,000 links and 50,000 posts: the one that is meant comes first, and at most 25 come at all."""

    def work(conn: Any) -> None:
        new = [link_of(n, f"Ärmel {n}", f"l{n}") for n in range(1, 5001)]
        conn.execute(schema.links.insert(), [dataclasses.asdict(link) | {"search": link_key(link)} for link in new])
        made = [
            Post(1, 10_000 + n, 2, 1 + n // 10, f"ig{n}", "instagram", "story", 2, NOW, title=f"100%_{n} МОСКВА")
            for n in range(50_000)
        ]
        rows = [dataclasses.asdict(p) | {"search": post_key(p, f"l{p.link_id}")} for p in made]
        conn.execute(schema.posts.insert(), rows)

    await db.write(lambda conn: conn.run_sync(work))
    scope = picks.Scope(1, 9)

    async def of(typed: str) -> list[int]:
        async with db.read() as conn:
            found = await read(conn, lambda reader: picks.find_posts(reader, scope, Query.of(typed), NOW))
        return [pick.id - 10_000 for pick in found]

    assert await of("l7/ig60") == [60]
    assert await of("москва 100%_4711") == [*range(47_119, 47_109, -1), 4711]
    assert await of("100_4711") == []
    assert await of("") == list(range(49_999, 49_974, -1))
    async with db.read() as conn:
        found = await read(conn, lambda reader: picks.find_links(reader, scope, Query.of("ÄRMEL 17"), NOW))
    assert [pick.id for pick in found][:2] == [1799, 1798]
    assert len(found) == 25


async def names(world: World, command: str, option: str, typed: str) -> list[str]:
    return [choice["name"] for choice in await world.admin.autocomplete(world.channel, command, option, typed)]


async def test_what_begins_so_comes_first_and_what_was_used_before_what_is_new(world: World) -> None:
    page = "https://example.org/"
    await world.add_link("lookbook", title="Summer lookbook", destination=page)
    for n, title in enumerate(("Unannounced brand deal", "Merch shop", "Autumn capsule")):
        await world.add_link(f"x{n}", title=title, destination=page)
    assert (await names(world, "stats link", "link", "s"))[:2] == ["Summer lookbook (lookbook)", "Merch shop (x1)"]
    assert await names(world, "stats link", "link", "https://go.example/x1") == ["Merch shop (x1)"]
    assert (await names(world, "stats link", "link", ""))[0] == "Autumn capsule (x2)"
    await world.admin.slash(world.channel, "link show", link="x1")
    assert (await names(world, "stats link", "link", ""))[:2] == ["Merch shop (x1)", "Autumn capsule (x2)"]


async def test_a_renamed_link_is_found_by_its_new_title_alone(world: World) -> None:
    await world.add_link(title="Old")
    await world.admin.slash(world.channel, "link edit", link="summer", title="ÉTÉ")
    assert await names(world, "stats link", "link", "old") == []
    assert await names(world, "stats link", "link", "ete") == ["ÉTÉ (summer)"]


async def test_posts_of_one_long_title_are_told_apart_by_their_places(world: World) -> None:
    await world.add_link()
    for _n in range(2):
        options = {"link": "summer", "platform": "instagram", "kind": "story", "title": "A" * 100}
        await world.admin.slash(world.channel, "post add", **options)
    offered = await names(world, "stats post", "post", "")
    assert [name.rpartition(" · ")[2] for name in offered] == ["/summer/ig2", "/summer/ig1"]
    assert all(len(name) == 100 for name in offered)


async def test_a_period_that_shows_nothing_is_no_choice(world: World) -> None:
    offered = await names(world, "stats server", "period", "\u202e")
    assert offered
    assert all(shows(name) for name in offered)


async def test_a_renamed_creator_is_called_so_some_minutes_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pick, "_SECONDS", 30.0)  # a busy machine takes its time
    await world.add_link(creator=world.maya)
    before = len(world.env.http_requests)
    assert "Creator Maya" in await names(world, "stats top", "of", "may")
    world.env.backend.users[world.maya.id].global_name = "Mia"
    assert "Creator Maya" in await names(world, "stats top", "of", "may")
    world.move(minutes=6)
    assert "Creator Mia" in await names(world, "stats top", "of", "mia")
    asked = [request for request in world.env.http_requests[before:] if "/members/" in request.path]
    assert asked == []


async def test_names_that_are_not_told_in_time_hold_nothing_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = []

    async def silence(guild: Any, **options: Any) -> Any:
        questions.append(options["user_ids"])
        await asyncio.Event().wait()

    monkeypatch.setattr(discord.Guild, "query_members", silence)
    guild = world.client.get_guild(world.guild.id)
    assert guild is not None
    people = Names(world.clock)
    found = await asyncio.gather(*(people.of(guild, range(150), 0.05) for _n in range(3)))
    assert found[0][7] == "member 7"
    assert [len(ids) for ids in questions] == [100, 50]
    for task in set(people._asked.values()):
        task.cancel()


async def test_who_has_a_role_is_asked_by_the_hundred_and_not_guessed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = Members()
    members.client = world.client
    ids = [world.maya.id, world.sam.id, *range(1, 150)]
    assert await members.creators_with(world.guild.id, world.creator_role.id, ids) == {world.maya.id}

    async def unanswered(guild: Any, **options: Any) -> Any:
        raise TimeoutError

    monkeypatch.setattr(discord.Guild, "query_members", unanswered)
    with pytest.raises(UntoldError):
        await members.creators_with(world.guild.id, world.creator_role.id, ids)
    assert issubclass(UntoldError, UserError)


async def test_names_from_before_are_found_after_the_migration(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    migrated(path, "0015")
    async with Database.open(path) as db, db.read() as conn:
        scope = picks.Scope(1, 9)
        found = await read(conn, lambda reader: picks.find_links(reader, scope, Query.of("ete"), NOW))
        posts = await read(conn, lambda reader: picks.find_posts(reader, scope, Query.of("s/ig1200"), NOW))
    assert [pick.slug for pick in found] == ["s"]
    assert [pick.code for pick in posts] == ["ig1200"]


def migrated(path: Path, revision: str, count: int = 1_500) -> None:
    """A database as it was, with a link that has so many posts."""
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as conn:
        config = migrate._config()
        config.attributes["connection"] = conn
        alembic_command.upgrade(config, revision)
        conn.exec_driver_sql(
            "INSERT INTO links (guild_id, id, creator_id, slug, destination, title, tags, private, state, created_by,"
            " created_at, updated_at) VALUES (1, 5, 2, 's', 'https://a.example/', 'ÉTÉ', '[]', 0, 'active', 2, 0, 0)"
        )
        conn.exec_driver_sql(
            "INSERT INTO posts (guild_id, id, creator_id, link_id, code, platform, kind, title, state, created_by,"
            " created_at) VALUES (1, ?, 2, 5, ?, 'instagram', 'story', 'Teaser', 'active', 2, 0)",
            [(100 + n, f"ig{n}") for n in range(count)],
        )
    engine.dispose()


async def test_each_of_many_notes_can_be_found(world: World) -> None:
    async def work(conn: Any) -> None:
        for n in range(150):
            await notes.add(
                conn,
                Note(
                    world.guild.id, 1_000 + n, world.admin.id, None, NOW.date(), f"number {n:03}", world.admin.id, NOW
                ),
            )

    await world.app.db.write(work)
    offered = await world.admin.autocomplete(world.channel, "note delete", "note", "number 003")
    assert "number 003" in offered[0]["name"]
    assert "number 000" in text_of(await world.admin.slash(world.channel, "note list"))
