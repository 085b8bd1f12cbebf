"""A link stands on a profile page once its creator has chosen it: those that stand there today are chosen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # They stood above all that were ever arranged, the newest on top.
    op.execute(
        sa.text(
            """
            INSERT INTO profile_entries (guild_id, creator_id, link_id, rank, heading, pinned, hidden)
            SELECT l.guild_id, l.creator_id, l.id,
                   coalesce(
                       (SELECT min(e.rank) FROM profile_entries e
                        WHERE e.guild_id = l.guild_id AND e.creator_id = l.creator_id), 0
                   ) - row_number() OVER (PARTITION BY l.guild_id, l.creator_id ORDER BY l.id),
                   '', false, false
            FROM links l
            JOIN profiles p ON p.guild_id = l.guild_id AND p.creator_id = l.creator_id
            WHERE l.state != 'deleted' AND NOT l.private AND NOT EXISTS (
                SELECT 1 FROM profile_entries e
                WHERE e.guild_id = l.guild_id AND e.creator_id = l.creator_id AND e.link_id = l.id
            )
            """
        )
    )
    # From 0 on, as everywhere: no more were added above the others than the creator has links.
    op.execute(
        """
        UPDATE profile_entries SET rank = rank + (
            SELECT count(*) FROM links l
            WHERE l.guild_id = profile_entries.guild_id AND l.creator_id = profile_entries.creator_id
        )
        """
    )
