"""Exports: who may have what, what is in them, and that another Eyeballs has the same numbers from them."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import dataclasses
import gzip
import io
import json
import os
import re
import stat
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy.dialects import sqlite
from yarl import URL

from bot import exports
from bot.clock import FixedClock
from bot.errors import NotFoundError, RefusedError
from bot.exports import ExportError, Exports, Form
from bot.insights.periods import Named
from bot.links.access import Actor
from bot.profiles.service import Profiles
from bot.profiles.views import Views
from bot.spreadsheets import safe, unsafe
from bot.stats.question import Metric, Question, Ranks, Scope, Subject, View
from bot.stats.service import Stats
from storage import addresses, links, posts, profiles, transfer
from storage.database import Database, plain_reader
from storage.ids import Ids
from storage.records import Address, State
from tests import mishaps
from tests.conftest import NOW, World, mismatches, text_of
from tests.profiled import any_link
from tests.sampled import CREATORS, GUILD
from tests.sampled import a_filled_database as _filled  # noqa: F401
from tests.waiting import until

MOST = 10 * 2**20
MANAGER = Actor(GUILD, CREATORS["maya"], manager=True)


async def exported(db: Database, subject: Subject, form: Form = Form.JSON, who: Actor = MANAGER) -> bytes:
    found = await Exports(db, FixedClock(NOW)).export(who, subject, form, MOST)
    assert found.file is not None
    with found.file as file:
        return file.read()


async def command(tmp_path: Path, *args: str) -> str:
    """`python -m bot ...` on the database `other.db`."""
    environment = os.environ | {
        "EYEBALLS_WEB__BASE_URL": "https://go.example",
        "EYEBALLS_STORAGE__PATH": str(tmp_path / "other.db"),
        "EYEBALLS_STORAGE__BACKUPS": str(tmp_path / "backups"),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *args),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said
    return said


def questions(link_ids: Iterable[int], post_ids: Iterable[int]) -> Iterator[Question]:
    """Every kind of question, about everything."""
    subjects = [Subject(Scope.SERVER, GUILD)]
    subjects += [Subject(Scope.CREATOR, id_) for id_ in CREATORS.values()]
    subjects += [Subject(Scope.LINK, id_) for id_ in link_ids]
    about_posts = [Subject(Scope.POST, id_) for id_ in post_ids]
    for subject in [*subjects, *about_posts]:
        yield Question(View.REPORT, (subject,), (Named.DAYS_28,))
    for choice in (Named.TODAY, Named.DAYS_7, Named.ALL):
        for subject in subjects[:8]:
            yield Question(View.REPORT, (subject,), (choice,))
            yield Question(View.HEATMAP, (subject,), (choice,))
            yield Question(View.SOURCES, (subject,), (choice,))
        for metric in Metric:
            yield Question(View.TOP, (subjects[0],), (choice,), metric)
    yield Question(View.TOP, (subjects[0],), (Named.DAYS_28,), Metric.CLICKS, Ranks.POSTS)
    yield Question(View.COMPARE, tuple(subjects[-3:]), (Named.DAYS_28,))


IGNORED = {"id", "created_by", "updated_at", "guild_id", "history_id", "import_id", "question"}


def plain(value: Any, names: dict[int, str]) -> Any:
    """An answer as comparable values, in which ids are names that hold in both databases."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {name: plain(part, names) for name, part in fields.items() if name not in IGNORED}
    if isinstance(value, dict):
        return sorted((str(plain(key, names)), plain(part, names)) for key, part in value.items())
    if isinstance(value, frozenset):  # of words, some with an id
        return sorted(
            re.sub(r"\d{9,}", lambda found: str(names.get(int(found[0]), found[0])), str(one)) for one in value
        )
    if isinstance(value, list | tuple):
        found = [plain(part, names) for part in value]
        return found if all(isinstance(part, int | None) for part in found) else sorted(found, key=str)
    if isinstance(value, int) and not isinstance(value, bool):
        return names.get(value, value)
    return value if isinstance(value, float | str | None | bool) else str(value)


