"""The timeline chart as a value: clicks and measured impressions by day, with its words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bot.texts import _, ngettext

ALT_TEXT_LIMIT = 1024
"""Characters that Discord takes as the description of a picture."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Counts by local day, oldest first; all the tuples have one entry for each of `days`, which has at least one.

    `title` may hold any text that a user typed. `impressions` are the measured ones. With `unfinished`, the last day
    is still running. `previous_clicks` are the clicks of the period before. ValueError when the lengths differ.
    """

    title: str
    subtitle: str
    days: tuple[dt.date, ...]
    clicks: tuple[int, ...]
    impressions: tuple[int, ...]
    unfinished: bool
    previous_clicks: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        series = [self.clicks, self.impressions] + ([] if self.previous_clicks is None else [self.previous_clicks])
        if not self.days or any(len(one) != len(self.days) for one in series):
            raise ValueError("A timeline needs at least one day, and one count for each of its days.")


def alt_text(timeline: Timeline) -> str:
    """What the picture shows in plain words: title, range, totals, best day; at most 1,024 characters."""
    clicks, impressions = sum(timeline.clicks), sum(timeline.impressions)
    sentences = [_one_line(timeline.title), _one_line(timeline.subtitle)]
    if clicks:
        sentences.append(ngettext("{n:,} click", "{n:,} clicks", clicks).format(n=clicks))
    else:
        sentences.append(no_clicks())
    if impressions:
        text = ngettext("{n:,} measured impression", "{n:,} measured impressions", impressions)
        sentences.append(text.format(n=impressions))
    if clicks:
        best = max(timeline.clicks)
        day = timeline.days[timeline.clicks.index(best)]
        text = ngettext("Best day: {date} with {n:,} click", "Best day: {date} with {n:,} clicks", best)
        sentences.append(text.format(date=f"{day:%A}, {day.day} {day:%B}", n=best))
    if timeline.previous_clicks is not None:
        before = sum(timeline.previous_clicks)
        text = ngettext("The previous period had {n:,} click", "The previous period had {n:,} clicks", before)
        sentences.append(text.format(n=before))
    if timeline.unfinished:
        sentences.append(_("The last day is today so far"))
    return " ".join(f"{sentence}." for sentence in sentences if sentence)[:ALT_TEXT_LIMIT]


def no_clicks() -> str:
    """What an empty chart says."""
    return _("No clicks yet in this period")


def _one_line(text: str, limit: int = 250) -> str:
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= limit else line[: limit - 1] + "…"
