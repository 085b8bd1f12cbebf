"""Profile pages in an export of another Eyeballs: which come along, under which handles, and what stands on them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bot.errors import InvalidError
from bot.imports.eyeballs import Export, Row
from bot.imports.links import LAST_NUMBER
from bot.inputs.text import fit_line
from bot.links.slugs import is_kept, parse_handle
from bot.profiles import avatars
from bot.profiles.service import MAX_HEADING, MAX_LINE, MAX_NAME
from bot.profiles.themes import LOOKS, parse_accent
from storage.ids import Ids
from storage.records import Entry, History, Profile


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages to make, and under which id each page's views are counted here."""

    new: tuple[Profile, ...]
    pictures: Mapping[int, bytes]
    """By creator."""
    ids: Mapping[int, int]
    """Ids there -> ids here."""
    renamed: Mapping[str, str]
    """Handles there, where they are taken here -> handles here."""


def handles(export: Export) -> list[str]:
    """All handles that `pages` may ask about."""
    return sorted(name for row in export.tables["profiles"] for name in _names(row["handle"]))


def pages(export: Export, item: History, here: Mapping[int, int], given: Collection[str], ids: Ids) -> Pages:
    """A page for each creator who has none; who has one keeps it, and it gets the views.

    `here` has the pages of the server, creator -> id; `given` the handles that were ever given out. Makes pictures
    anew, which takes some milliseconds each: not for the loop.
    """
    there = dict(here)
    pictures = {row["creator_id"]: row["picture"] for row in export.tables["avatars"]}
    new: list[Profile] = []
    kept, found, renamed = {}, {}, {}
    taken = set(given)
    for row in export.tables["profiles"]:
        creator_id = item.creator_id or row["creator_id"]
        if creator_id not in there:
            handle = next((name for name in _names(row["handle"]) if name not in taken), None)
            if handle is None:
                continue
            taken.add(handle)
            if handle != row["handle"]:
                renamed[row["handle"]] = handle
            picture, digest = _picture(pictures.get(row["creator_id"]))
            if picture is not None:
                kept[creator_id] = picture
            profile = _profile(row, item.guild_id, creator_id, handle, digest, ids)
            new.append(profile)
            there[creator_id] = profile.id
        found[row["id"]] = there[creator_id]
    return Pages(tuple(new), kept, found, renamed)


def entries(export: Export, item: History, link_ids: Mapping[int, int]) -> list[Entry]:
    """What the creators chose for the links that are brought."""
    return [
        Entry(
            **row
            | {
                "guild_id": item.guild_id,
                "creator_id": item.creator_id or row["creator_id"],
                "link_id": link_ids[row["link_id"]],
                "heading": fit_line(row["heading"], MAX_HEADING),
            }
        )
        for row in export.tables["profile_entries"]
        if row["link_id"] in link_ids
    ]


def _names(handle: str) -> Iterator[str]:
    name = "creator" if is_kept(handle) else handle
    yield name
    yield from (f"{name[:30]}-{n}" for n in range(2, LAST_NUMBER + 1))


def _picture(raw: bytes | None) -> tuple[bytes | None, str]:
    try:
        return (None, "") if raw is None else avatars.made(raw)
    except InvalidError:
        return None, ""


def _profile(row: Row, guild_id: int, creator_id: int, handle: str, digest: str, ids: Ids) -> Profile:
    return Profile(
        guild_id=guild_id,
        creator_id=creator_id,
        handle=parse_handle(handle),
        name=fit_line(row["name"], MAX_NAME),
        published=False,  # nobody here has asked for it
        id=ids.new(),
        line=fit_line(row["line"], MAX_LINE),
        theme=row["theme"] if row["theme"] in LOOKS else "",
        accent=parse_accent(row["accent"]),
        avatar=digest,
        taken_down=row["taken_down"],
    )
