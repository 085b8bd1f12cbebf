"""Digests: which are due, and the claim that lets just one process send a period's."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import claims, upsert
from storage.records import Cadence, Digest, DigestRun, DigestState, Quiet, RunState
from storage.schema import digest_runs, digests

SENDABLE = (DigestState.ACTIVE, DigestState.PAUSED)


def _digest(row: Any) -> Digest:
    kinds = {
        "cadence": Cadence(row["cadence"]),
        "quiet": Quiet(row["quiet"]),
        "state": DigestState(row["state"]),
    }
    return Digest(**{**row, **kinds})


def _run(row: Any) -> DigestRun:
    return DigestRun(**{**row, "state": RunState(row["state"])})


async def put(conn: AsyncConnection, digest: Digest) -> None:
    await conn.run_sync(upsert.put, digests, dataclasses.asdict(digest))


async def _find(conn: AsyncConnection, query: sa.Select[Any]) -> list[Digest]:
    return [_digest(row) for row in (await conn.execute(query)).mappings()]


async def of_server(conn: AsyncConnection, guild_id: int) -> list[Digest]:
    """The server's digests in any state, its creators' own among them, the oldest first."""
    return await _find(conn, sa.select(digests).where(digests.c.guild_id == guild_id).order_by(digests.c.id))


async def get(conn: AsyncConnection, guild_id: int, digest_id: int) -> Digest | None:
    found = await _find(conn, sa.select(digests).where(digests.c.guild_id == guild_id, digests.c.id == digest_id))
    return found[0] if found else None


async def left(conn: AsyncConnection) -> list[Digest]:
    """Those of servers that the bot is not in."""
    return await _find(conn, sa.select(digests).where(digests.c.state == DigestState.LEFT))


def _is_due(now: dt.datetime) -> sa.ColumnElement[bool]:
    return sa.and_(digests.c.state.in_(SENDABLE), digests.c.next_run_at <= now)


async def due(conn: AsyncConnection, now: dt.datetime, limit: int) -> list[Digest]:
    """Digests whose time has come: each server's longest overdue first, then each one's second, and so on."""
    c = digests.c
    order = (c.next_run_at, c.guild_id, c.id)
    turn = sa.func.row_number().over(partition_by=c.guild_id, order_by=order).label("turn")
    keys = sa.select(c.guild_id, c.id, turn).where(_is_due(now)).subquery()
    query = sa.select(digests).join(keys, sa.and_(c.guild_id == keys.c.guild_id, c.id == keys.c.id))
    return await _find(conn, query.order_by(keys.c.turn, *order).limit(limit))


async def count_due(conn: AsyncConnection, now: dt.datetime) -> int:
    return (await conn.execute(sa.select(sa.func.count()).select_from(digests).where(_is_due(now)))).scalar_one()


async def later_than(conn: AsyncConnection, limits: Mapping[Cadence, dt.datetime]) -> list[Digest]:
    """Those that come next after the instant given for their cadence."""
    c = digests.c
    beyond = [sa.and_(c.cadence == cadence, c.next_run_at > at) for cadence, at in limits.items()]
    first = min(limits.values())
    return await _find(conn, sa.select(digests).where(c.state.in_(SENDABLE), c.next_run_at > first, sa.or_(*beyond)))


async def change(conn: AsyncConnection, guild_id: int, digest_id: int, **values: object) -> None:
    await conn.execute(
        sa.update(digests).where(digests.c.guild_id == guild_id, digests.c.id == digest_id).values(**values)
    )


async def leave(conn: AsyncConnection, guild_id: int, reason: str) -> None:
    """Mark every digest of a server that the bot was removed from; those that are off stay so."""
    await conn.execute(
        sa.update(digests)
        .where(digests.c.guild_id == guild_id, digests.c.state.in_(SENDABLE))
        .values(state=DigestState.LEFT, reason=reason)
    )


# ---------------------------------------------------------------------- runs


def _one(guild_id: int, digest_id: int, period_start: dt.date) -> tuple[sa.ColumnElement[bool], ...]:
    c = digest_runs.c
    return c.guild_id == guild_id, c.digest_id == digest_id, c.period_start == period_start


async def add_run(
    conn: AsyncConnection,
    guild_id: int,
    digest_id: int,
    period_start: dt.date,
    state: RunState,
    *,
    finished_at: dt.datetime | None = None,
    reason: str = "",
) -> bool:
    """Note the period's run; False when it is noted already."""
    if await get_run(conn, guild_id, digest_id, period_start) is not None:
        return False
    run = DigestRun(guild_id, digest_id, period_start, state, finished_at=finished_at, reason=reason)
    await conn.run_sync(upsert.insert_missing, digest_runs, [dataclasses.astuple(run)])
    return True


async def drop_run(conn: AsyncConnection, run: DigestRun) -> None:
    """Forget that the period was noted."""
    await conn.execute(sa.delete(digest_runs).where(*_one(run.guild_id, run.digest_id, run.period_start)))


async def open_runs(conn: AsyncConnection, guild_id: int, digest_id: int) -> list[DigestRun]:
    """Those of which nobody knows yet what becomes of them, the oldest first."""
    c = digest_runs.c
    query = sa.select(digest_runs).where(c.guild_id == guild_id, c.digest_id == digest_id, c.state.in_(claims.OPEN))
    return [_run(row) for row in (await conn.execute(query.order_by(c.period_start))).mappings()]


async def try_now(conn: AsyncConnection, guild_id: int, digest_id: int) -> None:
    """Let the runs that wait after a refusal wait no longer."""
    c = digest_runs.c
    waiting = c.guild_id == guild_id, c.digest_id == digest_id, c.state == RunState.PENDING
    await conn.execute(sa.update(digest_runs).where(*waiting).values(lease_until=None))


async def claim(
    conn: AsyncConnection, guild_id: int, digest_id: int, period_start: dt.date, now: dt.datetime, until: dt.datetime
) -> DigestRun | None:
    """The run when this caller, and nobody else, may send it `until` then."""
    key = guild_id, digest_id, period_start
    return await get_run(conn, *key) if await claims.claim(conn, digest_runs, _one(*key), now, until) else None


async def get_run(conn: AsyncConnection, guild_id: int, digest_id: int, period_start: dt.date) -> DigestRun | None:
    query = sa.select(digest_runs).where(*_one(guild_id, digest_id, period_start))
    row = (await conn.execute(query)).mappings().one_or_none()
    return None if row is None else _run(row)


async def finish(conn: AsyncConnection, claimed: DigestRun, **values: object) -> bool:
    """`claims.finish` of a run."""
    where = _one(claimed.guild_id, claimed.digest_id, claimed.period_start)
    return await claims.finish(conn, digest_runs, where, claimed.lease_until, **values)


async def last_runs(conn: AsyncConnection, guild_id: int, digest_id: int, limit: int = 5) -> list[DigestRun]:
    """The latest periods' runs, newest first."""
    query = (
        sa.select(digest_runs)
        .where(digest_runs.c.guild_id == guild_id, digest_runs.c.digest_id == digest_id)
        .order_by(digest_runs.c.period_start.desc())
        .limit(limit)
    )
    return [_run(row) for row in (await conn.execute(query)).mappings()]
