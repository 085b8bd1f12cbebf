"""What a creator does with their page: set it up, arrange it, make it public, take it back; what managers may do."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from bot.clock import Clock
from bot.errors import InvalidError, NotFoundError, RefusedError
from bot.inputs.dates import parse_future
from bot.inputs.text import fit_line, parse_line, shorten
from bot.links.access import Actor, first_link, may_add, require_creator, require_manager
from bot.links.slugs import is_kept, parse_handle
from bot.profiles import avatars, tokens
from bot.profiles.layout import Section, Step, arrange, moved, on_top, ranked
from bot.profiles.pages import links_of
from bot.profiles.themes import LOOKS, Fitted, fitted, parse_accent
from bot.profiles.views import Views
from bot.texts import _
from storage import addresses, links, profiles, servers
from storage.database import Database
from storage.ids import Ids
from storage.records import Address, Entry, Link, Profile

MOST_HANDLES = 5
"""Of a creator at a time, those that lead on to the present one among them."""
LEADS_ON = dt.timedelta(days=90)
"""How long a handle leads on before it makes room for another."""
MAX_NAME, MAX_LINE, MAX_HEADING = 80, 160, 60
SERVER, OPERATOR = "server", "operator"

NOT_ON_PAGE = _("That link can't stand on your page: it is gone, archived or private.")


IsOpen = Callable[[Link], Awaitable[bool]]
"""Whether a link may be shown, since it has not ended."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """A page that was set up, and the handle that it had before when that changed."""

    profile: Profile
    former: str | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """A creator's page with all the links that may stand on it, and what was chosen for them."""

    profile: Profile
    sections: Sequence[Section]
    """What stands on the page now, in its order."""
    off: Sequence[Link]
    """The links that don't, those that the creator chose before the others, then the newest first."""
    entries: Mapping[int, Entry]
    ended: frozenset[int]
    zone: str

    @property
    def shown(self) -> list[Link]:
        """The links on the page, from the top."""
        return [link for section in self.sections for link in section.links]

    def entry(self, link: Link) -> Entry:
        return self.entries.get(link.id) or _entry(link)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Links whose place on the page was chosen, or taken from them."""

    profile: Profile
    links: Sequence[Link]


def _entry(link: Link) -> Entry:
    return Entry(link.guild_id, link.creator_id, link.id, 0, hidden=True)


class Profiles:
    """Handles are unique in the installation; a creator keeps the ones that were ever theirs."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, base_url: URL, views: Views, is_open: IsOpen) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._base_url = base_url
        self._views = views
        self._is_open = is_open

    def url(self, profile: Profile) -> str:
        return str(self._base_url / f"@{profile.handle}")

    async def preview_url(self, profile: Profile) -> str:
        """An address under which the page may be seen for an hour, public or not, without being counted."""
        token = tokens.sign_preview(await self._views.key(), profile.guild_id, profile.creator_id, self._clock.now())
        return str((self._base_url / f"@{profile.handle}").with_query(preview=token))

    async def get(self, actor: Actor) -> Profile | None:
        async with self._db.read() as conn:
            return await profiles.get(conn, actor.guild_id, actor.user_id)

    async def required(self, actor: Actor) -> Profile:
        """The actor's page. Raises NotFoundError, which says how they get one."""
        async with self._db.read() as conn:
            return await _required(conn, actor)

    async def set_up(
        self, actor: Actor, handle: str, name: str, line: str = "", *, default: str = "", avatar: bytes | None = None
    ) -> SetUp:
        """Make the page of an actor who has links or may add some, or change it; an earlier handle leads on to it.

        A creator has `MOST_HANDLES` at a time; the oldest makes room for another once it led on for `LEADS_ON`.

        `avatar` is a picture to keep, empty for none; None leaves it as it was. Raises UserError.
        """
        wanted = f"@{parse_handle(handle)}"
        shown = parse_line(name, "name", MAX_NAME) or fit_line(default, MAX_NAME)
        about = parse_line(line, "line", MAX_LINE)
        picture, digest = await asyncio.to_thread(avatars.made, avatar) if avatar else (None, "")

        async def work(conn: AsyncConnection) -> SetUp:
            if refusal := await _refusal(conn, actor):
                raise RefusedError(refusal)
            require_creator(actor, await servers.get(conn, actor.guild_id))
            old = await profiles.get(conn, actor.guild_id, actor.user_id)
            await _take_handle(conn, actor, wanted, "" if old is None else f"@{old.handle}", self._clock.now())
            fresh = Profile(actor.guild_id, actor.user_id, wanted[1:], "", published=False, id=self._ids.new())
            profile = dataclasses.replace(old or fresh, handle=wanted[1:], name=shown, line=about)
            if avatar is not None:
                profile = dataclasses.replace(profile, avatar=digest)
                await profiles.put_avatar(conn, actor.guild_id, actor.user_id, picture)
            await profiles.put(conn, profile)
            return SetUp(profile, f"@{old.handle}" if old is not None and old.handle != profile.handle else None)

        return await self._db.write(work)

    async def set_looks(self, actor: Actor, theme: str | None, accent: str | None) -> tuple[Profile, Fitted]:
        """Choose a theme, an accent colour, or both; None keeps. Raises UserError."""
        if theme is not None and theme not in LOOKS:
            raise InvalidError(_("theme: “{value}” is none; choose from the list.").format(value=shorten(theme)))
        changes: dict[str, Any] = {} if theme is None else {"theme": theme}
        if accent is not None:
            changes["accent"] = parse_accent(accent)
        profile = await self._change(actor, **changes)
        return profile, fitted(profile.theme, profile.accent)

    async def board(self, actor: Actor) -> Board:
        """The actor's page and their links. Raises NotFoundError without a page."""
        await self.required(actor)
        found = await self.board_of(actor.guild_id, actor.user_id)
        assert found is not None
        return found

    async def board_of(self, guild_id: int, creator_id: int) -> Board | None:
        """A creator's page and their links; None without a page."""
        async with self._db.read() as conn:
            profile = await profiles.get(conn, guild_id, creator_id)
            if profile is None:
                return None
            found = await links_of(conn, guild_id, creator_id)
            entries = await _entries(conn, guild_id, creator_id)
            zone = (await servers.get(conn, guild_id)).timezone
        ended = frozenset([link.id for link in found if not await self._is_open(link)])
        sections = arrange([link for link in found if link.id not in ended], entries, self._clock.now())
        on_page = {link.id for section in sections for link in section.links}
        off = [link for link in found if link.id not in on_page]
        off.sort(key=lambda link: (entries.get(link.id, _entry(link)).hidden, -link.id))
        return Board(profile, sections, off, entries, ended, zone)

    async def change_entry(
        self,
        actor: Actor,
        link_id: int,
        *,
        heading: str | None = None,
        pinned: bool | None = None,
        hidden: bool | None = None,
        shows_from: str | None = None,
        shows_until: str | None = None,
    ) -> Entry:
        """Change what is chosen for one of the actor's links; None keeps, an empty text empties. Raises UserError."""
        async with self._db.read() as conn:
            zone = (await servers.get(conn, actor.guild_id)).timezone
        now = self._clock.now()
        given: dict[str, Any] = {"pinned": pinned, "hidden": hidden}
        changes = {name: value for name, value in given.items() if value is not None}
        if heading is not None:
            changes["heading"] = parse_line(heading, "heading", MAX_HEADING)
        for name, text in (("shows_from", shows_from), ("shows_until", shows_until)):
            if text is not None:
                field = name.removeprefix("shows_")
                starts = name == "shows_from"
                changes[name] = parse_future(text, field, now, zone, starts=starts) if text.strip() else None

        async def work(conn: AsyncConnection) -> Entry:
            await _required(conn, actor)
            if changes != {"hidden": True}:
                require_creator(actor, await servers.get(conn, actor.guild_id))
            link = next((one for one in await links_of(conn, actor.guild_id, actor.user_id) if one.id == link_id), None)
            if link is None:
                raise NotFoundError(NOT_ON_PAGE)
            entries = await _entries(conn, actor.guild_id, actor.user_id)
            before = entries.get(link_id) or dataclasses.replace(_entry(link), rank=on_top(entries))
            entry = dataclasses.replace(before, **changes)
            if entry.shows_from and entry.shows_until and entry.shows_from >= entry.shows_until:
                raise InvalidError(_("until: a link can't stop showing before it begins; give a later time."))
            await profiles.put_entries(conn, ranked(entries | {link_id: entry}))
            return entry

        return await self._db.write(work)

    async def show(self, actor: Actor, first_id: int, last_id: int, *, shown: bool = True) -> Chosen:
        """Put the actor's links of these ids on their page, new ones on top, or take them off it. Raises UserError."""

        async def work(conn: AsyncConnection) -> Chosen:
            profile = await _required(conn, actor)
            if shown:
                require_creator(actor, await servers.get(conn, actor.guild_id))
            found = await links_of(conn, actor.guild_id, actor.user_id)
            wanted = sorted((link for link in found if first_id <= link.id <= last_id), key=lambda link: link.id)
            if not wanted:
                raise NotFoundError(NOT_ON_PAGE)
            entries = await _entries(conn, actor.guild_id, actor.user_id)
            for link in wanted:
                before = entries.get(link.id) or dataclasses.replace(_entry(link), rank=on_top(entries))
                entries[link.id] = dataclasses.replace(before, hidden=not shown)
            await profiles.put_entries(conn, ranked(entries))
            return Chosen(profile, wanted)

        return await self._db.write(work)

    async def move(self, actor: Actor, link_id: int, step: Step) -> None:
        """Move a link on the actor's page. Raises NotFoundError."""
        found = await self.board(actor)
        if link_id not in {link.id for link in found.shown}:
            raise NotFoundError(_("That link doesn't stand on your page now, so it has no place to move from."))
        order = moved(found.sections, link_id, step)
        if order is None:
            return

        async def work(conn: AsyncConnection) -> None:
            await profiles.put_entries(conn, ranked(await _entries(conn, actor.guild_id, actor.user_id), order))

        await self._db.write(work)

    async def publish(self, actor: Actor) -> Profile:
        """Make the page public. Raises UserError."""
        profile = await self.get(actor)
        if profile is not None and profile.taken_down:
            who = _("the managers of this server") if profile.taken_down == SERVER else _("the operator")
            raise RefusedError(_("Your page was taken down by {who}; ask them about it.").format(who=who))
        return await self._change(actor, published=True)

    async def unpublish(self, actor: Actor) -> Profile:
        """Take the page back; the handle stays the creator's. Raises NotFoundError when there is none."""
        profile = await self.required(actor)
        if not profile.published:
            raise NotFoundError(_("Your profile is not published. /profile publish does that."))
        return await self._change(actor, published=False)

    async def of_server(self, actor: Actor, handle: str) -> Profile:
        """The page behind a handle, for managers, as long as it can be taken down. Raises UserError."""
        require_manager(actor)
        async with self._db.read() as conn:
            profile = await _at(conn, handle, actor.guild_id)
        if profile.taken_down:
            raise InvalidError(_("That page is down already; restore:True brings it back."))
        return profile

    async def handle_of(self, actor: Actor, creator_id: int) -> str:
        """The handle that a creator's page has now. Raises NotFoundError."""
        async with self._db.read() as conn:
            profile = await profiles.get(conn, actor.guild_id, creator_id)
        if profile is None:
            raise NotFoundError(_("That page is no longer there."))
        return profile.handle

    async def take_down(self, actor: Actor, handle: str, *, restore: bool = False) -> Profile:
        """Take a page of the server off the net against its creator's will, or lift that. Raises UserError."""
        require_manager(actor)
        return await take_down(self._db, handle, SERVER, actor.guild_id, restore=restore)

    async def _change(self, actor: Actor, **changes: Any) -> Profile:
        async def work(conn: AsyncConnection) -> Profile:
            profile = dataclasses.replace(await _required(conn, actor), **changes)
            if changes != {"published": False}:
                require_creator(actor, await servers.get(conn, actor.guild_id))
            await profiles.put(conn, profile)
            return profile

        return await self._db.write(work)


