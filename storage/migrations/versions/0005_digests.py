"""Digests of several kinds: daily, weekly or monthly, by tag or role, in a channel or by direct message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("digests_due", "digests")
    op.rename_table("digests", "old_digests")  # SQLite can't let a column be empty that was not
    op.create_table(
        "digests",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("minute", sa.SmallInteger(), nullable=False),
        sa.Column("tag", sa.Text(), server_default="", nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=True),
        sa.Column("quiet", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_run_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "id"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO digests (guild_id, id, channel_id, weekday, minute, state, next_run_at, created_by, reason, "
        "cadence, quiet) SELECT guild_id, id, channel_id, weekday, minute, state, next_run_at, created_by, reason, "
        "'weekly', 'line' FROM old_digests"
    )
    op.drop_table("old_digests")
    op.create_index("digests_due", "digests", ["state", "next_run_at"], unique=False)
