"""Brings links from elsewhere, and what was counted of them: a preview first, then everything or nothing, and a way
back."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
import structlog
from yarl import URL

from bot.clock import Clock
from bot.errors import InvalidError, NotFoundError, RefusedError
from bot.imports import bringing, eyeballs
from bot.imports import links as rules
from bot.imports import pages as profile_pages
from bot.imports.bringing import Bring
from bot.imports.journal import Journal, Source, pack, unpack
from bot.imports.link_reader import read_file
from bot.imports.links import Found, Plan, Planned, Taken
from bot.imports.pages import Pages
from bot.imports.reader import FileReader
from bot.imports.service import KEPT, Progress, check_size
from bot.links.access import Actor, require_add
from bot.links.destinations import parse_destination
from bot.links.service import Limits, require_names
from bot.servers import Servers
from bot.texts import _
from storage import histories, links, prepared, servers
from storage.database import Database, Lane
from storage.ids import Ids
from storage.records import History, ImportState, Link, Service, State

_PLAN = "plan"
"""The page with what was previewed."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LinkPreview:
    """What a file of links was recognised as, and what an import of it would make; `item` is None for nothing."""

    item: History | None
    service: Service
    plan: Plan
    clicks: int
    """What the file tells of all time; it has no days, so that it is not kept."""


@dataclass(frozen=True, slots=True)
class LinksUndone:
    item: History
    kept: int
    """Links that stay, since they are in use."""


