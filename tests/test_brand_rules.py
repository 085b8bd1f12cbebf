"""What a brand report and a deal are made of, as rules: money, rounded shares, one spelling, pace."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charts import Sheet
from bot.errors import InvalidError
from bot.inputs.dates import parse_day
from bot.insights.periods import Period
from bot.reports import frozen
from bot.reports.frozen import Frozen, Growth, Median, Promise, Ratio, Row, Share
from bot.reports.metrics import METRICS, TOLD
from bot.reports.money import rounded, worth
from bot.reports.pace import Pace, line, pace, words
from bot.reports.sheet import sheet
from bot.reports.table import table

DATA = Path(__file__).parent / "data"
NOW = dt.datetime(2026, 3, 11, 12, 0, tzinfo=dt.UTC)


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6), st.integers(0, 6))
def test_amounts_are_the_nearest_that_can_be_written(top: int, bottom: int, digits: int) -> None:
    value = Fraction(top, bottom)
    found = Fraction(rounded(value, digits))
    half = Fraction(1, 2 * 10**digits)
    assert abs(found - value) <= half
    if abs(found - value) == half:
        assert found * 10**digits % 2 == 0


@given(st.integers(0, 10**9), st.integers(0, 10**7), st.integers(1, 10**6), st.integers(1, 10**9))
def test_what_stated_inputs_come_to(displays: int, clicks: int, cpm_cents: int, fee_cents: int) -> None:
    found = worth("EUR", displays, clicks, Decimal(cpm_cents) / 100, Decimal(fee_cents) / 100)
    if not displays:
        assert (found.emv, found.emv_low, found.emv_high, found.fee_cpm) == (None,) * 4
    else:
        exact = Fraction(cpm_cents, 100) * displays / 1000
        for said, value in (
            (found.emv, exact),
            (found.emv_low, exact * Fraction(85, 100)),
            (found.emv_high, exact * Fraction(115, 100)),
            (found.fee_cpm, Fraction(fee_cents, 100) / displays * 1000),
        ):
            assert said is not None
            assert abs(value - Fraction(said)) <= Fraction(1, 200)
    assert (found.fee_cpc is None) == (not clicks)
    assert (found.emv_cpc is None) == (not clicks or not displays)


def report(**values: Any) -> Frozen:
    return Frozen(
        **{
            "creator": "Maya",
            "accent": "#b2528c",
            "locale": "en-US",
            "made_at": NOW,
            "first": dt.date(2026, 2, 1),
            "last": dt.date(2026, 2, 28),
            "zone": "Europe/Berlin",
            "until": None,
            "covers": (),
            "total": Row("", 1, 1204, 28_310, None, None, 28_310, (("reach", 20_000),), Ratio(1204, 28_310, 3, 5)),
            "platforms": (),
            "best": (),
            "medians": (Median("ctr", 4, Ratio(429, 10_000)), Median("clicks", 2)),
            "median_first": dt.date(2025, 12, 1),
            "growth": (Growth("clicks", 1204, 1075, "up"), Growth("measured", 877, 1000, "down")),
            "audience": (Share("country", 10, 12, (("DE", 7), ("AT", 3))),),
        }
        | values
    )


def test_a_report_has_one_spelling_and_comes_back_as_it_was() -> None:
    made = report(note="Zoë 🍜", promise=Promise("clicks", 10, 4), worth=worth("EUR", 28_310, 1204, Decimal("12.50")))
    text = frozen.canonical(made)
    assert frozen.parse(text) == made
    assert frozen.canonical(frozen.parse(text)) == text
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert not any(isinstance(value, float) for value in walk(json.loads(text)))
    assert frozen.fingerprint(text) != frozen.fingerprint(text.replace("1204", "1205"))
    for broken in ("", "{}", text[:-1], text.replace('"clicks":1204', '"clicks":"many"')):
        with pytest.raises(ValueError):  # noqa: PT011
            frozen.parse(broken)


def walk(value: Any) -> Any:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from walk(one)
    else:
        yield value


def test_shares_and_changes_are_rounded_as_everywhere() -> None:
    shown = sheet(report(), "0" * 64)
    ctr = next(tile for tile in shown.tiles if tile.label == "CTR")
    assert (ctr.value, *ctr.lines) == ("4.3%", "1,204 / 28,310", "3 of 5 posts and places")  # 4.253 %
    rows = {row[0]: row[1:] for grid in shown.blocks for row in grid.rows}
    assert rows["CTR"] == ("4.3% (4 posts)",)
    assert rows["Measured"] == ("1,000", "▼\u00a012%")  # -12.3 %
    changes = {row[0]: row[-1] for grid in shown.blocks if grid.columns[-1] == "Change" for row in grid.rows}
    assert changes["Clicks"] == "▲\u00a012%"  # +12.0 %
    assert rows["Germany"] == ("7", "70.0%")
    german = sheet(report(locale="de", audience=(Share("country", 8, 8, (("AT", 7), ("??", 1))),)), "0" * 64)
    assert [row[0] for grid in german.blocks for row in grid.rows][-2:] == ["Österreich", "??"]
    small = sheet(report(total=Row("", 1, 2, 30_000, ctr=Ratio(2, 30_000))), "0" * 64)
    assert next(tile.value for tile in small.tiles if tile.label == "CTR") == "0.0067%"  # 0.00667 %
    over = sheet(report(total=Row("", 1, 30, 20, ctr=Ratio(30, 20))), "0" * 64)
    assert next(tile for tile in over.tiles if tile.label == "CTR").value == "150%"
    assert ", early" in " ".join(next(tile for tile in over.tiles if tile.label == "CTR").lines)


def test_what_is_missing_is_a_dash_and_no_zero() -> None:
    shown = sheet(report(total=Row("", clicks=0), growth=(), audience=(), medians=()), "0" * 64)
    assert [tile.value for tile in shown.tiles] == ["–", "–", "0", "–", "–"]
    assert shown.tiles[0].lines == ("none measured or told",)
    rows = {row[0]: row[1] for grid in shown.blocks for row in grid.rows}
    assert (rows["CPM"], rows["CPC"], rows["EMV"]) == ("–",) * 3
    lines = table(report(total=Row("", clicks=0)), "0" * 64).splitlines()
    assert "total,,displays,,,,,,," in lines
    assert "total,,clicks,0,,,,,," in lines


def test_each_platform_has_its_own_word_and_estimates_are_marked() -> None:
    reel = Row("Instagram reel", 2, 0, 12_190, None, None, 12_190, (("reach", 9_000),), None,
               (("views", "instagram", 12_190, False),))  # fmt: skip
    post = Row("X post", 1, 40, 260, 10, None, 250, (), Ratio(40, 250, is_estimate=True),
               (("impressions", "", 260, True),), ("displays",))  # fmt: skip
    parts = (
        ("views", "tiktok", 37_550, False),
        ("views", "instagram", 12_190, False),
        ("impressions", "", 12_260, True),
    )
    ctr = Ratio(40, 250, 1, 3, is_estimate=True, as_of=(dt.date(2026, 2, 3), dt.date(2026, 2, 26)))
    total = Row("", 4, 40, 62_000, 10, None, 61_990, (("reach", 9_000),), ctr, parts, ("displays", "reach"))
    made = report(total=total, platforms=(reel, post), best=(reel, post))
    shown = sheet(made, "0" * 64)
    tiles = {tile.label: (tile.value, *tile.lines) for tile in shown.tiles}
    assert tiles["Displays"] == (
        "about 62,000",
        "37,550 views on TikTok",
        "12,190 views on Instagram",
        "about 12,260 impressions",
    )
    assert tiles["Reach"][0] == "about 9,000"
    assert tiles["CTR"] == ("16.0%", "40 / about 250", "1 of 3 posts and places", "as of 3 Feb – 26 Feb 2026")
    platforms, best = ({row[0]: dict(zip(grid.columns, row, strict=True)) for row in grid.rows} for grid in shown.grids)
    assert platforms["Instagram reel"]["Displays"] == "12,190 views"
    assert platforms["X post"]["Displays"] == "about 260 impressions"
    assert (platforms["X post"]["Measured"], platforms["X post"]["Reported"]) == ("10", "250")
    assert platforms["Together"]["Displays"] == "about 62,000"
    assert (platforms["Together"]["Measured"], platforms["Together"]["Reported"]) == ("10", "61,990")
    assert best["Instagram reel"]["Displays"] == "12,190 views reported"
    assert "Displays: showings of a post as its platform counts them: views" in shown.small[0]
    assert "an estimate, marked “about”" in shown.small[0]

    lines = table(made, "0" * 64).splitlines()
    for row in (
        "section,name,metric,value,numerator,denominator,over,of,estimate,as_of",
        "total,,displays,62000,,,,,yes,",
        "total,,display_metric,impressions+views,,,,,,",
        "total,,ctr,0.160000,40,250,1,3,yes,2026-02-03/2026-02-26",
        "displays,tiktok,views,37550,,,,,,",
        "displays,,impressions,12260,,,,,yes,",
        "platform,Instagram reel,display_metric,views,,,,,,",
        "platform,X post,reported,250,,,,,yes,",
        "platform,X post,measured,10,,,,,,",
    ):
        assert row in lines, row
    assert set(TOLD) <= METRICS.keys()


def test_of_many_words_the_fewest_are_taken_together() -> None:
    parts = tuple(("views", platform, n, platform == "twitch") for platform, n in
                  (("tiktok", 500), ("youtube", 400), ("instagram", 300), ("facebook", 20), ("twitch", 1)))  # fmt: skip
    shown = sheet(report(total=Row("", 5, 1, 1_221, reported=1_221, parts=parts, estimates=("displays",))), "0" * 64)
    lines = ("500 views on TikTok", "400 views on YouTube", "300 views on Instagram", "about 21 on 2 others")
    assert shown.tiles[0].lines == lines


def test_a_report_of_version_1_reads_as_it_did_when_it_was_frozen() -> None:
    content = (DATA / "brand-report-1.json").read_text()
    kept, hash_ = frozen.parse(content), frozen.fingerprint(content)
    assert kept.version == 1
    assert not kept.is_empty
    assert kept.total.displays == 31_687
    assert table(kept, hash_) == (DATA / "brand-report-1.csv").read_bytes().decode()
    expected = json.loads((DATA / "brand-report-1-sheet.json").read_text())
    assert {
        key: value for key, value in json.loads(words_of(sheet(kept, hash_))).items() if key in expected
    } == expected
    assert frozen.VERSION == 2
    assert report().version == 2


def words_of(shown: Sheet) -> str:
    return json.dumps(dataclasses.asdict(shown), default=str)


# ------------------------------------------------------------------ pace

FEBRUARY = Period(dt.date(2026, 2, 1), dt.date(2026, 3, 1), "Europe/Berlin")


def test_the_pace_in_words() -> None:
    def said(reached: int, *at: int) -> str:
        return words(pace(100_000, reached, FEBRUARY, dt.datetime(2026, *at, tzinfo=dt.UTC)))

    assert said(0, 1, 20) == "starts on 1 Feb 2026"
    assert said(46_000, 2, 14, 23) == "behind by 8%, 3,858 a day needed"
    assert said(54_500, 2, 14, 23) == "ahead by 9%, 3,250 a day needed"
    assert said(50_100, 2, 14, 23) == "on pace, 3,565 a day needed"
    assert said(100_000, 2, 14, 23) == "promise kept"
    assert said(99_000, 2, 28, 12) == "on pace, 1,000 a day needed"
    assert said(92_000, 3, 2) == "over, 8,000 short of the promise"
    assert said(120_000, 3, 2) == "promise kept"


@given(
    promised=st.integers(1, 10**9),
    reached=st.integers(0, 10**9),
    start=st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)),
    length=st.integers(1, 366),
    hours=st.integers(-500, 10_000),
    zone=st.sampled_from(["UTC", "Asia/Kathmandu", "America/New_York", "Pacific/Chatham"]),
)
def test_what_is_needed_a_day_keeps_the_promise(
    promised: int, reached: int, start: dt.date, length: int, hours: int, zone: str
) -> None:
    period = Period(start, start + dt.timedelta(days=length), zone)
    found = pace(promised, reached, period, period.start_at + dt.timedelta(hours=hours))
    assert 0 <= found.expected <= promised
    assert (found.days_left == 0) == (period.start_at + dt.timedelta(hours=hours) >= period.end_at)
    assert found.days_left <= length
    if found.days_left:
        assert reached + found.needed * found.days_left >= promised
        assert found.needed == 0 or reached + (found.needed - 1) * found.days_left < promised
    assert words(found)
    curve = line(period, found, length)
    assert list(curve) == sorted(curve)
    assert curve[-1] == round(found.expected), "what the answer says is expected by now"


def test_no_line_no_deviation() -> None:
    assert Pace(100, 5, Fraction(0), 10).off is None
    assert Pace(100, 46, Fraction(50), 10).off == Fraction(-8, 100)


def test_days_are_typed_in_many_ways() -> None:
    today = dt.date(2026, 3, 11)
    for text, ahead in (("today", 0), ("Tomorrow", 1), ("yesterday", -1), ("in 2 weeks", 14), ("2026-03-20", 9)):
        assert parse_day(text, "start", NOW, "Europe/Berlin") == today + dt.timedelta(days=ahead)
    for text in ("", "soon", "2026-13-01", "2226-01-01", "-1"):
        with pytest.raises(InvalidError, match="start: "):
            parse_day(text, "start", NOW, "Europe/Berlin")
