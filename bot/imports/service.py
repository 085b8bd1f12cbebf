"""Imports of platforms' exports: a preview first, then everything or nothing, and a way back."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog

from bot.clock import Clock
from bot.errors import InvalidError, NotFoundError, RefusedError
from bot.imports.match import Index, Sample, Tally
from bot.imports.packing import unpack
from bot.imports.reader import TROUBLES, FileReader, Packed
from bot.imports.values import MAX_BYTES, Daily, Parsed
from bot.inputs.dates import parse_past
from bot.links.access import Actor, require_add
from bot.texts import _
from storage import imports, prepared, servers
from storage.database import Database, Lane
from storage.ids import Ids
from storage.records import Import, ImportState, Post

KEPT = dt.timedelta(days=1)
"""How long a preview waits for a yes."""

Progress = Callable[[float], Awaitable[None]]
"""Told how much is done, from 0 to 1."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Preview:
    """What was recognised, and what an import of it would do; `item` is None when that is nothing."""

    item: Import | None
    parsed: Parsed
    """Without its reports."""
    posts: int
    unreadable: int
    tally: Tally
    as_of: dt.datetime


@dataclass(frozen=True, slots=True)
class Applied:
    """What an import did."""

    item: Import
    tally: Tally


@dataclass(frozen=True, slots=True)
class Undone:
    """An import that was taken back, and how many of its posts stay, since they are used by now."""

    item: Import
    kept_posts: int


