"""The platforms a post can stand on and the kinds of post, with the short codes of their addresses."""

from __future__ import annotations

from bot.errors import InvalidError
from bot.texts import _

PLATFORMS: dict[str, tuple[str, str]] = {
    "instagram": ("Instagram", "ig"),
    "facebook": ("Facebook", "fb"),
    "x": ("X", "x"),
    "youtube": ("YouTube", "yt"),
    "tiktok": ("TikTok", "tt"),
    "linkedin": ("LinkedIn", "li"),
    "twitch": ("Twitch", "tw"),
    "bluesky": ("Bluesky", "bs"),
    "threads": ("Threads", "th"),
    "reddit": ("Reddit", "rd"),
    "discord": ("Discord", "dc"),
    "newsletter": ("Newsletter", "nl"),
    "blog": ("Blog", "bl"),
    "qr": ("QR", "qr"),
    "other": ("Other", "p"),
}
"""Key -> (the platform's own name, the code its addresses begin with)."""

KINDS = ("post", "story", "reel", "short", "video", "ad", "live", "message", "code")


def parse_platform(text: str) -> str:
    key = text.strip().lower()
    if key not in PLATFORMS:
        names = ", ".join(name for name, _code in PLATFORMS.values())
        raise InvalidError(_("“{value}” is not a platform; choose one of {names}.").format(value=text, names=names))
    return key


def parse_kind(text: str) -> str:
    key = text.strip().lower()
    if key not in KINDS:
        raise InvalidError(
            _("“{value}” is not a kind of post; choose one of {names}.").format(value=text, names=", ".join(KINDS))
        )
    return key


def describe_many(platform: str, kind: str) -> str:
    """How people say it of several: "Instagram stories"."""
    many = {"story": _("stories"), "live": _("live streams")}.get(kind, f"{kind}s")
    return f"{PLATFORMS[platform][0]} {many}"


def describe(platform: str, kind: str) -> str:
    """How people say it: "Instagram story"."""
    return f"{PLATFORMS[platform][0]} {kind}"
