"""From a public name to what it leads to, and from a request for it to a counted hit; redirects and pixels share it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from bot.clock import Clock
from bot.insights.audience import CROWD, OPTED_OUT
from bot.insights.periods import local_day
from bot.links.hosts import leads_to_denied
from bot.links.owner import OwnerTokens
from bot.profiles.views import Views, delay_of
from bot.tracking.audience import OTHER, device_of, is_known, source_of
from bot.tracking.countries import CountryOf, nowhere
from bot.tracking.hits import Reason, RequestFacts, classify
from bot.tracking.limits import Distinct
from bot.tracking.networks import REPEAT_SECONDS, Networks, network_and_browser
from bot.tracking.recorder import Recorder
from bot.tracking.remembered import Remembered
from bot.tracking.unfurlers import family_of
from bot.tracking.visitors import Visitors
from storage import addresses, counts, links, meta, profiles, servers
from storage.changes import Changes
from storage.database import Database, Lane
from storage.hits import BY_VISITOR, QUARTER, bucket_of
from storage.ids import Ids
from storage.records import BARE, PROFILE, Address, Hit, Kind, Link, SetAside, State, plain

_ANSWERED = (State.ACTIVE, State.ARCHIVED)
_LinkKey = tuple[int, int]
"""guild_id, link_id."""
_Quarter = tuple[dt.datetime, dt.datetime, dt.date]
"""From when until when it is which day with a server."""


SOURCES = 100
"""Different hosts without a name of their own that are told apart for a link and day."""
SOURCES_HELD = 50_000
"""Likewise for all links and days at once."""

READY_SECONDS = 2.0
"""How long a hit may wait for the disk before somebody should look after it."""

CACHE_SIZE = 10_000
CACHE_SECONDS = 30.0

UNKNOWN_PROXY = "unknown_proxy_seen_at"
"""Where `storage.meta` keeps when a forwarded header was last not believed."""

log = structlog.get_logger(__name__)


class Outcome(Enum):
    """What became of a request."""

    ON_DISK = auto()
    LATE = auto()
    """Not on disk yet, or dropped, or never: no promise is made."""
    SET_ASIDE = auto()
    OVER = auto()
    """The link's last click went to somebody else; this one gets what an unknown address answers."""


@plain
class Mark:
    """What a request is counted as, for one link."""

    link_id: int
    kind: Kind
    position: str = ""
    delay: str = ""


@dataclass(frozen=True, slots=True)
class LinkView:
    """Where an address leads and whose it is, for those who look before they click."""

    address: str
    title: str
    destination: str
    host: str
    creator: str
    """The name on the creator's published profile, and its handle; empty without one."""
    handle: str


@plain
class Visit:
    """A request as the edge hands it over. `client` is the visitor's address: hashed or forgotten, never kept.

    `network` is what of it limits and visitors go by.
    """

    facts: RequestFacts
    client: str
    network: str
    host: str
    via: str = ""
    """The token of a profile page's link, when it came through one."""
    test: str = ""
    """The token of a test address, when it was one."""


