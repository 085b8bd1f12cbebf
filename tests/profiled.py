"""Creators' pages as they are set up and looked at."""

from __future__ import annotations

import io
import re
from typing import Any

import simcord
from PIL import Image

from tests.conftest import BROWSER, World


async def set_up(world: World, who: simcord.MemberActor, **values: str) -> simcord.InteractionResult:
    shown = await who.slash(world.channel, "profile setup")
    given: dict[str, Any] = {"handle": "maya", "name": "Maya Lindt"} | values
    return await who.submit_modal(shown, given | {"avatar": [values.get("avatar", "none")]})


def picture(size: tuple[int, int] = (300, 200), kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#cc6644").save(out, kind)
    return out.getvalue()


async def look(world: World, *positions: int, after: float = 2, click: str = "", referer: str = "") -> None:
    """A new person opens the page, sees the links at some positions, and perhaps clicks one."""
    headers = {"Referer": referer} if referer else {}
    world.visitors += 1
    page = await world.visit("/@maya", new=False, method="GET", **headers)
    token = re.findall(r'data-view="([\w-]+)"', page.text)[0]
    world.move(seconds=after)
    agent = f"{BROWSER} Visitor/{world.visitors}"
    url = f"http://127.0.0.1:{world.app.web.port}/@maya/seen"
    body = " ".join([token, *map(str, positions)])
    async with world.http.post(url, data=body, headers={"User-Agent": agent}) as response:
        assert response.status == 204
    if click:
        via = re.findall(rf'href="(/{click}\?via=[\w-]+)"', page.text)[0]
        assert (await world.visit(via, new=False)).status == 302
