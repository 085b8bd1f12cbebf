"""Alerts: who is told, what happened once and for good, and the claim that lets just one process send a message."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import claims, upsert
from storage.ids import made_at
from storage.links import by_ids
from storage.prepared import Reader, Statement
from storage.records import (
    ALL_LINKS,
    IMPRESSIONS,
    NEVER,
    VIEWED,
    VIEWS,
    Alert,
    AlertKind,
    AlertMessage,
    AlertState,
    AlertTarget,
    ImportState,
    Link,
    RunState,
    State,
)
from storage.schema import (
    UTC,
    alert_messages,
    alert_mutes,
    alert_targets,
    alerts,
    destination_checks,
    figures,
    histories,
    hits_daily,
    imports,
    links,
    posts,
)

SENDABLE = (AlertState.ACTIVE, AlertState.PAUSED)

_PART = 500
"""Values in one list of a query."""

Key = tuple[int, str]
"""user_id, key."""


class Owner(NamedTuple):
    """What is to be known of a link: whose it is, and whether it is still there."""

    creator_id: int
    private: bool
    created_at: dt.datetime
    """Here; what came from elsewhere may be older."""
    state: str


Owners = dict[int, Owner]
"""By link id."""


def _target(row: Any) -> AlertTarget:
    kinds = frozenset(AlertKind(kind) for kind in row["kinds"])
    return AlertTarget(**{**row, "kinds": kinds, "state": AlertState(row["state"])})


def _alert(row: Any) -> Alert:
    return Alert(**{**row, "kind": AlertKind(row["kind"])})


def _message(row: Any) -> AlertMessage:
    return AlertMessage(**{**row, "state": RunState(row["state"])})


async def put_target(conn: AsyncConnection, target: AlertTarget) -> None:
    row = dataclasses.asdict(target) | {"kinds": sorted(target.kinds)}
    await conn.run_sync(upsert.put, alert_targets, row)


async def get_target(conn: AsyncConnection, guild_id: int, user_id: int) -> AlertTarget | None:
    c = alert_targets.c
    row = (await conn.execute(sa.select(alert_targets).where(c.guild_id == guild_id, c.user_id == user_id))).mappings()
    found = row.one_or_none()
    return None if found is None else _target(found)


async def active_targets(conn: AsyncConnection) -> list[AlertTarget]:
    """Everybody in all servers who is to be told, where it is paused later; server by server."""
    c = alert_targets.c
    query = sa.select(alert_targets).where(c.state.in_(SENDABLE)).order_by(c.guild_id, c.user_id)
    return [_target(row) for row in (await conn.execute(query)).mappings()]


async def left(conn: AsyncConnection) -> list[AlertTarget]:
    """Those of servers that the bot is not in."""
    query = sa.select(alert_targets).where(alert_targets.c.state == AlertState.LEFT)
    return [_target(row) for row in (await conn.execute(query)).mappings()]


async def leave(conn: AsyncConnection, guild_id: int, reason: str) -> None:
    """Mark every target of a server that the bot was removed from; those that are off stay so."""
    c = alert_targets.c
    await conn.execute(
        sa.update(alert_targets)
        .where(c.guild_id == guild_id, c.state.in_(SENDABLE))
        .values(state=AlertState.LEFT, reason=reason)
    )


async def change_target(conn: AsyncConnection, guild_id: int, user_id: int, **values: object) -> None:
    c = alert_targets.c
    await conn.execute(sa.update(alert_targets).where(c.guild_id == guild_id, c.user_id == user_id).values(**values))


async def owners(conn: AsyncConnection, guild_id: int) -> Owners:
    """Whose each of the server's links is; deleted ones too, whose clicks stay their creator's."""
    c = links.c
    query = sa.select(c.id, c.history_id, c.creator_id, c.private, c.created_at, c.state).where(c.guild_id == guild_id)
    found = {}
    for id_, history_id, creator_id, private, created_at, state in (await conn.execute(query)).all():
        here_since = max(created_at, made_at(history_id)) if history_id else created_at
        found[id_] = Owner(creator_id, private, here_since, state)
    return found


def _signs() -> Statement:
    guild_id = sa.bindparam("guild_id", type_=sa.BigInteger)
    hit = hits_daily.c

    def hits_on(day: str) -> Any:
        where = (hit.guild_id == guild_id, hit.day == sa.bindparam(day, type_=sa.Date), hit.link_id == ALL_LINKS)
        return sa.select(sa.func.sum(hit.count)).where(*where).scalar_subquery()

    def latest(table: sa.Table, column: str, *where: Any) -> Any:
        highest = sa.func.max(table.c[column], type_=sa.BigInteger)
        return sa.select(highest).where(table.c.guild_id == guild_id, *where).scalar_subquery()

    def brought(table: sa.Table) -> tuple[Any, Any]:
        applied = (table.c.guild_id == guild_id, table.c.state == ImportState.APPLIED.value)
        count = sa.select(sa.func.count()).select_from(table).where(*applied).scalar_subquery()
        return count, latest(table, "id", *applied)

    return sa.select(
        *(hits_on("today"), hits_on("yesterday"), latest(figures, "id"), *brought(imports), *brought(histories)),
        *(latest(destination_checks, "dead_at"), latest(destination_checks, "back_at")),
    )


def signs(reader: Reader, guild_id: int, today: dt.date) -> tuple[Any, ...]:
    """What differs as soon as there may be news: how much was counted, and the latest of all else that tells some."""
    (found,) = reader.rows(_signs, guild_id=guild_id, today=today, yesterday=today - dt.timedelta(days=1))
    return found


@dataclass(frozen=True, slots=True)
class Reported:
    """What platforms told of a post's displays: the highest total before an instant and altogether."""

    post_id: int
    link_id: int | None
    creator_id: int
    created_at: dt.datetime
    before: int | None
    highest: int
    lowest: int
    first_entered_at: dt.datetime
    last_entered_at: dt.datetime


