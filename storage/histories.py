"""Histories: links and counts from elsewhere, fetched page by page, shown all at once, and taken back likewise."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import posts as post_rows
from storage import search, totals, upsert
from storage.database import Writer
from storage.prepared import Reader, Statement, one_of, padded, spread
from storage.records import (
    ALL_LINKS,
    BARE,
    Address,
    Entry,
    Figure,
    History,
    ImportState,
    Link,
    Note,
    Post,
    Profile,
    Service,
    State,
)
from storage.schema import (
    addresses,
    audience_daily,
    avatars,
    dropped_quarter,
    figures,
    histories,
    history_pages,
    hits_daily,
    hits_quarter,
    links,
    notes,
    posts,
    profile_entries,
    profiles,
    set_aside_daily,
    uniques_daily,
)

STEP = 250
"""Links written or deleted in one transaction: hits wait for none of them longer than some milliseconds."""

ROLLUPS = (hits_quarter, hits_daily, uniques_daily, audience_daily, set_aside_daily, dropped_quarter)
"""What counts are brought into; `dropped_quarter` has no sums over a server."""


def _history(row: Any) -> History:
    return History(**{**row, "service": Service(row["service"]), "state": ImportState(row["state"])})


async def add(conn: AsyncConnection, item: History) -> None:
    await conn.execute(histories.insert().values(dataclasses.asdict(item)))


async def get(conn: AsyncConnection, guild_id: int, history_id: int) -> History | None:
    query = sa.select(histories).where(histories.c.guild_id == guild_id, histories.c.id == history_id)
    row = (await conn.execute(query)).mappings().one_or_none()
    return None if row is None else _history(row)


async def find(conn: AsyncConnection, states: Collection[ImportState], guild_id: int | None = None) -> list[History]:
    """Histories in some states, of one server when named: the oldest first."""
    query = sa.select(histories).where(histories.c.state.in_(states)).order_by(histories.c.id)
    if guild_id is not None:
        query = query.where(histories.c.guild_id == guild_id)
    return [_history(row) for row in (await conn.execute(query)).mappings()]


async def latest_at(conn: AsyncConnection, guild_id: int) -> dt.datetime | None:
    """When the server's latest history with counts was begun that is there; None when there is none."""
    c = histories.c
    query = sa.select(sa.func.max(c.created_at, type_=c.created_at.type)).where(
        c.guild_id == guild_id, c.state == ImportState.APPLIED, c.clicks > 0
    )
    return (await conn.execute(query)).scalar_one_or_none()


async def move(conn: AsyncConnection, item: History, to: ImportState, **values: object) -> bool:
    """Bring a history from its state to another; False when it is no longer in it."""
    c = histories.c
    where = (c.guild_id == item.guild_id, c.id == item.id, c.state == item.state)
    return (await conn.execute(sa.update(histories).where(*where).values(state=to, **values))).rowcount == 1


async def forget(conn: AsyncConnection, item: History) -> None:
    """Delete a history that brought nothing, with its journal."""
    for table, column in ((history_pages, history_pages.c.history_id), (histories, histories.c.id)):
        await conn.execute(sa.delete(table).where(table.c.guild_id == item.guild_id, column == item.id))


# ------------------------------------------------------------------ the journal


def put_page(writer: Writer, item: History, name: str, data: bytes) -> None:
    """Keep what was fetched; once this returns it is never fetched again."""
    with writer.begin() as conn:
        row = {"guild_id": item.guild_id, "history_id": item.id, "name": name, "data": data}
        upsert.put(conn, history_pages, row)


async def page_names(conn: AsyncConnection, item: History) -> set[str]:
    c = history_pages.c
    query = sa.select(c.name).where(c.guild_id == item.guild_id, c.history_id == item.id)
    return set((await conn.execute(query)).scalars())


