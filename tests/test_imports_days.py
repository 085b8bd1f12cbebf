"""Exports with a line for each post and day: each day's growth is that day's, or its line is refused in a sentence."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import Application, open_application
from bot.clock import FixedClock
from bot.config import Config, StorageSection, WebSection
from bot.imports.days import totals
from bot.imports.recognise import read
from bot.imports.service import Imports, Preview
from bot.imports.values import Days, Parsed, UnreadableError
from bot.insights.growth import told_of
from bot.links.access import Actor
from storage import posts, servers
from storage.records import AddPolicy, Figure, Server
from tests import export_files as files
from tests.conftest import QuickCharts, World, answer_of, text_of
from tests.export_files import table
from tests.test_imports import attach

GUILD, MAYA = 1, 10
MAYAS = Actor(GUILD, MAYA)
PACIFIC = ZoneInfo("America/Los_Angeles")
NOW = dt.datetime(2026, 3, 25, 12, tzinfo=dt.UTC)
FIRST = dt.date(2026, 3, 5)
"""The post's day of publication; California's clocks change on 8 March."""


def line(day: dt.date | str, views: int, likes: int | str = "", **changed: object) -> dict[str, object]:
    written = day if isinstance(day, str) else day.strftime("%m/%d/%Y")
    return {
        **{"Post ID": "122100000000000001", "Page ID": "100", "Page name": "Maya", "Title": "Head"},
        **{"Publish time": "03/05/2026 18:15", "Permalink": "https://www.facebook.com/reel/122100000000000001"},
        **{"Post type": "Reels", "Date": written, "Views": views, "Reach": views, "Reactions": likes},
        **changed,
    }


def days(*views: int, first: dt.date = FIRST) -> list[dict[str, object]]:
    return [line(first + dt.timedelta(days=n), told) for n, told in enumerate(views)]


def export(*lines: dict[str, object]) -> bytes:
    # A day after the 12th tells which number is the month.
    other = {"Post ID": "122100000000000009", "Permalink": "", "Publish time": "03/13/2026 09:00"}
    return table(files.FACEBOOK, [*lines, line("Lifetime", 1, **other)]).encode()


def end(day: dt.date) -> dt.datetime:
    """When a day is over in California."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), PACIFIC).astimezone(dt.UTC)


def parsed(*lines: dict[str, object]) -> Parsed:
    found = read(export(*lines), NOW, ZoneInfo("Europe/Berlin"))
    assert isinstance(found, Parsed)
    return found


# ------------------------------------------------------------------ what is read


def test_the_days_of_a_post_follow_one_another_from_its_first_on() -> None:
    found = parsed(line(FIRST + dt.timedelta(days=1), 40, 3), line(FIRST, 100, 9))
    report = next(report for report in found.reports if report.days is not None)
    assert report.days is not None
    assert report.figures == {}
    assert report.days.from_first
    assert report.days.grown == (
        (end(FIRST), {"likes": 9, "views": 100}),  # people who were reached can't be added up
        (end(FIRST + dt.timedelta(days=1)), {"likes": 3, "views": 40}),
    )
    assert found.troubles == ()


@pytest.mark.parametrize(
    ("lines", "said", "taken"),
    [
        (
            days(100, 40)[:1] + days(7, first=dt.date(2026, 3, 8)),
            "days between 2026-03-05 and 2026-03-08 are missing",
            1,
        ),
        (days(100) + days(90), "2026-03-05 stands there twice with different numbers", 0),
        ([line("03/28/2026", 7)], "“03/28/2026” is not all of a post's life", 0),
        ([line(FIRST, 100, **{"Views": "", "Reactions": ""})], "it holds no number that days add up to", 0),
        ([line("last week", 100)], "is not known to mean all of a post's life", 0),
        ([line("Last 28 days", 100)], "“Last 28 days” is not all of a post's life; export again with Lifetime", 0),
    ],
)
def test_days_that_cannot_be_told_are_refused(lines: list[dict[str, object]], said: str, taken: int) -> None:
    found = parsed(*lines)
    assert [len(report.days.grown) for report in found.reports if report.days is not None] == [taken] * bool(taken)
    assert any(said in trouble.why for trouble in found.troubles), found.troubles


