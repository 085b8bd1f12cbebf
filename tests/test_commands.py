"""A tracked link's whole life, typed by people: set up, added, seen, clicked, asked about."""

from __future__ import annotations

import datetime as dt
from typing import Any

import discord
import pytest
import simcord

from bot.links.access import Actor
from bot.tracking.hits import Reason
from cogs.ui import audit
from storage import counts
from storage.records import DayCount, Kind
from tests.conftest import NOW, World, answer_of, mismatches, text_of
from tests.described import SHARED, check_requests


async def _summer(world: World) -> int:
    """The id of the link /summer, as autocomplete offers it."""
    (choice,) = await world.admin.autocomplete(world.channel, "stats link", "link", "summer")
    return int(choice["value"])


async def test_the_whole_life_of_a_link(world: World) -> None:
    await world.admin.slash(world.channel, "setup", zone="Europe/Berlin")
    added = await world.add_link(title="Summer sale")
    assert added.ephemeral
    assert "https://go.example/summer" in text_of(added)
    post = await world.admin.slash(world.channel, "post add", link="summer", platform="instagram", kind="story")
    assert "https://go.example/summer/ig1" in text_of(post)

    assert (await world.visit("/summer")).headers["Location"] == "https://shop.example/summer"
    for _n in range(3):
        await world.visit("/summer/ig1")
    world.move(minutes=31)
    await world.visit("/summer/ig1", new=False)
    await world.visit("/summer.gif")
    await world.visit("/summer", method="HEAD")

    world.move(minutes=5)
    logged = await world.admin.slash(
        world.channel, "impressions log", impressions="20.000", post=await _post_choice(world)
    )
    assert "20,000" in text_of(logged)

    shown = await world.admin.slash(world.channel, "stats link", link="summer", period="7d")
    text = text_of(shown)
    assert "Clicks: **5**" in text
    assert "Unique clicks: **4**" in text
    assert "Displays: **20,001**\n20,001 impressions\n1 measured (new)\n20,000 reported" in text
    assert "5 of 20,001" in text  # the story's reported impressions, and the bare address with its pixel
    assert "2 of 2 posts and places" in text
    assert "Wed 11 Mar" in text
    (chart,) = answer_of(shown).attachments
    assert chart.filename == "chart.png"
    assert "5 clicks" in (chart.description or "")


async def _post_choice(world: World) -> str:
    (choice,) = await world.admin.autocomplete(world.channel, "impressions log", "post", "")
    assert choice["name"] == "Instagram story · /summer/ig1"
    return choice["value"]


async def test_ctr_leaves_out_what_has_one_side_only(world: World) -> None:
    await world.add_link()
    await world.admin.slash(world.channel, "post add", link="summer", platform="instagram", kind="story")
    await world.visit("/summer")
    await world.visit("/summer/ig1")
    world.move(minutes=5)
    await world.admin.slash(world.channel, "impressions log", impressions="400", post=await _post_choice(world))
    text = text_of(await world.admin.slash(world.channel, "stats link", link="summer"))
    assert "CTR: **0.25%** (0.073%–4.5%)\n1 of 400\n1 of 2 posts and places" in text


async def test_a_post_with_both_kinds_of_impressions_counts_once(world: World) -> None:
    await world.add_link()
    await world.admin.slash(world.channel, "post add", link="summer", platform="instagram", kind="story")
    await world.visit("/summer/ig1.gif")
    world.move(minutes=5)
    await world.admin.slash(world.channel, "impressions log", impressions="400", post=await _post_choice(world))
    text = text_of(await world.admin.slash(world.channel, "stats link", link="summer"))
    assert "Displays: **400**\n400 impressions\n1 measured (new)\n400 reported\nposts with both count as rep" in text


