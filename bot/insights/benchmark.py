"""Where a post stands among posts of its platform and kind: the creator's own, and the server's if it opted in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.insights.rates import MIN_DISPLAYS, Rate
from bot.texts import _, number, percent

WINDOW = dt.timedelta(days=90)
SETTLED = dt.timedelta(days=2)
"""A younger post still collects: its clicks and displays are not held against those of older ones."""
MIN_OTHERS = 5
MIN_CREATORS = 5
"""Fewer creators in a server's benchmark would give away whose numbers they are."""


class Measure(StrEnum):
    """What posts are compared by."""

    RATE = "rate"
    DISPLAYS = "displays"
    CLICKS = "clicks"


@dataclass(frozen=True, slots=True)
class PeerPost:
    """A post with what it brought since it was published; `rate` as in `PlaceSummary`."""

    id: int
    creator_id: int
    platform: str
    kind: str
    published: dt.datetime
    clicks: int
    displays: int
    metric: str
    """What the displays are, as in `PlaceSummary`."""
    rate: Rate | None = None

    def value(self, measure: Measure, now: dt.datetime) -> float | None:
        """What it is compared by; None while that says too little."""
        if measure is Measure.RATE:
            enough = self.rate is not None and self.rate.displays >= MIN_DISPLAYS
            return self.rate.value if self.rate is not None and enough else None
        if now - self.published < SETTLED:
            return None
        found = self.clicks if measure is Measure.CLICKS else self.displays
        return float(found) if found > 0 else None


@dataclass(frozen=True, slots=True)
class Standing:
    """A post's percentile, 0 to 1, among `posts` others."""

    percentile: float
    posts: int
    own: bool
    """Among the creator's own posts, else among the server's."""
    others: tuple[float, ...] = ()
    """The values that it was held against."""
    pooled: Rate | None = None
    """All clicks by all displays of the others; None unless rates were compared."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Where a post stands; a side without enough others is None."""

    measure: Measure
    own: Standing | None
    server: Standing | None


def percentile(value: float, others: Sequence[float]) -> float | None:
    """The share of `others` below `value`, ties counting half (midrank); None below `MIN_OTHERS` of them."""
    if len(others) < MIN_OTHERS:
        return None
    below = sum(other < value for other in others)
    ties = sum(other == value for other in others)
    return (below + ties / 2) / len(others)


def benchmark(
    post: PeerPost, peers: Sequence[PeerPost], now: dt.datetime, measure: Measure = Measure.RATE
) -> Benchmark | None:
    """Hold a post against the `peers` of its platform and kind from the last 90 days; itself among them is left out.

    Peers of other creators are handed in only when the server opted in, and used only when they are of at least
    `MIN_CREATORS` creators, the post's own among them. None when there is nothing to say.
    """
    value = post.value(measure, now)
    if value is None:
        return None
    alike = [
        (peer, found)
        for peer in peers
        if peer.id != post.id
        and (peer.platform, peer.kind) == (post.platform, post.kind)
        and (measure is Measure.CLICKS or peer.metric == post.metric)
        and now - WINDOW <= peer.published <= now
        and (found := peer.value(measure, now)) is not None
    ]
    own = [(peer, found) for peer, found in alike if peer.creator_id == post.creator_id]
    creators = {peer.creator_id for peer, _found in alike} | {post.creator_id}
    mine = _standing(value, own, own=True)
    server = _standing(value, alike, own=False) if len(creators) >= MIN_CREATORS else None
    return Benchmark(measure, mine, server) if mine or server else None


def _standing(value: float, others: Sequence[tuple[PeerPost, float]], *, own: bool) -> Standing | None:
    found = tuple(other for _peer, other in others)
    share = percentile(value, found)
    if share is None:
        return None
    rates = [peer.rate for peer, _other in others if peer.rate is not None]
    shown = sum(rate.displays for rate in rates)
    pooled = Rate(sum(rate.clicks for rate in rates), shown) if shown > 0 else None
    return Standing(share, len(found), own, found, pooled)


def words(standing: Standing, what: str) -> str:
    """ "better than 80% of your Instagram stories of the last 90 days (12 posts)"; `what` is the middle's plural."""
    whose = _("your {what}") if standing.own else _("this server's {what}")
    share = max(standing.percentile, 1 - standing.percentile)
    if standing.percentile < 0.5:
        said = _("worse than {share} of {whose} of the last 90 days ({n} posts)")
    else:
        said = _("better than {share} of {whose} of the last 90 days ({n} posts)")
    return said.format(
        share=_("all") if share == 1 else percent(share, 0), whose=whose.format(what=what), n=number(standing.posts)
    )
