"""What an answer shows, as a table for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from bot.insights.rates import Rate
from bot.links.platforms import describe
from bot.stats import answers
from bot.stats.answers import Answer, Report
from bot.stats.question import Metric
from storage.records import Kind

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""


def table(answer: Answer, names: Sequence[str]) -> str:
    """The answer's numbers as CSV with a header; `names` are those of its targets, or of the periods compared.

    Plain numbers with a point, rates as fractions, dates as ISO 8601. Texts that a spreadsheet would take for formulas
    begin with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([safe(cell) for cell in row] for row in _rows(answer, names))
    return out.getvalue()


def safe(cell: object) -> object:
    """The cell, with an apostrophe before a text that a spreadsheet would take for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _rows(answer: Answer, names: Sequence[str]) -> Iterator[Iterable[object]]:
    match answer:
        case answers.Reported():
            yield from _days([answer.report], names)
        case answers.Compared():
            yield from _days(answer.reports, names)
        case answers.Top():
            yield "rank", "name", "slug", "clicks", "unique_clicks", "impressions", *_RATE
            for place, row in enumerate(answer.rows, start=answer.page * answers.PAGE + 1):
                name = "" if row.link is None else row.link.label
                if row.post is not None:
                    name = " ".join(filter(None, (describe(row.post.platform, row.post.kind), row.post.title)))
                slug = "" if row.link is None else row.link.slug
                if row.post is not None and row.post.code:
                    slug += f"/{row.post.code}"
                uniques = "" if row.uniques is None else row.uniques
                yield place, name, slug, row.tally.clicks, uniques, row.tally.impressions, *_rate(row.tally.ctr)
        case answers.Heatmap():
            yield "weekday", "hour", "impressions" if answer.question.metric is Metric.IMPRESSIONS else "clicks"
            for cell, count in enumerate(answer.cells):
                yield cell // 24 + 1, cell % 24, count
        case answers.Sources():
            yield "dimension", "value", "kind", "count"
            kinds = {Kind.CLICK: "clicks", Kind.IMPRESSION: "impressions"}
            for item in sorted(answer.audience, key=lambda item: (item.dimension, item.kind, -item.count, item.value)):
                yield item.dimension.value, item.value, kinds[item.kind], item.count


_RATE = ("ctr", "ctr_low", "ctr_high", "ctr_clicks", "ctr_impressions")


def _rate(rate: Rate | None) -> tuple[object, ...]:
    if rate is None:
        return ("",) * len(_RATE)
    low, high = rate.interval
    return round(rate.value, 6), round(low, 6), round(high, 6), rate.clicks, rate.impressions


def _days(reports: Sequence[Report], names: Sequence[str]) -> Iterator[Iterable[object]]:
    """Day by day, then a total that carries what has no days."""
    yield (
        "name", "date", "clicks", "unique_clicks", "impressions_measured", "impressions_reported", "impressions", *_RATE
    )  # fmt: skip
    for name, report in zip(names, reports, strict=True):
        now, uniques = report.now, report.uniques_by_day
        for n, day in enumerate(report.period.days):
            measured = now.impressions_by_day[n]
            unique = "" if uniques is None else uniques[n]
            rate = _rate(report.rates_by_day[n] if report.rates_by_day else None)
            yield name, day.isoformat(), now.clicks_by_day[n], unique, measured, "", "", *rate
        unique = "" if uniques is None else now.unique_clicks
        yield name, "total", now.clicks, unique, now.measured, now.reported, now.impressions, *_rate(now.ctr)
