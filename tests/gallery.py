"""`make gallery`: asks the sample server's numbers for every kind of picture, and shows them in docs/gallery.md."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import tempfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from PIL import Image
from yarl import URL

from bot.charts import Chart, Sparkline, Theme, alt_text, draw
from bot.clock import FixedClock
from bot.demo.sample import Crew, fill
from bot.insights.periods import Named
from bot.links.access import Actor
from bot.reports.service import BrandReports, Selection, Wish
from bot.reports.sheet import sheet
from bot.stats.answers import Reported
from bot.stats.question import Metric, Question, Ranks, Scope, Subject, View
from bot.stats.service import Stats
from cogs.ui.stats import pictures
from storage import links, posts
from storage.database import Database
from storage.ids import Ids

DOCS = Path(__file__).parent.parent / "docs"
NOW = dt.datetime(2026, 11, 24, 17, 20, tzinfo=dt.UTC)
BASE = URL("https://go.example")
CREW = Crew(1, {"maya": 11, "leo": 12, "noor": 13}, {"maya": "Maya Lindt", "leo": "Leo Park", "noor": "Noor"}, 21, 31)
SERVER = "Golden Hour Collective"


async def ask() -> dict[str, tuple[str, Chart]]:
    """By file name: the command that brings a picture, and the picture."""
    with tempfile.TemporaryDirectory() as folder:
        async with Database.open(Path(folder) / "eyeballs.db") as db:
            await fill(db, CREW, BASE, NOW)
            async with db.read() as conn:
                by_slug = {link.slug: Subject(Scope.LINK, link.id) for link in await links.find(conn, CREW.guild_id)}
                found = await posts.find(conn, CREW.guild_id)
            teaser = Subject(Scope.POST, next(post.id for post in found if post.title == "Teaser story"))
            stats = Stats(db, FixedClock(NOW), BASE)
            maya, server = Subject(Scope.CREATOR, 11), Subject(Scope.SERVER, CREW.guild_id)
            summer, merch = by_slug["summer"], by_slug["merch"]
            asked = {
                "link": ("/stats link", summer, "Summer lookbook", View.REPORT, {}),
                "ctr": ("/stats link, CTR", merch, "Merch shop", View.REPORT, {"metric": Metric.CTR}),
                "post": ("/stats post", teaser, "Instagram story “Teaser story”", View.REPORT, {}),
                "server": ("/stats server, 90 d", server, SERVER, View.REPORT, {"choice": Named.DAYS_90}),
                "top": ("/stats top", server, SERVER, View.TOP, {}),
                "top-ctr": (
                    "/stats top, posts by CTR",
                    server,
                    SERVER,
                    View.TOP,
                    {"metric": Metric.CTR, "ranks": Ranks.POSTS, "choice": Named.DAYS_90},
                ),
                "heatmap": ("/stats heatmap", maya, "Maya Lindt", View.HEATMAP, {"choice": Named.DAYS_90}),
                "sources": ("/stats sources", maya, "Maya Lindt", View.SOURCES, {}),
            }
            charts: dict[str, tuple[str, Chart]] = {}
            for name, (command, subject, called, view, how) in asked.items():
                choice = how.pop("choice", Named.DAYS_28)
                question = Question(view, (subject,), (choice,), **how)
                answer = await stats.answer(CREW.manager, question, private=True)
                charts[name] = (command, pictures.picture(answer, [called]))
                if isinstance(answer, Reported) and (card := pictures.card(answer, "Maya Lindt")) is not None:
                    charts["card"] = ("The picture to share, under /stats post", card)
                if name == "link" and isinstance(answer, Reported):
                    clicks = answer.report.now.clicks_by_day
                    charts["sparkline"] = ("A trend, as rankings have it beside each name", Sparkline(clicks, called))
            three = tuple(by_slug[slug] for slug in ("recipes", "merch", "vintage"))
            compared = await stats.answer(CREW.manager, Question(View.COMPARE, three, (Named.DAYS_28,)), private=True)
            names = ["Thirty-minute recipes", "Merch shop", "Vintage finds"]
            charts["compare"] = ("/stats compare, links", pictures.picture(compared, names))
            months = (Named.THIS_MONTH, Named.LAST_MONTH)
            over_time = await stats.answer(
                CREW.manager, Question(View.COMPARE, (by_slug["recipes"],), months), private=True
            )
            reports = BrandReports(db, FixedClock(NOW), Ids(NOW.timestamp), BASE)
            wish = Wish(11, "Maya Lindt", brand="Acme Outdoor", currency="EUR", cpm=Decimal("12.50"))
            made = await reports.make(Actor(CREW.guild_id, 11, manager=True), Named.DAYS_28, Selection(), wish)
            charts["brand"] = ("/brand report", sheet(made.frozen, made.report.hash))
            charts["times"] = ("/stats compare, times", pictures.picture(over_time, ["Thirty-minute recipes"]))
            return charts


def write(charts: Mapping[str, tuple[str, Chart]], docs: Path = DOCS) -> None:
    """Draw each chart in both themes into `docs`/gallery, and show them in `docs`/gallery.md under their commands."""
    folder = docs / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    page = [
        "# Gallery",
        "",
        "Every kind of picture that Eyeballs draws, from the demo's sample data: dark as in Discord, light for",
        "documents (the button Picture). The quoted text is the picture's description for who cannot see it.",
        "`make gallery` makes this page.",
    ]
    for name, (title, chart) in charts.items():
        page += ["", f"## {title}", ""]
        for theme in Theme:
            picture = Image.open(io.BytesIO(draw(chart, theme))).convert("RGB")
            # A quarter of the bytes, for the repository.
            picture.quantize(255, dither=Image.Dither.NONE).save(folder / f"{name}-{theme}.png", optimize=True)
            page.append(f"![{title}, {theme}](gallery/{name}-{theme}.png)")
        page += ["", f"> {alt_text(chart)}"]
    (docs / "gallery.md").write_text("\n".join(page) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(asyncio.run(ask()))
