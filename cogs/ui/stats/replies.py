"""From a question to the message that answers it, and to what its buttons hand out: why, as a table, as a picture."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord

from bot.charts import Theme, alt_text
from bot.insights import phrases
from bot.insights.audience import shares
from bot.insights.explain import explain
from bot.insights.glossary import Numbers
from bot.insights.hours import Claim
from bot.insights.rates import Rate, is_above
from bot.insights.summary import Engagement
from bot.insights.tally import Tally
from bot.links.access import Actor
from bot.stats import answers
from bot.stats.answers import Answer, Report
from bot.stats.export import table
from bot.stats.question import Metric, Question, Ranks, Scope, Subject, View
from bot.texts import _, ngettext
from cogs.ui import audit, people, ways
from cogs.ui import format as fmt
from cogs.ui.answers import actor, embed, fit, server_of, services
from cogs.ui.brand import standing_line
from cogs.ui.limits import picture
from cogs.ui.stats import page, pictures, report
from storage.records import Dimension, Kind

CHART = "chart.png"
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Reply:
    """A message with the numbers, and the question as it was answered."""

    embed: discord.Embed
    file: discord.File
    question: Question
    pages: int = 1


async def message(
    interaction: discord.Interaction, question: Question, *, private: bool, who: Actor | None = None
) -> Reply:
    """The answer's embed and chart. `private` ones are seen by the asker alone; others never name a private link.

    `who` asks, where the interaction does not say of which server: in a direct message.
    """
    answer, names = await _answer(interaction, question, private=private, who=who)
    chart = pictures.picture(answer, names)
    png = await services(interaction).charts.draw(chart)
    said = _embed(answer, names)
    if private and isinstance(answer, answers.Reported) and not answer.report.has_links and answer.target.post is None:
        said.description = f"{said.description} {await ways.to_a_link(interaction, who)}"
    if private and answer.question.view is View.REPORT:
        await _add_deals(interaction, said, answer.target.subject, who or actor(interaction))
    fit(said).set_image(url=f"attachment://{CHART}")
    pages = answer.pages if isinstance(answer, answers.Top) else 1
    return Reply(said, picture(png, CHART, alt_text(chart)), answer.question, pages)


async def _add_deals(interaction: discord.Interaction, said: discord.Embed, subject: Subject, who: Actor) -> None:
    """How the asker's own deals stand, below their own numbers."""
    if subject == Subject(Scope.CREATOR, who.user_id):
        running = await services(interaction).deals.running(who.guild_id, who.user_id)
        if running:
            said.add_field(name=_("Deals"), value=fmt.rows([standing_line(found) for found in running]), inline=False)


async def explained(interaction: discord.Interaction, question: Question) -> dict[str, Any]:
    """The keywords of a message that says how the shown numbers came about."""
    answer, names = await _answer(interaction, question, private=True)
    said = embed(_("How these numbers came about"))
    for name, shown in zip(_report_names(answer, names), _reports(answer), strict=False):
        missing = sum(gap.count for gap in shown.gaps)
        numbers = Numbers(shown.now, shown.before, shown.clicks_moved)
        items = explain(numbers, shown.set_aside, missing, audience=shown.audience)
        if isinstance(answer, answers.Compared):  # each in short, since there are several
            rows = [f"{item.name}: **{item.filled_in}**" for item in items]
            said.add_field(name=fmt.escape(name), value=fmt.rows(rows), inline=False)
            continue
        for item in items:
            text = f"{item.formula}\n**{item.filled_in}**" + (f"\n{item.note}" if item.note else "")
            said.add_field(name=item.name, value=text[:1024], inline=False)
    for name, text in _how(answer):
        said.add_field(name=name, value=text, inline=False)
    if len(answer.targets) == len(answer.periods) == 1:
        whole = next(iter(_reports(answer)), None)
        if whole is None:
            stats = services(interaction).stats
            whole = await stats.report(actor(interaction), answer.target.subject, question.choice)
        said.add_field(name=_("All requests"), value=audit.balance(whole), inline=False)
    said.add_field(name=_("How fresh"), value=_fresh(answer), inline=False)
    return {"embed": fit(said)}


