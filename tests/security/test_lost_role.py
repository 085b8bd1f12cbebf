"""A creator who lost the role keeps their numbers and may archive, but leads nobody anywhere else."""

from __future__ import annotations

import re

import discord
import pytest

from bot.errors import RefusedError
from bot.links.access import Actor
from cogs.ui.digest.buttons import LogButton
from cogs.ui.impressions import KeepButton
from cogs.ui.wishes import Wish, pack_wish
from storage import posts
from tests.conftest import World, answer_of, text_of

GONE = "You are no longer in the server"
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
    for options in ({"title": "Free Nitro"}, {"private": False}, {"expires": "2027-01-01"}, {"max_clicks": 10}):
        assert REFUSED in text_of(await world.sam.slash(world.channel, "link edit", link="summer", **options)), options
    added = text_of(await world.sam.slash(world.channel, "link add", destination=evil))
    assert re.search("You may not add links in this server.*ask a manager", added)
    posts = (await world.app.services.posts.page(Actor(world.guild.id, world.sam.id))).items
    for name, options in (
        ("post move", {"link": "summer"}),
        ("post edit", {"permalink": "https://x.com/sam/status/1"}),
        ("post edit", {"title": "Free Nitro"}),
    ):
        assert REFUSED in text_of(await world.sam.slash(world.channel, name, post=str(posts[0].id), **options)), options
    assert REFUSED in text_of(await world.sam.slash(world.channel, "brand report", of="summer"))
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
    tagged = await world.sam.slash(world.channel, "link edit", link="summer", tags="mine", private=True)
    assert "Changed" in text_of(tagged)
    assert "archived" in text_of(await world.sam.slash(world.channel, "link archive", link="summer")).lower()
    manager = await world.admin.slash(world.channel, "link edit", link="summer", destination="https://shop.example/new")
    assert "Changed" in text_of(manager)
    assert (await world.visit("/summer")).headers["Location"] == "https://shop.example/new"


async def test_a_page_is_taken_back_but_shows_nothing_new(world: World) -> None:
    manager = Actor(world.guild.id, world.admin.id, manager=True)
    await world.app.services.servers.change(manager, creator_role_id=world.creator_role.id)
    creator = Actor(world.guild.id, world.sam.id, role_ids=frozenset({world.creator_role.id}))
    demoted = Actor(world.guild.id, world.sam.id)
    pages = world.app.services.profiles
    add = world.app.services.links.add
    one, two = [await add(creator, "https://shop.example/", name=name) for name in ("one", "two")]
    await pages.set_up(creator, "sam", "Sam")
    await pages.show(creator, one.id, one.id)
    await pages.publish(creator)
    for attempt in (
        lambda: pages.set_up(demoted, "sammy", "Sam"),
        lambda: pages.set_up(demoted, "sam", "Nitro giveaway"),
        lambda: pages.show(demoted, two.id, two.id),
        lambda: pages.change_entry(demoted, one.id, heading="Free Nitro"),
        lambda: pages.change_entry(demoted, two.id, hidden=False),
        lambda: pages.set_looks(demoted, None, "#ff0000"),
        lambda: pages.publish(demoted),
    ):
        with pytest.raises(RefusedError, match=re.escape(REFUSED)):
            await attempt()
    await pages.change_entry(demoted, one.id, hidden=True)
    await pages.show(demoted, one.id, one.id, shown=False)
    assert not (await pages.unpublish(demoted)).published
    archived = await world.app.services.links.archive(demoted, one.id)
    with pytest.raises(RefusedError, match=re.escape(REFUSED)):
        await world.app.services.links.archive(demoted, archived.id, archived=False)


async def test_who_left_adds_nothing_from_a_direct_message(world: World) -> None:
    await world.add_link("mine", creator=world.maya)
    maya, registry = Actor(world.guild.id, world.maya.id), world.app.services.posts
    await world.maya.slash(world.channel, "post add", link="mine", platform="x", kind="post")
    (post,) = (await registry.page(maya)).items
    user = await world.client.fetch_user(world.maya.id)
    keep = KeepButton(pack_wish(post, Wish(post, {"impressions": 10**9})))
    asked = await user.send("x", view=discord.ui.View(timeout=None).add_item(LogButton(world.guild.id, post.id)))
    doubted = await user.send("x", view=discord.ui.View(timeout=None).add_item(keep))
    form = await world.maya.user.click(asked, custom_id=f"digest-log:{world.guild.id}:{post.id}")
    assert form.modal
    world.env.backend.remove_member(world.guild.id, world.maya.id)
    await world.env.settle()
    for shown, custom_id in ((asked, f"digest-log:{world.guild.id}:{post.id}"), (doubted, keep.item.custom_id)):
        assert custom_id
        pressed = await world.maya.user.click(shown, custom_id=custom_id)
        assert pressed.modal is None
        assert GONE in text_of(pressed)
    assert GONE in text_of(await world.maya.user.submit_modal(form, {"impressions": "9999999"}))
    async with world.app.db.read() as conn:
        assert not await posts.find_figures(conn, world.guild.id, [post.id])
