"""What a digest says, in blocks of whole lines that every form sets in its own way, cut to what a message takes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot.digests.content import MOST_NEW, TOP, Content, Missing
from bot.insights import phrases
from bot.insights.rates import Change
from bot.insights.tally import Tally
from bot.texts import _
from cogs.ui import audit
from cogs.ui import format as fmt
from cogs.ui.brand import standing_line
from cogs.ui.digest.buttons import LogButton
from cogs.ui.stats import report as stats
from storage.records import Cadence, Kind, Link, Post

TITLES = {
    Cadence.DAILY: _("The day of {server}"),
    Cadence.WEEKLY: _("The week of {server}"),
    Cadence.MONTHLY: _("The month of {server}"),
}
OWN_TITLES = {
    Cadence.DAILY: _("Your day in {server}"),
    Cadence.WEEKLY: _("Your week in {server}"),
    Cadence.MONTHLY: _("Your month in {server}"),
}
QUIET = {
    Cadence.DAILY: _("A quiet day: nothing was counted, after {clicks} the day before."),
    Cadence.WEEKLY: _("A quiet week: nothing was counted, after {clicks} the week before."),
    Cadence.MONTHLY: _("A quiet month: nothing was counted, after {clicks} in the {days} days before."),
}
STILL_QUIET = {
    Cadence.DAILY: _("A quiet day: nothing was counted, as on the day before."),
    Cadence.WEEKLY: _("A quiet week: nothing was counted, as in the week before."),
    Cadence.MONTHLY: _("A quiet month: nothing was counted, as in the {days} days before."),
}
NOTHING_YET = {
    Cadence.DAILY: _("A quiet day: nothing has been counted yet."),
    Cadence.WEEKLY: _("A quiet week: nothing has been counted yet."),
    Cadence.MONTHLY: _("A quiet month: nothing has been counted yet."),
}
FIRST = {
    Cadence.DAILY: _("The first day with numbers: the next digest compares with it."),
    Cadence.WEEKLY: _("The first week with numbers: the next digest compares with it."),
    Cadence.MONTHLY: _("The first month with numbers: the next digest compares with it."),
}
POST_OF = {
    Cadence.DAILY: _("Post of the day"),
    Cadence.WEEKLY: _("Post of the week"),
    Cadence.MONTHLY: _("Post of the month"),
}
SMALL = "-# "
"""Discord's mark of a line in small print."""
MOST_LINK = 300
"""Characters of an address that a post of the week is shown with."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines under a heading, "" for none; where room is short, those of the highest rank go first, rank 0 never."""

    heading: str
    lines: tuple[str, ...]
    rank: int
    buttons: tuple[discord.ui.Item[Any], ...] = ()
    """One for each line, or none."""
    cut: int = 0
    """Lines that found no room."""

    def text(self, heading: str = "### {}") -> str:
        """Heading and lines, and how many more there are."""
        more = (_("and {n} more").format(n=self.cut),) if self.cut else ()
        head = (heading.format(self.heading),) if self.heading else ()
        return "\n".join((*head, *self.lines, *more))


def fit(blocks: Sequence[Block], limit: int, heading: str = "### {}") -> list[Block]:
    """The blocks, without the lines of least weight, so that their texts and a line between them fit in `limit`."""
    found = [block for block in blocks if block.lines]
    while sum(len(block.text(heading)) + 2 for block in found) > limit:
        n = max((n for n, block in enumerate(found) if block.rank), key=lambda n: (found[n].rank, n))
        block = found[n]
        if len(block.lines) == 1:
            del found[n]
        else:
            found[n] = dataclasses.replace(block, lines=block.lines[:-1], cut=block.cut + 1)
    return found


def title(content: Content, server_name: str) -> str:
    """ "The week of Golden Hour", plain."""
    titles = TITLES if content.digest.user_id is None else OWN_TITLES
    return titles[content.digest.cadence].format(server=fmt.plain(server_name, 60))


