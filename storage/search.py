"""What autocomplete finds links and posts by: a column of theirs that is written with every name of theirs."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from storage.records import Link, Post
from storage.schema import links, posts
from storage.words import key

LINK_NAMES = frozenset({"slug", "title", "tags", "destination"})
POST_NAMES = frozenset({"title", "platform", "kind", "permalink", "link_id", "code"})
"""Columns that the keys are made of."""


def link_key(link: Link) -> str:
    return key(link.title, link.slug, *link.tags, link.destination)


def post_key(post: Post, slug: str | None = None) -> str:
    """`slug` is that of the post's link."""
    return _post_key(post.title, slug, post.code, post.platform, post.kind, post.permalink)


def _post_key(title: str, slug: str | None, code: str | None, platform: str, kind: str, permalink: str) -> str:
    place = f"{slug}/{code}" if slug and code else None
    return key(title, place, code, f"{platform} {kind}", permalink)


def slug_of(conn: sa.Connection, post: Post) -> str | None:
    """The slug of the post's link."""
    if post.link_id is None:
        return None
    where = (links.c.guild_id == post.guild_id, links.c.id == post.link_id)
    return conn.execute(sa.select(links.c.slug).where(*where)).scalar()


def name_link(conn: sa.Connection, guild_id: int, link_id: int) -> None:
    """Have the link found by what it is called now."""
    c = links.c
    where = (c.guild_id == guild_id, c.id == link_id)
    row = conn.execute(sa.select(c.title, c.slug, c.tags, c.destination).where(*where)).one_or_none()
    if row is not None:
        search = key(row.title, row.slug, *row.tags, row.destination)
        conn.execute(sa.update(links).where(*where).values(search=search))


def name_posts(conn: sa.Connection, guild_id: int, post_ids: Collection[int]) -> None:
    """Have posts found by what they are called now."""
    c = posts.c
    there = posts.outerjoin(links, sa.and_(links.c.guild_id == c.guild_id, links.c.id == c.link_id))
    query = sa.select(c.id, c.title, links.c.slug, c.code, c.platform, c.kind, c.permalink).select_from(there)
    rows = conn.execute(query.where(c.guild_id == guild_id, c.id.in_(post_ids))).all()
    change = sa.update(posts).where(c.guild_id == guild_id, c.id == sa.bindparam("post_id"))
    if rows:
        conn.execute(change, [{"post_id": id_, "search": _post_key(*names)} for id_, *names in rows])
