"""One consistent state of the database, as the answers to questions read it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.insights.growth import Clicks, Span, Told, told_of
from bot.insights.hours import Claim, best_hours, occurrences, outliers
from bot.insights.noise import Dispersion, dispersion
from bot.insights.periods import ONE_DAY, Choice, Named, Period, local_day, period_of, runs, segments
from bot.insights.summary import Summary, Window, comparable, summarise
from bot.stats.answers import Target
from bot.stats.clicks import clicks_in
from bot.stats.question import Scope
from bot.texts import _
from storage import counts, links, meta, notes, posts
from storage.prepared import Reader, read
from storage.records import DayCount, Figure, Kind, Link, Note, PlaceCounts, Post, Segment, Server

VIEWABLE_SINCE = "viewable_since"
"""Where `storage.meta` keeps when displays of profiles gave way to links that were seen, where there were any."""

HISTORY = 91
"""Days before a period that its days are held against: 13 weeks."""


def noise_by_link(reader: Reader, guild_id: int, period: Period, link_ids: Collection[int]) -> dict[int, Dispersion]:
    """How much the clicks of each of the links vary from day to day, by those of the weeks before the period."""
    first = period.first - HISTORY * ONE_DAY
    by_link: dict[int, dict[dt.date, int]] = {link_id: {} for link_id in link_ids}
    for link_id, day, n in counts.clicks_by_link_day.within(reader, guild_id, first, period.first, link_ids):
        by_link[link_id][day] = n
    days = [first + n * ONE_DAY for n in range(HISTORY)]
    return {
        link_id: dispersion({day: found.get(day, 0) for day in days if day >= min(found, default=day)}, period.length)
        for link_id, found in by_link.items()
    }


class Reading:
    """One consistent state of the database, asked for the numbers of a server's subjects at one moment."""

    def __init__(
        self,
        conn: AsyncConnection,
        server: Server,
        now: dt.datetime,
        *,
        named_private: bool,
        sharer_id: int | None = None,
    ) -> None:
        """Private links and creators' notes are told where `named_private`; elsewhere a `sharer_id`'s own notes are."""
        self.conn = conn
        self.server = server
        self.named_private = named_private
        self._sharer_id = sharer_id
        self.guild_id = server.guild_id
        self.now = now
        self._links_of: dict[int, list[int]] = {}

    async def period(self, choice: Choice, targets: Iterable[Target]) -> Period:
        """The local days that are meant; all time begins with the first count of any target."""
        since = None
        if choice is Named.ALL:
            first = [await self._first_day(one) for one in targets]
            since = min((day for day in first if day is not None), default=None)
        return period_of(choice, self.now, self.server.timezone, self.server.first_weekday, since)

    async def _first_day(self, target: Target) -> dt.date | None:
        """The first day with a hit, or on which a platform's figure was read."""
        link_ids = await self.link_ids(target)

        def work(reader: Reader) -> list[dt.date | None]:
            of_creator = target.subject.scope is Scope.CREATOR and target.only is None
            at = posts.first_figure.within(
                reader,
                self.guild_id,
                creator_id=target.subject.id if of_creator else None,
                link_ids=None if of_creator or target.post is not None else link_ids,
                post_id=self.place_id(target),
            )
            read_on = None if at is None else local_day(at, self.server.timezone)
            return [counts.first_day.within(reader, self.guild_id, link_ids), read_on]

        return min((day for day in await read(self.conn, work) if day is not None), default=None)

    async def link_ids(self, target: Target) -> list[int] | None:
        """The links that a target's hits are on; None for all of the server's."""
        if target.only is not None:
            return list(target.only)
        match target.subject.scope:
            case Scope.LINK:
                return [] if target.link is None else [target.link.id]
            case Scope.POST:
                return list(target.carried)
            case Scope.CREATOR:
                creator_id = target.subject.id
                if creator_id not in self._links_of:
                    self._links_of[creator_id] = await links.ids_of(self.conn, self.guild_id, creator_id)
                return self._links_of[creator_id]
            case Scope.SERVER:
                return None

    def place_id(self, target: Target) -> int | None:
        """The place that a target's hits are on; None for all of its links' places."""
        return None if target.post is None else target.post.id

    def posts_within(self, reader: Reader, target: Target) -> list[Post] | None:
        """The posts whose figures count in a target's numbers; None for all of the server's."""
        if target.only is not None:
            return posts.find.within(reader, self.guild_id, link_ids=target.only)
        match target.subject.scope:
            case Scope.LINK:
                return posts.find.within(reader, self.guild_id, link_ids=[target.subject.id])
            case Scope.POST:
                assert target.post is not None
                return [target.post]
            case Scope.CREATOR:
                return posts.find.within(reader, self.guild_id, creator_id=target.subject.id)
            case Scope.SERVER:
                return None

    def told_within(self, reader: Reader, own: Sequence[Post] | None, period: Period) -> list[Told]:
        """What platforms told of posts in the period and the one before; of whichever posts where `own` is None."""
        figures: dict[int, list[Figure]] = defaultdict(list)
        ids = None if own is None else [post.id for post in own]
        start = min(period.told_from, period.previous.start_at)
        for figure in posts.figures_in.within(reader, self.guild_id, start, period.end_at, ids):
            figures[figure.post_id].append(figure)
        found = posts.by_ids.within(reader, self.guild_id, figures) if own is None else own
        earlier: dict[int, set[str]] = defaultdict(set)
        for post_id, metric in posts.told_before.within(reader, self.guild_id, start, list(figures)):
            earlier[post_id].add(metric)
        return [told_of(post, figures.get(post.id, ()), earlier[post.id]) for post in found]

    def clicks_within(
        self,
        reader: Reader,
        told: Iterable[Told],
        spans: Callable[[Told], Iterable[Span]],
        target: Target | None = None,
    ) -> Clicks:
        """The clicks of posts' spans; of a target's post at all links that it carried."""
        link_of = {one.post.id: one.post.link_id for one in told}
        wanted = {span for one in told for span in spans(one)}
        carried = () if target is None else target.carried

        def links_of(post_id: int) -> Collection[int]:
            link_id = link_of[post_id]
            return carried or (() if link_id is None else (link_id,))

        return clicks_in(reader, self.guild_id, self.server.timezone, wanted, links_of)

    def summary_within(
        self,
        reader: Reader,
        window: Window,
        by_place: PlaceCounts,
        by_day: Iterable[DayCount],
        unique_clicks: int,
        told: Collection[Told],
        target: Target | None = None,
    ) -> Summary:
        """`summarise` with the clicks that it wants."""
        clicks = self.clicks_within(reader, told, window.spans, target)
        return summarise(window, by_place, by_day, unique_clicks, told, clicks)

    async def latest(self, target: Target) -> list[Figure]:
        """The latest of each metric that a platform told of a post; what was spent only where private links are named.

        Nothing of any other target.
        """
        if target.post is None:
            return []
        found = {one.metric: one for one in await posts.find_figures(self.conn, self.guild_id, [target.post.id])}
        return [one for one in found.values() if self.named_private or not one.currency]

    async def named_links(self, ids: Iterable[int], target: Target) -> dict[int, Link]:
        """Those of the links that may be named in this answer."""
        return await read(self.conn, lambda reader: self.named_links_within(reader, ids, target))

    def named_links_within(self, reader: Reader, ids: Iterable[int], target: Target) -> dict[int, Link]:
        """`named_links` as a part of another trip to the database."""
        scope = target.subject.scope
        found = links.by_ids.within(reader, self.guild_id, ids)
        return {
            link.id: link
            for link in found
            if scope in (Scope.LINK, Scope.POST) or not link.private or (self.named_private and scope is Scope.CREATOR)
        }

    async def notes(self, target: Target, period: Period) -> list[Note]:
        """The notes to draw: the server's own, and its creator's, but for those on other links alone.

        What everybody may see has a creator's notes only where they share it themselves, and none on a private link
        that it is not about. One of ours marks the day since when links on profile pages have to be seen to be counted.
        """
        scope, subject = target.subject.scope, target.link or target.post
        creator_id = target.subject.id if scope is Scope.CREATOR else None if subject is None else subject.creator_id
        creators = {None, creator_id} if self.named_private or creator_id == self._sharer_id else {None}
        found = await notes.find(self.conn, self.guild_id, creators, first=period.first, end=period.end)
        mine = None if target.link is None else target.link.id
        told: Collection[int | None] = (None, mine)
        if scope is Scope.CREATOR:
            noted = {note.link_id for note in found if note.link_id is not None}
            told = {None, *(noted if self.named_private else await self.named_links(noted, target))}
        shown = [note for note in reversed(found) if note.link_id in told]
        since = await meta.get(self.conn, VIEWABLE_SINCE)
        if since is not None and target.post is None:
            at = dt.datetime.fromisoformat(since)
            day = local_day(at, period.zone)
            if period.first <= day < period.end:
                text = _("Profile pages: a link counts once it is seen")
                shown.append(Note(self.guild_id, 0, None, None, day, text, 0, at))
                shown.sort(key=lambda note: note.day)
        return shown

    async def cells(
        self, parts: Sequence[Segment], kind: Kind, link_ids: Collection[int] | None, place_id: int | None
    ) -> tuple[int, ...]:
        """Clicks or impressions by hour of the week."""
        return await read(self.conn, lambda reader: self.cells_within(reader, parts, kind, link_ids, place_id))

    def cells_within(
        self,
        reader: Reader,
        parts: Sequence[Segment],
        kind: Kind,
        link_ids: Collection[int] | None,
        place_id: int | None,
    ) -> tuple[int, ...]:
        """`cells` as a part of another trip to the database."""
        kinds = [one for one in Kind if one.metric is kind]
        grids = [counts.hour_of_week.within(reader, self.guild_id, parts, one, link_ids, place_id) for one in kinds]
        return tuple(sum(cell) for cell in zip(*grids, strict=True))

    def places_before_within(
        self, reader: Reader, period: Period, link_ids: Collection[int] | None, place_id: int | None = None
    ) -> PlaceCounts:
        """Hits by place of the period before, up to the same time of day while this one runs."""
        guild_id, previous = self.guild_id, period.previous
        whole = counts.by_place.within(reader, guild_id, previous.first, previous.end, link_ids, place_id)
        if (so_far := period.so_far(self.now)) is None:
            return whole
        last = counts.by_place.within(reader, guild_id, previous.last, previous.end, link_ids, place_id)
        return comparable(whole, last, counts.until.within(reader, guild_id, *so_far, link_ids, place_id))

    async def hours(self, target: Target, period: Period, kind: Kind) -> tuple[Sequence[Claim], list[dt.date]]:
        """The times that stand out, and the days that were left out for being far beyond the usual."""
        link_ids, place_id = await self.link_ids(target), self.place_id(target)

        def work(reader: Reader) -> tuple[Sequence[Claim], list[dt.date]]:
            since = counts.first_day.within(reader, self.guild_id, link_ids)
            return self.hours_within(reader, link_ids, place_id, period, kind, since)

        return await read(self.conn, work)

    def hours_within(
        self,
        reader: Reader,
        link_ids: Collection[int] | None,
        place_id: int | None,
        period: Period,
        kind: Kind,
        since: dt.date | None,
    ) -> tuple[Sequence[Claim], list[dt.date]]:
        """`hours` as a part of another trip to the database; `since` is the first day with any count."""
        if since is None or since >= period.end:
            return (), []
        # Days before anything was counted say nothing.
        period = dataclasses.replace(period, first=max(since, period.first))
        by_hour = {day: [0] * 24 for day in period.days}
        for one in (one for one in Kind if one.metric is kind):
            found = counts.hours_by_day.within(reader, self.guild_id, segments(period), one, link_ids, place_id)
            for (day, hour), n in found.items():
                by_hour[day][hour] += n
        odd = outliers({day: sum(hours) for day, hours in by_hour.items()})
        kept = chain.from_iterable(segments(run) for run in runs(period, odd))
        usual = {day: hours for day, hours in by_hour.items() if day not in odd}
        return best_hours(usual, occurrences(kept, self.now)), odd
