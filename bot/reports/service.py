"""Brand reports: made and frozen, found behind their addresses, revoked and renewed."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from bot.clock import Clock
from bot.errors import InvalidError, NotFoundError, RefusedError
from bot.inputs.text import clean, fit_line, parse_line, shorten
from bot.insights.periods import Choice, Named, Period, local_day
from bot.links.access import Actor, require_creator
from bot.links.posts import carried
from bot.reports import frozen, making
from bot.reports.frozen import Frozen, Promise
from bot.reports.money import worth
from bot.stats.answers import Target
from bot.stats.question import Scope, Subject
from bot.stats.reading import Reading
from bot.texts import _
from bot.tracking.hits import Reason
from storage import brand, links, posts, servers
from storage.database import Database, Lane
from storage.ids import Ids
from storage.records import BrandReport, BrandViews, Link, State

TOKEN_BYTES = 20
"""Of chance in an address: nobody guesses 160 bits."""
DAYS = 30
MOST_DAYS = 365
"""How long an address leads to its report: when nothing is said, and at most."""
MAX_BRAND, MAX_NOTE = 60, 280
MOST = 100
"""Reports of one creator whose addresses are open."""
ACCENT = "#0b6e6e"


class NothingToReportError(InvalidError):
    """Nothing was counted of what a report would cover."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The links, posts and tags that a report covers; none is everything of the creator's."""

    link_ids: tuple[int, ...] = ()
    post_ids: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a report shall say beside its figures. `cpm` and `fee` are amounts in `currency`."""

    creator_id: int
    creator: str
    """The name on it."""
    accent: str = ACCENT
    avatar: bytes = b""
    """The creator's picture as `profiles.avatars.made` makes them; empty without one."""
    locale: str = "en-US"
    brand: str = ""
    note: str = ""
    currency: str = ""
    cpm: Decimal | None = None
    fee: Decimal | None = None
    days: int = DAYS


@dataclass(frozen=True, slots=True)
class Made:
    """A report with its address and how often it was opened."""

    report: BrandReport
    frozen: Frozen
    url: str
    views: BrandViews = field(default_factory=BrandViews)

    def state(self, now: dt.datetime) -> str:
        """ "active", "expired" or "revoked"."""
        if self.report.state is not State.ACTIVE:
            return "revoked"
        return "active" if self.report.expires_at > now else "expired"


