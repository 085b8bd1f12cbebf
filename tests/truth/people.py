"""People whose clicks are known: where they click from, with which browsers, and which presses are second ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.crowds import agent, arrivals, phone

DAY = 86_400.0
DOUBLE, DOUBLE_SECONDS = 0.08, (0.2, 8.0)
"""How many press twice, and how soon the second one comes."""
AGAIN = 0.25
"""How many come again, at any other time."""
OPTED_OUT = 0.3


@dataclass(frozen=True, slots=True)
class Press:
    """A request for the link: seconds from the beginning, whose it is, from where, and whether it was meant."""

    at: float
    person: int
    address: str
    agent: str
    opted_out: bool = False
    meant: bool = True


Browser = Callable[[random.Random], str]
Address = Callable[[random.Random, int], str]
"""Where a person clicks from, this time."""


def visits(rng: random.Random, people: int, days: int, address: Address, browser: Browser = agent) -> Iterator[Press]:
    """People who click within so many days, some of them twice at once, some again later."""
    for person in range(people):
        first = Press(0.0, person, "", browser(rng))
        for _visit in range(1 + (rng.random() < AGAIN)):
            yield from _pressed(rng, replace(first, at=rng.uniform(0, days * DAY), address=address(rng, person)))


def at_once(
    rng: random.Random, people: int, seconds: float, address: Address, browser: Browser = agent
) -> Iterator[Press]:
    """People who all come within so many seconds, some of whom press twice."""
    for person, at in enumerate(arrivals(rng, people, seconds, "evenly")):
        yield from _pressed(rng, Press(at, person, address(rng, person), browser(rng)))


def _pressed(rng: random.Random, press: Press) -> Iterator[Press]:
    yield press
    if rng.random() < DOUBLE:
        yield replace(press, at=press.at + rng.uniform(*DOUBLE_SECONDS), meant=False)


def line(person: int) -> str:
    """The address of a line of its own."""
    return f"198.{18 + (person >> 16)}.{person >> 8 & 255}.{person & 255}"


def behind(addresses: int) -> Address:
    """One of so many addresses, another one each time."""
    return lambda rng, _person: f"100.64.{rng.randrange(addresses)}.1"


def private(rng: random.Random, person: int) -> str:
    """An IPv6 address that a line takes anew each time."""
    return f"2001:db8:{person:x}:1:{rng.randrange(1, 2**16):x}:{rng.randrange(2**16):x}:{rng.randrange(2**16):x}:1"


def families(people: int) -> Address:
    """Lines of one to three people, as they come."""
    rng, homes = random.Random(people), list[int]()
    while len(homes) < people:
        homes += [len(homes)] * rng.randint(1, 3)
    return lambda _rng, person: line(homes[person])


def safari(rng: random.Random) -> str:
    while "Version/" not in (one := agent(rng)):
        pass
    return one


@dataclass(frozen=True, slots=True)
class Crowd:
    """How people come, and what has to become of it, as differences from the truth: at least, at most."""

    name: str
    people: int
    presses: Callable[[random.Random, int], Iterator[Press]]
    clicks: tuple[float, float]
    uniques: tuple[float, float]


def _half(rng: random.Random, person: int) -> str:
    return behind(12)(rng, person) if person % 2 else line(person)


def _some_opted_out(rng: random.Random, people: int) -> Iterator[Press]:
    for press in visits(rng, people, 13, lambda _rng, person: line(person)):
        yield replace(press, opted_out=press.person % 10 < OPTED_OUT * 10)


CROWDS = (
    Crowd(
        *("home lines, one person each", 2_000),
        lambda rng, people: visits(rng, people, 13, lambda _rng, person: line(person)),
        *((-0.03, 0.03), (-0.005, 0.005)),
    ),
    Crowd(
        *("homes of one to three people", 800),
        lambda rng, people: visits(rng, people, 13, families(people)),
        *((-0.03, 0.03), (-0.1, 0.0)),
    ),
    Crowd(
        *("IPv6 lines, a new address of theirs each time", 1_500),
        lambda rng, people: visits(rng, people, 13, private),
        *((-0.03, 0.03), (-0.05, 0.05)),
    ),
    Crowd(
        *("offices and dormitories, 60 people an address, for two days", 1_200),
        lambda rng, people: visits(rng, people, 2, lambda _rng, person: line(person // 60)),
        *((-0.03, 0.03), (-0.7, 0.0)),
    ),
    Crowd(
        *("mobile carriers: 40 addresses, changing, for two days", 2_000),
        lambda rng, people: visits(rng, people, 2, behind(40)),
        *((-0.03, 0.03), (-0.7, 0.0)),
    ),
    Crowd(
        *("a relay for privacy: Safari alone, 200 addresses, for two days", 1_000),
        lambda rng, people: visits(rng, people, 2, behind(200), safari),
        *((-0.03, 0.03), (-0.7, 0.1)),
    ),
    Crowd(
        *("a hall: phones behind one address, within two minutes", 300),
        lambda rng, people: at_once(rng, people, 120, lambda _rng, _person: line(9), phone),
        *((-0.1, 0.1), (-1.0, 0.0)),
    ),
    Crowd(
        *("a stream: within 20 minutes, half behind 12 addresses of carriers", 3_000),
        lambda rng, people: at_once(rng, people, 1_200, _half),
        *((-0.05, 0.05), (-0.5, 0.0)),
    ),
    Crowd(
        *("home lines, 30 % of which ask not to be tracked", 1_500),
        _some_opted_out,
        *((-0.03, 0.03), (-0.4, -0.2)),
    ),
)