class Tracker:
    """Looks names up and counts what is asked for. `denied_domains` are lower-case, with everything below them.

    `country_of` gives the country of a client's address, "" where it does not know.
    """

    def __init__(
        self,
        *,
        db: Database,
        recorder: Recorder,
        visitors: Visitors,
        clock: Clock,
        ids: Ids,
        owner_tokens: OwnerTokens,
        views: Views,
        denied_domains: tuple[str, ...] = (),
        repeat_seconds: float = REPEAT_SECONDS,
        country_of: CountryOf = nowhere,
        crawlers: tuple[re.Pattern[str], ...] = (),
    ) -> None:
        self._db = db
        self._recorder = recorder
        self._visitors = visitors
        self._clock = clock
        self._ids = ids
        self._owner_tokens = owner_tokens
        self._views = views
        self._denied_domains = denied_domains
        self._country_of = country_of
        self._crawlers = crawlers
        self._networks = Networks(repeat_seconds, recorder.note_shared)
        self._sources = Distinct(SOURCES, SOURCES_HELD)
        self._addresses: Remembered[str, Address | None] = Remembered(db, CACHE_SIZE)
        self._days: Remembered[int, _Quarter] = Remembered(db, CACHE_SIZE)
        self._written: Remembered[_LinkKey, int] = Remembered(db, CACHE_SIZE)
        self._clicks: dict[_LinkKey, int] = {}
        """Clicks of links that have a limit, those under way too."""
        self._stale_at = 0.0
        db.listen(self._forget)

    async def check(self) -> None:
        """Raises when the database can't be read."""
        async with self._db.read(Lane.PAGES) as conn:
            await addresses.get(conn, "")

    async def is_ready(self) -> bool:
        """Whether hits get on disk: not when one has been waiting for it longer than `READY_SECONDS`."""
        await self.check()
        return self._recorder.waiting_seconds <= READY_SECONDS

    def _forget(self, changes: Changes) -> None:
        """Read again what a write changed, and nothing else: others' visitors notice none of it."""
        self._addresses.forget(changes.addresses)
        self._days.forget(changes.guild_ids)

    def _age(self) -> None:
        """Read everything again after `CACHE_SECONDS`: another process may write to the database too."""
        now = self._clock.monotonic()
        if now >= self._stale_at:
            self._stale_at = now + CACHE_SECONDS
            for remembered in (self._addresses, self._days, self._written):
                remembered.age()

    async def _day(self, guild_id: int, now: dt.datetime) -> dt.date:
        """The server's local day, worked out once for each quarter hour: no zone's day begins within one."""
        self._age()
        quarter = self._days.fresh.get(guild_id)
        if quarter is None or not quarter[0] <= now < quarter[1]:
            self._days.forget([guild_id])
            quarter = await self._days.get(guild_id, lambda conn: _quarter(conn, guild_id, now))
        return quarter[2]

    async def resolve(self, text: str) -> Address | None:
        """The tracked address of that name, in any case; None for what is unknown, deleted, over, or denied."""
        name = text.lower()
        self._age()
        remembered = self._addresses.fresh
        if name in remembered:  # as nearly always: without a coroutine
            address = remembered[name]
        else:
            address = await self._addresses.get(name, lambda conn: self._allowed(conn, name))
        if address is None or address.link_id is None or address.state not in _ANSWERED:
            return None
        expires_at, max_clicks = address.expires_at, address.max_clicks
        if (expires_at is not None or max_clicks is not None) and (
            await self._is_over(address.guild_id, address.link_id, expires_at, max_clicks)
        ):
            return None
        return address

    async def _allowed(self, conn: AsyncConnection, name: str) -> Address | None:
        """The address of a name, but for one that leads to a denied domain: looked at once, and not for each hit."""
        address = await addresses.get(conn, name)
        if address is None or (
            address.link_id is not None and leads_to_denied(address.destination, self._denied_domains)
        ):
            return None
        return address

    async def _is_over(
        self, guild_id: int, link_id: int, expires_at: dt.datetime | None, max_clicks: int | None
    ) -> bool:
        """Whether a link's time has passed, or its clicks are used up.

        Within one process no click is missed; those that another process counts are seen within `CACHE_SECONDS`.
        """
        if expires_at is not None and self._clock.now() >= expires_at:
            return True
        if max_clicks is None:
            return False
        key = (guild_id, link_id)
        written = await self._written.get(key, lambda conn: counts.clicks_of_link(conn, guild_id, link_id))
        self._clicks[key] = max(written, self._clicks.get(key, 0))
        return self._clicks[key] >= max_clicks

    def track(self, address: Address, kind: Kind, visit: Visit) -> Awaitable[Outcome]:
        """Count a request for an address from `resolve`, or set it aside; returns when it is on disk, or late.

        Never raises: whoever asked gets an answer, counted or not.
        """
        assert address.link_id is not None
        place_id = address.post_id or BARE
        return self.count(
            address.guild_id, [Mark(address.link_id, kind)], place_id, visit, max_clicks=address.max_clicks
        )

    async def look(self, text: str) -> LinkView | None:
        """What is behind a tracked address, without counting; None where it leads nowhere.

        A private link tells its destination, as a click would, but neither its title nor whose it is.
        """
        address = await self.resolve(text)
        if address is None or address.link_id is None:
            return None
        async with self._db.read(Lane.PAGES) as conn:
            link = await links.get(conn, address.guild_id, address.link_id)
            profile = await profiles.get(conn, address.guild_id, address.creator_id)
        if link is None:
            return None
        shown = profile is not None and profile.published and not profile.taken_down and not link.private
        return LinkView(
            address=address.address,
            title="" if link.private else link.title,
            destination=address.destination,
            host=_host(address.destination).removeprefix("www."),
            creator=(profile.name or profile.handle) if profile is not None and shown else "",
            handle=profile.handle if profile is not None and shown else "",
        )

    def is_person(self, visit: Visit) -> bool:
        """Whether what a page reports is a person's, by what the request says of itself."""
        return classify(visit.facts, self._crawlers, opens=False) is None

    async def is_open(self, link: Link) -> bool:
        """Whether a link may be shown: it has not ended, and leads to no denied domain."""
        if leads_to_denied(link.destination, self._denied_domains):
            return False
        return not await self._is_over(link.guild_id, link.id, link.expires_at, link.max_clicks)

    async def note_unknown_proxy(self) -> None:
        """Remember for `check` that a forwarded header came from a peer that is no configured proxy."""
        now = self._clock.now().isoformat()
        await self._db.write(lambda conn: meta.put(conn, UNKNOWN_PROXY, now))

    async def count(
        self,
        guild_id: int,
        marks: Sequence[Mark],
        place_id: int,
        visit: Visit,
        *,
        max_clicks: int | None = None,
        reported: bool = False,
    ) -> Outcome:
        """Count a request, or set it aside; like `track` otherwise.

        A click that came from a page view was seen there: it is an impression too, where that was not reported before.
        What is `reported` of a page view that was counted has had its browser's pace.
        """
        try:
            now, seconds = self._clock.now(), self._clock.monotonic()
            day = await self._day(guild_id, now)
            link_ids, kind, agent = [mark.link_id for mark in marks], marks[0].kind, visit.facts.user_agent
            reason = classify(visit.facts, self._crawlers, opens=kind in BY_VISITOR)
            if reason is None and not reported and visit.test and await self._is_own(guild_id, link_ids, visit.test):
                reason = Reason.OWNER
            if reason is not None:
                return self._set_aside(guild_id, link_ids, place_id, day, reason, agent)
            visitor = arrival = None
            network, browser = network_and_browser(visit.network, agent)
            if kind in BY_VISITOR:  # nothing is made of an impression's visitor
                visitor = await self._visitors.visitor(guild_id, day, visit.facts, visit.network, visit.host)
            if kind is Kind.CLICK:
                if visit.via and place_id == BARE:
                    arrival = await self._views.arrival(visit.via, guild_id, link_ids[0], browser, now)
                if arrival is not None:
                    place_id = PROFILE
                    marks = [Mark(link_ids[0], kind, str(arrival.position), delay_of(arrival.after))]
                if max_clicks is not None and self._clicks[guild_id, link_ids[0]] >= max_clicks:
                    return Outcome.OVER  # others were faster since it was resolved
            counting: list[Mark] = []
            is_alike = False
            for mark in marks:
                about = (network, browser, guild_id, mark.link_id, place_id, kind, day, max_clicks, reported, seconds)
                reason, is_alike = self._networks.judge(*about)
                if reason is None:
                    counting.append(mark)
                else:
                    self._set_aside(guild_id, [mark.link_id], place_id, day, reason)
            if not counting:
                return Outcome.SET_ASIDE
            if kind is Kind.CLICK and max_clicks is not None:
                self._clicks[guild_id, link_ids[0]] += 1
            if arrival is not None and self._views.note_click(arrival, browser):
                counting.append(Mark(link_ids[0], Kind.VIEWABLE, counting[0].position))
            country, device = self._country_of(visit.client), device_of(agent)
            source = source_of(agent, visit.facts.headers.get("referer", ""), visit.host)
            anonymity = ""
            if kind in BY_VISITOR:
                anonymity = OPTED_OUT if visitor is None else CROWD if is_alike else ""
            counted = []
            for mark in counting:
                is_told = is_known(source) or self._sources.allows((guild_id, mark.link_id, day), source)
                told = source if is_told else OTHER
                who, why = (visitor, anonymity) if mark.kind is kind else (None, "")
                about = (who, country, device, told, mark.position, mark.delay, why)
                counted.append(Hit(guild_id, self._ids.new(), mark.link_id, place_id, mark.kind, now, day, *about))
            return Outcome.ON_DISK if await self._recorder.count(*counted) else Outcome.LATE
        except Exception:
            log.exception("A request was answered but could not be counted")
            return Outcome.LATE

    def _set_aside(
        self, guild_id: int, link_ids: Sequence[int], place_id: int, day: dt.date, reason: Reason, agent: str = ""
    ) -> Outcome:
        family = family_of(agent) if reason is Reason.PREVIEW else ""
        for link_id in link_ids:
            self._recorder.set_aside(SetAside(guild_id, link_id, place_id, day, reason, family))
        return Outcome.SET_ASIDE

    async def _is_own(self, guild_id: int, link_ids: Sequence[int], test: str) -> bool:
        """Whether the creator tries one of the links out."""
        return any([await self._owner_tokens.fits(guild_id, link_id, test) for link_id in link_ids])


async def _quarter(conn: AsyncConnection, guild_id: int, now: dt.datetime) -> _Quarter:
    begin = bucket_of(now)
    return begin, begin + QUARTER, local_day(now, (await servers.get(conn, guild_id)).timezone)


def _host(destination: str) -> str:
    return URL(destination).host or ""
