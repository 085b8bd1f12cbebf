"""The answer to `/link audit`: every request accounted for."""

from __future__ import annotations

import discord

from bot.insights.audit import Audit, audit
from bot.stats.answers import Report
from bot.texts import _, ngettext
from bot.tracking.hits import RULES_VERSION
from cogs.ui import format as fmt
from cogs.ui.answers import embed

WORDS = {
    "preview": (_("preview"), _("previews")),
    "crawler": (_("crawler"), _("crawlers")),
    "prefetch": (_("prefetch"), _("prefetches")),
    "head": (_("HEAD request"), _("HEAD requests")),
    "embedded": (_("part of a page"), _("parts of pages")),
    "repeat": (_("repeat"), _("repeats")),
    "throttled": (_("throttled"), _("throttled")),
    "owner": (_("test of the creator's"), _("tests of the creator's")),
}
MEANINGS = {
    "preview": _("a chat or network drew the link's card"),
    "crawler": _("crawlers, monitors, HTTP libraries, browsers without a person"),
    "prefetch": _("a browser loaded it ahead of a click that may never come"),
    "head": _("a look without opening"),
    "embedded": _("an image, a frame or a script of somebody's page: nobody followed the link"),
    "repeat": _("a double press: the same browser on the same address again, soon after"),
    "throttled": _("one browser or one network faster than people are"),
    "owner": _("the creator trying it out through the test address"),
}


def words(reason: str, count: int) -> str:
    """ "96 previews"."""
    return fmt.count_of(count, *WORDS.get(reason, (reason, reason)))


def incomplete(report: Report) -> str:
    """When hits are missing, because the disk did not keep up; "" when none are."""
    lines = []
    for gap in report.gaps:
        end = f"{gap.end:%H:%M}" if gap.end.date() == gap.start.date() else f"{fmt.date(gap.end)} {gap.end:%H:%M}"
        lines.append(
            _("{hits} dropped {date} {start} – {end}, since the disk did not keep up").format(
                hits=fmt.count_of(gap.count, _("hit"), _("hits")),
                date=fmt.date(gap.start),
                start=f"{gap.start:%H:%M}",
                end=end,
            )
        )
    return fmt.rows(lines)


def of(report: Report) -> Audit:
    return audit(report.now.clicks - report.now.imported.total(), report.now.measured, report.set_aside)


def card(report: Report, title: str) -> discord.Embed:
    """The balance as a sentence, then each reason with what it means, and whose previews they were."""
    found = of(report)
    lines = [f"{fmt.dates(report.period)} · {report.period.zone}", "", balance(report), *through_one(report)]
    answer = embed(_("Audit of {name}").format(name=title), "\n".join(lines))
    if found.aside:
        rows = [f"**{words(reason, count)}** – {MEANINGS.get(reason, reason)}" for reason, count in found.aside]
        answer.add_field(name=_("Set aside"), value=fmt.rows(rows), inline=False)
    if found.previews:
        total = sum(count for _agent, count in found.previews)
        shares = [f"{agent} {fmt.number(count)} ({fmt.percent(count / total)})" for agent, count in found.previews]
        answer.add_field(name=_("Whose previews"), value=" · ".join(shares)[:1024], inline=False)
    if found_gaps := incomplete(report):
        answer.add_field(name=_("Incomplete"), value=found_gaps, inline=False)
    answer.set_footer(
        text=_("Rules version {n}. What is set aside is redirected all the same.").format(n=RULES_VERSION)
    )
    return answer


def through_one(report: Report) -> list[str]:
    """ "3 Mar: 412 of 1,020 clicks came through one shared connection, such as a mobile carrier or a campus."."""
    if not report.shared:
        return []
    most, *others = report.shared
    said = _(
        "{date}: {shared} of {clicks} clicks came through one shared connection, such as a mobile carrier or a campus."
    )
    lines = ["", said.format(date=fmt.date(most.day), shared=fmt.number(most.shared), clicks=fmt.number(most.clicks))]
    if others:
        said = ngettext(
            "In {n} more case it was over a fifth of a link's clicks of a day too.",
            "In {n} more cases it was over a fifth of a link's clicks of a day too.",
            len(others),
        )
        lines.append(said.format(n=fmt.number(len(others))))
    return lines


def balance(report: Report) -> str:
    """ "412 requests: 287 clicks; set aside 96 previews, 29 repeats."."""
    found = of(report)
    counted = fmt.count_of(found.clicks, "click", "clicks")
    if found.impressions:
        counted += ", " + fmt.count_of(found.impressions, "impression", "impressions")
    text = f"**{fmt.count_of(found.requests, 'request', 'requests')}**: {counted}"
    if found.aside:
        text += "; " + _("set aside {list}").format(list=", ".join(words(*item) for item in found.aside))
    text += "."
    if more := report.now.imported.total():
        text += " " + _("{clicks} more were imported: they were counted elsewhere.").format(
            clicks=fmt.count_of(more, _("click"), _("clicks"))
        )
    return text
