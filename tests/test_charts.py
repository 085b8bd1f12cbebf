"""What people see and hear of a chart: no text breaks it, nothing is hidden, and it can be read by everyone."""

from __future__ import annotations

import datetime as dt
import io
import pickle
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image

from bot.charts import (
    Bar,
    Card,
    Chart,
    Colour,
    Comparison,
    Counts,
    Interval,
    Line,
    Note,
    ProfileCard,
    Rates,
    Reported,
    Series,
    Sparkline,
    Theme,
    Top,
    alt_text,
    draw,
    fonts,
)
from bot.charts.theme import PALETTES, WHISKER, blend, contrast, luminance, readable
from bot.texts import current_locale, use_locale
from tests import golden, samples

KINDS = samples.every()
SIZES = {
    "series": (1600, 656),
    "panels": (1600, 1174),
    "comparison": (1600, 900),
    "periods": (1600, 900),
    "top": (1600, 856),
    "top-clicks": (1600, 824),
    "heatmap": (1600, 792),
    "sparkline": (400, 100),
    "card": (1600, 900),
    "profile": (1200, 630),
}


def picture(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png), formats=["PNG"])
    image.load()
    return image.convert("RGB")


@pytest.mark.parametrize("name", KINDS)
def test_a_chart_is_sharp_and_the_same_each_time(name: str) -> None:
    png = draw(KINDS[name])
    assert picture(png).size == SIZES[name]
    assert len(png) < 300_000
    assert draw(KINDS[name]) == png
    assert draw(KINDS[name], Theme.LIGHT) != png
    assert pickle.loads(pickle.dumps(KINDS[name])) == KINDS[name]
    assert hash(KINDS[name]) == hash(pickle.loads(pickle.dumps(KINDS[name])))


HOSTILE = {
    "empty": "",
    "dollars": "cost $5 and $6",
    "mathtext": r"$\frac{1}{2}$ \undefined{ ^_^ $ {n} %s",
    "emoji": "🔥🔥🔥",
    "mixed": "Drop ☀️ 👨‍👩‍👧 夏のリンク ❤️",
    "rtl": "קישור הקיץ - الرابط الصيفي",
    "zalgo": "Z" + "\u0337\u0328\u0321\u0316" * 40 + "algo",
    "controls": "two\nlines\x00\x1b[31m\u202e\ud800",
    "long": "W" * 3000,
    "scripts": "\u0915\u094d\u0937 ไทย 한국어 \U0010ffff",
}


