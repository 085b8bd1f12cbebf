"""A brand report as one frozen value: everything that any of its forms prints, as JSON with one spelling.

No number in it is a fraction: rates keep both sides, money is a decimal in words. So the same figures always have the
same bytes, and the same SHA-256.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import Annotated

from pydantic import AliasChoices, Field, TypeAdapter

VERSION = 2
"""Reports of version 1 had impressions, with views beside them, where later ones have displays; they read as then."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """`top` / `bottom`, formed over `over` of `of` posts or places; `bottom` is never 0."""

    top: int
    bottom: int
    over: int = 1
    of: int = 1
    is_estimate: bool = False
    """Whether a part of `bottom` was shared out between two readings."""
    as_of: tuple[dt.date, dt.date] | None = None
    """The day up to which it is formed, where that is not the whole time: the earliest and the latest of several."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one post, or posts together, did; None is not known, which is not 0."""

    name: str
    posts: int = 0
    clicks: int | None = None
    displays: Annotated[int | None, Field(validation_alias=AliasChoices("displays", "impressions"))] = None
    """The reported ones of posts that have some, else the measured ones."""
    measured: int | None = None
    viewable: int | None = None
    reported: int | None = None
    told: tuple[tuple[str, int], ...] = ()
    """What platforms told beside displays, by metric, in the order of `metrics.TOLD`."""
    ctr: Ratio | None = None
    parts: tuple[tuple[str, str, int, bool], ...] = ()
    """The displays by what they are called: metric, platform, how many, and whether that is an estimate."""
    estimates: tuple[str, ...] = ()
    """The metrics, `displays` among them, of which a part was shared out between two readings."""

    @property
    def is_estimate(self) -> bool:
        """Whether its displays are an estimate."""
        return "displays" in self.estimates


@dataclass(frozen=True, slots=True)
class Growth:
    """A count against the period before; `direction` is one of `insights.rates.Direction`."""

    metric: str
    now: int
    before: int
    direction: str


@dataclass(frozen=True, slots=True)
class Median:
    """The median over `posts` posts, as an exact fraction; None where they are too few."""

    metric: str
    posts: int
    value: Ratio | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """The clicks by one dimension, the most frequent values first: `known` of `of` clicks have one."""

    dimension: str
    known: int
    of: int
    top: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Worth:
    """What the stated inputs come to; amounts are decimals in `currency`, rounded to its smallest coin."""

    currency: str
    cpm: str | None = None
    """As stated, for 1,000 displays."""
    fee: str | None = None
    """As stated, for everything in the report."""
    emv: str | None = None
    emv_low: str | None = None
    emv_high: str | None = None
    fee_cpm: str | None = None
    """fee / displays x 1,000."""
    fee_cpc: str | None = None
    """fee / clicks."""
    emv_cpc: str | None = None
    """emv / clicks."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a deal promised of a metric, and what became of it."""

    metric: str
    promised: int
    reached: int


@dataclass(frozen=True, slots=True)
class Frozen:
    """Everything that a brand report says. Instants in UTC to the second; days are local to `zone`."""

    creator: str
    accent: str
    """#rrggbb."""
    locale: str
    """Discord's tag; numbers are written as people do there."""
    made_at: dt.datetime
    first: dt.date
    last: dt.date
    zone: str
    until: dt.datetime | None
    """Up to when it counts, where the period was still running."""
    covers: tuple[str, ...]
    """The links, posts and tags that were chosen; none is everything."""
    total: Row
    platforms: tuple[Row, ...]
    best: tuple[Row, ...]
    medians: tuple[Median, ...]
    median_first: dt.date
    growth: tuple[Growth, ...]
    audience: tuple[Share, ...]
    unique_clicks: int | None = None
    engagement: Ratio | None = None
    worth: Worth | None = None
    promise: Promise | None = None
    brand: str = ""
    note: str = ""
    set_aside: int = 0
    """Requests that were no people's."""
    missing: int = 0
    """Hits known to be lost."""
    shared: tuple[tuple[dt.date, int, int], ...] = ()
    """Days of a link with many clicks through one connection: which day, how many, and of how many; most first."""
    told_until: dt.date | None = None
    """When a platform's figures that the report rests on were last read."""
    corrected: tuple[tuple[str, int], ...] = ()
    """What platforms took back within the period of what they had told before it, by metric, as numbers below 0; no
    figure of the report has it in it."""
    avatar: str = ""
    """The creator's picture, a WebP in base64; empty without one."""
    version: int = VERSION

    @property
    def is_empty(self) -> bool:
        """Whether nothing was counted, told or taken back in its days."""
        total = self.total
        return not (total.clicks or total.displays is not None or total.told or self.corrected)

    @property
    def is_reached_about(self) -> bool:
        """Whether what was reached of a promise is an estimate."""
        return self.promise is not None and self.promise.metric == "displays" and self.total.is_estimate

    @property
    def shown(self) -> str:
        """The metric that it leads with: displays, impressions in its first version."""
        return "impressions" if self.version == 1 else "displays"


_frozen = TypeAdapter(Frozen)


def canonical(report: Frozen) -> str:
    """The one spelling: keys sorted, no spaces, text as it is."""
    value = _frozen.dump_python(report, mode="json")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fingerprint(content: str) -> str:
    """The SHA-256 of a canonical report, in 64 hexadecimal digits."""
    return hashlib.sha256(content.encode()).hexdigest()


def parse(content: str) -> Frozen:
    """What `canonical` wrote, of whatever version. Raises ValueError for anything else."""
    return _frozen.validate_json(content)
