"""Columns by their names: which of a header are known, which stand there twice, and which are left aside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from bot.imports import cells
from bot.imports.values import RefusedFileError
from bot.inputs.text import shorten
from bot.texts import _

Row = tuple[int, list[str]]
"""A line's number and its cells."""
Names = tuple[str, ...]
"""How platforms spell a column in several languages, in English first."""

SAMPLE = 50
"""Lines from the top that tell what kind of things a column holds."""

_FIGURE = re.compile(r"[-+]?\d[\d.,:\s'’]*(?:\s*(?:%|[^\W\d_]{1,4}\.?))?\Z")
_LONG = 12
"""So many digits are an id."""


def spellings(text: str) -> Names:
    """Names of one column, parted by |, in English first."""
    return tuple(text.split("|"))


@cache
def known(names: Names) -> frozenset[str]:
    """The names as they are compared."""
    return frozenset(cells.fold(name) for name in names)


def find(columns: Mapping[str, Names], row: Sequence[str]) -> dict[str, list[int]]:
    """Column -> every place whose name is one of its own; columns that are not there are left out."""
    folded = [cells.fold(cell) for cell in row]
    places = {
        column: [at for at, name in enumerate(folded) if name in known(names)] for column, names in columns.items()
    }
    return {column: found for column, found in places.items() if found}


def settle(
    places: Mapping[str, Sequence[int]], header: Sequence[str], rows: Sequence[Row]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """One place for each column, and the names that stand there twice and say the same.

    Raises RefusedFileError where two columns of one meaning differ: which of them is right can't be told.
    """
    settled = {column: found[0] for column, found in places.items()}
    twice: list[str] = []
    for column, found in places.items():
        if len(found) < 2:
            continue
        filled = [at for at in found if any(_cell(row, at) for _line, row in rows)] or [found[0]]
        for at in filled[1:]:
            if any(_cell(row, at) != _cell(row, filled[0]) for _line, row in rows):
                raise RefusedFileError(
                    _(
                        "The columns “{first}” (column {one}) and “{second}” (column {other}) mean the same and hold "
                        "different values, so which one is right can't be told. Remove one of them and attach it again."
                    ).format(
                        first=name_of(header[filled[0]]),
                        second=name_of(header[at]),
                        one=filled[0] + 1,
                        other=at + 1,
                    )
                )
        settled[column] = filled[0]
        if len(filled) > 1:
            twice.append(name_of(header[filled[0]]))
    return settled, tuple(twice)


def unread(header: Sequence[str], taken: Iterable[int], rows: Sequence[Row]) -> tuple[str, ...]:
    """Names of columns that hold figures and are not among `taken`."""
    return tuple(
        name_of(header[at])
        for at in _others(header, taken)
        if (texts := [text for _line, row in rows[:SAMPLE] if (text := _cell(row, at))])
        and all(text.casefold() in cells.MISSING or _is_figure(text) for text in texts)
        and any(_is_figure(text) for text in texts)
    )


def dated(header: Sequence[str], taken: Iterable[int], rows: Sequence[Row]) -> str:
    """The name of a column that holds dates and is not among `taken`; empty for none."""
    for at in _others(header, taken):
        if any(cells.is_dated(_cell(row, at)) for _line, row in rows[:SAMPLE]):
            return name_of(header[at])
    return ""


def name_of(cell: str) -> str:
    """A column's name as people are told of it."""
    return shorten(" ".join(cell.split()), 60)


def _others(header: Sequence[str], taken: Iterable[int]) -> list[int]:
    used = set(taken)
    return [at for at, name in enumerate(header) if name.strip() and at not in used]


def _is_figure(text: str) -> bool:
    return _FIGURE.match(text) is not None and sum(map(str.isdigit, text)) < _LONG


def _cell(row: Sequence[str], at: int) -> str:
    return row[at].strip() if at < len(row) else ""
