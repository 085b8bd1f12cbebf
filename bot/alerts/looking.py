"""Looks through one server's counts for what is worth an alert: today's sums first, history only of candidates."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.alerts import rules
from bot.alerts.rules import Usual
from bot.insights import milestones
from bot.insights.periods import ONE_DAY, day_start, local_day
from storage import alerts, counts, destinations, histories
from storage.alerts import Reported
from storage.hits import QUARTER, bucket_of
from storage.records import ELSEWHERE, AlertKind, Kind, Server, State

HISTORY_PART = 25
"""Links whose history is read and judged at once: nothing else waits for longer than that."""
SETTLED = dt.timedelta(minutes=15)
"""After the end of a day, before it is judged: its last clicks may still be on their way to the disk."""
BACK_IS_NEWS = dt.timedelta(days=3)
METRICS = {Kind.CLICK: "clicks", Kind.IMPRESSION: "impressions"}

Sums = Mapping[tuple[int, Kind], int]


@dataclass(frozen=True, slots=True)
class Found:
    """Something that happened; `key` says what for good."""

    key: str
    kind: AlertKind
    link_id: int | None
    creator_id: int
    private: bool
    facts: Mapping[str, Any]
    silent: bool = False
    """Not to be told: a smaller round number that was passed on the way, or the same one of a creator's only link."""