async def exported(interaction: discord.Interaction, question: Question) -> dict[str, Any]:
    """The keywords of a message with the shown numbers as a CSV file."""
    answer, names = await _answer(interaction, question, private=True)
    text = table(answer, _report_names(answer, names))
    name = f"stats-{answer.period.first:%Y%m%d}-{answer.period.last:%Y%m%d}.csv"
    return {"file": discord.File(io.BytesIO(text.encode("utf-8-sig")), name)}


async def pictured(interaction: discord.Interaction, question: Question) -> dict[str, Any]:
    """The keywords of a message with pictures to keep: the chart on light ground, of a post the card to share."""
    answer, names = await _answer(interaction, question, private=True)
    charts, chart = services(interaction).charts, pictures.picture(answer, names)
    files = [("chart-light.png", chart, Theme.LIGHT)]
    if isinstance(answer, answers.Reported) and answer.target.post is not None:
        creator = await people.name_of(interaction, answer.target.post.creator_id)
        card = pictures.card(answer, creator)
        files = [("card.png", card, Theme.DARK), ("card-light.png", card, Theme.LIGHT), *files]
    return {"files": [picture(await charts.draw(item, theme), name, alt_text(item)) for name, item, theme in files]}


async def _answer(
    interaction: discord.Interaction, question: Question, *, private: bool, who: Actor | None = None
) -> tuple[Answer, list[str]]:
    answer = await services(interaction).stats.answer(who or actor(interaction), question, private=private)
    return answer, await _names_of(interaction, answer.targets)


async def _names_of(interaction: discord.Interaction, targets: Sequence[answers.Target]) -> list[str]:
    """What targets are called in a title."""
    creators = {target.subject.id for target in targets if target.subject.scope is Scope.CREATOR}
    creators_names = await people.names_in(interaction, creators)
    return [_name_of(interaction, target, creators_names) for target in targets]


def _name_of(interaction: discord.Interaction, target: answers.Target, creators_names: Mapping[int, str]) -> str:
    match target.subject.scope:
        case Scope.LINK:
            assert target.link is not None
            return target.link.label
        case Scope.POST:
            assert target.post is not None
            return fmt.post_title(target.post)
        case Scope.CREATOR:
            return creators_names[target.subject.id]
        case Scope.SERVER:
            return server_of(interaction).name


# ---------------------------------------------------------------------- embeds


def _embed(answer: Answer, names: list[str]) -> discord.Embed:
    match answer:
        case answers.Reported():
            return _reported(answer, names[0])
        case answers.Compared():
            return _compared(answer, names)
        case answers.Top():
            return _top(answer, names[0])
        case answers.Heatmap():
            return _heatmap(answer, names[0])
        case answers.Sources():
            return _sources(answer, names[0])
        case answers.ProfileStats():
            return page.answer(answer, names[0], _head(answer))
        case _:
            raise TypeError(f"no answer to {type(answer).__name__}")


def _head(answer: Answer) -> str:
    line = f"{fmt.dates(answer.period)} · {answer.period.zone}"
    return line + (" · " + _("today so far") if answer.unfinished else "")


def _reported(answer: answers.Reported, name: str) -> discord.Embed:
    shown = answer.report
    lines = [_head(answer)]
    if answer.target.url is not None:
        lines.append(str(answer.target.url))
    if not shown.has_links and answer.target.post is None:
        lines.append("\n" + _("There are no links here yet."))
    elif not (shown.now.clicks or shown.now.displays):
        lines.append("\n" + _nothing_counted(shown))
    said = embed(f"{fmt.escape(name)}: {fmt.choice(answer.question.choice)}", "\n".join(lines))
    report.add_report(said, shown, answer.target.subject.scope)
    said.set_footer(text=report.footer(shown))
    return said


def _nothing_counted(shown: Report) -> str:
    """That nothing was, and what would help: nothing does where the time is over."""
    if shown.unfinished:
        return _("Nothing was counted in this period yet. Share an address, then look again.")
    text = _("Nothing was counted in this period.")
    if shown.post is None and shown.began is not None and shown.began >= shown.period.end:
        text += " " + _("The first count is of {date}.").format(date=fmt.date(shown.began, year=True))
    return text


