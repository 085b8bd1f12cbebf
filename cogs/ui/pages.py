"""Buttons that turn the pages of a list whose newest items come first."""

from __future__ import annotations

import re
from typing import Any

from bot.texts import _
from cogs.ui.answers import read_id
from storage.records import Edge, Page

EDGE = r"(?P<side>[<>])(?P<edge>\d{1,20})"
"""How an edge stands in a button's id."""


def turns(listed: Page[Any]) -> list[tuple[Edge, str, bool]]:
    """The buttons under a page: the edge that each turns to, its label, and whether there is nothing beyond.

    None where all is on one page.
    """
    if listed.pages == 1:
        return []
    first, last = listed.items[0].id, listed.items[-1].id
    return [
        (Edge(first, newer=True), _("Previous"), listed.number == 0),
        (Edge(last, newer=False), _("Next"), listed.number == listed.pages - 1),
    ]


def spelled(edge: Edge) -> str:
    """The edge for a button's id."""
    return f"{'>' if edge.newer else '<'}{edge.id}"


def edge_of(match: re.Match[str]) -> Edge:
    """The edge in a button's id."""
    return Edge(read_id(match["edge"]), newer=match["side"] == ">")
