"""What stands on a profile page, in which order. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from storage.records import Entry, Link

MOST_LINKS = 40
"""Links on one page: it stays light, and nobody scrolls further."""


@dataclass(frozen=True, slots=True)
class Section:
    """Links below one heading; the pinned ones, and those without a heading, stand in sections with an empty one."""

    heading: str
    links: tuple[Link, ...]
    pinned: bool = False


def is_shown(entry: Entry | None, now: dt.datetime) -> bool:
    """Whether the creator's choices show a link at this moment; one that they never chose for the page is off it."""
    if entry is None or entry.hidden or (entry.shows_from is not None and now < entry.shows_from):
        return False
    return entry.shows_until is None or now < entry.shows_until


def arrange(links: Iterable[Link], entries: Mapping[int, Entry], now: dt.datetime) -> tuple[Section, ...]:
    """The sections of the page: pinned links, those without a heading, then each heading where its first link stands.

    `MOST_LINKS` links at most, counted from the top.
    """
    shown = [link for link in links if is_shown(entries.get(link.id), now)]
    sections: dict[tuple[bool, str], list[Link]] = {(True, ""): [], (False, ""): []}
    for link in sorted(shown, key=lambda link: (entries[link.id].rank, -link.id)):
        entry = entries[link.id]
        sections.setdefault((entry.pinned, "" if entry.pinned else entry.heading), []).append(link)
    found: list[Section] = []
    room = MOST_LINKS
    for (pinned, heading), inside in sections.items():
        if there := tuple(inside[:room]):
            found.append(Section(heading, there, pinned))
            room -= len(there)
    return tuple(found)


class Step(StrEnum):
    """Where a link on the page can be moved to."""

    UP = "up"
    DOWN = "down"
    TOP = "top"


def moved(sections: Sequence[Section], link_id: int, step: Step) -> list[int] | None:
    """The ids of the links of a page in order after one of them was moved; None where that changes nothing.

    A link moves within its section. At the end of it, its heading moves past the next one with all that stands there.
    """
    order = [[link.id for link in section.links] for section in sections]
    at, inside = next((n, ids) for n, ids in enumerate(order) if link_id in ids)
    place = inside.index(link_id)
    first = next((n for n, section in enumerate(sections) if section.heading), len(sections))
    before = [list(ids) for ids in order]
    if step is Step.TOP:
        inside.insert(0, inside.pop(place))
        if at >= first:
            order.insert(first, order.pop(at))
    else:
        by = -1 if step is Step.UP else 1
        if 0 <= place + by < len(inside):
            inside.insert(place + by, inside.pop(place))
        elif at >= first and first <= at + by < len(order):
            order.insert(at + by, order.pop(at))
    return None if order == before else [id_ for ids in order for id_ in ids]


def ranked(entries: Mapping[int, Entry], order: Sequence[int] = ()) -> list[Entry]:
    """The entries with ranks from 0 on, such that those of `order` stand in it, and the others where they stood."""
    wanted = iter(order)
    there = sorted(entries.values(), key=lambda entry: (entry.rank, -entry.link_id))
    ids = [next(wanted) if entry.link_id in order else entry.link_id for entry in there]
    return [dataclasses.replace(entries[id_], rank=rank) for rank, id_ in enumerate(ids)]


def on_top(entries: Mapping[int, Entry]) -> int:
    """The rank of a link that is to stand above all others, before they are `ranked` anew."""
    return min((entry.rank for entry in entries.values()), default=0) - 1
