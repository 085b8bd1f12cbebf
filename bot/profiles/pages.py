"""The profile page as visitors meet it: what it shows, and what its display counts as."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from bot.clock import Clock
from bot.inputs.text import fit_line
from bot.links.owner import OwnerTokens
from bot.profiles import tokens
from bot.profiles.layout import Section, arrange
from bot.profiles.views import VIEWABLE_AFTER, Opened, Views
from bot.tracking.tracker import Mark, Outcome, Tracker, Visit
from storage import addresses, links, profiles
from storage.database import Database, Lane
from storage.records import PROFILE, Kind, Link, Profile, State

LABEL, HEADING, HOST = 60, 60, 40
"""Characters of a link's title, of a heading and of a destination's host that are shown."""


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link as the page shows it; `query` goes behind its address."""

    label: str
    slug: str
    host: str
    position: int
    query: str = ""
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class ShownSection:
    heading: str
    links: tuple[ShownLink, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A profile page: its texts, its looks by name, and the token that its display is reported with."""

    name: str
    handle: str
    line: str
    theme: str
    accent: str
    avatar: str
    sections: tuple[ShownSection, ...]
    token: str = ""
    """Empty when nothing of this display is to be counted."""
    preview: bool = False

    @property
    def links(self) -> tuple[ShownLink, ...]:
        return tuple(link for section in self.sections for link in section.links)


@dataclass(frozen=True, slots=True)
class Moved:
    """The handle is a former one; the page stands at another."""

    handle: str


class Pages:
    """Finds pages and counts what is seen of them. Unknown, unpublished and taken-down ones are the same: None."""

    def __init__(self, db: Database, clock: Clock, tracker: Tracker, views: Views, owner_tokens: OwnerTokens) -> None:
        self._db = db
        self._clock = clock
        self._tracker = tracker
        self._views = views
        self._owner_tokens = owner_tokens

    async def open(self, handle: str, visit: Visit) -> Page | Moved | None:
        """The page behind a handle, counted as a view when a person asks for it."""
        found = await self._find(handle)
        if not isinstance(found, Profile):
            return found
        sections = await self._sections(found)
        shown = [link.id for section in sections for link in section.links]
        outcome = await self._tracker.count(found.guild_id, [Mark(found.id, Kind.VIEW)], PROFILE, visit)
        if outcome is Outcome.SET_ASIDE:
            return _page(found, sections)
        opened = await self._views.open(found.guild_id, found.id, shown, self._clock.now())
        return _page(found, sections, opened)

    async def preview(self, token: str) -> Page | None:
        """A page as its creator looks at it before it is public: nothing counts, its links are test addresses."""
        now = self._clock.now()
        whose = tokens.read_preview(await self._views.key(), token, now)
        if whose is None:
            return None
        async with self._db.read(Lane.PAGES) as conn:
            profile = await profiles.get(conn, *whose)
        if profile is None:
            return None
        sections = await self._sections(profile)
        tests = {
            link.id: await self._owner_tokens.of(link.guild_id, link.id)
            for section in sections
            for link in section.links
        }
        return _page(profile, sections, tests=tests)

    async def of_creator(self, profile: Profile) -> Page:
        """A creator's page as it would be shown now, public or not, without counting."""
        return _page(profile, await self._sections(profile))

    async def seen(self, token: str, positions: Iterable[int], visit: Visit) -> None:
        """Count links of a page view that were in view long enough, each once."""
        now = self._clock.now()
        view = await self._views.read(token, now)
        if view is None or now < view.at + VIEWABLE_AFTER:
            return
        there = [position for position in positions if 1 <= position <= len(view.link_ids)]
        await self._report(view, there, Kind.VIEWABLE, visit)

    async def displayed(self, token: str, visit: Visit) -> None:
        """Count the links of a page view as displayed: nothing watches them without JavaScript."""
        view = await self._views.read(token, self._clock.now())
        if view is not None:
            await self._report(view, range(1, len(view.link_ids) + 1), Kind.IMPRESSION, visit)

    async def _report(self, view: tokens.PageView, positions: Iterable[int], kind: Kind, visit: Visit) -> None:
        if self._tracker.is_person(visit):
            marks = [
                Mark(view.link_ids[position - 1], kind, str(position))
                for position in self._views.note_shown(view.id, positions)
            ]
            if marks:
                await self._tracker.count(view.guild_id, marks, PROFILE, visit, reported=True)

    async def public(self, handle: str) -> Page | None:
        """The page behind a handle, without counting."""
        found = await self._find(handle)
        return await self.of_creator(found) if isinstance(found, Profile) else None

    async def avatar(self, handle: str, digest: str) -> bytes | None:
        """The creator's picture, a WebP, under its digest."""
        found = await self._find(handle)
        if not isinstance(found, Profile) or not digest or found.avatar != digest:
            return None
        async with self._db.read(Lane.PAGES) as conn:
            return await profiles.avatar(conn, found.guild_id, found.creator_id)

    async def preview_avatar(self, token: str) -> bytes | None:
        """The picture of a page that is looked at before it is public."""
        whose = tokens.read_preview(await self._views.key(), token, self._clock.now())
        if whose is None:
            return None
        async with self._db.read(Lane.PAGES) as conn:
            return await profiles.avatar(conn, *whose)

    async def _find(self, handle: str) -> Profile | Moved | None:
        handle = handle.lower()
        async with self._db.read(Lane.PAGES) as conn:
            address = await addresses.get(conn, f"@{handle}")
            if address is None or address.state is State.DELETED:
                return None
            profile = await profiles.get(conn, address.guild_id, address.creator_id)
        if profile is None or not profile.published or profile.taken_down:
            return None
        return profile if profile.handle == handle else Moved(profile.handle)

    async def _sections(self, profile: Profile) -> tuple[Section, ...]:
        """The creator's active links that are not private, as they arranged them."""
        async with self._db.read(Lane.PAGES) as conn:
            found = await links_of(conn, profile.guild_id, profile.creator_id)
            chosen = await profiles.entries(conn, profile.guild_id, profile.creator_id)
        shown = [link for link in found if await self._tracker.is_open(link)]
        return arrange(shown, {entry.link_id: entry for entry in chosen}, self._clock.now())


async def links_of(conn: AsyncConnection, guild_id: int, creator_id: int) -> list[Link]:
    """The links that may stand on a creator's page: active and not private."""
    found = await links.find(conn, guild_id, creator_id=creator_id, states=[State.ACTIVE])
    return [link for link in found if not link.private]


def host_of(link: Link) -> str:
    """Where a link leads, as its page says it: the destination's host."""
    return fit_line((URL(link.destination).host or "").removeprefix("www."), HOST)


def label_of(link: Link) -> str:
    """What a page calls a link: its title, or where it leads, since a slug may be made up and tells nobody anything."""
    return fit_line(link.title, LABEL) or host_of(link) or link.slug


def _page(
    profile: Profile,
    sections: Iterable[Section],
    opened: Opened | None = None,
    *,
    tests: dict[int, str] | None = None,
) -> Page:
    shown: list[ShownSection] = []
    position = 0
    for section in sections:
        inside: list[ShownLink] = []
        for link in section.links:
            position += 1
            query = ""
            if opened is not None:
                query = f"?via={opened.clicks[position - 1]}"
            elif tests is not None:
                query = f"?test={tests[link.id]}"
            # Without a title the host stands in its place; what is below it tells such links apart.
            below = host_of(link) if fit_line(link.title, LABEL) else fit_line(URL(link.destination).path, HOST)
            inside.append(ShownLink(label_of(link), link.slug, below, position, query, section.pinned))
        shown.append(ShownSection(fit_line(section.heading, HEADING), tuple(inside)))
    return Page(
        name=profile.name or profile.handle,
        handle=profile.handle,
        line=profile.line,
        theme=profile.theme,
        accent=profile.accent,
        avatar=profile.avatar,
        sections=tuple(shown),
        token=opened.view if opened is not None else "",
        preview=tests is not None,
    )