def plain_head(content: Content) -> str:
    """The range and its zone."""
    period = content.period
    days = fmt.date(period.first, year=True, weekday=True) if period.length == 1 else fmt.dates(period)
    return f"{days} · {period.zone}"


def head(content: Content) -> str:
    """The range, what the digest is confined to, and whether it comes late: one or two lines."""
    digest = content.digest
    parts = [plain_head(content)]
    if digest.tag:
        parts.append(_("only links tagged {tag}").format(tag=f"**{fmt.escape(digest.tag, 40)}**"))
    if digest.role_id is not None:
        role = _("a role that is gone") if content.is_role_gone else f"<@&{digest.role_id}>"
        parts.append(_("only links of {role}").format(role=role))
    lines = [SMALL + " · ".join(parts)]
    if content.late:
        lines.append(SMALL + _("Late: Eyeballs was not running when it was due."))
    return "\n".join(lines)


def quiet(content: Content) -> str:
    """The one honest line of a period in which nothing was counted, or of which nothing can be told."""
    if content.is_role_gone:
        return _(
            "The role whose links this digest tells of was deleted, so there is nothing to tell. "
            "Choose another role with /digest setup, and end this digest with /digest off."
        )
    cadence, before = content.digest.cadence, content.report.before
    if content.is_first:
        text = NOTHING_YET[cadence]
        if not content.report.has_links:
            text += " " + _("There is no tracked link here yet.")
    elif before is not None and before.clicks:
        clicks = fmt.count_of(before.clicks, _("click"), _("clicks"))
        text = QUIET[cadence].format(clicks=clicks, days=content.period.length)
    else:
        text = STILL_QUIET[cadence].format(days=content.period.length)
    if content.report.set_aside:
        text += " " + _("Set aside: {list}.").format(list=_aside(content))
    return "\n".join([text, *_corrected(content)])


def totals(content: Content) -> list[str]:
    """The headline numbers, each with its change, then a milestone that was passed; nobody's own words."""
    report = content.report
    now = report.now
    clicks = None if content.is_first else report.clicks_moved
    lines = [_moved(fmt.count_of(now.clicks, _("click"), _("clicks")), clicks)]
    if now.unique_clicks:
        uniques = None if content.is_first else report.uniques_moved
        text = fmt.count_of(now.unique_clicks, _("unique click"), _("unique clicks"))
        lines.append(_moved(fmt.at_least(text, report.uniques_are_least), uniques))
    if now.displays:
        lines.append(_displays(content))
    lines += _corrected(content)
    if now.ctr is not None:
        text = phrases.rate(now.ctr, _("**CTR {rate}** ({interval})\n{small}{parts}").replace("{small}", SMALL))
        if now.places > 1:
            text += " " + _("over {n} of {all} posts and places").format(n=now.ctr_places, all=now.places)
        if (rest := now.clicks - now.ctr.clicks) > 0:
            text += _("; {clicks} elsewhere or later").format(clicks=fmt.count_of(rest, _("click"), _("clicks")))
        lines.append(text)
    if (found := now.engagement) is not None:
        text = phrases.rate(found, _("**Engagement rate {rate}** ({parts})"))
        lines.append(
            text + (" " + _("over {n} of {all} posts").format(n=found.posts, all=found.of) if found.of > 1 else "")
        )
    if now.best_day is not None:
        words = (_("click"), _("clicks")) if now.best_day.kind is Kind.CLICK else (_("impression"), _("impressions"))
        lines.append(
            _("Best day: **{day}**, {count}").format(
                day=fmt.date(now.best_day.day, weekday=True), count=fmt.count_of(now.best_day.count, *words)
            )
        )
    if content.is_first:
        lines.append(FIRST[content.digest.cadence])
    if content.milestone is not None:
        lines.append(
            _("🏁 **{step} clicks in all** passed: {now} by the end of {day}").format(
                step=fmt.number(content.milestone),
                now=fmt.number(report.ever + now.clicks),
                day=fmt.date(content.period.last),
            )
        )
    return lines


