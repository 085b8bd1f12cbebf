"""Digests, alerts and flags fail, pause, wake and tell in one way, whatever Discord answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import discord
import pytest
from discord.http import Route
from simcord.http.client import FakeHTTPClient

from storage import notices
from storage.records import NoticeKind
from tests import alerted
from tests.alerted import clicked, link_named, set_up, tell
from tests.conftest import World

MONDAY = "2026-03-16T08:00:00+00:00"
PASSING = [(403, 40003), (503, 0), (429, 20028)]
MENDABLE = [(403, 50001), (403, 50013), (403, 50007), (403, 50278)]
OTHER = [(404, 10003), (404, 10004), (400, 50109)]
BY_CONTENT = [(400, 200000), (400, 240000)]
MALFORMED = [(400, 50035), (413, 40005), (400, 50006)]
EVERY = [*PASSING, *MENDABLE, *OTHER, *BY_CONTENT, *MALFORMED]


def is_notice(body: str) -> bool:
    return "could not be posted" in body


@contextmanager
def refused(
    status: int, code: int, *, times: int = 1000, of: Callable[[str], bool] = lambda body: not is_notice(body)
) -> Iterator[list[str]]:
    """Discord refuses the first so many new messages that `of` says; yields all of those."""
    real, seen = FakeHTTPClient.request, []

    async def request(self: Any, route: Route, **kwargs: Any) -> Any:
        body = str(kwargs)
        if route.method == "POST" and route.url.endswith("/messages") and of(body):
            seen.append(body)
            if len(seen) <= times:

                class Response:
                    reason = "refused"

                Response.status = status  # type: ignore[attr-defined]
                errors = {403: discord.Forbidden, 404: discord.NotFound, 503: discord.DiscordServerError}
                error = errors.get(status, discord.HTTPException)
                raise error(Response(), {"code": code, "message": "as it is"})  # type: ignore[arg-type]
        return await real(self, route, **kwargs)

    FakeHTTPClient.request = request  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        FakeHTTPClient.request = real  # type: ignore[method-assign]


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
    found = [m for m in world.channel.history() if is_notice(m.content)]
    for member in (world.admin, world.maya):
        if member.user.dm_channel is not None:
            found += [m for m in member.user.dm_channel.history() if is_notice(m.content)]
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
        assert len(tries) == 1
    assert len(told(world)) == to_channel(way)
    world.move(days=1)
    assert await deliver(world) == 1
    assert len(told(world)) == to_channel(way)


@pytest.mark.parametrize(("status", "code"), BY_CONTENT, ids=str)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_what_a_filter_refuses_comes_without_links_once(world: World, way: Any, status: int, code: int) -> None:
    await way(world)
    with refused(status, code, times=1) as tries:
        assert await deliver(world) == 1
    assert len(tries) == 2
    assert "http" not in tries[1].split("allowed_mentions")[0].replace("https://discord.com", "")
    assert told(world) == []
