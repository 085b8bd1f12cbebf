"""Where hits come from: devices, sources, countries, and that their rollups are bounded and add up."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from bot.errors import OperatorError
from bot.insights.audience import shares
from bot.insights.gaps import Gap, gaps
from bot.tracking import tracker as tracker_module
from bot.tracking.audience import DESKTOP, DIRECT, OTHER, PHONE, TABLET, TV, device_of, source_of
from bot.tracking.countries import open_countries
from bot.tracking.limits import Distinct
from storage import counts, hits
from storage.records import AudienceCount, Dimension, DroppedCount, Kind
from tests.conftest import BROWSER, NOW, World, answer_of, text_of
from tests.served import GUILD, TODAY, TOMORROW, Edge
from tests.served import served_edge as _edge  # noqa: F401
from tests.served import trusted_proxies as _trusted  # noqa: F401

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (BROWSER, PHONE),
        (f"Mozilla/5.0 (Linux; Android 16; Pixel 10) {CHROME} Mobile Safari/537.36", PHONE),
        (f"Mozilla/5.0 (Linux; Android 16; SM-X910) {CHROME} Safari/537.36", TABLET),
        ("Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 Version/12.1.2 Mobile/15E148", TABLET),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36", DESKTOP),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36", DESKTOP),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15", DESKTOP),
        (f"Mozilla/5.0 (SMART-TV; LINUX; Tizen 8.0) {CHROME} TV Safari/537.36", TV),
        (f"Mozilla/5.0 (Linux; Android 11; AFTKA) {CHROME} Mobile Safari/537.36", TV),
        (f"Mozilla/5.0 (PlayStation; PlayStation 5/10.00) {CHROME} Safari/537.36", TV),
        ("Dillo/3.0", OTHER),
    ],
)
def test_devices(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device


@pytest.mark.parametrize(
    ("user_agent", "referrer", "source"),
    [
        (BROWSER, "", DIRECT),
        (BROWSER, "https://www.news.example/2026/11?q=secret", "news.example"),
        (BROWSER, "https://l.instagram.com/?u=x", "Instagram"),
        (BROWSER, "https://t.co/abc", "X"),
        (BROWSER, "https://out.reddit.com/", "Reddit"),
        (BROWSER, "https://www.google.co.uk/search", "Google"),
        (BROWSER, "android-app://com.google.android.gm/", "Gmail"),
        (BROWSER, "https://notgoogle.com/", "notgoogle.com"),
        (BROWSER, "https://go.example/@maya", DIRECT),
        (BROWSER, "https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        (BROWSER, "https://[::1", DIRECT),
        (BROWSER, "javascript:alert(1)", DIRECT),
        (BROWSER, "https://<script>.example/", DIRECT),
        (BROWSER, "https://" + "a" * 300 + ".example/", DIRECT),
        (f"{BROWSER} Instagram 400.0.0.1 (iPhone15,2; iOS 18_5)", "", "Instagram"),
        (f"{BROWSER} [FBAN/FBIOS;FBAV/500.0]", "https://l.facebook.com/", "Facebook"),
        (f"{BROWSER} musical_ly_40.0 BytedanceWebview/d8a21c6", "", "TikTok"),
        (f"Mozilla/5.0 (Windows NT 10.0) {CHROME} discord/1.0.9 Electron/30.1.0 Safari/537.36", "", "Discord"),
    ],
)
def test_sources(user_agent: str, referrer: str, source: str) -> None:
    assert source_of(user_agent, referrer, "go.example:443") == source


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Two networks, in the two forms that makers of such files use."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True)
    writer.insert_network(IPSet(["203.0.113.0/24", "2001:db8::/32"]), {"country": {"iso_code": "DE"}})
    writer.insert_network(IPSet(["198.51.100.0/24"]), {"country_code": "FR"})
    writer.insert_network(IPSet(["192.0.2.0/24"]), {"country": "somewhere"})
    path = tmp_path / "countries.mmdb"
    writer.to_db_file(str(path))
    return path


def test_countries_come_from_a_file(database: Path) -> None:
    with open_countries(database) as country_of:
        found = {client: country_of(client) for client in ("203.0.113.7", "2001:db8::1", "198.51.100.1")}
        assert list(found.values()) == ["DE", "DE", "FR"]
        assert [country_of(client) for client in ("192.0.2.1", "8.8.8.8", "", "unix:", "999.1.1.1")] == [""] * 5


def test_a_file_that_can_not_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.mmdb").write_bytes(b"nothing of the kind")
    for name in ("x.mmdb", "missing.mmdb"):
        with (
            pytest.raises(OperatorError, match=r"tracking.country_database: .*can't be read"),
            open_countries(tmp_path / name),
        ):
            pass


async def audience(edge: Edge) -> dict[tuple[str, str, str], int]:
    async with edge.db.read() as conn:
        found = await counts.audience(conn, GUILD, TODAY, TOMORROW)
    return {(item.kind.value, item.dimension.value, item.value): item.count for item in found}


async def test_a_hit_is_counted_in_each_dimension(edge: Edge) -> None:
    await edge.get("/summer", referer="https://www.news.example/page")
    await edge.get("/summer", user_agent=f"{BROWSER} Instagram 400")
    await edge.get("/summer", user_agent="curl/8.0", referer="https://bot.example/")
    await edge.get("/@maya")
    assert await audience(edge) == {
        ("click", "country", "DE"): 2,
        ("click", "device", "phone"): 2,
        ("click", "source", "news.example"): 1,
        ("click", "source", "Instagram"): 1,
        ("view", "country", "DE"): 1,
        ("view", "device", "phone"): 1,
        ("view", "source", "direct"): 1,
    }


async def test_made_up_referrers_fill_no_table(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(tracker_module.SOURCES + 20):
        await edge.get("/summer", user_agent=f"{BROWSER} {n}", referer=f"https://spam{n}.example/")
    found = {key: n for key, n in (await audience(edge)).items() if key[1] == "source"}
    assert len(found) == tracker_module.SOURCES + 1
    assert found["click", "source", "other"] == 20


def test_distinct_values_are_bounded_for_each_key_and_in_all() -> None:
    distinct = Distinct(limit=2, most=3)
    assert [distinct.allows("a", value) for value in ("x", "y", "z", "x")] == [True, True, False, True]
    assert distinct.allows("b", "z")
    assert distinct.allows("c", "z")
    assert distinct.allows("a", "z")  # forgotten, so that there is room again


def test_made_up_referrers_take_little_memory() -> None:
    distinct = Distinct(tracker_module.SOURCES, tracker_module.SOURCES_HELD)
    tracemalloc.start()
    for n in range(100_000):
        distinct.allows(n // 100, f"{n}{'a' * 240}.example")
    held, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 10 * 2**20


def test_shares_are_ranked_and_the_rest_is_told() -> None:
    counts = [
        AudienceCount(Dimension.SOURCE, value, Kind.CLICK, n) for value, n in (("b", 5), ("a", 5), ("c", 9), ("d", 1))
    ] + [
        AudienceCount(Dimension.SOURCE, "a", Kind.IMPRESSION, 99),
        AudienceCount(Dimension.DEVICE, "tv", Kind.CLICK, 7),
    ]
    found = shares(counts, Dimension.SOURCE, Kind.CLICK, 3)
    assert (found.top, found.total, found.rest) == ((("c", 9), ("a", 5), ("b", 5)), 20, 1)


def test_quarters_that_follow_one_another_are_one_gap() -> None:
    def dropped(link: int, hour: int, minute: int, n: int) -> DroppedCount:
        return DroppedCount(link, dt.datetime(2026, 3, 11, hour, minute, tzinfo=dt.UTC), n)

    found = gaps(
        [dropped(1, 13, 0, 30), dropped(2, 13, 0, 4), dropped(1, 13, 15, 3), dropped(1, 22, 45, 1)], "Europe/Berlin"
    )
    assert [(f"{g.start:%d %H:%M}", f"{g.end:%d %H:%M}", g.count) for g in found] == [
        ("11 14:00", "11 14:30", 37),
        ("11 23:45", "12 00:00", 1),
    ]
    assert gaps([], "UTC") == []
    assert isinstance(found[0], Gap)


def field(embed: Any, name: str) -> str:
    return next(f.value for f in embed.fields if f.name == name)


async def test_stats_show_where_clicks_came_from(world: World) -> None:
    await world.add_link()
    for n in range(7):
        await world.visit("summer", Referer=f"https://site{n}.example/")
    for n in range(13):
        await world.visit("summer", new=True, **{"User-Agent": f"{BROWSER} Instagram 400 {n}"})
    result = await world.admin.slash(world.channel, "stats link", link="summer")
    embed = answer_of(result).embeds[0]
    assert field(embed, "Clicks from").split("\n") == [
        "Instagram 65%",
        *(f"site{n}.example 5%" for n in range(4)),
        "others 15%",
    ]
    assert field(embed, "Devices") == "phone 100%"
    assert "Countries" not in [f.name for f in embed.fields]


async def test_missing_hits_are_said_with_their_hours(world: World) -> None:
    await world.add_link()
    await world.visit("summer")
    link = (await world.app.services.links.visible(_actor(world)))[0]
    bucket = hits.bucket_of(NOW)
    await world.app.db.write(lambda conn: conn.run_sync(hits.note_dropped, {(world.guild.id, link.id, bucket): 37}))
    for command in ("stats link", "link audit"):
        text = text_of(await world.admin.slash(world.channel, command, link="summer"))
        assert "37 hits dropped 11 Mar 12:00 – 12:15, since the disk did not keep up" in text, text
    assert "37 hits dropped" in text_of(await world.admin.slash(world.channel, "stats server"))


def _actor(world: World) -> Any:
    from bot.links.access import Actor

    return Actor(world.guild.id, world.admin.id, manager=True)
