"""Decides whether a request is a person's hit, or under which reason it is set aside. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from bot.tracking.agents import is_browser, is_preview
from bot.tracking.memo import LONGEST, Memo
from storage.records import plain

RULES_VERSION = 9
"""Rises whenever a rule changes, so that a step in the numbers can be explained."""


class Reason(StrEnum):
    """Why a request was not counted."""

    PREVIEW = "preview"
    """A chat or social network drew the link's card."""
    CRAWLER = "crawler"
    """A crawler, a monitor, an HTTP library, a headless browser, an agent that signs what it asks."""
    PREFETCH = "prefetch"
    """A browser loaded it ahead of a click that may never come."""
    HEAD = "head"
    """HEAD and OPTIONS look, but don't open."""
    EMBEDDED = "embedded"
    """A part of somebody's page: an image, a frame, a script's request; never a pixel, which is made for that."""
    REPEAT = "repeat"
    """The same visitor on the same address again within the repeat window; clicks only."""
    THROTTLED = "throttled"
    """One visitor asking faster than a person does."""
    OWNER = "owner"
    """The creator trying the link out through its test address."""


@plain
class RequestFacts:
    """What a request says about itself; the names in `headers` are lower-case, or found in any case."""

    method: str
    user_agent: str
    headers: Mapping[str, str]


# Discord's image proxy poses as a ten-year-old browser (discord-api-docs #1600, #3872).
_DISCORD_IMAGE_PROXY = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.10; rv:38.0) Gecko/20100101 Firefox/38.0"


def classify(facts: RequestFacts, patterns: tuple[re.Pattern[str], ...] = (), *, opens: bool = True) -> Reason | None:
    """The reason to set the request aside; None when it is a person's hit.

    `patterns` are the operator's own: whoever's user agent has one of them in it is a crawler too. What somebody
    `opens`, a link or a page, is asked for as no part of a page is; a pixel and what a page reports are such parts.
    """
    if facts.method != "GET" and facts.method.upper() in ("HEAD", "OPTIONS"):
        return Reason.HEAD
    headers = facts.headers
    # Nearly every request has none of them: asked here, since a call alone costs more than the four questions.
    if ("sec-purpose" in headers or "purpose" in headers or "x-purpose" in headers or "x-moz" in headers) and (
        _is_prefetch(headers)
    ):
        return Reason.PREFETCH
    user_agent = facts.user_agent[:LONGEST]
    reason = _by_agent[user_agent]
    if reason is not None:
        return reason
    # Web Bot Auth (draft-ietf-webbotauth): browsers that programs drive say so there, and nowhere else.
    if "signature-agent" in headers or (patterns and _having_any(patterns)[user_agent]):
        return Reason.CRAWLER
    if _is_disguised(headers, user_agent):
        return Reason.CRAWLER
    if opens and (
        headers.get("sec-fetch-dest", "document") != "document"
        or headers.get("sec-fetch-mode", "navigate") != "navigate"
    ):
        return Reason.EMBEDDED
    return None


@lru_cache(maxsize=4)
def _having_any(patterns: tuple[re.Pattern[str], ...]) -> Memo[bool]:
    return Memo(lambda user_agent: any(pattern.search(user_agent) for pattern in patterns))


def _reason_of(user_agent: str) -> Reason | None:
    agent = user_agent.strip()
    if agent == _DISCORD_IMAGE_PROXY:
        return Reason.PREVIEW
    agent = agent.lower().removeprefix("user-agent:").lstrip()
    if is_browser(agent):
        return None
    return Reason.PREVIEW if is_preview(agent) else Reason.CRAWLER


_by_agent = Memo(_reason_of)


def _is_prefetch(headers: Mapping[str, str]) -> bool:
    if "sec-purpose" in headers and headers["sec-purpose"][:LONGEST].strip().lower().startswith("prefetch"):
        return True
    for name in ("purpose", "x-purpose", "x-moz"):
        if name in headers and headers[name][:LONGEST].strip().lower() in ("prefetch", "preview"):
            return True
    return False


# In a web view it is the app around it that decides on headers.
_MODERN = re.compile(r"^(?!.*\bwv\)).*(?:Chrome|Firefox)/(?:9\d|\d{3})\.")


def _is_disguised(headers: Mapping[str, str], user_agent: str) -> bool:
    """Whether the headers give away a program that carries a browser's user agent.

    A header that is merely missing proves nothing, since a proxy may have dropped it: some must be there that no
    browser sends. Over HTTP browsers send no Sec-Fetch headers, so their absence alone proves nothing either.
    """
    if "sec-ch-ua" in headers and "Headless" in headers["sec-ch-ua"][:LONGEST]:
        return True
    if "sec-fetch-site" in headers or ("accept-language" in headers and headers["accept-language"] != "*"):
        return False
    asks_as_scripts_do = headers.get("accept", "").startswith(("application/json", "text/html, image/gif"))
    return asks_as_scripts_do and _MODERN.search(user_agent) is not None
