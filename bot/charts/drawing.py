"""Picks the drawing for a chart; the one module that the worker imports, and matplotlib with it."""

from __future__ import annotations

from bot.charts import card, comparison, heatmap, profile, series, sheet, sparkline, top
from bot.charts.theme import Theme
from bot.charts.values import Card, Chart, Comparison, Heatmap, ProfileCard, Series, Sheet, Sparkline, Top


def file(chart: Chart, theme: Theme) -> bytes:
    """The picture of a chart, or the PDF of a sheet on paper, with numbers as the locale in use writes them."""
    match chart:
        case Series():
            return series.draw(chart, theme)
        case Comparison():
            return comparison.draw(chart, theme)
        case Top():
            return top.draw(chart, theme)
        case Heatmap():
            return heatmap.draw(chart, theme)
        case Sparkline():
            return sparkline.draw(chart, theme)
        case Card():
            return card.draw(chart, theme)
        case ProfileCard():
            return profile.draw(chart, theme)
        case Sheet():
            return sheet.draw(chart, theme)
