"""A creator's posts are found by an index, page by page."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("posts_by_creator", "posts", ["guild_id", "creator_id"], unique=False)
