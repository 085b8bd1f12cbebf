"""What a digest says, as plain content that knows no Discord."""

from __future__ import annotations

from dataclasses import dataclass

from bot.insights.summary import Ranked, by_clicks, most_resonant
from bot.stats import Report
from storage.records import Link, State

TOP = 5


@dataclass(frozen=True, slots=True)
class Content:
    """A server's week. Private links are in the totals, never by name."""

    guild_id: int
    report: Report
    top: tuple[tuple[Link, Ranked], ...]
    resonant: tuple[Link, Ranked] | None
    late: bool = False


def compose(guild_id: int, report: Report, *, late: bool = False) -> Content:
    """Choose what stands in the digest."""
    named = {
        link_id: summary
        for link_id, summary in report.by_link.items()
        if (link := report.links.get(link_id)) is not None and not link.private and link.state is not State.DELETED
    }
    best = most_resonant(named)
    return Content(
        guild_id=guild_id,
        report=report,
        top=tuple((report.links[ranked.link_id], ranked) for ranked in by_clicks(named)[:TOP]),
        resonant=None if best is None else (report.links[best.link_id], best),
        late=late,
    )
