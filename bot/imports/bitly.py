"""Bitly over REST (v4): its links, and their clicks by day of UTC. More than that it does not hand out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bot.errors import OperatorError
from bot.imports.journal import Brought, Journal, Progress, instant, required
from bot.imports.link_files import code_of
from bot.imports.links import Found, fit_tags, fit_title
from bot.imports.rest import Rest
from storage.records import State

NAME = "Bitly"
SITE = "https://api-ssl.bitly.com"
LINKS = 100
"""On a page."""


def headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", "Accept": "application/json"}


class Bitly:
    """An account's links, of one group when named. Days count from the first to the last that was over when the import
    began."""

    def __init__(self, rest: Rest, group: str = "") -> None:
        self._rest = rest
        self._group = group

    async def fetch(self, journal: Journal, progress: Progress) -> Sequence[Found]:
        progress.begin("links", None)
        groups = [self._group] if self._group else await journal.once("groups", self._groups)
        rows: list[list[Any]] = []
        for group in groups:
            number, after = 1, ""
            while number == 1 or after:
                page = await journal.once(
                    f"bitlinks/{group}/{number}", lambda group=group, after=after: self._links(group, after)
                )
                after = page["after"]
                rows += page["rows"]
                progress.advance(len(page["rows"]))
                number += 1
        progress.begin("links' clicks", len(rows))
        found: dict[str, Found] = {}
        for bitlink, codes, destination, title, tags, created, archived in rows:
            page = await journal.once(
                f"clicks/{bitlink}", lambda bitlink=bitlink: self._clicks(bitlink, journal.item.until)
            )
            progress.advance(1)
            found[bitlink] = Found(
                line=len(found) + 1,
                code=codes[0],
                aliases=tuple(codes[1:]),
                destination=destination,
                title=fit_title(title),
                tags=fit_tags(tags),
                created_at=dt.datetime.fromtimestamp(created, dt.UTC),
                state=State.ARCHIVED if archived else State.ACTIVE,
                clicks=sum(n for _day, n in page),
                at=bitlink,
            )
        return list(found.values())

    async def _groups(self) -> list[str]:
        answer = required(await self._rest.get("/v4/groups"), dict, NAME, "groups")
        groups = required(answer.get("groups"), list, NAME, "groups")
        return [required(one.get("guid"), str, NAME, "guid") for one in groups if isinstance(one, dict)]

    async def _links(self, group: str, after: str) -> dict[str, Any]:
        params: dict[str, Any] = {"size": LINKS, "archived": "both"} | ({"search_after": after} if after else {})
        answer = await self._rest.get(f"/v4/groups/{quote(group, safe='')}/bitlinks", **params)
        if answer is None:
            raise OperatorError(f"Bitly knows no group “{group}”; leave --group out for all of the account's.")
        answer = required(answer, dict, NAME, "links")
        pagination = required(answer.get("pagination") or {}, dict, NAME, "pagination")
        rows = [_link(one) for one in required(answer.get("links"), list, NAME, "links")]
        more = str(pagination.get("search_after") or "") if pagination.get("next") else ""
        if more and more == after:
            raise OperatorError("Bitly hands out the same page of links again and again; nothing was imported.")
        return {"after": more, "rows": rows}

    async def _clicks(self, bitlink: str, until: dt.datetime) -> list[list[Any]]:
        domain, _slash, code = bitlink.partition("/")
        path = f"/v4/bitlinks/{quote(domain, safe='')}/{quote(code, safe='')}/clicks"
        answer = await self._rest.get(path, unit="day", units=-1)
        if answer is None:
            return []
        found = required(required(answer, dict, NAME, "link_clicks").get("link_clicks"), list, NAME, "link_clicks")
        rows = []
        for one in found:
            day = instant(required(one, dict, NAME, "link_clicks").get("date"), NAME, "date").date()
            clicks = required(one.get("clicks"), int, NAME, "clicks")
            if clicks > 0 and day < until.date():
                rows.append([day.isoformat(), clicks])
        return rows

    def pages(self, found: Found, names: set[str]) -> list[str]:
        return [f"clicks/{found.at}"]

    def brought(self, pages: Sequence[Any], zone: str) -> Brought:
        return Brought(days={dt.date.fromisoformat(day): n for page in pages for day, n in page})


def _link(one: Any) -> list[Any]:
    item = required(one, dict, NAME, "links")
    bitlink = required(item.get("id"), str, NAME, "id")
    own = [str(name) for name in item.get("custom_bitlinks") or []]
    return [
        bitlink,
        list(dict.fromkeys(code_of(address) for address in (*own, bitlink))),  # at Bitly all of them lead there
        required(item.get("long_url"), str, NAME, "long_url"),
        str(item.get("title") or ""),
        [str(tag) for tag in required(item.get("tags") or [], list, NAME, "tags")],
        instant(item.get("created_at"), NAME, "created_at").timestamp(),
        bool(item.get("archived")),
    ]