@dataclass(slots=True)
class Seen:
    """What is remembered of a server between two looks; all of it can be lost at any time."""

    day: dt.date | None = None
    sums: Sums = field(default_factory=dict)
    last_two: dict[dt.date, list[Sums]] = field(default_factory=dict)
    usual: dict[tuple[int, dt.date], Usual | None] = field(default_factory=dict)
    drops_of: dt.date | None = None
    figures_at: dt.datetime | None = None
    signs: object = None
    """What the last look was made by, where nothing is left of it to be noted later: the same again is no news."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one server. `creators` None means all of them."""

    conn: AsyncConnection
    server: Server
    now: dt.datetime
    seen: Seen
    kinds: frozenset[AlertKind]
    creators: frozenset[int] | None
    whole_since: dt.datetime
    """Since when the bot has been running without a long break: of days before, nobody knows what they lack."""

    async def find(self) -> list[Found]:
        """Everything that is so at this moment, known already or not, but for milestones of links without news."""
        today = local_day(self.now, self.server.timezone)
        if self.seen.day != today:
            self.seen.day, self.seen.sums, self.seen.usual, self.seen.last_two = today, {}, {}, {}
        guild_id, found = self.server.guild_id, list[Found]()
        owners = await alerts.owners(self.conn, guild_id)
        wanted = {id_ for id_, one in owners.items() if self.creators is None or one.creator_id in self.creators}
        # Today alone would lose what happened between the last look and midnight.
        recent = {day: await self._sums(day, day + ONE_DAY, wanted) for day in (today - ONE_DAY, today)}
        now_sums = Counter(recent[today]) + Counter(recent[today - ONE_DAY])
        died = {check.link_id: check for check in await destinations.died(self.conn, guild_id)}
        if AlertKind.MILESTONE in self.kinds:
            found += await self._milestones(today - ONE_DAY, now_sums, owners)
        if AlertKind.SPIKE in self.kinds:
            for day, sums in recent.items():
                last = await self._last_two(day, wanted)
                many = [
                    id_
                    for (id_, kind), n in sums.items()
                    if kind is Kind.CLICK and n >= rules.FLOOR and n > 2 * max(one.get((id_, kind), 0) for one in last)
                ]
                for id_, expected in (await self._usual(day, many, owners)).items():
                    clicks = sums[id_, Kind.CLICK]
                    if expected is not None and rules.is_spike(clicks, expected):
                        facts = _facts(day, clicks, expected, running=day == today)
                        found.append(_of_link(f"spike:{id_}:{day}", AlertKind.SPIKE, id_, owners, facts))
        if AlertKind.DROP in self.kinds:
            dead = {id_ for id_, check in died.items() if check.is_dead}
            found += await self._drops(today - ONE_DAY, recent[today - ONE_DAY], wanted, owners, dead)
        if AlertKind.DEAD in self.kinds:
            for id_, check in died.items():
                if id_ in wanted and check.dead_at is not None:
                    at = int(check.dead_at.timestamp())
                    if check.back_at is None:
                        facts = {"answer": check.answer, "checks": check.failures}
                        found.append(_of_link(f"dead:{id_}:{at}", AlertKind.DEAD, id_, owners, facts))
                    elif self.now - check.back_at < BACK_IS_NEWS:
                        facts = {"back": True, "answer": check.answer}
                        found.append(_of_link(f"back:{id_}:{at}", AlertKind.DEAD, id_, owners, facts))
        self.seen.sums, self.seen.figures_at = now_sums, self.now
        return [one for one in found if one.link_id is None or owners[one.link_id].state != State.DELETED]

    async def _sums(
        self, first: dt.date, end: dt.date, wanted: Collection[int], *, imported: bool = False
    ) -> dict[tuple[int, Kind], int]:
        """By link and kind, of the links wanted; all of the server's are one question as short as that of a few.

        What was counted elsewhere is in it only when `imported` says so: it is no news, and nothing usual here.
        """
        of = None if self.creators is None else wanted
        sums = Counter[tuple[int, Kind]]()
        for (link_id, kind), n in (await counts.by_link(self.conn, self.server.guild_id, first, end, of)).items():
            sums[link_id, kind.metric] += n
        if not imported:
            elsewhere = await counts.imported_by_link(self.conn, self.server.guild_id, first, end, of)
            for (link_id, _day), n in elsewhere.items():
                sums[link_id, Kind.CLICK] -= n
        return {key: n for key, n in sums.items() if n and key[0] in wanted}

    # ------------------------------------------------------------------ milestones

    async def _milestones(self, first: dt.date, recent: Sums, owners: alerts.Owners) -> list[Found]:
        """What was passed by the counts from `first` on; history before, imported or not, is where they begin."""
        told = await alerts.reported(self.conn, self.server.guild_id, day_start(first, self.server.timezone))
        creators = {owners[id_].creator_id for (id_, kind), n in recent.items() if self.seen.sums.get((id_, kind)) != n}
        seen_at = self.seen.figures_at
        creators |= {one.creator_id for one in told if seen_at is None or one.last_entered_at >= seen_at}
        if self.creators is not None:
            creators &= self.creators
        if not creators:
            return []
        mine = {id_ for id_, owner in owners.items() if owner.creator_id in creators}
        before = Counter(await self._sums(dt.date.min, first, mine, imported=True))
        tomorrow = local_day(self.now, self.server.timezone) + ONE_DAY
        late = await counts.imported_by_link(self.conn, self.server.guild_id, first, tomorrow, mine)
        for (link_id, _day), n in late.items():
            before[link_id, Kind.CLICK] += n
        recent = await self._not_older_than_history(recent, before, mine)
        total = before + Counter(recent)
        if told := [one for one in told if one.creator_id in creators]:
            await self._add_reported(first, told, before, total)
        found: list[Found] = []
        passed_by: set[tuple[int, str, int]] = set()
        for id_, kind in sorted(total.keys() & {(id_, kind) for id_ in mine for kind in Kind}):
            creator_id, private, *_rest = owners[id_]
            passed = milestones.passed(before[id_, kind], total[id_, kind])
            found += _milestones(f"link:{id_}", METRICS[kind], passed, total[id_, kind], id_, creator_id, private)
            passed_by |= {(creator_id, METRICS[kind], step) for step in passed}
        was, now = (self._by_creator(sums, owners) for sums in (before, total))
        for creator_id in sorted(creators):
            for kind, metric in METRICS.items():
                key = (creator_id, kind)
                passed = milestones.passed(was[key], now[key], rules.LEAST_OF_CREATOR)
                same = bool(passed) and (creator_id, metric, passed[-1]) in passed_by
                found += _milestones(
                    f"creator:{creator_id}", metric, passed, now[key], None, creator_id, False, silent=same
                )
        return found

    async def _not_older_than_history(
        self, recent: Sums, before: Counter[tuple[int, Kind]], mine: Collection[int]
    ) -> Sums:
        """What was counted after history came in: with it, the clicks from before it would pass what they had not."""
        since = await histories.latest_at(self.conn, self.server.guild_id)
        zone = self.server.timezone
        if since is None or local_day(since, zone) < local_day(self.now, zone) - ONE_DAY:
            return recent
        start = bucket_of(since) + QUARTER
        newer: Counter[tuple[int, Kind]] = Counter()
        found = await counts.until(self.conn, self.server.guild_id, start, self.now + QUARTER, mine)
        for (link_id, place_id, kind), n in found.items():
            if place_id not in ELSEWHERE:
                newer[link_id, Kind(kind)] += n
        for key, n in recent.items():
            if key[0] in mine:
                before[key] += max(0, n - newer[key])
        return {key: min(n, newer[key]) for key, n in recent.items()}

    @staticmethod
    def _by_creator(sums: Sums, owners: alerts.Owners) -> Counter[tuple[int, Kind]]:
        found: Counter[tuple[int, Kind]] = Counter()
        for (id_, kind), n in sums.items():
            found[-id_ if id_ < 0 else owners[id_].creator_id, kind] += n
        return found

    async def _add_reported(
        self, first: dt.date, told: list[Reported], before: Counter[tuple[int, Kind]], total: Counter[tuple[int, Kind]]
    ) -> None:
        """Let what platforms told stand for the measured impressions of their posts.

        A total never counts as lower than it was told before: after a correction it passes nothing twice. The first
        figure of a post that was noted with it speaks of a time when nobody counted, and passes nothing.
        """
        guild_id, tomorrow = self.server.guild_id, local_day(self.now, self.server.timezone) + ONE_DAY
        ids = {one.link_id for one in told if one.link_id is not None}
        measured: list[Counter[int]] = []
        for end in (first, tomorrow):
            by_place = await counts.by_place(self.conn, guild_id, dt.date.min, end, ids)
            impressions = Counter[int]()
            for (_link_id, place_id, kind), n in by_place.items():
                if Kind(kind).metric is Kind.IMPRESSION:
                    impressions[place_id] += n
            measured.append(impressions)
        for one in told:
            # What carries no link still counts for its creator.
            key = (-one.creator_id if one.link_id is None else one.link_id, Kind.IMPRESSION)
            was = one.before
            if was is None:
                was = one.lowest if one.created_at >= one.first_entered_at else measured[0][one.post_id]
            before[key] += was - measured[0][one.post_id]
            total[key] += max(was, one.highest) - measured[1][one.post_id]

    # ------------------------------------------------------------------ spikes and drops

    async def _last_two(self, day: dt.date, wanted: Collection[int]) -> list[Sums]:
        """The sums of the same weekday one and two weeks before: few links differ from those as alerts demand."""
        if day not in self.seen.last_two:
            days = [day - weeks * 7 * ONE_DAY for weeks in (1, 2)]
            self.seen.last_two[day] = [await self._sums(one, one + ONE_DAY, wanted) for one in days]
        return self.seen.last_two[day]

    async def _usual(self, day: dt.date, ids: Collection[int], owners: alerts.Owners) -> dict[int, Usual | None]:
        """What each link usually gets on the day's weekday; None where it is too young. Read once a day."""
        known, zone = self.seen.usual, self.server.timezone
        missing = [id_ for id_ in ids if (id_, day) not in known]
        start = day - 7 * rules.WEEKS * ONE_DAY
        for begin in range(0, len(missing), HISTORY_PART):
            part = missing[begin : begin + HISTORY_PART]
            history: dict[int, dict[dt.date, int]] = defaultdict(dict)
            elsewhere = await counts.imported_by_link(self.conn, self.server.guild_id, start, day, part)
            for one in await counts.by_link_day(self.conn, self.server.guild_id, start, day, part):
                if one.kind is Kind.CLICK and (own := one.count - elsewhere.get((one.link_id, one.day), 0)):
                    history[one.link_id][one.day] = history[one.link_id].get(one.day, 0) + own
            for id_ in part:
                made = local_day(owners[id_].created_at, zone)
                known[id_, day] = rules.usual(day, history[id_], min(made, min(history[id_], default=made)))
        return {id_: known[id_, day] for id_ in ids}

    async def _drops(
        self, day: dt.date, sums: Sums, wanted: Collection[int], owners: alerts.Owners, dead: Collection[int]
    ) -> list[Found]:
        """Of the last day that is over, once: judged as a whole, and only if the bot was there all the time."""
        zone = self.server.timezone
        start, end = day_start(day, zone), day_start(day + ONE_DAY, zone)
        if self.seen.drops_of == day or self.whole_since > start or self.now < end + SETTLED:
            return []
        last, before = await self._last_two(day, wanted)
        candidates = [
            id_
            for (id_, kind), n in last.items()
            if kind is Kind.CLICK and 2 * sums.get((id_, kind), 0) < min(n, before.get((id_, kind), 0))
        ]
        lacking = {one.link_id for one in await counts.dropped(self.conn, self.server.guild_id, start, end)}
        found = []
        for id_, expected in (await self._usual(day, candidates, owners)).items():
            clicks = sums.get((id_, Kind.CLICK), 0)
            if expected is not None and id_ not in lacking and rules.is_drop(clicks, expected):
                facts = _facts(day, clicks, expected, running=False) | {"dead": id_ in dead}
                found.append(_of_link(f"drop:{id_}:{day}", AlertKind.DROP, id_, owners, facts))
        self.seen.drops_of = day
        return found


def _of_link(key: str, kind: AlertKind, id_: int, owners: alerts.Owners, facts: Mapping[str, Any]) -> Found:
    creator_id, private, *_rest = owners[id_]
    return Found(key, kind, id_, creator_id, private, facts)


def _facts(day: dt.date, clicks: int, expected: Usual, *, running: bool) -> dict[str, Any]:
    return {
        "day": day.isoformat(),
        "clicks": clicks,
        "usual": expected.clicks,
        "weeks": expected.weeks,
        "running": running,
    }


def _milestones(
    whose: str,
    metric: str,
    passed: tuple[int, ...],
    total: int,
    link_id: int | None,
    creator_id: int,
    private: bool,
    *,
    silent: bool = False,
) -> list[Found]:
    """The highest one is told; those below are claimed with it, so that a correction can't bring them up."""
    return [
        Found(
            f"{metric}:{whose}:{step}",
            AlertKind.MILESTONE,
            link_id,
            creator_id,
            private,
            {"metric": metric, "step": step, "total": total},
            silent or step != passed[-1],
        )
        for step in passed
    ]
