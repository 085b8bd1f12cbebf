"""Deals: what a creator promised a brand, and how it stands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.errors import InvalidError, NotFoundError
from bot.inputs.dates import parse_day
from bot.inputs.money import Money
from bot.inputs.text import parse_line, shorten
from bot.insights.periods import ONE_DAY, Period, local_day
from bot.insights.summary import Summary
from bot.links.access import Actor
from bot.reports.curve import curve as curve_of
from bot.reports.pace import Pace, pace
from bot.reports.service import MAX_BRAND, BrandReports, Made, Selection, Wish, select
from bot.stats.answers import Target
from bot.stats.reading import Reading
from bot.stats.reports import brief
from bot.texts import _
from storage import brand, servers
from storage.database import Database
from storage.ids import Ids
from storage.records import IMPRESSIONS, Deal, State

PROMISED = {IMPRESSIONS: "displays", "clicks": "clicks"}
"""What can be promised: the word that is kept -> the metric that it is."""
MOST_DAYS = 366
MOST = 100
"""Deals of one creator."""
MOST_RUNNING = 10


@dataclass(frozen=True, slots=True)
class Standing:
    """A deal with what was reached of it, and by the end of each of its days so far."""

    deal: Deal
    period: Period
    pace: Pace
    curve: tuple[int, ...] = ()
    is_estimate: bool = False
    """Whether a part of what was reached was shared out between two readings."""


class Deals:
    """Adds, shows and ends deals; every lookup by (guild_id, id), and each is its creator's alone."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, reports: BrandReports) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._reports = reports

    async def add(
        self,
        actor: Actor,
        brand_name: str,
        metric: str,
        promised: int,
        start: str,
        end: str,
        selection: Selection,
        fee: Money | None = None,
    ) -> Deal:
        """Keep what the actor promised, from `start` to `end` as they are typed. Raises UserError.

        Displays may be called impressions too.
        """
        name = parse_line(brand_name, "brand", MAX_BRAND)
        if not name:
            raise InvalidError(_("brand: whom was it promised to? Type the brand's name."))
        typed = metric.strip().casefold()
        kept = next((kept for kept, shown in PROMISED.items() if typed in (kept, shown)), None)
        if kept is None:
            raise InvalidError(
                _("metric: “{value}” can't be promised; displays or clicks can.").format(value=shorten(metric))
            )
        if promised < 1:
            raise InvalidError(
                _("promised: “{value}” promises nothing; type a number from 1 up.").format(value=promised)
            )
        now = self._clock.now()

        async def work(conn: AsyncConnection) -> Deal:
            zone = (await servers.get(conn, actor.guild_id)).timezone
            first, last = parse_day(start, "start", now, zone), parse_day(end, "end", now, zone)
            if not first <= last < first + MOST_DAYS * ONE_DAY:
                text = _("end: “{value}” is to lie on or after the start, and less than a year behind it.")
                raise InvalidError(text.format(value=shorten(end)))
            if len(await brand.find_deals(conn, actor.guild_id, actor.user_id)) >= MOST:
                raise InvalidError(_("That would be more than {n} deals; /deal delete makes room.").format(n=MOST))
            await select(conn, actor.guild_id, actor.user_id, selection)
            deal = Deal(
                guild_id=actor.guild_id,
                id=self._ids.new(),
                creator_id=actor.user_id,
                brand=name,
                metric=kept,
                promised=promised,
                first=first,
                last=last,
                made_at=now,
                link_ids=selection.link_ids,
                post_ids=selection.post_ids,
                tags=selection.tags,
                fee="" if fee is None else str(fee.amount),
                currency="" if fee is None else fee.currency,
            )
            await brand.add_deal(conn, deal)
            return deal

        return await self._db.write(work)

    async def visible(self, actor: Actor) -> Sequence[Deal]:
        """The actor's own deals, the one that ends last first."""
        async with self._db.read() as conn:
            return await brand.find_deals(conn, actor.guild_id, actor.user_id)

    async def of_others(self, actor: Actor) -> Sequence[Deal]:
        """For a manager, that there are deals of others; show of them no more than whose, with whom and when."""
        if not actor.manager:
            return ()
        async with self._db.read() as conn:
            found = await brand.find_deals(conn, actor.guild_id)
        return [deal for deal in found if deal.creator_id != actor.user_id]

    async def get(self, actor: Actor, deal_id: int) -> Deal:
        """A deal of the actor's own. Raises NotFoundError."""
        async with self._db.read() as conn:
            deal = await self._own(conn, actor, deal_id)
        if deal.state is not State.ACTIVE:
            raise _gone()
        return deal

    async def standing(self, deal: Deal, *, curve: bool = False) -> Standing:
        """What was reached of a deal, for its creator alone; with `curve` day by day."""
        async with self._db.read() as conn:
            server = await servers.get(conn, deal.guild_id)
            reading = Reading(conn, server, self._clock.now(), named_private=False)
            whole = period_of(deal, server.timezone)
            today = local_day(reading.now, server.timezone)
            so_far = Period(whole.first, min(whole.end, today + ONE_DAY), server.timezone)
            if so_far.end <= so_far.first:
                return Standing(deal, whole, pace(deal.promised, 0, whole, reading.now))
            targets = await self._targets(conn, deal)
            found = [(await brief(reading, target, so_far)).now for target in targets]
            reached = sum(_value(summary, deal.metric) for summary in found)
            days = tuple(await curve_of(reading, targets, so_far, deal.metric)) if curve else ()
        is_estimate = deal.metric == IMPRESSIONS and any(summary.is_estimate for summary in found)
        return Standing(deal, whole, pace(deal.promised, reached, whole, reading.now), days, is_estimate)

    async def running(self, guild_id: int, creator_id: int) -> list[Standing]:
        """How a creator's deals stand that are under way today, the one that ends first in front, ten at most."""
        async with self._db.read() as conn:
            zone = (await servers.get(conn, guild_id)).timezone
            found = await brand.find_deals(conn, guild_id, creator_id)
        today = local_day(self._clock.now(), zone)
        open_now = [deal for deal in found if deal.first <= today <= deal.until]
        first = sorted(open_now, key=lambda deal: (deal.last, deal.id))[:MOST_RUNNING]
        return [await self.standing(deal) for deal in first]

    async def report(self, actor: Actor, deal: Deal, wish: Wish) -> Made:
        """The brand report over a deal's days, with its brand, its fee and its promise. Raises UserError."""
        async with self._db.read() as conn:
            zone = (await servers.get(conn, actor.guild_id)).timezone
        today = local_day(self._clock.now(), zone)
        if deal.first > today:
            raise InvalidError(_("The deal has not begun; there is nothing to report yet."))
        period = Period(deal.first, min(deal.until, today) + ONE_DAY, zone)
        promise = (PROMISED[deal.metric], deal.promised)
        return await self._reports.make(actor, period, selection_of(deal), wish, promise)

    async def end(self, actor: Actor, deal_id: int) -> Deal:
        """Let today be the last day that counts; `reopen` takes that back. Raises UserError."""
        now = self._clock.now()

        async def work(conn: AsyncConnection, deal: Deal) -> dict[str, object]:
            today = local_day(now, (await servers.get(conn, actor.guild_id)).timezone)
            if deal.until < today or deal.ended is not None:
                raise InvalidError(_("That deal is over already."))
            return {"ended": max(today, deal.first)}

        return await self._change(actor, deal_id, work)

    async def reopen(self, actor: Actor, deal_id: int) -> Deal:
        return await self._change(actor, deal_id, _setting(ended=None))

    async def delete(self, actor: Actor, deal_id: int) -> Deal:
        """Take a deal off the list; `restore` brings it back. Raises NotFoundError."""
        return await self._change(actor, deal_id, _setting(state=State.DELETED.value))

    async def restore(self, actor: Actor, deal_id: int) -> Deal:
        return await self._change(actor, deal_id, _setting(state=State.ACTIVE.value))

    async def _change(
        self, actor: Actor, deal_id: int, values: Callable[[AsyncConnection, Deal], Awaitable[dict[str, object]]]
    ) -> Deal:
        async def work(conn: AsyncConnection) -> Deal:
            deal = await self._own(conn, actor, deal_id)
            await brand.change_deal(conn, actor.guild_id, deal_id, **await values(conn, deal))
            return await self._own(conn, actor, deal_id)

        return await self._db.write(work)

    async def _own(self, conn: AsyncConnection, actor: Actor, deal_id: int) -> Deal:
        deal = await brand.get_deal(conn, actor.guild_id, deal_id)
        if deal is None or deal.creator_id != actor.user_id:
            raise _gone()
        return deal

    async def _targets(self, conn: AsyncConnection, deal: Deal) -> tuple[Target, ...]:
        """What a deal covers of what is still there; nothing of it is no error."""
        try:
            found = await select(conn, deal.guild_id, deal.creator_id, selection_of(deal), strict=False)
        except NotFoundError:
            return ()
        return found.targets


def _gone() -> NotFoundError:
    return NotFoundError(_("There is no such deal of yours. /deal list shows the ones there are."))


def _setting(**values: object) -> Callable[[AsyncConnection, Deal], Awaitable[dict[str, object]]]:
    async def work(conn: AsyncConnection, deal: Deal) -> dict[str, object]:
        return values

    return work


def selection_of(deal: Deal) -> Selection:
    return Selection(deal.link_ids, deal.post_ids, deal.tags)


def period_of(deal: Deal, zone: str) -> Period:
    """All days of a deal that count."""
    return Period(deal.first, deal.until + ONE_DAY, zone)


def _value(summary: Summary, metric: str) -> int:
    return summary.clicks if metric == "clicks" else summary.displays
