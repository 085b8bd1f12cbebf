"""Hostile spellings of hosts: whatever a browser makes of one, nobody is sent where nobody may be sent."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from yarl import URL

from bot.errors import InvalidError
from bot.links.access import Actor
from bot.links.destinations import parse_destination
from bot.links.hosts import host_of, is_denied
from storage import addresses, links
from tests.conftest import World, text_of
from tests.sampled import a_busy_server as _busy  # noqa: F401
from tests.served import GUILD, SUMMER, Edge
from tests.served import served_edge as _edge  # noqa: F401
from tests.served import trusted_proxies as _trusted  # noqa: F401
from tests.test_digest_content import WEEK, a_digest

DENIED, OWN = ("bad.example", "xn--bse-sna.example"), URL("https://go.example")
REFUSED = (
    *("bad.example", "www.bad.example", "böse.example", "go.example", "localhost", "printer.local", "db.internal"),
    *("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "192.0.0.8", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
    *("[::1]", "[::]", "[fc00::1]", "[fe80::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[2001:db8::1]"),
    *("[64:ff9b::7f00:1]", "[64:ff9b:1::a00:1]", "[2002:7f00:1::]", "[2001:0:4136:e378:8000:63bf:3fff:fdd2]"),
)
ALLOWED = ("shop.example", "www.shop.example", "notbad.example", "bücher.example", "1.1.1.1", "[2606:4700::1111]")


def _destination(text: str) -> str:
    return parse_destination(text, own=OWN, denied_domains=DENIED)


def _some(draw: random.Random, text: str, change: Callable[[str], str]) -> str:
    """The text with some of its characters changed."""
    return "".join(change(char) if draw.random() < 0.3 else char for char in text)


def _wide(char: str) -> str:
    return chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char


def _mostly(draw: random.Random, usual: str, *others: str) -> str:
    return usual if draw.random() < 0.7 else draw.choice(others)


def _number(draw: random.Random, host: str) -> str:
    """An IPv4 address in one of the ways that C's inet_aton takes."""
    parts = [int(part) for part in host.split(".")]
    kept = draw.randrange(4)
    last = int.from_bytes(bytes(parts[kept:]), "big")
    return ".".join(draw.choice(("{}", "{:#x}", "0{:o}", "0x0000{:x}")).format(part) for part in [*parts[:kept], last])


def spelling(draw: random.Random, host: str) -> str:
    """An address whose host some reader may take for this one."""
    if host.replace(".", "").isdigit() and draw.random() < 0.7:
        host = _number(draw, host)
    for _n in range(draw.randrange(3)):
        host = draw.choice(
            (
                lambda host: _some(draw, host, str.upper),
                lambda host: _some(draw, host, lambda char: "".join(f"%{byte:02X}" for byte in char.encode())),
                lambda host: _some(draw, host, _wide),
                lambda host: _some(draw, host, lambda char: char + draw.choice("\u00ad\u200b\u2060\ufe0f\u200d")),
                lambda host: _some(draw, host, lambda char: draw.choice("。．｡") if char == "." else char),
                lambda host: host + draw.choice((".", "。", "%2e", "..")),
                lambda host: host.encode("idna").decode() if host.isalnum() else host,
            )
        )(host)
    before = _mostly(draw, "", "shop.example@", "@", ":@", "a:b@")
    port = _mostly(draw, "", ":80", ":443", ":8443", ":", ":0", ":65536", ":08443")
    scheme = _mostly(draw, "https://", "http://", "HTTP://", "https:", "https:/", "https:///", "//", "", "h\tttps://")
    after = _mostly(draw, "/", "", "/x?a=%2C#f", "?q", "#f", "\\x", "\\@shop.example/", "/@shop.example", "/\t")
    return f"{scheme}{before}{host}{port}{after}"


def _generated(seed: int, count: int) -> list[tuple[str, str]]:
    """Hosts and spellings of them, the plain one of each first."""
    draw = random.Random(seed)
    hosts = REFUSED + ALLOWED
    return [(host, f"https://{host}/") for host in hosts] + [
        (host, spelling(draw, host)) for host in draw.choices(hosts, k=count)
    ]


