"""Where a person's hit comes from, as far as the request says: the kind of device, and the app or host. Pure."""

from __future__ import annotations

import re

from bot.insights.audience import DIRECT
from bot.tracking.memo import LONGEST, Memo

PHONE, TABLET, DESKTOP, TV, OTHER = "phone", "tablet", "desktop", "tv", "other"
"""Kinds of devices; `TV` takes game consoles in. A current iPad poses as a Mac, so that tablets are few."""

_TV = (
    *(
        "smarttv",
        "smart-tv",
        "smart tv",
        "appletv",
        "apple tv",
        "googletv",
        "google tv",
        "hbbtv",
        "android tv",
        "bravia",
    ),
    *("; aft", "crkey", "roku", "web0s", "playstation", "xbox", "nintendo"),
)
_TABLET = ("ipad", "tablet", "playbook", "kindle")
_PHONE = ("mobi", "iphone", "ipod", "windows phone", "opera mini", "midp", "symbian", "blackberry")
_DESKTOP = ("windows", "macintosh", "x11", "cros", "linux")

# Apps open links in browsers of their own, which say so in the user agent.
_APPS = {
    "Instagram ": "Instagram",
    "Barcelona ": "Threads",
    "FBAN/": "Facebook",
    "FBAV/": "Facebook",
    "FB_IAB": "Facebook",
    "musical_ly": "TikTok",
    "trill_": "TikTok",
    "BytedanceWebview": "TikTok",
    "Snapchat/": "Snapchat",
    "[Pinterest/": "Pinterest",
    "LinkedInApp": "LinkedIn",
    "Twitter for ": "X",
    "TwitterAndroid": "X",
    "Reddit/": "Reddit",
    " discord/": "Discord",
    " Discord/": "Discord",
    "Telegram-": "Telegram",
    " Line/": "LINE",
    "MicroMessenger/": "WeChat",
    "KAKAOTALK": "KakaoTalk",
    " Slack/": "Slack",
    " GSA/": "Google app",
}

# The same places by the host that a referrer names, and everything below it; link wrappers count as who wraps.
_HOSTS = {
    "instagram.com": "Instagram",
    "threads.net": "Threads",
    "threads.com": "Threads",
    "facebook.com": "Facebook",
    "messenger.com": "Facebook",
    "tiktok.com": "TikTok",
    "snapchat.com": "Snapchat",
    "pinterest.com": "Pinterest",
    "linkedin.com": "LinkedIn",
    "lnkd.in": "LinkedIn",
    "t.co": "X",
    "x.com": "X",
    "twitter.com": "X",
    "reddit.com": "Reddit",
    "discord.com": "Discord",
    "discordapp.com": "Discord",
    "com.discord": "Discord",
    "t.me": "Telegram",
    "telegram.org": "Telegram",
    "org.telegram.messenger": "Telegram",
    "youtube.com": "YouTube",
    "twitch.tv": "Twitch",
    "bsky.app": "Bluesky",
    "whatsapp.com": "WhatsApp",
    "google.com": "Google",
    "bing.com": "Bing",
    "duckduckgo.com": "DuckDuckGo",
    "com.google.android.gm": "Gmail",
    "com.google.android.googlequicksearchbox": "Google app",
}
_AUTHORITY = re.compile(
    r"[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?([a-z0-9.-]+)(?::\d*)?(?:[/?#]|$)", re.IGNORECASE | re.ASCII
)
_KNOWN = frozenset((DIRECT, *_APPS.values(), *_HOSTS.values()))
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
_GOOGLE = re.compile(r"google\.[a-z]{2,3}(?:\.[a-z]{2})?")


def device_of(user_agent: str) -> str:
    """The kind of device that a browser's user agent names."""
    return _devices[user_agent[:LONGEST]]


def source_of(user_agent: str, referrer: str, own_host: str) -> str:
    """The app whose browser it is, else the host of the referrer, else `DIRECT`.

    "Instagram" for its app and for links from its site; "news.example" for a host without a name of its own. A
    referrer that is our own page, or can't be read, says nothing.
    """
    if app := _apps[user_agent[:LONGEST]]:
        return app
    if not referrer:
        return DIRECT
    host = host_of(referrer)
    return DIRECT if host == own_host.partition(":")[0] else _places[host]


def host_of(referrer: str) -> str:
    """The host that a referrer names, without "www."; empty where none can be read."""
    found = _AUTHORITY.match(referrer[:LONGEST])
    host = found[1].lower().removeprefix("www.").rstrip(".") if found else ""
    return host if _HOST.fullmatch(host) else ""


def _device(user_agent: str) -> str:
    agent = user_agent.lower()
    if _has(agent, _TV):
        return TV
    if _has(agent, _TABLET):
        return TABLET
    if _has(agent, _PHONE):
        return PHONE
    if "android" in agent:  # without "Mobile" it is a tablet's
        return TABLET
    return DESKTOP if _has(agent, _DESKTOP) else OTHER


def _has(agent: str, words: tuple[str, ...]) -> bool:
    return any(word in agent for word in words)


def is_known(source: str) -> bool:
    """Whether a source has a name of its own here: of these there are few, and nobody makes them up."""
    return source in _KNOWN


def _app(user_agent: str) -> str:
    return next((name for mark, name in _APPS.items() if mark in user_agent), "")


def _place(host: str) -> str:
    labels = host.split(".") if host else []
    for n in range(len(labels)):
        above = ".".join(labels[n:])
        if above in _HOSTS:
            return _HOSTS[above]
        if _GOOGLE.fullmatch(above):
            return "Google"
    return host or DIRECT


_devices, _apps, _places = Memo(_device), Memo(_app), Memo(_place)
