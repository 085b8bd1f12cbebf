"""A creator who lost the role keeps their numbers and may archive, but leads nobody anywhere else."""

from __future__ import annotations

import re

import pytest

from bot.links.access import Actor
from tests.conftest import World, answer_of, text_of

REFUSED = "Ask a manager for the role, or to do it."


@pytest.fixture(name="demoted")
async def _demoted(world: World) -> World:
    """Sam made two links with a post each while they had the role."""
    manager = Actor(world.guild.id, world.admin.id, manager=True)
    await world.app.services.servers.change(manager, creator_role_id=world.creator_role.id)
    sam = Actor(world.guild.id, world.sam.id, role_ids=frozenset({world.creator_role.id}))
    for name in ("summer", "winter"):
        link = await world.app.services.links.add(sam, f"https://shop.example/{name}", name=name)
        await world.app.services.posts.add(sam, link, "x", "post")
    return world


async def test_a_creator_who_lost_the_role_reads_and_archives_alone(demoted: World) -> None:
    world = demoted
    await world.visit("/summer")
    evil = "https://phish.example/"
    for name, options in (
        ("link edit", {"link": "summer", "destination": evil}),
        ("post add", {"link": "summer", "platform": "x", "kind": "post"}),
        ("link qr", {"link": "summer"}),
    ):
        refused = text_of(await world.sam.slash(world.channel, name, **options))
        assert REFUSED in refused, name
        assert f"<@&{world.creator_role.id}>" in refused
    added = text_of(await world.sam.slash(world.channel, "link add", destination=evil))
    assert re.search("You may not add links in this server.*ask a manager", added)
    posts = (await world.app.services.posts.page(Actor(world.guild.id, world.sam.id))).items
    moved = await world.sam.slash(world.channel, "post move", post=str(posts[0].id), link="summer")
    assert REFUSED in text_of(moved)
    message = await world.sam.send(world.channel, "https://shop.example/summer")
    twins = await world.sam.context_menu(world.channel, "Track links here", message)
    assert "Nothing to track here" in text_of(twins)
    assert (await world.visit("/summer")).headers["Location"] == "https://shop.example/summer"
    assert (await world.visit("/winter/x1")).headers["Location"] == "https://shop.example/winter"


async def test_what_is_theirs_stays_theirs(demoted: World) -> None:
    world = demoted
    await world.visit("/summer")
    shown = await world.sam.slash(world.channel, "stats link", link="summer")
    assert "1" in text_of(shown)
    assert answer_of(shown).attachments
    renamed = await world.sam.slash(world.channel, "link edit", link="summer", title="My summer")
    assert "Changed" in text_of(renamed)
    assert "archived" in text_of(await world.sam.slash(world.channel, "link archive", link="summer")).lower()
    manager = await world.admin.slash(world.channel, "link edit", link="summer", destination="https://shop.example/new")
    assert "Changed" in text_of(manager)
    assert (await world.visit("/summer")).headers["Location"] == "https://shop.example/new"
