"""The words of the numbers, in plain language, with an example computed from somebody's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.insights import phrases
from bot.insights.rates import MIN_IMPRESSIONS, Change
from bot.insights.summary import Summary
from bot.insights.tally import Tally
from bot.texts import _, ngettext, number, percent


@dataclass(frozen=True, slots=True)
class Numbers:
    """Somebody's own numbers to explain with: a period, the one before, and the link that resonates most by name."""

    now: Summary
    before: Summary | None
    moved: Change | None = None
    """How clicks moved."""
    resonant: tuple[str, Tally] | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A word: what it means, how it is computed, and an example; None where the numbers carry none."""

    name: str
    meaning: str
    formula: str
    example: Callable[[Numbers], str | None]


def _measured(numbers: Numbers) -> str | None:
    measured = numbers.now.measured
    text = ngettext(
        "Your links were displayed {n} time on our own pages.",
        "Your links were displayed {n} times on our own pages.",
        measured,
    )
    return text.format(n=number(measured)) if measured else None


def _reported(numbers: Numbers) -> str | None:
    reported = numbers.now.reported
    text = ngettext(
        "Platforms told {n} impression of your posts.", "Platforms told {n} impressions of your posts.", reported
    )
    return text.format(n=number(reported)) if reported else None


def _impressions(numbers: Numbers) -> str | None:
    now = numbers.now
    if not now.impressions:
        return None
    text = ngettext(
        "{total} impression: {measured} measured here, {reported} reported by platforms.",
        "{total} impressions: {measured} measured here, {reported} reported by platforms.",
        now.impressions,
    )
    return text.format(total=number(now.impressions), measured=number(now.measured), reported=number(now.reported))


def _views(numbers: Numbers) -> str | None:
    views = numbers.now.views
    text = ngettext("Platforms told {n} view of your posts.", "Platforms told {n} views of your posts.", views)
    return text.format(n=number(views)) if views else None


def _by_views(numbers: Numbers) -> str | None:
    found = numbers.now.by_views
    if found is None:
        return None
    return _("Clicks {clicks} / views {views} = {rate}.").format(
        clicks=number(found.clicks), views=number(found.impressions), rate=percent(found.value)
    )


def _bio(numbers: Numbers) -> str | None:
    n = numbers.now.in_bio
    return ngettext("{n} of your posts is one.", "{n} of your posts are such.", n).format(n=number(n)) if n else None


def _clicks(numbers: Numbers) -> str | None:
    clicks = numbers.now.clicks
    if not clicks:
        return None
    return ngettext("{n} click on your links.", "{n} clicks on your links.", clicks).format(n=number(clicks))


def _uniques(numbers: Numbers) -> str | None:
    if not numbers.now.unique_clicks:
        return None
    return _("Clicks: {clicks}, of which unique: {unique}.").format(
        clicks=number(numbers.now.clicks), unique=number(numbers.now.unique_clicks)
    )


def _ctr(numbers: Numbers) -> str | None:
    now = numbers.now
    if now.ctr is None:
        return None
    if now.places > 1:
        text = _("Clicks {clicks} / impressions {impressions} = {rate}, over {n} of your {all} posts and places.")
    else:
        text = _("Clicks {clicks} / impressions {impressions} = {rate}.")
    said = text.format(
        clicks=number(now.ctr.clicks),
        impressions=number(now.ctr.impressions),
        rate=percent(now.ctr.value),
        n=now.ctr_places,
        all=now.places,
    )
    if now.ctr_places < now.places:
        said += " " + _("The others have clicks or impressions alone.")
    return said


def _resonant(numbers: Numbers) -> str | None:
    if numbers.resonant is None:
        return None
    name, summary = numbers.resonant
    assert summary.ctr is not None
    text = _("its CTR of {rate} ({parts}) lies between {low} and {high} with 95% certainty.")
    return f"{name}: {phrases.rate(summary.ctr, text)}"


def change_in_words(numbers: Numbers) -> str | None:
    """How clicks moved; None where there were none."""
    if numbers.before is None or numbers.moved is None or not (said := phrases.change(numbers.moved)):
        return None
    now, before = numbers.now.clicks, numbers.before.clicks
    return _("Clicks: {now} after {before} in the period before: {said}.").format(
        now=number(now), before=number(before), said=said
    )


def _engagement(numbers: Numbers) -> str | None:
    found, ctr = numbers.now.engagement, numbers.now.ctr
    if found is not None:
        return phrases.engagement(found) + "."
    if ctr is None:
        return None
    return _("Counting clicks alone: {clicks} / {impressions} = {rate}; likes and comments would raise it.").format(
        clicks=number(ctr.clicks), impressions=number(ctr.impressions), rate=percent(ctr.value)
    )


def _cpm(numbers: Numbers) -> str | None:
    impressions = numbers.now.impressions
    if not impressions:
        return None
    text = ngettext(
        "At a CPM of $10, your {n} impression would be worth ${value}.",
        "At a CPM of $10, your {n} impressions would be worth ${value}.",
        impressions,
    )
    return text.format(n=number(impressions), value=number(round(impressions / 1000 * 10)))


def _best(numbers: Numbers) -> str | None:
    best = numbers.now.best_day
    if best is None:
        return None
    return _("Your best was {date} with {n} {kind}.").format(
        date=f"{best.day.day} {best.day:%B}",
        n=number(best.count),
        kind=best.kind if best.count == 1 else f"{best.kind}s",
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
    "views": Term(
        _("Views"),
        _(
            "The platforms' newer word: how often a post was looked at, with every look again. It counts what "
            "impressions don't, so the two are never added, and a rate by views is called that."
        ),
        _("the growth of the platform's total between two reports, kept beside impressions"),
        _views,
    ),
    "by_views": Term(
        _("Clicks by views"),
        _(
            "The share of views that became clicks, of posts of which a platform tells views and no impressions. "
            "Views count repeats, so it is lower than a CTR would be, and is not compared with one."
        ),
        _("clicks / views"),
        _by_views,
    ),
    "bio": Term(
        _("Link in bio"),
        _(
            "Instagram posts and reels, TikToks and YouTube Shorts can't carry a link to press. Such a post has no "
            "clicks of its own and no CTR; what its address brings comes through your bio. It is ranked by its "
            "engagement rate."
        ),
        _("by platform and kind of the post; /post edit changes them"),
        _bio,
    ),
    "click": Term(
        _("Click"),
        _(
            "A person followed a tracked link. Crawlers, link previews, prefetches, double presses and what is part of "
            "somebody's page are set aside, not counted."
        ),
        _("one for each time a person follows the link"),
        _clicks,
    ),
    "unique": Term(
        _("Unique click"),
        _(
            "The first click of a visitor on a link that day. Nobody is tracked across days; no address is stored. So "
            "visitors behind one address with one and the same browser can't be told apart, and count as one: where "
            "over a fifth of the clicks came from networks with many people, answers say “at least 61”. Who asks not "
            "to be tracked (DNT, GPC) is a click and no unique one; /stats says how many those were."
        ),
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
            "The link with the highest CTR, by the lower end of its 95% interval, so that 1 click of 1 impression does "
            "not beat 480 of 10,000. It is called surely the highest only where chance does not explain its lead over "
            "each other link. Below {n} impressions it is too early to call."
        ).format(n=MIN_IMPRESSIONS),
        _("lower end of the interval of clicks / impressions"),
        _resonant,
    ),
    "change": Term(
        _("Change"),
        _(
            "How a number moved against the period before, which has as many days and ends where this one begins. "
            "An arrow stands only where chance does not explain it; otherwise it reads “+16%, a normal swing”. "
            "What is normal is learned from how your days differed in the 13 weeks before; with less than two weeks of "
            "them a change must be large to get an arrow. "
            "Where there was nothing before it reads “new”."
        ),
        _("now / before - 1, with an arrow where days as different as yours bring that in less than 5% of cases"),
        change_in_words,
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
        lambda numbers: None,
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
        _("the day with the most clicks, the first one on a tie; of impressions where there are no clicks"),
        _best,
    ),
}
