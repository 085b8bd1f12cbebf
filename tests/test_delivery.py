"""Digests, alerts and flags fail, pause, wake and tell in one way, whatever Discord answers."""

from __future__ import annotations

import re
from typing import Any

import pytest

from storage import notices
from storage.records import NoticeKind
from tests import alerted
from tests.alerted import clicked, link_named, set_up, tell
from tests.conftest import World
from tests.refusals import is_trouble, refused

PASSING = [(403, 40003), (503, 0), (429, 20028)]


async def digest_to_channel(world: World) -> None:
    await world.admin.slash(world.channel, "digest setup", channel=world.channel, weekday=0, time="9:00")
    world.move_to("2026-03-16T09:00:00+00:00")


async def digest_by_dm(world: World) -> None:
    await world.maya.slash(world.channel, "digest me", weekday=0, time="9:00")
    world.move_to("2026-03-16T09:00:00+00:00")


async def alert_to_channel(world: World) -> None:
    await world.add_link()
    await set_up(world)
    await clicked(world, await link_named(world, "summer"), 100)
    await alerted.look(world)


async def alert_by_dm(world: World) -> None:
    await world.add_link(creator=world.maya)
    await world.maya.slash(world.channel, "alerts me")
    await clicked(world, await link_named(world, "summer"), 100)
    await alerted.look(world)


async def flag(world: World) -> None:
    await world.add_link()
    await world.app.services.flags.add("summer", "scam")


WAYS = [digest_to_channel, digest_by_dm, alert_to_channel, alert_by_dm, flag]


async def deliver(world: World) -> int:
    """A round of everything; how many digests, alerts and flags stand by it."""
    port = world.app.port(world.client)
    before = world.app.notices.sent
    sent = await world.app.services.digests.tick(port) + await tell(world)
    await world.app.notices.tick(port)
    async with world.app.db.read() as conn:
        trouble = [notice for notice in await notices.open_ones(conn) if notice.kind is NoticeKind.TROUBLE]
    assert not trouble
    return sent + (world.app.notices.sent - before if not told(world) else 0)


def told(world: World) -> list[str]:
    """What the owner was told of trouble."""
    found = [m for m in world.channel.history() if is_trouble(m.content)]
    for member in (world.admin, world.maya):
        if member.user.dm_channel is not None:
            found += [m for m in member.user.dm_channel.history() if is_trouble(m.content)]
    return [m.content.replace("\\", "") for m in found]


def to_channel(way: Any) -> bool:
    return way in (digest_to_channel, alert_to_channel)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_what_passes_is_tried_again_within_minutes_and_pauses_nothing(world: World, way: Any) -> None:
    await way(world)
    for status, code in PASSING:
        with refused(status, code):
            assert await deliver(world) == 0
        world.move(minutes=3, seconds=1)
    assert await deliver(world) == 1
    assert told(world) == []


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_what_people_can_mend_is_tried_once_a_day_and_wakes(world: World, way: Any) -> None:
    await way(world)
    with refused(403, 50013) as tries:
        for _n in range(5):
            assert await deliver(world) == 0
            world.move(minutes=31)
        # What a channel takes is known before; a direct message is tried without files, then without its layout.
        assert len(tries) == (1 if to_channel(way) else 3)
    assert len(told(world)) == to_channel(way)
    world.move(days=1)
    assert await deliver(world) == 1
    assert len(told(world)) == to_channel(way)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_what_a_filter_refuses_comes_without_links_once(world: World, way: Any) -> None:
    await way(world)
    with refused(400, 200000, times=1) as tries:
        assert await deliver(world) == 1
    assert len(tries) == 2
    assert "http" not in str(tries[1]).split("allowed_mentions")[0].replace("https://discord.com", "")
    assert told(world) == []


@pytest.mark.parametrize(("status", "code"), [(413, 40005), (403, 50013)], ids=["too large", "not allowed"])
@pytest.mark.parametrize("piece", ["files", "embeds and layouts"])
async def test_what_is_refused_for_a_piece_comes_by_direct_message_without_it(
    world: World, status: int, code: int, piece: str
) -> None:
    def has_piece(body: Any) -> bool:
        has_layout = re.search(r"type\W+17\b", str(body.get("json") or body["form"])) is not None
        return bool(body.get("files")) or (has_layout and piece != "files")

    await world.add_link(creator=world.maya)
    await world.visit("/summer")
    await digest_by_dm(world)
    with refused(status, code, of=has_piece) as tries:
        assert await deliver(world) == 1
    (message,) = world.maya.user.dm_channel.history()
    assert not message.attachments
    assert bool(message.content) is (piece != "files")
    assert len(tries) == (1 if piece == "files" else 2)
