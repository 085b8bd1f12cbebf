"""Each headline number of a report in its own words: formula, what was filled in, what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.insights import phrases
from bot.insights.audience import opted_out, uniques_are_least
from bot.insights.glossary import GLOSSARY, Numbers, change_in_words
from bot.insights.rates import MIN_DISPLAYS, Rate
from bot.insights.summary import Engagement, Summary
from bot.texts import _, ngettext, number, percent
from storage.records import AsideCount, AudienceCount


@dataclass(frozen=True, slots=True)
class Explained:
    """A number: "CTR", "clicks / impressions", "1,204 / 28,310 = 4.3%", and what it covers and leaves out."""

    name: str
    formula: str
    filled_in: str
    note: str = ""


def explain(
    numbers: Numbers,
    set_aside: Sequence[AsideCount] = (),
    missing: int = 0,
    fresh: str = "",
    audience: Sequence[AudienceCount] = (),
) -> list[Explained]:
    """Explain clicks, unique clicks, impressions, CTR, engagement rate and the change of clicks.

    `set_aside` are the requests that were filtered, `missing` the hits known to be lost, `fresh` says up to when hits
    are counted ("today 14:05"), `audience` tells whose visitors couldn't be told apart. A number that is not known is
    explained by what it lacks.
    """
    now, untold = numbers.now, opted_out(audience)
    filtered = sum(item.count for item in set_aside)
    counted = _notes(
        ngettext(
            "{n} request was set aside: crawlers, link previews, double presses and others.",
            "{n} requests were set aside: crawlers, link previews, double presses and others.",
            filtered,
        ).format(n=number(filtered))
        if filtered
        else "",
        ngettext("{n} hit is missing.", "{n} hits are missing.", missing).format(n=number(missing)) if missing else "",
        _("Counted up to {fresh}.").format(fresh=fresh) if fresh else "",
    )
    return [
        _explained("click", number(now.clicks), counted),
        _explained(
            "unique",
            ngettext("{unique} of {clicks} click", "{unique} of {clicks} clicks", now.clicks).format(
                unique=number(now.unique_clicks), clicks=number(now.clicks)
            ),
            _notes(
                _("The sum of each day's: somebody who comes back on another day counts again."),
                _("Whoever asks not to be tracked (DNT, GPC) is a click, never a unique one."),
                ngettext("That was {n} click.", "Those were {n} clicks.", untold).format(n=number(untold))
                if untold
                else "",
                _("Visitors behind one address with one and the same browser can't be told apart."),
                _("Over a fifth of these clicks came from networks with many people: there were more visitors.")
                if uniques_are_least(audience, now.clicks - now.imported.total())
                else "",
            ),
        ),
        _explained("display", *_displays(numbers)),
        _explained("ctr", *_ctr(numbers)),
        _explained("engagement", *_engagement(numbers)),
        _explained(
            "change",
            change_in_words(numbers) or "–",
            _("Reported displays have no change: they are told now and then, and shared out in between."),
        ),
    ]


def _explained(key: str, filled_in: str, note: str = "") -> Explained:
    return Explained(GLOSSARY[key].name, GLOSSARY[key].formula, filled_in, note)


def _notes(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _interval(found: Rate) -> str:
    if found.is_early:
        return _("Too early to be sure of it: that takes {n} displays.").format(n=number(MIN_DISPLAYS))
    low, high = found.interval
    return _("With 95% certainty between {low} and {high}.").format(low=percent(low), high=percent(high))


def _displays(numbers: Numbers) -> tuple[str, str]:
    now = numbers.now
    both = now.measured + now.reported - now.displays
    text = _("{measured} measured + {reported} reported = {total}")
    if both:
        text = _("{measured} measured + {reported} reported - {both} measured of posts with both = {total}")
    reported = phrases.about(number(now.reported), is_estimate=now.is_estimate)
    return text.format(
        measured=number(now.measured), reported=reported, both=number(both), total=number(now.displays)
    ), _notes(
        _("They are {list}.").format(list=", ".join(phrases.by_word(now.parts))) if len(now.parts) > 1 else "",
        _("What a platform told between two readings is shared out over the time in between.")
        if now.is_estimate
        else "",
    )


def _ctr(numbers: Numbers) -> tuple[str, str]:
    now = numbers.now
    if now.ctr is None:
        return "–", _notes(_("No post or place has both clicks and displays in this period."), _in_bio(now))
    rest = now.clicks - now.ctr.clicks
    return phrases.quotient(now.ctr), _notes(
        _of_all(_("{n} of {all} posts and places have both sides."), now.ctr_places, now.places),
        _("Clicks elsewhere, or after a post's last reading: {n}.").format(n=number(rest)) if rest else "",
        _interval(now.ctr),
        _over_one(now.ctr),
        _in_bio(now),
    )


def _of_all(text: str, n: int, all_of_them: int) -> str:
    """The coverage, where there is more than one that could be covered."""
    return text.format(n=number(n), all=number(all_of_them)) if all_of_them > 1 else ""


def _in_bio(now: Summary) -> str:
    text = ngettext(
        "{n} post is of a kind in which no link can be pressed: it has no clicks of its own.",
        "{n} posts are of a kind in which no link can be pressed: they have no clicks of their own.",
        now.in_bio,
    )
    return text.format(n=number(now.in_bio)) if now.in_bio else ""


def _over_one(rate: Rate) -> str:
    return _("Over 100%: clicks and displays are counted in different places.") if rate.value > 1 else ""


def _engagement(numbers: Numbers) -> tuple[str, str]:
    found = numbers.now.engagement
    if found is None:
        return "–", _("No post has both reactions and displays in this period.")
    return _engaged(found)


def _engaged(found: Engagement) -> tuple[str, str]:
    return phrases.engagement(found), _notes(
        _of_all(_("{n} of {all} posts have both sides."), found.posts, found.of), _interval(found.rate)
    )
