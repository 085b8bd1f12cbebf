"""Notices to those who run a server, and which direct-message channel is whose."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import claims, upsert
from storage.records import Notice, NoticeKind, RunState
from storage.schema import direct_channels, notices


def _notice(row: Any) -> Notice:
    return Notice(**{**row, "kind": NoticeKind(row["kind"]), "state": RunState(row["state"])})


async def add(conn: AsyncConnection, notice: Notice) -> None:
    await conn.execute(notices.insert().values(dataclasses.asdict(notice)))


async def open_ones(conn: AsyncConnection) -> list[Notice]:
    """Those that are not delivered yet, the oldest first."""
    query = sa.select(notices).where(notices.c.state.in_(claims.OPEN)).order_by(notices.c.made_at)
    return [_notice(row) for row in (await conn.execute(query)).mappings()]


async def servers_with(conn: AsyncConnection, kind: NoticeKind, since: dt.datetime) -> set[int]:
    """The servers with a notice of that kind that is not delivered yet, or was made after `since`."""
    c = notices.c
    query = sa.select(c.guild_id).where(c.kind == kind, c.state.in_(claims.OPEN) | (c.made_at > since)).distinct()
    return set((await conn.execute(query)).scalars())


async def claimable(conn: AsyncConnection, now: dt.datetime) -> list[Notice]:
    """Those that were never tried, and those whose lease has run out."""
    return [notice for notice in await open_ones(conn) if notice.lease_until is None or notice.lease_until <= now]


def _one(notice: Notice) -> tuple[sa.ColumnElement[bool], ...]:
    return notices.c.guild_id == notice.guild_id, notices.c.id == notice.id


async def claim(conn: AsyncConnection, notice: Notice, now: dt.datetime, until: dt.datetime) -> Notice | None:
    """The notice when this caller, and nobody else, may send it `until` then."""
    if not await claims.claim(conn, notices, _one(notice), now, until):
        return None
    return _notice((await conn.execute(sa.select(notices).where(*_one(notice)))).mappings().one())


async def finish(conn: AsyncConnection, claimed: Notice, **values: Any) -> bool:
    """`claims.finish` of a notice."""
    return await claims.finish(conn, notices, _one(claimed), claimed.lease_until, **values)


async def forget(conn: AsyncConnection, before: dt.datetime) -> None:
    """Delete those that were done with before `before`."""
    await conn.execute(sa.delete(notices).where(notices.c.finished_at < before))


# ---------------------------------------------------------------------- direct messages


def _member(guild_id: int, user_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return direct_channels.c.guild_id == guild_id, direct_channels.c.user_id == user_id


async def direct_channel(conn: AsyncConnection, guild_id: int, user_id: int) -> int | None:
    query = sa.select(direct_channels.c.channel_id).where(*_member(guild_id, user_id))
    return (await conn.execute(query)).scalar_one_or_none()


async def put_direct_channel(conn: AsyncConnection, guild_id: int, user_id: int, channel_id: int) -> None:
    row = {"guild_id": guild_id, "user_id": user_id, "channel_id": channel_id}
    await conn.run_sync(upsert.put, direct_channels, row)


async def forget_direct_channel(conn: AsyncConnection, guild_id: int, user_id: int) -> None:
    await conn.execute(sa.delete(direct_channels).where(*_member(guild_id, user_id)))