class BrandReports:
    """Makes, finds and takes back brand reports; every lookup by (guild_id, id), or by an address's secret."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, base_url: URL) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._base_url = base_url

    async def currency(self, actor: Actor) -> str:
        """The currency of the last amount that the actor typed in the server; empty when they typed none."""
        async with self._db.read() as conn:
            latest = await brand.last_currency(conn, actor.guild_id, actor.user_id)
            reports = await brand.find(conn, actor.guild_id, actor.user_id)
        for report in reports:
            if latest is not None and report.made_at <= latest[0]:
                break
            if report.made_by == actor.user_id and (stated := frozen.parse(report.content).worth) is not None:
                return stated.currency
        return "" if latest is None else latest[1]

    async def make(
        self,
        actor: Actor,
        choice: Choice | Period,
        selection: Selection,
        wish: Wish,
        promise: tuple[str, int] | None = None,
    ) -> Made:
        """Count once, freeze, and give it an address. Raises UserError; then nothing is kept.

        A manager may have one made for a creator, without money in it: that is between the creator and the brand.
        `promise` is the metric ("displays", "clicks") and the number of a deal that the report ends: it says so where
        nothing was reached.
        """
        if not actor.owns(wish.creator_id):
            raise RefusedError(_("A creator's report is theirs to make; leave out creator for one of your own."))
        if actor.user_id != wish.creator_id and (wish.cpm is not None or wish.fee is not None):
            raise RefusedError(_("cpm: what a creator's reach costs is theirs to say; leave out cpm and fee."))
        brand_name = parse_line(wish.brand, "brand", MAX_BRAND)
        note = parse_line(wish.note, "note", MAX_NOTE)
        content = await self._frozen(actor, choice, selection, wish, brand_name, note, strict=promise is None)
        if promise is None and content.is_empty:
            raise NothingToReportError(_("Nothing was counted in these days, so there is nothing to report."))
        if promise is not None:
            metric, promised = promise
            reached = (content.total.clicks if metric == "clicks" else content.total.displays) or 0
            content = dataclasses.replace(content, promise=Promise(metric, promised, reached))
        text = frozen.canonical(content)
        now = self._clock.now()
        report = BrandReport(
            guild_id=actor.guild_id,
            id=self._ids.new(),
            creator_id=wish.creator_id,
            token=secrets.token_urlsafe(TOKEN_BYTES),
            content=text,
            hash=frozen.fingerprint(text),
            made_by=actor.user_id,
            made_at=now,
            expires_at=now + dt.timedelta(days=wish.days),
        )

        async def work(conn: AsyncConnection) -> None:
            require_creator(actor, await servers.get(conn, actor.guild_id))
            found = await brand.find(conn, actor.guild_id, wish.creator_id)
            if sum(one.state is State.ACTIVE and one.expires_at > now for one in found) >= MOST:
                text = _("That would be more than {n} reports with open addresses; /brand revoke makes room.")
                raise InvalidError(text.format(n=MOST))
            await brand.add(conn, report)

        await self._db.write(work)
        return Made(report, content, self.url(report))

    async def _frozen(
        self,
        actor: Actor,
        choice: Choice | Period,
        selection: Selection,
        wish: Wish,
        brand_name: str,
        note: str,
        *,
        strict: bool,
    ) -> Frozen:
        async with self._db.read(Lane.LONG) as conn:
            server = await servers.get(conn, actor.guild_id)
            reading = Reading(conn, server, self._clock.now(), named_private=False)
            found = await select(conn, actor.guild_id, wish.creator_id, selection, strict=strict)
            period = choice if isinstance(choice, Period) else await reading.period(choice, found.targets)
            with_before = choice is not Named.ALL
            figures = await making.make(reading, found.targets, period, found.named, with_before=with_before)
        money = None
        if wish.cpm is not None or wish.fee is not None:
            money = worth(wish.currency, figures.total.displays, figures.total.clicks, wish.cpm, wish.fee)
        return Frozen(
            creator=fit_line(wish.creator, 100) or _("A creator"),
            accent=wish.accent,
            avatar=base64.b64encode(wish.avatar).decode(),
            locale=wish.locale,
            made_at=reading.now.replace(microsecond=0),
            first=period.first,
            last=period.last,
            zone=period.zone,
            until=reading.now.replace(microsecond=0) if period.is_unfinished(reading.now) else None,
            covers=found.covers,
            worth=money,
            brand=brand_name,
            note=note,
            **figures.values,
        )

    def url(self, report: BrandReport) -> str:
        return str(self._base_url / "report" / report.token)

    async def visible(self, actor: Actor) -> Sequence[Made]:
        """The actor's own reports, newest first."""
        return await self._made(actor.guild_id, actor.user_id)

    async def of_others(self, actor: Actor) -> Sequence[BrandReport]:
        """For a manager, that there are reports of others in the server; nobody else is told."""
        if not actor.manager:
            return ()
        async with self._db.read() as conn:
            found = await brand.find(conn, actor.guild_id)
        return [report for report in found if report.creator_id != actor.user_id]

    async def _made(self, guild_id: int, creator_id: int) -> list[Made]:
        async with self._db.read() as conn:
            found = await brand.find(conn, guild_id, creator_id)
            views = await brand.views(conn, guild_id)
        return [Made(one, frozen.parse(one.content), self.url(one), views.get(one.id, BrandViews())) for one in found]

    async def get(self, actor: Actor, report_id: int) -> Made:
        """A report of the actor's own, revoked or not. Raises NotFoundError."""
        async with self._db.read() as conn:
            report = await self._own(conn, actor, report_id)
            views = await brand.views(conn, actor.guild_id)
        return Made(report, frozen.parse(report.content), self.url(report), views.get(report.id, BrandViews()))

    async def _own(self, conn: AsyncConnection, actor: Actor, report_id: int, *, manager: bool = False) -> BrandReport:
        report = await brand.get(conn, actor.guild_id, report_id)
        if report is None or not (report.creator_id == actor.user_id or (manager and actor.manager)):
            raise NotFoundError(_("There is no such report of yours. /brand list shows the ones there are."))
        return report

    async def revocable(self, actor: Actor, report_id: int) -> BrandReport:
        """A report whose address the actor may take back: its creator, or a manager. Raises UserError."""
        async with self._db.read() as conn:
            return await self._revocable(conn, actor, report_id)

    async def _revocable(self, conn: AsyncConnection, actor: Actor, report_id: int) -> BrandReport:
        report = await self._own(conn, actor, report_id, manager=True)
        if report.state is not State.ACTIVE:
            raise InvalidError(_("That report's address is taken back already."))
        return report

    async def revoke(self, actor: Actor, report_id: int) -> BrandReport:
        """Take the address back for good. Raises UserError."""

        async def work(conn: AsyncConnection) -> BrandReport:
            report = await self._revocable(conn, actor, report_id)
            await brand.change(conn, actor.guild_id, report_id, state=State.DELETED.value)
            return report

        return await self._db.write(work)

    async def renew(self, actor: Actor, report_id: int, days: int = DAYS) -> Made:
        """Let the address lead to the report for so many days from now; one that was revoked gets a new address.

        The figures stay. Raises NotFoundError.
        """
        expires_at = self._clock.now() + dt.timedelta(days=days)

        async def work(conn: AsyncConnection) -> None:
            report = await self._own(conn, actor, report_id)
            token = report.token if report.state is State.ACTIVE else secrets.token_urlsafe(TOKEN_BYTES)
            values = {"token": token, "expires_at": expires_at, "state": State.ACTIVE.value}
            await brand.change(conn, actor.guild_id, report_id, **values)

        await self._db.write(work)
        return await self.get(actor, report_id)

    # ------------------------------------------------------------------ who was given the address

    async def behind(self, token: str) -> Made | None:
        """What the address leads to; None for unknown, expired and revoked ones alike."""
        async with self._db.read() as conn:
            report = await brand.behind(conn, token, self._clock.now())
        return None if report is None else Made(report, frozen.parse(report.content), self.url(report))

    async def viewed(self, made: Made, form: str, reason: Reason | None) -> None:
        """Count that a form was opened, by a person or for a reason by none; nothing of who it was is kept."""
        report, day = made.report, local_day(self._clock.now(), made.frozen.zone)
        said = "" if reason is None else reason.value
        await self._db.write(lambda conn: brand.add_view(conn, report.guild_id, report.id, day, form, said))


