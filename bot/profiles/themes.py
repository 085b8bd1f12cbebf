"""How profile pages look: themes whose colours are readable on each other, and accents made so. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from bot.charts.theme import blend, contrast
from bot.errors import InvalidError
from bot.inputs.text import shorten
from bot.texts import _

TEXT = 4.5
"""What WCAG 2.2 asks of text, to 1."""
MARK = 3.0
"""And of edges and focus rings."""


@dataclass(frozen=True, slots=True)
class Colours:
    """One side of a theme, light or dark, as #rrggbb."""

    ground: str
    card: str
    edge: str
    ink: str
    quiet: str
    accent: str

    @property
    def on_accent(self) -> str:
        """The colour of text on the accent: black or white, whichever is read better."""
        return max("#000000", "#ffffff", key=lambda colour: contrast(colour, self.accent))


@dataclass(frozen=True, slots=True)
class Look:
    """A theme: what people choose it by, and its colours by the visitor's own setting."""

    name: str
    light: Colours
    dark: Colours


_NIGHT = Colours("#10121c", "#1a1d2b", "#343950", "#f0f1f8", "#a9aec4", "#9d8cff")

LOOKS: Mapping[str, Look] = {
    "sand": Look(
        _("Sand"),
        Colours("#f6f4f0", "#ffffff", "#e3ded5", "#1d1b18", "#6a645a", "#0b6e6e"),
        Colours("#14161a", "#1e2127", "#31363f", "#f1efea", "#a3a9b3", "#5cc8c0"),
    ),
    "forest": Look(
        _("Forest"),
        Colours("#eef3ec", "#ffffff", "#d3dfcf", "#16211a", "#55645a", "#256b3f"),
        Colours("#101712", "#19231c", "#2e3d33", "#eaf3ec", "#9fb3a5", "#6fcf8f"),
    ),
    "rose": Look(
        _("Rose"),
        Colours("#fbf1f2", "#ffffff", "#efd8dc", "#2a161b", "#74565d", "#a8274f"),
        Colours("#1a1114", "#261a1e", "#452f36", "#f9edf0", "#c3a5ad", "#ff8fab"),
    ),
    "paper": Look(
        _("Paper"),
        Colours("#ffffff", "#ffffff", "#c9c9c9", "#111111", "#595959", "#111111"),
        Colours("#0c0c0c", "#161616", "#3d3d3d", "#f5f5f5", "#adadad", "#f5f5f5"),
    ),
    "night": Look(_("Night, always dark"), _NIGHT, _NIGHT),
}
DEFAULT = "sand"


@dataclass(frozen=True, slots=True)
class Fitted:
    """A theme with an accent that stands out on both of its sides; `adjusted` when the wish had to be moved for it."""

    light: Colours
    dark: Colours
    adjusted: bool = False


def parse_accent(text: str) -> str:
    """A colour as #rrggbb, lower-case; empty for none. Raises InvalidError."""
    raw = text.strip().lower().removeprefix("#")
    if not raw or raw == "-":
        return ""
    if re.fullmatch("[0-9a-f]{3}", raw):
        raw = "".join(2 * digit for digit in raw)
    if not re.fullmatch("[0-9a-f]{6}", raw):
        raise InvalidError(
            _("accent: “{value}” is no colour; give one such as #0b6e6e, or leave it empty.").format(
                value=shorten(text)
            )
        )
    return f"#{raw}"


@lru_cache(maxsize=1024)
def fitted(theme: str, accent: str) -> Fitted:
    """The colours of a page; an accent too faint for a side is moved towards that side's text until it stands out."""
    look = LOOKS.get(theme, LOOKS[DEFAULT])
    if not accent:
        return Fitted(look.light, look.dark)
    light, dark = _with(look.light, accent), _with(look.dark, accent)
    return Fitted(light, dark, accent not in (light.accent, dark.accent) or light.accent != dark.accent)


def _with(side: Colours, accent: str) -> Colours:
    steps = (blend(accent, side.ink, step / 20) for step in range(21))
    found = next(made for made in steps if min(contrast(made, side.ground), contrast(made, side.card)) >= MARK)
    return Colours(side.ground, side.card, side.edge, side.ink, side.quiet, found)


@lru_cache(maxsize=1024)
def style(theme: str, accent: str) -> str:
    """The page's colours as CSS variables."""
    made = fitted(theme, accent)
    dark = (
        "" if made.dark == made.light else f"@media (prefers-color-scheme: dark) {{ :root {{ {_rule(made.dark)} }} }}"
    )
    return f":root {{ {_rule(made.light)} }} {dark}".strip()


def _rule(side: Colours) -> str:
    return (
        f"--ground: {side.ground}; --card: {side.card}; --edge: {side.edge}; --ink: {side.ink}; "
        f"--quiet: {side.quiet}; --accent: {side.accent}; --on-accent: {side.on_accent};"
    )
