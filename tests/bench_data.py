"""A year of a large server's events for `tests.bench_stats`: into DuckDB as they are, into SQLite as counted."""

from __future__ import annotations

import datetime as dt
import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np

from storage.records import BARE, Hit, Kind, SetAside

GUILD, LINKS, DAYS = 7, 1_000, 365
ZONE = ZoneInfo("Europe/Berlin")
NOW = dt.datetime(2026, 11, 24, 15, 7, tzinfo=dt.UTC)
TODAY = NOW.astimezone(ZONE).date()
FIRST = TODAY - dt.timedelta(days=DAYS - 1)
QUARTER_MS = 900_000
KINDS = ("click", "impression")
COUNTRIES = (
    *("", "DE", "US", "FR", "GB", "ES", "IT", "NL", "PL", "AT"),
    *("CH", "SE", "DK", "BE", "PT", "IE", "CZ", "BR", "IN", "CA", "AU"),
)
DEVICES = ("phone", "desktop", "tablet", "other")
SOURCES = (
    *("direct", "Instagram", "X", "YouTube", "TikTok", "google.com"),
    *("reddit.com", "discord.com", "facebook.com", "bing.com", "t.me"),
)
ASIDE = (("crawler", ""), ("head", ""), ("repeat", ""), ("preview", "Discord"), ("preview", "X"), ("prefetch", ""))
TABLES = (
    *("hits_quarter", "hits_daily", "uniques_daily", "audience_daily", "set_aside_daily"),
    *("totals", "closed_days"),
)
PLACES = 4
"""Of each link: its own address, the profile, and two posts."""


def link_of(rank: int) -> int:
    """The id of the link that is `rank`th in traffic, from 0."""
    return 1_000_000 + rank


def place_of(rank: int, number: int) -> int:
    return number if number < 2 else link_of(rank) * 10 + number


@dataclass(frozen=True)
class Events:
    """One array for each column; links by rank, days from `FIRST`, the rest as numbers of the lists above."""

    rank: Any
    day: Any
    at: Any
    hour: Any
    """Local hour of the day."""
    place: Any
    kind: Any
    unique: Any
    country: Any
    device: Any
    source: Any
    aside_rank: Any
    aside_day: Any
    aside: Any


def generate(count: int, seed: int = 1) -> Events:
    """Zipf over links, a rhythm of the week and the day, three in ten impressions, most on the link's own address."""
    rng = np.random.default_rng(seed)

    def choose(weights: Any, size: int, kind: str = "u1") -> Any:
        total = np.cumsum(weights)
        return np.searchsorted(total, rng.random(size, dtype="f4") * total[-1] * 0.999999).astype(kind)

    zipf = 1 / np.arange(1, LINKS + 1)
    rank = choose(zipf, count, "u2")
    weekday = [1.0, 1.0, 1.1, 1.1, 1.2, 0.8, 0.7]
    weights = [weekday[(FIRST + dt.timedelta(days=n)).weekday()] for n in range(DAYS)]
    day = choose(weights, count, "u2")
    rhythm = [2, 1, 1, 1, 1, 2, 4, 6, 7, 7, 7, 8, 9, 8, 7, 7, 8, 9, 10, 11, 11, 9, 6, 4]
    hour = choose(rhythm, count)
    now_hour = NOW.astimezone(ZONE).hour
    hour = np.where(day == DAYS - 1, hour % now_hour, hour).astype("u1")
    begins = np.array([_start(FIRST + dt.timedelta(days=n), h) for n in range(DAYS) for h in range(24)])
    at = begins[day.astype("i4") * 24 + hour] + rng.integers(0, 3_600_000, count, dtype="i4")
    hour = np.array([_hour(ms) for ms in begins], "u1")[day.astype("i4") * 24 + hour]  # one is lost in spring
    kind = choose([7, 3], count)
    place = choose([80, 10, 6, 4], count)
    place = np.where((rank >= 300) & (place > 1), 0, place).astype("u1")
    unique = (kind == 0) & (rng.random(count, dtype="f4") < 0.8)
    falling = 1 / np.arange(1, len(COUNTRIES))
    aside_count = count // 10
    return Events(
        *(rank, day, at, hour, place, kind, unique),
        country=choose([0.3, *falling], count),
        device=choose([60, 30, 7, 3], count),
        source=choose(1 / np.arange(1, len(SOURCES) + 1), count),
        aside_rank=choose(zipf, aside_count, "u2"),
        aside_day=choose(weights, aside_count, "u2"),
        aside=choose([5, 1, 3, 4, 2, 1], aside_count),
    )