async def test_buttons_switch_the_period_in_place_also_after_a_restart(world: World) -> None:
    await world.add_link()
    await world.visit("/summer")
    shown = await world.admin.slash(world.channel, "stats link", link="summer")
    await world.env.restart_bot(world.app.client())
    pressed = await world.admin.click(answer_of(shown), label="90 days")
    assert pressed.acknowledged
    assert "summer: 90 days" in text_of(shown)
    assert len(answer_of(shown).attachments) == 1
    shared = await world.admin.slash(world.channel, "stats link", link="summer", share=True)
    assert not answer_of(shared).ephemeral
    refused = await world.sam.click(answer_of(shared), label="7 days")
    assert "belong to who asked" in text_of(refused)


async def test_commands_are_registered_once(world: World) -> None:
    def syncs() -> int:
        return sum(r.method == "PUT" and r.path.endswith("/commands") for r in world.env.http_requests)

    assert syncs() == 1
    await world.env.restart_bot(world.app.client())
    assert syncs() == 1


async def test_who_may_add(world: World) -> None:
    refused = await world.add_link("one", world.maya)
    assert "may not add links" in text_of(refused)
    setup = await world.admin.slash(world.channel, "setup")
    await world.admin.select(answer_of(setup), [world.creator_role], custom_id="setup:role")
    assert "Creator role: **@Creator**" in text_of(setup)
    assert "https://go.example/one" in text_of(await world.add_link("one", world.maya))
    assert "only managers add them for others" in text_of(await world.add_link("two", world.maya, creator=world.leo))
    assert "Creator: Leo" in text_of(await world.add_link("two", creator=world.leo))
    assert "may not add links" in text_of(await world.add_link("three", world.sam))
    await world.admin.select(answer_of(setup), ["everyone"], custom_id="setup:policy")
    assert "https://go.example/three" in text_of(await world.add_link("three", world.sam))


async def test_setup_shows_and_changes_what_is_set(world: World) -> None:
    first = await world.admin.slash(world.channel, "setup")
    assert "Eyeballs works already, with these defaults" in text_of(first)
    assert "UTC" in text_of(first)
    await world.admin.select(answer_of(first), ["Asia/Kolkata"], custom_id="setup:zone")
    await world.admin.select(answer_of(first), ["6"], custom_id="setup:weekday")
    await world.admin.select(answer_of(first), [world.channel], custom_id="setup:channel")
    again = text_of(await world.admin.slash(world.channel, "setup"))
    assert "Asia/Kolkata" in again
    assert "Weeks begin on: Sunday" in again
    assert "Sundays at 09:00 in **#general**" in again
    assert "every permission" in again
    assert "setup" not in world.maya.available_commands(world.channel)
    (command,) = [c for c in await world.client.tree.fetch_commands() if c.name == "setup"]
    world.guild.set_command_permissions(command, {world.maya: True})  # an admin lets her see it: not enough
    assert "Manage Server" in text_of(await world.maya.slash(world.channel, "setup"))


async def test_a_press_checks_the_permission_again(world: World) -> None:
    setup = await world.admin.slash(world.channel, "setup")
    world.env.backend.remove_member_role(world.guild.id, world.admin.id, _manager_role(world))
    refused = await world.admin.select(answer_of(setup), ["Asia/Tokyo"], custom_id="setup:zone")
    assert "Manage Server" in text_of(refused)
    assert (await world.app.services.servers.get(world.guild.id)).timezone == "UTC"


def _manager_role(world: World) -> int:
    return world.guild.roles["Manager"].id


