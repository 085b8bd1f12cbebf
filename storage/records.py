"""The nouns of Eyeballs as frozen values that every floor may use. Instants are aware UTC datetimes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar, dataclass_transform

T = TypeVar("T")

BARE = 0
"""The place of a hit on a link's own address, `/summer`."""
PROFILE = 1
"""The place of a hit that came through the creator's profile page."""


@dataclass_transform(frozen_default=True)
def plain(cls: type[T]) -> type[T]:
    """A dataclass that is frozen for type checkers alone: at run time that takes five times as long to make, of which
    there is one for each hit, and thousands in the answer to one question."""
    return dataclass(slots=True, unsafe_hash=True)(cls)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list."""

    items: Sequence[T]
    number: int
    """The first one is 0."""
    pages: int
    """How many there are: at least one."""
    count: int
    """Of all items."""

    @classmethod
    def of(cls, items: Sequence[T], before: int, count: int, size: int) -> Page[T]:
        """The page that begins behind so many of all items; those before it need not fill whole pages."""
        number = -(-before // size)
        return cls(items, number, max(1, number - (before - count) // size), count)

    @classmethod
    def cut(cls, items: Sequence[T], number: int, size: int) -> Page[T]:
        """The page of a whole list that has the number, or the last one."""
        before = min(number, max(0, len(items) - 1) // size) * size
        return cls.of(items[before : before + size], before, len(items), size)


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a page of a list that has the newest first meets the next one: the item that it ends or begins with."""

    id: int
    newer: bool
    """Whether the page with what is newer is meant, or the one with what is older."""


class Service(StrEnum):
    """Where links or history can be brought from."""

    SHLINK = "shlink"
    BITLY = "bitly"
    DUB = "dub"
    KUTT = "kutt"
    EYEBALLS = "eyeballs"


ELSEWHERE = {16: Service.SHLINK, 17: Service.BITLY}
"""The places of hits that were counted elsewhere, before a link came here; ids of posts are far above."""


def is_post(place_id: int) -> bool:
    """Whether a place is a post, and not a link's own address, a profile page or history that was imported."""
    return place_id not in (BARE, PROFILE) and place_id not in ELSEWHERE


ALL_LINKS = 0
"""The link of the rollups' rows that sum up a whole server; no real link has this id."""


LINK_IN_BIO = frozenset(
    {("instagram", kind) for kind in ("post", "reel", "short", "video", "live")}
    | {("tiktok", kind) for kind in ("post", "story", "reel", "short", "video", "live")}
    | {("youtube", "short")}
)
"""Platforms and kinds of posts in which a link can't be pressed, so that people put it into their profile instead."""


IMPRESSIONS, VIEWS = "impressions", "views"
"""The metrics that count displays of a post. Views count repeats that impressions don't."""
VIEWED = frozenset({"instagram", "facebook", "threads", "tiktok", "youtube", "twitch"})
"""The platforms that call a display a view; the others call it an impression."""


def display_metric(platform: str) -> str:
    """What a platform calls one display of a post: `VIEWS` or `IMPRESSIONS`."""
    return VIEWS if platform in VIEWED else IMPRESSIONS


class State(StrEnum):
    """Where a link or a post stands in its life."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    """Redirects on and counts on, but leaves the lists."""
    DELETED = "deleted"
    """Answers as unknown; a name that anybody saw is never given out again."""


class Kind(StrEnum):
    """What a person's hit is counted as."""

    CLICK = "click"
    IMPRESSION = "impression"
    """Displayed: a pixel was loaded, or a page was, before its links were watched."""
    VIEWABLE = "viewable"
    """Half of a link on the profile page was in view for a second, or it was clicked."""
    VIEW = "view"
    """One display of a profile page as a whole; its link is the profile's id."""

    @property
    def metric(self) -> Kind:
        """What reports sum it up as: a viewable impression is an impression."""
        return Kind.IMPRESSION if self is Kind.VIEWABLE else self


