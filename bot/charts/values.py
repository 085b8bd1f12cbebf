"""The charts as values: what a picture shows, with its words, checked when it is made."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from enum import StrEnum

from bot.charts.theme import Colour
from bot.texts import DEFAULT_LOCALE

MAX_PANELS, MAX_LINES, MAX_BARS, MAX_NAMED = 3, 5, 10, 3
HOURS_IN_WEEK = 168


@dataclass(frozen=True, slots=True)
class Note:
    """What happened on a day, shown on the time line. A note outside the chart's days is not drawn."""

    day: dt.date
    text: str


@dataclass(frozen=True, slots=True)
class Reported:
    """A platform's figure: what it grew by from `first` to `last`, both inclusive; they may reach outside the chart.

    A `count` below 0 is a correction, which the platform made by `last`.
    """

    first: dt.date
    last: dt.date
    count: int
    figures: int = 1
    """As many are told as one."""
    is_estimate: bool = False
    """Whether it is a share of what was told, of which the rest lies outside."""

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("A reported figure cannot end before it begins.")


@dataclass(frozen=True, slots=True)
class Interval:
    """A rate (0.04 is 4 %; it may exceed 1), the ends of its 95 % interval, and what made it: "32 of 320"."""

    value: float
    low: float
    high: float
    parts: str = ""

    def __post_init__(self) -> None:
        near = 1e-9  # Formulas end a little off 0 and 1.
        if not (-near <= self.low <= self.value + near <= self.high + 2 * near and math.isfinite(self.high)):
            raise ValueError("A rate lies within its interval, and neither is below 0 or endless.")


@dataclass(frozen=True, slots=True)
class Counts:
    """A panel of counts by day. `name` is a plural noun: "clicks", "unique clicks", "measured impressions".

    `previous` are the counts of the period before, which may have more or fewer days; `total` stands for the sum where
    days do not add up.
    """

    name: str
    values: tuple[int, ...]
    previous: tuple[int, ...] | None = None
    total: int | None = None
    reported: tuple[Reported, ...] = ()
    colour: Colour = Colour.CLICKS
    previous_total: int | None = None
    """What the period before had, up to the same time where this one is unfinished; without it `previous` in all."""
    imported: tuple[int, ...] = ()
    """How many of each day's were counted elsewhere; empty where none were."""

    def __post_init__(self) -> None:
        _counts(self.values + (self.previous or ()) + self.imported)
        if self.imported and len(self.imported) != len(self.values):
            raise ValueError("What was imported needs one value for each of the days.")
        _counts(() if self.total is None else (self.total,))

    @property
    def sum(self) -> int:
        return sum(self.values) if self.total is None else self.total


@dataclass(frozen=True, slots=True)
class Rates:
    """A panel of a rate by day; None is a day without data. `overall` is the rate of all the days together."""

    name: str
    values: tuple[Interval | None, ...]
    overall: Interval | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One to three panels over the same local days, oldest first; with `unfinished` the last day is still running.

    A single day may be drawn by its `hours`, by when each begins on the local clock: panels then have a value for each
    hour that has begun, and with `unfinished` the last of them is still running.
    """

    title: str
    subtitle: str
    days: tuple[dt.date, ...]
    panels: tuple[Counts | Rates, ...]
    unfinished: bool
    notes: tuple[Note, ...] = ()
    locale: str = DEFAULT_LOCALE
    hours: tuple[dt.datetime, ...] = ()

    def __post_init__(self) -> None:
        _days(self.days)
        if self.hours and len(self.days) != 1:
            raise ValueError("Hours are those of one day.")
        if not 1 <= len(self.panels) <= MAX_PANELS:
            raise ValueError(f"A series has 1 to {MAX_PANELS} panels.")
        for panel in self.panels:
            count = len(panel.values)
            if not 1 <= count <= len(self.hours) if self.hours else count != len(self.days):
                raise ValueError("A panel needs one value for each of the days.")


@dataclass(frozen=True, slots=True)
class Line:
    """One of the things compared: counts by day and their total."""

    name: str
    values: tuple[int, ...]
    total: int

    def __post_init__(self) -> None:
        _counts((*self.values, self.total))
        if not self.values:
            raise ValueError("A line needs at least one value.")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One to five lines of the same noun ("clicks").

    Without `days` the lines are periods laid over each other from day 1, and may differ in length. `unfinished`: the
    last of `days` is still running; without `days`, the last day of the first line. `running`: each value is a total up
    to the end of its day.
    """

    title: str
    subtitle: str
    noun: str
    days: tuple[dt.date, ...] | None
    lines: tuple[Line, ...]
    unfinished: bool
    notes: tuple[Note, ...] = ()
    locale: str = DEFAULT_LOCALE
    running: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.lines) <= MAX_LINES:
            raise ValueError(f"A comparison has 1 to {MAX_LINES} lines.")
        if self.days is not None:
            _days(self.days)
            if any(len(line.values) != len(self.days) for line in self.lines):
                raise ValueError("A line needs one value for each of the days.")


