"""From numbers to PNG bytes; importing this is cheap, matplotlib is loaded by the first chart that is drawn."""

from bot.charts.render import ChartRenderer, draw
from bot.charts.theme import Colour, Theme
from bot.charts.values import (
    Bar,
    Card,
    Chart,
    Comparison,
    Counts,
    Heatmap,
    Interval,
    Line,
    Note,
    ProfileCard,
    Rates,
    Reported,
    Series,
    Sparkline,
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
    "Heatmap",
    "Interval",
    "Line",
    "Note",
    "ProfileCard",
    "Rates",
    "Reported",
    "Series",
    "Sparkline",
    "Theme",
    "Top",
    "alt_text",
    "draw",
]