class AddPolicy(StrEnum):
    """Who may add links; managers always may."""

    MANAGERS = "managers"
    CREATORS = "creators"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Server:
    """A Discord guild's settings; the defaults hold until `/setup` was used."""

    guild_id: int
    timezone: str = "UTC"
    first_weekday: int = 0
    """0 is Monday, as in `datetime.date.weekday`."""
    creator_role_id: int | None = None
    add_policy: AddPolicy = AddPolicy.CREATORS
    benchmarks: bool = False
    """Whether creators are told how their posts do among all of the server's."""
    is_set_up: bool = False


@plain
class Link:
    guild_id: int
    id: int
    creator_id: int
    slug: str
    destination: str
    created_by: int
    created_at: dt.datetime
    updated_at: dt.datetime
    title: str = ""
    tags: tuple[str, ...] = ()
    private: bool = False
    state: State = State.ACTIVE
    expires_at: dt.datetime | None = None
    """From when on it answers as unknown."""
    max_clicks: int | None = None
    """How many clicks it takes before it answers as unknown."""
    history_id: int = 0
    """The `History` that made it; 0 for one that was made here."""

    @property
    def label(self) -> str:
        """What people call it: the title, else the slug."""
        return self.title or self.slug


@plain
class Post:
    """One piece of content on a platform; `link_id` and `code` are None for one that carries no tracked link."""

    guild_id: int
    id: int
    creator_id: int
    link_id: int | None
    code: str | None
    platform: str
    kind: str
    created_by: int
    created_at: dt.datetime
    title: str = ""
    permalink: str = ""
    published_at: dt.datetime | None = None
    """When it went public; None where nobody said."""
    platform_id: str = ""
    """What its platform calls it, such as the shortcode of an Instagram post; empty where it is not known."""
    moved_at: dt.datetime | None = None
    """Since when it carries the link that it does; None for one that never carried another."""
    state: State = State.ACTIVE
    import_id: int = 0
    """The import that made it; 0 for one that was typed in."""

    @property
    def link_in_bio(self) -> bool:
        """Whether its link can't be pressed in it: it has no clicks of its own, only those of an address in the bio."""
        return (self.platform, self.kind) in LINK_IN_BIO

    @property
    def display_metric(self) -> str:
        """Its platform's own count of displays: `VIEWS` or `IMPRESSIONS`."""
        return display_metric(self.platform)

    @property
    def published(self) -> dt.datetime:
        """When its figures began to grow: when it was published, or was registered where nobody said."""
        return self.published_at or self.created_at


@dataclass(frozen=True, slots=True)
class Address:
    """What a public address leads to: `summer`, `summer/ig1` or `@maya`."""

    address: str
    guild_id: int
    creator_id: int
    link_id: int | None = None
    post_id: int | None = None
    destination: str = ""
    state: State = State.ACTIVE
    expires_at: dt.datetime | None = None
    """From when on it answers as unknown; of a handle that leads on to another, from when on it makes room."""
    max_clicks: int | None = None


@plain
class Hit:
    """A person's hit. `day` is the server's local date at `at`; `visitor` a salted hash, None under DNT or GPC."""

    guild_id: int
    id: int
    link_id: int
    place_id: int
    """`BARE`, `PROFILE`, the id of a post; of what was counted elsewhere, one of `ELSEWHERE`."""
    kind: Kind
    at: dt.datetime
    day: dt.date
    visitor: int | None = None
    country: str = ""
    """ISO 3166-1 alpha-2; empty where it is not known."""
    device: str = "other"
    source: str = "direct"
    """The host or app that it came from."""
    position: str = ""
    """Which link of the profile page it was, from "1" on; empty elsewhere."""
    delay: str = ""
    """Of a click on the profile page: seconds since the page was sent, as the lower end of a class."""
    anonymity: str = ""
    """Why its visitor can't be told from others (`bot.insights.audience`); empty where that can be done."""


@dataclass(frozen=True, slots=True)
class Salt:
    """What makes a server's visitors of one local day hashes."""

    guild_id: int
    day: dt.date
    value: bytes
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class SetAside:
    """A request that was not counted, and why."""

    guild_id: int
    link_id: int
    place_id: int
    day: dt.date
    reason: str
    agent: str = ""
    """Whose preview it was; empty for all other reasons."""