def _nodes(texts: list[str]) -> list[str | None]:
    """The host of each address to node's URL, which passes the tests of the standard; None for no address."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not on this machine")
    script = """
        const told = JSON.parse(require("fs").readFileSync(0, "utf8")).map((text) => {
          try { return new URL(text).hostname } catch { return null }
        });
        process.stdout.write(JSON.stringify(told))
    """
    done = subprocess.run([node, "-e", script], input=json.dumps(texts), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _ours(text: str) -> str | None:
    try:
        return host_of(text)
    except ValueError:
        return None


def _no_dot(host: str | None) -> str | None:
    return None if host is None else host.rstrip(".")


def test_hosts_are_read_as_node_does() -> None:
    texts = [text for _host, text in _generated(1, 5000)]
    assert [_ours(text) for text in texts] == [_no_dot(host) for host in _nodes(texts)]


@pytest.mark.parametrize("read", [lambda texts: list(map(_ours, texts)), _nodes], ids=["ada", "node"])
def test_no_spelling_of_a_host_gets_past_its_refusal(read: Callable[[list[str]], list[Any]]) -> None:
    taken: list[tuple[str, str]] = []
    refused = 0
    for _host, text in _generated(2, 10_000):
        try:
            taken.append((text, _destination(text)))
        except InvalidError:
            refused += 1
    hosts = [_no_dot(host) for host in read([destination for _text, destination in taken])]
    never = {host_of(f"https://{host}/") for host in REFUSED}
    for (text, destination), host in zip(taken, hosts, strict=True):
        assert host is not None, text
        assert host not in never, text
        assert not is_denied(host, DENIED), text
        assert _no_dot(URL(destination).raw_host) == host.strip("[]"), text  # kept as the browser reads it
    assert len(taken) > 500
    assert refused > 5000


@pytest.mark.parametrize("host", REFUSED)
@pytest.mark.parametrize("form", ["https://{}/", "http://{}/x", "https://{}:8443/"])
def test_what_is_refused_is_on_every_scheme_and_port(host: str, form: str) -> None:
    with pytest.raises(InvalidError, match="destination"):
        _destination(form.format(host))


@pytest.mark.parametrize("host", ALLOWED)
def test_what_is_allowed_is_kept(host: str) -> None:
    assert _no_dot(host_of(_destination(f"https://{host}/a%2Cb,c#%7E~"))) == host_of(f"https://{host}")
    assert _destination(f"https://{host}/a%2Cb,c#%7E~").endswith("/a%2Cb,c#%7E~")


async def test_a_command_says_what_is_wrong_with_a_percent_sign(world: World) -> None:
    shown = await world.add_link(destination="https://%62ad.example/")
    assert "has a % in front of its path; write the host's name out" in text_of(shown)


async def test_an_address_of_old_that_hides_its_host_leads_nowhere(edge: Edge) -> None:
    for n, hidden in enumerate(("https://%65vil.example/", "https://sub.ｅvil.example/", "http://evil。example./x")):

        async def keep(conn: Any, hidden: str = hidden) -> None:
            await links.change(conn, GUILD, SUMMER, destination=hidden)
            await addresses.change_link(conn, GUILD, SUMMER, destination=hidden)

        assert (await edge.get("/summer")).status == (302 if n == 0 else 404)
        await edge.write(keep)
        assert (await edge.get("/summer")).status == 404


@pytest.mark.parametrize("host", ["bad.example", "www.bad.example", "localhost", "10.1.2.3"])
async def test_a_posts_own_address_is_held_to_the_same_rules(world: World, host: str) -> None:
    posts = world.app.services.posts
    limits = dataclasses.replace(posts._limits, denied_domains=DENIED)  # pyright: ignore[reportPrivateUsage]
    posts._limits = limits  # pyright: ignore[reportPrivateUsage]
    await world.add_link()
    given = {"platform": "x", "kind": "post"}
    added = await world.admin.slash(world.channel, "post add", link="summer", permalink=f"https://{host}/", **given)
    assert "permalink: “" in text_of(added)
    await world.admin.slash(world.channel, "post add", link="summer", **given)
    (post,) = (await posts.page(Actor(world.guild.id, world.admin.id, manager=True))).items
    edited = await world.admin.slash(world.channel, "post edit", post=str(post.id), permalink=f"https://{host}/")
    assert "permalink: “" in text_of(edited)
    logged = await world.admin.slash(
        world.channel, "impressions log", link="summer", impressions="5", permalink=f"https://{host}/", **given
    )
    assert "permalink: “" in text_of(logged)


async def test_a_posts_own_address_is_shown_no_more_once_its_domain_is_denied(busy: World) -> None:
    services, address = busy.app.services, "https://sub.bad.example/p/1"
    manager = Actor(busy.guild.id, busy.admin.id, manager=True)
    for post in (await services.posts.page(manager, size=100)).items:
        await services.posts.edit(manager, post.id, permalink=address)
    await services.contents.feature(busy.guild.id, busy.leo.id, allowed=True)
    (post, *_more) = [
        one for one in (await services.posts.page(manager, size=100)).items if one.creator_id == busy.leo.id
    ]

    async def shown() -> str:
        digest = await busy.app.services.contents.of(a_digest(guild_id=busy.guild.id), WEEK)
        assert digest.post_of_period is not None
        card = text_of(await busy.admin.slash(busy.channel, "post show", post=str(post.id)))
        return digest.post_of_period[0].permalink + card

    assert (await shown()).count("sub.bad.example") == 2
    services.posts._limits = dataclasses.replace(  # pyright: ignore[reportPrivateUsage]
        services.posts._limits,  # pyright: ignore[reportPrivateUsage]
        denied_domains=DENIED,
    )
    services.contents._denied_domains = DENIED  # pyright: ignore[reportPrivateUsage]
    assert "bad.example" not in await shown()
