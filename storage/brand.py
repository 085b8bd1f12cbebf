"""Brand reports, how often they were opened, and deals."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import upsert
from storage.records import BrandReport, BrandViews, Deal, State
from storage.schema import brand_reports, brand_views, deals, figures


def _report(row: Any) -> BrandReport:
    return BrandReport(**{**row, "state": State(row["state"])})


def _deal(row: Any) -> Deal:
    lists = {name: tuple(row[name]) for name in ("link_ids", "post_ids", "tags")}
    return Deal(**{**row, **lists, "state": State(row["state"])})


# ------------------------------------------------------------------ reports


async def add(conn: AsyncConnection, report: BrandReport) -> None:
    await conn.execute(brand_reports.insert().values(dataclasses.asdict(report)))


async def get(conn: AsyncConnection, guild_id: int, report_id: int) -> BrandReport | None:
    """The report, revoked and expired ones too."""
    c = brand_reports.c
    query = sa.select(brand_reports).where(c.guild_id == guild_id, c.id == report_id)
    row = (await conn.execute(query)).mappings().one_or_none()
    return None if row is None else _report(row)


async def behind(conn: AsyncConnection, token: str, now: dt.datetime) -> BrandReport | None:
    """The report behind an address; None for unknown, revoked and expired ones alike, by the same question."""
    c = brand_reports.c
    query = sa.select(brand_reports).where(c.token == token, c.state == State.ACTIVE, c.expires_at > now)
    row = (await conn.execute(query)).mappings().one_or_none()
    return None if row is None else _report(row)


async def find(conn: AsyncConnection, guild_id: int, creator_id: int | None = None) -> list[BrandReport]:
    """The server's reports, newest first, revoked and expired ones too; of one creator when named."""
    query = sa.select(brand_reports).where(brand_reports.c.guild_id == guild_id)
    if creator_id is not None:
        query = query.where(brand_reports.c.creator_id == creator_id)
    return [_report(row) for row in (await conn.execute(query.order_by(brand_reports.c.id.desc()))).mappings()]


async def change(conn: AsyncConnection, guild_id: int, report_id: int, **values: object) -> None:
    c = brand_reports.c
    await conn.execute(sa.update(brand_reports).where(c.guild_id == guild_id, c.id == report_id).values(**values))


async def add_view(
    conn: AsyncConnection, guild_id: int, report_id: int, day: dt.date, form: str, reason: str = ""
) -> None:
    """Count one request for a form of a report; with a reason it was no person's."""
    await conn.run_sync(upsert.add_counts, brand_views, [(guild_id, report_id, day, form, reason, 1)])


async def views(conn: AsyncConnection, guild_id: int) -> dict[int, BrandViews]:
    """By report: the views of its page and of its files. One that was never opened is left out."""
    c = brand_views.c
    people = sa.func.sum(sa.case((c.reason == "", c.count), else_=0))
    query = sa.select(c.report_id, people, sa.func.sum(c.count)).where(c.guild_id == guild_id).group_by(c.report_id)
    return {id_: BrandViews(n, every - n) for id_, n, every in await conn.execute(query)}


# ------------------------------------------------------------------ deals


async def add_deal(conn: AsyncConnection, deal: Deal) -> None:
    await conn.execute(deals.insert().values(dataclasses.asdict(deal)))


async def get_deal(conn: AsyncConnection, guild_id: int, deal_id: int) -> Deal | None:
    """The deal, deleted or not."""
    query = sa.select(deals).where(deals.c.guild_id == guild_id, deals.c.id == deal_id)
    row = (await conn.execute(query)).mappings().one_or_none()
    return None if row is None else _deal(row)


async def find_deals(conn: AsyncConnection, guild_id: int, creator_id: int | None = None) -> list[Deal]:
    """The server's deals, the one that ends last first; of one creator when named."""
    query = sa.select(deals).where(deals.c.guild_id == guild_id, deals.c.state == State.ACTIVE)
    if creator_id is not None:
        query = query.where(deals.c.creator_id == creator_id)
    query = query.order_by(deals.c.last.desc(), deals.c.id.desc())
    return [_deal(row) for row in (await conn.execute(query)).mappings()]


async def last_currency(conn: AsyncConnection, guild_id: int, user_id: int) -> tuple[dt.datetime, str] | None:
    """The currency of what the creator last typed as spent on a post or as a deal's fee, and when."""
    spent, owed = figures.c, deals.c
    latest = [
        sa.select(spent.entered_at, spent.currency)
        .where(spent.guild_id == guild_id, spent.entered_by == user_id, spent.currency != "")
        .order_by(spent.entered_at.desc())
        .limit(1),
        sa.select(owed.made_at, owed.currency)
        .where(owed.guild_id == guild_id, owed.creator_id == user_id, owed.currency != "")
        .order_by(owed.made_at.desc())
        .limit(1),
    ]
    rows = [row for query in latest if (row := (await conn.execute(query)).one_or_none()) is not None]
    return max(((at, currency) for at, currency in rows), default=None)


async def change_deal(conn: AsyncConnection, guild_id: int, deal_id: int, **values: object) -> None:
    await conn.execute(sa.update(deals).where(deals.c.guild_id == guild_id, deals.c.id == deal_id).values(**values))
