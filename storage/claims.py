"""The claim that lets just one process send a message: a lease on a row that has a state and counts its attempts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.records import RunState

OPEN = (RunState.PENDING, RunState.SENDING)
"""Nobody knows yet what becomes of these messages."""

Where = Sequence[sa.ColumnElement[bool]]


async def claim(conn: AsyncConnection, table: sa.Table, where: Where, now: dt.datetime, until: dt.datetime) -> bool:
    """Compare and swap: True when this caller, and nobody else, may send it `until` then."""
    c = table.c
    free = sa.and_(c.state.in_(OPEN), sa.or_(c.lease_until.is_(None), c.lease_until <= now))
    result = await conn.execute(
        sa.update(table)
        .where(*where, free)
        .values(
            state=RunState.SENDING,
            lease_until=until,
            attempts=c.attempts + 1,
            first_attempt_at=sa.func.coalesce(c.first_attempt_at, sa.literal(now, c.first_attempt_at.type)),
        )
    )
    return result.rowcount == 1


async def finish(
    conn: AsyncConnection, table: sa.Table, where: Where, held_until: dt.datetime | None, /, **values: Any
) -> bool:
    """Say what became of a claimed message; False, and nothing is changed, when another caller has claimed it since.

    Only `sent` is a fact whoever finds it out.
    """
    held = list(where)
    if values.get("state") is not RunState.SENT:
        held += [table.c.state == RunState.SENDING, table.c.lease_until == held_until]
    return (await conn.execute(sa.update(table).where(*held).values(**values))).rowcount == 1
