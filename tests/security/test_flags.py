"""Flags flood nobody: one message a server and hour, and nothing is written for what is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from cogs.ui.notices import LISTED
from storage import addresses, links
from storage.records import Address
from tests.conftest import World
from tests.served import Edge
from tests.served import served_edge as _edge  # noqa: F401
from tests.served import trusted_proxies as _trusted  # noqa: F401


async def test_forty_flagged_addresses_are_one_message_an_hour(world: World) -> None:
    for n in range(3):
        await world.add_link(f"link{n}")
    async with world.app.db.read() as conn:
        found = await links.find(conn, world.guild.id)
    target, creator_id = found[0], found[0].creator_id
    guild_id = world.guild.id
    for n in range(40):
        address = Address(f"link0/p{n}", guild_id, creator_id, target.id, n + 1, target.destination)
        await world.app.db.write(lambda conn, address=address: addresses.add(conn, address))
        for _flag in range(1 + n % 3):
            await world.app.services.flags.add(address.address, "scam")

    def sent() -> list[str]:
        requests = [one for one in world.env.http_requests if one.method == "POST" and "embeds" in (one.json or {})]
        return [str(one.json) for one in requests if "flagged" in str(one.json)]

    assert await world.notify() == 1
    (message,) = sent()
    assert "40 addresses were flagged" in message
    assert message.count("go.example/link0/p") == LISTED
    assert "and 30 more" in message
    for minutes in (1, 30, 28):
        await world.app.services.flags.add(f"link{minutes % 2 + 1}", "scam")
        world.move(minutes=minutes)
        assert await world.notify() == 0
    world.move(minutes=2)
    assert await world.notify() == 1
    assert "2 addresses were flagged" in sent()[-1]
    world.move(hours=2)
    assert await world.notify() == 0
    assert len(sent()) == 2


async def test_a_flag_on_what_is_unknown_writes_nothing(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[Any] = []
    write = edge.db.write

    async def noting(*args: Any, **options: Any) -> Any:
        writes.append(args)
        return await write(*args, **options)

    monkeypatch.setattr(edge.db, "write", noting)
    for address in ("nobody", "@nobody", "", "x" * 130):
        await edge.flags.add(address, "scam")
    assert not writes
    await edge.flags.add("@maya", "scam")
    assert len(writes) == 1