@plain
class SharedCount:
    """How many of a link's clicks of a day came from the one network that most came from."""

    day: dt.date
    link_id: int
    shared: int
    clicks: int


@plain
class AsideCount:
    """How many requests were set aside under a reason."""

    reason: str
    agent: str
    count: int


@plain
class DroppedCount:
    """How many hits are missing from the quarter hour that begins at `bucket`."""

    link_id: int
    bucket: dt.datetime
    count: int


class Dimension(StrEnum):
    """What is known of where people's hits come from."""

    COUNTRY = "country"
    DEVICE = "device"
    SOURCE = "source"
    POSITION = "position"
    """Where on the profile page."""
    DELAY = "delay"
    """How long after the profile page was sent it was clicked."""
    ANONYMITY = "anonymity"
    """Why its visitor can't be told from others."""


PlaceKey = tuple[int, int, str]
"""Link id, place id, and a `Kind`'s value."""
PlaceCounts = Mapping[PlaceKey, int]
"""How many hits of a kind each place of a link got: plain, for a large server has thousands."""


@plain
class AudienceCount:
    """How many hits of a kind had a value in a dimension."""

    dimension: Dimension
    value: str
    kind: Kind
    count: int


@plain
class DayCount:
    """How many hits of a kind there were on a local day."""

    day: dt.date
    kind: Kind
    count: int


@plain
class LinkDayCount:
    """How many hits of a kind a link got on a local day."""

    link_id: int
    day: dt.date
    kind: Kind
    count: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time, half-open, in which a server's clocks keep one distance from UTC."""

    start: dt.datetime
    end: dt.datetime
    offset: dt.timedelta


@plain
class Figure:
    """A snapshot of a post's lifetime total as the platform told it; what was spent on it is in minor units."""

    guild_id: int
    id: int
    post_id: int
    metric: str
    value: int
    as_of: dt.datetime
    entered_by: int
    entered_at: dt.datetime
    currency: str = ""
    """ISO 4217, of what was spent; empty for every other metric."""
    import_id: int = 0
    """The import that brought it; 0 for one that was typed in."""


class ImportState(StrEnum):
    PREVIEWED = "previewed"
    """Read, and waiting for a yes."""
    STAGING = "staging"
    """Its rows are being written; nobody sees them yet."""
    APPLIED = "applied"
    UNDOING = "undoing"
    """Nobody sees its rows any more; they are being deleted."""
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Import:
    """A platform's export that somebody attached: as of when its totals are, and how far it has come."""

    guild_id: int
    id: int
    creator_id: int
    """Whose the posts are that it makes."""
    created_by: int
    created_at: dt.datetime
    name: str
    platform: str
    as_of: dt.datetime
    state: ImportState = ImportState.PREVIEWED
    last_id: int = 0
    new_posts: int = 0
    figures: int = 0


@dataclass(frozen=True, slots=True)
class Fill:
    """What an import knows of a post that was there and lacked it; what it had is empty here."""

    post_id: int
    permalink: str = ""
    platform_id: str = ""
    published_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What happened on a day, to be drawn on charts; `creator_id` is None for one that is the whole server's."""

    guild_id: int
    id: int
    creator_id: int | None
    link_id: int | None
    """The only link whose charts it is drawn on; None for all of its creator's."""
    day: dt.date
    text: str
    created_by: int
    created_at: dt.datetime
    state: State = State.ACTIVE