def _compared(answer: answers.Compared, names: list[str]) -> discord.Embed:
    called = pictures.compared_names(answer, names)
    one_time = len(answer.periods) == 1
    title = ", ".join(fmt.escape(name, 45) for name in called)
    if not one_time:
        title = f"{fmt.escape(names[0])}: {title}"
    said = embed(title, _head(answer) if one_time else answer.period.zone)
    for name, shown in zip(called, answer.reports, strict=True):
        now = shown.now
        lines = [fmt.count_of(now.clicks, _("click"), _("clicks")), *report.imported(now)]
        if not one_time:
            lines.insert(0, fmt.dates(shown.period) + (" · " + _("so far") if shown.unfinished else ""))
        if shown.uniques_by_day is not None:
            lines.append(_("{n} unique").format(n=fmt.at_least(fmt.number(now.unique_clicks), shown.uniques_are_least)))
        lines.append(report.displays(now))
        if shown.post is not None and shown.post.link_in_bio:
            lines.append(_("CTR: {text}").format(text=report.NO_OWN_CLICKS))
        elif now.ctr is not None:
            lines.append(phrases.rate(now.ctr, _("CTR {rate} ({interval}), {parts}")))
        if now.engagement is not None:
            lines.append(phrases.rate(now.engagement, _("engagement {rate} ({interval}), {parts}")))
        if len({period.length for period in answer.periods}) > 1:
            a_day = round(now.clicks / shown.period.length, 1)
            lines.append(fmt.count_of(a_day, _("click a day"), _("clicks a day")))
        said.add_field(name=fmt.escape(name)[:256], value="\n".join(lines))
    said.add_field(name=_("Verdict"), value=_verdict(called, answer.reports), inline=False)
    return said


def _verdict(names: list[str], reports: tuple[Report, ...]) -> str:
    """Whose CTR is higher, where chance does not explain it; whose engagement rate where fewer than two have a CTR."""
    named = list(zip(names, reports, strict=True))
    kinds: list[tuple[str, list[tuple[str, Rate | None]]]] = [
        (_("CTR"), [(name, shown.now.ctr) for name, shown in named]),
        (_("engagement rate"), [(name, _engaged(shown.now.engagement)) for name, shown in named]),
    ]
    for what, found in kinds:
        rated = [(name, rate) for name, rate in found if rate is not None]
        if len(rated) >= 2:
            return _ahead(what, rated)
    return _("Fewer than two of them have a CTR: that takes clicks and displays of the same place.")


def _engaged(found: Engagement | None) -> Rate | None:
    return None if found is None else found.rate


def _ahead(what: str, rated: list[tuple[str, Rate]]) -> str:
    rated.sort(key=lambda item: -item[1].value)
    (best, best_rate), *others = rated
    names = {"what": what, "best": fmt.escape(best)}
    rivals = [(name, rate) for name, rate in others if not is_above(best_rate, rate)]
    if not rivals:
        low, high = (fmt.percent(end) for end in best_rate.interval)
        text = _("**{best}** has the highest {what}, beyond chance: 95% sure of {low} to {high}.")
        return text.format(**names, low=low, high=high)
    second = fmt.escape(max(rivals, key=lambda item: item[1].interval[1])[0])
    text = _("Too early to call between **{best}** and **{second}**: chance may explain that their {what} differs.")
    return text.format(**names, second=second)


def _top(answer: answers.Top, name: str) -> discord.Embed:
    metric, groups = answer.question.metric, answer.ranks in (Ranks.PLATFORMS, Ranks.KINDS)
    title = pictures.TOP_OF[answer.ranks]
    lines = [f"{_head(answer)} · " + _("by {metric}").format(metric=fmt.METRICS_IN_TEXT[metric])]
    if not answer.rows:
        none = _("Nothing to rank in this period yet.") if answer.unfinished else _("Nothing to rank in this period.")
        lines.append("\n" + none + " " + _("A longer one, or another number, may show more."))
    for place, row in enumerate(answer.rows, start=answer.page * answers.PAGE + 1):
        said_of = _group(row.tally) if groups else _row(row, metric)
        lines.append(f"{place}. **{fmt.escape(pictures.row_name(row), 80)}** · {said_of}")
    said = embed(title.format(name=fmt.escape(name)), "\n".join(lines))
    parts = []
    if answer.pages > 1:
        parts.append(_("Page {page} of {pages}").format(page=answer.page + 1, pages=answer.pages))
    if answer.unnamed:
        text = ngettext("{n} that is private is left out", "{n} that are private are left out", answer.unnamed)
        parts.append(text.format(n=fmt.number(answer.unnamed)))
    if metric in (Metric.CTR, Metric.ENGAGEMENT):
        parts.append(_("Ranked by the lower end of the 95% interval; below 100 displays it is too early to call"))
    if answer.in_bio:
        text = ngettext(
            "{n} post has no clicks of its own (link in bio): rank by engagement rate",
            "{n} posts have no clicks of their own (link in bio): rank by engagement rate",
            answer.in_bio,
        )
        parts.append(text.format(n=fmt.number(answer.in_bio)))
    if parts:
        said.set_footer(text=" · ".join(parts))
    return said


