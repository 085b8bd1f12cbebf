"""Cases that showed wrong numbers once, typed in and read back as members do."""

from __future__ import annotations

import csv
import io
import re

import pytest
import simcord
from PIL import Image

from bot.charts import fonts
from bot.insights.tally import Tally
from bot.stats.answers import Row
from bot.stats.question import Metric
from cogs.ui.stats.pictures import _bar
from storage.records import Link
from tests.branded import address_of
from tests.cases import CASES, needs_cases
from tests.conftest import NOW, World, answer_of, text_of, words
from tests.test_stats_commands import choose, field

PHONE = "Answers and pictures that read on a phone"


async def add_post(world: World, title: str = "Teaser", kind: str = "story") -> str:
    await world.admin.slash(world.channel, "post add", link="summer", platform="instagram", kind=kind, title=title)
    return await choose(world, world.admin, "impressions log", "post", title.lower())


async def log(world: World, post: str, word: str = "impressions", **totals: str) -> None:
    text = text_of(await world.admin.slash(world.channel, f"{word} log", post=post, **totals))
    assert "went wrong" not in text


def whole(result: simcord.InteractionResult) -> str:
    """The answer with the words of its chart."""
    (chart,) = answer_of(result).attachments
    return f"{text_of(result)}\n{chart.description}"


def digest_in(world: World) -> str:
    """What the one digest in the channel says."""
    (posted,) = (text for m in world.channel.history(viewer=world.sam) if "The week of" in (text := words(m)))
    return posted


# ------------------------------------------------------------------ A1 to A3: a platform corrects its total


@pytest.mark.parametrize("period", ["today", "all"])
async def test_a1_a_lower_total_is_answered_with_a_chart_that_shows_the_correction(world: World, period: str) -> None:
    await world.add_link()
    post = await add_post(world, kind="ad")
    await world.visit("summer/ig1")
    await log(world, post, "views", views="5000")
    world.move(days=3)
    await log(world, post, "views", views="3000")

    link = await choose(world, world.admin, "stats link", "link", "summer")
    for command, options in (
        ("stats post", {"post": post}),
        ("stats link", {"link": link}),
        ("stats creator", {}),
        ("stats server", {}),
    ):
        shown = await world.admin.slash(world.channel, command, period=period, **options)
        displays = field(shown, "Displays").split("\n")
        taken_back = "-333" if period == "today" else "-2,000"
        assert f"The platform corrected its total on 14 Mar: {taken_back}." in whole(shown)
        if period == "today":
            assert displays[0] == "**0**", "nobody has looked at it for less than no time"
            assert "-333: a platform corrected what it told before" in displays, "12 of 72 hours"
        else:
            assert displays[:2] == ["**3,000**", "3,000 views on Instagram"]
        (chart,) = answer_of(shown).attachments
        Image.open(io.BytesIO(await chart.read())).verify()

        made = await world.admin.click(answer_of(shown), label="CSV")
        (attached,) = answer_of(made).attachments
        *_days, total = csv.DictReader(io.StringIO((await attached.read()).decode("utf-8-sig")))
        found = total["views"], total["displays_corrected"]
        assert found == (("0", "-333") if period == "today" else ("3000", "0"))
        for label in ("Explain", "Picture"):
            assert "went wrong" not in text_of(await world.admin.click(answer_of(shown), label=label))


async def test_a2_a_correction_keeps_nobody_from_the_weekly_digest(world: World) -> None:
    await world.admin.slash(world.channel, "digest setup", channel=world.channel, weekday=0, time="9:00", zone="UTC")
    await world.add_link()
    post = await add_post(world, kind="ad")
    await log(world, post, "views", views="5000")
    world.move_to("2026-03-17T10:00:00+00:00")
    for _visit in range(3):
        await world.visit("summer")
    await log(world, post, "views", views="3000")

    world.move_to("2026-03-23T10:00:00+00:00")
    preview = text_of(await world.admin.slash(world.channel, "digest preview"))
    assert "-479 displays" in preview, "34 of 142 hours"
    assert await world.tick() == 1
    posted = digest_in(world)
    assert "3 clicks" in posted
    assert "Platforms corrected what they told before: -479 displays." in posted
    assert "failed" not in text_of(await world.admin.slash(world.channel, "digest status"))


async def test_a2_a_week_of_nothing_but_a_correction_is_quiet_and_says_so(world: World) -> None:
    await world.admin.slash(world.channel, "digest setup", channel=world.channel, weekday=0, time="9:00", zone="UTC")
    await world.add_link()
    post = await add_post(world, kind="ad")
    await log(world, post, "views", views="5000")
    world.move_to("2026-03-17T10:00:00+00:00")
    await log(world, post, "views", views="3000")
    world.move_to("2026-03-23T10:00:00+00:00")
    assert await world.tick() == 1
    posted = digest_in(world)
    assert "A quiet week" in posted
    assert "-479 displays" in posted


