"""Whose preview it was: the family of an unfurler, for the audit. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

OTHER = "other"

_FAMILIES = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("Discord", r"discordbot|Intel Mac OS X 10\.10; rv:38\.0"),
        ("X", r"twitterbot"),
        ("Slack", r"slackbot|slack-imgproxy"),
        ("Telegram", r"telegrambot"),
        ("WhatsApp", r"whatsapp"),
        ("Facebook", r"facebookexternalhit|facebot|facebookcatalog|meta-external"),
        ("LinkedIn", r"linkedinbot"),
        ("Bluesky", r"cardyb|bluesky"),
        ("Mastodon", r"mastodon|pleroma|akkoma|misskey|sharkey|firefish|gotosocial|friendica|pixelfed|lemmy"),
        ("Reddit", r"redditbot"),
        ("Pinterest", r"pinterest"),
        ("Microsoft", r"skypeuripreview|microsoftpreview|bingpreview"),
        ("Google", r"google"),
    )
)


@lru_cache(maxsize=1024)
def family_of(user_agent: str) -> str:
    """The family's name, `OTHER` for one that is not known by name."""
    return next((name for name, pattern in _FAMILIES if pattern.search(user_agent)), OTHER)
