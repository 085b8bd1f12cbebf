"""When the counts of closed days were last changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("closed_days", sa.Column("version", sa.BigInteger(), nullable=False, server_default="0"))
