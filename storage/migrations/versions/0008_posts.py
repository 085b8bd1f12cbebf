"""When a post was published, what its platform calls it, since when it carries its link; the currency of a spend."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posts", sa.Column("published_at", sa.BigInteger(), nullable=True))
    op.add_column("posts", sa.Column("platform_id", sa.Text(), nullable=False, server_default=""))
    op.add_column("posts", sa.Column("moved_at", sa.BigInteger(), nullable=True))
    op.add_column("figures", sa.Column("currency", sa.Text(), nullable=False, server_default=""))
