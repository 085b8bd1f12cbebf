"""Shlink over REST (v3): its short URLs, and each visit of theirs."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import count, takewhile
from typing import Any
from urllib.parse import quote

from bot.imports.journal import Brought, Journal, Page, Progress, instant, required
from bot.imports.links import Found, fit_tags, fit_title
from bot.imports.rest import Rest
from bot.insights.periods import local_day
from bot.tracking.audience import device_of, source_of
from bot.tracking.hits import Reason
from bot.tracking.tracker import SOURCES
from bot.tracking.unfurlers import OTHER
from storage.records import Dimension

NAME = "Shlink"
LINKS, VISITS = 100, 1_000
"""On a page."""
_API = "/rest/v3/short-urls"
_TOLD = (Dimension.COUNTRY, Dimension.DEVICE, Dimension.SOURCE)
"""What a visit tells."""


def headers(key: str) -> dict[str, str]:
    return {"X-Api-Key": key, "Accept": "application/json"}


class Shlink:
    """One Shlink server, up to the instant at which its import began: pages stay what they are while it goes on."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def fetch(self, journal: Journal, progress: Progress) -> Sequence[Found]:
        until = journal.item.until
        progress.begin("links", None)
        rows: Page = []
        number, last = 1, 1
        while number <= last:
            page = await journal.once(f"links/{number}", lambda number=number: self._links(number, until))
            last = page["pages"]
            rows += page["rows"]
            progress.advance(len(page["rows"]))
            number += 1
        progress.begin("visits", sum(row[-2] for row in rows))
        found = []
        for line, row in enumerate(rows, start=1):
            code, destination, title, tags, created, expires, most, domain, visits, clicks = row
            if visits:
                await self._visits(journal, progress, code, domain)
            found.append(
                Found(
                    line=line,
                    code=code,
                    destination=destination,
                    title=fit_title(title),
                    tags=fit_tags(tags),
                    created_at=dt.datetime.fromtimestamp(created, dt.UTC),
                    expires_at=None if expires is None else dt.datetime.fromtimestamp(expires, dt.UTC),
                    max_clicks=most,
                    clicks=clicks,
                    at=domain,
                )
            )
        return found

    async def _links(self, number: int, until: dt.datetime) -> dict[str, Any]:
        answer = await self._rest.get(
            _API, page=number, itemsPerPage=LINKS, orderBy="dateCreated-ASC", endDate=until.isoformat()
        )
        found = _part(answer, "shortUrls")
        return {"pages": _pages(found), "rows": [_link(one) for one in required(found.get("data"), list, NAME, "data")]}

    async def _visits(self, journal: Journal, progress: Progress, code: str, domain: str) -> None:
        number, last = 1, 1
        while number <= last:
            page = await journal.once(
                f"visits/{domain}/{code}/{number}",
                lambda number=number: self._visit_page(code, domain, number, journal.item.until),
            )
            last = page["pages"]
            progress.advance(sum(row[-1] for row in page["rows"]))
            number += 1

    async def _visit_page(self, code: str, domain: str, number: int, until: dt.datetime) -> dict[str, Any]:
        params = {"domain": domain} if domain else {}
        answer = await self._rest.get(
            f"{_API}/{quote(code, safe='')}/visits",
            page=number,
            itemsPerPage=VISITS,
            endDate=until.isoformat(),
            **params,
        )
        if answer is None:  # deleted since the links were listed
            return {"pages": 1, "rows": []}
        found = _part(answer, "visits")
        alike: Counter[tuple[Any, ...]] = Counter()
        for visit in required(found.get("data"), list, NAME, "data"):
            alike[_visit(visit, self._rest.host)] += 1
        return {"pages": _pages(found), "rows": [[*key, n] for key, n in alike.items()]}

    def pages(self, found: Found, names: set[str]) -> list[str]:
        numbered = (f"visits/{found.at}/{found.code}/{number}" for number in count(1))
        return list(takewhile(names.__contains__, numbered))

    def brought(self, pages: Sequence[Any], zone: str) -> Brought:
        quarters: Counter[dt.datetime] = Counter()
        days: Counter[dt.date] = Counter()
        audience: Counter[tuple[dt.date, str, str]] = Counter()
        aside: Counter[tuple[dt.date, str]] = Counter()
        sources: dict[dt.date, set[str]] = defaultdict(set)
        for page in pages:
            for quarter, bot, country, device, source, n in page["rows"]:
                at = dt.datetime.fromtimestamp(quarter, dt.UTC)
                day = local_day(at, zone)
                if bot:
                    aside[day, Reason.CRAWLER.value] += n
                    continue
                quarters[at] += n
                days[day] += n
                if source not in sources[day] and len(sources[day]) >= SOURCES:
                    source = OTHER
                sources[day].add(source)
                for dimension, value in zip(_TOLD, (country, device, source), strict=True):
                    if value:
                        audience[day, dimension.value, value] += n
        return Brought(quarters, days, audience, aside)


def _part(answer: Any, name: str) -> dict[str, Any]:
    return required(required(answer, dict, NAME, name).get(name), dict, NAME, name)


def _pages(found: dict[str, Any]) -> int:
    pagination = required(found.get("pagination"), dict, NAME, "pagination")
    return required(pagination.get("pagesCount"), int, NAME, "pagesCount")


def _link(one: Any) -> list[Any]:
    item = required(one, dict, NAME, "shortUrls.data")
    meta = item.get("meta") or {}
    summary = item.get("visitsSummary") or {}
    visits = summary.get("total", item.get("visitsCount", 0))
    expires, most = meta.get("validUntil"), meta.get("maxVisits")
    return [
        required(item.get("shortCode"), str, NAME, "shortCode"),
        required(item.get("longUrl"), str, NAME, "longUrl"),
        str(item.get("title") or ""),
        [str(tag) for tag in required(item.get("tags") or [], list, NAME, "tags")],
        instant(item.get("dateCreated"), NAME, "dateCreated").timestamp(),
        None if expires is None else instant(expires, NAME, "validUntil").timestamp(),
        None if most is None else required(most, int, NAME, "maxVisits"),
        str(item.get("domain") or ""),
        required(visits, int, NAME, "visitsSummary.total"),
        required(summary.get("nonBots", visits), int, NAME, "visitsSummary.nonBots"),
    ]


def _visit(one: Any, own_host: str) -> tuple[Any, ...]:
    """Quarter hour, whether it was a bot, country, device, source: all that is kept of a visit."""
    item = required(one, dict, NAME, "visits.data")
    at = instant(item.get("date"), NAME, "date")
    agent, referer = str(item.get("userAgent") or ""), str(item.get("referer") or "")
    location = item.get("visitLocation")
    country = str(location.get("countryCode") or "") if isinstance(location, dict) else ""
    known = country.upper() if len(country) == 2 and country.isascii() and country.isalpha() else ""
    quarter = int(at.timestamp()) // 900 * 900
    return quarter, bool(item.get("potentialBot")), known, device_of(agent), source_of(agent, referer, own_host)
