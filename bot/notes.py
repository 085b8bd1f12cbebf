"""Notes: what happened on a day, in a creator's words or the server's, to be seen on the charts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import Clock
from bot.errors import InvalidError, NotFoundError
from bot.inputs.dates import parse_past
from bot.inputs.text import clean, parse_line, shorten
from bot.insights.periods import local_day
from bot.links.access import Actor, require_manager
from bot.texts import _
from storage import notes, servers
from storage.database import Database
from storage.ids import Ids
from storage.records import Link, Note, State

MAX_TEXT = 80
"""Characters: a chart has room for a few words."""
MOST = 500
"""Notes of one creator, and of one server."""


def parse_text(text: str) -> str:
    """The note on one line; raises InvalidError for an empty or a long one, and for one that shows nothing."""
    flat = clean(text)
    if not text.strip() or len(flat) > MAX_TEXT:
        raise InvalidError(
            _("text: a note has 1 to {n} characters, so that charts have room for it; “{value}” does not.").format(
                n=MAX_TEXT, value=shorten(text)
            )
        )
    return parse_line(flat or text, "text", MAX_TEXT)


class Notes:
    """Adds, lists and deletes notes; every lookup by (guild_id, id)."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    async def add(
        self, actor: Actor, text: str, *, day: str | None = None, link: Link | None = None, for_server: bool = False
    ) -> Note:
        """Keep a note for a day, today when None: on the charts of one link, of the actor, or of the whole server.

        Raises UserError; then nothing is kept.
        """
        text, now = parse_text(text), self._clock.now()
        if for_server:
            require_manager(actor)
            if link is not None:
                raise InvalidError(_("link: a note for the whole server belongs to no link; leave out one of the two."))

        async def work(conn: AsyncConnection) -> Note:
            server = await servers.get(conn, actor.guild_id)
            creator_id = None if for_server else actor.user_id if link is None else link.creator_id
            if len(await notes.find(conn, actor.guild_id, [creator_id], limit=MOST)) == MOST:
                raise InvalidError(_("That would be more than {n} notes; /note delete makes room.").format(n=MOST))
            at = now if day is None else parse_past(day, "day", now, server.timezone)
            note = Note(
                guild_id=actor.guild_id,
                id=self._ids.new(),
                creator_id=creator_id,
                link_id=None if link is None else link.id,
                day=local_day(at, server.timezone),
                text=text,
                created_by=actor.user_id,
                created_at=now,
            )
            await notes.add(conn, note)
            return note

        return await self._db.write(work)

    async def visible(self, actor: Actor) -> Sequence[Note]:
        """The actor's own notes, the latest first; for managers the server's too."""
        creators = [actor.user_id, None] if actor.manager else [actor.user_id]
        async with self._db.read() as conn:
            return await notes.find(conn, actor.guild_id, creators, limit=2 * MOST)

    async def delete(self, actor: Actor, note_id: int) -> Note:
        """Take a note off the charts; `restore` brings it back. Raises NotFoundError."""
        return await self._set_state(actor, note_id, State.DELETED)

    async def restore(self, actor: Actor, note_id: int) -> Note:
        return await self._set_state(actor, note_id, State.ACTIVE)

    async def _set_state(self, actor: Actor, note_id: int, state: State) -> Note:
        async def work(conn: AsyncConnection) -> Note:
            note = await notes.get(conn, actor.guild_id, note_id)
            mine = note is not None and (actor.manager if note.creator_id is None else actor.owns(note.creator_id))
            if note is None or not mine:
                raise NotFoundError(_("There is no such note of yours. /note list shows the ones there are."))
            await notes.set_state(conn, actor.guild_id, note_id, state)
            return note

        return await self._db.write(work)