@dataclass(frozen=True, slots=True)
class Bar:
    """One of the ranked: `text` is its value as it shall be read, `trend` its counts by day, oldest first.

    `early`: too early to call, so drawn pale.
    """

    name: str
    value: float
    text: str
    interval: Interval | None = None
    trend: tuple[int, ...] = ()
    early: bool = False

    def __post_init__(self) -> None:
        _counts(self.trend)
        if not (self.value >= 0 and math.isfinite(self.value)):
            raise ValueError("A bar's value is 0 or more.")


@dataclass(frozen=True, slots=True)
class Top:
    """Up to ten bars, best first, from rank `first` on; a `rate` has its axis in percent.

    `unfinished`: more may come.
    """

    title: str
    subtitle: str
    noun: str
    bars: tuple[Bar, ...]
    rate: bool
    first: int = 1
    locale: str = DEFAULT_LOCALE
    unfinished: bool = True

    def __post_init__(self) -> None:
        if len(self.bars) > MAX_BARS or self.first < 1:
            raise ValueError(f"A ranking has up to {MAX_BARS} bars, and begins at rank 1 or later.")


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Counts by local hour of the week, Monday 00:00 first; `best` are the cells to outline, best first.

    `first_weekday` is the day of the upper row, 0 for Monday. `unfinished`: more may come.
    """

    title: str
    subtitle: str
    noun: str
    cells: tuple[int, ...]
    first_weekday: int = 0
    best: tuple[int, ...] = ()
    best_times: str = ""
    """What the outlined cells are called together; the hours one by one when empty."""
    locale: str = DEFAULT_LOCALE
    hours24: bool = True
    unfinished: bool = True

    def __post_init__(self) -> None:
        _counts(self.cells)
        if len(self.cells) != HOURS_IN_WEEK:
            raise ValueError(f"A week has {HOURS_IN_WEEK} hours.")
        if not 0 <= self.first_weekday <= 6 or not all(0 <= at < HOURS_IN_WEEK for at in self.best):
            raise ValueError("There is no such day or hour in a week.")


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Counts in a line, without axes; `title` is for the alt text."""

    values: tuple[int, ...]
    title: str = ""
    locale: str = DEFAULT_LOCALE

    def __post_init__(self) -> None:
        _counts(self.values)


@dataclass(frozen=True, slots=True)
class Card:
    """What a creator shares of one post: what its platform reported beside its own clicks, each with its source.

    `accent` is a #rrggbb of the creator's choice.
    """

    creator: str
    title: str
    platform: str
    period: str
    displays: int | None
    displays_name: str
    """What its platform calls them: "Views"."""
    displays_source: str
    clicks: int
    clicks_source: str
    ctr: Interval | None
    engagement: Interval | None = None
    days: tuple[dt.date, ...] = ()
    values: tuple[int, ...] = ()
    accent: str | None = None
    locale: str = DEFAULT_LOCALE

    def __post_init__(self) -> None:
        _counts((self.clicks, self.displays or 0, *self.values))
        if len(self.days) != len(self.values):
            raise ValueError("A card needs one value for each of its days.")
        if self.days:
            _days(self.days)
        _accent(self.accent)


@dataclass(frozen=True, slots=True)
class ProfileCard:
    """What stands for a profile page where its address is shared; `more` are the links beyond those named."""

    name: str
    handle: str
    line: str
    links: tuple[str, ...]
    more: int
    accent: str
    locale: str = DEFAULT_LOCALE

    def __post_init__(self) -> None:
        _counts((self.more,))
        if len(self.links) > MAX_NAMED or not re.fullmatch("#[0-9a-fA-F]{6}", self.accent):
            raise ValueError(f"A profile's card names up to {MAX_NAMED} links, and has a colour like #e69f00.")


class Paper(StrEnum):
    """What a sheet is printed on; its text keeps clear of the edges of both."""

    A4 = "a4"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Tile:
    """A headline number as it shall be read, with up to three lines on what it is made of."""

    label: str
    value: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: texts in the first column, numbers as they shall be read in the others; `note` stands below it."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("A row needs one cell for each of the columns.")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A one-page document: who and what, headline numbers, tables, small tables side by side, small print.

    Without `paper` it is a picture as high as it needs to be, else a page of a PDF. `made_at` is the PDF's date.
    """

    title: str
    subtitle: str
    lines: tuple[str, ...]
    note: str
    tiles: tuple[Tile, ...]
    grids: tuple[Grid, ...]
    blocks: tuple[Grid, ...]
    small: tuple[str, ...]
    made_at: dt.datetime
    accent: str | None = None
    avatar: bytes = b""
    """A square WebP; empty for the title's initials."""
    paper: Paper | None = None
    locale: str = DEFAULT_LOCALE

    def __post_init__(self) -> None:
        _accent(self.accent)


Chart = Series | Comparison | Top | Heatmap | Sparkline | Card | ProfileCard | Sheet


def _accent(accent: str | None) -> None:
    if accent is not None and not re.fullmatch("#[0-9a-fA-F]{6}", accent):
        raise ValueError(f"{accent!r} is no colour like #e69f00.")


def _counts(values: tuple[int, ...]) -> None:
    if any(value < 0 for value in values):
        raise ValueError("A count is 0 or more.")


def _days(days: tuple[dt.date, ...]) -> None:
    if not days or (days[-1] - days[0]).days != len(days) - 1:
        raise ValueError("A chart needs at least one day, and each day once, oldest first.")
