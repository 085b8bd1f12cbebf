"""What autocomplete offers: the few links and posts that answer best to what was typed, matched and ranked in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from storage import imports
from storage.prepared import Reader, Statement, one_of, padded, spread
from storage.records import ALL_LINKS, ELSEWHERE, Kind, State
from storage.schema import hits_daily, links, posts
from storage.words import Query, Tier

MOST = 25
"""As many are found, and as many of the most clicked are known."""
_USED_DAYS = 7
_KEPT_SECONDS = 300
"""How long the most clicked are remembered."""


class LinkPick(NamedTuple):
    tier: Tier
    state: State
    id: int
    creator_id: int
    slug: str
    title: str


class PostPick(NamedTuple):
    tier: Tier
    state: State
    id: int
    creator_id: int
    platform: str
    kind: str
    title: str
    code: str | None
    published: dt.datetime
    """When it was published, or registered where nobody said."""
    slug: str | None
    """Its link's."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Among whose links and posts is looked, and for whom."""

    guild_id: int
    asker_id: int
    creator_id: int | None = None
    """One creator's alone."""
    recent: tuple[int, ...] = ()
    """The links and posts that the asker used last, the latest first."""


def find_links(
    reader: Reader, scope: Scope, query: Query, now: dt.datetime, states: Sequence[State] = (State.ACTIVE,)
) -> list[LinkPick]:
    """The links in whose title, slug, tags and destination the words are, the best first.

    By `Tier`, active ones before archived ones, what the asker used last, the asker's own, the most clicked of the
    last days, the newest.
    """
    clicked = _clicked(reader, scope.guild_id, "link_id", now)
    found = {
        row[2]: LinkPick(Tier(row[0]), State(row[1]), *row[2:])
        for row in _both(reader, _links, scope, query, states, clicked)
    }
    recent, used = _places(scope.recent), _places(clicked)

    def rank(pick: LinkPick) -> tuple[Any, ...]:
        own = pick.creator_id == scope.asker_id
        return (pick.tier, pick.state, recent.get(pick.id, MOST), not own, used.get(pick.id, MOST), -pick.id)

    return sorted(found.values(), key=rank)[:MOST]


def find_posts(
    reader: Reader,
    scope: Scope,
    query: Query,
    now: dt.datetime,
    states: Sequence[State] = (State.ACTIVE,),
    *,
    linked: bool = False,
) -> list[PostPick]:
    """The posts in whose title, place, platform, kind and permalink the words are, the best first; see `find_links`.

    None whose link was deleted; with `linked` those alone that carry an active link.
    """
    clicked = _clicked(reader, scope.guild_id, "place_id", now)
    found = {
        row[2]: PostPick(Tier(row[0]), State(row[1]), *row[2:])
        for row in _both(reader, _posts, scope, query, states, clicked, linked)
    }
    recent, used = _places(scope.recent), _places(clicked)

    def rank(pick: PostPick) -> tuple[Any, ...]:
        return (pick.tier, pick.state, recent.get(pick.id, MOST), used.get(pick.id, MOST), -pick.id)

    return sorted(found.values(), key=rank)[:MOST]


def creators(reader: Reader, guild_id: int, limit: int) -> list[int]:
    """The creators of a server's active links, the one of the newest first."""
    return [row[0] for row in reader.rows(_creators, limit, guild_id=guild_id)]


def tags(reader: Reader, guild_id: int, creator_id: int, states: Sequence[State] = (State.ACTIVE,)) -> list[str]:
    """The tags of a creator's links, those of the newest first."""
    rows = reader.rows(_tags, tuple(states), guild_id=guild_id, creator_id=creator_id)
    return list(dict.fromkeys(tag for row in rows for tag in row[0]))


def _places(ids: Iterable[int]) -> dict[int, int]:
    return {id_: place for place, id_ in reversed(list(enumerate(ids)))}


def _both(
    reader: Reader, build: Any, scope: Scope, query: Query, states: Sequence[State], clicked: Sequence[int], *shape: Any
) -> list[tuple[Any, ...]]:
    """The first by name and age, and those among the used ones that answer: the best of all are among them."""
    shape = (len(query.within), scope.creator_id is not None, tuple(states), *shape)
    values: dict[str, Any] = {"guild_id": scope.guild_id, "asker_id": scope.asker_id}
    values |= {f"within_{n}": word for n, word in enumerate(query.within)}
    values |= {f"word_{n}": word for n, word in enumerate(query.words)}
    values |= {"prefix": query.prefix, "creator_id": scope.creator_id}
    rows = reader.rows(build, 0, *shape, **values)
    if len(rows) == MOST and (used := [*scope.recent, *clicked]):  # with fewer there are no others
        rows += reader.rows(build, padded(len(used)), *shape, **values, **spread("id", used))
    return rows


