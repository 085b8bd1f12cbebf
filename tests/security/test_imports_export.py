"""Attacks by an export of another Eyeballs: a bad row names itself in a sentence, and nothing is kept."""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from bot.errors import OperatorError
from bot.exports import FORMAT, VERSION
from bot.imports.eyeballs import read_export
from storage import transfer
from tests.conftest import NOW

AT = "2026-03-01T12:00:00+00:00"
GOOD: dict[str, dict[str, Any]] = {
    "links": {
        **{"id": 5, "creator_id": 7, "slug": "good", "destination": "https://shop.example/", "title": "Good"},
        **{"tags": ["shoes"], "private": False, "state": "active", "created_by": 7, "created_at": AT},
        **{"updated_at": AT, "expires_at": "2030-01-01T00:00:00+00:00", "max_clicks": 9},
    },
    "posts": {
        **{"id": 6, "creator_id": 7, "link_id": 5, "code": "ig1", "platform": "instagram", "kind": "story"},
        **{"title": "Post", "permalink": "https://www.instagram.com/p/abc/", "published_at": AT, "platform_id": "abc"},
        **{"moved_at": None, "state": "active", "created_by": 7, "created_at": AT},
    },
    "figures": {
        **{"post_id": 6, "metric": "spend", "value": 100, "as_of": AT, "entered_by": 7, "entered_at": AT},
        "currency": "EUR",
    },
    "notes": {
        **{"creator_id": 7, "link_id": 5, "day": "2026-03-01", "text": "sale", "created_by": 7, "created_at": AT},
        "state": "active",
    },
    "profiles": {
        **{"creator_id": 7, "handle": "maya", "name": "Maya", "published": True, "id": 8, "line": "hello"},
        **{"theme": "", "accent": "", "avatar": "", "taken_down": ""},
    },
    "profile_entries": {
        **{"creator_id": 7, "link_id": 5, "rank": -1, "heading": "Shop", "pinned": False, "hidden": False},
        **{"shows_from": None, "shows_until": "2030-01-01T00:00:00+00:00"},
    },
    "avatars": {"creator_id": 7, "picture": "aGk="},
    "quarters": {"link_id": 5, "bucket": AT, "place_id": 6, "kind": "click", "count": 3},
    "dropped": {"link_id": 5, "bucket": AT, "count": 1},
    "days": {"day": "2026-03-01", "link_id": 5, "place_id": 6, "kind": "click", "count": 3},
    "uniques": {"day": "2026-03-01", "link_id": 5, "count": 2},
    "audience": {
        **{"day": "2026-03-01", "link_id": 5, "kind": "click", "dimension": "source", "value": "Instagram", "count": 3}
    },
    "set_aside": {
        **{"day": "2026-03-01", "link_id": 5, "place_id": 0, "reason": "crawler", "agent": "Googlebot", "count": 1}
    },
}
FAR_DAYS = ("9999-12-31", "0001-01-01", "1999-12-31", "2026-03-13", "yesterday", 5, None)
FAR = ("9999-12-31T00:00:00+00:00", "0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00+00:00", "2026-03-01T12:00:00")
COUNTS = (-1, 2**62, 2**63, 10**30, 1.5, True, None, "x", [])
HOSTILE: list[tuple[str, str, Any]] = [
    *((table, "day", value) for table in ("days", "uniques", "audience", "set_aside") for value in FAR_DAYS),
    *(("notes", "day", value) for value in ("9999-12-31", "0001-01-01", 5)),
    *((table, "bucket", value) for table in ("quarters", "dropped") for value in (*FAR, "2026-03-01T12:07:00+00:00")),
    *((table, "count", value) for table in (*transfer.QUARTERS, *transfer.DAYS) for value in COUNTS),
    *((table, "kind", value) for table in ("quarters", "days", "audience") for value in ("evil", "@everyone", "", 5)),
    *((table, "created_at", value) for table in ("links", "posts", "notes") for value in FAR),
    *(("links", name, value) for name in ("expires_at", "updated_at") for value in FAR),
    *(("links", "max_clicks", value) for value in (-1, 0, 2**62, "x")),
    *(("links", "tags", value) for value in (["x" * 31], ["a"] * 11, [[1]], 5)),
    *(("posts", name, value) for name in ("published_at", "moved_at") for value in FAR),
    *(("posts", "platform", value) for value in ("evil", "", "@everyone", 5)),
    *(("posts", "kind", value) for value in ("@everyone", "", "x" * 99)),
    *(("posts", "code", value) for value in ("../../healthz", "IG1", "ig0", "ig", "ig1/x", "ig" + "9" * 99, "ig1\n")),
    *(("posts", "permalink", value) for value in ("javascript:alert(1)", "file:///etc/passwd", "https://a b/", 5)),
    *(("posts", "permalink", value) for value in ("http://127.0.0.1/", "https://x.example/" + "y" * 2048)),
    *(("posts", "platform_id", value) for value in ("x" * 256, "a\nb", "a\u202eb", "\ud83d")),
    *((table, "title", value) for table in ("links", "posts") for value in ("x" * 101, "x\n" * 50_000, "\u200b", 5)),
    *((table, "state", value) for table in ("links", "posts", "notes") for value in ("evil", "", "Active", None)),
    *((table, "created_by", value) for table in ("links", "posts", "notes") for value in (-1, 2**63, 1.5, True, "x")),
    *(("figures", "metric", value) for value in ("evil", "", "Likes")),
    *(("figures", "value", value) for value in (-1, 2**62, 10**30, 1.5)),
    *(("figures", "currency", value) for value in ("EURO", "eur", "🍕", "x" * 999)),
    *(("figures", name, value) for name in ("as_of", "entered_at") for value in FAR),
    *(("notes", "text", value) for value in ("x" * 81, "\u200b", 5)),
    *(("profiles", "handle", value) for value in ("admin", "../x", "a", "x" * 99, "m aya")),
    *(("profiles", "name", value) for value in ("x" * 81, "\u200b")),
    *(("profiles", "line", value) for value in ("x" * 161,)),
    *(("profiles", "theme", value) for value in ("evil", "x" * 9_999)),
    *(("profiles", "accent", value) for value in ("red;}", "#12", "url(x)")),
    *(("profiles", "taken_down", value) for value in ("x" * 99_999, "evil")),
    *(("profile_entries", "heading", value) for value in ("x" * 61, "\u200b")),
    *(("profile_entries", "rank", value) for value in (2**62, -(2**62), 1.5)),
    *(("profile_entries", name, value) for name in ("shows_from", "shows_until") for value in FAR),
    *(("audience", "dimension", value) for value in ("evil", "")),
    *(("audience", "value", value) for value in ("x" * 256, "a\nb", "\x1b[2J", "\u202e")),
    *(("set_aside", "reason", value) for value in ("evil", "")),
    *(("set_aside", "agent", value) for value in ("x" * 256, "a\nb", "\x00")),
    ("avatars", "picture", "no base64!"),
]