def _corrected(content: Content) -> list[str]:
    """What platforms took back of what they told in earlier periods, as a line in small print."""
    if not (n := content.report.now.corrected):
        return []
    return [SMALL + _("Platforms corrected what they told before: {n} displays.").format(n=fmt.number(n))]


def _moved(text: str, moved: Change | None) -> str:
    said = "" if moved is None else phrases.change(moved)
    return f"**{text}**" + (f" {said}" if said else "")


def _displays(content: Content) -> str:
    """All of them with their parts by word; only the measured ones have a change."""
    now, measured = content.report.now, content.report.measured_moved
    moved = "" if content.is_first or measured is None else phrases.change(measured)
    text = f"**{phrases.displays(now.displays, now.parts, is_estimate=now.is_estimate)}**"
    if now.measured and not now.reported:
        return text + (f" {moved}" if moved else "")
    said = f"{text}: {', '.join(phrases.by_word(now.parts))}"
    if now.measured:
        adds_up = now.displays == now.measured + now.reported
        measured_here = _("{n} of them measured") if adds_up else _("{n} measured, posts with both count as reported")
        said += "; " + measured_here.format(n=fmt.number(now.measured)) + (f" ({moved})" if moved else "")
    return said


def named(content: Content, names: Mapping[int, str]) -> list[Block]:
    """All that names links, posts or people; `names` are creators', ready for a message."""
    report = content.report
    findings = [
        line for finding in content.findings for line in (f"• {stats.said(finding, report)}", f"*{finding.evidence}*")
    ]
    pairs = tuple("\n".join(findings[n : n + 2]) for n in range(0, len(findings), 2))
    return [
        Block(_("What stands out"), pairs, 3),
        Block(_("Top links"), tuple(stats.ranked_line(n, *item) for n, item in enumerate(content.top, start=1)), 2),
        Block(_("Resonated most"), _resonant(content), 4),
        Block(_("Top posts"), tuple(_post(n, content, *item) for n, item in enumerate(content.top_posts, start=1)), 6),
        Block(_("Moved"), tuple(_movers(content)), 5),
        Block(_("New"), tuple(_new(content)), 7),
        Block(POST_OF[content.digest.cadence], _post_of(content, names), 4),
        deals(content),
        missing(content),
    ]


def deals(content: Content) -> Block:
    """How a creator's own deals stand."""
    return Block(_("Deals"), tuple(standing_line(found) for found in content.deals), 3)


def _resonant(content: Content) -> tuple[str, ...]:
    if content.resonant is None:
        return (stats.too_early(),) if content.top else ()
    link, tally, is_sure = content.resonant
    lines = [stats.resonant_line(link, tally, is_sure=is_sure)]
    if content.resonant_post is not None:
        post, tally, is_sure = content.resonant_post
        lines.append(f"{_post_name(post, content)}: {stats.resonance(tally, is_sure=is_sure)}")
    return tuple(lines)


def _post_name(post: Post, content: Content) -> str:
    """ "Instagram story “Teaser” of **Summer sale**"."""
    return _of(fmt.post_name(post), None if post.link_id is None else content.links.get(post.link_id))


def _of(name: str, link: Link | None) -> str:
    if link is None:
        return name
    return _("{post} of {link}").format(post=name, link=f"**{fmt.escape(link.label, 40)}**")


def _post(n: int, content: Content, post: Post, tally: Tally) -> str:
    return f"{n}. " + " · ".join([_post_name(post, content), *stats.numbers(tally)])


def _movers(content: Content) -> list[str]:
    return [
        _("{change} {link}: {now}, {before} before").format(
            change=phrases.change(mover.change),
            link=fmt.label(mover.link),
            now=fmt.count_of(mover.clicks, _("click"), _("clicks")),
            before=fmt.number(mover.before),
        )
        for mover in content.movers
    ]