def _start(day: dt.date, hour: int) -> int:
    return round(dt.datetime.combine(day, dt.time(hour), ZONE).timestamp() * 1000)


def _hour(ms: int) -> int:
    return dt.datetime.fromtimestamp(ms / 1000, ZONE).hour


def hits_of(events: Events) -> list[Hit]:
    """The events one by one, each unique click with a visitor of its own."""
    found: list[Hit] = []
    columns = (events.rank, events.day, events.at, events.place, events.kind, events.unique)
    about = (events.country, events.device, events.source)
    for number, row in enumerate(zip(*(column.tolist() for column in (*columns, *about)), strict=True)):
        rank, day, at, place, kind, unique, country, device, source = row
        hit = Hit(
            *(GUILD, number + 1, link_of(rank), place_of(rank, place), Kind(KINDS[kind])),
            dt.datetime.fromtimestamp(at / 1000, dt.UTC),
            FIRST + dt.timedelta(days=day),
            *(number if unique else None, COUNTRIES[country], DEVICES[device], SOURCES[source]),
        )
        found.append(hit)
    return found


def asides_of(events: Events) -> list[SetAside]:
    columns = (events.aside_rank.tolist(), events.aside_day.tolist(), events.aside.tolist())
    return [
        SetAside(GUILD, link_of(rank), BARE, FIRST + dt.timedelta(days=day), *ASIDE[what])
        for rank, day, what in zip(*columns, strict=True)
    ]


# ---------------------------------------------------------------------- DuckDB


def fill_duckdb(conn: duckdb.DuckDBPyConnection, events: Events) -> None:
    """The events with narrow types, sorted by day and link, so that both lead to few of them."""

    order = np.lexsort((events.rank, events.day))
    raw = {
        name: np.ascontiguousarray(getattr(events, name)[order])
        for name in ("rank", "day", "at", "hour", "place", "kind", "unique", "country", "device", "source")
    }
    lists = {"kind": KINDS, "country": COUNTRIES, "device": DEVICES, "source": SOURCES}
    for name, values in lists.items():
        listed = ", ".join(f"'{value}'" for value in values)
        conn.execute(f"CREATE TYPE {name} AS ENUM ({listed})")
    conn.register("raw", raw)
    named = ", ".join(f"list_extract(enum_range(NULL::{name}), {name} + 1)::{name} AS {name}" for name in lists)
    conn.execute(
        f"CREATE TABLE events AS SELECT {link_of(0)} + rank::INTEGER AS link_id, DATE '{FIRST}' + day::INTEGER AS day, "
        f'"at" AS at_ms, hour, '
        f" CASE WHEN place < 2 THEN place ELSE ({link_of(0)} + rank::BIGINT) * 10 + place END::BIGINT AS place_id, "
        f'"unique" AS is_unique, {named} FROM raw'
    )
    conn.register("raw_aside", {"rank": events.aside_rank, "day": events.aside_day, "what": events.aside})
    reasons = ", ".join(f"('{reason}', '{agent}', {n})" for n, (reason, agent) in enumerate(ASIDE))
    conn.execute(
        f"CREATE TABLE aside AS SELECT {link_of(0)} + rank::INTEGER AS link_id, DATE '{FIRST}' + day::INTEGER AS day, "
        f"reason, agent FROM raw_aside JOIN (VALUES {reasons}) AS r(reason, agent, n) ON what = n ORDER BY 2, 1"
    )


# ---------------------------------------------------------------------- SQLite


def fill_sqlite(path: Path, events: Events) -> None:
    """The rollups that `storage.hits` would have written, and the totals of all days before today.

    Without the events themselves and the visitors seen: no question of `/stats` reads them.
    """
    with sqlite3.connect(path) as conn:
        conn.execute("PRAGMA synchronous = OFF")
        conn.execute("PRAGMA cache_size = -400000")
        conn.execute(
            "INSERT INTO servers (guild_id, timezone, first_weekday, add_policy, is_set_up)"
            " VALUES (?, ?, 0, 'creators', 1)",
            (GUILD, ZONE.key),
        )
        _insert(conn, "hits_quarter", quarters(events))
        _insert(conn, "hits_daily", days(events))
        _insert(conn, "uniques_daily", uniques(events))
        _insert(conn, "audience_daily", audience(events))
        _insert(conn, "set_aside_daily", aside(events))
        _insert(conn, "totals", itertools.chain.from_iterable(totals(events)))
        conn.execute("INSERT INTO closed_days VALUES (?, ?, ?, 0)", (GUILD, TODAY.isoformat(), TODAY.isoformat()))
        conn.execute("INSERT INTO meta VALUES ('visitors_merged', '9223372036854775807')")


