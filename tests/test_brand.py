"""Brand reports as people ask for them: one frozen value in four forms, behind an address that ends."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import hashlib
import html
import io
import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import simcord
import sqlalchemy as sa
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import event

from bot.charts import Paper, Theme, draw
from bot.charts.canvas import Canvas
from bot.errors import NotFoundError
from bot.inputs.text import clean
from bot.insights.periods import Named
from bot.links.access import Actor
from bot.reports import frozen, service
from bot.reports.service import Selection, Wish
from bot.reports.sheet import sheet
from storage import brand, counts, links, posts
from storage.database import Lane
from storage.records import BrandReport, Kind, Post
from storage.schema import hits_quarter
from tests.branded import ADDRESS, address_of, fullest
from tests.branded import a_shop as _shop  # noqa: F401
from tests.conftest import World, answer_of, fetch, text_of
from tests.machine import LaunchBrowser, Poppler
from tests.profiled import look, picture, set_up
from tests.sampled import a_busy_server as _busy  # noqa: F401
from tests.served import DISCORDBOT


async def files_of(result: simcord.InteractionResult) -> dict[str, bytes]:
    return {attached.filename: await attached.read() for attached in answer_of(result).attachments}


def table_of(body: bytes) -> dict[tuple[str, str, str], dict[str, str]]:
    rows = csv.DictReader(io.StringIO(body.decode("utf-8-sig")))
    return {(row["section"], row["name"], row["metric"]): row for row in rows}


def text_of_pdf(body: bytes) -> str:
    (page,) = PdfReader(io.BytesIO(body)).pages
    return page.extract_text()


def text_of_page(body: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body.partition("<body>")[2])))


def drawn(chart: Any, theme: Theme, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that the picture has, as it was drawn."""
    said: list[str] = []
    text = Canvas.text

    def listen(self: Canvas, x: float, baseline: float, text_: str, **style: Any) -> float:
        said.append(text_)
        return text(self, x, baseline, text_, **style)

    with monkeypatch.context() as patch:
        patch.setattr(Canvas, "text", listen)
        draw(chart, theme)
    return said


def cells(chart: Any) -> Iterator[str]:
    """Every number of a sheet as it is read."""
    for tile in chart.tiles:
        yield tile.value
        yield from tile.lines
    for grid in (*chart.grids, *chart.blocks):
        for row in grid.rows:
            yield from row


def shared_out(
    post: Post,
    told: list[tuple[dt.datetime, int]],
    start: dt.datetime,
    end: dt.datetime,
    quarters: list[tuple[dt.datetime, int]],
) -> int:
    """What of a post's totals grew within a time: a story's in its first day, else by its clicks, or evenly."""

    def clicks(since: dt.datetime, until: dt.datetime) -> int:
        return sum(n for bucket, n in quarters if since <= bucket < until)

    found, since, before = 0, post.published_at or post.created_at, 0
    for at, value in told:
        growth, begin, stop = value - before, since, at
        if post.kind == "story":
            over = (post.published_at or post.created_at) + dt.timedelta(hours=24)
            begin, stop = min(begin, over), min(stop, over)
        # Only clicks that it could have from the beginning tell when it grew.
        has_address = post.created_at - min(post.created_at, begin) <= dt.timedelta(days=1)
        is_shaped = post.kind != "story" and not post.link_in_bio and has_address and clicks(begin, stop) >= 30
        edges = [min(max(edge, begin), stop) for edge in (start, end)]
        if begin < stop:
            by = [
                clicks(begin, edge) / clicks(begin, stop) if is_shaped else (edge - begin) / (stop - begin)
                for edge in edges
            ]
            found += round(growth * by[1]) - round(growth * by[0])
        elif start <= stop < end:  # told when it was long over
            found += growth
        since, before = at, value
    return found


