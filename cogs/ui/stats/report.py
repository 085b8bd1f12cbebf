"""How the numbers of a report read: headline, change, what stands out, posts, links, where clicks came from."""

from __future__ import annotations

from collections.abc import Mapping

import discord

from bot.charts.words import hour_of
from bot.impressions.metrics import SPEND, order
from bot.inputs.money import Money
from bot.insights import phrases
from bot.insights.audience import DIRECT, opted_out, shares
from bot.insights.benchmark import Measure, words
from bot.insights.findings import Finding
from bot.insights.growth import display_metric_of
from bot.insights.rates import Change
from bot.insights.summary import Engagement, Summary, best_of
from bot.insights.tally import Tally, by_ctr, most_clicks
from bot.stats.answers import Hours, Report
from bot.stats.question import Scope
from bot.texts import _, ngettext
from cogs.ui import audit
from cogs.ui import format as fmt
from cogs.ui.posts import told
from storage.records import Dimension, Kind, Link, Post, Service

TOP = 5


def add_report(answer: discord.Embed, report: Report, scope: Scope) -> None:
    """All that an answer about one subject says."""
    add_totals(answer, report)
    add_findings(answer, report)
    if scope is Scope.POST:
        add_told(answer, report)
    else:
        add_posts(answer, report)
    if scope in (Scope.CREATOR, Scope.SERVER):
        add_top_links(answer, report)
    add_audience(answer, report)
    add_benchmarks(answer, report)


def add_totals(answer: discord.Embed, report: Report) -> None:
    """The headline numbers, each with its change against the period before."""
    now = report.now
    lines = [_with_change(fmt.number(now.clicks), report.clicks_moved), *imported(now)]
    if report.post is not None and report.post.link_in_bio:
        lines.append(_("through the bio"))
    answer.add_field(name=_("Clicks"), value="\n".join(lines))
    if report.uniques_by_day is not None:
        uniques = fmt.at_least(fmt.number(now.unique_clicks), report.uniques_are_least)
        answer.add_field(name=_("Unique clicks"), value=_with_change(uniques, report.uniques_moved))
    answer.add_field(name=_("Displays"), value=_displays(report))
    answer.add_field(name=_("CTR"), value=ctr(now, report.post))
    if now.engagement is not None:
        answer.add_field(name=_("Engagement rate"), value=_engagement(now.engagement))
    if report.hours is not None:
        answer.add_field(name=_("Best hour"), value=_best_hour(report.hours))
    elif report.period.length > 1:
        answer.add_field(name=_("Best day"), value=_best_day(now))
    if missing := audit.incomplete(report):
        answer.add_field(name=_("Incomplete"), value=missing, inline=False)


SERVICES = {
    Service.SHLINK: "Shlink",
    Service.BITLY: "Bitly",
    Service.DUB: "Dub",
    Service.KUTT: "Kutt",
    Service.EYEBALLS: "Eyeballs",
}


def imported(now: Summary) -> list[str]:
    """ "1,204 of them imported from Bitly", where there are any."""
    text = _("{n} of them imported from {service}")
    return [text.format(n=fmt.number(n), service=SERVICES[service]) for service, n in now.imported.most_common() if n]


def _with_change(value: str, moved: Change | None) -> str:
    said = "" if moved is None else phrases.change(moved)
    return f"**{value}**" + (f"\n{said}" if said else "")


def _displays(report: Report) -> str:
    """All displays, what each platform calls them, and which were measured here, with their change.

    Reported ones are told now and then and shared out in between, so that their change says little.
    """
    now, before = report.now, report.before
    lines = [f"**{phrases.about(fmt.number(now.displays), is_estimate=now.is_estimate)}**"]
    if now.reported:
        lines += phrases.by_word(now.parts)
    if now.measured or (before is not None and before.measured):
        moved = "" if report.measured_moved is None else phrases.change(report.measured_moved)
        lines.append(_("{n} measured").format(n=fmt.number(now.measured)) + (f" ({moved})" if moved else ""))
        if now.reported:
            lines.append(_("{n} reported").format(n=fmt.number(now.reported)))
        if now.displays != now.measured + now.reported:
            lines.append(_("posts with both count as reported"))
    lines += corrected(now.corrected)
    return "\n".join(lines)