class Histories:
    """Previews, applies and undoes; every lookup by (guild_id, id)."""

    def __init__(
        self, db: Database, clock: Clock, ids: Ids, base_url: URL, limits: Limits, reader: FileReader | None = None
    ) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._base_url = base_url
        self._limits = limits
        self._reader = reader or FileReader()
        self._turns: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        """One at a time in a server."""

    # ------------------------------------------------------------------ an attached file of links

    async def preview(
        self, actor: Actor, data: bytes, name: str, *, creator_id: int | None = None, taken: Taken = Taken.SKIP
    ) -> LinkPreview:
        """Read a file of links and hold it against the names that are given out. Changes nothing; raises UserError."""
        now = self._clock.now()
        creator_id = creator_id or actor.user_id
        async with self._db.read() as conn:
            server = await servers.get(conn, actor.guild_id)
        require_add(actor, server, creator_id)
        check_size(len(data))
        found = await self._reader.call(read_file, data, now, server.timezone)
        if isinstance(found, str):
            raise InvalidError(_("Nothing was imported. {why}").format(why=found))
        item = self.begun(actor.guild_id, creator_id, found.service, name, taken, created_by=actor.user_id)
        plan = await self.plan(item, found.links)
        plan = dataclasses.replace(
            plan, troubles=tuple(sorted((*found.troubles, *plan.troubles), key=lambda one: one.line))
        )
        if plan.new:
            await self._check_room(item, len(plan.new))
            await self._db.write(lambda conn: histories.add(conn, item))
            page = pack([_packed(one) for one in plan.new])
            await self._db.write_quietly(lambda writer: histories.put_page(writer, item, _PLAN, page))
        clicks = sum(one.clicks for one in found.links)
        return LinkPreview(item if plan.new else None, found.service, plan, clicks)

    async def apply(self, actor: Actor, history_id: int, progress: Progress | None = None) -> History:
        """Make all links that were previewed, at once for who looks. Raises UserError; then none is made."""
        async with self._turns[actor.guild_id]:
            item = await self._mine(actor, history_id)
            if item.state is ImportState.APPLIED:
                raise InvalidError(_("That file is imported already."))
            if item.state is ImportState.STAGING:  # a process that is gone did not get to its end
                item = await self._reset(item)
            if item.state is not ImportState.PREVIEWED:
                raise NotFoundError(_("That import was taken back. Attach the file again to import it."))
            async with self._db.read() as conn:
                server = await servers.get(conn, actor.guild_id)
                page = await histories.page(conn, item, _PLAN)
            require_add(actor, server, item.creator_id)
            assert page is not None
            planned = [_unpacked(row) for row in unpack(page)]
            await self._check_room(item, len(planned))
            made = self._links(item, planned)
            return await self._apply(item, made, bringing.of_links, progress)

    async def cancel(self, actor: Actor, history_id: int) -> History:
        """Forget a preview. Raises UserError."""
        async with self._turns[actor.guild_id]:
            item = await self._mine(actor, history_id)
            if item.state is not ImportState.PREVIEWED:
                raise InvalidError(_("That file is imported already; its button Undo takes it back."))
            await self._db.write(lambda conn: histories.forget(conn, item))
        return item

    async def undo(self, actor: Actor, history_id: int) -> LinksUndone:
        """Take back the links of an import, but for those that were clicked or got posts since. Raises UserError."""
        item = await self._mine(actor, history_id)
        if item.clicks:
            raise RefusedError(_("The operator brought these with their history; only the operator takes them back."))
        return await self.take_back(item)

    async def take_back(self, item: History) -> LinksUndone:
        """Take back everything that a history brought. Raises UserError."""
        async with self._turns[item.guild_id]:
            current = await self._get(item.guild_id, item.id)
            if current is None or current.state is not ImportState.APPLIED:
                raise NotFoundError(_("That import was taken back already."))

            def hide(conn: sa.Connection) -> int:
                if item.clicks or item.service is Service.EYEBALLS:
                    histories.take_back(conn, item)
                return histories.hide(conn, item)

            async def work(conn: Any) -> int:
                kept = await conn.run_sync(hide)
                await histories.move(conn, current, ImportState.UNDOING)
                return kept

            kept = await self._db.write(work)
            await self._clear(dataclasses.replace(current, state=ImportState.UNDOING), ImportState.UNDONE)
        log.info("links taken back", service=item.service.value, kept=kept)
        return LinksUndone(item, kept)

    async def tidy(self) -> None:
        """Forget previews that nobody answered, and finish what a process that is gone left half done.

        What the operator fetches is not forgotten: it goes on when the command is run again.
        """
        async with self._db.read() as conn:
            previews = await histories.find(conn, [ImportState.PREVIEWED])
            broken = await histories.find(conn, [ImportState.STAGING, ImportState.UNDOING])
        old = [item for item in previews if item.created_by and item.created_at < self._clock.now() - KEPT]
        for item in [*old, *broken]:
            try:
                async with self._turns[item.guild_id]:
                    await self._tidy(item)
            except Exception:
                log.exception("history not tidied", guild_id=item.guild_id, import_id=item.id)

    async def _tidy(self, item: History) -> None:
        if item.state is ImportState.PREVIEWED:
            await self._db.write(lambda conn: histories.forget(conn, item))
            return
        current = await self._get(item.guild_id, item.id)
        if current is not None and current.state is ImportState.STAGING:
            await self._reset(current)
        elif current is not None and current.state is ImportState.UNDOING:
            await self._clear(current, ImportState.UNDONE)

    # ------------------------------------------------------------------ the operator's

    def begun(
        self,
        guild_id: int,
        creator_id: int,
        service: Service,
        account: str,
        taken: Taken,
        *,
        created_by: int = 0,
        until: dt.datetime | None = None,
    ) -> History:
        """A history that nothing was fetched for yet; `created_by` 0 is the operator."""
        now = self._clock.now()
        return History(
            guild_id=guild_id,
            id=self._ids.new(),
            creator_id=creator_id,
            created_by=created_by,
            created_at=now,
            service=service,
            account=account,
            until=now if until is None else until,
            taken=taken.value,
        )

    async def resume(self, wanted: History) -> Journal:
        """The journal of that service and account in that server, begun before or now.

        Raises RefusedError where it is imported already.
        """
        states = [ImportState.PREVIEWED, ImportState.STAGING, ImportState.APPLIED, ImportState.UNDOING]
        async with self._db.read() as conn:
            found = await histories.find(conn, states, wanted.guild_id)
        for item in found:
            if item.created_by or (item.service, item.account) != (wanted.service, wanted.account):
                continue
            if item.state is ImportState.APPLIED:
                raise RefusedError(
                    f"{item.account} was imported into this server on {item.created_at:%Y-%m-%d} already; twice would "
                    "count it twice. To bring it anew, take it back first with: import undo"
                )
            if item.state is ImportState.UNDOING:
                item = await self._clear(item, ImportState.UNDONE)
                continue
            if item.state is ImportState.STAGING:
                item = await self._reset(item)
            return await Journal.open(self._db, await self._reread(item, wanted))
        await self._db.write(lambda conn: histories.add(conn, wanted))
        return await Journal.open(self._db, wanted)

    async def _reread(self, item: History, wanted: History) -> History:
        """The history that is under way, with the options that were given now."""
        changed = {"creator_id": wanted.creator_id, "taken": wanted.taken}
        await self._db.write(lambda conn: histories.move(conn, item, item.state, **changed))
        return dataclasses.replace(item, creator_id=wanted.creator_id, taken=wanted.taken)

    async def forget(self, item: History) -> None:
        """Drop a journal that was not applied."""
        await self._db.write(lambda conn: histories.forget(conn, item))

    async def applied(self, guild_id: int) -> list[History]:
        """What the operator brought into a server, the latest last."""
        async with self._db.read() as conn:
            return [one for one in await histories.find(conn, [ImportState.APPLIED], guild_id) if not one.created_by]

    async def plan(self, item: History, found: Sequence[Found]) -> Plan:
        """What becomes of links from elsewhere, by the names that are given out now."""

        def known(reader: prepared.Reader) -> rules.Known:
            rows = histories.taken(reader, rules.candidates(found))
            return {name: (guild_id, link_id, State(state)) for name, (guild_id, link_id, state) in rows.items()}

        async with self._db.read(Lane.LONG) as conn:
            given = await prepared.read(conn, known)
        return await asyncio.to_thread(rules.plan, found, given, item.guild_id, Taken(item.taken), self._destination)

    async def apply_links(self, item: History, plan: Plan) -> History:
        """Make the links of a plan, without any history."""
        return await self._apply(item, self._links(item, plan.new), bringing.of_links)

    async def apply_source(self, journal: Journal, plan: Plan, source: Source) -> History:
        """Bring the links of a plan, and all that the journal says was counted of them."""
        item = journal.item
        made = self._links(item, plan.new)
        aliases = {link.id: one.aliases for one, link in zip(plan.new, made, strict=True)}
        ids = [(one.found, link.id) for one, link in zip(plan.new, made, strict=True)]
        ids += [(one.found, one.link_id) for one in plan.kept if one.link_id is not None]
        async with self._db.read() as conn:
            zone = (await servers.get(conn, item.guild_id)).timezone
        return await self._apply(
            item, made, bringing.of_source(item, source, journal.names, zone, ids), aliases=aliases
        )

    async def pages(self, item: History, export: eyeballs.Export) -> Pages:
        """The profile pages that come with an export. Raises UserError for one that can't be a page."""

        def known(reader: prepared.Reader) -> tuple[dict[int, int], list[str]]:
            given = histories.taken(reader, [f"@{handle}" for handle in profile_pages.handles(export)])
            return histories.pages_here(reader, item.guild_id), [name[1:] for name in given]

        async with self._db.read() as conn:
            here, given = await prepared.read(conn, known)
        return await asyncio.to_thread(profile_pages.pages, export, item, here, given, self._ids)

    async def apply_export(self, item: History, plan: Plan, pages: Pages, export: eyeballs.Export) -> History:
        """Bring an export of Eyeballs: links with posts, figures, notes, pages and every number as it was there."""
        made = self._links(item, plan.new)
        link_ids = {int(one.found.at): link.id for one, link in zip(plan.new, made, strict=True)}
        link_ids |= {int(one.found.at): one.link_id for one in plan.kept if one.link_id is not None}
        bring = bringing.of_export(item, export, pages, link_ids, self._ids)
        done = await self._apply(dataclasses.replace(item, last_id=self._ids.new()), made, bring)
        own = Servers(self._db)
        if export.whole_server and not (await own.get(item.guild_id)).is_set_up:
            await own.change(
                Actor(item.guild_id, 0, manager=True),
                timezone=export.timezone,
                first_weekday=export.first_weekday,
                benchmarks=export.benchmarks,
            )
        return done

    # ------------------------------------------------------------------ parts

    def _destination(self, text: str) -> str:
        return parse_destination(
            text,
            own=self._base_url,
            denied_domains=self._limits.denied_domains,
            allow_private=self._limits.allow_private_destinations,
        )

    async def _check_room(self, item: History, more: int) -> None:
        async with self._db.read() as conn:
            in_server, of_creator = await links.count(conn, item.guild_id, item.creator_id)
            await require_names(conn, self._limits, item.guild_id, item.creator_id, more)
        if in_server + more > self._limits.per_server or of_creator + more > self._limits.per_creator:
            raise InvalidError(
                _(
                    "Nothing was imported: {n:,} more links would be too many. A creator has at most {creator:,} (now "
                    "{has:,}), a server {server:,} (now {all:,}). The operator can allow more, or import them."
                ).format(
                    n=more,
                    creator=self._limits.per_creator,
                    has=of_creator,
                    server=self._limits.per_server,
                    all=in_server,
                )
            )

    def _links(self, item: History, planned: Iterable[Planned]) -> list[Link]:
        """The links to make, the oldest with the lowest id."""
        now = self._clock.now()
        found = []
        for one in planned:
            creator_id = item.creator_id or one.found.creator_id or 0
            created_at = min(one.found.created_at or now, now)
            found.append(
                Link(
                    guild_id=item.guild_id,
                    id=0,
                    creator_id=creator_id,
                    slug=one.slug,
                    destination=one.destination,
                    created_by=item.created_by or creator_id,
                    created_at=created_at,
                    updated_at=now,
                    title=one.found.title,
                    tags=one.found.tags,
                    private=one.found.private,
                    state=one.found.state,
                    expires_at=one.found.expires_at,
                    max_clicks=one.found.max_clicks,
                    history_id=item.id,
                )
            )
        order = sorted(range(len(found)), key=lambda at: (found[at].created_at, at))
        for at in order:
            found[at] = dataclasses.replace(found[at], id=self._ids.new())
        return found

    async def _apply(
        self,
        item: History,
        made: Sequence[Link],
        bring: Bring,
        progress: Progress | None = None,
        *,
        aliases: Mapping[int, Sequence[str]] = MappingProxyType({}),
    ) -> History:
        """Write the links, hidden, in small steps; then show them, with what `bring` writes, in one."""
        if not await self._db.write(lambda conn: histories.move(conn, item, ImportState.STAGING)):
            raise InvalidError(_("Somebody else has just changed that import. Attach the file again."))
        staged = dataclasses.replace(item, state=ImportState.STAGING)
        try:
            for at in range(0, len(made), histories.STEP):
                step = made[at : at + histories.STEP]
                gone = await self._db.write_quietly(
                    lambda writer, step=step: histories.stage_links(writer, staged, step, aliases)
                )
                if gone:
                    raise InvalidError(
                        _(
                            "Nothing was imported: “{names}” was given out since the preview. Attach the file again."
                        ).format(names=", ".join(gone[:5]))
                    )
                if progress is not None:
                    await progress((at + len(step)) / len(made))
            states = {
                state: [link.id for link in made if link.state is state] for state in (State.ARCHIVED, State.DELETED)
            }
            last_id = max(item.last_id, *(link.id for link in made)) if made else item.last_id

            def show(conn: sa.Connection) -> int:
                clicks = bring(conn)
                if clicks or item.service is Service.EYEBALLS:
                    histories.add_up(conn, staged)
                histories.show(conn, staged, states)
                return clicks

            async def work(conn: Any) -> int:
                clicks = await conn.run_sync(show)
                values = {"links": len(made), "clicks": clicks, "last_id": last_id}
                if not await histories.move(conn, staged, ImportState.APPLIED, **values):
                    raise InvalidError(_("Somebody else has just changed that import. Attach the file again."))
                return clicks

            clicks = await self._db.write(work)
        except BaseException:
            await asyncio.shield(self._reset(staged))
            raise
        while await self._db.write_quietly(lambda writer: histories.drop_pages(writer, item)):
            pass
        log.info("links imported", service=item.service.value, links=len(made), clicks=clicks)
        return dataclasses.replace(item, state=ImportState.APPLIED, links=len(made), clicks=clicks, last_id=last_id)

    async def _get(self, guild_id: int, history_id: int) -> History | None:
        async with self._db.read() as conn:
            return await histories.get(conn, guild_id, history_id)

    async def _mine(self, actor: Actor, history_id: int) -> History:
        item = await self._get(actor.guild_id, history_id)
        if item is None or not actor.owns(item.creator_id) or not item.created_by:
            raise NotFoundError(_("That preview is no longer there. Attach the file again with /link import."))
        return item

    async def _reset(self, item: History) -> History:
        """Back to a preview, with nothing left of what was written."""
        current = await self._get(item.guild_id, item.id)
        if current is None or current.state is not ImportState.STAGING:
            return item
        return await self._clear(current, ImportState.PREVIEWED)

    async def _clear(self, item: History, to: ImportState) -> History:
        """Delete the links of a hidden history, step by step."""
        while await self._db.write_quietly(lambda writer: histories.drop_links(writer, item)):
            pass
        await self._db.write(lambda conn: histories.move(conn, item, to))
        return dataclasses.replace(item, state=to)


def _packed(one: Planned) -> list[Any]:
    found = one.found
    return [
        *(found.line, found.code, found.title, list(found.tags), one.slug, one.destination),
        *(None if at is None else at.timestamp() for at in (found.created_at, found.expires_at)),
        *(found.max_clicks, found.private, found.state.value),
    ]


def _unpacked(row: list[Any]) -> Planned:
    line, code, title, tags, slug, destination, created, expires, most, private, state = row
    created_at, expires_at = (
        None if at is None else dt.datetime.fromtimestamp(at, dt.UTC) for at in (created, expires)
    )
    found = Found(line, code, destination, title, tuple(tags), created_at, expires_at, most, private, State(state))
    return Planned(found, slug, destination)
