"""What is read from what people type and paste: permalinks, several totals in a line, money, addresses in a message."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidError
from bot.impressions.metrics import METRICS, parse_rest
from bot.links.permalinks import Permalink, read_permalink
from bot.links.platforms import KINDS, PLATFORMS
from bot.links.twins import MOST, MOST_CHARACTERS, find_addresses, taken


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://www.instagram.com/p/C8abcDEf_12/?igsh=x", ("instagram", "post", "C8abcDEf_12")),
        ("https://instagram.com/maya/reel/C8abc/", ("instagram", "reel", "C8abc")),
        ("https://www.instagram.com/stories/maya.l/3401234567890/", ("instagram", "story", "3401234567890")),
        ("https://www.instagram.com/maya/", ("instagram", None, "")),
        ("https://www.facebook.com/page/posts/pfbid02abc", ("facebook", "post", "pfbid02abc")),
        ("https://www.facebook.com/watch/?v=123", ("facebook", "video", "123")),
        ("https://m.facebook.com/story.php?story_fbid=12&id=3", ("facebook", "post", "12")),
        ("https://fb.watch/abc-1/", ("facebook", "video", "abc-1")),
        ("https://x.com/maya/status/1790000000000000001?s=20", ("x", "post", "1790000000000000001")),
        ("https://mobile.twitter.com/maya/status/1790000000000000001/photo/1", ("x", "post", "1790000000000000001")),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=1s", ("youtube", "video", "dQw4w9WgXcQ")),
        ("https://youtu.be/dQw4w9WgXcQ?si=1", ("youtube", "video", "dQw4w9WgXcQ")),
        ("https://youtube.com/shorts/dQw4w9WgXcQ", ("youtube", "short", "dQw4w9WgXcQ")),
        ("https://youtube.com/live/dQw4w9WgXcQ", ("youtube", "live", "dQw4w9WgXcQ")),
        ("https://www.tiktok.com/@maya.l/video/7301234567890123456", ("tiktok", "video", "7301234567890123456")),
        ("https://vm.tiktok.com/ZMabc/", ("tiktok", None, "")),
        ("https://www.tiktok.com/@maya/live", ("tiktok", "live", "")),
        (
            "https://www.linkedin.com/posts/maya_launch-activity-7201234567890123456-AbCd",
            ("linkedin", "post", "7201234567890123456"),
        ),
        (
            "https://www.linkedin.com/feed/update/urn:li:activity:7201234567890123456/",
            ("linkedin", "post", "7201234567890123456"),
        ),
        ("https://www.twitch.tv/videos/2012345678", ("twitch", "video", "2012345678")),
        ("https://clips.twitch.tv/FunnyClip-abc", ("twitch", "video", "FunnyClip-abc")),
        ("https://bsky.app/profile/maya.example/post/3kabc", ("bluesky", "post", "3kabc")),
        ("https://www.threads.net/@maya/post/C8abc", ("threads", "post", "C8abc")),
        ("https://old.reddit.com/r/de/comments/1abcde/a_title/", ("reddit", "post", "1abcde")),
        ("https://discord.com/channels/1/2/3", ("discord", "message", "3")),
        ("https://maya.substack.com/p/issue-12", ("newsletter", "post", "issue-12")),
    ],
)
def test_permalinks_of_every_platform(address: str, told: tuple[str, str | None, str]) -> None:
    assert read_permalink(address) == Permalink(*told)


@pytest.mark.parametrize(
    "address",
    [
        "https://instagram.com.evil.example/reel/C8abc/",
        "https://evilinstagram.com/reel/C8abc/",
        "https://evil.example/instagram.com/reel/C8abc/",
        "https://instagram.com@evil.example/reel/C8abc/",
        "https://user@instagram.com/reel/C8abc/",
        "https://evil.instagram.com/reel/C8abc/",
        "https://instagram.com:8443/reel/C8abc/",
        "ftp://instagram.com/reel/C8abc/",
        "javascript:instagram.com/reel/C8abc",
        "https://substack.com.evil.example/p/x",
        "https://ınstagram.com/reel/C8abc/",
        "https://[::1/",
        "",
    ],
)
def test_hosts_are_held_to_the_letter(address: str) -> None:
    assert read_permalink(address) is None


@given(st.text(max_size=80) | st.from_regex(r"https?://(www\.|m\.)?[a-z.]{3,20}/[\w@/?=.:-]{0,60}", fullmatch=True))
def test_permalinks_are_read_or_not_but_never_fail(text: str) -> None:
    found = read_permalink(text)
    if "#" not in text:
        assert read_permalink(f"{text.strip()}#") == found, "the short way and the long way tell the same"
    if found is not None:
        assert found.platform in PLATFORMS
        assert found.kind is None or found.kind in KINDS
        assert len(found.platform_id) <= len(text)


_WRITTEN = (str, lambda n: f"{n:,}", lambda n: f"{n:,}".replace(",", "."), lambda n: f"{n:,}".replace(",", " "))


@given(
    st.dictionaries(st.sampled_from(METRICS), st.tuples(st.integers(0, 10**9), st.sampled_from(_WRITTEN))),
    st.sampled_from([", ", "; ", "\n", " , "]),
    st.booleans(),
)
def test_what_is_typed_in_a_line_is_what_is_kept(told: dict[str, tuple[int, object]], mark: str, first: bool) -> None:
    parts = [(name, write(n)) for name, (n, write) in told.items()]  # type: ignore[operator]
    text = mark.join(f"{name} {n}" if first else f"{n} {name}" for name, n in parts)
    assert parse_rest(text, "rest") == {name: n for name, (n, _write) in told.items()}


@given(st.text(max_size=60))
def test_a_line_is_read_or_refused_by_its_part(text: str) -> None:
    found: dict[str, int] | None = None
    with contextlib.suppress(InvalidError):
        found = parse_rest(text, "rest")
    if found is None:
        with pytest.raises(InvalidError, match=r"\Arest"):
            parse_rest(text, "rest")
    else:
        assert set(found) <= set(METRICS)
        assert all(n >= 0 for n in found.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("shares 12, foo 3", "“foo 3” names nothing that is kept"),
        ("shares twelve", "“shares twelve” is no number with its word"),
        ("shares 12, shares 3", "“shares 3” tells shares a second time"),
        ("reposts 12, 3 shares", "“3 shares” tells shares a second time"),
        ("shares 1.25", "rest, shares: “1.25” is not a whole number"),
        ("likes 3", "“likes 3” tells likes a second time"),
    ],
)
def test_errors_name_the_part(text: str, said: str) -> None:
    with pytest.raises(InvalidError, match=said.replace("(", r"\(")):
        parse_rest(text, "rest", taken=("likes",))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nothing at all, example.com", []),
        ("see https://a.example/x, and (https://b.example/y).", ["https://a.example/x", "https://b.example/y"]),
        ("<https://a.example/x> **https://b.example**", ["https://a.example/x", "https://b.example"]),
        ("[shop](https://a.example/x) twice https://a.example/x", ["https://a.example/x"]),
        ("https://a.example/w_(b)", ["https://a.example/w_(b)"]),
        ("[w](https://a.example/w_(b))!", ["https://a.example/w_(b)"]),
        ("HTTPS://A.example/X?", ["HTTPS://A.example/X"]),
        ("`https://a.example/code`", ["https://a.example/code"]),
        ("https:// http://", []),
        (
            "fonts: https://fonts.example/css?family=Roboto|Open+Sans",
            ["https://fonts.example/css?family=Roboto|Open+Sans"],
        ),
        (
            "||https://a.example/spoiler|| and ||see https://b.example/x.||",
            ["https://a.example/spoiler", "https://b.example/x"],
        ),
        ("{https://a.example/x} https://a.example/{id}/[y]^z", ["https://a.example/x", "https://a.example/{id}/[y]^z"]),
        ("[w](https://a.example/{b}|c) [https://a.example/d]", ["https://a.example/{b}|c", "https://a.example/d"]),
    ],
)
def test_addresses_in_a_message(text: str, found: list[str]) -> None:
    assert find_addresses(text) == found


@given(st.lists(st.from_regex(r"https://[a-z]{1,8}\.example/[a-z0-9]{0,40}", fullmatch=True), max_size=30))
def test_every_address_of_a_message_is_found_once(addresses: list[str]) -> None:
    assert find_addresses(", ".join(addresses)) == list(dict.fromkeys(addresses))


@given(st.text(max_size=300))
def test_any_message_may_be_looked_through(text: str) -> None:
    for address in find_addresses(text):
        assert address in text
        assert "`" not in address


def test_no_more_is_taken_than_fits() -> None:
    assert len(taken([f"https://a.example/{n}" for n in range(30)])) == MOST
    assert sum(map(len, taken([f"https://a.example/{n}/" + "x" * 900 for n in range(10)]))) <= MOST_CHARACTERS
