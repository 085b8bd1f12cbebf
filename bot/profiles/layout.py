"""What stands on a profile page, in which order. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from storage.records import Entry, Link

MOST_LINKS = 40
"""Links on one page: it stays light, and nobody scrolls further."""


@dataclass(frozen=True, slots=True)
class Section:
    """Links below one heading; the pinned ones, and those without a heading, stand in sections with an empty one."""

    heading: str
    links: tuple[Link, ...]
    pinned: bool = False


def ordered(links: Iterable[Link], entries: Mapping[int, Entry]) -> list[Link]:
    """The links as the creator ordered them; those never ordered stand first, the newest before the others."""

    def key(link: Link) -> tuple[int, int]:
        entry = entries.get(link.id)
        return (-1, -link.id) if entry is None else (entry.rank, -link.id)

    return sorted(links, key=key)


def is_shown(entry: Entry | None, now: dt.datetime) -> bool:
    """Whether the creator's choices show a link at this moment."""
    if entry is None:
        return True
    if entry.hidden or (entry.shows_from is not None and now < entry.shows_from):
        return False
    return entry.shows_until is None or now < entry.shows_until


def arrange(links: Iterable[Link], entries: Mapping[int, Entry], now: dt.datetime) -> tuple[Section, ...]:
    """The sections of the page: pinned links, those without a heading, then each heading where its first link stands.

    `MOST_LINKS` links at most, counted from the top.
    """
    sections: dict[tuple[bool, str], list[Link]] = {(True, ""): [], (False, ""): []}
    for link in ordered(links, entries):
        entry = entries.get(link.id)
        if is_shown(entry, now):
            pinned = entry is not None and entry.pinned
            heading = "" if entry is None or pinned else entry.heading
            sections.setdefault((pinned, heading), []).append(link)
    found: list[Section] = []
    room = MOST_LINKS
    for (pinned, heading), inside in sections.items():
        if shown := tuple(inside[:room]):
            found.append(Section(heading, shown, pinned))
            room -= len(shown)
    return tuple(found)


def moved(
    links: Iterable[Link], entries: Mapping[int, Entry], guild_id: int, creator_id: int, link_id: int, to: int
) -> list[Entry]:
    """The entries of all links after one of them went to place `to`, from 0 on; each has a rank of its own then."""
    order = [link.id for link in ordered(links, entries) if link.id != link_id]
    order.insert(max(0, to), link_id)
    return [
        dataclasses.replace(entries.get(id_) or Entry(guild_id, creator_id, id_, 0), rank=rank)
        for rank, id_ in enumerate(order)
    ]
