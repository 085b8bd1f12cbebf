"""A question about numbers as a value: what is asked, of whom, over which time; short enough for a button's id."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from enum import StrEnum

from bot.insights.periods import Choice, Named, decode, encode

MOST_COMPARED = 5
LAST_ID = 2**63 - 1
"""The largest id that there can be: nothing has it."""


class View(StrEnum):
    """How an answer is laid out."""

    REPORT = "r"
    COMPARE = "c"
    TOP = "t"
    HEATMAP = "h"
    SOURCES = "s"
    PROFILE = "f"


class Scope(StrEnum):
    """Whose numbers."""

    LINK = "l"
    POST = "p"
    CREATOR = "c"
    SERVER = "s"


class Metric(StrEnum):
    """What is looked at."""

    CLICKS = "c"
    UNIQUES = "u"
    DISPLAYS = "i"
    CTR = "r"
    ENGAGEMENT = "e"


class Ranks(StrEnum):
    """What a ranking is made of."""

    LINKS = "l"
    POSTS = "p"
    PLATFORMS = "f"
    KINDS = "k"
    """Of platforms and kinds together: Instagram stories."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A link, a post, a creator or a server, by its id."""

    scope: Scope
    id: int

    def __str__(self) -> str:
        return f"{self.scope}{pack(self.id)}"

    @classmethod
    def parse(cls, text: str) -> Subject:
        """What `str` wrote; ValueError for anything else."""
        return cls(Scope(text[:1]), unpack(text[1:]))


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `subjects` are compared with one another, or one subject over several `choices` of time."""

    view: View
    subjects: tuple[Subject, ...]
    choices: tuple[Choice, ...]
    metric: Metric = Metric.CLICKS
    ranks: Ranks = Ranks.LINKS
    page: int = 0

    def __post_init__(self) -> None:
        sizes = sorted((len(self.subjects), len(self.choices)))
        if sizes[0] != 1 or sizes[1] > MOST_COMPARED or self.page < 0:
            raise ValueError("a question is about one subject or one time, and up to five of the other")

    @property
    def subject(self) -> Subject:
        return self.subjects[0]

    @property
    def choice(self) -> Choice:
        return self.choices[0]

    def encode(self) -> str:
        """As text of at most 80 characters, without colons."""
        return ";".join(
            (
                f"{self.view}{self.metric}{self.ranks}{self.page}",
                ",".join(encode(choice) for choice in self.choices),
                ",".join(map(str, self.subjects)),
            )
        )

    @classmethod
    def decode(cls, text: str) -> Question:
        """What `encode` wrote; ValueError for anything else."""
        head, choices, subjects = text.split(";")
        return cls(
            View(head[0:1]),
            tuple(Subject.parse(item) for item in subjects.split(",")),
            tuple(decode(item) for item in choices.split(",")),
            Metric(head[1:2]),
            Ranks(head[2:3]),
            int(head[3:]),
        )


DEFAULT_CHOICE = Named.DAYS_28


def pack(number: int) -> str:
    """An id, or another number from 0 to 2^63 - 1, in at most 11 characters."""
    raw = number.to_bytes(8, "big").lstrip(b"\0")
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unpack(text: str) -> int:
    """What `pack` wrote; ValueError for anything else."""
    if not re.fullmatch(r"[\w-]{0,11}", text, re.ASCII):
        raise ValueError(f"{text!r} is no packed number")
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if (number := int.from_bytes(raw, "big")) > LAST_ID:
        raise ValueError(f"{text!r} is no packed number")
    return number
