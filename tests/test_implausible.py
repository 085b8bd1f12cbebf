"""A figure that may be a slip is asked about once; what is confirmed is kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import simcord

from bot.impressions.metrics import METRICS
from bot.impressions.service import is_implausible
from bot.inputs import money, numbers
from bot.inputs.money import Money
from cogs.ui.digest.buttons import LogButton
from cogs.ui.impressions import KeepButton
from cogs.ui.limits import Buttons
from cogs.ui.wishes import Wish, pack_wish, unpack_wish
from storage import posts
from storage.records import Post
from tests.conftest import World, answer_of, text_of


@pytest.mark.parametrize(
    ("before", "value", "asked"),
    [
        (None, 120_000_000, False),
        (0, 120_000_000, False),
        (12_050, 100, True),
        (12_050, 121, False),
        (100, 10_000, True),
        (100, 9_999, False),
        (12_050, 0, True),
        (12_050, 12_050, False),
    ],
)
def test_a_hundred_times_more_or_less_is_asked_about(before: int | None, value: int, asked: bool) -> None:
    assert is_implausible(value, before) is asked


_POST = Post(2**63 - 1, 2**63 - 2, 3, None, None, "x", "post", 3, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))


async def values_of(world: World) -> list[int]:
    async with world.app.db.read() as conn:
        return [figure.value for figure in await posts.find_figures(conn, world.guild.id)]


async def logged(world: World, **options: str) -> str:
    """The choice of a post whose totals were logged."""
    await world.admin.slash(world.channel, "impressions log", platform="x", kind="post", **options)
    return (await world.admin.autocomplete(world.channel, "impressions log", "post", ""))[0]["value"]


async def test_a_slip_is_asked_back_and_kept_when_it_is_none(world: World) -> None:
    post = await logged(world, impressions="12,050")
    asked = await world.admin.slash(world.channel, "impressions log", post=post, impressions="120m", **{"as-of": "now"})
    assert "Impressions: **120,000,000**, where the last reading was **12,050**" in text_of(asked)
    assert await values_of(world) == [12_050], "nothing is kept yet"
    await world.admin.click(answer_of(asked), label="Yes, keep it")
    assert "120,000,000" in text_of(asked)
    assert await values_of(world) == [12_050, 120_000_000]
    again = await world.admin.slash(world.channel, "impressions log", post=post, impressions="121m")
    assert "Logged" in text_of(again), "it was confirmed, and is what the next one is held against"


async def test_all_that_was_typed_with_it_is_kept(world: World) -> None:
    post = await logged(world, views="20k")
    asked = await world.admin.slash(
        world.channel, "views log", post=post, views="100", likes="5", spend="12.50 EUR", **{"as-of": "yesterday"}
    )
    assert "Views: **100**, where the last reading was" not in text_of(asked), "yesterday's has none before it"
    asked = await world.admin.slash(world.channel, "views log", post=post, views="100", likes="900", spend="12.60 EUR")
    assert "Views: **100**, where the last reading was **20,000**" in text_of(asked)
    assert "Likes: **900**, where the last reading was **5**" in text_of(asked)
    await world.admin.click(answer_of(asked), label="Yes, keep it")
    assert {100, 900, 1260} <= set(await values_of(world))


async def test_nobody_else_presses_it_and_what_was_read_earlier_is_not_asked_about(world: World) -> None:
    post = await logged(world, impressions="12,050")
    asked = await world.admin.slash(world.channel, "impressions log", post=post, impressions="7")
    with pytest.raises(simcord.SetupError, match="not visible"):
        await world.maya.click(answer_of(asked), label="Yes, keep it")
    assert await values_of(world) == [12_050]
    earlier = await world.admin.slash(
        world.channel, "impressions log", post=post, impressions="7", **{"as-of": "3 days ago"}
    )
    assert "Logged" in text_of(earlier)


@pytest.mark.parametrize(
    "wish",
    [
        Wish(_POST, dict.fromkeys(METRICS, numbers.LIMIT), spend=Money(money.LIMIT, "ZZZ")),
        Wish(_POST, dict.fromkeys(METRICS, 0), dt.datetime(2999, 12, 31, 23, 59, 59, 999_000, dt.UTC)),
        Wish(_POST, {"views": 7}, dt.datetime(1, 1, 2, tzinfo=dt.UTC), Money(0, "EUR")),
    ],
    ids=["the most", "the latest", "the earliest"],
)
def test_whatever_is_asked_about_fits_a_buttons_id(wish: Wish) -> None:
    text = pack_wish(_POST, wish)
    assert len(KeepButton(text).item.custom_id or "") <= 100
    assert unpack_wish(text) == (_POST.guild_id, _POST.id, (wish.totals, wish.at, wish.spend))


@pytest.mark.parametrize("letter", ["_", "9", "a"])
def test_what_was_never_asked_about_is_told_apart(letter: str) -> None:
    with pytest.raises(ValueError, match="no packed wish"):
        unpack_wish(letter * 92)


# ------------------------------------------------------------------ every way in which a figure comes

HUGE: dict[str, str] = dict.fromkeys(METRICS, "1,000,000,000,000")
REST = ("shares", "saves", "clicks")


async def by_command(world: World, post: str) -> Any:
    return await world.admin.slash(world.channel, "impressions log", post=post, spend="9,999,999,999.99 EUR", **HUGE)


async def by_views_command(world: World, post: str) -> Any:
    return await world.admin.slash(world.channel, "views log", post=post, **HUGE)


def form(word: str) -> dict[str, str]:
    rest = ", ".join(f"{metric} 1,000,000,000,000" for metric in REST)
    return {word: HUGE[word], "reach": HUGE["reach"], "likes": HUGE["likes"], "comments": HUGE["comments"]} | {
        "rest": rest
    }


async def by_form(world: World, post: str) -> Any:
    opened = await world.admin.slash(world.channel, "views log", post=post, spend="12.50 EUR")
    return await world.admin.submit_modal(opened, form("views"))


async def by_choice(world: World, post: str) -> Any:
    asked = await world.admin.slash(world.channel, "impressions log")
    opened = await world.admin.select(answer_of(asked), [post], custom_id=f"log:impressions:{world.admin.id}")
    return await world.admin.submit_modal(opened, form("impressions"))


async def by_corrected_form(world: World, post: str) -> Any:
    opened = await world.admin.slash(world.channel, "impressions log", post=post, **{"as-of": "now"})
    refused = await world.admin.submit_modal(opened, form("impressions") | {"likes": "3oo"})
    again = await world.admin.click(answer_of(refused), label="Correct it")
    return await world.admin.submit_modal(again, form("impressions"))


async def by_digest(world: World, post: str) -> Any:
    user = await world.client.fetch_user(world.admin.id)
    shown = await user.send("Your week", view=Buttons().add_item(LogButton(world.guild.id, int(post))))
    opened = await world.admin.user.click(shown, label="Log")
    return await world.admin.user.submit_modal(opened, form("impressions"))


@pytest.mark.parametrize(
    "way",
    [by_command, by_views_command, by_form, by_choice, by_corrected_form, by_digest],
    ids=lambda way: way.__name__,
)
async def test_all_that_is_far_is_asked_about_at_once_and_kept_after_a_restart(world: World, way: Any) -> None:
    await world.admin.slash(
        world.channel, "impressions log", platform="x", kind="post", **dict.fromkeys(METRICS, "900"), spend="1 EUR"
    )
    post = (await world.admin.autocomplete(world.channel, "impressions log", "post", ""))[0]["value"]
    before = await values_of(world)
    asked = await way(world, post)
    named = text_of(asked).count("**1,000,000,000,000**, where the last reading was **900**")
    assert named == (8 if way in (by_command, by_views_command) else 7)
    assert await values_of(world) == before, "nothing is kept yet"
    await world.env.restart_bot(world.app.client())
    presser = world.admin.user if way is by_digest else world.admin
    kept = await presser.click(answer_of(asked), label="Yes, keep it")
    assert "Logged" in text_of(kept)
    after = [value for value in await values_of(world) if value not in before]
    assert after.count(10**12) == named


async def test_a_digest_of_a_tag_that_no_link_has_says_so(world: World) -> None:
    await world.add_link()
    made = await world.admin.slash(world.channel, "digest setup", channel=world.channel, tag="nonexistent")
    assert "No link carries the tag" in text_of(made)
    await world.admin.slash(world.channel, "link edit", link="summer", tags="shop")
    made = await world.admin.slash(world.channel, "digest setup", channel=world.channel, tag="shop")
    assert "No link carries" not in text_of(made)
