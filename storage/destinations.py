"""How links' destinations answered, and which are to be asked next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import upsert
from storage.database import Writer
from storage.prepared import Reader, Statement
from storage.records import DestinationCheck, State
from storage.schema import destination_checks, links


def _due(limit: int) -> Statement:
    link, check = links.c, destination_checks.c
    before = sa.bindparam("before", type_=check.checked_at.type)
    return (
        sa.select(link.id, link.destination, destination_checks)
        .outerjoin(destination_checks, sa.and_(check.guild_id == link.guild_id, check.link_id == link.id))
        .where(link.guild_id == sa.bindparam("guild_id"), link.state == State.ACTIVE.value)
        .where(sa.or_(link.expires_at.is_(None), link.expires_at > sa.bindparam("now", type_=link.expires_at.type)))
        .where(sa.or_(check.checked_at.is_(None), check.checked_at <= before, check.destination != link.destination))
        .order_by(sa.func.coalesce(sa.type_coerce(check.checked_at, sa.BigInteger), 0), link.id)
        .limit(limit)
    )


def due(
    reader: Reader, guild_id: int, before: dt.datetime, now: dt.datetime, limit: int
) -> list[tuple[int, str, DestinationCheck | None]]:
    """(link_id, destination, last check) of active links last asked before `before`, those never asked first."""
    return [
        (link_id, destination, None if row[0] is None else DestinationCheck(*row))
        for link_id, destination, *row in reader.rows(_due, limit, guild_id=guild_id, before=before, now=now)
    ]


def put(writer: Writer, checks: Iterable[DestinationCheck]) -> None:
    with writer.begin() as conn:
        for check in checks:
            upsert.put(conn, destination_checks, {name: getattr(check, name) for name in _NAMES})


_NAMES = tuple(column.name for column in destination_checks.c)


async def died(conn: AsyncConnection, guild_id: int) -> list[DestinationCheck]:
    """The links whose destination is dead, or was."""
    c = destination_checks.c
    query = sa.select(destination_checks).where(c.guild_id == guild_id, c.dead_at.is_not(None))
    return [DestinationCheck(**row) for row in (await conn.execute(query)).mappings()]
