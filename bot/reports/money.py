"""Money as people state it, and what it comes to for impressions and clicks. Pure; exact up to the last rounding."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from babel.numbers import get_currency_precision, list_currencies

from bot.errors import InvalidError
from bot.inputs.text import shorten
from bot.reports.frozen import Worth
from bot.texts import _

BAND = Fraction(15, 100)
"""How far an earned media value may lie off on both sides (Keepface)."""
MOST = Decimal(1_000_000_000)
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "zł": "PLN", "₽": "RUB", "₺": "TRY", "R$": "BRL"}
_CODES = list_currencies()


def parse_money(text: str, field: str) -> tuple[Decimal, str]:
    """An amount and its currency: "12.50 EUR", "$12", "1.200,50 €". Raises InvalidError that names `field`."""
    value = " ".join(text.split())
    match = re.fullmatch(r"([^\d\s.,-]*) ?(\d[\d.,' ]*) ?([^\d\s.,-]*)", value)
    if match and bool(match[1]) != bool(match[3]):
        sign = match[1] or match[3]
        currency = _SIGNS.get(sign) or _SIGNS.get(sign.lower()) or sign.upper()
        amount = _amount(match[2]) or Decimal(0)
        # No halves of a smallest coin: they could not be printed without rounding.
        if (
            currency in _CODES
            and 0 < amount <= MOST
            and amount == rounded(Fraction(amount), get_currency_precision(currency))
        ):
            return amount, currency
    raise InvalidError(
        _("{field}: “{value}” is no amount of money. Type it with its currency, such as 12.50 EUR or $12.").format(
            field=field, value=shorten(text)
        )
    )


def _amount(text: str) -> Decimal | None:
    """1,200.50 and 1.200,50 alike: one or two digits behind the last mark are hundredths, three are thousands."""
    digits = re.sub(r"[ ']", "", text)
    whole, mark, rest = digits, "", ""
    if match := re.fullmatch(r"(.*)([.,])(\d{1,2})", digits):
        whole, mark, rest = match[1], match[2], match[3]
    if re.fullmatch(r"\d+|[1-9]\d{0,2}([.,])\d{3}(?:\1\d{3})*", whole) is None or (mark and mark in whole):
        return None
    try:
        return Decimal(re.sub(r"[.,]", "", whole) + (f".{rest}" if rest else ""))
    except InvalidOperation:
        return None


def rounded(value: Fraction, digits: int) -> Decimal:
    """The nearest decimal with so many digits behind the point; half of the last digit goes to the even one."""
    return Decimal(round(value * 10**digits)).scaleb(-digits)


def worth(
    currency: str, impressions: int | None, clicks: int | None, cpm: Decimal | None = None, fee: Decimal | None = None
) -> Worth:
    """What a stated CPM or fee comes to; what cannot be formed stays None.

    EMV = impressions x CPM / 1,000, with a band of 15 % to both sides (Keepface); its adjustment is 1.
    """
    digits = get_currency_precision(currency)

    def said(value: Fraction | None) -> str | None:
        return None if value is None else str(rounded(value, digits))

    emv = Fraction(cpm) * impressions / 1000 if cpm is not None and impressions else None
    return Worth(
        currency=currency,
        cpm=None if cpm is None else str(cpm),
        fee=None if fee is None else str(fee),
        emv=said(emv),
        emv_low=said(emv * (1 - BAND)) if emv is not None else None,
        emv_high=said(emv * (1 + BAND)) if emv is not None else None,
        fee_cpm=said(Fraction(fee) / impressions * 1000) if fee is not None and impressions else None,
        fee_cpc=said(Fraction(fee) / clicks) if fee is not None and clicks else None,
        emv_cpc=said(emv / clicks) if emv is not None and clicks else None,
    )