def _new(content: Content) -> list[str]:
    found = []
    for name, count, names in (
        (_("Links"), len(content.new_links), [fmt.label(link) for link in content.new_links[:MOST_NEW]]),
        (_("Posts"), len(content.new_posts), [_post_name(post, content) for post in content.new_posts[:MOST_NEW]]),
    ):
        if names:
            more = [_("{n} more").format(n=fmt.number(count - MOST_NEW))] if count > MOST_NEW else []
            found.append(f"{name}: " + ", ".join(names + more))
    return found


def _post_of(content: Content, names: Mapping[int, str]) -> tuple[str, ...]:
    if content.post_of_period is None:
        return ()
    post, tally = content.post_of_period
    name = _("{post} by {creator}").format(post=_post_name(post, content), creator=names[post.creator_id])
    line = " · ".join([name, *stats.numbers(tally)])
    if post.permalink and len(post.permalink) <= MOST_LINK:
        line += " · " + f"[{_('see it')}]({post.permalink.replace(')', '%29')})"
    return (line,)


def missing(content: Content, *, apart: bool = False) -> Block:
    """The posts whose platforms know numbers that nobody has typed in, each with its button.

    Buttons that stand `apart` from their lines name the post.
    """
    guild_id = content.digest.guild_id
    return Block(
        _("Still without the platform's numbers"),
        tuple(_missing(item) for item in content.missing),
        1,
        tuple(LogButton(guild_id, item.post.id, _log_label(item) if apart else "") for item in content.missing),
    )


def _missing(item: Missing) -> str:
    parts = [_of(fmt.post_name(item.post), item.link)]
    if item.clicks:
        parts.append(fmt.count_of(item.clicks, _("click"), _("clicks")))
    if item.told is not None:
        parts.append(_("last told {date}").format(date=fmt.date(item.told)))
    return " · ".join(parts)


def _log_label(item: Missing) -> str:
    return fmt.plain(_("Log {post}").format(post=item.post.title or fmt.post_title(item.post)), 80)


def footer(content: Content) -> list[str]:
    """What the change is against, what was set aside, and when hits are missing."""
    report, parts = content.report, []
    if not content.is_first:
        parts.append(_("Change against {dates}").format(dates=fmt.dates(content.period.previous)))
        if report.since is not None and report.since > content.period.previous.first:
            parts[-1] += _(", where counting began on {day}").format(day=fmt.date(report.since))
    if report.set_aside:
        parts.append(_("Set aside: {list}").format(list=_aside(content)))
    if report.now.unique_clicks:
        parts.append(_("Unique clicks are counted by day"))
    return parts


def _aside(content: Content) -> str:
    return ", ".join(audit.words(reason, count) for reason, count in audit.of(content.report).aside)


def table(content: Content) -> str:
    """The chart's days as a monospaced table, weeks of a longer period in one row each; "" of a single day."""
    period, now = content.period, content.report.now
    if period.length == 1:
        return ""
    step = 1 if period.length <= TOP + 2 else 7
    columns = [(_("clicks"), now.clicks_by_day)]
    if content.report.uniques_by_day is not None:
        columns.append((_("unique"), content.report.uniques_by_day))
    if any(now.impressions_by_day):
        columns.append((_("measured"), now.impressions_by_day))
    rows = [["", *(name for name, _values in columns)]]
    for n in range(0, period.length, step):
        days = period.days[n : n + step]
        name = fmt.date(days[0], weekday=True) if step == 1 else f"{fmt.date(days[0])} – {fmt.date(days[-1])}"
        rows.append([name, *(fmt.number(sum(values[n : n + step])) for _name, values in columns)])
    widths = [max(len(row[n]) for row in rows) for n in range(len(columns) + 1)]
    lines = [
        row[0].ljust(widths[0])
        + "".join("  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    return "```\n" + "\n".join(line.rstrip() for line in lines) + "\n```"