async def answers(db: Database, clock: FixedClock) -> dict[str, Any]:
    """Every answer by its question."""
    stats = Stats(db, clock, URL("https://go.example"))
    async with db.read() as conn:
        every = list(State)
        of_links = {link.id: f"/{link.slug}" for link in await links.find(conn, GUILD, states=every)}
        of_posts = {
            post.id: f"{of_links.get(post.link_id or 0)}/{post.code or post.title}"
            for post in await posts.find(conn, GUILD)
        }
    names = of_links | of_posts
    assert len(set(names.values())) == len(names)
    found = {}
    for question in questions(of_links, of_posts):
        answer = await stats.answer(MANAGER, question, private=True)
        about = [names.get(subject.id, str(subject.id)) for subject in question.subjects]
        key = f"{question.view.name} {question.metric.name} {question.ranks.name} {question.choices} {about}"
        found[key] = plain(answer, names)
    return found


def differences(one: Any, other: Any, at: str = "") -> Iterator[str]:
    """Where two answers differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            yield from differences(one.get(key), other.get(key), f"{at}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{at}[{number}]")
    elif one != other:
        yield f"{at}: {one!r} -> {other!r}"


@pytest.mark.long
@pytest.mark.usefixtures("kept_worker")
async def test_another_eyeballs_gives_the_same_answers(filled: Database, tmp_path: Path) -> None:
    clock = FixedClock(NOW)
    before = await answers(filled, clock)
    for form in Form:
        path = tmp_path / f"out.{form.value}"
        path.write_bytes(await exported(filled, Subject(Scope.SERVER, GUILD), form))
        said = await command(tmp_path, "import", "file", str(path), "--server", str(GUILD), "--yes")
        assert "time zone Europe/Berlin" in said
        async with Database.open(tmp_path / "other.db") as other:
            after = await answers(other, clock)
            assert await mismatches(other) == []
        (tmp_path / "other.db").unlink()
        assert before.keys() == after.keys()
        differing = {key: list(differences(before[key], after[key])) for key in before if before[key] != after[key]}
        assert differing == {}, form
    whole = next(value for key, value in before.items() if key.startswith("REPORT") and "ALL" in key.upper())
    assert whole["report"]["now"]["unique_clicks"] > 1_000


@pytest.mark.usefixtures("kept_worker")
async def test_what_belongs_to_others_is_not_exported(filled: Database) -> None:
    maya = Actor(GUILD, CREATORS["maya"])
    with pytest.raises(RefusedError):
        await exported(filled, Subject(Scope.CREATOR, CREATORS["leo"]), who=maya)
    with pytest.raises(RefusedError):
        await exported(filled, Subject(Scope.SERVER, GUILD), who=maya)
    found = json.loads(await exported(filled, Subject(Scope.CREATOR, CREATORS["maya"]), who=maya))
    columns = found["tables"]["links"]["columns"]
    owners = {row[columns.index("creator_id")] for row in found["tables"]["links"]["rows"]}
    assert owners == {CREATORS["maya"]}
    links_at, pages_at = (found["tables"][name]["columns"].index("id") for name in ("links", "profiles"))
    pages = {row[pages_at] for row in found["tables"]["profiles"]["rows"]}
    assert len(pages) == 1
    mine = {row[links_at] for row in found["tables"]["links"]["rows"]} | pages
    for name in ("quarters", "days", "uniques", "audience", "set_aside"):
        at = found["tables"][name]["columns"].index("link_id")
        assert {row[at] for row in found["tables"][name]["rows"]} <= mine
    with pytest.raises(NotFoundError):
        await exported(filled, Subject(Scope.LINK, min(mine - pages)), who=Actor(GUILD + 1, 1, manager=True))


@pytest.mark.usefixtures("kept_worker")
async def test_csv_holds_no_formulas(filled: Database) -> None:
    data = await exported(filled, Subject(Scope.SERVER, GUILD), Form.CSV)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        for name in names:
            for row in csv.reader(io.StringIO(archive.read(name).decode())):
                assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    assert len(names) == 14


@given(st.text() | st.sampled_from(["＝1+1", "'＠SUM(1)", "\n=1", "x;=A1;y", ";;'@1", "x; =A1", " =1", "; ' =1"]))
def test_what_is_made_safe_comes_back(text: str) -> None:
    kept = safe(text)
    assert isinstance(kept, str)
    assert unsafe(kept) == text
    for cell in (part.lstrip(" \u00a0\u3000") for part in kept.split(";")):  # as where commas are decimal
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠"))


@pytest.mark.usefixtures("kept_worker")
async def test_a_large_export_is_compressed_or_named(filled: Database) -> None:
    own = Exports(filled, FixedClock(NOW))
    whole = Subject(Scope.SERVER, GUILD)
    plain = await own.export(MANAGER, whole, Form.JSON, MOST)
    packed = await own.export(MANAGER, whole, Form.JSON, plain.size - 1)
    assert packed.name.endswith(".json.gz")
    assert packed.file is not None
    assert plain.file is not None
    with packed.file, plain.file:
        assert gzip.decompress(packed.file.read()) == plain.file.read()
    assert (await own.export(MANAGER, whole, Form.JSON, 1000)).file is None


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder for temporary files, here and in processes that are started."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def workers_of(pid: int) -> list[Path]:
    """The processes that were started to work for one."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = (path / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == pid and b"spawn_main" in (path / "cmdline").read_bytes():
                found.append(path)
    return found


