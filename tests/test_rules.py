"""Small decisions: slugs, destinations, typed numbers, digest times, who may add."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from bot.delivery.failures import Kind
from bot.delivery.outbox import Letter, nonce
from bot.delivery.port import Address
from bot.errors import InvalidError, RefusedError
from bot.inputs.dates import parse_past, parse_time
from bot.inputs.numbers import parse_count
from bot.links.access import Actor, may_add, require_add
from bot.links.destinations import MAX_LOCATION, parse_destination, with_query
from bot.links.slugs import parse_handle, parse_slug, random_slug
from bot.tracking.limits import Buckets
from cogs.ui.format import escape, rows
from storage.ids import Ids
from storage.records import AddPolicy, Server


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("20k", 20_000),
        ("20K", 20_000),
        ("20,000", 20_000),
        ("20.000", 20_000),
        ("20 000", 20_000),
        ("20\u202f000", 20_000),
        ("20'000", 20_000),
        ("1.2k", 1_200),
        ("1,25M", 1_250_000),
        ("1,234,567", 1_234_567),
        ("0", 0),
        (" 7 ", 7),
    ],
)
def test_numbers_as_people_type_them(typed: str, value: int) -> None:
    assert parse_count(typed, "impressions") == value


@pytest.mark.parametrize("typed", ["", "many", "-5", "1.5", "20,00", "1.234,567", "k", "²", "1e5", "9" * 40])
def test_what_is_no_number_is_named(typed: str) -> None:
    with pytest.raises(InvalidError, match="impressions"):
        parse_count(typed, "impressions")


@given(st.integers(0, 10**12))
def test_every_number_is_read_back(value: int) -> None:
    assert parse_count(f"{value:,}", "n") == parse_count(f"{value:,}".replace(",", "."), "n") == value


@pytest.mark.parametrize(
    "name",
    ["healthz", "robots.txt", "a+b", "@maya", "a.b", "", "-x", "ü", "a/b", "x" * 65, "static", "a b", "favicon.ico"],
)
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(InvalidError):
        parse_slug(name)


def test_names_that_are_taken() -> None:
    assert parse_slug(" Summer-2026 ") == "summer-2026"
    assert parse_handle("@Maya") == "maya"
    assert len({random_slug() for _n in range(100)}) == 100
    assert parse_slug(random_slug())


@pytest.mark.parametrize("handle", ["maya l", "m", "@m", "x" * 33, "lé", ""])
def test_a_handle_that_is_refused_is_told_the_rule_of_handles(handle: str) -> None:
    with pytest.raises(InvalidError, match=r"^handle: .* take 2 to 32 of the letters a-z"):
        parse_handle(handle)


def test_a_handle_has_two_to_thirty_two_characters() -> None:
    assert [len(parse_handle(handle)) for handle in ("@mL", "x" * 32)] == [2, 32]
    with pytest.raises(InvalidError, match=r"^name: .* take 1 to 64 of the letters a-z"):
        parse_slug("x" * 65)


def _destination(text: str) -> str:
    return parse_destination(text, own=URL("https://go.example"), denied_domains=("bad.example",))


@pytest.mark.parametrize(
    "text",
    [
        "ftp://shop.example",
        "javascript:alert(1)",
        "https://",
        "https://user:pw@shop.example",
        "https://shop.example/\r\nSet-Cookie: x",
        "https://shop.example\\@evil.example",
        "https://go.example/loop",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://localhost/",
        "http://printer.local/",
        "https://bad.example/",
        "https://www.bad.example./",
        "https://shop.example/" + "a" * 2048,
        "not an address",
        "http://shop.example:99999/",
    ],
)
def test_destinations_that_are_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="destination"):
        _destination(text)


def test_destinations_are_normalised() -> None:
    assert _destination("HTTPS://Shop.Example/A b".replace(" ", "%20")) == "https://shop.example/A%20b"
    assert _destination("shop.example/x?y=1#z") == "https://shop.example/x?y=1#z"
    assert _destination("https://bücher.example/ü") == "https://xn--bcher-kva.example/%C3%BC"


_URL_TEXT = st.text("abcXYZ019-._~:/?#[]@!$&'()*+,;=%|{}^`üÜ夏", max_size=60)


@given(rest=_URL_TEXT)
def test_what_stands_behind_the_host_stays_as_typed(rest: str) -> None:
    typed = f"https://shop.example/{rest}"
    destination = _destination(typed)
    assert unquote(destination) == unquote(typed)
    if typed.isascii():
        assert destination == typed
    assert destination.isascii()
    assert _destination(destination) == destination


@given(rest=_URL_TEXT, query=st.text("ab=&;%+#[]ü1\udcff", max_size=30))
def test_a_query_is_handed_on_and_the_destinations_own_value_wins(rest: str, query: str) -> None:
    destination = _destination(f"https://shop.example/{rest}")
    location = with_query(destination, query, ("b",))
    assert location.isascii()
    before, _mark, fragment = location.partition("#")
    assert fragment == destination.partition("#")[2]
    assert before.startswith(destination.partition("#")[0])
    own = {name for name, _value in parse_qsl(urlsplit(destination).query, keep_blank_values=True)}
    wanted = [
        (name, value)
        for name, value in parse_qsl(query.partition("#")[0], keep_blank_values=True, errors="surrogateescape")
        if name and name not in own and name != "b"
    ]
    added = parse_qsl(before.removeprefix(destination.partition("#")[0]), True, errors="surrogateescape")
    assert [(name.lstrip("?&"), value) for name, value in added] == wanted


@pytest.mark.parametrize(
    ("destination", "query", "location"),
    [
        ("https://shop.example/", "utm_source=ig", "https://shop.example/?utm_source=ig"),
        ("https://shop.example/?", "utm_source=ig", "https://shop.example/?utm_source=ig"),
        ("https://shop.example/#top", "a=1&via=x&test=y&b=2", "https://shop.example/?a=1&b=2#top"),
        ("https://shop.example/?a=1", "a=2&A=3", "https://shop.example/?a=1&A=3"),
        ("https://shop.example/?a%20b=1", "a+b=2&c=%2C", "https://shop.example/?a%20b=1&c=%2C"),
        ("https://shop.example/?a=1", "via=x", "https://shop.example/?a=1"),
        ("https://shop.example/?a=1", "b=" + "x" * MAX_LOCATION, "https://shop.example/?a=1"),
        ("https://shop.example/", "fbclid", "https://shop.example/?fbclid"),
    ],
)
def test_what_a_redirect_hands_on(destination: str, query: str, location: str) -> None:
    assert with_query(destination, query, ("via", "test")) == location


NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("now", "2026-11-24T12:00Z"),
        ("today", "2026-11-24T12:00Z"),
        ("2026-11-24", "2026-11-24T12:00Z"),
        ("yesterday", "2026-11-23T22:59:59.999Z"),
        ("3 days ago", "2026-11-21T22:59:59.999Z"),
        ("1d", "2026-11-23T22:59:59.999Z"),
        ("2026-11-20 18:30", "2026-11-20T17:30Z"),
        ("2026-11-20T18:30+05:30", "2026-11-20T13:00Z"),
        ("<t:1795000000:f>", "2026-11-18T11:06:40Z"),
    ],
)
def test_moments(typed: str, expected: str) -> None:
    assert parse_past(typed, "as-of", NOW, "Europe/Berlin") == dt.datetime.fromisoformat(expected)


@pytest.mark.parametrize("typed", ["soon", "2026-13-01", "tomorrow", "2026-11-25", "24.11.2026", "<t:9999999999>"])
def test_what_is_no_moment_is_named(typed: str) -> None:
    with pytest.raises(InvalidError, match="as-of"):
        parse_past(typed, "as-of", NOW, "Europe/Berlin")


@pytest.mark.parametrize(
    ("typed", "minute"), [("9", 540), ("09:00", 540), ("9:30 pm", 1290), ("12am", 0), ("18.45", 1125), ("23:59", 1439)]
)
def test_times_of_day(typed: str, minute: int) -> None:
    assert parse_time(typed) == minute


@pytest.mark.parametrize("typed", ["", "24:00", "9:60", "nine", "13pm", "9:5", "-1"])
def test_what_is_no_time_is_named(typed: str) -> None:
    with pytest.raises(InvalidError, match="time"):
        parse_time(typed)


def test_a_nonce_is_stable_and_fits() -> None:
    def of(first: dt.date, attempts: int = 1) -> str:
        letter = Letter(Address(Kind.DIGEST, 2, 3), (3, first), attempts, dt.datetime.now(dt.UTC))
        return nonce(1, letter)

    one = of(dt.date(2026, 3, 2))
    assert one == of(dt.date(2026, 3, 2), attempts=2)
    assert one != of(dt.date(2026, 3, 9))
    assert len(one) == 25


def test_who_may_add() -> None:
    server = Server(1, creator_role_id=9)
    creator, other, manager = Actor(1, 5, role_ids=frozenset({9})), Actor(1, 6), Actor(1, 7, manager=True)
    assert may_add(creator, server)
    assert may_add(manager, server)
    assert not may_add(other, server)
    assert not may_add(creator, Server(1, creator_role_id=9, add_policy=AddPolicy.MANAGERS))
    assert may_add(other, Server(1, add_policy=AddPolicy.EVERYONE))
    with pytest.raises(RefusedError, match="for others"):
        require_add(creator, server, 6)
    require_add(manager, server, 6)


@given(st.text(max_size=200))
def test_no_text_of_a_user_stays_alive(text: str) -> None:
    escaped = escape(text)
    assert "\n" not in escaped
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_~`|<>\[\]()#:@]", escaped)


@given(st.lists(st.text("abc", min_size=1, max_size=300), max_size=30))
def test_rows_are_whole_or_counted(lines: list[str]) -> None:
    text = rows(lines)
    assert len(text) <= 1024
    shown = text.split("\n") if text else []
    if shown != lines:
        assert shown[:-1] == lines[: len(shown) - 1]
        assert shown[-1] == f"and {len(lines) - len(shown) + 1} more"


_MILLISECONDS = st.integers(-5, 5) | st.integers(-5_000, 5_000)


@given(steps=st.lists(st.tuples(_MILLISECONDS, st.sampled_from([1, 2, 1 << 20, 3 << 20])), max_size=30))
def test_ids_rise_whatever_the_clock_does(steps: list[tuple[int, int]]) -> None:
    now = 1_800_000_000.0
    ids, last = Ids(lambda: now), 0
    for moved, n in steps:
        now += moved / 1000
        made = ids.several(n)
        assert len(made) == n
        assert last < made[0]
        last = made[-1]


@given(
    burst=st.integers(1, 40),
    seconds=st.sampled_from([1 / 600, 0.5, 1.0, 3.0]),
    pauses=st.lists(st.floats(0, 100), min_size=1, max_size=80),
)
def test_a_bucket_gives_what_a_count_of_its_tokens_does(burst: int, seconds: float, pauses: list[float]) -> None:
    buckets, now, tokens = Buckets(burst, seconds), 1_000.0, float(burst)
    for pause in pauses:
        now += pause
        tokens = min(burst, tokens + pause * seconds)
        if abs(tokens - 1) > 1e-3:  # nearer than that rounding decides
            assert buckets.take("somebody", now) == (tokens > 1)
            tokens -= tokens > 1
        else:
            tokens -= buckets.take("somebody", now)
    assert buckets.take("somebody else", now)


def test_ids_rise() -> None:
    ids = Ids()
    made = [ids.new() for _n in range(10_000)]
    assert made == sorted(set(made))
    assert made[-1] < 2**63