def corrected(n: int) -> list[str]:
    """ "-2,000: a platform corrected what it told before", where one did."""
    return [_("{n}: a platform corrected what it told before").format(n=fmt.number(n))] if n else []


def ctr(summary: Summary, post: Post | None = None) -> str:
    """The click-through rate with its interval and what it was formed over; of `post` alone where one is given."""
    if post is not None and post.link_in_bio:
        return "–\n" + NO_OWN_CLICKS
    if summary.ctr is None:
        rest = "" if not summary.in_bio else "\n" + _in_bio(summary.in_bio)
        return "–\n" + _("no place has both clicks and displays") + rest
    lines = [phrases.rate(summary.ctr, HEADLINE)]
    if summary.places > 1:
        lines.append(_("{n} of {all} posts and places").format(n=summary.ctr_places, all=summary.places))
    if summary.clicks > summary.ctr.clicks:
        rest = fmt.count_of(summary.clicks - summary.ctr.clicks, _("click"), _("clicks"))
        lines.append(_("{clicks} elsewhere or later").format(clicks=rest))
    if summary.in_bio:
        lines.append(_in_bio(summary.in_bio))
    return "\n".join(lines)


HEADLINE = _("**{rate}** ({interval})\n{parts}")
"""A rate alone in a field."""
NO_OWN_CLICKS = _("no clicks of its own: link in bio")


def _in_bio(n: int) -> str:
    text = ngettext(
        "{n} post without clicks of its own: link in bio", "{n} posts without clicks of their own: link in bio", n
    )
    return text.format(n=fmt.number(n))


def _engagement(found: Engagement) -> str:
    lines = [phrases.rate(found, HEADLINE)]
    if found.of > 1:
        lines.append(_("{n} of {all} posts").format(n=found.posts, all=found.of))
    return "\n".join(lines)


def _best_day(summary: Summary) -> str:
    best = summary.best_day
    if best is None:
        return "–"
    return f"**{fmt.date(best.day, weekday=True)}**\n{_hits(best.count, best.kind)}"


def _best_hour(hours: Hours) -> str:
    """The hour with the most clicks, of impressions where there are no clicks, as the picture names it."""
    for kind, counts in ((Kind.CLICK, hours.clicks), (Kind.IMPRESSION, hours.impressions)):
        if (at := best_of(counts)) is not None:
            return f"**{hour_of(hours.at[at])}**\n{_hits(counts[at], kind)}"
    return "–"


def _hits(n: int, kind: Kind) -> str:
    words = (_("click"), _("clicks")) if kind is Kind.CLICK else (_("impression"), _("impressions"))
    return fmt.count_of(n, *words)


def add_findings(answer: discord.Embed, report: Report) -> None:
    """What a sharp analyst would say, each sentence with its evidence."""
    if report.findings:
        rows = [f"• {said(finding, report)}\n*{finding.evidence}*" for finding in report.findings]
        answer.add_field(name=_("What stands out"), value=fmt.rows(rows), inline=False)


def said(finding: Finding, report: Report) -> str:
    """A finding with the names of the links and posts that it is about."""
    names = []
    for id_ in finding.about:
        if (post := report.posts.get(id_)) is not None:
            names.append(f"**{fmt.post_name(post)}**")
        elif (link := report.links.get(id_)) is not None:
            names.append(f"**{fmt.escape(link.label, 60)}**")
        else:
            names.append(_("one that is not named here"))
    text = finding.fill(names, "" if finding.value is None else in_sentence(*finding.value))
    return text[:1].upper() + text[1:]


def in_sentence(dimension: Dimension, value: str) -> str:
    """Where hits come from, as a sentence says it: "phones", "direct visits", "**Instagram**", "🇩🇪 DE"."""
    if dimension is Dimension.DEVICE:
        return DEVICES.get(value, value)
    if dimension is Dimension.SOURCE:
        return _("direct visits") if value == DIRECT else f"**{fmt.escape(value, 40)}**"
    return value_of(dimension, value)