@pytest.mark.parametrize(("what", "seconds"), [(mishaps.stop, 3.0), (mishaps.die, 60.0)], ids=["hangs", "dies"])
async def test_an_export_that_hangs_or_dies_is_ended_and_its_asker_told(
    filled: Database, temporary: Path, monkeypatch: pytest.MonkeyPatch, what: Any, seconds: float
) -> None:
    monkeypatch.setattr(exports, "write_file", what)
    with pytest.raises(ExportError, match="Try again"):
        await Exports(filled, FixedClock(NOW), seconds).export(MANAGER, Subject(Scope.SERVER, GUILD), Form.JSON, MOST)
    assert left_in(temporary) == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux shows processes so")
async def test_an_export_that_nobody_waits_for_any_more_leaves_no_process_and_no_file(
    filled: Database, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "write_file", mishaps.stop)
    kept = set(workers_of(os.getpid()))
    subject = Subject(Scope.SERVER, GUILD)
    work = Exports(filled, FixedClock(NOW)).export(MANAGER, subject, Form.JSON, MOST)
    asked = asyncio.create_task(work)
    await until(lambda: bool(set(workers_of(os.getpid())) - kept))
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await until(lambda: not set(workers_of(os.getpid())) - kept)
    assert left_in(temporary) == []


