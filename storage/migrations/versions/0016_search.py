"""What autocomplete looks for people's words in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.schema import links, posts
from storage.search import name_link, name_posts

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_AT_ONCE = 1_000


def upgrade() -> None:
    for table in ("links", "posts"):
        op.add_column(table, sa.Column("search", sa.Text(), nullable=False, server_default=""))
    conn = op.get_bind()
    # The keys are made by the program that will compare with them.
    for guild_id, link_id in conn.execute(sa.select(links.c.guild_id, links.c.id)).all():
        name_link(conn, guild_id, link_id)
    for guild_id in conn.execute(sa.select(posts.c.guild_id).distinct()).scalars().all():
        ids = conn.execute(sa.select(posts.c.id).where(posts.c.guild_id == guild_id)).scalars().all()
        for at in range(0, len(ids), _AT_ONCE):
            name_posts(conn, guild_id, ids[at : at + _AT_ONCE])
