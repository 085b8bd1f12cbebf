"""Which picture an answer gets."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from bot.charts import (
    Bar,
    Card,
    Chart,
    Colour,
    Comparison,
    Counts,
    Heatmap,
    Interval,
    Line,
    Note,
    Rates,
    Reported,
    Series,
    Top,
)
from bot.insights import phrases
from bot.insights.audience import shares
from bot.insights.hours import Claim
from bot.insights.rates import Rate
from bot.insights.summary import Engagement, Summary
from bot.insights.tally import Tally, most_clicks
from bot.links.platforms import PLATFORMS, describe
from bot.stats import answers
from bot.stats.answers import Answer, Grown, Hours, Report
from bot.stats.question import Metric, Ranks, Scope
from bot.texts import _, current_locale, percent
from cogs.ui import format as fmt
from cogs.ui.stats import page
from cogs.ui.stats.report import value_of
from storage.records import VIEWS, Dimension, Kind

BARS = 10
PART_HOURS = 6
OUTLINED = 2
"""Best times that a heatmap has room to name."""


def picture(answer: Answer, names: Sequence[str]) -> Chart:
    """The chart of an answer whose targets are called `names`."""
    match answer:
        case answers.Reported():
            return of_report(answer.report, names[0], answer.question.metric, answer.target.subject.scope)
        case answers.Compared():
            return _compared(answer, names)
        case answers.Top():
            return _top(answer, names[0])
        case answers.Heatmap():
            return _heatmap(answer, names[0])
        case answers.Sources():
            return _sources(answer, names[0])
        case answers.ProfileStats():
            return page.picture(answer, names[0])
        case _:
            raise TypeError(f"no picture of {type(answer).__name__}")


def of_report(report: Report, name: str, metric: Metric = Metric.CLICKS, scope: Scope = Scope.SERVER) -> Chart:
    """A report over its days: clicks below impressions, or one metric alone."""
    if metric is Metric.CTR and not report.rates_by_day:
        return _rates_of_parts(report, name, scope)
    panels = _panels(report, metric)
    hours = report.hours if metric in (Metric.CLICKS, Metric.DISPLAYS) else None
    if hours is not None:
        panels = tuple(_by_hour(panel, hours) for panel in panels)
    return Series(
        title=fmt.plain(name),
        subtitle=_subtitle(report),
        days=report.period.days,
        panels=panels,
        hours=() if hours is None else hours.at,
        unfinished=report.unfinished,
        notes=tuple(Note(note.day, note.text) for note in report.notes),
        locale=current_locale(),
    )


def _subtitle(report: Report) -> str:
    return f"{fmt.dates(report.period)}, {report.period.zone}"


def _panels(report: Report, metric: Metric) -> tuple[Counts | Rates, ...]:
    now = report.now
    clicks = Counts(
        _("clicks"),
        now.clicks_by_day,
        report.previous_clicks,
        previous_total=None if report.before is None else report.before.clicks,  # what the change is made of
        imported=report.imported_by_day,
    )
    measured = any(now.impressions_by_day)
    displays = Counts(
        _("measured impressions") if measured or not report.grown else _("displays"),
        now.impressions_by_day,
        total=None if measured or not report.grown else now.displays,
        reported=_told(report.grown),
        colour=Colour.IMPRESSIONS,
    )
    match metric:
        case Metric.UNIQUES if report.uniques_by_day is not None:
            return (Counts(_("unique clicks"), report.uniques_by_day),)
        case Metric.DISPLAYS:
            return (displays,)
        case Metric.CTR:
            overall = None if now.ctr is None else interval(now.ctr)
            rates = tuple(None if rate is None else interval(rate) for rate in report.rates_by_day)
            return (Rates(_("CTR"), rates, overall), clicks)
        case _:
            return (displays, clicks) if measured or report.grown else (clicks,)


def _told(grown: Iterable[Grown]) -> tuple[Reported, ...]:
    return tuple(Reported(one.since, one.until, one.growth, one.figures, one.is_estimate) for one in grown)


def _by_hour(panel: Counts | Rates, hours: Hours) -> Counts | Rates:
    """A panel of a single day, over its hours."""
    if not isinstance(panel, Counts):
        return panel
    if panel.colour is Colour.IMPRESSIONS:
        return dataclasses.replace(panel, values=hours.impressions if any(panel.values) else (0,) * len(hours.clicks))
    return dataclasses.replace(panel, values=hours.clicks, previous=hours.previous_clicks)


def interval(rate: Rate | Engagement) -> Interval:
    low, high = rate.interval
    return Interval(rate.value, min(low, rate.value), max(high, rate.value), phrases.parts(rate))


def _rates_of_parts(report: Report, name: str, scope: Scope) -> Top:
    """The CTR of each link, or of each post of a link, where days cannot carry one."""
    tallies = report.by_link if scope in (Scope.SERVER, Scope.CREATOR) else report.by_post
    called = {id_: link.label for id_, link in report.links.items()} | {
        id_: fmt.post_title(post) for id_, post in report.posts.items()
    }
    bars = [
        Bar(fmt.plain(called[id_]), tally.ctr.value, percent(tally.ctr.value), interval(tally.ctr))
        for id_ in most_clicks(tallies)
        if (tally := tallies[id_]).ctr is not None and id_ in called
    ]
    bars.sort(key=lambda bar: -bar.value)
    return Top(
        title=fmt.plain(name),
        subtitle=_subtitle(report),
        noun=_("CTR"),
        bars=tuple(bars[:BARS]),
        rate=True,
        locale=current_locale(),
        unfinished=report.unfinished,
    )


def _compared(answer: answers.Compared, names: Sequence[str]) -> Chart:
    metric, reports = answer.question.metric, answer.reports
    title = _("{metric} compared").format(metric=fmt.METRICS[metric])
    one_time = len(answer.periods) == 1
    first = reports[0]
    subtitle = _subtitle(first) if one_time else f"{names[0]}, {first.period.zone}"
    called = [fmt.plain(name) for name in compared_names(answer, names)]
    if metric is Metric.CTR:
        bars = tuple(
            Bar(name, report.now.ctr.value, percent(report.now.ctr.value), interval(report.now.ctr))
            if report.now.ctr is not None
            else Bar(name, 0.0, "–", early=True)
            for name, report in zip(called, reports, strict=True)
        )
        return Top(title, subtitle, _("CTR"), bars, rate=True, locale=current_locale())
    if metric is Metric.DISPLAYS:  # what platforms told has no days
        bars = tuple(_displays_bar(name, report.now) for name, report in zip(called, reports, strict=True))
        return Top(title, subtitle, fmt.METRICS_IN_TEXT[metric], bars, rate=False, locale=current_locale())
    lines = tuple(
        Line(name, values, sum(values))
        for name, report in zip(called, reports, strict=True)
        for values in [_values(report, metric)]
    )
    return Comparison(
        title=title,
        subtitle=subtitle,
        noun=fmt.METRICS_IN_TEXT[metric],
        days=first.period.days if one_time else None,
        lines=lines,
        unfinished=first.unfinished,
        locale=current_locale(),
    )


def compared_names(answer: answers.Compared, names: Sequence[str]) -> list[str]:
    """What each of the reports is called: by its target, or by its time."""
    if len(answer.periods) == 1:
        return list(names)
    return [fmt.choice(choice) for choice in answer.question.choices]


def _values(report: Report, metric: Metric) -> tuple[int, ...]:
    match metric:
        case Metric.UNIQUES if report.uniques_by_day is not None:
            return report.uniques_by_day
        case _:
            return report.now.clicks_by_day


TOP_OF = {
    Ranks.LINKS: _("Top links of {name}"),
    Ranks.POSTS: _("Top posts of {name}"),
    Ranks.PLATFORMS: _("Platforms of {name}"),
    Ranks.KINDS: _("Kinds of posts of {name}"),
}


def _top(answer: answers.Top, name: str) -> Top:
    metric = answer.question.metric
    return Top(
        title=TOP_OF[answer.ranks].format(name=fmt.plain(name)),
        subtitle=f"{fmt.dates(answer.period)}, {answer.period.zone}",
        noun=fmt.METRICS_IN_TEXT[metric],
        bars=tuple(_bar(row, metric) for row in answer.rows),
        rate=metric in (Metric.CTR, Metric.ENGAGEMENT),
        first=answer.page * answers.PAGE + 1,
        locale=current_locale(),
        unfinished=answer.unfinished,
    )


def _bar(row: answers.Row, metric: Metric) -> Bar:
    name = fmt.plain(row_name(row))
    tally = row.tally
    if metric in (Metric.CTR, Metric.ENGAGEMENT):
        rate = tally.engagement if metric is Metric.ENGAGEMENT else tally.ctr
        if rate is None:
            return Bar(name, 0.0, "–", trend=row.trend, early=True)
        return Bar(name, rate.value, percent(rate.value), interval(rate), row.trend, early=row.early)
    if metric is Metric.DISPLAYS:
        return dataclasses.replace(_displays_bar(name, tally), trend=row.trend)
    value = row.uniques or 0 if metric is Metric.UNIQUES else tally.clicks
    return Bar(name, value, fmt.number(value), trend=row.trend)


def _displays_bar(name: str, found: Tally | Summary) -> Bar:
    return Bar(name, found.displays, phrases.about(fmt.number(found.displays), is_estimate=found.is_estimate))


def row_name(row: answers.Row) -> str:
    """A link's title, a group's name, or a post's with what kind it is; of which link, where it has no title."""
    if row.group:
        return row.group
    if row.post is not None:
        kind = describe(row.post.platform, row.post.kind)
        return ", ".join(filter(None, (row.post.title or (row.link.label if row.link else ""), kind)))
    return "" if row.link is None else row.link.label


