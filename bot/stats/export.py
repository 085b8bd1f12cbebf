"""What an answer shows, as a table for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from bot.insights.pages import Spot
from bot.insights.rates import Rate
from bot.insights.summary import Engagement, Summary
from bot.insights.tally import Tally
from bot.links.platforms import describe
from bot.spreadsheets import safe
from bot.stats import answers
from bot.stats.answers import Answer, Report
from bot.stats.question import Metric
from storage.records import VIEWS, Kind


def table(answer: Answer, names: Sequence[str]) -> str:
    """The answer's numbers as CSV with a header; `names` are those of its targets, or of the periods compared.

    Plain numbers with a point, rates as fractions, dates as ISO 8601. Texts that a spreadsheet would take for formulas
    begin with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([safe(cell) for cell in row] for row in _rows(answer, names))
    return out.getvalue()


def _rows(answer: Answer, names: Sequence[str]) -> Iterator[Iterable[object]]:
    match answer:
        case answers.Reported():
            yield from _days([answer.report], names)
        case answers.Compared():
            yield from _days(answer.reports, names)
        case answers.Top():
            yield "rank", "name", "slug", "clicks", "unique_clicks", *_DISPLAYS, *_RATE, *_ENGAGEMENT
            for place, row in enumerate(answer.rows, start=answer.page * answers.PAGE + 1):
                name = row.group if row.link is None else row.link.label
                if row.post is not None:
                    name = " ".join(filter(None, (describe(row.post.platform, row.post.kind), row.post.title)))
                slug = "" if row.link is None else row.link.slug
                if row.post is not None and row.post.code:
                    slug += f"/{row.post.code}"
                uniques = "" if row.uniques is None else row.uniques
                tally = row.tally
                rates = *_rate(tally.ctr), *_engagement(tally.engagement)
                yield place, name, slug, tally.clicks, uniques, *_displays(tally), *rates
        case answers.Heatmap():
            yield "weekday", "hour", "impressions" if answer.question.metric is Metric.DISPLAYS else "clicks"
            for cell, count in enumerate(answer.cells):
                yield cell // 24 + 1, cell % 24, count
        case answers.ProfileStats():
            days, links = answer.days, answer.links
            yield "row", "name", "views", "unique_views", "viewable", "displayed", "clicks", *_RATE
            numbers = zip(days.views, days.unique_views, days.viewable, days.displayed, days.clicks, strict=True)
            for day, row in zip(answer.period.days, numbers, strict=True):
                yield "day", day.isoformat(), *row, *_rate(None)
            for link_id, spot in answer.by_link.items():
                if link_id in links:
                    yield "link", links[link_id].label, "", "", *_spot(spot)
            for position, spot in answer.by_position.items():
                yield "position", position, "", "", *_spot(spot)
        case answers.Sources():
            yield "dimension", "value", "kind", "count"
            kinds = {Kind.CLICK: "clicks", Kind.IMPRESSION: "impressions", Kind.VIEWABLE: "viewable_impressions"}
            for item in sorted(answer.audience, key=lambda item: (item.dimension, item.kind, -item.count, item.value)):
                if item.kind in kinds:
                    yield item.dimension.value, item.value, kinds[item.kind], item.count


_DISPLAYS = ("displays", "views", "impressions", "displays_estimated")
"""Views and impressions add up to the displays."""
_RATE = ("ctr", "ctr_low", "ctr_high", "ctr_clicks", "ctr_displays", "ctr_estimated", "ctr_as_of")
_ENGAGEMENT = ("engagement_rate", "engagements", "engagement_displays", "engagement_estimated", "engagement_as_of")


def _displays(found: Tally | Summary) -> tuple[object, ...]:
    views = sum(part.count for part in found.parts if part.metric == VIEWS)
    return found.displays, views, found.displays - views, int(found.is_estimate)


def _engagement(found: Engagement | None) -> tuple[object, ...]:
    if found is None:
        return ("",) * len(_ENGAGEMENT)
    return round(found.value, 6), found.clicks + found.reactions, found.displays, int(found.is_estimate), _as_of(found)


def _rate(rate: Rate | None) -> tuple[object, ...]:
    if rate is None:
        return ("",) * len(_RATE)
    low, high = rate.interval
    return (
        round(rate.value, 6),
        round(low, 6),
        round(high, 6),
        rate.clicks,
        rate.displays,
        int(rate.is_estimate),
        _as_of(rate),
    )


def _as_of(found: Rate | Engagement) -> str:
    """The day up to which it is formed, the first and the last of several; empty for the whole time."""
    return "/".join(day.isoformat() for day in dict.fromkeys(found.as_of or ()))


def _spot(spot: Spot) -> tuple[object, ...]:
    return spot.viewable, spot.displayed, spot.clicks, *_rate(spot.rate)


def _days(reports: Sequence[Report], names: Sequence[str]) -> Iterator[Iterable[object]]:
    """Day by day, then a total that carries what has no days."""
    yield (
        "name", "date", "clicks", "unique_clicks", "impressions_measured", "displays_reported", *_DISPLAYS, *_RATE,
        "clicks_imported", "displays_corrected",
    )  # fmt: skip
    for name, report in zip(names, reports, strict=True):
        now, uniques = report.now, report.uniques_by_day
        nothing = ("",) * (1 + len(_DISPLAYS))
        for n, day in enumerate(report.period.days):
            measured = now.impressions_by_day[n]
            unique = "" if uniques is None else uniques[n]
            rate = _rate(report.rates_by_day[n] if report.rates_by_day else None)
            imported = report.imported_by_day[n] if report.imported_by_day else 0
            yield name, day.isoformat(), now.clicks_by_day[n], unique, measured, *nothing, *rate, imported, ""
        unique = "" if uniques is None else now.unique_clicks
        total = now.clicks, unique, now.measured, now.reported, *_displays(now)
        yield name, "total", *total, *_rate(now.ctr), now.imported.total(), now.corrected
