"""Whose preview it was: the family of an unfurler, for the audit. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

OTHER = "other"

_FAMILIES = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("Discord", r"discordbot|Intel Mac OS X 10\.10; rv:38\.0"),
        ("Telegram", r"telegrambot"),
        ("Apple Messages", r"facebookexternalhit\S* facebot twitterbot"),
        ("LINE", r"line-poker"),
        ("KakaoTalk", r"kakaotalk-scrap"),
        ("WhatsApp", r"^whatsapp/"),
        ("Viber", r"^viber"),
        ("Snapchat", r"snap url preview|snapchat"),
        ("Slack", r"slackbot|slack-imgproxy"),
        ("LinkedIn", r"linkedinbot"),
        ("Reddit", r"redditbot"),
        ("Pinterest", r"pinterest"),
        ("Tumblr", r"^tumblr/"),
        ("VK", r"vkshare"),
        ("Bluesky", r"cardyb|bluesky"),
        (
            "Mastodon",
            r"mastodon|pleroma|akkoma|misskey|sharkey|firefish|calckey|iceshrimp|gotosocial|friendica|pixelfed|lemmy"
            r"|peertube|hubzilla|summaly",
        ),
        ("Matrix", r"synapse"),
        ("Mattermost", r"mattermost"),
        ("Rocket.Chat", r"rocket\.chat"),
        ("GroupMe", r"groupmebot"),
        ("Flipboard", r"flipboard"),
        ("Iframely", r"iframely"),
        ("Embedly", r"embedly"),
        ("Microsoft", r"skypeuripreview|microsoftpreview|bingpreview"),
        ("X", r"twitterbot"),
        ("Facebook", r"facebookexternalhit|facebot|facebookcatalog|meta-external"),
        ("Google", r"google"),
    )
)
"""From the most specific name to the one that others carry: "TelegramBot (like TwitterBot)" is no X, and Apple's
Messages says Facebook's and X's names in one."""


FAMILIES = tuple(name for name, _pattern in _FAMILIES)


@lru_cache(maxsize=1024)
def family_of(user_agent: str) -> str:
    """The family's name, `OTHER` for one that is not known by name."""
    return next((name for name, pattern in _FAMILIES if pattern.search(user_agent)), OTHER)
