"""Shlink over REST (v3): its short URLs, and each visit of theirs."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import count, takewhile
from typing import Any
from urllib.parse import quote

from bot.imports import answers
from bot.imports.answers import part, required
from bot.imports.journal import Brought, Journal, Progress, check_pages
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
_DOMAIN = 7
"""Where a row of a link has its domain."""
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
        known: dict[tuple[str, str], list[Any]] = {}
        number, last = 1, 1
        while number <= last:
            page = await journal.once(f"links/{number}", lambda number=number: self._links(number, until))
            before = len(known)
            for row in page["rows"]:
                known.setdefault((row[_DOMAIN], row[0]), row)
            if len(known) == before:  # all of them are there, whatever it says
                break
            last = page["pages"]
            progress.advance(len(known) - before)
            number += 1
        rows = list(known.values())
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
                    title=title,
                    tags=tuple(tags),
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
        data = required(found.get("data"), list, NAME, "data")
        return {"pages": _pages(found), "rows": [_link(one, until) for one in data]}

    async def _visits(self, journal: Journal, progress: Progress, code: str, domain: str) -> None:
        number, last = 1, 1
        while number <= last:
            page = await journal.once(
                f"visits/{domain}/{code}/{number}",
                lambda number=number: self._visit_page(code, domain, number, journal.item.until),
            )
            if not page["rows"]:
                break
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
            alike[_visit(visit, self._rest.host, until)] += 1
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
    pages = required(pagination.get("pagesCount"), int, NAME, "pagesCount")
    check_pages(pages, NAME)
    return pages


def _link(one: Any, until: dt.datetime) -> list[Any]:
    item = required(one, dict, NAME, "shortUrls.data")
    meta = part(item.get("meta"), dict, NAME, "meta")
    summary = part(item.get("visitsSummary"), dict, NAME, "visitsSummary")
    visits = summary.get("total", item.get("visitsCount", 0))
    expires, most = answers.end(meta.get("validUntil"), NAME, "validUntil"), meta.get("maxVisits")
    return [
        required(item.get("shortCode"), str, NAME, "shortCode"),
        required(item.get("longUrl"), str, NAME, "longUrl"),
        fit_title(part(item.get("title"), str, NAME, "title")),
        fit_tags(answers.words(item.get("tags"), NAME, "tags")),
        answers.past(item.get("dateCreated"), NAME, "dateCreated", until).timestamp(),
        None if expires is None else expires.timestamp(),
        None if most is None else answers.count(most, NAME, "maxVisits") or None,
        part(item.get("domain"), str, NAME, "domain"),
        answers.count(visits, NAME, "visitsSummary.total"),
        answers.count(summary.get("nonBots", visits), NAME, "visitsSummary.nonBots"),
    ]


def _visit(one: Any, own_host: str, until: dt.datetime) -> tuple[Any, ...]:
    """Quarter hour, whether it was a bot, country, device, source: all that is kept of a visit."""
    item = required(one, dict, NAME, "visits.data")
    at = answers.past(item.get("date"), NAME, "date", until)
    agent, referer = (part(item.get(name), str, NAME, name) for name in ("userAgent", "referer"))
    location = item.get("visitLocation")
    country = str(location.get("countryCode") or "") if isinstance(location, dict) else ""
    known = country.upper() if len(country) == 2 and country.isascii() and country.isalpha() else ""
    quarter = int(at.timestamp()) // 900 * 900
    return quarter, bool(item.get("potentialBot")), known, device_of(agent), source_of(agent, referer, own_host)
