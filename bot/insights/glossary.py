"""The words of the numbers, in plain language, with an example computed from somebody's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.insights.summary import MIN_IMPRESSIONS, Summary
from bot.texts import _


@dataclass(frozen=True, slots=True)
class Term:
    """A word: what it means, how it is computed, and an example; None where the numbers carry none."""

    name: str
    meaning: str
    formula: str
    example: Callable[[Summary], str | None]


def _measured(summary: Summary) -> str | None:
    if not summary.measured:
        return None
    return _("Your links were displayed {n:,} times on our own pages.").format(n=summary.measured)


def _reported(summary: Summary) -> str | None:
    if not summary.reported:
        return None
    return _("Platforms told {n:,} impressions of your posts.").format(n=summary.reported)


def _impressions(summary: Summary) -> str | None:
    if not summary.impressions:
        return None
    return _("{total:,} impressions: {measured:,} measured here, {reported:,} reported by platforms.").format(
        total=summary.impressions, measured=summary.measured, reported=summary.reported
    )


def _clicks(summary: Summary) -> str | None:
    return _("{n:,} clicks on your links.").format(n=summary.clicks) if summary.clicks else None


def _uniques(summary: Summary) -> str | None:
    if not summary.unique_clicks:
        return None
    return _("{clicks:,} clicks were {unique:,} unique clicks.").format(
        clicks=summary.clicks, unique=summary.unique_clicks
    )


def _ctr(summary: Summary) -> str | None:
    if summary.ctr is None:
        return None
    return _(
        "{clicks:,} clicks / {impressions:,} impressions = {rate:.2%}, over {n} of your {all} posts and places "
        "(the others lack one side)."
    ).format(
        clicks=summary.ctr.clicks,
        impressions=summary.ctr.impressions,
        rate=summary.ctr.value,
        n=summary.ctr_places,
        all=summary.places,
    )


def _sure(summary: Summary) -> str | None:
    if summary.ctr is None:
        return None
    low, high = summary.ctr.interval
    return _("Your CTR of {rate:.2%} lies between {low:.2%} and {high:.2%} with 95% certainty.").format(
        rate=summary.ctr.value, low=low, high=high
    )


def _engagement(summary: Summary) -> str | None:
    if summary.ctr is None:
        return None
    return _(
        "Counting clicks alone: {clicks:,} / {impressions:,} = {rate:.2%}; likes and comments would raise it."
    ).format(clicks=summary.ctr.clicks, impressions=summary.ctr.impressions, rate=summary.ctr.value)


def _cpm(summary: Summary) -> str | None:
    if not summary.impressions:
        return None
    return _("At a CPM of $10, your {n:,} impressions would be worth ${value:,.2f}.").format(
        n=summary.impressions, value=summary.impressions / 1000 * 10
    )


def _best(summary: Summary) -> str | None:
    best = summary.best_day
    if best is None:
        return None
    return _("Your best was {date} with {n:,} {kind}s.").format(
        date=f"{best.day.day} {best.day:%B}", n=best.count, kind=best.kind
    )


GLOSSARY: dict[str, Term] = {
    "impression": Term(
        _("Impression"),
        _("One display of a tracked link, or of the post that carries it, on a person's screen."),
        _("measured + reported, over different posts; where a post has both, the reported figure stands for it"),
        _impressions,
    ),
    "measured": Term(
        _("Measured impression"),
        _("A display that Eyeballs saw itself: on a profile page, or through a link's pixel."),
        _("one for each display; crawlers, previews and prefetches are set aside"),
        _measured,
    ),
    "reported": Term(
        _("Reported impression"),
        _("What a platform told you of a post, typed in with /impressions log."),
        _("the growth of the platform's total between two reports, counted when the later one was made"),
        _reported,
    ),
    "click": Term(
        _("Click"),
        _("A person followed a tracked link. Crawlers, link previews and prefetches are set aside, not counted."),
        _("one for each time a person follows the link"),
        _clicks,
    ),
    "unique": Term(
        _("Unique click"),
        _("The first click of a visitor on a link that day. Nobody is tracked across days; no address is stored."),
        _("first clicks by link and day, summed up"),
        _uniques,
    ),
    "ctr": Term(
        _("Click-through rate (CTR)"),
        _(
            "The share of impressions that became clicks. It is formed only over posts and places where both are "
            "known, and may pass 100%, since clicks and impressions are counted in different places."
        ),
        _("clicks / impressions"),
        _ctr,
    ),
    "resonates": Term(
        _("Resonates most"),
        _(
            "The link whose CTR is surely the highest: ranked by the lower end of its 95% interval, so that 1 click "
            "of 1 impression does not beat 480 of 10,000. Below {n} impressions it is too early to call."
        ).format(n=MIN_IMPRESSIONS),
        _("lower bound of Wilson's score interval of clicks / impressions"),
        _sure,
    ),
    "change": Term(
        _("Change"),
        _(
            "How a number moved against the period before, which has as many days and ends where this one begins. "
            "It is named only when chance does not explain it; otherwise it reads “about the same”. "
            "Where there was nothing before it reads “new”."
        ),
        _("now / before - 1, when the 95% interval of the ratio excludes 1"),
        _clicks,
    ),
    "engagement": Term(
        _("Engagement rate"),
        _("The share of impressions that led to any reaction: clicks, likes, comments, shares, saves."),
        _("engagements / impressions (other tools divide by reach or followers: ask which)"),
        _engagement,
    ),
    "reach": Term(
        _("Reach"),
        _("How many different people saw a post, as the platform tells it; impressions count every display."),
        _("told by the platform; never computed here"),
        lambda summary: None,
    ),
    "cpm": Term(
        _("CPM"),
        _("What an advertiser pays for 1,000 impressions."),
        _("cost / impressions x 1,000"),
        _cpm,
    ),
    "best": Term(
        _("Best day"),
        _("The day of the period with the most clicks, by the server's calendar."),
        _("the day with the most clicks; of impressions where there are no clicks"),
        _best,
    ),
}
