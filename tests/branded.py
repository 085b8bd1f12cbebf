"""A creator with something to show a sponsor, and the addresses of brand reports."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
import simcord

from bot.reports import making
from bot.reports.frozen import Frozen, Growth, Median, Promise, Ratio, Row, Share
from bot.reports.money import worth
from tests.conftest import NOW, World, text_of

ADDRESS = re.compile(r"https://go\.example(/report/[\w-]{27})")


@pytest.fixture(name="shop")
async def a_shop(world: World) -> World:
    """The admin, a creator too, has three links, one of them private, with posts, clicks and reported impressions."""
    await world.add_link("summer", title="Summer lookbook", tags="fashion")
    await world.add_link("vintage", title="Vintage finds", tags="fashion")
    await world.add_link("brand-deal", title="Unannounced brand deal", private=True)
    await world.admin.slash(
        world.channel, "post add", link="summer", platform="instagram", kind="story", title="Teaser story"
    )
    for n, path in enumerate(("/summer", "/summer/ig1", "/vintage", "/summer.gif")):
        for _visit in range(12 + n):
            assert (await world.visit(path)).status in (200, 302)
    world.move(hours=1)
    post = (await world.admin.autocomplete(world.channel, "impressions log", "post", "teaser"))[0]["value"]
    await world.admin.slash(
        world.channel, "impressions log", impressions="9,800", post=post, reach="7100", likes="40", shares="3"
    )
    return world


def address_of(result: simcord.InteractionResult) -> str:
    match = ADDRESS.search(text_of(result))
    assert match is not None, text_of(result)
    return match[1]


def fullest() -> Frozen:
    """A report with as much on it as one can have, and nothing in it short."""
    long = "An extraordinarily long title of a post that goes on and on"
    ratio = Ratio(12_345_678, 123_456_789, 1_234, 5_678, True, (NOW.date() - dt.timedelta(days=90), NOW.date()))
    told = (("reach", 98_765_432), ("likes", 1_234_567))
    parts = (
        ("views", "instagram", 90_000_000, True),
        ("views", "youtube", 70_000_000, True),
        ("impressions", "", 60_000_000, False),
        ("views", "tiktok", 3_000_000, True),
        ("views", "twitch", 456_789, True),
    )

    def row(n: int, name: str) -> Row:
        counts = (1_000 + n, 12_345_678, 223_456_789, 123_456_789, 3_456_789, 100_000_000)
        return Row(name, *counts, told, ratio, parts, ("displays", "reach"))

    return Frozen(
        creator="Maximiliane Konstantinopolitanska-Oberhauser von und zu Hohenfels",
        accent="#ffee00",
        locale="en-US",
        made_at=NOW,
        first=NOW.date() - dt.timedelta(days=400),
        last=NOW.date(),
        zone="America/Argentina/ComodRivadavia",
        until=NOW,
        covers=tuple(f"{long[:50]} {n}" for n in range(9)),
        total=row(0, ""),
        platforms=tuple(row(n, f"Newsletter message {n}") for n in range(making.MOST_GROUPS)),
        best=tuple(row(n, f"{long}, Instagram story {n}") for n in range(making.MOST_BEST)),
        medians=tuple(Median(metric, 123, ratio) for metric in ("displays", "reach", "clicks", "ctr", "engagement")),
        median_first=NOW.date() - dt.timedelta(days=90),
        growth=tuple(
            Growth(metric, 12_345_678, 10_345_678, "same") for metric in ("clicks", "unique_clicks", "measured")
        ),
        audience=tuple(
            Share(dimension, 12_000_000, 12_345_678, tuple((f"value {n}", 1_234_567) for n in range(5)))
            for dimension in making.DIMENSIONS
        ),
        unique_clicks=11_111_111,
        engagement=ratio,
        worth=worth("EUR", 223_456_789, 12_345_678, Decimal("112.50"), Decimal("1234567.89")),
        promise=Promise("displays", 200_000_000, 223_456_789),
        brand="Worldwide Consolidated Outdoor Equipment and Apparel, Limited",
        note=(
            "Thank you for the trust of these many months, which we spent with your tents in every kind of weather. "
            * 3
        )[:280],
        set_aside=1_234_567,
        missing=12,
        shared=tuple((NOW.date(), 1_234_567, 2_345_678) for _n in range(12)),
        told_until=NOW.date(),
    )
