"""Posts and their figures as people register, change, move and undo them; twins of a message's links."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import simcord

from bot.links.access import Actor
from bot.links.service import Limits
from cogs.ui.impressions import _refused
from storage import posts
from tests.conftest import World, answer_of, text_of
from tests.test_publication import encoded

REEL = "https://www.instagram.com/reel/C8abcDEf_12/"
TWEETED, DAY = dt.datetime(2026, 3, 8, 9, 30, tzinfo=dt.UTC), dt.timedelta(days=1)
TWEET = f"https://x.com/maya/status/{encoded('x', TWEETED, 0.1)}"
OTHER_TWEET = f"https://x.com/maya/status/{encoded('x', TWEETED + DAY, 0.1)}"


async def choose(world: World, query: str = "", command: str = "post show", **given: Any) -> str:
    """The value of the one post that is offered for what was typed."""
    (choice,) = await world.admin.autocomplete(world.channel, command, "post", query, **given)
    return choice["value"]


async def add(world: World, by: simcord.MemberActor | None = None, /, **options: Any) -> simcord.InteractionResult:
    return await (by or world.admin).slash(world.channel, "post add", **options)


async def log(world: World, by: simcord.MemberActor | None = None, /, **options: Any) -> simcord.InteractionResult:
    return await (by or world.admin).slash(world.channel, "impressions log", **options)


def field(result: simcord.InteractionResult, name: str) -> str:
    (found,) = (f.value for f in answer_of(result).embeds[0].fields if f.name == name)
    return found or ""


# ---------------------------------------------------------------------- /post


async def test_a_permalink_tells_platform_and_kind(world: World) -> None:
    await world.add_link()
    added = text_of(await add(world, link="summer", permalink=REEL, title="Reel one", published="yesterday"))
    assert "Instagram reel “Reel one” for summer" in added
    assert "https://go.example/summer/ig1" in added
    assert "Links can't be pressed in Instagram reels" in added
    again = await add(world, link="summer", permalink=REEL.replace("www.", "m."))
    assert "is registered already" in text_of(again)
    async with world.app.db.read() as conn:
        (post,) = await posts.find(conn, world.guild.id)
    assert (post.platform, post.kind, post.platform_id) == ("instagram", "reel", "C8abcDEf_12")
    assert post.published_at is not None
    assert post.published_at < post.created_at


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "platform: choose one"),
        ({"platform": "x"}, "kind: choose what kind"),
        ({"permalink": "https://blog.example/post"}, "platform: choose one"),
        ({"permalink": REEL, "platform": "x"}, "leads to Instagram, and platform says X"),
        ({"permalink": "javascript:alert(1)", "platform": "x", "kind": "post"}, "must begin with https"),
        ({"permalink": "https://instagram.com.evil.example/reel/C8abc/"}, "platform: choose one"),
        ({"platform": "x", "kind": "post", "published": "soon"}, "published: “soon” is no date"),
        ({"platform": "x", "kind": "post", "published": "2099-01-01"}, "still to come"),
        ({"platform": "x", "kind": "post", "link": "nope"}, "There is no link"),
        ({"platform": "x", "kind": "post", "title": "x" * 101}, "100 is the limit"),
    ],
)
async def test_a_bad_post_is_not_registered(world: World, options: dict[str, str], said: str) -> None:
    await world.add_link()
    assert said in text_of(await add(world, **({"link": "summer"} | options)))
    assert await world.admin.autocomplete(world.channel, "post show", "post", "") == []


async def test_a_post_without_a_link(world: World) -> None:
    await log(world, platform="x", kind="post", title="Thread", impressions="5")
    shown = text_of(await world.admin.slash(world.channel, "post show", post=await choose(world)))
    assert "X post “Thread”" in shown
    assert "carries no tracked link; `/post move` gives it one" in shown
    await world.add_link()
    moved = await world.admin.slash(world.channel, "post move", post=await choose(world), link="summer")
    assert "https://go.example/summer/x1" in text_of(moved)
    assert not answer_of(moved).components, "there is no link to move it back to"
    assert (await world.visit("/summer/x1")).status == 302


async def test_who_may_see_and_change_posts(world: World) -> None:
    await world.add_link(creator=world.maya)
    await add(world, world.maya, link="summer", platform="x", kind="post")
    post = await choose(world)
    for command in ("show", "edit", "archive"):
        options = {"title": "Mine"} if command == "edit" else {}
        refused = await world.leo.slash(world.channel, f"post {command}", post=post, **options)
        assert "There is no such post" in text_of(refused), command
    assert "There is no link" in text_of(await add(world, world.leo, link="summer", platform="x", kind="post"))
    assert "You may not add links" in text_of(await log(world, world.sam, platform="x", kind="post", impressions="5"))
    assert "No posts yet" in text_of(await world.leo.slash(world.channel, "post list"))
    assert "X post" in text_of(await world.maya.slash(world.channel, "post list"))
    assert "Maya" in text_of(await world.admin.slash(world.channel, "post list"))


async def test_show_and_edit(world: World) -> None:
    await world.add_link()
    await add(world, link="summer", platform="instagram", kind="story", title="Teaser")
    post = await choose(world)
    await log(world, post=post, impressions="20k", likes="30", spend="12.50 EUR")
    shown = text_of(await world.admin.slash(world.channel, "post show", post=post))
    assert "20,000 impressions, as of" in shown
    assert "€12.50 spent, as of" in shown
    edit = "post edit"
    assert "Nothing to change" in text_of(await world.admin.slash(world.channel, edit, post=post))
    text = text_of(await world.admin.slash(world.channel, edit, post=post, kind="reel", permalink=REEL, title="-"))
    assert "Changed" in text
    assert "Post: Instagram reel\n" in text
    assert "link in bio: no clicks of its own" in text
    refused = await world.admin.slash(world.channel, edit, post=post, platform="tiktok")
    assert "leads to Instagram, and platform says TikTok" in text_of(refused)
    text = text_of(await world.admin.slash(world.channel, edit, post=post, permalink="-", published="2026-03-09"))
    assert "Permalink" not in text
    assert "Published" in text
    text = text_of(await world.admin.slash(world.channel, edit, post=post, published="-"))
    assert "Published" not in text
    assert "https://go.example/summer/ig1" in text, "the address stays"


async def published(world: World) -> dt.datetime | None:
    """When the one post there is was published, as it is kept."""
    async with world.app.db.read() as conn:
        (post,) = await posts.find(conn, world.guild.id)
    return post.published_at


async def test_the_permalink_tells_when_a_post_was_published(world: World) -> None:
    await world.add_link()
    assert "Published" in text_of(await add(world, link="summer", permalink=TWEET))
    assert await published(world) == TWEETED
    edit, post = "post edit", await choose(world)
    await world.admin.slash(world.channel, edit, post=post, permalink=OTHER_TWEET)
    assert await published(world) == TWEETED + DAY, "what the old permalink told is gone with it"
    await world.admin.slash(world.channel, edit, post=post, published="2026-03-09")
    typed = await published(world)
    assert typed is not None
    await world.admin.slash(world.channel, edit, post=post, permalink=TWEET, title="Thread")
    assert await published(world) == typed, "what was typed wins"
    await world.admin.slash(world.channel, edit, post=post, published="-")
    assert await published(world) == TWEETED
    await world.admin.slash(world.channel, edit, post=post, permalink="-")
    assert await published(world) is None


async def test_a_typed_date_wins_over_the_permalinks(world: World) -> None:
    await world.add_link()
    await add(world, link="summer", permalink=TWEET, published="2026-03-09 18:30")
    assert await published(world) not in (None, TWEETED)


async def test_a_permalink_that_comes_later_tells_when_too(world: World) -> None:
    await world.add_link()
    await add(world, link="summer", platform="x", kind="post")
    assert await published(world) is None
    await world.admin.slash(world.channel, "post edit", post=await choose(world), permalink=TWEET)
    assert await published(world) == TWEETED


async def test_numbers_of_a_new_post_say_from_when_on_they_count(world: World) -> None:
    unknown = "When it was published isn't known, so its growth counts from its registration on: `/post edit`"
    assert unknown in text_of(await log(world, platform="x", kind="post", impressions="900"))
    assert unknown not in text_of(await log(world, post=await choose(world), impressions="950"))
    assert unknown not in text_of(await log(world, permalink=TWEET, impressions="900"))
    async with world.app.db.read() as conn:
        assert TWEETED in [post.published_at for post in await posts.find(conn, world.guild.id)]


async def test_the_list_has_pages(world: World) -> None:
    assert "No posts yet" in text_of(await world.admin.slash(world.channel, "post list"))
    await world.add_link()
    await world.add_link("winter", destination="https://shop.example/winter")
    for n in range(12):
        await add(world, link="summer", platform="x", kind="post", title=f"Post {n}")
    await add(world, link="winter", platform="tiktok", kind="video")
    listed = await world.admin.slash(world.channel, "post list")
    assert "Posts (13)" in text_of(listed)
    assert "TikTok video" in text_of(listed)
    assert "link in bio" in text_of(listed)
    await world.env.restart_bot(world.app.client())
    await world.admin.click(answer_of(listed), label="Next")
    assert "Page 2 of 2" in text_of(listed)
    assert "https://go.example/summer/x1" in text_of(listed)
    only = text_of(await world.admin.slash(world.channel, "post list", link="winter"))
    assert "Posts (1)" in only


async def test_archive_and_restore_with_undo(world: World) -> None:
    await world.add_link()
    await add(world, link="summer", platform="x", kind="post")
    post = await choose(world)
    gone = await world.admin.slash(world.channel, "post archive", post=post)
    assert "redirects and counts on" in text_of(gone)
    assert (await world.visit("/summer/x1")).status == 302
    assert await world.admin.autocomplete(world.channel, "post show", "post", "") == []
    assert "X post" not in text_of(await world.admin.slash(world.channel, "link show", link="summer"))
    assert "Archived posts (1)" in text_of(await world.admin.slash(world.channel, "post list", archived=True))
    assert "is archived already" in text_of(await world.admin.slash(world.channel, "post archive", post=post))
    await world.env.restart_bot(world.app.client())
    await world.admin.click(answer_of(gone), label="Bring it back")
    assert "is back in the lists" in text_of(gone)
    assert await choose(world) == post
    assert "in the lists already" in text_of(
        await world.admin.slash(world.channel, "post archive", post=post, restore=True)
    )
    await world.admin.click(answer_of(gone), label="Archive it")
    assert await choose(world, command="post archive", restore=True) == post
    back = await world.admin.slash(world.channel, "post archive", post=post, restore=True)
    assert "Post restored" in text_of(back)


async def test_a_move_keeps_the_old_address_and_the_counts_of_before(world: World) -> None:
    await world.add_link()
    await world.add_link("winter", destination="https://shop.example/winter")
    await add(world, link="summer", platform="instagram", kind="story")
    post = await choose(world)
    for _n in range(3):
        await world.visit("/summer/ig1")
    world.move(hours=1)
    moved = await world.admin.slash(world.channel, "post move", post=post, link="winter")
    text = text_of(moved)
    assert "https://go.example/winter/ig1" in text
    assert "`https://go.example/summer/ig1` goes on working" in text
    assert "3 clicks counted before stay" in text
    world.move(hours=1)
    for address in ("/summer/ig1", "/winter/ig1"):
        assert (await world.visit(address)).headers["Location"] == "https://shop.example/winter"
    await log(world, post=post, impressions="1000")
    stats = "stats link"
    assert "Clicks: **3**" in text_of(await world.admin.slash(world.channel, stats, link="summer"))
    winter = text_of(await world.admin.slash(world.channel, stats, link="winter"))
    assert "Clicks: **2**" in winter
    assert "CTR: –" in winter, "its 1,000 impressions are of a time when clicks went elsewhere"
    own = text_of(await world.admin.slash(world.channel, "stats post", post=post))
    assert "Clicks: **5**" in own
    assert "5 of 1,000" in own, "the post itself knows all its clicks"
    assert "Clicks: **5**" in text_of(await world.admin.slash(world.channel, "stats creator"))
    shown = text_of(await world.admin.slash(world.channel, "post show", post=post))
    assert "Earlier addresses that lead there too: `https://go.example/summer/ig1`" in shown

    await world.env.restart_bot(world.app.client())
    await world.admin.click(answer_of(moved), label="Move it back")
    assert "https://go.example/summer/ig1" in text_of(moved)
    assert (await world.visit("/winter/ig1")).headers["Location"] == "https://shop.example/summer"
    assert (await world.visit("/summer/ig1")).headers["Location"] == "https://shop.example/summer"
    again = await world.admin.slash(world.channel, "post move", post=post, link="summer")
    assert "belongs to summer already" in text_of(again)


async def test_a_move_before_any_click_loses_nothing(world: World) -> None:
    await world.add_link()
    await world.add_link("winter", destination="https://shop.example/winter")
    await add(world, link="summer", platform="instagram", kind="story")
    post = await choose(world)
    await world.admin.slash(world.channel, "post move", post=post, link="winter")
    await world.visit("/summer/ig1")
    world.move(hours=1)
    await log(world, post=post, impressions="400")
    assert "1 of 400" in text_of(await world.admin.slash(world.channel, "stats link", link="winter"))


async def test_moves_end_at_the_creators_own_links(world: World) -> None:
    await world.add_link(creator=world.maya)
    await world.add_link("winter", creator=world.leo)
    await add(world, link="summer", platform="x", kind="post")
    post = await choose(world)
    refused = await world.admin.slash(world.channel, "post move", post=post, link="winter")
    assert "belongs to another creator" in text_of(refused)
    assert "There is no link" in text_of(await world.maya.slash(world.channel, "post move", post=post, link="winter"))


async def test_an_archived_link_brings_no_deleted_address_back(world: World) -> None:
    await world.add_link()
    logged = await log(world, impressions="5", platform="x", kind="post", link="summer")
    await world.admin.click(answer_of(logged), label="Undo")
    assert (await world.visit("/summer/x1")).status == 404
    await world.admin.slash(world.channel, "link archive", link="summer")
    await world.admin.slash(world.channel, "link archive", link="summer", restore=True)
    assert (await world.visit("/summer/x1")).status == 404
    assert (await world.visit("/summer")).status == 302
    await add(world, link="summer", platform="x", kind="post")
    assert (await world.visit("/summer/x2")).status == 302, "names are never given out twice"


async def test_posts_have_a_quota(world: World) -> None:
    registry = world.app.services.posts
    registry._limits = Limits(posts_per_creator=2, posts_per_server=3)  # pyright: ignore[reportPrivateUsage]
    await world.add_link()
    new = {"link": "summer", "platform": "x", "kind": "post"}
    for _n in range(2):
        await add(world, **new)
    assert "one post too many: a creator has at most 2" in text_of(await add(world, **new))
    assert "one post too many" in text_of(await log(world, platform="x", kind="post", impressions="5"))
    async with world.app.db.read() as conn:
        assert len(await posts.find(conn, world.guild.id)) == 2
        assert await posts.find_figures(conn, world.guild.id) == []


# ---------------------------------------------------------------------- figures


async def test_a_form_asks_where_no_number_was_typed(world: World) -> None:
    await world.add_link()
    await add(world, link="summer", platform="instagram", kind="story", title="Teaser")
    post = await choose(world)
    asked = await log(world, post=post, spend="$20", **{"as-of": "2026-03-10"})
    assert asked.modal is not None
    form = {"impressions": "20k", "likes": "300", "rest": "shares 12, saves 1,200, clicks 40"}
    logged = await world.admin.submit_modal(asked, form)
    text = text_of(logged)
    assert "**20,000** reported impressions for Instagram story “Teaser” of summer" in text
    assert "300 likes, 12 shares, 1,200 saves, 40 clicks by the platform's count, $20.00 spent" in text
    for bad, said in (
        ({"impressions": "many"}, "impressions: “many” is not a whole number"),
        ({"rest": "shares 12, foo 3"}, "the rest: “foo 3” names nothing that is kept"),
        ({"likes": "3", "rest": "likes 4"}, "“likes 4” tells likes a second time"),
        ({}, "nothing was told"),
    ):
        asked = await log(world, post=post)
        assert said in text_of(await world.admin.submit_modal(asked, bad))
    async with world.app.db.read() as conn:
        kept = {figure.metric: figure.value for figure in await posts.find_figures(conn, world.guild.id)}
    assert kept == {"impressions": 20_000, "likes": 300, "shares": 12, "saves": 1200, "clicks": 40, "spend": 2000}


async def test_a_refused_form_comes_back_with_what_was_typed(world: World) -> None:
    await world.add_link()
    await add(world, link="summer", platform="instagram", kind="story")
    asked = await log(world, post=await choose(world))
    typed = {"impressions": "20k", "likes": "3oo", "rest": "shares 12, saves 1,200"}
    refused = await world.admin.submit_modal(asked, typed)
    assert "likes: “3oo” is not a whole number" in text_of(refused)
    again = await world.admin.click(answer_of(refused), label="Correct it")
    assert again.modal is not None
    shown = {row["component"]["custom_id"]: row["component"].get("value") or "" for row in again.modal["components"]}
    assert {name: value for name, value in shown.items() if value} == typed
    kept = text_of(await world.admin.submit_modal(again, shown | {"likes": "300"}))
    assert "**20,000** reported impressions" in kept
    assert "300 likes, 12 shares, 1,200 saves" in kept

    refused = await world.admin.submit_modal(await log(world, post=await choose(world)), typed)
    await world.env.restart_bot(world.app.client())
    _refused.clear()
    late = await world.admin.click(answer_of(refused), label="Correct it")
    assert "no longer kept" in text_of(late)


async def test_the_forms_first_field_is_the_commands_word(world: World) -> None:
    asked = await world.admin.slash(world.channel, "views log", platform="tiktok", kind="video")
    logged = await world.admin.submit_modal(asked, {"views": "9,000"})
    assert "**9,000** reported views for TikTok video" in text_of(logged)
    assert "never by their sum" in text_of(logged)
    assert "no such post" in text_of(await world.admin.slash(world.channel, "views log", post="99"))


async def test_growth_corrections_and_undo(world: World) -> None:
    await world.add_link()
    await add(world, link="summer", platform="instagram", kind="story")
    post = await choose(world)
    first = await log(world, post=post, impressions="20,000", likes="10")
    world.move(hours=1)
    second = await log(world, post=post, impressions="25,000", likes="12")
    assert "**25,000** reported impressions: +5,000 on the 20,000 before" in text_of(second)
    assert "12 likes (+2)" in text_of(second)
    world.move(hours=1)
    third = await log(world, post=post, impressions="24,000")
    assert "corrected, 1,000 fewer than the 25,000 before" in text_of(third)
    earlier = await log(world, post=post, impressions="15,000", **{"as-of": "2026-03-11 12:30"})
    assert "A later total of 24,000 impressions is kept already" in text_of(earlier), "the last that was kept stands"
    await world.env.restart_bot(world.app.client())
    await world.admin.click(answer_of(second), label="Undo")
    assert "2 numbers of Instagram story, as they were logged" in text_of(second)
    async with world.app.db.read() as conn:
        left = [(f.metric, f.value) for f in await posts.find_figures(conn, world.guild.id)]
    assert sorted(left) == [("impressions", 15_000), ("impressions", 20_000), ("impressions", 24_000), ("likes", 10)]
    assert "Instagram story" in text_of(await world.admin.slash(world.channel, "post list"))
    await world.admin.click(answer_of(first), label="Undo")


async def test_undo_takes_a_new_post_back_too_unless_it_was_used(world: World) -> None:
    await world.add_link()
    new: dict[str, str] = {"platform": "x", "kind": "post", "link": "summer", "impressions": "900"}
    logged = await log(world, **new)
    await world.admin.click(answer_of(logged), label="Undo")
    assert "the registration of X post" in text_of(logged)
    assert await world.admin.autocomplete(world.channel, "post show", "post", "") == []
    used = await log(world, **new)
    assert "summer/x2" in text_of(used)
    await world.visit("/summer/x2")
    await world.admin.click(answer_of(used), label="Undo")
    assert "The post stays" in text_of(used)
    assert (await world.visit("/summer/x2")).status == 302
    other = await log(world, post=await choose(world), views="5")
    await world.admin.click(answer_of(other), label="Undo")
    assert "Taken back" in text_of(other)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"impressions": "5", "spend": "12.50"}, "spend: “12.50” names no currency"),
        ({"impressions": "5", "clicks": "1.5"}, "clicks: “1.5” is not a whole number"),
        ({"views": "x"}, "views: “x” is not a whole number"),
        ({"impressions": "5", "permalink": REEL, "kind": "reel", "platform": "tiktok"}, "leads to Instagram"),
    ],
)
async def test_a_bad_log_keeps_neither_figures_nor_post(world: World, options: dict[str, str], said: str) -> None:
    given = {"platform": "x", "kind": "post"} | options
    assert said in text_of(await log(world, **given))
    async with world.app.db.read() as conn:
        assert await posts.find(conn, world.guild.id) == []
        assert await posts.find_figures(conn, world.guild.id) == []


async def test_a_known_permalink_is_no_new_post(world: World) -> None:
    await log(world, permalink=REEL, views="500")
    assert "is registered already" in text_of(await log(world, permalink=REEL, views="600"))
    only = await world.admin.slash(world.channel, "impressions log", post=await choose(world), spend="5 EUR")
    kept = text_of(await world.admin.submit_modal(only, {}))
    assert "Kept for Instagram reel, as of" in kept
    assert "€5.00 spent" in kept


async def test_money_keeps_its_currency(world: World) -> None:
    await log(world, platform="x", kind="ad", impressions="1000", spend="12.50 EUR")
    post = await choose(world)
    refused = await log(world, post=post, impressions="2000", spend="$30")
    assert "kept in EUR" in text_of(refused)
    async with world.app.db.read() as conn:
        assert len(await posts.find_figures(conn, world.guild.id)) == 2


# ---------------------------------------------------------------------- twins


MENU = "Track links here"


async def test_a_message_gets_twins_of_all_its_links(world: World) -> None:
    await world.add_link(title="Summer sale")
    message = await world.leo.send(
        world.channel,
        "New: https://shop.example/summer, [the blog](https://blog.example/a(b)?x=1&y=2) and <https://x.example/z>.\n"
        "Again https://shop.example/summer and https://go.example/summer",
    )
    asked = await world.admin.context_menu(world.channel, MENU, message)
    assert asked.ephemeral
    text = text_of(asked)
    assert "`https://shop.example/summer`\n→ **Summer sale** (`summer`), which leads there already" in text
    assert "`https://blog.example/a(b)?x=1&y=2`\n→ a new link" in text
    assert "`https://x.example/z`\n→ a new link" in text
    assert "`https://go.example/summer`\nis a tracked address already" in text
    async with world.app.db.read() as conn:
        assert await posts.find(conn, world.guild.id) == [], "nothing before it was confirmed"
    await world.env.restart_bot(world.app.client())
    await world.admin.click(answer_of(asked), label="Track 3 links")
    text = text_of(asked)
    assert "3 twins are ready" in text
    twins = re.findall(r"https://go\.example/(\w+/dc1)", text)
    assert len(twins) == 3
    assert twins[0] == "summer/dc1"
    targets = [(await world.visit(f"/{twin}")).headers["Location"] for twin in twins]
    assert targets == ["https://shop.example/summer", "https://blog.example/a(b)?x=1&y=2", "https://x.example/z"]
    async with world.app.db.read() as conn:
        found = await posts.find(conn, world.guild.id)
    assert {(post.platform, post.kind, post.permalink, post.title) for post in found} == {
        ("discord", "message", message.jump_url, "#general")
    }
    assert {post.published_at for post in found} == {message.created_at}
    again = await world.admin.context_menu(world.channel, MENU, message)
    assert "Nothing to track here" in text_of(again)
    assert "has its twin of **Summer sale**" in text_of(again)
    assert "https://go.example/summer/dc1" in text_of(again), "they are shown again, ready to copy"


async def test_messages_without_links_and_with_many(world: World) -> None:
    bare = await world.leo.send(world.channel, "no links, only example.com")
    assert "holds no address" in text_of(await world.admin.context_menu(world.channel, MENU, bare))
    many = await world.leo.send(world.channel, " ".join(f"https://shop.example/{n}" for n in range(13)))
    asked = await world.admin.context_menu(world.channel, MENU, many)
    assert "3 more addresses are left out" in text_of(asked)
    await world.admin.click(answer_of(asked), label="Leave it")
    assert "Nothing was tracked" in text_of(asked)
    asked = await world.admin.context_menu(world.channel, MENU, many)
    await world.admin.click(answer_of(asked), label="Track 10 links")
    assert "10 twins are ready" in text_of(asked)


async def test_twins_heed_who_may_add_and_what_is_denied(world: World) -> None:
    manager = Actor(world.guild.id, world.admin.id, manager=True)
    await world.app.services.servers.change(manager, creator_role_id=world.creator_role.id)
    await world.add_link(creator=world.maya)
    await world.maya.slash(world.channel, "link add", destination="https://shop.example/own", name="own")
    message = await world.leo.send(
        world.channel, "https://shop.example/summer https://shop.example/new http://127.0.0.1/x"
    )
    asked = text_of(await world.sam.context_menu(world.channel, MENU, message))
    assert "Nothing to track here" in asked
    assert "left out: You may not add links" in asked
    assert "private or local address" in asked
    theirs = await world.leo.context_menu(world.channel, MENU, message)
    assert "shop.example/summer`\n→ a new link of yours" in text_of(theirs), "Maya's link is not Leo's to add to"
    mine = await world.maya.context_menu(world.channel, MENU, message)
    assert "shop.example/summer`\n→ **summer**, which leads there" in text_of(mine)
    await world.maya.click(answer_of(mine), label="Track 2 links")
    assert "2 twins are ready" in text_of(mine)
    async with world.app.db.read() as conn:
        assert {post.creator_id for post in await posts.find(conn, world.guild.id)} == {world.maya.id}


# ---------------------------------------------------------------------- numbers


async def test_a_post_shows_both_sides(world: World) -> None:
    await world.add_link()
    await add(world, link="summer", platform="instagram", kind="story")
    post = await choose(world)
    for _n in range(4):
        await world.visit("/summer/ig1")
    world.move(hours=1)
    await log(world, post=post, impressions="1000", views="1500", reach="800", likes="20", clicks="6", spend="20 EUR")
    shown = await world.admin.slash(world.channel, "stats post", post=post)
    assert field(shown, "Clicks").startswith("**4**")
    assert field(shown, "Displays") == "**1,500**\n1,500 views on Instagram"
    assert "4 of 1,500" in field(shown, "CTR")
    assert "24 of 1,500 displays" in field(shown, "Engagement rate")
    told = field(shown, "Told by the platform")
    for part in ("800 reached", "6 clicks by the platform's count", "€20.00 spent", "CPM €13.33", "€5.00 a click"):
        assert part in told
    assert "4 clicks counted here, all its life" in told
    assert "1,000 impressions" in told, "what its platform told beside"
    await world.admin.select(answer_of(shown), ["i"])
    assert "1,500 displays" in answer_of(shown).attachments[0].description
    shared = await world.admin.slash(world.channel, "stats post", post=post, share=True)
    assert not answer_of(shared).ephemeral
    assert "800 reached" in text_of(shared)
    assert "€" not in text_of(shared), "what was spent is nobody else's business"


async def test_views_make_a_ctr_where_they_are_the_platforms_word(world: World) -> None:
    await world.add_link()
    await add(world, link="summer", platform="instagram", kind="story")
    post = await choose(world)
    for _n in range(3):
        await world.visit("/summer/ig1")
    world.move(hours=1)
    await world.admin.slash(world.channel, "views log", post=post, views="300", likes="9")
    shown = await world.admin.slash(world.channel, "stats post", post=post)
    assert "**1.0%**" in field(shown, "CTR")
    assert "3 of 300" in field(shown, "CTR")
    assert "12 of 300 displays" in field(shown, "Engagement rate")
    assert "300 displays" in answer_of(shown).attachments[0].description
    ranked = text_of(await world.admin.slash(world.channel, "stats top", rank="p", by="r"))
    assert "3 of 300" in ranked
    card = answer_of(await world.admin.click(answer_of(shown), label="Picture")).attachments[0].description
    assert "Views 300, reported by Instagram" in card
    assert "CTR 1.0%" in card


async def test_a_link_in_the_bio_is_never_a_ctr_of_zero(world: World) -> None:
    await world.add_link()
    await add(world, link="summer", platform="tiktok", kind="video", title="Dance")
    await add(world, link="summer", platform="x", kind="post")
    dance, other = await choose(world, "dance"), await choose(world, "x post")
    await world.visit("/summer/x1")
    world.move(hours=1)
    await log(world, post=dance, views="5000", likes="400")
    await log(world, post=other, impressions="500", likes="5")
    shown = await world.admin.slash(world.channel, "stats post", post=dance)
    assert field(shown, "CTR") == "–\nno clicks of its own: link in bio"
    assert "400 of 5,000 displays" in field(shown, "Engagement rate")
    link = await world.admin.slash(world.channel, "stats link", link="summer")
    assert "1 post without clicks of its own: link in bio" in field(link, "CTR")
    assert (
        "TikTok video “Dance” · no clicks of its own · 5,000 views · engagement 8.0% (400 of 5,000 displays)"
        in field(link, "Posts")
    )
    by_ctr = text_of(await world.admin.slash(world.channel, "stats top", rank="p", by="r"))
    assert "Dance" not in by_ctr
    assert "1 post has no clicks of its own (link in bio): rank by engagement rate" in by_ctr
    ranked = await world.admin.slash(world.channel, "stats top", rank="p", by="e")
    assert re.search(
        r"1\. \*\*Dance, TikTok video\*\*.*\n2\. \*\*summer, X post\*\*.*6 of 500 displays", text_of(ranked)
    )
    first, second = [await choose(world, query) for query in ("dance", "x post")]
    offered = await world.admin.autocomplete(world.channel, "stats compare", "first", "post")
    values = {choice["name"]: choice["value"] for choice in offered}
    assert (first, second) == (dance, other)
    assert values


async def test_which_platform_works_best(world: World) -> None:
    await world.add_link()
    for options in ({"platform": "instagram", "kind": "story"}, {"platform": "instagram", "kind": "reel"}):
        await add(world, link="summer", **options)
    await add(world, link="summer", platform="x", kind="post")
    for path, n in (("/summer/ig1", 6), ("/summer/x1", 2), ("/summer", 1)):
        for _n in range(n):
            await world.visit(path)
    world.move(hours=1)
    await log(world, post=await choose(world, "story"), impressions="200", likes="4")
    await log(world, post=await choose(world, "reel"), views="900", likes="90")
    await log(world, post=await choose(world, "x post"), impressions="400")
    shown = await world.admin.slash(world.channel, "stats top", rank="f", by="r")
    text = text_of(shown)
    assert "Platforms of Golden Hour" in text
    assert re.search(r"1\. \*\*Instagram\*\* · 6 clicks · 1,100 displays\n  CTR 3\.0% \(.*\), 6 of 200", text)
    assert "over 1 of 2" in text, "the reel has no CTR"
    assert "engagement rate 9.1%" in text, "100 of 1,100"
    assert re.search(r"2\. \*\*X\*\* · 2 clicks · 400 impressions\n  CTR 0\.5%", text)
    assert re.search(r"3\. \*\*No post.*\*\* · 1 click$", text, re.MULTILINE), "named, though it has no CTR"
    await world.admin.click(answer_of(shown), label="Show kinds")
    assert "**Instagram stories**" in text_of(shown)
    await world.admin.select(answer_of(shown), ["e"])
    assert re.search(r"1\. \*\*Instagram reels\*\*(.|\n)*2\. \*\*Instagram stories\*\*", text_of(shown))
    await world.admin.select(answer_of(shown), ["c"])
    assert "links' own addresses" in text_of(shown).replace("\\", "")
    exported = answer_of(await world.admin.click(answer_of(shown), label="CSV")).attachments[0]
    assert "Instagram reels" in (await exported.read()).decode()
    await world.admin.click(answer_of(shown), label="Show links")
    assert "Top links" in text_of(shown)
    refused = await world.admin.slash(world.channel, "stats top", rank="f", by="u")
    assert "unique clicks are counted for a link" in text_of(refused)


async def test_comparing_posts_falls_back_to_engagement(world: World) -> None:
    await world.add_link()
    for title in ("One", "Two"):
        await add(world, link="summer", platform="tiktok", kind="video", title=title)
    for title, likes in (("One", "900"), ("Two", "100")):
        await log(world, post=await choose(world, title), views="5000", likes=likes)
    chosen = [
        (await world.admin.autocomplete(world.channel, "stats compare", "first", title))[0]["value"]
        for title in ("“One”", "“Two”")
    ]
    shown = await world.admin.slash(world.channel, "stats compare", first=chosen[0], second=chosen[1])
    assert "highest engagement rate, beyond chance" in field(shown, "Verdict")
    assert "CTR: no clicks of its own: link in bio" in text_of(shown)
