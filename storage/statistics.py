"""What SQLite's planner is told of the tables: the shape of a server at its limits, whatever is in them today.

Without it, SQLite takes ten rows for all that a server has, and reads the whole server where an index leads to one of
its posts. What `ANALYZE` finds would be no better: a young installation's tables are small, a connection reads it when
it is opened and never again, and no plan would be the one that was tested.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from storage import files

SHAPES = {
    "meta": "20 1",
    "servers": "100 1",
    "links": "500000 5000 1",
    "links_by_creator": "500000 5000 125",
    "posts": "5000000 50000 1",
    "posts_by_creator": "5000000 50000 1250",
    "posts_by_link": "5000000 50000 10",
    "posts_by_platform_id": "5000000 50000 10000 2",
    "addresses": "5500000 1",
    "addresses_by_link": "5500000 55000 11",
    "profiles": "4000 40 1",
    "profile_entries": "100000 1000 25 1",
    "avatars": "4000 40 1",
    "flags": "10000 100 1",
    "creators": "4000 40 1",
    "hits": "100000000 1000000 1",
    "hits_quarter": "50000000 500000 100 2 1 1 1",
    "hits_daily": "40000000 400000 1200 2 1 1 1",
    "uniques_daily": "20000000 200000 600 1 1",
    "audience_daily": "200000000 2000000 6000 10 7 2 1 1",
    "dropped_quarter": "10000 100 2 1 1",
    "visitors_seen": "1000000 10000 20 10 1",
    "set_aside_daily": "20000000 200000 600 3 2 1 1 1",
    "shared_daily": "100000 1000 3 1",
    "totals": "200000000 2000000 170000 20000 10 7 1",
    "closed_days": "100 1",
    "salts": "200 2 1",
    "figures": "6000000 60000 1",
    "figures_by_post": "6000000 60000 3 2 1",
    "figures_by_time": "6000000 60000 3",
    "imports": "10000 100 1",
    "imports_by_state": "10000 100 30",
    "import_chunks": "1000 10 5 1",
    "import_fills": "100000 1000 50 1",
    "histories": "1000 10 1",
    "history_pages": "10000 100 10 1",
    "notes": "100000 1000 1",
    "notes_by_day": "100000 1000 3",
    "digests": "5000 50 1",
    "digests_due": "5000 2000 1",
    "digest_runs": "200000 2000 50 1",
    "alert_targets": "4000 40 1",
    "alerts": "1000000 10000 250 1",
    "alerts_by_message": "1000000 3 2 1",
    "alerts_by_time": "1000000 10000 2",
    "alert_messages": "300000 3000 1",
    "alert_messages_by_target": "300000 3000 75 1",
    "alert_messages_by_state": "300000 75000 1",
    "notices": "10000 100 1",
    "notices_by_state": "10000 2500 1",
    "direct_channels": "4000 40 1",
    "alert_mutes": "4000 40 2 1",
    "destination_checks": "500000 5000 1",
    "brand_reports": "20000 200 1",
    "brand_reports_by_token": "20000 1",
    "brand_reports_by_creator": "20000 200 5",
    "brand_views": "500000 5000 25 2 1 1",
    "deals": "20000 200 1",
    "deals_by_creator": "20000 200 5",
}
"""Of each key, by its table's name, and of each index: rows in all, and rows that are alike in the first column, in the
first two, and so on. A hundred servers, each with what it may have at most."""


def keep(path: Path) -> None:
    """Have the file hold just that, for all connections opened from now on; writes only where it does not."""
    with closing(sqlite3.connect(files.uri(path, "rw"), uri=True, isolation_level=None)) as conn:
        tables = dict(conn.execute("SELECT name, tbl_name FROM sqlite_master WHERE type IN ('table', 'index')"))
        wanted = {(tables[name], name, shape) for name, shape in SHAPES.items()}
        if "sqlite_stat1" in tables and wanted == set(conn.execute("SELECT tbl, idx, stat FROM sqlite_stat1")):
            return
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("ANALYZE sqlite_master")  # makes the table
        conn.execute("DELETE FROM sqlite_stat1")
        conn.executemany("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", sorted(wanted))
        conn.execute("COMMIT")
