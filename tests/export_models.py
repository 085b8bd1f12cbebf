"""Exports in every way that platforms and spreadsheet programs may write them, beside what stands in them."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from bot.imports import linkedin, meta, tiktok, x, youtube
from bot.imports.formats import PostFormat
from bot.imports.reading import COUNTS, RATES
from tests.export_files import xlsx

FORMATS: dict[str, PostFormat] = {
    "instagram": meta.INSTAGRAM,
    "facebook": meta.FACEBOOK,
    "x": x.POSTS,
    "twitter": x.TWEETS,
    "youtube": youtube.TABLE,
    "tiktok": tiktok.CONTENT,
    "linkedin": linkedin.PAGE,
    "linkedin top": linkedin.TOP_POSTS,
}
EPOCH = dt.date(1899, 12, 30)
DAY_FIRST, MONTH_FIRST, ISO, SERIAL = "%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "serial"
SPACES = (" ", "\u00a0", "\u202f")
EXTRA = ("Duration (sec)", "Follows", "Watch time (hours)", "Nåt annat", "列", "Account name", "Reach from ads")
UNKNOWN = "Kolumna"
"""A name in no language known here."""


@dataclass(frozen=True, slots=True)
class Post:
    """What stands in a line."""

    id: str
    link: str
    title: str
    day: dt.date
    counts: Mapping[str, int | None]
    """By column."""
    rates: Mapping[str, int | None]
    """By column, in ten-thousandths."""


@dataclass(frozen=True, slots=True)
class Export:
    """A file, and what is in it as far as the names of its columns tell."""

    data: bytes
    kind: str
    posts: Sequence[Post]
    known: frozenset[str]
    """The columns that are there under a name that is known."""
    dates: str
    daily: bool
    """Whether its lines are single days."""
    story: str
    """How it was made, for whoever reads a failure."""


def _post(kind: str, n: int, day: dt.date, counts: Mapping[str, int | None], rates: Mapping[str, int | None]) -> Post:
    noon = round(dt.datetime.combine(day, dt.time(12), dt.UTC).timestamp() * 1000)
    number = {
        "tiktok": (noon // 1000 << 32) + n,
        "linkedin": (noon << 22) + n,
        "linkedin top": (noon << 22) + n,
        "facebook": 10**17 * 3 + n,
    }.get(kind, (noon - 1_288_834_974_657 << 22) + n)
    links = {
        "instagram": (f"code{n:03}", f"https://www.instagram.com/p/code{n:03}/"),
        "facebook": (str(number), f"https://www.facebook.com/reel/{number}"),
        "x": (str(number), f"https://x.com/maya/status/{number}"),
        "twitter": (str(number), f"https://twitter.com/maya/status/{number}"),
        "youtube": (f"abcdefghi{n:02}", ""),
        "tiktok": (str(number), f"https://www.tiktok.com/@maya/video/{number}"),
        "linkedin": (str(number), f"https://www.linkedin.com/feed/update/urn:li:activity:{number}"),
        "linkedin top": (str(number), f"https://www.linkedin.com/feed/update/urn:li:activity:{number}"),
    }
    id_, link = links[kind]
    return Post(id_, link, f"Post {n}; one, two\t«three»", day, counts, rates)


@st.composite
def exports(draw: st.DrawFn) -> Export:
    """A file of one format: columns permuted, dropped, doubled and named in several languages, numbers, dates,
    separators, quotes and encodings as anybody's."""
    kind = draw(st.sampled_from(sorted(FORMATS)))
    known = FORMATS[kind]
    counted = [column for column in known.columns if column in COUNTS]
    rated = [column for column in known.columns if column in RATES]
    count = st.one_of(
        st.none(), st.integers(0, 999), st.integers(1000, 10**9), st.integers(1, 99).map(lambda n: n * 100)
    )
    posts = [
        _post(
            kind,
            n,
            draw(st.dates(dt.date(2024, 1, 1), dt.date(2026, 10, 30))),
            {column: draw(count) for column in counted},
            {column: draw(st.one_of(st.none(), st.integers(0, 9999))) for column in rated},
        )
        for n in range(draw(st.integers(1, 4)))
    ]
    dates = draw(st.sampled_from([DAY_FIRST, MONTH_FIRST, ISO]))
    workbook = draw(st.booleans())
    if workbook and draw(st.booleans()):
        dates = SERIAL
    daily = known.days and "date" in known.columns and kind != "youtube" and draw(st.integers(0, 3)) == 0

    dropped = draw(st.sets(st.sampled_from(sorted(known.columns)), max_size=2)) if draw(st.booleans()) else set()
    foreign = draw(st.sets(st.sampled_from(sorted(known.columns)), max_size=3)) if draw(st.booleans()) else set()
    there = [column for column in known.columns if column not in dropped and column not in known.never]
    names = {
        column: f"{UNKNOWN} {n}" if column in foreign else draw(st.sampled_from(known.columns[column]))
        for n, column in enumerate(there)
    }
    order = [*there, *draw(st.lists(st.sampled_from(EXTRA), unique=True, max_size=3))]
    if draw(st.booleans()):
        order.append(f"again {draw(st.sampled_from(there))}")
    order = draw(st.permutations(order))
    header = [names.get(column.removeprefix("again "), column) for column in order]
    style = draw(st.sampled_from(["", ",", ".", *SPACES, "K", "number"]))
    point = draw(st.sampled_from([",", "."]))

    def cell(post: Post, column: str) -> object:
        column = column.removeprefix("again ")
        if column in COUNTS and column in known.columns:
            return _count(post.counts[column], style, workbook)
        if column in RATES and column in known.columns:
            return _rate(post.rates[column], point, percent=RATES[column])
        if column == "published":
            return _day(post.day, dates)
        if column == "date":
            return _day(post.day, dates) if daily else "Lifetime"
        texts = {"id": _written_id(kind, post), "link": post.link, "title": post.title, "description": post.title}
        return texts.get(column, {"Watch time (hours)": "1.5", "Duration (sec)": 12}.get(column, "a, b; c"))

    rows: list[Sequence[object]] = [header]
    if kind == "youtube" and draw(st.booleans()):
        rows.append(["Total" if column == "id" else "7" if column in COUNTS else "" for column in order])
    rows += [[cell(post, column) for column in order] for post in posts]
    if draw(st.booleans()):
        rows.append(["Showing top 500 results", *[""] * (len(order) - 1)])
    named = frozenset(column for column in there if column not in foreign)
    if workbook:
        data, how = xlsx({"Sheet": rows}), "xlsx"
    else:
        data, how = draw(_csv(rows))
    return Export(data, kind, posts, named, dates, daily, f"{kind}, {how}, {dates}, {style!r}, {header}")


