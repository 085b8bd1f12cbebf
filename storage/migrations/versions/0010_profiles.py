"""Profile pages: their looks and order, flags, views, and impressions that were seen apart from displayed ones."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from alembic import op

from storage.ids import Ids

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("position", "delay"):
        op.add_column("hits", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("profiles", sa.Column("id", sa.BigInteger(), nullable=False, server_default="0"))
    for name in ("line", "theme", "accent", "avatar", "taken_down"):
        op.add_column("profiles", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    profiles = sa.table("profiles", *map(sa.column, ("guild_id", "creator_id", "id")))
    ids = Ids()
    conn = op.get_bind()
    for guild_id, creator_id in conn.execute(sa.select(profiles.c.guild_id, profiles.c.creator_id)).all():
        op.execute(
            profiles.update()
            .where(profiles.c.guild_id == guild_id, profiles.c.creator_id == creator_id)
            .values(id=ids.new())
        )
    # Former handles answered as unknown; from now on they lead on to the new one.
    op.execute("UPDATE addresses SET state = 'active' WHERE address LIKE '@%' AND state = 'deleted'")
    op.create_table(
        "profile_entries",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("creator_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("link_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("heading", sa.Text(), server_default="", nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("shows_from", sa.BigInteger(), nullable=True),
        sa.Column("shows_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("guild_id", "creator_id", "link_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "avatars",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("creator_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "creator_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "flags",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("guild_id", "id"),
        sqlite_with_rowid=False,
    )
    # Where pages were counted when they were rendered, charts mark the day from which on links have to be seen.
    now = dt.datetime.now(dt.UTC).isoformat()
    op.execute(
        sa.text(
            "INSERT INTO meta (key, value) SELECT 'viewable_since', :now "
            "WHERE EXISTS (SELECT 1 FROM hits_daily WHERE place_id = 1 AND kind = 'impression')"
        ).bindparams(now=now)
    )
