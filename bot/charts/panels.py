"""The drawing of a timeline: impressions as a line above clicks as bars, over the same days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Polygon
from matplotlib.patheffects import withStroke

from bot.charts import theme
from bot.charts.timeline import Timeline, no_clicks
from bot.texts import _, ngettext

# Keeps marks apart from what they cross.
_OUTLINE = withStroke(linewidth=3.5, foreground=theme.BACKGROUND)


def draw(timeline: Timeline) -> bytes:
    """A PNG of 1600 x 900 pixels, or of 1600 x 600 without impressions."""
    with rc_context(theme.RC):
        if any(timeline.impressions):
            figure = theme.new_figure(450, timeline.title, timeline.subtitle)
            _draw_impressions(figure, 118, 226, timeline)
            _draw_clicks(figure, 276, 412, timeline)
        else:
            figure = theme.new_figure(300, timeline.title, timeline.subtitle)
            _draw_clicks(figure, 118, 262, timeline)
        return theme.png(figure)


def _draw_impressions(figure: Figure, top: int, bottom: int, timeline: Timeline) -> None:
    counts = timeline.impressions
    total = sum(counts)
    text = ngettext("{n:,} measured impression", "{n:,} measured impressions", total).format(n=total)
    theme.heading(figure, top - 16, text, theme.IMPRESSIONS)
    axes = theme.new_panel(figure, top, bottom, timeline.days)
    axes.tick_params(labelbottom=False)
    x = range(len(counts))
    over = len(counts) - timeline.unfinished
    style: dict[str, Any] = {"color": theme.IMPRESSIONS, "linewidth": 2.2, "clip_on": False, "zorder": 3}
    axes.fill_between(x, counts, color=theme.IMPRESSIONS, alpha=0.16, linewidth=0)
    axes.plot(x[:over], counts[:over], **style, marker="o" if over == 1 else "")
    if timeline.unfinished:
        last = {"marker": "o", "markevery": [-1], "markerfacecolor": theme.BACKGROUND}
        axes.plot(x[-2:], counts[-2:], **style | last, linestyle=(0, (1.5, 1.5)))
    _set_top(axes, counts)
    _mark_best(axes, timeline.days, counts)


def _draw_clicks(figure: Figure, top: int, bottom: int, timeline: Timeline) -> None:
    counts, before = timeline.clicks, timeline.previous_clicks
    axes = theme.new_panel(figure, top, bottom, timeline.days)
    over = len(counts) - timeline.unfinished
    # One collection: 90 separate bars take as long as all the rest.
    axes.add_collection(PolyCollection([_bar(n, counts[n]) for n in range(over)], color=theme.CLICKS, linewidth=0))
    legend: list[Artist] = []
    if timeline.unfinished and any((*counts, *timeline.impressions)):
        style: dict[str, Any] = {"fc": theme.CLICKS + "40", "ec": theme.CLICKS, "hatch": "////", "linewidth": 0}
        axes.add_patch(Polygon(_bar(over, counts[over]), **style))
        legend.append(Patch(**style, label=_("today so far")))
    if before is not None:
        style = {"color": theme.MUTED, "linewidth": 1.5, "dashes": (3, 2), "path_effects": [_OUTLINE]}
        marker = "o" if len(before) == 1 else ""
        legend += axes.plot(range(len(before)), before, **style, marker=marker, label=_("previous period"))
    total = sum(counts)
    text = ngettext("{n:,} click", "{n:,} clicks", total).format(n=total)
    theme.heading(figure, top - 16, text, theme.CLICKS, legend)
    _set_top(axes, (*counts, *(before or ())))
    if total:
        _mark_best(axes, timeline.days, counts)
    else:
        style = {"ha": "center", "va": "center", "size": 14, "path_effects": [_OUTLINE]}
        axes.text(0.5, 0.9 if any(before or ()) else 0.5, no_clicks(), transform=axes.transAxes, **style)


def _bar(day: int, count: int) -> list[tuple[float, float]]:
    left, right = day - 0.36, day + 0.36
    return [(left, 0), (left, count), (right, count), (right, 0)]


def _set_top(axes: Axes, counts: Sequence[int]) -> None:
    """From 0 up to the highest count, with room above it for its label."""
    highest = max(counts)
    axes.set_ylim(0, max(highest, 1) * 1.25)
    if not highest:
        axes.set_yticks([0])


def _mark_best(axes: Axes, days: Sequence[dt.date], counts: Sequence[int]) -> None:
    best = max(counts)
    at = counts.index(best)
    place = axes.transLimits.transform((at, 0))[0]
    axes.annotate(
        _("{n:,} on {date}").format(n=best, date=f"{days[at].day} {days[at]:%b}"),
        (at, best),
        xytext=(0, 5),
        textcoords="offset points",
        ha="left" if place < 0.07 else "right" if place > 0.93 else "center",
        path_effects=[_OUTLINE],
    )
