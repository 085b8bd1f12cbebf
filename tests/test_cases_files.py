"""The handed export files, each attached to /impressions import, looked at, imported, and its numbers looked up."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.imports.link_files import read_links
from bot.imports.opening import open_sheets
from storage import posts
from tests import export_files as files
from tests.cases import CASES, needs_cases
from tests.conftest import World, answer_of, text_of
from tests.export_files import table, xlsx, zipped

TODAY = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
UTC = ZoneInfo("UTC")

Totals = dict[str, dict[str, int]]


@pytest.fixture
def late(world: World) -> World:
    """A world on the day that the files are from."""
    world.clock.move(seconds=(TODAY - world.clock.now()).total_seconds())
    return world


async def attach(world: World, data: bytes, name: str = "export.csv") -> Any:
    return await world.admin.slash(world.channel, "impressions import", file=(name, data))


async def totals(world: World) -> Totals:
    """Post's id -> metric -> the latest total."""
    async with world.app.db.read() as conn:
        names = {post.id: post.platform_id for post in await posts.find(conn, world.guild.id)}
        found: Totals = {}
        for figure in await posts.find_figures(conn, world.guild.id):
            found.setdefault(names[figure.post_id], {})[figure.metric] = figure.value
    return found


IMPORTED: dict[str, tuple[str, Totals]] = {
    "yt_thumbnail_en.csv": (
        "Read: “Likes”, “Views”, “Thumbnail impressions” as impressions, “Thumbnail click-through rate (%)” as CTR.",
        {
            "aaAAaaAAaa1": {"impressions": 150_000, "ctr": 40_200, "views": 8000, "likes": 200},
            "-bBBbbBBbb2": {"impressions": 50_000, "ctr": 70_000, "views": 4000, "likes": 100},
        },
    ),
    "yt_thumbnail_only_en.csv": (
        "Read: “Thumbnail impressions” as impressions",
        {"aaAAaaAAaa1": {"impressions": 150_000, "ctr": 40_200}},
    ),
    "ig_sv_other_order.csv": (
        "“Räckvidd” as reach",
        {"DAexample1": {"views": 160, "reach": 45, "likes": 5, "comments": 2, "shares": 3, "saves": 4}},
    ),
    "fb_sv.csv": (
        "“Reaktioner” as likes",
        {"122100000000000001": {"views": 4200, "reach": 3100, "likes": 40, "comments": 12, "shares": 5}},
    ),
    "ig_ja_16_columns.csv": (
        "“ビュー” as views",
        {"DAexample1": {"views": 105_375, "reach": 70_894, "likes": 448, "shares": 47, "comments": 136, "saves": 149}},
    ),
    "yt_top500.csv": (
        "The file ends with a remark: “Showing top 500 results”.\nYouTube Studio exports 500 videos at most",
        {
            "aaAAaaAAaa1": {"views": 300, "impressions": 2500, "ctr": 62_000},
            "bbBBbbBBbb2": {"views": 200, "impressions": 1500, "ctr": 41_000},
        },
    ),
    "li_serial_dates.xlsx": (
        "Read: “Impressions”, “Engagements”.",
        {
            "7379000000000000001": {"impressions": 1500, "engagements": 50},
            "7380000000000000002": {"impressions": 3000, "engagements": 90},
        },
    ),
}


@needs_cases
@pytest.mark.parametrize("name", IMPORTED)
async def test_a_handed_file_is_read_as_it_is_meant(late: World, name: str) -> None:
    told, expected = IMPORTED[name]
    shown = await attach(late, (CASES / name).read_bytes(), name)
    text = plain(shown)
    assert told in text
    assert "can't be read" not in text
    await late.admin.click(answer_of(shown), label="Import")
    assert "Imported" in text_of(shown)
    assert await totals(late) == expected


def plain(shown: Any) -> str:
    """A message's text without the backslashes that keep it from being Markdown."""
    return re.sub(r"\\(?=[^\w\s])", "", text_of(shown))


