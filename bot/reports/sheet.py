"""How a frozen report reads: its numbers as words, laid out once for the picture, the PDF and the page alike."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from bot.charts import Grid, Paper, Sheet, Tile
from bot.insights import phrases
from bot.insights.audience import DIRECT
from bot.insights.rates import Change, Direction
from bot.insights.summary import Part
from bot.reports.frozen import Frozen, Growth, Median, Ratio, Row, Share
from bot.reports.metrics import FIRST, METRICS
from bot.texts import _, country, current_locale, day, days, money, ngettext, number, percent, use_locale
from storage.records import Dimension

NONE = "–"
DEVICES = {
    "phone": _("Phones"),
    "desktop": _("Desktops"),
    "tablet": _("Tablets"),
    "tv": _("TVs"),
    "other": _("Others"),
}
DIMENSIONS = {
    Dimension.COUNTRY: _("Clicks by country"),
    Dimension.DEVICE: _("Clicks by device"),
    Dimension.SOURCE: _("Clicks came from"),
}
EARLY = 100
"""Below as many displays a rate is said to be early."""
MOST_COVERED = 6
MOST_PARTS = 4
"""Lines under the displays: what they are called, those that are fewest taken together."""


def sheet(report: Frozen, fingerprint: str, paper: Paper | None = None) -> Sheet:
    """The report as it is read, in its own locale whatever that of the task is."""
    before = current_locale()
    use_locale(report.locale)
    try:
        return Sheet(
            title=report.creator,
            subtitle=_("Brand report for {brand}").format(brand=report.brand) if report.brand else _("Brand report"),
            lines=tuple(_head(report)),
            note=report.note,
            tiles=tuple(_tiles(report)),
            grids=(_platforms(report), _best(report)),
            blocks=tuple(_blocks(report)),
            small=tuple(_small(report, fingerprint)),
            made_at=report.made_at,
            accent=report.accent,
            avatar=base64.b64decode(report.avatar),
            paper=paper,
            locale=report.locale,
        )
    finally:
        use_locale(before)


# ------------------------------------------------------------------ words


def count(value: int | None) -> str:
    return NONE if value is None else number(value)


def share(value: Ratio | None) -> str:
    return NONE if value is None else percent(value.top / value.bottom)


def _amount(value: str | None, currency: str) -> str:
    return NONE if value is None else money(Decimal(value), currency)


def _over(value: Ratio, parts: str) -> str:
    """ "3 of 5 posts and places"."""
    return _("{n} of {all} {parts}").format(n=number(value.over), all=number(value.of), parts=parts)


# ------------------------------------------------------------------ parts


def _head(report: Frozen) -> Iterable[str]:
    yield f"{days(report.first, report.last)}, {report.zone}"
    if (promise := report.promise) is not None:
        text = _("{reached} of {promised} {metric} promised ({share})")
        yield text.format(
            reached=phrases.about(number(promise.reached), is_estimate=report.is_reached_about),
            promised=number(promise.promised),
            metric=METRICS[promise.metric].name.lower(),
            share=percent(promise.reached / promise.promised),
        )
    shown = ", ".join(report.covers[:MOST_COVERED])
    rest = len(report.covers) - MOST_COVERED
    if not report.covers:
        yield _("All links and posts")
    else:
        yield _("{names} and {n} more").format(names=shown, n=rest) if rest > 0 else shown


def _tiles(report: Frozen) -> Iterable[Tile]:
    total = report.total
    yield Tile(METRICS[report.shown].name, _cell(total, report.shown), tuple(_made_of(report)))
    told = dict(total.told)
    yield Tile(
        METRICS["reach"].name,
        _cell(total, "reach"),
        (_("reported by platforms,"), _("summed over posts")) if "reach" in told else (_("no platform told any"),),
    )
    unique = report.unique_clicks
    yield Tile(
        METRICS["clicks"].name,
        count(total.clicks),
        (_("{n} unique").format(n=count(unique)),) if unique is not None else (_("counted by Eyeballs"),),
    )
    yield _rate("ctr", total.ctr, _("posts and places"))
    yield _rate("engagement", report.engagement, _("posts"))


def _made_of(report: Frozen) -> Iterable[str]:
    """What the displays are called, the most first: "37,550 views on TikTok", "12,260 impressions"."""
    total = report.total
    if report.version == 1:
        yield _("{n} measured").format(n=count(total.measured))
        yield _("{n} viewable").format(n=count(total.viewable))
        yield _("{n} reported").format(n=count(total.reported))
        return
    shown = total.parts if len(total.parts) <= MOST_PARTS else total.parts[: MOST_PARTS - 1]
    if total.displays is None:
        yield _("none measured or told")
    for metric, platform, n, is_estimate in shown:
        yield phrases.about(*phrases.by_word([Part(metric, platform, n)]), is_estimate=is_estimate)
    if rest := total.parts[len(shown) :]:
        said = _("{n} on {k} others").format(n=number(sum(n for _metric, _on, n, _about in rest)), k=len(rest))
        yield phrases.about(said, is_estimate=any(is_estimate for *_part, is_estimate in rest))


def _rate(metric: str, value: Ratio | None, parts: str) -> Tile:
    if value is None:
        return Tile(METRICS[metric].name, NONE, (_("no post or place has both sides"),))
    bottom = phrases.about(number(value.bottom), is_estimate=value.is_estimate)
    lines = [f"{number(value.top)} / {bottom}", _over(value, parts)]
    if value.bottom < EARLY:
        lines[1] += _(", early")
    if value.as_of is not None:
        lines.append(_("as of {days}").format(days=days(*value.as_of)))
    return Tile(METRICS[metric].name, share(value), tuple(lines))


def _platforms(report: Frozen) -> Grid:
    """By platform and kind, and all together where there are several."""
    sums = () if report.version == 1 else ("displays",)
    columns = ("posts", *sums, "measured", "viewable", "reported", *_views(report.total), "reach", "clicks", "ctr")
    names = {"posts": _("Posts")} | {key: METRICS[key].name for key in columns if key in METRICS}
    rows = [(row.name, *(_worded(row, column) for column in columns)) for row in report.platforms]
    if len(rows) > 1 and report.version > 1:
        rows.append((_("Together"), *(_cell(report.total, column) for column in columns)))
    return Grid(
        _("By platform and kind of post"),
        ("", *(names[column] for column in columns)),
        tuple(rows),
        "" if rows else _("Nothing was counted or told in this period."),
    )


def _views(*rows: Row) -> tuple[str, ...]:
    """What reports of version 1 had beside impressions, where a platform told any."""
    return ("views",) if any("views" in dict(row.told) for row in rows) else ()


def _best(report: Frozen) -> Grid:
    columns = (report.shown, *_views(*report.best), "reach", "clicks", "ctr")
    rows = [(row.name, _sourced(row), *(_cell(row, column) for column in columns[1:])) for row in report.best]
    return Grid(
        _("Best posts, by {metric}").format(metric=METRICS[report.shown].name.lower()),
        ("", *(METRICS[column].name for column in columns)),
        tuple(rows),
        "" if rows else _("No post has been counted or told of in this period."),
    )


def _worded(row: Row, column: str) -> str:
    """A cell, where displays have the word of their platforms: "12,190 views", "260 impressions"."""
    if column != "displays" or not row.parts:
        return _cell(row, column)
    parts = [Part(metric, platform, n) for metric, platform, n, _is_estimate in row.parts]
    return phrases.displays(sum(part.count for part in parts), parts, is_estimate=row.is_estimate)


def _cell(row: Row, column: str) -> str:
    if column == "ctr":
        return _ctr(row)
    if column == "posts":
        return number(row.posts) if row.posts else NONE
    if column in ("displays", "impressions"):
        return phrases.about(count(row.displays), is_estimate=row.is_estimate)
    if column in ("clicks", "measured", "viewable", "reported"):
        return count(getattr(row, column))
    return phrases.about(count(dict(row.told).get(column)), is_estimate=column in row.estimates)


def _ctr(row: Row) -> str:
    """The CTR, with what made it where the clicks and displays in the row are others."""
    if (rate := row.ctr) is None:
        return NONE
    beside = rate.top == row.clicks and rate.bottom in (row.measured, row.reported)
    return share(rate) if beside else f"{share(rate)} ({number(rate.top)} / {number(rate.bottom)})"


def _sourced(row: Row) -> str:
    """Of one post: its displays, and whether they were reported or measured."""
    if row.displays is None:
        return NONE
    return f"{_worded(row, 'displays')} {_('reported') if row.reported is not None else _('measured')}"


def _blocks(report: Frozen) -> Iterable[Grid]:
    yield Grid(
        _("A typical post"),
        ("", _("Median")),
        tuple((METRICS[one.metric].name, _median(one)) for one in report.medians),
        _("of those published since {date}").format(date=day(report.median_first, year=True)),
    )
    note = _("Up to the same time of day; unique clicks are counted by whole days.") if report.until is not None else ""
    yield Grid(
        _("Against the period before"),
        ("", _("Before"), _("Change")),
        tuple((METRICS[one.metric].name, number(one.before), _growth(one)) for one in report.growth),
        note if report.growth else _("Nothing comes before all time."),
    )
    yield _worth(report)
    if not report.audience:
        yield Grid(_("Audience"), ("", ""), (), _("Known for links as a whole alone, not for single posts."))
    for one in report.audience:
        yield _audience(one)


def _median(value: Median) -> str:
    posts = ngettext("{n} post", "{n} posts", value.posts).format(n=number(value.posts))
    if value.value is None:
        return f"{NONE} ({posts})"
    if METRICS[value.metric].rate:
        return f"{share(value.value)} ({posts})"
    return f"{number(round(Fraction(value.value.top, value.value.bottom)))} ({posts})"


def _growth(growth: Growth) -> str:
    ratio = growth.now / growth.before - 1 if growth.before else None
    return phrases.change(Change(Direction(growth.direction), ratio)) or NONE


def _worth(report: Frozen) -> Grid:
    heading, worth = _("What it comes to"), report.worth
    if worth is None:
        rows = ((_("CPM"), NONE), (_("CPC"), NONE), (_("EMV"), NONE))
        return Grid(heading, ("", ""), rows, _("No CPM and no fee was stated."))
    currency, rows, note = worth.currency, [], ""
    if worth.cpm is not None:
        rows += [
            (_("CPM, as stated"), _amount(worth.cpm, currency)),
            (_("EMV at that CPM"), _amount(worth.emv, currency)),
            (_("EMV / clicks"), _amount(worth.emv_cpc, currency)),
        ]
        note = _("EMV ±15%: {band}").format(band=_band(worth.emv_low, worth.emv_high, currency))
    if worth.fee is not None:
        rows += [
            (_("Fee, as stated"), _amount(worth.fee, currency)),
            (_("CPM of that fee"), _amount(worth.fee_cpm, currency)),
            (_("CPC of that fee"), _amount(worth.fee_cpc, currency)),
        ]
    return Grid(heading, ("", ""), tuple(rows), note)


def _band(low: str | None, high: str | None, currency: str) -> str:
    return NONE if low is None else f"{_amount(low, currency)} – {_amount(high, currency)}"


def _audience(found: Share) -> Grid:
    dimension = Dimension(found.dimension)
    rows = [(_value(dimension, value), number(n), percent(n / found.known)) for value, n in found.top]
    rest = found.known - sum(n for _value, n in found.top)
    if rest:
        rows.append((_("Others"), number(rest), percent(rest / found.known)))
    known = _("known of {known} of {of} clicks").format(known=number(found.known), of=number(found.of))
    return Grid(DIMENSIONS[dimension], ("", _("Clicks"), _("Share")), tuple(rows), known if rows else _("Not known."))


def _value(dimension: Dimension, value: str) -> str:
    if dimension is Dimension.DEVICE:
        return DEVICES.get(value, value)
    if dimension is Dimension.COUNTRY:
        return country(value)
    return _("Direct visits") if dimension is Dimension.SOURCE and value == DIRECT else value


def _small(report: Frozen, fingerprint: str) -> Iterable[str]:
    """Definitions, sources, what is left out, and how to see that nothing was changed."""
    counted = ("measured", "viewable", "reported", *_views(report.total), "reach", "clicks", "unique_clicks")
    used = (report.shown, *counted, "ctr", "engagement")
    metrics = FIRST if report.version == 1 else METRICS
    yield " ".join(f"{metrics[metric].name}: {metrics[metric].meaning}." for metric in used)
    if report.worth is not None:
        yield _(
            "EMV (earned media value): {metric} x CPM / 1,000, adjustment 1, with a band of 15% to both sides "
            "(Keepface). CPM: fee / {metric} x 1,000. CPC: fee / clicks."
        ).format(metric=metrics[report.shown].name.lower())
    parts = [_("Counted by Eyeballs, in days of {zone}.").format(zone=report.zone)]
    if report.until is not None:
        parts.append(_("The period was still running: counted up to {at} UTC.").format(at=_at(report.until)))
    if report.set_aside:
        said = ngettext(
            "Set aside as no people's: {n} request.", "Set aside as no people's: {n} requests.", report.set_aside
        )
        parts.append(said.format(n=number(report.set_aside)))
    if report.missing:
        said = ngettext(
            "Missing, since it came too fast to be kept: {n} hit.",
            "Missing, since they came too fast to be kept: {n} hits.",
            report.missing,
        )
        parts.append(said.format(n=number(report.missing)))
    if report.shared:
        day_, shared, clicks = report.shared[0]
        said = _(
            "{date}: {shared} of {clicks} clicks came through one shared connection, such as a mobile carrier or a "
            "campus."
        )
        parts.append(said.format(date=day(day_, year=True), shared=number(shared), clicks=number(clicks)))
    if (more := len(report.shared) - 1) > 0:
        said = ngettext(
            "In {n} more case it was over a fifth of a link's clicks of a day too.",
            "In {n} more cases it was over a fifth of a link's clicks of a day too.",
            more,
        )
        parts.append(said.format(n=number(more)))
    if report.corrected:
        said = _("Platforms corrected what they had told before this period ({list}); no figure here includes that.")
        list_ = ", ".join(f"{METRICS[metric].name.lower()} {number(n)}" for metric, n in report.corrected)
        parts.append(said.format(list=list_))
    if report.told_until is not None:
        told_at = day(report.told_until, year=True)
        parts.append(_("Platforms' figures as the creator read them, last on {date}.").format(date=told_at))
    parts.append(
        _("A change is named only where chance does not explain it. Shares and amounts are rounded to the last digit.")
    )
    yield " ".join(parts)
    yield _("Frozen {at} UTC. SHA-256 {hash}").format(at=_at(report.made_at), hash=fingerprint)


def at_in_words(report: Frozen, at: dt.datetime) -> str:
    """An instant in UTC as the report writes it."""
    before = current_locale()
    use_locale(report.locale)
    try:
        return _at(at)
    finally:
        use_locale(before)


def _at(at: dt.datetime) -> str:
    at = at.astimezone(dt.UTC)
    return f"{day(at.date(), year=True)} {at:%H:%M}"