async def test_the_digest_channel_is_checked(world: World) -> None:
    me = world.guild.me
    assert me is not None
    closed = world.guild.create_text_channel(
        "closed", overwrites={me: discord.PermissionOverwrite(send_messages=False, attach_files=False)}
    )
    setup = await world.admin.slash(world.channel, "setup")
    await world.admin.select(answer_of(setup), [closed], custom_id="setup:channel")
    assert "lacks there: Send Messages, Embed Links, Attach Files" in text_of(setup)
    refused = await world.admin.slash(world.channel, "digest setup", channel=closed)
    assert "lacks Send Messages, Embed Links, Attach Files" in text_of(refused)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"destination": "ftp://shop.example"}, "must begin with https://"),
        ({"name": "healthz"}, "is reserved"),
        ({"name": "a+b"}, "can't be used"),
        ({"name": "taken"}, "is taken, or was once"),
        ({"tags": ",".join("abcdefghijkl")}, "up to 10 tags"),
        ({"title": "x" * 101}, "100 is the limit"),
    ],
)
async def test_bad_input_gets_a_sentence_and_changes_nothing(world: World, options: dict[str, Any], said: str) -> None:
    await world.add_link("taken")
    given: dict[str, Any] = {"name": "new"} | options
    assert said in text_of(await world.add_link(**given))
    listed = text_of(await world.admin.slash(world.channel, "link list"))
    assert "Links (1)" in listed
    assert (await world.visit("/new")).status == 404


async def test_names_of_deleted_links_are_never_given_out_again(world: World) -> None:
    await world.add_link()
    asked = await world.admin.slash(world.channel, "link delete", link="summer")
    assert (await world.visit("/summer")).status == 302
    await world.admin.click(answer_of(asked), label="Delete for good")
    assert "never given out again" in text_of(asked)
    assert (await world.visit("/summer")).status == 404
    assert "is taken, or was once" in text_of(await world.add_link())
    assert "There is no link" in text_of(await world.admin.slash(world.channel, "link show", link="summer"))


async def test_a_delete_can_be_thought_better_of(world: World) -> None:
    await world.add_link()
    asked = await world.admin.slash(world.channel, "link delete", link="summer")
    await world.admin.click(answer_of(asked), label="Keep it")
    assert (await world.visit("/summer")).status == 302


async def test_edit_archive_and_restore(world: World) -> None:
    await world.add_link()
    changed = await world.admin.slash(
        world.channel, "link edit", link="summer", destination="https://shop.example/2", title="New", tags="a, #b"
    )
    assert "a, b" in text_of(changed).replace("\\", "")
    assert (await world.visit("/summer")).headers["Location"] == "https://shop.example/2"
    assert "Nothing to change" in text_of(await world.admin.slash(world.channel, "link edit", link="summer"))
    await world.admin.slash(world.channel, "link archive", link="summer")
    assert "No links yet" in text_of(await world.admin.slash(world.channel, "link list"))
    assert "summer" in text_of(await world.admin.slash(world.channel, "link list", archived=True))
    assert (await world.visit("/summer")).status == 302
    assert await world.admin.autocomplete(world.channel, "link show", "link", "") == []
    await world.admin.slash(world.channel, "link archive", link="summer", restore=True)
    assert "Links (1)" in text_of(await world.admin.slash(world.channel, "link list"))


async def test_a_departed_members_links_work_on_and_can_be_transferred(world: World) -> None:
    await world.add_link(creator=world.leo)
    await world.visit("/summer")
    world.guild.remove_member(world.leo)
    assert (await world.visit("/summer")).status == 302
    asked = await world.admin.slash(world.channel, "link transfer", link="summer", creator=world.maya)
    await world.admin.click(answer_of(asked), label="Give it away")
    assert "belongs to Maya now" in text_of(asked)
    assert "Clicks: **2**" in text_of(await world.maya.slash(world.channel, "stats creator"))


async def test_transfer_is_for_managers(world: World) -> None:
    await world.add_link(creator=world.maya)
    refused = await world.maya.slash(world.channel, "link transfer", link="summer", creator=world.leo)
    assert "Manage Server" in text_of(refused)


def _admin(world: World):

    return Actor(world.guild.id, world.admin.id, manager=True)


async def test_numbers_are_their_owners_and_the_managers(world: World) -> None:
    await world.add_link(creator=world.maya)
    await world.visit("/summer")
    link = await _summer(world)
    for name in ("summer", str(link)):
        assert "There is no link" in text_of(await world.leo.slash(world.channel, "stats link", link=name))
        assert "There is no link" in text_of(await world.leo.slash(world.channel, "link show", link=name))
    assert "are theirs" in text_of(await world.leo.slash(world.channel, "stats creator", creator=world.maya))
    assert "Clicks: **1**" in text_of(await world.maya.slash(world.channel, "stats link", link="summer"))
    assert "Clicks: **1**" in text_of(await world.admin.slash(world.channel, "stats creator", creator=world.maya))
    assert "Clicks: **1**" in text_of(await world.sam.slash(world.channel, "stats server"))


