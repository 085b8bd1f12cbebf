"""Decides whether a request is a person's hit, or under which reason it is set aside. Pure, standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

RULES_VERSION = 1
"""Rises whenever a rule changes, so that a step in the numbers can be explained."""


class Reason(StrEnum):
    """Why a request was not counted."""

    PREVIEW = "preview"
    """A chat or social network drew the link's card."""
    CRAWLER = "crawler"
    """A crawler, a monitor, an HTTP library, a headless browser."""
    PREFETCH = "prefetch"
    """A browser loaded it ahead of a click that may never come."""
    HEAD = "head"
    """HEAD and OPTIONS look, but don't open."""
    REPEAT = "repeat"
    """The same visitor on the same address again within the repeat window; clicks only."""
    THROTTLED = "throttled"
    """One visitor asking faster than a person does."""
    OWNER = "owner"
    """The creator trying the link out through its test address."""


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What a request says about itself; the names in `headers` are lower-case."""

    method: str
    user_agent: str
    headers: Mapping[str, str]


# Discord's image proxy poses as a ten-year-old browser (discord-api-docs #1600, #3872).
_DISCORD_IMAGE_PROXY = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.10; rv:38.0) Gecko/20100101 Firefox/38.0"


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE | re.ASCII)


# In-app browsers ("[Pinterest/iOS]", "KAKAOTALK 10.4", "discord/0.0.306 ... Electron") carry a platform's name too:
# each pattern must fit the platform's fetcher alone.
_PREVIEW = _any_of(
    r"discordbot|twitterbot|redditbot|linkedinbot|telegrambot|slackbot|slack-imgproxy|mattermost-bot|groupmebot",
    r"facebookexternalhit|facebot|facebookcatalog|meta-externalfetcher|line-poker|kakaotalk-scrap",
    r"^whatsapp/|^viber|^tumblr/|cardyb|pinterestbot|pinterest/0\.|vkshare|flipboardproxy|rocket\.chat",
    r"skypeuripreview|microsoftpreview|bingpreview|google-pagerenderer|google web preview|/\+/web/snippet",
    r"mastodon/|pleroma|akkoma|misskey|sharkey|firefish|calckey|iceshrimp|gotosocial|friendica|lemmy/|pixelfed",
    r"peertube|hubzilla|summaly|synapse|iframely|embedly|opengraph|unfurl|(?:link|url|web|site)[ _-]?preview",
)

_CRAWLER = _any_of(
    # One product token and nothing else ("okhttp/4.12.0", "node", "Mozilla/5.0"): no browser is that terse.
    r"^[\w.+-]+(?:/[\w.+-]+)?$",
    # HTTP libraries and tools.
    r"^(?:curl|wget|python|java|ruby|php|perl|go|node|dart|lua|deno|bun|rust|dalvik|wordpress)\b",
    r"urllib|requests/|aiohttp|httpx|go-http-client|okhttp|axios|undici|\bgot\b|libwww|lwp::|libcurl|guzzle|reqwest",
    r"apache-http|httpclient|http_request|winhttp|powershell|cfnetwork|postman|insomnia|httpie|scrapy|jakarta",
    # Browsers without a person.
    r"headless|phantomjs|slimerjs|puppeteer|playwright|selenium|webdriver|lighthouse|pagespeed|gtmetrix|prerender",
    # Monitors and scanners.
    r"monitor|uptime|pingdom|statuscake|site24x7|datadog|newrelic|checkly|nagios|zabbix|check_http|updown\.io",
    r"hetrixtools|freshping|catchpoint|dynatrace|synthetic|(?:link|site|url)[ _-]?check|validator|netcraft|nmap",
    r"masscan|zgrab|censys|expanse|nuclei|nessus|qualys|nikto|sqlmap|virustotal|internetmeasurement",
    # Crawlers that don't call themselves bot, crawler or spider.
    r"slurp|ia_archiver|archive\.org|httrack|heritrix|nutch|mediapartners|apis-google|googleother|feedfetcher",
    r"google-(?:read|site|inspection|safety|extended)|chatgpt-user|claude-user|perplexity-user|anthropic-ai|cohere-ai",
    r"meta-externalagent|facebookexternalua|baidu[ -]?(?:spider|render)|barracuda|proofpoint|mimecast",
    # The general words. CUBOT makes phones.
    r"(?<!cu)bots?(?![a-z])|\bbot|crawl|spider|scrape|fetch(?:er|or)?\b|harvest|archiver",
    # A way to reach whoever runs it, or "compatible" without the two browsers that said so.
    r"\+\s?https?:|mailto:|[\w.]@[\w-]+\.[a-z]|^mozilla/\d\.0 \(compatible;(?! ?(?:msie|konqueror))",
)


def classify(facts: RequestFacts) -> Reason | None:
    """The reason to set the request aside; None when it is a person's hit."""
    if facts.method.upper() in ("HEAD", "OPTIONS"):
        return Reason.HEAD
    if _is_prefetch(facts.headers):
        return Reason.PREFETCH
    return _by_agent(facts.user_agent)


@lru_cache(maxsize=8192)
def _by_agent(user_agent: str) -> Reason | None:
    agent = user_agent.strip()
    if agent == _DISCORD_IMAGE_PROXY or _PREVIEW.search(agent):
        return Reason.PREVIEW
    if not agent or _CRAWLER.search(agent):
        return Reason.CRAWLER
    return None


def _is_prefetch(headers: Mapping[str, str]) -> bool:
    if headers.get("sec-purpose", "").strip().lower().startswith("prefetch"):
        return True
    older = ("purpose", "x-purpose", "x-moz")
    return any(headers.get(name, "").strip().lower() in ("prefetch", "preview") for name in older)
