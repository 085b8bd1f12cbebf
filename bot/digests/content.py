"""What a digest says, as plain content that knows no Discord."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.digests.movers import Mover
from bot.insights.detectors import HABIT, MILESTONE
from bot.insights.findings import Finding
from bot.insights.milestones import passed
from bot.insights.periods import Period, local_day
from bot.insights.tally import Tally, by_ctr, most_clicks
from bot.reports.deals import Standing
from bot.stats.answers import Report
from storage.records import Cadence, Digest, Link, Post

TOP = 5
MOST_NEW = 4
MOST_FINDINGS = 3
MOST_MISSING = 5
"""Posts that a digest asks for numbers of; as many buttons stand in a row."""
STALE = dt.timedelta(days=7)
"""Numbers of a platform older than this are asked for again while clicks go on."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A post whose platform knows numbers that nobody has typed in; `told` is the day of the last ones."""

    post: Post
    link: Link | None
    clicks: int
    """In the digest's period."""
    told: dt.date | None


@dataclass(frozen=True, slots=True)
class Content:
    """What a digest says of a period. Private links are in the totals, and named in their creator's own digest alone.

    `links` and `posts` are the ones that may be named, by id.
    """

    digest: Digest
    report: Report
    locale: str
    late: bool
    top: tuple[tuple[Link, Tally], ...]
    top_posts: tuple[tuple[Post, Tally], ...]
    resonant: tuple[Link, Tally, bool] | None
    """What is clicked most often where it is seen, and whether surely; None while it is too early to call."""
    resonant_post: tuple[Post, Tally, bool] | None
    movers: tuple[Mover, ...]
    """The largest changes first."""
    new_links: tuple[Link, ...]
    """Made in the period, the newest first."""
    new_posts: tuple[Post, ...]
    findings: tuple[Finding, ...]
    milestone: int | None
    """The round number of clicks in all that was passed."""
    post_of_period: tuple[Post, Tally] | None
    """Of the creators who agreed to be shown, the post with the most clicks."""
    missing: tuple[Missing, ...]
    """In a creator's own digest."""
    featured: bool
    """Whether the creator whose digest it is agreed to be shown."""
    links: Mapping[int, Link]
    deals: tuple[Standing, ...] = ()
    """In a creator's own digest, how those stand that are under way."""
    is_role_gone: bool = False
    """It tells of the links of a role that was deleted: of none."""

    @property
    def period(self) -> Period:
        return self.report.period

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was counted."""
        now = self.report.now
        return not (now.clicks or now.displays)

    @property
    def is_first(self) -> bool:
        """Whether nothing was counted before, so that there is nothing to compare with."""
        before = self.report.before
        return not self.report.ever and (before is None or not (before.clicks or before.displays))


def compose(
    digest: Digest,
    report: Report,
    *,
    links: Mapping[int, Link],
    movers: Sequence[Mover] = (),
    made: Sequence[Post] = (),
    told: Mapping[int, dt.datetime | None] | None = None,
    featured: Collection[int] = (),
    deals: Sequence[Standing] = (),
    locale: str = "en-US",
    late: bool = False,
    is_role_gone: bool = False,
) -> Content:
    """Choose what stands in the digest.

    `links` may be named; `made` are posts of the period and more; `told` is when the platform's displays of those
    that it tells any of were last typed in, by post, in a creator's own digest; `featured` are those who agreed.
    """
    named = {id_: tally for id_, tally in report.by_link.items() if id_ in report.links}
    named_posts = {id_: tally for id_, tally in report.by_post.items() if id_ in report.posts}
    best, best_post = by_ctr(named), by_ctr(named_posts)
    consented = {id_: tally for id_, tally in named_posts.items() if report.posts[id_].creator_id in featured}
    shown = [id_ for id_ in most_clicks(consented) if consented[id_].clicks] if digest.user_id is None else []
    period, now = report.period, report.now.clicks
    return Content(
        digest=digest,
        report=report,
        locale=locale,
        late=late,
        is_role_gone=is_role_gone,
        top=tuple((report.links[id_], named[id_]) for id_ in most_clicks(named)[:TOP]),
        top_posts=tuple((report.posts[id_], named_posts[id_]) for id_ in most_clicks(named_posts)[:TOP]),
        resonant=None if best.best is None else (report.links[best.best], named[best.best], best.is_sure),
        resonant_post=None
        if best_post.best is None
        else (report.posts[best_post.best], named_posts[best_post.best], best_post.is_sure),
        movers=tuple(movers),
        new_links=tuple(
            sorted((link for link in links.values() if period.contains(link.created_at)), key=lambda link: -link.id)
        ),
        new_posts=tuple(
            sorted(
                (post for post in made if period.contains(post.published) and _nameable(post, digest, links)),
                key=lambda post: -post.id,
            )
        ),
        findings=_findings(report, digest),
        milestone=next(reversed(passed(report.ever, report.ever + now)), None),
        post_of_period=(report.posts[shown[0]], consented[shown[0]]) if shown else None,
        missing=() if told is None else _missing(report, links, made, told),
        featured=digest.user_id in featured,
        links=links,
        deals=tuple(deals),
    )


def _findings(report: Report, digest: Digest) -> tuple[Finding, ...]:
    """What holds for months comes last, and not every day; a milestone stands elsewhere."""
    found = [one for one in report.findings if MILESTONE not in one.topics]
    habits = [one for one in found if HABIT in one.topics and digest.cadence is not Cadence.DAILY]
    return tuple([*(one for one in found if HABIT not in one.topics), *habits][:MOST_FINDINGS])


def _nameable(post: Post, digest: Digest, links: Mapping[int, Link]) -> bool:
    return post.link_id in links or (digest.user_id is not None and not digest.tag and post.link_id is None)


def _missing(
    report: Report, links: Mapping[int, Link], made: Sequence[Post], told: Mapping[int, dt.datetime | None]
) -> tuple[Missing, ...]:
    found = []
    for post in made:
        if post.id not in told:
            continue
        at, tally = told[post.id], report.by_post.get(post.id)
        clicks = 0 if tally is None else tally.clicks
        if at is None or (clicks and report.as_of - at > STALE):
            link = None if post.link_id is None else links.get(post.link_id)
            found.append(Missing(post, link, clicks, None if at is None else local_day(at, report.period.zone)))
    # Those of which nothing is known first, then those that people still click.
    return tuple(sorted(found, key=lambda one: (one.told is not None, -one.clicks, -one.post.id))[:MOST_MISSING])
