"""The one door for texts, numbers and dates that people read: languages can come later without touching logic."""

from __future__ import annotations

import copy
import datetime as dt
import gettext
import math
from contextvars import ContextVar
from decimal import Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval, format_skeleton
from babel.numbers import NumberPattern, format_compact_decimal, format_currency, format_decimal

_translation = gettext.translation("eyeballs", fallback=True)
_ = _translation.gettext
ngettext = _translation.ngettext

DEFAULT_LOCALE = "en-US"

MOST_DECIMALS = 4
"""Of a percentage: a smaller one says no more."""

_locale: ContextVar[str] = ContextVar("locale", default=DEFAULT_LOCALE)


def use_locale(tag: str) -> None:
    """From here on in this task, write numbers and dates as people do where Discord's locale `tag` is spoken."""
    _locale.set(tag)


def current_locale() -> str:
    """Discord's tag of the locale that numbers are written in: "en-US", "de"."""
    return _locale.get()


def number(value: float) -> str:
    """1,234 as the locale writes it; a fraction keeps up to three decimals."""
    return format_decimal(value, locale=_known(_locale.get()))


def compact(value: float) -> str:
    """1.2K, 20K, 3.5M as the locale writes it: for places without room for digits."""
    return format_compact_decimal(value, locale=_known(_locale.get()), fraction_digits=1)


def percent(share: float, decimals: int | None = None) -> str:
    """0.0423 as "4.2%", 0.0004 as "0.04%", 1.5 as "150%": small shares keep two digits that count, unless told.

    Half of the last digit goes to the even one, here as in every number that people read. What is too small for
    `MOST_DECIMALS` reads "<0.0001%".
    """
    value = abs(share) * 100
    if decimals is None and 0 < value < 10**-MOST_DECIMALS:
        return f"<{percent(10**-MOST_DECIMALS / 100, MOST_DECIMALS)}"
    if decimals is None and value >= 100:
        decimals = 0
    elif decimals is None:
        decimals = 1 if value >= 1 or not value else min(1 - math.floor(math.log10(value)), MOST_DECIMALS)
    return _percent_pattern(_locale.get(), decimals).apply(share, _known(_locale.get()))


def money(amount: Decimal, currency: str) -> str:
    """€1,234.50, US$12.00: the amount in an ISO 4217 currency as the locale writes it."""
    return format_currency(amount, currency, locale=_known(_locale.get()))


def country(code: str) -> str:
    """Germany for DE; the code itself where it is none of ISO 3166's."""
    return _known(_locale.get()).territories.get(code, code)


def day(value: dt.date, *, year: bool = False, weekday: bool = False) -> str:
    """24 Nov, 24 Nov 2026, Tue 24 Nov as the locale writes them; English of every kind writes them so."""
    locale = _known(_locale.get())
    if locale.language == "en":
        pattern = ("EEE " if weekday else "") + "d MMM" + (" y" if year else "")
        return format_date(value, pattern, locale=DEFAULT_LOCALE.replace("-", "_"))
    skeleton = ("y" if year else "") + ("MMMEd" if weekday else "MMMd")
    return format_skeleton(skeleton, value, locale=locale)


def month(first: dt.date) -> str:
    """November 2026, as the locale writes it."""
    return format_skeleton("yMMMM", first, locale=_known(_locale.get()))


def quarter(first: dt.date) -> str:
    """Q3 2025, as the locale writes it."""
    return format_skeleton("yQQQ", first, locale=_known(_locale.get()))


def days(first: dt.date, last: dt.date) -> str:
    """Both ends named: "28 Oct – 24 Nov 2026"; a single day as it is."""
    locale = _known(_locale.get())
    if first == last:
        return day(last, year=True)
    if locale.language == "en":
        return f"{day(first, year=first.year != last.year)} – {day(last, year=True)}"
    return format_interval(first, last, "yMMMd", locale=locale)


@cache
def _percent_pattern(tag: str, decimals: int) -> NumberPattern:
    pattern = copy.copy(_known(tag).percent_formats[None])
    pattern.frac_prec = (decimals if decimals < 2 else 0, decimals)
    return pattern


@cache
def _known(tag: str) -> Locale:
    try:
        return Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale.parse(DEFAULT_LOCALE, sep="-")