def _clicked(reader: Reader, guild_id: int, column: str, now: dt.datetime) -> list[int]:
    """The links, or places that are posts, with the most clicks of the last days; remembered for some minutes."""
    key = ("clicked", guild_id, column, int(now.timestamp()) // _KEPT_SECONDS)
    found = None if reader.memory is None else reader.memory.get(key)
    if found is None:
        since = (now - dt.timedelta(days=_USED_DAYS)).date()
        found = [row[0] for row in reader.rows(_most_clicked, column, guild_id=guild_id, since=since)]
        if reader.memory is not None:
            reader.memory.put(key, found, MOST)
    return found


def _guild() -> sa.BindParameter[int]:
    return sa.bindparam("guild_id", type_=sa.BigInteger)


def _most_clicked(column: str) -> Statement:
    c = hits_daily.c
    where = (c.guild_id == _guild(), c.day >= sa.bindparam("since", type_=sa.Date), c.kind == Kind.CLICK.value)
    clicks = sa.func.sum(c["count"])
    query = sa.select(c[column]).where(*where, c.link_id != ALL_LINKS).group_by(c[column])
    if column == "place_id":
        query = query.where(c.place_id > max(ELSEWHERE))
    return query.order_by(clicks.desc(), c[column].desc()).limit(MOST)


def _has(search: sa.Column[str], name: str) -> sa.ColumnElement[bool]:
    """That a key has a text in it, letter by letter: nothing in it is a wildcard."""
    return sa.func.instr(search, sa.bindparam(name, type_=sa.Text)) > 0


def _tier(search: sa.Column[str], words: int) -> sa.ColumnElement[int]:
    if not words:
        return sa.literal_column("0")
    begin = sa.and_(*(_has(search, f"word_{n}") for n in range(words)))
    return sa.case((_has(search, "prefix"), 0), (begin, 1), else_=2)


def _in_one_of(column: sa.Column[str], states: Iterable[State]) -> sa.ColumnElement[bool]:
    return sa.or_(*(column == state.value for state in states))


def _matching(table: sa.Table, ids: int, words: int, of_creator: bool, states: tuple[State, ...]) -> list[Any]:
    c = table.c
    where: list[Any] = [c.guild_id == _guild(), _in_one_of(c.state, states)]
    if ids:
        where.append(one_of(c.id, "id", ids))
    if of_creator:
        where.append(c.creator_id == sa.bindparam("creator_id", type_=sa.BigInteger))
    return where + [_has(c.search, f"within_{n}") for n in range(words)]


def _links(ids: int, words: int, of_creator: bool, states: tuple[State, ...]) -> Statement:
    c = links.c
    tier = _tier(c.search, words).label("tier")
    other = c.creator_id != sa.bindparam("asker_id", type_=sa.BigInteger)
    query = sa.select(tier, c.state, c.id, c.creator_id, c.slug, c.title)
    query = query.where(*_matching(links, ids, words, of_creator, states))
    return query.order_by(tier, c.state, other, c.id.desc()).limit(ids or MOST)


def _posts(ids: int, words: int, of_creator: bool, states: tuple[State, ...], linked: bool) -> Statement:
    c, link, there = posts.c, links.alias().c, links.alias()
    tier = _tier(c.search, words).label("tier")
    hidden = (State.ARCHIVED, State.DELETED) if linked else (State.DELETED,)
    gone = sa.select(link.id).where(link.guild_id == _guild(), _in_one_of(link.state, hidden))
    without = c.link_id.is_(None)
    published = sa.func.coalesce(c.published_at, c.created_at, type_=c.created_at.type).label("published")
    query = sa.select(tier, c.state, c.id, c.creator_id, c.platform, c.kind, c.title, c.code, published, c.link_id)
    query = query.where(
        *_matching(posts, ids, words, of_creator, states),
        imports.shown(_guild(), c.import_id),
        sa.and_(~without, c.link_id.not_in(gone)) if linked else sa.or_(without, c.link_id.not_in(gone)),
    )
    order = [tier] if words else []
    order += [c.state] if len(states) > 1 else []
    found = query.order_by(*order, c.id.desc()).limit(ids or MOST).subquery()
    named = sa.and_(there.c.guild_id == _guild(), there.c.id == found.c.link_id)
    shown = [column for column in found.c if column is not found.c.link_id]
    return sa.select(*shown, there.c.slug).select_from(found.outerjoin(there, named))


def _creators(limit: int) -> Statement:
    c = links.c
    where = (c.guild_id == _guild(), c.state == State.ACTIVE.value)
    return sa.select(c.creator_id).where(*where).group_by(c.creator_id).order_by(sa.func.max(c.id).desc()).limit(limit)


def _tags(states: tuple[State, ...]) -> Statement:
    c = links.c
    where = _matching(links, 0, 0, True, states)
    return sa.select(c.tags).where(*where).order_by(c.id.desc())
