"""When posts were published, as the platforms' ids of them tell: held against real posts whose time is known."""

from __future__ import annotations

import dataclasses
import datetime as dt
import string
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command as alembic_command
from hypothesis import given
from hypothesis import strategies as st

from bot.imports.eyeballs import Export, nouns
from bot.links.permalinks import read_permalink
from bot.links.publication import published_by_id
from storage import migrate, posts
from storage.database import Database
from storage.ids import Ids
from storage.records import History, Post, Service

NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
DISCORD = dt.datetime(2015, 1, 1, tzinfo=dt.UTC)
META = dt.datetime.fromtimestamp(1_314_220_021_721 / 1000, dt.UTC)
X = dt.datetime.fromtimestamp(1_288_834_974_657 / 1000, dt.UTC)
UNIX = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
BASE64URL = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
SORTABLE = "234567" + string.ascii_lowercase


def at(address: str, now: dt.datetime = NOW) -> dt.datetime | None:
    told = read_permalink(address)
    assert told is not None
    return published_by_id(told.platform, told.platform_id, now)


REAL = [
    # Times as the platforms told them: the tests of yt-dlp (Instagram, Threads, TikTok), of twitter-snowflake
    # readers, of LinkedIn scrapers; docs of @atcute/tid and of discord-snowflake. `early`: what an upload took.
    ("https://instagram.com/p/aye83DjauH/?foo=bar#abc", 1_371_748_545, 0),
    ("https://www.instagram.com/p/BA-pQFBG8HZ/?taken-by=britneyspears", 1_453_760_977, 0),
    ("https://www.instagram.com/reel/C8T_1NRpPG4/", 1_718_617_968, 21),
    ("https://www.threads.net/@tntsportsbr/post/C6cqebdCfBi", 1_714_613_811, 38),
    ("https://www.threads.com/@zuck/post/DHV7vTivqWD", 1_742_305_717, 486),
    ("https://www.tiktok.com/@ben_brainard/video/6858321293117312262", 1_596_827_366, 5),
    ("https://twitter.com/realDonaldTrump/status/1226595698793230348", 1_581_278_178, 0),
    ("https://www.linkedin.com/posts/ibrain-activity-7402746946853253120-EGae", 1_764_952_408, 0),
    ("https://www.linkedin.com/feed/update/urn:li:ugcPost:7402746945318146049/", 1_764_952_408, 0),
    ("https://bsky.app/profile/maya.example/post/3l25zusnsfctk", 1_724_171_495, 0),
    ("https://discord.com/channels/1/2/90339695967350784", 1_441_609_061, 0),
]


@pytest.mark.parametrize(("address", "seconds", "early"), REAL)
def test_real_posts_are_as_old_as_their_platform_says(address: str, seconds: int, early: int) -> None:
    found = at(address)
    assert found is not None
    assert int(found.timestamp()) == seconds - early


def test_a_story_has_its_number_in_the_address_and_a_private_post_28_letters_more() -> None:
    public = at("https://www.instagram.com/p/C8T_1NRpPG4/")
    assert public is not None
    assert at("https://www.instagram.com/stories/maya/3392335677657248184/") == public
    assert at(f"https://www.instagram.com/p/C8T_1NRpPG4{'aB-_' * 7}/") == public


TIMELESS = [
    ("instagram", "17900000000000001"),  # Meta's exports count otherwise
    ("instagram", "C8abc"),
    ("instagram", "C8T_1NRpPG4aB"),
    ("threads", "aye83DjauH"),  # years before there was Threads
    ("x", "20"),
    ("x", "29700859247"),  # the last ids were counted, not made of the time
    ("x", "9223372036854775807"),
    ("discord", "3"),
    ("discord", "175928847299117"),
    ("linkedin", "724"),
    ("linkedin", "a-title-of-an-article"),
    ("tiktok", "6100000000000000000"),  # 2015
    ("tiktok", "99999999999999999999"),
    ("bluesky", "self"),
    ("bluesky", "2222222222222"),
    ("bluesky", "zzzzzzzzzzzzz"),
    ("youtube", "dQw4w9WgXcQ"),
    ("facebook", "122100000000000001"),
    ("reddit", "1abcde"),
    ("x", ""),
    ("x", "١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨٩"),
]


@pytest.mark.parametrize(("platform", "id_"), TIMELESS)
def test_ids_that_tell_no_time(platform: str, id_: str) -> None:
    assert published_by_id(platform, id_, NOW) is None


