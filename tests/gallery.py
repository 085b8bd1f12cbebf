"""`make gallery`: draws charts into docs/gallery and the page that shows them, docs/gallery.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.charts import Chart, Theme, alt_text, draw
from tests import samples

DOCS = Path(__file__).parent.parent / "docs"
TITLES = {
    "series": "A link's clicks by day, against the period before",
    "panels": "Impressions, clicks and CTR, with notes and what a platform reported",
    "comparison": "Links against each other",
    "periods": "A period against another, laid over each other",
    "top": "What resonated most, with intervals and trends",
    "top-clicks": "The most clicked",
    "heatmap": "When people click",
    "sparkline": "A trend beside a name",
    "card": "The card that a creator shares",
}


def write(charts: Mapping[str, Chart], docs: Path = DOCS, titles: Mapping[str, str] = TITLES) -> None:
    """Draw each chart in both themes into `docs`/gallery, and describe them in `docs`/gallery.md by name or title."""
    folder = docs / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    page = [
        "# Gallery",
        "",
        "Every picture that Eyeballs draws, dark as in Discord and light for documents. The quoted text is the",
        "picture's description for who cannot see it. `make gallery` makes this page.",
    ]
    for name, chart in charts.items():
        page += ["", f"## {titles.get(name, name)}", ""]
        for theme in Theme:
            (folder / f"{name}-{theme}.png").write_bytes(draw(chart, theme))
            page.append(f"![{titles.get(name, name)}, {theme}](gallery/{name}-{theme}.png)")
        page += ["", f"> {alt_text(chart)}"]
    (docs / "gallery.md").write_text("\n".join(page) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(samples.every())