def _insert(conn: sqlite3.Connection, table: str, rows: Iterator[tuple[Any, ...]]) -> None:
    first = next(rows)
    marks = ", ".join("?" * len(first))
    conn.executemany(f"INSERT INTO {table} VALUES ({marks})", itertools.chain([first], rows))


_DATES = [(FIRST + dt.timedelta(days=n)).isoformat() for n in range(DAYS)]


def _counted(parts: Sequence[tuple[Any, int]], where: Any = None) -> tuple[list[list[int]], list[int]]:
    """The different values of some arrays (each with how many there can be), in their order, and how often each is."""
    key = np.zeros(len(parts[0][0]), "i8")
    for array, size in parts:
        key = key * size + array
    if where is not None:
        key = key[where]
    size = int(np.prod([float(size) for _, size in parts]))
    if size < 100_000_000:
        counts = np.bincount(key, minlength=1)
        found = np.flatnonzero(counts)
        counts = counts[found]
    else:
        found, counts = np.unique(key, return_counts=True)
    columns: list[list[int]] = []
    for _, size in reversed(parts):
        columns.insert(0, (found % size).tolist())
        found = found // size
    return columns, counts.tolist()


def quarters(events: Events) -> Iterator[tuple[Any, ...]]:
    origin = int(events.at.min()) // QUARTER_MS
    bucket = events.at // QUARTER_MS - origin
    size = int(bucket.max()) + 1
    (when, kind), counts = _counted([(bucket, size), (events.kind, 2)])
    for b, k, n in zip(when, kind, counts, strict=True):
        yield GUILD, 0, (origin + b) * QUARTER_MS, 0, KINDS[k], 0, n
    columns, counts = _counted([(events.rank, LINKS), (bucket, size), (events.place, PLACES), (events.kind, 2)])
    for rank, b, place, k, n in zip(*columns, counts, strict=True):
        yield GUILD, link_of(rank), (origin + b) * QUARTER_MS, place_of(rank, place), KINDS[k], 0, n


def days(events: Events) -> Iterator[tuple[Any, ...]]:
    columns, counts = _counted([(events.day, DAYS), (events.kind, 2)])
    for day, k, n in zip(*columns, counts, strict=True):
        yield GUILD, _DATES[day], 0, 0, KINDS[k], 0, n
    columns, counts = _counted([(events.day, DAYS), (events.rank, LINKS), (events.place, PLACES), (events.kind, 2)])
    for day, rank, place, k, n in zip(*columns, counts, strict=True):
        yield GUILD, _DATES[day], link_of(rank), place_of(rank, place), KINDS[k], 0, n


def uniques(events: Events) -> Iterator[tuple[Any, ...]]:
    (day,), counts = _counted([(events.day, DAYS)], events.unique)
    for d, n in zip(day, counts, strict=True):
        yield GUILD, _DATES[d], 0, 0, n
    columns, counts = _counted([(events.day, DAYS), (events.rank, LINKS)], events.unique)
    for day, rank, n in zip(*columns, counts, strict=True):
        yield GUILD, _DATES[day], link_of(rank), 0, n


_DIMENSIONS = (("country", COUNTRIES), ("device", DEVICES), ("source", SOURCES))


def audience(events: Events) -> Iterator[tuple[Any, ...]]:
    merged = sorted(
        (name, value, number, code)
        for number, (name, values) in enumerate(_DIMENSIONS)
        for code, value in enumerate(values)
        if value
    )
    size = len(merged)
    order = [np.zeros(len(values), "i8") for _, values in _DIMENSIONS]
    for position, (_, _, number, code) in enumerate(merged):
        order[number][code] = position
    known = events.country > 0
    for of_all in (True, False):
        links = 1 if of_all else LINKS
        total = np.zeros(links * DAYS * 2 * size, "i4")
        rank = 0 if of_all else events.rank.astype("i8")
        base = ((events.day.astype("i8") * links + rank) * 2 + events.kind) * size
        for number, (name, _) in enumerate(_DIMENSIONS):
            key = base + order[number][getattr(events, name)]
            total += np.bincount(key[known] if name == "country" else key, minlength=len(total)).astype("i4")
        for begin in range(0, len(total), 4_000_000):
            found = np.flatnonzero(total[begin : begin + 4_000_000])
            for key, n in zip((found + begin).tolist(), total[found + begin].tolist(), strict=True):
                rest, position = divmod(key, size)
                rest, k = divmod(rest, 2)
                day, rank_of = divmod(rest, links)
                name, value, _, _ = merged[position]
                yield GUILD, _DATES[day], 0 if of_all else link_of(rank_of), KINDS[k], name, value, 0, n


