"""Amounts of money as people type them, kept in minor units so that nothing is rounded."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency, get_currency_precision

from bot.errors import InvalidError
from bot.inputs.spans import fold
from bot.inputs.text import shorten
from bot.texts import _, current_locale

LIMIT = 10**12
"""Minor units."""
_SIGNS = {
    **{"€": "EUR", "$": "USD", "us$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₺": "TRY", "tl": "TRY"},
    **{"₽": "RUB", "₴": "UAH", "zł": "PLN", "r$": "BRL", "c$": "CAD", "a$": "AUD", "nz$": "NZD", "hk$": "HKD"},
    **{"mx$": "MXN", "kc": "CZK", "ft": "HUF", "lei": "RON", "лв": "BGN", "₪": "ILS", "₫": "VND", "฿": "THB"},
    **{"₱": "PHP", "₦": "NGN", "₸": "KZT", "rp": "IDR", "fr": "CHF", "sfr": "CHF", "dkr": "DKK", "skr": "SEK"},
}
"""By signs and words as people write them, folded."""
_SHARED = {"kr": "SEK, NOK, DKK, ISK", "元": "CNY, TWD", "rs": "INR, PKR, LKR"}
"""Words that several currencies go by."""
_CURRENCIES = frozenset(code for code in map(str, Locale("en").currencies) if re.fullmatch(r"[A-Z]{3}", code))


def is_currency(code: str) -> bool:
    """Whether ISO 4217 has that code."""
    return code in _CURRENCIES


_WORD = r"[^\d\s.,'\u2019+-]+"
_AMOUNT = re.compile(
    rf"(?:(?P<before>{_WORD})\.?\s?)?(?P<number>\d(?:[\d.,'\u2019 ]*\d)?)(?:\s?(?P<after>{_WORD})\.?)?"
)
_GROUPED = re.compile(r"[1-9]\d{0,2}(?P<mark>[., '\u2019])\d{3}(?:(?P=mark)\d{3})*")


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` units (cents) of an ISO 4217 currency."""

    minor: int
    currency: str
    assumed: bool = dataclass_field(default=False, compare=False)
    """Whether the currency was not typed, but the last one."""

    def __str__(self) -> str:
        return self.format(self.minor)

    @property
    def amount(self) -> Decimal:
        """In whole units, without decimals where there are none: 12.50, 400."""
        scaled = Decimal(self.minor).scaleb(-get_currency_precision(self.currency))
        whole = scaled.to_integral_value()
        return whole if whole == scaled else scaled

    def format(self, minor: float) -> str:
        """An amount of this currency as the locale writes it: "€12.50"."""
        scale = 10 ** get_currency_precision(self.currency)
        return format_currency(minor / scale, self.currency, locale=current_locale().replace("-", "_"))


def names_currency(text: str) -> bool:
    """Whether a text has a letter or a currency's sign in it."""
    return any(unicodedata.category(char) == "Sc" or char.isalpha() for char in text)


def parse_money(text: str, field: str, default: str = "", *, positive: bool = False) -> Money:
    """An amount with its currency: "12.50 EUR", "€12,50", "1’200 CHF", "R$ 20"; of the `default` where it names none.

    Raises InvalidError that names `field`; for nothing at all too, where it is to be `positive`. Three digits after one
    mark are thousands, as in other numbers, and refused where the currency itself has three.
    """
    match = _AMOUNT.fullmatch(fold(text))
    words = [] if match is None else [word for word in (match["before"], match["after"]) if word]
    if match is not None and not words and default:
        words = [default]
    if match is not None and not words:
        raise InvalidError(
            _(
                "{field}: “{value}” names no currency. Type it once, like {value} EUR: it is yours from then on, and "
                "need not be typed again."
            ).format(field=field, value=shorten(text))
        )
    if match is None or len(words) > 1:
        raise InvalidError(
            _("{field}: “{value}” is no amount with a currency. Type it like 12.50 EUR, €12.50 or $20.").format(
                field=field, value=shorten(text)
            )
        )
    if shared := _SHARED.get(words[0]):
        raise InvalidError(
            _("{field}: “{value}” may be any of {codes}; give the code instead.").format(
                field=field, value=shorten(text), codes=shared
            )
        )
    currency = _SIGNS.get(words[0], words[0].upper())
    if not is_currency(currency):
        raise InvalidError(
            _("{field}: “{value}” names no currency; give its code of three letters, such as EUR.").format(
                field=field, value=shorten(text)
            )
        )
    precision = get_currency_precision(currency)
    minor = _minor(match["number"], precision)
    if minor is None:
        raise InvalidError(
            _(
                "{field}: “{value}” can't be read, or in more than one way. {currency} has {n} decimals: type the "
                "amount without a mark for thousands, like {example}."
            ).format(
                field=field,
                value=shorten(text),
                currency=currency,
                n=precision,
                example=f"1250{'.' + '50000'[:precision] if precision else ''} {currency}",
            )
        )
    if minor > LIMIT:
        raise InvalidError(
            _("{field}: “{value}” is more than anybody pays; check the number.").format(
                field=field, value=shorten(text)
            )
        )
    if positive and not minor:
        raise InvalidError(_("{field}: “{value}” is nothing; leave it out.").format(field=field, value=shorten(text)))
    return Money(minor, currency, assumed=not (match["before"] or match["after"]))


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
    whole = whole.lstrip("0") or "0"
    if len(whole) > 15:
        return LIMIT + 1
    return int(whole) * 10**precision + int(part.ljust(precision, "0") or 0)
