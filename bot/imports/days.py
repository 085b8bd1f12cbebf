"""Exports with a line for each post and day: what a post grew by on each day, to become totals at the days' ends."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from bot.imports import addresses
from bot.imports.values import Days, Report, Trouble, UnreadableError

ONE_DAY = dt.timedelta(days=1)
_A_DAY = tuple(dt.timedelta(hours=hours) for hours in (23, 24, 25))
"""As long as a day may be, with the clocks put forward or back."""
ADDS_UP = frozenset({"impressions", "views", "likes", "comments", "shares", "saves", "clicks"})
"""Metrics of which the days' numbers make a total: people who were reached on two days are counted on both."""

Total = tuple[dt.datetime, str, int]
"""(the end of a day, metric, the total by then)."""
Known = Mapping[tuple[str, dt.datetime], int]
"""(metric, instant) -> the reading of a post that stands there."""


def joined(
    platform: str, lines: Iterable[tuple[dt.date, Report]], whole: Container[str], now: dt.datetime, zone: ZoneInfo
) -> tuple[list[Report], list[Trouble]]:
    """Each post once, with its days as far as they follow one another and are over; and the lines that are not taken.

    `whole` names the posts whose totals stand in the file too; `zone` is that of the days.
    """
    by_post: dict[str, list[tuple[dt.date, Report]]] = defaultdict(list)
    reports: list[Report] = []
    troubles: list[Trouble] = []
    for day, report in lines:
        name = addresses.name_of(platform, report)
        if name in whole or report.other_id in whole:
            troubles.append(Trouble(report.line, f"{day} is a single day, and the post's total stands there too"))
        else:
            by_post[name].append((day, report))
    for told in by_post.values():
        report, why = _of_post(sorted(told, key=lambda one: (one[0], one[1].line)), now, zone)
        troubles += why
        if report is not None:
            reports.append(report)
    return sorted(reports, key=lambda report: report.line), troubles


def _of_post(
    told: Sequence[tuple[dt.date, Report]], now: dt.datetime, zone: ZoneInfo
) -> tuple[Report | None, list[Trouble]]:
    first, report = told[0]
    taken: dict[dt.date, Report] = {}
    troubles: list[Trouble] = []
    for day, one in told:
        last = max(taken, default=first - ONE_DAY)
        if day in taken:
            if one.figures != taken[day].figures:
                return None, [
                    Trouble(line.line, f"{day} stands there twice with different numbers") for _d, line in told
                ]
        elif day - last != ONE_DAY:
            why = (
                f"the days between {last} and {day} are missing; export every day from the post's first on, or Lifetime"
            )
            troubles.append(Trouble(one.line, why))
        elif _start(day + ONE_DAY, zone) > now:
            troubles.append(Trouble(one.line, f"{day} is not over yet; export it again when it is"))
        else:
            taken[day] = one
    kept = ADDS_UP.intersection(*(one.figures for one in taken.values()))
    if not taken or not kept:
        troubles += [Trouble(one.line, "it holds no number that days add up to") for one in taken.values()]
        return None, troubles
    at = report.published_at
    published = None if at is None else at.astimezone(zone).date()
    grown = tuple(
        (_start(day + ONE_DAY, zone), {metric: one.figures[metric] for metric in sorted(kept)})
        for day, one in taken.items()
    )
    days = Days(_start(first, zone), published is not None and first <= published, str(published or ""), grown)
    return dataclasses.replace(report, figures={}, days=days), troubles


def _start(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def totals(days: Days, known: Known) -> list[Total]:
    """The totals at the days' ends that are not known yet.

    A post had nothing before the day of its publication, else what a reading says that stands just where the days
    begin. Raises UnreadableError where there is none, or where what is known of the days after them would not fit.
    """
    found: list[Total] = []
    has_base = False
    last = days.grown[-1][0]
    for metric in days.grown[0][1]:
        total = 0 if days.from_first else known.get((metric, days.start))
        if total is None:
            continue
        has_base = True
        for end, figures in days.grown:
            total += figures[metric]
            if known.get((metric, end)) != total:
                found.append((end, metric, total))
        if known.get((metric, last), total) != total and any((metric, last + day) in known for day in _A_DAY):
            raise UnreadableError(
                "its numbers differ from those that are kept, and more days are kept after them; export it up to the "
                "last day again"
            )
    if not has_base:
        since = f"from {days.published} on, when it was published" if days.published else "from its first on"
        raise UnreadableError(
            "these are single days, and what the post had before them isn't known; export every day "
            f"{since}, or Lifetime"
        )
    return found
