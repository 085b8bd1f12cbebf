"""The one door for texts that people read, so that languages can come later without touching logic."""

from __future__ import annotations

import gettext

_translation = gettext.translation("eyeballs", fallback=True)
_ = _translation.gettext
ngettext = _translation.ngettext


def percent(share: float) -> str:
    """0.0423 as "4.2%"; small shares keep two digits that count."""
    value = share * 100
    if value and abs(value) < 1:
        return f"{value:.2g}%"
    return f"{value:,.1f}%" if abs(value) < 100 else f"{value:,.0f}%"
