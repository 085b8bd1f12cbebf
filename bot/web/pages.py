"""The pages that people see, rendered from templates, with the headers that keep them harmless."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

import jinja2
from aiohttp import web
from markupsafe import Markup

from bot.texts import _

_FOLDER = Path(__file__).parent / "templates"
_STYLE = (_FOLDER / "style.css").read_text(encoding="utf-8")
_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
)
_templates.globals.update(_=_, style=Markup(_STYLE))


def _headers(style: str) -> dict[str, str]:
    """Those of a page that has this style and nothing else."""
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return {
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{allowed}'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
    }


HEADERS = _headers(_STYLE)


def page(template: str, status: int = 200, **values: object) -> web.Response:
    """The template as an HTML answer; `values` are escaped."""
    return web.Response(
        status=status, text=_templates.get_template(template).render(values), content_type="text/html", headers=HEADERS
    )


def styled_page(template: str, css: str, rules: str, **values: object) -> web.Response:
    """Like `page`, with the style sheet of that name and rules of its own, in which no user's text may be."""
    style = rules + _style(css)
    text = _templates.get_template(template).render(values, style=Markup(style))
    return web.Response(text=text, content_type="text/html", headers=_headers(style))


@cache
def _style(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def not_found() -> web.Response:
    """The one answer to everything unknown, deleted, unpublished or denied."""
    return page("not_found.html", status=404)
