"""Slugs and handles: what a public name may look like, and names made up when none is given."""

from __future__ import annotations

import re
import secrets

from bot.errors import InvalidError
from bot.inputs.text import shorten
from bot.texts import _

# fmt: off
RESERVED = frozenset((
    "about", "abuse", "admin", "api", "app", "assets", "favicon", "flag", "health", "healthz", "help", "index",
    "legal", "login", "logout", "metrics", "privacy", "profile", "profiles", "ready", "readyz", "report", "reports",
    "robots", "settings", "setup", "sitemap", "static", "stats", "status", "support", "terms", "well-known", "www",
))
# fmt: on
"""Names that the web edge or people's trust needs."""

# fmt: off
_TRUSTED = RESERVED | {
    "account", "accounts", "administrator", "announcements", "billing", "bot", "discord", "everyone", "eyeballs",
    "giveaway", "here", "info", "mod", "moderator", "moderators", "mods", "news", "nitro", "official", "operator",
    "owner", "payment", "payments", "root", "safety", "security", "server", "staff", "system", "team", "the", "trust",
    "verification", "verified", "verify",
}
# fmt: on
"""Words that make a page speak for others than a creator."""
_SPEAKS_FOR_OTHERS = re.compile(rf"(?=.*[a-z])(?:{'|'.join(sorted(_TRUSTED, key=len, reverse=True))}|[-_\d])+")

# No vowels, so no words; no characters that are taken for each other.
_ALPHABET = "bcdfghjkmnpqrstvwxz23456789"
RANDOM_LENGTH = 8

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?\Z")


def random_slug() -> str:
    """An unguessable slug of `RANDOM_LENGTH` characters."""
    return "".join(secrets.choice(_ALPHABET) for _n in range(RANDOM_LENGTH))


def parse_slug(text: str, field: str = "name", least: int = 1, most: int = 64) -> str:
    """The slug of `least` to `most` characters in lower case; raises InvalidError for what can't be one."""
    slug = text.strip().lower()
    if slug in RESERVED or slug.split(".")[0] in RESERVED:
        raise InvalidError(
            _("{field}: “{value}” is reserved; choose another one.").format(field=field, value=shorten(text))
        )
    if not (least <= len(slug) <= most and _NAME.match(slug)):
        raise InvalidError(
            _(
                "{field}: “{value}” can't be used: take {least} to {most} of the letters a-z, digits, - and _, "
                "beginning and ending with a letter or digit."
            ).format(field=field, value=shorten(text), least=least, most=most)
        )
    return slug


def parse_handle(text: str) -> str:
    """A profile's handle in lower case, without the @; raises InvalidError for what can't be one."""
    return parse_slug(text.strip().removeprefix("@"), "handle", 2, 32)


def is_kept(handle: str) -> bool:
    """Whether a handle, as `parse_handle` gives it, is for nobody: all words of it speak for others than a creator.

    `discord-support` and `official2` are kept, `maya-official` is not.
    """
    return _SPEAKS_FOR_OTHERS.fullmatch(handle) is not None
