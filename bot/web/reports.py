"""A brand report behind its address: the page, the files, and how often they are opened."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Mapping
from typing import Any

import structlog
from aiohttp import web

from bot.charts import ChartRenderer, Paper, Theme
from bot.charts.theme import PALETTES, contrast, readable
from bot.charts.words import initials
from bot.reports import frozen
from bot.reports.paper import paper_of
from bot.reports.service import BrandReports, Made
from bot.reports.sheet import at_in_words, sheet
from bot.reports.table import table
from bot.tracking.hits import RequestFacts, classify
from bot.web.pages import HEADERS, styled_page

PATH = re.compile(r"/report/([\w-]{20,64})(?:\.(pdf|png|csv|json))?", re.ASCII)
VIEW_SECONDS = 0.25
"""How long a reader waits for the view to be written."""
MOST_WRITING = 100
"""Views that wait for the disk at once; further ones are not counted."""
_PRIVATE = {"X-Robots-Tag": "noindex, nofollow, noarchive", "Referrer-Policy": "no-referrer"}
"""The address is a secret: nobody lists it, and no page learns that it was come from."""
_TYPES = {"pdf": "application/pdf", "png": "image/png", "csv": "text/csv", "json": "application/json"}

log = structlog.get_logger(__name__)


class ReportPages:
    """Answers for addresses of reports; unknown, expired and revoked ones are all the same None."""

    def __init__(self, reports: BrandReports, charts: ChartRenderer) -> None:
        self._reports = reports
        self._charts = charts
        self._writing: set[asyncio.Task[None]] = set()

    async def answer(self, token: str, form: str, facts: RequestFacts, query: Mapping[str, str]) -> web.Response | None:
        """The page ("") or a file ("pdf", "png", "csv", "json"); counted as a view."""
        made = await self._reports.behind(token)
        if made is None:
            return None
        response = await self._form(made, form, query) if form else self._page(made)
        response.headers.update(_PRIVATE)
        await self._view(self._reports.viewed(made, form or "page", classify(facts)))
        return response

    async def _view(self, writing: Coroutine[Any, Any, None]) -> None:
        """Have the view written, and wait only as long as a disk that works takes: who reads needs nothing written."""
        if len(self._writing) >= MOST_WRITING:
            writing.close()
            return
        task = asyncio.create_task(writing)
        self._writing.add(task)
        task.add_done_callback(self._written)
        await asyncio.wait([task], timeout=VIEW_SECONDS)

    def _written(self, task: asyncio.Task[None]) -> None:
        self._writing.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("A brand report's view could not be counted", error=str(error))

    def _page(self, made: Made) -> web.Response:
        report, content = made.report, made.frozen
        computed = frozen.fingerprint(report.content)
        shown = sheet(content, computed)
        return styled_page(
            "report.html",
            "report.css",
            _colours(content.accent),
            sheet=shown,
            initials=initials(shown.title),
            avatar=content.avatar,
            unchanged=computed == report.hash,
            made_at=at_in_words(content, content.made_at),
            expires=at_in_words(content, report.expires_at),
            path=f"/report/{report.token}",
        )

    async def _form(self, made: Made, form: str, query: Mapping[str, str]) -> web.Response:
        report, content = made.report, made.frozen
        computed = frozen.fingerprint(report.content)
        match form:
            case "json":
                body = report.content.encode()
            case "csv":
                body = table(content, computed).encode("utf-8-sig")
            case "png":
                body = await self._charts.draw(sheet(content, computed), Theme.DARK)
            case _:
                wanted = query.get("paper", "")
                paper = Paper(wanted) if wanted in tuple(Paper) else paper_of(content.locale)
                body = await self._charts.draw(sheet(content, computed, paper), Theme.LIGHT)
        name = f"brand-report-{content.first}-{content.last}.{form}"
        place = "inline" if form in ("pdf", "png") else "attachment"
        headers = HEADERS | {"Content-Disposition": f'{place}; filename="{name}"'}
        charset = None if form in ("pdf", "png") else "utf-8"
        return web.Response(body=body, content_type=_TYPES[form], charset=charset, headers=headers)


def _colours(accent: str) -> str:
    """The page's colours in a light and a dark surrounding, as custom properties."""
    light, dark = (_rules(accent, theme) for theme in (Theme.LIGHT, Theme.DARK))
    return f":root {{{light}}}\n@media screen and (prefers-color-scheme: dark) {{ :root {{{dark}}} }}\n"


def _rules(accent: str, theme: Theme) -> str:
    palette = PALETTES[theme]
    mark = readable(accent, palette)
    on = max(("#ffffff", "#14161a"), key=lambda colour: contrast(colour, mark))
    rules = {
        "ground": palette.background,
        "card": palette.raised,
        "edge": palette.grid,
        "ink": palette.text,
        "quiet": palette.muted,
        "accent": mark,
        "tint": readable(accent, palette, 4.5),
        "on-accent": on,
    }
    return " ".join(f"--{name}: {value};" for name, value in rules.items())
