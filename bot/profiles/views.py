"""Page views under way: what each page's links were already reported as, so that nothing counts twice."""

from __future__ import annotations

import datetime as dt
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.profiles import tokens
from bot.profiles.tokens import Arrival, PageView
from storage import meta
from storage.database import Database

_KEY = "profile_key"
REMEMBERED = 100_000
"""Page views under way at most."""
VIEWABLE_AFTER = dt.timedelta(seconds=1)
"""Nothing was in view for a second before that."""
DELAYS = (0, 2, 5, 10, 30, 60, 300)
"""Seconds at which the classes of times to click begin."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The tokens of a page that was sent: its own, and those of its links in order."""

    view: str
    clicks: tuple[str, ...]


@dataclass(slots=True)
class _Counted:
    """Bits by position."""

    shown: int = 0
    clicked: int = 0
    browser: int = 0
    """Whose click came first."""


def delay_of(after: dt.timedelta) -> str:
    """The class of a time to click, by the seconds at which it begins."""
    return str(max((start for start in DELAYS if start <= after.total_seconds()), default=0))


class Views:
    """Signs page views and remembers them, the latest `REMEMBERED`. One that it does not remember reports nothing.

    So a beacon that is sent again counts nothing, after a restart too.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._key: bytes | None = None
        self._views: OrderedDict[int, _Counted] = OrderedDict()

    async def key(self) -> bytes:
        """The secret that tokens are signed with."""
        if self._key is None:
            self._key = await self._db.write(lambda conn: meta.secret(conn, _KEY))
        return self._key

    async def open(self, guild_id: int, profile_id: int, link_ids: Sequence[int], now: dt.datetime) -> Opened:
        """A new view of a page with these links."""
        key = await self.key()
        at = now.replace(microsecond=now.microsecond // 1000 * 1000)
        view = PageView(secrets.randbits(63), at, guild_id, profile_id, tuple(link_ids))
        self._views[view.id] = _Counted()
        while len(self._views) > REMEMBERED:
            self._views.popitem(last=False)
        clicks = (tokens.sign_click(key, view, position) for position in range(1, len(link_ids) + 1))
        return Opened(tokens.sign_view(key, view), tuple(clicks))

    async def read(self, token: str, now: dt.datetime) -> PageView | None:
        """The view that a token stands for; None where it counts nothing."""
        view = tokens.read_view(await self.key(), token, now)
        return view if view is not None and view.id in self._views else None

    async def arrival(self, token: str, guild_id: int, link_id: int, browser: int, now: dt.datetime) -> Arrival | None:
        """Where on which page the click came from; None for what is no token of ours, or has expired.

        None too for who clicks a link again that another `browser` clicked: they were handed a copied address.
        """
        arrival = tokens.read_click(await self.key(), token, guild_id, link_id, now)
        known = None if arrival is None else self._views.get(arrival.view_id)
        if arrival is None or known is None:
            return arrival
        return None if known.clicked >> arrival.position & 1 and known.browser != browser else arrival

    def note_click(self, arrival: Arrival, browser: int) -> bool:
        """Remember that it is counted; True when the link was not reported as seen before, and now is."""
        known = self._views.get(arrival.view_id)
        if known is None:
            return False
        known.clicked |= 1 << arrival.position
        known.browser = known.browser or browser
        return bool(self.note_shown(arrival.view_id, [arrival.position]))

    def note_shown(self, view_id: int, positions: Iterable[int]) -> list[int]:
        """Remember that links of a view are reported as shown; gives those that were not before."""
        known = self._views[view_id]
        fresh = [position for position in dict.fromkeys(positions) if not known.shown >> position & 1]
        for position in fresh:
            known.shown |= 1 << position
        return fresh
