"""Names can't be squatted: handles and slugs are for those who use them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from bot.errors import InvalidError
from bot.links.access import Actor
from bot.links.service import NAMES_EVER, Limits
from bot.links.slugs import is_kept
from storage import addresses
from storage.records import Address
from tests.conftest import World, answer_of, text_of


def _maya(world: World) -> Actor:
    return Actor(world.guild.id, world.maya.id, manager=True)


async def test_a_creator_has_five_handles_at_a_time(world: World) -> None:
    profiles, maya = world.app.services.profiles, _maya(world)
    for n in range(5):
        await profiles.set_up(maya, f"good-{n}", "Maya")
        world.move(days=1)
    for n in range(300):
        with pytest.raises(InvalidError, match=r"you have 5 handles already.*@good-0, makes room"):
            await profiles.set_up(maya, f"name-{n}", "Maya")
    await profiles.set_up(maya, "good-2", "Maya")  # their own, at any time
    leo = Actor(world.guild.id, world.leo.id, manager=True)
    with pytest.raises(InvalidError, match="is taken"):
        await profiles.set_up(leo, "good-0", "Leo")
    world.move(days=86)  # @good-0 has led on for 90 days
    await profiles.set_up(maya, "sixth", "Maya")
    await profiles.set_up(leo, "good-0", "Leo")
    with pytest.raises(InvalidError, match="you have 5 handles already"):
        await profiles.set_up(maya, "seventh", "Maya")
    async with world.app.db.read() as conn:
        own = [one.address for one in await addresses.handles(conn, world.guild.id, world.maya.id)]
    assert own == ["@good-1", "@good-2", "@good-3", "@good-4", "@sixth"]


@pytest.mark.parametrize("handle", ["official", "discord", "Discord-Support", "eyeballs_team", "the-mods2", "nitro"])
async def test_a_handle_that_speaks_for_others_is_for_nobody(world: World, handle: str) -> None:
    await world.add_link(creator=world.maya)
    for manager in (False, True):  # of one server among many
        maya = Actor(world.guild.id, world.maya.id, manager, frozenset({world.creator_role.id}))
        with pytest.raises(InvalidError, match=f"handle: @{handle.lower()} speaks for others than a creator"):
            await world.app.services.profiles.set_up(maya, handle, "Maya")


async def test_a_handle_of_old_that_speaks_for_others_stays_its_creators(world: World) -> None:
    async def keep(conn: Any) -> None:
        await addresses.add(conn, Address("@team", world.guild.id, world.maya.id))

    await world.app.db.write(keep)
    assert (await world.app.services.profiles.set_up(_maya(world), "team", "Maya")).profile.handle == "team"


@pytest.mark.parametrize("handle", ["maya-official", "discordia", "2024", "modern", "news-from-maya", "bots"])
def test_a_handle_with_a_name_in_it_is_free(handle: str) -> None:
    assert not is_kept(handle)


async def _delete(world: World, name: str) -> str:
    asked = await world.admin.slash(world.channel, "link delete", link=name)
    await world.admin.click(answer_of(asked), label="Delete for good")
    return text_of(asked)


async def test_a_name_that_nobody_saw_is_free_again(world: World) -> None:
    for _n in range(3):
        await world.add_link("wish")
        await world.admin.slash(world.channel, "post add", link="wish", platform="x", kind="post")
        assert "Nobody ever clicked or saw `https://go.example/wish`, so the name is free again" in await _delete(
            world, "wish"
        )
    assert (await world.visit("/wish")).status == 404
    await world.add_link("wish", by=world.admin, title="The new one")
    assert (await world.visit("/wish")).status == 302


@pytest.mark.parametrize("seen", ["click", "preview", "post"])
async def test_a_name_that_somebody_saw_is_never_given_out_again(world: World, seen: str) -> None:
    await world.add_link("wish")
    match seen:
        case "click":
            await world.visit("/wish")
        case "preview":  # somebody pasted it somewhere
            await world.visit("/wish", new=True, **{"User-Agent": "Mozilla/5.0 (compatible; Discordbot/2.0)"})
            await world.set_aside(1)
        case "post":  # an address below it leads to another link now
            await world.add_link("other")
            await world.admin.slash(world.channel, "post add", link="wish", platform="x", kind="post")
            posts, admin = world.app.services.posts, Actor(world.guild.id, world.admin.id, manager=True)
            (post,) = (await posts.page(admin)).items
            await posts.move(admin, post.id, await world.app.services.links.find(admin, "other"))
    assert "never given out again" in await _delete(world, "wish")
    assert "is taken, or was once" in text_of(await world.add_link("wish"))


async def test_names_that_are_ever_given_out_have_a_quota(world: World) -> None:
    links, maya = world.app.services.links, _maya(world)
    limits = dataclasses.replace(links._limits, per_creator=2, per_server=3)  # pyright: ignore[reportPrivateUsage]
    assert isinstance(limits, Limits)
    links._limits = limits  # pyright: ignore[reportPrivateUsage]
    for n in range(2 * NAMES_EVER):
        link = await links.add(maya, "https://shop.example/", name=f"name-{n}")
        await world.visit(f"/name-{n}")
        assert (await links.delete(maya, link.id))[1] is False
    with pytest.raises(InvalidError, match=r"more names than are given out ever.*8 to a creator, 12 to a server"):
        await links.add(maya, "https://shop.example/", name="one-more")
    assert (await world.visit("/one-more")).status == 404


async def test_names_that_were_given_back_use_up_no_quota(world: World) -> None:
    links, maya = world.app.services.links, _maya(world)
    links._limits = Limits(per_creator=1)  # pyright: ignore[reportPrivateUsage]
    for n in range(2 * NAMES_EVER):
        link = await links.add(maya, "https://shop.example/", name=f"name-{n}")
        assert (await links.delete(maya, link.id))[1] is True
