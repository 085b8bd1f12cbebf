"""Questions about numbers: typed, kept in buttons, answered for who may see them."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from bot.clock import FixedClock
from bot.errors import InvalidError
from bot.inputs.periods import parse_period
from bot.insights.periods import ONE_DAY, Choice, Dates, Named, last_days
from bot.stats import service
from bot.stats.question import LAST_ID, Metric, Question, Ranks, Scope, Subject, View, pack, unpack
from bot.stats.reading import Reading
from bot.stats.service import Stats
from storage.database import Database, Lane
from tests.sampled import CREW
from tests.sampled import a_filled_database as _filled  # noqa: F401

NOW = dt.datetime(2026, 3, 11, 12, 0, tzinfo=dt.UTC)
IDS = st.integers(0, LAST_ID)
DATES = st.builds(
    lambda a, b: Dates(min(a, b), max(a, b)),
    st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)),
    st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)),
)
CHOICES = st.sampled_from(Named) | DATES
SUBJECTS = st.builds(Subject, st.sampled_from(Scope), IDS)
QUESTIONS = st.builds(
    Question,
    st.sampled_from(View),
    st.tuples(SUBJECTS) | st.lists(SUBJECTS, min_size=1, max_size=5).map(tuple),
    st.tuples(CHOICES),
    st.sampled_from(Metric),
    st.sampled_from(Ranks),
    st.integers(0, 999),
) | st.builds(
    Question,
    st.just(View.COMPARE),
    st.tuples(SUBJECTS),
    st.lists(CHOICES, min_size=2, max_size=5).map(tuple),
    st.sampled_from(Metric),
)


@given(QUESTIONS)
def test_every_question_fits_a_buttons_id_and_comes_back(question: Question) -> None:
    text = question.encode()
    assert len(f"qm:{pack(LAST_ID)}:{text}") <= 100
    assert ":" not in text
    assert Question.decode(text) == question


@given(IDS)
def test_ids_are_packed_into_eleven_characters(number: int) -> None:
    assert len(pack(number)) <= 11
    assert unpack(pack(number)) == number


@given(st.text(max_size=100))
def test_what_somebody_made_up_is_refused_not_answered(text: str) -> None:
    try:
        question = Question.decode(text)
    except ValueError:
        return
    assert Question.decode(question.encode()) == question


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("28d", Named.DAYS_28),
        ("28 days", Named.DAYS_28),
        ("last 28 days", Named.DAYS_28),
        ("Last 7 days", Named.DAYS_7),
        ("last week", Named.LAST_WEEK),
        ("lastweek", Named.LAST_WEEK),
        ("this month", Named.THIS_MONTH),
        ("All time", Named.ALL),
        ("today", Named.TODAY),
        ("2026-01-01 to 2026-01-31", Dates(dt.date(2026, 1, 1), dt.date(2026, 1, 31))),
        ("2026-01-31 - 2026-01-01", Dates(dt.date(2026, 1, 1), dt.date(2026, 1, 31))),
        ("2026-01-01..2026-01-31", Dates(dt.date(2026, 1, 1), dt.date(2026, 1, 31))),
        ("2026-02-03", Dates(dt.date(2026, 2, 3), dt.date(2026, 2, 3))),
    ],
)
def test_a_period_is_understood_as_it_is_typed(text: str, choice: Choice) -> None:
    assert parse_period(text, NOW, "Europe/Berlin") == choice


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("soon", "two dates"),
        ("", "two dates"),
        ("2026-02-30", "two dates"),
        ("2026-01-01 2026-01-02 2026-01-03", "two dates"),
        ("2027-01-01", "still to come"),
        ("1990-01-01 to 2026-01-01", "ten years"),
    ],
)
def test_a_period_that_cannot_be_understood_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(InvalidError, match=said):
        parse_period(text, NOW, "Europe/Berlin")


async def test_answers_of_one_server_leave_connections_to_the_others(
    db: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stats, period = Stats(db, clock, URL("https://go.example")), last_days(7, NOW, "UTC")
    begun, done = [], asyncio.Event()

    async def long(reading: Reading, *_args: object, **_options: object) -> None:
        begun.append(reading.guild_id)
        if reading.guild_id == 1:
            await done.wait()

    monkeypatch.setattr(service, "report", long)
    asked = [asyncio.create_task(stats.over(1, period)) for _n in range(Lane.ANSWERS.value[0] + 2)]
    while len(begun) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await asyncio.wait_for(stats.over(2, period), 10)
    assert begun.count(1) == service.AT_A_TIME
    done.set()
    await asyncio.gather(*asked)
    assert begun.count(1) == len(asked)


async def test_every_rate_of_the_demo_is_what_its_rows_say(filled: Database, tmp_path: Path) -> None:
    """Clicks up to the last reading by its total, from the rows of events and figures, with no code of ours."""
    with closing(sqlite3.connect(tmp_path / "eyeballs.db")) as conn:
        read = conn.execute(
            "SELECT p.id, p.platform, max(f.as_of), max(f.value) FROM posts p JOIN figures f ON f.post_id = p.id"
            " WHERE f.metric IN ('views', 'impressions') GROUP BY p.id"
        ).fetchall()
        clicks = {
            id_: conn.execute(
                "SELECT count(*) FROM hits WHERE place_id = ? AND kind = 'click' AND at < ?", (id_, as_of)
            ).fetchone()[0]
            for id_, _platform, as_of, _value in read
        }
    stats = Stats(filled, FixedClock(NOW), URL("https://go.example"))
    found = await stats.report(CREW.manager, Subject(Scope.SERVER, CREW.guild_id), Named.ALL)
    rated = 0
    for id_, _platform, _as_of, value in read:
        tally = found.by_post[id_]
        assert (tally.displays, tally.is_estimate) == (value, False)
        if not tally.in_bio:
            assert tally.ctr is not None
            assert (tally.ctr.clicks, tally.ctr.displays) == (clicks[id_], value)
            low, high = tally.ctr.interval
            assert low <= clicks[id_] / value <= high
            rated += 1
    assert rated >= 8
    assert found.now.reported == sum(value for *_rest, value in read)
    weeks = [
        await stats.report(CREW.manager, Subject(Scope.SERVER, CREW.guild_id), Dates(first, first + 6 * ONE_DAY))
        for first in (found.period.first + n * 7 * ONE_DAY for n in range(-2, 14))
    ]
    assert sum(week.now.reported + week.now.corrected for week in weeks) == found.now.reported, "weeks add up"
