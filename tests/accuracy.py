"""How well user agents tell people from programs, on public lists: `python -m tests.accuracy`."""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.tracking import hits
from bot.tracking.hits import RequestFacts, classify

LISTS = Path(__file__).parent / "data" / "user_agents"
CRAWLERS = (
    "crawlers-crawler-user-agents",
    "crawlers-crawlerdetect",
    "crawlers-isbot",
    "crawlers-is-crawler",
)
BROWSERS = (
    "browsers-user-agents",
    "browsers-fake-useragent",
    "browsers-header-generator",
    "browsers-user-agents-older",
    "browsers-crawlerdetect",
    "browsers-is-crawler",
)
HALVES = ("work", "measure")


@dataclass(frozen=True, slots=True)
class Score:
    """How many of `n` user agents were set aside."""

    n: int
    set_aside: int

    @property
    def share(self) -> float:
        return self.set_aside / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, at 95 %."""
        z, n, p = 1.959964, self.n, self.share
        middle = p + z * z / (2 * n)
        half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, (middle - half) / (1 + z * z / n)), min(1.0, (middle + half) / (1 + z * z / n))


def excluded() -> set[str]:
    lines = (LISTS / "excluded.txt").read_text(encoding="utf-8").splitlines()
    return {line.split("\t")[0] for line in lines if not line.startswith("#")}


def half_of(user_agent: str) -> str:
    """The half a user agent is in: one that differs in numbers alone is in the same."""
    shape = re.sub(r"\d+", "0", user_agent.casefold())
    return HALVES[hashlib.sha256(shape.encode()).digest()[0] % 2]


def read(names: Sequence[str], half: str) -> list[str]:
    wrong = excluded()
    lines = (line for name in names for line in (LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line not in wrong and half_of(line) == half]


def score(names: Sequence[str], half: str) -> Score:
    agents = read(names, half)
    return Score(len(agents), sum(classify(RequestFacts("GET", agent, {})) is not None for agent in agents))


def requests(*, person: bool) -> list[dict[str, Any]]:
    """Whole header sets: people's browsers, or scripts that carry a browser's user agent."""
    rows = json.loads((LISTS / "requests.json").read_text(encoding="utf-8"))
    return [row for row in rows if row["person"] is person]


def score_headers(*, person: bool) -> Score:
    rows = requests(person=person)
    facts = [RequestFacts("GET", row["headers"]["user-agent"], row["headers"]) for row in rows]
    return Score(len(facts), sum(classify(each) is not None for each in facts))


def microseconds(agents: Sequence[str], *, seen: bool) -> float:
    """The cost of a request with a browser's headers, the best of five rounds."""
    headers = requests(person=True)[0]["headers"]
    facts = [RequestFacts("GET", agent, headers) for agent in agents]
    rounds = []
    for _ in range(5):
        hits._by_agent.clear()
        if seen:
            for each in facts:
                classify(each)
        start = time.perf_counter()
        for each in facts:
            classify(each)
        rounds.append((time.perf_counter() - start) / len(facts) * 1e6)
    return min(rounds)


def table() -> list[str]:
    rows = ["| list | half | n | set aside | share | 95 % interval |", "|---|---|---|---|---|---|"]
    for kind, names in (("crawlers", CRAWLERS), ("browsers", BROWSERS)):
        groups = [(name, (name,)) for name in names] + [(f"all {kind}", names)]
        rows += [_row(title, half, score(group, half)) for title, group in groups for half in HALVES]
    rows.append(_row("scripts with Chrome's user agent, by headers", "-", score_headers(person=False)))
    rows.append(_row("browsers' header sets", "-", score_headers(person=True)))
    return rows


def _row(title: str, half: str, found: Score) -> str:
    low, high = found.interval
    shares = f"{found.share:.2%} | {low:.2%} to {high:.2%}"
    return f"| {title} | {half} | {found.n} | {found.set_aside} | {shares} |"


def main() -> None:
    lines = table()
    for kind, names in (("crawler's", CRAWLERS), ("browser's", BROWSERS)):
        agents = read(names, "measure")
        unseen, again = microseconds(agents, seen=False), microseconds(agents, seen=True)
        lines.append(f"a {kind} request: {unseen:.1f} us unseen, {again:.2f} us seen")
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