class Imports:
    """Previews, applies and undoes imports; every lookup by (guild_id, id)."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, reader: FileReader | None = None) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._reader = reader or FileReader()
        self._turns: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        """One import at a time in a server."""

    async def preview(
        self, actor: Actor, data: bytes, *, creator_id: int | None = None, as_of: str | None = None
    ) -> Preview | Daily:
        """Read an export and hold it against what is known. Nothing is changed. Raises UserError.

        New posts would be the creator's, the actor's own when None; the totals are as of now unless `as_of` is told.
        """
        now = self._clock.now()
        creator_id = creator_id or actor.user_id
        async with self._db.read() as conn:
            server = await servers.get(conn, actor.guild_id)
        require_add(actor, server, creator_id)
        at = now if as_of is None else parse_past(as_of, "as-of", now, server.timezone)
        check_size(len(data))
        found = await self._reader.read(data, now, server.timezone)
        if isinstance(found, Daily):
            return found
        item = Import(
            guild_id=actor.guild_id,
            id=self._ids.new(),
            creator_id=creator_id,
            created_by=actor.user_id,
            created_at=now,
            name=found.parsed.name,
            platform=found.parsed.platform,
            as_of=at,
        )
        tally = Tally()
        index = await self._index(actor, item, server.timezone, found.packets)
        for packet in found.packets:
            await self._compare(actor, item, index, packet, tally)
        if not tally.changes_nothing:
            await self._keep(item, found)
        kept = None if tally.changes_nothing else item
        parsed = dataclasses.replace(found.parsed, troubles=(*tally.loose, *found.parsed.troubles)[:TROUBLES])
        loose = len(tally.loose)
        return Preview(kept, parsed, found.posts - loose, found.unreadable + loose, tally, at)

    async def apply(self, actor: Actor, import_id: int, progress: Progress | None = None) -> Applied:
        """Keep all that was previewed, at once for who looks. Raises UserError; then nothing is kept."""
        async with self._turns[actor.guild_id]:
            item = await self._mine(actor, import_id)
            if item.state is ImportState.APPLIED:
                raise InvalidError(_("That file is imported already."))
            if item.state is ImportState.STAGING:  # a process that is gone did not get to its end
                item = await self._reset(item)
            if item.state is not ImportState.PREVIEWED:
                raise NotFoundError(_("That import was taken back. Attach the file again to import it."))
            await self._move(item, ImportState.STAGING)
            item = dataclasses.replace(item, state=ImportState.STAGING)
            try:
                tally = await self._stage(actor, item, progress)
                values = {"new_posts": tally.new, "figures": tally.figures}
                await self._move(item, ImportState.APPLIED, **values)
            except BaseException:
                await asyncio.shield(self._reset(item))
                raise
            done = dataclasses.replace(item, state=ImportState.APPLIED, **values)
            await self._drop_chunks(done)
        log.info("export imported", platform=done.platform, posts=tally.new, figures=tally.figures)
        return Applied(done, tally)

    async def cancel(self, actor: Actor, import_id: int) -> Import:
        """Forget a preview. Raises UserError."""
        async with self._turns[actor.guild_id]:
            item = await self._mine(actor, import_id)
            if item.state is not ImportState.PREVIEWED:
                raise InvalidError(_("That file is imported already; /impressions undo takes it back."))
            await self._forget(item)
        return item

    async def latest(self, actor: Actor) -> Import:
        """The import that `undo` would take back next: of the actor's own posts, a manager's: of anybody's.

        Raises NotFoundError.
        """
        async with self._db.read() as conn:
            found = await imports.latest(conn, actor.guild_id, None, None if actor.manager else [actor.user_id])
        if found is None:
            raise NotFoundError(_("There is no import to take back."))
        return found

    async def undo(self, actor: Actor, import_id: int) -> Undone:
        """Bring back the state before an import: its posts and totals go, but for posts that are used by now.

        Raises UserError where it is no longer the latest one of these posts.
        """
        async with self._turns[actor.guild_id]:
            item = await self._mine(actor, import_id)
            if item.state is not ImportState.APPLIED:
                raise NotFoundError(_("That import was taken back already."))
            async with self._db.read() as conn:
                last = await imports.latest(conn, actor.guild_id, item.platform, [item.creator_id])
            if last is not None and last.id != item.id:
                raise RefusedError(
                    _("“{name}” was imported again after that. /impressions undo takes that one back first.").format(
                        name=last.name
                    )
                )
            kept, after = 0, item.id
            while after:
                after, more = await self._db.write_quietly(
                    lambda writer, after=after: imports.adopt(writer, item, after)
                )
                kept += more
            await self._move(item, ImportState.UNDOING)
            await self._clear(dataclasses.replace(item, state=ImportState.UNDOING), ImportState.UNDONE)
        log.info("import undone", platform=item.platform)
        return Undone(item, kept)

    async def tidy(self) -> None:
        """Forget previews that nobody answered, and finish what a process that is gone left half done."""
        async with self._db.read() as conn:
            old = await imports.find(conn, [ImportState.PREVIEWED], self._clock.now() - KEPT)
            broken = await imports.find(conn, [ImportState.STAGING, ImportState.UNDOING])
        for item in [*old, *broken]:
            try:
                async with self._turns[item.guild_id]:
                    await self._tidy(item)
            except Exception:
                log.exception("import not tidied", guild_id=item.guild_id, import_id=item.id)

    async def _tidy(self, item: Import) -> None:
        if item.state is ImportState.PREVIEWED:
            await self._forget(item)
            return
        current = await self._get(item.guild_id, item.id)
        if current is not None and current.state is ImportState.STAGING:
            await self._reset(current)
        elif current is not None and current.state is ImportState.UNDOING:
            await self._clear(current, ImportState.UNDONE)

    # ------------------------------------------------------------------ parts

    async def _get(self, guild_id: int, import_id: int) -> Import | None:
        async with self._db.read() as conn:
            return await imports.get(conn, guild_id, import_id)

    async def _mine(self, actor: Actor, import_id: int) -> Import:
        item = await self._get(actor.guild_id, import_id)
        if item is None or not actor.owns(item.creator_id):
            raise NotFoundError(_("That preview is no longer there. Attach the file again with /impressions import."))
        return item

    async def _index(self, actor: Actor, item: Import, zone: str, packets: Sequence[bytes]) -> Index:
        """What the reports may be about: posts of the actor, for a manager: of anybody."""

        def build(reader: prepared.Reader) -> Index:
            named = imports.named_posts(reader, item.guild_id, item.platform)
            loose = imports.loose_posts(reader, item.guild_id, item.platform, _owner(actor))
            index = Index(item.platform, named, loose, ZoneInfo(zone))
            for packet in packets:
                index.announce(unpack(packet))
            return index

        async with self._db.read(Lane.LONG) as conn:
            return await prepared.read(conn, build)

    async def _compare(self, actor: Actor, item: Import, index: Index, packet: bytes, tally: Tally) -> list[Sample]:
        """A packet's reports beside the totals that stand; in a thread, since there may be many."""

        def work(reader: prepared.Reader) -> list[Sample]:
            reports = unpack(packet)
            ids = [id_ for report in reports for id_ in index.candidates(report)]
            posts = {post.id: post for post in imports.known_posts(reader, item.guild_id, ids, _owner(actor))}
            found = [(report, index.find(report, posts)) for report in reports]
            known_ids = [match.post.id for report, match in found if match is not None and report.days is None]
            known = imports.totals(reader, item.guild_id, known_ids, item.as_of)
            by_day = [match.post.id for report, match in found if match is not None and report.days is not None]
            readings = imports.readings(reader, item.guild_id, by_day)
            samples = [
                tally.add(report, match, known)
                if report.days is None
                else tally.add_days(report, match, {} if match is None else readings.get(match.post.id, {}))
                for report, match in found
            ]
            return [sample for sample in samples if sample is not None]

        async with self._db.read(Lane.LONG) as conn:
            return await prepared.read(conn, work)

    async def _keep(self, item: Import, found: Packed) -> None:
        await self._db.write(lambda conn: imports.add(conn, item))
        for number, packet in enumerate(found.packets):
            await self._db.write_quietly(
                lambda writer, number=number, packet=packet: imports.add_chunk(writer, item, number, packet)
            )

    async def _stage(self, actor: Actor, item: Import, progress: Progress | None) -> Tally:
        """Write all that it brings, seen by nobody yet."""
        async with self._db.read() as conn:
            zone = (await servers.get(conn, item.guild_id)).timezone
            packets = await imports.chunks(conn, item)
        index, tally = await self._index(actor, item, zone, packets), Tally()
        now = self._clock.now()
        for done, packet in enumerate(packets, start=1):
            samples = await self._compare(actor, item, index, packet, tally)
            rows = await asyncio.to_thread(self._rows, item, samples, now)
            for step in _steps(*rows):
                await self._db.write_quietly(lambda writer, step=step: imports.bring(writer, item, now, *step))
            fills = [
                fill
                for sample in samples
                if sample.match is not None and (fill := sample.match.fill(sample.report)) is not None
            ]
            if fills:
                await self._db.write_quietly(lambda writer, fills=fills: imports.fill(writer, item, fills))
            if progress is not None:
                await progress(done / len(packets))
        return tally

    def _rows(
        self, item: Import, samples: Sequence[Sample], now: dt.datetime
    ) -> tuple[list[Post], list[imports.Total]]:
        new_posts: list[Post] = []
        totals: list[imports.Total] = []
        ids = iter(self._ids.several(sum(1 + len(sample.at_ends or sample.changes) for sample in samples)))
        for sample in samples:
            report = sample.report
            post_id = sample.match.post.id if sample.match is not None else next(ids)
            if sample.match is None:
                new_posts.append(
                    Post(
                        guild_id=item.guild_id,
                        id=post_id,
                        creator_id=item.creator_id,
                        link_id=None,
                        code=None,
                        platform=item.platform,
                        kind=report.kind,
                        created_by=item.created_by,
                        created_at=now,
                        title=report.title,
                        permalink=report.permalink,
                        published_at=report.published_at,
                        platform_id=report.platform_id,
                        import_id=item.id,
                    )
                )
            told = sample.at_ends or [(item.as_of, metric, value) for metric, (_old, value) in sample.changes.items()]
            totals += [(next(ids), post_id, metric, value, at) for at, metric, value in told]
        return new_posts, totals

    async def _move(self, item: Import, to: ImportState, **values: int) -> None:
        if not await self._db.write(lambda conn: imports.move(conn, item, to, **values)):
            raise InvalidError(_("Somebody else has just changed that import. Look again with /impressions import."))

    async def _reset(self, item: Import) -> Import:
        """Back to a preview, with nothing left of what was written."""
        current = await self._get(item.guild_id, item.id)
        if current is None or current.state is not ImportState.STAGING:
            return item
        return await self._clear(current, ImportState.PREVIEWED)

    async def _clear(self, item: Import, to: ImportState) -> Import:
        """Delete what a hidden import brought, step by step."""
        for step in (imports.unfill, imports.take_back):
            while await self._db.write_quietly(lambda writer, step=step: step(writer, item)):
                pass
        await self._move(item, to, last_id=0)
        return dataclasses.replace(item, state=to, last_id=0)

    async def _forget(self, item: Import) -> None:
        await self._drop_chunks(item)
        await self._db.write(lambda conn: imports.forget(conn, item))

    async def _drop_chunks(self, item: Import) -> None:
        while await self._db.write_quietly(lambda writer: imports.drop_chunks(writer, item)):
            pass


def _owner(actor: Actor) -> int | None:
    """Whose posts the actor may change: their own, None for everybody's."""
    return None if actor.manager else actor.user_id


def _steps(
    new_posts: Sequence[Post], totals: Sequence[imports.Total]
) -> Iterator[tuple[Sequence[Post], Sequence[imports.Total]]]:
    """Parts small enough for one transaction each; the posts of a packet fit into the first."""
    while new_posts or totals:
        room = imports.STEP - len(new_posts)
        yield new_posts, totals[:room]
        new_posts, totals = (), totals[room:]


def check_size(size: int) -> None:
    """Raises InvalidError for a file that is too large; to be asked before it is fetched."""
    if size > MAX_BYTES:
        raise InvalidError(
            _("file: it has {size:.1f} MiB, and 10 MiB is the limit. Export a shorter range of time.").format(
                size=size / 2**20
            )
        )
