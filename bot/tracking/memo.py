"""Remembers what was worked out of texts that strangers send, up to a weight in bytes: theirs may be long."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

V = TypeVar("V")

LONGEST = 512
"""Characters of a header that are looked at; a browser's user agent and a host's name have fewer."""
MEMO_BYTES = 2 * 2**20
"""What one memo may weigh: some eight thousand ordinary user agents, or a thousand of the longest."""
_ENTRY_BYTES = 128
"""What an entry weighs beside its text."""


class Memo(dict[str, V]):
    """`memo[text]` is what `make(text)` gives, worked out once; the first that went in goes first.

    As a dictionary, since a hit is then found without a call.
    """

    def __init__(self, make: Callable[[str], V], limit: int = MEMO_BYTES) -> None:
        super().__init__()
        self._make = make
        self._limit = limit
        self.bytes = 0

    def __missing__(self, text: str) -> V:
        value = self._make(text)
        self.bytes += _weight(text)
        self[text] = value
        while self.bytes > self._limit:
            first = next(iter(self))
            del self[first]
            self.bytes -= _weight(first)
        return value

    def clear(self) -> None:
        super().clear()
        self.bytes = 0


def _weight(text: str) -> int:
    return sys.getsizeof(text) + _ENTRY_BYTES
