"""How what people type is held against names: without case, accents and width, its words in any order. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum

_FIELD, _WORD = "\n", "\x1f"
"""What fields and words of a key begin with. No folded text has them: they are white space to Python."""
_BEGINS = re.compile(r"(?<![^\W_])(?=[^\W_])")
"""Where a run of letters and digits begins."""
_AROUND = "\"'“”‘’«»()[],.·/#"
"""What stands around words in names of ours and in people's, and is not part of them."""
_WORDS = 12
"""As many are looked for; what comes after them has been said by then."""


class Tier(IntEnum):
    """How well a name answers to what was typed, the best first."""

    PREFIX = 0
    """One of its fields begins so."""
    WORD = 1
    """Words of it begin so."""
    WITHIN = 2


def fold(text: str) -> str:
    """The text as it is compared: lower case, no accents, white space as single spaces."""
    if text.isascii():
        return " ".join(text.lower().split())
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join("".join(c for c in folded if not unicodedata.combining(c)).split())


def key(*fields: str | None) -> str:
    """What is kept to search by: the fields that say something, folded, each word marked where it begins."""
    return "".join(_FIELD + _BEGINS.sub(_WORD, folded) for field in fields if field and (folded := fold(field)))


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, as keys have it."""

    within: tuple[str, ...]
    """Each is to be somewhere in a key; none when nothing was typed."""
    words: tuple[str, ...]
    """The same where a word begins so."""
    prefix: str
    """All of it where a field begins so."""

    @classmethod
    def of(cls, text: str) -> Query:
        typed = fold(text).split()[:_WORDS]
        words = [_BEGINS.sub(_WORD, word) for word in [word.strip(_AROUND) for word in typed] if word]
        words = words or [_BEGINS.sub(_WORD, word) for word in typed]
        within = tuple(word.removeprefix(_WORD) for word in words)
        return cls(within, tuple(words), _FIELD + " ".join(words))

    def tier(self, searched: str) -> Tier | None:
        """How well a key answers; None when it does not. Everything answers to nothing, equally."""
        if not all(word in searched for word in self.within):
            return None
        if not self.within or self.prefix in searched:
            return Tier.PREFIX
        return Tier.WORD if all(word in searched for word in self.words) else Tier.WITHIN
