"""A figure that may be a slip is asked about once; what is confirmed is kept."""

from __future__ import annotations

import datetime as dt

import pytest
import simcord

from bot.errors import UserError
from bot.impressions.service import is_implausible
from cogs.ui.impressions import _ID_ROOM, Wish, _pack, _unpack
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


_POST = Post(1, 2, 3, None, None, "x", "post", 3, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))


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


def test_what_is_asked_about_fits_a_buttons_id() -> None:
    totals: dict[str, int] = dict.fromkeys(
        ("impressions", "reach", "likes", "comments", "shares", "saves", "clicks", "views"), 99_999
    )
    text = _pack(Wish(_POST, totals))
    assert len(text) <= _ID_ROOM
    assert _unpack(text, _POST) == Wish(_POST, totals)
    with pytest.raises(UserError, match="give that one alone"):
        _pack(Wish(_POST, dict.fromkeys(totals, 10**12)))


async def test_a_digest_of_a_tag_that_no_link_has_says_so(world: World) -> None:
    await world.add_link()
    made = await world.admin.slash(world.channel, "digest setup", channel=world.channel, tag="nonexistent")
    assert "No link carries the tag" in text_of(made)
    await world.admin.slash(world.channel, "link edit", link="summer", tags="shop")
    made = await world.admin.slash(world.channel, "digest setup", channel=world.channel, tag="shop")
    assert "No link carries" not in text_of(made)
