"""How many of a link's clicks of a day came from one network; notices of flags that list addresses."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shared_daily",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("link_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "day", "link_id"),
        sqlite_with_rowid=False,
    )
    conn = op.get_bind()
    flagged = conn.execute(sa.text("SELECT guild_id, id, facts FROM notices WHERE kind = 'flag'")).all()
    for guild_id, id_, text in flagged:
        facts = json.loads(text)
        page = [facts["address"], facts["creator_id"], facts["reasons"]]
        new = json.dumps({"pages": [page], "ids": facts["ids"]})
        query = sa.text("UPDATE notices SET facts = :facts WHERE guild_id = :guild_id AND id = :id")
        conn.execute(query, {"facts": new, "guild_id": guild_id, "id": id_})
