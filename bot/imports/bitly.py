"""Bitly over REST (v4): its links, and their clicks by day of UTC. More than that it does not hand out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bot.errors import OperatorError
from bot.imports import answers
from bot.imports.answers import part, required
from bot.imports.journal import Brought, Journal, Progress, check_pages
from bot.imports.link_files import code_of
from bot.imports.links import Found, fit_tags, fit_title
from bot.imports.rest import Rest
from bot.inputs.text import shorten
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
            seen = {after}
            while number == 1 or after:
                check_pages(number, NAME)
                page = await journal.once(
                    f"bitlinks/{group}/{number}",
                    lambda group=group, after=after: self._links(group, after, journal.item.until),
                )
                # Nothing, or where it was before: all of them are there, whatever it says.
                after = "" if not page["rows"] or page["after"] in seen else page["after"]
                seen.add(after)
                rows += page["rows"]
                progress.advance(len(page["rows"]))
                number += 1
        progress.begin("links' clicks", len(rows))
        found: dict[str, Found] = {}
        for bitlink, codes, destination, title, tags, created, archived in rows:
            if bitlink in found:
                continue
            page = await journal.once(
                f"clicks/{bitlink}", lambda bitlink=bitlink: self._clicks(bitlink, journal.item.until)
            )
            progress.advance(1)
            found[bitlink] = Found(
                line=len(found) + 1,
                code=codes[0],
                aliases=tuple(codes[1:]),
                destination=destination,
                title=title,
                tags=tuple(tags),
                created_at=dt.datetime.fromtimestamp(created, dt.UTC),
                state=State.ARCHIVED if archived else State.ACTIVE,
                clicks=sum(n for _day, n in page),
                at=bitlink,
            )
        return list(found.values())

    async def _groups(self) -> list[str]:
        answer = required(await self._rest.get("/v4/groups"), dict, NAME, "groups")
        groups = required(answer.get("groups"), list, NAME, "groups")
        guids = [required(required(one, dict, NAME, "groups").get("guid"), str, NAME, "guid") for one in groups]
        return list(dict.fromkeys(guids))

    async def _links(self, group: str, after: str, until: dt.datetime) -> dict[str, Any]:
        params: dict[str, Any] = {"size": LINKS, "archived": "both"} | ({"search_after": after} if after else {})
        answer = await self._rest.get(f"/v4/groups/{quote(group, safe='')}/bitlinks", **params)
        if answer is None:
            raise OperatorError(f"Bitly knows no group “{shorten(group)}”; leave --group out for all of the account's.")
        answer = required(answer, dict, NAME, "links")
        pagination = part(answer.get("pagination"), dict, NAME, "pagination")
        rows = [_link(one, until) for one in required(answer.get("links"), list, NAME, "links")]
        more = part(pagination.get("search_after"), str, NAME, "search_after") if pagination.get("next") else ""
        return {"after": more, "rows": rows}

    async def _clicks(self, bitlink: str, until: dt.datetime) -> list[list[Any]]:
        domain, _slash, code = bitlink.partition("/")
        path = f"/v4/bitlinks/{quote(domain, safe='')}/{quote(code, safe='')}/clicks"
        answer = await self._rest.get(path, unit="day", units=-1)
        if answer is None:
            return []
        found = required(required(answer, dict, NAME, "link_clicks").get("link_clicks"), list, NAME, "link_clicks")
        days: dict[dt.date, int] = {}
        for one in found:
            day = answers.past(required(one, dict, NAME, "link_clicks").get("date"), NAME, "date", until).date()
            clicks = answers.count(one.get("clicks"), NAME, "clicks")
            if clicks > 0 and day < until.date():
                days.setdefault(day, clicks)
        return [[day.isoformat(), clicks] for day, clicks in days.items()]

    def pages(self, found: Found, names: set[str]) -> list[str]:
        return [f"clicks/{found.at}"]

    def brought(self, pages: Sequence[Any], zone: str) -> Brought:
        return Brought(days={dt.date.fromisoformat(day): n for page in pages for day, n in page})


def _link(one: Any, until: dt.datetime) -> list[Any]:
    item = required(one, dict, NAME, "links")
    bitlink = required(item.get("id"), str, NAME, "id")
    own = answers.words(item.get("custom_bitlinks"), NAME, "custom_bitlinks")
    return [
        bitlink,
        list(dict.fromkeys(code_of(address) for address in (*own, bitlink))),  # at Bitly all of them lead there
        required(item.get("long_url"), str, NAME, "long_url"),
        fit_title(part(item.get("title"), str, NAME, "title")),
        fit_tags(answers.words(item.get("tags"), NAME, "tags")),
        answers.past(item.get("created_at"), NAME, "created_at", until).timestamp(),
        bool(item.get("archived")),
    ]
