"""A server's sums among the rollups, running totals of closed days, figures by time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SUMS = {
    "hits_quarter": ("bucket, 0, kind", "bucket, kind"),
    "hits_daily": ("day, 0, kind", "day, kind"),
    "uniques_daily": ("day", "day"),
    "audience_daily": ("day, kind, dimension, value", "day, kind, dimension, value"),
    "set_aside_daily": ("day, 0, reason, agent", "day, reason, agent"),
}
"""What stands between link and writer in a rollup's row, without the place, and what it is grouped by."""


def upgrade() -> None:
    for table, (columns, keys) in _SUMS.items():
        # Only names written here go into the text.
        op.execute(
            f"INSERT INTO {table} SELECT guild_id, 0, {columns}, 0, SUM(count) FROM {table} GROUP BY guild_id, {keys}"  # noqa: S608
        )
    op.create_index("set_aside_daily_by_day", "set_aside_daily", ["guild_id", "day"], unique=False)
    op.create_table(
        "totals",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("facet", sa.Text(), nullable=False),
        sa.Column("link_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        *(sa.Column(f"t{day}", sa.BigInteger(), server_default="0", nullable=False) for day in range(32)),
        sa.PrimaryKeyConstraint("guild_id", "month", "facet", "link_id", "kind", "value"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "closed_days",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("building", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id"),
        sqlite_with_rowid=False,
    )
    op.drop_index("figures_by_post", "figures")
    op.create_index("figures_by_post", "figures", ["guild_id", "post_id", "metric", "as_of"], unique=False)
    op.create_index("figures_by_time", "figures", ["guild_id", "as_of"], unique=False)
