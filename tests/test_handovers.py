"""What managers do to what is another's: asked first, told to whom it concerns, and taken back."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import simcord

from tests.conftest import World, answer_of, text_of
from tests.profiled import labels, set_up
from tests.refusals import refused


def told(member: simcord.MemberActor) -> str:
    """The direct messages to a member, as one text."""
    channel = member.user.dm_channel
    if channel is None:
        return ""
    return "\n".join(f"{m.embeds[0].title}\n{m.embeds[0].description}" for m in channel.history() if m.embeds)


async def owner_of(world: World, slug: str = "summer") -> str:
    text = text_of(await world.admin.slash(world.channel, "link show", link=slug))
    return re.findall(r"^Creator: (.*)$", text, re.MULTILINE)[0]


@pytest.fixture
async def shop(world: World) -> World:
    setup = await world.admin.slash(world.channel, "setup")
    await world.admin.select(answer_of(setup), [world.creator_role], custom_id="setup:role")
    await world.add_link(creator=world.maya, title="Summer")
    return world


async def test_a_transfer_asks_tells_both_and_can_be_undone_after_a_restart(shop: World) -> None:
    asked = await shop.admin.slash(shop.channel, "link transfer", link="summer", creator=shop.leo)
    assert "Give Summer to Leo?" in text_of(asked)
    assert "⚠️" not in text_of(asked)
    assert "Maya and Leo are told by direct message. Undo gives it back." in text_of(asked)
    assert await owner_of(shop) == "Maya"
    assert told(shop.maya) == told(shop.leo) == ""
    await shop.env.restart_bot(shop.app.client())
    await shop.admin.click(answer_of(asked), label="Give it away")
    assert await owner_of(shop) == "Leo"
    assert "Told by direct message: Maya, Leo." in text_of(asked)
    for member in (shop.maya, shop.leo):
        assert "gave **Summer** (`https://go.example/summer`)" in told(member)
        assert "from Maya to Leo" in told(member)
    await shop.env.restart_bot(shop.app.client())
    await shop.admin.click(answer_of(asked), label="Undo")
    assert await owner_of(shop) == "Maya"
    assert "from Leo to Maya" in told(shop.maya)
    assert labels(answer_of(asked)) == []


async def test_a_question_names_only_whom_it_will_tell(shop: World) -> None:
    await shop.add_link("mine")
    given = await shop.admin.slash(shop.channel, "link transfer", link="mine", creator=shop.leo)
    taken = await shop.admin.slash(shop.channel, "link transfer", link="summer", creator=shop.admin)
    assert "\nLeo is told by direct message. Undo gives it back." in text_of(given)
    assert "\nMaya is told by direct message. Undo gives it back." in text_of(taken)
    await shop.admin.click(answer_of(given), label="Give it away")
    assert told(shop.leo)
    assert told(shop.admin) == ""
    await set_up(shop, shop.admin, handle="boss")
    own = await shop.admin.slash(shop.channel, "profile takedown", handle="boss")
    assert "Take down" in text_of(own)
    assert "direct message" not in text_of(own)


async def test_whoever_lacks_the_creator_role_is_named_before(shop: World) -> None:
    asked = await shop.admin.slash(shop.channel, "link transfer", link="summer", creator=shop.sam)
    assert "⚠️ Sam may not add links" in text_of(asked)
    await shop.admin.click(answer_of(asked), label="Keep it")
    assert await owner_of(shop) == "Maya"


async def test_a_stale_transfer_changes_nothing(shop: World) -> None:
    to_leo, to_sam = [
        await shop.admin.slash(shop.channel, "link transfer", link="summer", creator=member)
        for member in (shop.leo, shop.sam)
    ]
    await shop.admin.click(answer_of(to_leo), label="Give it away")
    refused = await shop.admin.click(answer_of(to_sam), label="Give it away")
    assert "has changed hands since" in text_of(refused)
    assert await owner_of(shop) == "Leo"
    assert told(shop.sam) == ""
    gone = await shop.admin.slash(shop.channel, "link transfer", link="summer", creator=shop.sam)
    asked = await shop.admin.slash(shop.channel, "link delete", link="summer")
    await shop.admin.click(answer_of(asked), label="Delete for good")
    assert "no longer there" in text_of(await shop.admin.click(answer_of(gone), label="Give it away"))
    assert "no longer there" in text_of(await shop.admin.click(answer_of(to_leo), label="Undo"))


@pytest.mark.parametrize(
    ("status", "code", "again"),
    [(403, 50007, dt.timedelta(days=1)), (503, 0, dt.timedelta(minutes=3)), (403, 40003, dt.timedelta(minutes=3))],
    ids=["closed", "an outage", "too fast"],
)
async def test_who_could_not_be_told_is_named_and_told_later(
    shop: World, status: int, code: int, again: dt.timedelta
) -> None:
    asked = await shop.admin.slash(shop.channel, "link transfer", link="summer", creator=shop.leo)
    with refused(status, code):
        await shop.admin.click(answer_of(asked), label="Give it away")
    assert await owner_of(shop) == "Leo"
    assert "Not told yet, since no direct message reaches them: Maya, Leo." in text_of(asked)
    await shop.env.restart_bot(shop.app.client())
    assert await shop.notify() == 0
    shop.move(seconds=again.total_seconds() + 1)
    assert await shop.notify() == 2
    for member in (shop.maya, shop.leo):
        assert told(member).count("from Maya to Leo") == 1
    shop.move(days=2)
    assert await shop.notify() == 0


@pytest.mark.parametrize(("status", "code"), [(400, 200000), (400, 50035)], ids=["a filter", "malformed"])
async def test_news_that_is_refused_as_it_is_comes_in_a_lesser_form(shop: World, status: int, code: int) -> None:
    await set_up(shop, shop.maya)
    asked = await shop.admin.slash(shop.channel, "profile takedown", handle="maya")
    with refused(status, code, of=lambda body: "embeds" in str(body)):
        await shop.admin.click(answer_of(asked), label="Take it down")
    assert "Told by direct message: Maya." in text_of(asked)
    (message,) = shop.maya.user.dm_channel.history()
    assert ("https://" in message.content) is (code == 50035)


async def test_what_was_to_be_told_outlives_a_process_that_ends_in_between(shop: World) -> None:
    asked = await shop.admin.slash(shop.channel, "link transfer", link="summer", creator=shop.leo)
    shop.app.notices.port = None
    await shop.admin.click(answer_of(asked), label="Give it away")
    assert told(shop.maya) == ""
    assert await shop.notify() == 2
    assert "from Maya to Leo" in told(shop.maya)


async def test_a_takedown_asks_tells_the_creator_and_is_brought_back(shop: World) -> None:
    await set_up(shop, shop.maya)
    await shop.maya.slash(shop.channel, "profile publish")
    asked = await shop.admin.slash(shop.channel, "profile takedown", handle="maya")
    assert "Take down" in text_of(asked)
    assert "Maya is told by direct message." in text_of(asked)
    again = await shop.admin.slash(shop.channel, "profile takedown", handle="maya")
    assert (await shop.visit("/@maya")).status == 200
    await set_up(shop, shop.maya, handle="lindt")  # the handle changes meanwhile
    await shop.admin.click(answer_of(asked), label="Take it down")
    assert (await shop.visit("/@lindt")).status == 404
    assert "Told by direct message: Maya." in text_of(asked)
    assert "Your page was taken down" in told(shop.maya)
    refused = await shop.admin.click(answer_of(again), label="Take it down")
    assert "down already" in text_of(refused)
    assert "down already" in text_of(await shop.admin.slash(shop.channel, "profile takedown", handle="maya"))
    await shop.env.restart_bot(shop.app.client())
    await shop.admin.click(answer_of(asked), label="Bring it back")
    assert (await shop.visit("/@lindt")).status == 200
    assert "lifted the takedown" in told(shop.maya)
    nothing = await shop.admin.slash(shop.channel, "profile takedown", handle="maya", restore=True)
    assert "not down" in text_of(nothing)


async def test_both_are_managers_alone(shop: World) -> None:
    await set_up(shop, shop.maya)
    for command, options in (
        ("link transfer", {"link": "summer", "creator": shop.leo}),
        ("profile takedown", {"handle": "maya"}),
    ):
        assert "Manage Server" in text_of(await shop.maya.slash(shop.channel, command, **options))
