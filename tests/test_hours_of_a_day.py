"""A single day by its hours: exact in every zone, on days of a clock change too, and never other than the day's sum."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.charts import alt_text
from bot.insights.periods import Named, Period, hours_of, local_day
from bot.links.access import Actor
from bot.stats.question import Scope, Subject
from cogs.ui.stats.pictures import of_report
from tests.conftest import World
from tests.test_insights_periods import ZONES


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ZONES), st.dates(dt.date(1995, 1, 1), dt.date(2035, 12, 31)))
def test_hours_fill_the_day_and_each_is_one_of_its_clock(zone: str, day: dt.date) -> None:
    period = Period(day, day + dt.timedelta(days=1), zone)
    hours = hours_of(period)
    if not hours:  # a day that a zone left out on its way across the date line
        assert period.start_at == period.end_at
        return
    assert (hours[0].start, hours[-1].end) == (period.start_at, period.end_at)
    assert all(one.end == other.start for one, other in pairwise(hours))
    for hour in hours:
        wall = hour.start + hour.offset
        assert dt.timedelta() < hour.end - hour.start <= dt.timedelta(hours=1)
        assert (hour.end + hour.offset - dt.timedelta(seconds=1)).hour == wall.hour
        assert wall.date() == day
        assert local_day(hour.start, zone) == day


@pytest.mark.parametrize(
    ("zone", "day", "count", "first"),
    [
        ("Europe/Berlin", "2026-03-29", 23, "00:00"),
        ("Europe/Berlin", "2026-10-25", 25, "00:00"),
        ("Asia/Kathmandu", "2026-03-11", 24, "00:00"),
        ("Africa/Cairo", "2026-04-24", 23, "01:00"),
        ("Australia/Lord_Howe", "2026-04-05", 25, "00:00"),
    ],
)
def test_days_of_a_clock_change(zone: str, day: str, count: int, first: str) -> None:
    begin = dt.date.fromisoformat(day)
    hours = hours_of(Period(begin, begin + dt.timedelta(days=1), zone))
    assert len(hours) == count
    assert f"{hours[0].start + hours[0].offset:%H:%M}" == first


@pytest.mark.parametrize(
    ("zone", "start", "steps", "expected"),
    [
        # From 00:15 on, in minutes from one click to the next; by hour of the local clock.
        ("Asia/Kathmandu", "2026-03-11T18:30Z", (30, 30, 60, 300), {0: 2, 1: 1, 2: 1, 7: 1}),
        ("Asia/Kolkata", "2026-03-11T18:45Z", (30, 30, 60, 300), {0: 2, 1: 1, 2: 1, 7: 1}),
        ("Europe/Berlin", "2026-03-28T23:15Z", (60, 60, 60, 0), {0: 1, 1: 1, 3: 1, 4: 2}),
        ("Europe/Berlin", "2026-10-24T22:15Z", (60, 60, 60, 60), {0: 1, 1: 1, 2: 2, 3: 1}),
    ],
)
async def test_the_hours_add_up_to_the_day(
    world: World, zone: str, start: str, steps: tuple[int, ...], expected: dict[int, int]
) -> None:
    who = Actor(world.guild.id, world.admin.id, manager=True)
    stats = world.app.services.stats
    await world.app.services.servers.change(who, timezone=zone)
    world.move_to(start)
    await world.add_link()
    for minutes in (*steps, 0):
        await world.visit("/summer")
        world.move(minutes=minutes)
    subject = Subject(Scope.SERVER, world.guild.id)
    report = await stats.report(who, subject, Named.TODAY)
    assert report.hours is not None
    found: dict[int, int] = {}
    for at, n in zip(report.hours.at, report.hours.clicks, strict=False):
        found[at.hour] = found.get(at.hour, 0) + n
    assert {hour: n for hour, n in found.items() if n} == expected
    assert sum(report.hours.clicks) == report.now.clicks == 5
    words = alt_text(of_report(report, "All", scope=Scope.SERVER))
    assert "Best hour: " in words
    assert "is still running" in words

    world.move(days=1)
    yesterday = await stats.report(who, subject, Named.YESTERDAY)
    assert yesterday.hours is not None
    assert len(yesterday.hours.clicks) == len(yesterday.hours.at)
    assert sum(yesterday.hours.clicks) == 5
    today = await stats.report(who, subject, Named.TODAY)
    assert today.hours is not None
    assert today.previous_clicks == (5,)
    week = await stats.report(who, subject, Named.DAYS_7)
    assert week.hours is None
