"""Why a delivery failed, as a value; notices to those who run a server; whose direct-message channel is which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def upgrade() -> None:
    for table in ("digests", "digest_runs", "alert_targets", "alert_messages"):
        op.add_column(table, _text("failure"))
    op.add_column("alert_targets", sa.Column("try_at", sa.BigInteger(), nullable=True))
    op.add_column("alert_targets", sa.Column("created_by", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "notices",
        _key("guild_id"),
        _key("id"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("set_up_by", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("first_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        _text("reason"),
        _text("failure"),
        sa.PrimaryKeyConstraint("guild_id", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index("notices_by_state", "notices", ["state", "lease_until"], unique=False)
    op.create_table(
        "direct_channels",
        _key("guild_id"),
        _key("user_id"),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "user_id"),
        sqlite_with_rowid=False,
    )