async def test_a_name_that_is_no_link_leads_only_to_what_helps(world: World) -> None:
    async def said(who: simcord.MemberActor) -> str:
        return text_of(await who.slash(world.channel, "stats link", link="nowhere"))

    assert "can use here. /link add makes one." in await said(world.admin)
    await world.add_link()
    assert "can use here. /link list shows yours." in await said(world.admin)
    assert "can use here. Ask a manager to add a link for you." in await said(world.sam)
    setup = await world.admin.slash(world.channel, "setup")
    await world.admin.select(answer_of(setup), [world.creator_role], custom_id="setup:role")
    assert "adds links here; ask a manager for it." in await said(world.sam)
    assert "/link list" not in await said(world.sam)


async def test_where_the_time_is_over_nothing_more_is_asked_for(world: World) -> None:
    await world.add_link()
    over = await world.admin.slash(world.channel, "stats server", period="1999")
    assert "Nothing was counted in this period." in text_of(over)
    assert "first count" not in text_of(over), "there is none"
    assert "Share" not in text_of(over)
    await world.visit("/summer")
    over = await world.sam.slash(world.channel, "stats server", period="1999")
    assert "Nothing was counted in this period. The first count is of 11 Mar 2026." in text_of(over)
    assert "No clicks in this period." in answer_of(over).attachments[0].description
    world.move(days=1)
    running = await world.sam.slash(world.channel, "stats server", period="today")
    assert "Share an address, then look again." in text_of(running)
    for view in ("stats top", "stats heatmap", "stats sources"):
        assert "in this period. " in text_of(await world.admin.slash(world.channel, view, period="1999"))


async def test_an_error_is_private_even_when_the_answer_would_be_shared(world: World) -> None:
    refused = await world.leo.slash(world.channel, "stats creator", creator=world.maya, share=True)
    assert "are theirs" in text_of(refused)
    assert world.channel.history(viewer=world.sam) == []


async def test_private_links_count_in_totals_but_are_not_named(world: World) -> None:
    await world.add_link("secret-deal", private=True)
    await world.visit("/secret-deal")
    text = text_of(await world.sam.slash(world.channel, "stats server"))
    assert "Clicks: **1**" in text
    assert "secret" not in text
    assert "secret" in text_of(await world.admin.slash(world.channel, "stats creator"))
    assert "secret" not in text_of(await world.admin.slash(world.channel, "stats creator", share=True))
    assert "secret" not in text_of(await world.admin.slash(world.channel, "digest preview"))


async def test_posts_are_named_to_their_owner_only(world: World) -> None:
    await world.add_link(creator=world.maya, private=True)
    await world.admin.slash(world.channel, "post add", link="summer", platform="x", kind="post", title="Secret teaser")
    world.move(days=20)
    await world.maya.slash(world.channel, "impressions log", impressions="900", post=await _first_post(world, "x"))
    own = text_of(await world.maya.slash(world.channel, "stats creator", period="7d"))
    assert "X post “Secret teaser” · 0 clicks · about 292 impressions · CTR 0.0% (0 of about 292)" in own, (
        "6.5 of 20 days"
    )
    for text in (
        text_of(await world.sam.slash(world.channel, "stats server", period="7d")),
        text_of(await world.maya.slash(world.channel, "stats creator", period="7d", share=True)),
    ):
        assert "Secret" not in text
        assert "about 292" in text


def test_each_reason_has_its_words() -> None:
    assert set(audit.WORDS) == set(audit.MEANINGS) == set(Reason)


