"""Creators' pages as they are set up and looked at."""

from __future__ import annotations

import io
import re
from typing import Any

import simcord
from PIL import Image

from tests.conftest import BROWSER, World, answer_of


async def set_up(
    world: World, who: simcord.MemberActor, *, show: bool = True, **values: str
) -> simcord.InteractionResult:
    """Set a page up, with all links that are offered for it unless `show` is False."""
    asked = await who.slash(world.channel, "profile setup")
    given: dict[str, Any] = {"handle": "maya", "name": "Maya Lindt"} | values
    made = await who.submit_modal(asked, given | {"avatar": [values.get("avatar", "none")]})
    if show and (label := next((label for label in labels(answer_of(made)) if label.startswith("Show")), None)):
        await who.click(answer_of(made), label=label)
    return made


def labels(message: Any) -> list[str]:
    """What stands on the buttons below a message."""
    return [item["label"] for row in message.components for item in row["components"] if item["type"] == 2]


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


async def any_link(_link: Any) -> bool:
    """No link has ended."""
    return True


async def let_creators_add(world: World) -> None:
    """Have who bears the creator role add links of their own."""
    asked = await world.admin.slash(world.channel, "setup")
    await world.admin.select(answer_of(asked), [world.creator_role], custom_id="setup:role")
