"""Importing exports: previewed, kept as a whole or not at all, the same twice changes nothing, and a way back."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from bot.app import Application, open_application
from bot.clock import FixedClock
from bot.config import Config, StorageSection, WebSection
from bot.errors import InvalidError, NotFoundError, RefusedError
from bot.imports.match import By, Index
from bot.imports.reader import FileReader
from bot.imports.service import Imports, Preview
from bot.imports.values import Daily, Report
from bot.insights.benchmark import Measure, PeerPost, benchmark
from bot.links.access import Actor
from storage import imports as store
from storage import posts, servers
from storage.imports import KnownPost
from storage.records import IMPRESSIONS, VIEWS, AddPolicy, Figure, ImportState, Post, Server
from storage.schema import figures as figures_table
from tests import export_files as files
from tests import mishaps
from tests.conftest import NOW, QuickCharts, World, answer_of, text_of
from tests.export_files import table

GUILD, MAYA, LEO = 1, 11, 12
maya = Actor(GUILD, MAYA)
leo = Actor(GUILD, LEO)
boss = Actor(GUILD, 13, manager=True)


def tweet(n: int, **changed: object) -> dict[str, object]:
    return {
        **{"Post id": 300_000_000_000_000_000 + n, "Date": "Tue, Mar 3, 2026", "Post text": f"post {n}"},
        **{"Post Link": f"https://x.com/maya/status/{300_000_000_000_000_000 + n}"},
        **{"Impressions": 1000 + n, "Likes": n},
        **changed,
    }


def export(*rows: dict[str, object]) -> bytes:
    return table(files.X, rows).encode()


@pytest.fixture
async def app(tmp_path: Path, empty_database: Path, clock: FixedClock, kept_worker: None) -> AsyncIterator[Application]:
    shutil.copy(empty_database, tmp_path / "eyeballs.db")
    config = Config(
        web=WebSection(base_url="https://go.example", host="127.0.0.1", port=0),
        storage=StorageSection(path=tmp_path / "eyeballs.db", backups=tmp_path / "backups"),
    )
    async with open_application(config, clock=clock, charts=QuickCharts(), shard_count=1) as opened:
        await opened.db.write(lambda conn: servers.put(conn, Server(GUILD, add_policy=AddPolicy.EVERYONE)))
        yield opened


@pytest.fixture
def imports(app: Application) -> Imports:
    return app.services.imports


async def preview(imports: Imports, data: bytes, actor: Actor = maya, **more: Any) -> Preview:
    found = await imports.preview(actor, data, **more)
    assert isinstance(found, Preview)
    return found


async def bring(imports: Imports, data: bytes, actor: Actor = maya, **more: Any) -> int:
    found = await preview(imports, data, actor, **more)
    assert found.item is not None
    await imports.apply(actor, found.item.id)
    return found.item.id


async def state(app: Application) -> tuple[list[Post], list[Figure]]:
    """Everything that is visible of posts and their totals."""
    async with app.db.read() as conn:
        found = await posts.find(conn, GUILD)
        return sorted(found, key=lambda post: post.id), await posts.find_figures(conn, GUILD)


async def totals(app: Application) -> dict[tuple[str, str], int]:
    """(title, metric) -> the latest total."""
    found, told = await state(app)
    titles = {post.id: post.title for post in found}
    return {(titles[figure.post_id], figure.metric): figure.value for figure in told}


async def rows(app: Application) -> int:
    """Rows of figures, seen or not."""
    async with app.db.read() as conn:
        return (await conn.execute(sa.select(sa.func.count()).select_from(figures_table))).scalar_one()


async def registered(app: Application, **changed: Any) -> Post:
    """A post of Maya's that was there before."""
    post = Post(
        **{
            **{"guild_id": GUILD, "id": 77, "creator_id": MAYA, "link_id": None, "code": None, "platform": "x"},
            **{"kind": "post", "created_by": MAYA, "created_at": NOW - dt.timedelta(days=8), **changed},
        }
    )
    await app.db.write(lambda conn: posts.add(conn, post))
    return post


# ------------------------------------------------------------------ everything, once, and back


