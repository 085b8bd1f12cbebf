"""Two or three sentences that say what is worth knowing of a period, and nothing when the numbers do not carry it."""

from __future__ import annotations

from bot.insights import detectors
from bot.insights.facts import Facts, Finding, Placed

__all__ = ["Facts", "Finding", "Placed", "findings"]


MOST = 3


def findings(facts: Facts, limit: int = MOST) -> list[Finding]:
    """Up to `limit` findings, the weightiest first, no two of which say the same thing.

    Every kind of finding is tested at 0.5 %, corrected for the cases it looks through (Bonferroni), and wants an
    effect that matters besides: in pure noise all kinds together stay silent in at least 95 % of periods.
    """
    found = sorted((finding for detect in detectors.ALL for finding in detect(facts)), key=lambda one: -one.weight)
    chosen: list[Finding] = []
    for finding in found:
        if len(chosen) < limit and not any(finding.topics & other.topics for other in chosen):
            chosen.append(finding)
    return chosen
