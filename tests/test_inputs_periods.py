"""Periods as people type them, in English and in other locales; what is offered while they type is always taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import discord
import pytest
from babel import Locale
from babel.dates import format_date
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import InvalidError
from bot.inputs.periods import parse_period, spell, suggest
from bot.insights.periods import Calendar, Choice, Dates, Last, Named, Since, Unit
from bot.texts import current_locale, use_locale
from tests.test_insights_periods import CHOICES

NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)  # a Tuesday
LOCALES = tuple(item.value for item in discord.Locale)


@pytest.fixture(autouse=True)
def _locale() -> Iterator[None]:
    before = current_locale()
    yield
    use_locale(before)


def read(text: str) -> Choice:
    return parse_period(text, NOW, "Europe/Berlin")


def month(year: int, number: int) -> Calendar:
    return Calendar(dt.date(year, number, 1), Unit.MONTH)


def between(first: str, last: str) -> Dates:
    return Dates(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("14 days", Last(14, Unit.DAY)),
        ("14", Last(14, Unit.DAY)),
        ("30d", Last(30, Unit.DAY)),
        ("28", Named.DAYS_28),
        ("last 2 weeks", Last(2, Unit.WEEK)),
        ("the last 3 months", Last(3, Unit.MONTH)),
        ("3m", Last(3, Unit.MONTH)),
        ("past month", Last(1, Unit.MONTH)),
        ("1 year", Last(12, Unit.MONTH)),
        ("2026-11", month(2026, 11)),
        ("november", month(2026, 11)),
        ("Last November", month(2026, 11)),
        ("Nov 2025", month(2025, 11)),
        ("dec", month(2026, 12)),
        ("Sept.", month(2026, 9)),
        ("Q3", Calendar(dt.date(2026, 7, 1), Unit.QUARTER)),
        ("q4", Calendar(dt.date(2026, 10, 1), Unit.QUARTER)),
        ("Q3 2025", Calendar(dt.date(2025, 7, 1), Unit.QUARTER)),
        ("2025-Q3", Calendar(dt.date(2025, 7, 1), Unit.QUARTER)),
        ("2025", Calendar(dt.date(2025, 1, 1), Unit.YEAR)),
        ("last year", Named.LAST_YEAR),
        ("this year", Named.THIS_YEAR),
        ("previous month", Named.LAST_MONTH),
        ("since 1 Nov", Since(dt.date(2026, 11, 1))),
        ("since november", Since(dt.date(2026, 11, 1))),
        ("since Monday", Since(dt.date(2026, 11, 30))),
        ("since 2026-02-03", Since(dt.date(2026, 2, 3))),
        ("monday", between("2026-11-30", "2026-11-30")),
        ("1 Nov", between("2026-11-01", "2026-11-01")),
        ("24 Dec", between("2025-12-24", "2025-12-24")),
        ("29 Feb", between("2024-02-29", "2024-02-29")),
        ("1 Nov to 15 Nov", between("2026-11-01", "2026-11-15")),
        ("Nov 1 - Nov 15", between("2026-11-01", "2026-11-15")),
        ("1st of November 2025 until 15 nov 2025", between("2025-11-01", "2025-11-15")),
        ("1–15 Nov 2025", between("2025-11-01", "2025-11-15")),
        ("Nov 1-15, 2025", between("2025-11-01", "2025-11-15")),
        ("28 Dec – 3 Jan", between("2025-12-28", "2026-01-03")),
        ("15 Nov to 1 Nov", between("2026-11-01", "2026-11-15")),
        ("1 Nov – 15 Nov 2025", between("2025-11-01", "2025-11-15")),
        ("jan to mar 2026", between("2026-01-01", "2026-03-31")),
        ("nov-dec 2025", between("2025-11-01", "2025-12-31")),
        ("Q1 2025 to Q2 2025", between("2025-01-01", "2025-06-30")),
        ("2026-11-01 2026-11-05", between("2026-11-01", "2026-11-05")),
        ("2026/11/01 - 2026/11/05", between("2026-11-01", "2026-11-05")),
        ("１４ ｄａｙｓ", Last(14, Unit.DAY)),
        ("١٤", Last(14, Unit.DAY)),
    ],
)
def test_periods_that_come_naturally(text: str, choice: Choice) -> None:
    assert read(text) == choice


@pytest.mark.parametrize(
    ("locale", "text", "choice"),
    [
        ("de", "November", month(2026, 11)),
        ("de", "1. Nov", between("2026-11-01", "2026-11-01")),
        ("de", "März 2026", month(2026, 3)),
        ("de", "1. Nov. 2026 – 15. Nov. 2026", between("2026-11-01", "2026-11-15")),
        ("de", "1.–15. Nov. 2026", between("2026-11-01", "2026-11-15")),
        ("de", "Montag", between("2026-11-30", "2026-11-30")),
        ("fr", "novembre", month(2026, 11)),
        ("fr", "1 nov. 2026", between("2026-11-01", "2026-11-01")),
        ("fr", "fevr. 2026", month(2026, 2)),
        ("fr", "1er août 2026", between("2026-08-01", "2026-08-01")),
        ("fr", "depuis 1 nov.", Since(dt.date(2026, 11, 1))),
        ("es-ES", "1 de nov. de 2026", between("2026-11-01", "2026-11-01")),
        ("ja", "2026年11月", month(2026, 11)),
        ("ja", "11月1日", between("2026-11-01", "2026-11-01")),
        ("ru", "1 нояб. 2026", between("2026-11-01", "2026-11-01")),
    ],
)
def test_names_of_the_servers_locale_are_known(locale: str, text: str, choice: Choice) -> None:
    use_locale(locale)
    assert read(text) == choice


@pytest.mark.parametrize("tag", LOCALES)
def test_every_months_name_of_every_locale_of_discord_is_known(tag: str) -> None:
    use_locale(tag)
    locale = Locale.parse(tag, sep="-")
    for number in range(1, 13):
        first = dt.date(2026, number, 1)
        for pattern in ("LLLL", "LLL", "MMMM", "MMM"):
            assert read(format_date(first, pattern, locale)) == month(2026, number)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 days", "no period"),
        ("14 parsecs", "no period"),
        ("2026-13", "no period"),
        ("31 Nov", "no period"),
        ("Q5", "no period"),
        ("1969-12-31", "no period"),
        ("1969", "no period"),
        ("in 1969", "no period"),
        ("1000", "no period"),
        ("3000", "no period"),
        ("9999", "no period"),
        ("0001-01-01", "no period"),
        ("4000 days", "no period"),
        ("10²", "no period"),
        ("9" * 5000, "no period"),
        ("\ud800", "no period"),
        ("since", "no period"),
        ("9999-12-31", "no period"),
        ("2027", "still to come"),
        ("Dec 2026 to Nov 2027 to 2028", "no period"),
        ("since 1990", "ten years"),
        ("1990 to 2020", "ten years"),
    ],
)
def test_what_is_no_period_is_told_so(text: str, said: str) -> None:
    with pytest.raises(InvalidError, match=said) as refused:
        read(text)
    str(refused.value).encode()  # can be sent


PREFIXES = (
    "1|14|28|2|20|202|2025|2026-|2026-1|2026-11|2026-11-0|2026-11-01|2026-11-01 to 2026-11-05|last|last 2|last 2 w|"
    "past|n|nov|november|nov 2|nov 2025|j|ju|m|q|q3|Q3 2|q3 2025|quarter|since|since |since n|since 1|since 1 nov|1 n|"
    "1 nov|1 nov to|1 nov to 3|t|today|y|week|month|year|all|0|9999|99999|soon|monday|²|1d|12m|9 weeks|900 weeks|"
    "the last 3|1 year"
)


@pytest.mark.parametrize("text", PREFIXES.split("|"))
def test_whatever_is_offered_is_taken(text: str) -> None:
    for choice in suggest(text, NOW, "Europe/Berlin"):
        assert read(spell(choice)) == choice


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=120), st.sampled_from(LOCALES))
def test_whatever_is_offered_for_any_text_is_taken(text: str, locale: str) -> None:
    use_locale(locale)
    for choice in suggest(text, NOW, "Pacific/Chatham"):
        assert parse_period(spell(choice), NOW, "Pacific/Chatham") == choice


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300) | st.text("0123456789 -./dwmqyNovQ", max_size=14))
def test_any_text_is_a_period_or_refused(text: str) -> None:
    try:
        choice = read(text)
    except InvalidError:
        return
    assert read(spell(choice)) == choice


@given(CHOICES)
def test_what_is_spelled_is_read_back_unless_it_is_out_of_reach(choice: Choice) -> None:
    reason = ""
    try:
        found = read(spell(choice))
    except InvalidError as refused:
        found = None
        reason = str(refused)
    assert found == choice or "to come" in reason or "ten years" in reason


def test_a_number_is_offered_as_days() -> None:
    assert suggest("14", NOW, "UTC")[:3] == [Last(14, Unit.DAY), Last(14, Unit.WEEK), Last(14, Unit.MONTH)]
    assert suggest("nov", NOW, "UTC") == [month(2026, 11)]
    assert suggest("soon", NOW, "UTC") == []
    assert suggest("1969", NOW, "UTC") == []
    assert suggest("2025", NOW, "UTC") == [Calendar(dt.date(2025, 1, 1), Unit.YEAR)]
    assert suggest("1500 d", NOW, "UTC") == [Last(1500, Unit.DAY)]
