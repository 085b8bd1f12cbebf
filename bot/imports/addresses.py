"""A post's own address on its platform: one form for all the ways to write it, and what the platform calls the post."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import parse_qs, urlsplit

MAX_LENGTH = 2048

HOSTS = {
    "instagram": ("instagram.com",),
    "facebook": ("facebook.com", "fb.watch", "fb.com"),
    "x": ("x.com", "twitter.com"),
    "youtube": ("youtube.com", "youtu.be"),
    "tiktok": ("tiktok.com",),
    "linkedin": ("linkedin.com",),
}
_PREFIX = re.compile(r"^(?:www|m|mobile|web|de|fr|es)\.")
_IDS = {
    "instagram": re.compile(r"/(?:p|reels?|tv)/([\w-]{5,})|/stories/[\w.]+/(\d{5,})"),
    "facebook": re.compile(r"/(?:reel|posts|videos|permalink)/(?:[^/?]+/)?(pfbid\w+|\d{5,})"),
    "x": re.compile(r"/status(?:es)?/(\d{5,20})"),
    "youtube": re.compile(r"/(?:shorts|live|embed|v)/([\w-]{11})"),
    "tiktok": re.compile(r"/(?:video|photo)/(\d{5,20})"),
    "linkedin": re.compile(r"(?:activity|ugcPost|share)[:-](\d{15,20})"),
}
_X_EPOCH = 1_288_834_974_657
"""Milliseconds since 1970 at which X's ids begin."""


def clean(platform: str, text: str) -> str:
    """The address when it is a web address on the platform; else nothing: files can hold anything."""
    link = text.strip()
    if not link or len(link) > MAX_LENGTH or any(ord(char) < 33 or char in '<>"\\`' for char in link):
        return ""
    host = _host(link if "://" in link else f"https://{link}")
    if not any(host == known or host.endswith("." + known) for known in HOSTS.get(platform, ())):
        return ""
    return link if "://" in link else f"https://{link}"


def post_id(platform: str, link: str) -> str:
    """What the platform calls the post, as far as its address says so."""
    found = _IDS.get(platform)
    if not link or found is None:
        return ""
    parts = urlsplit(link)
    if match := found.search(parts.path.replace("%3A", ":").replace("%3a", ":")):
        return next(group for group in match.groups() if group)
    if platform == "youtube":
        if parts.hostname and parts.hostname.endswith("youtu.be"):
            return parts.path.strip("/")
        return parse_qs(parts.query).get("v", [""])[0]
    if platform == "facebook":
        query = parse_qs(parts.query)
        return query.get("story_fbid", query.get("fbid", query.get("v", [""])))[0]
    return ""


def key(platform: str, link: str) -> str:
    """Two addresses of one post have the same key; empty for no address."""
    if not link:
        return ""
    if found := post_id(platform, link):
        return f"{platform}:{found}"
    parts = urlsplit(link)
    return f"{_host(link)}{parts.path.rstrip('/')}"


def made_at(platform: str, id_: str) -> dt.datetime | None:
    """When a post was made, where the platform's ids tell: X and LinkedIn in their upper bits, TikTok too."""
    if not id_.isdecimal() or not 15 <= len(id_) <= 20:
        return None
    number = int(id_)
    match platform:
        case "x":
            milliseconds = (number >> 22) + _X_EPOCH
        case "tiktok":
            milliseconds = (number >> 32) * 1000
        case "linkedin":
            milliseconds = number >> 22
        case _:
            return None
    try:
        return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _host(link: str) -> str:
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:
        return ""
    return _PREFIX.sub("", host.lower())