MEASURES = {
    Measure.RATE: _("CTR"),
    Measure.DISPLAYS: _("Displays"),
    Measure.CLICKS: _("Clicks"),
}


def add_benchmarks(answer: discord.Embed, report: Report) -> None:
    """Where a post stands among others of its platform and kind."""
    rows = [
        f"**{MEASURES[found.measure]}** {words(side, what)}"
        for what, found in report.benchmarks
        for side in (found.own, found.server)
        if side is not None
    ]
    if rows:
        answer.add_field(name=_("Benchmark"), value=fmt.rows(rows), inline=False)


def add_posts(answer: discord.Embed, report: Report) -> None:
    """The busiest posts."""
    shown = most_clicks({id_: report.by_post[id_] for id_ in report.posts})[:TOP]
    if shown:
        rows = [post_line(report.posts[id_], report.by_post[id_]) for id_ in shown]
        answer.add_field(name=_("Posts"), value=fmt.rows(rows), inline=False)


def post_line(post: Post, tally: Tally) -> str:
    """ "Instagram story “Teaser” · 412 clicks · 9,800 views · CTR 4.2% (412 of 9,800)"."""
    return " · ".join([fmt.post_name(post), *numbers(tally)])


def clicks_of(tally: Tally) -> str:
    """ "12 clicks"; of posts without clicks of their own, those that came through the bio."""
    if tally.in_bio and not tally.clicks:
        return _("no clicks of its own")
    return fmt.count_of(tally.clicks, _("click"), _("clicks")) + (" " + _("through the bio") if tally.in_bio else "")


def numbers(tally: Tally) -> list[str]:
    """Clicks, displays and the rates that they make, each where there is any."""
    parts = counts(tally)
    if tally.ctr is not None:
        parts.append(phrases.rate(tally.ctr, _("CTR {rate} ({parts})")))
    if tally.in_bio and tally.engagement is not None:
        parts.append(phrases.rate(tally.engagement, _("engagement {rate} ({parts})")))
    return parts


def counts(tally: Tally) -> list[str]:
    """Clicks, and displays where there are any."""
    return [clicks_of(tally), *([displays(tally)] if tally.displays else [])]


def displays(found: Tally | Summary) -> str:
    """ "about 1,340 views", "62,000 displays"."""
    return phrases.displays(found.displays, found.parts, is_estimate=found.is_estimate)


def add_told(answer: discord.Embed, report: Report) -> None:
    """What a post's platform told over its whole life, beside its own clicks, and what it cost where that is known."""
    if not report.told:
        return
    latest = {figure.metric: figure for figure in report.told}
    rows = [told(figure) for figure in sorted(report.told, key=lambda figure: order(figure.metric))]
    ever = _("{n} counted here, all its life").format(n=fmt.count_of(report.clicks_ever, _("click"), _("clicks")))
    rows.append(ever)
    if (spent := latest.get(SPEND)) is not None:
        money = Money(spent.value, spent.currency)
        metric = None if report.post is None else display_metric_of(report.post, latest)
        if metric is not None and (shown := latest[metric].value):
            rows.append(_("CPM {cost}").format(cost=money.format(spent.value / shown * 1000)))
        if report.clicks_ever:
            rows.append(_("{cost} a click").format(cost=money.format(spent.value / report.clicks_ever)))
    answer.add_field(name=_("Told by the platform"), value=fmt.rows(rows), inline=False)


def add_top_links(answer: discord.Embed, report: Report) -> None:
    """The ranking by clicks and what resonates most, of the links that may be named."""
    named = {id_: tally for id_, tally in report.by_link.items() if id_ in report.links}
    ranking = most_clicks(named)[:TOP]
    if not ranking:
        return
    rows = [ranked_line(n, report.links[id_], named[id_]) for n, id_ in enumerate(ranking, start=1)]
    answer.add_field(name=_("Top links"), value=fmt.rows(rows), inline=False)
    add_resonant(answer, report.links, named, _("Resonates most"))


