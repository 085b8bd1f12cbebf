"""The picture that stands for a page where its address is shared, as a value to draw. Pure."""

from __future__ import annotations

from bot.charts import ProfileCard
from bot.charts.values import MAX_NAMED
from bot.inputs.text import fit_line
from bot.profiles.pages import Page
from bot.profiles.themes import fitted

NAME, LINE = 80, 160


def card_of(shown: Page) -> ProfileCard:
    """Whose page it is, and the links at its top."""
    return ProfileCard(
        name=fit_line(shown.name, NAME),
        handle=shown.handle,
        line=fit_line(shown.line, LINE),
        links=tuple(link.label for link in shown.links[:MAX_NAMED]),
        more=max(0, len(shown.links) - MAX_NAMED),
        accent=fitted(shown.theme, shown.accent).dark.accent,
    )
