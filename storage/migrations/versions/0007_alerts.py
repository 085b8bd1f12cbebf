"""Alerts between digests, and how destinations answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def upgrade() -> None:
    op.create_table(
        "alert_targets",
        _key("guild_id"),
        _key("user_id"),
        sa.Column("channel_id", sa.BigInteger(), nullable=True),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("quiet_from", sa.SmallInteger(), nullable=True),
        sa.Column("quiet_until", sa.SmallInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "user_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alerts",
        _key("guild_id"),
        _key("user_id"),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("link_id", sa.BigInteger(), nullable=True),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("guild_id", "user_id", "key"),
        sqlite_with_rowid=False,
    )
    op.create_index("alerts_by_message", "alerts", ["message_id", "guild_id", "user_id"], unique=False)
    op.create_index("alerts_by_time", "alerts", ["guild_id", "made_at"], unique=False)
    op.create_table(
        "alert_messages",
        _key("guild_id"),
        _key("id"),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("first_attempt_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("discord_id", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "alert_messages_by_target", "alert_messages", ["guild_id", "user_id", "first_attempt_at"], unique=False
    )
    op.create_index("alert_messages_by_state", "alert_messages", ["state", "lease_until"], unique=False)
    op.create_table(
        "alert_mutes",
        _key("guild_id"),
        _key("user_id"),
        _key("link_id"),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "user_id", "link_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "destination_checks",
        _key("guild_id"),
        _key("link_id"),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.SmallInteger(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("dead_at", sa.BigInteger(), nullable=True),
        sa.Column("back_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "link_id"),
        sqlite_with_rowid=False,
    )