def add_resonant(answer: discord.Embed, links: Mapping[int, Link], tallies: Mapping[int, Tally], name: str) -> None:
    found = by_ctr(tallies)
    value = too_early()
    if found.best is not None:
        value = resonant_line(links[found.best], tallies[found.best], is_sure=found.is_sure)
    answer.add_field(name=name, value=value, inline=False)


def ranked_line(place: int, link: Link, tally: Tally) -> str:
    """One row of a ranking: "1. Summer sale · 1,204 clicks · 12,000 displays · CTR 4.2% (412 of 9,800)"."""
    return " · ".join([f"{place}. {fmt.label(link)}", *numbers(tally)])


def resonant_line(link: Link, tally: Tally, *, is_sure: bool) -> str:
    """The link whose CTR is highest by the lower end of its interval."""
    return f"{fmt.label(link)}: {resonance(tally, is_sure=is_sure)}"


def resonance(tally: Tally, *, is_sure: bool) -> str:
    """Its CTR with the interval, and whether it is the highest beyond chance."""
    assert tally.ctr is not None
    said = phrases.rate(tally.ctr, _("{rate} CTR ({parts}; 95% sure of {low} to {high})"))
    return f"{said}, " + (_("surely the highest") if is_sure else _("a lead that chance may explain"))


def too_early() -> str:
    return _("Too early to call: no link has 100 displays with clicks of the same posts and places yet.")


def add_audience(answer: discord.Embed, report: Report) -> None:
    """Where the clicks came from: the most frequent sources, devices and countries, with their shares."""
    for dimension, name in DIMENSIONS.items():
        found = shares(report.audience, dimension, Kind.CLICK, TOP)
        if not found.total:
            continue
        rows = [f"{value_of(dimension, value)} {fmt.share(count / found.total)}" for value, count in found.top]
        if found.rest:
            rows.append(_("others {share}").format(share=fmt.share(found.rest / found.total)))
        if found.total < report.now.clicks:  # those from before this was kept, or whose country is not known
            rows.append(_("of {clicks}").format(clicks=fmt.count_of(found.total, _("click"), _("clicks"))))
        answer.add_field(name=name, value="\n".join(rows))


DIMENSIONS = {
    Dimension.SOURCE: _("Clicks from"),
    Dimension.DEVICE: _("Devices"),
    Dimension.COUNTRY: _("Countries"),
}


DEVICES = {
    "phone": _("phones"),
    "desktop": _("desktops"),
    "tablet": _("tablets"),
    "tv": _("TVs"),
    "other": _("other devices"),
}


def value_of(dimension: Dimension, value: str) -> str:
    """ "🇩🇪 DE", "direct", "news.example"."""
    if dimension is Dimension.COUNTRY:
        return "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in value.upper()) + f" {value}"
    return fmt.escape(value, 40)


def footer(report: Report) -> str:
    """What the change is against, and what was set aside."""
    parts = []
    if report.before is not None:
        against = _("Change against {dates} up to the same time") if report.unfinished else _("Change against {dates}")
        parts.append(against.format(dates=fmt.dates(report.period.previous)))
    if report.set_aside:
        list_ = ", ".join(audit.words(reason, count) for reason, count in audit.of(report).aside)
        parts.append(_("Set aside: {list}").format(list=list_))
    if report.imported_by_day:
        parts.append(_("Imported clicks are never unique clicks"))
    if report.now.unique_clicks:
        parts.append(_("Unique clicks are counted by day"))
    if report.uniques_by_day is not None and (n := opted_out(report.audience)):
        said = ngettext(
            "{n} Do-Not-Track click isn't in the unique count", "{n} Do-Not-Track clicks aren't in the unique count", n
        )
        parts.append(said.format(n=fmt.number(n)))
    if report.uniques_are_least:
        parts.append(_("Visitors behind one address with one browser can't be told apart"))
    return " · ".join(parts)
