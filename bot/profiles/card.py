"""The picture that stands for a page where its address is shared, as a value to draw. Pure."""

from __future__ import annotations

from bot.charts import ProfileCard
from bot.charts.values import MAX_NAMED
from bot.profiles.pages import Page
from bot.profiles.themes import fitted
from bot.profiles.words import displayed

NAME, LINE = 80, 160


def card_of(shown: Page) -> ProfileCard:
    """Whose page it is, and the links at its top."""
    return ProfileCard(
        name=displayed(shown.name, NAME),
        handle=shown.handle,
        line=displayed(shown.line, LINE),
        links=tuple(link.label for link in shown.links[:MAX_NAMED]),
        more=max(0, len(shown.links) - MAX_NAMED),
        accent=fitted(shown.theme, shown.accent).dark.accent,
    )
