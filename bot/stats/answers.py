"""Answers as values: the numbers of one reading of the database, for who asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from yarl import URL

from bot.insights.benchmark import Benchmark
from bot.insights.findings import Finding
from bot.insights.gaps import Gap
from bot.insights.hours import Claim
from bot.insights.periods import Period
from bot.insights.rates import Rate
from bot.insights.summary import Summary
from bot.insights.tally import Tally
from bot.stats.question import Question, Ranks, Subject
from storage.records import AsideCount, AudienceCount, Link, Note, Post

PAGE = 10
"""Rows of a ranking shown at once."""


@dataclass(frozen=True, slots=True)
class Target:
    """A subject, found and allowed."""

    subject: Subject
    link: Link | None = None
    """The link itself, or the one that the post carries."""
    post: Post | None = None
    url: URL | None = None
    only: Collection[int] | None = None
    """Ids of links: of a creator or a server, these alone; None for all of theirs."""


@dataclass(frozen=True, slots=True)
class LifetimeRate:
    """A post whose reported figures began before the period, with the CTR of its whole life."""

    post: Post
    rate: Rate


@dataclass(frozen=True, slots=True)
class Grown:
    """What a platform told of a post between two snapshots, `since` one up to `until` the next."""

    since: dt.date
    until: dt.date
    impressions: int


@dataclass(frozen=True, slots=True)
class Report:
    """The numbers of a subject in a period, beside those of the period before."""

    period: Period
    as_of: dt.datetime
    now: Summary
    before: Summary | None
    """Cut at the same time of day while the period runs; None for all time, which has no period before."""
    unique_change: tuple[int, int] | None
    """Unique clicks of the days that are over, and of as many of the period before."""
    uniques_by_day: tuple[int, ...] | None
    """None for a post: unique clicks belong to a link."""
    previous_clicks: tuple[int, ...] | None
    """Of the whole period before, by day."""
    rates_by_day: tuple[Rate | None, ...]
    """CTR over places that measure impressions."""
    by_link: Mapping[int, Tally]
    by_post: Mapping[int, Tally]
    links: Mapping[int, Link]
    """Those of them that may be named."""
    posts: Mapping[int, Post]
    """Those of links that may be named."""
    lifetime: tuple[LifetimeRate, ...]
    grown: tuple[Grown, ...]
    set_aside: Sequence[AsideCount]
    audience: Sequence[AudienceCount]
    gaps: Sequence[Gap]
    """When hits are missing."""
    notes: Sequence[Note] = ()
    findings: Sequence[Finding] = ()
    benchmarks: Sequence[tuple[str, Benchmark]] = ()
    """Of a post: where it stands by CTR, by impressions and by clicks, among what ("Instagram stories")."""
    imported_by_day: tuple[int, ...] = ()
    """Clicks that were counted elsewhere; empty where there are none."""
    has_links: bool = True
    ever: int = 0
    """All clicks before the period, where anything is held against them."""
    since: dt.date | None = None
    """The first day with any count, where that lies before the period."""

    @property
    def unfinished(self) -> bool:
        return self.period.is_unfinished(self.as_of)


@dataclass(frozen=True, slots=True)
class Answer:
    """What every answer has."""

    question: Question
    targets: tuple[Target, ...]
    periods: tuple[Period, ...]
    as_of: dt.datetime

    @property
    def target(self) -> Target:
        return self.targets[0]

    @property
    def period(self) -> Period:
        return self.periods[0]

    @property
    def unfinished(self) -> bool:
        return any(period.is_unfinished(self.as_of) for period in self.periods)


@dataclass(frozen=True, slots=True)
class Reported(Answer):
    """The numbers of one subject."""

    report: Report


@dataclass(frozen=True, slots=True)
class Compared(Answer):
    """Reports side by side: one for each target, or for each period."""

    reports: tuple[Report, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A link or a post in a ranking."""

    id: int
    tally: Tally
    uniques: int | None
    trend: tuple[int, ...]
    """Clicks (or impressions) by day."""
    link: Link | None
    post: Post | None
    early: bool = False
    """Too few impressions to rank by CTR."""


@dataclass(frozen=True, slots=True)
class Top(Answer):
    """One page of a ranking."""

    rows: tuple[Row, ...]
    ranked: int
    """How many there are in all."""
    pages: int
    unnamed: int
    """Private links that count but are not named here."""

    @property
    def page(self) -> int:
        return self.question.page

    @property
    def ranks(self) -> Ranks:
        return self.question.ranks


@dataclass(frozen=True, slots=True)
class Heatmap(Answer):
    """The hours of the week."""

    cells: tuple[int, ...]
    """168 counts, Monday midnight first, by the server's clock."""
    claims: Sequence[Claim]
    outliers: tuple[dt.date, ...]
    """Days that the claims leave out, since they are far beyond the usual."""
    first_weekday: int = 0


@dataclass(frozen=True, slots=True)
class Sources(Answer):
    """Where hits came from."""

    audience: Sequence[AudienceCount]
    before: Sequence[AudienceCount] = field(default=())
    total: int = 0
    """Hits of the kind that is asked for, known origin or not."""
