"""How a change and a rate read, wherever they stand: one function for each, so that no two places disagree."""

from __future__ import annotations

from collections.abc import Sequence

from bot.insights.rates import Change, Direction, Rate
from bot.insights.summary import Engagement, Part
from bot.links.platforms import PLATFORMS
from bot.texts import _, day, ngettext, number, percent
from storage.records import VIEWS


def change(moved: Change) -> str:
    """How a number moved: "▲ 12%", "+16%, a normal swing", "no change", "new"; "" where there is nothing to say."""
    match moved.direction:
        case Direction.NEW:
            return _("new")
        case Direction.NONE:
            return ""
        case Direction.UP:
            return f"▲\u00a0{_whole(moved)}"
        case Direction.DOWN:
            return f"▼\u00a0{_whole(moved)}"
        case Direction.SAME:
            ratio = moved.ratio or 0
            sign = "+" if ratio > 0 else "-"
            return _("{change}, a normal swing").format(change=sign + _whole(moved)) if ratio else _("no change")


def _whole(moved: Change) -> str:
    """The size of a change in whole percent, with decimals where it is below one."""
    size = abs(moved.ratio or 0)
    return percent(size, 0 if size >= 0.005 else None)


def displays(n: int, parts: Sequence[Part], *, is_estimate: bool = False) -> str:
    """A number with its word: "1,340 views", "about 1,340 impressions"; "62,000 displays" where they have several."""
    words = {part.metric for part in parts}
    if words == {VIEWS}:
        text = ngettext("{n} view", "{n} views", n)
    elif len(words) != 1:
        text = ngettext("{n} display", "{n} displays", n)
    else:
        text = ngettext("{n} impression", "{n} impressions", n)
    return about(text.format(n=number(n)), is_estimate=is_estimate)


def about(text: str, *, is_estimate: bool) -> str:
    """A number in words, marked where it is an estimate."""
    return _("about {number}").format(number=text) if is_estimate else text


def by_word(parts: Sequence[Part]) -> list[str]:
    """Displays by what they are called: "37,550 views on TikTok", "12,260 impressions"."""
    found = []
    for part in parts:
        if part.metric == VIEWS:
            text = ngettext("{n} view on {platform}", "{n} views on {platform}", part.count)
        else:
            text = ngettext("{n} impression", "{n} impressions", part.count)
        said = text.format(n=number(part.count), platform=PLATFORMS[part.platform][0] if part.platform else "")
        found.append(about(said, is_estimate=part.is_estimate))
    return found


def parts(found: Rate | Engagement) -> str:
    """What made a rate: "32 of 320", "32 of about 320, as of 3 Mar"; an engagement rate names what it is by."""
    text = _("{top} of {bottom} displays") if isinstance(found, Engagement) else _("{top} of {bottom}")
    rate = found.rate if isinstance(found, Engagement) else found
    bottom = about(number(rate.displays), is_estimate=rate.is_estimate)
    made = text.format(top=number(rate.clicks), bottom=bottom)
    return f"{made}, {as_of(rate)}" if rate.as_of else made


def as_of(found: Rate | Engagement) -> str:
    """Up to when a rate is formed: "as of 3 Mar", "as of 3–26 Nov" where it is of several; "" for the whole time."""
    if not found.as_of:
        return ""
    first, last = found.as_of
    said = [day(one, year=first.year != last.year) for one in dict.fromkeys((first, last))]
    return _("as of {days}").format(days=" – ".join(said))


WITH_PARTS = _("{rate} ({parts})")
WITH_INTERVAL = _("{rate} ({interval}), {parts}")


def rate(found: Rate | Engagement, text: str = WITH_PARTS) -> str:
    """A rate beside exactly what made it: "10.0% (32 of 320)".

    `text` has {rate} and {parts}, and {interval} or {low} and {high} where the 95 % interval stands too.
    """
    low, high = found.interval
    return text.format(
        rate=percent(found.value),
        parts=parts(found),
        interval=interval(found),
        low=percent(low),
        high=percent(high),
    )


def quotient(found: Rate) -> str:
    """How a rate came about: "32 / 320 = 10%"."""
    bottom = about(number(found.displays), is_estimate=found.is_estimate)
    made = f"{number(found.clicks)} / {bottom} = {percent(found.value)}"
    return f"{made}, {as_of(found)}" if found.as_of else made


def engagement(found: Engagement) -> str:
    """How an engagement rate came about: "(1 click + 2 reactions) / 320 displays = 0.94%"."""
    base = ngettext("{n} display", "{n} displays", found.displays)
    base = about(base.format(n=number(found.displays)), is_estimate=found.is_estimate)
    made = _("({clicks} + {reactions}) / {base} = {rate}").format(
        clicks=ngettext("{n} click", "{n} clicks", found.clicks).format(n=number(found.clicks)),
        reactions=ngettext("{n} reaction", "{n} reactions", found.reactions).format(n=number(found.reactions)),
        base=base,
        rate=percent(found.value),
    )
    return f"{made}, {as_of(found)}" if found.as_of else made


def interval(found: Rate | Engagement) -> str:
    """ "3.1%–4.6%", both ends of a 95 % interval."""
    if (found.rate if isinstance(found, Engagement) else found).is_early:
        return _("too early to be sure")
    low, high = found.interval
    return f"{percent(low)}–{percent(high)}"