async def reported(conn: AsyncConnection, guild_id: int, since: dt.datetime) -> list[Reported]:
    """Of each of the server's posts that has such a figure; `before` is that of figures from before `since`."""
    post, figure = posts.c, figures.c
    told = (
        sa.select(
            figure.post_id,
            figure.metric,
            sa.func.max(sa.case((figure.as_of < since, figure.value))).label("before"),
            sa.func.max(figure.value).label("highest"),
            sa.func.min(figure.value).label("lowest"),
            sa.func.min(figure.entered_at).label("first_entered_at"),
            sa.func.max(figure.entered_at).label("last_entered_at"),
        )
        .where(figure.guild_id == guild_id, figure.metric.in_((IMPRESSIONS, VIEWS)))
        .group_by(figure.post_id, figure.metric)
        .subquery()
    )
    t = told.c
    query = (
        sa.select(
            *(t.post_id, post.link_id, post.creator_id, post.created_at, t.before, t.highest, t.lowest),
            *(sa.type_coerce(column, UTC) for column in (t.first_entered_at, t.last_entered_at)),
        )
        .join(posts, sa.and_(post.guild_id == guild_id, post.id == t.post_id))
        .where(post.state != State.DELETED)
        # The platform's own word goes last, so that it stands where both are known.
        .order_by(t.metric == sa.case((post.platform.in_(VIEWED), VIEWS), else_=IMPRESSIONS))
    )
    return list({row[0]: Reported(*row) for row in (await conn.execute(query)).all()}.values())


async def known(conn: AsyncConnection, guild_id: int, keys: Iterable[str]) -> set[Key]:
    """Which of the alerts are there already, told or not."""
    found: set[Key] = set()
    wanted = list(keys)
    c = alerts.c
    for begin in range(0, len(wanted), _PART):
        query = sa.select(c.user_id, c.key).where(c.guild_id == guild_id, c.key.in_(wanted[begin : begin + _PART]))
        found.update((user_id, key) for user_id, key in (await conn.execute(query)).all())
    return found


async def add(conn: AsyncConnection, new: Sequence[Alert]) -> None:
    """Note what happened, but for what is noted already: who is told of it once is never told again."""
    columns = [column.name for column in alerts.c]
    rows = [tuple(getattr(alert, name) for name in columns) for alert in new]
    await conn.run_sync(upsert.insert_missing, alerts, rows)


async def changes_since(
    conn: AsyncConnection, guild_id: int, since: dt.datetime
) -> set[tuple[int, int | None, AlertKind]]:
    """(user_id, link_id, kind) of the spikes and drops that were noted since."""
    c = alerts.c
    query = sa.select(c.user_id, c.link_id, c.kind).where(
        c.guild_id == guild_id, c.made_at > since, c.kind.in_([AlertKind.SPIKE.value, AlertKind.DROP.value])
    )
    return {(user_id, link_id, AlertKind(kind)) for user_id, link_id, kind in (await conn.execute(query)).all()}


async def targets_waited_for(conn: AsyncConnection) -> list[tuple[int, int]]:
    """(guild_id, user_id) of everybody for whom an alert waits."""
    c = alerts.c
    query = sa.select(c.guild_id, c.user_id).where(c.message_id.is_(None)).distinct()
    return [(guild_id, user_id) for guild_id, user_id in (await conn.execute(query)).all()]


async def waiting(conn: AsyncConnection, guild_id: int, user_id: int) -> list[Alert]:
    """What is still to be told, the oldest first."""
    c = alerts.c
    query = sa.select(alerts).where(c.guild_id == guild_id, c.user_id == user_id, c.message_id.is_(None))
    return [_alert(row) for row in (await conn.execute(query.order_by(c.made_at, c.key))).mappings()]


async def told_by(conn: AsyncConnection, guild_id: int, message_id: int) -> list[Alert]:
    """What a message tells, the oldest first."""
    c = alerts.c
    query = sa.select(alerts).where(c.guild_id == guild_id, c.message_id == message_id)
    return [_alert(row) for row in (await conn.execute(query.order_by(c.made_at, c.key))).mappings()]


