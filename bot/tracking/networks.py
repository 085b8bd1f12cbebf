"""What one browser and one network may add to the numbers: in memory only, under keyed hashes, with time handed in.

A network is an IPv4 address or an IPv6 /64 (`bot.web.client_address.network_of`). That is all that somebody who changes
user agents or addresses at will can't change.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple

from bot.tracking.hits import Reason
from bot.tracking.limits import Aging, Buckets, Crowds, Pace, Repeats, Tally, keyed_hash
from storage.records import Kind

REPEAT_SECONDS = 30.0
"""A browser's next click on an address sooner than that is a double press."""
BURST, PER_SECOND = 30, 0.5
"""Requests of one browser that count at once, and on average: no person is faster."""
CROWD, CROWD_SECONDS = 4, 600.0
"""Different browsers that make their network a crowd, and within which time. There, people can't be told apart by their
browsers, which are alike: neither repeats nor a browser's pace are looked at, and the network's pace holds."""
SEVERAL = 6
"""Different browsers of one day from which on a network's visitors are likely to be more than its browsers: a household
has fewer, an office or a carrier more, though seldom within ten minutes."""
PACE, PACE_SECONDS = 300, 120.0
"""What one network may add to a link's clicks, to its impressions and to a profile's views, and within which time."""
HOURLY_BURST, HOURLY_PER_SECOND = 560, 0.4
"""Likewise within an hour: the burst and 3,600 times the average make 2,000."""
SHARE, LEAST_SHARE = 5, 5
"""The part of a link's `max_clicks` that one network may use, as a divisor, and what it may use at least."""
SHARE_SECONDS = 7 * 86_400.0
"""How long it is remembered what a network used of a limited link, from its last use on."""
SHARED = 50
"""Clicks of a link and day from one network from which on their number is kept."""
SHARED_SECONDS = 86_400.0
"""How long a network is remembered, and its clicks on a link are added up."""


class Verdict(NamedTuple):
    """The reason to set a person's hit aside, None to count it; and whether others may have looked alike that day."""

    reason: Reason | None
    alike: bool


_COUNTED, _ALIKE, _REPEAT = Verdict(None, False), Verdict(None, True), Verdict(Reason.REPEAT, False)
_THROTTLED = Verdict(Reason.THROTTLED, False)

_Request = tuple[int, int, int, int, Kind, dt.date, int | None, bool, float]
"""What `Networks.judge` is given of a request, but for the network."""


class Networks:
    """Remembers what browsers and networks did lately.

    Most networks are seen once: of those the request is all that is kept, and it is entered everywhere only when the
    next one comes. `note_shared` is told how many clicks of a link and day came from one network, from `SHARED` on.
    """

    def __init__(self, repeat_seconds: float, note_shared: Callable[[int, int, dt.date, int], None]) -> None:
        self._note_shared = note_shared
        self._seen: Aging[_Request | bool] = Aging(SHARED_SECONDS)
        """By network: its only request; True once there were more."""
        self._crowds = Crowds(CROWD, CROWD_SECONDS)
        self._repeats = Repeats(repeat_seconds)
        self._browser_pace = Buckets(BURST, PER_SECOND)
        self._pace = Pace(PACE, PACE_SECONDS, HOURLY_BURST, HOURLY_PER_SECOND)
        self._shares = Tally(SHARE_SECONDS)
        self._clicks = Tally(SHARED_SECONDS)
        self._browsers: Aging[int] = Aging(SHARED_SECONDS)

    def judge(
        self,
        network: int,
        browser: int,
        guild_id: int,
        link_id: int,
        place_id: int,
        kind: Kind,
        day: dt.date,
        max_clicks: int | None,
        reported: bool,
        now: float,
    ) -> Verdict:
        """Whether a person's hit counts, by what its browser and network did before.

        `browser` stands for the user agent within the network, `now` is in seconds of a clock that never goes back. A
        page view's hits that are `reported` have had its pace.
        """
        request = (browser, guild_id, link_id, place_id, kind, day, max_clicks, reported, now)
        seen = self._seen.get(network, now)
        if seen is None:
            self._seen.put(network, request, now)
            return _COUNTED
        self._seen.put(network, True, now)
        if not isinstance(seen, bool):
            self._enter(network, *seen)
        return self._enter(network, *request)

    def _enter(
        self,
        network: int,
        browser: int,
        guild_id: int,
        link_id: int,
        place_id: int,
        kind: Kind,
        day: dt.date,
        max_clicks: int | None,
        reported: bool,
        now: float,
    ) -> Verdict:
        is_click = kind is Kind.CLICK
        if not self._crowds.is_crowd(network, browser, now):
            if not (reported or self._browser_pace.take(browser, now)):
                return _THROTTLED
            if is_click and self._repeats.is_repeat(hash((browser, guild_id, link_id, place_id)), now):
                return _REPEAT
        key = hash((network, guild_id, link_id))
        if not self._pace.take(hash((key, is_click)), now):
            return _THROTTLED
        if is_click:
            if max_clicks is not None:
                if self._shares.of(key, now) >= max(max_clicks // SHARE, LEAST_SHARE):
                    return _THROTTLED
                self._shares.add(key, now)
            clicks = self._clicks.add(hash((key, day)), now)
            if clicks >= SHARED:
                self._note_shared(guild_id, link_id, day, clicks)
        return _ALIKE if self._several(hash((network, day)), browser, now) else _COUNTED

    def _several(self, network_day: int, browser: int, now: float) -> bool:
        """Whether `SEVERAL` browsers or more came from the network that day: of each a bit is kept, one of 64."""
        bits = (self._browsers.get(network_day, now) or 0) | 1 << (browser & 63)
        self._browsers.put(network_day, bits, now)
        return bits.bit_count() >= SEVERAL


def network_and_browser(network: str, user_agent: str) -> tuple[int, int]:
    """What `Networks` knows them as."""
    hashed = keyed_hash(network)
    return hashed, hash((hashed, user_agent))
