"""The words of the numbers, in plain language, with an example computed from somebody's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.insights import phrases
from bot.insights.rates import MIN_DISPLAYS, Change
from bot.insights.summary import Summary
from bot.insights.tally import Tally
from bot.texts import _, ngettext, number


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
        "Platforms reported {n} display of your posts.", "Platforms reported {n} displays of your posts.", reported
    )
    return text.format(n=number(reported)) if reported else None


def _displays(numbers: Numbers) -> str | None:
    now = numbers.now
    if not now.displays:
        return None
    said = _("{total}: {measured} measured here, {reported} reported by platforms.").format(
        total=phrases.displays(now.displays, now.parts, is_estimate=now.is_estimate),
        measured=number(now.measured),
        reported=number(now.reported),
    )
    if len(now.parts) > 1:
        said += " " + _("They are {list}.").format(list=", ".join(phrases.by_word(now.parts)))
    return said


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
        text = _("Clicks / displays: {quotient}, over {n} of your {all} posts and places.")
    else:
        text = _("Clicks / displays: {quotient}.")
    said = text.format(quotient=phrases.quotient(now.ctr), n=now.ctr_places, all=now.places)
    if now.ctr_places < now.places:
        said += " " + _("The others have clicks or displays alone.")
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
    text = _("Counting clicks alone: {quotient}; likes and comments would raise it.")
    return text.format(quotient=phrases.quotient(ctr))


def _cpm(numbers: Numbers) -> str | None:
    displays = numbers.now.displays
    if not displays:
        return None
    text = ngettext(
        "At a CPM of $10, your {n} display would be worth ${value}.",
        "At a CPM of $10, your {n} displays would be worth ${value}.",
        displays,
    )
    return text.format(n=number(displays), value=number(round(displays / 1000 * 10)))


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
    "display": Term(
        _("Display"),
        _(
            "One showing of a tracked link, or of the post that carries it, on a person's screen. Platforms have their "
            "own words: Instagram, Facebook, Threads, TikTok, YouTube and Twitch count views, every look again; X, "
            "LinkedIn and the others count impressions. A post has one of the two, by its platform, or the other where "
            "only that is known."
        ),
        _("measured + reported, over different posts; where a post has both, the reported figure stands for it"),
        _displays,
    ),
    "measured": Term(
        _("Measured impression"),
        _("A display that Eyeballs saw itself: on a profile page, or through a link's pixel."),
        _("one for each display; crawlers, previews and prefetches are set aside"),
        _measured,
    ),
    "reported": Term(
        _("Reported display"),
        _(
            "What a platform told of a post: typed in, with /impressions log or /views log, or imported. It is a total "
            "at a moment: what it grew by between two readings lies in between, and a period gets the share that lies "
            "within it. A story's is shared out over its 24 hours, another post's by its own clicks, or evenly where "
            "these are fewer than 30. Such a share reads “about”."
        ),
        _("the growth of the platform's total within the period"),
        _reported,
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
            "The share of displays that became clicks. It is formed only over posts and places where both are known, "
            "each up to its last reading (“as of 3 Mar”): later clicks have no displays to be held against. It may "
            "pass 100%, since clicks and displays are counted in different places."
        ),
        _("clicks / displays"),
        _ctr,
    ),
    "resonates": Term(
        _("Resonates most"),
        _(
            "The link with the highest CTR, by the lower end of its 95% interval, so that 1 click of 1 impression does "
            "not beat 480 of 10,000. It is called surely the highest only where chance does not explain its lead over "
            "each other link. Below {n} displays it is too early to call."
        ).format(n=MIN_DISPLAYS),
        _("lower end of the interval of clicks / displays"),
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
        _("The share of displays that led to any reaction: clicks, likes, comments, shares, saves."),
        _("engagements / displays (other tools divide by reach or followers: ask which)"),
        _engagement,
    ),
    "reach": Term(
        _("Reach"),
        _("How many different people saw a post, as the platform tells it; displays count every look."),
        _("told by the platform; never computed here"),
        lambda numbers: None,
    ),
    "cpm": Term(
        _("CPM"),
        _("What an advertiser pays for 1,000 displays."),
        _("cost / displays x 1,000"),
        _cpm,
    ),
    "best": Term(
        _("Best day"),
        _("The day of the period with the most clicks, by the server's calendar."),
        _("the day with the most clicks, the first one on a tie; of impressions where there are no clicks"),
        _best,
    ),
}