def _file(path: Path, tables: dict[str, list[dict[str, Any]]], about: Mapping[str, Any] = MappingProxyType({})) -> Path:
    content = {
        **{"format": FORMAT, "version": VERSION, "exported_at": AT, "scope": "server", "timezone": "UTC"},
        **{"first_weekday": 0, "benchmarks": True},
        "tables": {
            name: {"columns": list(GOOD[name]), "rows": [list(row.values()) for row in tables[name]]} for name in GOOD
        },
        **about,
    }
    file = path / "export.json"
    file.write_text(json.dumps(content))
    return file


def _tables() -> dict[str, list[dict[str, Any]]]:
    return {name: [copy.deepcopy(row)] for name, row in GOOD.items()}


def test_a_good_export_is_read(tmp_path: Path) -> None:
    assert set(GOOD) == set(transfer.TABLES)
    export = read_export(_file(tmp_path, _tables()), NOW)
    assert {name: len(rows) for name, rows in export.tables.items()} == dict.fromkeys(GOOD, 1)
    assert export.tables["days"][0]["day"] == dt.date(2026, 3, 1)


def test_a_bad_row_names_itself(tmp_path: Path) -> None:
    """Each in the second row, so that the one that is named is the one."""
    kept = []
    for table, name, value in HOSTILE:
        tables = _tables()
        tables[table].append({**copy.deepcopy(GOOD[table]), "id": 99, name: value} if "id" in GOOD[table] else {})
        if "id" not in GOOD[table]:
            tables[table] = [{**copy.deepcopy(GOOD[table]), name: value}]
        row = len(tables[table])
        try:
            read_export(_file(tmp_path, tables), NOW)
        except OperatorError as error:
            said = str(error)
            assert f"table {table} can't be read in row {row}: " in said, said
            assert len(said) < 350
            assert said.isprintable()
        else:
            kept.append((table, name, str(value)[:60]))
    assert kept == []


def test_a_posts_own_address_on_a_denied_domain_names_itself(tmp_path: Path) -> None:
    tables = _tables()
    tables["posts"][0]["permalink"] = "https://www.bad.example/"
    file = _file(tmp_path, tables)
    assert read_export(file, NOW).tables["posts"]
    with pytest.raises(OperatorError, match=r"table posts can't be read in row 1: .*deny-list"):
        read_export(file, NOW, ("bad.example",))


@pytest.mark.parametrize("table", [name for name in GOOD if name not in ("figures", "notes")])
def test_what_stands_there_twice_is_refused(tmp_path: Path, table: str) -> None:
    tables = _tables()
    tables[table] *= 2
    with pytest.raises(OperatorError, match=r"in row 2: .*stands there twice"):
        read_export(_file(tmp_path, tables), NOW)


def test_two_posts_with_one_address_are_refused(tmp_path: Path) -> None:
    tables = _tables()
    tables["posts"].append(GOOD["posts"] | {"id": 99})
    with pytest.raises(OperatorError, match="link_id, code stands there twice"):
        read_export(_file(tmp_path, tables), NOW)


@pytest.mark.parametrize(
    "about",
    [
        *({"tables": value} for value in ([], "x", {"links": 5}, {"links": {"columns": 5, "rows": 5}}, None)),
        *({"exported_at": value} for value in ("yesterday", 5, None)),
        *({name: value} for name in ("version", "first_weekday") for value in ("x", [], None)),
        *({"timezone": value} for value in ("Mars/Base", "../../etc/passwd", 5, "x" * 9_999)),
    ],
    ids=str,
)
def test_what_is_no_export_is_a_sentence(tmp_path: Path, about: dict[str, Any]) -> None:
    with pytest.raises(OperatorError) as caught:
        read_export(_file(tmp_path, _tables(), about), NOW)
    assert len(str(caught.value)) < 500


def test_what_is_nested_too_deep_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    file.write_text('{"format": "' + FORMAT + '", "tables": ' + "[" * 200_000 + "]" * 200_000 + "}")
    with pytest.raises(OperatorError):
        read_export(file, NOW)
