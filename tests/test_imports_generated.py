"""Whatever way an export is written: what is read is right, or it is refused with a sentence; never silently wrong."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from bot.imports import cells, columns
from bot.imports.formats import PostFormat
from bot.imports.reading import COUNTS, RATES
from bot.imports.recognise import DAYS, POSTS, read
from bot.imports.values import Parsed, RefusedFileError
from tests.export_models import DAY_FIRST, FORMATS, MONTH_FIRST, Export, Post, exports

NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
UTC = ZoneInfo("UTC")
QUICK = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def figures(post: Post, known: frozenset[str]) -> dict[str, int]:
    """What a line says in the columns that are known."""
    found: dict[str, int] = {}
    for column, value in post.counts.items():
        if column in known and value is not None:
            found[COUNTS[column]] = found.get(COUNTS[column], 0) + value
    for column, share in post.rates.items():
        if column in known and share is not None:
            found["ctr"] = share * 100
    return found


def check(export: Export) -> str:
    """Holds what is read against what stands there; says what became of the file."""
    try:
        parsed = read(export.data, NOW, UTC)
    except RefusedFileError:
        return "refused"
    if not isinstance(parsed, Parsed):
        return "days"
    if export.daily and "date" in export.known:
        assert not any(report.figures for report in parsed.reports), "a single day passed for a lifetime total"
        assert len(parsed.reports) + len(parsed.troubles) >= len(export.posts)
        return "single days"
    by_id = {post.id: post for post in export.posts}
    platform_ids = {post.link or post.id: post for post in export.posts}
    for report in parsed.reports:
        if export.kind == "instagram" and report.platform_id not in by_id:
            continue  # without its address a post is known by another id
        post = by_id.get(report.platform_id) or platform_ids.get(report.permalink)
        assert post is not None or not report.platform_id, report
        if post is None:
            continue
        assert dict(report.figures) == figures(post, export.known)
        told = report.published_at
        if told is not None and "published" in export.known and not _either(parsed, export, post):
            assert told.date() == post.day
    expected = [post for post in export.posts if figures(post, export.known)]
    assert len(parsed.reports) + len(parsed.troubles) >= len(expected), "a line is gone without a word"
    return "read"


def _either(parsed: Parsed, export: Export, post: Post) -> bool:
    """Whether a date can't be told and the preview says so; or the post's id tells its moment."""
    guessed = parsed.guessed_month_first and export.dates in (DAY_FIRST, MONTH_FIRST)
    return guessed and cells.is_unsure(post.day.strftime(export.dates))


@QUICK
@given(exports())
def test_what_is_read_is_right_or_is_refused(export: Export) -> None:
    check(export)


@pytest.mark.proof
@settings(max_examples=6000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(exports())
def test_what_is_read_is_right_or_is_refused_in_thousands_of_files(export: Export) -> None:
    check(export)


def test_most_of_what_is_generated_is_read() -> None:
    """A generator whose files are all refused would prove nothing."""
    became: dict[tuple[str, str], int] = {}

    @settings(
        max_examples=300, deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(exports())
    def gather(export: Export) -> None:
        key = (export.kind, check(export))
        became[key] = became.get(key, 0) + 1

    gather()
    for kind in FORMATS:
        assert became.get((kind, "read"), 0) > 0, became
    assert sum(n for (_kind, end), n in became.items() if end == "read") > 90, became


@pytest.mark.parametrize("known", POSTS, ids=lambda known: known.name)
def test_no_name_stands_for_two_columns_of_a_format(known: PostFormat) -> None:
    spelled: dict[str, str] = {}
    for column, names in known.columns.items():
        for name in columns.known(names):
            assert spelled.setdefault(name, column) == column, f"{name} is {spelled[name]} and {column}"


def test_every_column_that_holds_figures_is_kept_as_a_metric() -> None:
    words = {"id", "link", "title", "description", "published", "type", "date", "account", "page"}
    for known in POSTS:
        assert not known.columns.keys() - words - COUNTS.keys() - RATES.keys()
    assert len({known.name for known in (*POSTS, *DAYS)}) == len(POSTS) + len(DAYS)