async def page(conn: AsyncConnection, item: History, name: str) -> bytes | None:
    c = history_pages.c
    query = sa.select(c.data).where(c.guild_id == item.guild_id, c.history_id == item.id, c.name == name)
    return (await conn.execute(query)).scalar_one_or_none()


def read_page(conn: sa.Connection, item: History, name: str) -> bytes:
    """A page that is there, within a write."""
    c = history_pages.c
    query = sa.select(c.data).where(c.guild_id == item.guild_id, c.history_id == item.id, c.name == name)
    return conn.execute(query).scalar_one()


def drop_pages(writer: Writer, item: History) -> bool:
    """Delete some of the journal; False when nothing was left."""
    c = history_pages.c
    mine = (c.guild_id == item.guild_id, c.history_id == item.id)
    with writer.begin() as conn:
        some = sa.select(c.name).where(*mine).limit(20)
        return conn.execute(sa.delete(history_pages).where(*mine, c.name.in_(some))).rowcount > 0


# ------------------------------------------------------------------ what is known


def _taken(size: int) -> Statement:
    c = addresses.c
    return sa.select(c.address, c.guild_id, c.link_id, c.state).where(
        one_of(c.address, "address", size), c.post_id.is_(None)
    )


def taken(reader: Reader, slugs: Sequence[str]) -> dict[str, tuple[int, int | None, str]]:
    """Those of the names that were ever given out: server, link and state of each."""
    found = {}
    for at in range(0, len(slugs), 500):
        part = slugs[at : at + 500]
        rows = reader.rows(_taken, padded(len(part)), **spread("address", part))
        found |= {address: (guild_id, link_id, state) for address, guild_id, link_id, state in rows}
    return found


# ------------------------------------------------------------------ links


_LINK = [column.name for column in links.c]
_ADDRESS = [column.name for column in addresses.c]


def _row(record: Link | Address, names: Sequence[str], **instead: object) -> upsert.Row:
    return tuple(instead[name] if name in instead else getattr(record, name) for name in names)


def stage_links(writer: Writer, item: History, new: Sequence[Link], aliases: Mapping[int, Sequence[str]]) -> list[str]:
    """Write links that nobody sees yet, and give out their names; returns names that were taken meanwhile instead.

    `aliases` are further names by the link's id.
    """
    hidden = {"state": State.DELETED.value}
    with writer.begin() as conn:
        named = [(name, link) for link in new for name in (link.slug, *aliases.get(link.id, ()))]
        names = [name for name, _link in named]
        if gone := conn.execute(sa.select(addresses.c.address).where(addresses.c.address.in_(names))).scalars().all():
            return sorted(gone)
        where = (histories.c.guild_id == item.guild_id, histories.c.id == item.id)
        conn.execute(sa.update(histories).where(*where).values(last_id=new[-1].id))
        upsert.insert(
            conn,
            links,
            [_row(link, _LINK, tags=list(link.tags), search=search.link_key(link), **hidden) for link in new],
        )
        given = [
            Address(name, link.guild_id, link.creator_id, link.id, None, link.destination, link.state)
            for name, link in named
        ]
        ends = {link.id: {"expires_at": link.expires_at, "max_clicks": link.max_clicks} for link in new}
        upsert.insert(conn, addresses, [_row(one, _ADDRESS, **ends[one.link_id or 0], **hidden) for one in given])
    return []


def show(conn: sa.Connection, item: History, states: Mapping[State, Sequence[int]]) -> None:
    """Let its links be seen, those of `states` in another state than active."""
    mine = sa.select(links.c.id).where(links.c.guild_id == item.guild_id, links.c.history_id == item.id)
    _set_state(conn, item, mine, State.ACTIVE)
    for state, ids in states.items():
        for at in range(0, len(ids), 500):
            _set_state(conn, item, list(ids[at : at + 500]), state)


