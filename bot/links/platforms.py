"""The platforms a post can stand on and the kinds of post, with the short codes of their addresses."""

from __future__ import annotations

from bot.errors import InvalidError
from bot.inputs.text import shorten
from bot.links.permalinks import read_permalink
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

TELLING = frozenset(PLATFORMS) - {"bluesky", "blog", "discord", "other"}
"""Those that show the author of a post how often it was seen."""

KINDS = ("post", "story", "reel", "short", "video", "ad", "live", "message", "code")


def parse_platform(text: str) -> str:
    key = text.strip().lower()
    if key not in PLATFORMS:
        names = ", ".join(name for name, _code in PLATFORMS.values())
        raise InvalidError(
            _("“{value}” is not a platform; choose one of {names}.").format(value=shorten(text), names=names)
        )
    return key


def parse_kind(text: str) -> str:
    key = text.strip().lower()
    if key not in KINDS:
        raise InvalidError(
            _("“{value}” is not a kind of post; choose one of {names}.").format(
                value=shorten(text), names=", ".join(KINDS)
            )
        )
    return key


def resolve(platform: str | None, kind: str | None, permalink: str) -> tuple[str, str, str]:
    """Platform, kind and the platform's id of a post from what was said and what its permalink tells.

    Raises InvalidError where neither says one of the first two, or where the two disagree on the platform.
    """
    told = read_permalink(permalink) if permalink else None
    said = None if platform is None else parse_platform(platform)
    if told is not None and said is not None and said != told.platform:
        raise InvalidError(
            _("permalink: “{value}” leads to {there}, and platform says {said}; correct one of the two.").format(
                value=shorten(permalink), there=PLATFORMS[told.platform][0], said=PLATFORMS[said][0]
            )
        )
    found = said or (told.platform if told else None)
    what = parse_kind(kind) if kind is not None else (told.kind if told else None)
    if found is None:
        raise InvalidError(_("platform: choose one, or give a permalink that tells it, such as a YouTube address."))
    if what is None:
        raise InvalidError(_("kind: choose what kind of post it is, or give a permalink that tells it."))
    return found, what, told.platform_id if told else ""


def describe_many(platform: str, kind: str) -> str:
    """How people say it of several: "Instagram stories"."""
    many = {"story": _("stories"), "live": _("live streams")}.get(kind, f"{kind}s")
    return f"{PLATFORMS[platform][0]} {many}"


def describe(platform: str, kind: str) -> str:
    """How people say it: "Instagram story"."""
    return f"{PLATFORMS[platform][0]} {kind}"
