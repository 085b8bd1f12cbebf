"""What platforms told of a post, shared out over time: a total is read now and then, and grows in between."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from bot.insights.periods import ONE_DAY
from storage.records import IMPRESSIONS, VIEWS, Figure, Post, plain

MIN_CLICKS = 30
"""From so many clicks of a post between two readings on, its growth has the shape of these."""
STORY = ONE_DAY
"""How long a story is to be seen."""
SAME_DAY = ONE_DAY
"""A post that was registered so soon had its address from its publication on."""

Span = tuple[int, dt.datetime, dt.datetime]
"""(post id, start, end): a post's own clicks from one instant up to another are wanted."""
Clicks = Callable[[int, dt.datetime, dt.datetime], int]
"""The clicks of such a span."""


@plain
class Step:
    """The growth of a total between two readings; below 0 where the platform corrected what it had told."""

    start: dt.datetime
    end: dt.datetime
    growth: int
    has_shape: bool
    """Whether the post's own clicks may tell when it grew."""
    read_at: dt.datetime
    """When the later reading was; a story's growth ended before."""

    def cuts(self, at: dt.datetime) -> bool:
        """Whether an instant lies within it, so that what was before can only be estimated."""
        return self.start < at < self.end

    def lies_in(self, start: dt.datetime, end: dt.datetime) -> bool:
        """Whether any of it lies in a time."""
        return self.start < end and (self.end > start or self.start == self.end == start)

    def before(self, at: dt.datetime, post_id: int, clicks: Clicks) -> int:
        """What of it lies before an instant: a whole number, so that parts add up."""
        if not self.growth or not self.cuts(at):
            return self.growth if at >= self.end and at > self.start else 0
        if self.has_shape and (whole := clicks(post_id, self.start, self.end)) >= MIN_CLICKS:
            return round(self.growth * clicks(post_id, self.start, at) / whole)
        return round(self.growth * ((at - self.start) / (self.end - self.start)))


@plain
class Grown:
    """What of a post's growth in one metric lies in a time; below 0 where its platform took more back."""

    growth: int
    is_estimate: bool
    """Whether the time begins or ends between two readings."""


@plain
class Told:
    """What a platform told of a post: the steps of each metric, in the order of time."""

    post: Post
    steps: Mapping[str, Sequence[Step]]
    read_until: Mapping[str, dt.datetime]
    """When each metric was last read."""
    display_metric: str | None
    """The metric that is its display count: `display_metric_of`."""

    def grown(self, metric: str, start: dt.datetime, end: dt.datetime, clicks: Clicks) -> Grown | None:
        """The metric's growth from `start` up to `end`; None where no reading tells of any of that time.

        Growth between two readings is shared out: a story's over the 24 hours after its publication, another post's by
        the shape of its own clicks where there are `MIN_CLICKS`, else evenly. Adjacent times add up.
        """
        found = self.shares(metric, start, end, clicks)
        if not found:
            return None
        is_estimate = any(step.growth and (step.cuts(start) or step.cuts(end)) for step, _share in found)
        return Grown(sum(share for _step, share in found), is_estimate)

    def shares(self, metric: str, start: dt.datetime, end: dt.datetime, clicks: Clicks) -> list[tuple[Step, int]]:
        """The metric's steps that lie in a time, each with what of its growth does."""
        id_ = self.post.id
        return [
            (step, step.before(end, id_, clicks) - step.before(start, id_, clicks))
            for step in self.steps.get(metric, ())
            if step.lies_in(start, end)
        ]

    def spans(self, metric: str, *instants: dt.datetime) -> Iterator[Span]:
        """The spans whose clicks `grown` asks for, of times that begin or end at the instants."""
        for step in self.steps.get(metric, ()):
            if step.has_shape and step.growth:
                for at in filter(step.cuts, instants):
                    yield self.post.id, step.start, step.end
                    yield self.post.id, step.start, at


def display_metric_of(post: Post, known: Container[str]) -> str | None:
    """Which of the metrics known of a post counts its displays: its platform's own, or the other one where only that
    is known; None where neither is."""
    own = post.display_metric
    other = IMPRESSIONS if own == VIEWS else VIEWS
    return own if own in known else other if other in known else None


def told_of(post: Post, figures: Iterable[Figure], earlier: Iterable[str] = ()) -> Told:
    """The readings of a post, in the order of time, as the steps between them; `earlier` metrics were told before.

    The first step begins when the post was published, or was registered where nobody said when that was. Of two
    readings for the same time the one that was entered last stands.
    """
    steps: dict[str, list[Step]] = defaultdict(list)
    latest: dict[str, Figure] = {}
    for figure in {(figure.metric, figure.as_of): figure for figure in figures}.values():
        before = latest.get(figure.metric)
        since, value = (post.published, 0) if before is None else (before.as_of, before.value)
        steps[figure.metric].append(_step(post, min(since, figure.as_of), figure.as_of, figure.value - value))
        latest[figure.metric] = figure
    read_until = {metric: figure.as_of for metric, figure in latest.items()}
    return Told(post, steps, read_until, display_metric_of(post, {*latest, *earlier}))


def _step(post: Post, start: dt.datetime, end: dt.datetime, growth: int) -> Step:
    if post.kind == "story":
        over = post.published + STORY
        return Step(min(start, over), min(end, over), growth, has_shape=False, read_at=end)
    counted = post.link_id is not None and not post.link_in_bio
    has_shape = counted and start >= max(addressed_from(post), post.moved_at or start)
    return Step(start, end, growth, has_shape, read_at=end)


def addressed_from(post: Post, until: dt.datetime | None = None) -> dt.datetime:
    """Since when people could click a post's own address: since its publication, where it was registered that day.

    And where that left it the larger part of the time `until` it was read.
    """
    late = post.created_at - post.published
    if late <= SAME_DAY and (until is None or until - post.created_at >= late):
        return post.published
    return post.created_at
