"""Posts, and the figures that platforms reported for them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import imports, pages, search
from storage.prepared import Read, Reader, Statement, one_of, padded, spread
from storage.records import IMPRESSIONS, VIEWS, Edge, Figure, Page, Post, State
from storage.schema import figures, posts

COLUMNS = [posts.c[field.name] for field in dataclasses.fields(Post)]
"""Those of a `Post`, in its order."""
_FIGURE = [figures.c[field.name] for field in dataclasses.fields(Figure)]
_STATE = COLUMNS.index(posts.c.state)
_STATES = {state.value: state for state in State}
_FAR = dt.datetime(3000, 1, 1, tzinfo=dt.UTC)
_VALUES = 10_000
"""As many are named in one statement: SQLite takes 32,766."""


def _post(row: Sequence[Any]) -> Post:
    values = list(row)
    values[_STATE] = _STATES[row[_STATE]]
    return Post(*values)


_STANDING = (State.ACTIVE, State.ARCHIVED)


def _posts(
    states: Iterable[State] = _STANDING,
    *,
    of_creator: bool = False,
    links: int | None = None,
    ids: int | None = None,
    since: bool = False,
) -> Statement:
    """A server's posts in some states, without those of an import that is not there yet or any more.

    Of a creator, of so many links, of so many ids, or of a span of time.
    """
    c, guild_id = posts.c, sa.bindparam("guild_id", type_=posts.c.guild_id.type)
    query = sa.select(*COLUMNS).where(
        c.guild_id == guild_id,
        sa.or_(*(c.state == state.value for state in states)),
        imports.shown(guild_id, c.import_id),
    )
    if of_creator:
        query = query.where(c.creator_id == sa.bindparam("creator_id"))
    if links is not None:
        query = query.where(one_of(c.link_id, "link", links))
    if ids is not None:
        query = query.where(one_of(c.id, "id", ids))
    if since:
        # A function has a type, and hands it on.
        published = sa.func.coalesce(c.published_at, c.created_at)
        query = query.where(published >= sa.bindparam("since"), published < sa.bindparam("until"))
    return query


def _found(states: Iterable[State], of_creator: bool, links: int | None) -> Statement:
    return _posts(states, of_creator=of_creator, links=links)


def _newest_first(states: Iterable[State], of_creator: bool, links: int | None) -> Statement:
    return _found(states, of_creator, links).order_by(posts.c.id.desc())


def _by_ids(size: int) -> Statement:
    return _posts(ids=size)


def _since(of_creator: bool) -> Statement:
    return _posts(of_creator=of_creator, since=True)


def add_now(conn: sa.Connection, post: Post) -> None:
    """Like `add`, without a coroutine."""
    searched = search.post_key(post, search.slug_of(conn, post))
    conn.execute(posts.insert().values(dataclasses.asdict(post) | {"search": searched}))


async def add(conn: AsyncConnection, post: Post) -> None:
    await conn.run_sync(add_now, post)


async def get(conn: AsyncConnection, guild_id: int, post_id: int) -> Post | None:
    """The post unless it was deleted."""
    found = await by_ids(conn, guild_id, [post_id])
    return found[0] if found else None


@Read
def find(
    reader: Reader,
    guild_id: int,
    *,
    creator_id: int | None = None,
    link_ids: Collection[int] | None = None,
    states: Iterable[State] = _STANDING,
) -> list[Post]:
    """The server's posts, newest first; of one creator or of some links when named."""
    found: list[Post] = []
    for some in _parts(link_ids):
        named = {} if some is None else spread("link", some)
        shape = (tuple(states), creator_id is not None, None if some is None else padded(len(some)))
        found += map(_post, reader.rows(_newest_first, *shape, guild_id=guild_id, creator_id=creator_id, **named))
    return found if link_ids is None or len(link_ids) <= _VALUES else sorted(found, key=attrgetter("id"), reverse=True)


@Read
def page(
    reader: Reader,
    guild_id: int,
    edge: Edge | None,
    size: int,
    *,
    creator_id: int | None = None,
    link_id: int | None = None,
    states: Iterable[State] = (State.ACTIVE,),
) -> Page[Post]:
    """So many of the posts that `find` would find, as `pages.page` does."""
    shape = tuple(states), creator_id is not None, None if link_id is None else 1
    values = {"guild_id": guild_id, "creator_id": creator_id, "link_0": link_id}
    return pages.page(reader, _found, shape, values, _post, edge, size)


@Read
def by_ids(reader: Reader, guild_id: int, ids: Iterable[int]) -> list[Post]:
    """Those of the server's posts that are not deleted, in no particular order."""
    found: list[Post] = []
    for some in _parts(list(ids)):
        assert some is not None
        found += map(_post, reader.rows(_by_ids, padded(len(some)), guild_id=guild_id, **spread("id", some)))
    return found


