"""`python -m tests.bench_charts`: how long charts take, as ratios against plain matplotlib in one run.

Plain is a script that is as warm: it builds a new Figure of the same picture and saves it with matplotlib's defaults.
Eyeballs is the whole way: to its worker process, drawn, and back. Rounds alternate, so that both meet the same machine.
"""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import random
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

from bot.charts import Chart, ChartRenderer, Comparison, Counts, Rates, Series
from tests import samples

ROUNDS = 60
WARM_UP = 8
AT_ONCE = 8
TICK = 0.001


def other(chart: Any, seed: int) -> Any:
    """The same picture with other data and another title, so that nothing was drawn before."""
    chance = random.Random(seed)

    def shake(values: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(max(0, value + chance.randint(-value // 3, value // 3)) for value in values)

    made = replace(chart, title=f"{chart.title} {seed}")
    match made:
        case Series():
            panels = tuple(replace(p, values=shake(p.values)) if isinstance(p, Counts) else p for p in made.panels)
            return replace(made, panels=panels)
        case Comparison():
            return replace(made, lines=tuple(replace(line, values=shake(line.values)) for line in made.lines))
        case _ if hasattr(made, "bars"):
            bars = tuple(replace(bar, trend=shake(bar.trend), name=f"{bar.name} {seed}") for bar in made.bars)
            return replace(made, bars=bars)
        case _ if hasattr(made, "cells"):
            return replace(made, cells=shake(made.cells))
        case _:
            values = shake(made.values)
            return replace(made, values=values, clicks=sum(values))


def plain(chart: Any) -> int:
    """Draw it as one does with matplotlib, and return the bytes of its PNG."""
    from matplotlib.figure import Figure

    sizes = {"Series": (8, 3.28 if len(getattr(chart, "panels", "a")) == 1 else 5.8), "Heatmap": (8, 3.96)}
    figure = Figure(figsize=sizes.get(type(chart).__name__, (8, 4.5)), dpi=200, facecolor="#1e1f26")
    PLAIN[type(chart).__name__](figure, chart)
    buffer = io.BytesIO()
    figure.savefig(buffer)
    return len(buffer.getvalue())


def styled(axes: Any) -> Any:
    axes.set_facecolor("#1e1f26")
    axes.tick_params(colors="#b5bac4", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="y", color="#363943")
    return axes


def titled(figure: Any, title: str, subtitle: str) -> None:
    figure.text(0.035, 0.9, title, size=18, weight="bold", color="#f2f3f5")
    figure.text(0.035, 0.85, subtitle, size=11, color="#b5bac4")


def plain_series(figure: Any, chart: Series) -> None:
    from matplotlib import dates

    titled(figure, chart.title, chart.subtitle)
    count = len(chart.panels)
    for n, panel in enumerate(chart.panels):
        axes = styled(figure.add_subplot(count, 1, n + 1))
        if isinstance(panel, Counts):
            axes.bar(chart.days[:-1], panel.values[:-1], color="#e69f00", width=0.72)
            axes.bar(chart.days[-1:], panel.values[-1:], color="#e69f0040", hatch="////", edgecolor="#e69f00")
            if panel.previous:
                axes.plot(chart.days, panel.previous, "--", color="#b5bac4", label="previous period")
            best = max(panel.values)
            day = chart.days[panel.values.index(best)]
            axes.annotate(f"{best:,} on {day.day} {day:%b}", (day, best), ha="center", color="#f2f3f5")
        elif isinstance(panel, Rates):
            known = [(day, one) for day, one in zip(chart.days, panel.values, strict=True) if one]
            whiskers = [[one.value - one.low for _, one in known], [one.high - one.value for _, one in known]]
            axes.errorbar([day for day, _ in known], [one.value for _, one in known], whiskers, fmt="o")
        axes.set_title(f"{panel.name}", loc="left", size=13, weight="bold", color="#e69f00")
        axes.legend(frameon=False, labelcolor="#b5bac4", loc="upper right") if axes.get_legend_handles_labels()[
            0
        ] else None
        axes.xaxis.set_major_locator(dates.WeekdayLocator(byweekday=0))
        axes.xaxis.set_major_formatter(dates.DateFormatter("%d %b"))


def plain_comparison(figure: Any, chart: Comparison) -> None:
    from matplotlib import dates

    titled(figure, chart.title, chart.subtitle)
    axes = styled(figure.add_axes((0.095, 0.09, 0.66, 0.65)))
    assert chart.days is not None
    for line in chart.lines:
        (drawn,) = axes.plot(chart.days, line.values, linewidth=2)
        place = (chart.days[-1], line.values[-1])
        axes.annotate(
            f"{line.name}\n{line.total:,}", place, xytext=(12, 0), textcoords="offset points", color=drawn.get_color()
        )
    axes.xaxis.set_major_locator(dates.WeekdayLocator(byweekday=0))
    axes.xaxis.set_major_formatter(dates.DateFormatter("%d %b"))


def plain_top(figure: Any, chart: Any) -> None:
    titled(figure, chart.title, chart.subtitle)
    axes = styled(figure.add_axes((0.36, 0.1, 0.5, 0.65)))
    rows = range(len(chart.bars))
    errors = [[b.value - b.interval.low for b in chart.bars], [b.interval.high - b.value for b in chart.bars]]
    axes.barh(rows, [bar.value for bar in chart.bars], xerr=errors, color="#d68cb5", ecolor="#f2f3f5", capsize=3)
    axes.set_yticks(list(rows), [f"{n + 1}  {bar.name[:22]}" for n, bar in enumerate(chart.bars)])
    axes.invert_yaxis()
    for n, bar in enumerate(chart.bars):
        axes.text(1.02, n, bar.text, transform=axes.get_yaxis_transform(), color="#f2f3f5", weight="bold")
        spark = figure.add_axes((0.28, 0.7 - 0.65 * n / len(chart.bars), 0.07, 0.05))
        spark.plot(bar.trend, color="#b5bac4", linewidth=1)
        spark.axis("off")


def plain_heatmap(figure: Any, chart: Any) -> None:
    titled(figure, chart.title, chart.subtitle)
    axes = figure.add_axes((0.095, 0.2, 0.87, 0.55))
    grid = [chart.cells[24 * n : 24 * n + 24] for n in range(7)]
    mesh = axes.pcolormesh(grid, cmap="inferno", edgecolors="#1e1f26", linewidth=2)
    axes.invert_yaxis()
    axes.tick_params(colors="#b5bac4", length=0)
    axes.set_xticks(range(0, 24, 3), [f"{hour:02}:00" for hour in range(0, 24, 3)])
    axes.set_yticks([n + 0.5 for n in range(7)], ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
    scale = figure.add_axes((0.7, 0.08, 0.27, 0.03))
    figure.colorbar(mesh, cax=scale, orientation="horizontal").ax.tick_params(colors="#b5bac4")
    figure.text(0.035, 0.08, "Best hours: Thu 20:00, Sat 20:00", color="#f2f3f5", weight="bold")


def plain_card(figure: Any, chart: Any) -> None:
    from matplotlib.patches import Circle

    stage = figure.add_axes((0, 0, 1, 1))
    stage.set(xlim=(0, 800), ylim=(450, 0))
    stage.axis("off")
    for radius in (250, 180, 110, 50):
        stage.add_patch(Circle((690, 60), radius, color="#e69f00", alpha=0.08))
    stage.text(48, 58, f"{chart.platform}   {chart.period}", color="#b5bac4")
    stage.text(48, 116, chart.title, size=25, weight="bold", color="#f2f3f5")
    stage.text(48, 146, chart.creator, size=13, color="#b5bac4")
    numbers = ((f"{chart.impressions:,}", chart.impressions_source), (f"{chart.clicks:,}", chart.clicks_source))
    rates = ((f"{rate.value:.1%}", f"{rate.low:.1%} - {rate.high:.1%}") for rate in (chart.ctr, chart.engagement))
    for n, (number, source) in enumerate((*numbers, *rates)):
        stage.text(48 + 176 * n, 246, number, size=34, weight="bold", color="#f2f3f5")
        stage.text(48 + 176 * n, 196, "Impressions", weight="bold", color="#b5bac4")
        stage.text(48 + 176 * n, 270, source, size=9, color="#b5bac4")
    bars = styled(figure.add_axes((0.06, 0.145, 0.88, 0.13)))
    bars.bar(range(len(chart.values)), chart.values, color="#e69f00")
    stage.text(700, 424, "Eyeballs", weight="bold", color="#f2f3f5")


PLAIN: dict[str, Callable[[Any, Any], None]] = {
    "Series": plain_series,
    "Comparison": plain_comparison,
    "Top": plain_top,
    "Heatmap": plain_heatmap,
    "Card": plain_card,
}


def plain_ms(chart: Chart) -> float:
    began = time.perf_counter()
    plain(chart)
    return (time.perf_counter() - began) * 1000


def quantiles(times: list[float]) -> tuple[float, float]:
    """The median, and the 95th of a hundred."""
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


async def stall(renderer: ChartRenderer | None, round_: int) -> float:
    """The longest that the loop stood still, in ms, while several charts were wanted at once; without a renderer, of
    the machine alone over as long a time."""
    longest = 0.0
    charts = [other(samples.panels(), 5_000 + AT_ONCE * round_ + n) for n in range(AT_ONCE)]

    async def watch() -> None:
        nonlocal longest
        while True:
            began = time.perf_counter()
            await asyncio.sleep(TICK)
            longest = max(longest, time.perf_counter() - began - TICK)

    watching = asyncio.create_task(watch())
    if renderer is None:
        await asyncio.sleep(1)
    else:
        await asyncio.gather(*map(renderer.draw, charts))
    watching.cancel()
    return longest * 1000


async def main() -> None:
    kinds = {name: samples.every()[name] for name in ("series", "panels", "comparison", "top", "heatmap", "card")}
    context = multiprocessing.get_context("spawn")
    print(f"{'chart':<12}{'ratio p50':>10}{'ratio p95':>10}{'p50 ms':>9}{'p95 ms':>9}{'plain p50 ms':>14}")
    with ProcessPoolExecutor(1, mp_context=context) as script:
        async with ChartRenderer() as renderer:
            loop = asyncio.get_running_loop()
            for name, chart in kinds.items():
                ours: list[float] = []
                theirs: list[float] = []
                for n in range(WARM_UP + ROUNDS):
                    changed = other(chart, n)
                    plain_took = await loop.run_in_executor(script, plain_ms, changed)
                    began = time.perf_counter()
                    await renderer.draw(changed)
                    took = (time.perf_counter() - began) * 1000
                    if n >= WARM_UP:
                        theirs.append(plain_took)
                        ours.append(took)
                (p50, p95), (plain50, plain95) = quantiles(ours), quantiles(theirs)
                print(f"{name:<12}{p50 / plain50:>10.2f}{p95 / plain95:>10.2f}{p50:>9.1f}{p95:>9.1f}{plain50:>14.1f}")
            warm = [await stall(renderer, n) for n in range(9)]
        async with ChartRenderer() as renderer:
            cold = await stall(renderer, 90)
        idle = max([await stall(None, n) for n in range(9)])
    print(f"Longest stall of the loop while {AT_ONCE} charts render, median of nine: {statistics.median(warm):.1f} ms,")
    print(
        f"at worst {max(warm):.1f} ms; while the worker starts, too: {cold:.1f} ms; with nothing to do: {idle:.1f} ms"
    )


if __name__ == "__main__":
    asyncio.run(main())
