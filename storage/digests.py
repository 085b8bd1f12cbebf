"""Digests: when a server's is due, and the claim that lets just one process send it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import upsert
from storage.records import Digest, DigestRun, DigestState, RunState
from storage.schema import digest_runs, digests


def _digest(row: Any) -> Digest:
    return Digest(**{**row, "state": DigestState(row["state"])})


def _run(row: Any) -> DigestRun:
    return DigestRun(**{**row, "state": RunState(row["state"])})


async def put(conn: AsyncConnection, digest: Digest) -> None:
    await conn.run_sync(upsert.put, digests, dataclasses.asdict(digest))


async def get(conn: AsyncConnection, guild_id: int) -> Digest | None:
    """The server's digest in any state."""
    query = sa.select(digests).where(digests.c.guild_id == guild_id)
    row = (await conn.execute(query)).mappings().first()
    return None if row is None else _digest(row)


async def due(conn: AsyncConnection, now: dt.datetime) -> list[Digest]:
    """Active digests whose time has come, the longest overdue first."""
    query = (
        sa.select(digests)
        .where(digests.c.state == DigestState.ACTIVE, digests.c.next_run_at <= now)
        .order_by(digests.c.next_run_at)
    )
    return [_digest(row) for row in (await conn.execute(query)).mappings()]


async def change(conn: AsyncConnection, guild_id: int, digest_id: int, **values: object) -> None:
    await conn.execute(
        sa.update(digests).where(digests.c.guild_id == guild_id, digests.c.id == digest_id).values(**values)
    )


def _one(guild_id: int, digest_id: int, period_start: dt.date) -> tuple[sa.ColumnElement[bool], ...]:
    c = digest_runs.c
    return c.guild_id == guild_id, c.digest_id == digest_id, c.period_start == period_start


async def add_run(
    conn: AsyncConnection, guild_id: int, digest_id: int, period_start: dt.date, state: RunState, reason: str = ""
) -> None:
    """Note the period's run unless it is noted already."""
    run = DigestRun(guild_id, digest_id, period_start, state, reason=reason)
    await conn.run_sync(upsert.insert_missing, digest_runs, [dataclasses.astuple(run)])


async def claim(
    conn: AsyncConnection, guild_id: int, digest_id: int, period_start: dt.date, now: dt.datetime, lease: dt.timedelta
) -> bool:
    """Compare and swap: True when this caller, and nobody else, may send until `now + lease`."""
    c = digest_runs.c
    free = sa.or_(c.state == RunState.PENDING, sa.and_(c.state == RunState.SENDING, c.lease_until <= now))
    result = await conn.execute(
        sa.update(digest_runs)
        .where(*_one(guild_id, digest_id, period_start), free)
        .values(
            state=RunState.SENDING,
            lease_until=now + lease,
            attempts=c.attempts + 1,
            first_attempt_at=sa.func.coalesce(c.first_attempt_at, sa.literal(now, c.first_attempt_at.type)),
        )
    )
    return result.rowcount == 1


async def get_run(conn: AsyncConnection, guild_id: int, digest_id: int, period_start: dt.date) -> DigestRun | None:
    query = sa.select(digest_runs).where(*_one(guild_id, digest_id, period_start))
    row = (await conn.execute(query)).mappings().one_or_none()
    return None if row is None else _run(row)


async def change_run(
    conn: AsyncConnection, guild_id: int, digest_id: int, period_start: dt.date, **values: object
) -> None:
    await conn.execute(sa.update(digest_runs).where(*_one(guild_id, digest_id, period_start)).values(**values))


async def last_runs(conn: AsyncConnection, guild_id: int, digest_id: int, limit: int = 5) -> list[DigestRun]:
    """The latest periods' runs, newest first."""
    query = (
        sa.select(digest_runs)
        .where(digest_runs.c.guild_id == guild_id, digest_runs.c.digest_id == digest_id)
        .order_by(digest_runs.c.period_start.desc())
        .limit(limit)
    )
    return [_run(row) for row in (await conn.execute(query)).mappings()]
