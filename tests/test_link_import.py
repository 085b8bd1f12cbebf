"""`/link import` and `/export` as people use them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import World, answer_of, text_of

DUB = """Short link,Destination URL,Clicks,Created at,Tags
https://dub.sh/Launch,https://shop.example/launch,1204,2025-04-01T10:00:00.000Z,"spring, sale"
https://dub.sh/stats,https://shop.example/stats,3,2025-04-02T10:00:00.000Z,
https://dub.sh/summer,https://shop.example/other,9,2025-04-03T10:00:00.000Z,
https://dub.sh/inside,http://localhost/x,1,2025-04-04T10:00:00.000Z,
https://dub.sh/late,https://shop.example/late,x12,2025-04-05T10:00:00.000Z,
"""
KUTT = """id,address,target,description,visit_count,created_at
1,tee,https://shop.example/tee,The tee,17,2025-01-01T00:00:00.000Z
"""
SHLINK = """Long URL;Short code;Title;Tags
https://shop.example/a;alpha;=HYPERLINK("x");one|two
https://shop.example/b;beta;;
"""


async def bring(world: World, who: Any, text: str | bytes, **options: Any) -> Any:
    data = text.encode() if isinstance(text, str) else text
    return await who.slash(world.channel, "link import", file=("links.csv", data), **options)


async def listed(world: World, who: Any = None) -> str:
    return text_of(await (who or world.admin).slash(world.channel, "link list"))


async def test_a_dub_file_is_previewed_made_and_taken_back(world: World) -> None:
    await world.add_link("summer")
    shown = await bring(world, world.admin, DUB)
    text = text_of(shown)
    assert shown.ephemeral
    assert "Links of Dub: 1 to make" in text
    assert "tells 1,217 clicks of all time, but not of which days" in text
    assert "`/launch` → https" in text
    assert "Left out: taken or reserved (2): stats: reserved\nsummer: taken" in text
    assert "would be left out (2): 5: destination" in text
    assert "“x12” is no whole number" in text
    assert "launch" not in await listed(world)
    await world.env.restart_bot(world.app.client())
    await world.admin.click(answer_of(shown), label="Import")
    assert "Links imported from Dub\n1 link redirects and counts from now on." in text_of(shown)
    assert "launch" in await listed(world)
    assert (await world.visit("/Launch")).headers["Location"] == "https://shop.example/launch"
    card = text_of(await world.admin.slash(world.channel, "link show", link="launch"))
    assert "spring" in card
    await world.admin.click(answer_of(shown), label="Undo")
    # It was clicked: it stays, and goes on counting.
    assert "1 link stays: clicked since" in text_of(shown)
    assert (await world.visit("/launch")).status == 302


async def test_undo_gives_the_names_back(world: World) -> None:
    shown = await bring(world, world.admin, SHLINK)
    assert "Links of Shlink: 2 to make" in text_of(shown)
    await world.admin.click(answer_of(shown), label="Import")
    assert "alpha" in (before := await listed(world))
    assert "beta" in before
    await world.admin.click(answer_of(shown), label="Undo")
    assert "their names are free again" in text_of(shown)
    assert "No links yet" in await listed(world)
    assert (await world.visit("/alpha")).status == 404
    assert "Your tracked link is ready" in text_of(await world.add_link("alpha"))


async def test_renaming_cancelling_and_whose_they_are(world: World) -> None:
    await world.add_link("tee")
    shown = await bring(world, world.admin, KUTT, taken="rename", creator=world.maya)
    assert "`/tee-2` (instead of tee) → https" in text_of(shown)
    await world.admin.click(answer_of(shown), label="Cancel")
    assert "Nothing was imported." in text_of(shown)
    shown = await bring(world, world.admin, KUTT, taken="rename", creator=world.maya)
    await world.admin.click(answer_of(shown), label="Import")
    assert "tee-2" in await listed(world, world.maya)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"name,amount\nMaya,3\n", "no list of links that is known here"),
        (b"", "It is empty"),
        (b"Long URL,Short code\nhttps://a.example/,\xff\xfe\n", "Line 2 can't be read as UTF-8"),
        (b" " * (10 * 2**20 + 1), "10 MiB is the limit"),
        (b"address,target\n" + b"a,https://a.example\n" * 5001, "5,000 is the limit"),
        (b"PK\x03\x04 no zip", "damaged"),
        (b"address,target\n,https://a.example\n", "Nothing would change"),
        (b'address,target\na b/c,javascript:alert(1)\n"\x01",https://a.example\n', "Nothing would change"),
    ],
)
async def test_hostile_files_get_a_sentence(world: World, data: bytes, why: str) -> None:
    assert why in text_of(await bring(world, world.admin, data))
    assert "No links yet" in await listed(world)


async def test_who_may_not_add_links_may_not_import(world: World) -> None:
    assert "may not add links" in text_of(await bring(world, world.sam, KUTT))


async def test_an_export_is_its_owners(world: World) -> None:
    await world.add_link("summer")
    await world.visit("/summer")
    shown = await world.admin.slash(world.channel, "export", of="summer")
    (file,) = answer_of(shown).attachments
    assert shown.ephemeral
    assert file.filename.startswith("eyeballs-summer-")
    found = json.loads(await file.read())
    assert found["tables"]["days"]["rows"][0][-1] == 1
    assert "no link “summer” that you can use" in text_of(await world.maya.slash(world.channel, "export", of="summer"))
    offered = await world.admin.autocomplete(world.channel, "export", "of", "whole server")
    whole = offered[0]
    assert "Manage Server" in text_of(await world.maya.slash(world.channel, "export", of=whole["value"]))
    assert "Everything" in text_of(await world.admin.slash(world.channel, "export", of=whole["value"], format="csv"))


async def test_a_short_name_keeps_its_slashes_and_is_named(world: World) -> None:
    """In a column of names a slash is a part of the name; in one of addresses the domain stands before it."""
    names = "Long URL,Short code\nhttps://shop.example/a,docs/intro\nhttps://shop.example/b,s.example/b\n"
    text = text_of(await bring(world, world.admin, names))
    assert "2: short name\\: “docs/intro” can't be used" in text
    assert "3: short name\\: “s.example/b” can't be used" in text
    links = "Short link,Destination URL\ndub.sh/plain,https://shop.example/a\nhttps://dub.sh/docs/intro,https://shop.example/b\n"
    text = text_of(await bring(world, world.admin, links))
    assert "`/plain` → https" in text
    assert "3: short name\\: “docs/intro” can't be used" in text
