"""The demo's sample is possible, and it has one right digest whenever it is started."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from bot.demo import sample
from bot.digests import due
from bot.insights.periods import local_day
from storage import profiles
from storage.database import Database
from storage.records import PROFILE, Cadence, Digest, DigestState, Kind, Quiet
from storage.schema import figures, hits, posts
from tests.conftest import NOW, World, mismatches
from tests.sampled import CREATORS, GUILD
from tests.sampled import a_filled_database as _filled  # noqa: F401


async def test_what_the_sample_tells_could_have_happened(filled: Database) -> None:
    assert await mismatches(filled) == []
    async with filled.read() as conn:
        rows = (await conn.execute(sa.select(hits))).mappings().all()
        told = (await conn.execute(sa.select(figures).order_by(figures.c.as_of))).mappings().all()
        made = {row["id"]: row for row in (await conn.execute(sa.select(posts))).mappings()}
        pages = {c: await profiles.get(conn, GUILD, c) for c in CREATORS.values()}
        owners = {}
        for creator_id, page in pages.items():
            if page is not None:
                owners |= {entry.link_id: page.id for entry in await profiles.entries(conn, GUILD, creator_id)}
    assert max(row["at"] for row in rows) < NOW

    per_day: Counter[tuple[int, dt.date, Kind]] = Counter()
    for row in rows:
        if row["place_id"] == PROFILE:
            per_day[row["link_id"], local_day(row["at"], sample.ZONE), Kind(row["kind"])] += 1
    assert {link_id for link_id, _day, kind in per_day if kind is Kind.VIEWABLE} == set(owners)
    for (link_id, day, kind), n in per_day.items():
        if kind is Kind.VIEWABLE:  # one for each view at most
            assert n <= per_day[owners[link_id], day, Kind.VIEW]
        elif kind is Kind.CLICK:  # and none without having been seen
            assert n <= per_day[link_id, day, Kind.VIEWABLE]
        else:
            assert kind is Kind.VIEW

    last: dict[tuple[int, str], int] = {}
    clicks = Counter(row["place_id"] for row in rows if row["kind"] == Kind.CLICK)
    for row in told:
        post, metric = made[row["post_id"]], row["metric"]
        assert post["created_at"] <= row["as_of"] <= NOW
        assert row["value"] >= last.get((post["id"], metric), 0)  # totals grow
        last[post["id"], metric] = row["value"]
    for (post_id, metric), value in last.items():
        shown = max(last.get((post_id, name), 0) for name in ("impressions", "views"))
        if metric in ("impressions", "views"):
            assert value >= clicks[post_id] * 0.5  # read some days ago
        elif metric != "spend":
            assert value <= shown  # nobody reacts to what they were not shown


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Europe/Berlin", "2026-12-07"),
        ("Europe/Berlin", "2026-03-23"),  # clocks go forward on its Sunday
        ("Europe/Berlin", "2026-10-26"),  # and went back the day before
        ("Asia/Kathmandu", "2026-12-07"),
        ("America/New_York", "2026-03-02"),
    ],
)
def test_on_every_hour_of_the_week_the_last_digest_that_was_due_is_posted(zone: str, first: str) -> None:
    start = dt.datetime.fromisoformat(first).replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
    values = (Cadence.WEEKLY, 0, sample.DIGEST_MINUTE, "", None, Quiet.LINE, DigestState.ACTIVE, start, 1)
    for minutes in range(0, 168 * 60, 60):
        now = start + dt.timedelta(minutes=minutes, seconds=1)
        digest = Digest(1, minutes + 1, 3, None, *values)
        at = sample.last_posting(digest, now, zone)
        assert at <= now < due.next_look(at, digest, zone)  # it has gone out, and the next one is still to come
        monday = due.last_run(at, digest, zone).astimezone(ZoneInfo(zone))
        assert (monday.weekday(), monday.hour, monday.minute) == (0, 9, 0)


@pytest.mark.parametrize("now", ["2026-03-09T07:30", "2026-03-09T08:30", "2026-03-10T07:59", "2026-03-15T23:00"])
async def test_the_demo_begins_with_one_digest_that_is_not_late(world: World, now: str) -> None:
    world.move_to(f"{now}:00+00:00")
    crew = sample.Crew(
        world.guild.id,
        dict.fromkeys(("maya", "leo", "noor"), world.admin.id),
        {},
        world.creator_role.id,
        world.channel.id,
    )
    await world.app.services.servers.change(crew.manager, timezone=sample.ZONE)
    await world.add_link()
    await sample.post_digest(world.app, crew, world.app.port(world.client))
    assert await world.tick() == 0
    (message,) = world.channel.history(viewer=world.sam)
    assert "Late" not in str([item.to_dict() for item in message.components])
    expected = "23 Feb" if now == "2026-03-09T07:30" else "2 Mar"  # the week before the last Monday at nine
    assert expected in str([item.to_dict() for item in message.components])
