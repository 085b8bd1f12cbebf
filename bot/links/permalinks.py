"""What a post's own address on its platform tells: which platform, which kind of post, and the platform's id of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

from bot.links.hosts import leads_to_denied
from storage.records import Post

MAX_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class Permalink:
    """What an address tells; `kind` is None and `platform_id` empty where it does not say."""

    platform: str
    kind: str | None
    platform_id: str = ""


_HOSTS: dict[str, str] = {
    "instagram.com": "instagram",
    "instagr.am": "instagram",
    "facebook.com": "facebook",
    "fb.watch": "fb.watch",
    "x.com": "x",
    "twitter.com": "x",
    "youtube.com": "youtube",
    "youtu.be": "youtu.be",
    "tiktok.com": "tiktok",
    "linkedin.com": "linkedin",
    "twitch.tv": "twitch",
    "clips.twitch.tv": "clips.twitch.tv",
    "bsky.app": "bluesky",
    "threads.net": "threads",
    "threads.com": "threads",
    "reddit.com": "reddit",
    "redd.it": "redd.it",
    "discord.com": "discord",
    "discordapp.com": "discord",
}
_PREFIXES = ("www.", "m.", "mobile.", "web.", "old.", "new.", "np.", "music.", "ptb.", "canary.")
_PLATFORM_OF = {"fb.watch": "facebook", "youtu.be": "youtube", "clips.twitch.tv": "twitch", "redd.it": "reddit"}

_NAME = r"[\w.%~-]+"
# Host's key -> (path, kind); a group is the platform's id of the post.
_PATHS: dict[str, tuple[tuple[str, str], ...]] = {
    "instagram": (
        (rf"(?:/{_NAME})?/p/([\w-]+)", "post"),
        (rf"(?:/{_NAME})?/reels?/([\w-]+)", "reel"),
        (rf"(?:/{_NAME})?/tv/([\w-]+)", "video"),
        (rf"/stories/{_NAME}/(\d+)", "story"),
    ),
    "facebook": (
        (rf"/{_NAME}/posts/(?:{_NAME}/)?(\w+)", "post"),
        (rf"/groups/{_NAME}/(?:posts|permalink)/(\d+)", "post"),
        (rf"/{_NAME}/videos/(?:{_NAME}/)?(\d+)", "video"),
        (r"/reel/(\d+)", "reel"),
        (rf"/stories/\d+/({_NAME})", "story"),
    ),
    "fb.watch": ((r"/([\w-]+)", "video"),),
    "x": (
        (r"/(?:\w+|i/web)/status(?:es)?/(\d+)(?:/(?:photo|video)/\d)?", "post"),
        (r"/i/spaces/(\w+)", "live"),
    ),
    "youtube": (
        (r"/shorts/([\w-]{11})", "short"),
        (r"/live/([\w-]{11})", "live"),
        (r"/embed/([\w-]{11})", "video"),
        (r"/post/([\w-]+)", "post"),
    ),
    "youtu.be": ((r"/([\w-]{11})", "video"),),
    "tiktok": (
        (rf"/@{_NAME}/video/(\d+)", "video"),
        (rf"/@{_NAME}/photo/(\d+)", "post"),
        (rf"/@{_NAME}/(live)", "live"),
    ),
    "linkedin": (
        (rf"/posts/{_NAME}-(\d{{15,20}})-{_NAME}", "post"),
        (r"/feed/update/urn:li:(?:activity|share|ugcPost):(\d+)", "post"),
        (r"/pulse/([\w%-]+)", "post"),
    ),
    "twitch": ((r"/videos/(\d+)", "video"), (r"/\w+/clip/([\w-]+)", "video")),
    "clips.twitch.tv": ((r"/([\w-]+)", "video"),),
    "bluesky": ((r"/profile/[\w.:-]+/post/(\w+)", "post"),),
    "threads": ((rf"/@{_NAME}/post/([\w-]+)", "post"), (r"/t/([\w-]+)", "post")),
    "reddit": ((rf"(?:/(?:r|user|u)/{_NAME})?/comments/(\w+)(?:/{_NAME}){{0,2}}", "post"),),
    "redd.it": ((r"/(\w+)", "post"),),
    "discord": ((r"/channels/\d+/\d+/(\d+)", "message"),),
}
# Host's key -> path -> (what names the id in the query, kind).
_QUERIES: dict[str, dict[str, tuple[str, str]]] = {
    "youtube": {"/watch": ("v", "video")},
    "facebook": {
        "/watch": ("v", "video"),
        "/permalink.php": ("story_fbid", "post"),
        "/story.php": ("story_fbid", "post"),
        "/photo": ("fbid", "post"),
        "/photo.php": ("fbid", "post"),
    },
}

_PLAIN = re.compile(
    r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)+)(/[\w@%~.+-]*(?:/[\w@%~.+-]*)*)?(?:\?([\w=&%.+-]*))?", re.ASCII
)
"""Addresses as they mostly are: taking these apart oneself takes a fifth of the time."""


def read_permalink(text: str) -> Permalink | None:
    """What an http(s) address tells of a post; None for one of no platform that is known.

    The host must be a platform's own, to the letter: `instagram.com.evil.example` tells nothing.
    """
    address = text.strip()[:MAX_LENGTH]
    if match := _PLAIN.fullmatch(address):
        host, path, query = match[1], match[2] or "", match[3] or ""
    else:
        try:
            parts = urlsplit(address)
            host, port = (parts.hostname or "").removesuffix("."), parts.port
        except ValueError:
            return None
        if parts.scheme not in ("http", "https") or port not in (None, 80, 443) or parts.username is not None:
            return None
        path, query = parts.path, parts.query
    path = path.rstrip("/")
    if host.endswith(".substack.com") and (match := re.fullmatch(r"/p/([\w-]+)", path)):
        return Permalink("newsletter", "post", match[1])
    if host in ("vm.tiktok.com", "vt.tiktok.com"):  # short links, which tell nothing but the platform
        return Permalink("tiktok", None)
    key = _HOSTS.get(host) or next(
        (
            _HOSTS[host[len(prefix) :]]
            for prefix in _PREFIXES
            if host.startswith(prefix) and host[len(prefix) :] in _HOSTS
        ),
        None,
    )
    if key is None:
        return None
    platform = _PLATFORM_OF.get(key, key)
    for pattern, kind in _PATHS[key]:
        if match := re.fullmatch(pattern, path, re.ASCII):
            return Permalink(platform, kind, "" if match[1] == "live" else match[1])
    if (named := _QUERIES.get(key, {}).get(path)) is not None:
        name, kind = named
        found = parse_qs(query).get(name, [""])[0]
        if re.fullmatch(r"[\w-]{1,100}", found, re.ASCII):
            return Permalink(platform, kind, found)
    return Permalink(platform, None)


def without_denied(post: Post, denied_domains: tuple[str, ...]) -> Post:
    """The post as it may be shown: a permalink may have been kept before its domain was denied."""
    return replace(post, permalink="") if leads_to_denied(post.permalink, denied_domains) else post
