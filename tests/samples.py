"""Charts of every kind with believable data, the same on every run: for the golden pictures and the gallery."""

from __future__ import annotations

import datetime as dt
import random

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
    ProfileCard,
    Rates,
    Reported,
    Series,
    Sparkline,
    Top,
)
from bot.insights import phrases
from bot.insights.noise import Dispersion
from bot.insights.rates import Rate
from bot.texts import percent

LAST = dt.date(2026, 11, 24)
WEEK = (0.85, 0.9, 0.95, 1.3, 1.1, 1.25, 1.05)
HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 9, 9, 9, 10, 12, 11, 10, 10, 11, 13, 16, 20, 22, 18, 11, 5)


def days(count: int) -> tuple[dt.date, ...]:
    return tuple(LAST - dt.timedelta(days=n) for n in reversed(range(count)))


def traffic(count: int, usual: float, seed: int, growth: float = 1.2) -> tuple[int, ...]:
    """Counts by day up to LAST, with weeks, noise and growth."""
    chance = random.Random(seed)
    level = (usual * growth ** (n / count) * WEEK[day.weekday()] for n, day in enumerate(days(count)))
    return tuple(max(0, round(chance.gauss(mean, mean**0.5 * 1.4))) for mean in level)


def interval(clicks: int, impressions: int) -> Interval:
    rate = Rate(clicks, impressions, Dispersion(1))
    low, high = rate.interval
    return Interval(rate.value, low, high, phrases.parts(rate))


def series(count: int = 28) -> Series:
    clicks = list(traffic(count, 34, 1))
    clicks[count // 3] = clicks[count // 3] * 3 + 4
    clicks[-1] //= 2
    return Series(
        "Summer lookbook",
        f"{_span(count)}, Europe/Berlin",
        days(count),
        (Counts("clicks", tuple(clicks), traffic(count, 28, 2)),),
        unfinished=True,
    )


def panels(count: int = 28) -> Series:
    base = series(count)
    clicks = base.panels[0]
    assert isinstance(clicks, Counts)
    seen = tuple(n * 21 + 40 for n in clicks.values)
    rates = tuple(
        None if n in (5, 6) else interval(c, i) for n, (c, i) in enumerate(zip(clicks.values, seen, strict=True))
    )
    first = LAST - dt.timedelta(days=count * 2 // 3)
    return Series(
        base.title,
        base.subtitle,
        base.days,
        (
            Counts(
                "measured impressions",
                seen,
                reported=(Reported(first, LAST - dt.timedelta(days=count // 4), 420 * count),),
                colour=Colour.IMPRESSIONS,
            ),
            clicks,
            Rates("CTR", rates, interval(sum(clicks.values), sum(seen))),
        ),
        unfinished=True,
        notes=(
            Note(LAST - dt.timedelta(days=count * 2 // 3), "Teaser story went live"),
            Note(LAST - dt.timedelta(days=count // 3), "Black Friday sale starts"),
        ),
    )


def comparison(count: int = 28) -> Comparison:
    names = ("Summer lookbook", "Merch shop", "Vintage finds", "Sunday newsletter", "My streaming setup")
    lines = []
    for n, name in enumerate(names):
        values = traffic(count, 46 - 9 * n, 10 + n, 1.0 + 0.3 * n)
        values = (*values[:-1], values[-1] // 2)
        lines.append(Line(name, values, sum(values)))
    return Comparison(
        "Five links", f"{_span(count)}, Europe/Berlin", "clicks", days(count), tuple(lines), unfinished=True
    )


def periods() -> Comparison:
    now, before = traffic(12, 44, 5), traffic(28, 36, 6)
    lines = (Line("November so far", now, sum(now)), Line("October", before, sum(before)))
    return Comparison("Golden Hour", "November against October", "clicks", None, lines, unfinished=True)


def top(rate: bool = True) -> Top:
    rows = (
        ("Sunday newsletter", 480, 9_800),
        ("Merch shop", 260, 6_200),
        ("Summer lookbook", 1_240, 33_400),
        ("Vintage finds from the flea market in Leipzig, part two", 96, 3_100),
        ("My streaming setup", 410, 15_800),
        ("Speedrun world record", 120, 7_300),
        ("New: winter", 3, 40),
    )
    bars = []
    for n, (name, clicks, impressions) in enumerate(rows):
        ctr = interval(clicks, impressions)
        trend = traffic(28, clicks / 28, 20 + n, 1.6 - 0.2 * n)
        text = percent(ctr.value) if rate else f"{clicks:,}"
        bars.append(
            Bar(name, ctr.value if rate else clicks, text, ctr if rate else None, trend, rate and impressions < 100)
        )
    if not rate:
        bars.sort(key=lambda bar: -bar.value)
    title, noun = ("What resonated most", "CTR") if rate else ("Top links", "clicks")
    return Top(title, f"{_span(28)}, Europe/Berlin", noun, tuple(bars), rate)


def heatmap() -> Heatmap:
    chance = random.Random(3)
    cells = [max(0, round(chance.gauss(HOURS[h] * WEEK[d] * 3, 4))) for d in range(7) for h in range(24)]
    best = sorted(range(168), key=lambda at: -cells[at])[:3]
    return Heatmap("When people click", "Last 90 days, Europe/Berlin", "clicks", tuple(cells), best=tuple(best))


def sparkline() -> Sparkline:
    return Sparkline(traffic(28, 34, 1), "Summer lookbook")


def card() -> Card:
    values = (212, 148, 61, 34, 22, 17, 12)
    return Card(
        creator="Maya Okafor",
        title="Teaser story: the summer lookbook",
        platform="Instagram story",
        period="18 – 24 Nov 2026",
        displays=12_480,
        displays_name="Views",
        displays_source="reported by Instagram, 24 Nov 2026",
        clicks=sum(values),
        clicks_source="counted by Eyeballs",
        ctr=interval(sum(values), 12_480),
        engagement=interval(1_204, 12_480),
        days=days(7),
        values=values,
    )


def profile() -> ProfileCard:
    return ProfileCard(
        name="Maya Okafor",
        handle="maya",
        line="Slow fashion, second-hand finds, one letter every Sunday.",
        links=("Summer lookbook", "Flea market finds", "Sunday newsletter"),
        more=4,
        accent="#5cc8c0",
    )


def every() -> dict[str, Chart]:
    """One of each kind by name."""
    return {
        "series": series(),
        "panels": panels(),
        "comparison": comparison(),
        "periods": periods(),
        "top": top(),
        "top-clicks": top(rate=False),
        "heatmap": heatmap(),
        "sparkline": sparkline(),
        "card": card(),
        "profile": profile(),
    }


def _span(count: int) -> str:
    first = days(count)[0]
    return f"{first.day} {first:%b} – {LAST.day} {LAST:%b %Y}"
