"""The pages that people see, rendered from templates, with the headers that keep them harmless."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

import jinja2
from aiohttp import web
from markupsafe import Markup

from bot.texts import _

_FOLDER = Path(__file__).parent / "templates"
_STYLE = (_FOLDER / "style.css").read_text(encoding="utf-8")
_SCRIPT = (_FOLDER / "seen.js").read_text(encoding="utf-8")


@lru_cache(maxsize=1024)
def _source(text: str) -> str:
    """What allows an inline style or script of exactly this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals.update(_=_, style=Markup(_STYLE), script=Markup(_SCRIPT), colours="", flagged="")


def _headers(styles: Sequence[str], *, forms: bool = False, images: str = "", script: bool = False) -> dict[str, str]:
    own = "'self'"
    policy = ["default-src 'none'", " ".join(["style-src", *map(_source, filter(None, styles))])]
    if images:
        policy.append(f"img-src {images}")
    if script:
        policy += [f"script-src {_source(_SCRIPT)}", f"connect-src {own}"]
    action = own if forms else "'none'"
    policy += ["base-uri 'none'", f"form-action {action}", "frame-ancestors 'none'"]
    return {
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": "; ".join(policy),
    }


HEADERS = _headers([_STYLE])


def page(
    template: str,
    status: int = 200,
    *,
    colours: str = "",
    forms: bool = False,
    images: bool = False,
    script: bool = False,
    **values: object,
) -> web.Response:
    """The template as an HTML answer; `values` are escaped.

    `colours` are CSS variables of the page's own; what else it needs from this server is named one by one.
    """
    text = _templates.get_template(template).render(values, colours=Markup(colours))
    headers = _headers([_STYLE, colours], forms=forms, images="'self'" if images else "", script=script)
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)


def styled_page(template: str, css: str, rules: str, **values: object) -> web.Response:
    """Like `page`, with the style sheet of that name and rules of its own, in which no user's text may be.

    Pictures are part of the page.
    """
    style = rules + _style(css)
    text = _templates.get_template(template).render(values, style=Markup(style))
    return web.Response(text=text, content_type="text/html", headers=_headers([style], images="data:"))


@cache
def _style(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def not_found() -> web.Response:
    """The one answer to everything unknown, deleted, unpublished or denied."""
    return page("not_found.html", status=404)
