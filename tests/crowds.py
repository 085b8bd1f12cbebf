"""Crowds as they come: the browsers that people have, many of them alike to the letter, and when they click."""

from __future__ import annotations

import random
from itertools import accumulate

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS {{}} like Mac OS X) {WEBKIT}"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0"
_IOS = ("18_6", "18_5", "17_7", "26_0", "16_7", "15_8")
_SAFARI = tuple(f"{IPHONE.format(n)} Version/{n.replace('_', '.')} Mobile/15E148 Safari/604.1" for n in _IOS)
_ANDROID = tuple(
    f"Mozilla/5.0 (Linux; Android 10; K) {CHROME.format(n)} Mobile Safari/537.36" for n in (142, 141, 140, 138, 131)
)
_INSTAGRAM = tuple(
    f"{IPHONE.format(ios)} Mobile/15E148 Instagram {version} (iPhone{model},2; iOS {ios}; de_DE; de; scale=3.00)"
    for version in ("406.0.0.28.77", "405.1.0.31.64", "398.0.0.21.78")
    for ios in _IOS
    for model in (17, 16, 15, 14, 12)
)
_DESKTOP = (
    *(f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME.format(n)} Safari/537.36" for n in (142, 141, 140)),
    *(f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {CHROME.format(n)} Safari/537.36" for n in (142, 141)),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Version/18.6 Safari/605.1.15",
)
_FAMILIES = ((_SAFARI, 30), (_ANDROID, 25), (_INSTAGRAM, 20), (_DESKTOP, 25))


def agent(rng: random.Random) -> str:
    """Somebody's browser: a family by its share, within it the versions by Zipf's law."""
    (family,) = rng.choices([one for one, _share in _FAMILIES], [share for _one, share in _FAMILIES])
    return rng.choices(family, cum_weights=list(accumulate(1 / rank for rank in range(1, len(family) + 1))))[0]


def phone(rng: random.Random) -> str:
    """Likewise, of people who have no computer with them."""
    while (one := agent(rng)) in _DESKTOP:
        pass
    return one


def arrivals(rng: random.Random, people: int, seconds: float, shape: str) -> list[float]:
    """When people come, in order, within so many seconds: evenly, all at once, or most of them early."""
    draw = {
        "evenly": lambda: rng.uniform(0, seconds),
        "at once": lambda: rng.uniform(0, seconds / 60),
        "early": lambda: min(rng.lognormvariate(2.7, 0.8), seconds),
    }[shape]
    return sorted(draw() for _n in range(people))