@needs_cases
async def test_serial_dates_are_the_days_they_stand_for(late: World) -> None:
    shown = await attach(late, (CASES / "li_serial_dates.xlsx").read_bytes())
    await late.admin.click(answer_of(shown), label="Import")
    async with late.app.db.read() as conn:
        days = {post.platform_id: post.published_at for post in await posts.find(conn, late.guild.id)}
    assert {at.date() for at in days.values() if at is not None} == {dt.date(2026, 9, 28), dt.date(2026, 9, 20)}


@needs_cases
async def test_single_days_are_no_lifetime_totals_whichever_way_their_dates_are_written(late: World) -> None:
    text = plain(await attach(late, (CASES / "fb_daily_ddmm.csv").read_bytes()))
    assert "It holds no post that can be read" in text
    assert "2: these are single days, and what the post had before them isn't known" in text
    assert "export every day from 2026-01-02 on, when it was published, or Lifetime" in text
    for line, day in ((3, "2026-02-13"), (4, "2026-02-14")):
        assert f"{line}: the days between 2026-02-01 and {day} are missing" in text
    assert await totals(late) == {}


@needs_cases
def test_the_header_tells_what_parts_the_columns_of_a_list_of_links() -> None:
    first, second = read_links((CASES / "links_semicolon.csv").read_bytes(), TODAY, UTC).links
    assert (first.code, first.destination, first.title, first.tags) == (
        "sum1",
        "https://example.com/a?x=1,2,3&y=a,b,c,d",
        "Hello, world",
        ("foo", "bar", "baz"),
    )
    assert (second.code, second.destination) == ("sum2", "https://example.com/b")


@needs_cases
async def test_the_list_of_links_becomes_links(late: World) -> None:
    data = (CASES / "links_semicolon.csv").read_bytes()
    shown = await late.admin.slash(late.channel, "link import", file=("links.csv", data))
    await late.admin.click(answer_of(shown), label="Import")
    assert "sum1" in text_of(await late.admin.slash(late.channel, "link list"))


# ------------------------------------------------------------------ what the preview says


YOUTUBE = [*files.YOUTUBE[:7], "Thumbnail impressions", "Thumbnail click-through rate (%)"]


def video(n: int, views: int, published: str = "Jan 6, 2025") -> list[object]:
    return [f"aaAAaaAAa{n:02}", f"Video {n}", published, 60, views, 1.5, 2, 10 * views, 4.5]


def studio(*rows: list[object]) -> bytes:
    return table(YOUTUBE, [["Total", "", "", "", 1, 1, 1, 1, 1], *rows]).encode()


async def test_figures_that_are_not_read_are_named(late: World) -> None:
    text = plain(await attach(late, studio(video(1, 300))))
    assert "Not read: “Duration”, “Watch time (hours)”, “Subscribers”." in text


async def test_a_first_table_of_studio_asks_for_lifetime(late: World) -> None:
    assert "if you did not choose **Lifetime** there, cancel" in text_of(await attach(late, studio(video(1, 300))))


async def test_totals_that_fall_look_like_a_table_of_28_days(late: World) -> None:
    shown = await attach(late, studio(video(1, 300), video(2, 80)))
    await late.admin.click(answer_of(shown), label="Import")
    late.clock.move(days=7)
    text = text_of(await attach(late, studio(video(1, 25), video(2, 90))))
    assert "looks like a table of some days, such as the last 28" in text
    assert "2 of them become lower" in text
    assert (await totals(late))["aaAAaaAAa01"]["views"] == 300, "nothing before it is confirmed"


async def test_a_chart_beside_the_table_tells_that_it_is_of_28_days(late: World) -> None:
    days = [dt.date(2026, 11, 2) + dt.timedelta(days=n) for n in range(28)]
    chart = table(
        ["Date", "Content", "Video title", "Video publish time", "Duration", "Views"],
        [[day.isoformat(), "aaAAaaAAa01", "Video 1", "Jan 6, 2025", 60, 1] for day in days],
    )
    whole = {"Table data.csv": studio(video(1, 300), video(2, 80, "Nov 20, 2026")), "Chart data.csv": chart.encode()}
    text = text_of(await attach(late, zipped(whole), "export.zip"))
    assert "speaks of 2 Nov 2026 to 29 Nov 2026, and 1 video was published before that" in text
    assert "no lifetime totals" in text


