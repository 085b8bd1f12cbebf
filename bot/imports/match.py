"""Which post a report is about: by its address, by the platform's id, then by title and day. Pure decisions."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.imports import addresses, days
from bot.imports.values import Report, Trouble, UnreadableError
from bot.impressions.service import is_implausible
from storage.imports import KnownPost
from storage.records import Fill

SAMPLES = 5
_ONE_DAY = dt.timedelta(days=1)
_WORDS = re.compile(r"[^\w]+")


class By(StrEnum):
    """What told which post it is."""

    PERMALINK = "permalink"
    ID = "id"
    TITLE = "title and day"


@dataclass(frozen=True, slots=True)
class Match:
    post: KnownPost
    by: By

    def fill(self, report: Report) -> Fill | None:
        """What the report knows of the post and the post lacks; None when that is nothing."""
        post = self.post
        permalink = "" if post.permalink else report.permalink
        id_ = "" if post.platform_id else report.platform_id
        at = None if post.published_at else report.published_at
        return Fill(post.id, permalink, id_, at) if permalink or id_ or at else None


class Index:
    """A server's posts on a platform, to be looked up by what a report says. A title is no proof where two share it.

    `named` are the posts by the platform's ids, not all of which may be seen; `loose` those that have none: the few
    that were typed in without an address that tells it.
    """

    def __init__(
        self, platform: str, named: Sequence[tuple[str, int]], loose: Iterable[KnownPost], zone: ZoneInfo
    ) -> None:
        self._platform = platform
        self._zone = zone
        self._first = dict(reversed(named))
        self._more: dict[str, list[int]] = {}
        """Posts that share an id with an older one."""
        if len(self._first) < len(named):
            for name, id_ in named:
                if self._first[name] != id_:
                    self._more.setdefault(name, []).append(id_)
        self._by_key: dict[str, KnownPost] = {}
        self._by_title: dict[str, list[KnownPost]] = defaultdict(list)
        for post in loose:
            if key := addresses.key(platform, post.permalink):
                self._by_key.setdefault(key, post)
            elif title := _title(post.title):
                self._by_title[title].append(post)
        self._told: Counter[tuple[str, dt.date]] = Counter()

    def announce(self, reports: Iterable[Report]) -> None:
        """Take note of all titles of an export before any of its reports is looked up."""
        if self._by_title:
            self._told.update(
                (_title(one.title), self._day(one.published_at)) for one in reports if one.published_at is not None
            )

    def candidates(self, report: Report) -> list[int]:
        """Posts with an id of the report's, the likeliest first; some may be gone, hidden or somebody else's."""
        found = []
        for name in (report.platform_id, report.other_id):
            if name and (id_ := self._first.get(name)) is not None:
                found += [id_, *self._more.get(name, ())]
        return found

    def find(self, report: Report, posts: Mapping[int, KnownPost]) -> Match | None:
        """The post that a report is about; None for one that is not known. `posts` are those of the candidates that
        count, by their ids."""
        candidates = self.candidates(report)
        key = addresses.key(self._platform, report.permalink) if self._by_key or candidates else ""
        if key and (post := self._by_key.get(key)) is not None:
            return Match(post, By.PERMALINK)
        for id_ in candidates:
            if (post := posts.get(id_)) is not None:
                same = key and key == addresses.key(self._platform, post.permalink)
                return Match(post, By.PERMALINK if same else By.ID)
        if not self._by_title or (at := report.published_at) is None or not (title := _title(report.title)):
            return None
        day = self._day(at)
        near = [
            post
            for post in self._by_title.get(title, ())
            if abs(self._day(post.published_at or post.created_at) - day) <= _ONE_DAY
        ]
        alike = sum(self._told[title, day + n * _ONE_DAY] for n in (-2, -1, 0, 1, 2))
        return Match(near[0], By.TITLE) if len(near) == 1 and alike <= 1 else None

    def _day(self, at: dt.datetime) -> dt.date:
        return at.astimezone(self._zone).date()


def _title(text: str) -> str:
    """A title as it is compared: its letters and digits."""
    return _WORDS.sub(" ", text.rstrip("…")).strip().casefold()


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of a preview: a report, the totals that stood before, and what they become."""

    report: Report
    match: Match | None
    changes: Mapping[str, tuple[int | None, int]]
    """Metric -> the total before (None for none) and now."""
    at_ends: Sequence[days.Total] = ()
    """All that is told of days; `changes` has the last one of each metric then."""