def _none_yet(answer: Answer) -> str:
    if answer.unfinished:
        return _("Nothing was counted in this period yet. Choose a longer one.")
    return _("Nothing was counted in this period. Choose another one.")


def _row(row: answers.Row, metric: Metric) -> str:
    tally: Tally = row.tally
    clicks = report.clicks_of(tally)
    match metric:
        case Metric.CTR:
            assert tally.ctr is not None
            said = phrases.rate(tally.ctr, phrases.WITH_INTERVAL)
            return said + (" · " + _("too early to call") if row.early else "")
        case Metric.ENGAGEMENT:
            assert tally.engagement is not None
            said = phrases.rate(tally.engagement, phrases.WITH_INTERVAL)
            return said + (" · " + _("too early to call") if row.early else "")
        case Metric.DISPLAYS:
            return f"{report.displays(tally)} · {clicks}"
        case Metric.UNIQUES:
            return _("{n} unique").format(n=fmt.number(row.uniques or 0)) + f" · {clicks}"
        case Metric.CLICKS:
            imported = [_("{n} imported").format(n=fmt.number(tally.imported))] if tally.imported else []
            return " · ".join([clicks, *imported, *report.counts(tally)[1:]])


def _group(tally: Tally) -> str:
    """Everything of a platform or a kind of post: counts, then CTR and engagement rate with what they cover."""
    lines = [" · ".join(report.counts(tally))]
    if tally.ctr is not None:
        covered = _("{n} of {all}").format(n=tally.rated, all=tally.places)
        name = _("CTR")
        said = phrases.rate(tally.ctr, phrases.WITH_INTERVAL)
        lines.append(f"{name} {said} · " + _("over {covered}").format(covered=covered))
    elif tally.in_bio:
        lines.append(_("CTR: {text}").format(text=report.NO_OWN_CLICKS))
    if (found := tally.engagement) is not None:
        covered = _("{n} of {all}").format(n=found.posts, all=found.of)
        name = _("engagement rate")
        said = phrases.rate(found, phrases.WITH_INTERVAL)
        lines.append(f"{name} {said} · " + _("over {covered}").format(covered=covered))
    return "\n  ".join(lines)


def _heatmap(answer: answers.Heatmap, name: str) -> discord.Embed:
    total = sum(answer.cells)
    noun = (
        fmt.count_of(total, _("impression"), _("impressions"))
        if answer.question.metric is Metric.DISPLAYS
        else fmt.count_of(total, _("click"), _("clicks"))
    )
    said = embed(_("Hours of the week: {name}").format(name=fmt.escape(name)), f"{_head(answer)} · {noun}")
    if answer.claims:
        rows = [f"• {_claim(claim, answer.question.metric)}" for claim in answer.claims[:3]]
        said.add_field(name=_("Best times"), value=fmt.rows(rows), inline=False)
    elif total:
        text = _("No hour or day stands out beyond chance yet; a longer period may show more.")
        said.add_field(name=_("Best times"), value=text, inline=False)
    else:
        said.add_field(name=_("Best times"), value=_none_yet(answer), inline=False)
    if answer.outliers and total:
        days = ", ".join(fmt.date(day) for day in answer.outliers[:SHOWN])
        said.set_footer(text=_("Best times leave out {days}, far beyond the usual.").format(days=days))
    return said


def _claim(claim: Claim, metric: Metric) -> str:
    words = (_("impression"), _("impressions")) if metric is Metric.DISPLAYS else (_("click"), _("clicks"))
    low, high = claim.interval
    return _("**{when}** brings {ratio}× the usual: {hits} in {weeks} weeks (between {low}× and {high}×)").format(
        when=claim.name,
        ratio=fmt.number(round(claim.ratio, 1)),
        hits=fmt.count_of(claim.hits, *words),
        weeks=claim.weeks,
        low=fmt.number(round(low, 1)),
        high=fmt.number(round(high, 1)),
    )