async def test_dates_that_may_be_either_are_said_to_be_read_month_first(late: World) -> None:
    header = files.TIKTOK
    row = ["Dance", "https://www.tiktok.com/@maya/video/71", "07/04/2026", 1, 2, 3, 4]
    assert "07/04/2026 would be read as 4 July" in text_of(await attach(late, table(header, [row]).encode()))
    sure = [*row[:2], "07/14/2026", *row[3:]]
    assert "would be read" not in text_of(await attach(late, table(header, [row, sure]).encode()))


async def test_columns_of_one_meaning_that_differ_are_refused_and_alike_are_read_once(late: World) -> None:
    header = [*YOUTUBE, "Impressions"]
    text = text_of(await attach(late, table(header, [[*video(1, 300), 7]]).encode()))
    assert "“Thumbnail impressions” (column 8) and “Impressions” (column 10) mean the same" in text
    same = plain(await attach(late, table(header, [[*video(1, 300), 3000]]).encode()))
    assert "Twice there with the same numbers, and read once: “Thumbnail impressions”." in same


async def test_columns_that_are_missing_are_named(late: World) -> None:
    header = [name for name in files.INSTAGRAM if name not in ("Permalink", "Account username")]
    text = text_of(await attach(late, table(header, [["1"] * len(header)]).encode()))
    assert "It looks like the export “Instagram, post by post”" in text
    assert "“Account username”, “Permalink”" in text
    without = [name for name in files.X if name != "Post id"]
    assert "“Post id”" in text_of(await attach(late, table(without, [["1"] * len(without)]).encode()))


# ------------------------------------------------------------------ siblings


@pytest.mark.parametrize(("system", "serial"), [("0", 46293), ("1", 44831)])
async def test_a_workbook_says_from_which_year_its_days_are_counted(late: World, system: str, serial: int) -> None:
    rows = [["Post URL", "Post publish date", "Impressions"]]
    rows += [[f"https://www.linkedin.com/feed/update/urn:li:activity:737{n:016}", serial + 0.5, 100] for n in range(2)]
    data = told_1904(xlsx({"TOP POSTS": rows}), system)
    (sheet,) = open_sheets(data)
    assert sheet.epoch == (dt.date(1904, 1, 1) if system == "1" else dt.date(1899, 12, 30))
    shown = await attach(late, data, "export.xlsx")
    await late.admin.click(answer_of(shown), label="Import")
    async with late.app.db.read() as conn:
        told = {post.published_at for post in await posts.find(conn, late.guild.id)}
    assert told == {dt.datetime(2026, 9, 28, 12, tzinfo=dt.UTC)}


def told_1904(data: bytes, value: str) -> bytes:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    book = parts["xl/workbook.xml"].replace(b"<sheets>", f'<workbookPr date1904="{value}"/><sheets>'.encode())
    return zipped({**parts, "xl/workbook.xml": book})


def test_a_number_of_a_workbook_with_three_decimals_is_no_thousands() -> None:
    (sheet,) = open_sheets(xlsx({"a": [["x", "y"], [12.345, 0.125]]}))
    assert sheet.rows[1][1] == ["12.3450", "0.1250"]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("a;b;c\nx,1;y,2,3,4;z\n", ["a", "b", "c"]),
        ('"a, and b";c\n"1;2";3\n', ["a, and b", "c"]),
        ("a\tb\n1,2,3,4\t5;6;7;8\n", ["a", "b"]),
        ("A note, with a comma\n\na;b;c\n1;2;3\n", ["a", "b", "c"]),
        ("a;b\n", ["a", "b"]),
        ('a,b\n"x\ny;;;;",2\n', ["a", "b"]),
    ],
)
def test_the_header_tells_what_parts_the_columns(text: str, first: list[str]) -> None:
    (sheet,) = open_sheets(text.encode())
    assert first in [row for _line, row in sheet.rows]
