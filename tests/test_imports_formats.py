"""Exports as platforms write them, read back: every format, every language seen, every trap."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import zipfile
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.imports import addresses, cells
from bot.imports.packing import pack, unpack
from bot.imports.recognise import read
from bot.imports.values import Daily, Parsed, RefusedFileError, Report, UnreadableError
from bot.inputs.text import clean, cut, shows
from bot.links.publication import published_by_id
from tests import export_files as files
from tests.export_files import table, xlsx, zipped
from tests.test_publication import encoded

NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
BERLIN, PACIFIC = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Los_Angeles")


def posts(data: bytes | str) -> Parsed:
    found = read(data.encode() if isinstance(data, str) else data, NOW, BERLIN)
    assert isinstance(found, Parsed)
    return found


def file(name: str) -> bytes:
    return (files.FILES / name).read_bytes()


def only(data: bytes | str) -> Report:
    (report,) = posts(data).reports
    return report


def days(data: bytes | str) -> Daily:
    found = read(data.encode() if isinstance(data, str) else data, NOW, BERLIN)
    assert isinstance(found, Daily)
    return found


def refused(data: bytes | str) -> str:
    with pytest.raises(RefusedFileError) as caught:
        read(data.encode() if isinstance(data, str) else data, NOW, BERLIN)
    return str(caught.value)


def berlin(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=BERLIN)  # type: ignore[arg-type]


def pacific(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=PACIFIC)  # type: ignore[arg-type]


STORY = {
    "Post ID": "18012345678901234",
    "Account ID": "17841400000000001",
    "Account username": "maya.lindt",
    "Account name": "Maya Lindt",
    "Description": 'Golden hour, "again"\nand again',
    "Duration (sec)": "12",
    "Publish time": "07/04/2026 18:30",
    "Permalink": "https://www.instagram.com/reel/DKa1b2c3d4e/",
    "Post type": "IG reel",
    "Date": "Lifetime",
    "Views": "12,400",
    "Reach": "9,100",
    "Likes": "410",
    "Shares": "12",
    "Follows": "3",
    "Comments": "25",
    "Saves": "31",
}


# ------------------------------------------------------------------ Instagram and Facebook


def test_instagram_tells_views_apart_from_impressions() -> None:
    found = posts(table(files.INSTAGRAM, [STORY], quoted=True))
    (report,) = found.reports
    assert (found.name, found.platform) == ("Instagram, post by post", "instagram")
    assert report == Report(
        line=2,
        kind="reel",
        platform_id="DKa1b2c3d4e",
        permalink="https://www.instagram.com/reel/DKa1b2c3d4e/",
        title='Golden hour, "again"',
        published_at=pacific(2026, 7, 4, 18, 30).astimezone(dt.UTC),
        figures={"views": 12400, "reach": 9100, "likes": 410, "comments": 25, "shares": 12, "saves": 31},
        other_id="18012345678901234",
    )
    old = [{"Views": "Impressions"}.get(name, name) for name in files.INSTAGRAM]
    assert only(table(old, [{**STORY, "Impressions": "12400"}])).figures["impressions"] == 12400
    assert "views" not in only(table(old, [{**STORY, "Impressions": "12400"}])).figures


@pytest.mark.parametrize(
    ("shortcode", "written"),
    [  # of real files: an account in Ohio, one in Bangladesh, and another
        ("DHpmj9euOPy", "03/25/2025 22:00"),
        ("DaL7buhEzbR", "06/29/2026 15:21"),
        ("Ddr9jGEmLMp", "09/24/2026 15:30"),
    ],
)
def test_meta_writes_its_times_as_they_are_in_california(shortcode: str, written: str) -> None:
    at = published_by_id("instagram", shortcode, NOW)
    assert at is not None
    line = {**STORY, "Permalink": "", "Publish time": written}
    assert only(table(files.INSTAGRAM, [line], quoted=True)).published_at == at.replace(second=0, microsecond=0)


def test_the_shortcode_tells_the_moment_of_a_post_of_instagrams() -> None:
    at = dt.datetime(2026, 7, 4, 16, 29, 41, tzinfo=dt.UTC)
    link = {"Permalink": f"https://www.instagram.com/p/{encoded('instagram', at, 0.5)}/"}
    for written in ("07/04/2026 18:30", "07/04/2026 09:30", ""):  # in whichever zone it is, and where none is
        line = {**STORY, **link, "Publish time": written}
        assert only(table(files.INSTAGRAM, [line], quoted=True)).published_at == at
    nothing = {**STORY, "Permalink": "", "Publish time": ""}
    assert only(table(files.INSTAGRAM, [nothing], quoted=True)).published_at is None, "its other id is no time"


@pytest.mark.parametrize(
    ("told", "kind"), [("IG story", "story"), ("IG image", "post"), ("IG carousel", "post"), ("IG reel", "reel")]
)
def test_instagram_kinds(told: str, kind: str) -> None:
    assert only(table(files.INSTAGRAM, [{**STORY, "Post type": told}])).kind == kind


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, ends: str) -> None:
    row = {**STORY, "Description": "Goldene Stunde über 東京"}
    text = table(files.INSTAGRAM, [row]).replace("\n", ends)
    assert only(text.encode(encoding)).title == "Goldene Stunde über 東京"


def test_german_instagram() -> None:
    report = only(file("instagram-posts-de-utf16.csv"))
    assert report.figures == {"views": 12400, "reach": 9100, "likes": 410, "comments": 25, "shares": 12, "saves": 31}
    assert report.kind == "story"


def test_a_language_that_is_not_known_is_refused_and_never_read_by_the_order_of_columns() -> None:
    header = [f"kolumna {n}" for n in range(len(files.INSTAGRAM))]
    row = [STORY.get(name, "") for name in files.INSTAGRAM]
    assert "no export that is known" in refused(table(header, [row]))
    # Known names among others are read where they stand, and the others are named.
    mixed = ["kolumna" if name in ("Saves", "Follows", "Likes") else name for name in files.INSTAGRAM]
    mixed = [f"{name} {at}" if name == "kolumna" else name for at, name in enumerate(mixed)]
    found = posts(table(mixed, [row]))
    assert found.reports[0].figures == {"views": 12400, "reach": 9100, "comments": 25, "shares": 12}
    assert found.unread == ("Duration (sec)", "kolumna 13", "kolumna 15", "kolumna 17")


def test_days_of_a_post_are_no_totals() -> None:
    found = posts(table(files.INSTAGRAM, [STORY, {**STORY, "Date": "07/14/2026", "Permalink": ""}]))
    assert len(found.reports) == 1
    (trouble,) = found.troubles
    assert trouble.line == 4  # the description of the first one takes two
    assert trouble.why == "2026-07-14 is a single day, and the post's total stands there too"


def test_a_day_above_twelve_tells_how_all_dates_of_a_file_are_written() -> None:
    other = {**STORY, "Permalink": "https://www.instagram.com/p/other1/", "Publish time": "14/07/2026 09:00"}
    first, second = posts(table(files.INSTAGRAM, [STORY, other])).reports
    assert first.published_at == pacific(2026, 4, 7, 18, 30)
    assert second.published_at == pacific(2026, 7, 14, 9)


def test_facebook() -> None:
    row = {
        **{"Post ID": "122100000000000001", "Page ID": "100", "Page name": "Maya", "Title": "Live from the lake"},
        **{"Publish time": "07/14/2026 09:30", "Permalink": "https://www.facebook.com/maya/posts/pfbid02abc"},
        **{"Post type": "Photos", "Date": "Lifetime", "Views": "3,100", "Reach": "2000", "Reactions": "40"},
        **{"Reactions, Comments and Shares": "52", "Comments": "8", "Shares": "4", "Total clicks": "77"},
    }
    found = posts(table(files.FACEBOOK, [row]))
    assert found.platform == "facebook"
    report = found.reports[0]
    assert report.figures == {"views": 3100, "reach": 2000, "likes": 40, "comments": 8, "shares": 4}
    assert (report.title, report.platform_id, report.other_id) == (
        "Live from the lake",
        "pfbid02abc",
        "122100000000000001",
    )


def test_meta_metric_by_day_has_no_posts() -> None:
    found = days(file("meta-views-by-day-utf16.csv"))
    assert (found.first, found.last) == (dt.date(2026, 8, 22), dt.date(2026, 8, 23))
    assert found.sums == {"Primary": 2000}
    assert "Lifetime" in found.advice


# ------------------------------------------------------------------ X


POST = {
    **{"Post id": "1944700000000000001", "Date": "Tue, Jul 14, 2026", "Post text": "hello, \nworld"},
    **{"Post Link": "https://x.com/maya/status/1944700000000000001", "Impressions": "1200", "Likes": "30"},
    **{"Engagements": "70", "Bookmarks": "4", "Shares": "2", "New follows": "1", "Replies": "5", "Reposts": "3"},
    **{
        "Profile visits": "9",
        "Detail Expands": "11",
        "URL Clicks": "21",
        "Hashtag Clicks": "0",
        "Permalink Clicks": "1",
    },
}


def x_id(at: dt.datetime) -> str:
    return str((round(at.timestamp() * 1000) - 1_288_834_974_657) << 22 | 5)


def test_x_posts_keep_their_ids_to_the_last_digit_and_their_moment() -> None:
    at = dt.datetime(2026, 7, 14, 16, 30, tzinfo=dt.UTC)
    link = f"https://x.com/maya/status/{x_id(at)}"
    report = only(table(files.X, [{**POST, "Post id": x_id(at), "Post Link": link}]))
    assert int(report.platform_id) > 2**53
    assert report.platform_id == x_id(at)
    assert report.published_at == at
    assert report.figures == {
        **{"impressions": 1200, "likes": 30, "comments": 5, "shares": 5, "saves": 4, "clicks": 21, "engagements": 70}
    }
    # An id of another day does not overrule the date.
    assert only(table(files.X, [POST])).published_at == berlin(2026, 7, 14)


def test_ids_that_a_spreadsheet_cut_are_not_taken() -> None:
    cut = {**POST, "Post id": "1.9447E+18"}
    assert only(table(files.X, [cut])).platform_id == "1944700000000000001"  # the address still has it
    found = posts(table(files.X, [POST, {**cut, "Post Link": ""}]))
    assert "cut by a spreadsheet" in found.troubles[0].why


def test_korean_x() -> None:
    found = posts(file("x-posts-ko.csv"))
    assert found.reports[0].figures == {
        **{"impressions": 12000, "likes": 30, "comments": 5, "shares": 5, "saves": 4, "clicks": 21, "engagements": 70}
    }
    assert found.reports[0].published_at == berlin(2026, 7, 14)


def test_x_by_day_has_no_posts() -> None:
    found = days(file("x-by-day-en.csv"))
    assert (found.name, found.first, found.last) == (
        "X, the account by day",
        dt.date(2026, 7, 13),
        dt.date(2026, 7, 14),
    )
    assert found.sums["Impressions"] == 150


@pytest.mark.parametrize("likes", ["likes", "favorites"])
def test_twitter(likes: str) -> None:
    header = [likes if name == "likes" else name for name in files.TWITTER]
    row = {
        **{"Tweet id": "1274000000000000001", "Tweet permalink": "https://twitter.com/maya/status/1274000000000000001"},
        **{
            "Tweet text": "old, times",
            "time": "2026-06-20 09:00 +0000",
            "impressions": "1000.0",
            "engagements": "20.0",
        },
        **{"engagement rate": "0.02", "retweets": "3.0", "replies": "2", likes: "12", "url clicks": "4"},
        **{"promoted impressions": "-", "promoted engagements": "-"},
    }
    report = only(table(header, [row], quoted=True))
    assert report.published_at == dt.datetime(2026, 6, 20, 9, tzinfo=dt.UTC)
    assert report.figures == {
        "impressions": 1000,
        "engagements": 20,
        "shares": 3,
        "comments": 2,
        "likes": 12,
        "clicks": 4,
    }


# ------------------------------------------------------------------ YouTube


def test_youtube_leaves_out_the_totals_and_keeps_ids_that_begin_with_a_dash() -> None:
    found = posts(file("youtube-table-en.csv"))
    assert found.totals == 1
    first, second = found.reports
    assert first.figures == {"views": 28000, "impressions": 44531, "ctr": 62_100}
    assert first.permalink == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    assert (second.platform_id, second.figures) == ("-bcdefghijk", {"views": 12})
    assert second.published_at == berlin(2026, 9, 4)


def test_french_youtube() -> None:
    found = posts(file("youtube-table-fr.csv"))
    assert found.totals == 1
    assert found.reports[0].figures == {"views": 28000, "impressions": 44531, "ctr": 621_000}
    assert found.reports[0].published_at == berlin(2026, 9, 14)


def test_japanese_youtube() -> None:
    found = posts(file("youtube-table-ja.csv"))
    assert (found.totals, found.reports[0].figures) == (1, {"views": 1234, "impressions": 5000, "ctr": 25_000})
    assert found.reports[0].published_at == berlin(2026, 10, 7)


def test_youtube_zip_holds_the_table_among_others() -> None:
    table_, chart = file("youtube-table-en.csv"), file("youtube-chart-en.csv")
    totals = file("youtube-totals-en.csv")
    found = posts(zipped({"Chart data.csv": chart, "Totals.csv": totals, "Table data.csv": table_}))
    assert (found.inside, len(found.reports)) == ("Table data.csv", 2)
    assert (days(chart).name, days(totals).name) == ("YouTube, videos by day", "YouTube, the channel by day")
    assert "several exports" in refused(zipped({"a.csv": table_, "b.csv": file("youtube-table-fr.csv")}))


# ------------------------------------------------------------------ TikTok


def tiktok(**changed: str) -> dict[str, str]:
    return {
        **{"Video title": "Dance, dance", "Video link": "https://www.tiktok.com/@maya/video/7500000000000000001"},
        **{"Post time": "August 31", "Total likes": "1.2K", "Total comments": "31", "Total shares": "undefined"},
        **{"Total views": "1.25M"},
        **changed,
    }


def test_tiktok_counts_with_suffixes_and_dates_without_a_year() -> None:
    report = only(table(files.TIKTOK, [tiktok()]))
    assert report.figures == {"likes": 1200, "comments": 31, "views": 1_250_000}
    assert report.published_at == berlin(2026, 8, 31)
    assert only(table(files.TIKTOK, [tiktok(**{"Post time": "December 24"})])).published_at == berlin(2025, 12, 24)


def test_the_id_of_a_tiktok_tells_the_year() -> None:
    made = dt.datetime(2024, 8, 31, 10, tzinfo=dt.UTC)
    link = f"https://www.tiktok.com/@maya/video/{int(made.timestamp()) << 32 | 7}"
    assert only(table(files.TIKTOK, [tiktok(**{"Video link": link})])).published_at == made


def test_spanish_tiktok() -> None:
    found = posts(file("tiktok-content-es.csv"))
    assert found.reports[0].figures == {"likes": 1200, "comments": 31, "shares": 2, "views": 1_250_000}
    assert found.reports[0].published_at == berlin(2026, 8, 31)


def test_tiktok_overview_over_new_year() -> None:
    now = dt.datetime(2027, 1, 5, 12, tzinfo=dt.UTC)
    found = read(file("tiktok-overview-en.csv"), now, BERLIN)
    assert isinstance(found, Daily)
    assert (found.first, found.last) == (dt.date(2026, 12, 30), dt.date(2027, 1, 1))


# ------------------------------------------------------------------ LinkedIn


TOP = [
    ["Maximum of 50 posts available to include in this list"],
    [],
    ["Post URL", "Post publish date", "Engagements", "", "Post URL", "Post publish date", "Impressions"],
    [_A := "https://www.linkedin.com/feed/update/urn:li:activity:7400000000000000001", "12/16/2025", 40, "",
     _B := "https://www.linkedin.com/feed/update/urn:li:activity:7400000000000000002", "12/3/2025", 2100],
    [_B, "12/3/2025", 12, "", _A, "12/16/2025", 900],
    ["", "", "", "", "https://www.linkedin.com/feed/update/urn:li:activity:7400000000000000003", "12/1/2025", 50],
]  # fmt: skip


@pytest.mark.parametrize("as_workbook", [True, False])
def test_linkedin_top_posts_are_joined_by_address(as_workbook: bool) -> None:
    note = "\n".join(",".join(map(str, row)) for row in TOP)
    data = (
        xlsx({"DISCOVERY": [["Overall Performance", "12/1/2025 - 12/31/2025"]], "TOP POSTS": TOP})
        if as_workbook
        else note.encode()
    )
    found = posts(data)
    assert found.inside == ("TOP POSTS" if as_workbook else "")
    assert {report.platform_id[-1]: report.figures for report in found.reports} == {
        "1": {"impressions": 900, "engagements": 40},
        "2": {"impressions": 2100, "engagements": 12},
        "3": {"impressions": 50},
    }
    assert found.repeated == 0
    assert {report.line for report in found.reports} == {4, 5, 6}


def test_linkedin_page_has_fractions() -> None:
    row = {
        **{
            "Post title": "We are hiring",
            "Post link": "https://www.linkedin.com/feed/update/urn:li:share:7400000000000000009/",
        },
        **{"Created date": "12/16/2025", "Impressions": "1200", "Views": "", "Clicks": "290"},
        **{
            "Click through rate (CTR)": "0.2396",
            "Likes": "30",
            "Comments": "2",
            "Reposts": "4",
            "Engagement rate": "0.27",
        },
    }
    note = ["Organic and sponsored impressions, clicks and more of your page"]
    for data in (
        table(files.LINKEDIN_PAGE, [row]).encode(),
        xlsx(
            {
                "Metrics": [["Date"]],
                "All posts": [note, files.LINKEDIN_PAGE, [row.get(name, "") for name in files.LINKEDIN_PAGE]],
            }
        ),
    ):
        assert only(data).figures == {
            "impressions": 1200,
            "likes": 30,
            "comments": 2,
            "shares": 4,
            "clicks": 290,
            "ctr": 239_600,
        }


# ------------------------------------------------------------------ lines that can't be read


def test_every_line_that_cannot_be_read_is_named() -> None:
    text = table(
        files.TIKTOK,
        [
            tiktok(),
            tiktok(**{"Total views": "=1+1"}),
            tiktok(**{"Post time": "Smarch 13"}),
            tiktok(**{"Total likes": "-3"}),
            tiktok(**{"Video title": "", "Video link": "javascript:alert(1)"}),
            tiktok(**{"Total likes": "", "Total comments": "-", "Total views": "undefined"}),
            ["a", "b", "c"],
            [*tiktok().values(), "", "one too many"],
            tiktok(**{"Post time": "12/24/2026"}),
        ],
    )
    found = posts(text + 'x "y,z\n"' + "never ends\n" * 3)
    assert len(found.reports) == 1
    assert {trouble.line: trouble.why for trouble in found.troubles} == {
        3: "Total views: “=1+1” is no whole number from 0 up",
        4: "Post time: “Smarch 13” is no date",
        5: "Total likes: “-3” is no whole number from 0 up",
        6: "it names no post",
        7: "it holds no number",
        8: "it has 3 of 7 columns",
        9: "it has 9 columns, 7 are named",
        10: "Post time: “12/24/2026” is still to come",
        11: "it has 2 of 7 columns",
        12: "the text in quotes that begins here never ends; the file may be cut off",
    }


def test_a_post_that_stands_twice_is_taken_once_with_its_larger_totals() -> None:
    found = posts(table(files.TIKTOK, [tiktok(), tiktok(**{"Total likes": "1300", "Total views": "9"})]))
    assert found.repeated == 1
    assert found.reports[0].figures == {"likes": 1300, "comments": 31, "views": 1_250_000}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "It is empty"),
        (b"\xff\xfe", "It is empty"),
        (b"a,b\n1,\xe4\n", "Line 2 can't be read as UTF-8"),
        (b"\xff\xfea\x00b", "can't be read as UTF-16"),
        (b"a,b\n\x00\x00\x00\x001,2\n", "Line 2 holds zero bytes"),
        (b"," * 10_000_000, "no platform's export"),
        (b"a,b\n" * 60_000, "more than 50,000 lines"),
        (b"PK\x03\x04 and nothing more", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "can't be opened"),
        (zipped({"photo.jpg": b"1", "letter.pdf": b"2"}), "“photo.jpg”, “letter.pdf”"),
        (zipped({f"{n}.csv": b"a" for n in range(300)}), "300 files"),
        (zipped({"bomb.csv": b"\0" * (80 * 2**20)}), "unpacks to more than 64 MiB"),
        (zipped({"inner.xlsx": zipped({"[Content_Types].xml": b" " * (70 * 2**20)})}), "more than 64 MiB"),
        (b"name,amount\nMaya,3\n", "its columns begin with “name”, “amount”"),
    ],
)  # fmt: skip
def test_hostile_and_foreign_files_get_a_sentence(data: bytes, said: str) -> None:
    assert said in refused(data)


def test_a_cell_far_out_does_not_make_a_giant_of_a_workbook() -> None:
    small = xlsx({"TOP POSTS": TOP})
    with zipfile.ZipFile(io.BytesIO(small)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    far = parts["xl/worksheets/sheet1.xml"].replace(b'r="A1"', b'r="XFD1048576"')
    assert "more than 50,000 lines" in refused(zipped({**parts, "xl/worksheets/sheet1.xml": far}))
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>' + parts["xl/worksheets/sheet1.xml"]
    assert "entities" in refused(zipped({**parts, "xl/worksheets/sheet1.xml": evil}))


# ------------------------------------------------------------------ cells


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("12,400", 12400), ("12.400", 12400), ("28 000", 28000), ("28\u202f000", 28000), ("1’234", 1234),
        ("1.2K", 1200), ("1,2 mil", 1200), ("3 Mio.", 3_000_000), ("1.5万", 15000), ("2천", 2000), ("12.0", 12),
        ("undefined", None), ("", None), ("--", None), ("N/A", None),
    ],
)  # fmt: skip
def test_counts(text: str, value: int | None) -> None:
    assert cells.count(text, "Views") == value


@pytest.mark.parametrize("text", ["abc", "1.2", "-1", "1e5", "=2", "1,2,3", "9" * 30, "1.2.3K", "K", "万"])
def test_counts_that_are_none(text: str) -> None:
    with pytest.raises(UnreadableError, match="Views"):
        cells.count(text, "Views")


@pytest.mark.parametrize(
    ("text", "percent", "millionths"),
    [("62,1", True, 621_000), ("0.2396", False, 239_600), ("6.2%", False, 62_000), ("0", True, 0), ("-", True, None)],
)
def test_rates(text: str, percent: bool, millionths: int | None) -> None:
    assert cells.rate(text, "CTR", percent=percent) == millionths


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tue, Jul 14, 2026", (2026, 7, 14)), ("14 juil. 2026", (2026, 7, 14)), ("14. Juli 2026", (2026, 7, 14)),
        ("2026年7月14日", (2026, 7, 14)), ("2026. 7. 14.", None), ("14.07.2026", (2026, 7, 14)),
        ("7/14/2026", (2026, 7, 14)),
        ("2026-07-14T09:30:00Z", (2026, 7, 14)), ("14 de julio de 2026", (2026, 7, 14)), ("30/02/2026", None),
        ("Feb 29", (2024, 2, 29)), ("July 14, 2026 9:30 PM", (2026, 7, 14)), ("7월 14일", (2026, 7, 14)),
        ("tomorrow", None),
    ],
)  # fmt: skip
def test_dates(text: str, expected: tuple[int, int, int] | None) -> None:
    if expected is None:
        with pytest.raises(UnreadableError):
            cells.moment(text, "Date", NOW, BERLIN)
        return
    found = cells.moment(text, "Date", NOW, BERLIN)
    assert found is not None
    assert found[0].astimezone(BERLIN).date() == dt.date(*expected)


def test_times_of_day() -> None:
    def clock(text: str) -> str:
        found = cells.moment(text, "Date", NOW, BERLIN)
        assert found is not None
        return found[0].astimezone(BERLIN).strftime("%H:%M")

    assert [clock(f"07/14/2026 {time}") for time in ("09:30", "9:30 PM", "12:05 am")] == ["09:30", "21:30", "00:05"]


def test_only_addresses_on_the_platform_are_taken() -> None:
    assert addresses.read("x", "https://x.com.evil.example/maya/status/1") == ("", "")
    assert addresses.read("instagram", "https://evil.example/?https://instagram.com/p/abcdef") == ("", "")
    assert addresses.key("x", "https://twitter.com/a/status/12345?s=20") == addresses.key(
        "x", "https://x.com/i/web/status/12345"
    )
    assert addresses.key("youtube", "https://youtu.be/dQw4w9WgXcQ") == addresses.key(
        "youtube", "https://www.youtube.com/shorts/dQw4w9WgXcQ"
    )


# ------------------------------------------------------------------ whatever stands in a file


counts = st.one_of(st.none(), st.integers(0, 10**11))
words = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\r"), max_size=60)
moments = st.integers(0, 6_000_000).map(lambda n: dt.datetime(2015, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=n))


def write(value: int | None, style: str) -> str:
    """A number as a locale writes it."""
    if value is None:
        return "undefined" if style == "," else ""
    return f"{value:,}".replace(",", style)


@st.composite
def exports(draw: st.DrawFn) -> tuple[bytes, list[tuple[str, Mapping[str, int], str]]]:
    """The bytes of an Instagram, X or YouTube export, and what stands in it: id, figures, title."""
    style = draw(st.sampled_from([",", ".", " ", "\u202f", ""]))
    rows: list[list[str]] = []
    expected = []
    kind = draw(st.sampled_from(["instagram", "x", "youtube"]))
    for n in range(draw(st.integers(1, 6))):
        text, at = draw(words), draw(moments)
        first = next((line for line in map(clean, text.splitlines()) if shows(line)), "")
        if kind == "instagram":
            id_, values = f"code{n:03}", [draw(counts) for _ in range(7)]
            link = f"https://www.instagram.com/p/{id_}/"
            rows.append(
                [
                    str(1800 + n),
                    "1",
                    "maya",
                    "Maya",
                    text,
                    "0",
                    f"{at:%m/%d/%Y %H:%M}",
                    link,
                    "IG image",
                    "",
                    "Lifetime",
                ]
                + [write(value, style) for value in values]
            )
            figures = dict(zip(["views", "reach", "likes", "shares", "", "comments", "saves"], values, strict=True))
            del figures[""]
        elif kind == "x":
            id_, values = str(10**17 * 3 + n), [draw(counts) for _ in range(2)]
            rows.append(
                [id_, f"{at:%a, %b %d, %Y}", text, f"https://x.com/m/status/{id_}", *(write(v, style) for v in values)]
                + [""] * 11
            )
            figures = dict(zip(["impressions", "likes"], values, strict=True))
        else:
            id_, values = f"abcdefghi{n:02}", [draw(counts) for _ in range(2)]
            rows.append(
                [id_, text, f"{at:%b %d, %Y}", "1", write(values[0], style), "1", "0", write(values[1], style), ""]
            )
            figures = dict(zip(["views", "impressions"], values, strict=True))
        kept = {metric: value for metric, value in figures.items() if value is not None}
        if kept:
            expected.append((id_, kept, cut(first, 100)))
    header = {"instagram": files.INSTAGRAM, "x": files.X, "youtube": files.YOUTUBE}[kind]
    text = table(header, rows, quoted=draw(st.booleans())).replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    return text.encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))), expected


@settings(max_examples=150, deadline=None)
@given(exports())
def test_what_is_written_is_read_back(case: tuple[bytes, list[tuple[str, Mapping[str, int], str]]]) -> None:
    data, expected = case
    found = posts(data)
    assert [(one.platform_id, one.figures, one.title) for one in found.reports] == expected
    assert [report for packet in pack(found.reports) for report in unpack(packet)] == list(found.reports)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=400),
        words.map(str.encode),
        st.lists(words, max_size=5).map(
            lambda w: (
                "Video title,Video link,Post time,Total likes,Total comments,Total shares,Total views\n"
                + ",".join(w)
                + "\n"
            ).encode()
        ),
    )
)
def test_any_bytes_are_read_or_refused_in_a_sentence(data: bytes) -> None:
    with contextlib.suppress(RefusedFileError):
        read(data, NOW, BERLIN)