async def test_all_four_forms_say_what_the_storage_holds_to_the_digit(
    busy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = await busy.admin.slash(
        busy.channel,
        "brand report",
        period="2026-02-01 to 2026-03-10",
        brand="Acme",
        cpm="12.50 EUR",
        fee="400 EUR",
        note="Hello",
    )
    assert answer_of(result).ephemeral
    path, files = address_of(result), await files_of(result)
    assert list(files) == [
        "brand-report.png",
        "brand-report-2026-02-01-2026-03-10.pdf",
        "brand-report-2026-02-01-2026-03-10.csv",
    ]

    # What the storage holds, by ways of its own.
    first, end = dt.date(2026, 2, 1), dt.date(2026, 3, 11)
    guild, maya = busy.guild.id, busy.admin.id
    async with busy.app.db.read() as conn:
        ids = await links.ids_of(conn, guild, maya)
        by_day = await counts.by_day(conn, guild, first, end, ids)
        uniques = sum(n for _day, n in await counts.uniques_by_day(conn, guild, first, end, ids))
        own = {post.id: post for post in await posts.find(conn, guild, creator_id=maya)}
        figures = await posts.find_figures(conn, guild, list(own))
        places = await counts.by_place(conn, guild, first, end, ids)
        audience = await counts.audience(conn, guild, first, end, ids)
        quarters: dict[int, list[tuple[dt.datetime, int]]] = defaultdict(list)
        query = sa.select(hits_quarter.c.place_id, hits_quarter.c.bucket, hits_quarter.c.count)
        for place_id, bucket, n in await conn.execute(query.where(hits_quarter.c.kind == Kind.CLICK.value)):
            quarters[place_id].append((bucket, n))
    clicks = sum(item.count for item in by_day if item.kind is Kind.CLICK)
    measured = sum(item.count for item in by_day if item.kind.metric is Kind.IMPRESSION)
    viewable = sum(item.count for item in by_day if item.kind is Kind.VIEWABLE)
    start, until = (dt.datetime(2026, *day, 23, tzinfo=dt.UTC) for day in ((1, 31), (3, 10)))  # Berlin is an hour ahead
    parts = Counter[tuple[str, str]]()
    for post in own.values():
        of_post = [figure for figure in figures if figure.post_id == post.id]
        has_views = any(figure.metric == "views" for figure in of_post)
        word = "views" if post.platform not in ("x", "linkedin") and has_views else "impressions"
        told = [(figure.as_of, figure.value) for figure in of_post if figure.metric == word]
        grown = shared_out(post, told, start, until, quarters[post.id])
        parts["", word] += grown if word == "impressions" else 0
        parts[post.platform, word] += grown if word == "views" else 0
    reported = sum(parts.values())
    assert clicks > 1000
    assert measured >= viewable > 1000
    assert reported > 1000
    displays = measured + reported  # no post of the demo has both
    parts["", "impressions"] += measured
    by_country = {
        item.value: item.count for item in audience if item.kind is Kind.CLICK and item.dimension == "country"
    }

    table = table_of(files["brand-report-2026-02-01-2026-03-10.csv"])
    total = {metric: row["value"] for (section, _name, metric), row in table.items() if section == "total"}
    assert (total["clicks"], total["unique_clicks"]) == (str(clicks), str(uniques))
    assert (total["measured"], total["reported"], total["viewable"]) == (str(measured), str(reported), str(viewable))
    assert total["displays"] == str(displays)
    assert {"views", "impressions"} == {word for _platform, word in +parts}
    said = {(name, metric): int(row["value"]) for (part, name, metric), row in table.items() if part == "displays"}
    assert said == +parts
    assert table["total", "", "displays"]["estimate"] == "yes"
    ctr = table["total", "", "ctr"]
    rated = int(ctr["numerator"]), int(ctr["denominator"])
    assert rated[0] < clicks
    assert ctr["value"] == f"{rated[0] / rated[1]:.6f}"
    emv = round(Fraction(displays * 1250, 1000)) / 100
    assert table["money", "EUR", "emv"]["value"] == f"{emv:.2f}"
    assert table["money", "EUR", "emv_low"]["value"] == f"{round(Fraction(displays * 1250 * 85, 100_000)) / 100:.2f}"
    assert table["money", "EUR", "fee_cpc"]["value"] == f"{round(Fraction(40_000, clicks)) / 100:.2f}"
    for (section, name, metric), row in table.items():
        if section == "country":
            assert metric == "clicks"
            assert int(row["value"]) == by_country[name]
    by_platform = [row for (section, _n, metric), row in table.items() if (section, metric) == ("platform", "clicks")]
    assert (
        sum(int(row["value"]) for row in by_platform)
        == clicks
        == sum(n for (_link_id, _place_id, kind), n in places.items() if kind == Kind.CLICK)
    )

    # The same in the page, the PDFs and the picture: each number of the sheet, as it is read.
    page, answer = await busy.visit(path), await busy.visit(f"{path}.json")
    content = frozen.parse(answer.text)
    shown = sheet(content, hashlib.sha256(answer.body).hexdigest())
    assert f"{clicks:,}" in list(cells(shown))
    assert f"about {displays:,}" in list(cells(shown))
    for (platform, word), n in (+parts).items():
        name = {"instagram": "Instagram", "tiktok": "TikTok", "youtube": "YouTube", "facebook": "Facebook"}.get(
            platform
        )
        assert any(f"{n:,} {word}{f' on {name}' if name else ''}" in cell for cell in cells(shown)) or len(parts) > 4
    assert f"€{emv:,.2f}" in list(cells(shown))
    said = text_of_page(page.text)
    texts = {
        "page": said,
        "pdf": text_of_pdf(files["brand-report-2026-02-01-2026-03-10.pdf"]),
        "A4": text_of_pdf((await busy.visit(f"{path}.pdf?paper=a4")).body),
        "picture": " ".join(drawn(shown, Theme.DARK, monkeypatch)),
    }
    for form, text in texts.items():
        flat = re.sub(r"\s+", "", text)
        for cell in cells(shown):
            assert re.sub(r"\s+", "", cell) in flat, f"{form} lacks {cell}"
        assert shown.small[-1].split()[-1] in flat, f"{form} lacks the hash"
    assert (await busy.visit(f"{path}.csv")).body == files["brand-report-2026-02-01-2026-03-10.csv"]
    assert (await busy.visit(f"{path}.png")).body == files["brand-report.png"]


async def test_a_report_keeps_its_figures_when_the_data_moves_on(shop: World) -> None:
    path = address_of(await shop.admin.slash(shop.channel, "brand report", brand="Acme"))
    before, data = await shop.visit(path), await shop.visit(f"{path}.json")
    pdf = (await shop.visit(f"{path}.pdf")).body
    for _n in range(5):
        await shop.visit("/summer")
    await shop.admin.slash(shop.channel, "link edit", link="summer", title="Another name")
    shop.move(days=3)
    after = await shop.visit(path)
    assert after.text == before.text
    assert (await shop.visit(f"{path}.pdf")).body == pdf
    assert (await shop.visit(f"{path}.json")).body == data.body
    assert "Unchanged since" in after.text
    hash_ = hashlib.sha256(data.body).hexdigest()
    assert hash_ in after.text
    assert hash_ in text_of_pdf(pdf)
    assert json.loads(data.body)["brand"] == "Acme"

    # Somebody lays hands on the database: the page says so.
    async def forge(conn: Any) -> None:
        await conn.exec_driver_sql("UPDATE brand_reports SET content = replace(content, 'Acme', 'Acne')")

    await shop.app.db.write(forge)
    forged = await shop.visit(path)
    assert "Unchanged since" not in forged.text
    assert "were changed after they were frozen" in forged.text


async def revoke(world: World, report: str) -> None:
    """A manager takes an address back, and confirms it."""
    asked = await world.admin.slash(world.channel, "brand revoke", report=report)
    await world.admin.click(answer_of(asked), label="Revoke it for good")


@pytest.mark.usefixtures("sketched")
async def test_unknown_expired_and_revoked_addresses_answer_alike(shop: World) -> None:
    live = [address_of(await shop.admin.slash(shop.channel, "brand report", days=days)) for days in (40, 5, 40)]
    assert [(await shop.visit(path)).status for path in live] == [200, 200, 200]
    chosen = await shop.admin.autocomplete(shop.channel, "brand revoke", "report", "")
    await revoke(shop, chosen[0]["value"])
    shop.move(days=6)
    answers = []
    for path in ("/report/" + "a" * 27, live[1], live[2]):
        for form in ("", ".pdf", ".png", ".csv", ".json"):
            answer = await shop.visit(path + form)
            headers = {key: value for key, value in answer.headers.items() if key != "Date"}
            answers.append((answer.status, headers, answer.body))
    assert answers[0][0] == 404
    assert all(answer == answers[0] for answer in answers)
    assert "X-Robots-Tag" not in answers[0][1]
    assert (await shop.visit(live[0])).status == 200

    # Renewed: the expired one under its address, the revoked one under another.
    renewed = await shop.admin.slash(shop.channel, "brand renew", report=chosen[1]["value"], days=7)
    assert address_of(renewed) == live[1]
    anew = address_of(await shop.admin.slash(shop.channel, "brand renew", report=chosen[0]["value"]))
    assert anew != live[2]
    assert [(await shop.visit(path)).status for path in (live[1], anew, live[2])] == [200, 200, 404]
    shop.move(days=8)
    assert [(await shop.visit(path)).status for path in (live[1], anew)] == [404, 200]


@pytest.mark.usefixtures("sketched")
async def test_unknown_and_revoked_addresses_take_the_same_question(shop: World) -> None:
    """Both are one row looked up by the same statement: nothing is found before it is decided."""
    path = address_of(await shop.admin.slash(shop.channel, "brand report"))
    reports = shop.app.services.reports
    made = await reports.behind(path.rpartition("/")[2])
    assert made is not None
    await reports.revoke(Actor(shop.guild.id, shop.admin.id), made.report.id)
    asked: list[str] = []
    engine = shop.app.db._readers[Lane.ANSWERS].sync_engine

    def listen(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", listen)
    try:
        for token in (made.report.token, "b" * 27):
            assert await reports.behind(token) is None
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    assert len(asked) % 2 == 0
    assert asked[: len(asked) // 2] == asked[len(asked) // 2 :]


@pytest.mark.usefixtures("sketched")
async def test_views_are_counted_apart_and_previews_set_aside(shop: World) -> None:
    path = address_of(await shop.admin.slash(shop.channel, "brand report", brand="Acme"))
    await shop.visit(path)
    await shop.visit(path)
    await shop.visit(f"{path}.pdf")
    preview = await fetch(shop.http, f"http://127.0.0.1:{shop.app.web.port}{path}", **{"User-Agent": DISCORDBOT})
    assert preview.status == 200
    assert '<meta property="og:title" content="Admin: Brand report for Acme">' in preview.text
    await shop.visit(path, method="HEAD")
    listed = text_of(await shop.admin.slash(shop.channel, "brand list"))
    assert "opened 3 times (2 previews and crawlers apart)" in listed
    async with shop.app.db.read() as conn:
        rows = (await conn.exec_driver_sql("SELECT form, reason, count FROM brand_views ORDER BY 1, 2")).all()
        hits = (await conn.exec_driver_sql("SELECT count(*) FROM hits WHERE source = 'report'")).scalar()
    assert rows == [("page", "", 2), ("page", "head", 1), ("page", "preview", 1), ("pdf", "", 1)]
    assert hits == 0


@pytest.mark.usefixtures("sketched")
async def test_the_page_is_harmless_and_keeps_its_address_to_itself(shop: World) -> None:
    result = await shop.admin.slash(
        shop.channel, "brand report", brand="<script>alert(1)</script>", note="=HYPERLINK() & <b>bold</b> \u202egnp"
    )
    answer = await shop.visit(address_of(result))
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Set-Cookie" not in answer.headers
    assert "http" not in re.sub(r"https?://go\.example", "", answer.text), "nothing from elsewhere"
    table = table_of((await files_of(result))["brand-report-2026-02-12-2026-03-11.csv"])
    assert table["report", "", "note"]["value"].startswith("'=")


@pytest.mark.usefixtures("sketched")
async def test_viewable_impressions_are_told_from_the_other_measured_ones(shop: World) -> None:
    await set_up(shop, shop.admin, handle="maya")
    await shop.admin.slash(shop.channel, "profile publish")
    await look(shop, 1, 2)
    await look(shop, 1)
    result = await shop.admin.slash(shop.channel, "brand report")
    table = table_of((await files_of(result))["brand-report-2026-02-12-2026-03-11.csv"])
    assert table["total", "", "measured"]["value"] == "18"
    assert table["total", "", "viewable"]["value"] == "3"
    assert table["platform", "Profile page", "viewable"]["value"] == "3"
    assert table["platform", "Link's own address", "viewable"]["value"] == ""


async def test_the_creators_picture_is_on_every_form(
    poppler: Poppler, shop: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def cdn(_self: Any, url: str) -> bytes:
        return picture()

    monkeypatch.setattr(type(shop.client.http), "get_from_cdn", cdn)
    shop.env.backend.users[shop.admin.id].avatar = "0123456789abcdef0123456789abcdef"
    result = await shop.admin.slash(shop.channel, "brand report")
    path = address_of(result)
    answer = await shop.visit(path)
    (inline,) = re.findall(r'<img class="avatar" alt="" src="data:image/webp;base64,([^"]+)">', answer.text)
    assert Image.open(io.BytesIO(base64.b64decode(inline))).size == (176, 176)
    assert "; img-src data:;" in answer.headers["Content-Security-Policy"]

    drawn = Image.open(io.BytesIO((await shop.visit(f"{path}.png")).body)).convert("RGB")
    disc, corner = (drawn.getpixel((2 * (50 + x), 2 * (42 + x))) for x in (29, 1))
    assert corner == drawn.getpixel((2, 40)), "a disc"
    (tmp_path / "report.pdf").write_bytes((await shop.visit(f"{path}.pdf")).body)
    await poppler("pdfimages", "-png", tmp_path / "report.pdf", tmp_path / "in")
    printed = Image.open(tmp_path / "in-000.png").convert("RGB")
    assert printed.size == (176, 176)
    for colour in (disc, printed.getpixel((88, 88))):
        assert isinstance(colour, tuple)
        assert max(abs(one - other) for one, other in zip(colour, (0xCC, 0x66, 0x44), strict=True)) < 6


@pytest.mark.usefixtures("sketched")
async def test_without_a_picture_of_theirs_initials_stand_there(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def cdn(_self: Any, url: str) -> bytes:
        return b"no picture"

    monkeypatch.setattr(type(shop.client.http), "get_from_cdn", cdn)
    for avatar in (None, "0123456789abcdef0123456789abcdef"):
        shop.env.backend.users[shop.admin.id].avatar = avatar
        answer = await shop.visit(address_of(await shop.admin.slash(shop.channel, "brand report")))
        assert "<img" not in answer.text
        assert '<div class="avatar"' in answer.text


@pytest.mark.usefixtures("sketched")
async def test_nothing_leaks_across_creators_and_servers(shop: World) -> None:
    mine = await shop.admin.slash(shop.channel, "brand report", brand="Acme", cpm="10 EUR")
    path = address_of(mine)
    (chosen,) = await shop.admin.autocomplete(shop.channel, "brand renew", "report", "")
    for command in ("brand renew", "brand revoke"):
        refused = await shop.leo.slash(shop.channel, command, report=chosen["value"])
        assert "no such report of yours" in text_of(refused)
    assert "None yet" in text_of(await shop.leo.slash(shop.channel, "brand list"))
    assert await shop.leo.autocomplete(shop.channel, "brand renew", "report", "") == []

    # Another creator's links and posts are none of Leo's.
    (own, *_rest) = await shop.admin.autocomplete(shop.channel, "brand report", "of", "summer")
    assert "no longer there" in text_of(await shop.leo.slash(shop.channel, "brand report", of=own["value"]))
    post = next(
        one
        for one in await shop.admin.autocomplete(shop.channel, "brand report", "of", "teaser")
        if "=p" in one["value"]
    )
    assert "no link or post" in text_of(await shop.leo.slash(shop.channel, "brand report", of=post["value"]))
    assert "has the tag" in text_of(await shop.leo.slash(shop.channel, "brand report", of="#fashion"))
    offered = {one["name"] for one in await shop.leo.autocomplete(shop.channel, "brand report", "of", "")}
    assert not any("summer" in name.lower() for name in offered)
    assert "theirs to make" in text_of(await shop.leo.slash(shop.channel, "brand report", creator=shop.admin.user))

    # A manager sees that there is a report of Leo's, and may have one made, without money in it.
    await shop.add_link("leos", creator=shop.leo)
    await shop.visit("/leos")
    theirs = await shop.leo.slash(shop.channel, "brand report", brand="Rival", fee="900 EUR")
    listed = text_of(await shop.admin.slash(shop.channel, "brand list"))
    assert "Leo, made" in listed
    assert "Rival" not in listed
    assert address_of(theirs) not in listed
    refused = await shop.admin.slash(shop.channel, "brand report", creator=shop.leo.user, cpm="9 EUR")
    assert "theirs to say" in text_of(refused)
    made = await shop.admin.slash(shop.channel, "brand report", creator=shop.leo.user)
    assert "Leo" in (await shop.visit(address_of(made))).text

    # Another server's manager finds neither.
    stranger = Actor(shop.guild.id + 1, shop.admin.id, manager=True)
    reports = shop.app.services.reports
    assert await reports.visible(stranger) == []
    assert await reports.of_others(stranger) == []
    with pytest.raises(NotFoundError):
        await reports.revoke(stranger, int(chosen["value"]))
    assert (await shop.visit(path)).status == 200
    asked = await shop.admin.click(answer_of(mine), label="Revoke it")
    assert (await shop.visit(path)).status == 200, "it asks first"
    await shop.admin.click(answer_of(asked), label="Revoke it for good")
    assert "Report revoked" in text_of(asked)
    assert (await shop.visit(path)).status == 404
    assert "already" in text_of(await shop.admin.click(answer_of(mine), label="Revoke it"))
    back = await shop.admin.click(answer_of(asked), label="Give it a new address")
    assert (await shop.visit(address_of(back))).status == 200


@pytest.mark.usefixtures("sketched")
async def test_an_address_is_taken_back_only_when_that_is_confirmed(shop: World) -> None:
    await shop.add_link("leos", creator=shop.leo)
    await shop.visit("/leos")
    path = address_of(await shop.leo.slash(shop.channel, "brand report", brand="Acme"))
    (chosen,) = await shop.leo.autocomplete(shop.channel, "brand revoke", "report", "")
    asked, by_manager = [
        await member.slash(shop.channel, "brand revoke", report=chosen["value"]) for member in (shop.leo, shop.admin)
    ]
    assert "Acme" in text_of(asked)
    assert "Acme" not in text_of(by_manager), "what a report says is its creator's alone"
    await shop.leo.click(answer_of(asked), label="Keep it")
    assert "Everything stays as it is" in text_of(asked)
    assert (await shop.visit(path)).status == 200
    await shop.env.restart_bot(shop.app.client())
    await shop.admin.click(answer_of(by_manager), label="Revoke it for good")
    assert (await shop.visit(path)).status == 404
    refused = await shop.leo.slash(shop.channel, "brand revoke", report=chosen["value"])
    assert "taken back already" in text_of(refused)


@pytest.mark.usefixtures("sketched")
async def test_a_private_link_is_named_only_where_it_was_chosen(shop: World) -> None:
    await shop.admin.slash(shop.channel, "post add", link="brand-deal", platform="x", kind="post", title="Hush")
    await shop.visit("/brand-deal/x1")
    everything = await shop.admin.slash(shop.channel, "brand report", period="today")
    text = (await shop.visit(address_of(everything))).text
    assert "Hush" not in text
    assert "Unannounced" not in text
    chosen = await shop.admin.slash(shop.channel, "brand report", period="today", of="brand-deal")
    text = (await shop.visit(address_of(chosen))).text
    assert "Hush, X post" in text
    assert "Unannounced brand deal" in text


@pytest.mark.usefixtures("sketched")
async def test_links_posts_and_tags_are_counted_once_together(shop: World) -> None:
    """A post of a chosen link adds nothing; posts alone have neither unique clicks nor an audience."""

    async def total(**of: str) -> dict[str, str]:
        result = await shop.admin.slash(shop.channel, "brand report", period="7d", **of)
        files = await files_of(result)
        table = table_of(next(body for name, body in files.items() if name.endswith(".csv")))
        return {metric: row["value"] for (section, _name, metric), row in table.items() if section == "total"}

    async def value(typed: str, mark: str) -> str:
        offered = await shop.admin.autocomplete(shop.channel, "brand report", "of", typed)
        return next(one["value"] for one in offered if one["value"].startswith(mark))

    summer, vintage = await value("summer look", "=l"), await value("vintage", "=l")
    teaser, tag = await value("teaser", "=p"), await value("#fashion", "#")
    one, other, both = await total(of=summer), await total(of=vintage), await total(of=summer, of2=vintage)
    for metric in ("clicks", "displays", "measured", "reported", "unique_clicks"):
        known = [int(found[metric]) for found in (one, other) if found[metric]]
        assert both[metric] == (str(sum(known)) if known else ""), metric
    assert await total(of=summer, of2=teaser) == one
    alone = await total(of=teaser)
    assert 0 < int(alone["clicks"]) < int(one["clicks"])
    assert alone["unique_clicks"] == ""
    mixed = await total(of=teaser, of2=vintage)
    assert int(mixed["clicks"]) == int(alone["clicks"]) + int(other["clicks"])
    tagged = await total(of=tag)
    assert tagged == both

    post = (await shop.admin.autocomplete(shop.channel, "post move", "post", "teaser"))[0]["value"]
    await shop.admin.slash(shop.channel, "post move", post=post, link="vintage")
    assert (await shop.visit("/vintage/ig1")).status == 302
    moved = await total(of=summer, of2=teaser)
    assert int(moved["clicks"]) == int(one["clicks"]) + 1, "those that it brought before stay with the link, once"
    assert int((await total(of=teaser))["clicks"]) == int(alone["clicks"]) + 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cpm": "12"}, "cpm: “12” names no currency"),
        ({"fee": "many EUR"}, "fee: “many EUR” is no amount"),
        ({"cpm": "1 EUR", "fee": "2 USD"}, "in the currency of cpm"),
        ({"period": "soon"}, "period: “soon” is no period"),
        ({"deal": "7"}, "no such deal"),
        ({"deal": "x"}, "none of your deals"),
        ({"deal": "7", "period": "7d"}, "leave out period"),
        ({"of": "nowhere"}, "nowhere"),
        ({"of": "=s7"}, "none of those"),
    ],
)
async def test_what_cannot_be_is_said_in_a_sentence_and_keeps_nothing(
    world: World, options: dict[str, str], said: str
) -> None:
    assert said in text_of(await world.maya.slash(world.channel, "brand report", **options))
    assert "None yet" in text_of(await world.maya.slash(world.channel, "brand list"))


@pytest.mark.usefixtures("sketched")
async def test_one_creator_has_so_many_open_addresses(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST", 2)
    for _n in range(2):
        await shop.admin.slash(shop.channel, "brand report")
    assert "/brand revoke makes room" in text_of(await shop.admin.slash(shop.channel, "brand report"))
    newest = (await shop.admin.autocomplete(shop.channel, "brand revoke", "report", ""))[0]["value"]
    await revoke(shop, newest)
    assert ADDRESS.search(text_of(await shop.admin.slash(shop.channel, "brand report")))


@pytest.mark.usefixtures("sketched")
async def test_what_a_platform_told_is_something_to_report(world: World) -> None:
    await world.add_link()
    await world.admin.slash(world.channel, "post add", link="summer", platform="youtube", kind="video", title="Tour")
    post = (await world.admin.autocomplete(world.channel, "impressions log", "post", "tour"))[0]["value"]
    assert not ADDRESS.search(text_of(await world.admin.slash(world.channel, "brand report")))
    world.move(minutes=1)
    await world.admin.slash(world.channel, "impressions log", views="900", post=post)
    made = await world.admin.slash(world.channel, "brand report")
    assert ADDRESS.search(text_of(made))
    assert "Nothing was counted" not in text_of(made)


async def test_nothing_to_report_makes_no_report(shop: World) -> None:
    nothing = "Nothing was counted in these days, so there is nothing to report."
    for who, options, way in (
        (shop.admin, {"period": "yesterday"}, "Choose another period, or share a link first."),
        (shop.admin, {"creator": shop.sam}, "They have no links here."),
        (shop.sam, {}, "Ask a manager to add a link for you."),
    ):
        said = text_of(await who.slash(shop.channel, "brand report", **options))
        assert f"{nothing} {way}" in said
        assert not ADDRESS.search(said)
        assert "None yet" in text_of(await who.slash(shop.channel, "brand list"))


@pytest.mark.usefixtures("sketched")
async def test_nothing_comes_before_all_time(shop: World) -> None:
    result = await shop.admin.slash(shop.channel, "brand report", period="all")
    page = (await shop.visit(address_of(result))).text
    assert "Nothing comes before all time." in page
    assert "about the same" not in page
    content = frozen.parse((await shop.visit(f"{address_of(result)}.json")).text)
    assert content.growth == ()
    assert content.total.clicks == 12 + 13 + 14


NAMES = (
    "Sam",
    "A very long name that never ends, because its owner likes long names, and a great deal more",
    "نورا العلي ✨",
    "נועה כהן 🍜🍜",
    "🦊",
    "Ünïcødé \u202e‮ tricks \u200d",
)
PAPERS = (Paper.A4, (595.44, 841.68)), (Paper.LETTER, (612, 792))


async def test_a_creator_under_any_name_gets_a_page_in_every_form(world: World) -> None:
    reports = world.app.services.reports
    who = Actor(world.guild.id, world.sam.id)
    await world.add_link(creator=world.sam)
    await world.visit("/summer")
    for name, (paper, size) in zip(NAMES, itertools.cycle(PAPERS), strict=False):
        made = await reports.make(
            who, Named.DAYS_28, Selection(), Wish(who.user_id, name, locale="de", brand=name[:60])
        )
        hash_ = made.report.hash
        assert "–" in [tile.value for tile in sheet(made.frozen, hash_).tiles]
        path = ADDRESS.search(made.url)
        assert path is not None
        page = await world.visit(path[1])
        assert page.status == 200
        assert html.escape(clean(name), quote=False) in html.unescape(page.text).replace("&", "&amp;")
        picture = Image.open(io.BytesIO(draw(sheet(made.frozen, hash_), Theme.DARK)))
        assert picture.width == 1654
        reader = PdfReader(io.BytesIO(draw(sheet(made.frozen, hash_, paper), Theme.LIGHT)))
        (only,) = reader.pages
        assert (round(float(only.mediabox.width), 2), round(float(only.mediabox.height), 2)) == size
        assert "SHA-256" in only.extract_text()
        assert reader.metadata is not None
        assert reader.metadata.creation_date == made.frozen.made_at


async def test_another_reader_finds_the_text_and_every_font_within(
    poppler: Poppler, shop: World, tmp_path: Path
) -> None:
    path = address_of(await shop.admin.slash(shop.channel, "brand report", brand="Zoë & Söhne"))
    for paper in Paper:
        file = tmp_path / f"{paper}.pdf"
        file.write_bytes((await shop.visit(f"{path}.pdf?paper={paper}")).body)
        text = await poppler("pdftotext", "-layout", file, "-")
        assert "Brand report for Zoë & Söhne" in text
        assert re.search(r"Teaser story, Instagram story +9,800 impressions reported +7,100 +13 ", text)
        fonts = (await poppler("pdffonts", file)).splitlines()[2:]
        assert fonts
        assert all(re.search(r"CID TrueType +Identity-H +yes yes yes", line) for line in fonts)
        assert re.search(r"Pages: +1\n", await poppler("pdfinfo", file))


@pytest.mark.parametrize("paper", list(Paper))
def test_the_fullest_report_is_one_page_on_either_paper(paper: Paper) -> None:
    shown = sheet(fullest(), "f" * 64, paper)
    (page,) = PdfReader(io.BytesIO(draw(shown, Theme.LIGHT))).pages
    lowest = []

    def see(text: str, cm: list[float], tm: list[float], *_rest: Any) -> None:
        if text.strip():
            lowest.append(tm[4] * cm[1] + tm[5] * cm[3] + cm[5])

    page.extract_text(visitor_text=see)
    assert min(lowest) > (page.mediabox.height - 11 * 72) + 25, "clear of the edge of the shorter paper"
    # Nothing but names and what was chosen is cut: every number stands there as a whole.
    flat = re.sub(r"\s+", "", page.extract_text())
    for cell in cells(shown):
        if not re.search(r"title of a post", cell):
            assert re.sub(r"\s+", "", cell) in flat, cell


async def test_a_browser_prints_the_page_on_one_sheet_and_asks_for_nothing_else(
    launch_browser: LaunchBrowser, shop: World
) -> None:
    content = frozen.canonical(fullest())
    now = shop.clock.now()
    report = BrandReport(
        shop.guild.id, 7, 8, "t" * 27, content, frozen.fingerprint(content), 8, now, now + dt.timedelta(days=1)
    )
    await shop.app.db.write(lambda conn: brand.add(conn, report))
    browser = await launch_browser()
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    address = f"http://127.0.0.1:{shop.app.web.port}/report/{report.token}"
    await page.goto(address)
    assert [url for url in asked if not url.endswith("/favicon.ico")] == [address]
    assert said == []
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    assert await page.evaluate("getComputedStyle(document.querySelector('.tiles')).display") == "grid"
    for form in ("A4", "Letter"):
        assert len(PdfReader(io.BytesIO(await page.pdf(format=form, print_background=True))).pages) == 1
