"""Why a click's visitor can't be told from others, beside the event."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hits", sa.Column("anonymity", sa.Text(), nullable=False, server_default=""))
