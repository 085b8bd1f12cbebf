"""From numbers to PNG bytes, and PDFs; importing this is cheap, matplotlib is loaded by the first that is drawn."""

from bot.charts.render import ChartRenderer, draw
from bot.charts.theme import Colour, Theme
from bot.charts.values import (
    Bar,
    Card,
    Chart,
    Comparison,
    Counts,
    Grid,
    Heatmap,
    Interval,
    Line,
    Note,
    Paper,
    ProfileCard,
    Rates,
    Reported,
    Series,
    Sheet,
    Sparkline,
    Tile,
    Top,
)
from bot.charts.words import alt_text

__all__ = [
    "Bar",
    "Card",
    "Chart",
    "ChartRenderer",
    "Colour",
    "Comparison",
    "Counts",
    "Grid",
    "Heatmap",
    "Interval",
    "Line",
    "Note",
    "Paper",
    "ProfileCard",
    "Rates",
    "Reported",
    "Series",
    "Sheet",
    "Sparkline",
    "Theme",
    "Tile",
    "Top",
    "alt_text",
    "draw",
]
