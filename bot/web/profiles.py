"""What the edge answers below `/@handle`: the page, its pictures, and what its display is reported with."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from aiohttp import web
from markupsafe import Markup
from yarl import URL

from bot.charts import ChartRenderer, Theme, alt_text
from bot.profiles import embed
from bot.profiles.card import card_of
from bot.profiles.flags import REASONS
from bot.profiles.pages import Moved, Page, Pages
from bot.profiles.themes import fitted, style
from bot.texts import _
from bot.tracking.memo import LONGEST
from bot.tracking.tracker import Visit
from bot.web.answers import EMBEDDED, PIXEL, UNCACHED
from bot.web.pages import page

BODY_BYTES = 2048
"""Of what a page reports, and of a form."""
BODY_SECONDS = 5.0
CARD_SECONDS = 3600
"""How long others may keep the card's picture."""
_POSITIONS = re.compile(r"\d{1,2}")
_NAME = r"[a-z0-9][a-z0-9_-]{0,63}"
_BELOW = re.compile(rf"/@({_NAME})(?:/(seen|seen\.gif|card\.png|avatar-([0-9a-f]{{16}})\.webp))?/?", re.I | re.ASCII)


class ProfileEdge:
    """Answers for profile pages; None where there is nothing."""

    def __init__(self, pages: Pages, charts: ChartRenderer, base_url: URL) -> None:
        self._pages = pages
        self._charts = charts
        self._base_url = base_url

    async def answer(self, request: web.BaseRequest, query: Mapping[str, str], visit: Visit) -> web.Response | None:
        found = _BELOW.fullmatch(request.path)
        if found is None:
            return None
        handle, part, digest = found.groups()
        match request.method, part:
            case "POST", "seen":
                return await self._seen(request, visit)
            case (("GET" | "HEAD"), None):
                return await self._page(handle, query.get("preview", ""), visit)
            case (("GET" | "HEAD"), "seen.gif"):
                await self._pages.displayed(query.get("v", ""), visit)
                return web.Response(body=PIXEL, content_type="image/gif", headers=UNCACHED)
            case (("GET" | "HEAD"), "card.png"):
                return await self._card(handle)
            case (("GET" | "HEAD"), _) if digest is not None:
                return await self._avatar(handle, digest.lower(), query.get("preview", ""))
        return None

    async def _page(self, handle: str, preview: str, visit: Visit) -> web.Response | None:
        shown = await (self._pages.preview(preview) if preview else self._pages.open(handle, visit))
        if isinstance(shown, Moved):
            # For this time only: the creator may take the former handle back.
            return web.Response(status=307, headers={"Location": f"/@{shown.handle}", **UNCACHED})
        if shown is None:
            return None
        if not shown.token and visit.facts.headers.get("sec-purpose", "")[:LONGEST].strip().lower().startswith(
            "prefetch"
        ):
            # A browser that gets no page ahead of time asks again when the person does, and then it counts.
            return web.Response(status=503, headers=UNCACHED)
        return self.render(shown, preview)

    def render(self, shown: Page, preview: str = "") -> web.Response:
        """The page as an HTML answer."""
        colours = fitted(shown.theme, shown.accent)
        url = str(self._base_url / f"@{shown.handle}")
        avatar = ""
        if shown.avatar:
            avatar = f"/@{shown.handle}/avatar-{shown.avatar}.webp" + (f"?preview={preview}" if preview else "")
        card = embed.payload(
            name=shown.name,
            handle=shown.handle,
            line=shown.line,
            url=url,
            accent=colours.light.accent,
            avatar=str(self._base_url.join(URL(avatar))) if avatar else "",
            links=[(link.label, str(self._base_url / link.slug)) for link in shown.links],
        )
        return page(
            "profile.html",
            colours=style(shown.theme, shown.accent),
            forms=True,
            images=True,
            script=bool(shown.token),
            profile=shown,
            url=url,
            avatar=avatar,
            description=shown.line or _("All links of {handle} in one place.").format(handle=f"@{shown.handle}"),
            accent=colours.light.accent,
            alt=alt_text(card_of(shown)),
            embed=Markup(card),
            reasons=REASONS,
        )

    async def _seen(self, request: web.BaseRequest, visit: Visit) -> web.Response:
        token, *numbers = (await body_of(request)).split(" ")
        positions = [int(number) for number in numbers if _POSITIONS.fullmatch(number)]
        await self._pages.seen(token, positions, visit)
        return web.Response(status=204, headers=UNCACHED)

    async def _card(self, handle: str) -> web.Response | None:
        shown = await self._pages.public(handle)
        if shown is None:
            return None
        png = await self._charts.draw(card_of(shown), Theme.DARK)
        headers = EMBEDDED | {"Cache-Control": f"public, max-age={CARD_SECONDS}"}
        return web.Response(body=png, content_type="image/png", headers=headers)

    async def _avatar(self, handle: str, digest: str, preview: str) -> web.Response | None:
        picture = await (self._pages.preview_avatar(preview) if preview else self._pages.avatar(handle, digest))
        if picture is None:
            return None
        headers = {"Cache-Control": "private, max-age=86400, immutable"}
        return web.Response(body=picture, content_type="image/webp", headers=headers)


async def body_of(request: web.BaseRequest) -> str:
    """The body as text; empty when it is too long, too slow, cut off, or no text."""
    if (request.content_length or 0) > BODY_BYTES:
        return ""
    raw = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while len(raw) <= BODY_BYTES and (chunk := await request.content.read(BODY_BYTES + 1 - len(raw))):
                raw += chunk
        return raw.decode() if len(raw) <= BODY_BYTES else ""
    except (TimeoutError, UnicodeDecodeError, OSError, web.RequestPayloadError):
        return ""