def _written_id(kind: str, post: Post) -> str:
    return str(18 * 10**15 + int(post.id[4:])) if kind == "instagram" else post.id


@st.composite
def _csv(draw: st.DrawFn, rows: Sequence[Sequence[object]]) -> tuple[bytes, str]:
    separator = draw(st.sampled_from([",", ";", "\t"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]))
    ends = draw(st.sampled_from(["\n", "\r\n"]))
    quoting = csv.QUOTE_ALL if draw(st.booleans()) else csv.QUOTE_MINIMAL
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=ends)
    note = draw(st.sampled_from(["", "A note of the platform's, with a comma"]))
    if note:
        out.write(f"{note}{ends}{ends}")
    writer.writerows(rows)
    try:
        data = out.getvalue().encode(encoding)
    except UnicodeEncodeError:
        data = out.getvalue().encode()
    return data, f"{separator!r} {encoding} {note!r}"


def _count(value: int | None, style: str, workbook: bool) -> object:
    if value is None:
        return "undefined" if style == "," else ""
    if workbook and style == "number":
        return value
    if style == "K" and value >= 1000 and value % 100 == 0 and value < 10**6:
        return f"{value / 1000:.1f}K"
    return f"{value:,}".replace(",", style) if style not in ("K", "number") else str(value)


def _rate(value: int | None, point: str, *, percent: bool) -> str:
    if value is None:
        return ""
    return f"{value / 100:.2f}".replace(".", point) if percent else f"{value / 10_000:.4f}".replace(".", point)


def _day(day: dt.date, style: str) -> object:
    return (day - EPOCH).days if style == SERIAL else day.strftime(style)
