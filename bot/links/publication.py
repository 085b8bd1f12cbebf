"""When a post was published, as far as its platform's own id of it tells: many platforms build their ids from the time.

The id is given when the platform takes the post in. For a text that is the moment of its publication; a video's may be
minutes earlier, and one that was scheduled as early as it was uploaded.
"""

from __future__ import annotations

import datetime as dt
import re
import string
from collections.abc import Callable
from dataclasses import dataclass

_UNIX = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_ONE_DAY = dt.timedelta(days=1)

_BASE64URL = {
    letter: n for n, letter in enumerate(string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_")
}
_BASE32_SORTABLE = {letter: n for n, letter in enumerate("234567" + string.ascii_lowercase)}


@dataclass(frozen=True, slots=True)
class _Rule:
    """How a platform's ids tell the time."""

    form: re.Pattern[str]
    """An id that does; the group is the number."""
    number: Callable[[str], int]
    shift: int
    """Bits below the time."""
    microseconds: int
    """The unit of the time."""
    epoch: int
    """Milliseconds since 1970 at which it begins."""
    since: dt.datetime
    """When the first of these ids was given: what tells of a time before is no such id."""

    def moment(self, id_: str) -> dt.datetime | None:
        match = self.form.fullmatch(id_)
        if match is None:
            return None
        past = (self.number(match[1]) >> self.shift) * self.microseconds // 1000
        return _UNIX + dt.timedelta(milliseconds=self.epoch + past)


def _digits(table: dict[str, int]) -> Callable[[str], int]:
    def number(text: str) -> int:
        found = 0
        for letter in text:
            found = found * len(table) + table[letter]
        return found

    return number


def _at(year: int, month: int, day: int) -> dt.datetime:
    return dt.datetime(year, month, day, tzinfo=dt.UTC)


_DECIMAL = re.compile(r"(\d{15,20})", re.ASCII)
# A post of a private account has 28 letters more.
_SHORTCODE = re.compile(r"([\w-]{10,11})(?:[\w-]{28})?", re.ASCII)
_META_EPOCH = 1_314_220_021_721

_RULES: dict[str, tuple[_Rule, ...]] = {
    "x": (_Rule(_DECIMAL, int, 22, 1_000, 1_288_834_974_657, _at(2010, 11, 4)),),
    "discord": (_Rule(_DECIMAL, int, 22, 1_000, 1_420_070_400_000, _at(2015, 5, 13)),),
    "linkedin": (_Rule(_DECIMAL, int, 22, 1_000, 0, _at(2003, 5, 5)),),
    "tiktok": (_Rule(_DECIMAL, int, 32, 1_000_000, 0, _at(2016, 9, 20)),),
    "bluesky": (_Rule(re.compile("([2-7a-j][2-7a-z]{12})"), _digits(_BASE32_SORTABLE), 10, 1, 0, _at(2022, 11, 1)),),
    "threads": (_Rule(_SHORTCODE, _digits(_BASE64URL), 23, 1_000, _META_EPOCH, _at(2023, 7, 5)),),
    "instagram": (
        # A story's address has the number itself. Those of Meta's exports are of another kind, and have 17 digits.
        _Rule(re.compile(r"(\d{19})", re.ASCII), int, 23, 1_000, _META_EPOCH, _at(2016, 8, 2)),
        _Rule(_SHORTCODE, _digits(_BASE64URL), 23, 1_000, _META_EPOCH, _at(2011, 8, 25)),
    ),
}


def published_by_id(platform: str, platform_id: str, now: dt.datetime) -> dt.datetime | None:
    """When the post with a platform's id was published, to the millisecond; None where that doesn't tell.

    None too for a time before the platform gave such ids, or later than a day from now. Sources of the rules:

    - X: docs.x.com/resources/fundamentals/x-ids, with the epoch of Twitter's own Snowflake (twepoch in IdWorker.scala).
    - Discord: discord.com/developers/docs/reference#snowflakes.
    - Bluesky: atproto.com/specs/tid.
    - Instagram: "Sharding & IDs at Instagram" (instagram-engineering.com): 41 bits of time, 13 of a shard, 10 of a
      sequence; a shortcode is the same number in base64url, as yt-dlp's extractor and its dated tests have it.
    - Threads: its posts are media of Instagram's, with shortcodes of the same numbers.
    - TikTok: arxiv.org/abs/2504.13279: seconds in the upper 32 bits.
    - LinkedIn documents nothing; github.com/Ollie-Boyd/Linkedin-post-timestamp-extractor found milliseconds above the
      lowest 22 bits, and github.com/obsidianforensics/unfurl reads them so.
    """
    for rule in _RULES.get(platform, ()):
        found = rule.moment(platform_id)
        if found is not None and rule.since <= found <= now + _ONE_DAY:
            return found
    return None