async def _take_handle(conn: AsyncConnection, actor: Actor, wanted: str, present: str, now: dt.datetime) -> None:
    """Make a handle the actor's present one, in place of `present`, which leads on. Raises InvalidError."""
    known = await addresses.get(conn, wanted)
    if known is not None and (known.guild_id, known.creator_id) != (actor.guild_id, actor.user_id):
        raise InvalidError(_("The handle {handle} is taken; choose another one.").format(handle=wanted))
    if known is None:
        if is_kept(wanted[1:]):
            raise InvalidError(
                _(
                    "handle: {handle} speaks for others than a creator, so nobody gets it; choose another one, with "
                    "your name in it."
                ).format(handle=wanted)
            )
        own = await addresses.handles(conn, actor.guild_id, actor.user_id)
        if len(own) >= MOST_HANDLES:
            free_at = {one.address: one.expires_at or now for one in own if one.address != present}
            oldest = min(free_at, key=free_at.__getitem__)
            if free_at[oldest] > now:
                raise InvalidError(
                    _(
                        "handle: you have {n} handles already, and earlier ones lead on for {days} days at least. The "
                        "oldest, {handle}, makes room <t:{at}:R>; until then take one of your own: {list}."
                    ).format(
                        n=MOST_HANDLES,
                        days=LEADS_ON.days,
                        handle=oldest,
                        at=int(free_at[oldest].timestamp()),
                        list=", ".join(sorted(free_at)),
                    )
                )
            await addresses.give_back(conn, actor.guild_id, [oldest])
        await addresses.add(conn, Address(wanted, actor.guild_id, actor.user_id))
    if wanted != present:
        await addresses.set_expiry(conn, actor.guild_id, wanted, None)
        await addresses.set_expiry(conn, actor.guild_id, present, now + LEADS_ON)


