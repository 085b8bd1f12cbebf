"""Where people's hits come from, hits that were dropped, links that end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hits", sa.Column("day", sa.Date(), nullable=True))
    op.add_column("hits", sa.Column("is_unique", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in ("country", "device", "source"):
        op.add_column("hits", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE hits SET day = unique_day, is_unique = true WHERE unique_day IS NOT NULL")
    op.drop_column("hits", "unique_day")
    for table in ("links", "addresses"):
        op.add_column(table, sa.Column("expires_at", sa.BigInteger(), nullable=True))
        op.add_column(table, sa.Column("max_clicks", sa.BigInteger(), nullable=True))
    op.create_table(
        "audience_daily",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("link_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("writer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "link_id", "day", "kind", "dimension", "value", "writer_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("audience_daily_by_day", "audience_daily", ["guild_id", "day"], unique=False)
    op.create_table(
        "dropped_quarter",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("link_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bucket", sa.BigInteger(), nullable=False),
        sa.Column("writer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "link_id", "bucket", "writer_id"),
        sqlite_with_rowid=False,
    )