async def to_log(conn: AsyncConnection, guild_id: int, creator_id: int, limit: int) -> list[tuple[Post, bool]]:
    """A creator's active posts and whether their platform's numbers are known: those without first, then the newest."""
    told = sa.exists().where(
        figures.c.guild_id == guild_id,
        figures.c.post_id == posts.c.id,
        imports.shown(guild_id, figures.c.import_id),
    )
    at = sa.func.coalesce(posts.c.published_at, posts.c.created_at)
    query = _posts([State.ACTIVE], of_creator=True).add_columns(told.label("told"))
    query = query.order_by(told, at.desc(), posts.c.id.desc()).limit(limit)
    rows = await conn.execute(query, {"guild_id": guild_id, "creator_id": creator_id})
    return [(_post(post), bool(is_told)) for *post, is_told in rows]


@Read
def since(
    reader: Reader, guild_id: int, at: dt.datetime, until: dt.datetime, *, creator_id: int | None = None
) -> list[Post]:
    """The server's posts published from `at` until before `until` (registered, where nobody said), in no order.

    Of one creator when named.
    """
    values = {"guild_id": guild_id, "creator_id": creator_id, "since": at, "until": until}
    return list(map(_post, reader.rows(_since, creator_id is not None, **values)))


async def change(conn: AsyncConnection, guild_id: int, post_id: int, **values: object) -> None:
    await conn.execute(sa.update(posts).where(posts.c.guild_id == guild_id, posts.c.id == post_id).values(**values))
    if search.POST_NAMES & values.keys():
        await conn.run_sync(search.name_posts, guild_id, [post_id])


async def count(conn: AsyncConnection, guild_id: int, creator_id: int) -> tuple[int, int]:
    """How many posts stand that were registered one by one, in the server and of the creator."""
    query = sa.select(sa.func.count(), sa.func.count().filter(posts.c.creator_id == creator_id)).where(
        posts.c.guild_id == guild_id, posts.c.state != State.DELETED, posts.c.import_id == 0
    )
    row = (await conn.execute(query)).one()
    return row[0], row[1]


async def change_of_link(conn: AsyncConnection, guild_id: int, link_id: int, **values: object) -> None:
    await conn.execute(
        sa.update(posts).where(posts.c.guild_id == guild_id, posts.c.link_id == link_id).values(**values)
    )


async def add_figure(conn: AsyncConnection, figure: Figure) -> None:
    await conn.execute(figures.insert().values(dataclasses.asdict(figure)))


async def delete_figures(
    conn: AsyncConnection, guild_id: int, post_id: int, first: int, last: int, entered_by: int
) -> int:
    """Take back a post's snapshots with the ids from `first` to `last` that somebody entered; how many there were."""
    c = figures.c
    where = (c.guild_id == guild_id, c.post_id == post_id, c.id.between(first, last), c.entered_by == entered_by)
    return (await conn.execute(sa.delete(figures).where(*where))).rowcount


@Read
def find_figures(reader: Reader, guild_id: int, post_ids: Collection[int] | None = None) -> list[Figure]:
    """Every snapshot of the server's posts (of `post_ids` when named), in the order of their `as_of`."""
    return _figures(reader, _all_figures, post_ids, guild_id=guild_id)


@Read
def figures_in(
    reader: Reader,
    guild_id: int,
    start: dt.datetime,
    end: dt.datetime,
    post_ids: Collection[int] | None = None,
) -> list[Figure]:
    """The snapshots of `start` <= `as_of` < `end` with the last one before and the first one after them.

    Of each post's metric that was read from `start` on, and of a story the latest one too: it was seen in its first
    day, however late that was told. Of the server's posts (of `post_ids` when named); each one's in order of `as_of`.
    """
    known = {"guild_id": guild_id, "start": start, "end": end}
    found = _figures(reader, _figures_within, post_ids, **known)
    after = _figures(reader, _figures_after, post_ids, **known)
    if found or after:
        latest = _figures(reader, _figures_latest, post_ids, **known)
        found = _figures(reader, _figures_before, post_ids, **known) + found + after + latest
    return found


def _figures(
    reader: Reader, build: Callable[[int | None], Statement], post_ids: Collection[int] | None, **values: Any
) -> list[Figure]:
    found: list[Figure] = []
    for some in _parts(post_ids):
        named = {} if some is None else spread("post", some)
        rows = reader.rows(build, None if some is None else padded(len(some)), **values, **named)
        found += itertools.starmap(Figure, rows)
    return found if post_ids is None or len(post_ids) <= _VALUES else sorted(found, key=attrgetter("as_of", "id"))


def _parts(ids: Collection[int] | None) -> Iterator[list[int] | None]:
    """As many ids as one statement takes at a time; None for all there are."""
    if ids is None:
        yield None
        return
    named = list(ids)
    yield from (named[n : n + _VALUES] for n in range(0, len(named), _VALUES))


