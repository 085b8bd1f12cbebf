"""What an import writes beside links: counts of another service, or everything of another Eyeballs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import sqlalchemy as sa

from bot.imports import eyeballs
from bot.imports.journal import Brought, Source, unpack
from bot.imports.links import Found
from bot.imports.pages import Pages, entries
from storage import histories
from storage.ids import Ids
from storage.records import ELSEWHERE, History, Kind, is_post
from storage.schema import audience_daily, hits_daily, hits_quarter, set_aside_daily
from storage.transfer import DAYS, QUARTERS

_PLACES = {service: place for place, service in ELSEWHERE.items()}

Bring = Callable[[sa.Connection], int]
"""Writes it all, and returns how many clicks there were."""


def of_links(conn: sa.Connection) -> int:
    """Nothing beside the links."""
    return 0


def of_source(item: History, source: Source, names: set[str], zone: str, ids: Sequence[tuple[Found, int]]) -> Bring:
    """What a service counted of links, whose ids here stand beside them; `names` are the journal's pages."""

    def bring(conn: sa.Connection) -> int:
        clicks = 0
        for found, link_id in ids:
            pages = [unpack(histories.read_page(conn, item, name)) for name in source.pages(found, names)]
            clicks += _bring(conn, item, link_id, source.brought(pages, zone))
        return clicks

    return bring


def _bring(conn: sa.Connection, item: History, link_id: int, brought: Brought) -> int:
    """Write what was counted of a link elsewhere; returns its clicks."""
    place, click = _PLACES[item.service], Kind.CLICK.value
    histories.bring(conn, item, hits_quarter, [(link_id, at, place, click, n) for at, n in brought.quarters.items()])
    histories.bring(conn, item, hits_daily, [(day, link_id, place, click, n) for day, n in brought.days.items()])
    histories.bring(
        conn,
        item,
        audience_daily,
        [(day, link_id, click, dimension, value, n) for (day, dimension, value), n in brought.audience.items()],
    )
    histories.bring(
        conn,
        item,
        set_aside_daily,
        [(day, link_id, place, reason, "", n) for (day, reason), n in brought.aside.items()],
    )
    return sum(brought.days.values())


def of_export(item: History, export: eyeballs.Export, pages: Pages, link_ids: Mapping[int, int], ids: Ids) -> Bring:
    """All that an export holds of links, ids there -> ids here, and of profile pages."""
    nouns = eyeballs.nouns(export, item, link_ids, ids)
    chosen = entries(export, item, link_ids)
    counted_on = {**link_ids, **pages.ids}
    # A post that moved to a link which is not in the export has no row: no post here may have its id.
    places = dict(nouns.post_ids)

    def bring(conn: sa.Connection) -> int:
        histories.bring_nouns(conn, item, nouns.posts, nouns.figures, nouns.notes)
        histories.bring_pages(conn, pages.new, pages.pictures, chosen)
        clicks = 0
        for name, table in (QUARTERS | DAYS).items():
            names = [column.name for column in table.c if column.name not in ("guild_id", "writer_id")]
            rows = []
            for row in export.tables[name]:
                if row["link_id"] not in counted_on:
                    continue
                changed = row | {"link_id": counted_on[row["link_id"]]}
                if "place_id" in row:
                    place = row["place_id"]
                    changed["place_id"] = places.setdefault(place, ids.new()) if is_post(place) else place
                rows.append(tuple(changed[name] for name in names))
                clicks += row["count"] if name == "days" and row["kind"] == Kind.CLICK else 0
            histories.bring(conn, item, table, rows)
        return clicks

    return bring
