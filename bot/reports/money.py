"""What a stated price comes to for displays and clicks. Pure; exact up to the last rounding."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from babel.numbers import get_currency_precision

from bot.reports.frozen import Worth

BAND = Fraction(15, 100)
"""How far an earned media value may lie off on both sides (Keepface)."""


def rounded(value: Fraction, digits: int) -> Decimal:
    """The nearest decimal with so many digits behind the point; half of the last digit goes to the even one."""
    return Decimal(round(value * 10**digits)).scaleb(-digits)


def worth(
    currency: str, displays: int | None, clicks: int | None, cpm: Decimal | None = None, fee: Decimal | None = None
) -> Worth:
    """What a stated CPM or fee comes to; what cannot be formed stays None.

    EMV = displays x CPM / 1,000, with a band of 15 % to both sides (Keepface); its adjustment is 1.
    """
    digits = get_currency_precision(currency)

    def said(value: Fraction | None) -> str | None:
        return None if value is None else str(rounded(value, digits))

    emv = Fraction(cpm) * displays / 1000 if cpm is not None and displays else None
    return Worth(
        currency=currency,
        cpm=None if cpm is None else str(cpm),
        fee=None if fee is None else str(fee),
        emv=said(emv),
        emv_low=said(emv * (1 - BAND)) if emv is not None else None,
        emv_high=said(emv * (1 + BAND)) if emv is not None else None,
        fee_cpm=said(Fraction(fee) / displays * 1000) if fee is not None and displays else None,
        fee_cpc=said(Fraction(fee) / clicks) if fee is not None and clicks else None,
        emv_cpc=said(emv / clicks) if emv is not None and clicks else None,
    )
