"""What a digest says, as plain content that knows no Discord."""

from __future__ import annotations

from dataclasses import dataclass

from bot.insights.periods import Period
from bot.insights.tally import Tally, most_clicks, most_resonant
from bot.stats.answers import Report
from storage.records import Digest, Link

TOP = 5


@dataclass(frozen=True, slots=True)
class Content:
    """A server's week. Private links are in the totals, never by name."""

    digest: Digest
    report: Report
    top: tuple[tuple[Link, Tally], ...]
    resonant: tuple[Link, Tally] | None
    late: bool = False

    @property
    def period(self) -> Period:
        return self.report.period

    @property
    def is_quiet(self) -> bool:
        return not self.top


def compose(digest: Digest, report: Report, *, late: bool = False) -> Content:
    """Choose what stands in the digest."""
    named = {id_: tally for id_, tally in report.by_link.items() if id_ in report.links}
    best = most_resonant(named)
    return Content(
        digest=digest,
        report=report,
        top=tuple((report.links[id_], named[id_]) for id_ in most_clicks(named)[:TOP]),
        resonant=None if best is None else (report.links[best], named[best]),
        late=late,
    )
