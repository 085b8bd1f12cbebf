"""Notes on the time line."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.records import Note, State
from storage.schema import notes


def _note(row: Any) -> Note:
    return Note(**{**row, "state": State(row["state"])})


async def add(conn: AsyncConnection, note: Note) -> None:
    await conn.execute(notes.insert().values(dataclasses.asdict(note)))


async def get(conn: AsyncConnection, guild_id: int, note_id: int) -> Note | None:
    """The note, deleted or not."""
    query = sa.select(notes).where(notes.c.guild_id == guild_id, notes.c.id == note_id)
    row = (await conn.execute(query)).mappings().one_or_none()
    return None if row is None else _note(row)


async def set_state(conn: AsyncConnection, guild_id: int, note_id: int, state: State) -> None:
    await conn.execute(
        sa.update(notes).where(notes.c.guild_id == guild_id, notes.c.id == note_id).values(state=state.value)
    )


async def find(
    conn: AsyncConnection,
    guild_id: int,
    creators: Collection[int | None],
    *,
    first: dt.date | None = None,
    end: dt.date | None = None,
    limit: int | None = None,
) -> list[Note]:
    """The notes of some creators (None among them: the server's own) on the days from `first` up to without `end`.

    The latest day first.
    """
    c = notes.c
    owners = [c.creator_id.in_([creator for creator in creators if creator is not None])]
    if None in creators:
        owners.append(c.creator_id.is_(None))
    query = sa.select(notes).where(c.guild_id == guild_id, c.state == State.ACTIVE, sa.or_(*owners))
    if first is not None:
        query = query.where(c.day >= first)
    if end is not None:
        query = query.where(c.day < end)
    query = query.order_by(c.day.desc(), c.id.desc()).limit(limit)
    return [_note(row) for row in (await conn.execute(query)).mappings()]
