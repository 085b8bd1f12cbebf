"""From numbers to PNG bytes; importing this is cheap, matplotlib is loaded by the first chart that is drawn."""

from bot.charts.render import ChartRenderer, draw
from bot.charts.timeline import Timeline, alt_text

__all__ = ["ChartRenderer", "Timeline", "alt_text", "draw"]
