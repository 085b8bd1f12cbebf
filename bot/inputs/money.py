"""Amounts of money as people type them, kept in minor units so that nothing is rounded."""

from __future__ import annotations

import re
from dataclasses import dataclass

from babel import Locale
from babel.numbers import format_currency, get_currency_precision

from bot.errors import InvalidError
from bot.inputs.text import shorten
from bot.texts import _, current_locale

LIMIT = 10**12
"""Minor units."""
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₺": "TRY", "₽": "RUB", "₴": "UAH"}
_CURRENCIES = frozenset(code for code in map(str, Locale("en").currencies) if re.fullmatch(r"[A-Z]{3}", code))
_WORD = rf"[^\W\d_]{{3}}|[{''.join(_SIGNS)}]"
_AMOUNT = re.compile(rf"(?:(?P<before>{_WORD})\s?)?(?P<number>\d[\d.,'\u2019 ]*?)(?:\s?(?P<after>{_WORD}))?")
_GROUPED = re.compile(r"\d{1,3}(?P<mark>[., '\u2019])\d{3}(?:(?P=mark)\d{3})*")


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` units (cents) of an ISO 4217 currency."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return self.format(self.minor)

    def format(self, minor: float) -> str:
        """An amount of this currency as the locale writes it: "€12.50"."""
        scale = 10 ** get_currency_precision(self.currency)
        return format_currency(minor / scale, self.currency, locale=current_locale().replace("-", "_"))


def parse_money(text: str, field: str) -> Money:
    """An amount with its currency: "12.50 EUR", "€12,50", "1,250 USD", "$20". Raises InvalidError that names `field`.

    Three digits after one mark are thousands, as in other numbers, and refused where the currency itself has three.
    """
    value = " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())
    match = _AMOUNT.fullmatch(value)
    words = [] if match is None else [word for word in (match["before"], match["after"]) if word]
    if match is None or len(words) != 1:
        raise InvalidError(
            _("{field}: “{value}” is no amount with a currency. Type it like 12.50 EUR, €12.50 or $20.").format(
                field=field, value=shorten(text)
            )
        )
    currency = _SIGNS.get(words[0], words[0].upper())
    if currency not in _CURRENCIES:
        raise InvalidError(
            _("{field}: “{value}” names no currency; give its code of three letters, such as EUR.").format(
                field=field, value=shorten(text)
            )
        )
    precision = get_currency_precision(currency)
    minor = _minor(match["number"].strip(), precision)
    if minor is None:
        raise InvalidError(
            _("{field}: “{value}” is no amount of {currency}, which has {n} decimals. Type it like {example}.").format(
                field=field,
                value=shorten(text),
                currency=currency,
                n=precision,
                example=f"1250{'.' + '50000'[:precision] if precision else ''} {currency}",
            )
        )
    if minor > LIMIT:
        raise InvalidError(
            _("{field}: “{value}” is more than a post can cost; check the number.").format(
                field=field, value=shorten(text)
            )
        )
    return Money(minor, currency)


def _minor(number: str, precision: int) -> int | None:
    """Minor units of "1,250.50"; None for what can't be read, or be read in one way only."""
    whole, mark, part = number, "", ""
    if match := re.fullmatch(r"(?P<whole>.*\d)(?P<mark>[.,])(?P<part>\d+)", number):
        grouped = _GROUPED.fullmatch(number) is not None
        if grouped and precision == 3 and match["mark"] not in match["whole"]:
            return None  # 1.250 KWD: a thousand and more, or one and a quarter
        if not grouped:
            whole, mark, part = match["whole"], match["mark"], match["part"]
    if len(part) > precision:
        return None
    if not whole.isdecimal():
        match = _GROUPED.fullmatch(whole)
        if match is None or match["mark"] == mark:
            return None
        whole = re.sub(r"\D", "", whole)
    if len(whole) > 15:
        return LIMIT + 1
    return int(whole) * 10**precision + int(part.ljust(precision, "0") or 0)
