"""Numbers, dates and people's own texts, made ready for a Discord message."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import discord

from bot.inputs.text import fit_line
from bot.insights.periods import Calendar, Choice, Last, Named, Period, Since, Unit
from bot.links.platforms import describe
from bot.stats.question import Metric
from bot.texts import _, day, days, month, ngettext, number, percent, quarter
from storage.records import Link, Post

ACCENT = discord.Colour(0x4CC2FF)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

UNTITLED = _("untitled")
"""Stands for a text that shows nothing: what was kept before such texts were refused."""


def escape(text: str, limit: int = 100) -> str:
    """A user's text on one line, with no Markdown, mention or link left alive, cut to `limit` characters."""
    return re.sub(r"([\\*_~`|<>\[\]()#:@-])", r"\\\1", plain(text, limit))


def plain(text: str, limit: int = 100) -> str:
    """A user's text where Discord shows no Markdown: choices, buttons, titles of forms, alt texts, pictures."""
    line = fit_line(text, limit)
    return line or (UNTITLED if text.strip() else "")


def label(link: Link) -> str:
    """A link by name, in bold, with its slug when a title hides it."""
    return f"**{escape(link.label, 60)}**" + (f" (`{link.slug}`)" if link.title else "")


def post_name(post: Post) -> str:
    """A post as people say it: Instagram story “Teaser”."""
    return describe(post.platform, post.kind) + (f" “{escape(post.title, 40)}”" if post.title else "")


def post_title(post: Post) -> str:
    """A post as people say it, plain: Instagram story “Teaser”."""
    return describe(post.platform, post.kind) + (f" “{plain(post.title, 40)}”" if post.title else "")


def rows(lines: Sequence[str], limit: int = 1024) -> str:
    """As many whole lines as fit, and how many more there are: half a line would break its Markdown."""
    text = ""
    for n, line in enumerate(lines):
        rest = _("and {n} more").format(n=len(lines) - n)
        if len(text) + len(line) + len(rest) + 2 > limit:
            return text + rest
        text += line + "\n"
    return text.rstrip("\n")


def copyable(url: str) -> str:
    """An address in a block of its own, which Discord lets people copy at a press."""
    return f"```\n{url}\n```\n"


def share(value: float) -> str:
    """A part of a whole: "65%"."""
    return "<1%" if value < 0.005 else percent(value, 0)


METRICS = {
    Metric.CLICKS: _("Clicks"),
    Metric.UNIQUES: _("Unique clicks"),
    Metric.DISPLAYS: _("Displays"),
    Metric.CTR: _("CTR"),
    Metric.ENGAGEMENT: _("Engagement rate"),
}
METRICS_IN_TEXT = {
    Metric.CLICKS: _("clicks"),
    Metric.UNIQUES: _("unique clicks"),
    Metric.DISPLAYS: _("displays"),
    Metric.CTR: _("CTR"),
    Metric.ENGAGEMENT: _("engagement rate"),
}
CHOICES = {
    Named.TODAY: _("Today"),
    Named.YESTERDAY: _("Yesterday"),
    Named.DAYS_7: _("7 days"),
    Named.DAYS_28: _("28 days"),
    Named.DAYS_90: _("90 days"),
    Named.THIS_WEEK: _("This week"),
    Named.LAST_WEEK: _("Last week"),
    Named.THIS_MONTH: _("This month"),
    Named.LAST_MONTH: _("Last month"),
    Named.THIS_QUARTER: _("This quarter"),
    Named.LAST_QUARTER: _("Last quarter"),
    Named.THIS_YEAR: _("This year"),
    Named.LAST_YEAR: _("Last year"),
    Named.ALL: _("All time"),
}


def choice(value: Choice) -> str:
    """A time as people call it: "28 days", "Last week", "November 2026", "1 Feb – 15 Mar 2026"."""
    match value:
        case Named():
            return CHOICES[value]
        case Last(n, Unit.DAY):
            return ngettext("{n} day", "{n} days", n).format(n=number(n))
        case Last(n, Unit.WEEK):
            return ngettext("{n} week", "{n} weeks", n).format(n=number(n))
        case Last(n):
            return ngettext("{n} month", "{n} months", n).format(n=number(n))
        case Calendar(first, Unit.MONTH):
            return month(first)
        case Calendar(first, Unit.QUARTER):
            return quarter(first)
        case Calendar(first):
            return str(first.year)
        case Since(first):
            return _("Since {date}").format(date=day(first, year=True))
        case _:
            return days(value.first, value.last)


def date(value: dt.date, *, year: bool = False, weekday: bool = False) -> str:
    """ "24 Nov", "24 Nov 2026", "Tue 24 Nov"."""
    return day(value, year=year, weekday=weekday)


def dates(period: Period) -> str:
    """The days of a period, both ends named: "28 Oct – 24 Nov 2026"."""
    return days(period.first, period.last)


def time_of_day(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def moment(at: dt.datetime, style: str = "f") -> str:
    """An instant that every reader sees in their own zone."""
    return f"<t:{int(at.timestamp())}:{style}>"


def at_least(text: str, is_least: bool) -> str:
    """ "at least 61", where that is all that is known."""
    return _("at least {n}").format(n=text) if is_least else text


def count_of(n: float, one: str, many: str) -> str:
    """ "1 click", "1,234 clicks"."""
    return f"{number(n)} {one if n == 1 else many}"