def encoded(platform: str, moment: dt.datetime, low: float) -> str:
    """An id as the platform gives it at a moment, with something in its lower bits."""
    since, unit, bits, digits = {
        "x": (X, 1_000, 22, string.digits),
        "discord": (DISCORD, 1_000, 22, string.digits),
        "linkedin": (UNIX, 1_000, 22, string.digits),
        "tiktok": (UNIX, 1_000_000, 32, string.digits),
        "instagram": (META, 1_000, 23, BASE64URL),
        "threads": (META, 1_000, 23, BASE64URL),
        "bluesky": (UNIX, 1, 10, SORTABLE),
    }[platform]
    number = (moment - since) // dt.timedelta(microseconds=unit) << bits | int(low * 2**bits)
    text = ""
    while number:
        number, digit = divmod(number, len(digits))
        text = digits[digit] + text
    return text


IDS = [(told.platform, told.platform_id) for address, *_ in REAL if (told := read_permalink(address))] + TIMELESS
IDS.append(("instagram", "3392335677657248184"))


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of before, brought up to date: a post for each id, and one whose time was typed."""
    path = tmp_path_factory.mktemp("published") / "old.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as conn:
        config = migrate._config()
        config.attributes["connection"] = conn
        alembic_command.upgrade(config, "0018")
        conn.exec_driver_sql(
            "INSERT INTO posts (guild_id, id, creator_id, platform, platform_id, kind, state, created_by, created_at,"
            " published_at) VALUES (1, ?, 2, ?, ?, 'post', 'active', 2, 0, ?)",
            [(n, *one, None) for n, one in enumerate(IDS)] + [(len(IDS), *IDS[0], 5_000)],
        )
        alembic_command.upgrade(config, "head")
    engine.dispose()
    return path


async def test_posts_from_before_learn_when_they_were_published(migrated: Path) -> None:
    async with Database.open(migrated) as db, db.read() as conn:
        found = {post.id: post.published_at for post in await posts.find(conn, 1)}
    now = dt.datetime.now(dt.UTC)
    assert found.pop(len(IDS)) == UNIX + dt.timedelta(seconds=5), "what was typed stays"
    assert found == {n: published_by_id(platform, id_, now) for n, (platform, id_) in enumerate(IDS)}
    assert len(set(found.values())) > len(PLATFORMS)


PLATFORMS = ["x", "discord", "linkedin", "tiktok", "instagram", "threads", "bluesky"]
MOMENTS = st.integers(1_688_600_000, 2_050_000_000).map(lambda seconds: UNIX + dt.timedelta(seconds=seconds))


@given(st.sampled_from(PLATFORMS), MOMENTS, st.floats(0, 1, exclude_max=True))
def test_what_an_id_was_made_of_is_read_from_it(platform: str, moment: dt.datetime, low: float) -> None:
    id_ = encoded(platform, moment, low)
    assert published_by_id(platform, id_, moment + MINUTE) == moment
    assert published_by_id(platform, id_, moment - DAY) == moment
    assert published_by_id(platform, id_, moment - DAY - MINUTE) is None


@given(st.sampled_from([*PLATFORMS, "youtube", "other", ""]), st.text(max_size=45))
def test_any_id_tells_a_time_that_can_be_or_none(platform: str, id_: str) -> None:
    found = published_by_id(platform, id_, NOW)
    assert found is None or dt.datetime(2003, 5, 5, tzinfo=dt.UTC) <= found <= NOW + DAY


def test_a_post_from_another_eyeballs_has_what_its_id_tells_where_nothing_was_said() -> None:
    x = {"platform": "x", "platform_id": encoded("x", NOW - DAY, 0.5), "published_at": None}
    rows = [_row(1, **x), _row(2, **x | {"published_at": UNIX}), _row(3, platform="youtube", platform_id="dQw4w9WgXcQ")]
    tables = {"posts": rows, "figures": [], "notes": []}
    export = Export(True, "UTC", 0, False, NOW, tables)
    item = History(1, 9, 2, 2, NOW, Service.EYEBALLS, "file", NOW, "skip")
    found = nouns(export, item, {}, Ids()).posts
    assert [post.published_at for post in found] == [NOW - DAY, UNIX, None]


def _row(id_: int, **changed: object) -> dict[str, object]:
    post = Post(1, id_, 2, None, None, "x", "post", 2, NOW)
    row = dataclasses.asdict(post) | {"state": "active"} | changed
    return {name: value for name, value in row.items() if name not in ("guild_id", "import_id")}