async def test_the_audit_accounts_for_every_request(world: World) -> None:
    await world.add_link(creator=world.maya)
    for _n in range(3):
        await world.visit("/summer")
    await world.visit("/summer", new=False)
    await world.visit("/summer.gif")
    for agent in ("Discordbot/2.0", "Discordbot/2.0", "Twitterbot/1.0"):
        headers: dict[str, Any] = {"User-Agent": agent}
        await world.visit("/summer", **headers)
    shown = text_of(await world.maya.slash(world.channel, "link show", link="summer"))
    test = shown.split("?test=")[1].split("`")[0]
    await world.visit(f"/summer?test={test}")
    await world.set_aside(5)
    text = text_of(await world.maya.slash(world.channel, "link audit", link="summer"))
    assert "**9 requests**: 3 clicks, 1 impression; set aside 3 previews, 1 test of the creator's, 1 repeat." in text
    assert "Discord 2 (66.7%) · X 1 (33.3%)" in text
    assert "Rules version" in text
    assert "**9 requests**" in text_of(await world.admin.slash(world.channel, "link audit"))
    assert "Manage Server" in text_of(await world.maya.slash(world.channel, "link audit"))
    assert "There is no link" in text_of(await world.leo.slash(world.channel, "link audit", link="summer"))


async def test_another_servers_link_is_not_found(world: World) -> None:
    await world.add_link()
    link = await _summer(world)
    other = world.env.create_guild("Other")
    there = other.create_text_channel("general")
    role = other.create_role("Boss", permissions=discord.Permissions(manage_guild=True))
    boss = other.add_member(world.env.create_user("boss"), roles=[role])
    for name in ("summer", str(link)):
        for command in ("link show", "stats link", "link delete", "link archive"):
            assert "There is no link" in text_of(await boss.slash(there, command, link=name))
    assert await boss.autocomplete(there, "stats link", "link", "") == []
    taken = await boss.slash(there, "link add", destination="https://shop.example", name="summer")
    assert "is taken" in text_of(taken)


async def test_impressions_for_a_post_made_on_the_spot(world: World) -> None:
    await world.add_link()
    logged = await world.admin.slash(
        world.channel, "impressions log", impressions="20k", platform="instagram", kind="story", link="summer"
    )
    assert "**20,000** reported impressions for Instagram story" in text_of(logged)
    assert "https://go.example/summer/ig1" in text_of(logged)
    await world.admin.slash(world.channel, "impressions log", impressions="10,000", platform="x", kind="post")
    text = text_of(await world.admin.slash(world.channel, "stats creator"))
    assert "Displays: **30,000**\n30,000 impressions" in text
    assert "CTR: –" in text  # nobody can say how many clicks they had
    more = await world.admin.slash(
        world.channel, "impressions log", impressions="25k", post=await _first_post(world, "story")
    )
    assert "+5,000 on the 20,000 before" in text_of(more)
    assert "of summer (`/summer/ig1`)" in text_of(more).replace("\\", "")
    less = await world.admin.slash(
        world.channel, "impressions log", impressions="24k", post=await _first_post(world, "story")
    )
    assert "corrected, 1,000 fewer" in text_of(less)


async def _first_post(world: World, query: str) -> str:
    return (await world.admin.autocomplete(world.channel, "impressions log", "post", query))[0]["value"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"impressions": "many", "platform": "x", "kind": "post"}, "not a whole number"),
        ({"impressions": "5", "platform": "x", "kind": "post", "as-of": "soon"}, "is no date"),
        ({"impressions": "5", "platform": "x", "kind": "post", "as-of": "2099-01-01"}, "still to come"),
        ({"impressions": "5"}, "Which post was it"),
        ({"impressions": "5", "post": "99"}, "no such post"),
        ({"impressions": "5", "post": "story"}, "not one of your posts"),
        ({"impressions": "5", "platform": "x", "kind": "post", "link": "nope"}, "There is no link"),
    ],
)
async def test_a_bad_log_keeps_nothing(world: World, options: dict[str, str], said: str) -> None:
    assert said in text_of(await world.admin.slash(world.channel, "impressions log", **options))
    assert await world.admin.autocomplete(world.channel, "impressions log", "post", "") == []


