"""What people print on."""

from __future__ import annotations

from bot.charts import Paper

LETTER_LOCALES = ("en-US", "es-419")
"""Discord's tags of the locales of countries that print on Letter."""


def paper_of(locale: str) -> Paper:
    """The paper of those who write as the locale does."""
    return Paper.LETTER if locale in LETTER_LOCALES else Paper.A4