def _shown(size: int | None) -> Statement:
    """The snapshots of a server, or of so many of its posts."""
    c, guild_id = figures.c, sa.bindparam("guild_id", type_=figures.c.guild_id.type)
    query = sa.select(*_FIGURE).where(c.guild_id == guild_id, imports.shown(guild_id, c.import_id))
    return query if size is None else query.where(one_of(c.post_id, "post", size))


def _all_figures(size: int | None) -> Statement:
    return _shown(size).order_by(figures.c.as_of, figures.c.id)


def _from(size: int | None, start: str = "start") -> Statement:
    """Those from an instant on, up to one that never comes: of a time with two ends SQLite knows that it is a part."""
    as_of = figures.c.as_of
    return _shown(size).where(as_of >= sa.bindparam(start), as_of < sa.literal(_FAR, as_of.type))


def _figures_within(size: int | None) -> Statement:
    c = figures.c
    return _from(size).where(c.as_of < sa.bindparam("end")).order_by(c.as_of, c.id)


def _figures_before(size: int | None) -> Statement:
    return _next_to(_from(size), figures.alias(), lambda c: c.as_of < sa.bindparam("start"), sa.desc)


def _figures_after(size: int | None) -> Statement:
    return _next_to(_from(size, "end"), figures.alias(), lambda c: c.as_of >= sa.bindparam("end"), sa.asc)


def _figures_latest(size: int | None) -> Statement:
    p = posts.c
    stories = sa.select(p.id).where(p.guild_id == sa.bindparam("guild_id", type_=p.guild_id.type), p.kind == "story")
    shown = _from(size, "end").where(figures.c.post_id.in_(stories))
    return _next_to(shown, figures.alias(), lambda c: c.as_of >= sa.bindparam("end"), sa.desc)


def _next_to(
    shown: Statement,
    other: sa.FromClause,
    where: Callable[[Any], sa.ColumnElement[bool]],
    order: Callable[[Any], sa.ColumnElement[Any]],
) -> Statement:
    """Of each post's metric among `shown`, the first snapshot in an order; of two for one time the one entered last."""
    c, o, guild_id = figures.c, other.c, sa.bindparam("guild_id", type_=figures.c.guild_id.type)
    metrics = shown.with_only_columns(c.post_id, c.metric).distinct().subquery()
    first = (
        sa.select(o.id)
        .where(o.guild_id == guild_id, o.post_id == metrics.c.post_id, o.metric == metrics.c.metric)
        .where(where(o), imports.shown(guild_id, o.import_id))
        .order_by(order(o.as_of), o.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    ids = sa.select(first).select_from(metrics)
    return sa.select(*_FIGURE).where(c.guild_id == guild_id, c.id.in_(ids)).order_by(c.as_of, c.id)


@Read
def told_before(reader: Reader, guild_id: int, at: dt.datetime, post_ids: Collection[int]) -> set[tuple[int, str]]:
    """(post id, metric) of what was told of displays before an instant."""
    return {
        (post_id, metric)
        for some in _parts(post_ids)
        if some
        for post_id, metric in reader.rows(
            _told_before, padded(len(some)), guild_id=guild_id, start=at, **spread("post", some)
        )
    }


def _told_before(size: int) -> Statement:
    c = figures.c
    told = _shown(size).where(sa.or_(c.metric == IMPRESSIONS, c.metric == VIEWS), c.as_of < sa.bindparam("start"))
    return told.with_only_columns(c.post_id, c.metric).distinct()


@Read
def first_figure(
    reader: Reader,
    guild_id: int,
    *,
    creator_id: int | None = None,
    link_ids: Collection[int] | None = None,
    post_id: int | None = None,
) -> dt.datetime | None:
    """When the first snapshot was taken of a server's posts, of a creator's, of some links' or of one."""
    found = [
        at
        for some in _parts(link_ids)
        for (at,) in reader.rows(
            _first_figure,
            *(creator_id is not None, None if some is None else padded(len(some)), post_id is not None),
            guild_id=guild_id,
            creator_id=creator_id,
            post_id=post_id,
            **({} if some is None else spread("link", some)),
        )
    ]
    return min((at for at in found if at is not None), default=None)


def _first_figure(of_creator: bool, links: int | None, of_post: bool) -> Statement:
    c, guild_id = figures.c, sa.bindparam("guild_id", type_=figures.c.guild_id.type)
    query = sa.select(sa.func.min(c.as_of)).where(c.guild_id == guild_id, imports.shown(guild_id, c.import_id))
    if of_post:
        return query.where(c.post_id == sa.bindparam("post_id"))
    return query.where(c.post_id.in_(_posts(of_creator=of_creator, links=links).with_only_columns(posts.c.id)))