async def test_a_preview_changes_nothing_and_an_import_everything(app: Application, imports: Imports) -> None:
    before = await state(app)
    found = await preview(imports, export(tweet(1), tweet(2), tweet(3, Impressions="many")))
    assert (found.posts, found.unreadable, found.tally.new, found.tally.figures) == (2, 1, 2, 4)
    assert found.parsed.troubles[0].line == 4
    assert await state(app) == before
    assert found.item is not None
    done = await imports.apply(maya, found.item.id)
    assert (done.item.new_posts, done.item.figures) == (2, 4)
    (first, second), told = await state(app)
    assert (first.title, first.link_id, first.code, first.platform_id) == ("post 1", None, None, "300000000000000001")
    assert second.published_at == dt.datetime(2026, 3, 3, tzinfo=dt.UTC)
    assert {figure.as_of for figure in told} == {NOW}
    assert await totals(app) == {
        **{("post 1", "impressions"): 1001, ("post 1", "likes"): 1},
        **{("post 2", "impressions"): 1002, ("post 2", "likes"): 2},
    }


async def test_the_same_file_twice_changes_nothing(app: Application, imports: Imports, clock: FixedClock) -> None:
    data = export(tweet(1), tweet(2))
    await bring(imports, data)
    before = await state(app)
    clock.move(days=1)
    again = await preview(imports, data)
    assert again.item is None
    assert (again.tally.unchanged, again.tally.new, again.tally.figures) == (2, 0, 0)
    assert await state(app) == before


async def test_larger_totals_are_kept_as_another_snapshot(
    app: Application, imports: Imports, clock: FixedClock
) -> None:
    await bring(imports, export(tweet(1), tweet(2)))
    clock.move(days=1)
    found = await preview(imports, export(tweet(1, Impressions=5000), tweet(2), tweet(3)))
    tally = found.tally
    assert (tally.matched, tally.new, tally.replaced, tally.lower, tally.unchanged) == ({By.PERMALINK: 2}, 1, 1, 0, 1)
    assert tally.known_samples[0].changes == {"impressions": (1001, 5000)}
    assert found.item is not None
    await imports.apply(maya, found.item.id)
    _posts, told = await state(app)
    assert [f.value for f in told if f.metric == "impressions"][-2:] == [5000, 1003]
    assert len(told) == 7


async def test_an_older_export_fills_in_behind(app: Application, imports: Imports) -> None:
    await bring(imports, export(tweet(1, Impressions=5000)))
    lower = await preview(imports, export(tweet(1, Impressions=4000)))
    assert lower.tally.lower == 1
    await bring(imports, export(tweet(1, Impressions=4000)), as_of="3 days ago")
    assert (await totals(app))["post 1", "impressions"] == 5000
    with pytest.raises(InvalidError, match="still to come"):
        await imports.preview(maya, export(tweet(1)), as_of="2030-01-01")


async def test_undo_brings_back_the_state_before(app: Application, imports: Imports, clock: FixedClock) -> None:
    await registered(app, title="post 1")
    await registered(app, id=78, permalink="https://twitter.com/maya/status/300000000000000002?s=20")
    await bring(imports, export(tweet(5)))
    before = await state(app)
    clock.move(days=1)
    item = await bring(imports, export(tweet(1), tweet(2), tweet(3), tweet(5, Impressions=9999)))
    assert await state(app) != before
    assert [post.platform_id[-1:] for post in (await state(app))[0]] == ["1", "2", "5", "3"]
    undone = await imports.undo(maya, item)
    assert undone.kept_posts == 0
    assert await state(app) == before
    assert await rows(app) == len(before[1])
    with pytest.raises(NotFoundError):
        await imports.undo(maya, item)
    with pytest.raises(NotFoundError):
        await imports.apply(maya, item)


async def test_imports_are_undone_in_their_order(app: Application, imports: Imports, clock: FixedClock) -> None:
    first = await bring(imports, export(tweet(1)))
    clock.move(hours=1)
    second = await bring(imports, export(tweet(1, Impressions=2000)))
    with pytest.raises(RefusedError, match="imported again after that"):
        await imports.undo(maya, first)
    assert (await imports.latest(maya)).id == second
    await imports.undo(maya, second)
    await imports.undo(maya, first)
    assert await state(app) == ([], [])
    with pytest.raises(NotFoundError):
        await imports.latest(maya)


async def test_posts_that_are_used_by_now_outlive_an_undo(app: Application, imports: Imports) -> None:
    item = await bring(imports, export(tweet(1), tweet(2)))
    (first, _second), _told = await state(app)
    own = Figure(GUILD, 10**18, first.id, "impressions", 7000, NOW, MAYA, NOW)
    await app.db.write(lambda conn: posts.add_figure(conn, own))
    assert (await imports.undo(maya, item)).kept_posts == 1
    found, told = await state(app)
    assert [post.id for post in found] == [first.id]
    assert told == [own]


# ------------------------------------------------------------------ which post it is


