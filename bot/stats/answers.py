"""Answers as values: the numbers of one reading of the database, for who asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from yarl import URL

from bot.insights.audience import uniques_are_least
from bot.insights.benchmark import Benchmark
from bot.insights.findings import Finding
from bot.insights.gaps import Gap
from bot.insights.hours import Claim
from bot.insights.noise import CAUTIOUS, Dispersion
from bot.insights.pages import Spot
from bot.insights.periods import Period
from bot.insights.rates import Change, Rate, change
from bot.insights.summary import Summary
from bot.insights.tally import Tally
from bot.stats.question import Question, Ranks, Subject
from storage.records import AsideCount, AudienceCount, Figure, Kind, Link, Note, Post, Profile, SharedCount

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
    carried: tuple[int, ...] = ()
    """The links that the post carries and carried before it was moved: its hits are on all of them."""
    only: Collection[int] | None = None
    """Ids of links: of a creator or a server, these alone; None for all of theirs."""


@dataclass(frozen=True, slots=True)
class Grown:
    """What of a platform's growth between two snapshots of a post lies in a period, on the days `since` to `until`.

    Below 0 it is a correction.
    """

    since: dt.date
    until: dt.date
    growth: int
    read_on: dt.date
    """When the later snapshot was taken."""
    is_estimate: bool = False
    """Whether a part of the growth lies outside of the period."""
    figures: int = 1
    """As many are told as one."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Counts of one local day by the hour of its clock; those of a day that runs end with the running hour."""

    at: tuple[dt.datetime, ...]
    """When each hour begins, on the local clock; of the whole day."""
    clicks: tuple[int, ...]
    impressions: tuple[int, ...]
    """Measured ones."""
    previous_clicks: tuple[int, ...] | None
    """Of the day before, at the same hours of the clock; None where it is not compared, or had none."""


@dataclass(frozen=True, slots=True)
class Report:
    """The numbers of a subject in a period, beside those of the period before."""

    period: Period
    as_of: dt.datetime
    now: Summary
    before: Summary | None
    """Cut at the same time of day while the period runs; None for all time, which has no period before."""
    unique_change: tuple[int, int] | None
    """Unique clicks, and those of the period before. None while the period runs: they belong to whole days, so that
    there is nothing that today's can be held against."""
    uniques_by_day: tuple[int, ...] | None
    """None for a post: unique clicks belong to a link."""
    previous_clicks: tuple[int, ...] | None
    """Of the whole period before, by day."""
    rates_by_day: tuple[Rate | None, ...]
    """CTR over places that measure impressions."""
    by_link: dict[int, Tally]
    by_post: Mapping[int, Tally]
    links: Mapping[int, Link]
    """Those of them that may be named."""
    posts: Mapping[int, Post]
    """Those of links that may be named."""
    grown: tuple[Grown, ...]
    set_aside: Sequence[AsideCount]
    audience: Sequence[AudienceCount]
    gaps: Sequence[Gap]
    """When hits are missing."""
    shared: Sequence[SharedCount] = ()
    """The days of links many of whose clicks came through one connection."""
    notes: Sequence[Note] = ()
    findings: Sequence[Finding] = ()
    benchmarks: Sequence[tuple[str, Benchmark]] = ()
    """Of a post: where it stands by CTR, by displays and by clicks, among what ("Instagram stories")."""
    imported_by_day: tuple[int, ...] = ()
    """Clicks that were counted elsewhere; empty where there are none."""
    has_links: bool = True
    ever: int = 0
    """All clicks before the period, where anything is held against them."""
    since: dt.date | None = None
    """The first day with any count, where that lies before the period."""
    began: dt.date | None = None
    """The first day with any count, whenever it was, where anything is held against the period."""
    post: Post | None = None
    """The post that the report is about."""
    told: Sequence[Figure] = ()
    """The latest of each metric that its platform told of the post; what was spent only in a private answer."""
    hours: Hours | None = None
    """Of a single day."""
    clicks_ever: int = 0
    """All clicks of the post, beside which its lifetime totals stand."""
    noise: Mapping[Kind, Dispersion] = field(default_factory=dict)
    """How much counts of the kind vary, by those before the period."""

    @property
    def unfinished(self) -> bool:
        return self.period.is_unfinished(self.as_of)

    @property
    def clicks_moved(self) -> Change | None:
        """Against the period before; None where there is none."""
        return None if self.before is None else self._moved(self.now.clicks, self.before.clicks)

    @property
    def uniques_moved(self) -> Change | None:
        """Those of visitors vary as their clicks do."""
        return None if self.unique_change is None else self._moved(*self.unique_change)

    @property
    def uniques_are_least(self) -> bool:
        """Whether there were more visitors than could be told apart."""
        return uniques_are_least(self.audience, self.now.clicks - self.now.imported.total())

    @property
    def measured_moved(self) -> Change | None:
        """Of measured impressions."""
        if self.before is None:
            return None
        return self._moved(self.now.measured, self.before.measured, Kind.IMPRESSION)

    def _moved(self, now: int, before: int, kind: Kind = Kind.CLICK) -> Change:
        return change(now, before, self.noise.get(kind, CAUTIOUS), self.period.share)


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
    """A link, a post or a group of posts in a ranking."""

    id: int
    tally: Tally
    uniques: int | None
    trend: tuple[int, ...]
    """Clicks (or impressions) by day; none of a group."""
    link: Link | None
    post: Post | None
    early: bool = False
    """Too few impressions or views to rank by a rate."""
    group: str = ""
    """What the posts of a group are called: "Instagram", "Instagram stories"."""


@dataclass(frozen=True, slots=True)
class Top(Answer):
    """One page of a ranking."""

    rows: tuple[Row, ...]
    ranked: int
    """How many there are in all."""
    pages: int
    unnamed: int
    """Private links that count but are not named here."""
    in_bio: int = 0
    """Posts that a ranking by CTR leaves out since they have no clicks of their own."""

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
class PageDays:
    """A profile page by day; `unique_views` add up over days, since nobody is known from one to the next."""

    views: tuple[int, ...]
    unique_views: tuple[int, ...]
    viewable: tuple[int, ...]
    displayed: tuple[int, ...]
    clicks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProfileStats(Answer):
    """A profile page: its views, what was seen and clicked on it by link and by position, and where people came from.

    Links and positions know only what was counted since links have to be seen; `days` has all.
    """

    profile: Profile
    days: PageDays
    views_before: int | None
    """Of the period before, cut at the same time of day while this one runs; None for all time."""
    noise: Dispersion
    """How much its views vary from day to day."""
    by_link: Mapping[int, Spot]
    by_position: Mapping[int, Spot]
    links: Mapping[int, Link]
    """Those of them that may be named."""
    delays: Mapping[int, int]
    audience: Sequence[AudienceCount]
    """Of the views."""
    notes: Sequence[Note]


@dataclass(frozen=True, slots=True)
class Sources(Answer):
    """Where hits came from."""

    audience: Sequence[AudienceCount]
    before: Sequence[AudienceCount] = field(default=())
    total: int = 0
    """Hits of the kind that is asked for, known origin or not."""