def test_a_day_that_is_not_over_is_no_whole_day() -> None:
    found = parsed(*days(*[10] * 21))  # 25 March has begun in California
    (report,) = (report for report in found.reports if report.days is not None)
    assert report.days is not None
    assert len(report.days.grown) == 20
    assert "2026-03-25 is not over yet" in found.troubles[-1].why


def test_days_are_refused_where_nothing_tells_day_from_month() -> None:
    found = read(table(files.FACEBOOK, days(100, 40)).encode(), NOW, PACIFIC)
    assert isinstance(found, Parsed)
    assert found.reports == ()
    assert "nothing in the file tells day from month" in found.troubles[0].why


# ------------------------------------------------------------------ what is kept


@pytest.fixture
async def app(tmp_path: Path, empty_database: Path, kept_worker: None) -> AsyncIterator[Application]:
    shutil.copy(empty_database, tmp_path / "eyeballs.db")
    config = Config(
        web=WebSection(base_url="https://go.example", host="127.0.0.1", port=0),
        storage=StorageSection(path=tmp_path / "eyeballs.db", backups=tmp_path / "backups"),
    )
    async with open_application(config, clock=FixedClock(NOW), charts=QuickCharts(), shard_count=1) as opened:
        await opened.db.write(
            lambda conn: servers.put(conn, Server(GUILD, add_policy=AddPolicy.EVERYONE, timezone="Europe/Berlin"))
        )
        yield opened


@pytest.fixture
def imports(app: Application) -> Imports:
    return app.services.imports


async def look(imports: Imports, *lines: dict[str, object]) -> Preview:
    found = await imports.preview(MAYAS, export(*lines))
    assert isinstance(found, Preview)
    return found


async def bring(imports: Imports, *lines: dict[str, object]) -> int:
    found = await look(imports, *lines)
    assert found.item is not None
    await imports.apply(MAYAS, found.item.id)
    return found.item.id


async def figures(app: Application) -> list[Figure]:
    """The snapshots of views of the post with days."""
    async with app.db.read() as conn:
        (post,) = [one for one in await posts.find(conn, GUILD) if one.platform_id == "122100000000000001"]
        return [one for one in await posts.find_figures(conn, GUILD, [post.id]) if one.metric == "views"]


async def growth(app: Application, count: int, first: dt.date = FIRST) -> list[int | None]:
    """The views of each of so many days in California, as every period's are read."""
    async with app.db.read() as conn:
        (post,) = [one for one in await posts.find(conn, GUILD) if one.platform_id == "122100000000000001"]
        found: list[int | None] = []
        for n in range(count):
            day = first + dt.timedelta(days=n)
            start, over = end(day - dt.timedelta(days=1)), end(day)
            told = told_of(post, await posts.figures_in(conn, GUILD, start, over, [post.id]))
            grown = told.grown("views", start, over, lambda *_span: 0)
            assert grown is None or not grown.is_estimate or day == FIRST
            found.append(None if grown is None else grown.growth)
    return found


async def test_each_days_growth_is_that_days(app: Application, imports: Imports) -> None:
    await bring(imports, *days(100, 40, 0, 25, 7))
    assert [(one.as_of, one.value) for one in await figures(app)] == [
        (end(FIRST + dt.timedelta(days=n)), value) for n, value in enumerate((100, 140, 140, 165, 172))
    ]
    assert await growth(app, 6) == [100, 40, 0, 25, 7, None]


async def test_the_same_days_again_change_nothing_and_longer_ones_add_what_is_new(
    app: Application, imports: Imports
) -> None:
    await bring(imports, *days(100, 40, 0))
    before = await figures(app)
    assert (await look(imports, *days(100, 40, 0))).item is None
    assert (await look(imports, *days(40, 0, first=FIRST + dt.timedelta(days=1)))).item is None
    later = await bring(imports, *days(0, 25, 7, first=FIRST + dt.timedelta(days=2)))
    assert await growth(app, 5) == [100, 40, 0, 25, 7]
    await imports.undo(MAYAS, later)
    assert await figures(app) == before


