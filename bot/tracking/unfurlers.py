"""Whose preview it was: the family of an unfurler, for the audit. Pure."""

from __future__ import annotations

from bot.tracking.memo import LONGEST, Memo

OTHER = "other"

_FAMILIES = {
    "Discord": ("discordbot", "intel mac os x 10.10; rv:38.0"),
    "Telegram": ("telegrambot",),
    "Apple Messages": (" facebot twitterbot",),
    "LINE": ("line-poker",),
    "KakaoTalk": ("kakaotalk-scrap",),
    "WhatsApp": ("^whatsapp/",),
    "Viber": ("^viber",),
    "Snapchat": ("snap url preview", "snapchat"),
    "Slack": ("slackbot", "slack-imgproxy"),
    "LinkedIn": ("linkedinbot",),
    "Reddit": ("redditbot",),
    "Pinterest": ("pinterest",),
    "Tumblr": ("^tumblr/",),
    "VK": ("vkshare",),
    "Bluesky": ("cardyb", "bluesky"),
    "Mastodon": (
        *("mastodon", "pleroma", "akkoma", "misskey", "sharkey", "firefish", "calckey", "iceshrimp", "gotosocial"),
        *("friendica", "pixelfed", "lemmy", "peertube", "hubzilla", "summaly"),
    ),
    "Matrix": ("synapse", "conduwuit", "continuwuity", "tuwunel"),
    "OK": ("odklbot",),
    "Nextcloud": ("nextcloud",),
    "Notion": ("notionembedder",),
    "Revolt": ("revoltchat",),
    "Mattermost": ("mattermost",),
    "Rocket.Chat": ("rocket.chat",),
    "GroupMe": ("groupmebot",),
    "Flipboard": ("flipboard",),
    "Iframely": ("iframely",),
    "Embedly": ("embedly",),
    "Microsoft": ("skypeuripreview", "microsoftpreview", "bingpreview"),
    "X": ("twitterbot",),
    "Facebook": ("facebookexternalhit", "facebot", "facebookcatalog", "meta-external"),
    "Google": ("google",),
}
"""From the most specific name to the one that others carry: "TelegramBot (like TwitterBot)" is no X, and Apple's
Messages says Facebook's and X's names in one."""


FAMILIES = tuple(_FAMILIES)


def family_of(user_agent: str) -> str:
    """The family's name, `OTHER` for one that is not known by name."""
    return _known[user_agent[:LONGEST]]


def _family(user_agent: str) -> str:
    agent = f"^{user_agent.lower()}"  # so that "^viber" is what begins with it
    return next((name for name, words in _FAMILIES.items() if any(word in agent for word in words)), OTHER)


_known = Memo(_family)
