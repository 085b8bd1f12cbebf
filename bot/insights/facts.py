"""What is known of a period, and the shape of a sentence that is worth saying of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bot.insights.benchmark import Standing
from bot.insights.hours import Claim
from bot.insights.periods import Period
from bot.insights.rates import Rate
from bot.insights.summary import Summary
from bot.insights.tally import Tally
from storage.records import Dimension, Post

Origins = Mapping[tuple[Dimension, str], Mapping[dt.date, int]]
"""(dimension, value) -> clicks by day, of days with any."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A post's standing by CTR; `what` names its kind in the plural, in our own words: "Instagram stories"."""

    post_id: int
    rate: Rate
    standing: Standing
    what: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a link, a post, a creator or a server in a period; a scope hands in what it has."""

    period: Period
    unfinished: bool = False
    now: Summary | None = None
    before: Summary | None = None
    """Of the previous period; of an unfinished one, made with `summary.comparable`."""
    links: Mapping[int, Tally] = field(default_factory=dict)
    """Only those that may be named to the reader."""
    links_before: Mapping[int, Tally] = field(default_factory=dict)
    posts: Mapping[int, Post] = field(default_factory=dict)
    """Only those that may be named to the reader."""
    hours: Sequence[Claim] = ()
    origins: Origins = field(default_factory=dict)
    origins_before: Origins = field(default_factory=dict)
    """Over whole days."""
    history: Mapping[dt.date, int] = field(default_factory=dict)
    """Clicks by local day of the 13 weeks before the period (more is better), a zero for each day without any."""
    incomplete: Collection[dt.date] = ()
    """Days of which hits are missing: nothing is said of them."""
    placed: Sequence[Placed] = ()
    lifetime: tuple[int, int] | None = None
    """All clicks ever, up to the period's start and up to now."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence, with the numbers behind it.

    `text` has {0}, {1} where the names of the links or posts with the ids in `about` go, and {value} where `value`
    goes: both are users' text, which whoever shows the finding escapes.
    """

    text: str
    evidence: str
    about: tuple[int, ...] = ()
    weight: float = 0.0
    """How surprising and how sure: about the doublings that it is surely worth."""
    value: tuple[Dimension, str] | None = None
    topics: frozenset[str] = frozenset()
    """Two findings that share one say the same thing."""

    def fill(self, names: Sequence[str] = (), value: str = "") -> str:
        """The sentence with the escaped names of `about` and the escaped `value`."""
        return self.text.format(*names, value=value)
