"""A post's own address on its platform: one form for all the ways to write it, and what the platform calls the post."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import parse_qs

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
_HOST = re.compile(r"https?://([\w.-]+)(?::\d+)?(?:[/?#]|\Z)", re.ASCII | re.IGNORECASE)
_FOREIGN = re.compile(r"[\x00-\x20\x7f<>\"\\`]")
"""What no address that is written properly holds."""
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
    if not link or len(link) > MAX_LENGTH or _FOREIGN.search(link):
        return ""
    link = link if "://" in link else f"https://{link}"
    host = _host(link)
    known = HOSTS.get(platform, ())
    return link if host in known or any(host.endswith(f".{one}") for one in known) else ""


def post_id(platform: str, link: str) -> str:
    """What the platform calls the post, as far as its address says so."""
    found = _IDS.get(platform)
    if not link or found is None:
        return ""
    path, _mark, query = link.partition("#")[0].partition("?")
    if match := found.search(path.replace("%3A", ":").replace("%3a", ":")):
        return match[match.lastindex or 0]
    if platform == "youtube":
        return path.rstrip("/").rpartition("/")[2] if "youtu.be/" in path else parse_qs(query).get("v", [""])[0]
    if platform == "facebook":
        values = parse_qs(query)
        return values.get("story_fbid", values.get("fbid", values.get("v", [""])))[0]
    return ""


def key(platform: str, link: str) -> str:
    """Two addresses of one post have the same key; empty for no address."""
    if not link:
        return ""
    if found := post_id(platform, link):
        return f"{platform}:{found}"
    return _host(link) + link.partition("#")[0].partition("?")[0].partition("://")[2].partition("/")[2].rstrip("/")


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
    match = _HOST.match(link)
    return "" if match is None else _PREFIX.sub("", match[1].lower())
