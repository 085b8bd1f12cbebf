"""The numbers of a profile page."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from itertools import chain

from bot.errors import InvalidError, NotFoundError
from bot.insights.noise import Dispersion, dispersion
from bot.insights.pages import delays, spots
from bot.insights.periods import ONE_DAY, Named
from bot.stats.answers import PageDays, ProfileStats
from bot.stats.question import Scope
from bot.stats.reading import HISTORY, Reading
from bot.stats.views import Head
from bot.texts import _
from storage import counts, profiles
from storage.prepared import read
from storage.records import PROFILE, Kind


async def page(reading: Reading, head: Head) -> ProfileStats:
    """The numbers of a creator's page. Raises UserError where there is none."""
    question, (target, *_rest), (period, *_more), _now = head
    if target.subject.scope is not Scope.CREATOR:
        raise InvalidError(_("of: only creators have a page; choose one."))
    conn, guild_id = reading.conn, reading.guild_id
    profile = await profiles.get(conn, guild_id, target.subject.id)
    if profile is None:
        raise NotFoundError(_("There is no page yet."))
    link_ids = await reading.link_ids(target) or []
    in_period = (guild_id, period.first, period.end)
    by_kind: dict[Kind, Counter[dt.date]] = defaultdict(Counter)
    for item in await counts.by_day(conn, *in_period, [*link_ids, profile.id], PROFILE):
        by_kind[item.kind][item.day] += item.count
    uniques = dict(await counts.uniques_by_day(conn, *in_period, [profile.id]))
    found = await counts.audience_by_link(conn, *in_period, link_ids)
    by_link, by_position = spots(found)

    def days(kind: Kind) -> tuple[int, ...]:
        return tuple(by_kind[kind][day] for day in period.days)

    return ProfileStats(
        *head,
        profile=profile,
        days=PageDays(
            days(Kind.VIEW),
            tuple(uniques.get(day, 0) for day in period.days),
            days(Kind.VIEWABLE),
            days(Kind.IMPRESSION),
            days(Kind.CLICK),
        ),
        views_before=None if question.choice is Named.ALL else await _views_before(reading, head, profile.id),
        noise=await _noise(reading, head, profile.id),
        by_link=by_link,
        by_position=by_position,
        links=await reading.named_links(by_link, target),
        delays=delays(chain.from_iterable(found.values())),
        audience=await counts.audience(conn, *in_period, [profile.id]),
        notes=await reading.notes(target, period),
    )


async def _noise(reading: Reading, head: Head, profile_id: int) -> Dispersion:
    """How much the page's views vary from day to day, by those of the weeks before the period."""
    _question, _targets, (period, *_more), _now = head
    first = period.first - HISTORY * ONE_DAY
    found = await counts.by_day(reading.conn, reading.guild_id, first, period.first, [profile_id])
    views = {item.day: item.count for item in found if item.kind is Kind.VIEW}
    since = min(views, default=period.first)
    days = (since + n * ONE_DAY for n in range((period.first - since).days))
    return dispersion({day: views.get(day, 0) for day in days}, period.length)


async def _views_before(reading: Reading, head: Head, profile_id: int) -> int:
    _question, _targets, (period, *_more), _now = head
    found = await read(reading.conn, lambda reader: reading.places_before_within(reader, period, [profile_id]))
    return sum(found.values())