async def test_an_export_has_no_name_and_is_its_owners_alone(
    filled: Database, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await Exports(filled, FixedClock(NOW)).export(MANAGER, Subject(Scope.SERVER, GUILD), Form.JSON, MOST)
    assert found.file is not None
    with found.file as file:
        about = os.fstat(file.fileno())
        assert (stat.S_IMODE(about.st_mode), about.st_nlink, about.st_size) == (0o600, 0, found.size)
    assert left_in(temporary) == []


async def test_a_creators_export_reads_no_counts_of_others(filled: Database) -> None:
    """Of a few links each day and link is looked up, in each table of counts; and it is what the whole one has."""
    with plain_reader(filled.path) as reader:
        scope = transfer.Scope(GUILD, creator_id=CREATORS["maya"])
        ids = transfer._link_ids(reader, scope)
        plans = []
        for name in transfer.TABLES:
            mine = [row for part in transfer.rows(reader, scope, name) for row in part]
            if name in transfer.NOUNS:
                continue
            at = [column.name for column in transfer.columns(name)].index("link_id")
            every = [row for part in transfer.rows(reader, transfer.Scope(GUILD), name) for row in part]
            assert mine == [row for row in every if row[at] in ids]
            build = (transfer._quarters, name, 4) if name in transfer.QUARTERS else (transfer._days, name, 4, 64)
            text = str(build[0](*build[1:]).compile(dialect=sqlite.dialect()))  # type: ignore[operator]
            cursor = reader._connection.execute(f"EXPLAIN QUERY PLAN {text}", [0] * text.count("?"))
            plans += [row[3] for row in cursor]
    assert plans
    for plan in plans:
        assert re.search(r"\(guild_id=\? AND (link_id=\?|day=\? AND link_id=\?)", plan), plan


async def pages_of(db: Database) -> list[tuple[str, bool, str, list[str], bool]]:
    """The server's profile pages: handle, published or not, line, choices for links, picture or not."""
    async with db.read() as conn:
        of_links = {link.id: link.slug for link in await links.find(conn, GUILD, states=list(State))}
        found = []
        for creator_id in CREATORS.values():
            page = await profiles.get(conn, GUILD, creator_id)
            if page is not None:
                chosen = [
                    f"{of_links[one.link_id]} {one.rank} {one.heading} {one.pinned} {one.hidden}"
                    for one in await profiles.entries(conn, GUILD, creator_id)
                ]
                picture = await profiles.avatar(conn, GUILD, creator_id)
                found.append((page.handle, page.published, page.line, chosen, picture is not None))
    return found


@pytest.mark.usefixtures("kept_worker")
async def test_profile_pages_come_along_and_are_taken_back(filled: Database, tmp_path: Path) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (200, 100), "teal").save(picture, "PNG")
    async with filled.read() as conn:
        maya = await profiles.get(conn, GUILD, CREATORS["maya"])
    assert maya is not None
    clock = FixedClock(NOW)
    own = Profiles(filled, clock, Ids(lambda: NOW.timestamp()), URL("https://go.example"), Views(filled), any_link)
    await own.set_up(MANAGER, maya.handle, "Maya", maya.line, avatar=picture.getvalue())
    before = await pages_of(filled)
    assert len(before) > 1
    assert any(chosen for *_rest, chosen, _picture in before)
    written = json.loads(await exported(filled, Subject(Scope.SERVER, GUILD)))
    for name in transfer.TABLES.keys() - transfer.NOUNS.keys():
        written["tables"][name]["rows"] = []  # what was counted comes along elsewhere, and takes longer than all else
    path = tmp_path / "out.json"
    path.write_text(json.dumps(written))

    async with Database.open(tmp_path / "other.db") as other:
        await other.write(lambda conn: addresses.add(conn, Address(f"@{maya.handle}", GUILD + 1, 1)))
    said = await command(tmp_path, "import", "file", str(path), "--server", str(GUILD), "--yes")
    assert f"The handle @{maya.handle} can't be had here; that page becomes @{maya.handle}-2." in said
    async with Database.open(tmp_path / "other.db") as other:
        handles = [f"{handle}-2" if handle == maya.handle else handle for handle, *_rest in before]
        assert await pages_of(other) == [  # nobody here has asked for them to be published
            (handle, False, *rest) for handle, (_h, _published, *rest) in zip(handles, before, strict=True)
        ]
        async with other.read() as conn:
            assert await addresses.get(conn, f"@{maya.handle}-2") is not None

    await command(tmp_path, "import", "undo", "--server", str(GUILD), "--yes")
    async with Database.open(tmp_path / "other.db") as other:
        assert await pages_of(other) == []
        async with other.read() as conn:
            assert await addresses.get(conn, f"@{maya.handle}-2") is None
            assert await addresses.get(conn, f"@{maya.handle}") is not None
            assert await profiles.avatar(conn, GUILD, CREATORS["maya"]) is None


async def test_an_export_waits_for_its_servers_turn_and_says_its_place(world: World) -> None:
    await world.add_link("summer")

    def told(text: str) -> bool:
        return any(text in str(request.json) for request in world.env.http_requests)

    async def work() -> None:
        async with world.app.services.turns.turn(world.guild.id):
            await done.wait()

    done = asyncio.Event()
    others = [asyncio.create_task(work()) for _n in range(2)]
    await asyncio.sleep(0)
    asked = asyncio.create_task(world.admin.slash(world.channel, "export"))
    await until(lambda: told("you are number 2 in the queue"))
    assert not asked.done()
    done.set()
    assert "Everything that these numbers are made of" in text_of(await asked)
    assert told("Your turn has come")
    await asyncio.gather(*others)