async def _entries(conn: AsyncConnection, guild_id: int, creator_id: int) -> dict[int, Entry]:
    return {one.link_id: one for one in await profiles.entries(conn, guild_id, creator_id)}


async def _required(conn: AsyncConnection, actor: Actor) -> Profile:
    profile = await profiles.get(conn, actor.guild_id, actor.user_id)
    if profile is None:
        way = await _refusal(conn, actor) or _("/profile setup makes one.")
        raise NotFoundError(_("You have no page yet.") + " " + way)
    return profile


async def _refusal(conn: AsyncConnection, actor: Actor) -> str:
    """Why the actor can't have a page, and what to do about it; "" for who can."""
    server = await servers.get(conn, actor.guild_id)
    _in_server, own = await links.count(conn, actor.guild_id, actor.user_id)
    if own or may_add(actor, server):
        return ""
    return _("A page of your own takes a link of yours to show there.") + " " + first_link(actor, server)


async def _at(conn: AsyncConnection, handle: str, guild_id: int | None) -> Profile:
    """The page that a handle, also a former one, leads to: of this server, or of any. Raises NotFoundError."""
    name = f"@{handle.strip().lower().removeprefix('@')}"
    address = await addresses.get(conn, name)
    profile = None
    if address is not None and guild_id in (None, address.guild_id):
        profile = await profiles.get(conn, address.guild_id, address.creator_id)
    if profile is None:
        raise NotFoundError(_("There is no page “{handle}” here.").format(handle=shorten(name)))
    return profile


async def take_down(
    db: Database, handle: str, who: str, guild_id: int | None = None, *, restore: bool = False
) -> Profile:
    """Take a page off the net, or lift that: as the `OPERATOR`, which managers can't lift, or for one `SERVER`.

    Raises UserError.
    """

    async def work(conn: AsyncConnection) -> Profile:
        profile = await _at(conn, handle, guild_id)
        if profile.taken_down == OPERATOR and who != OPERATOR:
            raise RefusedError(_("The operator took that page down; only they can bring it back."))
        if bool(profile.taken_down) != restore and who != OPERATOR:
            raise InvalidError(
                _("That page is not down, so there is nothing to bring back.")
                if restore
                else _("That page is down already; restore:True brings it back.")
            )
        changed = dataclasses.replace(profile, taken_down="" if restore else who)
        await profiles.put(conn, changed)
        return changed

    return await db.write(work)