@dataclass(slots=True)
class Tally:
    """What an import would do, added up over its reports."""

    matched: Counter[By] = field(default_factory=Counter)
    new: int = 0
    unchanged: int = 0
    """Posts that are known with the same totals."""
    replaced: int = 0
    """Totals that stand and get a successor."""
    lower: int = 0
    """Those of them that become lower, which lifetime totals never do by themselves."""
    implausible: int = 0
    """Posts with a total that is far from the last one."""
    figures: int = 0
    """Snapshots to keep in all."""
    filled: int = 0
    """Posts that learn their address, id or date."""
    daily: int = 0
    """Posts of which days were told."""
    loose: list[Trouble] = field(default_factory=list)
    """Why the days of posts were not taken that don't fit what is known."""
    new_samples: list[Sample] = field(default_factory=list)
    known_samples: list[Sample] = field(default_factory=list)
    implausible_samples: list[Sample] = field(default_factory=list)
    """With those totals alone."""

    def add(self, report: Report, match: Match | None, known: Mapping[tuple[int, str], int]) -> Sample:
        """Take in a report of totals; `known` are those that stand, by post and metric."""
        found = Sample(report, match, changes(report, match, known))
        self.figures += len(found.changes)
        return self._add(found)

    def add_days(self, report: Report, match: Match | None, known: days.Known) -> Sample | None:
        """Take in a report of days; `known` are the post's readings. None for one that does not fit them."""
        assert report.days is not None
        try:
            totals = days.totals(report.days, known)
        except UnreadableError as error:
            self.loose.append(Trouble(report.line, str(error)))
            return None
        last = report.days.grown[-1][0]
        before = {metric: value for (metric, at), value in sorted(known.items(), key=_by_time) if at <= last}
        told = {metric: (before.get(metric), value) for _end, metric, value in totals}
        self.daily += 1
        self.figures += len(totals)
        return self._add(Sample(report, match, told, totals))

    def _add(self, found: Sample) -> Sample:
        report, match = found.report, found.match
        if match is None:
            self.new += 1
            if len(self.new_samples) < SAMPLES:
                self.new_samples.append(found)
            return found
        self.matched[match.by] += 1
        self.filled += match.fill(report) is not None
        before = [(old, new) for old, new in found.changes.values() if old is not None]
        self.replaced += len(before)
        self.lower += sum(new < old for old, new in before)
        far = {metric: told for metric, told in found.changes.items() if is_implausible(told[1], told[0])}
        if far and report.days is None:
            self.implausible += 1
            if len(self.implausible_samples) < SAMPLES:
                self.implausible_samples.append(Sample(report, match, far))
        if not found.changes:
            self.unchanged += 1
        elif len(self.known_samples) < SAMPLES:
            self.known_samples.append(found)
        return found

    @property
    def changes_nothing(self) -> bool:
        return not self.new and not self.figures and not self.filled


def _by_time(reading: tuple[tuple[str, dt.datetime], int]) -> dt.datetime:
    return reading[0][1]


def changes(
    report: Report, match: Match | None, known: Mapping[tuple[int, str], int]
) -> dict[str, tuple[int | None, int]]:
    """The totals that differ from those that stand."""
    before = {} if match is None else {metric: known.get((match.post.id, metric)) for metric in report.figures}
    return {
        metric: (before.get(metric), value) for metric, value in report.figures.items() if before.get(metric) != value
    }