async def test_matches_by_permalink_then_id_then_title_and_day(app: Application, imports: Imports) -> None:
    await registered(app, id=71, permalink="https://mobile.twitter.com/maya/status/300000000000000001")
    await registered(app, id=72, platform_id="300000000000000002")
    await registered(app, id=73, title="Post 3!", published_at=dt.datetime(2026, 3, 3, 23, tzinfo=dt.UTC))
    await registered(app, id=74, title="post 4", published_at=dt.datetime(2026, 2, 3, tzinfo=dt.UTC))
    await registered(app, id=75, title="post 5", creator_id=LEO)
    await registered(app, id=76, title="post 6", platform="instagram")
    found = await preview(imports, export(*map(tweet, range(1, 7))))
    assert found.tally.matched == {By.PERMALINK: 1, By.ID: 1, By.TITLE: 1}
    assert found.tally.new == 3
    assert (await preview(imports, export(tweet(5)), boss)).tally.matched  # a manager's file may be on anybody's posts


def test_a_title_that_two_share_is_no_proof() -> None:
    at = dt.datetime(2026, 3, 3, tzinfo=dt.UTC)

    def known(id_: int) -> KnownPost:
        return KnownPost(id_, MAYA, "", "", "Good morning", at, at)

    def report(line: int) -> Report:
        return Report(line, "post", str(line), "", "Good morning", at, {"likes": 1})

    def found(posts: int, reports: int) -> bool:
        index = Index("x", [], map(known, range(posts)), ZoneInfo("UTC"))
        index.announce(map(report, range(reports)))
        return index.find(report(0), {}) is not None

    assert found(1, 1)
    assert not found(2, 1)
    assert not found(1, 2)


# ------------------------------------------------------------------ who may


async def test_everyone_sees_only_their_own(app: Application, imports: Imports) -> None:
    found = await preview(imports, export(tweet(1)))
    assert found.item is not None
    with pytest.raises(NotFoundError):
        await imports.apply(leo, found.item.id)
    with pytest.raises(NotFoundError):
        await imports.apply(Actor(2, MAYA, manager=True), found.item.id)
    with pytest.raises(RefusedError, match="only managers"):
        await imports.preview(leo, export(tweet(1)), creator_id=MAYA)
    theirs = await preview(imports, export(tweet(1)), boss, creator_id=LEO)
    assert theirs.item is not None
    await imports.apply(boss, theirs.item.id)
    assert [post.creator_id for post in (await state(app))[0]] == [LEO]
    await app.db.write(lambda conn: servers.put(conn, Server(GUILD, add_policy=AddPolicy.MANAGERS)))
    with pytest.raises(RefusedError):
        await imports.preview(maya, export(tweet(1)))


# ------------------------------------------------------------------ nothing halfway