class Cadence(StrEnum):
    """How often a digest comes."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Quiet(StrEnum):
    """What comes of a period in which nothing was counted."""

    LINE = "line"
    """One honest line."""
    SKIP = "skip"


class DigestState(StrEnum):
    ACTIVE = "active"
    OFF = "off"
    PAUSED = "paused"
    """Discord refused; `reason` says why. Every run tries again."""
    LEFT = "left"
    """The bot is no longer in the server."""


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest: whose numbers, where and when they are posted. Exactly one of `channel_id` and `user_id` is given."""

    guild_id: int
    id: int
    channel_id: int | None
    user_id: int | None
    """Whose own it is, by direct message."""
    cadence: Cadence
    weekday: int
    """Of a weekly one; 0 is Monday."""
    minute: int
    """From local midnight; a monthly one comes on the first of the month."""
    tag: str
    """Only links with this tag; "" for all."""
    role_id: int | None
    """Only links of creators with this role."""
    quiet: Quiet
    state: DigestState
    next_run_at: dt.datetime
    """When the tick looks at it next."""
    created_by: int
    reason: str = ""
    failure: str = ""
    """Why it can't be posted, as a value; "" while it can."""


class RunState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DigestRun:
    """The claim on one (server, digest, period): whoever turns it to `sending` may send, nobody else."""

    guild_id: int
    digest_id: int
    period_start: dt.date
    state: RunState
    attempts: int = 0
    first_attempt_at: dt.datetime | None = None
    lease_until: dt.datetime | None = None
    message_id: int | None = None
    finished_at: dt.datetime | None = None
    reason: str = ""
    failure: str = ""
    """How the last attempt failed, as a value."""


SERVER_TARGET = 0
"""The `user_id` of the alerts that go to a server's channel; no member has this id."""
NEVER = 0
"""The message of an alert that is not to be told: it was there before, or nobody wants it any more."""


class AlertKind(StrEnum):
    MILESTONE = "milestones"
    SPIKE = "spikes"
    DROP = "drops"
    DEAD = "dead_links"


class AlertState(StrEnum):
    ACTIVE = "active"
    OFF = "off"
    PAUSED = "paused"
    """Discord refused; `reason` says why. It is tried again every day."""
    LEFT = "left"
    """The bot is no longer in the server."""


@dataclass(frozen=True, slots=True)
class AlertTarget:
    """Who is told: a server in a channel (`SERVER_TARGET`), or a creator by direct message."""

    guild_id: int
    user_id: int
    channel_id: int | None = None
    kinds: frozenset[AlertKind] = frozenset(AlertKind)
    quiet_from: int | None = None
    """Minutes since local midnight; from then up to `quiet_until` alerts wait. None for never."""
    quiet_until: int | None = None
    state: AlertState = AlertState.ACTIVE
    reason: str = ""
    failure: str = ""
    """Why nothing can be told, as a value; "" while it can."""
    try_at: dt.datetime | None = None
    """When something is told again, to see whether it can be; of a paused target."""
    created_by: int = 0
    """Who set it up last; 0 where that was not kept yet."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that happened, for one target; `key` says what, so that it is told once."""

    guild_id: int
    user_id: int
    key: str
    kind: AlertKind
    link_id: int | None
    creator_id: int
    facts: Mapping[str, Any]
    made_at: dt.datetime
    message_id: int | None = None
    """The message that tells it; None while it waits, `NEVER`."""


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """A message with one alert or more; as with a digest's run, only who claims it may send it."""

    guild_id: int
    id: int
    user_id: int
    state: RunState
    attempts: int
    first_attempt_at: dt.datetime
    lease_until: dt.datetime
    discord_id: int | None = None
    finished_at: dt.datetime | None = None
    reason: str = ""
    failure: str = ""
    """How the last attempt failed, as a value."""


