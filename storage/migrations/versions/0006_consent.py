"""Creators' consent to be shown as the post of the week."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "creators",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("featured", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "user_id"),
        sqlite_with_rowid=False,
    )