def _heatmap(answer: answers.Heatmap, name: str) -> Heatmap:
    return Heatmap(
        title=_("{name}: hours of the week").format(name=fmt.plain(name)),
        subtitle=f"{fmt.dates(answer.period)}, {answer.period.zone}",
        noun=_("impressions") if answer.question.metric is Metric.DISPLAYS else _("clicks"),
        cells=answer.cells,
        first_weekday=answer.first_weekday,
        best_times=", ".join(claim.name for claim in answer.claims[:OUTLINED]),
        best=tuple(dict.fromkeys(cell for claim in answer.claims[:OUTLINED] for cell in _cells(claim))),
        locale=current_locale(),
        unfinished=answer.unfinished,
    )


def _cells(claim: Claim) -> list[int]:
    """The hours of the week that a claim is about."""
    if claim.weekday is None:
        return [day * 24 + (claim.hour or 0) for day in range(7)]
    if claim.hour is None:
        return [claim.weekday * 24 + hour for hour in range(24)]
    return [claim.weekday * 24 + claim.hour + n for n in range(PART_HOURS)]


def _sources(answer: answers.Sources, name: str) -> Top:
    kind = Kind.IMPRESSION if answer.question.metric is Metric.DISPLAYS else Kind.CLICK
    found = shares(answer.audience, Dimension.SOURCE, kind, BARS)
    noun = _("impressions") if kind is Kind.IMPRESSION else _("clicks")
    return Top(
        title=_("Where {noun} of {name} come from").format(noun=noun, name=fmt.plain(name)),
        subtitle=f"{fmt.dates(answer.period)}, {answer.period.zone}",
        noun=noun,
        bars=tuple(
            Bar(value_of(Dimension.SOURCE, value), count, f"{fmt.number(count)} · {fmt.share(count / found.total)}")
            for value, count in found.top
        ),
        rate=False,
        locale=current_locale(),
        unfinished=answer.unfinished,
    )


