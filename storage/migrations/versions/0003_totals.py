"""A server's sums among the rollups, running totals of closed days, figures by time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_DAILY = {
    "hits_daily": (("place_id", sa.BigInteger), ("kind", sa.Text)),
    "uniques_daily": (),
    "audience_daily": (("kind", sa.Text), ("dimension", sa.Text), ("value", sa.Text)),
    "set_aside_daily": (("place_id", sa.BigInteger), ("reason", sa.Text), ("agent", sa.Text)),
}
"""What stands between link and writer in a rollup's key."""


def _lead_by_day(table: str, rest: tuple[tuple[str, type[sa.types.TypeEngine]], ...]) -> None:
    """Put the day before the link in a rollup's key, and add the server's sums."""
    op.rename_table(table, f"old_{table}")
    op.create_table(
        table,
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("link_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, type_(), nullable=False) for name, type_ in rest),
        sa.Column("writer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "day", "link_id", *(name for name, _ in rest), "writer_id"),
        sqlite_with_rowid=False,
    )
    names = ["guild_id", "day", "link_id", *(name for name, _ in rest), "writer_id"]
    old = sa.table(f"old_{table}", *map(sa.column, names), sa.column("count"))
    new = sa.table(table, *map(sa.column, names), sa.column("count"))
    op.execute(new.insert().from_select([*names, "count"], sa.select(old).order_by(*(old.c[name] for name in names))))
    keys = [old.c[name] for name in names if name not in ("link_id", "place_id", "writer_id")]
    sums = sa.select(*keys, *(sa.literal(0) for _ in names[len(keys) :]), sa.func.sum(old.c["count"])).group_by(*keys)
    others = [name for name in names if name in ("link_id", "place_id", "writer_id")]
    op.execute(new.insert().from_select([*(key.name for key in keys), *others, "count"], sums))
    op.drop_table(f"old_{table}")


def upgrade() -> None:
    op.execute(
        "INSERT INTO hits_quarter (guild_id, link_id, bucket, place_id, kind, writer_id, count) "
        "SELECT guild_id, 0, bucket, 0, kind, 0, SUM(count) FROM hits_quarter GROUP BY guild_id, bucket, kind"
    )
    for table, rest in _DAILY.items():
        _lead_by_day(table, rest)
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