def _sources(answer: answers.Sources, name: str) -> discord.Embed:
    kind = Kind.IMPRESSION if answer.question.metric is Metric.DISPLAYS else Kind.CLICK
    said = embed(
        _("Where {name}'s {noun} come from").format(
            name=fmt.escape(name), noun=_("clicks") if kind is Kind.CLICK else _("impressions")
        ),
        _head(answer),
    )
    for dimension, title in report.DIMENSIONS.items():
        found = shares(answer.audience, dimension, kind, SHOWN)
        if not found.total:
            if dimension is Dimension.COUNTRY:
                text = _("Not known here: the operator can add a country database.")
                said.add_field(name=title, value=text)
            continue
        earlier = dict(shares(answer.before, dimension, kind, 1000).top)
        was = sum(earlier.values())
        rows = []
        for value, count in found.top:
            share = fmt.share(count / found.total)
            line = f"{report.value_of(dimension, value)} **{share}**"
            if was and (before := fmt.share(earlier.get(value, 0) / was)) != share:
                line += " " + _("(was {share})").format(share=before)
            rows.append(line)
        if found.rest:
            rows.append(_("others {share}").format(share=fmt.share(found.rest / found.total)))
        said.add_field(name=title, value=fmt.rows(rows))
    if not answer.total:
        said.description = f"{said.description}\n\n{_none_yet(answer)}"
    return said


# ---------------------------------------------------------------------- explanations


def _reports(answer: Answer) -> tuple[Report, ...]:
    match answer:
        case answers.Reported():
            return (answer.report,)
        case answers.Compared():
            return answer.reports
        case _:
            return ()


def _report_names(answer: Answer, names: list[str]) -> list[str]:
    return pictures.compared_names(answer, names) if isinstance(answer, answers.Compared) else names


def _how(answer: Answer) -> list[tuple[str, str]]:
    """What stands behind an answer that is no report."""
    match answer.question.view:
        case View.TOP:
            return [
                (
                    _("Ranking"),
                    _(
                        "By clicks, unique clicks or displays: the highest count first. By CTR: the lower end of the "
                        "95% interval of clicks / displays, so that 1 click of 1 display does not beat 480 of 10,000; "
                        "below 100 displays it is too early to call. A CTR is formed over the places of a link that "
                        "have both clicks and displays, each up to its last reading. Posts whose link is in the bio "
                        "have no CTR and are ranked by engagement rate."
                    ),
                )
            ]
        case View.HEATMAP:
            return [
                (
                    _("Hours of the week"),
                    _(
                        "Each cell sums what was counted in that hour of that weekday, by the server's clock ({zone}), "
                        "exact over daylight saving. A time is called best when its hits per hour exceed those of all "
                        "other hours beyond chance, with a correction for looking at many hours, over at least three "
                        "weeks, and no single day carries it."
                    ).format(zone=answer.period.zone),
                )
            ]
        case View.SOURCES:
            return [
                (
                    _("Sources"),
                    _(
                        "The app or site that a visitor came from, as their browser tells it (direct where it tells "
                        "nothing), the kind of device, and the country of their address, which is looked up at that "
                        "moment and never stored. Shares are of the hits of which the value is known."
                    ),
                )
            ]
        case View.PROFILE:
            return [
                (
                    _("Views and impressions"),
                    _(
                        "A view is one display of the page to a person; a unique view is a visitor's first of the day. "
                        "A link is seen once half of it was in view for a second (the MRC's standard), or when it is "
                        "clicked, at most once for each view. Without JavaScript the links of a view count as "
                        "displayed, and so did all of them until the day that charts mark."
                    ),
                ),
                (
                    _("CTR"),
                    _(
                        "Clicks / impressions, seen and displayed together, of what was counted since links have to be "
                        "seen; in brackets the 95% interval."
                    ),
                ),
            ]
        case _:
            return []


def _fresh(answer: Answer) -> str:
    text = _("Read {when}; every click and impression counted by then is in it.").format(
        when=fmt.moment(answer.as_of, "T")
    )
    told = [grown.read_on for shown in _reports(answer) for grown in shown.grown]
    if told:
        text += " " + _("Platforms' figures: last told {date}.").format(date=fmt.date(max(told), year=True))
    return text
