"""The pages that people see, rendered from templates, with the headers that keep them harmless."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import jinja2
from aiohttp import web
from markupsafe import Markup

from bot.texts import _

_FOLDER = Path(__file__).parent / "templates"
_STYLE = (_FOLDER / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
)
_templates.globals.update(_=_, style=Markup(_STYLE))

HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}


def page(template: str, status: int = 200, **values: object) -> web.Response:
    """The template as an HTML answer; `values` are escaped."""
    return web.Response(
        status=status, text=_templates.get_template(template).render(values), content_type="text/html", headers=HEADERS
    )


def not_found() -> web.Response:
    """The one answer to everything unknown, deleted, unpublished or denied."""
    return page("not_found.html", status=404)
