"""`/profile` as people type it, and what their page shows afterwards."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from PIL import Image

from bot.profiles.service import OPERATOR, take_down
from storage import meta, profiles
from tests.conftest import World, answer_of, text_of
from tests.profiled import let_creators_add, look, picture, set_up


async def links_on(world: World, path: str = "/@maya") -> list[str]:
    """The slugs of the links on a page, from the top."""
    return re.findall(r'href="/([a-z0-9-]+)[?"]', (await world.visit(path)).text.split("</header>")[1])


async def test_a_page_from_setup_to_unpublishing(world: World) -> None:
    await world.add_link(creator=world.maya)
    assert "no page yet" in text_of(await world.maya.slash(world.channel, "profile show"))
    for command in ("publish", "links", "preview", "qr", "theme"):
        assert "no page yet" in text_of(await world.maya.slash(world.channel, f"profile {command}")), command
    made = await set_up(world, world.maya, handle="@Maya", line="Slow   fashion")
    assert "https://go.example/@maya" in text_of(made)
    assert "Nobody else sees it yet" in text_of(made)
    assert (await world.visit("/@maya")).status == 404
    assert "is not public" in text_of(await world.maya.slash(world.channel, "profile show"))
    published = await world.maya.slash(world.channel, "profile publish")
    assert "https://go.example/@maya" in text_of(published)
    page = await world.visit("/@maya")
    assert "Slow fashion" in page.text
    via = re.findall(r'href="(/summer\?via=[\w-]+)"', page.text)
    await world.visit(via[0], new=False)
    text = text_of(await world.maya.slash(world.channel, "stats link", link="summer"))
    assert "CTR: **100%** (too early to be sure)\n1 of 1" in text
    assert "no longer public" in text_of(await world.maya.slash(world.channel, "profile unpublish"))
    hidden, unknown = await world.visit("/@maya"), await world.visit("/@nobody")
    assert (hidden.status, hidden.body) == (unknown.status, unknown.body)
    assert "not published" in text_of(await world.maya.slash(world.channel, "profile unpublish"))


async def test_handles_are_unique_and_former_ones_lead_on(world: World) -> None:
    await world.add_link(creator=world.maya)
    await world.add_link("setup-of-leo", creator=world.leo)
    assert "takes a link" in text_of(await set_up(world, world.sam, handle="sam"))
    await set_up(world, world.maya, name="Maya *Lindt*")
    assert "is taken" in text_of(await set_up(world, world.leo, handle="MAYA"))
    assert "reserved" in text_of(await set_up(world, world.leo, handle="admin"))
    assert "can't be used" in text_of(await set_up(world, world.leo, handle="lé o"))
    assert (await world.visit("/@leo")).status == 404
    published = await world.maya.slash(world.channel, "profile publish")
    assert "Maya \\*Lindt\\*" in text_of(published)
    again = await set_up(world, world.maya, handle="lindt")
    assert "The old address `/@maya` leads on to it" in text_of(again)
    moved = await world.visit("/@MAYA")
    assert (moved.status, moved.headers["Location"]) == (307, "/@lindt")
    assert "is taken" in text_of(await set_up(world, world.leo, handle="maya"))
    await set_up(world, world.maya, handle="maya")
    assert (await world.visit("/@maya")).status == 200
    assert (await world.visit("/@lindt")).headers["Location"] == "/@maya"
    await world.maya.slash(world.channel, "profile unpublish")
    assert (await world.visit("/@lindt")).status == 404


async def test_links_are_ordered_grouped_pinned_scheduled_and_hidden(world: World) -> None:
    await let_creators_add(world)
    for name in ("one", "two", "three", "four"):
        await world.add_link(name, creator=world.maya)
    await world.add_link("secret", creator=world.maya, private=True)
    await set_up(world, world.maya)
    await world.maya.slash(world.channel, "profile publish")
    assert await links_on(world) == ["four", "three", "two", "one"]  # the newest first
    shown = await world.maya.slash(world.channel, "profile links")
    assert "secret" not in text_of(shown)
    message = answer_of(shown)

    async def choose(slug: str) -> None:
        selects = [row["components"][0] for row in message.components if row["components"][0]["type"] == 3]
        select, value = next(
            (one, option["value"]) for one in selects for option in one["options"] if option["label"] == slug
        )
        await world.maya.select(message, [value], custom_id=select["custom_id"])

    async def press(label: str) -> Any:
        return await world.maya.click(message, label=label)

    await choose("two")
    await press("Up")
    assert await links_on(world) == ["four", "two", "three", "one"]
    await press("To the top")
    await press("Down")
    assert await links_on(world) == ["four", "two", "three", "one"]
    await choose("one")
    await press("Pin")
    assert await links_on(world) == ["one", "four", "two", "three"]
    await choose("four")
    asked = await press("Heading and times")
    await world.maya.submit_modal(asked, {"heading": "Shop <b>", "from": "2026-03-12 10:00", "until": "2026-03-13"})
    assert await links_on(world) == ["one", "two", "three"]
    world.move_to("2026-03-12T10:00:00+00:00")
    assert await links_on(world) == ["one", "two", "three", "four"]
    assert "Shop &lt;b&gt;</h2>" in (await world.visit("/@maya")).text
    world.move_to("2026-03-14T00:00:00+00:00")
    assert await links_on(world) == ["one", "two", "three"]
    message = answer_of(await world.maya.slash(world.channel, "profile links"))
    await choose("four")
    asked = await press("Heading and times")  # what has passed may stay as it stands
    await world.maya.submit_modal(asked, {"heading": "Shop", "from": "2026-03-12 10:00", "until": ""})
    assert await links_on(world) == ["one", "two", "three", "four"]
    asked = await press("Heading and times")
    refused = await world.maya.submit_modal(asked, {"heading": "Shop", "from": "someday", "until": ""})
    assert "from: “someday” is no date" in text_of(refused)
    await choose("two")
    await press("Hide")
    assert await links_on(world) == ["one", "three", "four"]
    added = await world.add_link("five", by=world.maya)
    assert await links_on(world) == ["one", "three", "four"]
    await world.maya.click(answer_of(added), label="Show on my page")
    assert await links_on(world) == ["one", "five", "three", "four"]  # on top of those without a heading


async def test_themes_and_accents(world: World) -> None:
    await world.add_link(creator=world.maya)
    await set_up(world, world.maya)
    await world.maya.slash(world.channel, "profile publish")
    faint = text_of(await world.maya.slash(world.channel, "profile theme", theme="rose", accent="#FFE100"))
    assert "too faint" in faint
    page = (await world.visit("/@maya")).text
    assert "--accent: #ffe100" in page  # on dark it is fine
    assert page.count("--accent: #ffe100") == 1
    fine = text_of(await world.maya.slash(world.channel, "profile theme", accent="e0245e"))
    assert "too faint" not in fine
    assert "Rose" in fine
    refused = text_of(await world.maya.slash(world.channel, "profile theme", accent="red; } body { x"))
    assert "is no colour" in refused
    assert "--accent: #e0245e" in (await world.visit("/@maya")).text


async def test_a_preview_shows_the_page_before_it_is_public_and_counts_nothing(world: World) -> None:
    await world.add_link(creator=world.maya)
    await set_up(world, world.maya)
    shown = await world.maya.slash(world.channel, "profile preview")
    url = re.findall(r"https://go\.example(/@maya\?preview=[\w-]+)", text_of(shown))[0]
    page = await world.visit(url)
    assert page.status == 200
    assert "only you have this address" in page.text
    assert "<script" not in page.text
    test = re.findall(r'href="(/summer\?test=\w+)"', page.text)[0]
    await world.visit(test)
    assert (await world.visit("/@maya?preview=made-up")).status == 404
    assert (await world.visit(url[:-2] + "xx")).status == 404
    world.move(hours=1)
    assert (await world.visit(url)).status == 404
    text = text_of(await world.maya.slash(world.channel, "stats link", link="summer"))
    assert "Nothing was counted" in text
    png = answer_of(shown).attachments[0]
    assert Image.open(io.BytesIO(await png.read())).size == (1200, 630)


async def test_the_picture_is_fetched_once_and_served_from_here(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def cdn(_self: Any, url: str) -> bytes:
        asked.append(url)
        return picture()

    await world.add_link(creator=world.maya)
    monkeypatch.setattr(type(world.client.http), "get_from_cdn", cdn)
    assert "could not" not in text_of(await set_up(world, world.maya, avatar="discord"))
    await world.maya.slash(world.channel, "profile publish")
    page = (await world.visit("/@maya")).text
    path = re.findall(r'src="(/@maya/avatar-\w{16}\.webp)"', page)[0]
    for _n in range(2):
        got = await world.visit(path)
        assert (got.status, got.headers["Content-Type"]) == (200, "image/webp")
        assert len(got.body) < 20_000
    assert len(asked) == 1
    assert (await world.visit("/@maya/avatar-0123456789abcdef.webp")).status == 404
    await set_up(world, world.maya, avatar="keep", name="Maya")
    assert path in (await world.visit("/@maya")).text
    monkeypatch.setattr(type(world.client.http), "get_from_cdn", _broken)
    said = await set_up(world, world.maya, avatar="discord")
    assert "can't be used" in text_of(said)
    await set_up(world, world.maya, avatar="none")
    assert (await world.visit(path)).status == 404
    async with world.app.db.read() as conn:
        assert await profiles.avatar(conn, world.guild.id, world.maya.id) is None


async def _broken(_self: Any, url: str) -> bytes:
    return b"<svg onload=alert(1)>"


async def test_managers_take_pages_down(world: World) -> None:
    await world.add_link(creator=world.maya)
    await set_up(world, world.maya)
    await world.maya.slash(world.channel, "profile publish")
    assert "Manage Server" in text_of(await world.leo.slash(world.channel, "profile takedown", handle="maya"))
    assert "no page “\\@nobody”" in text_of(await world.admin.slash(world.channel, "profile takedown", handle="nobody"))
    asked = await world.admin.slash(world.channel, "profile takedown", handle="@Maya")
    assert (await world.visit("/@maya")).status == 200
    await world.admin.click(answer_of(asked), label="Take it down")
    assert "answers “not found”" in text_of(asked)
    hidden, unknown = await world.visit("/@maya"), await world.visit("/@nobody")
    assert (hidden.status, hidden.body) == (unknown.status, unknown.body)
    assert (await world.visit("/@maya/card.png")).status == 404
    assert "taken down by the managers" in text_of(await world.maya.slash(world.channel, "profile publish"))
    await world.admin.slash(world.channel, "profile takedown", handle="maya", restore=True)
    assert (await world.visit("/@maya")).status == 200
    await take_down(world.app.db, "maya", OPERATOR)
    refused = await world.admin.slash(world.channel, "profile takedown", handle="maya", restore=True)
    assert "operator took that page down" in text_of(refused)
    assert (await world.visit("/@maya")).status == 404


async def test_a_qr_code_of_the_page(world: World) -> None:
    await world.add_link(creator=world.maya)
    await set_up(world, world.maya)
    shown = answer_of(await world.maya.slash(world.channel, "profile qr"))
    files = {file.filename: await file.read() for file in shown.attachments}
    assert Image.open(io.BytesIO(files["qr-maya.png"])).size[0] > 300
    assert files["qr-maya.svg"].lstrip().startswith(b"<?xml")


async def test_the_numbers_of_a_page(world: World) -> None:
    for name in ("one", "two"):
        await world.add_link(name, creator=world.maya, title=name.capitalize())
    await world.add_link("secret", creator=world.maya, private=True)
    assert "no page yet" in text_of(await world.maya.slash(world.channel, "stats profile"))
    await set_up(world, world.maya)
    await world.maya.slash(world.channel, "profile publish")
    empty = text_of(await world.maya.slash(world.channel, "stats profile"))
    assert "Nobody looked at it in this period yet" in empty
    await look(world, 1, 2, click="two", referer="https://news.example/")
    await look(world, 1, 2)
    await look(world, 1, after=20, click="one")  # one is second: a click was seen
    await look(world)
    shown = await world.maya.slash(world.channel, "stats profile")
    text = text_of(shown)
    assert "Views: **4** new" in text
    assert "Unique views: **4**" in text
    assert "Impressions: **6** seen" in text
    assert "Clicks: **2**" in text
    assert "**Two** (`two`): 1 click of 3 impressions, CTR 33.3% (too early to be sure)" in text
    assert "**One** (`one`): 1 click of 3 impressions" in text
    assert "**1.** 1 click of 3 impressions" in text
    assert "half of the clicks come within 2 to 5 seconds" in text
    assert "news.example **25%**" in text
    assert "secret" not in text
    message = answer_of(shown)
    for metric in ("i", "r", "c"):
        select = next(row["components"][0] for row in message.components if row["components"][0]["type"] == 3)
        changed = await world.maya.select(message, [metric], custom_id=select["custom_id"])
        assert changed is not None
    said = text_of(await world.maya.click(message, label="Explain"))
    assert "half of it was in view for a second" in said
    exported = answer_of(await world.maya.click(message, label="CSV"))
    csv = (await exported.attachments[0].read()).decode("utf-8-sig").splitlines()
    assert csv[0].startswith("row,name,views,unique_views,viewable,displayed,clicks")
    assert "day,2026-03-11,4,4,6,0,2,,,,,,," in csv
    assert "position,1,,,3,0,1,0.333333,0.096867,6.027957,1,3,0," in csv
    await world.maya.click(message, label="Picture")
    # Nobody else's business, but for managers.
    refused = await world.leo.slash(world.channel, "stats profile", creator=world.maya)
    assert "A creator's numbers are theirs" in text_of(refused)
    assert "Views: **4**" in text_of(await world.admin.slash(world.channel, "stats profile", creator=world.maya))
    server = text_of(await world.sam.slash(world.channel, "stats server"))
    assert "Unique clicks: **2**" in server  # views are no clicks
    top = text_of(await world.sam.slash(world.channel, "stats top", by="u"))
    assert "private" not in top


async def test_the_day_from_which_links_have_to_be_seen_is_marked(world: World) -> None:
    await world.add_link(creator=world.maya)
    await set_up(world, world.maya)

    async def work(conn: Any) -> None:
        await meta.put(conn, "viewable_since", "2026-03-10T09:00:00+00:00")

    await world.app.db.write(work)
    for command in ("stats profile", "stats creator"):
        shown = answer_of(await world.maya.slash(world.channel, command))
        assert "10 Mar Profile pages: a link counts once it is seen" in shown.attachments[0].description


async def test_a_links_qr_code_is_a_post_of_its_own(world: World) -> None:
    await world.add_link(creator=world.maya)
    shown = [answer_of(await world.maya.slash(world.channel, "link qr", link="summer")) for _n in range(2)]
    for one in shown:  # asked for again it is the same
        assert "https://go.example/summer/qr1" in (one.embeds[0].description or "")
    files = {file.filename: await file.read() for file in shown[0].attachments}
    assert set(files) == {"qr-summer.png", "qr-summer.svg"}
    await world.visit("/summer/qr1")
    text = text_of(await world.maya.slash(world.channel, "stats link", link="summer"))
    assert "QR code" in text
    assert "no link" in text_of(await world.leo.slash(world.channel, "link qr", link="summer")).lower()
    page = await world.visit("/summer+")
    assert "shop.example" in page.text
    assert "<svg" in page.text


async def test_flags_reach_those_who_run_the_server(world: World) -> None:
    await world.add_link(creator=world.maya)
    await set_up(world, world.maya)
    await world.maya.slash(world.channel, "profile publish")
    await world.app.services.flags.add("@maya", "scam")
    await world.app.services.flags.add("@maya", "scam")
    await world.notify()
    sent = [
        request for request in world.env.http_requests if request.method == "POST" and "embeds" in (request.json or {})
    ]
    said = str(sent[-1].json)
    assert "A page was flagged" in said
    assert "It deceives people: **2**" in said
    assert "/profile takedown handle:maya" in said
    assert "`https://go.example/@maya` of Maya" in said
    assert "In Golden Hour:" in said
    assert "<@" not in said
    before = len(world.env.http_requests)
    await world.notify()
    assert len(world.env.http_requests) == before  # told once