async def test_a3_no_sponsor_reads_of_an_audience_below_zero(world: World) -> None:
    """What was taken back within 40 days from 11 March on: 12.5 of them lie before the 28 days up to 20 April."""
    await world.add_link()
    post = await add_post(world, kind="ad")
    await log(world, post, impressions="9000", reach="700", likes="30")
    world.move(days=40)
    await log(world, post, impressions="8000", reach="650", likes="31")

    made = await world.admin.slash(world.channel, "brand report", period="28 days")
    page = re.sub(r"<[^>]+>", " ", (await world.visit(address_of(made))).text)
    shown = text_of(made) + page
    assert "Platforms corrected what they had told before this period (impressions -688, reach -34)" in page
    assert not re.search(r"-\s?(688|34)\b(?!.{0,20}\)|, reach)", shown)
    assert field(made, "Displays").startswith("**–**")
    table = (await world.visit(address_of(made) + ".csv")).text
    assert "total,,displays,,,,,,," in table
    assert "total,,impressions_corrected,-688" in table


async def test_a3_what_is_taken_back_of_a_story_lies_on_its_own_day(world: World) -> None:
    await world.add_link()
    post = await add_post(world)
    await log(world, post, impressions="9000", reach="700")
    world.move(days=40)
    await log(world, post, impressions="8000", reach="650")
    made = await world.admin.slash(world.channel, "brand report", period="28 days")
    assert "Nothing was counted in these days" in text_of(made)
    whole_life = await world.admin.slash(world.channel, "brand report", period="all")
    assert field(whole_life, "Displays").startswith("**8,000**")


# ------------------------------------------------------------------ A4 to A8


async def test_a4_all_time_begins_with_the_first_figure_too(world: World) -> None:
    await world.add_link()
    post = await add_post(world)
    await log(world, post, impressions="5000")
    world.move(days=3)
    await world.visit("summer/ig1")
    shown = await world.admin.slash(world.channel, "stats post", post=post, period="all")
    assert field(shown, "Displays").startswith("**5,000**")


@needs_cases
async def test_a5_the_lifetime_of_old_videos_is_not_todays(world: World) -> None:
    data = (CASES / "yt_back_catalogue.csv").read_bytes()
    preview = await world.admin.slash(world.channel, "impressions import", file=("yt_back_catalogue.csv", data))
    await world.admin.click(answer_of(preview), label="Import")
    assert "Imported" in text_of(preview)
    shown = await world.admin.slash(world.channel, "stats server", period="today")
    assert "700,000" not in text_of(shown)


async def test_a6_a_change_is_that_of_the_number_beside_it(world: World) -> None:
    await world.add_link()
    for _visit in range(50):
        await world.visit("summer")
    world.move_to("2026-04-10T12:00:00+00:00")
    for _visit in range(200):
        await world.visit("summer")
    world.move(hours=2)
    shown = await world.admin.slash(world.channel, "stats link", link="summer", period="28d")
    assert field(shown, "Clicks") == "**200**\n▲\u00a0300%"
    assert field(shown, "Unique clicks") == "**200**"
    world.move(days=1)
    over = await world.admin.slash(world.channel, "stats link", link="summer", period="2026-03-14 to 2026-04-10")
    assert field(over, "Unique clicks") == "**200**\n▲\u00a0300%", "of days that are over there is one"


async def test_a7_of_no_click_at_all_the_interval_begins_at_zero(world: World) -> None:
    await world.admin.slash(world.channel, "digest setup", channel=world.channel, weekday=0, time="9:00", zone="UTC")
    await world.add_link()
    await world.visit("summer")
    post = await add_post(world)
    world.move(hours=1)
    await log(world, post, impressions="40")
    world.move(days=2)
    await log(world, post, impressions="100")
    shown = await world.admin.slash(world.channel, "stats link", link="summer", period="7d")
    assert re.match(r"\*\*0\.0%\*\* \(0\.0%–\d+\.\d%\)\n0 of 100", field(shown, "CTR"))
    explained = text_of(await world.admin.click(answer_of(shown), label="Explain"))
    world.move_to("2026-03-16T10:00:00+00:00")
    digest = text_of(await world.admin.slash(world.channel, "digest preview"))
    for text in (whole(shown), explained, digest):
        assert "0.0000" not in text
    assert re.search(r"\(0\.0%–\d+\.\d%\)", digest)


@pytest.mark.xfail(strict=True, reason=PHONE)
def test_a8_what_no_font_can_draw_is_called_by_its_slug(monkeypatch: pytest.MonkeyPatch) -> None:
    latin = fonts._glyphs(True) & frozenset(range(0x250))
    monkeypatch.setattr(fonts, "_glyphs", lambda bold: latin)
    fonts.printable.cache_clear()
    link = Link(1, 100, 9, "summer", "https://a.example", 9, NOW, NOW, "夏の新作")
    row = Row(100, Tally(1, 0, None), None, (), link, None)
    assert "summer" in fonts.printable(_bar(row, Metric.CLICKS).name, True)