async def test_help_names_every_command(world: World) -> None:
    text = text_of(await world.sam.slash(world.channel, "help"))
    names = {c.qualified_name for c in world.client.tree.walk_commands() if isinstance(c, discord.app_commands.Command)}
    missing = {name for name in names - {"help"} if f"`/{name}`" not in text}
    assert not missing


async def test_explain_uses_the_askers_own_numbers(world: World) -> None:
    assert "No numbers of yours" in text_of(await world.admin.slash(world.channel, "explain", term="ctr"))
    await world.add_link()
    await world.visit("/summer.gif")
    await world.visit("/summer")
    text = text_of(await world.admin.slash(world.channel, "explain", term="ctr"))
    assert "Clicks / displays: 1 / 1 = 100%." in text
    commands = {c.name: c for c in world.client.tree.get_commands()}
    explain = commands["explain"]
    assert isinstance(explain, discord.app_commands.Command)
    for choice in explain.get_parameter("term").choices:  # type: ignore[union-attr]
        assert text_of(await world.admin.slash(world.channel, "explain", term=choice.value))


async def test_a_new_zone_regroups_the_days(world: World) -> None:
    await world.add_link()
    world.move(hours=11)  # 23:00 UTC: the next day in Kolkata
    await world.visit("/summer")
    refused = await world.admin.slash(world.channel, "setup", zone="Mars/Olympus")
    assert "There is no time zone" in text_of(refused)
    await world.admin.slash(world.channel, "setup", zone="Asia/Kolkata")
    async with world.app.db.read() as conn:
        (count,) = await counts.by_day(conn, world.guild.id, NOW.date(), NOW.date() + dt.timedelta(days=9))
    assert count == DayCount(NOW.date() + dt.timedelta(days=1), Kind.CLICK, 1)
    assert await mismatches(world.app.db) == []


async def test_zone_autocomplete(world: World) -> None:
    curated = await world.admin.autocomplete(world.channel, "digest setup", "zone", "")
    assert curated[0]["value"] == "UTC"
    assert len(curated) <= 25
    found = await world.admin.autocomplete(world.channel, "digest setup", "zone", "new y")
    assert found[0]["value"] == "America/New_York"


async def test_texts_of_users_do_no_harm(world: World) -> None:
    hostile = "[x](https://evil.example) @everyone **b** `c`"
    await world.add_link(title=hostile, tags="@here")
    for command in ("link show", "stats link"):
        result = await world.admin.slash(world.channel, command, link="summer")
        text = text_of(result)
        assert "](" not in text
        assert " @everyone" not in text


async def test_what_was_typed_is_escaped_in_errors_too(world: World) -> None:
    for option in ("destination", "name"):
        options = {"destination": "https://shop.example", "name": "x"} | {option: "[x](https://evil.example) @everyone"}
        text = text_of(await world.admin.slash(world.channel, "link add", **options))
        assert "](" not in text
        assert " @everyone" not in text


@pytest.mark.skipif(not SHARED.exists(), reason="Discord's API description does not lie beside the checkout")
async def test_requests_agree_with_discords_own_description(world: World) -> None:
    await world.admin.slash(world.channel, "setup")
    await world.add_link(title="Summer sale", tags="a, b")
    await world.admin.slash(world.channel, "stats link", link="summer", share=True)
    await world.admin.slash(world.channel, "digest preview")
    await world.admin.autocomplete(world.channel, "stats link", "link", "")
    assert len(world.env.http_requests) > 8
    check_requests(world.env)


async def test_an_unexpected_fault_shows_a_number_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    world.expected = (RuntimeError,)
    monkeypatch.setattr(type(world.app.services.links), "page", broken)
    text = text_of(await world.admin.slash(world.channel, "link list"))
    assert "Something went wrong" in text
    assert "secret" not in text