def aside(events: Events) -> Iterator[tuple[Any, ...]]:
    columns, counts = _counted([(events.aside_day, DAYS), (events.aside, len(ASIDE))])
    for day, what, n in zip(*columns, counts, strict=True):
        yield GUILD, _DATES[day], 0, 0, *ASIDE[what], 0, n
    columns, counts = _counted([(events.aside_day, DAYS), (events.aside_rank, LINKS), (events.aside, len(ASIDE))])
    for day, rank, what, n in zip(*columns, counts, strict=True):
        yield GUILD, _DATES[day], link_of(rank), 0, *ASIDE[what], 0, n


def totals(events: Events) -> Iterator[Iterator[tuple[Any, ...]]]:
    """Running totals of each month, facet by facet."""
    everything = np.ones(len(events.rank), "?")
    none = np.zeros(len(events.rank), "u1")
    facets: list[tuple[str, Any, Any, Any, Any, list[str], list[str]]] = [
        ("", everything, events.rank, events.kind, none, list(KINDS), [""]),
        ("unique", events.unique, events.rank, none, none, [""], [""]),
        ("hour", everything, events.rank, events.kind, events.hour, list(KINDS), [str(hour) for hour in range(24)]),
        ("country", events.country > 0, events.rank, events.kind, events.country, list(KINDS), list(COUNTRIES)),
        ("device", everything, events.rank, events.kind, events.device, list(KINDS), list(DEVICES)),
        ("source", everything, events.rank, events.kind, events.source, list(KINDS), list(SOURCES)),
    ]
    for facet, where, rank, kind, value, kinds, values in facets:
        for of_all in (True, False):
            links = none[where] if of_all else rank[where]
            table = _running(links, events.day[where], kind[where], value[where], len(kinds), len(values))
            yield _months(facet, table, lambda r, of_all=of_all: 0 if of_all else link_of(r), kinds, values)
    table = _running(events.rank, events.day, events.kind, events.place, 2, PLACES)
    yield _months("place", table, link_of, list(KINDS), None)
    for of_all in (True, False):
        links = np.zeros(len(events.aside_rank), "u1") if of_all else events.aside_rank
        table = _running(links, events.aside_day, np.zeros(len(links), "u1"), events.aside, 1, len(ASIDE))
        yield _months("aside", table, lambda r, of_all=of_all: 0 if of_all else link_of(r), [""], None)


def _running(rank: Any, day: Any, kind: Any, value: Any, kinds: int, values: int) -> Any:
    """Running totals through each day but today, by link, kind and value."""
    key = ((rank.astype("i8") * kinds + kind) * values + value) * DAYS + day
    counts = np.bincount(key, minlength=(int(rank.max()) + 1) * kinds * values * DAYS).astype("i4")
    return np.cumsum(counts.reshape(-1, kinds, values, DAYS)[..., :-1], axis=-1, dtype="i4")


def _months(facet: str, table: Any, name: Any, kinds: list[str], values: list[str] | None) -> Iterator[tuple[Any, ...]]:
    begin = FIRST
    while begin < TODAY:
        month = begin.replace(day=1)
        end = min((month + dt.timedelta(days=31)).replace(day=1), TODAY)
        low, high = (begin - FIRST).days, (end - FIRST).days
        filled = np.zeros((*table.shape[:3], 32), "i4")
        filled[..., begin.day : begin.day + high - low] = table[..., low:high]
        if low:
            filled[..., 0] = table[..., low - 1]
        rank, kind, value = np.nonzero(table[..., high - 1])
        rows = filled[rank, kind, value].tolist()
        date = month.isoformat()
        for r, k, v, row in zip(rank.tolist(), kind.tolist(), value.tolist(), rows, strict=True):
            if facet == "aside":
                reason, agent = ASIDE[v]
                yield GUILD, date, facet, name(r), reason, agent, *row
            else:
                yield GUILD, date, facet, name(r), kinds[k], str(place_of(r, v)) if values is None else values[v], *row
        begin = end