def _set_state(conn: sa.Connection, item: History, ids: Any, state: State) -> None:
    conn.execute(
        sa.update(addresses)
        .where(addresses.c.guild_id == item.guild_id, addresses.c.link_id.in_(ids))
        .values(state=state.value)
    )
    conn.execute(
        sa.update(links).where(links.c.guild_id == item.guild_id, links.c.id.in_(ids)).values(state=state.value)
    )


def hide(conn: sa.Connection, item: History) -> int:
    """Take its links out of sight, but for those that are in use by now: these stay, and it returns how many."""
    c, p, q = links.c, posts.c, hits_quarter.c
    used = sa.or_(
        sa.exists().where(q.guild_id == item.guild_id, q.link_id == c.id, q.writer_id >= 0),
        sa.exists().where(p.guild_id == item.guild_id, p.link_id == c.id, p.import_id != item.id),
    )
    mine = (c.guild_id == item.guild_id, c.history_id == item.id)
    kept = conn.execute(sa.update(links).where(*mine, used).values(history_id=0)).rowcount
    _set_state(conn, item, sa.select(c.id).where(*mine), State.DELETED)
    return kept


def drop_links(writer: Writer, item: History) -> bool:
    """Delete some links of a history that nobody sees, and take their names back; False when nothing was left."""
    c = links.c
    mine = (c.guild_id == item.guild_id, c.history_id == item.id)
    with writer.begin() as conn:
        ids = conn.execute(sa.select(c.id).where(*mine).limit(STEP)).scalars().all()
        conn.execute(sa.delete(addresses).where(addresses.c.guild_id == item.guild_id, addresses.c.link_id.in_(ids)))
        conn.execute(sa.delete(links).where(c.guild_id == item.guild_id, c.id.in_(ids)))
    return bool(ids)


# ------------------------------------------------------------------ counts
# These are for the command line, which owns the file: no hit waits, however long they take.


def bring(conn: sa.Connection, item: History, table: sa.Table, rows: Iterable[upsert.Row]) -> None:
    """Add counts to a rollup; a row has the values of its key after the server, and the count."""
    upsert.add_counts(conn, table, [(item.guild_id, *key, item.writer_id, n) for *key, n in rows])


def bring_nouns(
    conn: sa.Connection,
    item: History,
    new_posts: Iterable[Post],
    new_figures: Iterable[Figure],
    new_notes: Iterable[Note],
) -> None:
    """Write posts with their addresses, figures and notes. A post whose address is taken has none from now on."""
    for post in new_posts:
        if post.code is not None and (post.link_id is None or not _give_address(conn, post)):
            post = dataclasses.replace(post, code=None)
        post_rows.add_now(conn, post)
    for figure in new_figures:
        conn.execute(figures.insert().values(dataclasses.asdict(figure)))
    for note in new_notes:
        conn.execute(notes.insert().values(dataclasses.asdict(note)))


def bring_pages(
    conn: sa.Connection, new: Iterable[Profile], pictures: Mapping[int, bytes], entries: Sequence[Entry]
) -> None:
    """Write profile pages whose handles are free, pictures by creator, and choices for links that have none."""
    for page in new:
        handle = Address(f"@{page.handle}", page.guild_id, page.creator_id)
        conn.execute(addresses.insert().values(dataclasses.asdict(handle)))
        conn.execute(profiles.insert().values(dataclasses.asdict(page)))
        if (picture := pictures.get(page.creator_id)) is not None:
            upsert.put(conn, avatars, {"guild_id": page.guild_id, "creator_id": page.creator_id, "picture": picture})
    upsert.insert_missing(conn, profile_entries, [dataclasses.astuple(entry) for entry in entries])


def _give_address(conn: sa.Connection, post: Post) -> bool:
    """Give a post's address out, which leads where its link's does; False where that is not possible."""
    c = addresses.c
    query = sa.select(addresses).where(c.guild_id == post.guild_id, c.link_id == post.link_id, c.post_id.is_(None))
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        return False
    name = f"{row['address']}/{post.code}"
    if conn.execute(sa.select(c.address).where(c.address == name)).first() is not None:
        return False
    if post.state is not State.DELETED:
        conn.execute(addresses.insert().values({**row, "address": name, "post_id": post.id}))
    return True