class NoticeKind(StrEnum):
    TROUBLE = "trouble"
    """Something can't be posted."""
    FLAG = "flag"
    """Somebody flagged a public page."""
    HANDOVER = "handover"
    """A link changed hands; to the two whose it was and is."""
    PAGE = "page"
    """A page was taken down or brought back; to its creator."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What those who run a server, or a member, are told of; as with a digest's run, only who claims it may send it."""

    guild_id: int
    id: int
    kind: NoticeKind
    facts: Mapping[str, Any]
    """With `user_id`, where a member is told by direct message."""
    set_up_by: int
    """Who is told where managers have no channel of their own; 0 for the owner."""
    made_at: dt.datetime
    state: RunState = RunState.PENDING
    attempts: int = 0
    first_attempt_at: dt.datetime | None = None
    lease_until: dt.datetime | None = None
    message_id: int | None = None
    finished_at: dt.datetime | None = None
    reason: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class DestinationCheck:
    """How a link's destination answered when it was asked."""

    guild_id: int
    link_id: int
    destination: str
    checked_at: dt.datetime
    failures: int = 0
    """Checks in a row that found it gone."""
    failing_since: dt.datetime | None = None
    dead_at: dt.datetime | None = None
    back_at: dt.datetime | None = None
    """When it answered again; None while it is dead."""
    answer: str = ""

    @property
    def is_dead(self) -> bool:
        return self.dead_at is not None and self.back_at is None


@dataclass(frozen=True, slots=True)
class Profile:
    """A creator's public page."""

    guild_id: int
    creator_id: int
    handle: str
    name: str
    published: bool
    id: int
    """The link that views of the page are counted on."""
    line: str = ""
    """What the creator says of themselves."""
    theme: str = ""
    accent: str = ""
    """#rrggbb, or empty for the theme's own."""
    avatar: str = ""
    """The digest of the picture that is kept; empty without one."""
    taken_down: str = ""
    """Who took the page down for good, "server" or "operator"; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a creator chose for one link on their page; a link without an entry is off it."""

    guild_id: int
    creator_id: int
    link_id: int
    rank: int
    """Lower ones stand higher."""
    heading: str = ""
    pinned: bool = False
    hidden: bool = False
    shows_from: dt.datetime | None = None
    shows_until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """Somebody's sign that a public page is not as it should be; nothing is kept about who gave it."""

    guild_id: int
    id: int
    address: str
    """`@maya` or `summer`."""
    reason: str
    at: dt.datetime
    told_at: dt.datetime | None = None
    """When the server's managers were told."""


@dataclass(frozen=True, slots=True)
class History:
    """Links, and perhaps what was counted of them, on their way here from elsewhere; states as an import's.

    Its counts stand in the rollups under the writer `-id`: they have no events.
    """

    guild_id: int
    id: int
    creator_id: int
    """Whose the links are that it makes."""
    created_by: int
    created_at: dt.datetime
    service: Service
    account: str
    """Which of the service's: an address, a group, a file's name."""
    until: dt.datetime
    """What happened later is not part of it."""
    taken: str
    """What becomes of a link whose name is taken: keep, rename or skip."""
    state: ImportState = ImportState.PREVIEWED
    last_id: int = 0
    links: int = 0
    clicks: int = 0

    @property
    def writer_id(self) -> int:
        return -self.id


@dataclass(frozen=True, slots=True)
class BrandReport:
    """A frozen report, as it is kept; `state` is deleted once it was revoked."""

    guild_id: int
    id: int
    creator_id: int
    token: str
    content: str
    hash: str
    made_by: int
    made_at: dt.datetime
    expires_at: dt.datetime
    state: State = State.ACTIVE


@dataclass(frozen=True, slots=True)
class BrandViews:
    """How often people opened a report's page or one of its files, and how many requests were set aside."""

    people: int = 0
    aside: int = 0


@dataclass(frozen=True, slots=True)
class Deal:
    """What a creator promised a brand between two days, both inclusive; no links, posts and tags are all of theirs."""

    guild_id: int
    id: int
    creator_id: int
    brand: str
    metric: str
    """`impressions` or `clicks`."""
    promised: int
    first: dt.date
    last: dt.date
    made_at: dt.datetime
    link_ids: tuple[int, ...] = ()
    post_ids: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    fee: str = ""
    currency: str = ""
    ended: dt.date | None = None
    """The last day that counts, of a deal that was ended before its time."""
    state: State = State.ACTIVE

    @property
    def until(self) -> dt.date:
        """The last day that counts."""
        return self.last if self.ended is None else self.ended


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One place where the rollup and a recount of the events disagree."""

    table: str
    guild_id: int
    key: tuple[object, ...] = field(default=())
    rollup: int = 0
    events: int = 0
