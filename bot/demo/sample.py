"""A believable server: three creators, thirteen links, ninety days of traffic; the same on every start of a day."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa
from yarl import URL

from bot.app import Application
from bot.clock import FixedClock
from bot.delivery.port import Port
from bot.digests import due
from bot.digests.contents import Contents
from bot.digests.service import Digests, Wish
from bot.impressions.service import Impressions
from bot.inputs.money import Money
from bot.insights.periods import day_start, local_day
from bot.links.access import Actor
from bot.links.owner import OwnerTokens
from bot.links.posts import Posts
from bot.links.service import Limits, Links
from bot.notes import Notes
from bot.profiles.service import Profiles
from bot.profiles.views import DELAYS, Views
from bot.servers import Servers
from bot.stats.service import Stats
from storage import digests as stored
from storage import hits
from storage.database import Database
from storage.ids import Ids
from storage.records import BARE, PROFILE, Digest, Hit, Kind, Link, Post, SetAside
from storage.seen import Seen

DAYS = 90
ZONE = "Europe/Berlin"
SEED = 2015
FEATURED = "summer"
"""The link that the demo points to."""
BATCH = 4000
DIGEST_MINUTE = 9 * 60
WEEKS = dt.timedelta(weeks=3)
"""Before the demo begins, a manager set the digest up."""
VIRAL_DAYS_AGO = 17
NEW_DAYS_AGO = 7
"""In the last week that is over, on whatever day the demo begins; its platform's numbers are not typed in yet."""
LAST_REPORT = 4
"""Days since the creators last read their platforms' totals."""
NOTES = (
    ("maya", 19, "Posted the teaser story", "summer"),
    ("maya", VIRAL_DAYS_AGO, "A fashion magazine shared it", "summer"),
    ("noor", 26, "Pre-order ad went live", ""),
    ("leo", 21, "Final minute went up", "speedrun"),
)
"""Who notes what of which day, and for which link alone."""
ON_PROFILE = ("maya", "noor")
LINES = {
    "maya": "Slow fashion, second-hand finds, one letter every Sunday.",
    "noor": "Food that is ready in half an hour.",
}
HEADINGS = {"newsletter": "Read along", "merch": "Shop", "vintage": "Shop"}
"""Of links on profile pages, by slug."""
POSITIONS = {
    **{"summer": "1", "autumn": "2", "merch": "3", "vintage": "4", "newsletter": "5"},
    **{"cookbook": "1", "recipes": "2"},
}
_DELAYS = (9, 22, 27, 24, 10, 6, 2)
"""How many of a hundred clicks come so long after the page."""

# What is set aside of a link in ninety days: reason, unfurler, at most how often.
_ASIDE = (
    ("preview", "Discord", 60),
    ("preview", "X", 25),
    ("preview", "WhatsApp", 12),
    ("crawler", "", 25),
    ("repeat", "", 80),
    ("head", "", 12),
    ("prefetch", "", 6),
)
# Monday to Sunday; people look more on Thursday evening and at the weekend.
_WEEKDAY = (0.85, 0.9, 0.95, 1.3, 1.1, 1.25, 1.05)
# By local hour, 0 to 23.
_HOUR = (2, 1, 1, 1, 1, 2, 4, 7, 9, 9, 9, 10, 12, 11, 10, 10, 11, 13, 16, 20, 22, 18, 11, 5)


