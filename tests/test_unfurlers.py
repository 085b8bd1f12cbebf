"""Whose preview a request was: every family by what its program says, however many other names stand beside it."""

from __future__ import annotations

import pytest

from bot.tracking.hits import Reason, RequestFacts, classify
from bot.tracking.unfurlers import FAMILIES, OTHER, family_of

AGENTS = {
    "Discord": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Telegram": "TelegramBot (like TwitterBot)",
    "Apple Messages": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) "
    "Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "LINE": "facebookexternalhit/1.1;line-poker/1.0",
    "KakaoTalk": "facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984",
    "WhatsApp": "WhatsApp/2.23.20.0",
    "Viber": "Viber/13.3.0.5 CFNetwork/1220.1 Darwin/20.3.0",
    "Snapchat": "Snap URL Preview Service; bot; snapchat; https://developers.snap.com/robots",
    "Slack": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "LinkedIn": "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Reddit": "Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)",
    "Pinterest": "Mozilla/5.0 (compatible; Pinterestbot/1.0; +http://www.pinterest.com/bot.html)",
    "Tumblr": "Tumblr/14.0.835.186",
    "VK": "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)",
    "Bluesky": "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)",
    "Mastodon": "http.rb/5.1.1 (Mastodon/4.2.1; +https://social.example/) Bot",
    "Matrix": "Synapse (bot; +https://github.com/matrix-org/synapse)",
    "OK": "Mozilla/5.0 (compatible; OdklBot/1.0; +klass@odnoklassniki.ru)",
    "Nextcloud": "Nextcloud-Server-Crawler/31.0.1",
    "Notion": "NotionEmbedder",
    "Revolt": "Mozilla/5.0 (compatible; January/1.0; +https://github.com/revoltchat/january)",
    "Mattermost": "Mattermost-Bot/1.1",
    "Rocket.Chat": "Mozilla/5.0 (X11; Linux x86_64) Rocket.Chat/6.0.0",
    "GroupMe": "GroupMeBot/1.0",
    "Flipboard": "Mozilla/5.0 (compatible; FlipboardProxy/1.1; +http://flipboard.com/browserproxy)",
    "Iframely": "Iframely/1.3.1 (+https://iframely.com/docs/about)",
    "Embedly": "Mozilla/5.0 (compatible; Embedly/0.2; +http://support.embed.ly/)",
    "Microsoft": "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "X": "Twitterbot/1.0",
    "Facebook": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Google": "Mozilla/5.0 (compatible; Google-PageRenderer Google (+https://developers.google.com/+/web/snippet/))",
}
BORROWED = ("X", "Facebook", "Google")
"""Whose names others carry too."""


def test_every_family_has_an_agent_here() -> None:
    assert set(FAMILIES) == set(AGENTS)


@pytest.mark.parametrize(("family", "agent"), AGENTS.items())
def test_each_family_is_told_by_its_agent(family: str, agent: str) -> None:
    assert family_of(agent) == family
    assert classify(RequestFacts("GET", agent, {}), ()) is Reason.PREVIEW


@pytest.mark.parametrize(("family", "agent"), AGENTS.items())
def test_a_name_of_ones_own_says_more_than_a_borrowed_one(family: str, agent: str) -> None:
    if family not in BORROWED:
        for other in BORROWED:
            assert family_of(f"{agent} (like {AGENTS[other]})") == family


def test_what_is_not_known_by_name_is_other() -> None:
    assert family_of("Some-Preview/1.0") == OTHER