async def latest(conn: AsyncConnection, guild_id: int, user_id: int, limit: int) -> list[Alert]:
    """The target's latest alerts that were not settled silently, the newest first."""
    c = alerts.c
    wanted = sa.or_(c.message_id.is_(None), c.message_id != NEVER)
    query = sa.select(alerts).where(c.guild_id == guild_id, c.user_id == user_id, wanted)
    return [_alert(row) for row in (await conn.execute(query.order_by(c.made_at.desc()).limit(limit))).mappings()]


async def settle(
    conn: AsyncConnection, guild_id: int, user_id: int, keys: Collection[str], message_id: int = NEVER
) -> None:
    """Give waiting alerts to a message, or to none for good; what another process took meanwhile stays with it."""
    c = alerts.c
    wanted = list(keys)
    for begin in range(0, len(wanted), _PART):
        await conn.execute(
            sa.update(alerts)
            .where(c.guild_id == guild_id, c.user_id == user_id, c.key.in_(wanted[begin : begin + _PART]))
            .where(c.message_id.is_(None))
            .values(message_id=message_id)
        )


async def add_message(conn: AsyncConnection, message: AlertMessage) -> None:
    await conn.execute(alert_messages.insert().values(dataclasses.asdict(message)))


async def claimable(conn: AsyncConnection, now: dt.datetime) -> list[AlertMessage]:
    """Messages whose sender did not come back within the lease, and those that have waited for another attempt."""
    c = alert_messages.c
    query = sa.select(alert_messages).where(c.state.in_(claims.OPEN), c.lease_until <= now).order_by(c.lease_until)
    return [_message(row) for row in (await conn.execute(query)).mappings()]


def _open_of(guild_id: int, user_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    c = alert_messages.c
    return c.guild_id == guild_id, c.user_id == user_id, c.state.in_(claims.OPEN)


async def has_open(conn: AsyncConnection, guild_id: int, user_id: int) -> bool:
    """Whether there is a message to the target of which nobody knows yet what becomes of it."""
    query = sa.select(sa.exists().where(*_open_of(guild_id, user_id)))
    return bool((await conn.execute(query)).scalar_one())


async def drop_open(conn: AsyncConnection, guild_id: int, user_id: int, now: dt.datetime) -> None:
    """Try no message to the target again."""
    await conn.execute(
        sa.update(alert_messages).where(*_open_of(guild_id, user_id)).values(state=RunState.SKIPPED, finished_at=now)
    )


async def try_now(conn: AsyncConnection, guild_id: int, user_id: int, now: dt.datetime) -> None:
    """Let messages that wait for another day be tried at once."""
    c = alert_messages.c
    waiting = (*_open_of(guild_id, user_id), c.state == RunState.PENDING)
    await conn.execute(sa.update(alert_messages).where(*waiting).values(lease_until=now))


def _this(message: AlertMessage) -> tuple[sa.ColumnElement[bool], ...]:
    return alert_messages.c.guild_id == message.guild_id, alert_messages.c.id == message.id


async def claim(
    conn: AsyncConnection, message: AlertMessage, now: dt.datetime, until: dt.datetime
) -> AlertMessage | None:
    """The message when this caller, and nobody else, may send it `until` then."""
    if not await claims.claim(conn, alert_messages, _this(message), now, until):
        return None
    return _message((await conn.execute(sa.select(alert_messages).where(*_this(message)))).mappings().one())


async def finish(conn: AsyncConnection, claimed: AlertMessage, **values: object) -> bool:
    """`claims.finish` of a message."""
    return await claims.finish(conn, alert_messages, _this(claimed), claimed.lease_until, **values)


async def messages(
    conn: AsyncConnection, guild_id: int, user_id: int, since: dt.datetime, limit: int
) -> list[AlertMessage]:
    """The target's messages first tried since, the newest first."""
    c = alert_messages.c
    query = (
        sa.select(alert_messages)
        .where(c.guild_id == guild_id, c.user_id == user_id, c.first_attempt_at >= since)
        .order_by(c.first_attempt_at.desc(), c.id.desc())
        .limit(limit)
    )
    return [_message(row) for row in (await conn.execute(query)).mappings()]


async def mute(conn: AsyncConnection, guild_id: int, user_id: int, link_id: int, until: dt.datetime) -> None:
    row = {"guild_id": guild_id, "user_id": user_id, "link_id": link_id, "until": until}
    await conn.run_sync(upsert.put, alert_mutes, row)


async def muted(conn: AsyncConnection, guild_id: int, user_id: int, now: dt.datetime) -> dict[int, dt.datetime]:
    """The links of which the target wants to hear nothing, and until when."""
    c = alert_mutes.c
    query = sa.select(c.link_id, c.until).where(c.guild_id == guild_id, c.user_id == user_id, c.until > now)
    return {row.link_id: row.until for row in await conn.execute(query)}


async def links_of(conn: AsyncConnection, guild_id: int, found: Iterable[Alert]) -> dict[int, Link]:
    """The links that alerts are about, but deleted ones."""
    ids = {alert.link_id for alert in found if alert.link_id is not None}
    return {link.id: link for link in await by_ids(conn, guild_id, ids)} if ids else {}
