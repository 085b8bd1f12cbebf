"""Links from elsewhere: what they are, and what becomes of each of them here. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import InvalidError
from bot.imports.values import Trouble
from bot.inputs.text import clean, fit_line, shows
from bot.links.lengths import MAX_TAG, MAX_TAGS, MAX_TITLE
from bot.links.slugs import RESERVED, parse_slug
from bot.texts import _
from storage.records import State

MAX_LINKS = 5_000
"""In one attached file."""
LAST_NUMBER = 9
"""A name that is taken becomes name-2, name-3 ... up to this."""


class Taken(StrEnum):
    """What becomes of a link whose name is given out already."""

    KEEP = "keep"
    """The link that has it here keeps it, and gets what was counted elsewhere."""
    RENAME = "rename"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Found:
    """A link as it stands elsewhere, not looked at yet."""

    line: int
    """Where it stands in the file, from 1; in an answer of a service, the how manieth it is."""
    code: str
    destination: str
    title: str = ""
    tags: tuple[str, ...] = ()
    created_at: dt.datetime | None = None
    expires_at: dt.datetime | None = None
    max_clicks: int | None = None
    private: bool = False
    state: State = State.ACTIVE
    creator_id: int | None = None
    """Whose it was, where that can be told."""
    clicks: int = 0
    """What is told there of all its time."""
    at: str = ""
    """What else the service needs to find it: its domain, its id."""
    aliases: tuple[str, ...] = ()
    """Further short names under which it is known there."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A link that will be there."""

    found: Found
    slug: str
    destination: str
    link_id: int | None = None
    """The one that is here already; None for one to be made."""
    aliases: tuple[str, ...] = ()
    """Further names that will lead to it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of all the links of a file or a service."""

    new: tuple[Planned, ...] = ()
    kept: tuple[Planned, ...] = ()
    """Here already, and to get what was counted elsewhere."""
    skipped: tuple[tuple[Found, str], ...] = ()
    """Left out since the name is taken or reserved, and which of these it is."""
    troubles: tuple[Trouble, ...] = ()

    @property
    def renamed(self) -> tuple[Planned, ...]:
        return tuple(one for one in self.new if one.slug != one.found.code.lower())


Known = Mapping[str, tuple[int, int | None, State]]
"""Names that were ever given out -> server, link, state."""


def candidates(found: Sequence[Found]) -> list[str]:
    """All names that a plan may ask about."""
    names = {name.strip().lower() for one in found for name in (one.code, *one.aliases)}
    return sorted(names | {_numbered(name, n) for name in names for n in range(2, LAST_NUMBER + 1)})


def _numbered(name: str, n: int) -> str:
    return f"{name[:62]}-{n}"


def plan(found: Sequence[Found], known: Known, guild_id: int, taken: Taken, destination: Callable[[str], str]) -> Plan:
    """`destination` gives a destination's normal form, or raises InvalidError."""
    new: list[Planned] = []
    kept: list[Planned] = []
    skipped: list[tuple[Found, str]] = []
    troubles: list[Trouble] = []
    given: set[str] = set()
    for one in found:
        slug = one.code.strip().lower()
        try:
            goal = destination(one.destination)
            if slug not in RESERVED:
                parse_slug(slug, _("short name"))
        except InvalidError as error:
            troubles.append(Trouble(one.line, str(error)))
            continue
        server, link_id, state = known.get(slug, (None, None, State.ACTIVE))
        if slug not in RESERVED and server is None and slug not in given:
            new.append(Planned(one, slug, goal))
        elif taken is Taken.RENAME:
            names = (_numbered(slug, n) for n in range(2, LAST_NUMBER + 1))
            free = next((name for name in names if name not in known and name not in given), None)
            if free is None:
                skipped.append((one, _("taken, with all of its numbers up to {n}").format(n=LAST_NUMBER)))
                continue
            slug = free
            new.append(Planned(one, slug, goal))
        elif taken is Taken.KEEP and server == guild_id and link_id is not None and state is not State.DELETED:
            if slug in given:
                skipped.append((one, _("stands there twice; upper and lower case are the same here")))
                continue
            kept.append(Planned(one, slug, goal, link_id))
        else:
            skipped.append((one, _reason(slug, known, given)))
            continue
        given.add(slug)
    # Once all links have their names: a further name of one never takes another's.
    for at, planned in enumerate(new):
        aliases: list[str] = []
        for name in planned.found.aliases:
            alias = name.strip().lower()
            if alias == planned.slug:
                continue
            if alias in known or alias in given or not _can_be_slug(alias):
                skipped.append((dataclasses.replace(planned.found, code=name), _reason(alias, known, given)))
            else:
                aliases.append(alias)
                given.add(alias)
        new[at] = dataclasses.replace(planned, aliases=tuple(aliases))
    for planned in kept:
        for name in planned.found.aliases:
            if known.get(name.strip().lower(), (None, None, None))[:2] != (guild_id, planned.link_id):
                why = _("a link that is here already gets no further names")
                skipped.append((dataclasses.replace(planned.found, code=name), why))
    return Plan(tuple(new), tuple(kept), tuple(skipped), tuple(troubles))


def _can_be_slug(text: str) -> bool:
    try:
        return parse_slug(text) == text
    except InvalidError:
        return False


def _reason(slug: str, known: Known, given: set[str]) -> str:
    if slug in RESERVED:
        return _("reserved")
    if slug in given and slug not in known:
        return _("stands there twice; upper and lower case are the same here")
    return _("taken") if slug in known else _("can't be a name here")


def fit_title(text: str) -> str:
    """A title as it is kept: clean, cut to what a link's takes."""
    return fit_line(text, MAX_TITLE)


def fit_tags(words: Sequence[str]) -> tuple[str, ...]:
    """Tags as they are kept; what is too long or too much is left out."""
    tags = (clean(word.replace("#", " ")).lower() for word in words)
    return tuple(dict.fromkeys(tag for tag in tags if shows(tag) and len(tag) <= MAX_TAG))[:MAX_TAGS]