def card(answer: answers.Reported, creator: str) -> Card | None:
    """The picture that a creator posts: what the platform told of a post beside its own clicks; None of anything else.

    The whole life of the post, since that is what platforms tell.
    """
    report, post = answer.report, answer.target.post
    if post is None:
        return None
    now = report.now
    told = now.reported > 0
    platform = describe(post.platform, post.kind)
    until = max((one.read_on for one in report.grown), default=report.period.last)
    source = (
        _("reported by {platform}, {date}").format(
            platform=PLATFORMS[post.platform][0], date=fmt.date(until, year=True)
        )
        if told
        else _("measured by Eyeballs")
    )
    return Card(
        creator=fmt.plain(creator),
        title=fmt.plain(post.title or (answer.target.link.label if answer.target.link else platform)),
        platform=platform,
        period=fmt.dates(report.period),
        displays=now.displays or None,
        displays_name=_("Views") if any(part.metric == VIEWS for part in now.parts) else _("Impressions"),
        displays_source=source,
        clicks=now.clicks,
        clicks_source=_("through the bio, counted by Eyeballs") if post.link_in_bio else _("counted by Eyeballs"),
        ctr=None if now.ctr is None else interval(now.ctr),
        engagement=None if now.engagement is None else interval(now.engagement),
        days=report.period.days,
        values=now.clicks_by_day,
        locale=current_locale(),
    )