def hostile(text: str) -> dict[str, Chart]:
    """A chart of each kind that says nothing but this text."""
    days = samples.days(7)
    notes = tuple(Note(days[n % 7], text) for n in range(9))
    counts = (Counts(text, (3,) * 7, (2,) * 7), Rates(text, (samples.interval(1, 9),) * 7))
    lines = tuple(Line(text, (n,) * 7, n) for n in range(5))
    bars = tuple(Bar(text, 0.5, text, Interval(0.5, 0.1, 1.7), (1, 2), early=True) for _ in range(10))
    return {
        "series": Series(text, text, days, counts, unfinished=True, notes=notes, locale=text),
        "comparison": Comparison(text, text, text, days, lines, unfinished=True, notes=notes),
        "top": Top(text, text, text, bars, rate=True, first=91),
        "heatmap": replace(samples.heatmap(), title=text, subtitle=text, noun=text),
        "sparkline": Sparkline((1, 2), text),
        "profile": ProfileCard(text, text, text, (text,) * 3, 10**6, "#5cc8c0"),
        "card": Card(
            text, text, text, text, 10**12, text, text, 10**12, text, Interval(1.2, 1, 1.5), days=days, values=(1,) * 7
        ),
    }


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("kind", hostile(""))
def test_any_text_can_be_drawn_and_told(kind: str, text: str) -> None:
    chart = hostile(text)[kind]
    image = picture(draw(chart))
    assert len(alt_text(chart)) <= 1024
    edge = image.crop((image.width - 12, 0, image.width, image.height // 2)).getcolors()
    plain = [(12 * (image.height // 2), (30, 31, 38))]
    assert kind in ("card", "profile") or edge == plain, "no text leaves the picture"


def test_a_dollar_is_a_dollar() -> None:
    assert draw(replace(samples.series(), title="$a$")) != draw(replace(samples.series(), title="a"))


@pytest.mark.parametrize("days", [1, 2, 3, 7, 14, 28, 90, 120, 121, 365, 1000])
@pytest.mark.parametrize("unfinished", [True, False])
def test_a_series_of_any_length(days: int, unfinished: bool) -> None:
    chart = samples.series(days)
    assert picture(draw(replace(chart, unfinished=unfinished))).size == SIZES["series"]


def test_a_period_without_clicks_says_so() -> None:
    zeros = (0,) * 28
    quiet = replace(samples.series(), panels=(Counts("clicks", zeros),))
    compared = replace(samples.comparison(), lines=(Line("a", zeros, 0), Line("b", zeros, 0)))
    nothing = [
        quiet,
        compared,
        replace(samples.top(), noun="clicks", bars=()),
        replace(samples.heatmap(), cells=(0,) * 168, best=()),
    ]
    for chart in nothing:
        assert picture(draw(chart)).getcolors(16) is None, "there is writing on it"
        assert "No clicks yet in this period" in alt_text(chart)
        over = replace(chart, unfinished=False)
        assert "No clicks in this period" in alt_text(over)
        assert draw(over) != draw(chart)
    rates = replace(quiet, panels=(Rates("CTR", (None,) * 28),))
    assert "CTR: no data yet in this period" in alt_text(rates)
    assert "CTR: no data in this period" in alt_text(replace(rates, unfinished=False))
    assert alt_text(Sparkline(())) == "No data yet."
    assert draw(Sparkline(())) != draw(Sparkline((0,)))


DAY = samples.LAST
FIGURE = Reported(DAY - dt.timedelta(9), DAY - dt.timedelta(3), 900)
SERIES = samples.series()
COUNTS = SERIES.panels[0]
assert isinstance(COUNTS, Counts)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Winter drop"},
        {"subtitle": "another week"},
        {"unfinished": False},
        {"days": tuple(day - dt.timedelta(days=30) for day in SERIES.days)},
        {"notes": (Note(DAY, "today"),)},
        {"locale": "de"},
        {"panels": (replace(COUNTS, values=COUNTS.values[::-1]),)},
        {"panels": (replace(COUNTS, name="unique clicks"),)},
        {"panels": (replace(COUNTS, previous=None),)},
        {"panels": (replace(COUNTS, total=1),)},
        {"panels": (replace(COUNTS, reported=(FIGURE,)),)},
        {"panels": (replace(COUNTS, reported=(replace(FIGURE, last=DAY + dt.timedelta(9)),)),)},
        {"panels": (replace(COUNTS, colour=Colour.UNIQUES),)},
        {"panels": (replace(COUNTS, colour=Colour.IMPRESSIONS),)},
        {"panels": (COUNTS, Rates("CTR", (samples.interval(4, 90),) * 28))},
        {"panels": (COUNTS, Rates("CTR", (samples.interval(40, 900),) * 28))},
        {"panels": (COUNTS, Rates("CTR", (samples.interval(4, 90),) * 28, samples.interval(9, 99)))},
    ],
    ids=str,
)
def test_every_part_of_a_series_shows(change: dict[str, Any], seen: set[bytes]) -> None:
    png = draw(replace(SERIES, **change))
    assert png not in seen
    seen.add(png)


@pytest.fixture(scope="module")
def seen() -> set[bytes]:
    return {draw(SERIES)}


def test_numbers_are_written_as_the_charts_locale_does() -> None:
    use_locale("fr")
    assert "1.210 clicks" in alt_text(replace(SERIES, locale="de"))
    assert draw(replace(SERIES, locale="de")) != draw(SERIES)
    assert current_locale() == "fr"
    use_locale("en-US")


def test_alt_text_tells_what_each_picture_shows() -> None:
    said = {name: alt_text(chart) for name, chart in KINDS.items()}
    assert said["series"] == (
        "Summer lookbook. 28 Oct – 24 Nov 2026, Europe/Berlin. 1,210 clicks. Best day: Friday, 6 November with 127. "
        "The previous period had 834. The last day is today so far."
    )
    assert said["panels"] == (
        "Summer lookbook. 28 Oct – 24 Nov 2026, Europe/Berlin. 26,530 measured impressions. "
        "Best day: Friday, 6 November with 2,707. The platform reported 11,760 from 6 Nov to 17 Nov. "
        "1,210 clicks. Best day: Friday, 6 November with 127. The previous period had 834. "
        "CTR: 4.6% (1,210 of 26,530; 95% interval 4.3% to 4.8%). "
        "From 4.3% (19 of 439) on 24 Nov to 4.7% (127 of 2,707) on 6 Nov. "
        "The last day is today so far. "
        "Notes: 6 Nov Teaser story went live; 15 Nov Black Friday sale starts."
    )
    assert said["comparison"] == (
        "Five links. 28 Oct – 24 Nov 2026, Europe/Berlin. Clicks by day: Summer lookbook 1,327, Merch shop 1,249, "
        "Vintage finds 1,105, Sunday newsletter 788, My streaming setup 449. The last day is today so far."
    )
    assert "Clicks by day: November so far 566, October 1,156." in said["periods"]
    assert "1. Sunday newsletter: 4.9% (480 of 9,800), 4.5% – 5.4%. 2. Merch shop: 4.2%" in said["top"]
    assert said["top"].endswith("7. New: winter: 7.5% (3 of 40), 1.6% – 21.8%, too early to call.")
    assert said["heatmap"] == (
        "When people click. Last 90 days, Europe/Berlin. 4,680 clicks, by hour of the week. "
        "Best hours: Thu 20:00, Sat 20:00, Sat 19:00. The busiest hour is Thu 20:00 with 94. "
        "The busiest day is Thursday."
    )
    assert said["sparkline"] == "Summer lookbook. 28 days, from 43 to 38, at most 71."
    assert said["card"] == (
        "Teaser story: the summer lookbook, by Maya Okafor. Instagram story, 18 – 24 Nov 2026. "
        "Views 12,480, reported by Instagram, 24 Nov 2026. 506 clicks, counted by Eyeballs. "
        "CTR 4.1% (506 of 12,480; 95% interval 3.7% to 4.4%). "
        "Engagement rate 9.6% (1,204 of 12,480; 95% interval 9.1% to 10.2%). "
        "Best day: Wednesday, 18 November with 212."
    )
    clicks = replace(COUNTS, previous_total=800)
    assert "had 800 up to the same time. " in alt_text(replace(SERIES, panels=(clicks,)))
    assert "had 800. " in alt_text(replace(SERIES, panels=(clicks, COUNTS), unfinished=False))
    long = alt_text(replace(SERIES, title="x" * 5000, subtitle="y" * 5000))
    assert "1,210 clicks" in long


TOO_MANY = tuple(Line("a", (1,), 1) for _ in range(6))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: replace(SERIES, days=SERIES.days[1:]), "one value for each"),
        (lambda: replace(SERIES, days=SERIES.days[::-1]), "oldest first"),
        (lambda: replace(SERIES, days=(), panels=(Counts("clicks", ()),)), "at least one day"),
        (lambda: replace(SERIES, panels=()), "1 to 3 panels"),
        (lambda: Counts("clicks", (1, -1)), "0 or more"),
        (lambda: Interval(0.5, 0.6, 0.7), "within its interval"),
        (lambda: Interval(0.5, 0.4, float("nan")), "within its interval"),
        (lambda: Reported(DAY, DAY - dt.timedelta(1), 1), "end before"),
        (lambda: replace(samples.comparison(), lines=TOO_MANY), "1 to 5 lines"),
        (lambda: replace(samples.comparison(), days=samples.days(7)), "one value for each"),
        (lambda: Line("a", (), 0), "at least one value"),
        (lambda: replace(samples.top(), bars=samples.top().bars * 2), "up to 10 bars"),
        (lambda: Bar("a", float("inf"), "a"), "0 or more"),
        (lambda: replace(samples.heatmap(), cells=(1,)), "168"),
        (lambda: replace(samples.heatmap(), best=(168,)), "no such day or hour"),
        (lambda: replace(samples.card(), values=()), "one value for each"),
        (lambda: replace(samples.card(), accent="red"), "no colour"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("theme", Theme)
def test_text_and_marks_can_be_read_in_both_themes(theme: Theme) -> None:
    palette = PALETTES[theme]
    words = (palette.text, palette.muted, *palette.inks.values(), *palette.line_inks)
    assert min(contrast(word, palette.background) for word in words) >= 4.5
    whiskers = blend(palette.background, palette.marks[Colour.RATE], WHISKER)
    marks = (*palette.marks.values(), *palette.lines, whiskers)
    assert min(contrast(mark, palette.background) for mark in marks) >= 3
    for accent in ("#000000", "#ffffff", "#1e1f26", "#ffff00", "#0000ff", "#808080"):
        assert contrast(readable(accent, palette, 4.5), palette.background) >= 4.5


# Viénot, Brettel and Mollon (1999): how linear RGB is seen without one kind of cone.
WITHOUT = {
    "red": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "green": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


def seen_without(colour: str, matrix: Any) -> tuple[float, ...]:
    """The colour as CIE L*a*b*, after the matrix on linear RGB."""
    raw = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    rgb = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in raw]
    rgb = [max(0.0, sum(weight * part for weight, part in zip(row, rgb, strict=True))) for row in matrix]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.9505, 1.0, 1.089)
    xyz = [
        sum(weight * part for weight, part in zip(row, rgb, strict=True)) / one
        for row, one in zip(to_xyz, white, strict=True)
    ]
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("kind", WITHOUT)
def test_colours_are_told_apart_by_the_colour_blind(theme: Theme, kind: str) -> None:
    palette = PALETTES[theme]
    for group in (tuple(palette.marks.values()), palette.lines):
        looks = [seen_without(colour, WITHOUT[kind]) for colour in group]
        apart = [
            sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5
            for n, one in enumerate(looks)
            for other in looks[:n]
        ]
        assert min(apart) > 10
    lights = [luminance(colour) for colour in palette.ramp]
    assert lights == sorted(lights, reverse=theme is Theme.LIGHT), "more is brighter, on white darker"


def test_the_bot_loads_no_matplotlib_and_the_worker_no_pyplot() -> None:
    code = (
        "import sys, bot.charts as c\n"
        "assert 'matplotlib' not in sys.modules and 'numpy' not in sys.modules\n"
        "c.draw(c.Sparkline((1, 2)))\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=30)


def test_a_line_end_label_never_covers_another() -> None:
    from bot.charts.panel import spread

    for wanted in ([5, 5, 5, 5, 5], [0, 100, 50, 51, 52], [300, 299, 0, 1, 2], [7]):
        places = spread(wanted, 20, 0, 200)
        ordered = sorted(places)
        assert all(b - a >= 20 - 1e-9 for a, b in pairwise(ordered))
        assert 0 <= ordered[0] <= ordered[-1] <= 200
        assert [p for _, p in sorted(zip(wanted, places, strict=True))] == ordered, "in the order of the lines"


@pytest.mark.parametrize(("length", "names"), [(7, 7), (14, 7), (28, 4), (90, 7), (365, 12), (1000, 11)])
def test_axes_name_a_handful_of_days(length: int, names: int) -> None:
    from bot.charts.panel import date_ticks

    days = samples.days(length)
    at, said = date_ticks(days, 8)
    assert len(at) == len(said) == names
    assert at == sorted(at)
    if length > 120:
        assert {days[n].day for n in at} == {1}
        assert "2026" in said


def test_golden_charts_use_only_letters_that_matplotlib_brings() -> None:
    from matplotlib import font_manager

    known = font_manager.get_font(font_manager.findfont("DejaVu Sans")).get_charmap()
    assert all(ord(letter) in known for chart in golden.charts().values() for letter in alt_text(chart))


def test_letters_that_no_font_has_leave_a_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_glyphs", lambda bold: frozenset(map(ord, "Maya …")))
    fonts.printable.cache_clear()
    try:
        assert fonts.printable("Maya 夏のリンク 🔥", False) == "Maya …"
        assert fonts.printable("🔥 Maya", False) == "Maya"
        assert fonts.printable("🔥", False) == "…"
    finally:
        fonts.printable.cache_clear()
