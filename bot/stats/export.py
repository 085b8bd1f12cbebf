"""What an answer shows, as a table for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from bot.insights.pages import Spot
from bot.insights.rates import Rate
from bot.insights.tally import Tally
from bot.links.platforms import describe
from bot.spreadsheets import safe
from bot.stats import answers
from bot.stats.answers import Answer, Report
from bot.stats.question import Metric
from storage.records import Kind


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
            yield "rank", "name", "slug", "clicks", "unique_clicks", "impressions", *_RATE, *_MORE
            for place, row in enumerate(answer.rows, start=answer.page * answers.PAGE + 1):
                name = row.group if row.link is None else row.link.label
                if row.post is not None:
                    name = " ".join(filter(None, (describe(row.post.platform, row.post.kind), row.post.title)))
                slug = "" if row.link is None else row.link.slug
                if row.post is not None and row.post.code:
                    slug += f"/{row.post.code}"
                uniques = "" if row.uniques is None else row.uniques
                tally = row.tally
                yield place, name, slug, tally.clicks, uniques, tally.impressions, *_rate(tally.ctr), *_more(tally)
        case answers.Heatmap():
            yield "weekday", "hour", "impressions" if answer.question.metric is Metric.IMPRESSIONS else "clicks"
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


_RATE = ("ctr", "ctr_low", "ctr_high", "ctr_clicks", "ctr_impressions")


_MORE = (
    "views",
    "clicks_by_views",
    "by_views_clicks",
    "by_views_views",
    "engagement_rate",
    "engagements",
    "engagement_base",
    "engagement_by",
)


def _more(tally: Tally) -> tuple[object, ...]:
    """What is formed by views, and the engagement rate with what it is by."""
    rate, found = tally.by_views, tally.engagement
    by_views = ("", "", "") if rate is None else (round(rate.value, 6), rate.clicks, rate.impressions)
    if found is None:
        return tally.views, *by_views, "", "", "", ""
    return tally.views, *by_views, round(found.value, 6), found.clicks + found.reactions, found.base, found.by


def _rate(rate: Rate | None) -> tuple[object, ...]:
    if rate is None:
        return ("",) * len(_RATE)
    low, high = rate.interval
    return round(rate.value, 6), round(low, 6), round(high, 6), rate.clicks, rate.impressions


def _spot(spot: Spot) -> tuple[object, ...]:
    return spot.viewable, spot.displayed, spot.clicks, *_rate(spot.rate)


def _days(reports: Sequence[Report], names: Sequence[str]) -> Iterator[Iterable[object]]:
    """Day by day, then a total that carries what has no days."""
    yield (
        "name", "date", "clicks", "unique_clicks", "impressions_measured", "impressions_reported", "impressions",
        *_RATE, "views", "clicks_imported", "impressions_corrected", "views_corrected",
    )  # fmt: skip
    for name, report in zip(names, reports, strict=True):
        now, uniques = report.now, report.uniques_by_day
        for n, day in enumerate(report.period.days):
            measured = now.impressions_by_day[n]
            unique = "" if uniques is None else uniques[n]
            rate = _rate(report.rates_by_day[n] if report.rates_by_day else None)
            imported = report.imported_by_day[n] if report.imported_by_day else 0
            yield name, day.isoformat(), now.clicks_by_day[n], unique, measured, "", "", *rate, "", imported, "", ""
        unique = "" if uniques is None else now.unique_clicks
        total = (now.clicks, unique, now.measured, now.reported, now.impressions)
        corrected = now.corrected, now.views_corrected
        yield name, "total", *total, *_rate(now.ctr), now.views, now.imported.total(), *corrected