def add_up(conn: sa.Connection, item: History) -> None:
    """Make the sums over the server of what was brought, and the totals of closed days doubtful."""
    for table in ROLLUPS[:-1]:
        keys = [column for column in table.primary_key.columns if column.name not in ("link_id", "place_id")]
        fixed = {"link_id": ALL_LINKS} | ({"place_id": BARE} if "place_id" in table.c else {})
        query = (
            sa.select(
                *(sa.literal(value, sa.BigInteger) for value in fixed.values()), *keys, sa.func.sum(table.c.count)
            )
            .where(table.c.guild_id == item.guild_id, table.c.writer_id == item.writer_id)
            .group_by(*keys)
        )
        if table is uniques_daily:  # a server's are of clicks alone
            query = query.where(table.c.link_id.not_in(sa.select(profiles.c.id)))
        conn.execute(table.insert().from_select([*fixed, *(key.name for key in keys), "count"], query))
    _reopen(conn, item)


def _reopen(conn: sa.Connection, item: History) -> None:
    for table in (hits_daily, uniques_daily, set_aside_daily):
        query = sa.select(sa.func.min(table.c.day)).where(
            table.c.guild_id == item.guild_id, table.c.writer_id == item.writer_id
        )
        if (first := conn.execute(query).scalar_one_or_none()) is not None:
            totals.reopen(conn, item.guild_id, first)


def take_back(conn: sa.Connection, item: History) -> None:
    """Delete the counts of a history, and all but the links that it brought."""
    _reopen(conn, item)
    for table in ROLLUPS:
        conn.execute(sa.delete(table).where(table.c.guild_id == item.guild_id, table.c.writer_id == item.writer_id))
    brought = sa.select(posts.c.id).where(posts.c.guild_id == item.guild_id, posts.c.import_id == item.id)
    gone = (addresses.c.guild_id == item.guild_id, addresses.c.post_id.in_(brought))
    conn.execute(sa.delete(addresses).where(*gone))
    for table in (posts, figures):
        conn.execute(sa.delete(table).where(table.c.guild_id == item.guild_id, table.c.import_id == item.id))
    ids = (notes.c.id > item.id, notes.c.id <= item.last_id)
    conn.execute(sa.delete(notes).where(notes.c.guild_id == item.guild_id, *ids))
    _take_pages_back(conn, item)


def _take_pages_back(conn: sa.Connection, item: History) -> None:
    """Delete the profile pages that it brought, but for those that were looked at since."""
    c, entry = profiles.c, profile_entries.c
    brought = (c.guild_id == item.guild_id, c.id > item.id, c.id <= item.last_id)
    seen = sa.exists().where(hits_quarter.c.guild_id == item.guild_id, hits_quarter.c.link_id == c.id)
    gone = sa.select(c.creator_id).where(*brought, ~seen)
    for table in (addresses, avatars):
        own = [addresses.c.address.startswith("@")] if table is addresses else []
        conn.execute(sa.delete(table).where(table.c.guild_id == item.guild_id, table.c.creator_id.in_(gone), *own))
    mine = sa.select(links.c.id).where(links.c.guild_id == item.guild_id, links.c.history_id == item.id)
    conn.execute(sa.delete(profile_entries).where(entry.guild_id == item.guild_id, entry.link_id.in_(mine)))
    conn.execute(sa.delete(profiles).where(*brought, ~seen))


def pages_here(reader: Reader, guild_id: int) -> dict[int, int]:
    """The server's profile pages: creator -> id."""
    return dict(reader.rows(_pages_here, guild_id=guild_id))  # type: ignore[arg-type]


def _pages_here() -> Statement:
    return sa.select(profiles.c.creator_id, profiles.c.id).where(profiles.c.guild_id == sa.bindparam("guild_id"))