# Who looks, with weights: countries, devices, and where those come from who come through no post of the link.
_COUNTRIES = (("DE", 46), ("AT", 12), ("CH", 9), ("US", 11), ("GB", 7), ("NL", 5), ("FR", 4), ("PL", 3), ("BR", 3))
_DEVICES = (("phone", 71), ("desktop", 24), ("tablet", 4), ("tv", 1))
_SOURCES = (
    ("direct", 55),
    ("Discord", 16),
    ("Google", 9),
    ("Instagram", 8),
    ("Reddit", 6),
    ("news.example", 4),
    ("X", 2),
)
_APP = {"instagram": "Instagram", "x": "X", "tiktok": "TikTok", "youtube": "YouTube", "facebook": "Facebook",
        "bluesky": "Bluesky", "twitch": "Twitch"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A post of a link: when it went out, its share of the link's clicks, and its platform's displays per click."""

    platform: str
    kind: str
    title: str
    days_ago: int
    share: float
    reported: float
    likes: float = 0
    """Per click; 0 where the platform has none."""
    spend: Money | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A link: clicks on a usual day, and their growth over the ninety days."""

    creator: str
    slug: str
    title: str
    path: str
    daily: float
    trend: float = 1.0
    tags: str = ""
    private: bool = False
    archived: bool = False
    viral: bool = False
    age: int = DAYS
    """Days since it was made."""
    places: tuple[Place, ...] = field(default=())


SAMPLES = (
    Sample("noor", "old-blog", "Old blog", "old-blog", 0, 1.0, "food"),
    Sample("maya", "summer", "Summer lookbook", "summer-lookbook", 34, 1.3, "fashion, summer", viral=True, places=(
        Place("instagram", "story", "Teaser story", 19, 0.34, 24, 1.1),
        Place("x", "post", "Launch post", 18, 0.18, 41, 0.9),
        Place("tiktok", "video", "Behind the scenes", 62, 0.22, 63, 4.2))),
    Sample("maya", "vintage", "Vintage finds", "vintage", 15, 1.1, "fashion", places=(
        Place("instagram", "reel", "Flea market reel", 24, 0.4, 35, 2.1),)),
    Sample("maya", "newsletter", "Sunday newsletter", "newsletter", 9, 1.0, "news", places=(
        Place("newsletter", "message", "Issue 12", 16, 0.7, 6),)),
    Sample("maya", "merch", "Merch shop", "merch", 12, 1.6, "shop"),
    Sample("maya", "brand-deal", "Unannounced brand deal", "secret", 5, 1.0, "brand", private=True),
    Sample("leo", "desk", "My streaming setup", "streaming-setup", 22, 0.8, "gear", places=(
        Place("youtube", "video", "Desk tour", 75, 0.45, 28, 1.6),
        Place("twitch", "live", "Friday stream", 11, 0.2, 19))),
    Sample("leo", "speedrun", "Speedrun world record", "record", 18, 1.2, "games", places=(
        Place("youtube", "short", "Final minute", 21, 0.3, 55, 3.0),)),
    Sample("leo", "discord", "Community Discord", "community", 8, 1.0, "community"),
    Sample("leo", "keyboard", "Keyboard giveaway", "giveaway", 6, 0.4, "gear", archived=True),
    Sample("noor", "recipes", "Thirty-minute recipes", "recipes", 26, 1.5, "food", places=(
        Place("instagram", "story", "Lentil soup", 9, 0.3, 21, 1.2),
        Place("bluesky", "post", "Recipe thread", 40, 0.15, 17, 0.8))),
    Sample("noor", "cookbook", "Cookbook pre-order", "cookbook", 11, 2.0, "food, shop", places=(
        Place("facebook", "ad", "Pre-order ad", 26, 0.5, 70, spend=Money(18_000, "EUR")),)),
    Sample("maya", "autumn", "Autumn capsule", "autumn-capsule", 13, tags="fashion", age=NEW_DAYS_AGO, places=(
        Place("instagram", "reel", "First look", NEW_DAYS_AGO, 0.6, 0),)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Crew:
    """Who the creators are, by name, and where the digest goes."""

    guild_id: int
    creators: dict[str, int]
    names: dict[str, str]
    creator_role_id: int
    channel_id: int

    @property
    def manager(self) -> Actor:
        return Actor(self.guild_id, self.creators["maya"], manager=True)


async def fill(db: Database, crew: Crew, base_url: URL, now: dt.datetime) -> None:
    """Write the sample into an empty database through the same services that commands use."""
    rng = random.Random(SEED)
    clock = FixedClock(now - dt.timedelta(days=DAYS))
    ids = Ids(clock.timestamp)
    hit_ids = Ids(now.timestamp)  # the clock goes back with each link, and ids of one moment could meet
    links, posts = Links(db, clock, ids, base_url, Limits(), OwnerTokens(db)), Posts(db, clock, ids)
    actors = {name: Actor(crew.guild_id, user_id, manager=True) for name, user_id in crew.creators.items()}
    await Servers(db).change(crew.manager, timezone=ZONE, creator_role_id=crew.creator_role_id)

    made: list[Link] = []
    traffic: list[Hit] = []
    reports: list[tuple[int, Actor, Post, dict[str, int], Money | None]] = []
    for sample in SAMPLES:
        who = actors[sample.creator]
        _to(clock, now, sample.age)
        link = await links.add(
            who,
            f"https://example.com/{sample.path}",
            name=sample.slug,
            title=sample.title,
            tags=sample.tags,
            private=sample.private,
        )
        made.append(link)
        places: list[tuple[Post, Place]] = []
        for place in sample.places:
            _to(clock, now, place.days_ago)
            places.append((await posts.add(who, link, place.platform, place.kind, title=place.title), place))
        own = list(_traffic(rng, hit_ids, sample, link, places, now))
        traffic += own
        for post, place in places:
            if not place.reported:
                continue
            for days_ago in (place.days_ago - 14, LAST_REPORT):
                if days_ago >= LAST_REPORT:
                    until = now - dt.timedelta(days=days_ago)
                    clicks = sum(1 for hit in own if hit.place_id == post.id and hit.at < until)
                    total = round(clicks * place.reported / 10) * 10
                    told = {post.display_metric: total, **_reactions(clicks * place.likes)}
                    reports.append((days_ago, who, post, told, place.spend))

    _to(clock, now, DAYS)
    profiles = Profiles(db, clock, ids, base_url, Views(db), _open)
    pages: dict[str, int] = {}
    for name in ON_PROFILE:
        who = actors[name]
        await profiles.set_up(who, name, crew.names[name], LINES[name])
        for sample, link in zip(SAMPLES, made, strict=True):
            if sample.creator == name and sample.slug in POSITIONS:
                heading, pinned = HEADINGS.get(sample.slug, ""), sample.slug == FEATURED
                await profiles.change_entry(who, link.id, heading=heading, pinned=pinned, hidden=False)
        pages[name] = (await profiles.publish(who)).id
    shown = {
        link.id: pages[sample.creator] for sample, link in zip(SAMPLES, made, strict=True) if sample.slug in POSITIONS
    }
    traffic = list(_seen_on_pages(hit_ids, traffic, shown, now))

    seen = Seen()
    for n in range(0, len(traffic), BATCH):
        await db.write(lambda conn, n=n: conn.run_sync(_record, traffic[n : n + BATCH], seen))
    await db.write(lambda conn: conn.run_sync(_set_aside, rng, made, now))

    impressions = Impressions(db, clock, ids, posts)
    for days_ago, who, post, told, spend in sorted(reports, key=lambda report: -report[0]):
        _to(clock, now, days_ago)
        await impressions.log(who, post, told, spend=spend)

    _to(clock, now, 0)
    for sample, link in zip(SAMPLES, made, strict=True):
        if sample.archived:
            await links.archive(actors[sample.creator], link.id)
    notes = Notes(db, clock, ids)
    for name, days_ago, text, slug in NOTES:
        of = next((link for link in made if link.slug == slug), None)
        await notes.add(actors[name], text, day=f"{days_ago} days ago", link=of)


def last_posting(digest: Digest, now: dt.datetime, zone: str) -> dt.datetime:
    """When the last digest that was due by now went out."""
    return due.last_run(now - due.spread(digest), digest, zone) + due.spread(digest)


async def post_digest(app: Application, crew: Crew, port: Port) -> None:
    """Set the digest up as a manager did some weeks ago, and let the last one that was due go out."""
    now = app.services.clock.now()
    clock = FixedClock(now - WEEKS)
    members = app.members
    contents = Contents(app.db, clock, Stats(app.db, clock, app.base_url), members.creators_with, members.locale_of)
    digests = Digests(app.db, clock, Ids(), contents)
    await contents.feature(crew.guild_id, crew.creators["maya"], allowed=True)
    made = await digests.set_up(crew.manager, channel_id=crew.channel_id, wish=Wish(weekday=0, minute=DIGEST_MINUTE))
    zone = (await app.services.servers.get(crew.guild_id)).timezone
    at = last_posting(made, now, zone)
    await app.db.write(lambda conn: stored.change(conn, made.guild_id, made.id, next_run_at=at))
    clock.move(seconds=(at - clock.now()).total_seconds())
    await digests.tick(port)


async def _open(_link: Link) -> bool:
    """No link of the sample ends."""
    return True


def _reactions(likes: float) -> dict[str, int]:
    """What a platform tells beside the displays."""
    if not likes:
        return {}
    return {"likes": round(likes), "comments": round(likes / 14), "shares": round(likes / 9), "saves": round(likes / 6)}


def _to(clock: FixedClock, now: dt.datetime, days_ago: int) -> None:
    clock.move(seconds=(now - dt.timedelta(days=days_ago) - clock.now()).total_seconds())


def _traffic(
    rng: random.Random, ids: Ids, sample: Sample, link: Link, places: list[tuple[Post, Place]], now: dt.datetime
) -> Iterator[Hit]:
    """A link's clicks and impressions, day by day; nothing lies in the future."""
    today = local_day(now, ZONE)
    on_profile = sample.creator in ON_PROFILE and not sample.private and not sample.archived
    platforms = {post.id: place.platform for post, place in places}
    for ago in range(sample.age - 1, -1, -1):
        day = today - dt.timedelta(days=ago)
        usual = sample.daily * (1 + (sample.trend - 1) * (1 - ago / DAYS)) * _WEEKDAY[day.weekday()]
        if sample.viral and ago <= VIRAL_DAYS_AGO:
            usual *= 1 + 11 * 0.35 ** (VIRAL_DAYS_AGO - ago)  # a peak that fades within days
        start = day_start(day, ZONE)
        shares = [(post.id, place.share) for post, place in places if ago < place.days_ago]
        if on_profile:
            for _n in range(_poisson(rng, usual * 4.5)):
                at = start + _time_of_day(rng)
                if at < now:
                    day_of = local_day(at, ZONE)
                    about = _audience(rng, "")
                    seen = (link.id, PROFILE, Kind.VIEWABLE, at, day_of, None)
                    yield Hit(link.guild_id, ids.new(), *seen, *about, position=POSITIONS[sample.slug])
        clicks = _poisson(rng, usual)
        for _n in range(clicks):
            at = start + _time_of_day(rng)
            visitor = rng.randrange(max(1, clicks * 3)) + ago * 100_000
            place = _place(rng, shares, on_profile)
            if at < now:
                day_of = local_day(at, ZONE)
                about = _audience(rng, platforms.get(place, ""))
                hit = Hit(link.guild_id, ids.new(), link.id, place, Kind.CLICK, at, day_of, visitor, *about)
                if place == PROFILE:
                    after = str(rng.choices(DELAYS, _DELAYS)[0])
                    hit = dataclasses.replace(hit, position=POSITIONS[sample.slug], delay=after)
                yield hit


def _seen_on_pages(ids: Ids, traffic: list[Hit], shown: dict[int, int], now: dt.datetime) -> Iterator[Hit]:
    """The traffic with views of profile pages, `shown` being link -> page: who looks sees a link once at most.

    Whatever is clicked on a page was seen there, and some left before they saw anything.
    """
    rng = random.Random(SEED + 1)
    days: dict[tuple[int, dt.date], dict[int, dict[Kind, list[Hit]]]] = {}
    for hit in traffic:
        if hit.place_id == PROFILE:
            of_links = days.setdefault((shown[hit.link_id], hit.day), {})
            of_links.setdefault(hit.link_id, {Kind.VIEWABLE: [], Kind.CLICK: []})[hit.kind].append(hit)
        else:
            yield hit
    for (page_id, day), of_links in days.items():
        longest = max((found for by_kind in of_links.values() for found in by_kind.values()), key=len)
        views: list[Hit] = []
        for hit in longest:
            for _n in range(1 + (rng.random() < 0.1)):
                view = {"id": ids.new(), "link_id": page_id, "kind": Kind.VIEW, "position": "", "delay": ""}
                views.append(dataclasses.replace(hit, **view, visitor=rng.randrange(800) * 1000 + day.day))
        yield from views
        for link_id, by_kind in of_links.items():
            clicks = by_kind[Kind.CLICK]
            position = (by_kind[Kind.VIEWABLE] or clicks)[0].position
            for n, view in enumerate(rng.sample(views, max(map(len, by_kind.values())))):
                seen = {"id": ids.new(), "link_id": link_id, "visitor": None, "position": position}
                yield dataclasses.replace(view, **seen, kind=Kind.VIEWABLE)
                if n < len(clicks):
                    at = view.at + dt.timedelta(seconds=int(clicks[n].delay))
                    if at >= now or local_day(at, ZONE) != day:
                        at = view.at
                    about = {"country": view.country, "device": view.device, "source": view.source}
                    yield dataclasses.replace(clicks[n], at=at, **about)


def _audience(rng: random.Random, platform: str) -> tuple[str, str, str]:
    """Country, device and source of a hit."""
    country, device, source = (
        rng.choices([value for value, _weight in values], [weight for _value, weight in values])[0]
        for values in (_COUNTRIES, _DEVICES, _SOURCES)
    )
    return country, device, _APP.get(platform, source)


def _place(rng: random.Random, shares: list[tuple[int, float]], on_profile: bool) -> int:
    dice = rng.random()
    for place_id, share in shares:
        if dice < share:
            return place_id
        dice -= share
    return PROFILE if on_profile and rng.random() < 0.3 else BARE


def _time_of_day(rng: random.Random) -> dt.timedelta:
    (hour,) = rng.choices(range(24), _HOUR)
    return dt.timedelta(hours=hour, seconds=rng.randrange(3600))


def _poisson(rng: random.Random, mean: float) -> int:
    """A Poisson count; its normal approximation where the mean is large."""
    if mean > 50:
        return max(0, round(rng.gauss(mean, mean**0.5)))
    limit, count, product = 2.718281828459045**-mean, 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count


def _record(conn: sa.Connection, batch: list[Hit], seen: Seen) -> None:
    seen.add(hits.record(conn, batch, seen))


def _set_aside(conn: sa.Connection, rng: random.Random, made: list[Link], now: dt.datetime) -> None:
    today = local_day(now, ZONE)
    counter: Counter[SetAside] = Counter()
    for link in made:
        for reason, agent, most in _ASIDE:
            for _n in range(rng.randrange(most)):
                day = today - dt.timedelta(days=rng.randrange(DAYS))
                counter[SetAside(link.guild_id, link.id, BARE, day, reason, agent)] += 1
    hits.set_aside(conn, counter)
