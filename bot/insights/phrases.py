"""How a change and a rate read, wherever they stand: one function for each, so that no two places disagree."""

from __future__ import annotations

from bot.insights.rates import Change, Direction, Rate
from bot.insights.summary import IMPRESSIONS, VIEWS, Engagement
from bot.texts import _, ngettext, number, percent


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


def parts(found: Rate | Engagement, by: str = IMPRESSIONS) -> str:
    """What made a rate: "32 of 320", "32 of 320 views"; an engagement rate names what it is by."""
    if isinstance(found, Engagement):
        rate, by, text = found.rate, found.by, _("{top} of {bottom} impressions")
    else:
        rate, text = found, _("{top} of {bottom}")
    text = _("{top} of {bottom} views") if by == VIEWS else text
    return text.format(top=number(rate.clicks), bottom=number(rate.impressions))


WITH_PARTS = _("{rate} ({parts})")
WITH_INTERVAL = _("{rate} ({interval}), {parts}")


def rate(found: Rate | Engagement, text: str = WITH_PARTS, by: str = IMPRESSIONS) -> str:
    """A rate beside exactly what made it: "10.0% (32 of 320)".

    `text` has {rate} and {parts}, and {interval} or {low} and {high} where the 95 % interval stands too.
    """
    low, high = found.interval
    return text.format(
        rate=percent(found.value),
        parts=parts(found, by),
        interval=interval(found),
        low=percent(low),
        high=percent(high),
    )


def engagement(found: Engagement) -> str:
    """How an engagement rate came about: "(1 click + 2 reactions) / 320 impressions = 0.94%"."""
    base = {
        IMPRESSIONS: ngettext("{n} impression", "{n} impressions", found.base),
        VIEWS: ngettext("{n} view", "{n} views", found.base),
    }[found.by]
    return _("({clicks} + {reactions}) / {base} = {rate}").format(
        clicks=ngettext("{n} click", "{n} clicks", found.clicks).format(n=number(found.clicks)),
        reactions=ngettext("{n} reaction", "{n} reactions", found.reactions).format(n=number(found.reactions)),
        base=base.format(n=number(found.base)),
        rate=percent(found.value),
    )


def interval(found: Rate | Engagement) -> str:
    """ "3.1%–4.6%", both ends of a 95 % interval."""
    if (found.rate if isinstance(found, Engagement) else found).is_early:
        return _("too early to be sure")
    low, high = found.interval
    return f"{percent(low)}–{percent(high)}"