async def test_a_corrected_day_is_corrected_in_its_own_time(app: Application, imports: Imports) -> None:
    await bring(imports, *days(100, 40, 5))
    again = await bring(imports, *days(100, 55, 5))
    assert await growth(app, 3) == [100, 55, 5]
    await imports.undo(MAYAS, again)
    assert await growth(app, 3) == [100, 40, 5]
    await bring(imports, *days(100, 30, 5))
    assert await growth(app, 3) == [100, 30, 5]


async def test_days_in_the_middle_are_not_corrected_alone(app: Application, imports: Imports) -> None:
    await bring(imports, *days(100, 40, 5, 6))
    found = await look(imports, *days(55, first=FIRST + dt.timedelta(days=1)))
    assert "export it up to the last day again" in found.parsed.troubles[0].why
    await bring(imports, *days(55, 5, 6, first=FIRST + dt.timedelta(days=1)))
    assert await growth(app, 4) == [100, 55, 5, 6]


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 11), st.integers(1, 12)), max_size=8),
)
def test_whatever_is_brought_in_whichever_order_each_day_is_its_own(
    views: list[int], parts: list[tuple[int, int]]
) -> None:
    ends = [end(FIRST + dt.timedelta(days=n - 1)) for n in range(len(views) + 1)]
    known: dict[tuple[str, dt.datetime], int] = {}
    for first, after in parts:
        grown = tuple((ends[n + 1], {"views": views[n]}) for n in range(first, min(after, len(views))))
        if not grown:
            continue
        try:
            told = totals(Days(ends[first], first == 0, "", grown), known)
        except UnreadableError:
            assert first
            assert ("views", ends[first]) not in known
            continue
        known |= {(metric, at): total for at, metric, total in told}
        assert totals(Days(ends[first], first == 0, "", grown), known) == []
    before = 0
    for n in range(len(known)):  # what is known has no gap
        assert known["views", ends[n + 1]] - before == views[n]
        before = known["views", ends[n + 1]]


async def test_days_that_join_on_to_nothing_are_refused_with_what_to_export(app: Application, imports: Imports) -> None:
    later = FIRST + dt.timedelta(days=3)
    found = await look(imports, *days(25, 7, first=later))
    assert found.unreadable == 1
    assert "export every day from 2026-03-05 on, when it was published, or Lifetime" in found.parsed.troubles[0].why
    assert found.posts == 1, "the other one"
    await bring(imports, *days(25, 7, first=later))
    async with app.db.read() as conn:
        assert [post.platform_id for post in await posts.find(conn, GUILD)] == ["122100000000000009"]
    await bring(imports, *days(100, 40))
    assert (await look(imports, *days(25, 7, first=later))).unreadable == 1, "a day lies between"
    await bring(imports, *days(3, 25, 7, first=FIRST + dt.timedelta(days=2)))
    assert await growth(app, 5) == [100, 40, 3, 25, 7]


async def test_days_stand_beside_lifetime_totals(app: Application, imports: Imports) -> None:
    await bring(imports, line("Lifetime", 150))
    await bring(imports, *days(100, 40, 5))
    assert await growth(app, 3) == [100, 40, 5]
    assert [one.value for one in await figures(app)] == [100, 140, 145, 150]
    assert (await look(imports, *days(10, first=FIRST + dt.timedelta(days=21)))).unreadable


async def test_a_preview_of_days_says_what_becomes_of_them(world: World) -> None:
    world.move_to(NOW.isoformat())
    shown = await attach(world, export(*days(100, 40)))
    text = text_of(shown)
    assert "1 post by day: what a post grew by on a day is kept as that day's" in text
    assert "Reach is left out" in text
    await world.admin.click(answer_of(shown), label="Import")
    assert "Imported: Facebook, post by post\n2 new posts and 4 totals" in text_of(shown)
    refused = text_of(await attach(world, export(*days(25, first=dt.date(2026, 3, 20)))))
    assert "Nothing would change" in refused
    assert "these are single days, and what the post had before them isn't known" in refused
