"""A frozen report as a table for spreadsheets: each number on a line of its own, with what it is made of."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from fractions import Fraction

from bot.reports.frozen import Frozen, Ratio, Row
from bot.reports.money import rounded
from bot.stats.export import safe

HEADER = ("section", "name", "metric", "value", "numerator", "denominator", "over", "of")
SECOND = ("estimate", "as_of")
"""Columns that there are from version 2 on: whether a part was shared out, and up to which day a rate is formed."""


def table(report: Frozen, fingerprint: str) -> str:
    """CSV: plain numbers with a point, rates as fractions rounded to six digits beside both their sides.

    What is not known has an empty value. Texts that a spreadsheet would take for formulas begin with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    header = HEADER if report.version == 1 else HEADER + SECOND
    writer.writerow(header)
    for line in _lines(report, fingerprint):
        cells = [safe("" if cell is None else cell) for cell in line]
        writer.writerow([*cells, *[""] * (len(header) - len(cells))][: len(header)])
    return out.getvalue()


def _lines(report: Frozen, fingerprint: str) -> Iterator[Iterable[object]]:
    about = {
        "creator": report.creator,
        "brand": report.brand,
        "note": report.note,
        "first_day": report.first.isoformat(),
        "last_day": report.last.isoformat(),
        "time_zone": report.zone,
        "counted_until": None if report.until is None else report.until.isoformat(),
        "made_at": report.made_at.isoformat(),
        "covers": "; ".join(report.covers) or "everything",
        "sha256": fingerprint,
    }
    for key, text in about.items():
        yield "report", "", key, text
    if report.promise is not None:
        yield "deal", "", f"{report.promise.metric}_promised", report.promise.promised
        yield "deal", "", f"{report.promise.metric}_reached", report.promise.reached, *_about(report.is_reached_about)
    yield from _row(report, "total", report.total)
    for metric, platform, count, is_estimate in report.total.parts:
        yield "displays", platform, metric, count, *_about(is_estimate)
    yield "total", "", "unique_clicks", report.unique_clicks
    yield "total", "", "engagement", *_rate(report.engagement)
    for metric, count in report.corrected:
        yield "total", "", f"{metric}_corrected", count
    yield "total", "", "set_aside", report.set_aside
    yield "total", "", "missing", report.missing
    for day, shared, clicks in report.shared:
        yield "shared_connection", day.isoformat(), "clicks", shared, shared, clicks
    for section, rows in (("platform", report.platforms), ("best_post", report.best)):
        for row in rows:
            yield from _row(report, section, row)
    for one in report.medians:
        value = None if one.value is None else Ratio(one.value.top, one.value.bottom, one.posts, one.posts)
        yield "median_90_days", "", one.metric, *_rate(value)
    for one in report.growth:
        yield "growth", one.direction, one.metric, one.now, "", one.before
    for share in report.audience:
        for value, count in share.top:
            yield share.dimension, value, "clicks", count, count, share.known, share.known, share.of
    worth = report.worth
    if worth is not None:
        for name in ("cpm", "fee", "emv", "emv_low", "emv_high", "emv_cpc", "fee_cpm", "fee_cpc"):
            yield "money", worth.currency, name, getattr(worth, name)


def _row(report: Frozen, section: str, row: Row) -> Iterator[Iterable[object]]:
    counts = {
        "posts": row.posts,
        "clicks": row.clicks,
        report.shown: row.displays,
        "measured": row.measured,
        "viewable": row.viewable,
        "reported": row.reported,
    }
    for metric, count in counts.items():
        yield section, row.name, metric, count, *_about(row.is_estimate and metric in ("displays", "reported"))
    if row.parts:
        yield section, row.name, "display_metric", "+".join(sorted({metric for metric, *_rest in row.parts}))
    for metric, count in row.told:
        yield section, row.name, metric, count, *_about(metric in row.estimates)
    yield section, row.name, "ctr", *_rate(row.ctr)


def _about(is_estimate: bool) -> tuple[object, ...]:
    return (*[""] * 4, "yes") if is_estimate else ()


def _rate(rate: Ratio | None) -> tuple[object, ...]:
    if rate is None:
        return (None,)
    value = f"{rounded(Fraction(rate.top, rate.bottom), 6):f}"
    as_of = "" if rate.as_of is None else "/".join(dict.fromkeys(day.isoformat() for day in rate.as_of))
    return value, rate.top, rate.bottom, rate.over, rate.of, "yes" if rate.is_estimate else "", as_of