async def test_nobody_sees_half_an_import(app: Application, imports: Imports, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await preview(imports, export(*map(tweet, range(1200))))
    assert found.item is not None
    seen: list[int] = []

    async def look(done: float) -> None:
        seen.append(len((await state(app))[0]) + len((await state(app))[1]))

    await imports.apply(maya, found.item.id, look)
    assert seen == [0] * 5
    assert len((await state(app))[0]) == 1200


async def test_a_failure_midway_leaves_nothing_and_can_be_tried_again(
    app: Application, imports: Imports, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registered(app, title="post 1")
    before = await state(app)
    found = await preview(imports, export(*map(tweet, range(1200))))
    assert found.item is not None

    async def fail(done: float) -> None:
        if done > 0.5:
            raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        await imports.apply(maya, found.item.id, fail)
    assert await state(app) == before
    assert await rows(app) == 0
    await imports.apply(maya, found.item.id)
    assert len((await state(app))[0]) == 1200


async def test_what_a_crash_left_is_finished(app: Application, imports: Imports, clock: FixedClock) -> None:
    """Every state that a process may have died in, as the next one finds it."""
    await registered(app, title="post 1")
    before = await state(app)
    found = await preview(imports, export(*map(tweet, range(600))))
    item = found.item
    assert item is not None
    await imports._move(item, ImportState.STAGING)
    await imports._stage(maya, item, None)
    assert [len(each) for each in await state(app)] == [1, 0]
    await imports.tidy()
    assert await state(app) == before
    assert await rows(app) == 0
    await imports._move(item, ImportState.STAGING)
    await imports._stage(maya, item, None)
    await imports.apply(maya, item.id)  # the button, pressed again
    assert len((await state(app))[0]) == 600
    async with app.db.read() as conn:
        done = await store.get(conn, GUILD, item.id)
    assert done is not None
    await imports._move(done, ImportState.UNDOING)
    assert len((await state(app))[1]) == 0
    await imports.tidy()
    assert await state(app) == before
    assert await rows(app) == 0


async def test_previews_are_forgotten_after_a_day_or_when_cancelled(
    app: Application, imports: Imports, clock: FixedClock
) -> None:
    for end in ("cancel", "wait"):
        found = await preview(imports, export(tweet(1)))
        assert found.item is not None
        if end == "cancel":
            await imports.cancel(maya, found.item.id)
        else:
            clock.move(hours=25)
            await imports.tidy()
        with pytest.raises(NotFoundError):
            await imports.apply(maya, found.item.id)
        async with app.db.read() as conn:
            assert await store.chunks(conn, found.item) == []


async def test_confirmed_twice_at_once_it_is_imported_once(app: Application, imports: Imports) -> None:
    found = await preview(imports, export(tweet(1)))
    assert found.item is not None
    results = await asyncio.gather(*(imports.apply(maya, found.item.id) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(result, InvalidError) for result in results) == 2
    assert len((await state(app))[0]) == 1


# ------------------------------------------------------------------ what can't be read


async def test_hostile_files_change_nothing(app: Application, imports: Imports) -> None:
    bomb = files.zipped({"x.csv": b"0" * (90 * 2**20)})
    for data in (
        bomb,
        b"\0" * 1000,
        b"," * 10_000_000,
        b"\xff\xfe" + b"\0" * 999,
        bytes(range(256)) * 40,
        b"a,b\n1,2\n",
    ):
        with pytest.raises(InvalidError, match="Nothing was imported"):
            await imports.preview(maya, data)
    with pytest.raises(InvalidError, match="10 MiB is the limit"):
        await imports.preview(maya, b" " * (10 * 2**20 + 1))
    assert isinstance(await imports.preview(maya, (files.FILES / "x-by-day-en.csv").read_bytes()), Daily)
    assert await state(app) == ([], [])


@pytest.mark.parametrize(
    ("what", "seconds", "said"),
    [(mishaps.exhaust, 60, "more memory"), (mishaps.die, 60, "more memory"), (mishaps.sleep, 1, "a minute")],
)
async def test_a_reader_that_dies_or_hangs_is_ended(
    monkeypatch: pytest.MonkeyPatch, what: Any, seconds: float, said: str
) -> None:
    monkeypatch.setattr("bot.imports.reader.read_packed", what)
    with pytest.raises(InvalidError, match=said):
        await FileReader(seconds).read(b"a", NOW, "UTC")


def test_displays_are_compared_with_those_of_the_same_word() -> None:
    def peer(n: int, views: int, metric: str = VIEWS) -> PeerPost:
        return PeerPost(n, MAYA, "instagram", "reel", NOW - dt.timedelta(days=9), 0, views, metric)

    others = [peer(n, 100 * n) for n in range(1, 7)]
    found = benchmark(peer(9, 450), others, NOW, Measure.DISPLAYS)
    assert found is not None
    assert found.own is not None
    assert found.own.percentile == 4 / 6
    assert benchmark(peer(9, 450, IMPRESSIONS), others, NOW, Measure.DISPLAYS) is None, (
        "nor with what another word counts"
    )


# ------------------------------------------------------------------ as people do it


TWEETS = [tweet(n, **{"Date": "Tue, Mar 3, 2026", "Post text": f"Look {n}"}) for n in range(1, 4)]


async def attach(world: World, data: bytes, by: Any = None, name: str = "account_analytics.csv", **options: Any) -> Any:
    return await (by or world.admin).slash(world.channel, "impressions import", file=(name, data), **options)


async def test_a_creator_brings_an_export(world: World) -> None:
    await world.add_link()
    link = {"permalink": "https://x.com/maya/status/300000000000000001", "title": "Launch *day*"}
    link["published"] = "2026-03-03"  # the id is one of 2013
    await world.admin.slash(world.channel, "post add", link="summer", platform="x", kind="post", **link)
    shown = await attach(world, export(*TWEETS, tweet(9, Impressions="lots")), name="holiday.jpg")
    text = text_of(shown)
    assert shown.ephemeral
    assert "X, post by post: 3 posts" in text
    assert "1 post is known: 1 by permalink" in text
    assert "2 posts are new: kept, without a tracked link" in text
    assert "6 totals are told for the first time" in text
    assert r"Launch \*day\*" in text
    assert "left out (1): 5: Impressions\\: “lots” is no whole number" in text
    await world.env.restart_bot(world.app.client())
    await world.admin.click(answer_of(shown), label="Import")
    assert "Imported: X, post by post\n2 new posts and 6 totals" in text_of(shown)
    (choice, *_rest) = await world.admin.autocomplete(world.channel, "stats post", "post", "summer")
    stats = text_of(await world.admin.slash(world.channel, "stats post", post=choice["value"]))
    assert "**1,001**\n1,001 impressions" in stats
    again = text_of(await attach(world, export(*TWEETS)))
    assert "Nothing would change" in again
    await world.admin.click(answer_of(shown), label="Undo")
    assert "Taken back: X, post by post\nX has the posts and totals it had before." in text_of(shown)
    assert "2 posts are new" in text_of(await attach(world, export(*TWEETS)))


async def test_a_preview_names_totals_that_are_far_from_the_last(world: World) -> None:
    await world.admin.click(answer_of(await attach(world, export(*TWEETS))), label="Import")
    slips = [tweet(n, Impressions=(1000 + n) * 100) for n in range(1, 9)]
    text = text_of(await attach(world, export(*slips)))
    assert "100 times more, or less, than the last total (3): 2: X post “Look 1”" in text
    assert "1,001 → 100,100 impressions" in text
    assert text.index("than the last total") < text.index("Known posts")
    near = [tweet(n, Impressions=(1000 + n) * 99) for n in range(1, 4)]
    assert "than the last total" not in text_of(await attach(world, export(*near)))


async def test_the_totals_that_are_far_from_the_last_are_counted_and_some_kept(imports: Imports) -> None:
    await bring(imports, export(*(tweet(n) for n in range(1, 301))))
    found = await preview(imports, export(*(tweet(n, Impressions=n % 10) for n in range(1, 301)), tweet(301)))
    assert found.tally.implausible == 300, "whatever packet they come in"
    assert [sample.report.line for sample in found.tally.implausible_samples] == [2, 3, 4, 5, 6]
    assert [dict(sample.changes) for sample in found.tally.implausible_samples[:2]] == [
        {"impressions": (1001, 1)},
        {"impressions": (1002, 2)},
    ]


async def test_cancel_and_undo_by_command(world: World) -> None:
    shown = await attach(world, export(*TWEETS))
    await world.admin.click(answer_of(shown), label="Cancel")
    assert "Nothing was imported." in text_of(shown)
    assert "no import to take back" in text_of(await world.admin.slash(world.channel, "impressions undo"))
    shown = await attach(world, export(*TWEETS), **{"as-of": "yesterday"})
    await world.admin.click(answer_of(shown), label="Import")
    last = await world.admin.slash(world.channel, "impressions undo")
    assert "Last import: X, post by post\n3 new posts and 6 totals" in text_of(last)
    await world.admin.click(answer_of(last), label="Undo")
    assert "Taken back" in text_of(last)
    await world.admin.click(answer_of(shown), label="Undo")
    assert "taken back already" in text_of(await world.admin.click(answer_of(shown), label="Undo"))


async def test_who_may_not_add_posts_may_not_import(world: World) -> None:
    assert "may not add links" in text_of(await attach(world, export(*TWEETS), by=world.sam))


async def test_files_that_hold_no_posts_are_answered(world: World) -> None:
    by_day = 'sep=,\n"Views"\n"Date","Primary"\n"2026-02-22T00:00:00","1200"\n"2026-02-23T00:00:00","800"\n'
    text = text_of(await attach(world, by_day.encode("utf-16")))
    assert "Recognised: Instagram or Facebook, one metric by day" in text
    assert "from 22 Feb 2026 to 23 Feb 2026 (2 days), and none of single posts.\nIn all: Primary 2,000." in text
    assert "Lifetime" in text
    assert "Nothing was imported. It is no export" in text_of(await attach(world, b"name,amount\nMaya,3\n"))
    assert "10 MiB is the limit" in text_of(await attach(world, b" " * (10 * 2**20 + 1)))
    only_bad = text_of(await attach(world, export(tweet(1, Likes="x"))))
    assert "no post that can be read" in only_bad


async def test_many_unreadable_lines_come_as_a_file(world: World) -> None:
    shown = await attach(world, export(*TWEETS, *(tweet(n, Likes="?") for n in range(10, 40))))
    assert "left out (30)" in text_of(shown)
    assert [file.filename for file in answer_of(shown).attachments] == ["unreadable-lines.txt"]
    await world.admin.click(answer_of(shown), label="Import")
    assert "Imported" in text_of(shown)
