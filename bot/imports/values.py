"""What an export says, as plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_BYTES = 10 * 2**20
MAX_ROWS = 50_000


class UnreadableError(Exception):
    """A cell that can't be read; its text says why, without the line."""


class RefusedFileError(Exception):
    """A file of which nothing can be read; its text is a sentence for the person who attached it."""


@dataclass(frozen=True, slots=True)
class Days:
    """What a post grew by on days that follow one another."""

    start: dt.datetime
    """When the first of them began."""
    from_first: bool
    """Whether that is the day of its publication, before which it had nothing."""
    published: str
    """That day as an ISO date; empty where it is not known."""
    grown: tuple[tuple[dt.datetime, Mapping[str, int]], ...]
    """The end of each day, and its numbers by metric: the same ones on all of them."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a platform told of one post: lifetime totals by metric, or what it grew by on days."""

    line: int
    """Where it stands in the file, from 1."""
    kind: str
    platform_id: str
    """What the platform calls the post; the address's own id where it has one."""
    permalink: str
    title: str
    published_at: dt.datetime | None
    figures: Mapping[str, int]
    other_id: str = ""
    """A second id of the platform's for it."""
    days: Days | None = None
    """Where this is told, `figures` are empty."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A line that can't be read, and why."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole export of posts, each post once."""

    name: str
    """What it was recognised as, in our own words: "Instagram, post by post"."""
    platform: str
    reports: tuple[Report, ...]
    troubles: tuple[Trouble, ...] = ()
    totals: int = 0
    """Lines of sums that were left out."""
    repeated: int = 0
    """Lines on a post that stands in the file more than once."""
    read: tuple[tuple[str, str], ...] = ()
    """The columns whose figures were read, by their own names, and the metric that each is kept as."""
    unread: tuple[str, ...] = ()
    """Columns with figures that were not read, by their own names."""
    twice: tuple[str, ...] = ()
    """Columns that stand there twice and say the same."""
    remarks: tuple[str, ...] = ()
    """What the platform says of the file below its last line."""
    guessed_month_first: bool = False
    """Whether dates such as 07/04/2026 were read without anything that tells day from month."""
    days: tuple[dt.date, dt.date] | None = None
    """The first and the last day that a chart beside the table speaks of, where there is one."""
    older: int = 0
    """Posts that were there before those days: their numbers are no totals of a whole life."""
    inside: str = ""
    """Which file or sheet of the attached one was read."""


@dataclass(frozen=True, slots=True)
class Daily:
    """An export of a whole account by day: it has no numbers of single posts."""

    name: str
    platform: str
    advice: str
    """Where the platform hands out the numbers of single posts."""
    first: dt.date | None = None
    last: dt.date | None = None
    sums: Mapping[str, int] = field(default_factory=dict)
    """By the columns' own names."""