# ------------------------------------------------------------------ what is covered


@dataclass(frozen=True, slots=True)
class Selected:
    """A selection, found and allowed: what is asked of a reading, and what it is called."""

    targets: tuple[Target, ...]
    covers: tuple[str, ...]
    named: frozenset[int]
    """Links that were chosen by name: they may be named though they are private."""


async def select(
    conn: AsyncConnection, guild_id: int, creator_id: int, selection: Selection, *, strict: bool = True
) -> Selected:
    """The creator's own links and posts that are meant, each place once. Raises NotFoundError, InvalidError.

    Unless it is `strict`, what is no longer there is left out, and deleted links count with what they had: a deal goes
    on without them. Nothing left of it is an error all the same.
    """
    creator = Subject(Scope.CREATOR, creator_id)
    if selection == Selection():
        return Selected((Target(creator),), (), frozenset())
    states = (State.ACTIVE, State.ARCHIVED) if strict else tuple(State)
    own = {link.id: link for link in await links.find(conn, guild_id, creator_id=creator_id, states=states)}
    chosen: dict[int, Link] = {id_: own[id_] for id_ in selection.link_ids if id_ in own}
    covers = [link.label for link in chosen.values()]
    for tag in selection.tags:
        wanted = clean(tag).casefold()
        tagged = {link.id: link for link in own.values() if wanted in map(str.casefold, link.tags)}
        if not tagged and strict:
            raise InvalidError(_("of: no link of that creator has the tag “{value}”.").format(value=shorten(tag)))
        chosen |= tagged
        covers.append(f"#{tag}")
    found = {post.id: post for post in await posts.by_ids(conn, guild_id, selection.post_ids)}
    mine = [found[id_] for id_ in selection.post_ids if id_ in found and found[id_].creator_id == creator_id]
    missing = len(mine) < len(selection.post_ids) or any(id_ not in own for id_ in selection.link_ids)
    if (strict and missing) or not (chosen or mine):
        raise NotFoundError(
            _("of: one of these is no link or post of that creator, or no longer there. Choose from the list.")
        )
    targets = [Target(creator, only=list(chosen))] if chosen else []
    for post in mine:
        if post.link_id is None or post.link_id not in chosen:
            link = None if post.link_id is None else await links.get(conn, guild_id, post.link_id)
            ids = tuple(id_ for id_ in await carried(conn, post) if id_ not in chosen)
            # All its clicks are at hand, those at links from before too.
            whole = dataclasses.replace(post, moved_at=None) if len(ids) > 1 else post
            targets.append(Target(Subject(Scope.POST, post.id), link, whole, carried=ids))
        covers.append(making.name_of(post))
    named = {*selection.link_ids, *(target.link.id for target in targets if target.link is not None)}
    return Selected(tuple(targets), tuple(covers), frozenset(named))
