"""Profile pages over plain HTTP and by their rules: what counts once, what never counts, what stands where."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import json
import re
from collections.abc import Sequence
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from bot.charts.theme import contrast
from bot.clock import FixedClock
from bot.errors import InvalidError
from bot.inputs.text import fit_line
from bot.profiles import embed, tokens
from bot.profiles.flags import MOST_A_DAY
from bot.profiles.layout import MOST_LINKS, Section, Step, arrange, moved, ranked
from bot.profiles.themes import LOOKS, MARK, TEXT, fitted, parse_accent
from bot.profiles.tokens import LIFETIME, PageView
from bot.profiles.views import delay_of
from bot.web.profiles import BODY_BYTES
from bot.web.routes import FLAGS
from storage import addresses, counts, links, profiles
from storage.records import BARE, PROFILE, Address, Entry, Kind, Link, Profile
from tests.conftest import BROWSER, NOW
from tests.served import DISCORDBOT, GUILD, MAYA, PAGE, SUMMER, WINTER, Edge
from tests.served import served_edge as _edge  # noqa: F401
from tests.served import trusted_proxies as _trusted  # noqa: F401

KEY = bytes(range(32))
A_VIEW = {(PAGE, PROFILE, Kind.VIEW): 1}


async def open_page(edge: Edge, **headers: str) -> tuple[str, dict[str, str]]:
    """The token of a page that was opened, and the tokens of its links by slug."""
    text = await (await edge.get("/@maya", **headers)).text()
    found = re.search(r'data-view="([\w-]+)"', text)
    return found[1] if found else "", dict(re.findall(r'href="/(\w+)\?via=([\w-]+)"', text))


async def report(edge: Edge, body: str | bytes, user_agent: str = BROWSER) -> int:
    url = URL(f"http://127.0.0.1:{edge.port}/@maya/seen")
    async with edge.http.post(url, data=body, headers={"User-Agent": user_agent}) as response:
        assert await response.read() == b""
        return response.status


# ---------------------------------------------------------------------- what counts


async def test_a_link_that_was_seen_counts_once_for_each_view(edge: Edge, clock: FixedClock) -> None:
    token, _clicks = await open_page(edge)
    clock.move(seconds=2)
    assert await report(edge, f"{token} 1") == 204
    await report(edge, f"{token} 1")  # the same beacon again
    await report(edge, f"{token} 1 1 2 2 3 99 0 -1 x")
    assert await edge.counts() == A_VIEW | {
        (WINTER, PROFILE, Kind.VIEWABLE): 1,
        (SUMMER, PROFILE, Kind.VIEWABLE): 1,
    }
    assert await edge.uniques() == {PAGE: 1}


async def test_a_beacon_that_is_bad_early_expired_or_of_another_counts_nothing(edge: Edge, clock: FixedClock) -> None:
    token, _clicks = await open_page(edge)
    await report(edge, f"{token} 1")  # nothing is in view for a second at once
    clock.move(seconds=2)
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(0, len(raw), 3):  # any changed byte breaks it
        forged = bytearray(raw)
        forged[place] ^= 1
        await report(edge, base64.urlsafe_b64encode(bytes(forged)).decode().rstrip("=") + " 1")
    view = PageView(1, clock.now() - dt.timedelta(seconds=5), GUILD, PAGE, (SUMMER,))
    await report(edge, f"{tokens.sign_view(KEY, view)} 1")  # of another installation
    for body in (
        "",
        " ",
        "1",
        token,
        f"{token} ",
        f"{token},1",
        b"\xff\xfe",
        "x" * (BODY_BYTES + 1),
        f"{token} 1" * 90,
    ):
        assert await report(edge, body) == 204
    clock.move(seconds=LIFETIME.total_seconds())
    await report(edge, f"{token} 1")
    assert await edge.counts() == A_VIEW


async def test_a_beacon_after_a_restart_counts_nothing_twice(edge: Edge, clock: FixedClock) -> None:
    token, _clicks = await open_page(edge)
    clock.move(seconds=2)
    await report(edge, f"{token} 1")
    edge.views._views.clear()  # as a new process begins
    await report(edge, f"{token} 1 2")
    assert await edge.counts() == A_VIEW | {(WINTER, PROFILE, Kind.VIEWABLE): 1}


@pytest.mark.parametrize(
    ("agent", "headers"),
    [
        ("curl/8.7.1", {}),
        (DISCORDBOT, {}),
        (BROWSER, {"Sec_Purpose": "prefetch;prerender"}),
        (BROWSER, {"X_Moz": "prefetch"}),
    ],
)
async def test_who_is_no_person_gets_nothing_to_report_with(edge: Edge, agent: str, headers: dict[str, str]) -> None:
    answer = await edge.get("/@maya", user_agent=agent, **headers)
    # A browser that loads ahead gets no page, so that it asks again when the person looks.
    assert answer.status == (503 if "Sec_Purpose" in headers else 200)
    text = await answer.text()
    assert "data-view" not in text
    assert "via=" not in text
    assert "seen.gif" not in text
    assert await edge.counts() == {}
    assert sum((await edge.aside()).values()) == 1


async def test_a_crawler_with_a_persons_token_counts_nothing(edge: Edge, clock: FixedClock) -> None:
    token, _clicks = await open_page(edge)
    clock.move(seconds=2)
    await report(edge, f"{token} 1", user_agent="curl/8.7.1")
    await edge.get(f"/@maya/seen.gif?v={token}", user_agent=DISCORDBOT)
    assert await edge.counts() == A_VIEW
    await report(edge, f"{token} 1")  # and takes nothing from the person
    assert await edge.counts() == A_VIEW | {(WINTER, PROFILE, Kind.VIEWABLE): 1}


async def test_the_pixel_counts_what_was_not_reported_as_displayed(edge: Edge, clock: FixedClock) -> None:
    token, _clicks = await open_page(edge)
    clock.move(seconds=2)
    await report(edge, f"{token} 1")
    for _n in range(2):
        answer = await edge.get(f"/@maya/seen.gif?v={token}")
        assert (answer.status, answer.content_length) == (200, 43)
    await edge.get("/@maya/seen.gif?v=made-up")
    await edge.get("/@maya/seen.gif")
    await report(edge, f"{token} 2")
    assert await edge.counts() == A_VIEW | {
        (WINTER, PROFILE, Kind.VIEWABLE): 1,
        (SUMMER, PROFILE, Kind.IMPRESSION): 1,
    }


async def test_a_click_was_seen_and_a_copied_address_is_no_click_on_the_page(edge: Edge, clock: FixedClock) -> None:
    token, clicks = await open_page(edge)
    assert list(clicks) == ["winter", "summer"]
    assert (await edge.get(f"/summer?via={clicks['summer']}")).status == 302
    clock.move(seconds=2)
    await report(edge, f"{token} 1 2")
    seen = {(WINTER, PROFILE, Kind.VIEWABLE): 1, (SUMMER, PROFILE, Kind.VIEWABLE): 1}
    clicked = {(SUMMER, PROFILE, Kind.CLICK): 1}
    assert await edge.counts() == A_VIEW | seen | clicked
    await edge.get(f"/summer?via={clicks['summer']}")  # the same person again
    assert await edge.counts() == A_VIEW | seen | clicked
    # Handed on, or on another link, or a day later: counted as the bare address.
    await edge.get(f"/summer?via={clicks['summer']}", user_agent=f"{BROWSER} Friend")
    await edge.get(f"/summer?via={clicks['winter']}", user_agent=f"{BROWSER} Tinkerer")
    await edge.get("/summer?via=profile", user_agent=f"{BROWSER} Old")
    clock.move(seconds=LIFETIME.total_seconds())
    await edge.get(f"/winter?via={clicks['winter']}", user_agent=f"{BROWSER} Late")
    total = {}
    for day in (NOW.date(), NOW.date() + dt.timedelta(days=1)):
        total |= await edge.counts(day)
    assert total == A_VIEW | seen | clicked | {(SUMMER, BARE, Kind.CLICK): 3, (WINTER, BARE, Kind.CLICK): 1}


async def test_views_count_repeats_and_unique_views_do_not(edge: Edge) -> None:
    for agent in (BROWSER, BROWSER, f"{BROWSER} Other"):
        await edge.get("/@maya", user_agent=agent)
    await edge.get("/@maya", DNT="1")
    assert await edge.counts() == {(PAGE, PROFILE, Kind.VIEW): 4}
    assert await edge.uniques() == {PAGE: 2}
    async with edge.db.read() as conn:
        by_day = await counts.uniques_by_day(conn, GUILD, NOW.date(), NOW.date() + dt.timedelta(days=1))
    assert by_day == []  # the server's unique clicks know nothing of views


async def test_a_page_that_is_gone_has_nothing_below_it(edge: Edge) -> None:
    hidden = Profile(GUILD, MAYA, "maya", "Maya", published=False, id=PAGE)
    await edge.write(lambda conn: profiles.put(conn, hidden))
    unknown = await (await edge.get("/@nobody/card.png")).text()
    for path in ("/@maya", "/@maya/card.png", "/@maya/avatar-0123456789abcdef.webp", "/@maya/else", "/@maya/seen"):
        answer = await edge.get(path)
        assert (answer.status, await answer.text()) == (404, unknown), path


async def test_the_card_is_a_picture_that_others_may_keep(edge: Edge) -> None:
    answer = await edge.get("/@maya/card.png", user_agent=DISCORDBOT)
    assert (answer.status, answer.content_type) == (200, "image/png")
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert await edge.counts() == {}


async def test_discord_reads_a_card_with_the_top_links(edge: Edge) -> None:
    text = await (await edge.get("/@maya", user_agent=DISCORDBOT)).text()
    raw = re.search(r'<script id="discord:component-embed" type="application/json">(.*?)</script>', text)
    assert raw is not None
    card = json.loads(raw[1])["component"]
    assert card["type"] == 17
    buttons = card["components"][-1]["components"]
    assert [(one["style"], one["label"], one["url"]) for one in buttons] == [
        (5, "shop.example", "https://go.example/winter"),
        (5, "Summer sale", "https://go.example/summer"),
    ]
    for tag in ("og:title", "og:description", "og:url", "og:image", "og:image:alt"):
        assert f'property="{tag}"' in text


# ---------------------------------------------------------------------- flags


async def flag(edge: Edge, user_agent: str = BROWSER, **form: str) -> int:
    url = URL(f"http://127.0.0.1:{edge.port}/flag")
    async with edge.http.post(url, data=form, headers={"User-Agent": user_agent}) as response:
        return response.status


async def test_anybody_may_flag_a_page_a_few_times(edge: Edge) -> None:
    for path in ("/@maya", "/summer+"):
        assert 'action="/flag"' in await (await edge.get(path)).text()
    assert await flag(edge, address="@maya", reason="scam") == 200
    assert await flag(edge, address="@nobody", reason="scam") == 200  # nothing is told about names
    assert await flag(edge, address="summer", reason="<b>") == 200
    statuses = [await flag(edge, address="@maya", reason="harm") for _n in range(FLAGS)]
    assert statuses[-1] == 429
    told = {one.address: dict(one.reasons) for one in await edge.flags.untold()}
    assert told == {"@maya": {"scam": 1, "harm": statuses.count(200)}, "summer": {"other": 1}}


async def test_flags_are_told_once_a_day(edge: Edge, clock: FixedClock) -> None:
    await edge.flags.add("@maya", "scam")
    await edge.flags.add("@Maya", "scam")
    (first,) = await edge.flags.untold()
    assert (first.guild_id, first.creator_id, dict(first.reasons)) == (GUILD, MAYA, {"scam": 2})
    await edge.flags.set_told(first)
    clock.move(hours=23)
    await edge.flags.add("@maya", "harm")
    assert await edge.flags.untold() == []
    clock.move(hours=2)
    (second,) = await edge.flags.untold()
    assert dict(second.reasons) == {"harm": 1}
    for _n in range(MOST_A_DAY + 5):
        await edge.flags.add("@maya", "other")
    (third,) = await edge.flags.untold()
    assert sum(third.reasons.values()) == MOST_A_DAY


# ---------------------------------------------------------------------- rules


IDS = st.integers(0, 2**63 - 1)
VIEWS = st.builds(
    PageView,
    IDS,
    st.integers(0, 10**9).map(lambda ms: NOW + dt.timedelta(milliseconds=ms)),
    IDS,
    IDS,
    st.lists(IDS, min_size=1, max_size=MOST_LINKS, unique=True).map(tuple),
)


@given(view=VIEWS, key=st.binary(min_size=32, max_size=32), after=st.integers(0, 10**9))
def test_a_token_gives_back_what_was_signed_for_its_time_and_its_key(view: PageView, key: bytes, after: int) -> None:
    now = view.at + dt.timedelta(milliseconds=after)
    valid = now < view.at + LIFETIME
    token = tokens.sign_view(key, view)
    assert len(token) <= tokens.MOST_BYTES
    assert tokens.read_view(key, token, now) == (view if valid else None)
    assert tokens.read_view(key[::-1] + b"x", token, now) is None
    for place, link_id in enumerate(view.link_ids, start=1):
        click = tokens.sign_click(key, view, place)
        found = tokens.read_click(key, click, view.guild_id, link_id, now)
        assert (found is not None) == valid
        if found is not None:
            assert (found.view_id, found.position, found.after) == (view.id, place, now - view.at)
        assert tokens.read_click(key, click, view.guild_id, link_id ^ 1, now) is None
        assert tokens.read_view(key, click, now) is None


@given(text=st.text(max_size=80))
def test_no_made_up_token_is_read(text: str) -> None:
    assert tokens.read_view(KEY, text, NOW) is None
    assert tokens.read_click(KEY, text, GUILD, SUMMER, NOW) is None
    assert tokens.read_preview(KEY, text, NOW) is None


def link(id_: int) -> Link:
    return Link(GUILD, id_, MAYA, f"l{id_}", "https://shop.example/", MAYA, NOW, NOW)


CHOICES = st.lists(
    st.builds(
        Entry,
        st.just(GUILD),
        st.just(MAYA),
        st.integers(1, 60),
        st.integers(0, 60),
        st.sampled_from(["", "Shop", "Read"]),
        st.booleans(),
        st.booleans(),
        st.none() | st.just(NOW + dt.timedelta(hours=1)) | st.just(NOW),
        st.none() | st.just(NOW + dt.timedelta(hours=2)) | st.just(NOW),
    ),
    unique_by=lambda entry: entry.link_id,
)


@given(ids=st.sets(st.integers(1, 60)), chosen=CHOICES)
def test_a_page_shows_each_shown_link_once_and_pinned_ones_first(ids: set[int], chosen: list[Entry]) -> None:
    entries = {entry.link_id: entry for entry in chosen}
    sections = arrange(map(link, ids), entries, NOW)
    shown = [one.id for section in sections for one in section.links]
    assert len(shown) == len(set(shown)) <= MOST_LINKS
    chosen_now = {
        id_
        for id_, entry in entries.items()
        if not entry.hidden
        and (entry.shows_from is None or entry.shows_from <= NOW)
        and (entry.shows_until is None or entry.shows_until > NOW)
    }
    assert set(shown) <= ids & chosen_now
    if len(ids & chosen_now) <= MOST_LINKS:
        assert set(shown) == ids & chosen_now
    assert [section.pinned for section in sections] == sorted((s.pinned for s in sections), reverse=True)
    keys = [(section.pinned, section.heading) for section in sections]
    assert len(keys) == len(set(keys))


def _ids(sections: Sequence[Section]) -> list[int]:
    return [link.id for section in sections for link in section.links]


@given(ids=st.sets(st.integers(1, 60), min_size=1), chosen=CHOICES, step=st.sampled_from(Step), data=st.data())
def test_a_moved_link_goes_one_place_on_the_page_and_nothing_else_changes(
    ids: set[int], chosen: list[Entry], step: Step, data: Any
) -> None:
    entries = {entry.link_id: entry for entry in chosen}
    sections = arrange(map(link, ids), entries, NOW)
    before = _ids(sections)
    if not before:
        return
    one = data.draw(st.sampled_from(before))
    order = moved(sections, one, step)
    if order is None:
        assert step is not Step.UP or before.index(one) == 0 or entries[before[before.index(one) - 1]] != entries[one]
        return
    assert sorted(order) == sorted(before)
    made = {entry.link_id: entry for entry in ranked(entries, order)}
    assert {id_: dataclasses.replace(entry, rank=0) for id_, entry in made.items()} == {
        id_: dataclasses.replace(entry, rank=0) for id_, entry in entries.items()
    }
    after = _ids(arrange(map(link, ids), made, NOW))
    if len(ids & set(entries)) <= MOST_LINKS:
        assert after == order  # what was meant is what the page shows
        if step is Step.UP:
            assert after.index(one) < before.index(one)
        elif step is Step.DOWN:
            assert after.index(one) > before.index(one)


COLOURS = st.integers(0, 2**24 - 1).map(lambda value: f"#{value:06x}")


@given(theme=st.sampled_from(sorted(LOOKS)), accent=COLOURS | st.just(""))
def test_every_colour_of_every_page_can_be_read(theme: str, accent: str) -> None:
    made = fitted(theme, accent)
    for side in (made.light, made.dark):
        for back in (side.ground, side.card):
            assert contrast(side.ink, back) >= TEXT
            assert contrast(side.quiet, back) >= TEXT
            assert contrast(side.accent, back) >= MARK
        assert contrast(side.on_accent, side.accent) >= TEXT
    if accent and not made.adjusted:
        assert made.light.accent == made.dark.accent == accent


@pytest.mark.parametrize(("text", "colour"), [("#ABC", "#aabbcc"), (" e0245e ", "#e0245e"), ("-", ""), ("", "")])
def test_a_colour_as_people_type_it(text: str, colour: str) -> None:
    assert parse_accent(text) == colour


@pytest.mark.parametrize("text", ["red", "#12345", "#1234567", "#12345g", "rgb(1,2,3)", "#fff;}"])
def test_what_is_no_colour(text: str) -> None:
    with pytest.raises(InvalidError, match="is no colour"):
        parse_accent(text)


@given(
    name=st.text(min_size=1, max_size=80),
    line=st.text(max_size=160),
    labels=st.lists(st.text(min_size=1, max_size=100), max_size=12),
)
def test_discords_card_is_small_and_closes_no_element(name: str, line: str, labels: list[str]) -> None:
    url = "https://go.example/@maya"
    said = embed.payload(
        name=name,
        handle="maya",
        line=line,
        url=url,
        accent="#0b6e6e",
        avatar=f"{url}/avatar-0123456789abcdef.webp",
        links=[(label, f"https://go.example/{'x' * 60}{n}") for n, label in enumerate(labels)],
    )
    assert len(said.encode("utf-8", "surrogatepass")) <= embed.MOST_BYTES
    assert "<" not in said
    card = json.loads(said)["component"]
    assert card["components"][0]["accessory"]["type"] == 11


@given(st.text(max_size=300), st.integers(1, 60))
def test_displayed_text_is_one_short_line_without_controls(text: str, limit: int) -> None:
    made = fit_line(text, limit)
    assert len(made) <= limit
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", made)


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0"), (1.99, "0"), (2, "2"), (9.9, "5"), (59, "30"), (61, "60"), (4000, "300")]
)
def test_times_to_click_fall_into_classes(seconds: float, told: str) -> None:
    assert delay_of(dt.timedelta(seconds=seconds)) == told


async def test_a_link_of_another_server_never_stands_on_a_page(edge: Edge) -> None:
    async def work(conn: Any) -> None:
        await links.add(conn, Link(99, 901, MAYA, "other", "https://shop.example/", MAYA, NOW, NOW))
        await addresses.add(conn, Address("other", 99, MAYA, 901))
        await profiles.put_entries(conn, [Entry(GUILD, MAYA, 901, 0)])

    await edge.write(work)
    assert list((await open_page(edge))[1]) == ["winter", "summer"]


async def test_a_slow_or_endless_beacon_holds_nobody(edge: Edge) -> None:
    async def endless() -> Any:
        for _n in range(100):
            yield b"x" * 1000

    async with aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{edge.port}/@maya/seen"
        async with http.post(url, data=endless(), headers={"User-Agent": BROWSER}) as response:
            assert response.status == 204
